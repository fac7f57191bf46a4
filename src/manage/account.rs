//! Accounts of the instance, for those who look after it.

use serde::{Deserialize, Serialize};

use crate::id::PublicId;
use crate::name::AccountName;
use crate::page::Window;
use crate::time::Timestamp;

/// Which accounts to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountQuery {
    /// Part of the name, case-insensitive.
    pub search: Option<String>,
    /// Which rows.
    pub window: Window,
}

/// An account in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Name.
    pub name: AccountName,
    /// Id.
    pub id: PublicId,
    /// Whether it is the operator account.
    pub is_operator: bool,
    /// Whether it is not disabled.
    pub is_active: bool,
    /// How many users it has, its owner among them.
    pub users: u64,
    /// How many organizations it has.
    pub organizations: u64,
    /// How many images it has.
    pub images: u64,
    /// Bytes stored, each blob counted once.
    pub size: u64,
    /// When it was created.
    pub created_at: Timestamp,
}
