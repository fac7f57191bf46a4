//! Sharing: several images with several accounts, all pairs or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use roadstead::access::{AccountTarget, Action};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::share::{
    Deadline, NewShares, RefusedShare, SHARE_ACCOUNTS, SHARE_IMAGES, SHARE_LIMIT, ShareRefusal,
};
use roadstead::{AccountName, Error, ErrorKind, ImageName, Result, Timestamp};
use roadstead_store::{Durability, Place, share};

use super::{Shares, check_words, refusal, said};
use crate::access::{Aim, Toward};
use crate::audit::{self, Event};
use crate::context::Context;
use crate::error::Failed;

/// An image that may be shared, and with whom.
#[derive(Clone)]
struct Plan {
    image: ImageName,
    place: Place,
    event: Event,
}

impl Shares {
    /// Shares images with accounts, each with each. An answer that is not empty says why nothing was shared.
    ///
    /// # Errors
    /// `Invalid` for no image or account, an end that has passed; `TooLarge` for too many of them and for the
    /// description; `RateLimited` after too many unknown accounts; those of the store.
    #[tracing::instrument(name = "service.share.create", skip_all)]
    pub async fn create(&self, ctx: &Context, new: NewShares) -> Result<Vec<RefusedShare>> {
        let (images, refused) = self.images(ctx, &new.images).await?;
        check(&new, ctx.now())?;
        let refuse = |images: &[ImageName], account: &AccountName, why| {
            images
                .iter()
                .map(|image| RefusedShare { image: image.clone(), account: account.clone(), why })
                .collect::<Vec<_>>()
        };
        let mut all: Vec<RefusedShare> = refused
            .into_iter()
            .flat_map(|(image, why)| {
                new.accounts
                    .iter()
                    .flat_map(move |account| refuse(std::slice::from_ref(&image), account, why))
            })
            .collect();
        // Names are looked up for those alone who may share something.
        let mut targets = BTreeMap::new();
        if let Some(first) = images.first() {
            let names: Vec<ImageName> = images.iter().map(|plan| plan.image.clone()).collect();
            for account in &new.accounts {
                match self.look_up(ctx, account).await? {
                    None => all.extend(refuse(&names, account, ShareRefusal::NoAccount)),
                    Some(target) if target.id == first.place.account() => {
                        all.extend(refuse(&names, account, ShareRefusal::OwnAccount));
                    }
                    Some(target) => {
                        let denied = self.denied(ctx, &images, &target).await?;
                        all.extend(refuse(&denied, account, ShareRefusal::Denied));
                        targets.insert(target.id, target);
                    }
                }
            }
        }
        if all.is_empty() {
            all = self.insert(ctx, images, targets.into_values().collect(), new).await?;
        }
        Ok(all)
    }

    /// Shares one image with one account.
    ///
    /// # Errors
    /// As [`Shares::create`], and every refusal as an error: `Hidden`, `Denied`, `Conflict` for a public image,
    /// `NotFound` for the account, `Invalid` for the image's own, `AlreadyExists`, `QuotaExceeded`.
    #[tracing::instrument(name = "service.share.create_one", skip_all, fields(%image))]
    pub async fn create_one(
        &self,
        ctx: &Context,
        image: ImageName,
        account: AccountName,
        until: Deadline,
        description: String,
    ) -> Result<()> {
        let new = NewShares { images: vec![image], accounts: vec![account], until, description };
        match self.create(ctx, new).await?.into_iter().next() {
            None => Ok(()),
            Some(refused) => Err(error_of(refused.why)),
        }
    }

    /// The images that the caller may share, and why the others cannot be.
    async fn images(
        &self,
        ctx: &Context,
        names: &[ImageName],
    ) -> Result<(Vec<Plan>, Vec<(ImageName, ShareRefusal)>)> {
        if names.len() > SHARE_IMAGES {
            return Err(too_many("at most 50 images at a time"));
        }
        let (mut plans, mut refused) = (Vec::new(), Vec::new());
        for name in names {
            let somebody = Toward(name, Aim::open());
            let why = match self.access.authorize(ctx, Action::CreateShare, somebody).await {
                Ok(allowed) if !allowed.target().is_public => {
                    let event =
                        self.event(ctx, &allowed, TraceName::CreateImageRepositoryAccessDomain);
                    plans.push(Plan { image: name.clone(), place: Place::of(&allowed), event });
                    continue;
                }
                Ok(_) => ShareRefusal::Public,
                Err(error) => match error.kind() {
                    ErrorKind::Hidden | ErrorKind::NotFound => ShareRefusal::NoImage,
                    ErrorKind::Denied => ShareRefusal::Denied,
                    _ => return Err(error),
                },
            };
            refused.push((name.clone(), why));
        }
        // Everybody holds rows in this order; and nothing is shared twice.
        plans.sort_by_key(|plan| plan.place);
        plans.dedup_by_key(|plan| plan.place);
        Ok((plans, refused))
    }

