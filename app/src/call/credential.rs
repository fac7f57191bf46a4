//! Access keys and temporary logins: one's own, or with `user` those of a user of the account.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::access::AccessKeyId;
use roadstead::manage::credential::{AccessKeys, IssuedLogin};
#[cfg(feature = "ssr")]
use roadstead::{
    Error, Secret, Subject,
    manage::credential::{AccessKeyUpdate, NewAccessKey, UnsavedAccessKey},
    manage::profile::Project,
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

/// Creates an access key and goes to the dialog of `page` that shows its secret once ([`new_access_key`]). `expires` is
/// `never`, `90`, `180`, `custom` with the viewer's local time in `until`, or an RFC 3339 time. `password` is the caller's
/// own, when they were asked for it.
///
/// # Errors
/// Denied about the password, with the reason `confirm`, when it has to be asked for; Unauthenticated about it when it is
/// wrong; `QuotaExceeded` about the credential at two keys; Denied about the user without programmatic access.
#[server(prefix = "/console/call", endpoint = "create_access_key", client = ConsoleClient)]
pub async fn create_access_key(
    #[server(default)] user: String,
    #[server(default)] description: String,
    #[server(default)] expires: String,
    #[server(default)] until: String,
    #[server(default)] password: String,
    #[server(default)] page: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let name = named(&port, &user)?;
    let password = Some(Secret::new(password)).filter(|password| !password.reveal().is_empty());
    let created = async {
        let expiry = match expires.trim() {
            "custom" => crate::format::local_time(&until, port.viewer().offset_minutes)?.into(),
            text => text.parse()?,
        };
        let new = NewAccessKey { description: description.clone(), expiry };
        port.service()
            .credentials()
            .create_access_key(&port.context(), holder(name.as_ref()), new, password.as_ref())
            .await
    };
    let created = created.await.map_err(|error| {
        port.keep(&[("description", &description), ("expires", &expires), ("until", &until)]);
        port.error(error)
    })?;
    let page = home(&page).unwrap_or_else(|| "/credentials".to_owned());
    let query = [("dialog", "new-key"), ("item", created.id.as_str())];
    port.done(Some(crate::link::with_query(&page, query)), None)
}

/// Says that the secret of a new access key is saved: nobody sees it any more. `is_saved` is the box that says so.
///
/// # Errors
/// Invalid with the reason `unsaved` when the box is not checked; missing when there is no such user.
#[server(prefix = "/console/call", endpoint = "saved_access_key", client = ConsoleClient)]
pub async fn saved_access_key(
    #[server(default)] user: String,
    id: AccessKeyId,
    #[server(default)] is_saved: bool,
    #[server(default)] page: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    if !is_saved {
        let error = Error::invalid(Subject::Request, "say first that the secret key is saved")
            .with_detail(serde_json::json!({ "reason": "unsaved" }));
        return Err(port.error(error));
    }
    let name = named(&port, &user)?;
    port.service()
        .credentials()
        .saved_access_key(&port.context(), holder(name.as_ref()), &id)
        .await
        .map_err(|error| port.error(error))?;
    port.done(home(&page), Some(Notice::Created(id.to_string())))
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
    #[server(default)] page: String,
) -> Result<Done, ConsoleError> {
    let update = AccessKeyUpdate { description: Some(description), is_enabled: None };
    change(&user, &id, update, &page).await
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
    change(&user, &id, update, "").await
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
    #[server(default)] page: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    super::image::confirmed(&port, id.last_four(), &confirm)?;
    let name = named(&port, &user)?;
    port.service()
        .credentials()
        .delete_access_key(&port.context(), holder(name.as_ref()), &id)
        .await
        .map_err(|error| port.error(error))?;
    port.done(home(&page), Some(Notice::Deleted(id.to_string())))
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
    #[server(default)] page: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let name = named(&port, &user)?;
    port.service()
        .credentials()
        .revoke_temporary(&port.context(), holder(name.as_ref()), &id)
        .await
        .map_err(|error| port.error(error))?;
    port.done(home(&page), Some(Notice::Deleted(id.to_string())))
}

/// The access key that this session has just made, with its secret. For pages alone: no address answers with it.
///
/// # Errors
/// Missing when another session made it, more than 15 minutes ago, or it was said to be saved.
#[cfg(feature = "ssr")]
pub async fn new_access_key(
    user: String,
    id: AccessKeyId,
) -> Result<UnsavedAccessKey, ConsoleError> {
    let port = crate::port::port()?;
    let name = named(&port, &user)?;
    port.service()
        .credentials()
        .new_access_key(&port.context(), holder(name.as_ref()), &id)
        .await
        .map_err(|error| port.error(error))
}

/// Whether making an access key asks for the password now. For pages alone.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[cfg(feature = "ssr")]
pub async fn must_confirm() -> Result<bool, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .credentials()
        .must_confirm(&port.context())
        .await
        .map_err(|error| port.error(error))
}

/// The projects of the viewer's account. For pages alone.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[cfg(feature = "ssr")]
pub async fn list_projects() -> Result<Vec<Project>, ConsoleError> {
    let port = crate::port::port()?;
    port.service().sessions().projects(&port.context()).await.map_err(|error| port.error(error))
}

#[cfg(feature = "ssr")]
use server::{change, holder, home, named};

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

    /// The page to go to afterwards; an empty field stays.
    pub(super) fn home(page: &str) -> Option<String> {
        Some(page).filter(|page| !page.is_empty()).map(|page| crate::link::safe_next(Some(page)))
    }

    pub(super) fn holder(name: Option<&UserName>) -> Holder<'_> {
        name.map_or(Holder::Me, Holder::User)
    }

    pub(super) async fn change(
        user: &str,
        id: &AccessKeyId,
        update: AccessKeyUpdate,
        page: &str,
    ) -> Result<Done, ConsoleError> {
        let port = crate::port::port()?;
        let name = named(&port, user)?;
        port.service()
            .credentials()
            .update_access_key(&port.context(), holder(name.as_ref()), id, update)
            .await
            .map_err(|error| port.error(error))?;
        port.done(home(page), Some(Notice::Updated(id.to_string())))
    }
}
