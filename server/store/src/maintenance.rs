//! What looking after the storage asks: which bytes may go, what a collection would free, and whether the rows agree with
//! each other. Used by the system's own work and the command line only.
//!
//! # Invariants
//! - No statement here reads a growing table from end to end in one go: everything goes in batches along an index.
//! - What shows content of whoever owns it wants a [`Whole`], which only somebody gets who may manage the instance.
//! - [`removable`] sees holds and doomed objects in one statement, so that an object that was live when a hold was made is
//!   never given out while the hold lasts.

use roadstead::access::{Allowed, InstanceTarget};
use roadstead::id::{BlobId, ManifestId, ObjectId, RepositoryId};
use roadstead::oci::MediaType;
use roadstead::{Digest, ImageName, Timestamp};

use crate::error::Result;
use crate::row::record;
use crate::sql::{LONGEST_LIST, sql};
use crate::tx::Tx;

/// The whole instance, for somebody who may manage it: the store's form of `Allowed<InstanceTarget>`. Nothing else makes one.
#[derive(Debug, Clone, Copy)]
pub struct Whole(());

impl Whole {
    /// What was allowed.
    #[must_use]
    pub const fn of(_: &Allowed<InstanceTarget>) -> Self {
        Self(())
    }
}

record! {
    /// An object whose bytes may be removed.
    Removable {
        /// Key.
        id: ObjectId,
        /// Key in the object store.
        object_key: String,
        /// Bytes; 0 for what was staged in vain.
        size: u64,
        /// Since when it may be removed.
        doomed_at: Timestamp,
    }
}

record! {
    /// How many, and how many bytes.
    Amount {
        /// How many.
        count: u64,
        /// Their bytes.
        bytes: u64,
    }
}

