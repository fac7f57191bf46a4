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
#[cfg(feature = "ssr")]
use crate::error::Details;
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

/// Who shares an image with the viewer's account, and until when. For pages alone.
///
/// # Errors
/// Missing when the viewer does not see the image.
#[cfg(feature = "ssr")]
pub async fn received_share(image: ImageName) -> Result<Option<SharedImage>, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .shares()
        .received_one(&port.context(), &image)
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

/// Most lines that a refused batch carries: the error travels in the address of a page without scripts.
#[cfg(feature = "ssr")]
const LINES: usize = 20;

/// Shares images with accounts, each with each, as a form sends them: account names between commas, spaces or lines.
///
/// # Errors
/// As [`share_images`]; a refusal is a conflict that says in `refused` what could not be shared (the first 20, each a
/// [`RefusedShare`] as JSON), and as the number `n` how many that is.
#[server(prefix = "/console/call", endpoint = "share_batch", client = ConsoleClient)]
pub async fn share_batch(
    #[server(default)] names: Vec<String>,
    accounts: String,
    until: Option<String>,
    offset: Option<i32>,
    forever: Option<bool>,
    description: Option<String>,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let keep = || {
        port.keep(&[
            ("accounts", &accounts),
            ("until", until.as_deref().unwrap_or_default()),
            ("description", description.as_deref().unwrap_or_default()),
        ]);
    };
    let shared = async {
        let (until, description) =
            terms(until.as_deref(), offset, forever, description.as_deref())?;
        let images = names.iter().map(|name| name.parse()).collect::<roadstead::Result<_>>()?;
        let accounts = account_names(&accounts)?;
        let shares = NewShares { images, accounts, until, description };
        port.service().shares().create(&port.context(), shares).await
    };
    let refused = shared.await.map_err(|error| {
        keep();
        port.error(error)
    })?;
    if !refused.is_empty() {
        keep();
        let error = roadstead::Error::new(
            roadstead::ErrorKind::Conflict,
            roadstead::Subject::Share,
            "some images cannot be shared with some accounts, so nothing was shared",
        )
        .with_detail(serde_json::json!({ "n": refused.len() }));
        let refused =
            refused.iter().take(LINES).filter_map(|one| serde_json::to_string(one).ok()).collect();
        let details = Box::new(Details { refused, ..Details::default() });
        return Err(ConsoleError { details, ..port.error(error) });
    }
    port.done(super::image::next_or(next, Some("/images")), Some(Notice::Saved))
}

/// The names of a field that takes several, each once.
#[cfg(feature = "ssr")]
fn account_names(text: &str) -> roadstead::Result<Vec<AccountName>> {
    let mut names: Vec<AccountName> = Vec::new();
    let is_mark = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '，' | '；' | '、');
    for name in text.split(is_mark).filter(|name| !name.is_empty()) {
        let name: AccountName = name.parse()?;
        if !names.iter().any(|other| other.folded() == name.folded()) {
            names.push(name);
        }
    }
    Ok(names)
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
    offset: Option<i32>,
    forever: Option<bool>,
    description: Option<String>,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let made = async {
        let (until, words) = terms(until.as_deref(), offset, forever, description.as_deref())?;
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
    offset: Option<i32>,
    forever: Option<bool>,
    description: Option<String>,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let changed = async {
        let (until, words) = terms(until.as_deref(), offset, forever, description.as_deref())?;
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

/// When a share ends, and what it says, as a form sends them. Without a time it must be said that it is for ever. A time
/// without a zone is one of `offset` minutes from UTC.
#[cfg(feature = "ssr")]
fn terms(
    until: Option<&str>,
    offset: Option<i32>,
    forever: Option<bool>,
    description: Option<&str>,
) -> roadstead::Result<(roadstead::manage::share::Deadline, String)> {
    let until = if forever == Some(true) {
        roadstead::manage::share::Deadline::FOREVER
    } else {
        let until = until.unwrap_or_default().trim();
        match offset.and_then(|offset| local(until, offset)) {
            Some(time) => roadstead::manage::share::Deadline::at(time)?,
            None => until.parse()?,
        }
    };
    // Browsers send line ends as CRLF; what is stored has one way.
    Ok((until, description.unwrap_or_default().replace("\r\n", "\n")))
}

/// A time as a browser's field of date and time writes it: `2026-12-31T18:00`, with or without seconds.
#[cfg(feature = "ssr")]
fn local(text: &str, offset_minutes: i32) -> Option<roadstead::Timestamp> {
    let seconds = if text.len() == 16 { ":00" } else { "" };
    let utc: roadstead::Timestamp = format!("{text}{seconds}Z").parse().ok()?;
    Some(utc.plus_seconds(-60 * i64::from(offset_minutes.clamp(-1_440, 1_440))))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_one_of_the_viewers() {
        let end = |until: &str, offset| {
            terms(Some(until), offset, None, None)
                .ok()
                .and_then(|(until, _)| until.end())
                .map(|end| end.to_string())
        };
        assert_eq!(end("2026-12-31T18:00", Some(480)).unwrap(), "2026-12-31T10:00:00Z");
        assert_eq!(end("2026-12-31T18:00:07", Some(-60)).unwrap(), "2026-12-31T19:00:07Z");
        // Midnight of the viewer's zone is an instant; a date alone is a whole day.
        assert_eq!(end("2026-12-31T00:00", Some(0)).unwrap(), "2026-12-31T00:00:00Z");
        assert_eq!(end("2026-12-31", Some(480)).unwrap(), "2027-01-01T00:00:00Z");
        assert_eq!(end("2026-12-31T18:00:00+08:00", Some(0)).unwrap(), "2026-12-31T10:00:00Z");
        for text in ["", "soon", "2026-13-01T00:00"] {
            assert_eq!(end(text, Some(0)), None, "{text}");
        }
        assert_eq!(end("2026-12-31T18:00", None), None);
        let forever = terms(Some("nonsense"), Some(0), Some(true), Some("a\r\nb")).unwrap();
        assert_eq!((forever.0.end(), forever.1.as_str()), (None, "a\nb"));
    }

    #[test]
    fn account_names_are_taken_apart_and_each_counts_once() {
        let names = |text: &str| {
            account_names(text)
                .map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(
            names(" globex, initech\n globex；umbrella ").unwrap(),
            ["globex", "initech", "umbrella"]
        );
        assert_eq!(names(" ,\n").unwrap(), Vec::<String>::new());
        assert!(names("globex, not/a/name").is_err());
    }
}
