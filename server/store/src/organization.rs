//! Organizations: `namespace` on SWR's wire, the first component of an image's name. Names are unique across accounts.

use roadstead::access::{Allowed, OrganizationKey, Permission, Visibility};
use roadstead::id::{AccountId, OrganizationId, UserId};
use roadstead::page::{Order, Page, Window};
use roadstead::{OrganizationName, TagPattern, Timestamp};

use crate::change::{Change, ChangeKind};
use crate::dialect::contains;
use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::visible;

record! {
    /// An organization.
    OrganizationRecord {
        /// Key; SWR's integer id.
        id: OrganizationId,
        /// The account that owns it.
        account_id: AccountId,
        /// Name.
        name: OrganizationName,
        /// Who created it, while that user exists.
        creator_id: Option<UserId>,
        /// Who created it.
        creator_name: String,
        /// Whether new images are public.
        default_public: bool,
        /// Whether a first push creates the image.
        create_on_push: bool,
        /// Whether only Docker's media types are accepted.
        docker_only: bool,
        /// Tags that never move.
        immutable_tags: TagPattern,
        /// Live repositories.
        repository_count: u64,
        /// Visible tags.
        tag_count: u64,
        /// Bytes of its repositories.
        size: u64,
        /// When it was created.
        created_at: Timestamp,
        /// When its settings last changed.
        updated_at: Timestamp,
    }
}

record! {
    /// An organization in a caller's list.
    OrganizationEntry {
        /// Key; SWR's integer id.
        id: OrganizationId,
        /// Name.
        name: OrganizationName,
        /// Who created it.
        creator_name: String,
        /// The caller's own grant; `None` when only images inside are granted, or when no grant is needed.
        permission: Option<Permission>,
        /// Live repositories.
        repository_count: u64,
        /// Visible tags.
        tag_count: u64,
        /// Bytes of its repositories.
        size: u64,
        /// Users with a grant.
        user_count: u64,
        /// When it was created.
        created_at: Timestamp,
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, name, creator_id, creator_name, default_public, create_on_push, docker_only, \
             immutable_tags, repository_count, tag_count, size, created_at, updated_at FROM organizations ",
            $rest
        )
    };
}

/// A counter of the organization for whoever has a grant on it, else the same over the images granted to user `$1`.
macro_rules! inside {
    ($whole:literal, $granted:literal) => {
        concat!(
            "CASE WHEN EXISTS (SELECT 1 FROM organization_grants w WHERE w.organization_id = o.id AND w.user_id = $1) THEN ",
            $whole,
            " ELSE (SELECT ",
            $granted,
            " FROM repository_grants g JOIN repositories i ON i.id = g.repository_id \
             WHERE g.user_id = $1 AND g.organization_id = o.id AND i.deleted_at IS NULL) END"
        )
    };
}

/// What a new organization is made of.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// The proof that an organization may be created in this account.
    pub account: Allowed<AccountId>,
    /// Name.
    pub name: OrganizationName,
    /// Who creates it.
    pub creator: Option<(UserId, String)>,
    /// Whether new images are public.
    pub default_public: bool,
    /// Now.
    pub created_at: Timestamp,
}

/// Creates an organization. `NotUnique { table: "organizations" }` when the name is taken.
pub async fn create(tx: &mut Tx<'_>, new: &NewOrganization) -> Result<OrganizationRecord> {
    let account = *new.account.target();
    let (creator, creator_name) = new.creator.clone().unzip();
    let id: OrganizationId = sql(
        "INSERT INTO organizations (account_id, name, creator_id, creator_name, default_public, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
    )
    .bind(account)
    .bind(&new.name)
    .bind(creator)
    .bind(creator_name.unwrap_or_default())
    .bind(new.default_public)
    .bind(new.created_at)
    .scalar(tx)
    .await?;
    tx.ledger.account(account).organizations += 1;
    tx.change(
        Change::new(ChangeKind::Organization, new.created_at)
            .in_account(account)
            .in_organization(id)
            .of(&new.name),
    );
    sql(select!("WHERE id = $1")).bind(id).one(tx).await
}

/// The organization.
pub async fn find(
    tx: &mut Tx<'_>,
    organization: Allowed<OrganizationKey>,
) -> Result<Option<OrganizationRecord>> {
    sql(select!("WHERE id = $1 AND deleted_at IS NULL"))
        .bind(organization.target().id)
        .optional(tx)
        .await
}

record! {
    /// What an organization demands of what is pushed into its images.
    PushRules {
        /// Whether only Docker's media types are accepted.
        docker_only: bool,
        /// Tags that never move.
        immutable_tags: TagPattern,
    }
}

