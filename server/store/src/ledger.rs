//! Counters, gathered while a transaction runs and written at its end.
//!
//! A repository, its organization and its account carry stored counters, so that lists sort by index and pages need no
//! sums. Query functions only note the difference here; what several statements (on SQLite: several grouped
//! transactions) changed is written once, in the order repository, organization, account, smallest id first, so that
//! two PostgreSQL transactions cannot deadlock over it. Whoever reads a counter in the same transaction calls
//! [`Tx::settle`] first.
//!
//! Changes for caches and live pages are gathered in the same way ([`crate::change`]).

use std::collections::BTreeMap;

use roadstead::Timestamp;
use roadstead::access::{Allowed, GroupKey, OrganizationKey, PolicyKey, RepositoryTarget, UserKey};
use roadstead::id::{AccountId, OrganizationId, RepositoryId};

use crate::change::Change;
use crate::error::Result;
use crate::sql::{Batch, Sql, sql};
use crate::tx::Tx;

/// A repository that somebody may do something with: its own key and those of what owns it. The store's form of
/// `Allowed<RepositoryTarget>`, as small as a copy: whoever has one was allowed to, or has just created the repository
/// ([`crate::repository::create`]). Nothing else makes one:
///
/// ```compile_fail,E0451
/// use roadstead::id::{AccountId, OrganizationId, RepositoryId};
/// use roadstead_store::Place;
/// let forged = Place {
///     account: AccountId(1),
///     organization: OrganizationId(2),
///     repository: RepositoryId(3),
/// };
/// ```
/// ```compile_fail,E0616
/// fn turn(place: &mut roadstead_store::Place) {
///     place.repository = roadstead::id::RepositoryId(3);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub(crate) account: AccountId,
    pub(crate) organization: OrganizationId,
    pub(crate) repository: RepositoryId,
}

impl Place {
    /// Where what was allowed is.
    #[must_use]
    pub const fn of(allowed: &Allowed<RepositoryTarget>) -> Self {
        let target = allowed.target();
        Self { account: target.account, organization: target.organization, repository: target.id }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The organization.
    #[must_use]
    pub const fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// The repository.
    #[must_use]
    pub const fn repository(&self) -> RepositoryId {
        self.repository
    }
}

/// A proof that somebody may do something in an account: with it, names of people of the same account are looked up.
pub trait InAccount: Sync {
    /// The account.
    fn account(&self) -> AccountId;
}

macro_rules! in_account {
    ($($proof:ty: $proven:ident => $account:expr;)*) => {$(
        impl InAccount for $proof {
            fn account(&self) -> AccountId {
                let $proven = self;
                $account
            }
        }
    )*};
}

in_account! {
    Allowed<AccountId>: it => *it.target();
    Allowed<OrganizationKey>: it => it.target().account;
    Allowed<UserKey>: it => it.target().account;
    Allowed<GroupKey>: it => it.target().account;
    Allowed<PolicyKey>: it => it.target().account;
    Place: it => it.account;
}

/// Differences of one repository, organization or account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) organizations: i64,
    pub(crate) repositories: i64,
    pub(crate) tags: i64,
    pub(crate) size: i64,
    pub(crate) plain_size: i64,
    pub(crate) permission_epochs: i64,
    pub(crate) pulls: i64,
    pub(crate) pull_bytes: i64,
    pub(crate) pushes: i64,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) pulled_at: Option<Timestamp>,
    pub(crate) pushed_at: Option<Timestamp>,
}

/// Differences of one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) pulls: i64,
    pub(crate) pushes: i64,
    pub(crate) pull_bytes: i64,
    pub(crate) push_bytes: i64,
    /// Whether the size at the end of the day must be noted again.
    pub(crate) size: bool,
}

/// What is to be written at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    repositories: BTreeMap<RepositoryId, Delta>,
    organizations: BTreeMap<OrganizationId, Delta>,
    accounts: BTreeMap<AccountId, Delta>,
    repository_days: BTreeMap<(RepositoryId, i32), Day>,
    account_days: BTreeMap<(AccountId, i32), Day>,
    changes: Vec<Change>,
}

