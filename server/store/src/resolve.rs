//! What the authorization point needs before it can decide: what a name stands for, and what whoever asks holds around it.
//!
//! Everything else in this package that changes or reveals a repository, an organization or what is an account's takes
//! a proof (`Allowed`, [`crate::Place`], `Visibility`); these functions cannot, since they come first. They answer what
//! a decision is made of and nothing more. Only `service::access` calls them: a test of the workspace looks.
//!
//! Each is one statement, whether there is something of that name or not, so that the work done does not tell
//! (`protocol.md` 2.8).

use roadstead::access::{
    AccountTarget, CredentialHolder, OrganizationTarget, Permission, RepositoryTarget,
};
use roadstead::id::{AccountId, OrganizationId, RepositoryId, UserId};
use roadstead::{AccountName, ImageName, OrganizationName, Timestamp, UserName};

use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

/// Who asks, when it is a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// The user, whose grants count.
    pub user: UserId,
    /// The user's account, with which images may be shared.
    pub account: AccountId,
}

/// What whoever asks holds on an organization and one image of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Grant on the organization.
    pub organization: Option<Permission>,
    /// Grant on the image.
    pub image: Option<Permission>,
    /// Whether there is a grant on any image of the organization.
    pub any_image: bool,
    /// When the share of the image with the asker's account ends: `Some(None)` is never, `None` is no share.
    pub share: Option<Option<Timestamp>>,
}

record! {
    /// What is selected for [`image`].
    #[non_exhaustive]
    ImageRow {
        /// The organization.
        organization: OrganizationId,
        /// Account that owns it.
        account: AccountId,
        /// Its name.
        organization_name: OrganizationName,
        /// The image, if there is one.
        repository: Option<RepositoryId>,
        /// Whether everyone may pull it.
        is_public: bool,
        /// The asker's grant on the organization.
        on_organization: Option<Permission>,
        /// The asker's grant on the image.
        on_image: Option<Permission>,
        /// Whether the asker has a grant on any image of the organization.
        any_image: bool,
        /// Whether it is shared with the asker's account.
        is_shared: bool,
        /// When that ends, if it does.
        share_end: Option<Timestamp>,
    }
}

record! {
    /// What is selected for [`organization`].
    #[non_exhaustive]
    OrganizationRow {
        /// The organization.
        id: OrganizationId,
        /// Account that owns it.
        account: AccountId,
        /// Its name.
        name: OrganizationName,
        /// The asker's grant on it.
        permission: Option<Permission>,
        /// Whether the asker has a grant on any image of it.
        any_image: bool,
    }
}

/// The organization of this name, and what whoever asks holds on it.
pub async fn organization(
    tx: &mut Tx<'_>,
    name: &OrganizationName,
    asker: Option<Asker>,
) -> Result<Option<(OrganizationTarget, Held)>> {
    let found: Option<OrganizationRow> = sql(
        "SELECT o.id, o.account_id AS account, o.name, (SELECT g.permission FROM organization_grants g \
         WHERE g.user_id = $2 AND g.organization_id = o.id) AS permission, EXISTS (SELECT 1 FROM repository_grants g \
         WHERE g.user_id = $2 AND g.organization_id = o.id) AS any_image \
         FROM organizations o WHERE o.name = $1 AND o.deleted_at IS NULL",
    )
    .bind(name)
    .bind(asker.map(|asker| asker.user))
    .optional(tx)
    .await?;
    Ok(found.map(|found| {
        let held =
            Held { organization: found.permission, any_image: found.any_image, ..Held::default() };
        let (id, account, name) = (found.id, found.account, found.name);
        (OrganizationTarget { id, account, name, new_image: None }, held)
    }))
}

/// The organization of an image's name, the image if there is one, and what whoever asks holds on both.
pub async fn image(
    tx: &mut Tx<'_>,
    name: &ImageName,
    asker: Option<Asker>,
) -> Result<Option<(OrganizationTarget, Option<RepositoryTarget>, Held)>> {
    let found: Option<ImageRow> = sql(
        "SELECT o.id AS organization, o.account_id AS account, o.name AS organization_name, r.id AS repository, \
         coalesce(r.is_public, FALSE) AS is_public, (SELECT g.permission FROM organization_grants g \
         WHERE g.user_id = $3 AND g.organization_id = o.id) AS on_organization, (SELECT g.permission \
         FROM repository_grants g WHERE g.user_id = $3 AND g.repository_id = r.id) AS on_image, \
         EXISTS (SELECT 1 FROM repository_grants g WHERE g.user_id = $3 AND g.organization_id = o.id) AS any_image, \
         s.id IS NOT NULL AS is_shared, s.expires_at AS share_end FROM organizations o \
         LEFT JOIN repositories r ON r.path = $2 AND r.organization_id = o.id AND r.deleted_at IS NULL \
         LEFT JOIN shares s ON s.repository_id = r.id AND s.target_account_id = $4 \
         WHERE o.name = $1 AND o.deleted_at IS NULL",
    )
    .bind(name.organization())
    .bind(name)
    .bind(asker.map(|asker| asker.user))
    .bind(asker.map(|asker| asker.account))
    .optional(tx)
    .await?;
    Ok(found.map(|found| {
        let repository = found.repository.map(|id| RepositoryTarget {
            id,
            organization: found.organization,
            account: found.account,
            name: name.clone(),
            is_public: found.is_public,
        });
        let parent = OrganizationTarget {
            id: found.organization,
            account: found.account,
            name: found.organization_name,
            new_image: None,
        };
        let held = Held {
            organization: found.on_organization,
            image: found.on_image,
            any_image: found.any_image,
            share: found.is_shared.then_some(found.share_end),
        };
        (parent, repository, held)
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
