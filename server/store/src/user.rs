//! Users. The account's own login is the user with `is_owner`, whose name is the account's.

use roadstead::id::{AccountId, PublicId, UserId};
use roadstead::{AccountName, Secret, Timestamp, UserName};

use crate::account::State;
use crate::change::{Change, ChangeKind};
use crate::credential;
use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// A user.
    UserRecord {
        /// Key.
        id: UserId,
        /// Id on the wire.
        public_id: PublicId,
        /// The account.
        account_id: AccountId,
        /// Name, as its creator wrote it; compared without case.
        name: UserName,
        /// Name to show; may be empty.
        display_name: String,
        /// May be empty.
        email: String,
        /// May be empty.
        description: String,
        /// Whether this is the account's own login.
        is_owner: bool,
        /// Whether it may be used.
        state: State,
        /// May sign in to the console.
        console_access: bool,
        /// May use clients and the management API.
        programmatic_access: bool,
        /// Whether the next sign-in must change the password.
        must_change_password: bool,
        /// Grows when the password or state changes.
        permission_epoch: u64,
        /// When it was created.
        created_at: Timestamp,
        /// When it last signed in.
        last_signed_in_at: Option<Timestamp>,
    }
}

/// What a new user is made of.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Id on the wire.
    pub public_id: PublicId,
    /// The account.
    pub account: AccountId,
    /// Name.
    pub name: UserName,
    /// Whether this is the account's own login.
    pub is_owner: bool,
    /// May sign in to the console.
    pub console_access: bool,
    /// May use clients and the management API.
    pub programmatic_access: bool,
    /// Hash of the password, if there is one.
    pub password_hash: Option<Secret>,
    /// Whether the first sign-in must change the password.
    pub must_change_password: bool,
    /// Who creates it.
    pub created_by: Option<UserId>,
    /// Now.
    pub created_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT u.id, u.public_id, u.account_id, u.name, u.display_name, u.email, u.description, u.is_owner, \
             u.state, u.console_access, u.programmatic_access, u.must_change_password, u.permission_epoch, \
             u.created_at, u.last_signed_in_at FROM users u ",
            $rest
        )
    };
}

/// Creates a user. `NotUnique { table: "users" }` when the name is taken in the account.
pub async fn create(tx: &mut Tx<'_>, new: &NewUser) -> Result<UserRecord> {
    let id: UserId = sql(
        "INSERT INTO users (public_id, account_id, name, name_key, is_owner, console_access, programmatic_access, \
         password_hash, password_changed_at, must_change_password, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id",
    )
    .bind(&new.public_id)
    .bind(new.account)
    .bind(&new.name)
    .bind(new.name.folded())
    .bind(new.is_owner)
    .bind(new.console_access)
    .bind(new.programmatic_access)
    .bind(new.password_hash.as_ref().map(|hash| hash.reveal().clone()))
    .bind(new.password_hash.as_ref().map(|_| new.created_at))
    .bind(new.must_change_password)
    .bind(new.created_by)
    .bind(new.created_at)
    .scalar(tx)
    .await?;
    tx.change(Change::new(ChangeKind::User, new.created_at).in_account(new.account).of(id));
    sql(select!("WHERE u.id = $1")).bind(id).one(tx).await
}

/// The user with this key.
pub async fn find(tx: &mut Tx<'_>, id: UserId) -> Result<Option<UserRecord>> {
    sql(select!("WHERE u.id = $1 AND u.deleted_at IS NULL")).bind(id).optional(tx).await
}

/// The user of this name in an account, whatever its case. The account's own name finds its owner.
pub async fn find_by_name(
    tx: &mut Tx<'_>,
    account: AccountId,
    name: &UserName,
) -> Result<Option<UserRecord>> {
    sql(select!("WHERE u.account_id = $1 AND u.name_key = $2 AND u.deleted_at IS NULL"))
        .bind(account)
        .bind(name.folded())
        .optional(tx)
        .await
}

/// The user with this id on the wire.
pub async fn find_by_public_id(tx: &mut Tx<'_>, id: &PublicId) -> Result<Option<UserRecord>> {
    sql(select!("WHERE u.public_id = $1 AND u.deleted_at IS NULL")).bind(id).optional(tx).await
}

/// The owner of the account of this name.
pub async fn find_owner(tx: &mut Tx<'_>, account: &AccountName) -> Result<Option<UserRecord>> {
    sql(select!(
        "JOIN accounts a ON a.id = u.account_id WHERE a.name_key = $1 AND a.deleted_at IS NULL AND u.is_owner \
         AND u.deleted_at IS NULL"
    ))
    .bind(account.folded())
    .optional(tx)
    .await
}

