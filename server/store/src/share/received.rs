//! What other accounts share with one.

use roadstead::access::{Allowed, RepositoryTarget};
use roadstead::id::{AccountId, OrganizationId, RepositoryId};
use roadstead::page::{Order, Page, Window};
use roadstead::{AccountName, ImageName, OrganizationName, TagName, Timestamp};

use crate::dialect::contains;
use crate::error::Result;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;

record! {
    /// An image that another account shares. Once the share has ended nothing is told of the image but its name.
    ReceivedRecord {
        /// The image.
        repository_id: RepositoryId,
        /// Organization and name.
        path: ImageName,
        /// The account that shares it.
        owner_name: AccountName,
        /// One of SWR's categories.
        category: String,
        /// Markdown.
        description: String,
        /// Visible tags.
        tag_count: u64,
        /// Bytes of its blobs, each once.
        size: u64,
        /// Manifest downloads.
        pull_count: u64,
        /// The visible tag pushed last.
        newest_tag: Option<TagName>,
        /// When the image was created; of an ended share, when it was shared.
        created_at: Timestamp,
        /// Last push or edit; of an ended share, when it ended.
        updated_at: Timestamp,
        /// What the sharer says about it.
        note: String,
        /// When the share ends; `None` is never.
        expires_at: Option<Timestamp>,
    }
}

/// Which images shared by others to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// With which account they are shared, and the proof.
    pub account: Allowed<AccountId>,
    /// Only these; `None` is all.
    pub only: Option<Vec<RepositoryId>>,
    /// Part of the name without the organization, in any case.
    pub search: Option<String>,
    /// Only of the account with this name.
    pub owner: Option<AccountName>,
    /// Only in this organization.
    pub organization: Option<OrganizationName>,
    /// Only those in force, or only those that have ended.
    pub is_valid: Option<bool>,
    /// Now.
    pub now: Timestamp,
}

/// What a list of images shared by others is sorted by. Ties are broken by the image's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceivedSort {
    /// Name without the organization.
    Name,
    /// Organization, then name.
    Path,
    /// Account that shares.
    Owner,
    /// Visible tags.
    Tags,
    /// Last push or edit.
    Updated,
}

/// Begins a statement over private images that are there: on public ones shares have no effect. `$1` is now, `$2` the
/// account.
macro_rules! over {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM (SELECT s.repository_id, s.account_id, s.description AS note, s.expires_at, s.created_at AS shared_at, \
             coalesce(s.expires_at > $1, TRUE) AS is_valid FROM shares s WHERE s.target_account_id = $2) s \
             JOIN repositories r ON r.id = s.repository_id JOIN accounts a ON a.id = s.account_id \
             WHERE r.deleted_at IS NULL AND NOT r.is_public"
        )
    };
}

impl Received {
    fn push(&self, statement: &mut Sql) {
        if let Some(only) = &self.only {
            statement.push(" AND r.id IN ").push_list(only);
        }
        if let Some(text) = &self.search {
            statement.push(" AND r.name LIKE ").push_bind(contains(text)).push(" ESCAPE '\\'");
        }
        if let Some(owner) = &self.owner {
            statement.push(" AND a.name_key = ").push_bind(owner.folded());
        }
        if let Some(organization) = &self.organization {
            statement.push(" AND r.organization_id = (SELECT o.id FROM organizations o WHERE o.deleted_at IS NULL AND o.name = ");
            statement.push_bind(organization).push(")");
        }
        match self.is_valid {
            Some(true) => drop(statement.push(" AND s.is_valid")),
            Some(false) => drop(statement.push(" AND NOT s.is_valid")),
            None => {}
        }
    }
}

