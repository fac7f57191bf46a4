//! Objects: bytes in the object store. A key is never used twice, so removing one races with nothing.

use roadstead::id::ObjectId;
use roadstead::{Digest, Timestamp};

use crate::blob::NewBlob;
use crate::error::Result;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;

record! {
    /// An object.
    ObjectRecord {
        /// Key.
        id: ObjectId,
        /// Key in the object store.
        object_key: String,
        /// Which object store.
        backend: String,
        /// Bytes.
        size: u64,
        /// Which key it is encrypted with, if it is.
        encryption_key_id: Option<String>,
        /// When it was written.
        created_at: Timestamp,
        /// When its bytes were last compared with their digest.
        verified_at: Option<Timestamp>,
        /// What was found wrong then.
        fault: Option<String>,
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, object_key, backend, size, encryption_key_id, created_at, verified_at, fault FROM objects ",
            $rest
        )
    };
}

/// Records an object whose bytes are durable.
pub(crate) fn insert(new: &NewBlob) -> Sql {
    sql("INSERT INTO objects (object_key, backend, size, encryption_key_id, state, created_at) \
         VALUES ($1, $2, $3, $4, 'live', $5)")
    .bind(new.object_key.as_str())
    .bind(new.backend.as_str())
    .bind(new.size)
    .bind(new.encryption_key_id.as_deref())
    .bind(new.created_at)
}

/// Marks objects as to be removed from the object store.
pub async fn doom(tx: &mut Tx<'_>, objects: &[ObjectId], at: Timestamp) -> Result<()> {
    if objects.is_empty() {
        return Ok(());
    }
    let mut statement =
        sql("UPDATE objects SET state = 'doomed', doomed_at = $1 WHERE id IN ").bind(at);
    statement.push_list(objects);
    statement.execute(tx).await?;
    Ok(())
}

/// Remembers an object that was staged in vain, so that its bytes are removed even after a crash. `false` when the object
/// turned out to be live: somebody else completed it, and its bytes must stay.
pub async fn insert_doomed(
    tx: &mut Tx<'_>,
    object_key: &str,
    backend: &str,
    at: Timestamp,
) -> Result<bool> {
    // The update waits for a transaction that is making the object live, and sees what became of it.
    let state = sql("INSERT INTO objects (object_key, backend, size, state, created_at, doomed_at) \
         VALUES ($1, $2, 0, 'doomed', $3, $3) ON CONFLICT (object_key) DO UPDATE SET state = objects.state RETURNING state")
        .bind(object_key)
        .bind(backend)
        .bind(at)
        .scalar::<String>(tx)
        .await?;
    Ok(state == "doomed")
}

/// Objects doomed before `before`, the oldest first.
pub async fn doomed(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<Vec<ObjectRecord>> {
    sql(select!("WHERE state = 'doomed' AND doomed_at < $1 ORDER BY doomed_at, id LIMIT $2"))
        .bind(before)
        .bind(limit)
        .all(tx)
        .await
}

/// Forgets objects whose bytes are gone.
pub async fn remove(tx: &mut Tx<'_>, objects: &[ObjectId]) -> Result<u64> {
    if objects.is_empty() {
        return Ok(0);
    }
    let mut statement = sql("DELETE FROM objects WHERE state = 'doomed' AND id IN ");
    statement.push_list(objects);
    statement.execute(tx).await
}

/// Live objects whose bytes were compared longest ago.
pub async fn least_verified(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<ObjectRecord>> {
    sql(select!("WHERE state = 'live' ORDER BY coalesce(verified_at, 0), id LIMIT $1"))
        .bind(limit)
        .all(tx)
        .await
}

/// Notes the outcome of comparing an object's bytes with their digest.
pub async fn note_verified(
    tx: &mut Tx<'_>,
    object: ObjectId,
    fault: Option<&str>,
    at: Timestamp,
) -> Result<()> {
    sql("UPDATE objects SET verified_at = $2, fault = $3 WHERE id = $1")
        .bind(object)
        .bind(at)
        .bind(fault)
        .execute(tx)
        .await?;
    Ok(())
}

record! {
    /// A live object with the digest that its bytes must have.
    StoredBlob {
        /// Key of the object.
        id: ObjectId,
        /// Key in the object store.
        object_key: String,
        /// Bytes.
        size: u64,
        /// What the bytes must hash to.
        digest: Digest,
    }
}

/// Live objects after `last`, in the order of their keys.
pub async fn stored_after(tx: &mut Tx<'_>, last: ObjectId, limit: u32) -> Result<Vec<StoredBlob>> {
    sql("SELECT o.id, o.object_key, o.size, b.digest FROM objects o JOIN blobs b ON b.object_id = o.id \
         WHERE o.id > $1 AND o.state = 'live' ORDER BY o.id LIMIT $2")
        .bind(last)
        .bind(limit)
        .all(tx)
        .await
}

/// Whether the database knows an object key, live or doomed.
pub async fn is_known(tx: &mut Tx<'_>, object_key: &str) -> Result<bool> {
    sql("SELECT EXISTS (SELECT 1 FROM objects WHERE object_key = $1)")
        .bind(object_key)
        .scalar(tx)
        .await
}
