//! What other accounts share with the caller's.

use roadstead::access::{Action, Actor, Permission, Reason, permits};
use roadstead::audit::TraceName;
use roadstead::id::RepositoryId;
use roadstead::manage::image::{Category, Image, ImageRights};
use roadstead::manage::share::{Deadline, SharedImage, SharedImageQuery, SharedImageSort};
use roadstead::page::{Order, Page, Window};
use roadstead::{ImageName, Result, Timestamp};
use roadstead_store::share::{self, Received, ReceivedRecord, ReceivedSort};
use roadstead_store::{StoreError, repository};

use super::Shares;
use crate::access::OwnAccount;
use crate::audit::Origin;
use crate::context::Context;
use crate::error::stored;
use crate::image::{ImageEntry, ImagesAfter, by_id};

impl Shares {
    /// Images that other accounts share with the caller's. Public ones are left out: there shares have no effect.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; those of the store.
    #[tracing::instrument(name = "service.share.received", skip_all)]
    pub async fn received(
        &self,
        ctx: &Context,
        query: SharedImageQuery,
    ) -> Result<Page<SharedImage>> {
        let (sort, order, window) = (sort_of(query.sort), query.order, query.window);
        let filter = self.asked(ctx, query).await?;
        let now = filter.now;
        let page = self
            .store
            .read("share.received", move |tx| {
                let filter = filter.clone();
                Box::pin(async move { share::received(tx, &filter, sort, order, window).await })
            })
            .await
            .map_err(stored)?;
        Ok(page.map(|record| shown(record, now)))
    }

    /// Who shares an image with the caller's account, and until when; `None` for an image that nobody does.
    ///
    /// # Errors
    /// `Hidden` or `Denied`; those of the store.
    #[tracing::instrument(name = "service.share.received_one", skip_all, fields(%image))]
    pub async fn received_one(
        &self,
        ctx: &Context,
        image: &ImageName,
    ) -> Result<Option<SharedImage>> {
        let id = self.access.authorize(ctx, Action::ReadImage, image).await?.target().id;
        let all = self.all_received(ctx).await?;
        let now = all.now;
        let filter = Received { only: Some(vec![id]), is_valid: Some(true), ..all };
        let (sort, order) = (ReceivedSort::Updated, Order::Desc);
        let window = Window { offset: 0, limit: 1 };
        let page = self
            .store
            .read("share.received_one", move |tx| {
                let filter = filter.clone();
                Box::pin(async move { share::received(tx, &filter, sort, order, window).await })
            })
            .await
            .map_err(stored)?;
        Ok(page.items.into_iter().next().map(|record| shown(record, now)))
    }

    /// The same as the management API lists it: with the names of tags while the share is in force.
    ///
    /// # Errors
    /// As [`Shares::received`].
    #[tracing::instrument(name = "service.share.received_entries", skip_all)]
    pub async fn received_entries(
        &self,
        ctx: &Context,
        query: SharedImageQuery,
    ) -> Result<Page<ImageEntry>> {
        let filter = self.asked(ctx, query.clone()).await?;
        let now = filter.now;
        let (sort, order, window) = (sort_of(query.sort), query.order, query.window);
        let (page, names) = self
            .store
            .read("share.received_entries", move |tx| {
                let filter = filter.clone();
                Box::pin(async move {
                    let page = share::received(tx, &filter, sort, order, window).await?;
                    let valid: Vec<ReceivedRecord> =
                        page.items.iter().filter(|it| is_valid(it, now)).cloned().collect();
                    let names = repository::tag_names_received(tx, &valid).await?;
                    Ok::<_, StoreError>((page, names))
                })
            })
            .await
            .map_err(stored)?;
        let mut names = by_id(names);
        Ok(page.map(|record| {
            let tags = names.remove(&record.repository_id).unwrap_or_default();
            entry(record, tags, now)
        }))
    }

    /// The same in the order of the images' keys, after one of them, without the names of tags.
    ///
    /// # Errors
    /// As [`Shares::received`].
    #[tracing::instrument(name = "service.share.received_after", skip_all)]
    pub async fn received_after(
        &self,
        ctx: &Context,
        query: SharedImageQuery,
        after: Option<RepositoryId>,
    ) -> Result<ImagesAfter> {
        let (limit, marker) = (query.window.limit, after.map_or(0, |after| after.0));
        let filter = self.asked(ctx, query).await?;
        let now = filter.now;
        let found = self
            .store
            .peek("share.received_after", move |tx| {
                let filter = filter.clone();
                Box::pin(async move {
                    share::received_after(tx, &filter, marker, limit.saturating_add(1)).await
                })
            })
            .await
            .map_err(stored)?;
        let items = found.into_iter().map(|record| entry(record, Vec::new(), now)).collect();
        Ok(ImagesAfter::cut(items, limit))
    }

