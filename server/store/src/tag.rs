//! Tags: human-readable pointers to manifests, with their history.
//!
//! [`set`] moves a tag, by compare-and-set when asked; every move and deletion is a row of the history. Fallback and
//! signature tags (`sha256-…`) are kept like all others but are hidden: not counted, not in the console's lists.

use roadstead::id::{ManifestId, RepositoryId, TagId, UserId};
use roadstead::oci::MediaType;
use roadstead::page::{Cursor, Order, Page, Window};
use roadstead::{Digest, TagName, Timestamp};

use crate::change::{Change, ChangeKind};
use crate::dialect::{begins, contains};
use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::words;

/// Who did it, as it is kept in history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// The user; `None` for jobs.
    pub id: Option<UserId>,
    /// Its name then, or the job's.
    pub name: String,
}

record! {
    /// A tag.
    TagRecord {
        /// Key; SWR's integer id.
        id: TagId,
        /// The repository.
        repository_id: RepositoryId,
        /// Name.
        name: TagName,
        /// What it points to.
        manifest_id: ManifestId,
        /// What it points to, under the digest it was pushed with.
        digest: Digest,
        /// Counts its moves.
        revision: u64,
        /// First push.
        created_at: Timestamp,
        /// Last push.
        pushed_at: Timestamp,
        /// Who pushed last.
        pusher_name: String,
        /// Downloads by this name.
        pull_count: u64,
        /// Last download by this name.
        last_pulled_at: Option<Timestamp>,
    }
}

record! {
    /// A tag with what it points to, for lists.
    TagEntry {
        /// Key; SWR's integer id.
        id: TagId,
        /// Name.
        name: TagName,
        /// What it points to.
        manifest_id: ManifestId,
        /// Digest.
        digest: Digest,
        /// First push.
        created_at: Timestamp,
        /// Last push.
        pushed_at: Timestamp,
        /// Who pushed last.
        pusher_name: String,
        /// Downloads by this name.
        pull_count: u64,
        /// Last download by this name.
        last_pulled_at: Option<Timestamp>,
        /// Media type of the manifest.
        media_type: MediaType,
        /// Whether that is an index.
        is_index: bool,
        /// Its artifact type.
        artifact_type: Option<String>,
        /// Digest of the configuration.
        config_digest: Option<Digest>,
        /// Media type of the configuration.
        config_media_type: Option<String>,
        /// Operating system.
        os: Option<String>,
        /// Architecture.
        architecture: Option<String>,
        /// Variant.
        variant: Option<String>,
        /// Bytes of the manifest.
        size: u64,
        /// Bytes of configuration and layers; 0 for an index.
        total_size: u64,
        /// Layers.
        layer_count: u32,
        /// When the image was built.
        image_created_at: Option<Timestamp>,
    }
}

record! {
    /// One move of a tag.
    TagEvent {
        /// Name.
        name: TagName,
        /// `push`, `delete` or `restore`.
        action: String,
        /// What it points to since; `None` after a deletion.
        digest: Option<Digest>,
        /// What it pointed to before; `None` if it was new.
        previous_digest: Option<Digest>,
        /// The rule that did it.
        rule: Option<String>,
        /// Who did it.
        actor_name: String,
        /// When.
        happened_at: Timestamp,
    }
}

words! {
    /// Kinds of moves.
    Action {
        /// The tag points to something new.
        Push = "push",
        /// The tag is gone.
        Delete = "delete",
        /// The tag is back.
        Restore = "restore",
    }
}

/// What a tag must be for [`set`] to move it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is: the last push wins.
    Anything,
    /// It must not exist.
    Absent,
    /// It must point here.
    Digest(Digest),
}

