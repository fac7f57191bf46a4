//! Identifiers: 64-bit surrogate keys, and the public 32-digit ids of accounts, users and projects.
//!
//! Foreign keys are always surrogates, never names: renaming works, and a re-created name inherits nothing.
//! To add one more, add a line to the `surrogate!` call.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Subject};

macro_rules! surrogate {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

surrogate! {
    /// Key of an account (tenant).
    AccountId;
    /// Key of a user, the account's owner included.
    UserId;
    /// Key of a user group.
    GroupId;
    /// Key of an IAM policy.
    PolicyId;
    /// Key of an organization; SWR's integer `id`.
    OrganizationId;
    /// Key of a repository; SWR's integer `id`.
    RepositoryId;
    /// Key of a manifest in one repository.
    ManifestId;
    /// Key of a tag; SWR's integer `id`.
    TagId;
    /// Key of a blob, the digest's row.
    BlobId;
    /// Key of a stored object, the bytes' row.
    ObjectId;
    /// Key of an access key or temporary credential.
    CredentialId;
    /// Key of a share.
    ShareId;
    /// Key of a background job.
    JobId;
    /// Key of an audit event.
    AuditId;
    /// Key of a package that is uploaded through the page.
    PackageId;
    /// Key of a part of a package, or of a file that was found in one.
    PieceId;
}

/// Public id of an account, user or project: 32 lower-case hex digits, the first of them a decimal digit,
/// so that it can never be mistaken for an organization name (`swr-api.md` 3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicId(String);

impl PublicId {
    /// Makes an id of 16 random bytes. The first digit is folded into `0..=9`.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut text = String::with_capacity(32);
        for (index, byte) in bytes.iter().enumerate() {
            let high = byte >> 4;
            let high = if index == 0 { high % 10 } else { high };
            for nibble in [high, byte & 0x0f] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        Self(text)
    }

    /// The 32 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PublicId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.len() == 32
            && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            && text.starts_with(|c: char| c.is_ascii_digit());
        if digits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid(
                Subject::Id,
                "an id is 32 lower-case hexadecimal digits and begins with a decimal digit",
            ))
        }
    }
}

impl TryFrom<String> for PublicId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<PublicId> for String {
    fn from(id: PublicId) -> Self {
        id.0
    }
}

impl fmt::Display for PublicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
