//! Archives of images: reading what `docker save`, podman, skopeo, BuildKit and others write, and writing what they load
//! (`protocol.md` 8). No I/O of its own: bytes come from a [`Read`](std::io::Read) + [`Seek`](std::io::Seek) and go to a
//! [`Shelf`].
//!
//! Reading has two steps. [`scan`] goes through the archive once, in the order of its bytes, gives each file that may be a
//! layer to the shelf, compressed if it was not, and keeps small JSON in memory; [`Contents::plan`] then says which
//! manifests and tags come of it, because `manifest.json` may be the last entry. [`Pack`] is the way back.
//!
//! # Invariants
//! - Nothing is ever unpacked to a file system, and no name of an archive becomes a path.
//! - Memory does not grow with the archive: names, JSON and entries are bounded by [`Limits`] and the constants of
//!   [`scan`], and what is compressed is unpacked piece by piece and counted.
//! - What is planned was verified: every layer has the digest that its configuration and manifest state.
//! - The same bytes give the same digests: compression has one level, no time and no name.
//! - A [`Refused`] tells what is wrong with the archive; a failure of the shelf or the source is never taken for one.
//!
//! # To add a format
//! Recognise it in [`Contents::plan`], and add archives of it to `testing` and to the table in `tests.rs`.

mod contents;
mod error;
mod header;
mod layer;
mod name;
mod open;
mod pack;
mod plan;
mod scan;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use contents::Contents;
pub use error::{Failure, Fault, LONGEST, Refused, Result};
pub use layer::{Facts, Form};
pub use name::{Written, map_name};
pub use pack::{Image, Pack, Piece};
pub use plan::{Plan, PlannedBlob, PlannedManifest, PlannedTag, Source};
pub use scan::{Entry, Limits, Shelf, Unpacked, scan};
