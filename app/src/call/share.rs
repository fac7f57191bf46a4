//! Shares of images with other accounts.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::manage::share::{
    NewShares, RefusedShare, Share, ShareRefusal, SharedImage, SharedImageQuery,
};
use roadstead::page::{Page, Window};
use roadstead::{AccountName, ImageName};
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;

/// The shares of an image.
///
/// # Errors
/// Missing or denied.
#[server(prefix = "/console/call", endpoint = "list_shares", client = ConsoleClient, input = Json)]
pub async fn list_shares(image: ImageName, window: Window) -> Result<Page<Share>, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .shares()
        .list(&port.context(), &image, window)
        .await
        .map_err(|error| port.error(error))
}

/// Images that other accounts share with the caller's.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "list_shared_images", client = ConsoleClient, input = Json)]
pub async fn list_shared_images(
    query: SharedImageQuery,
) -> Result<Page<SharedImage>, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .shares()
        .received(&port.context(), query)
        .await
        .map_err(|error| port.error(error))
}

/// Why an image cannot be shared with an account, if it cannot; asked while the name is typed.
///
/// # Errors
/// Missing, denied, or too many accounts were named that do not exist.
#[server(prefix = "/console/call", endpoint = "check_share", client = ConsoleClient, input = Json)]
pub async fn check_share(
    image: ImageName,
    account: AccountName,
) -> Result<Option<ShareRefusal>, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .shares()
        .check(&port.context(), &image, &account)
        .await
        .map_err(|error| port.error(error))
}

/// Shares images with accounts, each with each. An answer that is not empty says why nothing was shared.
///
/// # Errors
/// Too many of them, an end that has passed, a description that is too long, or too many unknown accounts.
#[server(prefix = "/console/call", endpoint = "share_images", client = ConsoleClient, input = Json)]
pub async fn share_images(shares: NewShares) -> Result<Vec<RefusedShare>, ConsoleError> {
    let port = crate::port::port()?;
    port.service().shares().create(&port.context(), shares).await.map_err(|error| port.error(error))
}

/// Shares one image with one account, until a time or (`forever`) without end.
///
/// # Errors
/// Missing, denied, and whatever the account or the time is wrong with.
#[server(prefix = "/console/call", endpoint = "create_share", client = ConsoleClient)]
pub async fn create_share(
    image: String,
    account: String,
    until: Option<String>,
    forever: Option<bool>,
    description: Option<String>,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let made = async {
        let (until, words) = terms(until.as_deref(), forever, description.as_deref())?;
        let (image, account) = (image.parse()?, account.trim().parse()?);
        port.service().shares().create_one(&port.context(), image, account, until, words).await
    };
    made.await.map_err(|error| {
        port.keep(&[
            ("account", &account),
            ("until", until.as_deref().unwrap_or_default()),
            ("description", description.as_deref().unwrap_or_default()),
        ]);
        port.error(error)
    })?;
    port.done(super::image::next_or(next, None), Some(Notice::Saved))
}

/// Changes when a share ends and what it says.
///
/// # Errors
/// Missing, denied, not shared with the account, or something is wrong with the time or the description.
#[server(prefix = "/console/call", endpoint = "update_share", client = ConsoleClient)]
pub async fn update_share(
    image: String,
    account: String,
    until: Option<String>,
    forever: Option<bool>,
    description: Option<String>,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let changed = async {
        let (until, words) = terms(until.as_deref(), forever, description.as_deref())?;
        let (image, account) = (image.parse()?, account.trim().parse()?);
        port.service().shares().update(&port.context(), &image, &account, until, words).await
    };
    changed.await.map_err(|error| {
        port.keep(&[
            ("until", until.as_deref().unwrap_or_default()),
            ("description", description.as_deref().unwrap_or_default()),
        ]);
        port.error(error)
    })?;
    port.done(super::image::next_or(next, None), Some(Notice::Saved))
}

/// Ends a share.
///
/// # Errors
/// Missing, denied, or not shared with the account.
#[server(prefix = "/console/call", endpoint = "delete_share", client = ConsoleClient)]
pub async fn delete_share(
    image: String,
    account: String,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let ended = async {
        let (image, account) = (image.parse()?, account.parse()?);
        port.service().shares().remove(&port.context(), &image, &account).await
    };
    ended.await.map_err(|error| port.error(error))?;
    port.done(super::image::next_or(next, None), Some(Notice::Saved))
}

/// When a share ends, and what it says, as a form sends them. Without a time it must be said that it is for ever.
#[cfg(feature = "ssr")]
fn terms(
    until: Option<&str>,
    forever: Option<bool>,
    description: Option<&str>,
) -> roadstead::Result<(roadstead::manage::share::Deadline, String)> {
    let until = if forever == Some(true) {
        roadstead::manage::share::Deadline::FOREVER
    } else {
        until.unwrap_or_default().trim().parse()?
    };
    // Browsers send line ends as CRLF; what is stored has one way.
    Ok((until, description.unwrap_or_default().replace("\r\n", "\n")))
}
