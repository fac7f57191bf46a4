//! Settings of the instance: defaults < saved in the console < file < environment < flags.
//!
//! [`SettingsCell`] holds the settings in force; reading them costs nothing, so every request reads them anew. What
//! file, environment and flags fixed comes from boot as [`FixedSettings`] and never changes while the process runs;
//! what the console saved is read again whenever a setting changes, here or in another process.
//!
//! To add a setting: a field of `Settings` (and of `SettingsUpdate` if the console saves it), and one line in
//! [`settings!`].

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use parking_lot::RwLock;
use roadstead::access::Action;
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::profile::Language;
use roadstead::manage::setting::{
    AUDIT_RETENTION_DAYS, About, AnnouncementLevel, LARGEST_STORAGE_QUOTA, Settings,
    SettingsUpdate, Source, Sourced, announcement,
};
use roadstead::{Error, ErrorKind, HostPort, Result, Timestamp};
use roadstead_store::{Dialect, Durability, setting};

use crate::Parts;
use crate::access::{Access, Instance};
use crate::audit::{self, Origin};
use crate::context::Context;
use crate::error::{Failed, stored};

/// Largest manifest that is taken, in bytes.
const MANIFEST_LIMIT: u64 = 4 * 1024 * 1024;
/// Largest layer that is taken, in bytes (SWR's 10 GB).
const LAYER_LIMIT: u64 = 10 * 1024 * 1024 * 1024;
/// Largest package that is uploaded through the page, in bytes (SWR's 2 GB, unpacked too).
const PACKAGE_LIMIT: u64 = 2 * 1024 * 1024 * 1024;
/// Layers that one account may be sending at a time (SWR's 20, `protocol.md` 1.5.12).
const CONCURRENT_LAYERS: u64 = 20;

macro_rules! settings {
    ($($field:ident: $type:ty = $default:expr;)*) => {
        /// Values that file, environment and flags fix; the console shows them locked.
        #[derive(Debug, Clone, Default)]
        pub struct FixedSettings {
            $(#[doc = concat!("Fixes `", stringify!($field), "`.")] pub $field: Option<Sourced<$type>>,)*
        }

        /// The settings in force, of what is saved and what is fixed. A saved value that no longer parses is left
        /// out: the default is safer than a process that does not start.
        fn effective(fixed: &FixedSettings, saved: &BTreeMap<String, serde_json::Value>) -> Settings {
            Settings {
                $($field: fixed.$field.clone().unwrap_or_else(|| {
                    saved
                        .get(stringify!($field))
                        .and_then(|value| serde_json::from_value::<$type>(value.clone()).ok())
                        .map_or_else(
                            || Sourced::default_value($default),
                            |value| Sourced { value, source: Source::Saved },
                        )
                }),)*
            }
        }
    };
}

settings! {
    site_name: String = "Roadstead".to_owned();
    external_url: String = String::new();
    internal_address: Option<HostPort> = None;
    region: String = "local".to_owned();
    region_name: String = "Local".to_owned();
    language: Option<Language> = None;
    announcement: String = String::new();
    announcement_level: AnnouncementLevel = AnnouncementLevel::Info;
    announcement_until: Option<Timestamp> = None;
    organization_quota: u64 = 5;
    storage_quota: u64 = 0;
    max_layer_bytes: u64 = LAYER_LIMIT;
    max_manifest_bytes: u64 = MANIFEST_LIMIT;
    max_package_bytes: u64 = PACKAGE_LIMIT;
    max_concurrent_layers: u64 = CONCURRENT_LAYERS;
    temporary_login_ttl: u64 = 6 * 60 * 60;
    anonymous_access: bool = true;
    create_on_push: bool = true;
    new_images_public: bool = false;
    audit_retention_days: u64 = 90;
    audit_data_events: bool = false;
    audit_read_events: bool = false;
}

/// The settings in force. Clones share one cell.
#[derive(Debug, Clone)]
pub struct SettingsCell {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    fixed: FixedSettings,
    current: RwLock<Arc<Settings>>,
}

impl SettingsCell {
    /// Defaults and what is fixed; what is saved comes with the first [`SettingsCell::replace_saved`].
    #[must_use]
    pub fn new(fixed: FixedSettings) -> Self {
        let current = RwLock::new(Arc::new(effective(&fixed, &BTreeMap::new())));
        Self { inner: Arc::new(Inner { fixed, current }) }
    }

    /// The settings in force now. Take it once per request.
    #[must_use]
    pub fn current(&self) -> Arc<Settings> {
        self.inner.current.read().clone()
    }

    /// Puts what the console saved in force.
    pub(crate) fn replace_saved(&self, saved: &BTreeMap<String, serde_json::Value>) {
        *self.inner.current.write() = Arc::new(effective(&self.inner.fixed, saved));
    }
}

/// Reading and saving settings.
pub struct InstanceSettings {
    parts: Parts,
    access: Access,
    started_at: Timestamp,
}

/// One setting that changes; without a value the default is in force again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SettingChange {
    pub(crate) name: &'static str,
    pub(crate) old: serde_json::Value,
    pub(crate) value: Option<serde_json::Value>,
}