    /// Which of them are asked for.
    async fn asked(&self, ctx: &Context, query: SharedImageQuery) -> Result<Received> {
        let all = self.all_received(ctx).await?;
        self.trail.looked(|| Origin::of(ctx, &self.ports).event(TraceName::ListRepoShares));
        let search =
            query.search.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
        Ok(Received {
            search,
            owner: query.owner,
            organization: query.organization,
            is_valid: query.is_valid,
            ..all
        })
    }

    /// All that the caller sees of them, ended shares too.
    pub(crate) async fn all_received(&self, ctx: &Context) -> Result<Received> {
        let account = self.access.authorize(ctx, Action::ListSharedImages, OwnAccount).await?.key();
        Ok(Received {
            account,
            only: self.undenied(ctx, account).await?,
            search: None,
            owner: None,
            organization: None,
            is_valid: None,
            now: ctx.now(),
        })
    }

    /// The shared images that no policy of the caller's hides; `None` is all of them, as for nearly everybody.
    async fn undenied(
        &self,
        ctx: &Context,
        account: roadstead::access::Allowed<roadstead::id::AccountId>,
    ) -> Result<Option<Vec<RepositoryId>>> {
        let grants = self.access.own_grants(&ctx.actor).await?;
        if !grants.policies.may_hide_images() {
            return Ok(None);
        }
        let shared = self
            .store
            .peek("share.received_images", move |tx| {
                Box::pin(async move { share::received_images(tx, account).await })
            })
            .await
            .map_err(stored)?;
        // An ended share is listed by its name, which a policy may hide all the same.
        let grants = roadstead::access::Grants {
            share: Some(None),
            ..roadstead::access::Grants::clone(&grants)
        };
        let (actor, at): (&Actor, _) = (&ctx.actor, ctx.circumstances());
        let seen = shared
            .into_iter()
            .filter(|image| permits(actor, Action::ReadImage, image, &grants, &at).is_ok());
        Ok(Some(seen.map(|image| image.id).collect()))
    }
}

const fn sort_of(sort: SharedImageSort) -> ReceivedSort {
    match sort {
        SharedImageSort::UpdatedAt => ReceivedSort::Updated,
        SharedImageSort::Name => ReceivedSort::Name,
        SharedImageSort::TagCount => ReceivedSort::Tags,
        SharedImageSort::Namespace => ReceivedSort::Path,
        SharedImageSort::DomainName => ReceivedSort::Owner,
    }
}

fn is_valid(record: &ReceivedRecord, now: Timestamp) -> bool {
    record.expires_at.is_none_or(|end| now < end)
}

fn entry(record: ReceivedRecord, tags: Vec<String>, now: Timestamp) -> ImageEntry {
    ImageEntry {
        is_valid: is_valid(&record, now),
        id: record.repository_id,
        name: record.path,
        category: record.category.parse().unwrap_or(Category::Other),
        description: record.description,
        size: record.size,
        is_public: false,
        tag_count: record.tag_count,
        tags,
        pulls: record.pull_count,
        created_at: record.created_at,
        updated_at: record.updated_at,
        owner: record.owner_name,
    }
}

fn shown(record: ReceivedRecord, now: Timestamp) -> SharedImage {
    SharedImage {
        image: Image {
            id: record.repository_id,
            name: record.path,
            is_public: false,
            category: record.category.parse().unwrap_or(Category::Other),
            description: record.description,
            tags: record.tag_count,
            size: record.size,
            pulls: record.pull_count,
            shares: 0,
            newest_tag: record.newest_tag,
            // Users are known in their own account alone.
            created_by: String::new(),
            created_at: record.created_at,
            updated_at: record.updated_at,
            rights: ImageRights { permission: Permission::Read, reason: Reason::Share },
        },
        owner: record.owner_name,
        until: Deadline::try_from(record.expires_at).unwrap_or_default(),
        is_valid: record.expires_at.is_none_or(|end| now < end),
        note: record.note,
    }
}
