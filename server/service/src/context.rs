//! Who asks, from where, under which request: made once per request or job by the door.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use roadstead::access::{Actor, Circumstances, JobName, Refusal, UserActor};
use roadstead::error::Subject;
use roadstead::{Error, ErrorKind, Result, Timestamp};

use crate::port::Clock;
use crate::token::TokenScope;

/// The address by which the registry was reached, as the door decided it: the request's Host if that is one of ours,
/// else the external URL's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `host` or `host:port`, as commands are written with it.
    pub host: String,
    /// Whether it is reached with TLS.
    pub is_https: bool,
}

impl Address {
    /// `https://host[:port]` or `http://…`, without a slash at the end.
    #[must_use]
    pub fn origin(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        format!("{scheme}://{}", self.host)
    }
}

/// Everything a use case knows of its caller.
#[derive(Clone)]
pub struct Context {
    /// Whoever asks.
    pub actor: Actor,
    /// The request's id, in logs, audit events and error answers.
    pub request_id: String,
    /// Where the request came from, trusted proxies taken into account.
    pub client: Option<IpAddr>,
    /// Where the registry was reached.
    pub address: Address,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What the bearer token that was presented is limited to; `None` without a token (console, Basic, jobs).
    /// Narrows what `access.authorize` allows, never widens it.
    pub scopes: Option<Arc<[TokenScope]>>,
    /// The console session's digest, as the store knows it, so that a change of password signs out the others only.
    pub session: Option<String>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("actor", &self.actor)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// A background job or the command line: may do everything, and is recorded as having done it.
    #[must_use]
    pub fn system(job: JobName, request_id: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self {
            actor: Actor::System(job),
            request_id: request_id.into(),
            client: None,
            address: Address { host: "localhost".to_owned(), is_https: false },
            clock,
            scopes: None,
            session: None,
        }
    }

    /// The time of the calendar.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What a decision needs to know of the request.
    #[must_use]
    pub fn circumstances(&self) -> Circumstances<'static> {
        Circumstances { source: self.client, ..Circumstances::at(self.now()) }
    }

    /// The same request, made by somebody whom it has only just proven to be.
    #[must_use]
    pub(crate) fn acting_as(&self, user: UserActor) -> Self {
        Self { actor: Actor::User(user), ..self.clone() }
    }

    /// The user who asks.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] when nobody in particular asks.
    pub fn user(&self) -> Result<&UserActor> {
        self.actor.user().ok_or_else(unauthenticated)
    }

    /// The client's address as text; empty when unknown.
    #[must_use]
    pub fn client_text(&self) -> String {
        self.client.map(|ip| ip.to_string()).unwrap_or_default()
    }
}

/// Nobody in particular asked for something that only users may have.
pub(crate) fn unauthenticated() -> Error {
    Error::new(ErrorKind::Unauthenticated, Subject::Credential, "authentication required")
        .because(Refusal::AuthenticationRequired.id())
}
