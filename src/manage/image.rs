//! Images: repositories as people see them.

use serde::{Deserialize, Serialize};

use crate::access::{Permission, Reason};
use crate::error::{Error, Subject};
use crate::id::RepositoryId;
use crate::name::{ImageName, OrganizationName, TagName};
use crate::page::{Order, Window};
use crate::time::Timestamp;

/// Which images to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageQuery {
    /// Part of the name, case-insensitive; `org/` before it narrows to that organization.
    pub search: Option<String>,
    /// Only these organizations; empty means all.
    pub organizations: Vec<OrganizationName>,
    /// Only this category.
    pub category: Option<Category>,
    /// Only public (`true`) or private (`false`) ones.
    pub is_public: Option<bool>,
    /// Only those that are shared with other accounts, among the ones whose shares are the caller's to see.
    pub is_shared: bool,
    /// Sorted by.
    pub sort: ImageSort,
    /// Direction.
    pub order: Order,
    /// Which rows.
    pub window: Window,
}

/// Sort keys of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageSort {
    /// By last change.
    #[default]
    UpdatedTime,
    /// By name.
    Name,
    /// By organization.
    Namespace,
    /// By public or private.
    IsPublic,
    /// By number of tags.
    TagCount,
    /// By size.
    Size,
    /// By pulls.
    Pulls,
}

/// SWR's image categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Application server.
    AppServer,
    /// Linux.
    Linux,
    /// Windows.
    Windows,
    /// Arm.
    Arm,
    /// Framework and application.
    FrameworkApp,
    /// Database.
    Database,
    /// Language.
    Lang,
    /// Other.
    #[default]
    Other,
}

impl Category {
    /// All of them, in the order of the console.
    pub const ALL: [Self; 8] = [
        Self::AppServer,
        Self::Linux,
        Self::Windows,
        Self::Arm,
        Self::FrameworkApp,
        Self::Database,
        Self::Lang,
        Self::Other,
    ];

    /// The word on SWR's wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppServer => "app_server",
            Self::Linux => "linux",
            Self::Windows => "windows",
            Self::Arm => "arm",
            Self::FrameworkApp => "framework_app",
            Self::Database => "database",
            Self::Lang => "lang",
            Self::Other => "other",
        }
    }
}

impl std::str::FromStr for Category {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == text)
            .ok_or_else(|| Error::invalid(Subject::Repository, "there is no such image category"))
    }
}

/// An image as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// SWR's integer id.
    pub id: RepositoryId,
    /// The name.
    pub name: ImageName,
    /// Whether everyone may pull.
    pub is_public: bool,
    /// Category.
    pub category: Category,
    /// Description, CommonMark, 0–30,000 characters.
    pub description: String,
    /// Number of tags, fallback tags not counted.
    pub tags: u64,
    /// Bytes stored, each blob counted once.
    pub size: u64,
    /// How often it was pulled.
    pub pulls: u64,
    /// Accounts that it is shared with; 0 when that is not the caller's to see.
    pub shares: u64,
    /// The tag pushed last.
    pub newest_tag: Option<TagName>,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// What the caller may do.
    pub rights: ImageRights,
}

/// What the caller may do with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRights {
    /// The strongest right.
    pub permission: Permission,
    /// Where it comes from.
    pub reason: Reason,
}

/// A change of an image's attributes; `None` leaves one as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImageUpdate {
    /// Public or private.
    pub is_public: Option<bool>,
    /// Category.
    pub category: Option<Category>,
    /// Description, at most 30,000 characters.
    pub description: Option<String>,
}

/// What deleting an image would remove (`console.md` A.4.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDeletion {
    /// Tags.
    pub tags: u64,
    /// Bytes that nothing else uses, about.
    pub freed: u64,
    /// Pulls in the last 7 days.
    pub recent_pulls: u64,
    /// Accounts that it is shared with.
    pub shares: u64,
}
