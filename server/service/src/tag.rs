//! Tags and manifests as people see them: lists with their platforms, one manifest in full, deletion of tags.
//!
//! # Invariants
//! - A page of tags is one read of the store, however long it is.
//! - Configurations are read with a limit; what is larger, or is no image configuration, is simply not shown.
//! - Deleting a tag leaves its manifest and every other tag on it alone.

mod copy;
mod detail;
mod entry;
mod summary;

use std::collections::HashMap;
use std::sync::Arc;

use roadstead::access::{Action, Actor};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::ManifestId;
use roadstead::manage::tag::{
    ManifestDetail, Tag, TagDeletion, TagDeletionResult, TagDeletionRow, TagQuery, TagSort,
};
use roadstead::page::{Cursor, Page, Window};
use roadstead::{Digest, Error, ErrorKind, ImageName, Reference, Result, TagName};
use roadstead_object::Objects;
use roadstead_store::manifest::ChildRecord;
use roadstead_store::{Durability, Place, Store, StoreError, Tx, manifest, referrer, tag};

use crate::access::Access;
use crate::audit::{self, Origin, Trail};
use crate::context::Context;
use crate::error::{Failed, stored};
use crate::manifest::check_stays;
use crate::port::Ports;
pub use entry::{TagFacts, TagListing, TagsAfter};
use summary::{Facts, attestations, children_of, summary};

/// Most tags of one deletion.
const DELETION_LIMIT: usize = 1_000;

/// Tags.
#[derive(Debug, Clone)]
pub struct Tags {
    store: Store,
    objects: Objects,
    access: Access,
    ports: Ports,
    trail: Trail,
}

/// Part of the registry's list of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagNames {
    /// Names in byte order.
    pub names: Vec<TagName>,
    /// Whether more follow.
    pub has_more: bool,
}

/// A page of the store with what belongs to its rows.
struct Rows<T> {
    page: Page<T>,
    children: Vec<ChildRecord>,
    siblings: Vec<(ManifestId, TagName)>,
    referrers: Vec<(Digest, Option<String>, u64)>,
    newest: Option<TagName>,
}

impl Tags {
    pub(crate) const fn new(
        store: Store,
        objects: Objects,
        access: Access,
        ports: Ports,
        trail: Trail,
    ) -> Self {
        Self { store, objects, access, ports, trail }
    }

    /// Tags of an image, or its manifests without one.
    ///
    /// # Errors
    /// `Hidden` when the caller does not see the image, whether it exists or not.
    #[tracing::instrument(name = "service.tag.list", skip_all, fields(image = %name))]
    pub async fn list(
        &self,
        ctx: &Context,
        name: &ImageName,
        query: TagQuery,
    ) -> Result<Page<Tag>> {
        let allowed = self.access.authorize(ctx, Action::ReadImage, name).await?;
        let place = Place::of(&allowed);
        self.trail.looked(|| {
            Origin::of(ctx, &self.ports)
                .event(TraceName::ListImageTags)
                .in_account(place.account())
                .at(&place)
                .named(name)
        });
        if query.untagged {
            return self.untagged(place, query.window).await;
        }
        let filter = Arc::new(filter_of(&query));
        let sort = match query.sort {
            TagSort::UpdatedAt => tag::Sort::Pushed,
            TagSort::Tag => tag::Sort::Name,
            TagSort::Size => tag::Sort::Size,
        };
        let (order, window) = (query.order, query.window);
        let rows = self
            .store
            .read("tag.list", move |tx| {
                let filter = Arc::clone(&filter);
                Box::pin(async move {
                    let page = tag::list_page(tx, &place, &filter, sort, order, window).await?;
                    let ids = page.items.iter().map(|it| it.manifest_id).collect();
                    let digests = page.items.iter().map(|it| it.digest.clone()).collect();
                    around(tx, &place, page, ids, digests).await
                })
            })
            .await
            .map_err(stored)?;
        let Rows { page, children, siblings, referrers, newest } = rows;
        Ok(page.map(|entry| {
            let inside = children_of(&children, entry.manifest_id);
            let facts = Facts::from(&entry);
            Tag {
                id: Some(entry.id),
                manifest: summary(facts, &inside),
                siblings: siblings
                    .iter()
                    .filter(|(id, name)| *id == entry.manifest_id && *name != entry.name)
                    .map(|(_, name)| name.clone())
                    .collect(),
                is_newest: newest.as_ref() == Some(&entry.name),
                pushed_at: entry.pushed_at,
                pushed_by: entry.pusher_name,
                pulled_at: entry.last_pulled_at,
                attachments: attached(&referrers, &entry.digest)
                    + attestations(&children, entry.manifest_id),
                name: Some(entry.name),
                children: inside,
            }
        }))
    }

