//! Shares of private images with other accounts (`console.md` A.4.2, A.4.5, A.6.5; `swr-api.md` 7.6).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::image::Image;
use crate::error::{Error, Subject};
use crate::name::{AccountName, ImageName, OrganizationName};
use crate::page::{Order, Window};
use crate::time::Timestamp;

/// Most accounts that one image is shared with.
pub const SHARE_LIMIT: u64 = 500;
/// Longest description of a share, in characters.
pub const SHARE_DESCRIPTION_LIMIT: usize = 1_000;
/// Most images of one batch.
pub const SHARE_IMAGES: usize = 50;
/// Most accounts of one batch.
pub const SHARE_ACCOUNTS: usize = 10;

const DAY: i64 = 86_400;
/// 9999-12-31T00:00:00Z: later times cannot be written as RFC 3339.
const LAST: Timestamp = Timestamp::from_seconds(253_402_214_400);

/// When a share ends: an instant, or never.
///
/// Written as SWR does: `forever`, or a time. A time of exactly 00:00:00 UTC, or a date alone, names a whole day through
/// which the share is valid, so it ends as the following day begins; every other time is the instant itself. What is
/// written comes back as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "Option<Timestamp>", into = "Option<Timestamp>")]
pub struct Deadline(Option<Timestamp>);

impl Deadline {
    /// No end.
    pub const FOREVER: Self = Self(None);

    /// Ends at this instant.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] before 1970 and after the year 9999.
    pub fn at(end: Timestamp) -> Result<Self, Error> {
        if (Timestamp::EPOCH..=LAST).contains(&end) { Ok(Self(Some(end))) } else { Err(invalid()) }
    }

    /// The instant; `None` is never.
    #[must_use]
    pub const fn end(self) -> Option<Timestamp> {
        self.0
    }

    /// Whether it has passed.
    #[must_use]
    pub fn has_passed(self, now: Timestamp) -> bool {
        self.0.is_some_and(|end| end <= now)
    }
}

impl FromStr for Deadline {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "forever" {
            return Ok(Self::FOREVER);
        }
        let date = text.len() == 10;
        let time: Timestamp = if date { format!("{text}T00:00:00Z").parse() } else { text.parse() }
            .map_err(|_| invalid())?;
        Self::at(if is_midnight(time) { time.plus_seconds(DAY) } else { time })
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("forever"),
            Some(end) if is_midnight(end) => end.plus_seconds(-DAY).fmt(f),
            Some(end) => end.fmt(f),
        }
    }
}

impl TryFrom<Option<Timestamp>> for Deadline {
    type Error = Error;

    fn try_from(end: Option<Timestamp>) -> Result<Self, Error> {
        end.map_or(Ok(Self::FOREVER), Self::at)
    }
}

impl From<Deadline> for Option<Timestamp> {
    fn from(deadline: Deadline) -> Self {
        deadline.0
    }
}

const fn is_midnight(time: Timestamp) -> bool {
    time.0.rem_euclid(DAY * 1_000_000) == 0
}

fn invalid() -> Error {
    Error::invalid(
        Subject::Share,
        "a share ends at a time like 2026-12-31T18:00:00Z, with a day like 2026-12-31, or is forever",
    )
}

/// A share, as those who manage the image see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// With whom.
    pub account: AccountName,
    /// Until when.
    pub until: Deadline,
    /// Whether it is in force: not ended. On a public image it has no effect all the same.
    pub is_valid: bool,
    /// What the sharer says about it, 0–1,000 characters.
    pub description: String,
    /// Who shared; the id is empty once that user is gone.
    pub created_by: String,
    /// That user's id.
    pub created_by_id: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

/// Images to be shared with accounts, each with each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewShares {
    /// 1–50 images.
    pub images: Vec<ImageName>,
    /// 1–10 accounts.
    pub accounts: Vec<AccountName>,
    /// Until when.
    pub until: Deadline,
    /// At most 1,000 characters.
    pub description: String,
}

