//! Keys of access tokens. The secret of each is the sealed value (`signing_keys`, kid, `secret`).

use roadstead::Timestamp;

use crate::change::{Change, ChangeKind};
use crate::error::Result;
use crate::row::record;
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
