//! Settings of the instance (`console.md` A.15), and where each value comes from.
//!
//! Order: defaults < saved in the console < file < environment < flags (`contract.md`).

use serde::{Deserialize, Serialize};

use super::profile::Language;

/// Where a value comes from. Values of file, environment and flags are locked in the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Built in.
    Default,
    /// Saved in the console.
    Saved,
    /// `roadstead.toml`.
    File,
    /// An environment variable.
    Environment,
    /// A flag.
    Flag,
}

impl Source {
    /// Whether the console may not change it.
    #[must_use]
    pub const fn is_locked(self) -> bool {
        matches!(self, Self::File | Self::Environment | Self::Flag)
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sourced<T> {
    /// The value in force.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

impl<T> Sourced<T> {
    /// A built-in value.
    pub const fn default_value(value: T) -> Self {
        Self { value, source: Source::Default }
    }
}

/// The settings that can be seen and saved in the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Site name, 1–32 characters.
    pub site_name: Sourced<String>,
    /// External address, an absolute URL without path, or empty.
    pub external_url: Sourced<String>,
    /// Region id.
    pub region: Sourced<String>,
    /// Region name, 1–64 characters.
    pub region_name: Sourced<String>,
    /// Default language; `None` follows the browser.
    pub language: Sourced<Option<Language>>,
    /// Organizations per account; 0 is unlimited.
    pub organization_quota: Sourced<u64>,
    /// Largest layer in bytes; 0 is unlimited.
    pub max_layer_bytes: Sourced<u64>,
    /// Largest manifest in bytes.
    pub max_manifest_bytes: Sourced<u64>,
    /// Layers that one account may be sending at a time; more wait. 0 is unlimited.
    pub max_concurrent_layers: Sourced<u64>,
    /// Life of a temporary login in seconds, 900–86,400.
    pub temporary_login_ttl: Sourced<u64>,
    /// Whether public images can be pulled without a credential.
    pub anonymous_access: Sourced<bool>,
    /// Whether a first push creates its image.
    pub create_on_push: Sourced<bool>,
    /// Whether new images are public.
    pub new_images_public: Sourced<bool>,
}

/// A change of settings; `None` leaves one as it is. A change of a locked value is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsUpdate {
    /// Site name.
    pub site_name: Option<String>,
    /// External address; empty removes it.
    pub external_url: Option<String>,
    /// Region name.
    pub region_name: Option<String>,
    /// Default language: `en`, `zh-CN`, or empty to follow the browser.
    pub language: Option<String>,
    /// Organizations per account.
    pub organization_quota: Option<u64>,
    /// Largest layer in bytes.
    pub max_layer_bytes: Option<u64>,
    /// Layers that one account may be sending at a time.
    pub max_concurrent_layers: Option<u64>,
    /// Life of a temporary login in seconds.
    pub temporary_login_ttl: Option<u64>,
    /// Anonymous pulls of public images.
    pub anonymous_access: Option<bool>,
    /// A first push creates its image.
    pub create_on_push: Option<bool>,
    /// New images are public.
    pub new_images_public: Option<bool>,
}

/// What the About page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Version of the program.
    pub version: String,
    /// Kind of database: `sqlite` or `postgres`.
    pub database: String,
    /// Kind of storage: `file`, `s3`, `gs`, `az`, `memory`.
    pub storage: String,
    /// Since when this process runs.
    pub started_at: crate::time::Timestamp,
}
