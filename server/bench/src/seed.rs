//! Fills a SQLite database with as much content as asked for, in a few statements that SQLite carries out by itself.
//!
//! What comes out is what pushes would have left, counters included (the tests ask the store to count again), except that
//! the digests are random and no blob has bytes: it is for lists and look-ups, not for pulls.

use std::path::Path;

use anyhow::{Context as _, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

/// How much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    /// Manifests in all.
    pub(crate) manifests: u64,
    /// Repositories in all; one of them has many tags.
    pub(crate) repositories: u64,
    /// Tags, each of a manifest of its own, of the repository [`CROWDED`].
    pub(crate) tags: u64,
}

/// The organization of the repository with many tags; the others are `scale-00` to `scale-99`.
pub(crate) const CROWDED_ORGANIZATION: &str = "scale-00";
/// The repository with many tags.
pub(crate) const CROWDED: &str = "scale-00/crowded";

/// The image of a number: `scale-07/service-00107`.
pub(crate) fn image(number: u64) -> String {
    format!("scale-{:02}/service-{number:05}", number % 100)
}

/// The statements; `?1` the account, `?2` its owner, `?3` the ordinary repositories, `?4` manifests in each of them, `?5`
/// the tags of the crowded one, `?6` the time of the first push.
const STATEMENTS: &[&str] = &[
    // A hundred organizations.
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99) \
     INSERT INTO organizations (account_id, name, creator_id, creator_name, created_at, updated_at) \
     SELECT ?1, printf('scale-%02d', i), ?2, 'bench', ?6, ?6 FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?3 - 1) \
     INSERT INTO repositories (account_id, organization_id, name, path, creator_id, creator_name, category, description, \
     is_public, push_count, last_pushed_at, created_at, updated_at) \
     SELECT ?1, o.id, printf('service-%05d', i), printf('%s/service-%05d', o.name, i), ?2, 'bench', 'other', \
     'A service of the scale test', i % 50 = 0, ?4, ?6 + i, ?6, ?6 + i \
     FROM n JOIN organizations o ON o.name = printf('scale-%02d', i % 100) AND o.deleted_at IS NULL",
    "INSERT INTO repositories (account_id, organization_id, name, path, creator_id, creator_name, push_count, \
     last_pushed_at, created_at, updated_at) \
     SELECT ?1, id, 'crowded', 'scale-00/crowded', ?2, 'bench', ?5, ?6 + ?5, ?6, ?6 + ?5 \
     FROM organizations WHERE name = 'scale-00' AND deleted_at IS NULL",
    // A configuration and two layers for each repository.
    "INSERT INTO objects (object_key, backend, size, created_at) \
     SELECT printf('scale-%d-%d', r.id, part.value), 'file', 1000 * (part.value + 1), ?6 \
     FROM repositories r, json_each('[0, 1, 2]') part WHERE r.path LIKE 'scale-%'",
    "INSERT INTO blobs (digest, size, object_id, link_count, created_at, touched_at) \
     SELECT 'sha256:' || lower(hex(randomblob(32))), size, id, 1, ?6, ?6 FROM objects WHERE object_key LIKE 'scale-%'",
    "INSERT INTO repository_blobs (repository_id, blob_id, manifest_count, linked_at) \
     SELECT r.id, b.id, CASE WHEN r.name = 'crowded' THEN ?5 ELSE ?4 END, ?6 \
     FROM repositories r, json_each('[0, 1, 2]') part \
     JOIN objects o ON o.object_key = printf('scale-%d-%d', r.id, part.value) JOIN blobs b ON b.object_id = o.id \
     WHERE r.path LIKE 'scale-%'",
    "INSERT INTO account_blobs (account_id, blob_id, uses) SELECT ?1, l.blob_id, 1 FROM repository_blobs l \
     JOIN repositories r ON r.id = l.repository_id WHERE r.path LIKE 'scale-%'",
    // Manifests: of ten, one without a tag and one about another. Position and number stand in the annotations for now.
    "WITH RECURSIVE n(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n WHERE k < max(?4, ?5) - 1) \
     INSERT INTO manifests (repository_id, digest, media_type, config_media_type, os, architecture, size, total_size, \
     layer_count, annotations, pushed_at, pusher_id, pusher_name) \
     SELECT r.id, 'sha256:' || lower(hex(randomblob(32))), 'application/vnd.oci.image.manifest.v1+json', \
     'application/vnd.oci.image.config.v1+json', 'linux', CASE k % 2 WHEN 0 THEN 'amd64' ELSE 'arm64' END, 700, 6000, 2, \
     k, ?6 + k, ?2, 'bench' FROM repositories r JOIN n ON k < CASE WHEN r.name = 'crowded' THEN ?5 ELSE ?4 END \
     WHERE r.path LIKE 'scale-%' ORDER BY r.id, k",
    "UPDATE manifests SET artifact_type = 'application/vnd.example.sbom', os = NULL, architecture = NULL, \
     subject_digest = (SELECT f.digest FROM manifests f WHERE f.repository_id = manifests.repository_id ORDER BY f.id LIMIT 1) \
     WHERE CAST(annotations AS INTEGER) % 10 = 9 \
     AND repository_id IN (SELECT id FROM repositories WHERE path LIKE 'scale-%' AND name <> 'crowded')",
    "INSERT INTO manifest_bodies (manifest_id, body) \
     SELECT m.id, CAST(printf('{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\",\
     \"digest\":\"%s\",\"size\":1000},\"layers\":[],\"annotations\":{\"org.example.note\":\"%0300d\"}}', m.media_type, \
     m.config_media_type, m.digest, m.id) AS BLOB) FROM manifests m JOIN repositories r ON r.id = m.repository_id \
     WHERE r.path LIKE 'scale-%'",
    "INSERT INTO manifest_blobs (manifest_id, blob_id) SELECT m.id, l.blob_id FROM manifests m \
     JOIN repositories r ON r.id = m.repository_id JOIN repository_blobs l ON l.repository_id = m.repository_id \
     WHERE r.path LIKE 'scale-%' ORDER BY m.id, l.blob_id",
    "INSERT INTO tags (repository_id, name, manifest_id, digest, created_at, pushed_at, pusher_id, pusher_name, grams) \
     SELECT m.repository_id, printf('v%06d', CAST(m.annotations AS INTEGER)), m.id, m.digest, m.pushed_at, m.pushed_at, \
     ?2, 'bench', ' ' FROM manifests m JOIN repositories r ON r.id = m.repository_id \
     WHERE r.path LIKE 'scale-%' AND (r.name = 'crowded' OR CAST(m.annotations AS INTEGER) % 10 < 8) ORDER BY m.id",
    // What a search finds names by; without the trigger, the index is filled by hand.
    "UPDATE tags SET grams = 'r' || repository_id || ' x76 x30 ' || lower(hex(substr(name, 1, 2)) || ' ' || \
     hex(substr(name, 2, 2)) || ' ' || hex(substr(name, 3, 2)) || ' ' || hex(substr(name, 4, 2)) || ' ' || \
     hex(substr(name, 5, 2)) || ' ' || hex(substr(name, 6, 2))) WHERE grams = ' '",
    "INSERT INTO tag_search (tag_search) VALUES ('rebuild')",
    "INSERT INTO tag_history (repository_id, tag_id, name, action, digest, actor_id, actor_name, happened_at) \
     SELECT t.repository_id, t.id, t.name, 'push', t.digest, ?2, 'bench', t.pushed_at FROM tags t \
     JOIN repositories r ON r.id = t.repository_id WHERE r.path LIKE 'scale-%' ORDER BY t.id",
    "UPDATE manifests SET annotations = NULL \
     WHERE repository_id IN (SELECT id FROM repositories WHERE path LIKE 'scale-%')",
    // The counters that pushes keep.
    "UPDATE repositories SET size = 6000, \
     tag_count = (SELECT count(*) FROM tags t WHERE t.repository_id = repositories.id AND t.deleted_at IS NULL) \
     WHERE path LIKE 'scale-%'",
    "UPDATE organizations SET (repository_count, tag_count, size) = (SELECT count(*), \
     coalesce(sum(r.tag_count), 0), coalesce(sum(r.size), 0) FROM repositories r WHERE r.organization_id = organizations.id) \
     WHERE account_id = ?1",
    "UPDATE accounts SET (organization_count, repository_count, tag_count, size, plain_size) = (SELECT count(*), \
     sum(o.repository_count), sum(o.tag_count), sum(o.size), sum(o.size) FROM organizations o WHERE o.account_id = ?1) \
     WHERE id = ?1",
];

