//! Where facts are kept: one set of queries for SQLite and PostgreSQL.
//!
//! [`Store`] runs closures: [`Store::read`] with a consistent view, [`Store::peek`] without one (a single statement),
//! [`Store::run`] for everything that writes. Inside, the modules named after resources are free functions that take
//! `&mut Tx<'_>` first; a service composes several into one transaction.
//!
//! ```no_run
//! # async fn example(store: roadstead_store::Store, name: roadstead::AccountName) -> Result<(), roadstead_store::StoreError> {
//! use roadstead_store::{StoreError, resolve};
//! let found = store.read("account.find", |tx| {
//!     let name = name.clone();
//!     Box::pin(async move { resolve::account(tx, &name).await })
//! }).await?;
//! # drop(found); Ok(())
//! # }
//! ```
//!
//! # Invariants
//! - The text of a statement is the same for both databases; what cannot be is in [`dialect`].
//! - Closures are `Fn`: PostgreSQL may run them again after a serialisation failure. They do nothing but database work.
//! - Nobody hears of success before the commit. `Durable` means on disk.
//! - Not found is `Ok(None)`. A stored value that breaks its type's rule is [`StoreError::Corrupt`].
//! - What changes or reveals a repository, an organization, a person or what is an account's takes the proof that somebody
//!   may: [`Place`], `Allowed` of an organization's, user's, group's, policy's or account's key, anything [`InAccount`] for
//!   looking up a name, or a `Visibility` for lists. Exceptions come before the decision ([`resolve`], credentials) or are
//!   work of the system on whatever is due (collection, counters, jobs). What forgets to ask does not compile:
//!   ```compile_fail,E0308
//!   # use roadstead::{TagName, id::RepositoryId};
//!   # use roadstead_store::{Result, Tx, tag};
//!   async fn forgets(tx: &mut Tx<'_>, id: RepositoryId, name: &TagName) -> Result<()> {
//!       tag::find(tx, &id, name).await.map(drop)
//!   }
//!   ```
//!   ```
//!   # use roadstead::{TagName, access::{Allowed, RepositoryTarget}};
//!   # use roadstead_store::{Place, Result, Tx, tag};
//!   async fn asks(tx: &mut Tx<'_>, allowed: &Allowed<RepositoryTarget>, name: &TagName) -> Result<()> {
//!       tag::find(tx, &Place::of(allowed), name).await.map(drop)
//!   }
//!   ```
//!   and a proof about one thing is none about another:
//!   ```compile_fail,E0308
//!   # use roadstead::{Timestamp, access::{Allowed, GroupTarget}};
//!   # use roadstead_store::{Result, Tx, user};
//!   async fn confuses(tx: &mut Tx<'_>, group: &Allowed<GroupTarget>) -> Result<()> {
//!       user::delete(tx, group.key(), Timestamp::EPOCH).await
//!   }
//!   ```
//!   ```
//!   # use roadstead::{Timestamp, access::{Allowed, UserTarget}};
//!   # use roadstead_store::{Result, Tx, user};
//!   async fn asks(tx: &mut Tx<'_>, user: &Allowed<UserTarget>) -> Result<()> {
//!       user::delete(tx, user.key(), Timestamp::EPOCH).await
//!   }
//!   ```
//! - Nothing is ever looked up by name through a foreign key; tombstones (`deleted_at`) keep what was deleted.
//!
//! # To add a query
//! Write a function in the resource's module with [`sql::sql`], a `record!` whose fields are the selected columns, and a
//! case in `tests/`: the suite runs on both databases, and EXPLAINs every statement it ran.
//!
//! # To add a table
//! A new file of the same name in `migrations/sqlite` and `migrations/postgres`; landed files are never edited.

mod database;
pub mod dialect;
mod error;
mod ledger;
mod metrics;
mod reader;
mod record;
mod row;
mod sql;
mod tx;
mod value;
mod visible;
mod writer;

pub mod access_key;
pub mod account;
pub mod attachment;
pub mod attention;
pub mod audit;
pub mod blob;
pub mod change;
pub mod credential;
pub mod dump;
pub mod grant;
pub mod group;
pub mod job;
pub mod maintenance;
pub mod manifest;
pub mod object;
pub mod organization;
pub mod overview;
pub mod package;
pub mod policy;
pub mod reach;
pub mod referrer;
pub mod repository;
pub mod resolve;
pub mod sealed;
pub mod session;
pub mod setting;
pub mod share;
pub mod signing_key;
pub mod tag;
pub mod upload;
pub mod usage;
pub mod user;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::Connection as _;
use tokio::sync::oneshot;
use tracing::Instrument as _;

