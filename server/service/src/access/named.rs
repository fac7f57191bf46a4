//! The ways in which targets are named.

use std::future::Future;

use roadstead::access::{
    AccountTarget, Action, Actor, InstanceTarget, OrganizationTarget, RepositoryTarget, Target,
    permits,
};
use roadstead::error::Subject;
use roadstead::{AccountName, Error, ErrorKind, ImageName, OrganizationName, Result};

use super::known::{KnownImage, KnownOrganization};
use super::{Access, Aim, Resolution};
use crate::context::{Context, unauthenticated};

/// A way to name a target of a decision.
pub trait Named: Send {
    /// What it resolves to.
    type Resolved: Target + Clone + Send + Sync + 'static;

    /// At whom the action is aimed, for policies that look at it.
    fn aim(&self) -> Aim {
        Aim::default()
    }

    /// Finds the target and what the caller holds on it.
    fn resolve(
        self,
        access: &Access,
        ctx: &Context,
    ) -> impl Future<Output = Result<Resolution<Self::Resolved>>> + Send;
}

/// A new image in an organization that exists.
#[derive(Debug, Clone, Copy)]
pub struct NewImage<'a>(pub &'a ImageName);

/// The caller's own account.
#[derive(Debug, Clone, Copy)]
pub struct OwnAccount;

/// An account by its name; others than one's own are for the command line and jobs.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a>(pub &'a AccountName);

/// The whole instance.
#[derive(Debug, Clone, Copy)]
pub struct Instance;

impl KnownImage {
    /// Whether the caller sees it; for a missing image, whether they would see any of that name.
    fn is_visible(&self, ctx: &Context, name: &ImageName) -> bool {
        let (actor, at) = (&ctx.actor, ctx.circumstances());
        match (&self.target, &self.parent) {
            (Some(target), _) => {
                permits(actor, Action::ReadImage, target, &self.grants, &at).is_ok()
            }
            (None, Some(parent)) => {
                permits(actor, Action::ReadImage, &parent.new_image(name), &self.grants, &at)
                    .is_ok()
            }
            (None, None) => false,
        }
    }
}

impl KnownOrganization {
    fn is_visible(&self, ctx: &Context) -> bool {
        let at = ctx.circumstances();
        self.target.as_ref().is_some_and(|target| {
            permits(&ctx.actor, Action::ReadOrganization, target, &self.grants, &at).is_ok()
        })
    }
}

impl Named for &ImageName {
    type Resolved = RepositoryTarget;

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<RepositoryTarget>> {
        let known = access.image(ctx, self).await?;
        Ok(Resolution {
            target: known.target.clone(),
            grants: known.grants.clone(),
            is_visible: known.is_visible(ctx, self),
            subject: Subject::Repository,
        })
    }
}

impl Named for &OrganizationName {
    type Resolved = OrganizationTarget;

    async fn resolve(
        self,
        access: &Access,
        ctx: &Context,
    ) -> Result<Resolution<OrganizationTarget>> {
        let known = access.organization(ctx, self).await?;
        Ok(Resolution {
            target: known.target.clone(),
            grants: known.grants.clone(),
            is_visible: known.is_visible(ctx),
            subject: Subject::Organization,
        })
    }
}

impl Named for NewImage<'_> {
    type Resolved = OrganizationTarget;

    /// By what is known of the image, which whoever pushes has asked for already: an organization that is there costs
    /// what one that is not costs.
    async fn resolve(
        self,
        access: &Access,
        ctx: &Context,
    ) -> Result<Resolution<OrganizationTarget>> {
        let known = access.image(ctx, self.0).await?;
        Ok(Resolution {
            target: known.parent.as_ref().map(|parent| parent.new_image(self.0)),
            is_visible: known.parent.as_ref().is_some_and(|parent| {
                let action = Action::ReadOrganization;
                permits(&ctx.actor, action, parent, &known.grants, &ctx.circumstances()).is_ok()
            }),
            grants: known.grants.clone(),
            subject: Subject::Organization,
        })
    }
}

impl Named for OwnAccount {
    type Resolved = AccountTarget;

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<AccountTarget>> {
        let user = match &ctx.actor {
            Actor::User(user) => user,
            Actor::Anonymous => return Err(unauthenticated()),
            Actor::System(_) => {
                return Err(Error::new(
                    ErrorKind::Denied,
                    Subject::Account,
                    "the system has no account of its own; name one",
                ));
            }
        };
        Ok(Resolution {
            target: Some(AccountTarget { id: user.account, name: user.account_name.clone() }),
            grants: access.own_grants(&ctx.actor).await?,
            is_visible: true,
            subject: Subject::Account,
        })
    }
}

impl Named for Account<'_> {
    type Resolved = AccountTarget;

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<AccountTarget>> {
        let target = access.account(self.0).await?;
        let own = ctx.actor.user().map(|user| user.account);
        Ok(Resolution {
            is_visible: matches!(ctx.actor, Actor::System(_))
                || own.is_some() && own == target.as_ref().map(|target| target.id),
            target,
            grants: access.own_grants(&ctx.actor).await?,
            subject: Subject::Account,
        })
    }
}

impl Named for Instance {
    type Resolved = InstanceTarget;

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<InstanceTarget>> {
        Ok(Resolution {
            target: Some(InstanceTarget),
            grants: access.own_grants(&ctx.actor).await?,
            is_visible: true,
            subject: Subject::Request,
        })
    }
}
