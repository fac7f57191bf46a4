//! The effective configuration as text, without secrets.

use std::fmt::Write as _;

use roadstead::manage::setting::{Settings, Source};

use super::Config;
use super::key::KEYS;

/// Writes every setting in the syntax of `roadstead.toml`, with where it comes from. `settings` are those in force, what
/// the console saved included.
#[must_use]
pub fn print(config: &Config, settings: &Settings) -> String {
    let mut text = String::new();
    let mut section = "";
    for key in KEYS {
        let (group, name) = key.path.split_once('.').unwrap_or(("", key.path));
        if group != section {
            section = group;
            let _ = writeln!(text, "\n[{group}]");
        }
        let (value, source) = saved(key.path, settings)
            .unwrap_or_else(|| (config.effective(key.path), config.values.source(key.path)));
        let value = match value {
            Some(_) if key.is_secret => quoted("********"),
            Some(value) if value.parse::<u64>().is_ok() || value.parse::<bool>().is_ok() => value,
            Some(value) => quoted(&value),
            None => {
                let _ = writeln!(text, "# {name} = (not set)");
                continue;
            }
        };
        let source = match source {
            Source::Default => "default",
            Source::Saved => "saved in the console",
            Source::File => "file",
            Source::Environment => key.variable,
            Source::Flag => "flag",
        };
        let _ = writeln!(text, "{name} = {value}  # {source}");
    }
    text
}

/// Settings that the console may have saved.
pub(super) fn saved(path: &str, settings: &Settings) -> Option<(Option<String>, Source)> {
    fn word<T: ToString>(
        setting: &roadstead::manage::setting::Sourced<T>,
    ) -> (Option<String>, Source) {
        (Some(setting.value.to_string()).filter(|text| !text.is_empty()), setting.source)
    }
    fn optional<T: ToString>(
        setting: &roadstead::manage::setting::Sourced<Option<T>>,
    ) -> (Option<String>, Source) {
        (setting.value.as_ref().map(ToString::to_string), setting.source)
    }
    Some(match path {
        "external_url" => word(&settings.external_url),
        "internal_address" => optional(&settings.internal_address),
        "region" => word(&settings.region),
        "console.site_name" => word(&settings.site_name),
        "console.region_name" => word(&settings.region_name),
        "console.language" => (
            settings.language.value.map(|language| language.as_str().to_owned()),
            settings.language.source,
        ),
        "console.announcement" => word(&settings.announcement),
        "console.announcement_level" => word(&settings.announcement_level),
        "console.announcement_until" => optional(&settings.announcement_until),
        "registry.storage_quota" => word(&settings.storage_quota),
        "registry.max_layer_bytes" => word(&settings.max_layer_bytes),
        "registry.max_manifest_bytes" => word(&settings.max_manifest_bytes),
        "registry.max_package_bytes" => word(&settings.max_package_bytes),
        "registry.max_concurrent_layers" => word(&settings.max_concurrent_layers),
        "registry.organization_quota" => word(&settings.organization_quota),
        "registry.temporary_login_ttl" => word(&settings.temporary_login_ttl),
        "registry.anonymous_access" => word(&settings.anonymous_access),
        "registry.create_on_push" => word(&settings.create_on_push),
        "registry.new_images_public" => word(&settings.new_images_public),
        "audit.retention_days" => word(&settings.audit_retention_days),
        "audit.data_events" => word(&settings.audit_data_events),
        "audit.read_events" => word(&settings.audit_read_events),
        _ => return None,
    })
}

impl Config {
    /// The text in force of a key that only file, environment and flags set, without passwords.
    fn effective(&self, path: &str) -> Option<String> {
        Some(match path {
            "data_dir" => self.storage.data_dir.display().to_string(),
            "database_url" => without_password(self.storage.database_url.reveal()),
            "storage_url" => without_password(self.storage.storage_url.as_str()),
            "master_key_file" => self.storage.master_key_file.display().to_string(),
            _ => return self.values.text(path).map(str::to_owned),
        })
    }
}

/// A URL with stars for its password. Text that is no URL has none.
fn without_password(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) => {
            if url.password().is_some() {
                let _ = url.set_password(Some("********"));
            }
            // `?password=` is another way to write it.
            if let Some(query) = url.query().filter(|query| query.contains("password")) {
                let kept: Vec<_> = query
                    .split('&')
                    .filter(|pair| !pair.contains("password"))
                    .map(str::to_owned)
                    .collect();
                url.set_query(Some(&kept.join("&")));
            }
            url.to_string()
        }
        Err(_) => text.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
