//! What runs without being asked.
//!
//! | work | every | does |
//! | --- | --- | --- |
//! | follow | 250 ms | reads the change sequence, so that what another process did (a second server, the command line) is in force here |
//! | flush | 5 s | writes what was only noted in memory so far: usage counters, data events of the audit log |
//! | keys | 1 h | replaces the key of bearer tokens when it is old, forgets those that are done |
//! | tidy | 10 min | removes ended sessions, abandoned uploads, doomed bytes and old changes |
//! | package | at once, and every 10 s | imports packages that were uploaded through the page ([`runner`]) |
//! | collect | 60 min, one server of several | gives up blobs that no image needs, and purges what was deleted long ago |
//!
//! Each is idempotent and takes no input: whatever was missed, the next turn does. A failure is logged and tried again at
//! the next turn. To add one, add a line in [`start`] and one here.

mod package;
mod runner;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use roadstead::Result;
use roadstead::access::JobName;
use roadstead_service::{Clock, Context, Service};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::boot::House;
use crate::metrics::Metrics;

/// The work that runs; stop it before the database closes.
pub struct Jobs {
    stop: CancellationToken,
    tasks: JoinSet<()>,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}

/// Starts the work of a server.
#[must_use]
pub fn start(house: &House) -> Jobs {
    let mut jobs = Jobs {
        stop: CancellationToken::new(),
        tasks: JoinSet::new(),
        metrics: house.metrics.clone(),
        clock: Arc::clone(&house.ports.clock),
    };
    let (service, stop) = (house.service.clone(), jobs.stop.clone());
    jobs.tasks.spawn(async move { service.watch_changes(stop).await });
    let packages = runner::Runner {
        service: house.service.clone(),
        clock: Arc::clone(&house.ports.clock),
        metrics: house.metrics.clone(),
        work: package::WORK,
    };
    let stop = jobs.stop.clone();
    jobs.tasks.spawn(async move { packages.run(stop).await });
    jobs.every("flush", Duration::from_secs(5), &house.service, |service| {
        async move { service.flush().await }.boxed()
    });
    jobs.every("keys", Duration::from_secs(3_600), &house.service, |service| {
        async move { service.tokens().tend().await }.boxed()
    });
    jobs.every("tidy", Duration::from_secs(600), &house.service, |service| {
        async move { service.tidy().await }.boxed()
    });
    // Asked more often than it is due, so that a server that stopped leaves no gap of an hour.
    jobs.every("collect", Duration::from_secs(600), &house.service, |service| {
        async move {
            let clock = Arc::clone(&service.ports().clock);
            let id = hex::encode(service.ports().bytes::<16>());
            service.collect_when_due(&Context::system(JobName("collect"), id, clock)).await
        }
        .boxed()
    });
    jobs
}

impl Jobs {
    /// Lets the work that runs come to its end, and starts no more.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }

    fn every(
        &mut self,
        name: &'static str,
        period: Duration,
        service: &Service,
        work: fn(Service) -> BoxFuture<'static, Result<()>>,
    ) {
        let (service, stop) = (service.clone(), self.stop.clone());
        let (metrics, clock) = (self.metrics.clone(), Arc::clone(&self.clock));
        self.tasks.spawn(async move {
            let mut turns = tokio::time::interval(period);
            turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = turns.tick() => {}
                    () = stop.cancelled() => return,
                }
                let start = clock.monotonic();
                let outcome = work(service.clone()).await;
                let elapsed = clock.monotonic().saturating_sub(start);
                metrics.ran(name, outcome.is_ok(), elapsed, clock.now());
                if let Err(error) = outcome {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(job = name, %error, cause, "background work failed; it is tried again");
                }
            }
        });
    }
}
