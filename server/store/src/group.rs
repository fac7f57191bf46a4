//! Groups of users. Rights come from what is attached to them ([`crate::attachment`]).

use roadstead::access::{Allowed, GroupKey, UserKey};
use roadstead::id::{AccountId, GroupId, PublicId, UserId};
use roadstead::page::{Page, Window};
use roadstead::{GroupName, Timestamp, UserName};

use crate::account::{State, bump_permission_epoch};
use crate::dialect::contains;
use crate::error::Result;
use crate::ledger::InAccount;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// A group.
    GroupRecord {
        /// Key.
        id: GroupId,
        /// Id on the wire.
        public_id: PublicId,
        /// The account.
        account_id: AccountId,
        /// Name; compared without case.
        name: GroupName,
        /// May be empty.
        description: String,
        /// When it was created.
        created_at: Timestamp,
    }
}

record! {
    /// A group in the list of the account's.
    GroupEntry {
        /// Name.
        name: GroupName,
        /// May be empty.
        description: String,
        /// Users in it.
        user_count: u64,
        /// What is attached to it.
        policy_count: u64,
        /// When it was created.
        created_at: Timestamp,
    }
}

record! {
    /// A user in a group.
    Member {
        /// Key.
        id: UserId,
        /// Name.
        name: UserName,
        /// Name to show; may be empty.
        display_name: String,
        /// Whether it may be used.
        state: State,
    }
}

/// What a new group is made of.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// The proof that a group may be created in this account.
    pub account: Allowed<AccountId>,
    /// Id on the wire.
    pub public_id: PublicId,
    /// Name.
    pub name: GroupName,
    /// May be empty.
    pub description: String,
    /// Who creates it.
    pub created_by: Option<UserId>,
    /// Now.
    pub created_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT g.id, g.public_id, g.account_id, g.name, g.description, g.created_at FROM groups g ", $rest)
    };
}

/// Creates a group. `NotUnique { table: "groups" }` when the name is taken in the account.
pub async fn create(tx: &mut Tx<'_>, new: &NewGroup) -> Result<GroupRecord> {
    sql("INSERT INTO groups (public_id, account_id, name, name_key, description, created_at, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id, public_id, account_id, name, description, created_at")
    .bind(&new.public_id)
    .bind(*new.account.target())
    .bind(&new.name)
    .bind(new.name.folded())
    .bind(new.description.as_str())
    .bind(new.created_at)
    .bind(new.created_by)
    .one(tx)
    .await
}

/// The group.
pub async fn find(tx: &mut Tx<'_>, group: Allowed<GroupKey>) -> Result<Option<GroupRecord>> {
    sql(select!("WHERE g.id = $1 AND g.deleted_at IS NULL"))
        .bind(group.target().id)
        .optional(tx)
        .await
}

/// The group of this name in an account, whatever its case, for whoever may do something there.
pub async fn find_by_name(
    tx: &mut Tx<'_>,
    within: &impl InAccount,
    name: &GroupName,
) -> Result<Option<GroupRecord>> {
    sql(select!("WHERE g.account_id = $1 AND g.name_key = $2 AND g.deleted_at IS NULL"))
        .bind(within.account())
        .bind(name.folded())
        .optional(tx)
        .await
}

/// The groups of an account, by name; `search` is part of the name.
pub async fn list(
    tx: &mut Tx<'_>,
    account: Allowed<AccountId>,
    search: Option<&str>,
    window: Window,
) -> Result<Page<GroupEntry>> {
    let mut statement = sql(
        "SELECT g.name, g.description, (SELECT count(*) FROM group_members m WHERE m.group_id = g.id) AS user_count, \
         (SELECT count(*) FROM attachments a WHERE a.group_id = g.id) AS policy_count, g.created_at FROM groups g WHERE ",
    );
    let mut total = sql("SELECT count(*) FROM groups g WHERE ");
    for part in [&mut statement, &mut total] {
        part.push("g.account_id = ").push_bind(*account.target()).push(" AND g.deleted_at IS NULL");
        if let Some(text) = search {
            part.push(" AND g.name_key LIKE ").push_bind(contains(text)).push(" ESCAPE '\\'");
        }
    }
    statement.push(" ORDER BY g.name_key LIMIT ").push_bind(window.limit);
    statement.push(" OFFSET ").push_bind(window.offset);
    let items = statement.all(tx).await?;
    Ok(Page { items, total: total.scalar(tx).await?, window })
}

