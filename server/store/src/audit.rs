//! The record of who did what. Written in the transaction that did it.
//!
//! What an event says is found by any part of it ([`search`]): an index of pairs of characters finds candidates, of which
//! those that really say it are shown.

mod gram;

use roadstead::Timestamp;
use roadstead::access::Allowed;
use roadstead::id::{AccountId, AuditId, OrganizationId, RepositoryId, UserId};

use crate::dialect::contains;
use crate::error::Result;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::words;

words! {
    /// Which kind of event.
    Category {
        /// Somebody managed something.
        Management = "management",
        /// Somebody moved data: push, pull.
        Data = "data",
    }
}

words! {
    /// How grave.
    Level {
        /// As it should be.
        Normal = "normal",
        /// It did not succeed.
        Warning = "warning",
        /// Something is wrong.
        Incident = "incident",
    }
}

record! {
    /// An event.
    AuditRecord {
        /// Key.
        id: AuditId,
        /// Id on the wire.
        trace_id: String,
        /// The account it happened in.
        account_id: Option<AccountId>,
        /// Who did it, if it was a user.
        user_id: Option<UserId>,
        /// Who did it, as shown.
        actor: String,
        /// Which kind.
        category: Category,
        /// `SWR`, `IAM` or `System`.
        source: String,
        /// What was done: `createUserNamespace`.
        name: String,
        /// To which kind of thing: `usernamespace`.
        resource_type: String,
        /// To which one, by id; may be empty.
        resource_id: String,
        /// To which one, by name; may be empty.
        resource_name: String,
        /// In which organization.
        organization_id: Option<OrganizationId>,
        /// In which repository.
        repository_id: Option<RepositoryId>,
        /// How grave.
        level: Level,
        /// HTTP status that was answered.
        code: u32,
        /// Where the request came from.
        address: String,
        /// Id of the request.
        request_id: String,
        /// More, as JSON; secrets are struck out before.
        detail: serde_json::Value,
        /// When.
        happened_at: Timestamp,
    }
}

/// Writes an event. `event.id` is ignored: the database gives it.
pub async fn append(tx: &mut Tx<'_>, event: &AuditRecord) -> Result<()> {
    sql("INSERT INTO audit_events (trace_id, account_id, user_id, actor, category, source, name, resource_type, \
         resource_id, resource_name, organization_id, repository_id, level, code, address, request_id, detail, \
         happened_at, grams) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)")
    .bind(event.trace_id.as_str())
    .bind(event.account_id)
    .bind(event.user_id)
    .bind(event.actor.as_str())
    .bind(event.category)
    .bind(event.source.as_str())
    .bind(event.name.as_str())
    .bind(event.resource_type.as_str())
    .bind(event.resource_id.as_str())
    .bind(event.resource_name.as_str())
    .bind(event.organization_id)
    .bind(event.repository_id)
    .bind(event.level)
    .bind(event.code)
    .bind(event.address.as_str())
    .bind(event.request_id.as_str())
    .bind(&event.detail)
    .bind(event.happened_at)
    .bind(gram::of(event))
    .queue(tx)
    .await
}

/// Whose events somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditScope {
    /// The whole account's.
    Account(Allowed<AccountId>),
    /// Its own.
    User(UserId),
}

/// The last events, at most `limit`.
pub async fn recent(tx: &mut Tx<'_>, scope: AuditScope, limit: u32) -> Result<Vec<AuditRecord>> {
    let mut statement = sql(
        "SELECT id, trace_id, account_id, user_id, actor, category, source, name, resource_type, resource_id, \
         resource_name, organization_id, repository_id, level, code, address, request_id, detail, happened_at \
         FROM audit_events WHERE ",
    );
    push_scope(&mut statement, scope);
    statement.push(" ORDER BY happened_at DESC, id DESC LIMIT ").push_bind(limit);
    statement.all(tx).await
}

/// The last events of these names, at most `limit`.
pub async fn recent_named(
    tx: &mut Tx<'_>,
    scope: AuditScope,
    names: &[&str],
    limit: u32,
) -> Result<Vec<AuditRecord>> {
    let mut statement = sql(
        "SELECT id, trace_id, account_id, user_id, actor, category, source, name, resource_type, resource_id, \
         resource_name, organization_id, repository_id, level, code, address, request_id, detail, happened_at \
         FROM audit_events WHERE ",
    );
    push_scope(&mut statement, scope);
    // The expression keeps SQLite from sorting every event of these names instead of reading the last ones by time.
    statement.push(" AND name || '' IN ").push_list(names.iter().copied());
    statement
        .push(" AND level = 'normal' ORDER BY happened_at DESC, id DESC LIMIT ")
        .push_bind(limit);
    statement.all(tx).await
}

/// Events before `before` that say every word of `text`, in any case, the last first, at most `limit`. What they say is who,
/// what, to which thing, from where, and the detail.
pub async fn search(
    tx: &mut Tx<'_>,
    scope: AuditScope,
    text: &str,
    before: Option<AuditId>,
    limit: u32,
) -> Result<Vec<AuditRecord>> {
    let words = gram::words(text);
    let mut statement = sql(
        "SELECT e.id, e.trace_id, e.account_id, e.user_id, e.actor, e.category, e.source, e.name, e.resource_type, \
         e.resource_id, e.resource_name, e.organization_id, e.repository_id, e.level, e.code, e.address, e.request_id, \
         e.detail, e.happened_at FROM ",
    );
    statement.push(tx.dialect().audit_search());
    statement.push_bind(gram::wanted(&scope, &words)).push(tx.dialect().audit_search_end());
    statement.push(" AND ");
    push_scope(&mut statement, scope);
    for word in &words {
        let pattern = contains(word);
        statement.push(" AND (lower(e.actor || ' ' || e.name || ' ' || e.resource_name || ' ' || e.resource_id || ' ' || e.address) LIKE ");
        statement.push_bind(pattern.as_str()).push(" ESCAPE '\\' OR lower(e.detail) LIKE ");
        statement.push_bind(pattern.as_str()).push(" ESCAPE '\\')");
    }
    if let Some(before) = before {
        statement.push(" AND e.id < ").push_bind(before);
    }
    statement.push(tx.dialect().audit_search_order()).push_bind(limit);
    statement.all(tx).await
}

fn push_scope(statement: &mut Sql, scope: AuditScope) {
    match scope {
        AuditScope::Account(account) => {
            statement.push("account_id = ").push_bind(*account.target())
        }
        AuditScope::User(user) => statement.push("user_id = ").push_bind(user),
    };
}

/// Forgets events from before `before`, at most `limit`.
pub async fn forget(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64> {
    sql("DELETE FROM audit_events WHERE id IN \
         (SELECT id FROM audit_events WHERE happened_at < $1 ORDER BY happened_at, id LIMIT $2)")
    .bind(before)
    .bind(limit)
    .execute(tx)
    .await
}
