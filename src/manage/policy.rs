//! Policies: the built-in ones and the account's own.

use serde::{Deserialize, Serialize};

use crate::access::policy::StatementDraft;
use crate::name::{GroupName, UserName};
use crate::time::Timestamp;

/// A policy in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyEntry {
    /// Name.
    pub name: String,
    /// Whether it is built in, and cannot be changed.
    pub is_system: bool,
    /// May be empty; of built-in ones the console has the words.
    pub description: String,
    /// How often it is attached.
    pub uses: u64,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// Whether it cannot be read, so that everything policies decide is refused to whoever has it.
    pub is_damaged: bool,
}

/// A policy with its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyDetail {
    /// The same as in the list.
    pub entry: PolicyEntry,
    /// The document, as it was typed.
    pub document: String,
    /// Users who have it themselves; at most 1,000 together with the groups.
    pub users: Vec<UserName>,
    /// Groups that have it.
    pub groups: Vec<GroupName>,
}

/// A change of one statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementEdit {
    /// Which one, from 1; `None` adds one at the end.
    pub number: Option<usize>,
    /// What it becomes; `None` removes it.
    pub statement: Option<StatementDraft>,
    /// When the policy was last changed, as whoever edits has seen it: another change meanwhile is not written over.
    pub seen: Timestamp,
}
