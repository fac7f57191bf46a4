//! Referrers: the manifests that are about another one, which may not exist (yet).

use roadstead::oci::MediaType;
use roadstead::{Digest, Timestamp};

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
