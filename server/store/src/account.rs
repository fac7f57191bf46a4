//! Accounts (tenants). The first one of an instance is the operator account.

use roadstead::access::Allowed;
use roadstead::id::{AccountId, PublicId};
use roadstead::page::{Page, Window};
use roadstead::{AccountName, Timestamp};

use crate::change::{Change, ChangeKind};
use crate::dialect::contains;
use crate::error::Result;
use crate::maintenance::Whole;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;
use crate::value::words;

words! {
    /// What an account is.
    AccountKind {
        /// The instance's own: its administrators look after settings, accounts and storage.
        Operator = "operator",
        /// Every other.
        Tenant = "tenant",
    }
}

words! {
    /// Whether an account, user or access key may be used.
    State {
        /// It may.
        Active = "active",
        /// It may not, until it is enabled again.
        Disabled = "disabled",
    }
}

record! {
    /// An account.
    AccountRecord {
        /// Key.
        id: AccountId,
        /// Id on the wire.
        public_id: PublicId,
        /// Name, as its creator wrote it; compared without case.
        name: AccountName,
        /// What it is.
        kind: AccountKind,
        /// Whether it may be used.
        state: State,
        /// Grows with every change of what somebody in the account may do.
        permission_epoch: u64,
        /// Live organizations.
        organization_count: u64,
        /// Live repositories.
        repository_count: u64,
        /// Visible tags.
        tag_count: u64,
        /// Bytes, each blob counted once.
        size: u64,
        /// Bytes, each blob counted once for every repository that has it.
        plain_size: u64,
        /// Most organizations, when not the instance's setting.
        organization_limit: Option<u64>,
        /// Most bytes, when not the instance's setting.
        size_limit: Option<u64>,
        /// When it was created.
        created_at: Timestamp,
    }
}

/// What a new account is made of.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Id on the wire.
    pub public_id: PublicId,
    /// Name.
    pub name: AccountName,
    /// What it is.
    pub kind: AccountKind,
    /// Now.
    pub created_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, public_id, name, kind, state, permission_epoch, organization_count, repository_count, \
             tag_count, size, plain_size, organization_limit, size_limit, created_at FROM accounts ",
            $rest
        )
    };
}

record! {
    /// An account in the list of those who look after the instance.
    AccountEntry {
        /// Id on the wire.
        public_id: PublicId,
        /// Name.
        name: AccountName,
        /// What it is.
        kind: AccountKind,
        /// Whether it may be used.
        state: State,
        /// Users, the owner among them.
        user_count: u64,
        /// Live organizations.
        organization_count: u64,
        /// Live repositories.
        repository_count: u64,
        /// Bytes, each blob counted once.
        size: u64,
        /// When it was created.
        created_at: Timestamp,
    }
}

/// Creates an account. `NotUnique { table: "accounts" }` when the name is taken.
pub async fn create(tx: &mut Tx<'_>, _: Whole, new: &NewAccount) -> Result<AccountRecord> {
    let id: AccountId =
        sql("INSERT INTO accounts (public_id, name, name_key, kind, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id")
            .bind(&new.public_id)
            .bind(&new.name)
            .bind(new.name.folded())
            .bind(new.kind)
            .bind(new.created_at)
            .scalar(tx)
            .await?;
    tx.change(Change::new(ChangeKind::Account, new.created_at).in_account(id).of(id));
    sql(select!("WHERE id = $1")).bind(id).one(tx).await
}

/// The account.
pub async fn find(tx: &mut Tx<'_>, account: Allowed<AccountId>) -> Result<Option<AccountRecord>> {
    sql(select!("WHERE id = $1 AND deleted_at IS NULL")).bind(*account.target()).optional(tx).await
}

/// The account; other transactions that change it wait until this one ends.
pub async fn lock(tx: &mut Tx<'_>, account: Allowed<AccountId>) -> Result<Option<AccountRecord>> {
    sql(select!("WHERE id = $1 AND deleted_at IS NULL"))
        .bind(*account.target())
        .and(tx.dialect().for_update())
        .optional(tx)
        .await
}

/// The accounts of the instance, by name; `search` is part of the name.
pub async fn list(
    tx: &mut Tx<'_>,
    _: Whole,
    search: Option<&str>,
    window: Window,
) -> Result<Page<AccountEntry>> {
    let mut statement = sql(
        "SELECT a.public_id, a.name, a.kind, a.state, (SELECT count(*) FROM users u WHERE u.account_id = a.id \
         AND u.deleted_at IS NULL) AS user_count, a.organization_count, a.repository_count, a.size, a.created_at \
         FROM accounts a WHERE a.deleted_at IS NULL",
    );
    let mut total = sql("SELECT count(*) FROM accounts a WHERE a.deleted_at IS NULL");
    for part in [&mut statement, &mut total] {
        if let Some(text) = search {
            part.push(" AND a.name_key LIKE ").push_bind(contains(text)).push(" ESCAPE '\\'");
        }
    }
    statement.push(" ORDER BY a.name_key LIMIT ").push_bind(window.limit);
    statement.push(" OFFSET ").push_bind(window.offset);
    let items = statement.all(tx).await?;
    Ok(Page { items, total: total.scalar(tx).await?, window })
}

