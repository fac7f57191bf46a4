//! Organizations.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::manage::organization::{
    NameCheck, Organization, OrganizationQuery, OrganizationQuota,
};
use roadstead::{OrganizationName, page::Page};
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;
#[cfg(feature = "ssr")]
use roadstead::manage::organization::OrganizationSettings;

/// Organizations that the caller sees.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "list_organizations", client = ConsoleClient, input = Json)]
pub async fn list_organizations(
    query: OrganizationQuery,
) -> Result<Page<Organization>, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .organizations()
        .list(&port.context(), query)
        .await
        .map_err(|error| port.error(error))
}

/// How many organizations the account has and may have.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[server(name = AskOrganizationQuota, prefix = "/console/call", endpoint = "organization_quota", client = ConsoleClient)]
pub async fn organization_quota() -> Result<OrganizationQuota, ConsoleError> {
    let port = crate::port::port()?;
    port.service().organizations().quota(&port.context()).await.map_err(|error| port.error(error))
}

/// One organization.
///
/// # Errors
/// Missing when it does not exist or is not the caller's to see.
#[server(prefix = "/console/call", endpoint = "get_organization", client = ConsoleClient, input = Json)]
pub async fn get_organization(name: OrganizationName) -> Result<Organization, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .organizations()
        .get(&port.context(), &name)
        .await
        .map_err(|error| port.error(error))
}

/// Organizations that the caller may push new images to, by name.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "pushable_organizations", client = ConsoleClient)]
pub async fn pushable_organizations() -> Result<Vec<OrganizationName>, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .organizations()
        .pushable(&port.context())
        .await
        .map_err(|error| port.error(error))
}

/// Whether a name can be had; asked while it is typed.
///
/// # Errors
/// When the caller may not create organizations, or asks too often.
#[server(prefix = "/console/call", endpoint = "check_organization_name", client = ConsoleClient)]
pub async fn check_organization_name(name: String) -> Result<NameCheck, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .organizations()
        .check_name(&port.context(), &name)
        .await
        .map_err(|error| port.error(error))
}

/// Creates an organization and leads to its page.
///
/// # Errors
/// Name taken or against the rule, quota used up, not allowed.
#[server(prefix = "/console/call", endpoint = "create_organization", client = ConsoleClient)]
pub async fn create_organization(name: String) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let created = match name.trim().parse() {
        Ok(name) => port.service().organizations().create(&port.context(), name).await,
        Err(error) => Err(error),
    };
    let organization = created.map_err(|error| {
        port.keep(&[("name", &name)]);
        port.error(error)
    })?;
    let to = format!("/organizations/{}", organization.name);
    port.done(Some(to), Some(Notice::Created(organization.name.to_string())))
}

/// What is set about an organization. For pages alone.
///
/// # Errors
/// Missing or denied for who does not manage it.
#[cfg(feature = "ssr")]
pub async fn organization_settings(
    name: OrganizationName,
) -> Result<OrganizationSettings, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .organizations()
        .settings(&port.context(), &name)
        .await
        .map_err(|error| port.error(error))
}

/// Changes the settings of an organization. `default_type` is `public` or `private`.
///
/// # Errors
/// Missing or denied for who does not manage it; Invalid about the tags.
#[server(prefix = "/console/call", endpoint = "save_organization", client = ConsoleClient)]
pub async fn save_organization(
    name: OrganizationName,
    #[server(default)] default_type: String,
    #[server(default)] create_on_push: bool,
    #[server(default)] immutable_tags: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let saved = async {
        let settings = OrganizationSettings {
            default_public: default_type == "public",
            create_on_push,
            immutable_tags: immutable_tags.trim().parse()?,
        };
        let context = port.context();
        port.service().organizations().update_settings(&context, &name, settings).await
    };
    saved.await.map_err(|error| {
        port.keep(&[("immutable_tags", &immutable_tags)]);
        port.error(error)
    })?;
    port.done(Some(format!("/organizations/{name}/settings")), Some(Notice::Saved))
}

/// Deletes an empty organization. `confirm` must be its name.
///
/// # Errors
/// Not empty, not allowed, or the confirmation differs.
#[server(prefix = "/console/call", endpoint = "delete_organization", client = ConsoleClient)]
pub async fn delete_organization(
    name: OrganizationName,
    confirm: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    super::image::confirmed(&port, name.as_str(), &confirm)?;
    port.service()
        .organizations()
        .delete(&port.context(), &name)
        .await
        .map_err(|error| port.error(error))?;
    port.done(Some("/organizations".to_owned()), Some(Notice::Deleted(name.to_string())))
}
