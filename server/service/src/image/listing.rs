//! Images as the management API lists them: with the names of their tags, by page or by marker, and without what only the
//! console shows beside them.

use std::collections::HashMap;
use std::sync::Arc;

use roadstead::access::Action;
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::{PublicId, RepositoryId};
use roadstead::manage::image::{Category, ImageSort};
use roadstead::page::{Order, Page, Window};
use roadstead::{AccountName, Error, ImageName, OrganizationName, Result, Timestamp};
use roadstead_store::repository::{self, Filter, RepositoryRecord, TagNames};
use roadstead_store::{Place, StoreError};

use super::{Images, sort_of};
use crate::access::OwnAccount;
use crate::audit::Origin;
use crate::context::Context;
use crate::error::stored;

/// Which images to list.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Only in this organization.
    pub organization: Option<OrganizationName>,
    /// Only in organizations with this in their names.
    pub organization_part: Option<String>,
    /// Only with this in the name.
    pub name_part: Option<String>,
    /// Only of this category.
    pub category: Option<Category>,
    /// Only public or only private ones.
    pub is_public: Option<bool>,
    /// Only those that the caller shares with other accounts, as far as these shares are theirs to see.
    pub is_shared: bool,
}

/// An image in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageEntry {
    /// Key; SWR's integer id.
    pub id: RepositoryId,
    /// Organization and name.
    pub name: ImageName,
    /// Category.
    pub category: Category,
    /// CommonMark.
    pub description: String,
    /// Bytes stored, each blob counted once.
    pub size: u64,
    /// Whether everyone may pull.
    pub is_public: bool,
    /// Number of tags.
    pub tag_count: u64,
    /// Names of the tags pushed last, at most 100; none where they were not asked for.
    pub tags: Vec<String>,
    /// Pulls.
    pub pulls: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// Last push or edit.
    pub updated_at: Timestamp,
    /// The account that owns it.
    pub owner: AccountName,
    /// Of an image that another account shares: whether that is in force.
    pub is_valid: bool,
}

/// Part of a list that is gone through by marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagesAfter {
    /// The images.
    pub items: Vec<ImageEntry>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<RepositoryId>,
}

/// One image with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// The image.
    pub entry: ImageEntry,
    /// Key of its organization.
    pub organization: i64,
    /// Id of the account that owns it.
    pub owner_id: PublicId,
    /// Who created it, when that is of the caller's account: id (empty once that user is gone) and name.
    pub creator: (String, String),
}

impl Images {
    /// Images of the caller's account that they see.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; those of the store.
    #[tracing::instrument(name = "service.image.page", skip_all)]
    pub async fn page(
        &self,
        ctx: &Context,
        listing: Listing,
        (sort, order): (ImageSort, Order),
        window: Window,
    ) -> Result<Page<ImageEntry>> {
        let filter = self.filter(ctx, listing).await?;
        let owner = ctx.user()?.account_name.clone();
        let sort = sort_of(sort);
        let (page, names) = self
            .store
            .read("image.page", move |tx| {
                let filter = Arc::clone(&filter);
                Box::pin(async move {
                    let page = repository::list(tx, &filter, sort, order, window).await?;
                    let names = repository::tag_names(tx, &page.items).await?;
                    Ok::<_, StoreError>((page, names))
                })
            })
            .await
            .map_err(stored)?;
        let mut names = by_id(names);
        Ok(page.map(|record| {
            let tags = names.remove(&record.id).unwrap_or_default();
            entry(record, tags, owner.clone())
        }))
    }

