//! Keys of objects: the one place that builds paths.

use std::fmt;
use std::str::FromStr;

use object_store::path::Path;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::error::ObjectError;

/// What a new key is made of: the time and randomness, handed in by whoever has the ports.
#[derive(Debug, Clone, Copy)]
pub struct KeySeed {
    /// Milliseconds since the epoch.
    pub milliseconds: u64,
    /// Ten random bytes; more are ignored.
    pub random: [u8; 16],
}

/// Key of an object, or of what is staged for it. Opaque, made once, never used again.
///
/// ```text
/// <root or bucket prefix>/
///   objects/
///     ab/                                    256 directories: the last byte of the ULID
///       01j9zq5m6v7w8x9y0z1a2b3c4d           the bytes; while an upload runs, its local stage
///   tails/
///     ab/
///       01j9zq5m6v7w8x9y0z1a2b3c4d-3         remote storage only: bytes below the smallest part
/// ```
///
/// Prints and parses as `ab/<ulid>`, which is what the database keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectKey(Ulid);

impl ObjectKey {
    /// A new key.
    #[must_use]
    pub fn new(seed: KeySeed) -> Self {
        Self(Ulid::from_parts(seed.milliseconds, u128::from_be_bytes(seed.random)))
    }

    /// When it was made, in milliseconds since the epoch.
    #[must_use]
    pub const fn milliseconds(self) -> u64 {
        self.0.timestamp_ms()
    }

    /// Name of the directory that holds it: two hexadecimal digits.
    pub(crate) fn directory(self) -> String {
        format!("{:02x}", self.0.0 & 0xff)
    }

    /// Name of the file.
    pub(crate) fn file(self) -> String {
        self.0.to_string().to_ascii_lowercase()
    }

    /// Path of the object below `prefix`.
    pub(crate) fn path(self, prefix: &Path) -> Path {
        prefix.clone().join("objects").join(self.directory()).join(self.file())
    }

    /// Path of tail `number` of a remote stage.
    pub(crate) fn tail(self, prefix: &Path, number: u32) -> Path {
        prefix
            .clone()
            .join("tails")
            .join(self.directory())
            .join(format!("{}-{number}", self.file()))
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.directory(), self.file())
    }
}

impl FromStr for ObjectKey {
    type Err = ObjectError;

    fn from_str(text: &str) -> Result<Self, ObjectError> {
        let key = text
            .split_once('/')
            .and_then(|(_, file)| Ulid::from_string(file).ok())
            .map(Self)
            .filter(|key| key.to_string() == text);
        key.ok_or_else(|| ObjectError::Address(format!("{text:?} is no object key")))
    }
}

impl TryFrom<String> for ObjectKey {
    type Error = ObjectError;

    fn try_from(text: String) -> Result<Self, ObjectError> {
        text.parse()
    }
}

impl From<ObjectKey> for String {
    fn from(key: ObjectKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_prints_parses() {
        for byte in 0..=255u8 {
            let key = ObjectKey::new(KeySeed {
                milliseconds: 1_700_000_000_000 + u64::from(byte),
                random: [byte; 16],
            });
            assert_eq!(key.to_string().parse::<ObjectKey>().unwrap(), key);
            assert!(key.to_string().starts_with(&format!("{byte:02x}/")));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let key = ObjectKey::new(KeySeed { milliseconds: 5, random: [7; 16] }).to_string();
        for bad in [
            "",
            "/",
            "ab/../../etc/passwd",
            "00/nothing",
            &key.to_ascii_uppercase(),
            &format!("ff/{}", key.split_once('/').unwrap().1),
            &format!("{key}/x"),
        ] {
            assert!(bad.parse::<ObjectKey>().is_err(), "{bad}");
        }
    }
}
