//! Background work as rows. Enqueue in the transaction that made the work necessary; claim with a lease, never by holding
//! a transaction open.

use roadstead::Timestamp;
use roadstead::id::{AccountId, JobId, UserId};

use crate::change::{Change, ChangeKind};
use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::words;

words! {
    /// State of a job.
    JobState {
        /// Due at its time.
        Waiting = "waiting",
        /// A runner has it.
        Running = "running",
        /// It succeeded.
        Done = "done",
        /// It failed for good.
        Dead = "dead",
    }
}

record! {
    /// A job.
    JobRecord {
        /// Key.
        id: JobId,
        /// Queue.
        queue: String,
        /// Which kind of job.
        name: String,
        /// Its own data, as JSON.
        payload: serde_json::Value,
        /// For whom.
        account_id: Option<AccountId>,
        /// Whose right is checked again when it runs.
        creator_id: Option<UserId>,
        /// State.
        state: JobState,
        /// How often it was started.
        attempts: u32,
        /// How often it may be.
        max_attempts: u32,
        /// When it is due.
        run_at: Timestamp,
        /// Why the last attempt failed.
        last_error: Option<String>,
        /// When it was enqueued.
        created_at: Timestamp,
        /// When it ended.
        finished_at: Option<Timestamp>,
    }
}

macro_rules! columns {
    () => {
        "id, queue, name, payload, account_id, creator_id, state, attempts, max_attempts, run_at, last_error, created_at, \
         finished_at"
    };
}

/// A job to enqueue.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Queue.
    pub queue: String,
    /// Which kind of job.
    pub name: String,
    /// Its own data.
    pub payload: serde_json::Value,
    /// While a job of the queue with this key waits, no second one is enqueued.
    pub unique_key: Option<String>,
    /// For whom.
    pub account: Option<AccountId>,
    /// Whose right is checked again when it runs.
    pub creator: Option<UserId>,
    /// How often it may be started.
    pub max_attempts: u32,
    /// When it is due.
    pub run_at: Timestamp,
    /// Now.
    pub created_at: Timestamp,
}

/// Enqueues a job; `None` when one with its unique key is waiting already.
pub async fn enqueue(tx: &mut Tx<'_>, job: &NewJob) -> Result<Option<JobId>> {
    let id = sql("INSERT INTO jobs (queue, name, payload, unique_key, account_id, creator_id, max_attempts, run_at, \
                  created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING id")
    .bind(job.queue.as_str())
    .bind(job.name.as_str())
    .bind(&job.payload)
    .bind(job.unique_key.as_deref())
    .bind(job.account)
    .bind(job.creator)
    .bind(job.max_attempts)
    .bind(job.run_at)
    .bind(job.created_at)
    .optional::<(JobId,)>(tx)
    .await?;
    tx.change(Change::new(ChangeKind::Job, job.created_at).of(&job.queue));
    Ok(id.map(|(id,)| id))
}

