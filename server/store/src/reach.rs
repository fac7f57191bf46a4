//! What a user holds by grants, everywhere in the account: for the page that tells it.

use roadstead::access::{Allowed, Permission, UserKey};
use roadstead::id::{OrganizationId, RepositoryId};
use roadstead::{ImageName, OrganizationName};

use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// A grant on an organization.
    OrganizationReach {
        /// Key.
        id: OrganizationId,
        /// Name.
        name: OrganizationName,
        /// How much.
        permission: Permission,
    }
}

record! {
    /// A grant on an image.
    ImageReach {
        /// Key.
        id: RepositoryId,
        /// The organization.
        organization_id: OrganizationId,
        /// Name.
        name: ImageName,
        /// How much.
        permission: Permission,
        /// How much on the whole organization.
        on_organization: Option<Permission>,
        /// Whether everyone may pull.
        is_public: bool,
    }
}

/// The organizations that a user has a grant on, by name; at most 1,000.
pub async fn organizations(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
) -> Result<Vec<OrganizationReach>> {
    sql("SELECT o.id, o.name, g.permission FROM organization_grants g JOIN organizations o ON o.id = g.organization_id \
         WHERE g.user_id = $1 AND o.deleted_at IS NULL ORDER BY o.name LIMIT 1000")
    .bind(user.target().id)
    .all(tx)
    .await
}

/// The images that a user has a grant on, by name; at most 1,000.
pub async fn images(tx: &mut Tx<'_>, user: Allowed<UserKey>) -> Result<Vec<ImageReach>> {
    sql("SELECT r.id, r.organization_id, r.path AS name, g.permission, (SELECT o.permission FROM organization_grants o \
         WHERE o.user_id = $1 AND o.organization_id = r.organization_id) AS on_organization, r.is_public \
         FROM repository_grants g JOIN repositories r ON r.id = g.repository_id \
         WHERE g.user_id = $1 AND r.deleted_at IS NULL ORDER BY r.path LIMIT 1000")
    .bind(user.target().id)
    .all(tx)
    .await
}
