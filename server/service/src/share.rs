//! Shares: private images that other accounts may pull, until an instant or for ever (`protocol.md` 3.1, 3.6).
//!
//! # Invariants
//! - Only private images are shared anew. One that turns public keeps its shares, without effect.
//! - A share ends at its instant: decisions compare it with the clock on every request, and nothing that is remembered
//!   outlives it.
//! - Account names cannot be found out by trying: after five unknown ones in ten minutes no name is looked up for ten
//!   minutes, whoever of the account asks. Changing and ending a share look among the image's shares alone.
//! - One call is one transaction: all pairs are shared or none.

mod create;
mod received;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use roadstead::access::{AccountTarget, Action, Allowed, RepositoryTarget};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::share::{
    Deadline, SHARE_DESCRIPTION_LIMIT, SHARE_LIMIT, Share, ShareRefusal,
};
use roadstead::page::{Page, Window};
use roadstead::{AccountName, Error, ErrorKind, ImageName, Result, Timestamp};
use roadstead_store::share::{self, ShareRecord};
use roadstead_store::{Durability, Place, Store};

use crate::access::{Access, Aim, Toward};
use crate::audit::{self, Event, Origin, Trail};
use crate::context::Context;
use crate::error::{Failed, stored};
use crate::limit::{FailureLimit, Repeated};
use crate::port::Ports;

/// Seconds within which unknown account names are counted, and for which none is looked up after too many.
const GUESSES: i64 = 10 * 60;

/// Shares.
#[derive(Clone)]
pub struct Shares {
    store: Store,
    access: Access,
    ports: Ports,
    trail: Trail,
    guesses: Arc<FailureLimit>,
}

impl std::fmt::Debug for Shares {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shares")
    }
}

impl Shares {
    pub(crate) fn new(store: Store, access: Access, ports: Ports, trail: Trail) -> Self {
        let guesses = FailureLimit::new(Arc::clone(&ports.clock), Repeated::Counts);
        Self { store, access, ports, trail, guesses: Arc::new(guesses.within(GUESSES)) }
    }

    /// The shares of an image, ended ones too, by account name.
    ///
    /// # Errors
    /// `Hidden` or `Denied`; those of the store.
    #[tracing::instrument(name = "service.share.list", skip_all, fields(%image))]
    pub async fn list(
        &self,
        ctx: &Context,
        image: &ImageName,
        window: Window,
    ) -> Result<Page<Share>> {
        let allowed = self.access.authorize(ctx, Action::ListShares, image).await?;
        self.trail.looked(|| self.event(ctx, &allowed, TraceName::ListImageRepositoryAccessDomain));
        let (place, now) = (Place::of(&allowed), ctx.now());
        let page = self
            .store
            .read("share.list", move |tx| {
                Box::pin(async move { share::list(tx, &place, window).await })
            })
            .await
            .map_err(stored)?;
        Ok(page.map(|record| shown(record, now)))
    }

    /// The share of an image with one account, ended or not.
    ///
    /// # Errors
    /// `Hidden` or `Denied`; `NotFound` when it is not shared with an account of this name; those of the store.
    #[tracing::instrument(name = "service.share.get", skip_all, fields(%image))]
    pub async fn get(
        &self,
        ctx: &Context,
        image: &ImageName,
        account: &AccountName,
    ) -> Result<Share> {
        let allowed = self.access.authorize(ctx, Action::ListShares, image).await?;
        self.trail.looked(|| self.event(ctx, &allowed, TraceName::ShowImageRepositoryAccessDomain));
        let (place, account) = (Place::of(&allowed), account.clone());
        let found = self
            .store
            .peek("share.get", move |tx| {
                let account = account.clone();
                Box::pin(async move { share::find(tx, &place, &account).await })
            })
            .await
            .map_err(stored)?;
        found.map(|record| shown(record, ctx.now())).ok_or_else(not_shared)
    }

