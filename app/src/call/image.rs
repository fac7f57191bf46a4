//! Images.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::manage::image::{Image, ImageDeletion, ImageQuery};
use roadstead::page::Page;
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;

/// Images that the caller sees.
///
/// # Errors
/// When the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "list_images", client = ConsoleClient, input = Json)]
pub async fn list_images(query: ImageQuery) -> Result<Page<Image>, ConsoleError> {
    let port = crate::port::port()?;
    port.service().images().list(&port.context(), query).await.map_err(|error| port.error(error))
}

/// One image.
///
/// # Errors
/// Missing when it does not exist or is not the caller's to see.
#[server(prefix = "/console/call", endpoint = "get_image", client = ConsoleClient, input = Json)]
pub async fn get_image(name: ImageName) -> Result<Image, ConsoleError> {
    let port = crate::port::port()?;
    port.service().images().get(&port.context(), &name).await.map_err(|error| port.error(error))
}

/// What deleting an image would remove.
///
/// # Errors
/// Missing or denied.
#[server(name = AskImageDeletion, prefix = "/console/call", endpoint = "image_deletion", client = ConsoleClient, input = Json)]
pub async fn image_deletion(name: ImageName) -> Result<ImageDeletion, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .images()
        .deletion(&port.context(), &name)
        .await
        .map_err(|error| port.error(error))
}

/// What deleting several images would remove; those that are gone meanwhile are left out.
///
/// # Errors
/// More than 50, or one that the caller may not delete.
#[server(prefix = "/console/call", endpoint = "image_deletions", client = ConsoleClient, input = Json)]
pub async fn image_deletions(
    names: Vec<ImageName>,
) -> Result<Vec<(ImageName, ImageDeletion)>, ConsoleError> {
    let port = crate::port::port()?;
    let (service, context) = (port.service(), port.context());
    let mut found = Vec::new();
    for name in names.into_iter().take(BATCH_LIMIT) {
        match service.images().deletion(&context, &name).await {
            Ok(deletion) => found.push((name, deletion)),
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(port.error(error)),
        }
    }
    Ok(found)
}

/// Creates an empty image and leads to its page.
///
/// # Errors
/// A name against the rule or taken, not allowed.
#[server(prefix = "/console/call", endpoint = "create_image", client = ConsoleClient)]
pub async fn create_image(
    organization: String,
    repository: String,
    is_public: bool,
    category: String,
    description: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let made = async {
        let name = ImageName::new(organization.trim().parse()?, repository.trim().parse()?);
        let update = update_of(Some(is_public), Some(&category), Some(description.clone()))?;
        port.service().images().create(&port.context(), &name, update).await
    };
    let image = made.await.map_err(|error| {
        port.keep(&[
            ("organization", organization.as_str()),
            ("repository", &repository),
            ("is_public", if is_public { "true" } else { "false" }),
            ("category", &category),
            ("description", &description),
        ]);
        port.error(error)
    })?;
    port.done(Some(crate::link::image(&image.name)), Some(Notice::Created(image.name.to_string())))
}

/// Changes type, category or description of an image.
///
/// # Errors
/// Not allowed, gone, or a description that is too long.
#[server(prefix = "/console/call", endpoint = "update_image", client = ConsoleClient)]
pub async fn update_image(
    name: String,
    is_public: Option<bool>,
    category: Option<String>,
    description: Option<String>,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let changed = async {
        let name: ImageName = name.parse()?;
        let update = update_of(is_public, category.as_deref(), description.clone())?;
        port.service().images().update(&port.context(), &name, update).await
    };
    let image = changed.await.map_err(|error| {
        port.keep(&[
            ("is_public", is_public.map_or("", |on| if on { "true" } else { "false" })),
            ("category", category.as_deref().unwrap_or_default()),
            ("description", description.as_deref().unwrap_or_default()),
        ]);
        port.error(error)
    })?;
    port.done(next_or(next, None), Some(Notice::Updated(image.name.to_string())))
}

