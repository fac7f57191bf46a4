//! Signing in and out. Both are plain forms only: the page is loaded anew with its new viewer.

#![allow(missing_docs, reason = "the fields are the arguments, which each function explains")]

use leptos::prelude::*;

use crate::client::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
use crate::viewer::SessionSpan;
#[cfg(feature = "ssr")]
use crate::{link::safe_next, notice::Notice, port::port};
#[cfg(feature = "ssr")]
use roadstead::Secret;
use roadstead::manage::session::ConsoleSession;

/// Signs in with the console's password and starts a session.
///
/// # Errors
/// Unauthenticated for every wrong combination alike; Denied for users without console access; `RateLimited`.
#[server(prefix = "/console/call", endpoint = "signin", client = ConsoleClient)]
pub async fn sign_in(
    #[server(default)] account: String,
    #[server(default)] user: String,
    password: String,
    #[server(default)] keep: bool,
    #[server(default)] next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = port()?;
    let named = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let (account, user) = (named(&account).or_else(|| port.0.site().only_account), named(&user));
    let (context, password) = (port.context(), Secret::new(password));
    let signed = port
        .service()
        .sessions()
        .sign_in(&context, account.as_deref(), user.as_deref(), &password)
        .await;
    let actor = match signed {
        Ok(actor) => actor,
        Err(error) => {
            port.keep(&[
                ("account", account.as_deref().unwrap_or_default()),
                ("user", user.as_deref().unwrap_or_default()),
            ]);
            return Err(port.error(error));
        }
    };
    port.0.start_session(&actor, keep).await.map_err(|error| port.error(error))?;
    if port.0.site().only_account.is_none() {
        port.set_cookie("rs_account", actor.account_name.as_str(), Some(crate::port::YEAR), false);
    }
    port.done(Some(safe_next(next.as_deref())), None)
}

/// Ends this session.
///
/// # Errors
/// When the session cannot be removed.
#[server(prefix = "/console/call", endpoint = "signout", client = ConsoleClient)]
pub async fn sign_out() -> Result<Done, ConsoleError> {
    let port = port()?;
    port.0.end_session().await.map_err(|error| port.error(error))?;
    port.done(Some("/signin".to_owned()), Some(Notice::SignedOut))
}

/// How long this session lasts; `None` when it has ended. A call is activity and prolongs it, unless the browser marks it
/// as caused by nobody.
///
/// # Errors
/// When the database does not answer.
#[server(prefix = "/console/call", endpoint = "session", client = ConsoleClient)]
pub async fn get_session() -> Result<Option<SessionSpan>, ConsoleError> {
    Ok(port()?.0.session())
}

/// The sessions of the one who is signed in, the last active first.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "list_sessions", client = ConsoleClient)]
pub async fn list_sessions() -> Result<Vec<ConsoleSession>, ConsoleError> {
    let port = port()?;
    port.service().sessions().list(&port.context()).await.map_err(|error| port.error(error))
}

/// Ends one of one's own sessions, by its id.
///
/// # Errors
/// Missing when it has ended already.
#[server(name = AskRevokeSession, prefix = "/console/call", endpoint = "revoke_session", client = ConsoleClient)]
pub async fn revoke_session(id: String) -> Result<Done, ConsoleError> {
    let port = port()?;
    let revoked = port.service().sessions().revoke(&port.context(), &id).await;
    revoked.map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Saved))
}

/// Ends all of one's own sessions but this one.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[server(name = AskRevokeSessions, prefix = "/console/call", endpoint = "revoke_sessions", client = ConsoleClient)]
pub async fn revoke_sessions() -> Result<Done, ConsoleError> {
    let port = port()?;
    let revoked = port.service().sessions().revoke_others(&port.context()).await;
    revoked.map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Saved))
}
