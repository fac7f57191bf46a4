//! Grants: SWR's own rights of a user on an organization or one image.
//!
//! They end with the user, the image and the organization ([`crate::user::delete`], [`crate::repository::delete`],
//! [`crate::organization::delete`]); what takes the name afterwards has another key and inherits nothing.

use roadstead::access::{Allowed, OrganizationKey, Permission};
use roadstead::id::{AccountId, PublicId, UserId};
use roadstead::page::{Page, Window};
use roadstead::{Timestamp, UserName};

use crate::account::bump_permission_epoch;
use crate::dialect::contains;
use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;

/// What grants are on, with the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// An organization.
    Organization(Allowed<OrganizationKey>),
    /// An image.
    Image(Place),
}

impl On {
    /// The account that owns it.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        match self {
            Self::Organization(key) => key.target().account,
            Self::Image(place) => place.account,
        }
    }
}

record! {
    /// A user of the account that owns the thing, with what grants say.
    GrantRecord {
        /// The user.
        user_id: UserId,
        /// Its id on the wire.
        user_public_id: PublicId,
        /// Its name.
        user_name: UserName,
        /// Whether it is the account's owner, who needs no grant.
        is_owner: bool,
        /// The grant on the thing itself.
        given: Option<Permission>,
        /// Of an image: the grant on its organization.
        inherited: Option<Permission>,
        /// When `given`, else `inherited`, was given.
        granted_at: Option<Timestamp>,
    }
}

/// The text that `$columns` begin, over the live users of the account that owns the thing.
macro_rules! users {
    ($on:expr, $of_organization:literal, $of_image:literal) => {{
        let mut statement = match $on {
            On::Organization(key) => sql(concat!(
                "SELECT ",
                $of_organization,
                " FROM users u LEFT JOIN organization_grants g ON g.user_id = u.id AND g.organization_id = $1"
            ))
            .bind(key.target().id),
            On::Image(place) => sql(concat!(
                "SELECT ",
                $of_image,
                " FROM users u LEFT JOIN repository_grants g ON g.user_id = u.id AND g.repository_id = $1 \
                 LEFT JOIN organization_grants o ON o.user_id = u.id AND o.organization_id = $2"
            ))
            .bind(place.repository)
            .bind(place.organization),
        };
        statement.push(" WHERE u.account_id = ").push_bind($on.account());
        statement.push(" AND u.deleted_at IS NULL");
        statement
    }};
}

/// Begins a statement of [`GrantRecord`]s.
fn records(on: &On) -> Sql {
    users!(
        on,
        "u.id AS user_id, u.public_id AS user_public_id, u.name AS user_name, u.is_owner, g.permission AS given, \
         CAST(NULL AS BIGINT) AS inherited, g.created_at AS granted_at",
        "u.id AS user_id, u.public_id AS user_public_id, u.name AS user_name, u.is_owner, g.permission AS given, \
         o.permission AS inherited, coalesce(g.created_at, o.created_at) AS granted_at"
    )
}

/// Who of the users is meant.
fn narrow(statement: &mut Sql, except: Option<UserId>, search: Option<&str>) {
    if let Some(user) = except {
        statement.push(" AND u.id <> ").push_bind(user);
    }
    if let Some(text) = search {
        statement.push(" AND u.name_key LIKE ").push_bind(contains(text)).push(" ESCAPE '\\'");
    }
}

/// Users other than `except` with a grant on the thing, or on the organization that the image is in, by name. `search` is
/// part of the name.
pub async fn list(
    tx: &mut Tx<'_>,
    on: &On,
    except: Option<UserId>,
    search: Option<&str>,
    window: Window,
) -> Result<Page<GrantRecord>> {
    let mut statement = records(on);
    let mut total = users!(on, "count(*)", "count(*)");
    for part in [&mut statement, &mut total] {
        part.push(match on {
            On::Organization(_) => " AND g.user_id IS NOT NULL",
            On::Image(_) => " AND (g.user_id IS NOT NULL OR o.user_id IS NOT NULL)",
        });
        narrow(part, except, search);
    }
    statement.push(" ORDER BY u.name_key LIMIT ").push_bind(window.limit);
    statement.push(" OFFSET ").push_bind(window.offset);
    let items = statement.all(tx).await?;
    Ok(Page { items, total: total.scalar(tx).await?, window })
}

/// Users without a grant on the thing itself who may be given one, by name: not the owner, and not `except`.
pub async fn candidates(
    tx: &mut Tx<'_>,
    on: &On,
    except: Option<UserId>,
    search: Option<&str>,
    limit: u64,
) -> Result<Vec<GrantRecord>> {
    let mut statement = records(on);
    statement.push(" AND g.user_id IS NULL AND NOT u.is_owner");
    narrow(&mut statement, except, search);
    statement.push(" ORDER BY u.name_key LIMIT ").push_bind(limit);
    statement.all(tx).await
}

/// These users, as far as they are of the account that owns the thing.
pub async fn of_users(tx: &mut Tx<'_>, on: &On, ids: &[PublicId]) -> Result<Vec<GrantRecord>> {
    let mut statement = records(on);
    statement.push(" AND u.public_id IN ").push_list(ids);
    statement.all(tx).await
}

/// One user, if it is of the account that owns the thing.
pub async fn of_user(tx: &mut Tx<'_>, on: &On, user: UserId) -> Result<Option<GrantRecord>> {
    let mut statement = records(on);
    statement.push(" AND u.id = ").push_bind(user);
    statement.optional(tx).await
}