/// Moves a tag.
#[derive(Debug, Clone)]
pub struct SetTag {
    /// The repository.
    pub place: Place,
    /// Name.
    pub name: TagName,
    /// What it points to from now on.
    pub manifest: ManifestId,
    /// Digest under which that was pushed.
    pub digest: Digest,
    /// What it must be now.
    pub expected: Expected,
    /// Who.
    pub actor: Actor,
    /// Now.
    pub at: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagSet {
    /// It points there now.
    Done {
        /// Key.
        id: TagId,
        /// What it pointed to before; `None` if it is new.
        previous: Option<Digest>,
    },
    /// It was not as expected; nothing happened.
    Conflict {
        /// What it points to.
        current: Option<Digest>,
    },
}

/// Moves a tag, or creates it.
pub async fn set(tx: &mut Tx<'_>, set: &SetTag) -> Result<TagSet> {
    let current = sql(
        "SELECT digest FROM tags WHERE repository_id = $1 AND name = $2 AND deleted_at IS NULL",
    )
    .bind(set.place.repository)
    .bind(&set.name)
    .and(tx.dialect().for_update())
    .optional::<(Digest,)>(tx)
    .await?
    .map(|(digest,)| digest);
    let as_expected = match &set.expected {
        Expected::Anything => true,
        Expected::Absent => current.is_none(),
        Expected::Digest(digest) => current.as_ref() == Some(digest),
    };
    if !as_expected {
        return Ok(TagSet::Conflict { current });
    }
    let is_hidden = set.name.is_fallback();
    let mut upsert = sql(
        "INSERT INTO tags (repository_id, name, manifest_id, digest, is_hidden, created_at, pushed_at, pusher_id, \
         pusher_name) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8) \
         ON CONFLICT (repository_id, name) WHERE deleted_at IS NULL ",
    );
    upsert.push(match set.expected {
        Expected::Absent => "DO NOTHING",
        Expected::Anything | Expected::Digest(_) => {
            "DO UPDATE SET manifest_id = excluded.manifest_id, digest = excluded.digest, pushed_at = excluded.pushed_at, \
             pusher_id = excluded.pusher_id, pusher_name = excluded.pusher_name, \
             revision = tags.revision + CASE WHEN tags.digest = excluded.digest THEN 0 ELSE 1 END"
        }
    });
    let written = upsert
        .and(" RETURNING id")
        .bind(set.place.repository)
        .bind(&set.name)
        .bind(set.manifest)
        .bind(&set.digest)
        .bind(is_hidden)
        .bind(set.at)
        .bind(set.actor.id)
        .bind(set.actor.name.as_str())
        .optional::<(TagId,)>(tx)
        .await?;
    let Some((id,)) = written else {
        return Ok(TagSet::Conflict { current: None });
    };
    if current.is_none() && !is_hidden {
        tx.ledger.tags(&set.place, 1);
    }
    if current.as_ref() != Some(&set.digest) {
        let moved = (Some(&set.digest), current.as_ref());
        note(tx, &set.place, id, &set.name, Action::Push, moved, None, &set.actor, set.at).await?;
    }
    let delta = tx.ledger.repository(set.place.repository);
    delta.updated_at = delta.updated_at.max(Some(set.at));
    tx.change(Change::new(ChangeKind::Tag, set.at).at(&set.place).of(&set.name));
    Ok(TagSet::Done { id, previous: current })
}

#[allow(
    clippy::too_many_arguments,
    reason = "one row of the history, used three times in this file"
)]
async fn note(
    tx: &mut Tx<'_>,
    place: &Place,
    tag: TagId,
    name: &TagName,
    action: Action,
    (digest, previous): (Option<&Digest>, Option<&Digest>),
    rule: Option<&str>,
    actor: &Actor,
    at: Timestamp,
) -> Result<()> {
    sql("INSERT INTO tag_history (repository_id, tag_id, name, action, digest, previous_digest, rule, actor_id, \
         actor_name, happened_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
    .bind(place.repository)
    .bind(tag)
    .bind(name)
    .bind(action)
    .bind(digest)
    .bind(previous)
    .bind(rule)
    .bind(actor.id)
    .bind(actor.name.as_str())
    .bind(at)
    .execute(tx)
    .await?;
    Ok(())
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, repository_id, name, manifest_id, digest, revision, created_at, pushed_at, pusher_name, \
             pull_count, last_pulled_at FROM tags ",
            $rest
        )
    };
}