/// The groups a user is in.
pub async fn of_user(tx: &mut Tx<'_>, user: Allowed<UserKey>) -> Result<Vec<GroupRecord>> {
    sql(select!(
        "JOIN group_members m ON m.group_id = g.id WHERE m.user_id = $1 AND g.deleted_at IS NULL ORDER BY g.name_key"
    ))
    .bind(user.target().id)
    .all(tx)
    .await
}

/// Of some users of an account, each with the groups that it is in; by the groups' names.
pub async fn of_users(
    tx: &mut Tx<'_>,
    account: Allowed<AccountId>,
    users: &[UserId],
) -> Result<Vec<(UserId, GroupName)>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = sql(
        "SELECT m.user_id, g.name FROM group_members m JOIN groups g ON g.id = m.group_id WHERE g.account_id = ",
    );
    statement.push_bind(*account.target()).push(" AND m.user_id IN ");
    statement.push_list(users.iter().copied());
    statement.push(" AND g.deleted_at IS NULL ORDER BY g.name_key");
    statement.all(tx).await
}

/// The users in a group, by name; at most 1,000.
pub async fn members(tx: &mut Tx<'_>, group: Allowed<GroupKey>) -> Result<Vec<Member>> {
    sql("SELECT u.id, u.name, u.display_name, u.state FROM group_members m JOIN users u ON u.id = m.user_id \
         WHERE m.group_id = $1 AND u.deleted_at IS NULL ORDER BY u.name_key LIMIT 1000")
    .bind(group.target().id)
    .all(tx)
    .await
}

/// Puts a user of the same account into a group; nothing happens if it is in already.
pub async fn add_member(
    tx: &mut Tx<'_>,
    group: Allowed<GroupKey>,
    user: UserId,
    at: Timestamp,
) -> Result<()> {
    let key = group.target();
    sql("INSERT INTO group_members (group_id, user_id, added_at) \
         SELECT $1, u.id, $3 FROM users u WHERE u.id = $2 AND u.account_id = $4 AND u.deleted_at IS NULL \
         ON CONFLICT (group_id, user_id) DO NOTHING")
    .bind(key.id)
    .bind(user)
    .bind(at)
    .bind(key.account)
    .execute(tx)
    .await?;
    bump_permission_epoch(tx, key.account, at).await
}

/// Takes a user out of a group.
pub async fn remove_member(
    tx: &mut Tx<'_>,
    group: Allowed<GroupKey>,
    user: UserId,
    at: Timestamp,
) -> Result<()> {
    sql("DELETE FROM group_members WHERE group_id = $1 AND user_id = $2")
        .bind(group.target().id)
        .bind(user)
        .execute(tx)
        .await?;
    bump_permission_epoch(tx, group.target().account, at).await
}

/// Takes a user out of every group.
pub async fn remove_from_all(tx: &mut Tx<'_>, user: Allowed<UserKey>, at: Timestamp) -> Result<()> {
    sql("DELETE FROM group_members WHERE user_id = $1").bind(user.target().id).execute(tx).await?;
    bump_permission_epoch(tx, user.target().account, at).await
}

/// Changes name and description. `NotUnique { table: "groups" }` when the name is taken in the account.
pub async fn update(
    tx: &mut Tx<'_>,
    group: Allowed<GroupKey>,
    name: &GroupName,
    description: &str,
    at: Timestamp,
) -> Result<()> {
    sql("UPDATE groups SET name = $2, name_key = $3, description = $4 WHERE id = $1 AND deleted_at IS NULL")
        .bind(group.target().id)
        .bind(name)
        .bind(name.folded())
        .bind(description)
        .execute(tx)
        .await?;
    bump_permission_epoch(tx, group.target().account, at).await
}

/// Deletes a group with its memberships and attachments.
pub async fn delete(tx: &mut Tx<'_>, group: Allowed<GroupKey>, at: Timestamp) -> Result<()> {
    let key = group.target();
    sql("DELETE FROM group_members WHERE group_id = $1").bind(key.id).execute(tx).await?;
    sql("DELETE FROM attachments WHERE group_id = $1").bind(key.id).execute(tx).await?;
    sql("UPDATE groups SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL")
        .bind(key.id)
        .bind(at)
        .execute(tx)
        .await?;
    bump_permission_epoch(tx, key.account, at).await
}
