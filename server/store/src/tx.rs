//! One transaction, on either database.
//!
//! Query functions take `&mut Tx<'_>` first, so that a service composes several of them into one transaction.
//! After a statement has failed the transaction is over: every later statement answers [`StoreError::Aborted`], on
//! both databases alike, and nothing of it is kept.

use sqlx::{PgConnection, SqliteConnection};

use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::record::Recorder;

/// A connection inside a transaction.
pub(crate) enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// One transaction.
pub struct Tx<'a> {
    pub(crate) connection: Connection<'a>,
    pub(crate) ledger: Ledger,
    recorder: Option<&'a Recorder>,
    failed: bool,
    contention: bool,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(
        connection: Connection<'a>,
        ledger: Ledger,
        recorder: Option<&'a Recorder>,
    ) -> Self {
        Self { connection, ledger, recorder, failed: false, contention: false }
    }

    /// Which database this is.
    pub(crate) const fn dialect(&self) -> Dialect {
        match self.connection {
            Connection::Sqlite(_) => Dialect::Sqlite,
            Connection::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Called before every statement.
    pub(crate) fn begin_statement(&self, text: &str) -> Result<()> {
        if self.failed {
            return Err(StoreError::Aborted);
        }
        if let Some(recorder) = self.recorder {
            recorder.note(text);
        }
        Ok(())
    }

    /// Called after every statement.
    pub(crate) fn note<T>(&mut self, outcome: std::result::Result<T, sqlx::Error>) -> Result<T> {
        outcome.map_err(|error| {
            let error = StoreError::from(error);
            self.failed = true;
            self.contention |= matches!(error, StoreError::Busy);
            error
        })
    }

    /// Whether a statement failed, whatever was made of the error afterwards.
    pub(crate) const fn is_failed(&self) -> bool {
        self.failed
    }

    /// Whether it failed because others changed the same rows, so that running it again may succeed.
    pub(crate) const fn is_contended(&self) -> bool {
        self.contention
    }
}
