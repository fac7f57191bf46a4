//! The ways in which targets are named.

use std::future::Future;
use std::sync::Arc;

use roadstead::access::{
    AccountTarget, Action, Actor, Grants, InstanceTarget, OrganizationTarget, RepositoryTarget,
    Target, permits,
};
use roadstead::error::Subject;
use roadstead::{AccountName, Error, ErrorKind, ImageName, OrganizationName, Result};

use super::known::{KnownImage, KnownOrganization};
use super::{Access, Aim, Resolution};
use crate::context::{Context, unauthenticated};

/// A way to name a target of a decision.
pub trait Named: Clone + Send {
    /// What it resolves to.
    type Resolved: Target + Clone + Send + Sync + 'static;

    /// At whom the action is aimed, for policies that look at it.
    fn aim(&self) -> Aim {
        Aim::default()
    }

    /// The name, for the record of who tried what.
    fn said(&self) -> String;

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

/// Whether the caller may know that a name is free or taken. Found out only for whoever is refused, or asks for what is
/// not there.
#[derive(Debug, Clone)]
pub(crate) enum Sight {
    /// It is known.
    Is(bool),
    /// Whoever may read this image; of a missing one, whoever could read any of that name.
    Image(Arc<KnownImage>, MissingName),
    /// Whoever may see this organization.
    Organization(Arc<KnownOrganization>),
    /// Whoever may see the organization of this image.
    Parent(Arc<KnownImage>),
}

/// The name of an image that is not there.
type MissingName = Option<ImageName>;

impl Sight {
    /// Whether they may.
    pub(super) fn is_clear(&self, ctx: &Context) -> bool {
        match self {
            Self::Is(is_clear) => *is_clear,
            Self::Image(known, missing) => {
                let (action, at) = (Action::ReadImage, ctx.circumstances());
                match (&known.target, &known.parent, missing) {
                    (Some(target), ..) => {
                        permits(&ctx.actor, action, target, &known.grants, &at).is_ok()
                    }
                    (None, Some(parent), Some(name)) => {
                        let image = parent.new_image(name);
                        permits(&ctx.actor, action, &image, &known.grants, &at).is_ok()
                    }
                    _ => false,
                }
            }
            Self::Organization(known) => sees(ctx, known.target.as_ref(), &known.grants),
            Self::Parent(known) => sees(ctx, known.parent.as_ref(), &known.grants),
        }
    }
}

fn sees(ctx: &Context, organization: Option<&OrganizationTarget>, grants: &Grants) -> bool {
    let (action, at) = (Action::ReadOrganization, ctx.circumstances());
    organization.is_some_and(|it| permits(&ctx.actor, action, it, grants, &at).is_ok())
}

impl Named for &ImageName {
    type Resolved = RepositoryTarget;

    fn said(&self) -> String {
        self.to_string()
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<RepositoryTarget>> {
        let known = access.image(ctx, self).await?;
        Ok(Resolution {
            target: known.target.clone(),
            grants: known.grants.clone(),
            subject: Subject::Repository,
            sight: Sight::Image(known.clone(), known.target.is_none().then(|| self.clone())),
        })
    }
}

impl Named for &OrganizationName {
    type Resolved = OrganizationTarget;

    fn said(&self) -> String {
        self.to_string()
    }

    async fn resolve(
        self,
        access: &Access,
        ctx: &Context,
    ) -> Result<Resolution<OrganizationTarget>> {
        let known = access.organization(ctx, self).await?;
        Ok(Resolution {
            target: known.target.clone(),
            grants: known.grants.clone(),
            subject: Subject::Organization,
            sight: Sight::Organization(known),
        })
    }
}

impl Named for NewImage<'_> {
    type Resolved = OrganizationTarget;

    fn said(&self) -> String {
        self.0.to_string()
    }

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
            grants: known.grants.clone(),
            subject: Subject::Organization,
            sight: Sight::Parent(known),
        })
    }
}

impl Named for OwnAccount {
    type Resolved = AccountTarget;

    fn said(&self) -> String {
        String::new()
    }

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
            sight: Sight::Is(true),
            subject: Subject::Account,
        })
    }
}

impl Named for Account<'_> {
    type Resolved = AccountTarget;

    fn said(&self) -> String {
        self.0.to_string()
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<AccountTarget>> {
        let target = access.account(self.0).await?;
        let own = ctx.actor.user().map(|user| user.account);
        Ok(Resolution {
            sight: Sight::Is(
                matches!(ctx.actor, Actor::System(_))
                    || own.is_some() && own == target.as_ref().map(|target| target.id),
            ),
            target,
            grants: access.own_grants(&ctx.actor).await?,
            subject: Subject::Account,
        })
    }
}

impl Named for Instance {
    type Resolved = InstanceTarget;

    fn said(&self) -> String {
        String::new()
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<InstanceTarget>> {
        Ok(Resolution {
            target: Some(InstanceTarget),
            grants: access.own_grants(&ctx.actor).await?,
            sight: Sight::Is(true),
            subject: Subject::Request,
        })
    }
}