/// Takes the job of a queue that is due longest, until `until`. Jobs whose runner lost its lease are taken again.
pub async fn claim(
    tx: &mut Tx<'_>,
    queue: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<JobRecord>> {
    // A lost job waits again, without its key: a second one with the same key may wait by now.
    sql("UPDATE jobs SET state = 'waiting', unique_key = NULL, leased_by = NULL, leased_until = NULL WHERE id IN \
         (SELECT id FROM jobs WHERE state = 'running' AND leased_until <= $1 ORDER BY leased_until LIMIT 16")
    .bind(now)
    .and(tx.dialect().skip_locked())
    .and(")")
    .execute(tx)
    .await?;
    let mut claim = sql("UPDATE jobs SET state = 'running', leased_by = $3, leased_until = $4, attempts = attempts + 1 \
                         WHERE id = (SELECT id FROM jobs WHERE queue = $1 AND state = 'waiting' AND run_at <= $2 \
                         ORDER BY run_at, id LIMIT 1")
    .bind(queue)
    .bind(now)
    .bind(holder)
    .bind(until);
    claim.push(tx.dialect().skip_locked());
    claim.push(concat!(") RETURNING ", columns!()));
    claim.optional(tx).await
}

/// Keeps a claimed job until `until`; `false` when the lease was lost: stop working on it.
pub async fn renew(tx: &mut Tx<'_>, id: JobId, holder: &str, until: Timestamp) -> Result<bool> {
    let rows = sql(
        "UPDATE jobs SET leased_until = $3 WHERE id = $1 AND leased_by = $2 AND state = 'running'",
    )
    .bind(id)
    .bind(holder)
    .bind(until)
    .execute(tx)
    .await?;
    Ok(rows > 0)
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded.
    Done,
    /// It failed; try again then, unless it was the last attempt.
    Retry {
        /// Why.
        error: String,
        /// When.
        run_at: Timestamp,
    },
    /// It failed for good.
    Dead {
        /// Why.
        error: String,
    },
}

/// Ends an attempt; `false` when the lease was lost.
pub async fn finish(
    tx: &mut Tx<'_>,
    id: JobId,
    holder: &str,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<bool> {
    let statement = match outcome {
        Outcome::Done => sql("UPDATE jobs SET state = 'done', finished_at = $3, leased_by = NULL, leased_until = NULL, \
                              last_error = NULL WHERE id = $1 AND leased_by = $2 AND state = 'running'")
        .bind(id)
        .bind(holder)
        .bind(now),
        Outcome::Dead { error } => sql("UPDATE jobs SET state = 'dead', finished_at = $3, last_error = $4, \
                                        leased_by = NULL, leased_until = NULL \
                                        WHERE id = $1 AND leased_by = $2 AND state = 'running'")
        .bind(id)
        .bind(holder)
        .bind(now)
        .bind(error.as_str()),
        // A second one with the same key may wait by now; this one then keeps its place without the key.
        Outcome::Retry { error, run_at } => sql(
            "UPDATE jobs SET state = CASE WHEN attempts >= max_attempts THEN 'dead' ELSE 'waiting' END, \
             finished_at = CASE WHEN attempts >= max_attempts THEN $3 ELSE NULL END, last_error = $4, run_at = $5, \
             unique_key = NULL, leased_by = NULL, leased_until = NULL \
             WHERE id = $1 AND leased_by = $2 AND state = 'running'",
        )
        .bind(id)
        .bind(holder)
        .bind(now)
        .bind(error.as_str())
        .bind(run_at),
    };
    Ok(statement.execute(tx).await? > 0)
}

/// The job of this key.
pub async fn find(tx: &mut Tx<'_>, id: JobId) -> Result<Option<JobRecord>> {
    sql(concat!("SELECT ", columns!(), " FROM jobs WHERE id = $1")).bind(id).optional(tx).await
}

/// Ended jobs of a state, the last first.
pub async fn ended(tx: &mut Tx<'_>, state: JobState, limit: u32) -> Result<Vec<JobRecord>> {
    sql(concat!(
        "SELECT ",
        columns!(),
        " FROM jobs WHERE state = $1 AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT $2"
    ))
    .bind(state)
    .bind(limit)
    .all(tx)
    .await
}

/// Forgets jobs that succeeded before `before`.
pub async fn forget_done(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    sql("DELETE FROM jobs WHERE state = 'done' AND finished_at IS NOT NULL AND finished_at < $1")
        .bind(before)
        .execute(tx)
        .await
}

/// Whether what is scheduled under this name is due; if it is, it is next due at `next`. Only one caller is told so.
pub async fn is_due(tx: &mut Tx<'_>, name: &str, now: Timestamp, next: Timestamp) -> Result<bool> {
    sql("INSERT INTO schedules (name, next_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(now)
        .execute(tx)
        .await?;
    let rows =
        sql("UPDATE schedules SET next_at = $3, last_at = $2 WHERE name = $1 AND next_at <= $2")
            .bind(name)
            .bind(now)
            .bind(next)
            .execute(tx)
            .await?;
    Ok(rows > 0)
}