/// Begins a statement that gives [`ReceivedRecord`] rows, with what is asked of them.
fn shown(filter: &Received) -> Sql {
    let mut statement = sql(over!(
        "r.id AS repository_id, r.path, r.name, a.name AS owner_name, a.name_key AS owner_key, s.note, s.expires_at, \
         CASE WHEN s.is_valid THEN r.category ELSE 'other' END AS category, \
         CASE WHEN s.is_valid THEN r.description ELSE '' END AS description, \
         CASE WHEN s.is_valid THEN r.tag_count ELSE 0 END AS tag_count, \
         CASE WHEN s.is_valid THEN r.size ELSE 0 END AS size, \
         CASE WHEN s.is_valid THEN r.pull_count ELSE 0 END AS pull_count, \
         CASE WHEN s.is_valid THEN (SELECT t.name FROM tags t WHERE t.repository_id = r.id AND t.deleted_at IS NULL \
         AND NOT t.is_hidden ORDER BY t.pushed_at DESC, t.name DESC LIMIT 1) END AS newest_tag, \
         CASE WHEN s.is_valid THEN r.created_at ELSE s.shared_at END AS created_at, \
         CASE WHEN s.is_valid THEN r.updated_at ELSE s.expires_at END AS updated_at"
    ))
    .bind(filter.now)
    .bind(*filter.account.target());
    filter.push(&mut statement);
    statement
}

/// Images that other accounts share with one.
pub async fn received(
    tx: &mut Tx<'_>,
    filter: &Received,
    sort: ReceivedSort,
    order: Order,
    window: Window,
) -> Result<Page<ReceivedRecord>> {
    let mut statement = shown(filter);
    statement.push(match (sort, order) {
        (ReceivedSort::Name, Order::Asc) => " ORDER BY r.name, r.path",
        (ReceivedSort::Name, Order::Desc) => " ORDER BY r.name DESC, r.path DESC",
        (ReceivedSort::Path, Order::Asc) => " ORDER BY r.path",
        (ReceivedSort::Path, Order::Desc) => " ORDER BY r.path DESC",
        (ReceivedSort::Owner, Order::Asc) => " ORDER BY owner_key, r.path",
        (ReceivedSort::Owner, Order::Desc) => " ORDER BY owner_key DESC, r.path",
        // What is sorted by is what is shown: of an ended share not what the image has now.
        (ReceivedSort::Tags, Order::Asc) => " ORDER BY tag_count, r.path",
        (ReceivedSort::Tags, Order::Desc) => " ORDER BY tag_count DESC, r.path",
        (ReceivedSort::Updated, Order::Asc) => " ORDER BY updated_at, r.path",
        (ReceivedSort::Updated, Order::Desc) => " ORDER BY updated_at DESC, r.path",
    });
    statement.push(" LIMIT ").push_bind(window.limit);
    statement.push(" OFFSET ").push_bind(window.offset);
    let items = statement.all(tx).await?;
    Ok(Page { items, total: received_count(tx, filter).await?, window })
}

/// The same in the order of the images' keys, after the key `marker`; at most `limit`.
pub async fn received_after(
    tx: &mut Tx<'_>,
    filter: &Received,
    marker: i64,
    limit: u64,
) -> Result<Vec<ReceivedRecord>> {
    let mut statement = shown(filter);
    statement.push(" AND s.repository_id > ").push_bind(marker);
    statement.push(" ORDER BY s.repository_id LIMIT ").push_bind(limit);
    statement.all(tx).await
}

/// How many there are.
pub async fn received_count(tx: &mut Tx<'_>, filter: &Received) -> Result<u64> {
    let mut total = sql(over!("count(*)")).bind(filter.now).bind(*filter.account.target());
    filter.push(&mut total);
    total.scalar(tx).await
}

/// The private images that are shared with an account, at most 10,000: to leave out what policies deny.
pub async fn received_images(
    tx: &mut Tx<'_>,
    account: Allowed<AccountId>,
) -> Result<Vec<RepositoryTarget>> {
    let found = sql(
        "SELECT r.id, r.organization_id, r.account_id, r.path FROM shares s JOIN repositories r ON r.id = s.repository_id \
         WHERE s.target_account_id = $1 AND r.deleted_at IS NULL AND NOT r.is_public ORDER BY r.path LIMIT 10000",
    )
    .bind(*account.target())
    .all::<(RepositoryId, OrganizationId, AccountId, ImageName)>(tx)
    .await?;
    let target = |(id, organization, account, name)| RepositoryTarget {
        id,
        organization,
        account,
        name,
        is_public: false,
    };
    Ok(found.into_iter().map(target).collect())
}
