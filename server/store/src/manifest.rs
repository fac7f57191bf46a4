//! Manifests: the exact bytes, what push parsed out of them, and what they name.

use roadstead::id::{BlobId, ManifestId, RepositoryId};
use roadstead::oci::{MediaType, Platform};
use roadstead::page::Window;
use roadstead::{Digest, TagName, Timestamp};

use crate::change::{Change, ChangeKind};
use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::ledger::Place;
use crate::row::record;
use crate::sql::{LONGEST_LIST, sql};
use crate::tag::Actor;
use crate::tx::Tx;

crate::value::texts! { MediaType }

record! {
    /// A manifest without its bytes.
    ManifestRecord {
        /// Key.
        id: ManifestId,
        /// The repository.
        repository_id: RepositoryId,
        /// Digest under which it was pushed.
        digest: Digest,
        /// Media type.
        media_type: MediaType,
        /// Whether it is an index.
        is_index: bool,
        /// `artifactType`, or the configuration's media type of an image manifest without one.
        artifact_type: Option<String>,
        /// Digest of the configuration.
        config_digest: Option<Digest>,
        /// Media type of the configuration.
        config_media_type: Option<String>,
        /// Operating system, from the configuration.
        os: Option<String>,
        /// Architecture, from the configuration.
        architecture: Option<String>,
        /// Variant, from the configuration.
        variant: Option<String>,
        /// Version of the operating system, from the configuration.
        os_version: Option<String>,
        /// When the image was built, from the configuration.
        image_created_at: Option<Timestamp>,
        /// Bytes of the manifest itself.
        size: u64,
        /// Bytes of configuration and layers; 0 for an index.
        total_size: u64,
        /// Layers.
        layer_count: u32,
        /// Digest of the manifest it is about.
        subject_digest: Option<Digest>,
        /// Its annotations, as JSON.
        annotations: Option<serde_json::Value>,
        /// When it was pushed.
        pushed_at: Timestamp,
        /// Who pushed it.
        pusher_name: String,
        /// Downloads.
        pull_count: u64,
        /// Last download.
        last_pulled_at: Option<Timestamp>,
    }
}

macro_rules! columns {
    () => {
        "m.id, m.repository_id, m.digest, m.media_type, m.is_index, m.artifact_type, m.config_digest, \
         m.config_media_type, m.os, m.architecture, m.variant, m.os_version, m.image_created_at, m.size, m.total_size, \
         m.layer_count, m.subject_digest, m.annotations, m.pushed_at, m.pusher_name, m.pull_count, m.last_pulled_at"
    };
}

record! {
    /// What a client gets.
    ManifestBody {
        /// Key.
        id: ManifestId,
        /// Digest under which it was pushed.
        digest: Digest,
        /// Media type.
        media_type: MediaType,
        /// The exact bytes.
        body: Vec<u8>,
    }
}

record! {
    /// One entry of an index, with what is known of the child if it is here.
    ChildRecord {
        /// The index.
        parent_id: ManifestId,
        /// Place in the index, from 0.
        position: u32,
        /// Digest.
        digest: Digest,
        /// Media type, as the index says.
        media_type: String,
        /// Bytes of the child manifest, as the index says.
        size: u64,
        /// Artifact type, as the index or the child says.
        artifact_type: Option<String>,
        /// Operating system.
        os: Option<String>,
        /// Architecture.
        architecture: Option<String>,
        /// Variant.
        variant: Option<String>,
        /// Version of the operating system.
        os_version: Option<String>,
        /// The manifest that this entry is an attestation of.
        attestation_for: Option<Digest>,
        /// Key of the child, if it is here.
        child_id: Option<ManifestId>,
        /// Bytes of the child's configuration and layers.
        total_size: Option<u64>,
        /// The child's layers.
        layer_count: Option<i64>,
        /// When the child was built.
        image_created_at: Option<Timestamp>,
    }
}

/// An entry of an index that is being pushed.
#[derive(Debug, Clone)]
pub struct NewChild {
    /// Digest.
    pub digest: Digest,
    /// Media type.
    pub media_type: String,
    /// Bytes, as the index says.
    pub size: u64,
    /// Artifact type, as the index says.
    pub artifact_type: Option<String>,
    /// Platform, as the index says.
    pub platform: Option<Platform>,
    /// The manifest that this entry is an attestation of.
    pub attestation_for: Option<Digest>,
}

