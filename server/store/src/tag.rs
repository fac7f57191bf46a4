//! Tags: human-readable pointers to manifests, with their history.
//!
//! [`set`] moves a tag, by compare-and-set when asked; every move and deletion is a row of the history. Fallback and
//! signature tags (`sha256-…`) are kept like all others but are hidden: not counted, not in the console's lists.

mod gram;
mod list;

use roadstead::id::{ManifestId, RepositoryId, TagId, UserId};
use roadstead::{Digest, TagName, Timestamp};

use crate::change::{Change, ChangeKind};
use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::words;

pub use list::{
    After, Filter, Sort, TagEntry, entry, list, list_after, list_page, newest, siblings,
};

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
         pusher_name, grams) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9) \
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
        .bind(gram::of(set.place.repository, &set.name))
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
    .queue(tx)
    .await
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
pub async fn find(tx: &mut Tx<'_>, place: &Place, name: &TagName) -> Result<Option<TagRecord>> {
    sql(select!("WHERE repository_id = $1 AND name = $2 AND deleted_at IS NULL"))
        .bind(place.repository)
        .bind(name)
        .optional(tx)
        .await
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
    place: &Place,
    name: &TagName,
    limit: u32,
) -> Result<Vec<TagEvent>> {
    sql("SELECT name, action, digest, previous_digest, rule, actor_name, happened_at FROM tag_history \
         WHERE repository_id = $1 AND name = $2 ORDER BY id DESC LIMIT $3")
    .bind(place.repository)
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
