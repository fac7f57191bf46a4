//! Image packages that are uploaded through the page: their sessions, parts, and the files that the import found.
//!
//! # Invariants
//! - A part or file has its row before it has bytes, and loses it after them: what a crash leaves is found by its row.
//! - [`keep_part`] moves a package on only from where it is: of two requests that send the same chunk one succeeds.

use roadstead::access::{Allowed, OrganizationKey, UserKey};
use roadstead::id::{AccountId, BlobId, OrganizationId, PackageId, PieceId, UserId};
use roadstead::{Digest, OrganizationName, RepositoryName, Timestamp};

use crate::account::Excess;
use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::words;

words! {
    /// How far a package has come.
    PackageState {
        /// Its parts arrive.
        Receiving = "receiving",
        /// All of it is here; the import has not begun.
        Queued = "queued",
        /// The import reads it.
        Importing = "importing",
        /// Its images are here.
        Done = "done",
        /// It was refused, or could not be imported.
        Failed = "failed",
    }
}

record! {
    /// A package.
    PackageRecord {
        /// Key.
        id: PackageId,
        /// A UUID.
        public_id: String,
        /// The account of the organization.
        account_id: AccountId,
        /// The organization.
        organization_id: OrganizationId,
        /// What the organization is called now.
        organization: OrganizationName,
        /// Who uploads it.
        user_id: UserId,
        /// From which address.
        address: String,
        /// What the file is called.
        file_name: String,
        /// By which the page knows the file again.
        fingerprint: String,
        /// Bytes of the file.
        size: u64,
        /// The repository that all its tags go to, if one was chosen.
        repository: Option<RepositoryName>,
        /// Whether repositories that it creates are public.
        is_public: bool,
        /// What need not be sent; as the service writes it.
        gaps: serde_json::Value,
        /// How far it is.
        state: PackageState,
        /// Bytes received or skipped, from the start.
        received: u64,
        /// What the import is doing, or what came of it; as the service writes it.
        progress: serde_json::Value,
        /// When it began.
        created_at: Timestamp,
        /// Last progress.
        updated_at: Timestamp,
        /// When it is forgotten.
        expires_at: Timestamp,
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.public_id, p.account_id, p.organization_id, o.name AS organization, p.user_id, p.address, \
             p.file_name, p.fingerprint, p.size, p.repository, p.is_public, p.gaps, p.state, p.received, p.progress, \
             p.created_at, p.updated_at, p.expires_at FROM packages p JOIN organizations o ON o.id = p.organization_id ",
            $rest
        )
    };
}

/// A package that begins.
#[derive(Debug, Clone)]
pub struct NewPackage {
    /// The proof that packages may be uploaded to this organization.
    pub organization: Allowed<OrganizationKey>,
    /// A UUID.
    pub public_id: String,
    /// Who uploads it.
    pub user: UserId,
    /// From which address.
    pub address: String,
    /// What the file is called.
    pub file_name: String,
    /// By which the page knows the file again.
    pub fingerprint: String,
    /// Bytes of the file.
    pub size: u64,
    /// The repository that all its tags go to.
    pub repository: Option<RepositoryName>,
    /// Whether repositories that it creates are public.
    pub is_public: bool,
    /// What need not be sent.
    pub gaps: serde_json::Value,
    /// Where it begins: 0, or behind a gap at the start.
    pub received: u64,
    /// Now.
    pub created_at: Timestamp,
    /// When it is forgotten unless it goes on.
    pub expires_at: Timestamp,
}

/// Begins a package.
pub async fn create(tx: &mut Tx<'_>, new: &NewPackage) -> Result<PackageId> {
    sql("INSERT INTO packages (public_id, account_id, organization_id, user_id, address, file_name, fingerprint, size, \
         repository, is_public, gaps, state, received, created_at, updated_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'receiving', $12, $13, $13, $14) RETURNING id")
    .bind(new.public_id.as_str())
    .bind(new.organization.target().account)
    .bind(new.organization.target().id)
    .bind(new.user)
    .bind(new.address.as_str())
    .bind(new.file_name.as_str())
    .bind(new.fingerprint.as_str())
    .bind(new.size)
    .bind(new.repository.as_ref())
    .bind(new.is_public)
    .bind(&new.gaps)
    .bind(new.received)
    .bind(new.created_at)
    .bind(new.expires_at)
    .scalar(tx)
    .await
}

