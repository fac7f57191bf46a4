//! Receiving bytes into a held session, and making them a blob.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use roadstead::error::Subject;
use roadstead::id::AccountId;
use roadstead::{Digest, Error, ErrorKind, Hasher, Result};
use roadstead_object::{Appended, Ended, ObjectError};
use roadstead_store::blob::{self, NewBlob};
use roadstead_store::{Durability, upload};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::session::{Held, out_of_range, take, unknown};
use super::{ChunkRange, RENEW, Upload, Uploads, link, too_large};
use crate::error::{Failed, kept};
use crate::push::Destination;

/// How many bodies each account is sending. Counted in memory: each process of several counts for itself.
pub(super) struct Turns {
    wait: Duration,
    accounts: Mutex<HashMap<AccountId, Account>>,
}

/// The turns of an account, and how many there are when it sends nothing. When the setting changes, new turns are made:
/// what is being sent by the old ones ends in peace.
struct Account {
    most: usize,
    turns: Arc<Semaphore>,
}

/// The right to send a body, until this is dropped; empty when there is no limit.
#[derive(Debug)]
struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    pub(super) fn new(wait: Duration) -> Self {
        Self { wait, accounts: Mutex::default() }
    }

    /// Waits for one of `most` turns, in the order of arrival; 0 is no limit. Docker does not retry 429 when it pushes,
    /// so this is `Unavailable` in the end.
    async fn take(&self, account: AccountId, most: u64) -> Result<Turn> {
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        if most == 0 {
            return Ok(Turn { _permit: None });
        }
        let turns = {
            let mut accounts = self.accounts.lock();
            // Whoever sends nothing now is forgotten.
            if accounts.len() > 1_000 {
                accounts.retain(|_, known| known.turns.available_permits() < known.most);
            }
            let fresh = || Account { most, turns: Arc::new(Semaphore::new(most)) };
            let known = accounts.entry(account).or_insert_with(fresh);
            if known.most != most {
                *known = fresh();
            }
            Arc::clone(&known.turns)
        };
        match tokio::time::timeout(self.wait, turns.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: Some(permit) }),
            Ok(Err(_)) | Err(_) => Err(Error::new(
                ErrorKind::Unavailable,
                Subject::Upload,
                format!(
                    "your account is uploading {most} layers, as many as it may at a time; try again"
                ),
            )
            .retry_after(30)),
        }
    }
}

impl Uploads {
    /// Takes a body into the session. On failure the session is given back: with what arrived when the body broke off,
    /// as it was when the request made no sense.
    pub(super) async fn receive(
        &self,
        held: Held,
        range: Option<ChunkRange>,
        body: Upload,
    ) -> Result<Held> {
        let allowance = match self.allowance(&held, range, body.length) {
            Ok(allowance) => allowance,
            Err(error) => {
                let ends = error.kind() == ErrorKind::TooLarge;
                if ends {
                    self.abandon(held).await?
                } else {
                    self.release(held).await?
                }
                return Err(error);
            }
        };
        let held = self.secure(held).await?;
        // A request without a body transfers nothing, so it waits for nobody.
        let most = match body.length {
            Some(0) => 0,
            _ => self.inner.settings.current().max_concurrent_layers.value,
        };
        let waiting = self.inner.turns.take(held.account, most);
        let turn = match self.while_leased(&held, waiting).await {
            Some(Ok(turn)) => turn,
            Some(Err(error)) => {
                self.release(held).await?;
                return Err(error);
            }
            None => return Err(unknown()),
        };
        let appending = self.inner.objects.append(
            held.stage.clone(),
            held.progress.clone(),
            body.stream,
            allowance.limit,
        );
        let appended = self.while_leased(&held, appending).await;
        drop(turn);
        let Some(Appended { stage, progress, ended }) = appended else {
            return Err(unknown());
        };
        let received = progress.offset.saturating_sub(held.progress.offset);
        let before = (held.stage.clone(), held.progress.clone());
        let held = Held { stage, progress, is_staged: true, ..held };
        match ended {
            Ended::Whole if allowance.exactly.is_some_and(|wanted| wanted != received) => {
                let (stage, progress) = before;
                self.save(Held { stage, progress, ..held }).await?;
                Err(Error::invalid(
                    Subject::Size,
                    format!("{received} bytes arrived, but the range says otherwise"),
                ))
            }
            Ended::Whole => Ok(held),
            Ended::TooLong if allowance.exactly.is_some() => {
                let (stage, progress) = before;
                self.save(Held { stage, progress, ..held }).await?;
                Err(Error::invalid(Subject::Size, "more bytes arrived than the range says"))
            }
            Ended::TooLong => {
                self.abandon(held).await?;
                Err(too_large(self.limit()))
            }
            Ended::Cut(error) => {
                self.save(held).await?;
                Err(Error::invalid(
                    Subject::Upload,
                    "the body broke off; ask for the upload's range and go on from there",
                )
                .caused_by(error))
            }
            Ended::Failed(ObjectError::Lost { .. }) => {
                self.abandon(held).await?;
                Err(unknown())
            }
            Ended::Failed(error @ ObjectError::Full(_)) => Err(self.make_room(held, error).await),
            Ended::Failed(error) => {
                self.save(held).await?;
                Err(storage(error))
            }
        }
    }

