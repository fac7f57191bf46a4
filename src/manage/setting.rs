//! Settings of the instance (`console.md` A.15), and where each value comes from.
//!
//! Order: defaults < saved in the console < file < environment < flags (`contract.md`).

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::profile::Language;
use crate::error::{Error, Result, Subject};
use crate::name::HostPort;
use crate::time::Timestamp;

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

/// How an announcement looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnouncementLevel {
    /// Something to know.
    #[default]
    Info,
    /// Something to heed.
    Warning,
}

impl AnnouncementLevel {
    /// The word in settings and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for AnnouncementLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AnnouncementLevel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "info" => Ok(Self::Info),
            "warning" => Ok(Self::Warning),
            _ => Err(Error::invalid(Subject::Setting, "a level is info or warning")),
        }
    }
}

/// Most characters of an announcement.
pub const LONGEST_ANNOUNCEMENT: usize = 1_000;
/// For how many days audit events may be kept (`console.md` A.15).
pub const AUDIT_RETENTION_DAYS: RangeInclusive<u64> = 7..=3_650;
/// The largest quota of bytes: 1 EiB.
pub const LARGEST_STORAGE_QUOTA: u64 = 1 << 60;

/// The text of an announcement, Markdown of at most [`LONGEST_ANNOUNCEMENT`] characters. Lines end as on Unix, and no other
/// control characters are in it.
///
/// # Errors
/// Invalid about a setting when it is longer, or holds control characters.
pub fn announcement(text: &str) -> Result<String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    let is_plain = text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
    if is_plain && text.chars().count() <= LONGEST_ANNOUNCEMENT {
        Ok(text.to_owned())
    } else {
        Err(Error::invalid(Subject::Setting, "an announcement has at most 1,000 characters"))
    }
}

/// The settings that can be seen and saved in the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Site name, 1–32 characters.
    pub site_name: Sourced<String>,
    /// External address, an absolute URL without path, or empty.
    pub external_url: Sourced<String>,
    /// Address in the private network, shown as a choice in login commands; `None` when there is none.
    pub internal_address: Sourced<Option<HostPort>>,
    /// Region id.
    pub region: Sourced<String>,
    /// Region name, 1–64 characters.
    pub region_name: Sourced<String>,
    /// Default language; `None` follows the browser.
    pub language: Sourced<Option<Language>>,
    /// What everybody who opens the console reads, Markdown of at most 1,000 characters; empty when there is nothing. See
    /// [`Settings::announcement_at`].
    pub announcement: Sourced<String>,
    /// How the announcement looks.
    pub announcement_level: Sourced<AnnouncementLevel>,
    /// Until when it is shown; `None` is for ever.
    pub announcement_until: Sourced<Option<Timestamp>>,
    /// Organizations per account; 0 is unlimited.
    pub organization_quota: Sourced<u64>,
    /// Bytes per account, each blob counted once; 0 is unlimited. An account's own limit wins.
    pub storage_quota: Sourced<u64>,
    /// Largest layer in bytes; 0 is unlimited.
    pub max_layer_bytes: Sourced<u64>,
    /// Largest manifest in bytes.
    pub max_manifest_bytes: Sourced<u64>,
    /// Largest package that is uploaded through the page, in bytes, also when it is unpacked.
    pub max_package_bytes: Sourced<u64>,
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
    /// For how many days audit events are kept, 7–3,650.
    pub audit_retention_days: Sourced<u64>,
    /// Whether pushes and pulls are recorded.
    pub audit_data_events: Sourced<bool>,
    /// Whether it is recorded when something is looked at (`list*`, `show*`, `get*`).
    pub audit_read_events: Sourced<bool>,
}

impl Settings {
    /// The announcement to show at an instant, if there is one.
    #[must_use]
    pub fn announcement_at(&self, now: Timestamp) -> Option<(AnnouncementLevel, &str)> {
        let text = self.announcement.value.as_str();
        let is_over = self.announcement_until.value.is_some_and(|until| until <= now);
        (!text.is_empty() && !is_over).then_some((self.announcement_level.value, text))
    }
}

/// A change of settings; `None` leaves one as it is. A change of a locked value is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsUpdate {
    /// Site name.
    pub site_name: Option<String>,
    /// External address; empty removes it.
    pub external_url: Option<String>,
    /// Address in the private network, `host[:port]`; empty removes it.
    pub internal_address: Option<String>,
    /// Region name.
    pub region_name: Option<String>,
    /// Default language: `en`, `zh-CN`, or empty to follow the browser.
    pub language: Option<String>,
    /// Announcement; empty removes it.
    pub announcement: Option<String>,
    /// How it looks: `info` or `warning`.
    pub announcement_level: Option<String>,
    /// Until when it is shown, as in RFC 3339; empty is for ever.
    pub announcement_until: Option<String>,
    /// Organizations per account.
    pub organization_quota: Option<u64>,
    /// Bytes per account.
    pub storage_quota: Option<u64>,
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
    /// Days that audit events are kept.
    pub audit_retention_days: Option<u64>,
    /// Pushes and pulls are recorded.
    pub audit_data_events: Option<bool>,
    /// What is looked at is recorded.
    pub audit_read_events: Option<bool>,
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
    pub started_at: Timestamp,
}