/// Makes images public or private.
///
/// # Errors
/// More than 50, or one that the caller may not change; those before it are changed.
#[server(prefix = "/console/call", endpoint = "update_images", client = ConsoleClient)]
pub async fn update_images(
    #[server(default)] names: Vec<String>,
    is_public: bool,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let (service, context) = (port.service(), port.context());
    for name in batch(&port, &names)? {
        let update = roadstead::manage::image::ImageUpdate {
            is_public: Some(is_public),
            ..Default::default()
        };
        service
            .images()
            .update(&context, &name, update)
            .await
            .map_err(|error| port.error(error))?;
    }
    port.done(next_or(next, Some("/images")), Some(Notice::Saved))
}

/// Deletes an image with its tags. `confirm` must be its name.
///
/// # Errors
/// Not allowed, gone, or the confirmation differs.
#[server(prefix = "/console/call", endpoint = "delete_image", client = ConsoleClient)]
pub async fn delete_image(
    name: String,
    confirm: String,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    confirmed(&port, &name, &confirm)?;
    let deleted = async {
        let name: ImageName = name.parse()?;
        port.service().images().delete(&port.context(), &name).await
    };
    deleted.await.map_err(|error| port.error(error))?;
    port.done(next_or(next, Some("/images")), Some(Notice::Deleted(name)))
}

/// Deletes several images. `confirm` must be `delete`. Those that are gone already count as deleted.
///
/// # Errors
/// More than 50, one that the caller may not delete (those before it are deleted), or the confirmation differs.
#[server(prefix = "/console/call", endpoint = "delete_images", client = ConsoleClient)]
pub async fn delete_images(
    #[server(default)] names: Vec<String>,
    confirm: String,
    next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    confirmed(&port, "delete", &confirm)?;
    let (service, context) = (port.service(), port.context());
    let names = batch(&port, &names)?;
    for name in &names {
        match service.images().delete(&context, name).await {
            Err(error) if !is_gone(&error) => return Err(port.error(error)),
            Ok(()) | Err(_) => {}
        }
    }
    let said = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    port.done(next_or(next, Some("/images")), Some(Notice::Deleted(said)))
}

#[cfg(feature = "ssr")]
use server::{BATCH_LIMIT, batch, update_of};
#[cfg(feature = "ssr")]
pub(crate) use server::{confirmed, is_gone, next_or};

#[cfg(feature = "ssr")]
mod server {
    use roadstead::manage::image::ImageUpdate;
    use roadstead::{Error, ErrorKind, ImageName, Subject};

    use crate::error::ConsoleError;
    use crate::port::ConsolePort;

    /// Most images of one batch (`console.md` A.4.1).
    pub(super) const BATCH_LIMIT: usize = 50;

    /// What was typed must be the name, spaces around it aside.
    pub(crate) fn confirmed(
        port: &ConsolePort,
        name: &str,
        typed: &str,
    ) -> Result<(), ConsoleError> {
        if typed.trim() == name {
            return Ok(());
        }
        let error = Error::invalid(Subject::Request, "what was typed does not match the name")
            .with_detail(serde_json::json!({ "reason": "confirm" }));
        Err(port.error(error))
    }

    /// It was deleted meanwhile.
    pub(crate) fn is_gone(error: &Error) -> bool {
        matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Hidden)
    }

    /// Where a form asked to go next, if that is a path of ours; else `otherwise`.
    pub(crate) fn next_or(next: Option<String>, otherwise: Option<&str>) -> Option<String> {
        match next.filter(|next| !next.is_empty()) {
            Some(next) => Some(crate::link::safe_next(Some(&next))),
            None => otherwise.map(str::to_owned),
        }
    }

    pub(super) fn batch(
        port: &ConsolePort,
        names: &[String],
    ) -> Result<Vec<ImageName>, ConsoleError> {
        if names.len() > BATCH_LIMIT {
            let error =
                Error::new(ErrorKind::TooLarge, Subject::Request, "at most 50 images at a time");
            return Err(port.error(error));
        }
        names.iter().map(|name| name.parse().map_err(|error| port.error(error))).collect()
    }

    pub(super) fn update_of(
        is_public: Option<bool>,
        category: Option<&str>,
        description: Option<String>,
    ) -> roadstead::Result<ImageUpdate> {
        let category = category.filter(|word| !word.is_empty()).map(str::parse).transpose()?;
        // Browsers send line ends as CRLF; what is stored has one way.
        let description = description.map(|text| text.replace("\r\n", "\n"));
        Ok(ImageUpdate { is_public, category, description })
    }
}
