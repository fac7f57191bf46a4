//! What clients log in with: temporary credentials, and access keys ([`crate::access_key`]). Of a login key only its SHA-256
//! is kept; a secret key is a sealed value (`access_keys` or `temporary_credentials`, id, `secret`).

use roadstead::access::{AccessKeyId, Allowed, CredentialHolder};
use roadstead::id::{AccountId, CredentialId, PublicId, UserId};
use roadstead::manage::credential::UsedService;
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
        access_key: AccessKeyId,
        /// SHA-256 of the login key.
        login_key_hash: Vec<u8>,
        /// Whether it may be used.
        state: State,
        /// When it ends, if it does.
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
    /// A temporary credential in its holder's list.
    TemporaryRecord {
        /// The access key id.
        access_key: AccessKeyId,
        /// Since when.
        created_at: Timestamp,
        /// When it ends.
        expires_at: Timestamp,
        /// Last use that was noted.
        last_used_at: Option<Timestamp>,
        /// Whence; empty when unknown.
        last_used_from: String,
        /// For what.
        last_used_by: UsedService,
    }
}

/// What a new credential is made of.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// The proof that it may be made for this user.
    pub holder: Allowed<CredentialHolder>,
    /// The access key id.
    pub access_key: AccessKeyId,
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
         SELECT 'access_key' AS kind, c.id, c.access_key, c.login_key_hash, c.state, c.expires_at, '' AS scope, \
         NULL AS project_name, c.account_id, a.public_id AS account_public_id, a.name AS account_name, \
         a.kind AS account_kind, a.state AS account_state, c.user_id, u.name AS user_name, u.is_owner, \
         u.state AS user_state, u.programmatic_access \
         FROM access_keys c JOIN users u ON u.id = c.user_id JOIN accounts a ON a.id = c.account_id \
         WHERE c.access_key = $1 AND u.deleted_at IS NULL AND a.deleted_at IS NULL")
    .bind(access_key)
    .optional(tx)
    .await
}

/// The projects of a credential's account: their ids on the wire, and their names, the oldest first.
pub async fn projects(
    tx: &mut Tx<'_>,
    record: &CredentialRecord,
) -> Result<Vec<(PublicId, RegionName)>> {
    sql("SELECT public_id, name FROM projects WHERE account_id = $1 AND deleted_at IS NULL ORDER BY id")
        .bind(record.account_id)
        .all(tx)
        .await
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
    .bind(new.holder.target().account)
    .bind(new.holder.target().user)
    .bind(&new.access_key)
    .bind(new.login_key_hash.as_slice())
    .bind(purpose)
    .bind(scope)
    .bind(new.created_at)
    .bind(expires_at)
    .scalar(tx)
    .await
}

/// The logins of a user that still work, the newest first; at most `limit`. What jobs of the system log in with is not
/// among them.
pub async fn temporary_of(
    tx: &mut Tx<'_>,
    holder: &Allowed<CredentialHolder>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<TemporaryRecord>> {
    sql("SELECT access_key, created_at, expires_at, last_used_at, last_used_from, last_used_by FROM temporary_credentials \
         WHERE user_id = $1 AND expires_at > $2 AND revoked_at IS NULL AND purpose = 'login' ORDER BY id DESC LIMIT $3")
    .bind(holder.target().user)
    .bind(now)
    .bind(limit)
    .all(tx)
    .await
}

/// Ends a temporary credential of a user now; `false` when there is none that has not been ended before.
pub async fn revoke_temporary(
    tx: &mut Tx<'_>,
    holder: &Allowed<CredentialHolder>,
    access_key: &AccessKeyId,
    at: Timestamp,
) -> Result<bool> {
    let rows = sql("UPDATE temporary_credentials SET revoked_at = $3 \
                    WHERE access_key = $1 AND user_id = $2 AND expires_at > $3 AND revoked_at IS NULL")
    .bind(access_key)
    .bind(holder.target().user)
    .bind(at)
    .execute(tx)
    .await?;
    if rows > 0 {
        changed(tx, holder.target().account, access_key, at);
    }
    Ok(rows > 0)
}

/// The use of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Which kind.
    pub kind: CredentialKind,
    /// Its key.
    pub id: CredentialId,
    /// When.
    pub at: Timestamp,
    /// Whence; empty when unknown.
    pub address: String,
    /// For what.
    pub service: UsedService,
}

/// Notes uses of credentials. What is gone is passed over.
pub async fn note_uses(tx: &mut Tx<'_>, uses: &[Use]) -> Result<()> {
    for each in uses {
        let statement = match each.kind {
            CredentialKind::AccessKey => {
                "UPDATE access_keys SET last_used_at = $2, last_used_from = $3, last_used_by = $4 \
                 WHERE id = $1 AND coalesce(last_used_at, 0) < $2"
            }
            CredentialKind::Temporary => {
                "UPDATE temporary_credentials SET last_used_at = $2, last_used_from = $3, last_used_by = $4 \
                 WHERE id = $1 AND coalesce(last_used_at, 0) < $2"
            }
        };
        sql(statement)
            .bind(each.id)
            .bind(each.at)
            .bind(each.address.as_str())
            .bind(each.service)
            .queue(tx)
            .await?;
    }
    Ok(())
}

/// Removes every credential of a user that is being deleted, with its secret.
pub(crate) async fn remove_of_user(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    for text in [
        "DELETE FROM sealed_values WHERE table_name = 'access_keys' AND column_name = 'secret' \
         AND row_key IN (SELECT CAST(id AS TEXT) FROM access_keys WHERE user_id = $1)",
        "DELETE FROM sealed_values WHERE table_name = 'temporary_credentials' AND column_name = 'secret' \
         AND row_key IN (SELECT CAST(id AS TEXT) FROM temporary_credentials WHERE user_id = $1)",
        "DELETE FROM access_keys WHERE user_id = $1",
        "DELETE FROM temporary_credentials WHERE user_id = $1",
    ] {
        sql(text).bind(user).execute(tx).await?;
    }
    Ok(())
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

/// Whoever remembers this credential forgets it.
pub(crate) fn changed(
    tx: &mut Tx<'_>,
    account: AccountId,
    access_key: &AccessKeyId,
    at: Timestamp,
) {
    tx.change(Change::new(ChangeKind::Credential, at).in_account(account).of(access_key));
}
