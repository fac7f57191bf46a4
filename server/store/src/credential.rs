//! What clients log in with: access keys and temporary credentials. Of a login key only its SHA-256 is kept; a secret key
//! is a sealed value (`access_keys` or `temporary_credentials`, id, `secret`).

use roadstead::id::{AccountId, CredentialId, PublicId, UserId};
use roadstead::{AccountName, RegionName, Timestamp, UserName};

use crate::account::{AccountKind, State};
use crate::change::{Change, ChangeKind};
use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::words;

words! {
    /// Which kind of credential.
    CredentialKind {
        /// Lasts until it is disabled or deleted.
        AccessKey = "access_key",
        /// Ends by itself.
        Temporary = "temporary",
    }
}

record! {
    /// A credential with everything a login has to check, from one statement.
    CredentialRecord {
        /// Which kind.
        kind: CredentialKind,
        /// Key in its table.
        id: CredentialId,
        /// The access key id.
        access_key: String,
        /// SHA-256 of the login key.
        login_key_hash: Vec<u8>,
        /// Whether it may be used.
        state: State,
        /// When it ends; access keys do not.
        expires_at: Option<Timestamp>,
        /// What it narrows the user's rights to; empty is everything.
        scope: String,
        /// The only project it works in.
        project_name: Option<RegionName>,
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
        /// The user.
        user_id: UserId,
        /// Its name.
        user_name: UserName,
        /// Whether it is the account's owner.
        is_owner: bool,
        /// Whether it may be used.
        user_state: State,
        /// Whether it may use clients.
        programmatic_access: bool,
    }
}

record! {
    /// An access key in its owner's list.
    AccessKeyRecord {
        /// Key.
        id: CredentialId,
        /// The access key id.
        access_key: String,
        /// The user.
        user_id: UserId,
        /// May be empty.
        description: String,
        /// Whether it may be used.
        state: State,
        /// Since when.
        created_at: Timestamp,
        /// Last login.
        last_used_at: Option<Timestamp>,
        /// Whence.
        last_used_from: Option<String>,
    }
}

/// What a new credential is made of.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// The account.
    pub account: AccountId,
    /// The user.
    pub user: UserId,
    /// The access key id.
    pub access_key: String,
    /// SHA-256 of the login key.
    pub login_key_hash: [u8; 32],
    /// Now.
    pub created_at: Timestamp,
}

/// The credential of this access key id, of either kind, with its user and account. Ended, revoked and disabled ones are
/// returned too: the caller says what is wrong, after comparing the key.
pub async fn find(tx: &mut Tx<'_>, access_key: &str) -> Result<Option<CredentialRecord>> {
    sql("SELECT 'temporary' AS kind, c.id, c.access_key, c.login_key_hash, \
         CASE WHEN c.revoked_at IS NULL THEN 'active' ELSE 'disabled' END AS state, c.expires_at, c.scope, \
         p.name AS project_name, c.account_id, a.public_id AS account_public_id, a.name AS account_name, \
         a.kind AS account_kind, a.state AS account_state, c.user_id, u.name AS user_name, u.is_owner, \
         u.state AS user_state, u.programmatic_access \
         FROM temporary_credentials c JOIN users u ON u.id = c.user_id JOIN accounts a ON a.id = c.account_id \
         LEFT JOIN projects p ON p.id = c.project_id \
         WHERE c.access_key = $1 AND u.deleted_at IS NULL AND a.deleted_at IS NULL \
         UNION ALL \
         SELECT 'access_key' AS kind, c.id, c.access_key, c.login_key_hash, c.state, NULL AS expires_at, '' AS scope, \
         NULL AS project_name, c.account_id, a.public_id AS account_public_id, a.name AS account_name, \
         a.kind AS account_kind, a.state AS account_state, c.user_id, u.name AS user_name, u.is_owner, \
         u.state AS user_state, u.programmatic_access \
         FROM access_keys c JOIN users u ON u.id = c.user_id JOIN accounts a ON a.id = c.account_id \
         WHERE c.access_key = $1 AND u.deleted_at IS NULL AND a.deleted_at IS NULL")
    .bind(access_key)
    .optional(tx)
    .await
}

