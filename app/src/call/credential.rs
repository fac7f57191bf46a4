//! Access keys and temporary logins: one's own, or with `user` those of a user of the account.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::access::AccessKeyId;
use roadstead::manage::credential::{AccessKeys, CreatedAccessKey, IssuedLogin};
#[cfg(feature = "ssr")]
use roadstead::{
    Secret,
    manage::credential::{AccessKeyUpdate, NewAccessKey},
};

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;

/// Access keys, the oldest first.
///
/// # Errors
/// Missing when there is no such user or their credentials are not the caller's to see.
#[server(prefix = "/console/call", endpoint = "access_keys", client = ConsoleClient)]
pub async fn list_access_keys(#[server(default)] user: String) -> Result<AccessKeys, ConsoleError> {
    let port = crate::port::port()?;
    let name = named(&port, &user)?;
    port.service()
        .credentials()
        .access_keys(&port.context(), holder(name.as_ref()))
        .await
        .map_err(|error| port.error(error))
}

/// Creates an access key; its secret is in this answer alone. `expires` is `never`, `90`, `180` or an RFC 3339 time.
/// `password` is the caller's own, when they were asked for it.
///
/// # Errors
/// Denied about the password, with the reason `confirm`, when it has to be asked for; Unauthenticated about it when it is
/// wrong; `QuotaExceeded` about the credential at two keys; Denied about the user without programmatic access.
#[server(prefix = "/console/call", endpoint = "create_access_key", client = ConsoleClient)]
pub async fn create_access_key(
    #[server(default)] user: String,
    #[server(default)] description: String,
    #[server(default)] expires: String,
    #[server(default)] password: String,
) -> Result<CreatedAccessKey, ConsoleError> {
    let port = crate::port::port()?;
    let name = named(&port, &user)?;
    let expiry = expires.trim().parse().map_err(|error| port.error(error))?;
    let password = Some(Secret::new(password)).filter(|password| !password.reveal().is_empty());
    port.service()
        .credentials()
        .create_access_key(
            &port.context(),
            holder(name.as_ref()),
            NewAccessKey { description, expiry },
            password.as_ref(),
        )
        .await
        .map_err(|error| port.error(error))
}

/// Changes the description of an access key.
///
/// # Errors
/// Missing when there is no such key; the description is too long.
#[server(prefix = "/console/call", endpoint = "describe_access_key", client = ConsoleClient)]
pub async fn describe_access_key(
    #[server(default)] user: String,
    id: AccessKeyId,
    #[server(default)] description: String,
) -> Result<Done, ConsoleError> {
    let update = AccessKeyUpdate { description: Some(description), is_enabled: None };
    change(&user, &id, update).await
}

/// Enables or disables an access key.
///
/// # Errors
/// Missing when there is no such key.
#[server(prefix = "/console/call", endpoint = "enable_access_key", client = ConsoleClient)]
pub async fn enable_access_key(
    #[server(default)] user: String,
    id: AccessKeyId,
    #[server(default)] is_enabled: bool,
) -> Result<Done, ConsoleError> {
    let update = AccessKeyUpdate { description: None, is_enabled: Some(is_enabled) };
    change(&user, &id, update).await
}

/// Deletes an access key. `confirm` must be the last four characters of its id.
///
/// # Errors
/// Missing when there is no such key; the confirmation differs.
#[server(prefix = "/console/call", endpoint = "delete_access_key", client = ConsoleClient)]
pub async fn delete_access_key(
    #[server(default)] user: String,
    id: AccessKeyId,
    confirm: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let end = id.as_str().len().saturating_sub(4);
    super::image::confirmed(&port, id.as_str().get(end..).unwrap_or_default(), &confirm)?;
    let name = named(&port, &user)?;
    port.service()
        .credentials()
        .delete_access_key(&port.context(), holder(name.as_ref()), &id)
        .await
        .map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Deleted(id.to_string())))
}

/// Whether this is an access key of the caller that works now. Takes the public half alone: the secret one stays in the
/// browser.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "check_access_key", client = ConsoleClient)]
pub async fn check_access_key(id: String) -> Result<bool, ConsoleError> {
    let port = crate::port::port()?;
    let Ok(id) = id.parse::<AccessKeyId>() else { return Ok(false) };
    port.service()
        .credentials()
        .is_own_key(&port.context(), &id)
        .await
        .map_err(|error| port.error(error))
}

/// Temporary logins that still work, the newest first.
///
/// # Errors
/// Missing when there is no such user or their credentials are not the caller's to see.
#[server(prefix = "/console/call", endpoint = "temporary_logins", client = ConsoleClient)]
pub async fn temporary_logins(
    #[server(default)] user: String,
) -> Result<Vec<IssuedLogin>, ConsoleError> {
    let port = crate::port::port()?;
    let name = named(&port, &user)?;
    port.service()
        .credentials()
        .temporary_logins(&port.context(), holder(name.as_ref()))
        .await
        .map_err(|error| port.error(error))
}

/// Ends a temporary login.
///
/// # Errors
/// Missing when there is no such login that still works.
#[server(prefix = "/console/call", endpoint = "revoke_temporary_login", client = ConsoleClient)]
pub async fn revoke_temporary_login(
    #[server(default)] user: String,
    id: AccessKeyId,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let name = named(&port, &user)?;
    port.service()
        .credentials()
        .revoke_temporary(&port.context(), holder(name.as_ref()), &id)
        .await
        .map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Deleted(id.to_string())))
}

#[cfg(feature = "ssr")]
use server::{change, holder, named};

#[cfg(feature = "ssr")]
mod server {
    use roadstead::UserName;
    use roadstead::access::AccessKeyId;
    use roadstead::manage::credential::AccessKeyUpdate;
    use roadstead_service::access::Holder;

    use crate::error::ConsoleError;
    use crate::notice::{Done, Notice};
    use crate::port::ConsolePort;

    /// The user that is meant; an empty field is the caller.
    pub(super) fn named(port: &ConsolePort, user: &str) -> Result<Option<UserName>, ConsoleError> {
        let user = user.trim();
        if user.is_empty() {
            return Ok(None);
        }
        user.parse().map(Some).map_err(|error| port.error(error))
    }

    pub(super) fn holder(name: Option<&UserName>) -> Holder<'_> {
        name.map_or(Holder::Me, Holder::User)
    }

    pub(super) async fn change(
        user: &str,
        id: &AccessKeyId,
        update: AccessKeyUpdate,
    ) -> Result<Done, ConsoleError> {
        let port = crate::port::port()?;
        let name = named(&port, user)?;
        port.service()
            .credentials()
            .update_access_key(&port.context(), holder(name.as_ref()), id, update)
            .await
            .map_err(|error| port.error(error))?;
        port.done(None, Some(Notice::Updated(id.to_string())))
    }
}