impl InstanceSettings {
    pub(crate) fn new(parts: Parts, access: Access) -> Self {
        let started_at = parts.ports.now();
        Self { parts, access, started_at }
    }

    pub(crate) fn cell(&self) -> &SettingsCell {
        &self.parts.settings
    }

    /// The settings in force and where each comes from.
    ///
    /// # Errors
    /// `Denied` unless the caller administers the operator account.
    pub async fn get(&self, ctx: &Context) -> Result<Settings> {
        self.access.authorize(ctx, Action::ManageSettings, Instance).await?;
        Ok(Settings::clone(&self.cell().current()))
    }

    /// Saves settings; they are in force when this returns.
    ///
    /// # Errors
    /// Invalid for a value that breaks its rule; `Conflict` for one that file, environment or flags fix.
    #[tracing::instrument(name = "service.setting.update", skip_all)]
    pub async fn update(&self, ctx: &Context, update: SettingsUpdate) -> Result<Settings> {
        self.access.authorize(ctx, Action::ManageSettings, Instance).await?;
        let changes = self.changes(&update, |name| {
            Err(Error::new(
                ErrorKind::Conflict,
                Subject::Setting,
                format!(
                    "{name} is set by the configuration file, environment or flags; change it there"
                ),
            ))
        })?;
        if changes.is_empty() {
            return Ok(Settings::clone(&self.cell().current()));
        }
        let (by, at) = (ctx.actor.user().map(|user| user.user), ctx.now());
        let events: Vec<_> = changes
            .iter()
            .map(|change| {
                let new = change.value.clone().unwrap_or_default();
                Origin::of(ctx, &self.parts.ports)
                    .event(TraceName::UpdateSetting)
                    .named(change.name)
                    .detail(serde_json::json!({ "old": change.old, "new": new }))
            })
            .collect();
        self.parts
            .store
            .run("setting.update", Durability::Durable, move |tx| {
                let (changes, events) = (changes.clone(), events.clone());
                Box::pin(async move {
                    for change in &changes {
                        match &change.value {
                            Some(value) => setting::set(tx, change.name, value, by, at).await?,
                            None => setting::remove(tx, change.name, at).await?,
                        }
                    }
                    for event in events {
                        audit::append(tx, event).await?;
                    }
                    Ok::<_, Failed>(())
                })
            })
            .await?;
        self.reload().await?;
        Ok(Settings::clone(&self.cell().current()))
    }

