//! Finding events, in steps of bounded work.
//!
//! # Invariants
//! - Candidates come from an index: of tokens when anything but whose they are is asked, else of their account or user.
//!   Whatever is asked together is intersected in the index, so that no combination reads what only one part of it matches.
//! - Every candidate is compared with all that is asked, exactly: tokens are hashes, and neighbourhoods are rounded.
//! - One call looks at no more than [`MOST_CANDIDATES`] and runs no more than [`MOST_STATEMENTS`]. When that is not enough to
//!   fill a page, it says how far it came, and the next call goes on there.

use roadstead::audit::{AddressRange, Outcome};
use roadstead::id::{AuditId, PublicId};
use roadstead::manage::audit::{AuditFilter, AuditSuggestion};
use roadstead::{AccountName, ImageName, OrganizationName, Timestamp, UserName};

use super::{AuditRecord, AuditScope, gram, push_scope};
use crate::dialect::contains;
use crate::error::Result;
use crate::row::{At, Record, Row};
use crate::sql::{Sql, sql};
use crate::tx::Tx;
use crate::value::Column;

/// Most candidates that one call compares.
const MOST_CANDIDATES: u64 = 20_000;
/// Most steps of one call.
const MOST_STATEMENTS: u32 = 40;
/// Candidates of the first step, for each row that is wanted; later steps look at more.
const FIRST_STEP: u32 = 4;
/// Most candidates of one step.
const LARGEST_STEP: u32 = 5_000;
/// How much later than its time an event may be recorded, in seconds: pushes and pulls are written in batches, and the clocks
/// of several servers differ.
const SLACK: i64 = 600;
/// How many of the last events are looked at for suggestions.
const SUGGESTED_FROM: u32 = 5_000;
/// Most suggestions.
const SUGGESTIONS: u32 = 10;

/// An event with what it is about today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// The event.
    pub event: AuditRecord,
    /// The user who did it: public id, name, and those of the account.
    pub user: Option<(PublicId, UserName, PublicId, AccountName)>,
    /// Its organization, if that is still there.
    pub organization: Option<OrganizationName>,
    /// Its image, if that is still there.
    pub image: Option<ImageName>,
}

impl Record for AuditRow {
    fn from_row(row: &Row) -> Result<Self> {
        let user: (Option<PublicId>, Option<UserName>, Option<PublicId>, Option<AccountName>) = (
            Column::read(row, At::Name("user_public_id"))?,
            Column::read(row, At::Name("user_name"))?,
            Column::read(row, At::Name("account_public_id"))?,
            Column::read(row, At::Name("account_name"))?,
        );
        Ok(Self {
            event: AuditRecord::from_row(row)?,
            user: match user {
                (Some(id), Some(name), Some(account_id), Some(account)) => {
                    Some((id, name, account_id, account))
                }
                _ => None,
            },
            organization: Column::read(row, At::Name("organization_name"))?,
            image: Column::read(row, At::Name("image_path"))?,
        })
    }
}

/// What one call of [`list`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFound {
    /// The events, the last recorded first.
    pub rows: Vec<AuditRow>,
    /// Where to go on; `None` when there is nothing more.
    pub next: Option<AuditId>,
    /// When the search did not fill the page, the time of the last event that it looked at.
    pub searched_to: Option<Timestamp>,
}

/// Whose columns [`AuditRow`] is made of, around the events that are given as `f`.
const BEGIN: &str = "SELECT f.*, u.public_id AS user_public_id, u.name AS user_name, a.public_id AS account_public_id, \
                     a.name AS account_name, o.name AS organization_name, r.path AS image_path FROM (";
const COLUMNS: &str = "SELECT e.id, e.trace_id, e.account_id, e.user_id, e.actor, e.category, e.origin, e.is_read, \
                       e.source, e.name, e.resource_type, e.resource_id, e.resource_name, e.organization_id, \
                       e.repository_id, e.level, e.code, e.address, e.request_id, e.detail, e.happened_at FROM ";
const END: &str = ") f LEFT JOIN users u ON u.id = f.user_id LEFT JOIN accounts a ON a.id = u.account_id \
                   LEFT JOIN organizations o ON o.id = f.organization_id AND o.deleted_at IS NULL \
                   LEFT JOIN repositories r ON r.id = f.repository_id AND r.deleted_at IS NULL ORDER BY f.id DESC";

/// What is asked, ready to be put into statements.
struct Asked<'a> {
    scope: AuditScope,
    filter: &'a AuditFilter,
    words: Vec<String>,
    /// What the index is asked for; `None` when nothing but the scope is.
    tokens: Option<String>,
}