/// A pair of image and account that cannot be shared, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedShare {
    /// The image.
    pub image: ImageName,
    /// The account.
    pub account: AccountName,
    /// Why not.
    pub why: ShareRefusal,
}

/// Why something cannot be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareRefusal {
    /// There is no such image, or the caller does not see it.
    NoImage,
    /// The caller may not share it.
    Denied,
    /// It is public: everybody may pull it.
    Public,
    /// There is no account of this name.
    NoAccount,
    /// It is the image's own account.
    OwnAccount,
    /// It is shared with this account already.
    AlreadyShared,
    /// It is shared with as many accounts as can be.
    LimitReached,
}

/// Which images shared by other accounts to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedImageQuery {
    /// Part of the name, case-insensitive.
    pub search: Option<String>,
    /// Only of this account.
    pub owner: Option<AccountName>,
    /// Only in this organization.
    pub organization: Option<OrganizationName>,
    /// Only those in force (`true`) or ended (`false`).
    pub is_valid: Option<bool>,
    /// Sorted by.
    pub sort: SharedImageSort,
    /// Direction.
    pub order: Order,
    /// Which rows.
    pub window: Window,
}

/// Sort keys of images shared by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedImageSort {
    /// By last change.
    #[default]
    UpdatedAt,
    /// By name.
    Name,
    /// By number of tags.
    TagCount,
    /// By organization.
    Namespace,
    /// By the account that shares.
    DomainName,
}

/// An image that another account shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedImage {
    /// The image. Once the share has ended, only its name: the rest is as if it were empty.
    pub image: Image,
    /// The account that shares it.
    pub owner: AccountName,
    /// Until when.
    pub until: Deadline,
    /// Whether the share is in force.
    pub is_valid: bool,
    /// What the sharer says about it.
    pub note: String,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_prints_parses(micros in 0..LAST.0) {
            let deadline = Deadline::at(Timestamp(micros)).unwrap();
            prop_assert_eq!(deadline.to_string().parse::<Deadline>().unwrap(), deadline);
        }

        #[test]
        fn what_is_given_comes_back(seconds in 0..LAST.seconds() - DAY) {
            let given = Timestamp::from_seconds(seconds).to_string();
            prop_assert_eq!(given.parse::<Deadline>().unwrap().to_string(), given);
        }
    }

    #[test]
    fn a_whole_day_is_valid_through_it() {
        let end = |text: &str| text.parse::<Deadline>().unwrap().end().unwrap().to_string();
        assert_eq!(end("2026-12-31T00:00:00Z"), "2027-01-01T00:00:00Z");
        assert_eq!(end("2026-12-31"), "2027-01-01T00:00:00Z");
        assert_eq!(end("2026-12-31T00:00:00+08:00"), "2026-12-30T16:00:00Z");
        assert_eq!(end("2026-12-31T00:00:01Z"), "2026-12-31T00:00:01Z");
        assert_eq!("forever".parse::<Deadline>().unwrap().end(), None);
        for text in ["", "never", "2026-13-01", "1969-12-31T23:59:59Z", "2026-12-31T00:00"] {
            assert!(text.parse::<Deadline>().is_err(), "{text}");
        }
        assert!(Deadline::at(Timestamp(i64::MAX)).is_err());
        assert!(serde_json::from_str::<Deadline>("9223372036854775807").is_err());
        assert_eq!(serde_json::from_str::<Deadline>("null").unwrap(), Deadline::FOREVER);
    }

    #[test]
    fn it_has_passed_at_its_instant() {
        let deadline = Deadline::at(Timestamp(10)).unwrap();
        assert!(!deadline.has_passed(Timestamp(9)) && deadline.has_passed(Timestamp(10)));
        assert!(!Deadline::FOREVER.has_passed(Timestamp(i64::MAX)));
    }
}
