//! What the management API lists of repositories beside their rows: pages by key, names of tags, and whose they are.

use roadstead::AccountName;
use roadstead::id::{PublicId, RepositoryId};

use super::{Filter, RepositoryRecord};
use crate::error::Result;
use crate::ledger::Place;
use crate::row::record;
use crate::share::ReceivedRecord;
use crate::sql::sql;
use crate::tx::Tx;

/// Most tags that are named of one repository in a list, those pushed last.
pub const NAMED_TAGS: u64 = 100;

record! {
    /// Whose a repository is, on the wire.
    Belonging {
        /// Id of the account that owns it.
        owner: PublicId,
        /// Name of that account.
        owner_name: AccountName,
        /// Id of who created it, while that user exists.
        creator: Option<PublicId>,
    }
}

/// Whose the repository is; `None` when it has been deleted meanwhile.
pub async fn belonging(tx: &mut Tx<'_>, place: &Place) -> Result<Option<Belonging>> {
    sql("SELECT a.public_id AS owner, a.name AS owner_name, u.public_id AS creator FROM repositories r \
         JOIN accounts a ON a.id = r.account_id LEFT JOIN users u ON u.id = r.creator_id AND u.deleted_at IS NULL \
         WHERE r.id = $1 AND r.deleted_at IS NULL")
    .bind(place.repository)
    .optional(tx)
    .await
}

/// Repositories in the order of their keys, after the key `marker`; at most `limit`.
pub async fn list_after(
    tx: &mut Tx<'_>,
    filter: &Filter,
    marker: i64,
    limit: u64,
) -> Result<Vec<RepositoryRecord>> {
    let mut statement = sql(concat!(columns!(), "WHERE "));
    filter.push(&mut statement);
    statement.push(" AND r.id > ").push_bind(marker);
    statement.push(" ORDER BY r.id LIMIT ").push_bind(limit);
    statement.all(tx).await
}

record! {
    /// Visible tags of a repository.
    TagNames {
        /// The repository.
        id: RepositoryId,
        /// Their names, the tag pushed last first, divided by commas; `None` when there are none.
        names: Option<String>,
    }
}

/// Names of visible tags of the repositories of a page, at most [`NAMED_TAGS`] of each.
pub async fn tag_names(
    tx: &mut Tx<'_>,
    repositories: &[RepositoryRecord],
) -> Result<Vec<TagNames>> {
    names_of(tx, repositories.iter().map(|repository| repository.id).collect()).await
}

/// The same, of repositories that other accounts share.
pub async fn tag_names_received(
    tx: &mut Tx<'_>,
    repositories: &[ReceivedRecord],
) -> Result<Vec<TagNames>> {
    names_of(tx, repositories.iter().map(|repository| repository.repository_id).collect()).await
}

async fn names_of(tx: &mut Tx<'_>, repositories: Vec<RepositoryId>) -> Result<Vec<TagNames>> {
    if repositories.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = sql(
        "SELECT r.id, (SELECT string_agg(x.name, ',') FROM (SELECT t.name FROM tags t WHERE t.repository_id = r.id \
         AND t.deleted_at IS NULL AND t.is_hidden = FALSE ORDER BY t.pushed_at DESC, t.name DESC LIMIT $1) x) AS names \
         FROM repositories r WHERE r.id IN ",
    )
    .bind(NAMED_TAGS);
    statement.push_list(repositories);
    statement.all(tx).await
}