/// Opens the database of a server that is not running.
pub(crate) async fn open(path: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .pragma("cache_size", "-200000")
        .disable_statement_logging();
    options.connect().await.with_context(|| format!("cannot open {}", path.display()))
}

/// Fills the account `bench`, which has been made.
pub(crate) async fn fill(connection: &mut SqliteConnection, amount: Amount) -> Result<()> {
    let row = sqlx::query(
        "SELECT a.id, u.id, a.created_at FROM accounts a JOIN users u ON u.account_id = a.id AND u.is_owner \
         WHERE a.name = 'bench'",
    )
    .fetch_one(&mut *connection)
    .await
    .context("there is no account bench")?;
    let (account, owner, at): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let ordinary = amount.repositories.saturating_sub(1).max(1);
    let each = amount.manifests.saturating_sub(amount.tags).div_ceil(ordinary).max(1);
    let mut transaction = connection.begin().await?;
    for statement in STATEMENTS {
        sqlx::query(*statement)
            .bind(account)
            .bind(owner)
            .bind(i64::try_from(ordinary)?)
            .bind(i64::try_from(each)?)
            .bind(i64::try_from(amount.tags)?)
            .bind(at)
            .persistent(false)
            .execute(&mut *transaction)
            .await
            .with_context(|| statement.chars().take(120).collect::<String>())?;
    }
    Ok(transaction.commit().await?)
}

