//! Groups of users. Rights come from what is attached to them ([`crate::attachment`]).

use roadstead::Timestamp;
use roadstead::id::{AccountId, GroupId, PublicId, UserId};

use crate::account::bump_permission_epoch;
use crate::error::Result;
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
        name: String,
        /// May be empty.
        description: String,
        /// When it was created.
        created_at: Timestamp,
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT g.id, g.public_id, g.account_id, g.name, g.description, g.created_at FROM groups g ", $rest)
    };
}

/// Creates a group. `NotUnique { table: "groups" }` when the name is taken in the account.
pub async fn create(
    tx: &mut Tx<'_>,
    account: AccountId,
    public_id: &PublicId,
    name: &str,
    created_by: Option<UserId>,
    at: Timestamp,
) -> Result<GroupRecord> {
    sql("INSERT INTO groups (public_id, account_id, name, name_key, created_at, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, public_id, account_id, name, description, created_at")
    .bind(public_id)
    .bind(account)
    .bind(name)
    .bind(name.to_lowercase())
    .bind(at)
    .bind(created_by)
    .one(tx)
    .await
}

/// The group of this name in an account, whatever its case.
pub async fn find_by_name(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &str,
) -> Result<Option<GroupRecord>> {
    sql(select!("WHERE g.account_id = $1 AND g.name_key = $2 AND g.deleted_at IS NULL"))
        .bind(account)
        .bind(name.to_lowercase())
        .optional(tx)
        .await
}

/// Every group of an account, by name.
pub async fn list(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<GroupRecord>> {
    sql(select!("WHERE g.account_id = $1 AND g.deleted_at IS NULL ORDER BY g.name_key"))
        .bind(account)
        .all(tx)
        .await
}

/// The groups a user is in.
pub async fn of_user(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<GroupRecord>> {
    sql(select!(
        "JOIN group_members m ON m.group_id = g.id WHERE m.user_id = $1 AND g.deleted_at IS NULL ORDER BY g.name_key"
    ))
    .bind(user)
    .all(tx)
    .await
}

/// Puts a user into a group; nothing happens if it is in already.
pub async fn add_member(
    tx: &mut Tx<'_>,
    group: &GroupRecord,
    user: UserId,
    at: Timestamp,
) -> Result<()> {
    sql("INSERT INTO group_members (group_id, user_id, added_at) VALUES ($1, $2, $3) \
         ON CONFLICT (group_id, user_id) DO NOTHING")
    .bind(group.id)
    .bind(user)
    .bind(at)
    .execute(tx)
    .await?;
    bump_permission_epoch(tx, group.account_id, at).await
}

/// Takes a user out of a group.
pub async fn remove_member(
    tx: &mut Tx<'_>,
    group: &GroupRecord,
    user: UserId,
    at: Timestamp,
) -> Result<()> {
    sql("DELETE FROM group_members WHERE group_id = $1 AND user_id = $2")
        .bind(group.id)
        .bind(user)
        .execute(tx)
        .await?;
    bump_permission_epoch(tx, group.account_id, at).await
}

/// Deletes a group with its memberships and attachments.
pub async fn delete(tx: &mut Tx<'_>, group: &GroupRecord, at: Timestamp) -> Result<()> {
    sql("DELETE FROM group_members WHERE group_id = $1").bind(group.id).execute(tx).await?;
    sql("DELETE FROM attachments WHERE group_id = $1").bind(group.id).execute(tx).await?;
    sql("UPDATE groups SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL")
        .bind(group.id)
        .bind(at)
        .execute(tx)
        .await?;
    bump_permission_epoch(tx, group.account_id, at).await
}
