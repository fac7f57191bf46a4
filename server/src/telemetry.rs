//! Structured logs on standard error: one line an event, fields beside the message.
//!
//! Messages are constant; what varies is a field (`request_id`, `organization`, `repository`, `digest`, `actor`, `error`).
//! Never logged: passwords, tokens, `Authorization`, cookies, form bodies, query strings (they hold digests and upload
//! states at best, secrets at worst).

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::config::log::{Format, Log};

/// Starts logging. A second call changes nothing.
pub fn init(log: &Log) {
    // The filter was checked when the configuration was read.
    let filter = EnvFilter::builder().parse_lossy(&log.filter);
    let layer = fmt::layer().with_writer(std::io::stderr).with_target(true);
    let layer = match log.format {
        Format::Text => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
        Format::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
