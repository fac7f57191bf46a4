//! The vocabulary of Roadstead: what the words mean.
//!
//! A *registry* keeps *repositories*; a repository belongs to an *organization*, an organization to an *account*.
//! Clients push and pull *manifests*, named by *tags* and *digests*, that name *blobs*. An *actor* asks for an
//! *action*; the pure [`access::decide`] answers.
//!
//! # Invariants
//! - No I/O, no clock, no randomness: everything here compiles to WebAssembly and is a function of its input.
//! - Strings become types at the door: every name has one grammar, one constructor, and prints what it parsed.
//! - What prints parses, and back (property tests beside each type).
//!
//! # What each package may import
//!
//! | package | of ours |
//! | --- | --- |
//! | `roadstead` | nothing |
//! | `roadstead-store`, `roadstead-object` | `roadstead` |
//! | `roadstead-service` | `roadstead`, `roadstead-store`, `roadstead-object` |
//! | `roadstead-app` | `roadstead`; on the server also `roadstead-service` |
//! | `roadstead-server` | all of the above |

pub mod access;
pub mod audit;
pub mod digest;
pub mod error;
pub mod id;
pub mod manage;
pub mod name;
pub mod oci;
pub mod page;
pub mod secret;
pub mod time;

pub use digest::{Algorithm, Digest, Hasher};
pub use error::{Error, ErrorKind, Result, Subject};
pub use name::{
    AccountName, GroupName, HostPort, ImageName, OrganizationName, PolicyName,
    RESERVED_ORGANIZATIONS, Reference, RegionName, RepositoryName, TagName, TagPattern, UserName,
};
pub use secret::Secret;
pub use time::Timestamp;
