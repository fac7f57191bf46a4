//! IAM policies: statements that allow or deny actions on resources (`protocol.md` 3.2).
//!
//! ```
//! use roadstead::access::{Policy, policy::Fault};
//! let text = r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["swr:repo:downlod"]}]}"#;
//! let problems = Policy::read(text).unwrap_err();
//! assert_eq!((problems[0].line, problems[0].column, problems[0].fault), (1, 59, Fault::UnknownAction));
//! ```
//!
//! # Invariants
//! - [`Policy::read`] is the only way in, for what a person typed and for what is stored: a document with anything in it that
//!   is not understood is refused as a whole, so nothing of it is ever passed over.
//! - What prints reads, and back.
//! - Requests are judged by [`Policies`], compiled once when a user's rights are loaded.
//!
//! System policies are built in, use the same statements, and cannot be edited.

mod compiled;
mod condition;
mod draft;
mod json;
mod problem;
mod read;
mod system;
mod vocabulary;

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

pub(super) use compiled::{Asked, Ruling};
pub use compiled::{Attached, Holder, Policies};
pub use condition::{Condition, Key, Operator};
pub use draft::{ConditionDraft, StatementDraft, resource, short_resource};
pub use problem::{Fault, Problem};
pub use system::SystemPolicy;
pub use vocabulary::{AccessLevel, access_level, action_names};

/// Most bytes of a custom policy.
pub const LONGEST_POLICY: usize = 6 * 1024;

/// The version of custom policies.
pub const VERSION: &str = "1.1";

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Allows what it matches.
    Allow,
    /// Denies what it matches; beats every other right.
    Deny,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Allow or deny.
    pub effect: Effect,
    /// `service:type:operation`, case-insensitive, `*` any run, `?` one character.
    pub actions: Vec<String>,
    /// `swr:<region>:<domain>:repo:<org>/<image>` or `…:namespace:<org>` with wildcards; empty means all.
    pub resources: Vec<String>,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
}

/// A policy of version 1.1: its statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The statements.
    pub statements: Vec<Statement>,
}

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// Every mistake in it, each with its line and column.
    pub fn read(text: &str) -> Result<Self, Vec<Problem>> {
        read::read(text)
    }
}

impl fmt::Display for Policy {
    /// The document, indented by two spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{{\n  \"Version\": \"{VERSION}\",\n  \"Statement\": [")?;
        for (index, statement) in self.statements.iter().enumerate() {
            let comma = if index + 1 < self.statements.len() { "," } else { "" };
            writeln!(f, "    {{\n      \"Effect\": \"{:?}\",", statement.effect)?;
            write!(f, "      \"Action\": {}", List(&statement.actions))?;
            if !statement.resources.is_empty() {
                write!(f, ",\n      \"Resource\": {}", List(&statement.resources))?;
            }
            if !statement.conditions.is_empty() {
                write!(
                    f,
                    ",\n      \"Condition\": {{{}\n      }}",
                    Conditions(&statement.conditions)
                )?;
            }
            writeln!(f, "\n    }}{comma}")?;
        }
        f.write_str("  ]\n}\n")
    }
}

/// Texts as a list on one line.
struct List<'a>(&'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (index, text) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)?;
        }
        f.write_char(']')
    }
}

/// Conditions by operator, each operator once.
struct Conditions<'a>(&'a [Condition]);

impl fmt::Display for Conditions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut operators: Vec<Operator> = Vec::new();
        for condition in self.0 {
            if !operators.contains(&condition.operator) {
                operators.push(condition.operator);
            }
        }
        for (index, operator) in operators.into_iter().enumerate() {
            f.write_str(if index > 0 { ",\n" } else { "\n" })?;
            write!(f, "        \"{}\": {{", operator.name())?;
            let own = self.0.iter().filter(|condition| condition.operator == operator);
            for (index, condition) in own.enumerate() {
                f.write_str(if index > 0 { ", " } else { " " })?;
                write!(f, "\"{}\": {}", condition.key.name(), List(&condition.values))?;
            }
            f.write_str(" }")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