/// Events that match, before `before`, the last recorded first, at most `limit`.
pub async fn list(
    tx: &mut Tx<'_>,
    scope: AuditScope,
    filter: &AuditFilter,
    before: Option<AuditId>,
    limit: u32,
) -> Result<AuditFound> {
    let words = gram::words(&filter.text);
    let tokens = gram::wanted(scope, filter, &words);
    let asked = Asked { scope, filter, words, tokens };
    let mut found = AuditFound { rows: Vec::new(), next: None, searched_to: None };
    let Some((first, end)) = bounds(tx, filter, before).await? else {
        return Ok(found);
    };
    let (mut end, mut step) = (end, limit.saturating_mul(FIRST_STEP).clamp(1, LARGEST_STEP));
    let (mut candidates, mut statements) = (0, 0);
    while let Some(last) = asked.last(tx, first, end).await? {
        end = last.0.saturating_add(1);
        if candidates >= MOST_CANDIDATES || statements >= MOST_STATEMENTS {
            found.next = Some(AuditId(end));
            found.searched_to = time_of(tx, end).await?;
            return Ok(found);
        }
        let (start, tokens) = asked.piece(tx, first, end);
        let part = Part { asked: &asked, tokens, start, end, step };
        let wanted = limit.saturating_sub(found.rows.len() as u32);
        let rows = part.rows(tx, wanted).await?;
        let is_full = rows.len() as u32 >= wanted;
        found.rows.extend(rows);
        if is_full {
            found.next = found.rows.last().map(|row| row.event.id);
            return Ok(found);
        }
        let (count, lowest) = part.progress(tx).await?;
        (candidates, statements) = (candidates + count, statements + 1);
        end = match lowest {
            Some(lowest) if count >= u64::from(step) => lowest.0,
            _ => start,
        };
        step = step.saturating_mul(FIRST_STEP).min(LARGEST_STEP);
    }
    Ok(found)
}

/// The ids from the first to before the second that events of the time asked for can have; `None` when there are none.
async fn bounds(
    tx: &mut Tx<'_>,
    filter: &AuditFilter,
    before: Option<AuditId>,
) -> Result<Option<(i64, i64)>> {
    let mut end = before.map_or(i64::MAX, |id| id.0);
    let mut first = 0;
    if let Some(until) = filter.until {
        let last = sql(
            "SELECT id FROM audit_events WHERE happened_at < $1 ORDER BY happened_at DESC, id DESC LIMIT 1",
        )
        .bind(until.plus_seconds(SLACK))
        .optional::<(AuditId,)>(tx)
        .await?;
        let Some((last,)) = last else { return Ok(None) };
        end = end.min(last.0.saturating_add(1));
    }
    if let Some(since) = filter.since {
        let found = sql(
            "SELECT id FROM audit_events WHERE happened_at >= $1 ORDER BY happened_at, id LIMIT 1",
        )
        .bind(since.plus_seconds(-SLACK))
        .optional::<(AuditId,)>(tx)
        .await?;
        let Some((found,)) = found else { return Ok(None) };
        first = found.0;
    }
    Ok((first < end).then_some((first, end)))
}

/// The time of the first event from an id on.
async fn time_of(tx: &mut Tx<'_>, id: i64) -> Result<Option<Timestamp>> {
    let found = sql("SELECT happened_at FROM audit_events WHERE id >= $1 ORDER BY id LIMIT 1")
        .bind(id)
        .optional::<(Timestamp,)>(tx)
        .await?;
    Ok(found.map(|(at,)| at))
}

impl Asked<'_> {
    /// The last event of the scope between two ids.
    async fn last(&self, tx: &mut Tx<'_>, first: i64, end: i64) -> Result<Option<AuditId>> {
        let mut statement = sql("SELECT id FROM audit_events WHERE ");
        push_scope(&mut statement, self.scope);
        statement.push(" AND id >= ").push_bind(first).push(" AND id < ").push_bind(end);
        statement.push(" ORDER BY id DESC LIMIT 1");
        Ok(statement.optional::<(AuditId,)>(tx).await?.map(|(id,)| id))
    }

    /// From which id on the next step looks, and for which tokens.
    fn piece(&self, tx: &Tx<'_>, first: i64, end: i64) -> (i64, Option<String>) {
        let Some(tokens) = &self.tokens else { return (first, None) };
        let (start, neighbourhood) = tx.dialect().audit_neighbourhood(end);
        let tokens = match neighbourhood {
            Some(name) => format!("{tokens} {name}"),
            None => tokens.clone(),
        };
        (start.max(first), Some(tokens))
    }

    /// Adds all that is asked about event `e`.
    fn push_exactly(&self, statement: &mut Sql) {
        let filter = self.filter;
        push_scope(statement, self.scope);
        let mut equals = |column: &'static str, text: Option<&str>| {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                statement.push(" AND ").push(column).push(" = ").push_bind(text);
            }
        };
        equals("e.category", filter.category.map(|it| it.as_str()));
        equals("e.source", filter.source.map(|it| it.as_str()));
        equals("e.resource_type", filter.resource_type.map(|it| it.as_str()));
        equals("e.name", filter.name.map(|it| it.as_str()));
        equals("e.resource_name", Some(&filter.resource_name));
        equals("e.resource_id", Some(&filter.resource_id));
        equals("e.actor", Some(&filter.operator));
        equals("e.level", filter.level.map(|it| it.as_str()));
        match filter.result {
            Some(Outcome::Success) => {
                statement.push(" AND e.code < 400");
            }
            Some(Outcome::Failure) => {
                statement.push(" AND e.code >= 400");
            }
            None => {}
        }
        if let Some(range) = filter.address {
            push_range(statement, range);
        }
        if let Some(since) = filter.since {
            statement.push(" AND e.happened_at >= ").push_bind(since);
        }
        if let Some(until) = filter.until {
            statement.push(" AND e.happened_at < ").push_bind(until);
        }
        if !filter.include_reads {
            statement.push(" AND NOT e.is_read");
        }
        for word in &self.words {
            let pattern = contains(word);
            statement.push(" AND (lower(e.actor || ' ' || e.name || ' ' || e.resource_name || ' ' || e.resource_id || ' ' || e.address) LIKE ");
            statement.push_bind(pattern.as_str()).push(" ESCAPE '\\' OR lower(e.detail) LIKE ");
            statement.push_bind(pattern.as_str()).push(" ESCAPE '\\')");
        }
    }
}

