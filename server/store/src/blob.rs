//! Blobs: digest → object, and where they are visible.
//!
//! A blob exists once; a repository sees it through a link. Linking and condemning change the same row, so that one of
//! them sees the other: a push never gets a blob that collection is about to remove.

use roadstead::access::Visibility;
use roadstead::id::{AccountId, BlobId, ObjectId, OrganizationId, RepositoryId};
use roadstead::{Digest, ImageName, Timestamp};

use crate::account::Excess;
use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::ledger::Place;
use crate::row::record;
use crate::sql::{LONGEST_LIST, sql};
use crate::tx::Tx;

record! {
    /// A blob with what is needed to send it. Only the store makes one: it is in a repository that was looked into.
    #[non_exhaustive]
    BlobRecord {
        /// Key.
        id: BlobId,
        /// Digest.
        digest: Digest,
        /// Bytes.
        size: u64,
        /// Key of its object in the object store.
        object_key: String,
        /// Which object store.
        backend: String,
        /// Which key the object is encrypted with, if it is.
        encryption_key_id: Option<String>,
        /// When it was last pushed, mounted or asked for (at most once an hour).
        touched_at: Timestamp,
        /// The object.
        object_id: ObjectId,
        /// What was found wrong with the object's bytes, if anything was.
        fault: Option<String>,
    }
}

record! {
    /// A blob that a repository has, or that was just received. Only the store makes one: whoever brings it to [`link`]
    /// has found it somewhere, or sent all of its bytes.
    #[non_exhaustive]
    LinkedBlob {
        /// Key.
        id: BlobId,
        /// Digest.
        digest: Digest,
        /// Bytes.
        size: u64,
    }
}

impl From<BlobRecord> for LinkedBlob {
    fn from(record: BlobRecord) -> Self {
        Self { id: record.id, digest: record.digest, size: record.size }
    }
}

/// Bytes that were staged and are durable.
#[derive(Debug, Clone)]
pub struct NewBlob {
    /// Digest of all of them.
    pub digest: Digest,
    /// How many.
    pub size: u64,
    /// Key of the object that holds them; never used before.
    pub object_key: String,
    /// Which object store.
    pub backend: String,
    /// Which key the object is encrypted with, if it is.
    pub encryption_key_id: Option<String>,
    /// Now.
    pub created_at: Timestamp,
}

/// The blob of this digest if the repository has it: one statement, for GET and HEAD.
pub async fn find_linked(
    tx: &mut Tx<'_>,
    place: &Place,
    digest: &Digest,
) -> Result<Option<BlobRecord>> {
    sql("SELECT b.id, b.digest, b.size, o.object_key, o.backend, o.encryption_key_id, b.touched_at, \
         o.id AS object_id, o.fault FROM blobs b \
         JOIN repository_blobs l ON l.blob_id = b.id AND l.repository_id = $1 \
         JOIN objects o ON o.id = b.object_id WHERE b.digest = $2")
    .bind(place.repository)
    .bind(digest)
    .optional(tx)
    .await
}

/// Which of these digests the repository has.
pub async fn find_linked_many(
    tx: &mut Tx<'_>,
    place: &Place,
    digests: &[Digest],
) -> Result<Vec<LinkedBlob>> {
    let mut found = Vec::new();
    for part in digests.chunks(LONGEST_LIST) {
        let mut statement = sql("SELECT b.id, b.digest, b.size FROM blobs b \
             JOIN repository_blobs l ON l.blob_id = b.id AND l.repository_id = $1 WHERE b.digest IN ")
        .bind(place.repository);
        statement.push_list(part);
        found.extend(statement.all(tx).await?);
    }
    Ok(found)
}

/// Repositories, among those that the caller may see, that have the blob: for a mount that names no source. The caller
/// decides about each whether its content may be read.
pub async fn find_sources(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    digest: &Digest,
    limit: u32,
) -> Result<Vec<ImageName>> {
    let mut statement =
        sql("SELECT r.path FROM blobs b JOIN repository_blobs l ON l.blob_id = b.id \
                     JOIN repositories r ON r.id = l.repository_id WHERE b.digest = $1 AND ")
        .bind(digest);
    crate::visible::images(&mut statement, visibility);
    statement.push(" LIMIT ").push_bind(limit);
    Ok(statement.all::<(ImageName,)>(tx).await?.into_iter().map(|(path,)| path).collect())
}

