//! The overview, and the login command that it hands out.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::manage::login::TemporaryLogin;
use roadstead::manage::overview::{NavCounts, Overview};

use crate::ConsoleClient;
use crate::error::ConsoleError;

/// What the overview shows to the caller.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "get_overview", client = ConsoleClient)]
pub async fn get_overview() -> Result<Overview, ConsoleError> {
    let port = crate::port::port()?;
    port.service().overview().get(&port.context()).await.map_err(|error| port.error(error))
}

/// The numbers beside the entries of the navigation.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "nav_counts", client = ConsoleClient)]
pub async fn get_nav_counts() -> Result<NavCounts, ConsoleError> {
    let port = crate::port::port()?;
    port.service().overview().nav_counts(&port.context()).await.map_err(|error| port.error(error))
}

/// Makes a temporary login for the caller; one made before stays good until it ends.
///
/// # Errors
/// Denied without programmatic access.
#[server(prefix = "/console/call", endpoint = "create_login", client = ConsoleClient)]
pub async fn create_login() -> Result<TemporaryLogin, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .credentials()
        .create_temporary(&port.context())
        .await
        .map_err(|error| port.error(error))
}
