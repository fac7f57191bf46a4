//! Organizations.

use serde::{Deserialize, Serialize};

use crate::access::Permission;
use crate::id::OrganizationId;
use crate::name::{OrganizationName, TagPattern};
use crate::page::{Order, Window};
use crate::time::Timestamp;

/// Which organizations to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationQuery {
    /// Part of the name, case-insensitive.
    pub search: Option<String>,
    /// Sorted by.
    pub sort: OrganizationSort,
    /// Direction.
    pub order: Order,
    /// Which rows.
    pub window: Window,
}

/// Sort keys of organizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationSort {
    /// By name.
    #[default]
    Name,
    /// By time of creation.
    CreatedAt,
}

/// An organization as a list or its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// SWR's integer id.
    pub id: OrganizationId,
    /// The name.
    pub name: OrganizationName,
    /// The caller's right on all of it; `None` when only single images inside are theirs to see.
    pub permission: Option<Permission>,
    /// Whether the caller may delete it once it is empty.
    pub may_delete: bool,
    /// Whether the caller may push new images into it.
    pub may_push: bool,
    /// Images that the caller sees.
    pub images: u64,
    /// Users with a grant.
    pub users: u64,
    /// Bytes stored, each blob counted once.
    pub size: u64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// What is set about an organization (`console.md` A.7.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationSettings {
    /// Whether new images are public.
    pub default_public: bool,
    /// Whether the first push creates an image.
    pub create_on_push: bool,
    /// Tags that never move once they are pushed.
    pub immutable_tags: TagPattern,
}

/// How many organizations an account has and may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationQuota {
    /// How many there are.
    pub used: u64,
    /// How many there may be; `None` is unlimited.
    pub limit: Option<u64>,
}

/// Whether a name can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameCheck {
    /// It is free.
    Available,
    /// Somebody has it.
    Taken,
    /// It is a word of ours.
    Reserved,
    /// It breaks the rule.
    Invalid,
}
