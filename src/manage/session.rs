//! Console sessions.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A session of the one who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleSession {
    /// What names it; nobody can come in with it.
    pub id: String,
    /// Where it came from last.
    pub address: String,
    /// The browser's own words.
    pub agent: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Last activity that was noted, to the minute.
    pub last_active_at: Timestamp,
    /// Whether it is the one that asks.
    pub is_current: bool,
}
