//! Media types of manifests.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Subject};

/// The four manifest types that are accepted (`protocol.md` 1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MediaType {
    /// OCI image manifest.
    #[serde(rename = "application/vnd.oci.image.manifest.v1+json")]
    OciManifest,
    /// OCI image index.
    #[serde(rename = "application/vnd.oci.image.index.v1+json")]
    OciIndex,
    /// Docker image manifest, schema 2.
    #[serde(rename = "application/vnd.docker.distribution.manifest.v2+json")]
    DockerManifest,
    /// Docker manifest list.
    #[serde(rename = "application/vnd.docker.distribution.manifest.list.v2+json")]
    DockerList,
}

impl MediaType {
    /// The text on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OciManifest => "application/vnd.oci.image.manifest.v1+json",
            Self::OciIndex => "application/vnd.oci.image.index.v1+json",
            Self::DockerManifest => "application/vnd.docker.distribution.manifest.v2+json",
            Self::DockerList => "application/vnd.docker.distribution.manifest.list.v2+json",
        }
    }

    /// Whether it lists manifests.
    #[must_use]
    pub const fn is_index(self) -> bool {
        matches!(self, Self::OciIndex | Self::DockerList)
    }
}

impl FromStr for MediaType {
    type Err = Error;

    /// Parameters after `;` are ignored.
    fn from_str(text: &str) -> Result<Self, Error> {
        let essence = text.split(';').next().unwrap_or(text).trim();
        for known in [Self::OciManifest, Self::OciIndex, Self::DockerManifest, Self::DockerList] {
            if essence.eq_ignore_ascii_case(known.as_str()) {
                return Ok(known);
            }
        }
        let message = if essence.starts_with("application/vnd.docker.distribution.manifest.v1") {
            "schema 1 is not supported; push with a current client (Docker 1.10 or newer)"
        } else {
            "this manifest type is not supported; OCI image manifests and indexes, and Docker schema 2 manifests and \
             lists are"
        };
        Err(Error::new(ErrorKind::Unsupported, Subject::MediaType, message))
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
