//! The one writer of a SQLite file: group commit.
//!
//! A closure given to [`crate::Store::run`] waits in a queue. The writer task takes what is waiting, runs all of it
//! inside one `BEGIN IMMEDIATE`, each under a savepoint of its own, commits once, durably, and only then answers. So many
//! small writes share one sync of the disk, and one that fails takes nothing of the others with it.
//!
//! Invariants: nobody is told of success before the commit; a closure whose caller has gone away before its turn does
//! not run, and one whose caller goes away meanwhile is rolled back; a panicking closure is an error of its caller only.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use crate::Durability;
use crate::change::Change;
use crate::database::SqliteFile;
use crate::error::{Result, StoreError};
use crate::ledger::Ledger;
use crate::record::Recorder;
use crate::sql::sql;
use crate::tx::{Connection, Tx};

/// Most closures in one commit: bounds how long the first of them waits.
const GROUP: usize = 128;
/// Most closures that wait; more callers wait before the queue.
const QUEUE: usize = 1024;

/// Who is told of committed changes before the callers are.
pub(crate) type Listeners = Arc<parking_lot::RwLock<Vec<Arc<dyn Fn(&[Change]) + Send + Sync>>>>;

pub(crate) fn announce(listeners: &Listeners, changes: &[Change]) {
    if !changes.is_empty() {
        for listener in listeners.read().iter() {
            listener(changes);
        }
    }
}

/// A closure in the queue, its types forgotten.
pub(crate) trait Job: Send {
    fn durability(&self) -> Durability;
    /// Whether somebody still waits for the answer.
    fn is_wanted(&self) -> bool;
    /// Runs the closure; whether what it did is to be kept.
    fn run<'t>(&'t mut self, tx: &'t mut Tx<'_>) -> BoxFuture<'t, bool>;
    /// Answers the caller.
    fn answer(self: Box<Self>, commit: Result<()>);
}

/// A [`Job`] with its types.
pub(crate) struct Call<F, T, E> {
    pub(crate) durability: Durability,
    pub(crate) closure: F,
    pub(crate) outcome: Option<Result<T, E>>,
    pub(crate) caller: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Call<F, T, E>
where
    F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, E>> + Send + Sync,
    T: Send,
    E: From<StoreError> + Send,
{
    fn durability(&self) -> Durability {
        self.durability
    }

    fn is_wanted(&self) -> bool {
        !self.caller.is_closed()
    }

    fn run<'t>(&'t mut self, tx: &'t mut Tx<'_>) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let closure = &self.closure;
            let work = async {
                let value = closure(&mut *tx).await?;
                tx.flush().await?;
                Ok(value)
            };
            let work = AssertUnwindSafe(work).catch_unwind();
            let outcome = tokio::select! {
                biased;
                outcome = work => outcome,
                () = self.caller.closed() => return false,
            };
            let outcome = outcome.unwrap_or_else(|_| {
                Err(StoreError::unavailable("the transaction panicked").into())
            });
            let outcome = match outcome {
                Ok(_) if tx.is_failed() => Err(StoreError::Aborted.into()),
                other => other,
            };
            let keep = outcome.is_ok();
            self.outcome = Some(outcome);
            keep
        })
    }

    fn answer(self: Box<Self>, commit: Result<()>) {
        let outcome = match (self.outcome, commit) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (None, Ok(())) => Err(StoreError::unavailable("the transaction was given up").into()),
        };
        // The caller may have gone away; what was committed stays.
        drop(self.caller.send(outcome));
    }
}

/// The queue's end that callers hold.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
}

impl Writer {
    /// Starts the task. It ends when the last sender is gone and the queue is empty.
    pub(crate) async fn start(
        file: SqliteFile,
        recorder: Option<Arc<Recorder>>,
        listeners: Listeners,
    ) -> Result<(Self, tokio::task::JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let connection = file.writer().await?;
        let task = Task { file, connection, is_synchronous: true, recorder, listeners };
        Ok((Self { queue }, tokio::spawn(task.work(jobs))))
    }

    pub(crate) async fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        self.queue.send(job).await.map_err(|_| StoreError::unavailable("the database is closed"))
    }
}

struct Task {
    file: SqliteFile,
    connection: SqliteConnection,
    is_synchronous: bool,
    recorder: Option<Arc<Recorder>>,
    listeners: Listeners,
}

impl Task {
    async fn work(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = jobs.recv().await {
            let mut group = vec![first];
            while group.len() < GROUP {
                match jobs.try_recv() {
                    Ok(job) => group.push(job),
                    Err(_) => break,
                }
            }
            let is_sound = self.group(group).await;
            if !is_sound {
                self.reconnect().await;
            }
        }
        drop(sqlx::Connection::close(self.connection).await);
    }

    /// After a failure that left the connection in a state nobody knows.
    async fn reconnect(&mut self) {
        match self.file.writer().await {
            Ok(connection) => {
                self.connection = connection;
                self.is_synchronous = true;
            }
            Err(error) => tracing::error!(%error, "the database cannot be opened again"),
        }
    }

