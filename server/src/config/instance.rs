//! Settings that the console shows and, unless file, environment or flags fix them, saves (`console.md` A.15).
//!
//! What nobody fixes here is left to the service, which knows the defaults and what the console saved.

use std::str::FromStr;

use roadstead::RegionName;
use roadstead::manage::profile::Language;
use roadstead::manage::setting::{
    AUDIT_RETENTION_DAYS, LARGEST_STORAGE_QUOTA, Sourced, announcement,
};
use roadstead_service::FixedSettings;
use url::Url;

use super::{Problem, Values};

/// Reads what file, environment and flags fix.
pub(crate) fn validate(values: &Values) -> Result<FixedSettings, Vec<Problem>> {
    let mut reader = Reader { values, problems: Vec::new() };
    let fixed = FixedSettings {
        site_name: reader.read("console.site_name", |text| {
            length(text, 1, 32, "a site name has 1-32 characters")
        }),
        external_url: reader.read("external_url", external_url),
        internal_address: reader.parsed("internal_address").map(some),
        region: reader
            .parsed::<RegionName>("region")
            .map(|region| Sourced { value: region.value.to_string(), source: region.source }),
        region_name: reader.read("console.region_name", |text| {
            length(text, 1, 64, "a region name has 1-64 characters")
        }),
        language: reader.read("console.language", |text| match text {
            "en" => Ok(Some(Language::En)),
            "zh-CN" => Ok(Some(Language::ZhCn)),
            _ => Err("write en or zh-CN".to_owned()),
        }),
        announcement: reader.read("console.announcement", |text| {
            announcement(text).map_err(|error| error.message().to_owned())
        }),
        announcement_level: reader.parsed("console.announcement_level"),
        announcement_until: reader.parsed("console.announcement_until").map(some),
        organization_quota: reader.number("registry.organization_quota", 0..=1_000_000),
        storage_quota: reader.number("registry.storage_quota", 0..=LARGEST_STORAGE_QUOTA),
        max_layer_bytes: reader.number("registry.max_layer_bytes", 0..=i64::MAX as u64),
        max_manifest_bytes: reader.number("registry.max_manifest_bytes", (64 << 10)..=(64 << 20)),
        max_package_bytes: reader.number("registry.max_package_bytes", (1 << 20)..=(1 << 50)),
        max_concurrent_layers: reader.number("registry.max_concurrent_layers", 0..=100_000),
        temporary_login_ttl: reader.number("registry.temporary_login_ttl", 900..=86_400),
        anonymous_access: reader.flag("registry.anonymous_access"),
        create_on_push: reader.flag("registry.create_on_push"),
        new_images_public: reader.flag("registry.new_images_public"),
        audit_retention_days: reader.number("audit.retention_days", AUDIT_RETENTION_DAYS),
        audit_data_events: reader.flag("audit.data_events"),
        audit_read_events: reader.flag("audit.read_events"),
    };
    if reader.problems.is_empty() { Ok(fixed) } else { Err(reader.problems) }
}

fn some<T>(given: Sourced<T>) -> Sourced<Option<T>> {
    Sourced { value: Some(given.value), source: given.source }
}

struct Reader<'a> {
    values: &'a Values,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn read<T>(
        &mut self,
        path: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Sourced<T>> {
        let text = self.values.text(path)?;
        match parse(text) {
            Ok(value) => Some(Sourced { value, source: self.values.source(path) }),
            Err(message) => {
                self.problems.push(Problem::new(self.values, path, format!("`{text}`: {message}")));
                None
            }
        }
    }

    fn parsed<T: FromStr<Err = roadstead::Error>>(&mut self, path: &str) -> Option<Sourced<T>> {
        self.read(path, |text| text.parse::<T>().map_err(|error| error.message().to_owned()))
    }

    fn number(&mut self, path: &str, range: std::ops::RangeInclusive<u64>) -> Option<Sourced<u64>> {
        self.read(path, |text| {
            u64::from_str(text).ok().filter(|number| range.contains(number)).ok_or_else(|| {
                format!("write a whole number from {} to {}", range.start(), range.end())
            })
        })
    }

    fn flag(&mut self, path: &str) -> Option<Sourced<bool>> {
        self.read(path, |text| bool::from_str(text).map_err(|_| "write true or false".to_owned()))
    }
}

fn length(text: &str, least: usize, most: usize, rule: &str) -> Result<String, String> {
    if (least..=most).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(rule.to_owned())
    }
}

/// An absolute `http` or `https` URL that names a host and nothing after it.
fn external_url(text: &str) -> Result<String, String> {
    let rule = || "write https://HOST or https://HOST:PORT, without a path".to_owned();
    let url = Url::parse(text).map_err(|_| rule())?;
    let host = url.host_str().ok_or_else(rule)?;
    let bare = matches!(url.scheme(), "http" | "https")
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && !matches!(host, "0.0.0.0" | "[::]");
    if bare { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(rule()) }
}