/// A manifest that is being pushed.
#[derive(Debug, Clone)]
pub struct NewManifest {
    /// The repository.
    pub place: Place,
    /// Digest of the bytes.
    pub digest: Digest,
    /// Media type.
    pub media_type: MediaType,
    /// Whether it is an index.
    pub is_index: bool,
    /// `artifactType`, or the configuration's media type of an image manifest without one.
    pub artifact_type: Option<String>,
    /// Digest of the configuration.
    pub config_digest: Option<Digest>,
    /// Media type of the configuration.
    pub config_media_type: Option<String>,
    /// Platform, from the configuration.
    pub platform: Option<Platform>,
    /// When the image was built.
    pub image_created_at: Option<Timestamp>,
    /// Bytes of configuration and layers; 0 for an index.
    pub total_size: u64,
    /// Layers.
    pub layer_count: u32,
    /// Digest of the manifest it is about.
    pub subject: Option<Digest>,
    /// Its annotations.
    pub annotations: Option<serde_json::Value>,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// The blobs it names that the repository has, each once.
    pub blobs: Vec<BlobId>,
    /// The manifests it names, in order.
    pub children: Vec<NewChild>,
    /// Who pushes.
    pub pusher: Actor,
    /// Now.
    pub pushed_at: Timestamp,
}

/// Stores a manifest with its edges; the flag is `false` when the repository had it already.
///
/// # Errors
/// [`StoreError::ForeignKey`] when one of the blobs was unlinked meanwhile.
pub async fn insert(tx: &mut Tx<'_>, new: &NewManifest) -> Result<(ManifestId, bool)> {
    let (id, is_new) = insert_row(tx, new).await?;
    let delta = tx.ledger.repository(new.place.repository);
    delta.pushes += 1;
    delta.pushed_at = delta.pushed_at.max(Some(new.pushed_at));
    delta.updated_at = delta.updated_at.max(Some(new.pushed_at));
    tx.ledger.repository_day(new.place.repository, new.pushed_at).pushes += 1;
    tx.ledger.account_day(new.place.account, new.pushed_at).pushes += 1;
    if !is_new {
        return Ok((id, false));
    }
    sql("INSERT INTO manifest_bodies (manifest_id, body) VALUES ($1, $2)")
        .bind(id)
        .bind(&new.body)
        .queue(tx)
        .await?;
    insert_children(tx, id, new).await?;
    insert_blobs(tx, id, new).await?;
    tx.change(Change::new(ChangeKind::Manifest, new.pushed_at).at(&new.place).of(&new.digest));
    Ok((id, true))
}

/// Inserts the row. The key, and whether it is new. A manifest that is there is kept from being deleted until the push is
/// done; one that is being deleted is waited for, and inserted again.
async fn insert_row(tx: &mut Tx<'_>, new: &NewManifest) -> Result<(ManifestId, bool)> {
    for _ in 0..3 {
        if let Some((id,)) = try_insert_row(tx, new).await? {
            return Ok((id, true));
        }
        let known = sql("SELECT id FROM manifests WHERE repository_id = $1 AND digest = $2 AND deleted_at IS NULL")
            .bind(new.place.repository)
            .bind(&new.digest)
            .and(tx.dialect().for_update())
            .optional::<(ManifestId,)>(tx)
            .await?;
        if let Some((id,)) = known {
            return Ok((id, false));
        }
    }
    Err(tx.contend())
}

