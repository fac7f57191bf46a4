//! What somebody should look at soon: shares that end, access keys that are old. A few rows each, the most urgent first.

use roadstead::access::{AccessKeyId, Allowed, UserKey, Visibility};
use roadstead::id::AccountId;
use roadstead::{AccountName, ImageName, Timestamp, UserName};

use crate::error::Result;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::visible;

record! {
    /// A share in force that ends soon.
    EndingShare {
        /// The image.
        path: ImageName,
        /// With whom it is shared.
        account: AccountName,
        /// When it ends.
        expires_at: Timestamp,
    }
}

record! {
    /// An access key that has been in use for long.
    OldKey {
        /// Its id.
        access_key: AccessKeyId,
        /// Whose it is.
        user: UserName,
        /// Since when.
        created_at: Timestamp,
    }
}

/// Shares that end after `now` and until `until`, of private images whose shares the caller sees. Whether they may change
/// them is for the caller of this.
pub async fn ending_shares(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<EndingShare>> {
    let mut statement = sql("SELECT r.path, a.name AS account, s.expires_at FROM shares s \
         JOIN repositories r ON r.id = s.repository_id JOIN accounts a ON a.id = s.target_account_id \
         WHERE s.expires_at > $1 AND s.expires_at <= $2 AND NOT r.is_public AND ")
    .bind(now)
    .bind(until);
    visible::images(&mut statement, visibility);
    visible::shares(&mut statement, visibility);
    statement.push(" ORDER BY s.expires_at, s.id LIMIT ").push_bind(limit);
    statement.all(tx).await
}

const OLD_KEYS: &str = "SELECT k.access_key, u.name AS \"user\", k.created_at FROM users u \
     JOIN access_keys k ON k.user_id = u.id WHERE u.deleted_at IS NULL AND k.state = 'active' AND k.created_at < $1 \
     AND (k.expires_at IS NULL OR k.expires_at > $2) AND ";

/// Access keys of the account's users that work and were made before `before`, at most `limit`.
pub async fn old_keys(
    tx: &mut Tx<'_>,
    account: Allowed<AccountId>,
    before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<OldKey>> {
    let statement = sql(OLD_KEYS).bind(before).bind(now);
    oldest(statement.and("u.account_id = $3").bind(*account.target()), tx, limit).await
}

/// The same, of one user.
pub async fn own_old_keys(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<OldKey>> {
    let statement = sql(OLD_KEYS).bind(before).bind(now);
    oldest(statement.and("u.id = $3").bind(user.target().id), tx, limit).await
}

async fn oldest(mut statement: Sql, tx: &mut Tx<'_>, limit: u32) -> Result<Vec<OldKey>> {
    statement.push(" ORDER BY k.created_at, k.id LIMIT ").push_bind(limit);
    statement.all(tx).await
}
