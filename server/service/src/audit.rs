//! The record of who did what to which target.
//!
//! ```ignore
//! let event = Origin::of(ctx, &ports).event(TraceName::CreateUserNamespace).named(&name);
//! store.run("…", Durability::Durable, move |tx| { …; audit::append(tx, event.in_organization(id)).await })
//! ```
//! # Invariants
//! - What changes something writes its event in the transaction that changes it ([`append`]).
//! - Pushes, pulls and what is only looked at are noted in memory and written every few seconds ([`Trail`]), each kind only
//!   where its setting says so.
//! - Names are those of [`TraceName`]: a misspelt event does not compile.
//! - No secret is in a detail. Whatever looks like one by its name is struck out all the same.
//!
//! To record another event: a line in [`TraceName`] if none fits, and the two lines above. [`AuditLog`] finds it.

mod log;
mod redact;
mod trail;

pub(crate) use log::scope;
pub use log::{AuditLog, Exported};
pub(crate) use trail::Trail;

use roadstead::Timestamp;
use roadstead::access::{Actor, UserActor};
use roadstead::audit::{Origin as Way, TraceName};
use roadstead::id::{AccountId, AuditId, OrganizationId, RepositoryId, UserId};
use roadstead_store::audit::{AuditRecord, Level};
use roadstead_store::{Place, Tx};
use uuid::Uuid;

use crate::context::Context;
use crate::error::Outcome;
use crate::port::Ports;

/// Whence an event comes: who, from where, in which request, when.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    trace_id: String,
    account: Option<AccountId>,
    user: Option<UserId>,
    actor: String,
    way: Way,
    address: String,
    request_id: String,
    at: Timestamp,
}

/// One event, ready to be written.
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Event(AuditRecord);

impl Origin {
    /// Of a request or job.
    pub(crate) fn of(ctx: &Context, ports: &Ports) -> Self {
        let user = ctx.actor.user();
        Self {
            trace_id: ports.uuid().to_string(),
            account: user.map(|user| user.account),
            user: user.map(|user| user.user),
            actor: match &ctx.actor {
                Actor::User(user) => shown(user),
                Actor::Anonymous => "anonymous".to_owned(),
                Actor::System(job) => job.0.to_owned(),
            },
            way: match (&ctx.actor, &ctx.session) {
                (Actor::System(_), _) => Way::System,
                (_, Some(_)) => Way::Console,
                (_, None) => Way::Api,
            },
            address: ctx.client_text(),
            request_id: ctx.request_id.clone(),
            at: ctx.now(),
        }
    }

    /// The same, done by somebody whom the request has only just proven to be.
    pub(crate) fn acting_as(mut self, user: &UserActor) -> Self {
        self.account = Some(user.account);
        self.user = Some(user.user);
        self.actor = shown(user);
        self
    }

    /// The same for another event of the same job.
    pub(crate) fn renewed(&self, ports: &Ports) -> Self {
        Self { trace_id: ports.uuid().to_string(), ..self.clone() }
    }

    /// An event that succeeded.
    pub(crate) fn event(&self, name: TraceName) -> Event {
        let resource_type = name.resource_type();
        Event(AuditRecord {
            id: AuditId(0),
            trace_id: self.trace_id.clone(),
            account_id: self.account,
            user_id: self.user,
            actor: self.actor.clone(),
            category: name.category(),
            // Whoever signs in has no session yet.
            origin: match name {
                TraceName::SignIn | TraceName::SignInFailed => Way::Console,
                _ => self.way,
            },
            is_read: name.is_read(),
            source: resource_type.source().to_string(),
            name: name.to_string(),
            resource_type: resource_type.to_string(),
            resource_id: String::new(),
            resource_name: String::new(),
            organization_id: None,
            repository_id: None,
            level: Level::Normal,
            code: 200,
            address: self.address.clone(),
            request_id: self.request_id.clone(),
            detail: serde_json::json!({}),
            happened_at: self.at,
        })
    }
}

impl Event {
    /// To which one, by name.
    pub(crate) fn named(mut self, name: impl ToString) -> Self {
        self.0.resource_name = name.to_string();
        self
    }

    /// To which one, by id.
    pub(crate) fn id(mut self, id: impl ToString) -> Self {
        self.0.resource_id = id.to_string();
        self
    }

    /// In which account, when the actor is of none.
    pub(crate) fn in_account(mut self, account: AccountId) -> Self {
        self.0.account_id = Some(account);
        self
    }

    /// In which organization.
    pub(crate) fn in_organization(mut self, organization: OrganizationId) -> Self {
        self.0.organization_id = Some(organization);
        self
    }

    /// In which organization and repository.
    pub(crate) fn in_repository(
        mut self,
        organization: OrganizationId,
        repository: RepositoryId,
    ) -> Self {
        self.0.organization_id = Some(organization);
        self.0.repository_id = Some(repository);
        self
    }

    /// In which organization and repository.
    pub(crate) fn at(self, place: &Place) -> Self {
        self.in_repository(place.organization(), place.repository())
    }

    /// The HTTP status that will be answered, when it is not 200.
    pub(crate) fn code(mut self, code: u32) -> Self {
        self.0.code = code;
        self
    }

    /// It was refused, with this HTTP status.
    pub(crate) fn failed(mut self, code: u32) -> Self {
        self.0.level = Level::Warning;
        self.code(code)
    }

    /// It was refused, with this HTTP status, and would have deleted data or changed rights.
    pub(crate) fn incident(mut self, code: u32) -> Self {
        self.0.level = Level::Incident;
        self.code(code)
    }

    /// One of several of the same request: the `index`-th, from 0. Each event has an id of its own.
    pub(crate) fn nth(mut self, index: usize) -> Self {
        if let Ok(first) = self.0.trace_id.parse::<Uuid>() {
            self.0.trace_id =
                Uuid::from_u128(first.as_u128().wrapping_add(index as u128)).to_string();
        }
        self
    }

    /// More: what was asked, without secrets. A `reason` in it is the record's `message`.
    pub(crate) fn detail(mut self, detail: serde_json::Value) -> Self {
        self.0.detail = redact::redacted(detail);
        self
    }
}

/// Writes an event in the caller's transaction.
pub(crate) async fn append(tx: &mut Tx<'_>, event: Event) -> Outcome<()> {
    roadstead_store::audit::append(tx, &event.0).await?;
    Ok(())
}

fn shown(user: &UserActor) -> String {
    if user.is_owner {
        user.account_name.to_string()
    } else {
        format!("{}/{}", user.account_name, user.user_name)
    }
}

#[cfg(test)]
mod tests;
