//! Finding events, in steps of bounded work.
//!
//! # Invariants
//! - Candidates come from an index: of tokens when anything but whose they are is asked, else of their account or user.
//!   Whatever is asked together is intersected in the index, so that no combination reads what only one part of it matches.
//! - Every candidate is compared with all that is asked, exactly: tokens are hashes, and neighbourhoods are rounded.
//! - One call takes no more than [`MOST_STEPS`], each of which goes through one neighbourhood and compares no more than
//!   [`LARGEST_STEP`] events, and stops when its caller has had enough. When that does not fill a page, it says how far it
//!   came, and the next call goes on there.

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

/// Most steps of one call.
const MOST_STEPS: u32 = 60;
/// Candidates of the first step, for each row that is wanted; later steps look at more.
const FIRST_STEP: u32 = 2;
/// Most candidates of one step.
const LARGEST_STEP: u32 = 512;
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

/// Events that match, before `before`, the last recorded first, at most `limit`. `enough` is asked between steps whether it
/// took long enough.
pub async fn list(
    tx: &mut Tx<'_>,
    scope: AuditScope,
    filter: &AuditFilter,
    before: Option<AuditId>,
    limit: u32,
    enough: &(dyn Fn() -> bool + Send + Sync),
) -> Result<AuditFound> {
    let words = gram::words(&filter.text);
    let tokens = gram::wanted(scope, filter, &words);
    let asked = Asked { scope, filter, words, tokens };
    let mut found = AuditFound { rows: Vec::new(), next: None, searched_to: None };
    let Some((first, end)) = bounds(tx, filter, before).await? else {
        return Ok(found);
    };
    let mut end = end;
    let mut most = limit.saturating_mul(FIRST_STEP).clamp(1, LARGEST_STEP);
    for step in 0.. {
        let Some(last) = asked.last(tx, first, end).await? else { break };
        end = last.0.saturating_add(1);
        if step >= MOST_STEPS || (step > 0 && enough()) {
            found.next = Some(AuditId(end));
            found.searched_to = time_of(tx, end).await?;
            break;
        }
        let (start, candidates) = asked.candidates(tx, first, end, most).await?;
        let wanted = limit.saturating_sub(found.rows.len() as u32);
        let rows = asked.rows(tx, &candidates, wanted).await?;
        let is_full = rows.len() as u32 >= wanted;
        found.rows.extend(rows);
        if is_full {
            found.next = found.rows.last().map(|row| row.event.id);
            break;
        }
        end = match candidates.last() {
            Some(lowest) if candidates.len() as u32 >= most => lowest.0,
            _ => start,
        };
        most = LARGEST_STEP;
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

    /// What the index finds in the neighbourhood before `end`, the last recorded first, at most `most`, and where that
    /// neighbourhood begins.
    async fn candidates(
        &self,
        tx: &mut Tx<'_>,
        first: i64,
        end: i64,
        most: u32,
    ) -> Result<(i64, Vec<AuditId>)> {
        let mut start = first;
        let mut statement = sql("");
        match &self.tokens {
            Some(tokens) => {
                let (begins, neighbourhood) = tx.dialect().audit_neighbourhood(end);
                start = begins.max(first);
                let tokens = format!("{tokens} {neighbourhood}");
                let [tokens_are, from, before, at_most] = tx.dialect().audit_search();
                statement.push(tokens_are).push_bind(tokens);
                statement.push(from).push_bind(start).push(before).push_bind(end);
                statement.push(at_most).push_bind(most);
            }
            None => {
                statement.push("SELECT id FROM audit_events WHERE ");
                push_scope(&mut statement, self.scope);
                statement.push(" AND id >= ").push_bind(start).push(" AND id < ").push_bind(end);
                statement.push(" ORDER BY id DESC LIMIT ").push_bind(most);
            }
        }
        let found = statement.all::<(AuditId,)>(tx).await?;
        Ok((start, found.into_iter().map(|(id,)| id).collect()))
    }

    /// Those of the candidates that match, at most `wanted`.
    async fn rows(
        &self,
        tx: &mut Tx<'_>,
        candidates: &[AuditId],
        wanted: u32,
    ) -> Result<Vec<AuditRow>> {
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = sql(BEGIN);
        statement.push(COLUMNS).push("audit_events e WHERE e.id IN ").push_list(candidates);
        statement.push(" AND ");
        self.push_exactly(&mut statement);
        statement.push(" ORDER BY e.id DESC LIMIT ").push_bind(wanted).push(END);
        statement.all(tx).await
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
