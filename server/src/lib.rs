//! How Roadstead is reached: HTTP doors, command line, configuration, background work.
//!
//! # Map
//! - [`cli`]: the calls of the program; [`config`]: what can be set; [`boot`]: the one place that wires everything;
//! - [`http`]: the doors, with [`http::router`] as the list of addresses;
//! - [`tls`]: certificates; [`metrics`]: numbers for Prometheus; [`telemetry`]: logs;
//! - [`job`]: what runs without being asked; [`port`]: the real clock and randomness.
//!
//! # Invariants
//! - Nothing here decides what is allowed, and nothing but [`boot`] knows how the parts are made.
//! - Only `main.rs` reads the environment, only [`port`] the clock.

// The types of whole pages are deep.
#![recursion_limit = "512"]

pub mod boot;
pub mod cli;
pub mod config;
pub mod http;
pub mod job;
pub mod metrics;
pub mod port;
pub mod telemetry;
pub mod tls;
