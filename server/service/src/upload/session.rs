//! The session's row: found, leased to one writer, written back, ended.
//!
//! Where this is the only server of the database (SQLite), a session is kept in memory until its first byte comes, and
//! no lease is written for a request that brings none: [`Writers`] knows who is writing. The row is there before the
//! first byte is staged, so that what a crash leaves is found.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use roadstead::error::Subject;
use roadstead::id::AccountId;
use roadstead::{Error, ErrorKind, Hasher, Result, Timestamp};
use roadstead_object::{KeySeed, ObjectKey, Progress, Stage};
use roadstead_store::upload::{self, UploadRecord};
use roadstead_store::{Dialect, Durability, StoreError, Tx, maintenance, object};
use serde_json::json;
use uuid::Uuid;

use super::{Inner, LEASE, LIFE, Uploads};
use crate::care::collect::remove_doomed;
use crate::context::Context;
use crate::error::stored;
use crate::push::{Destination, owner};

/// Ended sessions of one turn.
const EXPIRED: u32 = 100;

/// Most sessions that are only in memory; further ones are written down at once.
const FRESH: usize = 10_000;

/// A session that this request alone may write.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) holder: String,
    pub(super) account: AccountId,
    pub(super) stage: Stage,
    pub(super) progress: Progress,
    /// Whether anything was staged before this request.
    pub(super) is_staged: bool,
    /// Whether the row has this request's lease.
    pub(super) is_leased: bool,
    /// The session, while it has no row.
    pub(super) fresh: Option<UploadRecord>,
    pub(super) _writing: Writing,
}

/// Sessions that nothing was sent to yet. A crash forgets them, and their clients begin again.
#[derive(Debug, Clone, Default)]
pub(super) struct Fresh(Arc<Mutex<HashMap<String, UploadRecord>>>);

impl Fresh {
    /// `false` when there are too many.
    pub(super) fn keep(&self, record: &UploadRecord) -> bool {
        let mut kept = self.0.lock();
        let has_room = kept.len() < FRESH;
        if has_room {
            kept.insert(record.id.clone(), record.clone());
        }
        has_room
    }

    fn find(&self, id: &str, now: Timestamp) -> Option<UploadRecord> {
        self.0.lock().get(id).filter(|record| now < record.expires_at).cloned()
    }

    fn remove(&self, id: &str) {
        self.0.lock().remove(id);
    }

    fn expire(&self, now: Timestamp) {
        self.0.lock().retain(|_, record| now < record.expires_at);
    }
}

/// The sessions that requests of this process are writing to.
#[derive(Debug, Clone, Default)]
pub(super) struct Writers(Arc<Mutex<HashSet<String>>>);

/// A session is being written to, until this is dropped.
#[derive(Debug)]
pub(super) struct Writing {
    writers: Writers,
    id: String,
}

impl Writers {
    /// `None` while another request of this process is writing to the session.
    fn enter(&self, id: &str) -> Option<Writing> {
        let is_free = self.0.lock().insert(id.to_owned());
        is_free.then(|| Writing { writers: self.clone(), id: id.to_owned() })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.writers.0.lock().remove(&self.id);
    }
}

/// There is no such session, or none of this caller: the same words.
pub(super) fn unknown() -> Error {
    Error::not_found(
        Subject::Upload,
        "there is no such upload; it may have ended or been cancelled: start again",
    )
}

/// A chunk that does not follow what is there.
pub(super) fn out_of_range(offset: u64, message: &str) -> Error {
    Error::new(ErrorKind::RangeInvalid, Subject::Upload, message)
        .with_detail(json!({ "offset": offset }))
}

impl Uploads {
    /// The session, if it is this caller's for this image.
    pub(super) async fn find(
        &self,
        ctx: &Context,
        destination: &Destination,
        id: Uuid,
    ) -> Result<Option<UploadRecord>> {
        let owner = owner(ctx)?;
        let found = self.look_up(&id.to_string(), ctx.now()).await?;
        Ok(found.filter(|record| is_of(record, destination, &owner)))
    }

    async fn look_up(&self, id: &str, now: Timestamp) -> Result<Option<UploadRecord>> {
        if let Some(fresh) = self.inner.fresh.find(id, now) {
            return Ok(Some(fresh));
        }
        self.inner
            .store
            .peek("upload.find", |tx| {
                let id = id.to_owned();
                Box::pin(async move { upload::find(tx, &id, now).await })
            })
            .await
            .map_err(stored)
    }

    /// A SQLite file has one server: who writes to a session is known in memory.
    pub(super) fn is_alone(&self) -> bool {
        self.inner.store.dialect() == Dialect::Sqlite
    }

