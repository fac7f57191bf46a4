//! Repositories (images): what is inside an organization.
//!
//! Every sort column is stored on the row and indexed; counters reach it through [`crate::ledger`].

use roadstead::access::{Allowed, OrganizationTarget, Permission, Visibility};
use roadstead::id::{AccountId, OrganizationId, RepositoryId, UserId};
use roadstead::page::{Cursor, Order, Page, Window};
use roadstead::{ImageName, OrganizationName, TagName, Timestamp};

use crate::change::{Change, ChangeKind};
use crate::dialect::contains;
use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::visible;

record! {
    /// A repository. Only the store makes one, for whoever may see it.
    #[non_exhaustive]
    RepositoryRecord {
        /// Key; SWR's integer id.
        id: RepositoryId,
        /// The account that owns it.
        account_id: AccountId,
        /// The organization.
        organization_id: OrganizationId,
        /// Organization and name.
        path: ImageName,
        /// Whether everyone may pull.
        is_public: bool,
        /// One of SWR's categories.
        category: String,
        /// Markdown, up to 30,000 characters.
        description: String,
        /// Counts edits of the attributes, for compare-and-set.
        version: u64,
        /// Who created it, while that user exists.
        creator_id: Option<UserId>,
        /// Who created it.
        creator_name: String,
        /// Visible tags.
        tag_count: u64,
        /// Bytes of its blobs, each once.
        size: u64,
        /// Manifest downloads.
        pull_count: u64,
        /// Bytes sent to clients.
        pull_bytes: u64,
        /// Manifest pushes.
        push_count: u64,
        /// Accounts it is shared with.
        share_count: u64,
        /// Last download.
        last_pulled_at: Option<Timestamp>,
        /// Last push.
        last_pushed_at: Option<Timestamp>,
        /// When it was created.
        created_at: Timestamp,
        /// Last push or edit.
        updated_at: Timestamp,
    }
}

impl RepositoryRecord {
    /// Its keys.
    const fn keys(&self) -> Place {
        Place { account: self.account_id, organization: self.organization_id, repository: self.id }
    }
}

macro_rules! columns {
    () => {
        "SELECT r.id, r.account_id, r.organization_id, r.path, r.is_public, r.category, r.description, r.version, \
         r.creator_id, r.creator_name, r.tag_count, r.size, r.pull_count, r.pull_bytes, r.push_count, r.share_count, \
         r.last_pulled_at, r.last_pushed_at, r.created_at, r.updated_at FROM repositories r "
    };
}

mod listing;

pub use listing::{
    Belonging, NAMED_TAGS, TagNames, belonging, list_after, tag_names, tag_names_received,
};

/// What a new repository is made of.
#[derive(Debug, Clone)]
pub struct NewRepository {
    /// The proof that an image of this name may be created in this organization.
    pub organization: Allowed<OrganizationTarget>,
    /// Whether everyone may pull.
    pub is_public: bool,
    /// One of SWR's categories.
    pub category: String,
    /// Markdown.
    pub description: String,
    /// Who creates it.
    pub creator: Option<(UserId, String)>,
    /// Now.
    pub created_at: Timestamp,
}

/// A repository that [`create`] has created, or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The repository.
    pub record: RepositoryRecord,
    /// Its keys: whoever may create it may also fill it.
    pub place: Place,
    /// Whether it is new; else one of this name was there already.
    pub is_new: bool,
}