async fn try_insert_row(tx: &mut Tx<'_>, new: &NewManifest) -> Result<Option<(ManifestId,)>> {
    let platform = new.platform.as_ref();
    let text = |part: fn(&Platform) -> &str| {
        platform.map(part).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    sql(
        "INSERT INTO manifests (repository_id, digest, media_type, is_index, artifact_type, config_digest, \
         config_media_type, os, architecture, variant, os_version, image_created_at, size, total_size, layer_count, \
         subject_digest, annotations, pushed_at, pusher_id, pusher_name) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(new.place.repository)
    .bind(&new.digest)
    .bind(new.media_type)
    .bind(new.is_index)
    .bind(new.artifact_type.as_deref())
    .bind(new.config_digest.as_ref())
    .bind(new.config_media_type.as_deref())
    .bind(text(|platform| &platform.os))
    .bind(text(|platform| &platform.architecture))
    .bind(platform.and_then(|platform| platform.variant.clone()))
    .bind(platform.and_then(|platform| platform.os_version.clone()))
    .bind(new.image_created_at)
    .bind(new.body.len() as u64)
    .bind(new.total_size)
    .bind(new.layer_count)
    .bind(new.subject.as_ref())
    .bind(new.annotations.as_ref())
    .bind(new.pushed_at)
    .bind(new.pusher.id)
    .bind(new.pusher.name.as_str())
    .optional::<(ManifestId,)>(tx)
    .await
}

async fn insert_blobs(tx: &mut Tx<'_>, id: ManifestId, new: &NewManifest) -> Result<()> {
    if new.blobs.is_empty() {
        return Ok(());
    }
    for part in new.blobs.chunks(LONGEST_LIST) {
        let mut used = sql(
            "UPDATE repository_blobs SET manifest_count = manifest_count + 1 WHERE repository_id = $1 AND blob_id IN ",
        )
        .bind(new.place.repository);
        used.push_list(part);
        used.queue(tx).await?;
        let mut edges = sql(
            "INSERT INTO manifest_blobs (manifest_id, blob_id) SELECT $1, blob_id FROM repository_blobs \
             WHERE repository_id = $2 AND blob_id IN ",
        )
        .bind(id)
        .bind(new.place.repository);
        edges.push_list(part);
        edges.queue(tx).await?;
    }
    let edges: u64 = sql("SELECT count(*) FROM manifest_blobs WHERE manifest_id = $1")
        .bind(id)
        .scalar(tx)
        .await?;
    if edges == new.blobs.len() as u64 { Ok(()) } else { Err(StoreError::ForeignKey) }
}

async fn insert_children(tx: &mut Tx<'_>, id: ManifestId, new: &NewManifest) -> Result<()> {
    let mut position = 0_u32;
    for part in new.children.chunks(32) {
        let mut statement = sql(
            "INSERT INTO manifest_children (parent_id, position, repository_id, digest, media_type, \
                                 size, artifact_type, os, architecture, variant, os_version, attestation_for) VALUES ",
        );
        for (index, child) in part.iter().enumerate() {
            let platform = child.platform.clone().unwrap_or_default();
            statement.push(if index == 0 { "(" } else { ", (" });
            statement.push_bind(id).push(", ").push_bind(position).push(", ");
            statement
                .push_bind(new.place.repository)
                .push(", ")
                .push_bind(&child.digest)
                .push(", ");
            statement
                .push_bind(child.media_type.as_str())
                .push(", ")
                .push_bind(child.size)
                .push(", ");
            statement.push_bind(child.artifact_type.as_deref()).push(", ");
            statement.push_bind(Some(platform.os).filter(|text| !text.is_empty())).push(", ");
            statement
                .push_bind(Some(platform.architecture).filter(|text| !text.is_empty()))
                .push(", ");
            statement
                .push_bind(platform.variant)
                .push(", ")
                .push_bind(platform.os_version)
                .push(", ");
            statement.push_bind(child.attestation_for.as_ref()).push(")");
            position += 1;
        }
        statement.queue(tx).await?;
    }
    Ok(())
}

/// The manifest of this digest, without its bytes.
pub async fn find(
    tx: &mut Tx<'_>,
    place: &Place,
    digest: &Digest,
) -> Result<Option<ManifestRecord>> {
    sql(concat!(
        "SELECT ",
        columns!(),
        " FROM manifests m WHERE m.repository_id = $1 AND m.digest = $2 AND m.deleted_at IS NULL"
    ))
    .bind(place.repository)
    .bind(digest)
    .optional(tx)
    .await
}

/// The manifests of these digests that are here, without their bytes.
pub async fn find_many(
    tx: &mut Tx<'_>,
    place: &Place,
    digests: &[Digest],
) -> Result<Vec<ManifestRecord>> {
    let mut found = Vec::new();
    for part in digests.chunks(LONGEST_LIST) {
        let mut statement = sql(concat!(
            "SELECT ",
            columns!(),
            " FROM manifests m WHERE m.repository_id = $1 AND m.deleted_at IS NULL AND m.digest IN "
        ))
        .bind(place.repository);
        statement.push_list(part);
        found.extend(statement.all(tx).await?);
    }
    Ok(found)
}

/// The bytes of the manifest of this digest.
pub async fn body(tx: &mut Tx<'_>, place: &Place, digest: &Digest) -> Result<Option<ManifestBody>> {
    sql("SELECT m.id, m.digest, m.media_type, y.body FROM manifests m JOIN manifest_bodies y ON y.manifest_id = m.id \
         WHERE m.repository_id = $1 AND m.digest = $2 AND m.deleted_at IS NULL")
    .bind(place.repository)
    .bind(digest)
    .optional(tx)
    .await
}

/// The bytes of several manifests of the repository.
pub async fn bodies(
    tx: &mut Tx<'_>,
    place: &Place,
    manifests: &[ManifestId],
) -> Result<Vec<ManifestBody>> {
    let mut found = Vec::new();
    for part in manifests.chunks(LONGEST_LIST) {
        let mut statement = sql(
            "SELECT m.id, m.digest, m.media_type, y.body FROM manifests m JOIN manifest_bodies y ON y.manifest_id = m.id \
             WHERE +m.repository_id = $1 AND m.deleted_at IS NULL AND m.id IN ",
        )
        .bind(place.repository);
        statement.push_list(part);
        found.extend(statement.all(tx).await?);
    }
    Ok(found)
}

/// The bytes of the manifest that a tag points to.
pub async fn body_by_tag(
    tx: &mut Tx<'_>,
    place: &Place,
    tag: &TagName,
) -> Result<Option<ManifestBody>> {
    sql("SELECT m.id, m.digest, m.media_type, y.body FROM tags t JOIN manifests m ON m.id = t.manifest_id \
         JOIN manifest_bodies y ON y.manifest_id = m.id \
         WHERE t.repository_id = $1 AND t.name = $2 AND t.deleted_at IS NULL AND m.deleted_at IS NULL")
    .bind(place.repository)
    .bind(tag)
    .optional(tx)
    .await
}

/// The entries of several indexes of the repository, in one statement, each index's in its own order.
pub async fn children(
    tx: &mut Tx<'_>,
    place: &Place,
    parents: &[ManifestId],
) -> Result<Vec<ChildRecord>> {
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    // The sign keeps the databases from looking through the whole repository.
    let mut statement = sql("SELECT e.parent_id, e.position, e.digest, e.media_type, e.size, \
         coalesce(e.artifact_type, m.artifact_type) AS artifact_type, coalesce(e.os, m.os) AS os, \
         coalesce(e.architecture, m.architecture) AS architecture, coalesce(e.variant, m.variant) AS variant, \
         coalesce(e.os_version, m.os_version) AS os_version, e.attestation_for, m.id AS child_id, m.total_size, \
         m.layer_count, m.image_created_at FROM manifest_children e \
         LEFT JOIN manifests m ON m.repository_id = e.repository_id AND m.digest = e.digest AND m.deleted_at IS NULL \
         WHERE +e.repository_id = $1 AND e.parent_id IN ")
    .bind(place.repository);
    statement.push_list(parents);
    statement.push(" ORDER BY e.parent_id, e.position");
    statement.all(tx).await
}

/// Keeps manifests from being deleted until this transaction ends, and waits for those that are being deleted: for an index
/// that names them. Ask what is here after it.
pub async fn hold_children(tx: &mut Tx<'_>, place: &Place, digests: &[Digest]) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        for part in digests.chunks(LONGEST_LIST) {
            let mut statement = sql("SELECT id FROM manifests WHERE repository_id = $1 AND deleted_at IS NULL AND digest IN ")
                .bind(place.repository);
            statement.push_list(part).push(" ORDER BY id FOR SHARE");
            statement.all::<(ManifestId,)>(tx).await?;
        }
    }
    Ok(())
}

