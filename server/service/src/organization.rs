//! Organizations: list, look at, create within the quota, delete when empty.
//!
//! # Invariants
//! - What a caller's right on an organization is comes from the same pure decision as every refusal.
//! - Someone with grants on single images only sees those images counted, never the organization's totals.
//! - An organization with images is never deleted; the refusal says how many there are.

mod settings;

use std::sync::Arc;

use roadstead::access::{
    Action, Actor, Allowed, Circumstances, Grants, OrganizationTarget, Visibility, permits,
};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::{AccountId, UserId};
use roadstead::manage::organization::{
    NameCheck, Organization, OrganizationQuery, OrganizationQuota, OrganizationSort,
};
use roadstead::page::{Page, Window};
use roadstead::{AccountName, Error, ErrorKind, OrganizationName, Result};
use roadstead_store::organization::{NewOrganization, OrganizationEntry, OrganizationRecord};
use roadstead_store::{Durability, Store, account, organization};

use crate::access::{Access, Account, OwnAccount, strongest};
use crate::audit::{self, Origin, Trail};
use crate::context::Context;
use crate::error::{Failed, stored};
use crate::port::Ports;
use crate::setting::SettingsCell;

/// Organizations.
#[derive(Debug, Clone)]
pub struct Organizations {
    store: Store,
    access: Access,
    settings: SettingsCell,
    ports: Ports,
    trail: Trail,
}

/// What became of a creation inside its transaction.
enum Created {
    Done(OrganizationRecord),
    OverQuota(OrganizationQuota),
}

impl Organizations {
    pub(crate) const fn new(
        store: Store,
        access: Access,
        settings: SettingsCell,
        ports: Ports,
        trail: Trail,
    ) -> Self {
        Self { store, access, settings, ports, trail }
    }

    /// Organizations that the caller sees.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; those of the store.
    #[tracing::instrument(name = "service.organization.list", skip_all)]
    pub async fn list(
        &self,
        ctx: &Context,
        query: OrganizationQuery,
    ) -> Result<Page<Organization>> {
        let page = self.seen(ctx, query).await?;
        self.trail.looked(|| Origin::of(ctx, &self.ports).event(TraceName::ListUserNamespaces));
        Ok(page)
    }

    async fn seen(&self, ctx: &Context, query: OrganizationQuery) -> Result<Page<Organization>> {
        self.access.authorize(ctx, Action::ListOrganizations, OwnAccount).await?;
        let visibility = self.access.visibility(ctx).await?;
        let page = self.entries(visibility, query).await?;
        let grants = self.access.own_grants(&ctx.actor).await?;
        let account = ctx.user()?.account;
        Ok(page.map(|entry| seen(&ctx.actor, account, &grants, entry, &ctx.circumstances())))
    }

    async fn entries(
        &self,
        visibility: Visibility,
        query: OrganizationQuery,
    ) -> Result<Page<OrganizationEntry>> {
        let search =
            query.search.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
        let sorted = organization::Sorted {
            by_creation: query.sort == OrganizationSort::CreatedAt,
            order: query.order,
        };
        let window = query.window;
        self.store
            .read("organization.list", move |tx| {
                let (visibility, search) = (visibility.clone(), search.clone());
                Box::pin(async move {
                    organization::list_sorted(tx, &visibility, search.as_deref(), sorted, window)
                        .await
                })
            })
            .await
            .map_err(stored)
    }

    /// One organization.
    ///
    /// # Errors
    /// `Hidden` when the caller does not see it, whether it exists or not.
    #[tracing::instrument(name = "service.organization.get", skip_all, fields(organization = %name))]
    pub async fn get(&self, ctx: &Context, name: &OrganizationName) -> Result<Organization> {
        let allowed = self.access.authorize(ctx, Action::ReadOrganization, name).await?;
        let account = allowed.target().account;
        self.trail.looked(|| {
            Origin::of(ctx, &self.ports)
                .event(TraceName::ShowUserNamespace)
                .in_account(account)
                .in_organization(allowed.target().id)
                .named(name)
        });
        let name = Arc::new(name.clone());
        let visibility = self.access.visibility(ctx).await?;
        let entry = self
            .store
            .read("organization.get", move |tx| {
                let (visibility, name) = (visibility.clone(), Arc::clone(&name));
                Box::pin(async move { organization::entry(tx, &visibility, &name).await })
            })
            .await
            .map_err(stored)?
            .ok_or_else(|| Error::hidden(Subject::Organization))?;
        let grants = self.access.own_grants(&ctx.actor).await?;
        Ok(seen(&ctx.actor, account, &grants, entry, &ctx.circumstances()))
    }

