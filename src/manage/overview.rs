//! The overview page.

use serde::{Deserialize, Serialize};

use super::organization::OrganizationQuota;
use crate::access::AccessKeyId;
use crate::name::{AccountName, ImageName, OrganizationName, UserName};
use crate::time::Timestamp;

/// What the overview shows (`console.md` A.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Whether the numbers are those of the whole account; otherwise of what the caller sees.
    pub is_whole_account: bool,
    /// Organizations.
    pub organizations: OrganizationQuota,
    /// Images (`repo_num`).
    pub images: u64,
    /// Tags (`image_num`).
    pub tags: u64,
    /// Bytes stored, each blob counted once (`store_space`).
    pub size: u64,
    /// Bytes before deduplication.
    pub size_before_deduplication: u64,
    /// Bytes pulled this month (`downflow_size`).
    pub traffic: u64,
    /// One row per UTC day, oldest first, 30 days.
    pub daily: Vec<UsageDay>,
    /// One row per month, oldest first, 12 months; `day` is the first of the month.
    pub monthly: Vec<UsageDay>,
    /// The last events that the caller may see.
    pub activity: Vec<Activity>,
    /// What the caller should look at soon, the most urgent of each kind first.
    pub attention: Vec<Attention>,
    /// Organizations that the caller may push to, for the quick start.
    pub pushable: Vec<OrganizationName>,
    /// Whether the caller has ever got a login command or used one.
    pub has_logged_in: bool,
}

/// Something that needs attention, and that the caller can do something about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Attention {
    /// A share ends within seven days.
    ShareEnds {
        /// The image.
        image: ImageName,
        /// The account that it is shared with.
        account: AccountName,
        /// When.
        ends_at: Timestamp,
    },
    /// An access key that works is older than [`OLD_KEY_AGE`](super::credential::OLD_KEY_AGE).
    OldKey {
        /// Its id.
        key: AccessKeyId,
        /// Whose it is.
        user: UserName,
        /// Whether that is the caller.
        is_own: bool,
        /// Since when.
        created_at: Timestamp,
    },
}

/// Numbers beside the entries of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NavCounts {
    /// Images that the caller sees in the own account.
    pub images: u64,
    /// Images of other accounts whose shares with the caller's are in force.
    pub shared: u64,
}

/// Usage of one day or month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDay {
    /// Days since 1970-01-01, UTC.
    pub day: i32,
    /// Bytes stored at its end.
    pub stored: u64,
    /// Bytes pulled.
    pub traffic: u64,
    /// Pushes of a tag.
    pub pushes: u64,
    /// Pulls of a manifest.
    pub pulls: u64,
}

/// One event in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Event name, SWR's spelling where SWR has one: `createImageTag`.
    pub event: String,
    /// Who.
    pub user: String,
    /// On what: an organization, `organization/repository` or `organization/repository:tag`.
    pub resource: String,
    /// When.
    pub at: Timestamp,
}