/// Creates the repository that the proof names, unless it is there already. `None` when the organization has been deleted
/// meanwhile, or the proof is about no image.
pub async fn create(tx: &mut Tx<'_>, new: &NewRepository) -> Result<Option<Created>> {
    let organization = new.organization.target();
    let Some(path) = &organization.new_image else {
        return Ok(None);
    };
    let held = sql("SELECT id FROM organizations WHERE id = $1 AND deleted_at IS NULL")
        .bind(organization.id)
        .and(tx.dialect().for_update())
        .optional::<(OrganizationId,)>(tx)
        .await?;
    if held.is_none() {
        return Ok(None);
    }
    let (creator, creator_name) = new.creator.clone().unzip();
    let created = sql(
        "INSERT INTO repositories (account_id, organization_id, name, path, is_public, category, description, \
         creator_id, creator_name, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(organization.account)
    .bind(organization.id)
    .bind(path.repository())
    .bind(path)
    .bind(new.is_public)
    .bind(new.category.as_str())
    .bind(new.description.as_str())
    .bind(creator)
    .bind(creator_name.unwrap_or_default())
    .bind(new.created_at)
    .optional::<(RepositoryId,)>(tx)
    .await?;
    let found: Option<RepositoryRecord> =
        sql(concat!(columns!(), "WHERE r.path = $1 AND r.deleted_at IS NULL"))
            .bind(path)
            .optional(tx)
            .await?;
    if let (Some(_), Some(record)) = (&created, &found) {
        tx.ledger.organization(record.organization_id).repositories += 1;
        tx.ledger.account(record.account_id).repositories += 1;
        changed(tx, record, new.created_at);
    }
    Ok(found.map(|record| Created { place: record.keys(), record, is_new: created.is_some() }))
}

/// The repository.
pub async fn find(tx: &mut Tx<'_>, place: &Place) -> Result<Option<RepositoryRecord>> {
    sql(concat!(columns!(), "WHERE r.id = $1 AND r.deleted_at IS NULL"))
        .bind(place.repository)
        .optional(tx)
        .await
}

/// What a list is sorted by. Ties are broken by the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Name without the organization.
    Name,
    /// Organization, then name.
    Path,
    /// Last push or edit.
    Updated,
    /// Visible tags.
    Tags,
    /// Size.
    Size,
    /// Downloads.
    Pulls,
    /// Private ones first, or public ones.
    Public,
}

/// Which repositories to list.
#[derive(Debug, Clone)]
pub struct Filter {
    /// What the caller may see.
    pub visibility: Visibility,
    /// Only in these organizations; empty is all.
    pub organizations: Vec<OrganizationName>,
    /// Part of the organization's name, in any case.
    pub organization_part: Option<String>,
    /// Part of the name without the organization, in any case.
    pub search: Option<String>,
    /// Only this category.
    pub category: Option<String>,
    /// Only public ones, or only private ones.
    pub is_public: Option<bool>,
    /// Only those shared with other accounts, of the images whose shares the caller may see: the managed ones.
    pub is_shared: bool,
}

impl Filter {
    /// Everything the caller may see.
    #[must_use]
    pub const fn all(visibility: Visibility) -> Self {
        Self {
            visibility,
            organizations: Vec::new(),
            organization_part: None,
            search: None,
            category: None,
            is_public: None,
            is_shared: false,
        }
    }

    const fn account(&self) -> AccountId {
        match &self.visibility {
            Visibility::Account { account, .. } | Visibility::Granted { account, .. } => *account,
        }
    }

    fn push(&self, statement: &mut Sql) {
        visible::images(statement, &self.visibility);
        if !self.organizations.is_empty() {
            statement.push(
                " AND r.organization_id IN (SELECT o.id FROM organizations o WHERE o.deleted_at IS NULL AND o.name IN ",
            );
            statement.push_list(&self.organizations).push(")");
        }
        if let Some(text) = &self.organization_part {
            statement.push(
                " AND r.organization_id IN (SELECT o.id FROM organizations o WHERE o.deleted_at IS NULL AND o.account_id = ",
            );
            statement.push_bind(self.account()).push(" AND o.name LIKE ");
            statement.push_bind(contains(text)).push(" ESCAPE '\\')");
        }
        if let Some(text) = &self.search {
            statement.push(" AND r.name LIKE ").push_bind(contains(text)).push(" ESCAPE '\\'");
        }
        if let Some(category) = &self.category {
            statement.push(" AND r.category = ").push_bind(category.as_str());
        }
        if let Some(is_public) = self.is_public {
            statement.push(" AND r.is_public = ").push_bind(is_public);
        }
        if self.is_shared {
            statement.push(" AND r.share_count > 0");
            visible::shares(statement, &self.visibility);
        }
    }
}

