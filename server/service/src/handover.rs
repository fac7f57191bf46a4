//! Secrets between the form that made them and the page that shows them once (`console.md` A.10.1, A.11).
//!
//! # Invariants
//! - A secret is handed to the console session that made it and to nobody else, and is in no cookie and no address: there
//!   stands a ticket, which says nothing.
//! - It is there for two minutes, and after it was shown for [`GRACE`]: a page that is being shown may be fetched again.
//! - It lives in this process alone. Where another one answers the page, the secret is lost, and is made again.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use parking_lot::Mutex;
use roadstead::id::UserId;
use roadstead::{Result, Secret};

use crate::context::Context;
use crate::port::Ports;

/// How long a secret waits for its page.
const WAIT: Duration = Duration::from_secs(120);
/// How long its page may show it again.
const GRACE: Duration = Duration::from_secs(30);
/// Most secrets that wait at a time; the oldest leave first.
const LIMIT: usize = 1_000;

/// Secrets that wait for their page.
pub struct Handovers {
    ports: Ports,
    waiting: Mutex<BTreeMap<String, Waiting>>,
}

struct Waiting {
    user: UserId,
    session: Option<String>,
    handed: Handed,
    until: Duration,
    is_seen: bool,
}

/// A secret on its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// Whose or what it is.
    pub name: String,
    /// The secret.
    pub secret: Secret,
}

impl fmt::Debug for Handovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handovers")
    }
}

impl Handovers {
    pub(crate) const fn new(ports: Ports) -> Self {
        Self { ports, waiting: Mutex::new(BTreeMap::new()) }
    }

    /// Keeps a secret for the next page of this session. The answer is the ticket.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks.
    pub fn leave(&self, ctx: &Context, name: impl fmt::Display, secret: Secret) -> Result<String> {
        let user = ctx.user()?.user;
        let ticket = hex::encode(self.ports.bytes::<16>());
        let now = self.ports.clock.monotonic();
        let waiting = Waiting {
            user,
            session: ctx.session.clone(),
            handed: Handed { name: name.to_string(), secret },
            until: now.saturating_add(WAIT),
            is_seen: false,
        };
        let mut all = self.waiting.lock();
        all.retain(|_, waiting| waiting.until > now);
        if all.len() >= LIMIT {
            let oldest = all.iter().min_by_key(|(_, waiting)| waiting.until);
            if let Some(oldest) = oldest.map(|(ticket, _)| ticket.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert(ticket.clone(), waiting);
        drop(all);
        Ok(ticket)
    }

    /// The secret of a ticket of this session, if it is still to be shown.
    #[must_use]
    pub fn take(&self, ctx: &Context, ticket: &str) -> Option<Handed> {
        let user = ctx.actor.user()?.user;
        let now = self.ports.clock.monotonic();
        let mut all = self.waiting.lock();
        all.retain(|_, waiting| waiting.until > now);
        let waiting = all.get_mut(ticket)?;
        if waiting.user != user || waiting.session != ctx.session {
            return None;
        }
        if !waiting.is_seen {
            waiting.is_seen = true;
            waiting.until = now.saturating_add(GRACE);
        }
        Some(waiting.handed.clone())
    }
}

#[cfg(test)]
mod tests;
