//! What was done with objects, and how long it took. The server prints it for `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Append,
    Complete,
    Discard,
    Read,
    Head,
    Delete,
}

impl Operation {
    const ALL: [Self; 6] =
        [Self::Append, Self::Complete, Self::Discard, Self::Read, Self::Head, Self::Delete];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Complete => "complete",
            Self::Discard => "discard",
            Self::Read => "read",
            Self::Head => "head",
            Self::Delete => "delete",
        }
    }
}

/// What is known of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meter {
    /// Its name.
    pub operation: &'static str,
    /// How often it was begun.
    pub calls: u64,
    /// How many calls failed.
    pub errors: u64,
    /// Bytes that it moved.
    pub bytes: u64,
    /// Time of all calls, in microseconds of the clock that was given.
    pub micros: u64,
}

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU64,
    errors: AtomicU64,
    bytes: AtomicU64,
    micros: AtomicU64,
}

/// All counts. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Meters {
    counts: Arc<[Counts; Operation::ALL.len()]>,
    stopwatch: fn() -> u64,
}

impl Default for Meters {
    fn default() -> Self {
        Self { counts: Arc::default(), stopwatch: || 0 }
    }
}

impl Meters {
    /// `stopwatch` tells microseconds of a steady clock, which is the server's to give.
    pub(crate) fn timed(stopwatch: fn() -> u64) -> Self {
        Self { stopwatch, ..Self::default() }
    }

    /// Measures an operation.
    pub(crate) async fn measure<T, E>(
        &self,
        operation: Operation,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let start = (self.stopwatch)();
        let outcome = work.await;
        self.note(operation, start, outcome.is_err());
        outcome
    }

    /// The time at which something begins.
    pub(crate) fn start(&self) -> u64 {
        (self.stopwatch)()
    }

    /// Counts what began at `start`.
    pub(crate) fn note(&self, operation: Operation, start: u64, has_failed: bool) {
        let micros = (self.stopwatch)().saturating_sub(start);
        if let Some(counts) = self.counts.get(operation as usize) {
            counts.calls.fetch_add(1, Ordering::Relaxed);
            counts.errors.fetch_add(u64::from(has_failed), Ordering::Relaxed);
            counts.micros.fetch_add(micros, Ordering::Relaxed);
        }
    }

    /// Counts bytes that moved.
    pub(crate) fn moved(&self, operation: Operation, bytes: u64) {
        if let Some(counts) = self.counts.get(operation as usize) {
            counts.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    pub(crate) fn snapshot(&self) -> Vec<Meter> {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Operation::ALL
            .iter()
            .zip(self.counts.iter())
            .map(|(operation, counts)| Meter {
                operation: operation.as_str(),
                calls: read(&counts.calls),
                errors: read(&counts.errors),
                bytes: read(&counts.bytes),
                micros: read(&counts.micros),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn calls_bytes_and_failures_are_counted() {
        let meters = Meters::default();
        meters.measure(Operation::Read, async { Ok::<_, ()>(()) }).await.unwrap();
        meters.measure(Operation::Read, async { Err::<(), _>(()) }).await.unwrap_err();
        meters.moved(Operation::Read, 7);
        let all = meters.snapshot();
        let read = all.iter().find(|meter| meter.operation == "read").unwrap();
        assert_eq!((read.calls, read.errors, read.bytes), (2, 1, 7));
        assert_eq!(all.iter().map(|meter| meter.calls).sum::<u64>(), 2);
    }
}