/// Makes a hold: objects that are live from now on keep their bytes until it ends. `since` is some time before now, so that
/// transactions that are still running and clocks that do not agree make no difference.
pub async fn hold(
    tx: &mut Tx<'_>,
    id: &str,
    reason: &str,
    since: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    sql("INSERT INTO holds (id, reason, since, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(id)
        .bind(reason)
        .bind(since)
        .bind(expires_at)
        .execute(tx)
        .await?;
    Ok(())
}

/// Keeps a hold until `expires_at`; `false` when it has ended at `now`: what it held may be gone.
pub async fn renew_hold(
    tx: &mut Tx<'_>,
    id: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool> {
    let rows = sql("UPDATE holds SET expires_at = $3 WHERE id = $1 AND expires_at > $2")
        .bind(id)
        .bind(now)
        .bind(expires_at)
        .execute(tx)
        .await?;
    Ok(rows > 0)
}

/// Gives a hold back.
pub async fn release_hold(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    sql("DELETE FROM holds WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}

/// Forgets holds that ended.
pub async fn forget_holds(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64> {
    sql("DELETE FROM holds WHERE expires_at <= $1").bind(now).execute(tx).await
}

/// Doomed objects after `last` whose bytes may be removed at `now`: their time has come, and no hold is older.
pub async fn removable(
    tx: &mut Tx<'_>,
    now: Timestamp,
    last: (Timestamp, ObjectId),
    limit: u32,
) -> Result<Vec<Removable>> {
    sql("SELECT id, object_key, size, doomed_at FROM objects WHERE state = 'doomed' AND doomed_at < $1 \
         AND doomed_at < coalesce((SELECT min(h.since) FROM holds h WHERE h.expires_at > $1), $1) \
         AND (doomed_at > $2 OR (doomed_at = $2 AND id > $3)) ORDER BY doomed_at, id LIMIT $4")
    .bind(now)
    .bind(last.0)
    .bind(last.1)
    .bind(limit)
    .all(tx)
    .await
}

/// As [`removable`], all of them, counted.
pub async fn count_removable(tx: &mut Tx<'_>, now: Timestamp) -> Result<Amount> {
    sql("SELECT count(*) AS count, CAST(coalesce(sum(size), 0) AS BIGINT) AS bytes FROM objects \
         WHERE state = 'doomed' AND doomed_at < $1 \
         AND doomed_at < coalesce((SELECT min(h.since) FROM holds h WHERE h.expires_at > $1), $1)")
    .bind(now)
    .one(tx)
    .await
}

/// Ends a session whose time is over and that nobody is writing; `false` when it goes on, or is gone.
pub async fn end_expired(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
    let rows = sql("DELETE FROM uploads WHERE id = $1 AND expires_at <= $2 \
                    AND (leased_until IS NULL OR leased_until <= $2)")
    .bind(id)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(rows > 0)
}

/// Uploads that [`end_expired`] would end, and the bytes they received.
pub async fn count_expired(tx: &mut Tx<'_>, now: Timestamp) -> Result<Amount> {
    sql("SELECT count(*) AS count, CAST(coalesce(sum(received), 0) AS BIGINT) AS bytes FROM uploads \
         WHERE expires_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)")
    .bind(now)
    .one(tx)
    .await
}

/// Console sessions and temporary credentials that ended, as `(sessions, credentials)`.
pub async fn count_ended(tx: &mut Tx<'_>, now: Timestamp) -> Result<(u64, u64)> {
    let sessions =
        sql("SELECT count(*) FROM sessions WHERE expires_at <= $1").bind(now).scalar(tx).await?;
    let credentials = sql("SELECT count(*) FROM temporary_credentials WHERE expires_at < $1")
        .bind(now)
        .scalar(tx)
        .await?;
    Ok((sessions, credentials))
}

/// Deleted tags and manifests whose restore time ended before `before`, as `(tags, manifests)`.
pub async fn count_purgeable(tx: &mut Tx<'_>, before: Timestamp) -> Result<(u64, u64)> {
    let tags = sql("SELECT count(*) FROM tags WHERE deleted_at IS NOT NULL AND deleted_at < $1")
        .bind(before)
        .scalar(tx)
        .await?;
    let deleted: u64 =
        sql("SELECT count(*) FROM manifests WHERE deleted_at IS NOT NULL AND deleted_at < $1")
            .bind(before)
            .scalar(tx)
            .await?;
    let inside: u64 = sql("SELECT count(*) FROM repositories r JOIN manifests m ON m.repository_id = r.id \
                           AND m.deleted_at IS NULL WHERE r.deleted_at IS NOT NULL AND r.deleted_at < $1")
    .bind(before)
    .scalar(tx)
    .await?;
    Ok((tags, deleted + inside))
}

/// Blobs that a collection would condemn: nobody wanted them since `wanted`, and no link would be left when the links that
/// no manifest needs since then, and the manifests deleted before `purged`, are gone.
pub async fn count_condemned(
    tx: &mut Tx<'_>,
    wanted: Timestamp,
    purged: Timestamp,
) -> Result<Amount> {
    sql("SELECT count(*) AS count, CAST(coalesce(sum(b.size), 0) AS BIGINT) AS bytes FROM blobs b WHERE b.touched_at < $1 \
         AND b.id IN (SELECT c.id FROM blobs c WHERE c.link_count = 0 AND c.touched_at < $1 \
         UNION SELECT l.blob_id FROM repository_blobs l WHERE l.manifest_count = 0 AND l.linked_at < $1 \
         UNION SELECT e.blob_id FROM manifests m JOIN manifest_blobs e ON e.manifest_id = m.id \
         WHERE m.deleted_at IS NOT NULL AND m.deleted_at < $2 \
         UNION SELECT e.blob_id FROM repositories r JOIN manifests m ON m.repository_id = r.id AND m.deleted_at IS NULL \
         JOIN manifest_blobs e ON e.manifest_id = m.id WHERE r.deleted_at IS NOT NULL AND r.deleted_at < $2) \
         AND NOT EXISTS (SELECT 1 FROM repository_blobs k WHERE k.blob_id = b.id AND (k.linked_at >= $1 \
         OR EXISTS (SELECT 1 FROM manifest_blobs e JOIN manifests m ON m.id = e.manifest_id \
         JOIN repositories r ON r.id = m.repository_id WHERE e.blob_id = b.id AND m.repository_id = k.repository_id \
         AND coalesce(m.deleted_at, $2) >= $2 \
         AND NOT (m.deleted_at IS NULL AND coalesce(r.deleted_at, $2) < $2))))")
    .bind(wanted)
    .bind(purged)
    .one(tx)
    .await
}

/// Which of these object keys the database knows: of uploads that go on, and of objects, live or doomed. Uploads first: one
/// that is completed between the two statements is an object then, and would be missed the other way round.
pub async fn known_keys(tx: &mut Tx<'_>, keys: &[String]) -> Result<Vec<String>> {
    let mut known = Vec::new();
    for part in keys.chunks(LONGEST_LIST) {
        for text in [
            "SELECT object_key FROM uploads WHERE object_key IN ",
            "SELECT object_key FROM package_parts WHERE object_key IN ",
            "SELECT object_key FROM package_files WHERE object_key IN ",
            "SELECT object_key FROM objects WHERE object_key IN ",
        ] {
            let mut statement = sql(text);
            statement.push_list(part);
            known.extend(statement.all::<(String,)>(tx).await?);
        }
    }
    Ok(known.into_iter().map(|(key,)| key).collect())
}

record! {
    /// A blob, its object, and how many repositories really hold it.
    CheckedBlob {
        /// Key.
        id: BlobId,
        /// What the bytes must hash to.
        digest: Digest,
        /// Bytes.
        size: u64,
        /// Key of its object.
        object_id: ObjectId,
        /// Key in the object store.
        object_key: String,
        /// State of its object; `live`, or the blob is lost.
        object_state: String,
        /// Bytes of its object.
        object_size: u64,
        /// How many repositories hold it, as its row says.
        link_count: u64,
        /// How many really do.
        links: u64,
    }
}

/// Blobs after `last`, in the order of their keys.
pub async fn blobs_after(
    tx: &mut Tx<'_>,
    _whole: Whole,
    last: BlobId,
    limit: u32,
) -> Result<Vec<CheckedBlob>> {
    sql("SELECT b.id, b.digest, b.size, o.id AS object_id, o.object_key, o.state AS object_state, \
         o.size AS object_size, b.link_count, \
         (SELECT count(*) FROM repository_blobs l WHERE l.blob_id = b.id) AS links \
         FROM blobs b JOIN objects o ON o.id = b.object_id WHERE b.id > $1 ORDER BY b.id LIMIT $2")
    .bind(last)
    .bind(limit)
    .all(tx)
    .await
}

/// Whether a blob still has this object: it was not collected meanwhile.
pub async fn is_current(tx: &mut Tx<'_>, blob: BlobId, object: ObjectId) -> Result<bool> {
    sql("SELECT EXISTS (SELECT 1 FROM blobs WHERE id = $1 AND object_id = $2)")
        .bind(blob)
        .bind(object)
        .scalar(tx)
        .await
}

record! {
    /// A manifest with its bytes, whoever may see it.
    CheckedManifest {
        /// Key.
        id: ManifestId,
        /// Where.
        repository_id: RepositoryId,
        /// Where, for people.
        path: ImageName,
        /// What the bytes must hash to.
        digest: Digest,
        /// Media type.
        media_type: MediaType,
        /// The bytes; absent if they were lost.
        body: Option<Vec<u8>>,
    }
}

/// Live manifests after `last`, in the order of their keys. A manifest has up to four megabytes: take few at a time.
pub async fn manifests_after(
    tx: &mut Tx<'_>,
    _whole: Whole,
    last: ManifestId,
    limit: u32,
) -> Result<Vec<CheckedManifest>> {
    sql("SELECT m.id, m.repository_id, r.path, m.digest, m.media_type, b.body FROM manifests m \
         JOIN repositories r ON r.id = m.repository_id LEFT JOIN manifest_bodies b ON b.manifest_id = m.id \
         WHERE m.id > $1 AND m.deleted_at IS NULL ORDER BY m.id LIMIT $2")
    .bind(last)
    .bind(limit)
    .all(tx)
    .await
}

/// The blobs that these manifests have: those they name, and that their repository holds.
pub async fn blobs_of(
    tx: &mut Tx<'_>,
    _whole: Whole,
    manifests: &[ManifestId],
) -> Result<Vec<(ManifestId, Digest)>> {
    let mut statement = sql(
        "SELECT e.manifest_id, b.digest FROM manifest_blobs e JOIN manifests m ON m.id = e.manifest_id \
         JOIN blobs b ON b.id = e.blob_id \
         JOIN repository_blobs l ON l.repository_id = m.repository_id AND l.blob_id = e.blob_id WHERE e.manifest_id IN ",
    );
    statement.push_list(manifests);
    statement.all(tx).await
}

/// The children that these indexes name and their repository does not have.
pub async fn children_missing(
    tx: &mut Tx<'_>,
    _whole: Whole,
    manifests: &[ManifestId],
) -> Result<Vec<(ManifestId, Digest)>> {
    let mut statement = sql(
        "SELECT e.parent_id, e.digest FROM manifest_children e WHERE NOT EXISTS (SELECT 1 \
         FROM manifests m WHERE m.repository_id = e.repository_id AND m.digest = e.digest AND m.deleted_at IS NULL) \
         AND e.parent_id IN ",
    );
    statement.push_list(manifests);
    statement.all(tx).await
}

/// Links after `last` whose count of manifests is not what it must be; also the last link that was looked at, `None` at the
/// end.
#[allow(clippy::type_complexity, reason = "a page and where the next one begins")]
pub async fn links_miscounted(
    tx: &mut Tx<'_>,
    _whole: Whole,
    last: (RepositoryId, BlobId),
    limit: u32,
) -> Result<(Vec<(ImageName, Digest)>, Option<(RepositoryId, BlobId)>)> {
    let rows = sql("SELECT l.repository_id, l.blob_id, l.manifest_count, (SELECT count(*) FROM manifest_blobs e \
                    JOIN manifests m ON m.id = e.manifest_id WHERE e.blob_id = l.blob_id \
                    AND m.repository_id = l.repository_id), r.path, b.digest FROM repository_blobs l \
                    JOIN repositories r ON r.id = l.repository_id JOIN blobs b ON b.id = l.blob_id \
                    WHERE l.repository_id >= $1 AND (l.repository_id > $1 OR l.blob_id > $2) \
                    ORDER BY l.repository_id, l.blob_id LIMIT $3")
    .bind(last.0)
    .bind(last.1)
    .bind(limit)
    .all::<(RepositoryId, BlobId, i64, i64, ImageName, Digest)>(tx)
    .await?;
    let end = rows.last().map(|row| (row.0, row.1));
    let wrong = rows
        .into_iter()
        .filter(|(_, _, noted, real, ..)| noted != real)
        .map(|(_, _, _, _, path, digest)| (path, digest))
        .collect();
    Ok((wrong, end))
}
