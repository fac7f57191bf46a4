//! Tags and manifests.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::manage::tag::{ManifestDetail, Tag, TagDeletion, TagQuery};
use roadstead::page::Page;
use roadstead::{ImageName, Reference, TagName};
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;

/// Tags of an image.
///
/// # Errors
/// Missing when the image does not exist or is not the caller's to see.
#[server(prefix = "/console/call", endpoint = "list_tags", client = ConsoleClient, input = Json)]
pub async fn list_tags(image: ImageName, query: TagQuery) -> Result<Page<Tag>, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .tags()
        .list(&port.context(), &image, query)
        .await
        .map_err(|error| port.error(error))
}

/// Platforms among the tags of an image, `os/architecture[/variant]`.
///
/// # Errors
/// Missing when the image does not exist or is not the caller's to see.
#[server(prefix = "/console/call", endpoint = "tag_platforms", client = ConsoleClient, input = Json)]
pub async fn tag_platforms(image: ImageName) -> Result<Vec<String>, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .tags()
        .platforms(&port.context(), &image)
        .await
        .map_err(|error| port.error(error))
}

/// Everything about one manifest.
///
/// # Errors
/// Missing when the image or the manifest does not exist, or is not the caller's to see.
#[server(name = AskManifestDetail, prefix = "/console/call", endpoint = "manifest_detail", client = ConsoleClient, input = Json)]
pub async fn manifest_detail(
    image: ImageName,
    reference: Reference,
) -> Result<ManifestDetail, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .tags()
        .detail(&port.context(), &image, &reference)
        .await
        .map_err(|error| port.error(error))
}

/// What deleting tags would do.
///
/// # Errors
/// Missing or denied.
#[server(name = AskTagDeletion, prefix = "/console/call", endpoint = "tag_deletion", client = ConsoleClient, input = Json)]
pub async fn tag_deletion(
    image: ImageName,
    tags: Vec<TagName>,
) -> Result<TagDeletion, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .tags()
        .deletion(&port.context(), &image, &tags)
        .await
        .map_err(|error| port.error(error))
}

/// Deletes tags. `confirm` must be the tag if it is one, `delete` if they are several.
///
/// # Errors
/// Not allowed, or the confirmation differs. Tags that are gone already count as deleted.
#[server(prefix = "/console/call", endpoint = "delete_tags", client = ConsoleClient)]
pub async fn delete_tags(
    image: String,
    #[server(default)] tags: Vec<String>,
    confirm: String,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let expected = match tags.as_slice() {
        [tag] => tag.as_str(),
        _ => "delete",
    };
    super::image::confirmed(&port, expected, &confirm)?;
    let deleted = async {
        let image: ImageName = image.parse()?;
        let names =
            tags.iter().map(|tag| tag.parse()).collect::<roadstead::Result<Vec<TagName>>>()?;
        port.service().tags().delete_many(&port.context(), &image, names).await.map(|_| image)
    };
    let image = deleted.await.map_err(|error| port.error(error))?;
    let page = crate::link::image(&image);
    port.done(super::image::next_or(next, Some(&page)), Some(Notice::Deleted(tags.join(", "))))
}
