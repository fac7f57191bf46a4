//! The record of who did what. Written in the transaction that did it.
//!
//! [`list`] finds events by whatever they are filtered by and by any part of what they say: one index of tokens finds
//! candidates, of which those that really match are shown. Ids are given in the order of recording, so the last recorded
//! come first everywhere.

mod gram;
mod query;

pub use query::{AuditFound, AuditRow, find, list, suggest};

use roadstead::Timestamp;
use roadstead::access::Allowed;
use roadstead::audit::TraceName;
pub use roadstead::audit::{Category, Level, Origin};
use roadstead::id::{AccountId, AuditId, OrganizationId, RepositoryId, UserId};

use crate::error::Result;
use crate::row::record;
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::texts;

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
        /// How somebody came in.
        origin: Origin,
        /// Whether something was only looked at.
        is_read: bool,
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

texts! { Category Level Origin }

/// Writes an event. `event.id` is ignored: the database gives it.
pub async fn append(tx: &mut Tx<'_>, event: &AuditRecord) -> Result<()> {
    sql("INSERT INTO audit_events (trace_id, account_id, user_id, actor, category, source, name, resource_type, \
         resource_id, resource_name, organization_id, repository_id, level, code, address, request_id, detail, \
         happened_at, grams, origin, is_read, address_key) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)")
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
    .bind(event.origin)
    .bind(event.is_read)
    .bind(gram::address_key(&event.address))
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
        "SELECT id, trace_id, account_id, user_id, actor, category, origin, is_read, source, name, resource_type, \
         resource_id, resource_name, organization_id, repository_id, level, code, address, request_id, detail, \
         happened_at FROM audit_events WHERE ",
    );
    push_scope(&mut statement, scope);
    statement.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    statement.all(tx).await
}

/// The last events of these names, at most `limit`.
pub async fn recent_named(
    tx: &mut Tx<'_>,
    scope: AuditScope,
    names: &[TraceName],
    limit: u32,
) -> Result<Vec<AuditRecord>> {
    let mut statement = sql(
        "SELECT id, trace_id, account_id, user_id, actor, category, origin, is_read, source, name, resource_type, \
         resource_id, resource_name, organization_id, repository_id, level, code, address, request_id, detail, \
         happened_at FROM audit_events WHERE ",
    );
    push_scope(&mut statement, scope);
    // The expression keeps SQLite from sorting every event of these names instead of reading the last ones by time.
    statement.push(" AND name || '' IN ").push_list(names.iter().map(|name| name.as_str()));
    statement.push(" AND level = 'normal' ORDER BY id DESC LIMIT ").push_bind(limit);
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
