//! What changed, in order: for caches, live pages and replicas.
//!
//! Every function of this package that changes something others may have cached notes it. The server hears of its own
//! changes after the commit and before the caller does ([`crate::Store::on_change`]); those of other processes it reads
//! with [`since`].

use roadstead::access::Visibility;
use roadstead::id::{AccountId, OrganizationId, RepositoryId};
use roadstead::{ImageName, Timestamp};

use crate::error::Result;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::words;

words! {
    /// What kind of thing changed.
    ChangeKind {
        /// An account.
        Account = "account",
        /// A user, its password or state.
        User = "user",
        /// Something that decides what somebody may do.
        Permission = "permission",
        /// A login credential.
        Credential = "credential",
        /// An organization.
        Organization = "organization",
        /// A repository.
        Repository = "repository",
        /// A tag; the subject is its name.
        Tag = "tag",
        /// A manifest; the subject is its digest.
        Manifest = "manifest",
        /// A setting; the subject is its name.
        Setting = "setting",
        /// A signing key.
        SigningKey = "signing_key",
        /// A job.
        Job = "job",
    }
}

record! {
    /// One change.
    Change {
        /// What kind of thing.
        kind: ChangeKind,
        /// In which account.
        account_id: Option<AccountId>,
        /// In which organization.
        organization_id: Option<OrganizationId>,
        /// In which repository.
        repository_id: Option<RepositoryId>,
        /// Which one: a tag, digest, setting, access key or user number.
        subject: String,
        /// When.
        happened_at: Timestamp,
    }
}

impl Change {
    /// A change of a kind.
    #[must_use]
    pub const fn new(kind: ChangeKind, at: Timestamp) -> Self {
        Self {
            kind,
            account_id: None,
            organization_id: None,
            repository_id: None,
            subject: String::new(),
            happened_at: at,
        }
    }

    /// In an account.
    #[must_use]
    pub const fn in_account(mut self, account: AccountId) -> Self {
        self.account_id = Some(account);
        self
    }

    /// In an organization.
    #[must_use]
    pub const fn in_organization(mut self, organization: OrganizationId) -> Self {
        self.organization_id = Some(organization);
        self
    }

    /// In a repository.
    #[must_use]
    pub const fn at(mut self, place: &crate::Place) -> Self {
        self.account_id = Some(place.account);
        self.organization_id = Some(place.organization);
        self.repository_id = Some(place.repository);
        self
    }

    /// Which one.
    #[must_use]
    pub fn of(mut self, subject: impl ToString) -> Self {
        self.subject = subject.to_string();
        self
    }
}

impl Tx<'_> {
    /// Notes a change; it is written at the end of the transaction.
    pub fn change(&mut self, change: Change) {
        self.ledger.change(change);
    }
}

/// Writes some changes, at least one.
pub(crate) fn insert(changes: &[Change]) -> Sql {
    let mut statement = sql(
        "INSERT INTO changes (kind, account_id, organization_id, repository_id, subject, happened_at) VALUES ",
    );
    for (index, change) in changes.iter().enumerate() {
        statement.push(if index == 0 { "(" } else { ", (" });
        statement.push_bind(change.kind).push(", ");
        statement.push_bind(change.account_id).push(", ");
        statement.push_bind(change.organization_id).push(", ");
        statement.push_bind(change.repository_id).push(", ");
        statement.push_bind(change.subject.as_str()).push(", ");
        statement.push_bind(change.happened_at).push(")");
    }
    statement
}

/// Where a reader that begins now begins: everything before is history.
pub async fn horizon(tx: &mut Tx<'_>) -> Result<i64> {
    let text = tx.dialect().change_horizon();
    sql(text).scalar(tx).await
}

/// The changes from `cursor` on, and the cursor of the next call. Each change is given once, whatever order
/// transactions commit in.
pub async fn since(tx: &mut Tx<'_>, cursor: i64) -> Result<(Vec<Change>, i64)> {
    let end = horizon(tx).await?;
    if end <= cursor {
        return Ok((Vec::new(), cursor));
    }
    let changes = sql("SELECT kind, account_id, organization_id, repository_id, subject, happened_at FROM changes \
                       WHERE sequence >= $1 AND sequence < $2 ORDER BY sequence")
    .bind(cursor)
    .bind(end)
    .all(tx)
    .await?;
    Ok((changes, end))
}

/// The names of those `repositories` that the caller sees, or saw before they were deleted; in their order.
pub async fn images_seen(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    repositories: &[RepositoryId],
) -> Result<Vec<ImageName>> {
    if repositories.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = sql("SELECT r.path FROM repositories r WHERE r.id IN ");
    statement.push_list(repositories.iter().copied()).push(" AND ");
    crate::visible::images_once(&mut statement, visibility);
    statement.push(" ORDER BY r.path");
    let mut names: Vec<ImageName> =
        statement.all::<(ImageName,)>(tx).await?.into_iter().map(|(name,)| name).collect();
    // A name that was deleted and made again is there twice.
    names.dedup();
    Ok(names)
}

/// Whether the caller sees one of these organizations.
pub async fn sees_one_of(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    organizations: &[OrganizationId],
) -> Result<bool> {
    if organizations.is_empty() {
        return Ok(false);
    }
    let mut statement = sql("SELECT count(*) FROM organizations o WHERE o.id IN ");
    statement.push_list(organizations.iter().copied()).push(" AND ");
    crate::visible::organizations(&mut statement, visibility);
    let count: i64 = statement.scalar(tx).await?;
    Ok(count > 0)
}

/// Forgets changes from before `before`: no reader is that far behind.
pub async fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    sql("DELETE FROM changes WHERE happened_at < $1").bind(before).execute(tx).await
}