/// Waits for pushes of indexes that are naming this manifest, and keeps later ones waiting until this transaction ends. Ask
/// for [`parents`] after it.
pub async fn hold_still(tx: &mut Tx<'_>, place: &Place, digest: &Digest) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        sql("SELECT id FROM manifests WHERE repository_id = $1 AND digest = $2 AND deleted_at IS NULL FOR UPDATE")
            .bind(place.repository)
            .bind(digest)
            .all::<(ManifestId,)>(tx)
            .await?;
    }
    Ok(())
}

/// The live indexes of the repository that name this digest.
pub async fn parents(tx: &mut Tx<'_>, place: &Place, digest: &Digest) -> Result<Vec<Digest>> {
    let found = sql("SELECT DISTINCT m.digest FROM manifest_children e JOIN manifests m ON m.id = e.parent_id \
                     WHERE e.repository_id = $1 AND e.digest = $2 AND m.deleted_at IS NULL ORDER BY m.digest")
    .bind(place.repository)
    .bind(digest)
    .all::<(Digest,)>(tx)
    .await?;
    Ok(found.into_iter().map(|(digest,)| digest).collect())
}

/// Manifests without a tag that are no child of a live index and about no other manifest, the newest first.
pub async fn untagged(
    tx: &mut Tx<'_>,
    place: &Place,
    window: Window,
) -> Result<Vec<ManifestRecord>> {
    sql(concat!(
        "SELECT ",
        columns!(),
        " FROM manifests m WHERE m.repository_id = $1 AND m.deleted_at IS NULL AND m.subject_digest IS NULL \
         AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id AND t.deleted_at IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM manifest_children e JOIN manifests p ON p.id = e.parent_id \
         WHERE e.repository_id = m.repository_id AND e.digest = m.digest AND p.deleted_at IS NULL) \
         ORDER BY m.pushed_at DESC, m.id DESC LIMIT $2 OFFSET $3"
    ))
    .bind(place.repository)
    .bind(window.limit)
    .bind(window.offset)
    .all(tx)
    .await
}

