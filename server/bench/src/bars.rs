//! What is to be reached (`performance.md` of the project's specification), and whether it is.
//!
//! A rate is reached when its median is within 5 % of the bar. Where a scenario has several bars, all count.

use std::fmt::Write as _;

use crate::measure::{Sample, median};

/// How near counts as there.
const NEAR: f64 = 0.95;

/// The bars of a scenario.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bar {
    /// Our rate over the limit server's, at least.
    of_limit: Option<f64>,
    /// Our rate over docker-registry's, at least.
    of_docker: Option<f64>,
    /// Our CPU over docker-registry's, at most.
    cpu_of_docker: Option<f64>,
    /// Microseconds of CPU for one request, at most.
    cpu_each: Option<f64>,
    /// Milliseconds of a page in the middle, at most.
    page: Option<f64>,
    /// Our 99th percentile over the limit server's, at most.
    slowest_of_limit: Option<f64>,
}

/// Memory in any scenario, in MiB.
const MEMORY: f64 = 120.0;

impl Bar {
    pub(crate) fn of(scenario: &str) -> Self {
        let of_limit = |bar| Self { of_limit: Some(bar), ..Self::default() };
        match scenario {
            "push_large" => Self { cpu_of_docker: Some(0.80), ..of_limit(0.90) },
            "push_large_put" | "push_chunk16" => of_limit(0.85),
            "push_many" => Self { of_docker: Some(5.0), ..of_limit(0.60) },
            "push_concurrent" => Self { of_docker: Some(2.0), ..of_limit(0.75) },
            "pull_large" | "pull_range" => Self { cpu_of_docker: Some(0.80), ..of_limit(0.95) },
            "pull_storm" => Self { slowest_of_limit: Some(2.0), ..of_limit(0.70) },
            "manifest_get" | "manifest_head" => Self { cpu_each: Some(40.0), ..of_limit(0.50) },
            "blob_head" => of_limit(0.50),
            "upload_start" => of_limit(0.25),
            "mount" => of_limit(0.20),
            "delete" => of_limit(0.10),
            "tags_put" | "repo_create" => Self { of_docker: Some(5.0), ..of_limit(0.30) },
            "tags_list" | "catalog" => Self { page: Some(2.0), ..Self::default() },
            _ => Self::default(),
        }
    }
}

/// What the rounds of one scenario came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    /// Columns of the table.
    pub(crate) cells: Vec<String>,
    /// Bars that were not reached, in words.
    pub(crate) short: Vec<String>,
}

/// The rounds of one server; `None` where it could not.
pub(crate) type Rounds = [Option<Sample>];

fn ratio(ours: &Rounds, theirs: &Rounds, value: impl Fn(&Sample) -> f64) -> f64 {
    let pairs = ours.iter().zip(theirs);
    median(pairs.filter_map(|(our, their)| Some(value(our.as_ref()?) / value(their.as_ref()?))))
}

fn middle(rounds: &Rounds, value: impl Fn(&Sample) -> f64) -> f64 {
    median(rounds.iter().flatten().map(value))
}

/// CPU seconds a GB where bytes dominate, microseconds an operation elsewhere.
fn cpu(scenario: &str, sample: &Sample) -> f64 {
    if is_bulk(scenario) {
        sample.cpu / (sample.bytes as f64 / 1e9)
    } else {
        sample.cpu * 1e6 / sample.latencies.len().max(1) as f64
    }
}

fn is_bulk(scenario: &str) -> bool {
    scenario.starts_with("push_") || scenario.starts_with("pull_")
}

/// Compares the rounds of a scenario with its bars. Bars that need a server that was not measured are left out.
pub(crate) fn judge(scenario: &str, ours: &Rounds, docker: &Rounds, limit: &Rounds) -> Verdict {
    let bar = Bar::of(scenario);
    let mut short = Vec::new();
    let mut at_least = |what: &str, value: f64, bar: Option<f64>| {
        if let Some(bar) = bar.filter(|bar| value < bar * NEAR) {
            short.push(format!("{what} {value:.2}, to be {bar:.2} or more"));
        }
    };
    let of_limit = ratio(ours, limit, Sample::rate);
    let of_docker = ratio(ours, docker, Sample::rate);
    at_least("of limit", of_limit, bar.of_limit);
    at_least("of docker-registry", of_docker, bar.of_docker);
    let mut at_most = |what: &str, value: f64, bar: Option<f64>| {
        if let Some(bar) = bar.filter(|bar| value > bar / NEAR) {
            short.push(format!("{what} {value:.2}, to be {bar:.2} or less"));
        }
    };
    let cpu_ratio = ratio(ours, docker, |sample| cpu(scenario, sample));
    let cpu_each = middle(ours, |sample| cpu(scenario, sample));
    let slowest = ratio(ours, limit, |sample| sample.percentile(0.99));
    let page = middle(ours, |sample| sample.percentile(0.50));
    let memory = middle(ours, |sample| sample.memory);
    at_most("CPU of docker-registry", cpu_ratio, bar.cpu_of_docker);
    at_most("CPU µs a request", cpu_each, bar.cpu_each);
    at_most("p99 of limit", slowest, bar.slowest_of_limit);
    at_most("ms a page", page, bar.page);
    at_most("MiB", memory, Some(MEMORY));
    let cells = vec![
        shown(middle(ours, Sample::rate)),
        shown(of_limit),
        shown(of_docker),
        format!("{} {}", shown(cpu_each), if is_bulk(scenario) { "s/GB" } else { "µs" }),
        shown(cpu_ratio),
        shown(middle(ours, |sample| sample.percentile(0.99))),
        shown(memory),
        if short.is_empty() {
            "reached".to_owned()
        } else {
            format!("short: {}", short.join("; "))
        },
    ];
    Verdict { cells, short }
}

/// The columns after the scenario's name.
pub(crate) const COLUMNS: &[&str] =
    &["rate /s", "of limit", "of docker", "CPU", "CPU of docker", "p99 ms", "MiB", "bar"];

/// A line of a Markdown table.
pub(crate) fn row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    cells.into_iter().fold(String::from("|"), |mut line, cell| {
        // Writing to a String cannot fail.
        let _ = write!(line, " {cell} |");
        line
    })
}

fn shown(value: f64) -> String {
    match value {
        value if !value.is_finite() => "–".to_owned(),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(rate: f64, cpu: f64) -> Vec<Option<Sample>> {
        let sample = Sample {
            wall: 1.0,
            cpu,
            memory: 50.0,
            count: (rate * 1_000.0) as u64,
            bytes: 1_000_000_000,
            latencies: vec![1.0],
        };
        vec![Some(sample), None]
    }

    #[test]
    fn near_the_bar_is_reached_and_below_is_short() {
        let (docker, limit) = (rounds(0.8, 4.0), rounds(1.0, 1.0));
        let verdict =
            |rate, cpu| judge("push_large", &rounds(rate, cpu), &docker, &limit).short.len();
        assert_eq!(verdict(0.91, 3.0), 0);
        assert_eq!(verdict(0.86, 3.3), 0, "within 5 %");
        assert_eq!(verdict(0.80, 3.0), 1, "the rate");
        assert_eq!(verdict(0.80, 3.9), 2, "the CPU too");
        let alone = judge("push_large", &rounds(0.1, 9.0), &[], &[]);
        assert!(alone.short.is_empty(), "nobody to compare with: {:?}", alone.short);
    }
}
