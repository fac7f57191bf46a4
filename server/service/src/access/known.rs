//! Targets and grants as loaded, each remembered until something that matters changes.

use std::sync::Arc;

use moka::sync::Cache;
use roadstead::access::policy::{Attached, Holder};
use roadstead::access::{
    AccountTarget, Actor, Grants, OrganizationTarget, Policies, Policy, RepositoryTarget,
    SystemPolicy,
};
use roadstead::error::Subject;
use roadstead::id::UserId;
use roadstead::{AccountName, Error, ErrorKind, ImageName, OrganizationName, Result};
use roadstead_store::StoreError;
use roadstead_store::resolve::{self, HeldGrants, HeldRight};

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
}

impl Known {
    pub(crate) fn new() -> Self {
        Self {
            images: Cache::new(CAPACITY),
            organizations: Cache::new(CAPACITY),
            policies: Cache::new(CAPACITY),
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

    async fn load_image(&self, actor: &Actor, name: &ImageName) -> Result<KnownImage> {
        // Of their own images owners hold everything: there is nothing to look for beyond the name.
        if let Some(user) = actor.user().filter(|user| user.is_owner) {
            let found = self
                .inner
                .store
                .peek("access.own_image", |tx| {
                    let name = name.clone();
                    Box::pin(async move { resolve::image(tx, &name).await })
                })
                .await
                .map_err(stored)?;
            if let Some((parent, target)) = found
                && parent.account == user.account
            {
                let grants = self.own_grants(actor).await?;
                return Ok(KnownImage { target, parent: Some(parent), grants });
            }
        }
        let user = actor.user().map(|user| (user.user, user.account));
        let (organization, repository, held, share, owner) = self
            .inner
            .store
            .read("access.image", |tx| {
                let name = name.clone();
                Box::pin(async move {
                    let Some((organization, repository)) = resolve::image(tx, &name).await? else {
                        return Ok((None, None, None, None, None));
                    };
                    let id = repository.as_ref().map(|repository| repository.id);
                    let (mut held, mut share, mut owner) = (None, None, None);
                    if let Some((user, account)) = user {
                        if account == organization.account {
                            held = Some(resolve::grants(tx, user, organization.id, id).await?);
                        } else if let Some(id) = id {
                            share = resolve::share(tx, id, account).await?;
                            owner = resolve::account_public_id(tx, organization.account).await?;
                        }
                    }
                    Ok::<_, StoreError>((Some(organization), repository, held, share, owner))
                })
            })
            .await
            .map_err(stored)?;
        let mut grants = self.grants(actor, held).await?;
        grants.share = share;
        grants.owner = owner.map(Into::into);
        Ok(KnownImage { target: repository, parent: organization, grants: Arc::new(grants) })
    }

    async fn load_organization(
        &self,
        actor: &Actor,
        name: &OrganizationName,
    ) -> Result<KnownOrganization> {
        let user = actor.user().map(|user| (user.user, user.account));
        let found = self
            .inner
            .store
            .read("access.organization", |tx| {
                let name = name.clone();
                Box::pin(async move {
                    let Some(organization) = resolve::organization(tx, &name).await? else {
                        return Ok(None);
                    };
                    let held = match user {
                        Some((user, account)) if account == organization.account => {
                            Some(resolve::grants(tx, user, organization.id, None).await?)
                        }
                        _ => None,
                    };
                    Ok::<_, StoreError>(Some((organization, held)))
                })
            })
            .await
            .map_err(stored)?;
        let (organization, held) = found.unzip();
        Ok(KnownOrganization {
            target: organization,
            grants: Arc::new(self.grants(actor, held.flatten()).await?),
        })
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
            let (attached, policy) = read(right)?;
            policies = policies.with(attached, &policy);
        }
        Ok(policies)
    }

    async fn grants(&self, actor: &Actor, held: Option<HeldGrants>) -> Result<Grants> {
        let own = self.own_grants(actor).await?;
        let mut grants = Grants::clone(&own);
        if let Some(held) = held {
            grants.organization = held.organization;
            grants.image = held.image;
            grants.any_image = held.any_image;
        }
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

/// What is attached. A document that cannot be read might have denied: nothing is decided without it.
fn read(right: HeldRight) -> Result<(Attached, Policy)> {
    let group = right.group_name.map(Into::into);
    if let Some(name) = right.role {
        let policy = SystemPolicy::by_name(&name).ok_or_else(|| unreadable(&name))?.document();
        return Ok((Attached { policy: name, is_system: true, group }, policy));
    }
    let name = right.policy_name.map(String::from).unwrap_or_default();
    let document = right.document.ok_or_else(|| unreadable(&name))?;
    let policy = Policy::read(&document).map_err(|_| unreadable(&name))?;
    Ok((Attached { policy: name, is_system: false, group }, policy))
}

fn unreadable(what: &str) -> Error {
    tracing::error!(
        policy = what,
        "an attached policy cannot be read; everything of its holders is refused"
    );
    Error::new(
        ErrorKind::Corrupt,
        Subject::Request,
        "a policy of yours is damaged; the administrator finds the cause in the log",
    )
}