/// How many accounts there are, and the first name of them: what the sign-in page does without asking for a name.
pub async fn count(tx: &mut Tx<'_>) -> Result<(u64, Option<AccountName>)> {
    sql("SELECT count(*), min(name) FROM accounts WHERE deleted_at IS NULL").one(tx).await
}

/// Whether set-up is still to be done.
pub async fn is_empty(tx: &mut Tx<'_>) -> Result<bool> {
    sql("SELECT NOT EXISTS (SELECT 1 FROM accounts WHERE deleted_at IS NULL)").scalar(tx).await
}

/// The operator account, in whose audit log stands what concerns the instance; `None` before set-up.
pub async fn operator(tx: &mut Tx<'_>, _: Whole) -> Result<Option<AccountId>> {
    let found = sql("SELECT id FROM accounts WHERE kind = 'operator' AND deleted_at IS NULL ORDER BY id LIMIT 1")
        .optional::<(AccountId,)>(tx)
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Enables or disables an account. When it is disabled the sessions of its users end.
pub async fn set_state(
    tx: &mut Tx<'_>,
    account: Allowed<AccountId>,
    state: State,
    at: Timestamp,
) -> Result<()> {
    let id = *account.target();
    sql("UPDATE accounts SET state = $2 WHERE id = $1").bind(id).bind(state).execute(tx).await?;
    if state == State::Disabled {
        sql("DELETE FROM sessions WHERE user_id IN (SELECT id FROM users WHERE account_id = $1)")
            .bind(id)
            .execute(tx)
            .await?;
    }
    tx.change(Change::new(ChangeKind::Account, at).in_account(id).of(id));
    bump_permission_epoch(tx, id, at).await
}

/// The permission epoch of an account; `None` when there is no such account.
pub async fn permission_epoch(tx: &mut Tx<'_>, account: Allowed<AccountId>) -> Result<Option<u64>> {
    let found = sql("SELECT permission_epoch FROM accounts WHERE id = $1")
        .bind(*account.target())
        .optional::<(u64,)>(tx)
        .await?;
    Ok(found.map(|(epoch,)| epoch))
}

/// Makes every cached permission decision about the account's users and images stale.
pub(crate) async fn bump_permission_epoch(
    tx: &mut Tx<'_>,
    id: AccountId,
    at: Timestamp,
) -> Result<()> {
    tx.ledger.account(id).permission_epochs += 1;
    tx.change(Change::new(ChangeKind::Permission, at).in_account(id));
    Ok(())
}

/// An account has more bytes than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excess {
    /// What it would have.
    pub size: u64,
    /// What it may have.
    pub limit: u64,
}

/// Whether the account has more bytes than it may, counting what this transaction did. `quota` is the instance's, 0 for no
/// limit; the account's own wins.
pub(crate) async fn excess(tx: &mut Tx<'_>, id: AccountId, quota: u64) -> Result<Option<Excess>> {
    let limit: u64 = sql("SELECT coalesce(size_limit, $2) FROM accounts WHERE id = $1")
        .bind(id)
        .bind(quota)
        .scalar(tx)
        .await?;
    if limit == 0 {
        return Ok(None);
    }
    // Writing the counters holds the account's row, in the order in which everybody does: of two pushes at the quota's edge
    // one sees the other.
    tx.settle().await?;
    let size: u64 = sql("SELECT size FROM accounts WHERE id = $1").bind(id).scalar(tx).await?;
    Ok((size > limit).then_some(Excess { size, limit }))
}

/// Sets the account's own limits, 0 for none; `None` follows the instance's setting.
pub async fn set_limits(
    tx: &mut Tx<'_>,
    account: Allowed<AccountId>,
    organizations: Option<u64>,
    size: Option<u64>,
    at: Timestamp,
) -> Result<()> {
    let id = *account.target();
    sql("UPDATE accounts SET organization_limit = $2, size_limit = $3 WHERE id = $1")
        .bind(id)
        .bind(organizations)
        .bind(size)
        .execute(tx)
        .await?;
    tx.change(Change::new(ChangeKind::Account, at).in_account(id).of(id));
    Ok(())
}
