//! What the authorization point needs before it can decide: what a name stands for, and what a user holds around it.
//!
//! Everything else in this package that changes or reveals a repository, an organization or what is an account's takes
//! a proof (`Allowed`, [`crate::Place`], `Visibility`); these functions cannot, since they come first. They answer what
//! a decision is made of and nothing more. Only `service::access` calls them: a test of the workspace looks.

use roadstead::access::{
    AccountTarget, CredentialHolder, OrganizationTarget, Permission, RepositoryTarget,
};
use roadstead::id::{AccountId, OrganizationId, RepositoryId, UserId};
use roadstead::{AccountName, ImageName, OrganizationName, Timestamp, UserName};

use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// A user's right on one target.
    HeldGrants {
        /// On the organization.
        organization: Option<Permission>,
        /// On the image.
        image: Option<Permission>,
        /// Whether there is a right on any image of the organization.
        any_image: bool,
    }
}

/// The organization of this name.
pub async fn organization(
    tx: &mut Tx<'_>,
    name: &OrganizationName,
) -> Result<Option<OrganizationTarget>> {
    let found = sql(
        "SELECT id, account_id, name FROM organizations WHERE name = $1 AND deleted_at IS NULL",
    )
    .bind(name)
    .optional::<(OrganizationId, AccountId, OrganizationName)>(tx)
    .await?;
    Ok(found.map(|(id, account, name)| OrganizationTarget { id, account, name, new_image: None }))
}

/// The organization of an image's name, and the image if there is one; one statement.
pub async fn image(
    tx: &mut Tx<'_>,
    name: &ImageName,
) -> Result<Option<(OrganizationTarget, Option<RepositoryTarget>)>> {
    let found = sql("SELECT o.id, o.account_id, o.name, r.id, coalesce(r.is_public, FALSE) FROM organizations o \
                     LEFT JOIN repositories r ON r.path = $2 AND r.organization_id = o.id AND r.deleted_at IS NULL \
                     WHERE o.name = $1 AND o.deleted_at IS NULL")
    .bind(name.organization())
    .bind(name)
    .optional::<(OrganizationId, AccountId, OrganizationName, Option<RepositoryId>, bool)>(
        tx,
    )
    .await?;
    Ok(found.map(|(organization, account, organization_name, id, is_public)| {
        let repository = id.map(|id| RepositoryTarget {
            id,
            organization,
            account,
            name: name.clone(),
            is_public,
        });
        let parent = OrganizationTarget {
            id: organization,
            account,
            name: organization_name,
            new_image: None,
        };
        (parent, repository)
    }))
}

/// The account of this name, whatever its case.
pub async fn account(tx: &mut Tx<'_>, name: &AccountName) -> Result<Option<AccountTarget>> {
    let found = sql("SELECT id, name FROM accounts WHERE name_key = $1 AND deleted_at IS NULL")
        .bind(name.folded())
        .optional::<(AccountId, AccountName)>(tx)
        .await?;
    Ok(found.map(|(id, name)| AccountTarget { id, name }))
}

/// A user of the account of this name, whatever their case; without a name, its owner.
pub async fn holder(
    tx: &mut Tx<'_>,
    account: &AccountName,
    name: Option<&UserName>,
) -> Result<Option<CredentialHolder>> {
    let found = sql("SELECT u.id, u.account_id, u.name, u.is_owner FROM accounts a JOIN users u ON u.account_id = a.id \
                     WHERE a.name_key = $1 AND u.name_key = $2 AND a.deleted_at IS NULL AND u.deleted_at IS NULL")
    .bind(account.folded())
    // The owner's name is the account's.
    .bind(name.map_or_else(|| account.folded(), UserName::folded))
    .optional::<(UserId, AccountId, UserName, bool)>(tx)
    .await?;
    Ok(found.map(|(user, account, name, is_owner)| CredentialHolder {
        user,
        account,
        name,
        is_owner,
    }))
}

/// What a user's grants say about an organization and one image of it; one statement, for every request.
pub async fn grants(
    tx: &mut Tx<'_>,
    user: UserId,
    organization: OrganizationId,
    repository: Option<RepositoryId>,
) -> Result<HeldGrants> {
    sql("SELECT (SELECT permission FROM organization_grants WHERE user_id = $1 AND organization_id = $2) AS organization, \
         (SELECT permission FROM repository_grants WHERE user_id = $1 AND repository_id = $3) AS image, \
         EXISTS (SELECT 1 FROM repository_grants WHERE user_id = $1 AND organization_id = $2) AS any_image")
    .bind(user)
    .bind(organization)
    .bind(repository)
    .one(tx)
    .await
}

/// When the share of an image with an account ends: `Some(None)` is never, `None` is no share.
pub async fn share(
    tx: &mut Tx<'_>,
    repository: RepositoryId,
    account: AccountId,
) -> Result<Option<Option<Timestamp>>> {
    let found =
        sql("SELECT expires_at FROM shares WHERE repository_id = $1 AND target_account_id = $2")
            .bind(repository)
            .bind(account)
            .optional::<(Option<Timestamp>,)>(tx)
            .await?;
    Ok(found.map(|(end,)| end))
}