    /// Organizations that the caller may create images in, by name; at most 1,000.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; those of the store.
    #[tracing::instrument(name = "service.organization.pushable", skip_all)]
    pub async fn pushable(&self, ctx: &Context) -> Result<Vec<OrganizationName>> {
        let query = OrganizationQuery {
            search: None,
            sort: OrganizationSort::Name,
            order: roadstead::page::Order::Asc,
            window: Window { offset: 0, limit: 1_000 },
        };
        let page = self.seen(ctx, query).await?;
        Ok(page
            .items
            .into_iter()
            .filter(|organization| organization.may_push)
            .map(|organization| organization.name)
            .collect())
    }

    /// How many organizations the caller's account has and may have.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; those of the store.
    #[tracing::instrument(name = "service.organization.quota", skip_all)]
    pub async fn quota(&self, ctx: &Context) -> Result<OrganizationQuota> {
        let allowed = self.access.authorize(ctx, Action::ListOrganizations, OwnAccount).await?;
        let account = allowed.key();
        let found = self
            .store
            .peek("organization.quota", move |tx| {
                Box::pin(async move { account::find(tx, account).await })
            })
            .await
            .map_err(stored)?;
        Ok(match found {
            Some(found) => OrganizationQuota {
                used: found.organization_count,
                limit: self.limit(found.organization_limit),
            },
            None => OrganizationQuota { used: 0, limit: self.limit(None) },
        })
    }

    /// The quotas of the caller's account, as the management API lists them: those of organizations.
    ///
    /// # Errors
    /// As [`Organizations::quota`].
    pub async fn quotas(&self, ctx: &Context) -> Result<OrganizationQuota> {
        let quota = self.quota(ctx).await?;
        self.trail.looked(|| Origin::of(ctx, &self.ports).event(TraceName::ListQuotas));
        Ok(quota)
    }

    /// The account's own limit, else the instance's; 0 is unlimited.
    fn limit(&self, own: Option<u64>) -> Option<u64> {
        let limit = own.unwrap_or_else(|| self.settings.current().organization_quota.value);
        (limit > 0).then_some(limit)
    }

    /// Whether `text` can be had as a name. Only for those who may create organizations: names are global, so this
    /// tells one bit about other accounts, as creating would.
    ///
    /// # Errors
    /// `Denied` for others.
    #[tracing::instrument(name = "service.organization.check_name", skip_all)]
    pub async fn check_name(&self, ctx: &Context, text: &str) -> Result<NameCheck> {
        let allowed = self.access.authorize(ctx, Action::CreateOrganization, OwnAccount).await?;
        let account = allowed.key();
        let Ok(name) = text.parse::<OrganizationName>() else {
            let is_reserved = roadstead::RESERVED_ORGANIZATIONS.contains(&text);
            return Ok(if is_reserved { NameCheck::Reserved } else { NameCheck::Invalid });
        };
        let is_taken = self
            .store
            .peek("organization.check_name", move |tx| {
                let name = name.clone();
                Box::pin(async move { organization::is_taken(tx, account, &name).await })
            })
            .await
            .map_err(stored)?;
        Ok(if is_taken { NameCheck::Taken } else { NameCheck::Available })
    }

    /// Creates an organization in the caller's account.
    ///
    /// # Errors
    /// `Denied` without the right; `QuotaExceeded` with `used` and `limit` in the detail; `AlreadyExists` when any
    /// account has the name.
    #[tracing::instrument(name = "service.organization.create", skip_all, fields(organization = %name))]
    pub async fn create(&self, ctx: &Context, name: OrganizationName) -> Result<Organization> {
        let allowed = self.access.authorize(ctx, Action::CreateOrganization, OwnAccount).await?;
        let creator = ctx.user()?;
        let creator = Some((creator.user, creator.user_name.to_string()));
        let made = self.insert(ctx, allowed.key(), name, creator).await?;
        let grants = self.access.own_grants(&ctx.actor).await?;
        let entry = OrganizationEntry {
            id: made.id,
            name: made.name,
            creator_name: made.creator_name,
            permission: None,
            repository_count: 0,
            tag_count: 0,
            size: 0,
            user_count: 0,
            created_at: made.created_at,
        };
        Ok(seen(&ctx.actor, made.account_id, &grants, entry, &ctx.circumstances()))
    }

    /// Creates an organization for an account: the command line and set-up.
    ///
    /// # Errors
    /// As [`Organizations::create`]; `NotFound` when there is no such account.
    #[tracing::instrument(name = "service.organization.create_for", skip_all, fields(organization = %name))]
    pub async fn create_for(
        &self,
        ctx: &Context,
        name: OrganizationName,
        account: &AccountName,
    ) -> Result<()> {
        let allowed =
            self.access.authorize(ctx, Action::CreateOrganization, Account(account)).await?;
        self.insert(ctx, allowed.key(), name, None).await.map(drop)
    }