/// What the organization of a repository demands of a push; `None` when it has been deleted meanwhile.
pub async fn push_rules(tx: &mut Tx<'_>, place: &Place) -> Result<Option<PushRules>> {
    sql("SELECT docker_only, immutable_tags FROM organizations WHERE id = $1 AND deleted_at IS NULL")
        .bind(place.organization)
        .optional(tx)
        .await
}

/// Whether any account has this name: for those who may create one.
pub async fn is_taken(
    tx: &mut Tx<'_>,
    _: Allowed<AccountId>,
    name: &OrganizationName,
) -> Result<bool> {
    sql("SELECT EXISTS (SELECT 1 FROM organizations WHERE name = $1 AND deleted_at IS NULL)")
        .bind(name)
        .scalar(tx)
        .await
}

/// How many live organizations an account has, counted now: for the quota.
pub async fn count(tx: &mut Tx<'_>, account: Allowed<AccountId>) -> Result<u64> {
    sql("SELECT count(*) FROM organizations WHERE account_id = $1 AND deleted_at IS NULL")
        .bind(*account.target())
        .scalar(tx)
        .await
}

/// How a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sorted {
    /// By time of creation instead of name.
    pub by_creation: bool,
    /// Direction.
    pub order: Order,
}

/// The organizations the caller may see, by name; `search` is part of the name.
pub async fn list(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    search: Option<&str>,
    window: Window,
) -> Result<Page<OrganizationEntry>> {
    list_sorted(tx, visibility, search, Sorted { by_creation: false, order: Order::Asc }, window)
        .await
}

/// The organizations the caller may see; `search` is part of the name. Whoever holds grants on single images only gets
/// the counts of those images, and whose policies decide about images, of those that they see.
pub async fn list_sorted(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    search: Option<&str>,
    sorted: Sorted,
    window: Window,
) -> Result<Page<OrganizationEntry>> {
    let mut statement = entries(visibility);
    let mut total = sql("SELECT count(*) FROM organizations o WHERE ");
    for part in [&mut statement, &mut total] {
        visible::organizations(part, visibility);
        if let Some(text) = search {
            part.push(" AND o.name LIKE ").push_bind(contains(text)).push(" ESCAPE '\\'");
        }
    }
    statement.push(match (sorted.by_creation, sorted.order) {
        (false, Order::Asc) => " ORDER BY o.name LIMIT ",
        (false, Order::Desc) => " ORDER BY o.name DESC LIMIT ",
        (true, Order::Asc) => " ORDER BY o.created_at, o.id LIMIT ",
        (true, Order::Desc) => " ORDER BY o.created_at DESC, o.id DESC LIMIT ",
    });
    statement.push_bind(window.limit);
    statement.push(" OFFSET ").push_bind(window.offset);
    let items = statement.all(tx).await?;
    Ok(Page { items, total: total.scalar(tx).await?, window })
}

/// One organization, if the caller may see it.
pub async fn entry(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    name: &OrganizationName,
) -> Result<Option<OrganizationEntry>> {
    let mut statement = entries(visibility);
    statement.push("o.name = ").push_bind(name).push(" AND ");
    visible::organizations(&mut statement, visibility);
    statement.optional(tx).await
}

/// Begins a statement that gives [`OrganizationEntry`] rows, up to its WHERE.
fn entries(visibility: &Visibility) -> Sql {
    match visibility {
        Visibility::Account { .. } => sql(
            "SELECT o.id, o.name, o.creator_name, CAST(NULL AS BIGINT) AS permission, o.repository_count, o.tag_count, \
             o.size, (SELECT count(*) FROM organization_grants c WHERE c.organization_id = o.id) AS user_count, \
             o.created_at FROM organizations o WHERE ",
        ),
        Visibility::Granted { user, policies, .. } if visible::counts_by_policy(policies) => {
            let mut statement = sql(
                "SELECT o.id, o.name, o.creator_name, (SELECT p.permission FROM organization_grants p \
                 WHERE p.organization_id = o.id AND p.user_id = $1) AS permission, ",
            )
            .bind(*user);
            for (counted, name) in [
                ("count(*)", " AS repository_count, "),
                ("CAST(coalesce(sum(r.tag_count), 0) AS BIGINT)", " AS tag_count, "),
                ("CAST(coalesce(sum(r.size), 0) AS BIGINT)", " AS size, "),
            ] {
                statement.push("(SELECT ").push(counted);
                statement.push(" FROM repositories r WHERE r.organization_id = o.id AND ");
                visible::images(&mut statement, visibility);
                statement.push(")").push(name);
            }
            statement.and(
                "(SELECT count(*) FROM organization_grants c WHERE c.organization_id = o.id) AS user_count, \
                 o.created_at FROM organizations o WHERE ",
            )
        }
        Visibility::Granted { user, .. } => sql(concat!(
            "SELECT o.id, o.name, o.creator_name, (SELECT p.permission FROM organization_grants p \
             WHERE p.organization_id = o.id AND p.user_id = $1) AS permission, ",
            inside!("o.repository_count", "count(*)"),
            " AS repository_count, ",
            inside!("o.tag_count", "CAST(coalesce(sum(i.tag_count), 0) AS BIGINT)"),
            " AS tag_count, ",
            inside!("o.size", "CAST(coalesce(sum(i.size), 0) AS BIGINT)"),
            " AS size, (SELECT count(*) FROM organization_grants c WHERE c.organization_id = o.id) AS user_count, \
             o.created_at FROM organizations o WHERE "
        ))
        .bind(*user),
    }
}

