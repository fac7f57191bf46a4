//! Tags as the management API lists them: each with its manifest, by page or by marker.

use std::collections::HashMap;
use std::sync::Arc;

use roadstead::access::{Action, Allowed, RepositoryTarget};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::{ManifestId, PublicId, RepositoryId, TagId};
use roadstead::manage::tag::{COUNTED_TAGS, TagSort};
use roadstead::page::{Order, Page, Window};
use roadstead::{Digest, Error, ImageName, Result, TagName, Timestamp};
use roadstead_store::tag::{After, TagEntry};
use roadstead_store::{Place, StoreError, Tx, manifest, repository, tag};

use super::summary::children_of;
use super::{Tags, missing_tag};
use crate::audit::Origin;
use crate::context::Context;
use crate::error::stored;

/// Most bytes of the manifests of one answer; those that come after are left out.
const MANIFESTS: u64 = 16 << 20;

/// Which tags to list.
#[derive(Debug, Clone)]
pub struct TagListing {
    /// Only with this in the name, in any case.
    pub part: Option<String>,
    /// Sorted by: the time of the push, or the name.
    pub sort: TagSort,
    /// Direction.
    pub order: Order,
    /// Whether the manifests come too.
    pub with_manifest: bool,
}

/// A tag with what it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFacts {
    /// Key; SWR's integer id.
    pub id: TagId,
    /// Key of the image.
    pub repository: RepositoryId,
    /// Its name.
    pub name: TagName,
    /// What it points to.
    pub digest: Digest,
    /// Digest of the configuration; `None` for an index.
    pub config: Option<Digest>,
    /// The manifest's text; empty where it was not asked for, or would make the answer too long.
    pub manifest: String,
    /// Whether it points to an index.
    pub is_index: bool,
    /// Configuration and layers together, in bytes; for an index the largest child.
    pub size: u64,
    /// First push.
    pub created_at: Timestamp,
    /// Last push.
    pub pushed_at: Timestamp,
    /// Id of the account that owns the image.
    pub owner: PublicId,
}

/// Part of a list that is gone through by marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagsAfter {
    /// The tags.
    pub items: Vec<TagFacts>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<String>,
}

/// Entries, and what belongs to them.
struct Found {
    entries: Vec<TagEntry>,
    owner: Option<PublicId>,
    manifests: HashMap<ManifestId, String>,
    sizes: HashMap<ManifestId, u64>,
}

impl Tags {
    /// Visible tags of an image. The total is exact, or larger than what was listed while more follow.
    ///
    /// # Errors
    /// `Hidden` when the caller does not see the image, whether it exists or not.
    #[tracing::instrument(name = "service.tag.entries", skip_all, fields(image = %name))]
    pub async fn entries(
        &self,
        ctx: &Context,
        name: &ImageName,
        listing: TagListing,
        window: Window,
    ) -> Result<Page<TagFacts>> {
        let allowed = self.listed(ctx, name).await?;
        let place = Place::of(&allowed);
        let filter = Arc::new(filter(listing.part));
        let sort = match listing.sort {
            TagSort::Tag => tag::Sort::Name,
            TagSort::UpdatedAt => tag::Sort::Pushed,
            TagSort::Size => tag::Sort::Size,
        };
        let (found, total) = self
            .store
            .read("tag.entries", move |tx| {
                let filter = Arc::clone(&filter);
                Box::pin(async move {
                    let page =
                        tag::list_page(tx, &place, &filter, sort, listing.order, window).await?;
                    let total = total_of(&page);
                    let found = around(tx, &place, page.items, listing.with_manifest).await?;
                    Ok::<_, StoreError>((found, total))
                })
            })
            .await
            .map_err(stored)?;
        Ok(Page { items: found.facts(&place)?, total, window })
    }

    /// The same after a marker that an earlier part gave.
    ///
    /// # Errors
    /// As [`Tags::entries`]; Invalid about the page for a marker that none gave.
    #[tracing::instrument(name = "service.tag.entries_after", skip_all, fields(image = %name))]
    pub async fn entries_after(
        &self,
        ctx: &Context,
        name: &ImageName,
        listing: TagListing,
        marker: Option<&str>,
        limit: u64,
    ) -> Result<TagsAfter> {
        let allowed = self.listed(ctx, name).await?;
        let by_name = listing.sort == TagSort::Tag;
        let after = marker.map(|text| read_marker(text, by_name)).transpose()?;
        let place = Place::of(&allowed);
        let asked = Arc::new((filter(listing.part), after));
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let (found, next) = self
            .store
            .read("tag.entries_after", move |tx| {
                let asked = Arc::clone(&asked);
                Box::pin(async move {
                    let (filter, after) = &*asked;
                    let sort = (by_name, listing.order);
                    let more = limit.saturating_add(1);
                    let mut entries =
                        tag::list_after(tx, &place, filter, sort, after.as_ref(), more).await?;
                    let has_more = entries.len() > wanted;
                    entries.truncate(wanted);
                    let last = entries.last().filter(|_| has_more);
                    let next = last.map(|last| write_marker(last, by_name));
                    let found = around(tx, &place, entries, listing.with_manifest).await?;
                    Ok::<_, StoreError>((found, next))
                })
            })
            .await
            .map_err(stored)?;
        Ok(TagsAfter { items: found.facts(&place)?, next })
    }

