//! Targets and grants as loaded, each remembered until something that matters changes.

use std::sync::Arc;

use moka::sync::Cache;
use roadstead::access::{
    AccountTarget, Actor, Grants, OrganizationTarget, Policy, RepositoryTarget, Statement,
    SystemPolicy,
};
use roadstead::error::Subject;
use roadstead::id::UserId;
use roadstead::{AccountName, Error, ErrorKind, ImageName, OrganizationName, Result};
use roadstead_store::attachment;
use roadstead_store::resolve::{self, Asker, Held};

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
    statements: Cache<UserId, (Stamp, Arc<[Statement]>)>,
}

impl Known {
    pub(crate) fn new() -> Self {
        Self {
            images: Cache::new(CAPACITY),
            organizations: Cache::new(CAPACITY),
            statements: Cache::new(CAPACITY),
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

    /// Statements of every policy attached to the user and its groups.
    pub(crate) async fn statements(&self, user: UserId) -> Result<Arc<[Statement]>> {
        let stamp = self.inner.generation.rights();
        if let Some((loaded, known)) = self.inner.known.statements.get(&user)
            && loaded == stamp
        {
            return Ok(known);
        }
        let known: Arc<[Statement]> = self.load_statements(user).await?.into();
        self.inner.known.statements.insert(user, (stamp, known.clone()));
        Ok(known)
    }

    /// What the caller holds without a target: statements alone.
    pub(crate) async fn own_grants(&self, actor: &Actor) -> Result<Arc<Grants>> {
        let statements = match actor.user() {
            Some(user) if !user.is_owner => self.statements(user.user).await?.to_vec(),
            _ => Vec::new(),
        };
        Ok(Arc::new(Grants { statements, ..self.no_grants() }))
    }

    fn no_grants(&self) -> Grants {
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
        Ok(KnownImage { target, parent, grants: Arc::new(self.grants(actor, held).await?) })
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

    async fn load_statements(&self, user: UserId) -> Result<Vec<Statement>> {
        let held = self
            .inner
            .store
            .peek("access.statements", |tx| {
                Box::pin(async move { attachment::of_user(tx, user).await })
            })
            .await
            .map_err(stored)?;
        let region = self.inner.settings.current().region.value.clone();
        let mut statements = Vec::new();
        for right in held {
            if right.project_name.is_some_and(|project| project.as_str() != region) {
                continue;
            }
            if let Some(role) = &right.role {
                match SystemPolicy::by_name(role) {
                    Some(policy) => statements.extend(policy.statements()),
                    None => return Err(unreadable(role)),
                }
            }
            if let Some(document) = right.document {
                // A document that cannot be read might have denied: nothing is decided without it.
                let policy: Policy =
                    serde_json::from_value(document).map_err(|_| unreadable("a custom policy"))?;
                statements.extend(policy.statement);
            }
        }
        Ok(statements)
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