    /// Takes the session for this request.
    pub(super) async fn hold(
        &self,
        ctx: &Context,
        destination: &Destination,
        id: Uuid,
    ) -> Result<Held> {
        let found = self.find(ctx, destination, id).await?.ok_or_else(unknown)?;
        let busy = || {
            out_of_range(
                found.received,
                "another request is sending to this upload; wait for it, or go on from where it is",
            )
        };
        let writing = self.inner.writers.enter(&found.id).ok_or_else(busy)?;
        let holder = self.inner.ports.uuid().to_string();
        let record = match self.is_alone() {
            // Again: another request may have written to it, and ended, between the look and the entrance.
            true => self.look_up(&found.id, ctx.now()).await?.ok_or_else(unknown)?,
            false => match self.lease(&found.id, &holder).await? {
                Some(record) => record,
                None => {
                    // Somebody else has it, or it has ended between the look and this.
                    let now = self.inner.ports.now();
                    return Err(self
                        .look_up(&found.id, now)
                        .await?
                        .map_or_else(unknown, |_| busy()));
                }
            },
        };
        let fresh = self.inner.fresh.find(&record.id, ctx.now());
        let stage = match &record.staging_state {
            Some(text) => text.parse::<Stage>().map_err(Error::internal)?,
            None => {
                let key = record.object_key.as_deref().map(str::parse).transpose();
                let key = key.map_err(Error::internal)?.unwrap_or_else(|| self.new_key());
                self.inner.objects.begin(key)
            }
        };
        let hasher = match &record.hash_state {
            Some(state) => Hasher::resume(state)?,
            None => Hasher::new(record.algorithm),
        };
        Ok(Held {
            id: record.id,
            holder,
            account: record.account_id,
            stage,
            progress: Progress { offset: record.received, hasher },
            is_staged: record.staging_state.is_some(),
            is_leased: !self.is_alone(),
            fresh,
            _writing: writing,
        })
    }

    /// Sees to it that the session has a row with this request's lease: before the first byte is staged, and before
    /// anything else is written to the row.
    pub(super) async fn secure(&self, mut held: Held) -> Result<Held> {
        if held.is_leased {
            return Ok(held);
        }
        match held.fresh.take() {
            Some(fresh) => {
                self.write_down(fresh, &held.holder).await?;
                self.inner.fresh.remove(&held.id);
            }
            // Whoever had a lease before died with it.
            None => drop(self.lease(&held.id, &held.holder).await?.ok_or_else(unknown)?),
        }
        held.is_leased = true;
        Ok(held)
    }

    async fn write_down(&self, fresh: UploadRecord, holder: &str) -> Result<()> {
        let (fresh, holder) = (Arc::new(fresh), holder.to_owned());
        let now = self.inner.ports.now();
        let until = now.plus_seconds(LEASE);
        self.inner
            .store
            .run("upload.create", Durability::Relaxed, move |tx| {
                let (fresh, holder) = (Arc::clone(&fresh), holder.clone());
                Box::pin(async move {
                    upload::create(tx, &fresh).await?;
                    upload::lease(tx, &fresh.id, &holder, now, until).await.map(drop)
                })
            })
            .await
            .map_err(stored)
    }

    /// A key that was never used.
    pub(super) fn new_key(&self) -> ObjectKey {
        let ports = &self.inner.ports;
        ObjectKey::new(KeySeed {
            milliseconds: u64::try_from(ports.now().0 / 1_000).unwrap_or_default(),
            random: ports.bytes(),
        })
    }

    /// Takes or renews the lease; `None` when the session is gone, or another server has it. The only server takes it
    /// from whoever had it before: that writer is known to be gone.
    pub(super) async fn lease(&self, id: &str, holder: &str) -> Result<Option<UploadRecord>> {
        let (id, holder) = (id.to_owned(), holder.to_owned());
        let now = self.inner.ports.now();
        let is_alone = self.is_alone();
        self.inner
            .store
            .run("upload.lease", Durability::Relaxed, move |tx| {
                let (id, holder) = (id.clone(), holder.clone());
                Box::pin(async move { take(tx, is_alone, &id, &holder, now).await })
            })
            .await
            .map_err(stored)
    }

    /// Writes down how far the session has come, and gives it back.
    pub(super) async fn save(&self, held: Held) -> Result<()> {
        let held = self.secure(held).await?;
        let now = self.inner.ports.now();
        let progress = Arc::new(upload::Progress {
            received: held.progress.offset,
            hash_state: held.progress.hasher.state(),
            staging_state: held.stage.to_string(),
            object_key: held.stage.key().to_string(),
            updated_at: now,
            expires_at: now.plus_seconds(LIFE),
        });
        let (id, holder) = (held.id, held.holder);
        let is_ours = self
            .inner
            .store
            .run("upload.save", Durability::Relaxed, move |tx| {
                let (id, holder) = (id.clone(), holder.clone());
                let progress = Arc::clone(&progress);
                Box::pin(async move { upload::save(tx, &id, &holder, &progress).await })
            })
            .await
            .map_err(stored)?;
        if is_ours { Ok(()) } else { Err(unknown()) }
    }

