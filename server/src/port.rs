//! The real clock and the real randomness: the only place that reads either.
#![allow(clippy::disallowed_methods)]

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use roadstead::Timestamp;
use roadstead_service::port::{Clock, Random};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        monotonic()
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness every secret would be guessable: there is nothing sensible left to do.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}

fn monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Microseconds of a steady clock, for the store's measurements.
#[must_use]
pub fn stopwatch() -> u64 {
    u64::try_from(monotonic().as_micros()).unwrap_or(u64::MAX)
}
