//! Runs the jobs of one queue, one at a time: claims a row with a lease, renews it while the work goes on, writes down how
//! it ended. Knows nothing of what the work is.
//!
//! # Invariants
//! - A job whose lease was lost is stopped: another runner has it by now.
//! - A server that stops leaves its jobs as they are. Their leases run out, and another server, or this one when it is back,
//!   goes on with them, as after a crash.
//! - Work may stop anywhere and be run again; the runner counts how often, and gives up.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use roadstead::Result;
use roadstead::access::JobName;
use roadstead_service::{Clock, Context, Service};
use roadstead_store::change::ChangeKind;
use roadstead_store::job::{self, JobRecord, Outcome};
use roadstead_store::{Durability, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// How long a lease lasts without being renewed, in seconds.
const LEASE: i64 = 30;
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(10);
/// Jobs of servers that are gone are looked for this often; of new ones the runner hears at once.
const LOOK: Duration = Duration::from_secs(10);
/// Seconds until the second attempt; each next one waits twice as long.
const FIRST: i64 = 5;
/// Seconds that an attempt waits at most.
const LONGEST: i64 = 600;

/// What is done for the jobs of a queue.
#[derive(Clone, Copy)]
pub(super) struct Work {
    /// The queue.
    pub(super) queue: &'static str,
    /// Does one job; an error is one that trying again may mend. Ends soon when it is told to stop.
    pub(super) run: fn(
        Service,
        Context,
        serde_json::Value,
        CancellationToken,
    ) -> BoxFuture<'static, Result<()>>,
    /// Called when it failed for the last time.
    pub(super) give_up: fn(Service, serde_json::Value) -> BoxFuture<'static, Result<()>>,
}

/// Runs one queue.
pub(super) struct Runner {
    pub(super) service: Service,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Metrics,
    pub(super) work: Work,
}

impl Runner {
    /// Until `stop`.
    pub(super) async fn run(self, stop: CancellationToken) {
        let nudge = Arc::new(Notify::new());
        let (heard, queue) = (Arc::clone(&nudge), self.work.queue);
        self.service.store().on_change(move |changes| {
            if changes
                .iter()
                .any(|change| change.kind == ChangeKind::Job && change.subject == queue)
            {
                heard.notify_one();
            }
        });
        while !stop.is_cancelled() {
            match self.claim().await {
                Ok(Some((job, holder))) => {
                    self.attempt(job, &holder, &stop).await;
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(queue, %error, "no job could be claimed"),
            }
            tokio::select! {
                () = nudge.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn claim(&self) -> std::result::Result<Option<(JobRecord, String)>, StoreError> {
        let holder = self.service.ports().uuid().to_string();
        let (queue, now, by) = (self.work.queue, self.clock.now(), holder.clone());
        let claimed = self
            .service
            .store()
            .run("job.claim", Durability::Relaxed, move |tx| {
                let by = by.clone();
                Box::pin(
                    async move { job::claim(tx, queue, &by, now, now.plus_seconds(LEASE)).await },
                )
            })
            .await?;
        Ok(claimed.map(|job| (job, holder)))
    }

    async fn attempt(&self, job: JobRecord, holder: &str, stop: &CancellationToken) {
        let queue = self.work.queue;
        let id = hex::encode(self.service.ports().bytes::<16>());
        let context = Context::system(JobName(queue), id, Arc::clone(&self.clock));
        let halt = stop.child_token();
        let start = self.clock.monotonic();
        let work =
            (self.work.run)(self.service.clone(), context, job.payload.clone(), halt.clone());
        tokio::pin!(work);
        let mut is_ours = true;
        let outcome = loop {
            match tokio::time::timeout(RENEW, &mut work).await {
                Ok(outcome) => break outcome,
                Err(_) => match self.renew(&job, holder).await {
                    Ok(true) => {}
                    Ok(false) => {
                        is_ours = false;
                        halt.cancel();
                    }
                    // The lease still has two more chances.
                    Err(error) => {
                        tracing::warn!(queue, %error, "the lease of a job was not renewed")
                    }
                },
            }
        };
        let elapsed = self.clock.monotonic().saturating_sub(start);
        self.metrics.ran(queue, outcome.is_ok(), elapsed, self.clock.now());
        if !is_ours || (outcome.is_err() && stop.is_cancelled()) {
            return;
        }
        let ended = match outcome {
            Ok(()) => Outcome::Done,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(queue, attempt = job.attempts, %error, cause, "a job failed");
                self.failed(&job, error.to_string()).await
            }
        };
        if let Err(error) = self.finish(&job, holder, ended).await {
            tracing::warn!(queue, %error, "how a job ended was not written down; it is run again");
        }
    }

    async fn failed(&self, job: &JobRecord, error: String) -> Outcome {
        if job.attempts < job.max_attempts {
            let doubled = FIRST.saturating_mul(1 << job.attempts.saturating_sub(1).min(16));
            return Outcome::Retry {
                error,
                run_at: self.clock.now().plus_seconds(doubled.min(LONGEST)),
            };
        }
        if let Err(error) = (self.work.give_up)(self.service.clone(), job.payload.clone()).await {
            tracing::warn!(queue = self.work.queue, %error, "a job that failed for good left something");
        }
        Outcome::Dead { error }
    }

    async fn renew(&self, job: &JobRecord, holder: &str) -> std::result::Result<bool, StoreError> {
        let (id, holder) = (job.id, holder.to_owned());
        let until = self.clock.now().plus_seconds(LEASE);
        self.service
            .store()
            .run("job.renew", Durability::Relaxed, move |tx| {
                let holder = holder.clone();
                Box::pin(async move { job::renew(tx, id, &holder, until).await })
            })
            .await
    }

    async fn finish(
        &self,
        job: &JobRecord,
        holder: &str,
        outcome: Outcome,
    ) -> std::result::Result<bool, StoreError> {
        let (id, holder, now) = (job.id, holder.to_owned(), self.clock.now());
        self.service
            .store()
            .run("job.finish", Durability::Relaxed, move |tx| {
                let (holder, outcome) = (holder.clone(), outcome.clone());
                Box::pin(async move { job::finish(tx, id, &holder, &outcome, now).await })
            })
            .await
    }
}
