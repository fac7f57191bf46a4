//! What is wrong with a policy that somebody typed, and where.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::json::At;

/// Most characters of what was typed that a problem repeats.
const SHOWN: usize = 80;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Line, from 1.
    pub line: u32,
    /// Character in the line, from 1.
    pub column: u32,
    /// What kind of mistake.
    pub fault: Fault,
    /// What stands there; may be empty.
    pub found: String,
    /// What could stand there instead; may be empty.
    pub wanted: String,
}

/// Kinds of mistakes; the console has a sentence for each in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Longer than 6,144 bytes.
    TooLong,
    /// Not JSON.
    Syntax,
    /// A member occurs twice.
    Duplicate,
    /// A member that policies do not have.
    UnknownMember,
    /// A member that must be there is not.
    Missing,
    /// A value of the wrong kind.
    WrongType,
    /// A list or object without anything in it.
    Empty,
    /// Not version 1.1.
    WrongVersion,
    /// Neither Allow nor Deny.
    WrongEffect,
    /// No action is meant by it.
    UnknownAction,
    /// Not the form of a resource.
    WrongResource,
    /// An operator that does not exist.
    UnknownOperator,
    /// A key that does not exist.
    UnknownKey,
    /// The operator does not compare what the key has.
    WrongOperator,
    /// Not a value that the operator compares with.
    WrongValue,
}

impl Problem {
    pub(super) fn new(at: At, fault: Fault, found: impl Into<String>, wanted: &str) -> Self {
        let found: String = found.into();
        let found = match found.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", found.get(..end).unwrap_or_default()),
            None => found,
        };
        Self { line: at.line, column: at.column, fault, found, wanted: wanted.to_owned() }
    }
}

impl fmt::Display for Problem {
    /// The English sentence: where, what, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, fault, found, wanted } = self;
        write!(f, "line {line}, column {column}: ")?;
        match fault {
            Fault::TooLong => {
                write!(f, "a policy has at most {wanted} bytes; this one has {found}")
            }
            Fault::Syntax if found.is_empty() => {
                write!(f, "the text ends early; expected {wanted}")
            }
            Fault::Syntax => write!(f, "`{found}` is not JSON here; expected {wanted}"),
            Fault::Duplicate => write!(f, "`{found}` occurs twice; keep one"),
            Fault::UnknownMember => write!(f, "there is no `{found}` here; write one of {wanted}"),
            Fault::Missing => write!(f, "`{wanted}` is missing; add it"),
            Fault::WrongType => write!(f, "this is {found}; write {wanted}"),
            Fault::Empty => write!(f, "this is empty; write {wanted}"),
            Fault::WrongVersion => write!(f, "the version is `{found}`; write \"{wanted}\""),
            Fault::WrongEffect => write!(f, "the effect is `{found}`; write {wanted}"),
            Fault::UnknownAction => write!(f, "`{found}` means no action; {wanted}"),
            Fault::WrongResource => write!(f, "`{found}` is no resource; {wanted}"),
            Fault::UnknownOperator => write!(f, "there is no operator `{found}`; write {wanted}"),
            Fault::UnknownKey => write!(f, "there is no key `{found}`; write one of {wanted}"),
            Fault::WrongOperator => write!(f, "`{found}` does not compare this key; {wanted}"),
            Fault::WrongValue => write!(f, "`{found}` cannot be compared with; write {wanted}"),
        }
    }
}
