//! The server as others meet it: the real router, or the real binary. One binary, because linking is slow.
//!
//! [`support::TestApp`] is a server with people in it: `app.editor()` asks as an editor, so that "as whom" is visible in
//! every test. Nothing is slept for; time stands still until a test moves it (`app.clock`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub
)]

mod support;

mod audit;
mod binding;
mod care;
mod command;
mod config;
mod console;
mod crash;
mod credential;
mod fuzz;
mod health;
mod hidden;
mod host;
mod hostile;
mod iam;
mod limits;
mod login;
mod manage;
mod memory;
mod metrics;
mod news;
mod organization;
mod overview;
mod parent;
mod pressure;
mod protocol;
mod proxy;
mod push;
mod reference;
mod sharing;
mod sweep;
mod tls;
mod trace;
mod upload;