/// A page of repositories and how many there are in all.
pub async fn list(
    tx: &mut Tx<'_>,
    filter: &Filter,
    sort: Sort,
    order: Order,
    window: Window,
) -> Result<Page<RepositoryRecord>> {
    let mut statement = sql(concat!(columns!(), "WHERE "));
    let mut total = sql("SELECT count(*) FROM repositories r WHERE ");
    filter.push(&mut statement);
    filter.push(&mut total);
    statement.push(match (sort, order) {
        (Sort::Name, Order::Asc) => " ORDER BY r.name, r.id",
        (Sort::Name, Order::Desc) => " ORDER BY r.name DESC, r.id DESC",
        (Sort::Path, Order::Asc) => " ORDER BY r.path",
        (Sort::Path, Order::Desc) => " ORDER BY r.path DESC",
        (Sort::Updated, Order::Asc) => " ORDER BY r.updated_at, r.id",
        (Sort::Updated, Order::Desc) => " ORDER BY r.updated_at DESC, r.id DESC",
        (Sort::Tags, Order::Asc) => " ORDER BY r.tag_count, r.id",
        (Sort::Tags, Order::Desc) => " ORDER BY r.tag_count DESC, r.id DESC",
        (Sort::Size, Order::Asc) => " ORDER BY r.size, r.id",
        (Sort::Size, Order::Desc) => " ORDER BY r.size DESC, r.id DESC",
        (Sort::Pulls, Order::Asc) => " ORDER BY r.pull_count, r.id",
        (Sort::Pulls, Order::Desc) => " ORDER BY r.pull_count DESC, r.id DESC",
        (Sort::Public, Order::Asc) => " ORDER BY r.is_public, r.path",
        (Sort::Public, Order::Desc) => " ORDER BY r.is_public DESC, r.path",
    });
    statement.push(" LIMIT ").push_bind(window.limit);
    statement.push(" OFFSET ").push_bind(window.offset);
    let items = statement.all(tx).await?;
    Ok(Page { items, total: total.scalar(tx).await?, window })
}

record! {
    /// What a list shows of a repository besides its row.
    RepositoryExtra {
        /// The repository.
        id: RepositoryId,
        /// The visible tag pushed last.
        newest_tag: Option<TagName>,
        /// The user's grant on the organization.
        organization_permission: Option<Permission>,
        /// The user's grant on the repository.
        image_permission: Option<Permission>,
    }
}

/// Newest tag and the user's grants, for the repositories of a page.
pub async fn extras(
    tx: &mut Tx<'_>,
    user: Option<UserId>,
    repositories: &[RepositoryRecord],
) -> Result<Vec<RepositoryExtra>> {
    let mut statement = sql(
        "SELECT r.id, (SELECT t.name FROM tags t WHERE t.repository_id = r.id AND t.deleted_at IS NULL \
         AND NOT t.is_hidden ORDER BY t.pushed_at DESC, t.name DESC LIMIT 1) AS newest_tag, \
         (SELECT g.permission FROM organization_grants g WHERE g.user_id = $1 \
         AND g.organization_id = r.organization_id) AS organization_permission, \
         (SELECT g.permission FROM repository_grants g WHERE g.user_id = $1 AND g.repository_id = r.id) \
         AS image_permission FROM repositories r WHERE r.id IN ",
    )
    .bind(user);
    statement.push_list(repositories.iter().map(|repository| repository.id));
    statement.all(tx).await
}

/// Bytes of blobs that no other repository holds, and pulls since the day `since`: what a deletion is about.
pub async fn at_stake(tx: &mut Tx<'_>, place: &Place, since: i32) -> Result<(u64, u64)> {
    sql("SELECT (SELECT CAST(coalesce(sum(b.size), 0) AS BIGINT) FROM repository_blobs l JOIN blobs b ON b.id = l.blob_id \
         WHERE l.repository_id = $1 AND b.link_count = 1), \
         (SELECT CAST(coalesce(sum(d.pulls), 0) AS BIGINT) FROM repository_days d \
         WHERE d.repository_id = $1 AND d.day >= $2)")
    .bind(place.repository)
    .bind(since)
    .one(tx)
    .await
}

