//! Types of the OCI image and distribution specifications, as far as a registry needs them.
//!
//! Manifests are kept byte for byte; what is parsed here is only read. Unknown members are ignored and preserved.

mod code;
mod config;
mod descriptor;
mod manifest;
mod media_type;
mod strict;

pub use code::ErrorCode;
pub use config::{HistoryEntry, ImageConfig, RunConfig};
pub use descriptor::{Descriptor, Platform};
pub use manifest::{MAX_MANIFEST_BYTES, Manifest, ManifestKind};
pub use media_type::MediaType;