    /// Ends a session that filled the disk. Its bytes go first: kept, they would keep the disk full, and the database may
    /// need the room to note the end.
    async fn make_room(&self, held: Held, error: ObjectError) -> Error {
        if let Err(error) = self.inner.objects.discard(&held.stage).await {
            tracing::warn!(key = %held.stage.key(), %error, "a stage could not be removed yet");
        }
        if let Err(error) = self.abandon(held).await {
            tracing::warn!(%error, "an upload that filled the disk could not be ended yet");
        }
        storage(error)
    }

    /// How many bytes may come.
    fn allowance(
        &self,
        held: &Held,
        range: Option<ChunkRange>,
        length: Option<u64>,
    ) -> Result<Allowance> {
        let offset = held.progress.offset;
        let limit = match self.limit() {
            0 => u64::MAX,
            most => most.saturating_sub(offset),
        };
        let Some(range) = range else {
            if length.is_some_and(|length| length > limit) {
                return Err(too_large(self.limit()));
            }
            return Ok(Allowance { limit, exactly: None });
        };
        if range.start != offset {
            return Err(out_of_range(
                offset,
                "the chunk does not begin where the upload ends; go on from the range given here",
            ));
        }
        let wanted = (range.end - range.start).saturating_add(1);
        if length.is_some_and(|length| length != wanted) {
            return Err(Error::invalid(
                Subject::Size,
                "Content-Length and Content-Range do not agree",
            ));
        }
        if wanted > limit {
            return Err(too_large(self.limit()));
        }
        Ok(Allowance { limit: wanted, exactly: Some(wanted) })
    }

    fn limit(&self) -> u64 {
        self.inner.settings.current().max_layer_bytes.value
    }

    /// Renews the lease while the work goes on; `None` when it was lost.
    async fn while_leased<T>(&self, held: &Held, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        loop {
            match tokio::time::timeout(RENEW, &mut work).await {
                Ok(done) => return Some(done),
                Err(_) => match self.lease(&held.id, &held.holder).await {
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    // The database is busy; the lease still has two more chances.
                    Err(error) => tracing::warn!(%error, "an upload's lease was not renewed"),
                },
            }
        }
    }

