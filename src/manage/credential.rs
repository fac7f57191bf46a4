//! Access keys and temporary logins, as their holder and administrators see them (`console.md` A.11). A secret is in none
//! of these but [`CreatedAccessKey`], which exists until whoever made it has saved it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::access::{AccessKeyId, CredentialsRow, SecretKey, print_credentials};
use crate::error::{Error, Result, Subject};
use crate::name::UserName;
use crate::secret::Secret;
use crate::time::Timestamp;

/// Access keys that one user may have.
pub const ACCESS_KEY_LIMIT: u64 = 2;
/// Seconds after which an access key deserves to be replaced: 90 days.
pub const OLD_KEY_AGE: i64 = 90 * 86_400;
/// Most characters of a description.
pub const DESCRIPTION_LIMIT: usize = 255;

/// What a credential was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsedService {
    /// The registry: login, pull, push.
    Registry,
    /// The management API.
    Management,
}

impl std::fmt::Display for UsedService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Registry => "registry",
            Self::Management => "management",
        })
    }
}

impl FromStr for UsedService {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "registry" => Ok(Self::Registry),
            "management" => Ok(Self::Management),
            _ => Err(Error::invalid(Subject::Credential, "there is no such service")),
        }
    }
}

/// The last use of a credential that was noted; a later one is less than a minute younger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    /// When.
    pub at: Timestamp,
    /// From which address; empty when it was unknown.
    pub address: String,
    /// Of what.
    pub service: UsedService,
}

/// An access key in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// The access key id.
    pub id: AccessKeyId,
    /// At most 255 characters; may be empty.
    pub description: String,
    /// Whether it may be used; an ended one may not, whatever this says.
    pub is_enabled: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// When it ends; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, if ever.
    pub last_used: Option<LastUse>,
}

/// The access keys of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKeys {
    /// Whose.
    pub user: UserName,
    /// The keys, the oldest first.
    pub keys: Vec<AccessKey>,
    /// How many there may be: [`ACCESS_KEY_LIMIT`].
    pub limit: u64,
    /// Whether the user may use clients at all; without, keys are of no use and none can be made.
    pub is_programmatic: bool,
}

/// When a new access key ends. Written `never`, `90`, `180` (days) or as an RFC 3339 time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Expiry {
    /// Never.
    #[default]
    Never,
    /// This many days from now.
    Days(u32),
    /// At this instant.
    At(Timestamp),
}

impl Expiry {
    /// Days that are offered.
    pub const DAYS: [u32; 2] = [90, 180];

    /// The instant, for a key that is made `now`.
    #[must_use]
    pub const fn instant(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::Days(days) => Some(now.plus_seconds(days as i64 * 86_400)),
            Self::At(end) => Some(end),
        }
    }
}

impl From<Timestamp> for Expiry {
    fn from(end: Timestamp) -> Self {
        Self::At(end)
    }
}

impl FromStr for Expiry {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() || text == "never" {
            return Ok(Self::Never);
        }
        match text.parse() {
            Ok(days) if Self::DAYS.contains(&days) => Ok(Self::Days(days)),
            Ok(_) => Err(Error::invalid(
                Subject::Time,
                "an access key ends never, after 90 or 180 days, or at a time that you write",
            )),
            Err(_) => text.parse().map(Self::At),
        }
    }
}

/// What a new access key is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NewAccessKey {
    /// At most [`DESCRIPTION_LIMIT`] characters; may be empty.
    pub description: String,
    /// When it ends.
    pub expiry: Expiry,
}

/// What of an access key is to change; `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccessKeyUpdate {
    /// At most [`DESCRIPTION_LIMIT`] characters; may be empty.
    pub description: Option<String>,
    /// Whether it may be used.
    pub is_enabled: Option<bool>,
}

/// A new access key with its secret, which nobody can ask for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedAccessKey {
    /// Whose.
    pub user: UserName,
    /// The access key id.
    pub id: AccessKeyId,
    /// The secret access key.
    pub secret_key: Secret,
    /// When it ends; `None` is never.
    pub expires_at: Option<Timestamp>,
}

impl CreatedAccessKey {
    /// Its `credentials.csv`.
    ///
    /// # Errors
    /// Invalid, when the secret key is none.
    pub fn file(&self) -> Result<String> {
        Ok(print_credentials(&CredentialsRow {
            user: self.user.to_string(),
            access_key: self.id.clone(),
            secret_key: self.secret_key.reveal().parse::<SecretKey>()?,
        }))
    }
}

/// A new access key that whoever made it has not said to have saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsavedAccessKey {
    /// The key with its secret.
    pub created: CreatedAccessKey,
    /// Whether its file was downloaded, which is possible once.
    pub has_file: bool,
}

/// A temporary login that still works, in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedLogin {
    /// Its access key id.
    pub id: AccessKeyId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, if ever.
    pub last_used: Option<LastUse>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_expiry_is_never_some_days_or_an_instant() {
        let now = Timestamp::from_seconds(1_000);
        let of = |text: &str| text.parse::<Expiry>().map(|expiry| expiry.instant(now));
        assert_eq!(of("never").unwrap(), None);
        assert_eq!(of("").unwrap(), None);
        assert_eq!(of("90").unwrap(), Some(now.plus_seconds(90 * 86_400)));
        assert_eq!(of("180").unwrap(), Some(now.plus_seconds(180 * 86_400)));
        let end: Timestamp = "2030-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(of("2030-01-02T03:04:05Z").unwrap(), Some(end));
        for bad in ["0", "91", "-90", "soon", "2030-01-02"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_new_key_is_written_as_the_console_says_and_does_not_print() {
        let created = CreatedAccessKey {
            user: "zhang.wei".parse().unwrap(),
            id: "RSAKEXAMPLE000000001".parse().unwrap(),
            secret_key: Secret::new("exampleSecretAccessKeyForDocsOnly0000001".to_owned()),
            expires_at: None,
        };
        assert_eq!(
            created.file().unwrap(),
            "User Name,Access Key Id,Secret Access Key\n\
             zhang.wei,RSAKEXAMPLE000000001,exampleSecretAccessKeyForDocsOnly0000001\n"
        );
        assert!(!format!("{created:?}").contains("exampleSecret"));
    }
}