/// Whether the account would have more bytes than it may with `more`, counting what is under way. `quota` is the
/// instance's, 0 for no limit; the account's own wins.
pub async fn excess(
    tx: &mut Tx<'_>,
    organization: Allowed<OrganizationKey>,
    more: u64,
    quota: u64,
) -> Result<Option<Excess>> {
    let (size, limit) = sql("SELECT size, coalesce(size_limit, $2) FROM accounts WHERE id = $1")
        .bind(organization.target().account)
        .bind(quota)
        .one::<(u64, u64)>(tx)
        .await?;
    if limit == 0 {
        return Ok(None);
    }
    let waiting: u64 =
        sql("SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM packages WHERE account_id = $1 \
                            AND state IN ('receiving', 'queued', 'importing')")
        .bind(organization.target().account)
        .scalar(tx)
        .await?;
    let size = size.saturating_add(waiting).saturating_add(more);
    Ok((size > limit).then_some(Excess { size, limit }))
}

/// How many packages of a user are under way.
pub async fn count_open(tx: &mut Tx<'_>, user: Allowed<UserKey>) -> Result<u64> {
    sql("SELECT count(*) FROM packages WHERE user_id = $1 AND state IN ('receiving', 'queued', 'importing')")
        .bind(user.target().id)
        .scalar(tx)
        .await
}

/// The package of this UUID, if it is this user's.
pub async fn find(
    tx: &mut Tx<'_>,
    public_id: &str,
    user: Allowed<UserKey>,
) -> Result<Option<PackageRecord>> {
    sql(select!("WHERE p.public_id = $1 AND p.user_id = $2"))
        .bind(public_id)
        .bind(user.target().id)
        .optional(tx)
        .await
}

/// The package of this key, for the import.
pub async fn load(tx: &mut Tx<'_>, id: PackageId) -> Result<Option<PackageRecord>> {
    sql(select!("WHERE p.id = $1")).bind(id).optional(tx).await
}

/// The last packages of a user, the newest first.
pub async fn list(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    limit: u32,
) -> Result<Vec<PackageRecord>> {
    sql(select!("WHERE p.user_id = $1 ORDER BY p.id DESC LIMIT $2"))
        .bind(user.target().id)
        .bind(limit)
        .all(tx)
        .await
}

