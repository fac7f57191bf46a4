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
use crate::sql::Sql;

/// A connection inside a transaction.
pub(crate) enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// One transaction.
pub struct Tx<'a> {
    pub(crate) connection: Connection<'a>,
    pub(crate) ledger: Ledger,
    /// Statements that go with the next one.
    pub(crate) queue: Vec<Sql>,
    recorder: Option<&'a Recorder>,
    prelude: Option<&'static str>,
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
        Self {
            connection,
            ledger,
            queue: Vec::new(),
            recorder,
            prelude: None,
            failed: false,
            contention: false,
        }
    }

    /// What goes before the first statement, in the same trip: `BEGIN` or `SAVEPOINT`, on SQLite.
    pub(crate) const fn with_prelude(mut self, prelude: &'static str) -> Self {
        self.prelude = Some(prelude);
        self
    }

    /// What still has to go before the next statement; `None` when it has gone, and nothing had to.
    pub(crate) const fn prelude(&self) -> Option<&'static str> {
        self.prelude
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

    /// Called after every trip.
    pub(crate) fn note<T>(&mut self, outcome: std::result::Result<T, sqlx::Error>) -> Result<T> {
        match outcome {
            Ok(value) => {
                self.prelude = None;
                Ok(value)
            }
            Err(error) => {
                let error = StoreError::from(error);
                self.failed = true;
                self.contention |= matches!(error, StoreError::Busy);
                Err(error)
            }
        }
    }

    /// Others changed what this transaction counted on: it is over, and running it again may succeed.
    pub(crate) const fn contend(&mut self) -> StoreError {
        self.failed = true;
        self.contention = true;
        StoreError::Busy
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
