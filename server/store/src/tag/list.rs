//! Lists of tags: by key for the registry, by page for the console.

use roadstead::id::{ManifestId, RepositoryId, TagId};
use roadstead::manage::tag::COUNTED_TAGS;
use roadstead::oci::MediaType;
use roadstead::page::{Cursor, Order, Page, Window};
use roadstead::{Digest, TagName, Timestamp};

use super::gram;
use crate::dialect::contains;
use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;

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

/// Names in byte order after `cursor.last`, hidden ones included: the registry's list.
pub async fn list(tx: &mut Tx<'_>, place: &Place, cursor: &Cursor) -> Result<Vec<TagName>> {
    let mut statement =
        sql("SELECT name FROM tags WHERE repository_id = $1 AND deleted_at IS NULL")
            .bind(place.repository);
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
    /// Where an index finds what is searched for; `None` when nothing is, or no index can tell.
    fn candidates(&self, repository: RepositoryId) -> Option<Candidates> {
        let text = self.search.as_ref().filter(|text| !text.is_empty())?;
        if text.contains(':') {
            return Some(Candidates::Digests(repository, range(text)));
        }
        gram::wanted(repository, text).map(Candidates::Names)
    }

    /// Adds the tables, and what is asked of them. When candidates are given, only these are looked at.
    fn push(
        &self,
        statement: &mut Sql,
        tx: &Tx<'_>,
        repository: RepositoryId,
        few: Option<&Candidates>,
    ) {
        statement.push(" FROM ");
        if let Some(candidates) = few {
            candidates.push(statement, tx);
            statement.push(" CROSS JOIN ");
        }
        statement.push("tags t JOIN manifests m ON m.id = t.manifest_id WHERE ");
        if few.is_some() {
            statement.push("t.id = c.id AND ");
        }
        statement.push("t.repository_id = ").push_bind(repository);
        statement.push(" AND t.deleted_at IS NULL AND t.is_hidden = FALSE");
        match &self.search {
            Some(text) if text.contains(':') => {
                let [first, last] = range(text);
                statement.push(" AND t.digest >= ").push_bind(first);
                statement.push(" AND t.digest < ").push_bind(last);
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
         m.architecture, m.variant, m.size, m.total_size, m.layer_count, m.image_created_at"
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

/// A page of tags and how many there are in all; of those that are searched or filtered at most [`COUNTED_TAGS`]. With [`siblings`], [`crate::manifest::children`] and
/// [`crate::referrer::counts`] a page needs four statements, however long it is.
pub async fn list_page(
    tx: &mut Tx<'_>,
    place: &Place,
    filter: &Filter,
    sort: Sort,
    order: Order,
    window: Window,
) -> Result<Page<TagEntry>> {
    if filter.search.as_ref().is_some_and(|text| !text.is_ascii()) {
        // Neither names nor digests have anything but ASCII.
        return Ok(Page { items: Vec::new(), total: 0, window });
    }
    let candidates = filter.candidates(place.repository);
    let few = match &candidates {
        Some(candidates) if candidates.are_few(tx).await? => Some(candidates),
        _ => None,
    };
    let mut statement = sql(entry!());
    filter.push(&mut statement, tx, place.repository, few);
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
    let total = if candidates.is_some() && few.is_none() && filter.platform.is_none() {
        // So many have the parts of the text that counting them would cost more than the page.
        COUNTED_TAGS
    } else {
        total(tx, place.repository, filter, few).await?
    };
    // What is there is there, whatever was counted.
    let total = total.max(window.offset.saturating_add(items.len() as u64).min(COUNTED_TAGS));
    Ok(Page { items, total, window })
}

/// After which tag a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// After this name.
    Name(String),
    /// After this time of the push, and this name.
    Pushed(Timestamp, String),
}

/// Tags after one, by name or by their push; at most `limit`. What is not sorted by the key of `after` begins anew.
pub async fn list_after(
    tx: &mut Tx<'_>,
    place: &Place,
    filter: &Filter,
    (by_name, order): (bool, Order),
    after: Option<&After>,
    limit: u64,
) -> Result<Vec<TagEntry>> {
    if filter.search.as_ref().is_some_and(|text| !text.is_ascii()) {
        return Ok(Vec::new());
    }
    let candidates = filter.candidates(place.repository);
    let few = match &candidates {
        Some(candidates) if candidates.are_few(tx).await? => Some(candidates),
        _ => None,
    };
    let mut statement = sql(entry!());
    filter.push(&mut statement, tx, place.repository, few);
    match (after, by_name, order) {
        (Some(After::Name(name)), true, Order::Asc) => {
            statement.push(" AND t.name > ").push_bind(name.as_str());
        }
        (Some(After::Name(name)), true, Order::Desc) => {
            statement.push(" AND t.name < ").push_bind(name.as_str());
        }
        (Some(After::Pushed(at, name)), false, Order::Asc) => {
            statement.push(" AND (t.pushed_at, t.name) > (").push_bind(*at);
            statement.push(", ").push_bind(name.as_str()).push(")");
        }
        (Some(After::Pushed(at, name)), false, Order::Desc) => {
            statement.push(" AND (t.pushed_at, t.name) < (").push_bind(*at);
            statement.push(", ").push_bind(name.as_str()).push(")");
        }
        _ => {}
    }
    statement.push(match (by_name, order) {
        (true, Order::Asc) => " ORDER BY t.name LIMIT ",
        (true, Order::Desc) => " ORDER BY t.name DESC LIMIT ",
        (false, Order::Asc) => " ORDER BY t.pushed_at, t.name LIMIT ",
        (false, Order::Desc) => " ORDER BY t.pushed_at DESC, t.name DESC LIMIT ",
    });
    statement.push_bind(limit);
    statement.all(tx).await
}

/// Tags that a search may mean, as an index finds them.
enum Candidates {
    /// Those whose names have all these tokens.
    Names(String),
    /// Those in the repository whose digests lie in this range.
    Digests(RepositoryId, [String; 2]),
}

impl Candidates {
    /// Adds their ids, as `c`.
    fn push(&self, statement: &mut Sql, tx: &Tx<'_>) {
        statement.push("(");
        match self {
            Self::Names(tokens) => {
                let [before, after] = tx.dialect().tag_search();
                statement.push(before).push_bind(tokens.as_str()).push(after);
            }
            Self::Digests(repository, [first, last]) => {
                statement
                    .push("SELECT g.id FROM manifests d JOIN tags g ON g.manifest_id = d.id WHERE d.repository_id = ")
                    .push_bind(repository)
                    .push(" AND d.deleted_at IS NULL AND g.deleted_at IS NULL AND d.digest >= ")
                    .push_bind(first.as_str())
                    .push(" AND d.digest < ")
                    .push_bind(last.as_str());
            }
        }
        statement.push(" LIMIT ").push_bind(COUNTED_TAGS + 1).push(") c");
    }

    /// Whether there are no more than [`COUNTED_TAGS`], so that looking at each costs less than going through the list.
    async fn are_few(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let mut statement = sql("SELECT count(*) FROM ");
        self.push(&mut statement, tx);
        Ok(statement.scalar::<u64>(tx).await? <= COUNTED_TAGS)
    }
}

/// From and to before which lies all that begins with a text: what comes after its last character comes after all of it.
fn range(text: &str) -> [String; 2] {
    let first = text.to_ascii_lowercase();
    let last = format!("{first}\u{7f}");
    [first, last]
}

async fn total(
    tx: &mut Tx<'_>,
    repository: RepositoryId,
    filter: &Filter,
    few: Option<&Candidates>,
) -> Result<u64> {
    if filter.search.is_none() && filter.platform.is_none() {
        return sql("SELECT tag_count FROM repositories WHERE id = $1")
            .bind(repository)
            .scalar(tx)
            .await;
    }
    let mut total = sql("SELECT count(*) FROM (SELECT 1");
    filter.push(&mut total, tx, repository, few);
    total.push(" LIMIT ").push_bind(COUNTED_TAGS).push(") f");
    total.scalar(tx).await
}

/// One tag as in a list.
pub async fn entry(tx: &mut Tx<'_>, place: &Place, name: &TagName) -> Result<Option<TagEntry>> {
    sql(concat!(entry!(), " FROM tags t JOIN manifests m ON m.id = t.manifest_id WHERE t.repository_id = $1 AND t.name = $2 AND t.deleted_at IS NULL"))
        .bind(place.repository)
        .bind(name)
        .optional(tx)
        .await
}

/// The newest visible tag.
pub async fn newest(tx: &mut Tx<'_>, place: &Place) -> Result<Option<TagName>> {
    let found =
        sql("SELECT t.name FROM tags t WHERE t.repository_id = $1 AND t.deleted_at IS NULL \
         AND t.is_hidden = FALSE ORDER BY t.pushed_at DESC, t.name DESC LIMIT 1")
        .bind(place.repository)
        .optional::<(TagName,)>(tx)
        .await?;
    Ok(found.map(|(name,)| name))
}

/// The visible tags that point to each of several manifests of the repository, by name.
pub async fn siblings(
    tx: &mut Tx<'_>,
    place: &Place,
    manifests: &[ManifestId],
) -> Result<Vec<(ManifestId, TagName)>> {
    if manifests.is_empty() {
        return Ok(Vec::new());
    }
    // The sign keeps the databases from looking through the whole repository.
    let mut statement = sql("SELECT t.manifest_id, t.name FROM tags t WHERE +t.repository_id = $1 \
                             AND t.deleted_at IS NULL AND t.is_hidden = FALSE AND t.manifest_id IN ")
    .bind(place.repository);
    statement.push_list(manifests);
    statement.push(" ORDER BY t.manifest_id, t.name");
    statement.all(tx).await
}
