//! Targets and grants as loaded, each remembered until something that matters changes.

use std::sync::Arc;

use moka::sync::Cache;
use roadstead::access::policy::{Attached, Holder};
use roadstead::access::{
    AccountTarget, Actor, Grants, OrganizationTarget, Policies, Policy, RepositoryTarget,
    SystemPolicy,
};
use roadstead::id::UserId;
use roadstead::{AccountName, ImageName, OrganizationName, Result};
use roadstead_store::StoreError;
use roadstead_store::resolve::{self, Asker, Held, HeldRight};

use super::Access;
use super::watch::Stamp;
use crate::context::Context;
use crate::error::stored;

/// Most entries of each cache.
const CAPACITY: u64 = 20_000;

/// An image's name, resolved for one caller.
#[derive(Debug)]
pub(crate) struct KnownImage {
    /// The image; `None` when there is none of that name.
    pub(crate) target: Option<RepositoryTarget>,
    /// Its organization; `None` when there is none of that name.
    pub(crate) parent: Option<OrganizationTarget>,
    /// What the caller holds on both.
    pub(crate) grants: Arc<Grants>,
}

/// An organization's name, resolved for one caller.
#[derive(Debug)]
pub(crate) struct KnownOrganization {
    /// The organization; `None` when there is none of that name.
    pub(crate) target: Option<OrganizationTarget>,
    /// What the caller holds on it.
    pub(crate) grants: Arc<Grants>,
}

/// What was loaded, and for which generation.
#[derive(Debug)]
pub(crate) struct Known {
    images: Cache<(Option<UserId>, ImageName), (Stamp, Arc<KnownImage>)>,
    organizations: Cache<(Option<UserId>, OrganizationName), (Stamp, Arc<KnownOrganization>)>,
    policies: Cache<UserId, (Stamp, Arc<Policies>)>,
    /// Damaged policies of users that the log knows of.
    told: Cache<(UserId, String), ()>,
}

impl Known {
    pub(crate) fn new() -> Self {
        Self {
            images: Cache::new(CAPACITY),
            organizations: Cache::new(CAPACITY),
            policies: Cache::new(CAPACITY),
            told: Cache::new(CAPACITY),
        }
    }
}

impl Access {
    /// An image's name, resolved for the caller.
    pub(crate) async fn image(&self, ctx: &Context, name: &ImageName) -> Result<Arc<KnownImage>> {
        let key = (ctx.actor.user().map(|user| user.user), name.clone());
        let stamp = self.inner.generation.image(name);
        if let Some((loaded, known)) = self.inner.known.images.get(&key)
            && loaded == stamp
        {
            return Ok(known);
        }
        let known = Arc::new(self.load_image(&ctx.actor, name).await?);
        self.inner.known.images.insert(key, (stamp, known.clone()));
        Ok(known)
    }

    /// An organization's name, resolved for the caller.
    pub(crate) async fn organization(
        &self,
        ctx: &Context,
        name: &OrganizationName,
    ) -> Result<Arc<KnownOrganization>> {
        let key = (ctx.actor.user().map(|user| user.user), name.clone());
        let stamp = self.inner.generation.rights();
        if let Some((loaded, known)) = self.inner.known.organizations.get(&key)
            && loaded == stamp
        {
            return Ok(known);
        }
        let known = Arc::new(self.load_organization(&ctx.actor, name).await?);
        self.inner.known.organizations.insert(key, (stamp, known.clone()));
        Ok(known)
    }

    /// Every policy attached to the user and its groups that counts in this region, compiled.
    pub(crate) async fn policies(&self, user: UserId) -> Result<Arc<Policies>> {
        let stamp = self.inner.generation.rights();
        if let Some((loaded, known)) = self.inner.known.policies.get(&user)
            && loaded == stamp
        {
            return Ok(known);
        }
        let known = Arc::new(self.load_policies(user).await?);
        self.inner.known.policies.insert(user, (stamp, known.clone()));
        Ok(known)
    }

    /// What the caller holds without a target: policies alone.
    pub(crate) async fn own_grants(&self, actor: &Actor) -> Result<Arc<Grants>> {
        let policies = match actor.user() {
            Some(user) if !user.is_owner => self.policies(user.user).await?,
            _ => Arc::default(),
        };
        Ok(Arc::new(Grants { policies, ..self.no_grants() }))
    }

    pub(super) fn no_grants(&self) -> Grants {
        Grants {
            anonymous_access: self.inner.settings.current().anonymous_access.value,
            ..Grants::default()
        }
    }