    /// Gives the session back as it was.
    pub(super) async fn release(&self, held: Held) -> Result<()> {
        if !held.is_leased {
            return Ok(());
        }
        self.inner
            .store
            .run("upload.release", Durability::Relaxed, move |tx| {
                let (id, holder) = (held.id.clone(), held.holder.clone());
                Box::pin(async move { upload::release(tx, &id, &holder).await })
            })
            .await
            .map_err(stored)
    }

    /// Ends the session and removes what it staged.
    pub(super) async fn abandon(&self, held: Held) -> Result<()> {
        if held.fresh.is_some() {
            self.inner.fresh.remove(&held.id);
            return Ok(());
        }
        let is_staged = held.is_staged || held.progress.offset > 0;
        let key = is_staged.then(|| held.stage.key().to_string());
        let is_doomed = self.end(held.id, key, None).await?;
        if is_doomed && let Err(error) = self.inner.objects.discard(&held.stage).await {
            // Its key is on the list of what is to be removed.
            tracing::warn!(key = %held.stage.key(), %error, "a stage could not be removed yet");
        }
        Ok(())
    }

    /// Ends a session that this process opened for itself; failures are logged.
    pub(super) async fn forget(&self, id: String) {
        let found = self.look_up(&id, self.inner.ports.now()).await;
        self.inner.fresh.remove(&id);
        let outcome = match found {
            Ok(Some(record)) => self.end_record(record, None).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "an upload that failed could not be removed yet");
        }
    }

    /// With `expired`, only if its time was over then and nobody is writing to it.
    async fn end_record(&self, record: UploadRecord, expired: Option<Timestamp>) -> Result<()> {
        let is_doomed = self.end(record.id, record.object_key, expired).await?;
        if is_doomed
            && let Some(stage) = record.staging_state
            && let Ok(stage) = stage.parse::<Stage>()
            && let Err(error) = self.inner.objects.discard(&stage).await
        {
            tracing::warn!(key = %stage.key(), %error, "a stage could not be removed yet");
        }
        Ok(())
    }

    /// Ends a session and dooms what it staged. `false` when there is nothing to remove: nothing was staged, the session
    /// goes on, or somebody completed it, so that its bytes are a blob by now.
    async fn end(
        &self,
        id: String,
        object_key: Option<String>,
        expired: Option<Timestamp>,
    ) -> Result<bool> {
        let (now, backend) = (self.inner.ports.now(), self.inner.objects.kind().as_str());
        self.inner
            .store
            .run("upload.end", Durability::Relaxed, move |tx| {
                let (id, object_key) = (id.clone(), object_key.clone());
                Box::pin(async move {
                    match expired {
                        Some(then) if !maintenance::end_expired(tx, &id, then).await? => {
                            return Ok(false);
                        }
                        Some(_) => {}
                        None => drop(upload::delete(tx, &id).await?),
                    }
                    match object_key {
                        Some(key) => object::insert_doomed(tx, &key, backend, now).await,
                        None => Ok(false),
                    }
                })
            })
            .await
            .map_err(stored)
    }

    /// Ends sessions whose time is over.
    pub(super) async fn expire(&self) -> Result<()> {
        let now = self.inner.ports.now();
        self.inner.fresh.expire(now);
        loop {
            let ended = self
                .inner
                .store
                .peek("upload.expired", |tx| Box::pin(upload::expired(tx, now, EXPIRED)))
                .await
                .map_err(stored)?;
            let is_last = ended.len() < EXPIRED as usize;
            for record in ended {
                self.end_record(record, Some(now)).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Removes the bytes of objects that were staged in vain, replaced or condemned.
    pub(super) async fn remove_doomed(&self) -> Result<()> {
        let Inner { store, objects, ports, .. } = &*self.inner;
        remove_doomed(store, objects, ports.now()).await?;
        Ok(())
    }
}

fn is_of(record: &UploadRecord, destination: &Destination, owner: &str) -> bool {
    record.owner == owner
        && record.organization_id == destination.organization
        && record.repository_name == *destination.name.repository()
}

/// Takes or renews a lease inside a transaction; see [`Uploads::lease`].
pub(super) async fn take(
    tx: &mut Tx<'_>,
    is_alone: bool,
    id: &str,
    holder: &str,
    now: Timestamp,
) -> Result<Option<UploadRecord>, StoreError> {
    let until = now.plus_seconds(LEASE);
    match is_alone {
        true => upload::seize(tx, id, holder, now, until).await,
        false => upload::lease(tx, id, holder, now, until).await,
    }
}
