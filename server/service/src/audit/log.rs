//! Reading the audit log (`console.md` A.12, `protocol.md` 3.5).
//!
//! Administrators see the whole account, others their own events; every answer says which.

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use roadstead::access::Action;
use roadstead::error::Subject;
use roadstead::manage::audit::{
    AuditEvent, AuditFilter, AuditLink, AuditPage, AuditQuery, AuditSuggestion, AuditUser,
    LARGEST_EXPORT, LARGEST_PAGE,
};
use roadstead::{Error, Result};
use roadstead_store::Store;
use roadstead_store::audit::{self, AuditFound, AuditRow, AuditScope};

use crate::access::{Access, OwnAccount};
use crate::context::Context;
use crate::error::stored;
use crate::setting::SettingsCell;

/// Most characters that are searched for.
const LONGEST_TEXT: usize = 256;
/// A page that is not full by then is given as it is: of a filter, and of a search for words.
const FILTERING: Duration = Duration::from_millis(30);
const SEARCHING: Duration = Duration::from_millis(120);
/// Events of one part of an export.
const PART: u32 = 500;

/// A part of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exported {
    /// Some events, the last recorded first.
    Events(Vec<AuditEvent>),
    /// There are more than an export takes. Nothing follows.
    Cut,
}

/// The audit log.
#[derive(Debug, Clone)]
pub struct AuditLog {
    store: Store,
    access: Access,
    settings: SettingsCell,
}

impl AuditLog {
    pub(crate) const fn new(store: Store, access: Access, settings: SettingsCell) -> Self {
        Self { store, access, settings }
    }

    /// A page of events.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; Invalid about the page.
    #[tracing::instrument(name = "service.audit.list", skip_all)]
    pub async fn list(&self, ctx: &Context, query: AuditQuery) -> Result<AuditPage> {
        let scope = scope(&self.access, ctx).await?;
        check(&query.filter)?;
        let limit = u32::from(query.limit.clamp(1, LARGEST_PAGE));
        let filter = Arc::new(query.filter);
        let found = self.find(ctx, scope, &filter, query.before, limit).await?;
        Ok(AuditPage {
            next: found.next,
            searched_to: found.searched_to,
            is_whole_account: matches!(scope, AuditScope::Account(_)),
            events: self.events(found.rows),
        })
    }

    /// One event by its id on the wire.
    ///
    /// # Errors
    /// `Hidden` when there is none that the caller may see.
    #[tracing::instrument(name = "service.audit.get", skip_all)]
    pub async fn get(&self, ctx: &Context, trace_id: &str) -> Result<AuditEvent> {
        let scope = scope(&self.access, ctx).await?;
        let found = self
            .store
            .peek("audit.find", |tx| {
                let id = trace_id.to_owned();
                Box::pin(async move { audit::find(tx, scope, &id).await })
            })
            .await
            .map_err(stored)?;
        let event = found.map(|row| self.events(vec![row])).and_then(|mut events| events.pop());
        event.ok_or_else(|| Error::hidden(Subject::Request))
    }

    /// What the last events of the caller have that contains `text`; for filters.
    ///
    /// # Errors
    /// As [`AuditLog::list`].
    #[tracing::instrument(name = "service.audit.suggest", skip_all)]
    pub async fn suggest(
        &self,
        ctx: &Context,
        what: AuditSuggestion,
        text: &str,
    ) -> Result<Vec<String>> {
        let scope = scope(&self.access, ctx).await?;
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        self.store
            .peek("audit.suggest", |tx| {
                let text = text.clone();
                Box::pin(async move { audit::suggest(tx, scope, what, &text).await })
            })
            .await
            .map_err(stored)
    }

