//! Configuration: defaults < saved in the console < `roadstead.toml` < environment < flags (`contract.md`, The program).
//!
//! [`key::KEYS`] is the one list of what can be set; [`layer`] gathers the texts of all layers, each with where it came
//! from; every section ([`server`], [`storage`], [`log`], [`setup`], [`instance`]) turns its texts into types and says what
//! is wrong with them. What the console saved is laid over the defaults by the service, because it lives in the database.
//!
//! # Invariants
//! - A key that is not in the list is an error, wherever it stands: a misspelt setting must not be silently ignored.
//! - Secrets are [`roadstead::Secret`] and never print, not even in [`print`].
//! - The environment is given in as a list; only `main.rs` reads it.
//!
//! To add a setting: a line in [`key::KEYS`], a field in its section, and a line in the snapshot test; the reference
//! (`docs/configuration.md`) is written anew from the list, see [`reference`].

pub mod instance;
pub mod key;
pub mod layer;
pub mod log;
pub mod print;
pub mod reference;
pub mod server;
pub mod setup;
pub mod storage;

use std::fmt;

pub use layer::{Inputs, Values};

/// The whole configuration, sound.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens and what it is called.
    pub server: server::Server,
    /// Where facts and bytes are kept.
    pub storage: storage::Storage,
    /// What is logged, and how.
    pub log: log::Log,
    /// The first account, when it is made without the set-up page.
    pub setup: setup::Setup,
    /// Settings of the instance that file, environment or flags fix; the console shows them locked.
    pub settings: roadstead_service::FixedSettings,
    /// Every text with where it came from, for [`print`].
    pub values: Values,
}

impl Config {
    /// Puts the layers together and checks every section.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load(inputs: &Inputs) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let values = layer::gather(inputs, &mut problems);
        let server = problems.keep(server::Server::validate(&values));
        let storage = problems.keep(storage::Storage::validate(&values));
        let log = problems.keep(log::Log::validate(&values));
        let setup = problems.keep(setup::Setup::validate(&values));
        let settings = problems.keep(instance::validate(&values));
        match (server, storage, log, setup, settings) {
            (Some(server), Some(storage), Some(log), Some(setup), Some(settings))
                if problems.0.is_empty() =>
            {
                Ok(Self { server, storage, log, setup, settings, values })
            }
            _ => Err(problems),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: a key as its source writes it.
    pub key: String,
    /// What, and what to do.
    pub message: String,
}

impl Problem {
    /// Something wrong with the value of a key, named as the source it came from writes it.
    pub(crate) fn new(values: &Values, path: &str, message: impl Into<String>) -> Self {
        Self { key: values.written(path), message: message.into() }
    }
}

/// Everything that is wrong, one per line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub(crate) fn keep<T>(&mut self, result: Result<T, Vec<Problem>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problems) => {
                self.0.extend(problems);
                None
            }
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not sound:")?;
        for Problem { key, message } in &self.0 {
            write!(f, "\n  {key}: {message}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