/// The tag of this name.
pub async fn find(
    tx: &mut Tx<'_>,
    repository: RepositoryId,
    name: &TagName,
) -> Result<Option<TagRecord>> {
    sql(select!("WHERE repository_id = $1 AND name = $2 AND deleted_at IS NULL"))
        .bind(repository)
        .bind(name)
        .optional(tx)
        .await
}

/// Names in byte order after `cursor.last`, hidden ones included: the registry's list.
pub async fn list(
    tx: &mut Tx<'_>,
    repository: RepositoryId,
    cursor: &Cursor,
) -> Result<Vec<TagName>> {
    let mut statement =
        sql("SELECT name FROM tags WHERE repository_id = $1 AND deleted_at IS NULL")
            .bind(repository);
    if let Some(last) = &cursor.last {
        statement.push(" AND name > ").push_bind(last.as_str());
    }
    statement.push(" ORDER BY name LIMIT ").push_bind(cursor.limit);
    Ok(statement.all::<(TagName,)>(tx).await?.into_iter().map(|(name,)| name).collect())
}

/// What a list of tags is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Name.
    Name,
    /// Last push; ties by name.
    Pushed,
    /// Configuration and layers; of an index the largest child. Ties by name.
    Size,
}

/// Which tags to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of the name in any case, or the beginning of a digest (`sha256:…`).
    pub search: Option<String>,
    /// Only images of this operating system and architecture, alone or in an index.
    pub platform: Option<(String, String)>,
    /// Of that platform only this variant.
    pub variant: Option<String>,
}

impl Filter {
    fn push(&self, statement: &mut Sql, repository: RepositoryId) {
        statement.push(" WHERE t.repository_id = ").push_bind(repository);
        statement.push(" AND t.deleted_at IS NULL AND t.is_hidden = FALSE");
        match &self.search {
            Some(text) if text.contains(':') => {
                statement.push(" AND t.digest LIKE ").push_bind(begins(text)).push(" ESCAPE '\\'");
            }
            Some(text) => {
                statement
                    .push(" AND lower(t.name) LIKE ")
                    .push_bind(contains(text))
                    .push(" ESCAPE '\\'");
            }
            None => {}
        }
        if let Some((os, architecture)) = &self.platform {
            statement.push(" AND ((m.os = ").push_bind(os.as_str());
            statement.push(" AND m.architecture = ").push_bind(architecture.as_str());
            if let Some(variant) = &self.variant {
                statement.push(" AND m.variant = ").push_bind(variant.as_str());
            }
            statement.push(") OR EXISTS (SELECT 1 FROM manifest_children e WHERE e.parent_id = m.id AND e.os = ");
            statement.push_bind(os.as_str());
            statement.push(" AND e.architecture = ").push_bind(architecture.as_str());
            if let Some(variant) = &self.variant {
                statement.push(" AND e.variant = ").push_bind(variant.as_str());
            }
            statement.push("))");
        }
    }
}

macro_rules! entry {
    () => {
        "SELECT t.id, t.name, t.manifest_id, t.digest, t.created_at, t.pushed_at, t.pusher_name, t.pull_count, \
         t.last_pulled_at, m.media_type, m.is_index, m.artifact_type, m.config_digest, m.config_media_type, m.os, \
         m.architecture, m.variant, m.size, m.total_size, m.layer_count, m.image_created_at \
         FROM tags t JOIN manifests m ON m.id = t.manifest_id"
    };
}

