//! Images: list, look at, create empty, edit, delete.
//!
//! # Invariants
//! - Lists are filtered by the caller's visibility in the query, never after it.
//! - A deletion is a tombstone in one transaction with its audit event; bytes are collected later.

mod listing;

use std::collections::HashMap;
use std::sync::Arc;

use roadstead::access::{
    Action, Actor, Allowed, Circumstances, Grants, Permission, Reason, RepositoryTarget, permits,
};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::RepositoryId;
use roadstead::manage::image::{
    Category, Image, ImageDeletion, ImageQuery, ImageRights, ImageSort, ImageUpdate,
};
use roadstead::page::Page;
use roadstead::{Error, ErrorKind, ImageName, OrganizationName, Result, TagName};
use roadstead_store::repository::{
    Attributes, Created, Filter, NewRepository, RepositoryExtra, RepositoryRecord, Sort,
};
use roadstead_store::{Durability, Place, Store, organization, repository};

use crate::access::{Access, NewImage, OwnAccount, strongest};
use crate::audit::{self, Event, Origin, Trail};
use crate::context::Context;
use crate::error::{Failed, stored};
use crate::port::Ports;
use crate::setting::SettingsCell;

pub(crate) use listing::by_id;
pub use listing::{ImageEntry, ImageFacts, ImagesAfter, Listing};

/// Longest description, in characters.
const DESCRIPTION_LIMIT: usize = 30_000;

/// Images.
#[derive(Debug, Clone)]
pub struct Images {
    store: Store,
    access: Access,
    settings: SettingsCell,
    ports: Ports,
    trail: Trail,
}

impl Images {
    pub(crate) const fn new(
        store: Store,
        access: Access,
        settings: SettingsCell,
        ports: Ports,
        trail: Trail,
    ) -> Self {
        Self { store, access, settings, ports, trail }
    }

    /// Images of the caller's account that they see. In `query.search`, the name of an organization before a `/`
    /// narrows to that organization.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; those of the store.
    #[tracing::instrument(name = "service.image.list", skip_all)]
    pub async fn list(&self, ctx: &Context, query: ImageQuery) -> Result<Page<Image>> {
        self.access.authorize(ctx, Action::ListImages, OwnAccount).await?;
        self.trail.looked(|| Origin::of(ctx, &self.ports).event(TraceName::ListImageRepositories));
        let visibility = self.access.visibility(ctx).await?;
        let user = ctx.user()?.user;
        let (prefix, whole, rest) = split_search(query.search.as_deref());
        let filter = Filter {
            visibility,
            organizations: query.organizations,
            organization_part: None,
            search: whole,
            category: query.category.map(|category| category.as_str().to_owned()),
            is_public: query.is_public,
            is_shared: query.is_shared,
        };
        let (sort, order, window) = (sort_of(query.sort), query.order, query.window);
        let (page, extras) = self
            .store
            .read("image.list", move |tx| {
                let mut filter = filter.clone();
                let (prefix, rest) = (prefix.clone(), rest.clone());
                Box::pin(async move {
                    if let Some(name) = prefix
                        && organization::entry(tx, &filter.visibility, &name).await?.is_some()
                    {
                        filter.organizations = vec![name];
                        filter.search = rest;
                    }
                    let page = repository::list(tx, &filter, sort, order, window).await?;
                    let extras = repository::extras(tx, Some(user), &page.items).await?;
                    Ok((page, extras))
                })
            })
            .await
            .map_err(stored)?;
        let own = self.access.own_grants(&ctx.actor).await?;
        let mut extras: HashMap<RepositoryId, RepositoryExtra> =
            extras.into_iter().map(|extra| (extra.id, extra)).collect();
        Ok(page.map(|record| {
            let extra = extras.remove(&record.id);
            let (rights, shares) =
                rights(&ctx.actor, &own, &record, extra.as_ref(), &ctx.circumstances());
            shown(record, extra.and_then(|extra| extra.newest_tag), rights, shares)
        }))
    }

    /// One image.
    ///
    /// # Errors
    /// `Hidden` when the caller does not see it, whether it exists or not.
    #[tracing::instrument(name = "service.image.get", skip_all, fields(image = %name))]
    pub async fn get(&self, ctx: &Context, name: &ImageName) -> Result<Image> {
        let allowed = self.access.authorize(ctx, Action::ReadImage, name).await?;
        self.trail.looked(|| self.changed(ctx, &allowed, TraceName::ShowImageRepository));
        self.read(ctx, &allowed).await
    }