/// Gives the user `reader` of the account the right to read three organizations.
pub(crate) async fn admit_reader(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::query(
        "INSERT INTO organization_grants (organization_id, user_id, permission, created_at, updated_at) \
         SELECT o.id, u.id, 1, u.created_at, u.created_at FROM organizations o, users u \
         WHERE u.name = 'reader' AND o.name IN ('scale-00', 'scale-01', 'scale-02')",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// MiB of each table and index, the largest first; what is below a hundredth of the whole is left out.
pub(crate) async fn sizes(connection: &mut SqliteConnection) -> Result<Vec<(String, f64)>> {
    let rows = sqlx::query(
        "SELECT name, sum(pgsize) / 1048576.0 FROM dbstat GROUP BY name \
         HAVING sum(pgsize) * 100 > (SELECT sum(pgsize) FROM dbstat) ORDER BY 2 DESC",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[tokio::test]
    async fn what_is_filled_in_is_what_pushes_would_have_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roadstead.db");
        let url = format!("sqlite://{}", path.display());
        let store = roadstead_store::Store::open(&url, roadstead_store::Options::default());
        let store = store.await.unwrap();
        store.migrate().await.unwrap();
        let mut connection = open(&path).await.unwrap();
        for statement in [
            "INSERT INTO accounts (public_id, name, name_key, kind, created_at) VALUES ('a', 'bench', 'bench', 'operator', 5)",
            "INSERT INTO users (public_id, account_id, name, name_key, is_owner, created_at) \
             VALUES ('u', 1, 'bench', 'bench', TRUE, 5), ('r', 1, 'reader', 'reader', FALSE, 5)",
        ] {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        let amount = Amount { manifests: 2_500, repositories: 201, tags: 500 };
        fill(&mut connection, amount).await.unwrap();
        admit_reader(&mut connection).await.unwrap();
        let counters = "SELECT (SELECT sum(tag_count) FROM repositories), (SELECT sum(size) FROM repositories), \
                        (SELECT sum(tag_count) FROM organizations), (SELECT sum(repository_count) FROM organizations), \
                        repository_count, tag_count, size, plain_size FROM accounts";
        let read = async |connection: &mut SqliteConnection| -> Vec<i64> {
            let row = sqlx::query(counters).fetch_one(connection).await.unwrap();
            (0..8).map(|column| row.get(column)).collect()
        };
        let filled = read(&mut connection).await;
        assert_eq!(filled[..6], [500 + 200 * 8, 201 * 6_000, 2_100, 201, 201, 2_100]);
        store
            .run("bench.recount", roadstead_store::Durability::Durable, |tx| {
                let account = roadstead::id::AccountId(1);
                Box::pin(roadstead_store::usage::recount(tx, account))
            })
            .await
            .unwrap();
        assert_eq!(read(&mut connection).await, filled, "the store counts the same");
        let faults = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await;
        assert!(faults.unwrap().is_empty());
        store.close().await;
    }
}
