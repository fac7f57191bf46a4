//! What the audit log says: names of events, kinds of things, levels (`console.md` A.12 and appendix E).
//!
//! [`TraceName`] is the one list of events. Codes are API contract and keep the reference's spelling to the letter,
//! `manuallImageSync` included. To add one: a line there, and its sentence in both `audit.json` of `app/locales`; the
//! sentence that is missing does not compile.

mod address;
mod name;
mod resource;

pub use address::AddressRange;
pub use name::TraceName;
pub use resource::{ResourceType, Source};

/// A closed set of words: on the wire, in the database and in addresses as its text. Other spellings that are understood
/// follow the word.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $rule:literal { $($(#[$doc:meta])* $variant:ident = $text:literal $(| $other:literal)*,)* }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text $(, alias = $other)*)] $variant,)*
        }

        impl $name {
            /// All of them, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::error::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text $(| $other)* => Ok(Self::$variant),)*
                    _ => Err(crate::error::Error::invalid(crate::error::Subject::Page, $rule)),
                }
            }
        }
    };
}
use words;

words! {
    /// Which kind of event; "trace type" in the console.
    Category, "a trace type is management or data" {
        /// Somebody managed something.
        Management = "management",
        /// Somebody moved data: push, pull.
        Data = "data",
    }
}

words! {
    /// How grave; `trace_rating`.
    Level, "a level is normal, warning or incident" {
        /// As it should be.
        Normal = "normal",
        /// It did not succeed.
        Warning = "warning",
        /// Something that deletes data or changes rights was tried without the right to.
        Incident = "incident",
    }
}

words! {
    /// How somebody came in; `trace_type` of the event record.
    Origin, "an origin is ConsoleAction, ApiCall or SystemAction" {
        /// Through the console.
        Console = "ConsoleAction",
        /// Through the registry protocol or the management API.
        Api = "ApiCall",
        /// A job of the server, or the command line.
        System = "SystemAction",
    }
}

words! {
    /// How a request ended.
    Outcome, "a result is success or failure" {
        /// HTTP status below 400.
        Success = "success",
        /// HTTP status from 400.
        Failure = "failure",
    }
}

impl Outcome {
    /// Of an HTTP status.
    #[must_use]
    pub const fn of(code: u32) -> Self {
        if code < 400 { Self::Success } else { Self::Failure }
    }
}