    async fn untagged(&self, place: Place, window: Window) -> Result<Page<Tag>> {
        let rows = self
            .store
            .read("tag.list_untagged", move |tx| {
                Box::pin(async move {
                    let page = Page {
                        items: manifest::untagged(tx, &place, window).await?,
                        total: manifest::count_untagged(tx, &place).await?,
                        window,
                    };
                    let ids = page.items.iter().map(|it| it.id).collect();
                    let digests = page.items.iter().map(|it| it.digest.clone()).collect();
                    around(tx, &place, page, ids, digests).await
                })
            })
            .await
            .map_err(stored)?;
        let Rows { page, children, referrers, .. } = rows;
        Ok(page.map(|record| {
            let inside = children_of(&children, record.id);
            Tag {
                id: None,
                name: None,
                manifest: summary(Facts::from(&record), &inside),
                siblings: Vec::new(),
                is_newest: false,
                pushed_at: record.pushed_at,
                pushed_by: record.pusher_name,
                pulled_at: record.last_pulled_at,
                attachments: attached(&referrers, &record.digest)
                    + attestations(&children, record.id),
                children: inside,
            }
        }))
    }

    /// Platforms of the image's manifests, `os/architecture[/variant]`.
    ///
    /// # Errors
    /// `Hidden` when the caller does not see the image.
    #[tracing::instrument(name = "service.tag.platforms", skip_all, fields(image = %name))]
    pub async fn platforms(&self, ctx: &Context, name: &ImageName) -> Result<Vec<String>> {
        let allowed = self.access.authorize(ctx, Action::ReadImage, name).await?;
        let place = Place::of(&allowed);
        let found = self
            .store
            .peek("tag.platforms", move |tx| {
                Box::pin(async move { manifest::platforms(tx, &place).await })
            })
            .await
            .map_err(stored)?;
        let mut platforms: Vec<String> = found
            .into_iter()
            .map(|(os, architecture, variant)| roadstead::oci::Platform {
                architecture,
                os,
                variant,
                os_version: None,
            })
            .filter(roadstead::oci::Platform::is_known)
            .map(|platform| platform.to_string())
            .collect();
        platforms.dedup();
        Ok(platforms)
    }

    /// One manifest in full, by tag or digest.
    ///
    /// # Errors
    /// `Hidden` when the caller does not see the image; `NotFound` when it has no such tag or manifest.
    #[tracing::instrument(name = "service.tag.detail", skip_all, fields(image = %name, %reference))]
    pub async fn detail(
        &self,
        ctx: &Context,
        name: &ImageName,
        reference: &Reference,
    ) -> Result<ManifestDetail> {
        let allowed = self.access.authorize(ctx, Action::ReadImage, name).await?;
        detail::read(&self.store, &self.objects, Place::of(&allowed), reference).await
    }

    /// Names of tags in byte order after `cursor.last`, hidden ones included: the registry's list.
    ///
    /// # Errors
    /// `Hidden`, or `Unauthenticated` for anonymous callers.
    #[tracing::instrument(name = "service.tag.list_names", skip_all, fields(image = %name))]
    pub async fn list_names(
        &self,
        ctx: &Context,
        name: &ImageName,
        cursor: Cursor,
    ) -> Result<TagNames> {
        let allowed = self.access.authorize(ctx, Action::PullImage, name).await?;
        let place = Place::of(&allowed);
        let wanted = usize::try_from(cursor.limit).unwrap_or(usize::MAX);
        let cursor = Arc::new(Cursor { limit: cursor.limit.saturating_add(1), ..cursor });
        let mut names = self
            .store
            .peek("tag.list_names", move |tx| {
                let cursor = Arc::clone(&cursor);
                Box::pin(async move { tag::list(tx, &place, &cursor).await })
            })
            .await
            .map_err(stored)?;
        let has_more = names.len() > wanted;
        names.truncate(wanted);
        Ok(TagNames { names, has_more })
    }

    /// What deleting tags would do; tags that do not exist are left out.
    ///
    /// # Errors
    /// `Hidden` or `Denied`; `TooLarge` for more than 1,000 tags.
    #[tracing::instrument(name = "service.tag.deletion", skip_all, fields(image = %name))]
    pub async fn deletion(
        &self,
        ctx: &Context,
        name: &ImageName,
        tags: &[TagName],
    ) -> Result<TagDeletion> {
        let allowed = self.access.authorize(ctx, Action::DeleteTag, name).await?;
        check_count(tags.len())?;
        let place = Place::of(&allowed);
        let asked: Arc<[TagName]> = tags.into();
        let (found, siblings) = self
            .store
            .read("tag.deletion", {
                let asked = Arc::clone(&asked);
                move |tx| {
                    let asked = Arc::clone(&asked);
                    Box::pin(async move {
                        let mut found = Vec::new();
                        for name in asked.iter() {
                            found.extend(tag::find(tx, &place, name).await?);
                        }
                        let ids: Vec<ManifestId> = found.iter().map(|it| it.manifest_id).collect();
                        let siblings = tag::siblings(tx, &place, &ids).await?;
                        Ok((found, siblings))
                    })
                }
            })
            .await
            .map_err(stored)?;
        let mut staying: HashMap<ManifestId, Vec<TagName>> = HashMap::new();
        for (id, name) in siblings {
            if !asked.contains(&name) {
                staying.entry(id).or_default().push(name);
            }
        }
        let tags = found
            .into_iter()
            .map(|record| TagDeletionRow {
                staying: staying.get(&record.manifest_id).cloned().unwrap_or_default(),
                name: record.name,
                digest: record.digest,
            })
            .collect();
        Ok(TagDeletion { tags })
    }

