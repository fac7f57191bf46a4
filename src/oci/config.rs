//! The image configuration: platform, history, what runs (image-spec "Image Configuration").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::descriptor::Platform;

/// What is read of a configuration blob. Every member may be missing: artifacts put other JSON there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImageConfig {
    /// When the image was made, RFC 3339.
    #[serde(default)]
    pub created: Option<String>,
    /// CPU architecture.
    #[serde(default)]
    pub architecture: String,
    /// Operating system.
    #[serde(default)]
    pub os: String,
    /// Variant of the CPU.
    #[serde(default)]
    pub variant: Option<String>,
    /// Version of the operating system.
    #[serde(default, rename = "os.version")]
    pub os_version: Option<String>,
    /// How it runs.
    #[serde(default)]
    pub config: Option<RunConfig>,
    /// How each layer came about.
    #[serde(default)]
    pub history: Vec<HistoryEntry>,
}

/// How an image runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RunConfig {
    /// User name or id.
    pub user: Option<String>,
    /// Working directory.
    pub working_dir: Option<String>,
    /// Environment, `NAME=value`.
    pub env: Option<Vec<String>>,
    /// Entry point.
    pub entrypoint: Option<Vec<String>>,
    /// Command.
    pub cmd: Option<Vec<String>>,
    /// Exposed ports, `80/tcp`.
    pub exposed_ports: Option<BTreeMap<String, serde_json::Value>>,
    /// Volumes.
    pub volumes: Option<BTreeMap<String, serde_json::Value>>,
    /// Labels.
    pub labels: Option<BTreeMap<String, String>>,
}

/// One step of the history.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryEntry {
    /// When, RFC 3339.
    pub created: Option<String>,
    /// The command.
    pub created_by: Option<String>,
    /// A remark.
    pub comment: Option<String>,
    /// Whether the step made no layer.
    pub empty_layer: bool,
}

impl ImageConfig {
    /// Reads a configuration blob; `None` when it is not JSON of this shape.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The platform it states, if any.
    #[must_use]
    pub fn platform(&self) -> Option<Platform> {
        let platform = Platform {
            architecture: self.architecture.clone(),
            os: self.os.clone(),
            variant: self.variant.clone(),
            os_version: self.os_version.clone(),
        };
        platform.is_known().then_some(platform)
    }
}