/// How many [`untagged`] lists in all.
pub async fn count_untagged(tx: &mut Tx<'_>, place: &Place) -> Result<u64> {
    sql("SELECT count(*) FROM manifests m WHERE m.repository_id = $1 AND m.deleted_at IS NULL \
         AND m.subject_digest IS NULL \
         AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id AND t.deleted_at IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM manifest_children e JOIN manifests p ON p.id = e.parent_id \
         WHERE e.repository_id = m.repository_id AND e.digest = m.digest AND p.deleted_at IS NULL)")
    .bind(place.repository)
    .scalar(tx)
    .await
}

/// Most platforms that are told of one repository.
const MOST_PLATFORMS: u32 = 100;

/// The text of the index `manifests_platform`.
macro_rules! platform {
    () => {
        "substr(m.os, 1, 64) || '/' || substr(m.architecture, 1, 64) || '/' || substr(coalesce(m.variant, ''), 1, 64)"
    };
}

/// Of which manifests.
macro_rules! platform_of {
    () => {
        " FROM manifests m WHERE m.repository_id = $1 AND m.deleted_at IS NULL AND m.os IS NOT NULL \
         AND m.architecture IS NOT NULL"
    };
}

/// Platforms of the images of a repository: operating system, architecture, variant.
pub async fn platforms(
    tx: &mut Tx<'_>,
    place: &Place,
) -> Result<Vec<(String, String, Option<String>)>> {
    // The index is walked from one value to the next, however many manifests have it.
    let found: Vec<(String,)> = sql(concat!(
        "WITH RECURSIVE p (platform) AS (SELECT (SELECT ",
        platform!(),
        platform_of!(),
        " ORDER BY 1 LIMIT 1) UNION ALL SELECT (SELECT ",
        platform!(),
        platform_of!(),
        " AND ",
        platform!(),
        " > p.platform ORDER BY 1 LIMIT 1) FROM p WHERE p.platform IS NOT NULL) \
         SELECT platform FROM p WHERE platform IS NOT NULL LIMIT $2"
    ))
    .bind(place.repository)
    .bind(MOST_PLATFORMS)
    .all(tx)
    .await?;
    let parts = |(text,): (String,)| {
        let mut parts = text.splitn(3, '/').map(str::to_owned);
        let (os, architecture) = (parts.next()?, parts.next()?);
        Some((os, architecture, parts.next().filter(|variant| !variant.is_empty())))
    };
    Ok(found.into_iter().filter_map(parts).collect())
}

