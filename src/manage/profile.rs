//! Who is signed in, and how they like the console.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::id::PublicId;
use crate::name::{AccountName, RegionName, UserName};

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The account.
    pub account: AccountName,
    /// Its public id.
    pub account_id: PublicId,
    /// The user; the owner's name is the account's.
    pub user: UserName,
    /// The user's public id.
    pub user_id: PublicId,
    /// Name shown instead of the user name.
    pub display_name: Option<String>,
    /// Whether this is the account's owner.
    pub is_owner: bool,
    /// Whether every image of the account is theirs to manage (owner or administrator by policy).
    pub is_administrator: bool,
    /// Whether settings of the instance are theirs (administrator of the operator account).
    pub is_operator: bool,
    /// Whether users, groups and policies of the account are theirs to look after.
    pub may_manage_users: bool,
    /// Whether the accounts of the instance are theirs to look after.
    pub may_manage_accounts: bool,
    /// Whether they may create organizations.
    pub may_create_organizations: bool,
    /// How they may come in.
    pub access: Access,
    /// How they like the console.
    pub preferences: Preferences,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// This registry's region.
    pub region: Region,
}

/// A region as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Its id, the project name.
    pub id: RegionName,
    /// Its name for people.
    pub name: String,
}

/// A project of an account: what the account has in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its public id.
    pub id: PublicId,
    /// The region, whose id is the project's name.
    pub region: Region,
}

/// How a user likes the console. Kept per user, across sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Language; `None` follows the browser.
    pub language: Option<Language>,
    /// Offset from UTC in minutes; `None` follows the browser.
    pub time_zone_minutes: Option<i32>,
    /// Theme.
    pub theme: Theme,
    /// Row height of tables.
    pub density: Density,
    /// Client whose commands are shown and copied.
    pub client: Client,
    /// Rows per page: 10, 20, 50 or 100.
    pub page_size: u16,
    /// Whether keyboard shortcuts are on.
    pub shortcuts: bool,
    /// Whether animations are off.
    pub reduce_motion: bool,
    /// Columns that lists do not show, as `list.column`.
    pub hidden_columns: BTreeSet<String>,
    /// How lists are sorted where the address does not say: list to `key` or `key.asc`.
    pub sorts: BTreeMap<String, String>,
}

/// Columns that nobody sees before they ask for them.
const HIDDEN_AT_FIRST: [&str; 3] = ["images.category", "images.pulls", "tags.pulled"];

impl Default for Preferences {
    fn default() -> Self {
        Self {
            language: None,
            time_zone_minutes: None,
            theme: Theme::default(),
            density: Density::default(),
            client: Client::default(),
            page_size: 20,
            shortcuts: true,
            reduce_motion: false,
            hidden_columns: HIDDEN_AT_FIRST.map(str::to_owned).into(),
            sorts: BTreeMap::new(),
        }
    }
}

/// Languages of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    ZhCn,
}

impl Language {
    /// BCP 47 tag.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }
}

/// Colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Row height of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Density {
    /// 44 px.
    #[default]
    Comfortable,
    /// 36 px.
    Compact,
}

/// Clients that commands are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Client {
    /// `docker`.
    #[default]
    Docker,
    /// `ctr` of containerd.
    Ctr,
    /// `crictl`.
    Crictl,
    /// `nerdctl`.
    Nerdctl,
    /// `podman`.
    Podman,
    /// `skopeo`.
    Skopeo,
    /// Kubernetes manifests.
    Kubernetes,
    /// `host/org/repo:tag` alone.
    Reference,
}