/// Every user of an account, by name.
pub async fn list(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<UserRecord>> {
    sql(select!("WHERE u.account_id = $1 AND u.deleted_at IS NULL ORDER BY u.name_key"))
        .bind(account)
        .all(tx)
        .await
}

/// The hash of a user's password; `None` when there is none.
pub async fn password_hash(tx: &mut Tx<'_>, id: UserId) -> Result<Option<Secret>> {
    let found = sql("SELECT password_hash FROM users WHERE id = $1 AND deleted_at IS NULL")
        .bind(id)
        .optional::<(Option<String>,)>(tx)
        .await?;
    Ok(found.and_then(|(hash,)| hash).map(Secret::new))
}

/// Sets the password. Every cached success of the old one is stale from the commit on.
pub async fn set_password_hash(
    tx: &mut Tx<'_>,
    user: &UserRecord,
    hash: &Secret,
    at: Timestamp,
) -> Result<()> {
    sql("UPDATE users SET password_hash = $2, password_changed_at = $3, must_change_password = FALSE, \
         permission_epoch = permission_epoch + 1 WHERE id = $1")
    .bind(user.id)
    .bind(hash.reveal().as_str())
    .bind(at)
    .execute(tx)
    .await?;
    tx.change(Change::new(ChangeKind::User, at).in_account(user.account_id).of(user.id));
    Ok(())
}

/// Enables or disables a user.
pub async fn set_state(
    tx: &mut Tx<'_>,
    user: &UserRecord,
    state: State,
    at: Timestamp,
) -> Result<()> {
    sql("UPDATE users SET state = $2, permission_epoch = permission_epoch + 1 WHERE id = $1")
        .bind(user.id)
        .bind(state)
        .execute(tx)
        .await?;
    tx.change(Change::new(ChangeKind::User, at).in_account(user.account_id).of(user.id));
    Ok(())
}

/// Changes what a user says of itself, and how it may come in.
pub async fn update(tx: &mut Tx<'_>, user: &UserRecord, at: Timestamp) -> Result<()> {
    sql("UPDATE users SET display_name = $2, email = $3, description = $4, console_access = $5, \
         programmatic_access = $6, permission_epoch = permission_epoch + 1 WHERE id = $1")
    .bind(user.id)
    .bind(user.display_name.as_str())
    .bind(user.email.as_str())
    .bind(user.description.as_str())
    .bind(user.console_access)
    .bind(user.programmatic_access)
    .execute(tx)
    .await?;
    tx.change(Change::new(ChangeKind::User, at).in_account(user.account_id).of(user.id));
    Ok(())
}

/// Deletes a user and everything that lets it in. Its name is free again and inherits nothing.
pub async fn delete(tx: &mut Tx<'_>, user: &UserRecord, at: Timestamp) -> Result<()> {
    credential::remove_of_user(tx, user.id).await?;
    for text in [
        "DELETE FROM sessions WHERE user_id = $1",
        "DELETE FROM group_members WHERE user_id = $1",
        "DELETE FROM attachments WHERE user_id = $1",
        "DELETE FROM organization_grants WHERE user_id = $1",
        "DELETE FROM repository_grants WHERE user_id = $1",
        "DELETE FROM identities WHERE user_id = $1",
    ] {
        sql(text).bind(user.id).execute(tx).await?;
    }
    sql("UPDATE users SET deleted_at = $2, password_hash = NULL, permission_epoch = permission_epoch + 1 \
         WHERE id = $1 AND deleted_at IS NULL")
    .bind(user.id)
    .bind(at)
    .execute(tx)
    .await?;
    tx.change(Change::new(ChangeKind::User, at).in_account(user.account_id).of(user.id));
    Ok(())
}

/// Notes a sign-in.
pub async fn note_sign_in(tx: &mut Tx<'_>, id: UserId, at: Timestamp) -> Result<()> {
    sql("UPDATE users SET last_signed_in_at = $2 WHERE id = $1")
        .bind(id)
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}

/// What the user prefers, as the console wrote it; `None` when there is no such user.
pub async fn preferences(tx: &mut Tx<'_>, id: UserId) -> Result<Option<serde_json::Value>> {
    let found = sql("SELECT preferences FROM users WHERE id = $1 AND deleted_at IS NULL")
        .bind(id)
        .optional::<(serde_json::Value,)>(tx)
        .await?;
    Ok(found.map(|(preferences,)| preferences))
}

/// Writes what the user prefers.
pub async fn set_preferences(
    tx: &mut Tx<'_>,
    id: UserId,
    preferences: &serde_json::Value,
) -> Result<()> {
    sql("UPDATE users SET preferences = $2 WHERE id = $1")
        .bind(id)
        .bind(preferences)
        .execute(tx)
        .await?;
    Ok(())
}

/// The user whom an outside identity signs in.
pub async fn find_by_identity(
    tx: &mut Tx<'_>,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserRecord>> {
    sql(select!(
        "JOIN identities i ON i.user_id = u.id WHERE i.issuer = $1 AND i.subject = $2 AND u.deleted_at IS NULL"
    ))
    .bind(issuer)
    .bind(subject)
    .optional(tx)
    .await
}

/// Lets an outside identity sign a user in. `NotUnique { table: "identities" }` when it signs in somebody already.
pub async fn add_identity(
    tx: &mut Tx<'_>,
    user: UserId,
    issuer: &str,
    subject: &str,
    at: Timestamp,
) -> Result<()> {
    sql("INSERT INTO identities (user_id, issuer, subject, created_at) VALUES ($1, $2, $3, $4)")
        .bind(user)
        .bind(issuer)
        .bind(subject)
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}