record! {
    /// A user who may have a right without a grant.
    AdministratorRecord {
        /// The user.
        user_id: UserId,
        /// The group whose policies reach it; `None` for the owner and for policies of its own.
        group_name: Option<String>,
    }
}

/// The owner of the account that owns the thing, and its users with policies, by name; one row for each group through
/// which policies reach a user. At most `limit` rows.
pub async fn administrators(
    tx: &mut Tx<'_>,
    on: &On,
    limit: u64,
) -> Result<Vec<AdministratorRecord>> {
    sql("SELECT u.id AS user_id, CAST(NULL AS TEXT) AS group_name, u.name_key AS sorted FROM users u \
         WHERE u.account_id = $1 AND u.deleted_at IS NULL \
         AND (u.is_owner OR EXISTS (SELECT 1 FROM attachments a WHERE a.user_id = u.id)) \
         UNION ALL SELECT u.id, p.name, u.name_key FROM groups p JOIN group_members m ON m.group_id = p.id \
         JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL WHERE p.account_id = $1 AND p.deleted_at IS NULL \
         AND EXISTS (SELECT 1 FROM attachments a WHERE a.group_id = p.id) ORDER BY sorted, group_name LIMIT $2")
    .bind(on.account())
    .bind(limit)
    .all(tx)
    .await
}

record! {
    /// The thing that grants are on.
    Thing {
        /// Its key, SWR's integer id.
        id: i64,
        /// Who made it.
        creator_name: String,
    }
}

fn thing_of(on: &On) -> Sql {
    match on {
        On::Organization(key) => {
            sql("SELECT id, creator_name FROM organizations WHERE id = $1 AND deleted_at IS NULL")
                .bind(key.target().id)
        }
        On::Image(place) => {
            sql("SELECT id, creator_name FROM repositories WHERE id = $1 AND deleted_at IS NULL")
                .bind(place.repository)
        }
    }
}

/// What the thing is; `None` when it has been deleted meanwhile.
pub async fn thing(tx: &mut Tx<'_>, on: &On) -> Result<Option<Thing>> {
    thing_of(on).optional(tx).await
}

/// Holds the thing, so that of two changes of its grants one sees the other; `false` when it has been deleted meanwhile.
pub async fn hold(tx: &mut Tx<'_>, on: &On) -> Result<bool> {
    let held = thing_of(on).and(tx.dialect().for_update()).optional::<Thing>(tx).await?;
    Ok(held.is_some())
}

/// Grants, or changes the grant.
pub async fn set(
    tx: &mut Tx<'_>,
    on: &On,
    user: UserId,
    permission: Permission,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<()> {
    match on {
        On::Organization(key) => set_on_organization(tx, *key, user, permission, by, at).await,
        On::Image(place) => set_on_repository(tx, place, user, permission, by, at).await,
    }
}

/// Takes a grant away; `false` when there was none.
pub async fn remove(tx: &mut Tx<'_>, on: &On, user: UserId, at: Timestamp) -> Result<bool> {
    match on {
        On::Organization(key) => remove_from_organization(tx, *key, user, at).await,
        On::Image(place) => remove_from_repository(tx, place, user, at).await,
    }
}

/// Grants on an organization, or changes the grant.
pub async fn set_on_organization(
    tx: &mut Tx<'_>,
    organization: Allowed<OrganizationKey>,
    user: UserId,
    permission: Permission,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<()> {
    sql("INSERT INTO organization_grants (organization_id, user_id, permission, granted_by, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (user_id, organization_id) \
         DO UPDATE SET permission = excluded.permission, updated_at = excluded.updated_at")
    .bind(organization.target().id)
    .bind(user)
    .bind(permission)
    .bind(by)
    .bind(at)
    .execute(tx)
    .await?;
    bump_permission_epoch(tx, organization.target().account, at).await
}

/// Grants on an image, or changes the grant.
pub async fn set_on_repository(
    tx: &mut Tx<'_>,
    place: &Place,
    user: UserId,
    permission: Permission,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<()> {
    sql("INSERT INTO repository_grants (repository_id, organization_id, user_id, permission, granted_by, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (user_id, repository_id) \
         DO UPDATE SET permission = excluded.permission, updated_at = excluded.updated_at")
    .bind(place.repository)
    .bind(place.organization)
    .bind(user)
    .bind(permission)
    .bind(by)
    .bind(at)
    .execute(tx)
    .await?;
    bump_permission_epoch(tx, place.account, at).await
}

/// Takes a grant on an organization away; `false` when there was none.
pub async fn remove_from_organization(
    tx: &mut Tx<'_>,
    organization: Allowed<OrganizationKey>,
    user: UserId,
    at: Timestamp,
) -> Result<bool> {
    let removed =
        sql("DELETE FROM organization_grants WHERE user_id = $1 AND organization_id = $2")
            .bind(user)
            .bind(organization.target().id)
            .execute(tx)
            .await?;
    bump_permission_epoch(tx, organization.target().account, at).await?;
    Ok(removed > 0)
}

/// Takes a grant on an image away; `false` when there was none.
pub async fn remove_from_repository(
    tx: &mut Tx<'_>,
    place: &Place,
    user: UserId,
    at: Timestamp,
) -> Result<bool> {
    let removed = sql("DELETE FROM repository_grants WHERE user_id = $1 AND repository_id = $2")
        .bind(user)
        .bind(place.repository)
        .execute(tx)
        .await?;
    bump_permission_epoch(tx, place.account, at).await?;
    Ok(removed > 0)
}
