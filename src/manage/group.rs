//! Groups of users.

use serde::{Deserialize, Serialize};

use super::user::Attachment;
use crate::name::{GroupName, UserName};
use crate::page::Window;
use crate::time::Timestamp;

/// Which groups to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupQuery {
    /// Part of the name, case-insensitive.
    pub search: Option<String>,
    /// Which rows.
    pub window: Window,
}

/// A group in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Name.
    pub name: GroupName,
    /// May be empty.
    pub description: String,
    /// How many users are in it.
    pub users: u64,
    /// How many policies are attached to it.
    pub policies: u64,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A group with its members and policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDetail {
    /// Name.
    pub name: GroupName,
    /// May be empty.
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Users in it, by name; at most 1,000.
    pub members: Vec<Member>,
    /// What is attached to it.
    pub attached: Vec<Attachment>,
}

/// A user in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Name.
    pub name: UserName,
    /// Name to show; may be empty.
    pub display_name: String,
    /// Whether it is not disabled.
    pub is_active: bool,
}