/// Records a blob and its object. If another upload of the same digest was first, that one's object stays and this one is
/// doomed; both uploads succeed. An object whose bytes were found wrong gives way to this one: pushing again heals. Link
/// the blob in the same transaction.
pub async fn insert(tx: &mut Tx<'_>, new: &NewBlob) -> Result<LinkedBlob> {
    // One trip: the object, and the blob that points to it unless the digest is there, and whose object the blob has now.
    let (id, digest, size, is_ours) = crate::object::insert(new)
        .then(
            sql("INSERT INTO blobs (digest, size, object_id, created_at, touched_at) \
                 SELECT $1, $2, id, $3, $3 FROM objects WHERE object_key = $4 ON CONFLICT (digest) DO UPDATE \
                 SET touched_at = CASE WHEN excluded.touched_at > blobs.touched_at THEN excluded.touched_at \
                 ELSE blobs.touched_at END \
                 RETURNING id, digest, size, object_id = (SELECT o.id FROM objects o WHERE o.object_key = $4)")
            .bind(&new.digest)
            .bind(new.size)
            .bind(new.created_at)
            .bind(new.object_key.as_str()),
        )
        .optional::<(BlobId, Digest, u64, bool)>(tx)
        .await?
        .ok_or(StoreError::Busy)?;
    if !is_ours && !heal(tx, id, new).await? {
        sql("UPDATE objects SET state = 'doomed', doomed_at = $2 WHERE object_key = $1")
            .bind(new.object_key.as_str())
            .bind(new.created_at)
            .queue(tx)
            .await?;
    }
    Ok(LinkedBlob { id, digest, size })
}

/// Replaces the object of a blob whose bytes were found wrong; `false` when nothing was.
async fn heal(tx: &mut Tx<'_>, blob: BlobId, new: &NewBlob) -> Result<bool> {
    let faulty = sql("SELECT o.id FROM blobs b JOIN objects o ON o.id = b.object_id \
                      WHERE b.id = $1 AND o.fault IS NOT NULL")
    .bind(blob)
    .optional::<(ObjectId,)>(tx)
    .await?;
    let Some((faulty,)) = faulty else { return Ok(false) };
    sql(
        "UPDATE blobs SET object_id = (SELECT id FROM objects WHERE object_key = $2) WHERE id = $1",
    )
    .bind(blob)
    .bind(new.object_key.as_str())
    .execute(tx)
    .await?;
    crate::object::doom(tx, &[faulty], new.created_at).await?;
    Ok(true)
}

/// Makes a blob visible in a repository; `false` when it was already.
///
/// # Errors
/// [`StoreError::ForeignKey`] when the blob was collected meanwhile.
pub async fn link(
    tx: &mut Tx<'_>,
    place: &Place,
    blob: &LinkedBlob,
    at: Timestamp,
) -> Result<bool> {
    Ok(add(tx, place, blob, at).await? != Added::Nothing)
}

/// The same; if the account then has more bytes than it may, says so, and the caller must undo its transaction. A blob that
/// the account had already takes nothing of its quota. `quota` is the instance's, 0 for no limit; the account's own wins.
///
/// # Errors
/// As [`link`].
pub async fn link_within(
    tx: &mut Tx<'_>,
    place: &Place,
    blob: &LinkedBlob,
    quota: u64,
    at: Timestamp,
) -> Result<Option<Excess>> {
    match add(tx, place, blob, at).await? {
        Added::ToAccount => crate::account::excess(tx, place.account, quota).await,
        Added::Nothing | Added::ToRepository => Ok(None),
    }
}

/// What a link made visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Added {
    /// It was there.
    Nothing,
    /// A blob that another repository of the account has.
    ToRepository,
    /// A blob that the account had nowhere.
    ToAccount,
}