/// The names of every organization the caller may see, for drop-downs.
pub async fn names(tx: &mut Tx<'_>, visibility: &Visibility) -> Result<Vec<OrganizationName>> {
    let mut statement = sql("SELECT o.name FROM organizations o WHERE ");
    visible::organizations(&mut statement, visibility);
    statement.push(" ORDER BY o.name LIMIT 1000");
    Ok(statement.all::<(OrganizationName,)>(tx).await?.into_iter().map(|(name,)| name).collect())
}

/// What a person sets about an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether new images are public.
    pub default_public: bool,
    /// Whether a first push creates the image.
    pub create_on_push: bool,
    /// Whether only Docker's media types are accepted.
    pub docker_only: bool,
    /// Tags that never move.
    pub immutable_tags: TagPattern,
}

/// Changes the settings of an organization; `false` when it has been deleted meanwhile.
pub async fn update(
    tx: &mut Tx<'_>,
    organization: Allowed<OrganizationKey>,
    settings: &Settings,
    at: Timestamp,
) -> Result<bool> {
    let updated = sql(
        "UPDATE organizations SET default_public = $2, create_on_push = $3, docker_only = $4, immutable_tags = $5, \
         updated_at = $6 WHERE id = $1 AND deleted_at IS NULL RETURNING name",
    )
    .bind(organization.target().id)
    .bind(settings.default_public)
    .bind(settings.create_on_push)
    .bind(settings.docker_only)
    .bind(&settings.immutable_tags)
    .bind(at)
    .optional::<(OrganizationName,)>(tx)
    .await?;
    if let Some((name,)) = &updated {
        changed(tx, organization.target(), name, at);
    }
    Ok(updated.is_some())
}

/// Deletes an organization if no live repository is left in it; otherwise nothing happens and the answer is `false`.
/// Its grants and unfinished uploads end with it.
pub async fn delete(
    tx: &mut Tx<'_>,
    organization: Allowed<OrganizationKey>,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<bool> {
    let organization = organization.target();
    let held = sql("SELECT name FROM organizations WHERE id = $1 AND deleted_at IS NULL")
        .bind(organization.id)
        .and(tx.dialect().for_update())
        .optional::<(OrganizationName,)>(tx)
        .await?;
    let is_used: bool =
        sql("SELECT EXISTS (SELECT 1 FROM repositories WHERE organization_id = $1 AND deleted_at IS NULL)")
            .bind(organization.id)
            .scalar(tx)
            .await?;
    let (Some((name,)), false) = (held, is_used) else {
        return Ok(false);
    };
    sql("UPDATE organizations SET deleted_at = $2, deleted_by = $3 WHERE id = $1")
        .bind(organization.id)
        .bind(at)
        .bind(by)
        .execute(tx)
        .await?;
    sql("DELETE FROM organization_grants WHERE organization_id = $1")
        .bind(organization.id)
        .execute(tx)
        .await?;
    sql("DELETE FROM repository_grants WHERE organization_id = $1")
        .bind(organization.id)
        .execute(tx)
        .await?;
    tx.ledger.account(organization.account).organizations -= 1;
    changed(tx, organization, &name, at);
    crate::account::bump_permission_epoch(tx, organization.account, at).await?;
    Ok(true)
}

fn changed(
    tx: &mut Tx<'_>,
    organization: &OrganizationKey,
    name: &OrganizationName,
    at: Timestamp,
) {
    tx.change(
        Change::new(ChangeKind::Organization, at)
            .in_account(organization.account)
            .in_organization(organization.id)
            .of(name),
    );
}