    /// Checks the digest, makes the bytes durable, and links the blob in the transaction that ends the session.
    pub(super) async fn keep(
        &self,
        destination: Destination,
        held: Held,
        digest: Digest,
    ) -> Result<()> {
        let same_algorithm = held.progress.hasher.algorithm() == digest.algorithm();
        if same_algorithm {
            let received = held.progress.hasher.clone().finish();
            if let Err(error) = received.verify(&digest) {
                self.abandon(held).await?;
                return Err(error);
            }
        }
        // Nothing was ever sent: the empty blob.
        let held = if held.is_staged { held } else { self.secure(held).await? };
        let completing = self.inner.objects.complete(&held.stage, &held.progress);
        let completed = self.while_leased(&held, completing).await;
        match completed {
            Some(Ok(())) => {}
            Some(Err(ObjectError::Lost { .. })) => {
                self.abandon(held).await?;
                return Err(unknown());
            }
            Some(Err(error @ ObjectError::Full(_))) => {
                return Err(self.make_room(held, error).await);
            }
            Some(Err(error)) => {
                self.save(held).await?;
                return Err(storage(error));
            }
            None => return Err(unknown()),
        }
        if !same_algorithm {
            let hasher = Hasher::new(digest.algorithm());
            let (key, size) = (held.stage.key(), held.progress.offset);
            let hashing = self.inner.objects.hash(key, size, hasher);
            let hashed = self.while_leased(&held, hashing).await.ok_or_else(unknown)?;
            let received = hashed.map_err(storage)?.finish();
            if let Err(error) = received.verify(&digest) {
                self.abandon(held).await?;
                return Err(error);
            }
        }
        self.record(destination, held, digest).await
    }

    async fn record(&self, destination: Destination, held: Held, digest: Digest) -> Result<()> {
        let now = self.inner.ports.now();
        let size = held.progress.offset;
        let new = Arc::new(NewBlob {
            digest,
            size,
            object_key: held.stage.key().to_string(),
            backend: self.inner.objects.kind().as_str().to_owned(),
            encryption_key_id: None,
            created_at: now,
        });
        let is_alone = self.is_alone();
        let (id, holder) = (held.id.clone(), held.holder.clone());
        let outcome = self
            .inner
            .store
            .run("upload.complete", Durability::Durable, move |tx| {
                let (destination, new) = (destination.clone(), Arc::clone(&new));
                let (id, holder) = (id.clone(), holder.clone());
                Box::pin(async move {
                    // Whoever lost the session meanwhile must not link an object that another one may remove.
                    if take(tx, is_alone, &id, &holder, now).await?.is_none() {
                        return Err(Failed::Domain(unknown()));
                    }
                    let place = destination.open(tx).await?;
                    let blob = blob::insert(tx, &new).await?;
                    link(tx, &place, &blob, destination.storage_quota, now).await?;
                    upload::delete(tx, &id).await?;
                    Ok(place)
                })
            })
            .await
            .map_err(Error::from);
        let place = match outcome {
            Err(error) if error.kind() == ErrorKind::QuotaExceeded => {
                self.abandon(held).await?;
                return Err(error);
            }
            outcome => outcome?,
        };
        self.inner.usage.pushed(place, size, now);
        Ok(())
    }
}

/// How many bytes a request may bring.
struct Allowance {
    /// At most.
    limit: u64,
    /// And no fewer, when the range says how many.
    exactly: Option<u64>,
}

/// A storage that fails in the middle of a push.
fn storage(error: ObjectError) -> Error {
    match error {
        full @ ObjectError::Full(_) => kept(full),
        error => Error::unavailable(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn who_sends_too_much_at_once_waits_for_a_turn() {
        let turns = Turns::new(Duration::ZERO);
        let (one, other) = (AccountId(1), AccountId(2));
        let first = turns.take(one, 2).await.unwrap();
        let _second = turns.take(one, 2).await.unwrap();
        let refused = turns.take(one, 2).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable, "Docker does not retry a 429");
        assert!(refused.retry_after_seconds().is_some());
        drop(turns.take(other, 2).await.unwrap());
        drop(first);
        drop(turns.take(one, 2).await.unwrap());
    }

    #[tokio::test]
    async fn a_turn_that_comes_free_in_time_is_taken() {
        let turns = Turns::new(Duration::from_secs(30));
        let first = turns.take(AccountId(1), 1).await.unwrap();
        let mut waiting = std::pin::pin!(turns.take(AccountId(1), 1));
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(first);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn no_limit_and_a_changed_limit_are_in_force_at_once() {
        let turns = Turns::new(Duration::ZERO);
        let one = AccountId(1);
        let held: Vec<_> = futures::future::join_all((0..50).map(|_| turns.take(one, 0))).await;
        assert!(held.iter().all(Result::is_ok));
        let _first = turns.take(one, 1).await.unwrap();
        turns.take(one, 1).await.unwrap_err();
        let _second = turns.take(one, 2).await.unwrap();
    }
}
