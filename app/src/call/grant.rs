//! Rights of users on organizations and images. `on` is `organization` or `organization/repository`.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::manage::grant::{Candidate, GrantList, GrantOn, GrantQuery};
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;

/// The caller's own right, and everybody's as far as they are the caller's to see.
///
/// # Errors
/// Missing or denied.
#[server(prefix = "/console/call", endpoint = "list_grants", client = ConsoleClient, input = Json)]
pub async fn list_grants(on: GrantOn, query: GrantQuery) -> Result<GrantList, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .grants()
        .list(&port.context(), &on, query)
        .await
        .map_err(|error| port.error(error))
}

/// Users who may be given a right, the first 50 of those whose name has `search` in it.
///
/// # Errors
/// Missing or denied.
#[server(prefix = "/console/call", endpoint = "grant_candidates", client = ConsoleClient, input = Json)]
pub async fn grant_candidates(
    on: GrantOn,
    search: Option<String>,
) -> Result<Vec<Candidate>, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .grants()
        .candidates(&port.context(), &on, search)
        .await
        .map_err(|error| port.error(error))
}

/// Gives users, named by their ids, one right.
///
/// # Errors
/// Missing, denied, one of them has a right already or may not be given one; then nobody is.
#[server(prefix = "/console/call", endpoint = "add_grants", client = ConsoleClient)]
pub async fn add_grants(
    on: String,
    #[server(default)] users: Vec<String>,
    permission: u8,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let added = async {
        let grants = granted(&users, permission)?;
        port.service().grants().add(&port.context(), &on.parse()?, grants).await
    };
    added.await.map_err(|error| port.error(error))?;
    port.done(super::image::next_or(next, None), Some(Notice::Saved))
}

/// Changes the right of a user, named by its id.
///
/// # Errors
/// Missing, denied, or the user has no right here.
#[server(prefix = "/console/call", endpoint = "update_grant", client = ConsoleClient)]
pub async fn update_grant(
    on: String,
    user: String,
    permission: u8,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let changed = async {
        let grants = granted(std::slice::from_ref(&user), permission)?;
        port.service().grants().update(&port.context(), &on.parse()?, grants).await
    };
    changed.await.map_err(|error| port.error(error))?;
    port.done(super::image::next_or(next, None), Some(Notice::Saved))
}

/// Takes the rights of users, named by their ids, away.
///
/// # Errors
/// Missing, denied, or one of them has no right here; then nobody loses one.
#[server(prefix = "/console/call", endpoint = "remove_grants", client = ConsoleClient)]
pub async fn remove_grants(
    on: String,
    #[server(default)] users: Vec<String>,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let removed = async {
        let users = users.iter().map(|id| id.parse()).collect::<roadstead::Result<_>>()?;
        port.service().grants().remove(&port.context(), &on.parse()?, users).await
    };
    removed.await.map_err(|error| port.error(error))?;
    port.done(super::image::next_or(next, None), Some(Notice::Saved))
}

/// Users by their ids, each with the same right.
#[cfg(feature = "ssr")]
fn granted(
    users: &[String],
    permission: u8,
) -> roadstead::Result<Vec<(roadstead::id::PublicId, roadstead::access::Permission)>> {
    let permission = permission.try_into()?;
    users.iter().map(|id| Ok((id.parse()?, permission))).collect()
}