async fn add(tx: &mut Tx<'_>, place: &Place, blob: &LinkedBlob, at: Timestamp) -> Result<Added> {
    let linked = sql(
        "INSERT INTO repository_blobs (repository_id, blob_id, linked_at) VALUES ($1, $2, $3) \
                      ON CONFLICT (repository_id, blob_id) DO NOTHING",
    )
    .bind(place.repository)
    .bind(blob.id)
    .bind(at)
    .execute(tx)
    .await?;
    if linked == 0 {
        // Wanted again: collection must not take the link that the client now counts on.
        let kept = sql("UPDATE repository_blobs SET linked_at = CASE WHEN $3 > linked_at THEN $3 ELSE linked_at END \
                        WHERE repository_id = $1 AND blob_id = $2")
        .bind(place.repository)
        .bind(blob.id)
        .bind(at)
        .execute(tx)
        .await?;
        // Gone between the two statements: only PostgreSQL can say so, and the whole transaction runs again.
        return if kept > 0 { Ok(Added::Nothing) } else { Err(tx.contend()) };
    }
    sql("UPDATE blobs SET link_count = link_count + 1, \
         touched_at = CASE WHEN $2 > touched_at THEN $2 ELSE touched_at END WHERE id = $1")
    .bind(blob.id)
    .bind(at)
    .queue(tx)
    .await?;
    let uses: i64 = sql("INSERT INTO account_blobs (account_id, blob_id, uses) VALUES ($1, $2, 1) \
                         ON CONFLICT (account_id, blob_id) DO UPDATE SET uses = account_blobs.uses + 1 RETURNING uses")
    .bind(place.account)
    .bind(blob.id)
    .scalar(tx)
    .await?;
    tx.ledger.bytes(place, signed(blob.size), uses == 1, at);
    Ok(if uses == 1 { Added::ToAccount } else { Added::ToRepository })
}

/// Makes a blob invisible in a repository; `false` when it was not there. Its bytes go when nothing has it any more.
pub async fn unlink(
    tx: &mut Tx<'_>,
    place: &Place,
    blob: &LinkedBlob,
    at: Timestamp,
) -> Result<bool> {
    let unlinked = take_away(tx, place, blob, Some(at)).await?;
    if let Some(is_last) = unlinked {
        tx.ledger.bytes(place, -signed(blob.size), is_last, at);
    }
    Ok(unlinked.is_some())
}

/// Removes a link without counting it. `None` when there was none; else whether it was the account's last. Whoever was
/// asked to remove it says when: the grace time begins then.
async fn take_away(
    tx: &mut Tx<'_>,
    place: &Place,
    blob: &LinkedBlob,
    asked_at: Option<Timestamp>,
) -> Result<Option<bool>> {
    let unlinked = sql("DELETE FROM repository_blobs WHERE repository_id = $1 AND blob_id = $2")
        .bind(place.repository)
        .bind(blob.id)
        .execute(tx)
        .await?;
    if unlinked == 0 {
        return Ok(None);
    }
    // Deleted manifests that could still be restored are not complete without it.
    sql("DELETE FROM manifest_blobs WHERE blob_id = $2 AND manifest_id IN \
         (SELECT id FROM manifests WHERE repository_id = $1 AND deleted_at IS NOT NULL)")
    .bind(place.repository)
    .bind(blob.id)
    .queue(tx)
    .await?;
    sql("UPDATE blobs SET link_count = link_count - 1, touched_at = coalesce($2, touched_at) WHERE id = $1")
        .bind(blob.id)
        .bind(asked_at)
        .queue(tx)
        .await?;
    let uses: i64 = sql(
        "UPDATE account_blobs SET uses = uses - 1 WHERE account_id = $1 AND blob_id = $2 RETURNING uses",
    )
    .bind(place.account)
    .bind(blob.id)
    .scalar(tx)
    .await?;
    if uses == 0 {
        sql("DELETE FROM account_blobs WHERE account_id = $1 AND blob_id = $2 AND uses = 0")
            .bind(place.account)
            .bind(blob.id)
            .queue(tx)
            .await?;
    }
    Ok(Some(uses == 0))
}

/// Waits for pushes that are naming the blob of a repository now, and keeps later ones waiting until this transaction ends.
/// Ask [`is_needed`] after it.
pub async fn hold_still(tx: &mut Tx<'_>, place: &Place, blob: BlobId) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        sql("SELECT blob_id FROM repository_blobs WHERE repository_id = $1 AND blob_id = $2 FOR UPDATE")
            .bind(place.repository)
            .bind(blob)
            .all::<(BlobId,)>(tx)
            .await?;
    }
    Ok(())
}

