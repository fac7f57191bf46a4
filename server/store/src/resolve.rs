//! What the authorization point needs before it can decide: what a name stands for, and what whoever asks holds around it.
//!
//! Everything else in this package that changes or reveals a repository, an organization or what is an account's takes
//! a proof (`Allowed`, [`crate::Place`], `Visibility`); these functions cannot, since they come first. They answer what
//! a decision is made of and nothing more. Only `service::access` calls them: a test of the workspace looks.
//!
//! Each is one statement, whether there is something of that name or not, so that the work done does not tell
//! (`protocol.md` 2.8).

use roadstead::access::{
    AccountTarget, CredentialHolder, GroupTarget, OrganizationTarget, Permission, PolicyTarget,
    RepositoryTarget, UserTarget,
};
use roadstead::id::{AccountId, GroupId, OrganizationId, PolicyId, PublicId, RepositoryId, UserId};
use roadstead::{
    AccountName, GroupName, ImageName, OrganizationName, PolicyName, RegionName, Secret, Timestamp,
    UserName,
};

use crate::account::{AccountKind, State};
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Grant on the organization.
    pub organization: Option<Permission>,
    /// Grant on the image.
    pub image: Option<Permission>,
    /// Whether there is a grant on any image of the organization.
    pub any_image: bool,
    /// When the share of the image with the asker's account ends: `Some(None)` is never, `None` is no share.
    pub share: Option<Option<Timestamp>>,
    /// Id on the wire of the account that owns both: what policies name it by.
    pub owner: Option<PublicId>,
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
        /// Id on the wire of the account that owns it.
        owner: PublicId,
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
         s.id IS NOT NULL AS is_shared, s.expires_at AS share_end, a.public_id AS owner FROM organizations o \
         JOIN accounts a ON a.id = o.account_id LEFT JOIN repositories r ON r.path = $2 AND r.organization_id = o.id AND r.deleted_at IS NULL \
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
            owner: Some(found.owner),
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

/// An account's id on the wire: what policies name it by.
pub async fn account_public_id(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<PublicId>> {
    let found = sql("SELECT public_id FROM accounts WHERE id = $1 AND deleted_at IS NULL")
        .bind(account)
        .optional::<(PublicId,)>(tx)
        .await?;
    Ok(found.map(|(id,)| id))
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

record! {
    /// A user with the account, as they are now: what everything that they do depends on.
    Person {
        /// The user.
        user_id: UserId,
        /// Its id on the wire.
        user_public_id: PublicId,
        /// Its name.
        user_name: UserName,
        /// Name to show; may be empty.
        display_name: String,
        /// Whether it is the account's owner.
        is_owner: bool,
        /// Whether it may be used.
        user_state: State,
        /// May sign in to the console.
        console_access: bool,
        /// May use clients and the management API.
        programmatic_access: bool,
        /// Whether the next sign-in must change the password.
        must_change_password: bool,
        /// Grows when the password, state or a way in changes.
        permission_epoch: u64,
        /// The account.
        account_id: AccountId,
        /// Its id on the wire.
        account_public_id: PublicId,
        /// Its name.
        account_name: AccountName,
        /// What it is.
        account_kind: AccountKind,
        /// Whether it may be used.
        account_state: State,
        /// The hash of the password, if there is one.
        password_hash: Option<String>,
    }
}

record! {
    /// A policy that a user has, itself or through a group.
    HeldRight {
        /// Name of a built-in role or policy.
        role: Option<String>,
        /// Name of a policy of the account.
        policy_name: Option<PolicyName>,
        /// Its document.
        document: Option<String>,
        /// The group that it is attached to; `None` for the user itself.
        group_name: Option<GroupName>,
        /// The only project it is for; `None` is for all.
        project_name: Option<RegionName>,
    }
}

/// Everything of a [`Person`], after which comes the condition.
macro_rules! person {
    ($rest:literal) => {
        concat!(
            "SELECT u.id AS user_id, u.public_id AS user_public_id, u.name AS user_name, u.display_name, u.is_owner, \
             u.state AS user_state, u.console_access, u.programmatic_access, u.must_change_password, u.permission_epoch, \
             a.id AS account_id, a.public_id AS account_public_id, a.name AS account_name, a.kind AS account_kind, \
             a.state AS account_state, u.password_hash FROM users u JOIN accounts a ON a.id = u.account_id \
             WHERE u.deleted_at IS NULL AND a.deleted_at IS NULL AND ",
            $rest
        )
    };
}

/// The user with this key.
pub async fn person(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Person>> {
    sql(person!("u.id = $1")).bind(user).optional(tx).await
}

/// The user who says to be this one of the account, whatever the case of the names; without a name, the owner.
pub async fn claimed(
    tx: &mut Tx<'_>,
    account: &AccountName,
    user: Option<&UserName>,
) -> Result<Option<Person>> {
    // The owner's name is the account's.
    sql(person!("a.name_key = $1 AND u.name_key = $2"))
        .bind(account.folded())
        .bind(user.map_or_else(|| account.folded(), UserName::folded))
        .optional(tx)
        .await
}

impl Person {
    /// The hash of the password, if there is one.
    #[must_use]
    pub fn secret(&self) -> Option<Secret> {
        self.password_hash.clone().map(Secret::new)
    }
}

/// Everything attached to a user and to the groups it is in.
pub async fn rights(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<HeldRight>> {
    sql("SELECT a.role, p.name AS policy_name, p.document, NULL AS group_name, j.name AS project_name FROM attachments a \
         LEFT JOIN policies p ON p.id = a.policy_id AND p.deleted_at IS NULL \
         LEFT JOIN projects j ON j.id = a.project_id \
         WHERE a.user_id = $1 \
         UNION ALL \
         SELECT a.role, p.name AS policy_name, p.document, g.name AS group_name, j.name AS project_name \
         FROM group_members m JOIN groups g ON g.id = m.group_id \
         JOIN attachments a ON a.group_id = m.group_id \
         LEFT JOIN policies p ON p.id = a.policy_id AND p.deleted_at IS NULL \
         LEFT JOIN projects j ON j.id = a.project_id \
         WHERE m.user_id = $1")
    .bind(user)
    .all(tx)
    .await
}

/// The user of this name in an account, whatever its case.
pub async fn user(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &UserName,
) -> Result<Option<UserTarget>> {
    let found = sql("SELECT id, name, is_owner FROM users WHERE account_id = $1 AND name_key = $2 AND deleted_at IS NULL")
        .bind(account)
        .bind(name.folded())
        .optional::<(UserId, UserName, bool)>(tx)
        .await?;
    Ok(found.map(|(id, name, is_owner)| UserTarget { id, account, name, is_owner }))
}

/// The group of this name in an account, whatever its case.
pub async fn group(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &GroupName,
) -> Result<Option<GroupTarget>> {
    let found = sql("SELECT id, name FROM groups WHERE account_id = $1 AND name_key = $2 AND deleted_at IS NULL")
        .bind(account)
        .bind(name.folded())
        .optional::<(GroupId, GroupName)>(tx)
        .await?;
    Ok(found.map(|(id, name)| GroupTarget { id, account, name }))
}

/// The policy of this name in an account, whatever its case.
pub async fn policy(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &PolicyName,
) -> Result<Option<PolicyTarget>> {
    let found = sql("SELECT id, name FROM policies WHERE account_id = $1 AND name_key = $2 AND deleted_at IS NULL")
        .bind(account)
        .bind(name.folded())
        .optional::<(PolicyId, PolicyName)>(tx)
        .await?;
    Ok(found.map(|(id, name)| PolicyTarget { id, account, name }))
}