    /// Why an image cannot be shared with an account, `None` if it can: asked while the name is typed, and counted as
    /// sharing is.
    ///
    /// # Errors
    /// `Hidden` or `Denied`; `RateLimited` after too many unknown names; those of the store.
    #[tracing::instrument(name = "service.share.check", skip_all, fields(%image))]
    pub async fn check(
        &self,
        ctx: &Context,
        image: &ImageName,
        account: &AccountName,
    ) -> Result<Option<ShareRefusal>> {
        let somebody = Toward(image, Aim::open());
        let allowed = self.access.authorize(ctx, Action::CreateShare, somebody).await?;
        let target = match self.look_up(ctx, account).await? {
            Some(target) if target.id == allowed.target().account => {
                return Ok(Some(ShareRefusal::OwnAccount));
            }
            Some(target) => target,
            None => return Ok(Some(ShareRefusal::NoAccount)),
        };
        let aimed = Toward(image, self.access.aim_at(target.id).await?);
        if !self.access.may(ctx, Action::CreateShare, aimed).await? {
            return Ok(Some(ShareRefusal::Denied));
        }
        let place = Place::of(&allowed);
        let held = self
            .store
            .read("share.check", move |tx| Box::pin(async move { share::look(tx, &place).await }))
            .await
            .map_err(stored)?;
        Ok(refusal(held.as_ref(), &target, 0))
    }

    /// Changes when a share ends and what it says.
    ///
    /// # Errors
    /// `Hidden` or `Denied`; `NotFound` when it is not shared with an account of this name; `Invalid` for an end that has
    /// passed; `TooLarge` for the description; those of the store.
    #[tracing::instrument(name = "service.share.update", skip_all, fields(%image))]
    pub async fn update(
        &self,
        ctx: &Context,
        image: &ImageName,
        account: &AccountName,
        until: Deadline,
        description: String,
    ) -> Result<()> {
        let allowed = self.toward(ctx, Action::UpdateShare, image, account).await?;
        check_words(until, &description, ctx.now())?;
        let event = self.event(ctx, &allowed, TraceName::UpdateImageRepositoryAccessDomain);
        let (place, wanted) = (Place::of(&allowed), Arc::new((account.clone(), description)));
        let now = ctx.now();
        self.store
            .run("share.update", Durability::Durable, move |tx| {
                let (wanted, event) = (Arc::clone(&wanted), event.clone());
                Box::pin(async move {
                    let (account, description) = &*wanted;
                    share::hold(tx, &place).await?.ok_or_else(not_shared)?;
                    let found = share::find(tx, &place, account).await?.ok_or_else(not_shared)?;
                    let (target, end) = (found.target_account_id, until.end());
                    share::set(tx, &place, target, end, description, None, now).await?;
                    audit::append(tx, event.detail(said(&found.target_account_name, until)))
                        .await?;
                    Ok::<_, Failed>(())
                })
            })
            .await
            .map_err(Error::from)
    }

    /// Ends a share at once.
    ///
    /// # Errors
    /// `Hidden` or `Denied`; `NotFound` when it is not shared with an account of this name; those of the store.
    #[tracing::instrument(name = "service.share.remove", skip_all, fields(%image))]
    pub async fn remove(
        &self,
        ctx: &Context,
        image: &ImageName,
        account: &AccountName,
    ) -> Result<()> {
        let allowed = self.toward(ctx, Action::DeleteShare, image, account).await?;
        let event = self.event(ctx, &allowed, TraceName::DeleteImageRepositoryAccessDomain);
        let (place, account, now) = (Place::of(&allowed), account.clone(), ctx.now());
        self.store
            .run("share.remove", Durability::Durable, move |tx| {
                let (account, event) = (account.clone(), event.clone());
                Box::pin(async move {
                    let found = share::find(tx, &place, &account).await?.ok_or_else(not_shared)?;
                    if !share::remove(tx, &place, found.target_account_id, now).await? {
                        return Err(not_shared().into());
                    }
                    let detail = serde_json::json!({ "account": found.target_account_name });
                    audit::append(tx, event.detail(detail)).await?;
                    Ok::<_, Failed>(())
                })
            })
            .await
            .map_err(Error::from)
    }

