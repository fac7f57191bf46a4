//! Keys of access tokens. The secret of each is the sealed value (`signing_keys`, kid, `secret`).

use roadstead::Timestamp;

use crate::change::{Change, ChangeKind};
use crate::error::Result;
use crate::row::record;
use crate::sealed::SealedPlace;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// A signing key.
    SigningKeyRecord {
        /// Its id in token headers.
        kid: String,
        /// `HS256`.
        algorithm: String,
        /// When it was made.
        created_at: Timestamp,
        /// From when it signs.
        not_before: Timestamp,
        /// From when it no longer verifies.
        retire_at: Option<Timestamp>,
    }
}

/// Adds a key. Put its sealed secret in the same transaction.
pub async fn add(tx: &mut Tx<'_>, key: &SigningKeyRecord) -> Result<()> {
    sql("INSERT INTO signing_keys (kid, algorithm, created_at, not_before, retire_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(key.kid.as_str())
        .bind(key.algorithm.as_str())
        .bind(key.created_at)
        .bind(key.not_before)
        .bind(key.retire_at)
        .execute(tx)
        .await?;
    tx.change(Change::new(ChangeKind::SigningKey, key.created_at).of(&key.kid));
    Ok(())
}

/// The keys that verify at `now` or later, the newest first.
pub async fn usable(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<SigningKeyRecord>> {
    sql("SELECT kid, algorithm, created_at, not_before, retire_at FROM signing_keys \
         WHERE retire_at IS NULL OR retire_at > $1 ORDER BY not_before DESC, kid")
    .bind(now)
    .all(tx)
    .await
}

/// Removes keys that no longer verify at `now`, with their secrets. Answers how many.
pub async fn forget(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    let ended = sql("DELETE FROM signing_keys WHERE retire_at <= $1 RETURNING kid")
        .bind(now)
        .all::<(String,)>(tx)
        .await?;
    for (kid,) in &ended {
        crate::sealed::remove(tx, &SealedPlace::new("signing_keys", kid, "secret")).await?;
        tx.change(Change::new(ChangeKind::SigningKey, now).of(kid));
    }
    Ok(ended.len() as u64)
}

/// Says from when a key no longer verifies.
pub async fn retire(
    tx: &mut Tx<'_>,
    kid: &str,
    retire_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    sql("UPDATE signing_keys SET retire_at = $2 WHERE kid = $1")
        .bind(kid)
        .bind(retire_at)
        .execute(tx)
        .await?;
    tx.change(Change::new(ChangeKind::SigningKey, now).of(kid));
    Ok(())
}
