//! The record of who did what to which target, written in the transaction that did it.
//!
//! ```ignore
//! let event = Origin::of(ctx, &ports).event("createUserNamespace", "usernamespace").named(&name);
//! store.run("…", Durability::Durable, move |tx| { …; audit::append(tx, event.in_organization(id)).await })
//! ```
//! Names of events and resource types are those of `console.md` appendix E. Never put a secret in a detail.

use roadstead::Timestamp;
use roadstead::access::{Actor, UserActor};
use roadstead::id::{AccountId, AuditId, OrganizationId, RepositoryId, UserId};
use roadstead_store::audit::{AuditRecord, Category, Level};
use roadstead_store::{Place, Tx};

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

    /// A management event that succeeded.
    pub(crate) fn event(&self, name: &str, resource_type: &str) -> Event {
        let source = match resource_type {
            "user" | "group" | "policy" | "accesskey" => "IAM",
            "setting" => "System",
            _ => "SWR",
        };
        Event(AuditRecord {
            id: AuditId(0),
            trace_id: self.trace_id.clone(),
            account_id: self.account,
            user_id: self.user,
            actor: self.actor.clone(),
            category: Category::Management,
            source: source.to_owned(),
            name: name.to_owned(),
            resource_type: resource_type.to_owned(),
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

    /// More, without secrets.
    pub(crate) fn detail(mut self, detail: serde_json::Value) -> Self {
        self.0.detail = detail;
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
