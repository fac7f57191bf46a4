//! Numbers for Prometheus, measured at four places only (`design.md` 3.9): answers of the HTTP doors, transactions of the
//! store, operations of the object layer, runs of background work.
//!
//! # Invariants
//! - The number of series has a bound that nothing a client sends can move: routes are patterns of a fixed list, methods
//!   and statuses those that exist, and the other labels are names in our source. Never a repository, tag, digest, user
//!   or address.
//! - Counting costs a request less than a microsecond; what the store and the object layer count themselves is read only
//!   when somebody asks.
//!
//! To add one: a field and its line in [`Metrics::new`]; a route pattern is a line in [`route`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeMetric as _, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use roadstead::Timestamp;
use roadstead_object::Objects;
use roadstead_store::{BUCKETS, Store};

/// How the text is to be named.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper ends of the time buckets of requests, in seconds.
const SECONDS: [f64; 9] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Job {
    job: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Run {
    job: &'static str,
    outcome: &'static str,
}

/// All numbers. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    answers: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    active: Gauge,
    connections: Gauge,
    runs: Family<Run, Counter>,
    run_seconds: Family<Job, Counter<f64, AtomicU64>>,
    last_success: Family<Job, Gauge>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Numbers of a server, and of what it keeps facts and bytes in.
    #[must_use]
    pub fn new(store: Store, objects: Objects) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let mut inner = Inner {
            registry: Registry::with_prefix("roadstead"),
            answers: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            active: Gauge::default(),
            connections: Gauge::default(),
            runs: Family::default(),
            run_seconds: Family::default(),
            last_success: Family::default(),
        };
        let registry = &mut inner.registry;
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", version);
        registry.register("http_requests", "Requests answered", inner.answers.clone());
        registry.register(
            "http_request_seconds",
            "Time until a request's answer begins, in seconds",
            inner.seconds.clone(),
        );
        registry.register(
            "http_requests_active",
            "Requests whose answer is not sent yet",
            inner.active.clone(),
        );
        registry.register("http_connections", "Open connections", inner.connections.clone());
        registry.register("job_runs", "Runs of background work", inner.runs.clone());
        registry.register(
            "job_seconds",
            "Time of all runs of background work, in seconds",
            inner.run_seconds.clone(),
        );
        registry.register(
            "job_last_success_timestamp_seconds",
            "When background work last went well, in seconds of the Unix epoch",
            inner.last_success.clone(),
        );
        registry.register_collector(Box::new(Transactions(store)));
        registry.register_collector(Box::new(ObjectLayer(objects)));
        Self(Arc::new(inner))
    }

    /// Counts an answer. `elapsed` is the time until it began.
    pub fn answered(&self, request: &Method, path: &str, status: StatusCode, elapsed: Duration) {
        let route = route(path);
        let labels = Answered { method: method(request), route, status: status.as_u16().into() };
        self.0.answers.get_or_create(&labels).inc();
        self.0.seconds.get_or_create(&Route { route }).observe(elapsed.as_secs_f64());
    }

    /// Requests whose answer is not sent yet.
    #[must_use]
    pub fn active(&self) -> &Gauge {
        &self.0.active
    }

    /// Open connections.
    #[must_use]
    pub fn connections(&self) -> &Gauge {
        &self.0.connections
    }

    /// Counts a run of background work that ended at `now`.
    pub fn ran(&self, job: &'static str, is_well: bool, elapsed: Duration, now: Timestamp) {
        let outcome = if is_well { "success" } else { "failure" };
        self.0.runs.get_or_create(&Run { job, outcome }).inc();
        self.0.run_seconds.get_or_create(&Job { job }).inc_by(elapsed.as_secs_f64());
        if is_well {
            self.0.last_success.get_or_create(&Job { job }).set(now.seconds());
        }
    }

    /// Everything, in the text format of OpenMetrics.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut out, &self.0.registry);
        out
    }
}

fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// The pattern of a path: one of a fixed list, whatever the path is.
#[must_use]
pub fn route(path: &str) -> &'static str {
    if let Some(rest) = path.strip_prefix("/v2/") {
        return if rest == "manage" || rest.starts_with("manage/") {
            "/v2/manage/{rest}"
        } else {
            registry(rest)
        };
    }
    match path {
        "/" => return "/",
        "/healthz" => return "/healthz",
        "/readyz" => return "/readyz",
        "/metrics" => return "/metrics",
        "/token" => return "/token",
        "/v2" => return "/v2",
        "/openapi.json" => return "/openapi.json",
        "/docs/api" => return "/docs/api",
        _ if path.starts_with("/console/upload") => return "/console/upload/{id}",
        _ if path.starts_with("/console/download/") => return "/console/download/{image}",
        _ => {}
    }
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first {
        "console" => "/console/call/{name}",
        "pkg" | "assets" => "/pkg/{file}",
        "setup" | "signin" | "overview" | "images" | "organizations" | "account" | "settings"
        | "upload" => "{page}",
        "v2" | "v3" => "/v3/{rest}",
        _ => "{other}",
    }
}