impl Ledger {
    pub(crate) fn repository(&mut self, id: RepositoryId) -> &mut Delta {
        self.repositories.entry(id).or_default()
    }

    pub(crate) fn organization(&mut self, id: OrganizationId) -> &mut Delta {
        self.organizations.entry(id).or_default()
    }

    pub(crate) fn account(&mut self, id: AccountId) -> &mut Delta {
        self.accounts.entry(id).or_default()
    }

    pub(crate) fn repository_day(&mut self, id: RepositoryId, at: Timestamp) -> &mut Day {
        self.repository_days.entry((id, at.day())).or_default()
    }

    pub(crate) fn account_day(&mut self, id: AccountId, at: Timestamp) -> &mut Day {
        self.account_days.entry((id, at.day())).or_default()
    }

    pub(crate) fn change(&mut self, change: Change) {
        if self.changes.last() != Some(&change) {
            self.changes.push(change);
        }
    }

    /// Bytes that became (or stopped being) part of a repository. `first` says whether the account had them nowhere
    /// else.
    pub(crate) fn bytes(&mut self, place: &Place, size: i64, first: bool, at: Timestamp) {
        self.repository(place.repository).size += size;
        self.organization(place.organization).size += size;
        self.repository_day(place.repository, at).size = true;
        self.account_bytes(place.account, size, first, at);
    }

    /// Bytes that an account has more or less, `first` as in [`Ledger::bytes`].
    pub(crate) fn account_bytes(&mut self, id: AccountId, size: i64, first: bool, at: Timestamp) {
        let account = self.account(id);
        account.plain_size += size;
        if first {
            account.size += size;
        }
        self.account_day(id, at).size = true;
    }

    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.repositories.is_empty()
            && self.organizations.is_empty()
            && self.accounts.is_empty()
            && self.repository_days.is_empty()
            && self.account_days.is_empty()
            && self.changes.is_empty()
    }

    /// The counters, in the order that everybody writes them in.
    fn statements(self) -> Batch {
        let mut batch = Batch::default();
        for (id, delta) in self.repositories {
            batch.add(settle_repository(id, delta));
        }
        for (id, delta) in self.organizations {
            if delta != Delta::default() {
                batch.add(settle_organization(id, delta));
            }
        }
        for (id, delta) in self.accounts {
            if delta != Delta::default() {
                batch.add(settle_account(id, delta));
            }
        }
        for ((id, day), delta) in self.repository_days {
            batch.add(settle_repository_day(id, day, delta));
        }
        for ((id, day), delta) in self.account_days {
            batch.add(settle_account_day(id, day, delta));
        }
        batch
    }

    /// Tags that became (or stopped being) visible.
    pub(crate) fn tags(&mut self, place: &Place, count: i64) {
        self.repository(place.repository).tags += count;
        self.organization(place.organization).tags += count;
        self.account(place.account).tags += count;
    }
}

impl Tx<'_> {
    /// Writes the counters that were noted so far, so that they can be read in this transaction.
    pub async fn settle(&mut self) -> Result<()> {
        let changes = std::mem::take(&mut self.ledger.changes);
        let ledger = std::mem::take(&mut self.ledger);
        self.ledger.changes = changes;
        ledger.statements().execute(self).await
    }

    /// Writes everything, the changes too, and `last` after it, all in one trip if it is not much. The changes are returned,
    /// so that whoever waits for them in this process hears of them after the commit.
    pub(crate) async fn finish(&mut self, last: Option<Sql>) -> Result<Vec<Change>> {
        let changes = std::mem::take(&mut self.ledger.changes);
        let mut batch = std::mem::take(&mut self.ledger).statements();
        for part in changes.chunks(32) {
            batch.add(crate::change::insert(part));
        }
        if let Some(last) = last {
            batch.add(last);
        }
        batch.execute(self).await?;
        Ok(changes)
    }
}