    /// Deletes tags: all of them in one transaction. One that is gone already is reported, not refused.
    ///
    /// # Errors
    /// `Hidden` or `Denied`, the latter also about a tag that the organization keeps where it is; `TooLarge` for more than 1,000 tags.
    #[tracing::instrument(name = "service.tag.delete_many", skip_all, fields(image = %name))]
    pub async fn delete_many(
        &self,
        ctx: &Context,
        name: &ImageName,
        tags: Vec<TagName>,
    ) -> Result<Vec<TagDeletionResult>> {
        let allowed = self.access.authorize(ctx, Action::DeleteTag, name).await?;
        check_count(tags.len())?;
        let target = allowed.target();
        let place = Place::of(&allowed);
        let event = Origin::of(ctx, &self.ports)
            .event(TraceName::DeleteImageTag)
            .in_account(target.account)
            .id(target.id)
            .at(&place);
        let (image, now, by) = (name.to_string(), ctx.now(), deleter(ctx));
        let tags: Arc<[TagName]> = tags.into();
        self.store
            .run("tag.delete_many", Durability::Durable, move |tx| {
                let (tags, event, by) = (Arc::clone(&tags), event.clone(), by.clone());
                let image = image.clone();
                Box::pin(async move {
                    check_stays(tx, &place, tags.iter(), ErrorKind::Denied).await?;
                    let mut results = Vec::with_capacity(tags.len());
                    for (index, name) in tags.iter().enumerate() {
                        let deleted = tag::delete(tx, &place, name, None, &by, None, now).await?;
                        if deleted.is_some() {
                            let event = event.clone().nth(index).named(format!("{image}:{name}"));
                            audit::append(tx, event).await?;
                        }
                        results.push(TagDeletionResult {
                            name: name.clone(),
                            deleted: deleted.is_some(),
                        });
                    }
                    Ok::<_, Failed>(results)
                })
            })
            .await
            .map_err(Error::from)
    }
}

/// What belongs to a page of manifests, in as few statements as there are kinds of it.
async fn around<T>(
    tx: &mut Tx<'_>,
    place: &Place,
    page: Page<T>,
    manifests: Vec<ManifestId>,
    digests: Vec<Digest>,
) -> Result<Rows<T>, StoreError> {
    Ok(Rows {
        children: manifest::children(tx, place, &manifests).await?,
        siblings: tag::siblings(tx, place, &manifests).await?,
        referrers: referrer::counts(tx, place, &digests).await?,
        newest: tag::newest(tx, place).await?,
        page,
    })
}

fn attached(referrers: &[(Digest, Option<String>, u64)], digest: &Digest) -> u64 {
    referrers.iter().filter(|(subject, _, _)| subject == digest).map(|(_, _, count)| count).sum()
}

fn filter_of(query: &TagQuery) -> tag::Filter {
    let search = query
        .search
        .as_deref()
        .map(|text| text.trim().to_lowercase())
        .filter(|text| !text.is_empty());
    let mut parts = query.platform.as_deref().unwrap_or_default().split('/');
    let mut part = || parts.next().filter(|text| !text.is_empty()).map(str::to_owned);
    let platform = part().zip(part());
    tag::Filter { search, platform, variant: part() }
}

fn missing_tag() -> Error {
    Error::not_found(Subject::Tag, "the image has no tag of this name")
}

fn check_count(count: usize) -> Result<()> {
    if count > DELETION_LIMIT {
        return Err(Error::new(
            ErrorKind::TooLarge,
            Subject::Tag,
            "too many tags at a time: at most 1,000",
        ));
    }
    Ok(())
}

/// Who deletes, as the history of the tag keeps it.
fn deleter(ctx: &Context) -> tag::Actor {
    match &ctx.actor {
        Actor::User(user) => tag::Actor { id: Some(user.user), name: user.user_name.to_string() },
        Actor::System(job) => tag::Actor { id: None, name: job.0.to_owned() },
        Actor::Anonymous => tag::Actor::default(),
    }
}

#[cfg(test)]
mod tests;