    async fn read(&self, ctx: &Context, allowed: &Allowed<RepositoryTarget>) -> Result<Image> {
        let place = Place::of(allowed);
        let user = ctx.actor.user().map(|user| user.user);
        let (record, extra) = self
            .store
            .read("image.get", move |tx| {
                Box::pin(async move {
                    let Some(record) = repository::find(tx, &place).await? else {
                        return Ok(None);
                    };
                    let mut extras =
                        repository::extras(tx, user, std::slice::from_ref(&record)).await?;
                    Ok(Some((record, extras.pop())))
                })
            })
            .await
            .map_err(stored)?
            .ok_or_else(|| Error::hidden(Subject::Repository))?;
        let target = allowed.target();
        let rights = self.access.rights(ctx, target).await?;
        let sees_shares = self.access.may(ctx, Action::ListShares, &target.name).await?;
        let shares = if sees_shares { record.share_count } else { 0 };
        Ok(shown(record, extra.and_then(|extra| extra.newest_tag), rights, shares))
    }

    /// Creates an empty image.
    ///
    /// # Errors
    /// `Hidden` or `Denied` without the right on the organization; `AlreadyExists`; `TooLarge` for the description.
    #[tracing::instrument(name = "service.image.create", skip_all, fields(image = %name))]
    pub async fn create(
        &self,
        ctx: &Context,
        name: &ImageName,
        update: ImageUpdate,
    ) -> Result<Image> {
        let allowed = self.access.authorize(ctx, Action::CreateImage, NewImage(name)).await?;
        check_description(update.description.as_deref())?;
        let public_by_setting = self.settings.current().new_images_public.value;
        let creator = ctx.actor.user().map(|user| (user.user, user.user_name.to_string()));
        let event = Origin::of(ctx, &self.ports)
            .event(TraceName::CreateImageRepository)
            .in_account(allowed.target().account)
            .named(name);
        let (wanted, now) = (Arc::new((allowed, update)), ctx.now());
        let made = self
            .store
            .run("image.create", Durability::Durable, move |tx| {
                let (wanted, creator, event) =
                    (Arc::clone(&wanted), creator.clone(), event.clone());
                Box::pin(async move {
                    let (allowed, update) = &*wanted;
                    let Some(parent) = organization::find(tx, allowed.key()).await? else {
                        return Ok(None);
                    };
                    let new = NewRepository {
                        is_public: update
                            .is_public
                            .unwrap_or(parent.default_public || public_by_setting),
                        category: update.category.unwrap_or_default().as_str().to_owned(),
                        description: update.description.clone().unwrap_or_default(),
                        creator,
                        created_at: now,
                        organization: allowed.clone(),
                    };
                    let made = repository::create(tx, &new).await?;
                    if let Some(Created { record, is_new: true, .. }) = &made {
                        let event =
                            event.id(record.id).in_repository(record.organization_id, record.id);
                        audit::append(tx, event).await?;
                    }
                    Ok::<_, Failed>(made)
                })
            })
            .await?;
        match made {
            Some(Created { record, is_new: true, .. }) => {
                let rights = self.access.rights(ctx, &target_of(&record)).await?;
                Ok(shown(record, None, rights, 0))
            }
            Some(_) => Err(Error::new(
                ErrorKind::AlreadyExists,
                Subject::Repository,
                "an image of this name is in the organization already; choose another name",
            )),
            None => Err(Error::hidden(Subject::Organization)),
        }
    }

    /// Changes what is given of type, category and description.
    ///
    /// # Errors
    /// `Hidden` or `Denied`; `TooLarge` for the description.
    #[tracing::instrument(name = "service.image.update", skip_all, fields(image = %name))]
    pub async fn update(
        &self,
        ctx: &Context,
        name: &ImageName,
        update: ImageUpdate,
    ) -> Result<Image> {
        let allowed = self.access.authorize(ctx, Action::UpdateImage, name).await?;
        check_description(update.description.as_deref())?;
        let event = self.changed(ctx, &allowed, TraceName::UpdateImageRepository).detail(
            serde_json::json!({
                "is_public": update.is_public,
                "category": update.category,
                "description": update.description.is_some(),
            }),
        );
        let attributes = Arc::new(Attributes {
            is_public: update.is_public,
            category: update.category.map(|category| category.as_str().to_owned()),
            description: update.description,
        });
        let (place, now) = (Place::of(&allowed), ctx.now());
        self.store
            .run("image.update", Durability::Durable, move |tx| {
                let (attributes, event) = (Arc::clone(&attributes), event.clone());
                Box::pin(async move {
                    let updated = repository::update(tx, &place, &attributes, None, now).await?;
                    if updated.is_some() {
                        audit::append(tx, event).await?;
                    }
                    Ok::<_, Failed>(updated)
                })
            })
            .await?
            .ok_or_else(|| Error::hidden(Subject::Repository))?;
        self.read(ctx, &allowed).await
    }