    /// The last [`LARGEST_EXPORT`] of the events, part by part; no part holds a connection while the next is waited for.
    ///
    /// # Errors
    /// As [`AuditLog::list`]; those of the store end the stream.
    #[tracing::instrument(name = "service.audit.export", skip_all)]
    pub async fn export(
        &self,
        ctx: &Context,
        filter: AuditFilter,
    ) -> Result<impl Stream<Item = Result<Exported>> + Send + use<>> {
        let scope = scope(&self.access, ctx).await?;
        check(&filter)?;
        let (log, ctx, filter) = (self.clone(), ctx.clone(), Arc::new(filter));
        let begin = Some((None, LARGEST_EXPORT));
        Ok(futures::stream::try_unfold(begin, move |state| {
            let (log, ctx, filter) = (log.clone(), ctx.clone(), Arc::clone(&filter));
            async move {
                let Some((before, left)) = state else { return Ok(None) };
                if left == 0 {
                    return Ok(Some((Exported::Cut, None)));
                }
                let limit = u32::try_from(left).unwrap_or(PART).min(PART);
                let found = log.find(&ctx, scope, &filter, before, limit).await?;
                let events = log.events(found.rows);
                let left = left.saturating_sub(events.len() as u64);
                let next = match found.next {
                    // Whether there is one more decides whether the export is cut.
                    Some(next) if left == 0 => {
                        let more = log.find(&ctx, scope, &filter, Some(next), 1).await?;
                        (!more.rows.is_empty() || more.next.is_some()).then_some((Some(next), 0))
                    }
                    next => next.map(|next| (Some(next), left)),
                };
                Ok(Some((Exported::Events(events), next)))
            }
        }))
    }

    async fn find(
        &self,
        ctx: &Context,
        scope: AuditScope,
        filter: &Arc<AuditFilter>,
        before: Option<roadstead::id::AuditId>,
        limit: u32,
    ) -> Result<AuditFound> {
        let (clock, begin) = (Arc::clone(&ctx.clock), ctx.clock.monotonic());
        let most = if filter.text.is_empty() { FILTERING } else { SEARCHING };
        let enough = Arc::new(move || clock.monotonic().saturating_sub(begin) > most);
        self.store
            .read("audit.list", |tx| {
                let (filter, enough) = (Arc::clone(filter), Arc::clone(&enough));
                Box::pin(
                    async move { audit::list(tx, scope, &filter, before, limit, &*enough).await },
                )
            })
            .await
            .map_err(stored)
    }

    fn events(&self, rows: Vec<AuditRow>) -> Vec<AuditEvent> {
        let project = self.settings.current().region.value.clone();
        rows.into_iter().map(|row| event(row, &project)).collect()
    }
}

/// Whose events the caller sees: those of the account, or their own.
///
/// # Errors
/// `Unauthenticated` for nobody in particular.
pub(crate) async fn scope(access: &Access, ctx: &Context) -> Result<AuditScope> {
    let user = ctx.user()?.user;
    // To see one's own is no refusal, and none is logged.
    if !access.may(ctx, Action::ListAuditTraces, OwnAccount).await? {
        return Ok(AuditScope::User(user));
    }
    let allowed = access.authorize(ctx, Action::ListAuditTraces, OwnAccount).await?;
    Ok(AuditScope::Account(allowed.key()))
}

fn check(filter: &AuditFilter) -> Result<()> {
    let is_short = [&filter.text, &filter.operator, &filter.resource_id, &filter.resource_name]
        .iter()
        .all(|text| text.chars().count() <= LONGEST_TEXT);
    if is_short {
        Ok(())
    } else {
        Err(Error::invalid(Subject::Page, "a filter has at most 256 characters"))
    }
}

fn event(row: AuditRow, project: &str) -> AuditEvent {
    let link = link(&row);
    let event = row.event;
    AuditEvent {
        id: event.id,
        trace_id: event.trace_id,
        name: event.name,
        category: event.category,
        origin: event.origin,
        source: event.source,
        resource_type: event.resource_type,
        resource_id: event.resource_id,
        resource_name: event.resource_name,
        link,
        level: event.level,
        code: event.code,
        operator: event.actor,
        user: row.user.map(|(id, name, account_id, account)| AuditUser {
            id,
            name,
            account_id,
            account,
        }),
        address: event.address,
        request_id: event.request_id,
        detail: event.detail,
        happened_at: event.happened_at,
        project: project.to_owned(),
    }
}

/// The page of what the event is about: a tag where the name says `image:tag`, else the image, else the organization.
fn link(row: &AuditRow) -> Option<AuditLink> {
    let Some(image) = &row.image else {
        let is_of_image = row.event.repository_id.is_some();
        return row.organization.clone().filter(|_| !is_of_image).map(AuditLink::Organization);
    };
    let name = row.event.resource_name.strip_prefix(image.to_string().as_str());
    let tag = name.and_then(|rest| rest.strip_prefix(':')).and_then(|tag| tag.parse().ok());
    Some(match tag {
        Some(tag) => AuditLink::Tag(image.clone(), tag),
        None => AuditLink::Image(image.clone()),
    })
}