fn push_range(statement: &mut Sql, range: AddressRange) {
    statement.push(" AND e.address_key >= ").push_bind(range.first_key());
    statement.push(" AND e.address_key <= ").push_bind(range.last_key());
}

/// One step.
struct Part<'a> {
    asked: &'a Asked<'a>,
    tokens: Option<String>,
    start: i64,
    end: i64,
    step: u32,
}

impl Part<'_> {
    /// Adds the statement that finds the candidates.
    fn push_candidates(&self, statement: &mut Sql, tx: &Tx<'_>) {
        statement.push("(");
        match &self.tokens {
            Some(tokens) => {
                let [tokens_are, from, before, most] = tx.dialect().audit_search();
                statement.push(tokens_are).push_bind(tokens.as_str());
                statement.push(from).push_bind(self.start).push(before).push_bind(self.end);
                statement.push(most).push_bind(self.step);
            }
            None => {
                statement.push("SELECT id FROM audit_events WHERE ");
                push_scope(statement, self.asked.scope);
                statement.push(" AND id >= ").push_bind(self.start);
                statement.push(" AND id < ").push_bind(self.end);
                statement.push(" ORDER BY id DESC LIMIT ").push_bind(self.step);
            }
        }
        statement.push(") c");
    }

    /// Those of the candidates that match.
    async fn rows(&self, tx: &mut Tx<'_>, wanted: u32) -> Result<Vec<AuditRow>> {
        let mut statement = sql(BEGIN);
        statement.push(COLUMNS);
        self.push_candidates(&mut statement, tx);
        // SQLite keeps to this order of the two.
        statement.push(" CROSS JOIN audit_events e WHERE e.id = c.id AND ");
        self.asked.push_exactly(&mut statement);
        statement.push(" ORDER BY e.id DESC LIMIT ").push_bind(wanted).push(END);
        statement.all(tx).await
    }

    /// How many candidates there were, and the first recorded of them.
    async fn progress(&self, tx: &mut Tx<'_>) -> Result<(u64, Option<AuditId>)> {
        let mut statement = sql("SELECT count(*), min(c.id) FROM ");
        self.push_candidates(&mut statement, tx);
        statement.one(tx).await
    }
}

/// The event of this id on the wire, if it is of the scope.
pub async fn find(tx: &mut Tx<'_>, scope: AuditScope, trace_id: &str) -> Result<Option<AuditRow>> {
    let mut statement = sql(BEGIN);
    statement.push(COLUMNS).push("audit_events e WHERE e.trace_id = ").push_bind(trace_id);
    statement.push(" AND ");
    push_scope(&mut statement, scope);
    statement.push(" LIMIT 1").push(END);
    statement.optional(tx).await
}

/// What the last events of the scope have that contains `text`, in byte order.
pub async fn suggest(
    tx: &mut Tx<'_>,
    scope: AuditScope,
    what: AuditSuggestion,
    text: &str,
) -> Result<Vec<String>> {
    let mut statement = sql("SELECT DISTINCT c.value FROM (SELECT ");
    statement.push(match what {
        AuditSuggestion::Operator => "actor",
        AuditSuggestion::ResourceName => "resource_name",
    });
    statement.push(" AS value FROM audit_events WHERE ");
    push_scope(&mut statement, scope);
    statement.push(" ORDER BY id DESC LIMIT ").push_bind(SUGGESTED_FROM);
    statement.push(") c WHERE c.value <> '' AND lower(c.value) LIKE ");
    statement.push_bind(contains(text.trim())).push(" ESCAPE '\\' ORDER BY c.value LIMIT ");
    statement.push_bind(SUGGESTIONS);
    Ok(statement.all::<(String,)>(tx).await?.into_iter().map(|(value,)| value).collect())
}