    /// Those of the images that a policy keeps the caller from sharing with this account.
    async fn denied(
        &self,
        ctx: &Context,
        images: &[Plan],
        target: &AccountTarget,
    ) -> Result<Vec<ImageName>> {
        let aim = self.access.aim_at(target.id).await?;
        let mut denied = Vec::new();
        for plan in images {
            let asked = Toward(&plan.image, aim.clone());
            if !self.access.may(ctx, Action::CreateShare, asked).await? {
                denied.push(plan.image.clone());
            }
        }
        Ok(denied)
    }

    /// Shares what was decided to be shared, unless something changed meanwhile.
    async fn insert(
        &self,
        ctx: &Context,
        images: Vec<Plan>,
        targets: Vec<AccountTarget>,
        new: NewShares,
    ) -> Result<Vec<RefusedShare>> {
        let creator = ctx.actor.user().map(|user| (user.user, user.user_name.to_string()));
        let (work, now) = (Arc::new((images, targets, new, creator)), ctx.now());
        self.store
            .run("share.create", Durability::Durable, move |tx| {
                let work = Arc::clone(&work);
                Box::pin(async move {
                    let (images, targets, new, creator) = &*work;
                    let mut refused = Vec::new();
                    for plan in images {
                        let held = share::hold(tx, &plan.place).await?;
                        refused.extend(targets.iter().enumerate().filter_map(
                            |(before, target)| {
                                let (image, account) = (plan.image.clone(), target.name.clone());
                                let why = refusal(held.as_ref(), target, before)?;
                                Some(RefusedShare { image, account, why })
                            },
                        ));
                    }
                    if !refused.is_empty() {
                        return Ok(refused);
                    }
                    for plan in images {
                        for target in targets {
                            let (end, words) = (new.until.end(), new.description.as_str());
                            let by = creator.clone();
                            share::set(tx, &plan.place, target.id, end, words, by, now).await?;
                            let detail = said(&target.name, new.until);
                            audit::append(tx, plan.event.clone().detail(detail)).await?;
                        }
                    }
                    Ok::<_, Failed>(refused)
                })
            })
            .await
            .map_err(Error::from)
    }
}

fn check(new: &NewShares, now: Timestamp) -> Result<()> {
    if new.accounts.len() > SHARE_ACCOUNTS {
        return Err(too_many("at most 10 accounts at a time"));
    }
    if new.images.is_empty() || new.accounts.is_empty() {
        return Err(Error::invalid(Subject::Request, "name an image and an account"));
    }
    check_words(new.until, &new.description, now)
}

fn too_many(message: &str) -> Error {
    Error::new(ErrorKind::TooLarge, Subject::Request, message)
}

fn error_of(why: ShareRefusal) -> Error {
    match why {
        ShareRefusal::NoImage => Error::hidden(Subject::Repository),
        ShareRefusal::Denied => {
            let message = "you do not have permission to do this";
            Error::new(ErrorKind::Denied, Subject::Repository, message)
        }
        ShareRefusal::Public => Error::new(
            ErrorKind::Conflict,
            Subject::Share,
            "the image is public: everybody may pull it, and it cannot be shared",
        ),
        ShareRefusal::NoAccount => {
            Error::not_found(Subject::Account, "there is no account of this name")
        }
        ShareRefusal::OwnAccount => {
            Error::invalid(Subject::Share, "you cannot share with your own account")
                .with_detail(serde_json::json!({ "reason": "own_account" }))
        }
        ShareRefusal::AlreadyShared => Error::new(
            ErrorKind::AlreadyExists,
            Subject::Share,
            "the image is shared with this account already; change the share instead",
        ),
        ShareRefusal::LimitReached => Error::new(
            ErrorKind::QuotaExceeded,
            Subject::Share,
            "the image is shared with as many accounts as it can be; end a share first",
        )
        .with_detail(serde_json::json!({ "limit": SHARE_LIMIT })),
    }
}
