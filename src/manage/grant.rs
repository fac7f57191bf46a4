//! Rights of users on an organization or one image (`console.md` A.6.4, A.7; `swr-api.md` 7.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::access::Permission;
use crate::error::Error;
use crate::id::PublicId;
use crate::name::{ImageName, OrganizationName, UserName};
use crate::page::{Page, Window};
use crate::time::Timestamp;

/// What a right is on. Written `organization` or `organization/repository`: an image's name always has a `/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum GrantOn {
    /// All images of an organization, and the organization itself.
    Organization(OrganizationName),
    /// One image.
    Image(ImageName),
}

impl FromStr for GrantOn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.contains('/') {
            text.parse().map(Self::Image)
        } else {
            text.parse().map(Self::Organization)
        }
    }
}

impl fmt::Display for GrantOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization(name) => name.fmt(f),
            Self::Image(name) => name.fmt(f),
        }
    }
}

impl TryFrom<String> for GrantOn {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<GrantOn> for String {
    fn from(on: GrantOn) -> Self {
        on.to_string()
    }
}

/// Which rights to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantQuery {
    /// Part of the user's name, case-insensitive.
    pub search: Option<String>,
    /// Which rows.
    pub window: Window,
}

/// Who has which right on an organization or image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantList {
    /// SWR's integer id of the organization or image.
    pub id: i64,
    /// Who made it.
    pub created_by: String,
    /// The caller's own right.
    pub own: UserGrant,
    /// Other users with a grant on it (or on the image's organization), by name; `None` when they are not the caller's
    /// to see.
    pub others: Option<Page<UserGrant>>,
    /// The owner, and users whose policies give them a right on it, by name, at most 1,000. Empty when they are not the
    /// caller's to see. A user with a grant too is in both lists.
    pub administrators: Vec<UserGrant>,
}

/// The right of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserGrant {
    /// The user's id.
    pub user_id: PublicId,
    /// The user's name.
    pub user: UserName,
    /// The grant on this very thing, which can be changed here.
    pub given: Option<Permission>,
    /// Of an image: the grant on its organization.
    pub inherited: Option<Permission>,
    /// What the user may do after all; `None` when a policy denies it, or the user is disabled.
    pub effective: Option<Permission>,
    /// Where that comes from.
    pub source: GrantSource,
    /// Groups through which policies reach the user.
    pub groups: Vec<String>,
    /// When the grant of `given`, else that of `inherited`, was given.
    pub granted_at: Option<Timestamp>,
}

/// Where an effective right comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantSource {
    /// A grant on the image.
    Image,
    /// A grant on the organization.
    Organization,
    /// An IAM policy, the user's own or of a group.
    Policy,
    /// Ownership of the account.
    Owner,
    /// Nowhere: there is none.
    Nothing,
}

/// A user who may be given a right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The user's id.
    pub user_id: PublicId,
    /// The user's name.
    pub user: UserName,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_prints_parses(organization in "[a-z][a-z0-9]{0,9}", repository in prop::option::of("[a-z0-9]{1,9}(/[a-z0-9]{1,9}){0,2}")) {
            let text = match &repository {
                Some(repository) => format!("{organization}/{repository}"),
                None => organization,
            };
            if let Ok(on) = text.parse::<GrantOn>() {
                prop_assert_eq!(on.to_string(), text);
                prop_assert_eq!(matches!(on, GrantOn::Image(_)), repository.is_some());
            }
        }
    }

    #[test]
    fn bad_names_are_refused() {
        for text in ["", "/", "team/", "/app", "Team", "library", "team//app", "team/app "] {
            assert!(text.parse::<GrantOn>().is_err(), "{text}");
        }
    }
}