    /// Program, database and storage.
    ///
    /// # Errors
    /// `Denied` unless the caller administers the operator account.
    pub async fn about(&self, ctx: &Context) -> Result<About> {
        self.access.authorize(ctx, Action::ManageSettings, Instance).await?;
        Ok(About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            database: match self.parts.store.dialect() {
                Dialect::Sqlite => "sqlite",
                Dialect::Postgres => "postgres",
            }
            .to_owned(),
            storage: self.parts.objects.kind().as_str().to_owned(),
            started_at: self.started_at,
        })
    }

    /// Reads what is saved again.
    pub(crate) async fn reload(&self) -> Result<()> {
        let saved = self
            .parts
            .store
            .peek("setting.all", |tx| Box::pin(setting::all(tx)))
            .await
            .map_err(stored)?;
        let saved = saved.into_iter().map(|record| (record.name, record.value)).collect();
        self.cell().replace_saved(&saved);
        self.access.generation().settings_changed();
        Ok(())
    }

    /// What would change, leaving out what the configuration fixes.
    pub(crate) fn unlocked_changes(&self, update: &SettingsUpdate) -> Result<Vec<SettingChange>> {
        self.changes(update, |_| Ok(()))
    }

    /// What would change. A locked value that would change is given to `locked`.
    fn changes(
        &self,
        update: &SettingsUpdate,
        locked: impl Fn(&str) -> Result<()>,
    ) -> Result<Vec<SettingChange>> {
        let current = self.cell().current();
        let mut changes = Vec::new();
        macro_rules! change {
            ($($field:ident: $check:expr;)*) => {$(
                if let Some(given) = &update.$field {
                    let value = $check(given)?;
                    let held = &current.$field;
                    let is_new = value.as_ref().map_or(held.source != Source::Default, |value| {
                        *value != held.value
                    });
                    if is_new && held.source.is_locked() {
                        locked(stringify!($field))?;
                    } else if is_new {
                        changes.push(SettingChange {
                            name: stringify!($field),
                            old: serde_json::to_value(&held.value).map_err(Error::internal)?,
                            value: value
                                .map(serde_json::to_value)
                                .transpose()
                                .map_err(Error::internal)?,
                        });
                    }
                }
            )*};
        }
        change! {
            site_name: |text: &String| name(text, 32, "a site name has 1-32 characters").map(Some);
            external_url: external_url;
            internal_address: |text: &String| optional(text).map(Some);
            region_name: |text: &String| name(text, 64, "a region name has 1-64 characters").map(Some);
            language: language;
            announcement: |text: &String| announcement(text).map(Some);
            announcement_level: |text: &String| text.parse::<AnnouncementLevel>().map(Some);
            announcement_until: |text: &String| optional(text).map(Some);
            organization_quota: |given: &u64| within(*given, 0..=1_000_000, "a quota is 0 (unlimited) to 1,000,000");
            storage_quota: |given: &u64| {
                within(*given, 0..=LARGEST_STORAGE_QUOTA, "a quota is 0 (unlimited) to 1 EiB")
            };
            max_layer_bytes: |given: &u64| within(*given, 0..=1 << 50, "the largest layer is 0 (unlimited) to 1 PiB");
            max_concurrent_layers: |given: &u64| {
                within(*given, 0..=100_000, "layers at a time are 0 (unlimited) to 100,000")
            };
            temporary_login_ttl: |given: &u64| {
                within(*given, 900..=86_400, "a temporary login lasts 15 minutes to 24 hours")
            };
            anonymous_access: plain;
            create_on_push: plain;
            new_images_public: plain;
            audit_retention_days: |given: &u64| {
                within(*given, AUDIT_RETENTION_DAYS, "audit events are kept for 7 to 3,650 days")
            };
            audit_data_events: plain;
            audit_read_events: plain;
        }
        Ok(changes)
    }
}

fn invalid(message: &str) -> Error {
    Error::invalid(Subject::Setting, message)
}

/// `None` for an empty text.
fn optional<T: FromStr<Err = Error>>(text: &str) -> Result<Option<T>> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some),
    }
}

fn plain(given: &bool) -> Result<Option<bool>> {
    Ok(Some(*given))
}

fn within(given: u64, range: std::ops::RangeInclusive<u64>, rule: &str) -> Result<Option<u64>> {
    if range.contains(&given) { Ok(Some(given)) } else { Err(invalid(rule)) }
}

fn name(text: &str, longest: usize, rule: &str) -> Result<String> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=longest).contains(&length) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(invalid(rule))
    }
}

/// `None` for an empty text, which follows the browser.
fn language(text: &str) -> Result<Option<Option<Language>>> {
    match text {
        "" => Ok(None),
        "en" => Ok(Some(Some(Language::En))),
        "zh-CN" => Ok(Some(Some(Language::ZhCn))),
        _ => Err(invalid("a language is en or zh-CN, or empty to follow the browser")),
    }
}

/// `None` for an empty text. An address is `http://` or `https://` with a host and nothing after it.
fn external_url(text: &str) -> Result<Option<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let rule = "an external address is http:// or https:// with a host, and nothing after it";
    let url = url::Url::parse(text).map_err(|_| Error::invalid(Subject::Url, rule))?;
    let is_good = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && text.len() <= 2_048;
    if !is_good {
        return Err(Error::invalid(Subject::Url, rule));
    }
    if url.host_str().is_some_and(|host| host == "0.0.0.0" || host == "[::]") {
        return Err(Error::invalid(
            Subject::Url,
            "0.0.0.0 is no address that others can reach; name the machine",
        ));
    }
    Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
}

#[cfg(test)]
mod tests;