pub use crate::dialect::Dialect;
pub use crate::error::{Result, StoreError};
pub use crate::ledger::{InAccount, Place};
pub use crate::metrics::{BUCKETS, Meter, Metrics};
pub use crate::record::{LARGE_TABLES, Recorder, full_scans};
pub use crate::row::{At, Record, Row};
pub use crate::tx::Tx;
pub use crate::value::{Bind, Column, Value};

use crate::change::Change;
use crate::database::Database;
use crate::ledger::Ledger;
use crate::tx::Connection;
use crate::writer::{Call, Listeners, Writer};

/// How often a closure is run again after contention on PostgreSQL.
const RETRIES: u64 = 10;

/// Whether a write must be on disk before its caller hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It survives power loss.
    Durable,
    /// It survives a crash of the program; the last moments may be lost with the power. For usage counters and upload
    /// offsets.
    Relaxed,
}

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most connections that read at a time (PostgreSQL: all connections).
    pub connections: u32,
    /// Microseconds of a steady clock, for the metrics; the clock is the server's to give.
    pub stopwatch: fn() -> u64,
    /// Remember the text of every statement, for tests.
    pub recorder: Option<Arc<Recorder>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 4, stopwatch: || 0, recorder: None }
    }
}

/// The database, open. Clones share it.
#[derive(Clone)]
pub struct Store {
    database: Database,
    writer: Option<Writer>,
    task: Arc<parking_lot::Mutex<Option<tokio::task::JoinHandle<()>>>>,
    listeners: Listeners,
    metrics: Arc<Metrics>,
    options: Options,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dialect", &self.dialect()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens `sqlite://PATH` (the file is created with mode 0600) or `postgres://…`. Call [`Store::migrate`] next.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        let database = Database::open(url, options.connections.max(1), 512).await?;
        let listeners = Listeners::default();
        let (writer, task) = match &database {
            Database::Sqlite(file) => {
                let started = Writer::start(
                    (**file).clone(),
                    options.recorder.clone(),
                    Arc::clone(&listeners),
                )
                .await?;
                (Some(started.0), Some(started.1))
            }
            Database::Postgres(_) => (None, None),
        };
        let task = Arc::new(parking_lot::Mutex::new(task));
        Ok(Self { database, writer, task, listeners, metrics: Arc::default(), options })
    }

    /// Brings the schema up to date under a lock.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] when a newer program wrote this database; nothing is changed then.
    pub async fn migrate(&self) -> Result<()> {
        self.database.migrate(None).await
    }

    /// Brings the schema of a new database to the version that a backup was made with, so that its rows fit. Call
    /// [`Store::migrate`] when they are in.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] when this program does not know the version.
    pub async fn migrate_to(&self, version: i64) -> Result<()> {
        let known = self.database.newest();
        if version > known {
            return Err(StoreError::TooNew { found: version, known });
        }
        self.database.migrate(Some(version)).await
    }

    /// Waits for what is queued, and closes every connection. Clones of the store stop working.
    pub async fn close(mut self) {
        self.writer = None;
        let task = self.task.lock().take();
        if let (Some(task), 1) = (task, Arc::strong_count(&self.task)) {
            drop(task.await);
        }
        self.database.close().await;
    }

    /// Which database this is.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    /// Counts and times of transactions by name.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Calls `listener` with the changes of every transaction of this process, after the commit and before the
    /// transaction's caller is answered: a cache that forgets here never serves its own process something old.
    pub fn on_change(&self, listener: impl Fn(&[Change]) + Send + Sync + 'static) {
        self.listeners.write().push(Arc::new(listener));
    }

    /// Reads in one consistent view. `name` is dotted (`tag.list`) and appears in metrics and traces.
    pub async fn read<T, E, F>(&self, name: &'static str, closure: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, E>>,
        E: From<StoreError>,
    {
        let work = async {
            match &self.database {
                Database::Sqlite(file) => {
                    let mut reader = file.readers.acquire().await?;
                    let mut transaction =
                        reader.connection()?.begin().await.map_err(StoreError::from)?;
                    let mut tx = self.tx(Connection::Sqlite(&mut transaction));
                    let outcome = closure(&mut tx).await;
                    let is_failed = tx.is_failed();
                    drop(tx);
                    if is_failed {
                        drop(transaction);
                        reader.discard();
                    } else {
                        transaction.rollback().await.map_err(StoreError::from)?;
                    }
                    outcome
                }
                Database::Postgres(pool) => {
                    let mut transaction = pool
                        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                        .await
                        .map_err(StoreError::from)?;
                    let outcome =
                        closure(&mut self.tx(Connection::Postgres(&mut transaction))).await;
                    transaction.rollback().await.map_err(StoreError::from)?;
                    outcome
                }
            }
        };
        self.measure(name, async { (work.await, 0) }).await
    }

    /// Reads without a transaction around it: one statement, on hot paths. Several statements may see different states.
    pub async fn peek<T, E, F>(&self, name: &'static str, closure: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, E>>,
        E: From<StoreError>,
    {
        let work = async {
            match &self.database {
                Database::Sqlite(file) => {
                    let mut reader = file.readers.acquire().await?;
                    let mut tx = self.tx(Connection::Sqlite(reader.connection()?));
                    let outcome = closure(&mut tx).await;
                    if tx.is_failed() {
                        reader.discard();
                    }
                    outcome
                }
                Database::Postgres(pool) => {
                    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
                    closure(&mut self.tx(Connection::Postgres(&mut connection))).await
                }
            }
        };
        self.measure(name, async { (work.await, 0) }).await
    }

    /// Runs a closure that writes, in a transaction that is kept if it returns `Ok` and undone if it returns `Err`, panics,
    /// or the future of this call is dropped before the closure has ended. It awaits nothing but this transaction: a call of the store inside would wait for itself.
    pub async fn run<T, E, F>(
        &self,
        name: &'static str,
        durability: Durability,
        closure: F,
    ) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let work = async {
            match (&self.database, &self.writer) {
                (Database::Postgres(pool), _) => {
                    self.run_postgres(pool, durability, &closure).await
                }
                (Database::Sqlite(_), Some(writer)) => {
                    let (caller, answer) = oneshot::channel();
                    let call = Call { durability, closure, outcome: None, caller };
                    if let Err(error) = writer.submit(Box::new(call)).await {
                        return (Err(error.into()), 0);
                    }
                    let answer = answer.await;
                    (
                        answer.unwrap_or_else(|_| {
                            Err(StoreError::unavailable("the writer stopped").into())
                        }),
                        0,
                    )
                }
                (Database::Sqlite(_), None) => {
                    (Err(StoreError::unavailable("the database is closed").into()), 0)
                }
            }
        };
        self.measure(name, work).await
    }

    async fn run_postgres<T, E, F>(
        &self,
        pool: &sqlx::PgPool,
        durability: Durability,
        closure: &F,
    ) -> (Result<T, E>, u64)
    where
        F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, E>>,
        E: From<StoreError>,
    {
        let mut retries = 0;
        loop {
            match self.attempt_postgres(pool, durability, closure).await {
                Err((_, true)) if retries < RETRIES => {
                    retries += 1;
                    tokio::time::sleep(Duration::from_millis(2 << retries.min(6))).await;
                }
                Err((error, _)) => return (Err(error), retries),
                Ok(value) => return (Ok(value), retries),
            }
        }
    }

    /// The error, and whether running it again may help.
    async fn attempt_postgres<T, E, F>(
        &self,
        pool: &sqlx::PgPool,
        durability: Durability,
        closure: &F,
    ) -> Result<T, (E, bool)>
    where
        F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, E>>,
        E: From<StoreError>,
    {
        fn refuse<E: From<StoreError>>(error: impl Into<StoreError>) -> (E, bool) {
            let error = error.into();
            let again = matches!(error, StoreError::Busy);
            (error.into(), again)
        }
        let mut transaction =
            pool.begin().await.map_err(|error| (StoreError::from(error).into(), false))?;
        if durability == Durability::Relaxed {
            sqlx::query("SET LOCAL synchronous_commit = off")
                .execute(&mut *transaction)
                .await
                .map_err(refuse)?;
        }
        let mut tx = self.tx(Connection::Postgres(&mut transaction));
        let outcome = closure(&mut tx).await;
        let again = tx.is_contended();
        let finished = match outcome {
            Ok(_) if tx.is_failed() => Err((StoreError::Aborted.into(), again)),
            Ok(value) => match tx.finish(None).await {
                Ok(changes) => Ok((value, changes)),
                Err(error) => Err(refuse(error)),
            },
            Err(error) => Err((error, again)),
        };
        drop(tx);
        match finished {
            Ok((value, changes)) => {
                transaction.commit().await.map_err(refuse)?;
                writer::announce(&self.listeners, &changes);
                Ok(value)
            }
            Err(error) => {
                // Whether or not the connection still answers, nothing was committed.
                drop(transaction.rollback().await);
                Err(error)
            }
        }
    }

    fn tx<'a>(&'a self, connection: Connection<'a>) -> Tx<'a> {
        Tx::new(connection, Ledger::default(), self.options.recorder.as_deref())
    }

    async fn measure<T, E>(
        &self,
        name: &'static str,
        work: impl Future<Output = (Result<T, E>, u64)>,
    ) -> Result<T, E> {
        let start = (self.options.stopwatch)();
        let (outcome, retries) =
            work.instrument(tracing::debug_span!("store", transaction = name)).await;
        let micros = (self.options.stopwatch)().saturating_sub(start);
        self.metrics.note(name, micros, outcome.is_err(), retries);
        outcome
    }
}
