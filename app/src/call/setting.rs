//! Settings of the instance.

#![allow(missing_docs, reason = "the fields are the arguments, which each function explains")]
#![allow(clippy::too_many_arguments, reason = "they are the fields of one form")]

use leptos::prelude::*;
use roadstead::manage::setting::{About, Settings};
use server_fn::codec::GetUrl;

use crate::client::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::{notice::Notice, port::port};
#[cfg(feature = "ssr")]
use roadstead::{ErrorKind, Subject, manage::setting::SettingsUpdate};

/// The settings in force, and where each comes from.
///
/// # Errors
/// Hidden to everybody but administrators of the operator account.
#[server(prefix = "/console/call", endpoint = "settings", input = GetUrl, client = ConsoleClient)]
pub async fn get_settings() -> Result<Settings, ConsoleError> {
    let port = port()?;
    let context = port.context();
    port.service().settings().get(&context).await.map_err(|error| port.error(error))
}

/// Version, database, storage.
///
/// # Errors
/// Hidden to everybody but administrators of the operator account.
#[server(prefix = "/console/call", endpoint = "about", input = GetUrl, client = ConsoleClient)]
pub async fn get_about() -> Result<About, ConsoleError> {
    let port = port()?;
    let context = port.context();
    port.service().settings().about(&context).await.map_err(|error| port.error(error))
}

#[cfg(feature = "ssr")]
async fn save(update: SettingsUpdate, section: &str) -> Result<Done, ConsoleError> {
    let port = port()?;
    let context = port.context();
    port.service().settings().update(&context, update).await.map_err(|error| port.error(error))?;
    port.done(Some(format!("/settings/{section}")), Some(Notice::Saved))
}

#[cfg(feature = "ssr")]
fn number(text: Option<String>) -> Result<Option<u64>, ConsoleError> {
    let wrong = |_| ConsoleError::new(ErrorKind::Invalid, Subject::Setting, "enter a whole number");
    text.map(|text| text.trim().replace([',', '_', ' '], "").parse::<u64>().map_err(wrong))
        .transpose()
}

/// Saves the section General. Locked fields are not sent by the form.
///
/// # Errors
/// Invalid about the field; Conflict when it is locked; as the service reports otherwise.
#[server(prefix = "/console/call", endpoint = "settings_general", client = ConsoleClient)]
pub async fn save_general(
    #[server(default)] site_name: Option<String>,
    #[server(default)] external_url: Option<String>,
    #[server(default)] region_name: Option<String>,
    #[server(default)] language: Option<String>,
    #[server(default)] internal_address: Option<String>,
    #[server(default)] announcement: Option<String>,
    #[server(default)] announcement_level: Option<String>,
    #[server(default)] announcement_until: Option<String>,
) -> Result<Done, ConsoleError> {
    let update = SettingsUpdate {
        internal_address,
        announcement,
        announcement_level,
        announcement_until,
        site_name,
        external_url,
        region_name,
        language,
        ..SettingsUpdate::default()
    };
    save(update, "general").await
}

/// Saves the section Registry. A checkbox that is not sent is off, unless `locked` names it.
///
/// # Errors
/// Invalid about the field; Conflict when it is locked; as the service reports otherwise.
#[server(prefix = "/console/call", endpoint = "settings_registry", client = ConsoleClient)]
pub async fn save_registry(
    #[server(default)] organization_quota: Option<String>,
    #[server(default)] storage_quota: Option<String>,
    #[server(default)] max_layer_bytes: Option<String>,
    #[server(default)] max_concurrent_layers: Option<String>,
    #[server(default)] temporary_login_ttl: Option<String>,
    #[server(default)] anonymous_access: bool,
    #[server(default)] create_on_push: bool,
    #[server(default)] new_images: Option<String>,
    #[server(default)] locked: String,
) -> Result<Done, ConsoleError> {
    let is_free = |name: &str| !locked.split(' ').any(|locked| locked == name);
    let update = SettingsUpdate {
        organization_quota: number(organization_quota)?,
        storage_quota: number(storage_quota)?,
        max_layer_bytes: number(max_layer_bytes)?,
        max_concurrent_layers: number(max_concurrent_layers)?,
        temporary_login_ttl: number(temporary_login_ttl)?,
        anonymous_access: is_free("anonymous_access").then_some(anonymous_access),
        create_on_push: is_free("create_on_push").then_some(create_on_push),
        new_images_public: new_images.map(|word| word == "public"),
        ..SettingsUpdate::default()
    };
    save(update, "registry").await
}

/// Saves the section Audit. A checkbox that is not sent is off, unless `locked` names it.
///
/// # Errors
/// Invalid about the field; Conflict when it is locked; as the service reports otherwise.
#[server(prefix = "/console/call", endpoint = "settings_audit", client = ConsoleClient)]
pub async fn save_audit(
    #[server(default)] retention_days: Option<String>,
    #[server(default)] data_events: bool,
    #[server(default)] read_events: bool,
    #[server(default)] locked: String,
) -> Result<Done, ConsoleError> {
    let is_free = |name: &str| !locked.split(' ').any(|locked| locked == name);
    let update = SettingsUpdate {
        audit_retention_days: number(retention_days)?,
        audit_data_events: is_free("data_events").then_some(data_events),
        audit_read_events: is_free("read_events").then_some(read_events),
        ..SettingsUpdate::default()
    };
    save(update, "audit").await
}