/// What a list shows as the size.
macro_rules! whole_size {
    () => {
        "CASE WHEN m.is_index THEN coalesce((SELECT max(c.total_size) FROM manifest_children e JOIN manifests c \
         ON c.repository_id = e.repository_id AND c.digest = e.digest AND c.deleted_at IS NULL \
         WHERE e.parent_id = m.id), 0) ELSE m.total_size END"
    };
}

/// A page of tags and how many there are in all. With [`siblings`], [`crate::manifest::children`] and
/// [`crate::referrer::counts`] a page needs four statements, however long it is.
pub async fn list_page(
    tx: &mut Tx<'_>,
    repository: RepositoryId,
    filter: &Filter,
    sort: Sort,
    order: Order,
    window: Window,
) -> Result<Page<TagEntry>> {
    let mut statement = sql(entry!());
    filter.push(&mut statement, repository);
    statement.push(match (sort, order) {
        (Sort::Name, Order::Asc) => " ORDER BY t.name",
        (Sort::Name, Order::Desc) => " ORDER BY t.name DESC",
        (Sort::Pushed, Order::Asc) => " ORDER BY t.pushed_at, t.name",
        (Sort::Pushed, Order::Desc) => " ORDER BY t.pushed_at DESC, t.name DESC",
        (Sort::Size, Order::Asc) => concat!(" ORDER BY ", whole_size!(), ", t.name"),
        (Sort::Size, Order::Desc) => concat!(" ORDER BY ", whole_size!(), " DESC, t.name DESC"),
    });
    statement.push(" LIMIT ").push_bind(window.limit);
    statement.push(" OFFSET ").push_bind(window.offset);
    let items = statement.all(tx).await?;
    Ok(Page { items, total: total(tx, repository, filter).await?, window })
}

async fn total(tx: &mut Tx<'_>, repository: RepositoryId, filter: &Filter) -> Result<u64> {
    if filter.search.is_none() && filter.platform.is_none() {
        return sql("SELECT tag_count FROM repositories WHERE id = $1")
            .bind(repository)
            .scalar(tx)
            .await;
    }
    let mut total = sql(if filter.platform.is_some() {
        "SELECT count(*) FROM tags t JOIN manifests m ON m.id = t.manifest_id"
    } else {
        "SELECT count(*) FROM tags t"
    });
    filter.push(&mut total, repository);
    total.scalar(tx).await
}

/// One tag as in a list.
pub async fn entry(
    tx: &mut Tx<'_>,
    repository: RepositoryId,
    name: &TagName,
) -> Result<Option<TagEntry>> {
    sql(concat!(entry!(), " WHERE t.repository_id = $1 AND t.name = $2 AND t.deleted_at IS NULL"))
        .bind(repository)
        .bind(name)
        .optional(tx)
        .await
}

/// The newest visible tag of each of several repositories that has one.
pub async fn newest(
    tx: &mut Tx<'_>,
    repositories: &[RepositoryId],
) -> Result<Vec<(RepositoryId, TagName)>> {
    if repositories.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = sql(
        "SELECT r.id, (SELECT t.name FROM tags t WHERE t.repository_id = r.id AND t.deleted_at IS NULL \
         AND t.is_hidden = FALSE ORDER BY t.pushed_at DESC, t.name DESC LIMIT 1) FROM repositories r WHERE r.id IN ",
    );
    statement.push_list(repositories);
    let rows = statement.all::<(RepositoryId, Option<TagName>)>(tx).await?;
    Ok(rows.into_iter().filter_map(|(id, name)| Some((id, name?))).collect())
}

/// The visible tags that point to each of several manifests, by name.
pub async fn siblings(
    tx: &mut Tx<'_>,
    manifests: &[ManifestId],
) -> Result<Vec<(ManifestId, TagName)>> {
    if manifests.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = sql("SELECT t.manifest_id, t.name FROM tags t WHERE t.deleted_at IS NULL \
                             AND t.is_hidden = FALSE AND t.manifest_id IN ");
    statement.push_list(manifests);
    statement.push(" ORDER BY t.manifest_id, t.name");
    statement.all(tx).await
}

