//! Use of repositories: pulls and traffic, rolled up per repository and day and written in batches.
//!
//! Sizes and tag counts are kept by the functions that change them ([`crate::ledger`]); [`recount`] makes them right again
//! after a repair.

use roadstead::id::{AccountId, ManifestId};
use roadstead::{TagName, Timestamp};

use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

/// Downloads from one repository since the last batch.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// The repository.
    pub place: Place,
    /// Manifest downloads.
    pub pulls: u64,
    /// Bytes sent.
    pub pull_bytes: u64,
    /// Bytes received.
    pub push_bytes: u64,
    /// Last of them.
    pub at: Timestamp,
    /// Downloads by tag.
    pub tags: Vec<(TagName, u64, Timestamp)>,
    /// Downloads by manifest, by tag or digest.
    pub manifests: Vec<(ManifestId, u64, Timestamp)>,
}

record! {
    /// One day of a repository or of several.
    UsageDay {
        /// Days since 1970-01-01 UTC.
        day: i32,
        /// Manifest downloads.
        pulls: u64,
        /// Manifest pushes.
        pushes: u64,
        /// Bytes sent.
        pull_bytes: u64,
        /// Bytes received.
        push_bytes: u64,
    }
}

/// Writes a batch of downloads; relaxed durability is enough.
pub async fn add_traffic(tx: &mut Tx<'_>, batch: &[Traffic]) -> Result<()> {
    for traffic in batch {
        let (pulls, pull_bytes, push_bytes) =
            (signed(traffic.pulls), signed(traffic.pull_bytes), signed(traffic.push_bytes));
        let delta = tx.ledger.repository(traffic.place.repository);
        delta.pulls += pulls;
        delta.pull_bytes += pull_bytes;
        if traffic.pulls > 0 {
            delta.pulled_at = delta.pulled_at.max(Some(traffic.at));
        }
        let day = tx.ledger.repository_day(traffic.place.repository, traffic.at);
        day.pulls += pulls;
        day.pull_bytes += pull_bytes;
        day.push_bytes += push_bytes;
        let day = tx.ledger.account_day(traffic.place.account, traffic.at);
        day.pulls += pulls;
        day.pull_bytes += pull_bytes;
        day.push_bytes += push_bytes;
        for (tag, pulls, at) in &traffic.tags {
            sql("UPDATE tags SET pull_count = pull_count + $3, \
                 last_pulled_at = CASE WHEN $4 > coalesce(last_pulled_at, 0) THEN $4 ELSE last_pulled_at END \
                 WHERE repository_id = $1 AND name = $2 AND deleted_at IS NULL")
            .bind(traffic.place.repository)
            .bind(tag)
            .bind(*pulls)
            .bind(*at)
            .execute(tx)
            .await?;
        }
        for (manifest, pulls, at) in &traffic.manifests {
            sql("UPDATE manifests SET pull_count = pull_count + $2, \
                 last_pulled_at = CASE WHEN $3 > coalesce(last_pulled_at, 0) THEN $3 ELSE last_pulled_at END WHERE id = $1")
            .bind(manifest)
            .bind(*pulls)
            .bind(*at)
            .execute(tx)
            .await?;
        }
    }
    Ok(())
}

/// The days of a repository from `first` to `last`; days without use are absent.
pub async fn repository_days(
    tx: &mut Tx<'_>,
    place: &Place,
    first: i32,
    last: i32,
) -> Result<Vec<UsageDay>> {
    sql("SELECT day, pulls, pushes, pull_bytes, push_bytes FROM repository_days \
         WHERE repository_id = $1 AND day >= $2 AND day <= $3 ORDER BY day")
    .bind(place.repository)
    .bind(first)
    .bind(last)
    .all(tx)
    .await
}

/// Counts everything of an account again from its rows. For repairs; it reads all of them.
pub async fn recount(tx: &mut Tx<'_>, account: AccountId) -> Result<()> {
    for text in [
        "UPDATE repositories SET \
         tag_count = (SELECT count(*) FROM tags t WHERE t.repository_id = repositories.id AND t.deleted_at IS NULL \
         AND t.is_hidden = FALSE), \
         size = (SELECT CAST(coalesce(sum(b.size), 0) AS BIGINT) FROM repository_blobs l JOIN blobs b ON b.id = l.blob_id \
         WHERE l.repository_id = repositories.id) WHERE account_id = $1 AND deleted_at IS NULL",
        "UPDATE organizations SET \
         repository_count = (SELECT count(*) FROM repositories r WHERE r.organization_id = organizations.id \
         AND r.deleted_at IS NULL), \
         tag_count = (SELECT CAST(coalesce(sum(r.tag_count), 0) AS BIGINT) FROM repositories r \
         WHERE r.organization_id = organizations.id AND r.deleted_at IS NULL), \
         size = (SELECT CAST(coalesce(sum(r.size), 0) AS BIGINT) FROM repositories r \
         WHERE r.organization_id = organizations.id AND r.deleted_at IS NULL) \
         WHERE account_id = $1 AND deleted_at IS NULL",
        "UPDATE account_blobs SET uses = (SELECT count(*) FROM repository_blobs l JOIN repositories r \
         ON r.id = l.repository_id WHERE l.blob_id = account_blobs.blob_id AND r.account_id = $1) WHERE account_id = $1",
        "UPDATE accounts SET \
         organization_count = (SELECT count(*) FROM organizations o WHERE o.account_id = $1 AND o.deleted_at IS NULL), \
         repository_count = (SELECT count(*) FROM repositories r WHERE r.account_id = $1 AND r.deleted_at IS NULL), \
         tag_count = (SELECT CAST(coalesce(sum(r.tag_count), 0) AS BIGINT) FROM repositories r WHERE r.account_id = $1 \
         AND r.deleted_at IS NULL), \
         size = (SELECT CAST(coalesce(sum(b.size), 0) AS BIGINT) FROM account_blobs u JOIN blobs b ON b.id = u.blob_id \
         WHERE u.account_id = $1 AND u.uses > 0), \
         plain_size = (SELECT CAST(coalesce(sum(b.size * u.uses), 0) AS BIGINT) FROM account_blobs u \
         JOIN blobs b ON b.id = u.blob_id WHERE u.account_id = $1) WHERE id = $1",
    ] {
        sql(text).bind(account).execute(tx).await?;
    }
    Ok(())
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
