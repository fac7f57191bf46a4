//! Referrers: the manifests that are about another one, which may not exist (yet).

use roadstead::id::ManifestId;
use roadstead::oci::MediaType;
use roadstead::page::{Page, Window};
use roadstead::{Digest, TagName, Timestamp};

use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;

record! {
    /// A referrer: what its descriptor in the answer says.
    ReferrerRecord {
        /// Digest.
        digest: Digest,
        /// Media type.
        media_type: MediaType,
        /// Bytes.
        size: u64,
        /// `artifactType`, or the configuration's media type.
        artifact_type: Option<String>,
        /// Its annotations.
        annotations: Option<serde_json::Value>,
        /// When it was pushed.
        pushed_at: Timestamp,
    }
}

/// Sizes of the manifests that [`list`] would give, in its order: their annotations are no longer than they are.
pub async fn sizes(
    tx: &mut Tx<'_>,
    place: &Place,
    subject: &Digest,
    artifact_type: Option<&str>,
    last: Option<&Digest>,
    limit: u32,
) -> Result<Vec<u64>> {
    let mut statement = sql("SELECT m.size");
    push_referrers(&mut statement, place, subject, artifact_type, last, limit);
    let found = statement.all::<(u64,)>(tx).await?;
    Ok(found.into_iter().map(|(size,)| size).collect())
}

/// Referrers of a digest in byte order of their own digests after `last`, at most `limit`; with `artifact_type` only
/// those of exactly that type.
pub async fn list(
    tx: &mut Tx<'_>,
    place: &Place,
    subject: &Digest,
    artifact_type: Option<&str>,
    last: Option<&Digest>,
    limit: u32,
) -> Result<Vec<ReferrerRecord>> {
    let mut statement =
        sql("SELECT m.digest, m.media_type, m.size, m.artifact_type, m.annotations, m.pushed_at");
    push_referrers(&mut statement, place, subject, artifact_type, last, limit);
    statement.all(tx).await
}

/// Which manifests, and in which order: the rest of a statement that names columns of `m`.
fn push_referrers(
    statement: &mut Sql,
    place: &Place,
    subject: &Digest,
    artifact_type: Option<&str>,
    last: Option<&Digest>,
    limit: u32,
) {
    statement.push(" FROM manifests m WHERE m.repository_id = ").push_bind(place.repository);
    statement.push(" AND m.subject_digest = ").push_bind(subject);
    statement.push(" AND m.deleted_at IS NULL");
    if let Some(artifact_type) = artifact_type {
        statement.push(" AND m.artifact_type = ").push_bind(artifact_type);
    }
    if let Some(last) = last {
        statement.push(" AND m.digest > ").push_bind(last);
    }
    statement.push(" ORDER BY m.digest LIMIT ").push_bind(limit);
}

/// How many referrers of each artifact type several digests have: for the badges of a list.
pub async fn counts(
    tx: &mut Tx<'_>,
    place: &Place,
    subjects: &[Digest],
) -> Result<Vec<(Digest, Option<String>, u64)>> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = sql("SELECT m.subject_digest, m.artifact_type, count(*) FROM manifests m \
                             WHERE m.repository_id = $1 AND m.deleted_at IS NULL AND m.subject_digest IN ")
    .bind(place.repository);
    statement.push_list(subjects);
    statement.push(
        " GROUP BY m.subject_digest, m.artifact_type ORDER BY m.subject_digest, m.artifact_type",
    );
    statement.all(tx).await
}

record! {
    /// A manifest that belongs to another: a referrer, or what a signature tag (`sha256-….sig`) of it points to.
    AccessoryRecord {
        /// Key; SWR's integer id.
        id: ManifestId,
        /// Digest.
        digest: Digest,
        /// Bytes of configuration and layers.
        total_size: u64,
        /// `artifactType`, or the configuration's media type.
        artifact_type: Option<String>,
        /// A tag that points to it, if one does.
        tag: Option<TagName>,
        /// When it was pushed.
        pushed_at: Timestamp,
    }
}

/// Begins the condition on manifests `m`: what refers to digest `$2`, or has one of the tags that follow.
macro_rules! accessories {
    ($what:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM manifests m WHERE m.id IN (SELECT x.id FROM manifests x WHERE x.repository_id = $1 \
             AND x.subject_digest = $2 AND x.deleted_at IS NULL UNION SELECT t.manifest_id FROM tags t \
             WHERE t.repository_id = $1 AND t.deleted_at IS NULL AND t.name IN "
        )
    };
}

/// What belongs to a digest, the first pushed first: its referrers, and what these tags point to.
pub async fn accessories(
    tx: &mut Tx<'_>,
    place: &Place,
    subject: &Digest,
    tags: &[TagName],
    window: Window,
) -> Result<Page<AccessoryRecord>> {
    let mut statement = sql(accessories!(
        "m.id, m.digest, m.total_size, m.artifact_type, (SELECT g.name FROM tags g WHERE g.manifest_id = m.id \
         AND g.deleted_at IS NULL ORDER BY g.name LIMIT 1) AS tag, m.pushed_at"
    ));
    let mut total = sql(accessories!("count(*)"));
    for part in [&mut statement, &mut total] {
        *part = std::mem::replace(part, sql("")).bind(place.repository).bind(subject);
        part.push_list(tags);
        part.push(") AND m.deleted_at IS NULL");
    }
    statement.push(" ORDER BY m.id LIMIT ").push_bind(window.limit);
    statement.push(" OFFSET ").push_bind(window.offset);
    let items = statement.all(tx).await?;
    Ok(Page { items, total: total.scalar(tx).await?, window })
}

/// The visible tags of a digest, by name after `last`; at most `limit`.
pub async fn tags_of(
    tx: &mut Tx<'_>,
    place: &Place,
    digest: &Digest,
    last: Option<&str>,
    limit: u64,
) -> Result<Vec<TagName>> {
    let found = sql("SELECT t.name FROM manifests m JOIN tags t ON t.manifest_id = m.id WHERE m.repository_id = $1 \
                     AND m.digest = $2 AND m.deleted_at IS NULL AND t.deleted_at IS NULL AND t.is_hidden = FALSE \
                     AND t.name > $3 ORDER BY t.name LIMIT $4")
    .bind(place.repository)
    .bind(digest)
    .bind(last.unwrap_or_default())
    .bind(limit)
    .all::<(TagName,)>(tx)
    .await?;
    Ok(found.into_iter().map(|(name,)| name).collect())
}
