//! What is attached to users and groups: built-in roles and the account's own policies, for one project or for all. Also
//! regions and projects.

use roadstead::access::{Allowed, GroupKey, SystemPolicy, UserKey};
use roadstead::id::{AccountId, GroupId, PolicyId, PublicId, UserId};
use roadstead::{PolicyName, RegionName, Timestamp};

use crate::account::bump_permission_epoch;
use crate::error::Result;
use crate::ledger::InAccount;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

/// To whom something is attached, with the proof that it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A user.
    User(Allowed<UserKey>),
    /// A group.
    Group(Allowed<GroupKey>),
}

impl Holder {
    const fn keys(self) -> (AccountId, Option<UserId>, Option<GroupId>) {
        match self {
            Self::User(user) => (user.target().account, Some(user.target().id), None),
            Self::Group(group) => (group.target().account, None, Some(group.target().id)),
        }
    }
}

impl InAccount for Holder {
    fn account(&self) -> AccountId {
        self.keys().0
    }
}

/// What is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// A built-in role or policy.
    Role(SystemPolicy),
    /// A policy of the account.
    Policy(PolicyId),
}

impl Right {
    const fn keys(self) -> (Option<&'static str>, Option<PolicyId>) {
        match self {
            Self::Role(role) => (Some(role.name()), None),
            Self::Policy(id) => (None, Some(id)),
        }
    }
}

record! {
    /// Something that is attached to a user or group.
    AttachmentRecord {
        /// Name of a built-in role or policy.
        role: Option<String>,
        /// Name of a policy of the account.
        policy_name: Option<PolicyName>,
        /// The only project it is for; `None` is for all.
        project_name: Option<RegionName>,
    }
}

/// What is attached to a user or group itself.
pub async fn of_holder(tx: &mut Tx<'_>, holder: Holder) -> Result<Vec<AttachmentRecord>> {
    let (_, user, group) = holder.keys();
    let statement = match user {
        Some(user) => sql("SELECT a.role, p.name AS policy_name, j.name AS project_name FROM attachments a \
                           LEFT JOIN policies p ON p.id = a.policy_id LEFT JOIN projects j ON j.id = a.project_id \
                           WHERE a.user_id = $1 ORDER BY a.id")
        .bind(user),
        None => sql("SELECT a.role, p.name AS policy_name, j.name AS project_name FROM attachments a \
                     LEFT JOIN policies p ON p.id = a.policy_id LEFT JOIN projects j ON j.id = a.project_id \
                     WHERE a.group_id = $1 ORDER BY a.id")
        .bind(group),
    };
    statement.all(tx).await
}

/// Attaches a right, for one project of the account or for all; nothing happens if it is attached already. `false` when the
/// account has no such policy or project.
pub async fn attach(
    tx: &mut Tx<'_>,
    holder: Holder,
    right: Right,
    project: Option<&RegionName>,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<bool> {
    let (account, user, group) = holder.keys();
    let (role, policy) = right.keys();
    if let Some(policy) = policy {
        let found =
            sql("SELECT id FROM policies WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL")
                .bind(policy)
                .bind(account)
                .and(tx.dialect().for_update())
                .optional::<(PolicyId,)>(tx)
                .await?;
        if found.is_none() {
            return Ok(false);
        }
    }
    // A project that is not there must not become all of them.
    let project = match project {
        None => None,
        Some(name) => match find_project(tx, account, name).await? {
            Some(id) => Some(id),
            None => return Ok(false),
        },
    };
    sql("INSERT INTO attachments (account_id, user_id, group_id, role, policy_id, project_id, created_at, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING")
    .bind(account)
    .bind(user)
    .bind(group)
    .bind(role)
    .bind(policy)
    .bind(project)
    .bind(at)
    .bind(by)
    .execute(tx)
    .await?;
    bump_permission_epoch(tx, account, at).await?;
    Ok(true)
}

/// Takes a right away as it was attached: for this project, or for all. `false` when it was not.
pub async fn detach(
    tx: &mut Tx<'_>,
    holder: Holder,
    right: Right,
    project: Option<&RegionName>,
    at: Timestamp,
) -> Result<bool> {
    let (account, user, group) = holder.keys();
    let (role, policy) = right.keys();
    let statement = match user {
        Some(user) => sql("DELETE FROM attachments WHERE user_id = $1").bind(user),
        None => sql("DELETE FROM attachments WHERE group_id = $1").bind(group),
    };
    let rows = statement
        .bind(role)
        .bind(policy)
        .bind(account)
        .bind(project)
        .and(
            " AND coalesce(role, '') = coalesce($2, '') AND coalesce(policy_id, 0) = coalesce($3, 0) \
             AND coalesce(project_id, 0) = coalesce((SELECT j.id FROM projects j WHERE j.account_id = $4 AND j.name = $5), \
             CASE WHEN $5 IS NULL THEN 0 ELSE -1 END)",
        )
        .execute(tx)
        .await?;
    bump_permission_epoch(tx, account, at).await?;
    Ok(rows > 0)
}

async fn find_project(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &RegionName,
) -> Result<Option<i64>> {
    let found =
        sql("SELECT id FROM projects WHERE account_id = $1 AND name = $2 AND deleted_at IS NULL")
            .bind(account)
            .bind(name)
            .optional::<(i64,)>(tx)
            .await?;
    Ok(found.map(|(id,)| id))
}

/// Makes the instance's region known and gives the account its project in it; both may be there already. Answers the
/// project's id on the wire.
pub async fn ensure_project(
    tx: &mut Tx<'_>,
    account: Allowed<AccountId>,
    region: &RegionName,
    public_id: &PublicId,
    at: Timestamp,
) -> Result<PublicId> {
    let account = *account.target();
    sql("INSERT INTO regions (code, name, is_local, created_at) VALUES ($1, $1, TRUE, $2) ON CONFLICT DO NOTHING")
        .bind(region)
        .bind(at)
        .execute(tx)
        .await?;
    sql("INSERT INTO projects (public_id, account_id, region_id, name, created_at) \
         SELECT $1, $2, id, code, $4 FROM regions WHERE code = $3 AND deleted_at IS NULL ON CONFLICT DO NOTHING")
    .bind(public_id)
    .bind(account)
    .bind(region)
    .bind(at)
    .execute(tx)
    .await?;
    sql("SELECT public_id FROM projects WHERE account_id = $1 AND name = $2 AND deleted_at IS NULL")
        .bind(account)
        .bind(region)
        .scalar(tx)
        .await
}
