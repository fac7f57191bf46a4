//! What is logged, and how.

use super::{Problem, Values};

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Filter in the syntax of `tracing`: `info`, `warn,roadstead_service=debug`, …
    pub filter: String,
    /// For people or for machines.
    pub format: Format,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Log {
    pub(crate) fn validate(values: &Values) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let filter = values.text("log").unwrap_or("info").to_owned();
        if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&filter) {
            problems.push(Problem::new(
                values,
                "log",
                format!("`{filter}` is not a log filter: {error}"),
            ));
        }
        let format = match values.text("log_format").unwrap_or("text") {
            "text" => Some(Format::Text),
            "json" => Some(Format::Json),
            other => {
                problems.push(Problem::new(
                    values,
                    "log_format",
                    format!("`{other}` is not a format; write text or json"),
                ));
                None
            }
        };
        match format {
            Some(format) if problems.is_empty() => Ok(Self { filter, format }),
            _ => Err(problems),
        }
    }
}