    /// One tag with its manifest; hidden ones too.
    ///
    /// # Errors
    /// As [`Tags::entries`]; `NotFound` when the image has no such tag.
    #[tracing::instrument(name = "service.tag.entry", skip_all, fields(image = %name))]
    pub async fn entry(&self, ctx: &Context, name: &ImageName, tag: &TagName) -> Result<TagFacts> {
        let allowed = self.listed(ctx, name).await?;
        let place = Place::of(&allowed);
        let wanted = tag.clone();
        let found = self
            .store
            .read("tag.entry", move |tx| {
                let wanted = wanted.clone();
                Box::pin(async move {
                    let entry = tag::entry(tx, &place, &wanted).await?;
                    around(tx, &place, entry.into_iter().collect(), true).await
                })
            })
            .await
            .map_err(stored)?;
        found.facts(&place)?.pop().ok_or_else(missing_tag)
    }

    async fn listed(&self, ctx: &Context, name: &ImageName) -> Result<Allowed<RepositoryTarget>> {
        let allowed = self.access.authorize(ctx, Action::ReadImage, name).await?;
        let place = Place::of(&allowed);
        self.trail.looked(|| {
            Origin::of(ctx, &self.ports)
                .event(TraceName::ListImageTags)
                .in_account(place.account())
                .at(&place)
                .named(name)
        });
        Ok(allowed)
    }
}

fn filter(part: Option<String>) -> tag::Filter {
    // A colon is in no tag's name; in the console it begins a digest.
    let search = part.map(|text| text.to_lowercase().replace(':', "\u{ff1a}"));
    tag::Filter { search: search.filter(|text| !text.is_empty()), platform: None, variant: None }
}

/// How many there are. What is searched is counted up to [`COUNTED_TAGS`] only: then there is one more than listed so far,
/// until a page is not full. So whoever pages until the total sees everything, and ends.
fn total_of(page: &Page<TagEntry>) -> u64 {
    let count = page.items.len() as u64;
    let seen = page.window.offset.saturating_add(count);
    if page.total < COUNTED_TAGS {
        page.total
    } else if count < page.window.limit && count > 0 {
        seen
    } else if count == 0 {
        page.total.min(page.window.offset)
    } else {
        page.total.max(seen + 1)
    }
}

async fn around(
    tx: &mut Tx<'_>,
    place: &Place,
    entries: Vec<TagEntry>,
    with_manifest: bool,
) -> Result<Found, StoreError> {
    let mut left = if with_manifest { MANIFESTS } else { 0 };
    let mut wanted = Vec::new();
    for entry in &entries {
        let Some(rest) = left.checked_sub(entry.size) else { break };
        left = rest;
        wanted.push(entry.manifest_id);
    }
    wanted.sort_unstable();
    wanted.dedup();
    let bodies =
        if with_manifest { manifest::bodies(tx, place, &wanted).await? } else { Vec::new() };
    let text = |body: Vec<u8>| String::from_utf8_lossy(&body).into_owned();
    let indexes: Vec<ManifestId> =
        entries.iter().filter(|entry| entry.is_index).map(|entry| entry.manifest_id).collect();
    let children = manifest::children(tx, place, &indexes).await?;
    let largest = |index: &ManifestId| {
        children_of(&children, *index).iter().map(|child| child.size).max().unwrap_or(0)
    };
    Ok(Found {
        owner: repository::belonging(tx, place).await?.map(|whose| whose.owner),
        manifests: bodies.into_iter().map(|body| (body.id, text(body.body))).collect(),
        sizes: indexes.iter().map(|index| (*index, largest(index))).collect(),
        entries,
    })
}

impl Found {
    fn facts(self, place: &Place) -> Result<Vec<TagFacts>> {
        let Self { entries, owner, manifests, sizes } = self;
        let owner = owner.ok_or_else(|| Error::hidden(Subject::Repository))?;
        Ok(entries
            .into_iter()
            .map(|entry| TagFacts {
                id: entry.id,
                repository: place.repository(),
                manifest: manifests.get(&entry.manifest_id).cloned().unwrap_or_default(),
                size: sizes.get(&entry.manifest_id).copied().unwrap_or(entry.total_size),
                name: entry.name,
                digest: entry.digest,
                config: entry.config_digest,
                is_index: entry.is_index,
                created_at: entry.created_at,
                pushed_at: entry.pushed_at,
                owner: owner.clone(),
            })
            .collect())
    }
}

/// By name: the name. By push: `microseconds-name`.
fn write_marker(last: &TagEntry, by_name: bool) -> String {
    if by_name { last.name.to_string() } else { format!("{}-{}", last.pushed_at.0, last.name) }
}

fn read_marker(text: &str, by_name: bool) -> Result<After> {
    let invalid = || Error::invalid(Subject::Page, "it is not one that a list has given");
    let name = |text: &str| text.parse::<TagName>().map_err(|_| invalid());
    if by_name {
        return Ok(After::Name(name(text)?.to_string()));
    }
    let (at, rest) = text.split_once('-').ok_or_else(invalid)?;
    let at = at.parse().map_err(|_| invalid())?;
    Ok(After::Pushed(Timestamp(at), name(rest)?.to_string()))
}