    async fn insert(
        &self,
        ctx: &Context,
        account: Allowed<AccountId>,
        name: OrganizationName,
        creator: Option<(UserId, String)>,
    ) -> Result<OrganizationRecord> {
        let default = self.settings.current().organization_quota.value;
        let new = Arc::new(NewOrganization {
            account,
            name,
            creator,
            default_public: false,
            created_at: ctx.now(),
        });
        let event = Origin::of(ctx, &self.ports)
            .event(TraceName::CreateUserNamespace)
            .in_account(*account.target())
            .named(&new.name);
        let created = self
            .store
            .run("organization.create", Durability::Durable, move |tx| {
                let (new, event) = (Arc::clone(&new), event.clone());
                Box::pin(async move {
                    // Holds the account: of two creations at the quota's edge one sees the other.
                    let own =
                        account::lock(tx, new.account).await?.and_then(|it| it.organization_limit);
                    let limit = own.unwrap_or(default);
                    let used = organization::count(tx, new.account).await?;
                    if limit > 0 && used >= limit {
                        return Ok(Created::OverQuota(OrganizationQuota {
                            used,
                            limit: Some(limit),
                        }));
                    }
                    let made = organization::create(tx, &new).await?;
                    audit::append(tx, event.id(made.id).in_organization(made.id)).await?;
                    Ok::<_, Failed>(Created::Done(made))
                })
            })
            .await
            .map_err(|failed| match failed {
                Failed::Store(error) if error.is_not_unique("organizations") => taken(),
                other => other.into(),
            })?;
        match created {
            Created::Done(made) => Ok(made),
            Created::OverQuota(quota) => Err(over(quota)),
        }
    }

    /// Deletes an organization without images. Its grants end with it; others may take the name afterwards.
    ///
    /// # Errors
    /// `Hidden` or `Denied` without the right; `Conflict` with the number of images `n` in the detail.
    #[tracing::instrument(name = "service.organization.delete", skip_all, fields(organization = %name))]
    pub async fn delete(&self, ctx: &Context, name: &OrganizationName) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::DeleteOrganization, name).await?;
        let (key, now) = (allowed.key(), ctx.now());
        let (id, account) = (allowed.target().id, allowed.target().account);
        let by = ctx.actor.user().map(|user| user.user);
        let event = Origin::of(ctx, &self.ports)
            .event(TraceName::DeleteUserNamespace)
            .in_account(account)
            .named(name)
            .id(id)
            .in_organization(id);
        let left = self
            .store
            .run("organization.delete", Durability::Durable, move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    let Some(found) = organization::find(tx, key).await? else {
                        return Ok(None);
                    };
                    if organization::delete(tx, key, by, now).await? {
                        audit::append(tx, event).await?;
                        Ok(None)
                    } else {
                        Ok::<_, Failed>(Some(found.repository_count.max(1)))
                    }
                })
            })
            .await?;
        left.map_or(Ok(()), |images| Err(not_empty(images)))
    }
}

/// An entry of the store as the caller sees it.
fn seen(
    actor: &Actor,
    account: AccountId,
    own: &Grants,
    entry: OrganizationEntry,
    at: &Circumstances<'_>,
) -> Organization {
    let grants = Grants { organization: entry.permission, ..own.clone() };
    let target =
        OrganizationTarget { id: entry.id, account, name: entry.name.clone(), new_image: None };
    let permission = strongest::on_organization(actor, &target, &grants, at);
    Organization {
        id: entry.id,
        name: entry.name,
        permission: permission.map(|right| right.permission),
        may_delete: permits(actor, Action::DeleteOrganization, &target, &grants, at).is_ok(),
        may_push: strongest::may_create_images(actor, &target, &grants, at).is_some(),
        images: entry.repository_count,
        users: entry.user_count,
        size: entry.size,
        created_by: entry.creator_name,
        created_at: entry.created_at,
    }
}

fn taken() -> Error {
    Error::new(
        ErrorKind::AlreadyExists,
        Subject::Organization,
        "this organization name is taken, possibly by another account; choose another",
    )
}

fn over(quota: OrganizationQuota) -> Error {
    Error::new(
        ErrorKind::QuotaExceeded,
        Subject::Organization,
        "the account has as many organizations as it may have; delete one, or ask the administrator for more",
    )
    .with_detail(serde_json::json!({ "used": quota.used, "limit": quota.limit }))
}

fn not_empty(images: u64) -> Error {
    Error::new(
        ErrorKind::Conflict,
        Subject::Organization,
        format!("the organization still contains {images} images; delete them first"),
    )
    .with_detail(serde_json::json!({ "n": images }))
}

#[cfg(test)]
mod tests;
