//! Shares: another account may pull an image until an instant, or for ever.

use roadstead::id::{AccountId, RepositoryId, ShareId, UserId};
use roadstead::{AccountName, Timestamp};

use crate::account::bump_permission_epoch;
use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// A share.
    ShareRecord {
        /// Key.
        id: ShareId,
        /// What is shared.
        repository_id: RepositoryId,
        /// With whom.
        target_account_id: AccountId,
        /// Its name.
        target_account_name: AccountName,
        /// May be empty.
        description: String,
        /// When it ends; `None` is never.
        expires_at: Option<Timestamp>,
        /// Who shared.
        creator_name: String,
        /// Since when.
        created_at: Timestamp,
    }
}

/// The shares of an image, by account name.
pub async fn of_repository(tx: &mut Tx<'_>, place: &Place) -> Result<Vec<ShareRecord>> {
    sql("SELECT s.id, s.repository_id, s.target_account_id, a.name AS target_account_name, s.description, s.expires_at, \
         s.creator_name, s.created_at FROM shares s JOIN accounts a ON a.id = s.target_account_id \
         WHERE s.repository_id = $1 ORDER BY a.name_key")
    .bind(place.repository)
    .all(tx)
    .await
}

/// Shares an image, or changes the share.
pub async fn set(
    tx: &mut Tx<'_>,
    place: &Place,
    target: AccountId,
    expires_at: Option<Timestamp>,
    description: &str,
    creator: Option<(UserId, String)>,
    at: Timestamp,
) -> Result<()> {
    let (creator, creator_name) = creator.unzip();
    sql("INSERT INTO shares (account_id, repository_id, target_account_id, description, expires_at, creator_id, \
         creator_name, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
         ON CONFLICT (repository_id, target_account_id) DO UPDATE SET description = excluded.description, \
         expires_at = excluded.expires_at, updated_at = excluded.updated_at")
    .bind(place.account)
    .bind(place.repository)
    .bind(target)
    .bind(description)
    .bind(expires_at)
    .bind(creator)
    .bind(creator_name.unwrap_or_default())
    .bind(at)
    .execute(tx)
    .await?;
    recount(tx, place, target, at).await
}

/// Ends a share; `false` when there was none.
pub async fn remove(
    tx: &mut Tx<'_>,
    place: &Place,
    target: AccountId,
    at: Timestamp,
) -> Result<bool> {
    let removed = sql("DELETE FROM shares WHERE repository_id = $1 AND target_account_id = $2")
        .bind(place.repository)
        .bind(target)
        .execute(tx)
        .await?;
    recount(tx, place, target, at).await?;
    Ok(removed > 0)
}

async fn recount(tx: &mut Tx<'_>, place: &Place, target: AccountId, at: Timestamp) -> Result<()> {
    sql("UPDATE repositories SET share_count = (SELECT count(*) FROM shares WHERE repository_id = $1) WHERE id = $1")
        .bind(place.repository)
        .execute(tx)
        .await?;
    bump_permission_epoch(tx, place.account, at).await?;
    bump_permission_epoch(tx, target, at).await
}