    /// What deleting the image would remove: its tags, about how many bytes, and how much it is used.
    ///
    /// # Errors
    /// `Hidden` or `Denied`.
    #[tracing::instrument(name = "service.image.deletion", skip_all, fields(image = %name))]
    pub async fn deletion(&self, ctx: &Context, name: &ImageName) -> Result<ImageDeletion> {
        let allowed = self.access.authorize(ctx, Action::DeleteImage, name).await?;
        let (place, since) = (Place::of(&allowed), ctx.now().day() - 6);
        self.store
            .read("image.deletion", move |tx| {
                Box::pin(async move {
                    let Some(record) = repository::find(tx, &place).await? else {
                        return Ok(None);
                    };
                    let (freed, recent_pulls) = repository::at_stake(tx, &place, since).await?;
                    Ok(Some(ImageDeletion {
                        tags: record.tag_count,
                        freed,
                        recent_pulls,
                        shares: record.share_count,
                    }))
                })
            })
            .await
            .map_err(stored)?
            .ok_or_else(|| Error::hidden(Subject::Repository))
    }

    /// Deletes the image with its tags, grants and shares. It disappears at once; bytes are collected later.
    ///
    /// # Errors
    /// `Hidden` or `Denied`.
    #[tracing::instrument(name = "service.image.delete", skip_all, fields(image = %name))]
    pub async fn delete(&self, ctx: &Context, name: &ImageName) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::DeleteImage, name).await?;
        let event = self.changed(ctx, &allowed, TraceName::DeleteImageRepository);
        let (place, now) = (Place::of(&allowed), ctx.now());
        let by = ctx.actor.user().map(|user| user.user);
        let deleted = self
            .store
            .run("image.delete", Durability::Durable, move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    let deleted = repository::delete(tx, &place, by, None, now).await?;
                    if deleted {
                        audit::append(tx, event).await?;
                    }
                    Ok::<_, Failed>(deleted)
                })
            })
            .await?;
        if deleted { Ok(()) } else { Err(Error::hidden(Subject::Repository)) }
    }

    fn changed(
        &self,
        ctx: &Context,
        allowed: &Allowed<RepositoryTarget>,
        name: TraceName,
    ) -> Event {
        let target = allowed.target();
        Origin::of(ctx, &self.ports)
            .event(name)
            .in_account(target.account)
            .named(&target.name)
            .id(target.id)
            .in_repository(target.organization, target.id)
    }
}

/// What is searched: an organization before a `/` if one of that name is visible, the text as a whole otherwise, and
/// what follows the organization.
fn split_search(
    search: Option<&str>,
) -> (Option<OrganizationName>, Option<String>, Option<String>) {
    let said = |text: &str| Some(text.trim().to_lowercase()).filter(|text| !text.is_empty());
    let whole = search.and_then(said);
    let Some((before, after)) = whole.as_deref().and_then(|text| text.split_once('/')) else {
        return (None, whole, None);
    };
    (before.parse().ok(), whole.clone(), said(after))
}

const fn sort_of(sort: ImageSort) -> Sort {
    match sort {
        ImageSort::UpdatedTime => Sort::Updated,
        ImageSort::Name => Sort::Name,
        ImageSort::Namespace => Sort::Path,
        ImageSort::IsPublic => Sort::Public,
        ImageSort::TagCount => Sort::Tags,
        ImageSort::Size => Sort::Size,
        ImageSort::Pulls => Sort::Pulls,
    }
}

fn check_description(description: Option<&str>) -> Result<()> {
    if description.is_some_and(|text| text.chars().count() > DESCRIPTION_LIMIT) {
        return Err(Error::new(
            ErrorKind::TooLarge,
            Subject::Description,
            "the description is too long: at most 30,000 characters",
        ));
    }
    Ok(())
}

fn target_of(record: &RepositoryRecord) -> RepositoryTarget {
    RepositoryTarget {
        id: record.id,
        organization: record.organization_id,
        account: record.account_id,
        name: record.path.clone(),
        is_public: record.is_public,
    }
}

/// The strongest right on an image of a list, where it comes from, and with how many accounts it is shared as far as that
/// is the caller's to see. What is listed can be read.
fn rights(
    actor: &Actor,
    own: &Grants,
    record: &RepositoryRecord,
    extra: Option<&RepositoryExtra>,
    at: &Circumstances<'_>,
) -> (ImageRights, u64) {
    let grants = Grants {
        organization: extra.and_then(|extra| extra.organization_permission),
        image: extra.and_then(|extra| extra.image_permission),
        ..own.clone()
    };
    let target = target_of(record);
    let shares =
        permits(actor, Action::ListShares, &target, &grants, at).map_or(0, |_| record.share_count);
    let rights = strongest::on_image(actor, &target, &grants, at)
        .unwrap_or(ImageRights { permission: Permission::Read, reason: Reason::Grant });
    (rights, shares)
}

fn shown(
    record: RepositoryRecord,
    newest_tag: Option<TagName>,
    rights: ImageRights,
    shares: u64,
) -> Image {
    Image {
        id: record.id,
        name: record.path,
        is_public: record.is_public,
        category: record.category.parse().unwrap_or(Category::Other),
        description: record.description,
        tags: record.tag_count,
        size: record.size,
        pulls: record.pull_count,
        shares,
        newest_tag,
        created_by: record.creator_name,
        created_at: record.created_at,
        updated_at: record.updated_at,
        rights,
    }
}

#[cfg(test)]
mod tests;