/// Deletes a manifest and every tag that points to it: a tombstone stays until it is purged. `None` when there is none;
/// else the tags that went with it. The caller has asked [`parents`] in the same transaction.
pub async fn delete(
    tx: &mut Tx<'_>,
    place: &Place,
    digest: &Digest,
    by: &Actor,
    rule: Option<&str>,
    at: Timestamp,
) -> Result<Option<Vec<TagName>>> {
    let deleted = sql("UPDATE manifests SET deleted_at = $3, deleted_by = $4, deleted_rule = $5 \
                       WHERE repository_id = $1 AND digest = $2 AND deleted_at IS NULL RETURNING id")
    .bind(place.repository)
    .bind(digest)
    .bind(at)
    .bind(by.id)
    .bind(rule)
    .optional::<(ManifestId,)>(tx)
    .await?;
    let Some((id,)) = deleted else {
        return Ok(None);
    };
    let tags = crate::tag::delete_of_manifest(tx, place, id, by, rule, at).await?;
    let delta = tx.ledger.repository(place.repository);
    delta.updated_at = delta.updated_at.max(Some(at));
    tx.change(Change::new(ChangeKind::Manifest, at).at(place).of(digest));
    Ok(Some(tags))
}

/// Deletes the manifests and tags that repositories deleted before `before` still have, at most `limit` manifests: the
/// repositories are out of sight already, so nothing is counted and nothing is told. Answers how many.
pub async fn delete_of_deleted(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64> {
    let found = sql(
        "SELECT m.id, r.deleted_at FROM repositories r JOIN manifests m ON m.repository_id = r.id \
         AND m.deleted_at IS NULL WHERE r.deleted_at IS NOT NULL AND r.deleted_at < $1 \
         ORDER BY r.deleted_at, m.id LIMIT $2",
    )
    .bind(before)
    .bind(limit)
    .all::<(ManifestId, Timestamp)>(tx)
    .await?;
    for (id, at) in &found {
        sql("UPDATE tags SET deleted_at = $2 WHERE manifest_id = $1 AND deleted_at IS NULL")
            .bind(id)
            .bind(*at)
            .queue(tx)
            .await?;
        sql("UPDATE manifests SET deleted_at = $2 WHERE id = $1")
            .bind(id)
            .bind(*at)
            .queue(tx)
            .await?;
    }
    Ok(found.len() as u64)
}

/// Removes for good manifests that were deleted before `before`, at most `limit`; their blobs lose a reference. Answers
/// how many.
pub async fn purge(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64> {
    let found = sql(
        "SELECT id, repository_id FROM manifests WHERE deleted_at IS NOT NULL AND deleted_at < $1 \
                     ORDER BY deleted_at, id LIMIT $2",
    )
    .bind(before)
    .bind(limit)
    .and(tx.dialect().skip_locked())
    .all::<(ManifestId, RepositoryId)>(tx)
    .await?;
    for (manifest, repository) in &found {
        sql("UPDATE repository_blobs SET manifest_count = manifest_count - 1 WHERE repository_id = $2 AND blob_id IN \
             (SELECT blob_id FROM manifest_blobs WHERE manifest_id = $1)")
        .bind(manifest)
        .bind(repository)
        .execute(tx)
        .await?;
        for text in [
            "DELETE FROM tags WHERE manifest_id = $1",
            "DELETE FROM manifest_blobs WHERE manifest_id = $1",
            "DELETE FROM manifest_children WHERE parent_id = $1",
            "DELETE FROM manifest_bodies WHERE manifest_id = $1",
            "DELETE FROM manifests WHERE id = $1",
        ] {
            sql(text).bind(manifest).execute(tx).await?;
        }
    }
    Ok(found.len() as u64)
}