/// Whether a live manifest of the repository names the blob.
pub async fn is_needed(tx: &mut Tx<'_>, place: &Place, blob: BlobId) -> Result<bool> {
    sql("SELECT EXISTS (SELECT 1 FROM manifest_blobs e JOIN manifests m ON m.id = e.manifest_id \
         WHERE e.blob_id = $2 AND m.repository_id = $1 AND m.deleted_at IS NULL)")
    .bind(place.repository)
    .bind(blob)
    .scalar(tx)
    .await
}

/// Notes that blobs are wanted, so that collection leaves them alone. Batch these, at most once an hour and blob.
pub async fn touch(tx: &mut Tx<'_>, blobs: &[BlobId], at: Timestamp) -> Result<()> {
    for part in blobs.chunks(LONGEST_LIST) {
        let mut statement =
            sql("UPDATE blobs SET touched_at = $1 WHERE touched_at < $1 AND id IN ").bind(at);
        statement.push_list(part);
        statement.execute(tx).await?;
    }
    Ok(())
}

/// Notes that somebody counts on a blob of the repository, now and before the answer; `None` when the repository no longer
/// has it. What collection does at the same time comes before or after, never in between.
pub async fn confirm(
    tx: &mut Tx<'_>,
    place: &Place,
    digest: &Digest,
    at: Timestamp,
) -> Result<Option<BlobRecord>> {
    sql("UPDATE blobs SET touched_at = $2 WHERE digest = $1 AND touched_at < $2")
        .bind(digest)
        .bind(at)
        .execute(tx)
        .await?;
    find_linked(tx, place, digest).await
}

/// Removes links that no stored manifest needs and nobody wanted since `before`, at most `limit`. Answers how many. A link
/// or blob that a push is using now is passed over.
pub async fn unlink_unused(
    tx: &mut Tx<'_>,
    before: Timestamp,
    limit: u32,
    now: Timestamp,
) -> Result<u64> {
    let unused = sql(
        "SELECT b.id, b.digest, b.size, r.account_id, r.organization_id, l.repository_id, \
         r.deleted_at IS NOT NULL FROM repository_blobs l JOIN blobs b ON b.id = l.blob_id \
         JOIN repositories r ON r.id = l.repository_id \
         WHERE l.manifest_count = 0 AND l.linked_at < $1 AND b.touched_at < $1 ORDER BY l.linked_at LIMIT $2",
    )
    .bind(before)
    .bind(limit)
    .and(tx.dialect().skip_locked_links())
    .all::<(BlobId, Digest, u64, AccountId, OrganizationId, RepositoryId, bool)>(tx)
    .await?;
    let mut count = 0;
    for (id, digest, size, account, organization, repository, is_dead) in unused {
        let place = Place { account, organization, repository };
        let blob = LinkedBlob { id, digest, size };
        // Its grace time is over already: the blob may be condemned next.
        let Some(is_last) = take_away(tx, &place, &blob, None).await? else { continue };
        let size = -signed(size);
        if is_dead {
            // The organization stopped counting it when the repository was deleted.
            tx.ledger.account_bytes(account, size, is_last, now);
        } else {
            tx.ledger.bytes(&place, size, is_last, now);
        }
        count += 1;
    }
    Ok(count)
}

/// Removes blobs that no repository has and nobody wanted since `before`, and dooms their objects: their bytes may go at
/// `doomed_at`. At most `limit`; answers how many.
pub async fn condemn(
    tx: &mut Tx<'_>,
    before: Timestamp,
    limit: u32,
    doomed_at: Timestamp,
) -> Result<u64> {
    let found = sql("SELECT id FROM blobs WHERE link_count = 0 AND touched_at < $1 ORDER BY touched_at LIMIT $2")
        .bind(before)
        .bind(limit)
        .and(tx.dialect().skip_locked())
        .all::<(BlobId,)>(tx)
        .await?;
    if found.is_empty() {
        return Ok(0);
    }
    let mut statement = sql("DELETE FROM blobs WHERE link_count = 0 AND id IN ");
    statement.push_list(found.iter().map(|(id,)| id));
    statement.push(" RETURNING object_id");
    let objects = statement.all::<(ObjectId,)>(tx).await?;
    let objects: Vec<ObjectId> = objects.into_iter().map(|(id,)| id).collect();
    crate::object::doom(tx, &objects, doomed_at).await?;
    Ok(objects.len() as u64)
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
