//! The first account.

use serde::{Deserialize, Serialize};

use super::profile::Language;
use crate::name::{AccountName, RegionName};
use crate::secret::Secret;

/// What the set-up page asks for (`console.md` A.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetupRequest {
    /// The one-time code that the server printed.
    pub code: Secret,
    /// Name of the account; its owner signs in with it.
    pub account: AccountName,
    /// The owner's password.
    pub password: Secret,
    /// External address; `None` keeps what requests say.
    pub external_url: Option<String>,
    /// Region id.
    pub region: RegionName,
    /// Region name for people, 1–64 characters.
    pub region_name: String,
    /// Default language of the console.
    pub language: Option<Language>,
}
