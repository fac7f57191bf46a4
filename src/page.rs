//! Parts of lists.

use serde::{Deserialize, Serialize};

/// One page of a list whose total is known (console, management API).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// How many rows the whole list has.
    pub total: u64,
    /// Which rows were asked for.
    pub window: Window,
}

impl<T> Page<T> {
    /// The same page with each row changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            total: self.total,
            window: self.window,
        }
    }
}

/// Which rows of a list: `limit` rows after skipping `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return, 1–1,000.
    pub limit: u64,
}

impl Window {
    /// Page `number` (from 1) of `size` rows; a size outside 1–1,000 is brought inside.
    #[must_use]
    pub fn of_page(number: u64, size: u64) -> Self {
        let limit = size.clamp(1, 1_000);
        Self { offset: number.saturating_sub(1).saturating_mul(limit), limit }
    }

    /// The number of the page that this window is, from 1.
    #[must_use]
    pub const fn page(self) -> u64 {
        self.offset / if self.limit == 0 { 1 } else { self.limit } + 1
    }
}

/// Order of a sorted list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Smallest first.
    Asc,
    /// Largest first.
    #[default]
    Desc,
}

/// Part of a keyset list (OCI tags and catalog): names after `last`, at most `limit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Exclusive lower bound in byte order; need not exist.
    pub last: Option<String>,
    /// Most rows to return.
    pub limit: u64,
}