/// As the registry reads its paths: from the right, since names contain slashes.
fn registry(rest: &str) -> &'static str {
    let mut segments = rest.rsplit('/');
    let last = segments.next().unwrap_or_default();
    let (second, third) = (segments.next(), segments.next());
    match (third, second, last) {
        (None, None, "") => "/v2/",
        (None, None, "_catalog") => "/v2/_catalog",
        (_, Some("blobs"), "uploads") | (Some("blobs"), Some("uploads"), "") => {
            "/v2/{name}/blobs/uploads/"
        }
        (Some("blobs"), Some("uploads"), _) => "/v2/{name}/blobs/uploads/{id}",
        (_, Some("tags"), "list") => "/v2/{name}/tags/list",
        (_, Some("manifests"), _) => "/v2/{name}/manifests/{reference}",
        (_, Some("blobs"), _) => "/v2/{name}/blobs/{digest}",
        (_, Some("referrers"), _) => "/v2/{name}/referrers/{digest}",
        _ => "/v2/{other}",
    }
}

/// What the store counts of its transactions.
struct Transactions(Store);

impl fmt::Debug for Transactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transactions")
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a sum of microseconds is read as a number of seconds"
)]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

impl Collector for Transactions {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let all = self.0.metrics().snapshot();
        let mut family = encoder.encode_descriptor(
            "transaction_seconds",
            "Time of transactions with the wait for their turn, in seconds",
            None,
            MetricType::Histogram,
        )?;
        for (name, meter) in &all {
            let ends = BUCKETS.iter().map(|end| seconds(*end)).chain([f64::MAX]);
            let buckets: Vec<(f64, u64)> = ends.zip(meter.buckets).collect();
            family.encode_family(&[("name", *name)])?.encode_histogram::<NoLabelSet>(
                seconds(meter.micros),
                meter.calls,
                &buckets,
                None,
            )?;
        }
        let errors = all.iter().map(|(name, meter)| (*name, meter.errors));
        counters(
            &mut encoder,
            "transaction_errors",
            "Transactions that ended in an error",
            "name",
            errors,
        )?;
        let retries = all.iter().map(|(name, meter)| (*name, meter.retries));
        counters(
            &mut encoder,
            "transaction_retries",
            "Repetitions after contention",
            "name",
            retries,
        )
    }
}

/// What the object layer counts of its operations.
struct ObjectLayer(Objects);

impl fmt::Debug for ObjectLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectLayer")
    }
}

impl Collector for ObjectLayer {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let all = self.0.meters();
        let of = |read: fn(&roadstead_object::Meter) -> u64| {
            all.iter().map(move |meter| (meter.operation, read(meter)))
        };
        let label = "operation";
        let encoder = &mut encoder;
        counters(
            encoder,
            "object_operations",
            "Operations on stored objects",
            label,
            of(|meter| meter.calls),
        )?;
        counters(
            encoder,
            "object_errors",
            "Operations that failed",
            label,
            of(|meter| meter.errors),
        )?;
        counters(
            encoder,
            "object_bytes",
            "Bytes received (append) and read",
            label,
            of(|meter| meter.bytes),
        )?;
        let mut family = encoder.encode_descriptor(
            "object_seconds",
            "Time of operations, in seconds; an append waits for its client, a read counts until its first byte",
            None,
            MetricType::Counter,
        )?;
        for meter in &all {
            let time = ConstCounter::new(seconds(meter.micros));
            time.encode(family.encode_family(&[(label, meter.operation)])?)?;
        }
        Ok(())
    }
}

fn counters(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &'static str,
    values: impl Iterator<Item = (&'static str, u64)>,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (value, count) in values {
        ConstCounter::new(count).encode(family.encode_family(&[(label, value)])?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_patterns() {
        for (path, wanted) in [
            ("/", "/"),
            ("/v2/", "/v2/"),
            ("/v2", "/v2"),
            ("/v3/projects", "/v3/{rest}"),
            ("/openapi.json", "/openapi.json"),
            ("/v2/_catalog", "/v2/_catalog"),
            ("/v2/org/a/b/blobs/uploads/", "/v2/{name}/blobs/uploads/"),
            ("/v2/org/a/blobs/uploads", "/v2/{name}/blobs/uploads/"),
            ("/v2/org/a/blobs/uploads/123", "/v2/{name}/blobs/uploads/{id}"),
            ("/v2/org/a/blobs/sha256:1", "/v2/{name}/blobs/{digest}"),
            ("/v2/org/tags/list/manifests/v1", "/v2/{name}/manifests/{reference}"),
            ("/v2/org/a/tags/list", "/v2/{name}/tags/list"),
            ("/v2/org/a/referrers/sha256:1", "/v2/{name}/referrers/{digest}"),
            ("/v2/manage/namespaces", "/v2/manage/{rest}"),
            ("/v2/secret-name", "/v2/{other}"),
            ("/images/org/secret-name", "{page}"),
            ("/console/call/get_image", "/console/call/{name}"),
            ("/secret-name", "{other}"),
            ("//", "{other}"),
            ("", "{other}"),
        ] {
            assert_eq!(route(path), wanted, "{path}");
        }
    }
}
