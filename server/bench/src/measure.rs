//! What is measured of a server while it works: time, CPU by its process clock, and peak memory.
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement of the machine's time is what this program is for"
)]

use std::time::Instant;

use nix::sys::time::TimeValLike as _;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// One measurement of one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample {
    /// Seconds.
    pub(crate) wall: f64,
    /// CPU seconds of the server.
    pub(crate) cpu: f64,
    /// Peak resident memory of the server in MiB.
    pub(crate) memory: f64,
    /// What was done how often: requests, images, entries of a list.
    pub(crate) count: u64,
    /// Bytes that were moved.
    pub(crate) bytes: u64,
    /// Milliseconds of each operation, in order of size.
    pub(crate) latencies: Vec<f64>,
}

impl Sample {
    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.wall
    }

    pub(crate) fn percentile(&self, part: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (self.latencies.len() as f64 * part).ceil() as usize;
        self.latencies.get(at.saturating_sub(1).min(last)).copied().unwrap_or(f64::NAN)
    }
}

/// Milliseconds since its start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch(Instant);

impl Watch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    pub(crate) fn milliseconds(self) -> f64 {
        self.seconds() * 1_000.0
    }
}

/// A measurement that has begun.
#[derive(Debug)]
pub(crate) struct Meter {
    pid: i32,
    cpu: f64,
    watch: Watch,
}

impl Meter {
    pub(crate) fn start(pid: i32) -> Self {
        // Peak memory is counted from here on; where the kernel does not let us, from the process's start.
        let _ = std::fs::write(format!("/proc/{pid}/clear_refs"), "5");
        Self { pid, cpu: cpu(pid), watch: Watch::start() }
    }

    pub(crate) fn end(self, count: u64, bytes: u64, mut latencies: Vec<f64>) -> Sample {
        let wall = self.watch.seconds();
        latencies.sort_by(f64::total_cmp);
        Sample {
            wall,
            cpu: cpu(self.pid) - self.cpu,
            memory: status(self.pid, "VmHWM:"),
            count,
            bytes,
            latencies,
        }
    }
}

/// CPU seconds of a process and its threads, ended ones too.
fn cpu(pid: i32) -> f64 {
    let clock = clock_getcpuclockid(Pid::from_raw(pid));
    let time = clock.and_then(|clock: ClockId| clock_gettime(clock));
    time.map_or(f64::NAN, |time| time.num_nanoseconds() as f64 / 1e9)
}

/// MiB of a line of `/proc/PID/status`.
pub(crate) fn status(pid: i32, name: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let kib: f64 =
        line.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(f64::NAN);
    kib / 1024.0
}

/// The middle; of an even number, the mean of the two in the middle. What is not a number does not count.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (None, _) => f64::NAN,
        (Some(upper), 1) => *upper,
        (Some(upper), _) => {
            let lower = values.get(middle.saturating_sub(1)).copied().unwrap_or(*upper);
            f64::midpoint(lower, *upper)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_found() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, f64::NAN, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median([]).is_nan());
    }
}
