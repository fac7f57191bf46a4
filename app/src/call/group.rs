//! Groups of users.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::manage::group::{Group, GroupDetail, GroupQuery};
use roadstead::{GroupName, page::Page};
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;

/// Groups of the account.
///
/// # Errors
/// When it is not the caller's to see, the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "list_groups", client = ConsoleClient, input = Json)]
pub async fn list_groups(query: GroupQuery) -> Result<Page<Group>, ConsoleError> {
    let port = crate::port::port()?;
    port.service().groups().list(&port.context(), query).await.map_err(|error| port.error(error))
}

/// One group with its members and policies.
///
/// # Errors
/// Missing when it does not exist or is not the caller's to see.
#[server(prefix = "/console/call", endpoint = "get_group", client = ConsoleClient, input = Json)]
pub async fn get_group(name: GroupName) -> Result<GroupDetail, ConsoleError> {
    let port = crate::port::port()?;
    port.service().groups().get(&port.context(), &name).await.map_err(|error| port.error(error))
}

/// Creates a group.
///
/// # Errors
/// Name taken, not allowed, a long description.
#[server(name = AskCreateGroup, prefix = "/console/call", endpoint = "create_group", client = ConsoleClient)]
pub async fn create_group(
    name: String,
    #[server(default)] description: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let created = async {
        let name: GroupName = name.trim().parse()?;
        port.service().groups().create(&port.context(), name.clone(), &description).await?;
        Ok(name)
    };
    let name = created.await.map_err(|error| {
        port.keep(&[("name", &name), ("description", &description)]);
        port.error(error)
    })?;
    port.done(Some(page(&name)), Some(Notice::Created(name.to_string())))
}

/// Changes a group's name and description.
///
/// # Errors
/// Missing, not allowed, or against a rule.
#[server(name = AskUpdateGroup, prefix = "/console/call", endpoint = "update_group", client = ConsoleClient)]
pub async fn update_group(
    name: GroupName,
    new_name: String,
    #[server(default)] description: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let updated = async {
        let new_name: GroupName = new_name.trim().parse()?;
        let service = port.service();
        service.groups().update(&port.context(), &name, new_name.clone(), &description).await?;
        Ok(new_name)
    };
    let new_name = updated.await.map_err(|error| port.error(error))?;
    port.done(Some(page(&new_name)), Some(Notice::Updated(new_name.to_string())))
}

/// Deletes a group. `confirm` must be its name.
///
/// # Errors
/// Missing, not allowed, the confirmation differs.
#[server(name = AskDeleteGroup, prefix = "/console/call", endpoint = "delete_group", client = ConsoleClient)]
pub async fn delete_group(name: GroupName, confirm: String) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    super::image::confirmed(&port, name.as_str(), &confirm)?;
    port.service()
        .groups()
        .delete(&port.context(), &name)
        .await
        .map_err(|error| port.error(error))?;
    port.done(Some("/iam/groups".to_owned()), Some(Notice::Deleted(name.to_string())))
}

/// Puts users into a group, or takes them out.
///
/// # Errors
/// Missing, not allowed, a user is missing.
#[server(name = AskSetMembers, prefix = "/console/call", endpoint = "set_members", client = ConsoleClient)]
pub async fn set_members(
    name: GroupName,
    #[server(default)] users: Vec<String>,
    #[server(default)] is_in: bool,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let set = async {
        let users = super::user::names(&users)?;
        port.service().groups().set_members(&port.context(), &name, users, is_in).await
    };
    set.await.map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Updated(name.to_string())))
}

/// Attaches a policy to a group, or detaches it; in one region, or with an empty one in all.
///
/// # Errors
/// Missing, not allowed.
#[server(name = AskAttachToGroup, prefix = "/console/call", endpoint = "attach_to_group", client = ConsoleClient)]
pub async fn attach_to_group(
    name: GroupName,
    policy: String,
    #[server(default)] region: String,
    #[server(default)] is_attached: bool,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let attached = async {
        let policy = super::user::attachment(policy, &region)?;
        port.service().groups().set_attached(&port.context(), &name, policy, is_attached).await
    };
    attached.await.map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Updated(name.to_string())))
}

#[cfg(feature = "ssr")]
fn page(name: &GroupName) -> String {
    format!("/iam/groups/{}", crate::link::encode(name.as_str()))
}
