//! Shares: another account may pull an image until an instant, or for ever.
//!
//! A share ends at its instant without anything being written: whoever decides compares it with the clock. That it has
//! ended is recorded once, a little later ([`record_ended`]). Its row stays until somebody ends it, or the image is deleted.

mod received;

use roadstead::id::{AccountId, OrganizationId, PublicId, RepositoryId, ShareId, UserId};
use roadstead::page::{Page, Window};
use roadstead::{AccountName, ImageName, Timestamp};

use crate::account::bump_permission_epoch;
use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

pub use received::{
    Received, ReceivedRecord, ReceivedSort, received, received_after, received_count,
    received_images,
};

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
        /// Who shared, while that user exists.
        creator_public_id: Option<PublicId>,
        /// Who shared.
        creator_name: String,
        /// Since when.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.repository_id, s.target_account_id, a.name AS target_account_name, s.description, \
             s.expires_at, u.public_id AS creator_public_id, s.creator_name, s.created_at, s.updated_at FROM shares s \
             JOIN accounts a ON a.id = s.target_account_id \
             LEFT JOIN users u ON u.id = s.creator_id AND u.deleted_at IS NULL WHERE s.repository_id = $1 ",
            $rest
        )
    };
}

/// The shares of an image, ended ones too, by account name.
pub async fn list(tx: &mut Tx<'_>, place: &Place, window: Window) -> Result<Page<ShareRecord>> {
    let items = sql(select!("ORDER BY a.name_key LIMIT $2 OFFSET $3"))
        .bind(place.repository)
        .bind(window.limit)
        .bind(window.offset)
        .all(tx)
        .await?;
    let total = sql("SELECT count(*) FROM shares WHERE repository_id = $1")
        .bind(place.repository)
        .scalar(tx)
        .await?;
    Ok(Page { items, total, window })
}

/// The share of an image with the account of this name, ended or not. That there is none says nothing about whether
/// there is such an account.
pub async fn find(
    tx: &mut Tx<'_>,
    place: &Place,
    account: &AccountName,
) -> Result<Option<ShareRecord>> {
    sql(select!("AND a.name_key = $2"))
        .bind(place.repository)
        .bind(account.folded())
        .optional(tx)
        .await
}

/// What matters for sharing an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Whether everyone may pull it.
    pub is_public: bool,
    /// With whom it is shared, ended shares too.
    pub targets: Vec<AccountId>,
}

/// Holds the image, so that of two changes of its shares one sees the other; `None` when it has been deleted meanwhile.
pub async fn hold(tx: &mut Tx<'_>, place: &Place) -> Result<Option<Held>> {
    let lock = tx.dialect().for_update();
    held(tx, place, lock).await
}

/// The same, only looked at.
pub async fn look(tx: &mut Tx<'_>, place: &Place) -> Result<Option<Held>> {
    held(tx, place, "").await
}

async fn held(tx: &mut Tx<'_>, place: &Place, lock: &'static str) -> Result<Option<Held>> {
    let found = sql("SELECT is_public FROM repositories WHERE id = $1 AND deleted_at IS NULL")
        .bind(place.repository)
        .and(lock)
        .optional::<(bool,)>(tx)
        .await?;
    let Some((is_public,)) = found else {
        return Ok(None);
    };
    let targets = sql("SELECT target_account_id FROM shares WHERE repository_id = $1")
        .bind(place.repository)
        .all::<(AccountId,)>(tx)
        .await?;
    Ok(Some(Held { is_public, targets: targets.into_iter().map(|(id,)| id).collect() }))
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
         expires_at = excluded.expires_at, is_end_recorded = FALSE, updated_at = excluded.updated_at")
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

record! {
    /// A share whose end was reached.
    EndedShare {
        /// The share.
        id: ShareId,
        /// The account that shared.
        account_id: AccountId,
        /// The image's organization.
        organization_id: OrganizationId,
        /// The image.
        repository_id: RepositoryId,
        /// Its name.
        path: ImageName,
        /// The account that it was shared with.
        target_name: AccountName,
        /// When it ended.
        expires_at: Timestamp,
    }
}

/// Marks shares that have ended by `now` as recorded, at most `limit`: each is answered once, until it is given a new end.
pub async fn record_ended(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<EndedShare>> {
    let mut statement = sql("SELECT s.id, s.account_id, r.organization_id, s.repository_id, r.path, \
         a.name AS target_name, s.expires_at FROM shares s JOIN repositories r ON r.id = s.repository_id \
         JOIN accounts a ON a.id = s.target_account_id \
         WHERE s.expires_at IS NOT NULL AND NOT s.is_end_recorded AND s.expires_at <= $1 \
         ORDER BY s.expires_at LIMIT $2")
    .bind(now)
    .bind(limit);
    statement.push(tx.dialect().skip_locked_shares());
    let ended: Vec<EndedShare> = statement.all(tx).await?;
    if !ended.is_empty() {
        let mut statement = sql("UPDATE shares SET is_end_recorded = TRUE WHERE id IN ");
        statement.push_list(ended.iter().map(|share| share.id));
        statement.execute(tx).await?;
    }
    Ok(ended)
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