/// Names in byte order after `cursor.last`: the registry's catalog.
pub async fn catalog(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    cursor: &Cursor,
) -> Result<Vec<ImageName>> {
    let mut statement = sql("SELECT r.path FROM repositories r WHERE ");
    visible::images(&mut statement, visibility);
    if let Some(last) = &cursor.last {
        statement.push(" AND r.path > ").push_bind(last.as_str());
    }
    statement.push(" ORDER BY r.path LIMIT ").push_bind(cursor.limit);
    Ok(statement.all::<(ImageName,)>(tx).await?.into_iter().map(|(path,)| path).collect())
}

/// What a person edits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Whether everyone may pull.
    pub is_public: Option<bool>,
    /// One of SWR's categories.
    pub category: Option<String>,
    /// Markdown.
    pub description: Option<String>,
}

/// Changes what is given. With `expected`, only if the attributes are still of that version; `None` when they are not, or
/// the repository is gone.
pub async fn update(
    tx: &mut Tx<'_>,
    place: &Place,
    attributes: &Attributes,
    expected: Option<u64>,
    at: Timestamp,
) -> Result<Option<RepositoryRecord>> {
    let changed_rows = sql(
        "UPDATE repositories SET is_public = coalesce($2, is_public), category = coalesce($3, category), \
         description = coalesce($4, description), version = version + 1, \
         updated_at = CASE WHEN $5 > updated_at THEN $5 ELSE updated_at END \
         WHERE id = $1 AND deleted_at IS NULL AND version = coalesce($6, version)",
    )
    .bind(place.repository)
    .bind(attributes.is_public)
    .bind(attributes.category.as_deref())
    .bind(attributes.description.as_deref())
    .bind(at)
    .bind(expected)
    .execute(tx)
    .await?;
    if changed_rows == 0 {
        return Ok(None);
    }
    let record = find(tx, place).await?;
    if let Some(record) = &record {
        changed(tx, record, at);
        if attributes.is_public.is_some() {
            crate::account::bump_permission_epoch(tx, record.account_id, at).await?;
        }
    }
    Ok(record)
}

/// Deletes a repository: it disappears at once with its tags, grants and shares; bytes stay until they are collected.
/// `false` when it was gone already.
pub async fn delete(
    tx: &mut Tx<'_>,
    place: &Place,
    by: Option<UserId>,
    rule: Option<&str>,
    at: Timestamp,
) -> Result<bool> {
    // The counters that leave the organization and the account must be the stored ones.
    tx.settle().await?;
    let counters =
        sql("UPDATE repositories SET deleted_at = $2, deleted_by = $3, deleted_rule = $4 \
         WHERE id = $1 AND deleted_at IS NULL RETURNING tag_count, size, path")
        .bind(place.repository)
        .bind(at)
        .bind(by)
        .bind(rule)
        .optional::<(i64, i64, ImageName)>(tx)
        .await?;
    let Some((tags, size, path)) = counters else {
        return Ok(false);
    };
    sql("DELETE FROM repository_grants WHERE repository_id = $1")
        .bind(place.repository)
        .execute(tx)
        .await?;
    sql("DELETE FROM shares WHERE repository_id = $1").bind(place.repository).execute(tx).await?;
    let organization = tx.ledger.organization(place.organization);
    organization.repositories -= 1;
    organization.tags -= tags;
    organization.size -= size;
    let account = tx.ledger.account(place.account);
    account.repositories -= 1;
    account.tags -= tags;
    tx.change(Change::new(ChangeKind::Repository, at).at(place).of(&path));
    crate::account::bump_permission_epoch(tx, place.account, at).await?;
    Ok(true)
}

fn changed(tx: &mut Tx<'_>, repository: &RepositoryRecord, at: Timestamp) {
    tx.change(Change::new(ChangeKind::Repository, at).at(&repository.keys()).of(&repository.path));
}