fn settle_organization(id: OrganizationId, delta: Delta) -> Sql {
    sql(
        "UPDATE organizations SET repository_count = repository_count + $2, tag_count = tag_count + $3, \
         size = size + $4 WHERE id = $1",
    )
    .bind(id)
    .bind(delta.repositories)
    .bind(delta.tags)
    .bind(delta.size)
}

fn settle_account(id: AccountId, delta: Delta) -> Sql {
    sql("UPDATE accounts SET organization_count = organization_count + $2, \
         repository_count = repository_count + $3, tag_count = tag_count + $4, size = size + $5, \
         plain_size = plain_size + $6, permission_epoch = permission_epoch + $7 WHERE id = $1")
    .bind(id)
    .bind(delta.organizations)
    .bind(delta.repositories)
    .bind(delta.tags)
    .bind(delta.size)
    .bind(delta.plain_size)
    .bind(delta.permission_epochs)
}

fn settle_repository(id: RepositoryId, delta: Delta) -> Sql {
    sql("UPDATE repositories SET tag_count = tag_count + $2, size = size + $3, pull_count = pull_count + $4, \
         pull_bytes = pull_bytes + $5, push_count = push_count + $6, \
         updated_at = CASE WHEN $7 > updated_at THEN $7 ELSE updated_at END, \
         last_pulled_at = CASE WHEN $8 > coalesce(last_pulled_at, 0) THEN $8 ELSE last_pulled_at END, \
         last_pushed_at = CASE WHEN $9 > coalesce(last_pushed_at, 0) THEN $9 ELSE last_pushed_at END WHERE id = $1")
    .bind(id)
    .bind(delta.tags)
    .bind(delta.size)
    .bind(delta.pulls)
    .bind(delta.pull_bytes)
    .bind(delta.pushes)
    .bind(delta.updated_at)
    .bind(delta.pulled_at)
    .bind(delta.pushed_at)
}

fn settle_repository_day(id: RepositoryId, day: i32, delta: Day) -> Sql {
    let mut statement = sql(
        "INSERT INTO repository_days (repository_id, day, pulls, pushes, pull_bytes, push_bytes, size) ",
    );
    statement.push(if delta.size {
        "SELECT id, $2, $3, $4, $5, $6, size FROM repositories WHERE id = $1"
    } else {
        "VALUES ($1, $2, $3, $4, $5, $6, NULL)"
    });
    statement
        .bind(id)
        .bind(day)
        .bind(delta.pulls)
        .bind(delta.pushes)
        .bind(delta.pull_bytes)
        .bind(delta.push_bytes)
        .and(
            " ON CONFLICT (repository_id, day) DO UPDATE SET pulls = repository_days.pulls + excluded.pulls, \
             pushes = repository_days.pushes + excluded.pushes, \
             pull_bytes = repository_days.pull_bytes + excluded.pull_bytes, \
             push_bytes = repository_days.push_bytes + excluded.push_bytes, \
             size = coalesce(excluded.size, repository_days.size)",
        )
}

fn settle_account_day(id: AccountId, day: i32, delta: Day) -> Sql {
    let mut statement = sql(
        "INSERT INTO account_days (account_id, day, pulls, pushes, pull_bytes, push_bytes, size, plain_size) ",
    );
    statement.push(if delta.size {
        "SELECT id, $2, $3, $4, $5, $6, size, plain_size FROM accounts WHERE id = $1"
    } else {
        "VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL)"
    });
    statement
        .bind(id)
        .bind(day)
        .bind(delta.pulls)
        .bind(delta.pushes)
        .bind(delta.pull_bytes)
        .bind(delta.push_bytes)
        .and(
            " ON CONFLICT (account_id, day) DO UPDATE SET pulls = account_days.pulls + excluded.pulls, \
             pushes = account_days.pushes + excluded.pushes, \
             pull_bytes = account_days.pull_bytes + excluded.pull_bytes, \
             push_bytes = account_days.push_bytes + excluded.push_bytes, \
             size = coalesce(excluded.size, account_days.size), \
             plain_size = coalesce(excluded.plain_size, account_days.plain_size)",
        )
}
