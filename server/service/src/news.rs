//! What is new for whoever has a live page open (`console.md` A.0.11): the change sequence, narrowed to what they see.
//!
//! [`Service::follow_changes`](crate::Service::follow_changes) puts every change in once, in order. A reader holds a
//! cursor into the last [`KEPT`] of them; who is further behind, or comes from another process, hears that everything may
//! have changed.
//!
//! # Invariants
//! - Only the reader's own account is looked at, and only what the reader sees now is named; a deleted image is named to
//!   those who saw it. Rights are asked anew for each answer.
//! - Following is bounded: [`STREAMS`] in all, [`STREAMS_EACH`] per user; who finds no place asks now and then instead.
//! - Following is no activity: it never prolongs a session.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use parking_lot::Mutex;
use roadstead::error::Subject;
use roadstead::id::{OrganizationId, RepositoryId, UserId};
use roadstead::manage::news::News;
use roadstead::{Error, ErrorKind, Result};
use roadstead_store::Store;
use roadstead_store::change::{self, Change, ChangeKind};
use tokio::sync::watch;

use crate::access::Access;
use crate::context::{Context, unauthenticated};
use crate::error::stored;

/// Changes that are remembered.
const KEPT: usize = 1_024;
/// Images that one answer names at most.
const NAMED: usize = 100;
/// Readers that follow at the same time.
pub const STREAMS: usize = 1_000;
/// Readers of one user that follow at the same time.
pub const STREAMS_EACH: usize = 32;
/// A reader hears at most this often; what happens meanwhile is told together.
const PACE: Duration = Duration::from_secs(1);

/// What is new. Clones share everything.
#[derive(Clone)]
pub struct Newsroom {
    store: Store,
    access: Access,
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Newsroom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Newsroom")
    }
}

struct Inner {
    /// Tells this process's cursors from those of others.
    origin: String,
    kept: Mutex<VecDeque<Change>>,
    /// How many changes there were in all; `None` once the process stops.
    end: watch::Sender<Option<u64>>,
    streams: Mutex<HashMap<UserId, usize>>,
}

/// A place among those who follow.
struct Seat {
    inner: Arc<Inner>,
    user: UserId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut streams = self.inner.streams.lock();
        if let Some(count) = streams.get_mut(&self.user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                streams.remove(&self.user);
            }
        }
    }
}

/// What changed since a cursor, before anybody's rights are asked.
enum Since {
    /// These, and the number of the next.
    Changes(Vec<Change>, u64),
    /// Nobody knows any more.
    Unknown(u64),
}

impl Newsroom {
    pub(crate) fn new(store: Store, access: Access, origin: String) -> Self {
        let inner = Inner {
            origin,
            kept: Mutex::default(),
            end: watch::Sender::new(Some(0)),
            streams: Mutex::default(),
        };
        Self { store, access, inner: Arc::new(inner) }
    }

    /// Takes note of changes, in their order, each once.
    pub(crate) fn note(&self, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        let mut kept = self.inner.kept.lock();
        kept.extend(changes.iter().cloned());
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
        self.inner.end.send_modify(|end| {
            if let Some(end) = end {
                *end += changes.len() as u64;
            }
        });
    }

    /// Ends what follows: the process stops, and open streams must not hold it up.
    pub fn close(&self) {
        self.inner.end.send_replace(None);
    }

    /// Where a page that is rendered now begins to follow.
    #[must_use]
    pub fn cursor(&self) -> String {
        let end = *self.inner.end.borrow();
        self.print(end.unwrap_or_default())
    }

    /// What changed since `after` that the caller sees, at once. Without a cursor of this process everything may have.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody is signed in, or may no longer; those of the store.
    pub async fn since(&self, ctx: &Context, after: Option<&str>) -> Result<News> {
        let after = after.and_then(|cursor| self.parse(cursor));
        let found = match after {
            Some(after) => self.changes(after),
            None => Since::Unknown(self.inner.end.borrow().unwrap_or_default()),
        };
        match found {
            Since::Changes(changes, end) => {
                self.seen(ctx, &changes).await.map(|news| News { cursor: self.print(end), ..news })
            }
            Since::Unknown(end) => {
                self.reader(ctx).await?;
                Ok(News { cursor: self.print(end), images: Vec::new(), is_wide: true })
            }
        }
    }

    /// What changes from `after` on that the caller sees, as it happens, for `lifetime`; ends also when the caller may
    /// no longer sign in, when the store fails, and when the process stops. The first item comes at once, with the cursor
    /// and what changed since `after`.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody is signed in; `RateLimited` when too many follow already.
    pub async fn follow(
        &self,
        ctx: &Context,
        after: Option<&str>,
        lifetime: Duration,
    ) -> Result<impl Stream<Item = News> + Send + use<>> {
        let seat = self.sit(self.reader(ctx).await?)?;
        let first = self.since(ctx, after).await?;
        let state = Following {
            room: self.clone(),
            ctx: ctx.clone(),
            end: self.inner.end.subscribe(),
            cursor: first.cursor.clone(),
            first: Some(first),
            over: Box::pin(tokio::time::sleep(lifetime)),
            _seat: seat,
        };
        Ok(unfold(state, |mut state| async move { state.next().await.map(|news| (news, state)) }))
    }

