//! Digests over exact bytes, and hashing that can be put down and taken up again.
//!
//! Grammar: distribution-spec "Digest"; registered algorithms sha256 and sha512. To add an algorithm, add a variant
//! and let the compiler show the rest.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest as _, Sha256, Sha512};

use crate::error::{Error, ErrorKind, Subject};

/// A hash algorithm that Roadstead verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// SHA-256, 64 hexadecimal digits.
    Sha256,
    /// SHA-512, 128 hexadecimal digits.
    Sha512,
}

impl Algorithm {
    /// The word before the colon.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    const fn hex_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            _ => Err(Error::invalid(
                Subject::Digest,
                "the digest algorithm must be sha256 or sha512",
            )),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `algorithm:hex`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest {
    algorithm: Algorithm,
    text: String,
}

impl Digest {
    /// The digest of some bytes in memory.
    #[must_use]
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hexadecimal digits after the colon.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.text.split_once(':').map_or("", |(_, hex)| hex)
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Compares with what was announced.
    ///
    /// # Errors
    /// [`ErrorKind::DigestMismatch`] naming both digests.
    pub fn verify(&self, announced: &Self) -> Result<(), Error> {
        if self == announced {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::DigestMismatch,
            Subject::Digest,
            format!(
                "the content does not have the digest {announced}; received content has {self}"
            ),
        ))
    }

    fn from_hash(algorithm: Algorithm, hash: &[u8]) -> Self {
        let mut text = String::with_capacity(8 + hash.len() * 2);
        text.push_str(algorithm.as_str());
        text.push(':');
        push_hex(&mut text, hash);
        Self { algorithm, text }
    }
}

pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (algorithm, hex) = text.split_once(':').ok_or_else(|| {
            Error::invalid(
                Subject::Digest,
                "a digest is written algorithm:hex, for example sha256:...",
            )
        })?;
        let algorithm: Algorithm = algorithm.parse()?;
        let well_formed = hex.len() == algorithm.hex_length()
            && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !well_formed {
            return Err(Error::invalid(
                Subject::Digest,
                format!(
                    "a {algorithm} digest has {} lower-case hexadecimal digits",
                    algorithm.hex_length()
                ),
            ));
        }
        Ok(Self { algorithm, text: text.to_owned() })
    }
}

impl TryFrom<String> for Digest {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A running hash whose state can be stored between requests.
#[derive(Clone)]
pub enum Hasher {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-512.
    Sha512(Sha512),
}

impl Hasher {
    /// Nothing hashed yet.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    /// Which algorithm it runs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The digest of everything added.
    #[must_use]
    pub fn finish(self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest::from_hash(Algorithm::Sha256, &hash.finalize()),
            Self::Sha512(hash) => Digest::from_hash(Algorithm::Sha512, &hash.finalize()),
        }
    }

    /// The state, to be stored with an upload session: a byte for the algorithm, then its state.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        match self {
            Self::Sha256(hash) => [&[1u8][..], &hash.serialize()].concat(),
            Self::Sha512(hash) => [&[2u8][..], &hash.serialize()].concat(),
        }
    }

    /// Takes up a stored state.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when it is not one.
    pub fn resume(state: &[u8]) -> Result<Self, Error> {
        let corrupt = || {
            Error::new(ErrorKind::Corrupt, Subject::Upload, "the stored hash state cannot be read")
        };
        match state.split_first() {
            Some((1, rest)) => SerializedState::<Sha256>::try_from(rest)
                .ok()
                .and_then(|state| Sha256::deserialize(&state).ok())
                .map(Self::Sha256)
                .ok_or_else(corrupt),
            Some((2, rest)) => SerializedState::<Sha512>::try_from(rest)
                .ok()
                .and_then(|state| Sha512::deserialize(&state).ok())
                .map(Self::Sha512)
                .ok_or_else(corrupt),
            _ => Err(corrupt()),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hasher").field(&self.algorithm()).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_digests() {
        assert_eq!(
            Digest::of(Algorithm::Sha256, b"").as_str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            Digest::of(Algorithm::Sha256, b"{}").as_str(),
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
        assert_eq!(Digest::of(Algorithm::Sha512, b"").hex().len(), 128);
    }

    #[test]
    fn malformed_digests_are_refused() {
        for bad in [
            "sha256:baddigeststring",
            "sha256",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            "",
            ":",
            "SHA256:00",
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
        let upper =
            Digest::of(Algorithm::Sha256, b"a").to_string().to_uppercase().replace("SHA", "sha");
        assert!(upper.parse::<Digest>().is_err());
    }

    #[test]
    fn a_mismatch_names_both() {
        let a = Digest::of(Algorithm::Sha256, b"a");
        let b = Digest::of(Algorithm::Sha256, b"b");
        let error = a.verify(&b).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DigestMismatch);
        assert!(error.message().contains(b.as_str()));
    }

    proptest! {
        #[test]
        fn hashing_in_pieces_with_stored_state_is_hashing_at_once(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..8),
            wide in any::<bool>(),
        ) {
            let algorithm = if wide { Algorithm::Sha512 } else { Algorithm::Sha256 };
            let mut hasher = Hasher::new(algorithm);
            for piece in &pieces {
                hasher.update(piece);
                hasher = Hasher::resume(&hasher.state()).unwrap();
            }
            let digest = hasher.finish();
            prop_assert_eq!(&digest, &Digest::of(algorithm, &pieces.concat()));
            prop_assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        }

        #[test]
        fn any_stored_state_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Hasher::resume(&bytes);
        }

        #[test]
        fn what_parses_prints_the_same(text in "(sha256|sha512|md5)?:?[0-9a-fA-F]{60,70}") {
            if let Ok(digest) = text.parse::<Digest>() {
                prop_assert_eq!(digest.to_string(), text);
            }
        }
    }
}
