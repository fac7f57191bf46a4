//! The contract of the store, kept on SQLite always and on PostgreSQL when `ROADSTEAD_TEST_POSTGRES_URL` is set.
//!
//! Every test gets a database (PostgreSQL: a schema) of its own. When it ends, every statement it ran is EXPLAINed: none
//! may read a growing table from end to end. To add a test, write `pub async fn name(home: &Home)` in the file of its
//! resource and name it in that file's `both!`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout
)]

mod home;

mod access;
mod audit;
mod blob;
mod care;
mod content;
mod credential;
mod crowd;
mod grants;
mod manifest;
mod migration;
mod operation;
mod package;
mod people;
mod tag;
mod transaction;
