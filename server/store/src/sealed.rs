//! Sealed values: every secret that must be read again, encrypted by the service for its table, row and column.
//!
//! This module never sees a secret: sealing and opening are done outside, with the place as associated data.

use roadstead::Timestamp;

use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::words;

/// The place a value is sealed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPlace {
    /// Table.
    pub table: String,
    /// Row, as text.
    pub row: String,
    /// Column, or what the value is.
    pub column: String,
}

impl SealedPlace {
    /// A place.
    #[must_use]
    pub fn new(table: &str, row: impl ToString, column: &str) -> Self {
        Self { table: table.to_owned(), row: row.to_string(), column: column.to_owned() }
    }
}

/// Who sees a new secret, and until when. The secret stays where it is sealed, so that any replica can show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The digest of the console session that made it.
    pub to: String,
    /// The end of it.
    pub until: Timestamp,
}

record! {
    /// A sealed value.
    SealedRecord {
        /// Version of the format.
        version: u32,
        /// Which master key opens it.
        key_id: String,
        /// Nonce and ciphertext.
        sealed: Vec<u8>,
    }
}

record! {
    /// A sealed value with its place, for moving it to a new master key.
    SealedEntry {
        /// Table.
        table_name: String,
        /// Row.
        row_key: String,
        /// Column.
        column_name: String,
        /// Version of the format.
        version: u32,
        /// Which master key opens it.
        key_id: String,
        /// Nonce and ciphertext.
        sealed: Vec<u8>,
    }
}

words! {
    /// State of a master key.
    MasterKeyState {
        /// New values are sealed with it.
        Active = "active",
        /// It still opens; values move away from it.
        Retiring = "retiring",
        /// Nothing is sealed with it any more.
        Retired = "retired",
    }
}

record! {
    /// A master key that is known; the key itself is elsewhere.
    MasterKeyRecord {
        /// Its id.
        id: String,
        /// Its state.
        state: MasterKeyState,
        /// Something sealed with it, to see at start that the right key was given.
        proof: Vec<u8>,
        /// Since when.
        created_at: Timestamp,
    }
}

/// The value sealed for a place.
pub async fn get(tx: &mut Tx<'_>, place: &SealedPlace) -> Result<Option<SealedRecord>> {
    sql("SELECT version, key_id, sealed FROM sealed_values WHERE table_name = $1 AND row_key = $2 AND column_name = $3")
        .bind(place.table.as_str())
        .bind(place.row.as_str())
        .bind(place.column.as_str())
        .optional(tx)
        .await
}

/// Writes the value sealed for a place.
pub async fn put(
    tx: &mut Tx<'_>,
    place: &SealedPlace,
    value: &SealedRecord,
    at: Timestamp,
) -> Result<()> {
    sql("INSERT INTO sealed_values (table_name, row_key, column_name, version, key_id, sealed, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (table_name, row_key, column_name) \
         DO UPDATE SET version = excluded.version, key_id = excluded.key_id, sealed = excluded.sealed, \
         updated_at = excluded.updated_at")
    .bind(place.table.as_str())
    .bind(place.row.as_str())
    .bind(place.column.as_str())
    .bind(value.version)
    .bind(value.key_id.as_str())
    .bind(&value.sealed)
    .bind(at)
    .queue(tx)
    .await
}

/// Removes the value sealed for a place.
pub async fn remove(tx: &mut Tx<'_>, place: &SealedPlace) -> Result<()> {
    sql("DELETE FROM sealed_values WHERE table_name = $1 AND row_key = $2 AND column_name = $3")
        .bind(place.table.as_str())
        .bind(place.row.as_str())
        .bind(place.column.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

/// Some values that a master key seals, for moving them to another.
pub async fn sealed_with(tx: &mut Tx<'_>, key_id: &str, limit: u32) -> Result<Vec<SealedEntry>> {
    sql("SELECT table_name, row_key, column_name, version, key_id, sealed FROM sealed_values WHERE key_id = $1 LIMIT $2")
        .bind(key_id)
        .bind(limit)
        .all(tx)
        .await
}

/// The master keys that are known, the oldest first.
pub async fn master_keys(tx: &mut Tx<'_>) -> Result<Vec<MasterKeyRecord>> {
    sql("SELECT id, state, proof, created_at FROM master_keys ORDER BY created_at, id")
        .all(tx)
        .await
}

/// Makes a master key known, or changes its state.
pub async fn put_master_key(tx: &mut Tx<'_>, key: &MasterKeyRecord) -> Result<()> {
    sql("INSERT INTO master_keys (id, state, proof, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE SET state = excluded.state")
    .bind(key.id.as_str())
    .bind(key.state)
    .bind(&key.proof)
    .bind(key.created_at)
    .execute(tx)
    .await?;
    Ok(())
}