    /// Whoever asks, if they may still come in.
    async fn reader(&self, ctx: &Context) -> Result<UserId> {
        let user = ctx.user()?.user;
        let person = self.access.person(user).await?;
        person.filter(|person| person.ways_in.console).map(|_| user).ok_or_else(unauthenticated)
    }

    fn sit(&self, user: UserId) -> Result<Seat> {
        let mut streams = self.inner.streams.lock();
        let own = streams.get(&user).copied().unwrap_or_default();
        if own >= STREAMS_EACH || streams.values().sum::<usize>() >= STREAMS {
            let message = "too many pages follow what changes; this one asks now and then instead";
            return Err(Error::new(ErrorKind::RateLimited, Subject::Session, message));
        }
        streams.insert(user, own + 1);
        Ok(Seat { inner: Arc::clone(&self.inner), user })
    }

    fn changes(&self, after: u64) -> Since {
        let kept = self.inner.kept.lock();
        // Read under the lock: `note` writes both under it.
        let end = self.inner.end.borrow().unwrap_or(after);
        let missed = usize::try_from(end.saturating_sub(after)).unwrap_or(usize::MAX);
        match kept.len().checked_sub(missed) {
            Some(start) if after <= end => {
                Since::Changes(kept.range(start..).cloned().collect(), end)
            }
            _ => Since::Unknown(end),
        }
    }

    /// The part of `changes` that the caller sees.
    async fn seen(&self, ctx: &Context, changes: &[Change]) -> Result<News> {
        self.reader(ctx).await?;
        let account = ctx.user()?.account;
        let mut repositories = BTreeSet::<RepositoryId>::new();
        let mut organizations = BTreeSet::<OrganizationId>::new();
        let mut is_wide = false;
        for change in changes.iter().filter(|change| change.account_id == Some(account)) {
            match (change.kind, change.repository_id, change.organization_id) {
                (ChangeKind::Repository | ChangeKind::Tag | ChangeKind::Manifest, Some(id), _) => {
                    repositories.insert(id);
                }
                (ChangeKind::Organization, _, Some(id)) => {
                    organizations.insert(id);
                }
                // Their own rights may be other ones now: that is all that is said.
                (ChangeKind::Permission, ..) => is_wide = true,
                _ => {}
            }
        }
        is_wide |= repositories.len() > NAMED || organizations.len() > NAMED;
        let repositories: Vec<_> = repositories.into_iter().take(NAMED).collect();
        let organizations: Vec<_> = organizations.into_iter().take(NAMED).collect();
        if repositories.is_empty() && organizations.is_empty() {
            return Ok(News { is_wide, ..News::default() });
        }
        let visibility = self.access.visibility(ctx).await?;
        let (images, sees_organization) = self
            .store
            .read("news.seen", |tx| {
                let visibility = visibility.clone();
                let (repositories, organizations) = (repositories.clone(), organizations.clone());
                Box::pin(async move {
                    let images = change::images_seen(tx, &visibility, &repositories).await?;
                    let is_one = change::sees_one_of(tx, &visibility, &organizations).await?;
                    Ok::<_, roadstead_store::StoreError>((images, is_one))
                })
            })
            .await
            .map_err(stored)?;
        Ok(News { cursor: String::new(), images, is_wide: is_wide || sees_organization })
    }

    fn print(&self, number: u64) -> String {
        format!("{}.{number}", self.inner.origin)
    }

    fn parse(&self, cursor: &str) -> Option<u64> {
        cursor.strip_prefix(&self.inner.origin)?.strip_prefix('.')?.parse().ok()
    }
}

/// One who follows.
struct Following {
    room: Newsroom,
    ctx: Context,
    end: watch::Receiver<Option<u64>>,
    cursor: String,
    first: Option<News>,
    over: std::pin::Pin<Box<tokio::time::Sleep>>,
    _seat: Seat,
}

impl Following {
    async fn next(&mut self) -> Option<News> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let work = async {
            loop {
                let known = self.room.parse(&self.cursor);
                let end = *self.end.wait_for(|end| *end != known).await.ok()?;
                // `None`: the process stops.
                end?;
                let news = self.room.since(&self.ctx, Some(&self.cursor)).await.ok()?;
                self.cursor.clone_from(&news.cursor);
                if !news.is_empty() {
                    return Some(news);
                }
            }
        };
        let paced = async {
            let closed = async {
                let _ = self.room.inner.end.subscribe().wait_for(Option::is_none).await;
            };
            tokio::select! {
                () = tokio::time::sleep(PACE) => true,
                () = closed => false,
            }
        };
        tokio::select! {
            news = async { if paced.await { work.await } else { None } } => news,
            () = &mut self.over => None,
        }
    }
}

#[cfg(test)]
mod tests;
