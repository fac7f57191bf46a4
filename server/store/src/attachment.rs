//! What is attached to users and groups: built-in roles and the account's own policies, for one project or for all.
//! Also those policies, and regions and projects.

use roadstead::id::{AccountId, GroupId, PolicyId, PublicId, UserId};
use roadstead::{RegionName, Timestamp};

use crate::account::bump_permission_epoch;
use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

/// To whom something is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A user.
    User(UserId),
    /// A group.
    Group(GroupId),
}

/// What is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    /// A built-in role or policy, by its name.
    Role(String),
    /// A policy of the account.
    Policy(PolicyId),
}

record! {
    /// A right that a user holds, itself or through a group.
    HeldRight {
        /// Name of a built-in role or policy.
        role: Option<String>,
        /// Key of a policy of the account.
        policy_id: Option<PolicyId>,
        /// Its document.
        document: Option<serde_json::Value>,
        /// The only project it is for; `None` is for all.
        project_name: Option<RegionName>,
    }
}

record! {
    /// A policy of an account.
    PolicyRecord {
        /// Key.
        id: PolicyId,
        /// Id on the wire.
        public_id: PublicId,
        /// The account.
        account_id: AccountId,
        /// Name; compared without case.
        name: String,
        /// May be empty.
        description: String,
        /// The document, version 1.1.
        document: serde_json::Value,
        /// When it was created.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
    }
}

/// Everything attached to a user and to the groups it is in.
pub async fn of_user(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<HeldRight>> {
    sql("SELECT a.role, a.policy_id, p.document, j.name AS project_name FROM attachments a \
         LEFT JOIN policies p ON p.id = a.policy_id AND p.deleted_at IS NULL \
         LEFT JOIN projects j ON j.id = a.project_id \
         WHERE a.user_id = $1 \
         UNION ALL \
         SELECT a.role, a.policy_id, p.document, j.name AS project_name FROM group_members m \
         JOIN attachments a ON a.group_id = m.group_id \
         LEFT JOIN policies p ON p.id = a.policy_id AND p.deleted_at IS NULL \
         LEFT JOIN projects j ON j.id = a.project_id \
         WHERE m.user_id = $1")
    .bind(user)
    .all(tx)
    .await
}

/// Attaches a right, for every project; nothing happens if it is attached already.
pub async fn attach(
    tx: &mut Tx<'_>,
    account: AccountId,
    holder: Holder,
    right: &Right,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<()> {
    let (user, group) = split(holder);
    let (role, policy) = split_right(right);
    sql("INSERT INTO attachments (account_id, user_id, group_id, role, policy_id, created_at, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING")
    .bind(account)
    .bind(user)
    .bind(group)
    .bind(role)
    .bind(policy)
    .bind(at)
    .bind(by)
    .execute(tx)
    .await?;
    bump_permission_epoch(tx, account, at).await
}

/// Takes a right away, in every project.
pub async fn detach(
    tx: &mut Tx<'_>,
    account: AccountId,
    holder: Holder,
    right: &Right,
    at: Timestamp,
) -> Result<()> {
    let (role, policy) = split_right(right);
    let statement = match holder {
        Holder::User(user) => sql("DELETE FROM attachments WHERE user_id = $1").bind(user),
        Holder::Group(group) => sql("DELETE FROM attachments WHERE group_id = $1").bind(group),
    };
    statement
        .bind(role)
        .bind(policy)
        .and(" AND coalesce(role, '') = coalesce($2, '') AND coalesce(policy_id, 0) = coalesce($3, 0)")
        .execute(tx)
        .await?;
    bump_permission_epoch(tx, account, at).await
}

const fn split(holder: Holder) -> (Option<UserId>, Option<GroupId>) {
    match holder {
        Holder::User(user) => (Some(user), None),
        Holder::Group(group) => (None, Some(group)),
    }
}

fn split_right(right: &Right) -> (Option<&str>, Option<PolicyId>) {
    match right {
        Right::Role(name) => (Some(name), None),
        Right::Policy(id) => (None, Some(*id)),
    }
}

/// Creates a policy. `NotUnique { table: "policies" }` when the name is taken in the account.
pub async fn create_policy(
    tx: &mut Tx<'_>,
    account: AccountId,
    public_id: &PublicId,
    name: &str,
    document: &serde_json::Value,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<PolicyRecord> {
    sql("INSERT INTO policies (public_id, account_id, name, name_key, document, created_at, created_by, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $6) \
         RETURNING id, public_id, account_id, name, description, document, created_at, updated_at")
    .bind(public_id)
    .bind(account)
    .bind(name)
    .bind(name.to_lowercase())
    .bind(document)
    .bind(at)
    .bind(by)
    .one(tx)
    .await
}

/// The policies of an account, by name.
pub async fn list_policies(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<PolicyRecord>> {
    sql("SELECT id, public_id, account_id, name, description, document, created_at, updated_at FROM policies \
         WHERE account_id = $1 AND deleted_at IS NULL ORDER BY name_key")
    .bind(account)
    .all(tx)
    .await
}

/// Makes the instance's region known and gives the account its project in it; both may be there already. Answers the
/// project's id on the wire.
pub async fn ensure_project(
    tx: &mut Tx<'_>,
    account: AccountId,
    region: &RegionName,
    public_id: &PublicId,
    at: Timestamp,
) -> Result<PublicId> {
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