    /// The same in the order of their keys, after one of them, without the names of their tags.
    ///
    /// # Errors
    /// As [`Images::page`].
    #[tracing::instrument(name = "service.image.after", skip_all)]
    pub async fn after(
        &self,
        ctx: &Context,
        listing: Listing,
        after: Option<RepositoryId>,
        limit: u64,
    ) -> Result<ImagesAfter> {
        let filter = self.filter(ctx, listing).await?;
        let owner = ctx.user()?.account_name.clone();
        let marker = after.map_or(0, |after| after.0);
        let found = self
            .store
            .peek("image.after", move |tx| {
                let filter = Arc::clone(&filter);
                // One more than wanted tells whether there is more.
                Box::pin(async move {
                    repository::list_after(tx, &filter, marker, limit.saturating_add(1)).await
                })
            })
            .await
            .map_err(stored)?;
        let items =
            found.into_iter().map(|record| entry(record, Vec::new(), owner.clone())).collect();
        Ok(ImagesAfter::cut(items, limit))
    }

    async fn filter(&self, ctx: &Context, listing: Listing) -> Result<Arc<Filter>> {
        self.access.authorize(ctx, Action::ListImages, OwnAccount).await?;
        let event = if listing.is_shared {
            TraceName::ListSharedReposDetails
        } else {
            TraceName::ListImageRepositories
        };
        self.trail.looked(|| Origin::of(ctx, &self.ports).event(event));
        let said = |text: Option<String>| {
            text.map(|text| text.to_lowercase()).filter(|text| !text.is_empty())
        };
        Ok(Arc::new(Filter {
            visibility: self.access.visibility(ctx).await?,
            organizations: listing.organization.into_iter().collect(),
            organization_part: said(listing.organization_part),
            search: said(listing.name_part),
            category: listing.category.map(|category| category.as_str().to_owned()),
            is_public: listing.is_public,
            is_shared: listing.is_shared,
        }))
    }

    /// One image with whose it is.
    ///
    /// # Errors
    /// `Hidden` when the caller does not see it, whether it exists or not.
    #[tracing::instrument(name = "service.image.facts", skip_all, fields(image = %name))]
    pub async fn facts(&self, ctx: &Context, name: &ImageName) -> Result<ImageFacts> {
        let allowed = self.access.authorize(ctx, Action::ReadImage, name).await?;
        self.trail.looked(|| self.changed(ctx, &allowed, TraceName::ShowImageRepository));
        let place = Place::of(&allowed);
        let (record, whose) = self
            .store
            .read("image.facts", move |tx| {
                Box::pin(async move {
                    let record = repository::find(tx, &place).await?;
                    Ok::<_, StoreError>(record.zip(repository::belonging(tx, &place).await?))
                })
            })
            .await
            .map_err(stored)?
            .ok_or_else(|| Error::hidden(Subject::Repository))?;
        // Users are known in their own account alone.
        let is_own = ctx.actor.user().is_some_and(|user| user.account == record.account_id);
        let creator = if is_own {
            let id = whose.creator.map(|id| id.to_string()).unwrap_or_default();
            (id, record.creator_name.clone())
        } else {
            (String::new(), String::new())
        };
        Ok(ImageFacts {
            organization: record.organization_id.0,
            entry: entry(record, Vec::new(), whose.owner_name),
            owner_id: whose.owner,
            creator,
        })
    }
}

impl ImagesAfter {
    /// Of one more than wanted.
    pub(crate) fn cut(mut items: Vec<ImageEntry>, limit: u64) -> Self {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = items.len() > wanted;
        items.truncate(wanted);
        let next = items.last().filter(|_| has_more).map(|last| last.id);
        Self { items, next }
    }
}

/// Names of tags by image.
pub(crate) fn by_id(names: Vec<TagNames>) -> HashMap<RepositoryId, Vec<String>> {
    let divided = |text: String| text.split(',').map(str::to_owned).collect();
    names.into_iter().filter_map(|row| Some((row.id, divided(row.names?)))).collect()
}

fn entry(record: RepositoryRecord, tags: Vec<String>, owner: AccountName) -> ImageEntry {
    ImageEntry {
        id: record.id,
        name: record.path,
        category: record.category.parse().unwrap_or(Category::Other),
        description: record.description,
        size: record.size,
        is_public: record.is_public,
        tag_count: record.tag_count,
        tags,
        pulls: record.pull_count,
        created_at: record.created_at,
        updated_at: record.updated_at,
        owner,
        is_valid: false,
    }
}
