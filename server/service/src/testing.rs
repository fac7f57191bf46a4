//! For tests: time that stands still, randomness from a seed, and (for the tests of this package) a service with people
//! in it.

#[cfg(test)]
mod people;
mod plans;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use roadstead::Timestamp;
use sha2::{Digest as _, Sha256};

#[cfg(test)]
pub(crate) use people::{Home, PASSWORD, TestService, context};
pub use plans::Plans;

use crate::port::{Clock, Random};

/// A clock that moves only when told. Begins on 2026-01-02T03:04:05Z.
#[derive(Debug)]
pub struct StandingClock {
    micros: AtomicI64,
}

impl Default for StandingClock {
    fn default() -> Self {
        Self { micros: AtomicI64::new(1_767_323_045_000_000) }
    }
}

impl StandingClock {
    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.micros.load(Ordering::SeqCst))
    }

    /// Moves on by `seconds`.
    pub fn advance(&self, seconds: i64) {
        self.micros.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Moves on by `micros` microseconds.
    pub fn advance_micros(&self, micros: i64) {
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// Bytes that follow from a seed.
#[derive(Debug)]
pub struct SeededRandom {
    state: Mutex<(u64, u64)>,
}

impl SeededRandom {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: Mutex::new((seed, 0)) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.state.lock();
        for chunk in bytes.chunks_mut(32) {
            state.1 += 1;
            let mut hasher = Sha256::new();
            hasher.update(state.0.to_be_bytes());
            hasher.update(state.1.to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(hasher.finalize()) {
                *to = from;
            }
        }
    }
}