    /// Not prepared: SQLite carries some of these out while it prepares them, and never again.
    async fn statement(&mut self, text: &'static str) -> Result<()> {
        sqlx::raw_sql(text).execute(&mut self.connection).await?;
        Ok(())
    }

    /// Runs a group and answers its callers. `false` when the connection must be replaced.
    async fn group(&mut self, group: Vec<Box<dyn Job>>) -> bool {
        let durable = group.iter().any(|job| job.durability() == Durability::Durable);
        if let Err(error) = self.set_synchronous(durable).await {
            answer_all(group, &error);
            return false;
        }
        // Whether BEGIN has gone: it goes with the first statement of the group. Only what comes after needs savepoints.
        let mut is_begun = false;
        let mut ledger = Ledger::default();
        let mut kept = Vec::with_capacity(group.len());
        let mut waiting = group.into_iter();
        while let Some(mut job) = waiting.next() {
            if !job.is_wanted() {
                continue;
            }
            // Never released: the next one of the same name nests, and COMMIT ends them all.
            let mut fault = match is_begun {
                true => self.statement("SAVEPOINT entry").await.err(),
                false => None,
            };
            if fault.is_none() {
                let before = ledger.clone();
                let (keep, after, has_run) = self.job(&mut *job, ledger, is_begun).await;
                if keep {
                    ledger = after;
                    is_begun |= has_run;
                    kept.push(job);
                    continue;
                }
                ledger = before;
                if is_begun {
                    fault = self.statement("ROLLBACK TO entry").await.err();
                } else {
                    // It may have begun and failed at once, or not have begun at all (busy): either way nothing is open.
                    drop(self.statement("ROLLBACK").await);
                }
            }
            job.answer(Ok(()));
            if let Some(error) = fault {
                // SQLite ended the whole transaction by itself (disk full, I/O error).
                answer_all(kept, &error);
                answer_all(waiting.collect(), &error);
                return false;
            }
        }
        self.end(kept, ledger, is_begun).await
    }

    /// Runs one closure: whether to keep what it did, the ledger with it, and whether it ran a statement.
    async fn job(
        &mut self,
        job: &mut dyn Job,
        ledger: Ledger,
        is_begun: bool,
    ) -> (bool, Ledger, bool) {
        let connection = Connection::Sqlite(&mut self.connection);
        let mut tx = Tx::new(connection, ledger, self.recorder.as_deref());
        if !is_begun {
            tx = tx.with_prelude("BEGIN IMMEDIATE");
        }
        let keep = job.run(&mut tx).await;
        let has_run = tx.prelude().is_none();
        (keep, tx.ledger, has_run)
    }

    async fn set_synchronous(&mut self, durable: bool) -> Result<()> {
        if durable != self.is_synchronous {
            self.statement(if durable {
                "PRAGMA synchronous = FULL"
            } else {
                "PRAGMA synchronous = NORMAL"
            })
            .await?;
            self.is_synchronous = durable;
        }
        Ok(())
    }

    async fn end(&mut self, kept: Vec<Box<dyn Job>>, ledger: Ledger, is_begun: bool) -> bool {
        if kept.is_empty() {
            return !is_begun || self.statement("ROLLBACK").await.is_ok();
        }
        let finished = if is_begun || !ledger.is_empty() {
            let connection = Connection::Sqlite(&mut self.connection);
            let mut tx = Tx::new(connection, ledger, self.recorder.as_deref());
            if !is_begun {
                tx = tx.with_prelude("BEGIN IMMEDIATE");
            }
            tx.finish(Some(sql("COMMIT"))).await
        } else {
            Ok(Vec::new())
        };
        match finished {
            Ok(changes) => {
                announce(&self.listeners, &changes);
                for job in kept {
                    job.answer(Ok(()));
                }
                true
            }
            Err(error) => {
                let is_sound = self.statement("ROLLBACK").await.is_ok();
                answer_all(kept, &error);
                is_sound
            }
        }
    }
}

fn answer_all(jobs: Vec<Box<dyn Job>>, error: &StoreError) {
    for job in jobs {
        job.answer(Err(match error {
            StoreError::Busy => StoreError::Busy,
            StoreError::Full => StoreError::Full,
            other => StoreError::unavailable(other),
        }));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::database::Database;

    #[tokio::test]
    async fn only_relaxed_groups_commit_without_a_sync() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let Database::Sqlite(file) = Database::open(&url, 1, 10).await.unwrap() else {
            unreachable!("the address is of a file")
        };
        let connection = file.writer().await.unwrap();
        let listeners = Listeners::default();
        let mut task =
            Task { file: *file, connection, is_synchronous: true, recorder: None, listeners };
        // More than once each: what SQLite does while it prepares a statement it does not do again.
        for durable in [true, false, true, false, false, true, true, false, true] {
            task.set_synchronous(durable).await.unwrap();
            let level: i64 = sqlx::query_scalar("PRAGMA synchronous")
                .persistent(false)
                .fetch_one(&mut task.connection)
                .await
                .unwrap();
            assert_eq!(level, if durable { 2 } else { 1 });
        }
    }
}