/// Creates an access key.
pub async fn create_access_key(
    tx: &mut Tx<'_>,
    new: &NewCredential,
    description: &str,
) -> Result<CredentialId> {
    let id = sql("INSERT INTO access_keys (account_id, user_id, access_key, login_key_hash, description, created_at) \
                  VALUES ($1, $2, $3, $4, $5, $6) RETURNING id")
    .bind(new.account)
    .bind(new.user)
    .bind(new.access_key.as_str())
    .bind(new.login_key_hash.as_slice())
    .bind(description)
    .bind(new.created_at)
    .scalar(tx)
    .await?;
    changed(tx, new.account, &new.access_key, new.created_at);
    Ok(id)
}

/// Creates a temporary credential. `purpose` says what it was made for (`login`, `scan`); `scope` narrows it.
pub async fn create_temporary(
    tx: &mut Tx<'_>,
    new: &NewCredential,
    purpose: &str,
    scope: &str,
    expires_at: Timestamp,
) -> Result<CredentialId> {
    sql("INSERT INTO temporary_credentials (account_id, user_id, access_key, login_key_hash, purpose, scope, created_at, \
         expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id")
    .bind(new.account)
    .bind(new.user)
    .bind(new.access_key.as_str())
    .bind(new.login_key_hash.as_slice())
    .bind(purpose)
    .bind(scope)
    .bind(new.created_at)
    .bind(expires_at)
    .scalar(tx)
    .await
}

/// The access keys of a user, the oldest first.
pub async fn access_keys_of(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<AccessKeyRecord>> {
    sql("SELECT id, access_key, user_id, description, state, created_at, last_used_at, last_used_from FROM access_keys \
         WHERE user_id = $1 ORDER BY id")
    .bind(user)
    .all(tx)
    .await
}

/// Enables or disables a user's access key; `false` when there is none.
pub async fn set_access_key_state(
    tx: &mut Tx<'_>,
    account: AccountId,
    user: UserId,
    access_key: &str,
    state: State,
    at: Timestamp,
) -> Result<bool> {
    let rows = sql("UPDATE access_keys SET state = $3 WHERE access_key = $1 AND user_id = $2")
        .bind(access_key)
        .bind(user)
        .bind(state)
        .execute(tx)
        .await?;
    changed(tx, account, access_key, at);
    Ok(rows > 0)
}

/// Deletes a user's access key; `false` when there is none.
pub async fn delete_access_key(
    tx: &mut Tx<'_>,
    account: AccountId,
    user: UserId,
    access_key: &str,
    at: Timestamp,
) -> Result<bool> {
    let rows = sql("DELETE FROM access_keys WHERE access_key = $1 AND user_id = $2")
        .bind(access_key)
        .bind(user)
        .execute(tx)
        .await?;
    changed(tx, account, access_key, at);
    Ok(rows > 0)
}

/// Ends a temporary credential now.
pub async fn revoke_temporary(
    tx: &mut Tx<'_>,
    account: AccountId,
    access_key: &str,
    at: Timestamp,
) -> Result<bool> {
    let rows = sql("UPDATE temporary_credentials SET revoked_at = $2 WHERE access_key = $1 AND revoked_at IS NULL")
        .bind(access_key)
        .bind(at)
        .execute(tx)
        .await?;
    changed(tx, account, access_key, at);
    Ok(rows > 0)
}

/// Notes a login with an access key. Call it at most once a minute and key.
pub async fn note_use(
    tx: &mut Tx<'_>,
    access_key: &str,
    address: &str,
    at: Timestamp,
) -> Result<()> {
    sql("UPDATE access_keys SET last_used_at = $2, last_used_from = $3 WHERE access_key = $1")
        .bind(access_key)
        .bind(at)
        .bind(address)
        .queue(tx)
        .await
}

/// Removes temporary credentials that ended before `before`, with their secrets; at most `limit`.
pub async fn remove_expired(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64> {
    let ids = sql(
        "SELECT id FROM temporary_credentials WHERE expires_at < $1 ORDER BY expires_at LIMIT $2",
    )
    .bind(before)
    .bind(limit)
    .all::<(CredentialId,)>(tx)
    .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let mut secrets = sql(
        "DELETE FROM sealed_values WHERE table_name = 'temporary_credentials' AND column_name = 'secret' AND row_key IN ",
    );
    secrets.push_list(ids.iter().map(|(id,)| id.to_string()));
    secrets.execute(tx).await?;
    let mut rows = sql("DELETE FROM temporary_credentials WHERE id IN ");
    rows.push_list(ids.iter().map(|(id,)| id));
    rows.execute(tx).await
}

fn changed(tx: &mut Tx<'_>, account: AccountId, access_key: &str, at: Timestamp) {
    tx.change(Change::new(ChangeKind::Credential, at).in_account(account).of(access_key));
}
