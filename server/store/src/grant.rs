//! Grants: SWR's own rights of a user on an organization or one image.

use roadstead::access::{Allowed, OrganizationKey, Permission};
use roadstead::id::UserId;
use roadstead::{Timestamp, UserName};

use crate::account::bump_permission_epoch;
use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// A grant in a list.
    GrantRecord {
        /// To whom.
        user_id: UserId,
        /// Its id on the wire.
        user_public_id: roadstead::id::PublicId,
        /// Its name.
        user_name: UserName,
        /// How much.
        permission: Permission,
        /// Since when.
        created_at: Timestamp,
    }
}

/// The grants on an organization, by user name.
pub async fn of_organization(
    tx: &mut Tx<'_>,
    organization: Allowed<OrganizationKey>,
) -> Result<Vec<GrantRecord>> {
    sql("SELECT g.user_id, u.public_id AS user_public_id, u.name AS user_name, g.permission, g.created_at \
         FROM organization_grants g JOIN users u ON u.id = g.user_id \
         WHERE g.organization_id = $1 AND u.deleted_at IS NULL ORDER BY u.name_key")
    .bind(organization.target().id)
    .all(tx)
    .await
}

/// The grants on an image, by user name.
pub async fn of_repository(tx: &mut Tx<'_>, place: &Place) -> Result<Vec<GrantRecord>> {
    sql("SELECT g.user_id, u.public_id AS user_public_id, u.name AS user_name, g.permission, g.created_at \
         FROM repository_grants g JOIN users u ON u.id = g.user_id \
         WHERE g.repository_id = $1 AND u.deleted_at IS NULL ORDER BY u.name_key")
    .bind(place.repository)
    .all(tx)
    .await
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
