//! Counts and times of transactions, by name. The server prints them for `/metrics`.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// Upper ends of the time buckets, in microseconds; the last bucket has no end.
pub const BUCKETS: [u64; 10] =
    [200, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 200_000, 1_000_000, 5_000_000];

/// What is known of one transaction name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Meter {
    /// How often it was called.
    pub calls: u64,
    /// How many calls ended in an error.
    pub errors: u64,
    /// How often it was run again after contention.
    pub retries: u64,
    /// Time of all calls, waiting included, in microseconds.
    pub micros: u64,
    /// Calls per time bucket of [`BUCKETS`], not cumulative; one more for the longest.
    pub buckets: [u64; 11],
}

/// The registry.
#[derive(Debug, Default)]
pub struct Metrics {
    meters: Mutex<BTreeMap<&'static str, Meter>>,
}

impl Metrics {
    pub(crate) fn note(&self, name: &'static str, micros: u64, failed: bool, retries: u64) {
        let bucket = BUCKETS.iter().position(|end| micros <= *end).unwrap_or(BUCKETS.len());
        let mut meters = self.meters.lock();
        let meter = meters.entry(name).or_default();
        meter.calls += 1;
        meter.errors += u64::from(failed);
        meter.retries += retries;
        meter.micros += micros;
        if let Some(count) = meter.buckets.get_mut(bucket) {
            *count += 1;
        }
    }

    /// Every name with its numbers, in byte order.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(&'static str, Meter)> {
        self.meters.lock().iter().map(|(name, meter)| (*name, *meter)).collect()
    }
}