/// Packages whose time is over, the oldest first.
pub async fn expired(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<PackageRecord>> {
    sql(select!("WHERE p.expires_at <= $1 ORDER BY p.expires_at, p.id LIMIT $2"))
        .bind(now)
        .bind(limit)
        .all(tx)
        .await
}

/// Moves a package from one state to another; `false` when it is in another one by now.
pub async fn pass(
    tx: &mut Tx<'_>,
    id: PackageId,
    from: PackageState,
    to: PackageState,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool> {
    let rows = sql("UPDATE packages SET state = $3, updated_at = $4, expires_at = $5 WHERE id = $1 AND state = $2")
        .bind(id)
        .bind(from)
        .bind(to)
        .bind(now)
        .bind(expires_at)
        .execute(tx)
        .await?;
    Ok(rows > 0)
}

/// Notes what the import is doing.
pub async fn note(
    tx: &mut Tx<'_>,
    id: PackageId,
    progress: &serde_json::Value,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    sql("UPDATE packages SET progress = $2, updated_at = $3, expires_at = $4 WHERE id = $1 AND state = 'importing'")
        .bind(id)
        .bind(progress)
        .bind(now)
        .bind(expires_at)
        .execute(tx)
        .await?;
    Ok(())
}

/// Notes what came of a package; `false` when it is gone, or something came of it before.
pub async fn end(
    tx: &mut Tx<'_>,
    id: PackageId,
    state: PackageState,
    outcome: &serde_json::Value,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool> {
    let rows =
        sql("UPDATE packages SET state = $2, progress = $3, updated_at = $4, expires_at = $5 \
                    WHERE id = $1 AND state IN ('receiving', 'queued', 'importing')")
        .bind(id)
        .bind(state)
        .bind(outcome)
        .bind(now)
        .bind(expires_at)
        .execute(tx)
        .await?;
    Ok(rows > 0)
}

/// Ends a package whose parts are to be removed: from now on it is nobody's. `false` when it is gone.
pub async fn abandon(tx: &mut Tx<'_>, id: PackageId, now: Timestamp) -> Result<bool> {
    let rows = sql("UPDATE packages SET state = 'failed', expires_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(rows > 0)
}

/// Forgets a package that has no parts and files any more.
pub async fn forget(tx: &mut Tx<'_>, id: PackageId) -> Result<()> {
    sql("DELETE FROM packages WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}

record! {
    /// A part of a package.
    PartRecord {
        /// Key.
        id: PieceId,
        /// Where it begins.
        position: u64,
        /// Bytes.
        size: u64,
        /// Key in the object store.
        object_key: String,
        /// Whether it is whole and durable.
        is_kept: bool,
    }
}

/// Begins a part: its bytes may be staged now. `None` when the package does not take any.
pub async fn begin_part(
    tx: &mut Tx<'_>,
    package: PackageId,
    position: u64,
    object_key: &str,
) -> Result<Option<PieceId>> {
    let id = sql("INSERT INTO package_parts (package_id, position, size, object_key) \
                  SELECT id, $2, 0, $3 FROM packages WHERE id = $1 AND state = 'receiving' AND received = $2 RETURNING id")
    .bind(package)
    .bind(position)
    .bind(object_key)
    .optional::<(PieceId,)>(tx)
    .await?;
    Ok(id.map(|(id,)| id))
}

/// A part that is whole and durable.
#[derive(Debug, Clone, Copy)]
pub struct KeptPart {
    /// Its package.
    pub package: PackageId,
    /// The part.
    pub part: PieceId,
    /// Where it begins: the package must be there still.
    pub position: u64,
    /// Bytes.
    pub size: u64,
    /// Where the package is after it.
    pub received: u64,
    /// Now.
    pub at: Timestamp,
    /// When the package is forgotten unless it goes on.
    pub expires_at: Timestamp,
}

/// Moves a package on by a part; `false` when another request did, or the package ended: the part is in vain.
pub async fn keep_part(tx: &mut Tx<'_>, kept: &KeptPart) -> Result<bool> {
    let moved = sql("UPDATE packages SET received = $3, updated_at = $4, expires_at = $5 \
                     WHERE id = $1 AND state = 'receiving' AND received = $2")
    .bind(kept.package)
    .bind(kept.position)
    .bind(kept.received)
    .bind(kept.at)
    .bind(kept.expires_at)
    .execute(tx)
    .await?;
    if moved == 0 {
        return Ok(false);
    }
    let rows = sql("UPDATE package_parts SET size = $2, is_kept = TRUE WHERE id = $1")
        .bind(kept.part)
        .bind(kept.size)
        .execute(tx)
        .await?;
    // Swept away by a server that took it for a remnant: the whole step did not happen.
    if rows == 0 { Err(tx.contend()) } else { Ok(true) }
}

/// The parts of a package, in their order; with `kept` only those that are whole, else only those that are not.
pub async fn parts(tx: &mut Tx<'_>, package: PackageId, kept: bool) -> Result<Vec<PartRecord>> {
    sql("SELECT id, position, size, object_key, is_kept FROM package_parts WHERE package_id = $1 AND is_kept = $2 \
         ORDER BY position, id")
    .bind(package)
    .bind(kept)
    .all(tx)
    .await
}

/// Forgets parts whose bytes are gone.
pub async fn forget_part(tx: &mut Tx<'_>, part: PieceId) -> Result<()> {
    sql("DELETE FROM package_parts WHERE id = $1").bind(part).execute(tx).await?;
    Ok(())
}

record! {
    /// A file that the import staged.
    FileRecord {
        /// Key.
        id: PieceId,
        /// Its number in the package.
        number: u32,
        /// Its name in the package.
        name: String,
        /// Key in the object store.
        object_key: String,
        /// What is known of it when all of it is staged; as the service writes it.
        facts: Option<serde_json::Value>,
    }
}

/// Begins a file: its bytes may be staged now.
pub async fn begin_file(
    tx: &mut Tx<'_>,
    package: PackageId,
    number: u32,
    name: &str,
    object_key: &str,
) -> Result<PieceId> {
    sql("INSERT INTO package_files (package_id, number, name, object_key) VALUES ($1, $2, $3, $4) RETURNING id")
        .bind(package)
        .bind(number)
        .bind(name)
        .bind(object_key)
        .scalar(tx)
        .await
}

/// Notes that a file is whole and durable.
pub async fn keep_file(tx: &mut Tx<'_>, file: PieceId, facts: &serde_json::Value) -> Result<()> {
    sql("UPDATE package_files SET facts = $2 WHERE id = $1")
        .bind(file)
        .bind(facts)
        .execute(tx)
        .await?;
    Ok(())
}

/// The files of a package, by number.
pub async fn files(tx: &mut Tx<'_>, package: PackageId) -> Result<Vec<FileRecord>> {
    sql("SELECT id, number, name, object_key, facts FROM package_files WHERE package_id = $1 ORDER BY number, id")
        .bind(package)
        .all(tx)
        .await
}

/// Forgets a file whose bytes are gone, or are a blob's now.
pub async fn forget_file(tx: &mut Tx<'_>, file: PieceId) -> Result<()> {
    sql("DELETE FROM package_files WHERE id = $1").bind(file).execute(tx).await?;
    Ok(())
}

record! {
    /// A blob of which it is known what it is when unpacked.
    UnpackedLayer {
        /// Digest of the blob.
        digest: Digest,
        /// Bytes of the blob.
        size: u64,
        /// Digest of the unpacked bytes.
        unpacked: Digest,
        /// Their number.
        unpacked_size: u64,
        /// How it is compressed; as the service writes it.
        form: String,
    }
}

/// Remembers what a blob is when it is unpacked.
pub async fn note_unpacked(
    tx: &mut Tx<'_>,
    blob: BlobId,
    unpacked: &Digest,
    unpacked_size: u64,
    form: &str,
) -> Result<()> {
    sql("INSERT INTO unpacked_layers (blob_id, unpacked, unpacked_size, form) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (blob_id) DO NOTHING")
    .bind(blob)
    .bind(unpacked)
    .bind(unpacked_size)
    .bind(form)
    .execute(tx)
    .await?;
    Ok(())
}

/// Blobs whose own digest, or that of what they are when unpacked, is this. Whether the caller may read them is not asked
/// here.
pub async fn find_unpacked(
    tx: &mut Tx<'_>,
    digest: &Digest,
    limit: u32,
) -> Result<Vec<UnpackedLayer>> {
    let mut found: Vec<UnpackedLayer> =
        sql("SELECT b.digest, b.size, u.unpacked, u.unpacked_size, u.form FROM blobs b \
         JOIN unpacked_layers u ON u.blob_id = b.id WHERE b.digest = $1")
        .bind(digest)
        .all(tx)
        .await?;
    if found.is_empty() {
        found = sql(
            "SELECT b.digest, b.size, u.unpacked, u.unpacked_size, u.form FROM unpacked_layers u \
             JOIN blobs b ON b.id = u.blob_id WHERE u.unpacked = $1 ORDER BY u.blob_id LIMIT $2",
        )
        .bind(digest)
        .bind(limit)
        .all(tx)
        .await?;
    }
    Ok(found)
}