    /// One statement, whoever asks and whether there is anything of that name: the work done does not tell.
    async fn load_image(&self, actor: &Actor, name: &ImageName) -> Result<KnownImage> {
        let asker = asker(actor);
        let found = self
            .inner
            .store
            .peek("access.image", |tx| {
                let name = name.clone();
                Box::pin(async move { resolve::image(tx, &name, asker).await })
            })
            .await
            .map_err(stored)?;
        let (parent, target, held) = match found {
            Some((parent, target, held)) => (Some(parent), target, held),
            None => (None, None, Held::default()),
        };
        let owner = held.owner.clone().filter(|_| {
            let own = actor.user().map(|user| user.account);
            parent.as_ref().is_some_and(|parent| Some(parent.account) != own)
        });
        let mut grants = self.grants(actor, held).await?;
        grants.owner = owner.map(Into::into);
        Ok(KnownImage { target, parent, grants: Arc::new(grants) })
    }

    /// One statement, as for images.
    async fn load_organization(
        &self,
        actor: &Actor,
        name: &OrganizationName,
    ) -> Result<KnownOrganization> {
        let asker = asker(actor);
        let found = self
            .inner
            .store
            .peek("access.organization", |tx| {
                let name = name.clone();
                Box::pin(async move { resolve::organization(tx, &name, asker).await })
            })
            .await
            .map_err(stored)?;
        let (target, held) = found.unzip();
        let grants = self.grants(actor, held.unwrap_or_default()).await?;
        Ok(KnownOrganization { target, grants: Arc::new(grants) })
    }

    async fn load_policies(&self, user: UserId) -> Result<Policies> {
        let (person, held) = self
            .inner
            .store
            .read("access.policies", |tx| {
                Box::pin(async move {
                    let person = resolve::person(tx, user).await?;
                    Ok::<_, StoreError>((person, resolve::rights(tx, user).await?))
                })
            })
            .await
            .map_err(stored)?;
        let region = self.inner.settings.current().region.value.clone();
        let holder = person.map(|person| Holder {
            user_id: person.user_public_id.into(),
            domain_id: person.account_public_id.into(),
            region: region.clone(),
        });
        let mut policies = Policies::new(holder.unwrap_or_default());
        for right in held {
            if right.project_name.as_ref().is_some_and(|project| project.as_str() != region) {
                continue;
            }
            policies = match read(right) {
                (attached, Some(policy)) => policies.with(attached, &policy),
                (attached, None) => {
                    self.tell_damaged(user, &attached);
                    policies.with_damaged(attached)
                }
            };
        }
        Ok(policies)
    }

    /// Says once that a policy of a user cannot be read. Rights are loaded again after every change of any.
    fn tell_damaged(&self, user: UserId, attached: &Attached) {
        let key = (user, attached.policy.clone());
        if self.inner.known.told.contains_key(&key) {
            return;
        }
        self.inner.known.told.insert(key, ());
        tracing::error!(
            user = user.0,
            policy = attached.policy,
            "an attached policy cannot be read; everything that policies decide is refused to this user until it is \
             saved anew or detached"
        );
    }

    async fn grants(&self, actor: &Actor, held: Held) -> Result<Grants> {
        let own = self.own_grants(actor).await?;
        let mut grants = Grants::clone(&own);
        grants.organization = held.organization;
        grants.image = held.image;
        grants.any_image = held.any_image;
        grants.share = held.share;
        Ok(grants)
    }

    /// The account of this name.
    pub(crate) async fn account(&self, name: &AccountName) -> Result<Option<AccountTarget>> {
        self.inner
            .store
            .peek("access.account", |tx| {
                let name = name.clone();
                Box::pin(async move { resolve::account(tx, &name).await })
            })
            .await
            .map_err(stored)
    }
}

fn asker(actor: &Actor) -> Option<Asker> {
    actor.user().map(|user| Asker { user: user.user, account: user.account })
}

/// What is attached, and what it says if it can be read.
fn read(right: HeldRight) -> (Attached, Option<Policy>) {
    let group = right.group_name.map(Into::into);
    if let Some(name) = right.role {
        let policy = SystemPolicy::by_name(&name).map(SystemPolicy::document);
        return (Attached { policy: name, is_system: true, group }, policy);
    }
    let name = right.policy_name.map(String::from).unwrap_or_default();
    let policy = right.document.and_then(|document| Policy::read(&document).ok());
    (Attached { policy: name, is_system: false, group }, policy)
}