    /// The proof that the caller may change the share of an image with an account. Whether there is such an account is
    /// looked up for those alone who may change some share, and not told.
    async fn toward(
        &self,
        ctx: &Context,
        action: Action,
        image: &ImageName,
        account: &AccountName,
    ) -> Result<Allowed<RepositoryTarget>> {
        self.access.authorize(ctx, action, Toward(image, Aim::open())).await?;
        let target = self.access.account(account).await?.ok_or_else(not_shared)?;
        let aim = self.access.aim_at(target.id).await?;
        self.access.authorize(ctx, action, Toward(image, aim)).await
    }

    /// The account of this name. Unknown ones are counted.
    async fn look_up(&self, ctx: &Context, name: &AccountName) -> Result<Option<AccountTarget>> {
        let guesser = ctx.actor.user().map(|user| user.account.to_string());
        if let Some(guesser) = &guesser {
            self.guesses.check(guesser, None).map_err(|closed| {
                Error::new(
                    ErrorKind::RateLimited,
                    Subject::Share,
                    "too many accounts that do not exist were named; sharing is closed for a while",
                )
                .retry_after(closed.retry_after_seconds().unwrap_or_default())
            })?;
        }
        let found = self.access.account(name).await?;
        if let (Some(guesser), None) = (&guesser, &found) {
            self.guesses.fail(guesser, None, &[0; 32]);
        }
        Ok(found)
    }

    fn event(&self, ctx: &Context, allowed: &Allowed<RepositoryTarget>, name: TraceName) -> Event {
        let target = allowed.target();
        Origin::of(ctx, &self.ports)
            .event(name)
            .in_account(target.account)
            .named(&target.name)
            .id(target.id)
            .in_repository(target.organization, target.id)
    }
}

/// Why an image in this state cannot be shared with an account after `before` others of the same call.
fn refusal(
    held: Option<&share::Held>,
    target: &AccountTarget,
    before: usize,
) -> Option<ShareRefusal> {
    let Some(held) = held else {
        return Some(ShareRefusal::NoImage);
    };
    let most = usize::try_from(SHARE_LIMIT).unwrap_or(usize::MAX);
    if held.is_public {
        Some(ShareRefusal::Public)
    } else if held.targets.contains(&target.id) {
        Some(ShareRefusal::AlreadyShared)
    } else if held.targets.len().saturating_add(before) >= most {
        Some(ShareRefusal::LimitReached)
    } else {
        None
    }
}

fn check_words(until: Deadline, description: &str, now: Timestamp) -> Result<()> {
    if until.has_passed(now) {
        return Err(Error::invalid(Subject::Share, "a share must end later than now"));
    }
    if description.chars().count() > SHARE_DESCRIPTION_LIMIT {
        let message = "the description is too long: at most 1,000 characters";
        return Err(Error::new(ErrorKind::TooLarge, Subject::Share, message));
    }
    Ok(())
}

fn not_shared() -> Error {
    Error::not_found(Subject::Share, "the image is not shared with an account of this name")
}

fn said(account: &AccountName, until: Deadline) -> serde_json::Value {
    serde_json::json!({ "account": account, "deadline": until.to_string(), "permit": "read" })
}

fn shown(record: ShareRecord, now: Timestamp) -> Share {
    // What cannot be a deadline was never written.
    let until = Deadline::try_from(record.expires_at).unwrap_or_default();
    Share {
        account: record.target_account_name,
        until,
        is_valid: record.expires_at.is_none_or(|end| now < end),
        description: record.description,
        created_by: record.creator_name,
        created_by_id: record.creator_public_id.map(|id| id.to_string()).unwrap_or_default(),
        created_at: record.created_at,
        updated_at: record.updated_at,
    }
}