/// Deletes a tag; the manifest stays. With `expected`, only if it still points there. Answers what it pointed to; `None`
/// when there is no such tag.
pub async fn delete(
    tx: &mut Tx<'_>,
    place: &Place,
    name: &TagName,
    expected: Option<&Digest>,
    by: &Actor,
    rule: Option<&str>,
    at: Timestamp,
) -> Result<Option<Digest>> {
    let deleted = sql("UPDATE tags SET deleted_at = $3, deleted_by = $4, deleted_rule = $5 WHERE repository_id = $1 \
                       AND name = $2 AND deleted_at IS NULL AND digest = coalesce($6, digest) RETURNING id, name, digest")
    .bind(place.repository)
    .bind(name)
    .bind(at)
    .bind(by.id)
    .bind(rule)
    .bind(expected)
    .optional::<(TagId, TagName, Digest)>(tx)
    .await?;
    match deleted {
        Some(row) => {
            let digest = row.2.clone();
            note_deleted(tx, place, row, by, rule, at).await?;
            Ok(Some(digest))
        }
        None => Ok(None),
    }
}

/// Deletes every tag that points to a manifest.
pub(crate) async fn delete_of_manifest(
    tx: &mut Tx<'_>,
    place: &Place,
    manifest: ManifestId,
    by: &Actor,
    rule: Option<&str>,
    at: Timestamp,
) -> Result<Vec<TagName>> {
    let deleted = sql("UPDATE tags SET deleted_at = $2, deleted_by = $3, deleted_rule = $4 \
                       WHERE manifest_id = $1 AND deleted_at IS NULL RETURNING id, name, digest")
    .bind(manifest)
    .bind(at)
    .bind(by.id)
    .bind(rule)
    .all::<(TagId, TagName, Digest)>(tx)
    .await?;
    let mut names = Vec::with_capacity(deleted.len());
    for row in deleted {
        names.push(row.1.clone());
        note_deleted(tx, place, row, by, rule, at).await?;
    }
    names.sort();
    Ok(names)
}

async fn note_deleted(
    tx: &mut Tx<'_>,
    place: &Place,
    (id, name, digest): (TagId, TagName, Digest),
    by: &Actor,
    rule: Option<&str>,
    at: Timestamp,
) -> Result<()> {
    note(tx, place, id, &name, Action::Delete, (None, Some(&digest)), rule, by, at).await?;
    if !name.is_fallback() {
        tx.ledger.tags(place, -1);
    }
    let delta = tx.ledger.repository(place.repository);
    delta.updated_at = delta.updated_at.max(Some(at));
    tx.change(Change::new(ChangeKind::Tag, at).at(place).of(&name));
    Ok(())
}

/// The moves of one tag, the last first.
pub async fn history(
    tx: &mut Tx<'_>,
    repository: RepositoryId,
    name: &TagName,
    limit: u32,
) -> Result<Vec<TagEvent>> {
    sql("SELECT name, action, digest, previous_digest, rule, actor_name, happened_at FROM tag_history \
         WHERE repository_id = $1 AND name = $2 ORDER BY id DESC LIMIT $3")
    .bind(repository)
    .bind(name)
    .bind(limit)
    .all(tx)
    .await
}

/// Removes for good tags that were deleted before `before`, at most `limit`. Answers how many.
pub async fn purge(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64> {
    let found = sql("SELECT id FROM tags WHERE deleted_at IS NOT NULL AND deleted_at < $1 ORDER BY deleted_at, id LIMIT $2")
        .bind(before)
        .bind(limit)
        .and(tx.dialect().skip_locked())
        .all::<(TagId,)>(tx)
        .await?;
    if found.is_empty() {
        return Ok(0);
    }
    let mut statement = sql("DELETE FROM tags WHERE id IN ");
    statement.push_list(found.iter().map(|(id,)| id));
    statement.execute(tx).await
}
