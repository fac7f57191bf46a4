//! What can go wrong in the database. Not finding something is `Ok(None)`, never an error.
//!
//! The service turns these into the domain's errors where the meaning is known.

use std::fmt::Display;

/// A failure of the database or of the data in it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row with the same unique values is there already. Names the table, the same on both databases.
    #[error("a row with these values exists already in {table}")]
    NotUnique {
        /// The table whose unique index refused.
        table: String,
    },
    /// The row refers to one that is gone, or others still refer to it.
    #[error("a related row is missing, or still refers to this one")]
    ForeignKey,
    /// A value that no version of this program writes.
    #[error("stored data is not what it must be: {what}")]
    Corrupt {
        /// Column and rule, without the value.
        what: String,
    },
    /// Others held the database for too long, or kept changing the same rows. Trying again may help.
    #[error("the database is busy; try again")]
    Busy,
    /// The database does not answer, or the transaction could not be completed. Trying again may help.
    #[error("the database is not available: {why}")]
    Unavailable {
        /// What was being done.
        why: String,
    },
    /// No space left on the database's disk.
    #[error("the disk of the database is full")]
    Full,
    /// The database was written by a newer version of this program.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}: start the newer program \
         that made it, or restore a backup from before the upgrade"
    )]
    TooNew {
        /// Newest migration in the database.
        found: i64,
        /// Newest migration in this program.
        known: i64,
    },
    /// A statement went on after another one of the same transaction had failed.
    #[error("an earlier statement of this transaction failed")]
    Aborted,
    /// Everything else.
    #[error("the database refused: {0}")]
    Database(#[source] sqlx::Error),
}

/// Result with a store error.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    /// Whether a unique index of `table` refused.
    #[must_use]
    pub fn is_not_unique(&self, table: &str) -> bool {
        matches!(self, Self::NotUnique { table: found } if found == table)
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable { .. })
    }

    pub(crate) fn corrupt(what: impl Display) -> Self {
        Self::Corrupt { what: what.to_string() }
    }

    pub(crate) fn unavailable(why: impl Display) -> Self {
        Self::Unavailable { why: why.to_string() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                // SQLite names columns (`table.column, …`), PostgreSQL the table.
                let table = inner.table().map(str::to_owned).or_else(|| {
                    let columns = inner.message().rsplit(": ").next()?;
                    Some(columns.split('.').next()?.trim_start_matches("index '").to_owned())
                });
                Self::NotUnique { table: table.unwrap_or_default() }
            }
            sqlx::Error::Database(inner) if inner.is_foreign_key_violation() => Self::ForeignKey,
            sqlx::Error::Database(inner) if is_contention(inner.code().as_deref()) => Self::Busy,
            sqlx::Error::Database(inner) if is_full(inner.code().as_deref()) => Self::Full,
            sqlx::Error::Database(inner) if is_unwritable(inner.code().as_deref()) => {
                Self::unavailable(&error)
            }
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Io(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Tls(_) => Self::unavailable(&error),
            sqlx::Error::ColumnDecode { index, .. } => Self::corrupt(format!("column {index}")),
            _ => Self::Database(error),
        }
    }
}

/// PostgreSQL: serialisation failure, deadlock, lock not available. SQLite: busy and locked, with their extended codes.
pub(crate) fn is_contention(code: Option<&str>) -> bool {
    matches!(code, Some("40001" | "40P01" | "55P03" | "5" | "6" | "261" | "262" | "517" | "773"))
}

/// PostgreSQL: disk full. SQLite: full.
fn is_full(code: Option<&str>) -> bool {
    matches!(code, Some("53100" | "13"))
}

/// The disk is read-only or fails. PostgreSQL: read-only transaction, I/O error. SQLite: its primary codes for read-only,
/// I/O error and "cannot open", which are the low byte of the extended ones.
fn is_unwritable(code: Option<&str>) -> bool {
    match code {
        Some("25006" | "58030") => true,
        // PostgreSQL's codes have five characters.
        Some(code) if code.len() < 5 => {
            matches!(code.parse::<u32>().map(|code| code & 0xff), Ok(8 | 10 | 14))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_and_read_only_disks_are_told_from_faults() {
        for code in ["8", "264", "776", "10", "266", "1034", "14", "25006"] {
            assert!(is_unwritable(Some(code)), "{code}");
            assert!(!is_full(Some(code)), "{code}");
        }
        for code in ["13", "53100"] {
            assert!(is_full(Some(code)) && !is_unwritable(Some(code)), "{code}");
        }
        for code in ["1", "19", "2067", "23505", "10000"] {
            assert!(!is_full(Some(code)) && !is_unwritable(Some(code)), "{code}");
        }
    }
}
