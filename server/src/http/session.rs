//! Console sessions: the cookie `rs_session`, kept by tower-sessions in the project's database.
//!
//! # Invariants
//! - The table holds the SHA-256 of the cookie's value: a copy of it opens nothing.
//! - A session ends 8 hours after the last activity and 7 days after sign-in; "keep me signed in" drops the first rule
//!   (`console.md` A.2, A.0.11).
//! - A session names a user and nothing more; who that is now is asked anew on every request.
//! - Sign-in always takes a new id.

use std::sync::Arc;

use async_trait::async_trait;
use roadstead::id::{AccountId, UserId};
use roadstead::{Algorithm, Digest, Timestamp};
use roadstead_app::viewer::SessionSpan;
use roadstead_service::Clock;
use roadstead_store::session::{self, SessionRecord};
use roadstead_store::{Durability, Store, StoreError};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};

/// The cookie.
pub const COOKIE: &str = "rs_session";

/// A session that is not kept ends this long after its last activity, in seconds.
pub const IDLE: i64 = 8 * 3_600;
/// Every session ends this long after sign-in, in seconds.
pub const LONGEST: i64 = 7 * 24 * 3_600;
/// Activity is noted at most this often, in seconds: a write per request would cost more than the request.
const NOTED: i64 = 60;

/// The one entry of a session.
const KEY: &str = "signed_in";

/// Who signed in, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The user.
    pub user: UserId,
    /// The user's account.
    pub account: AccountId,
    /// When they signed in.
    pub since: Timestamp,
    /// Last activity that was noted.
    pub seen: Timestamp,
    /// Whether the session outlives the browser.
    pub is_kept: bool,
    /// Where they signed in from.
    pub address: String,
    /// The browser's own words.
    pub agent: String,
}

impl SignedIn {
    /// How long it still lasts, for the page to count down.
    #[must_use]
    pub fn span(&self, now: Timestamp) -> SessionSpan {
        let last = self.since.plus_seconds(LONGEST);
        SessionSpan { idle: self.ends().seconds_since(now), longest: last.seconds_since(now) }
    }

    /// When the session ends if nothing happens.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        let last = self.since.plus_seconds(LONGEST);
        if self.is_kept { last } else { last.min(self.seen.plus_seconds(IDLE)) }
    }
}

/// The layer that finds the session of a request.
#[must_use]
pub fn layer(store: Store, clock: Arc<dyn Clock>) -> SessionManagerLayer<Sessions> {
    // `Secure` depends on how the request came and is added by the console's own layer.
    SessionManagerLayer::new(Sessions { store, clock })
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(false)
        .with_path("/")
}

/// Who is signed in; notes the activity if it is one. `None` when nobody is, or no longer.
///
/// # Errors
/// When the database does not answer.
pub async fn read(
    session: &Session,
    now: Timestamp,
    is_activity: bool,
) -> roadstead::Result<Option<SignedIn>> {
    let Some(mut found) = session.get::<SignedIn>(KEY).await.map_err(unavailable)? else {
        return Ok(None);
    };
    if found.ends() <= now {
        session.flush().await.map_err(unavailable)?;
        return Ok(None);
    }
    if is_activity && now.seconds_since(found.seen) >= NOTED {
        found.seen = now;
        write(session, &found).await?;
    }
    Ok(Some(found))
}

/// Begins a session under a new id.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(session: &Session, who: &SignedIn) -> roadstead::Result<()> {
    session.cycle_id().await.map_err(unavailable)?;
    write(session, who).await
}

/// Ends a session.
///
/// # Errors
/// When the database does not answer.
pub async fn end(session: &Session) -> roadstead::Result<()> {
    session.flush().await.map_err(unavailable)
}

async fn write(session: &Session, who: &SignedIn) -> roadstead::Result<()> {
    session.insert(KEY, who).await.map_err(unavailable)?;
    session.set_expiry(Some(if who.is_kept {
        Expiry::AtDateTime(date(who.ends()))
    } else {
        Expiry::OnSessionEnd
    }));
    Ok(())
}

fn unavailable(error: tower_sessions::session::Error) -> roadstead::Error {
    roadstead::Error::unavailable(error)
}

fn date(time: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(time.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The key of a session's row.
#[must_use]
pub fn digest(id: &Id) -> String {
    Digest::of(Algorithm::Sha256, id.to_string().as_bytes()).hex().to_owned()
}

/// tower-sessions on our table.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    fn row(&self, record: &Record) -> Result<SessionRecord> {
        let now = self.clock.now();
        let who: Option<SignedIn> =
            record.data.get(KEY).and_then(|value| serde_json::from_value(value.clone()).ok());
        let data =
            serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        Ok(SessionRecord {
            digest: digest(&record.id),
            account_id: who.as_ref().map(|who| who.account),
            user_id: who.as_ref().map(|who| who.user),
            data,
            address: who.as_ref().map(|who| who.address.clone()).unwrap_or_default(),
            agent: who.as_ref().map(|who| who.agent.clone()).unwrap_or_default(),
            created_at: now,
            last_seen_at: now,
            expires_at: who.as_ref().map_or(now, SignedIn::ends),
        })
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let row = Arc::new(self.row(record)?);
            let is_new = self
                .store
                .run("session.create", Durability::Durable, move |tx| {
                    let row = Arc::clone(&row);
                    Box::pin(async move { session::create(tx, &row).await })
                })
                .await
                .map_err(backend)?;
            if is_new {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let row = Arc::new(self.row(record)?);
        self.store
            .run("session.save", Durability::Relaxed, move |tx| {
                let row = Arc::clone(&row);
                Box::pin(async move { session::save(tx, &row).await })
            })
            .await
            .map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let (key, now) = (digest(id), self.clock.now());
        let row = self
            .store
            .peek("session.load", |tx| {
                let key = key.clone();
                Box::pin(async move { session::load(tx, &key, now).await })
            })
            .await
            .map_err(backend)?;
        row.map(|row| {
            let data = serde_json::from_slice(&row.data)
                .map_err(|error| Error::Decode(error.to_string()))?;
            Ok(Record { id: *id, data, expiry_date: date(row.expires_at) })
        })
        .transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let key = digest(id);
        self.store
            .run("session.delete", Durability::Durable, move |tx| {
                let key = key.clone();
                Box::pin(async move { session::delete(tx, &key).await.map(drop) })
            })
            .await
            .map_err(backend)
    }
}

fn backend(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_idleness_or_by_age() {
        let at = Timestamp::from_seconds;
        let mut who = SignedIn {
            user: UserId(1),
            account: AccountId(1),
            since: at(0),
            seen: at(100),
            is_kept: false,
            address: String::new(),
            agent: String::new(),
        };
        assert_eq!(who.ends(), at(100 + IDLE));
        who.seen = at(LONGEST - 1);
        assert_eq!(who.ends(), at(LONGEST));
        who.is_kept = true;
        who.seen = at(0);
        assert_eq!(who.ends(), at(LONGEST));
    }
}
