//! Blob uploads: from `POST` to `PUT` (`protocol.md` 1.5, `design.md` 3.6).
//!
//! # Invariants
//! - A session belongs to (image, caller): to anybody else it does not exist.
//! - One writer at a time: the session's lease is taken before a byte is read and renewed while bytes come.
//! - The session's row never claims more than the staged file has; what is staged beyond it is cut off.
//! - Bytes before rows: a blob's row is written when its bytes are durable, in the transaction that links it.
//! - A range that does not fit changes nothing; a digest that does not match ends the session.

mod session;
#[cfg(test)]
mod tests;
mod transfer;

use std::sync::Arc;
use std::time::Duration;

use roadstead::access::Action;
use roadstead::error::Subject;
use roadstead::{Algorithm, Digest, Error, ErrorKind, ImageName, Result, Timestamp};
use roadstead_object::{BodyStream, Objects};
use roadstead_store::account::Excess;
use roadstead_store::blob::{self, LinkedBlob};
use roadstead_store::upload::{self, UploadRecord};
use roadstead_store::{Durability, Place, Store, StoreError, Tx};
use serde_json::json;
use uuid::Uuid;

use crate::Parts;
use crate::access::Access;
use crate::context::Context;
use crate::error::{Failed, Outcome, stored};
use crate::port::Ports;
use crate::push::{Destination, destination, owner};
use crate::setting::SettingsCell;
use crate::usage::Usage;
use session::unknown;

/// How long a session lives after its last progress, in seconds.
const LIFE: i64 = 24 * 60 * 60;
/// How long a lease lasts without being renewed, in seconds.
const LEASE: i64 = 45;
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(15);
/// How long a body waits when its account is sending as many as it may (`protocol.md` 1.5.12).
const WAIT: Duration = Duration::from_secs(30);
/// Most repositories that are looked at for a mount that names no source.
const SOURCES: u32 = 16;

/// A body that is uploaded.
pub struct Upload {
    /// Its length, when the client said so.
    pub length: Option<u64>,
    /// Its bytes.
    pub stream: BodyStream,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Where a chunk belongs: both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkRange {
    /// First byte.
    pub start: u64,
    /// Last byte; not before `start`.
    pub end: u64,
}

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadStatus {
    /// The session.
    pub id: Uuid,
    /// Bytes kept.
    pub offset: u64,
}

/// What became of a mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mounted {
    /// The blob is in the image now.
    Linked,
    /// It could not be mounted, whatever the reason; here is a session to upload it.
    Started(UploadStatus),
}

/// Upload sessions.
#[derive(Clone)]
pub struct Uploads {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    objects: Objects,
    access: Access,
    settings: SettingsCell,
    ports: Ports,
    usage: Usage,
    turns: transfer::Turns,
    writers: session::Writers,
    fresh: session::Fresh,
}

impl std::fmt::Debug for Uploads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Uploads")
    }
}

impl Uploads {
    pub(crate) fn new(parts: &Parts, access: Access, usage: Usage) -> Self {
        Self {
            inner: Arc::new(Inner {
                store: parts.store.clone(),
                objects: parts.objects.clone(),
                access,
                settings: parts.settings.clone(),
                ports: parts.ports.clone(),
                usage,
                turns: transfer::Turns::new(WAIT),
                writers: session::Writers::default(),
                fresh: session::Fresh::default(),
            }),
        }
    }

    /// Opens a session (end-4a, end-4c).
    ///
    /// # Errors
    /// Those of [`Access::authorize`] for pushing; those of the store.
    #[tracing::instrument(name = "service.upload.start", skip_all, fields(image = %image))]
    pub async fn start(
        &self,
        ctx: &Context,
        image: &ImageName,
        algorithm: Option<Algorithm>,
    ) -> Result<UploadStatus> {
        let destination = self.destination(ctx, image).await?;
        self.open(ctx, &destination, algorithm.unwrap_or(Algorithm::Sha256)).await
    }

    async fn destination(&self, ctx: &Context, image: &ImageName) -> Result<Destination> {
        let inner = &self.inner;
        destination(&inner.access, &inner.settings, &inner.ports, ctx, image).await
    }

    async fn open(
        &self,
        ctx: &Context,
        destination: &Destination,
        algorithm: Algorithm,
    ) -> Result<UploadStatus> {
        let (id, now) = (self.inner.ports.uuid(), ctx.now());
        let record = UploadRecord {
            id: id.to_string(),
            account_id: destination.account,
            organization_id: destination.organization,
            repository_name: destination.name.repository().clone(),
            owner: owner(ctx)?,
            user_id: ctx.actor.user().map(|user| user.user),
            algorithm,
            received: 0,
            hash_state: None,
            staging_state: None,
            // Known before the first byte: what a crash leaves is found by it.
            object_key: Some(self.new_key().to_string()),
            created_at: now,
            updated_at: now,
            expires_at: now.plus_seconds(LIFE),
        };
        if self.is_alone() && self.inner.fresh.keep(&record) {
            return Ok(UploadStatus { id, offset: 0 });
        }
        let record = Arc::new(record);
        self.inner
            .store
            .run("upload.create", Durability::Relaxed, move |tx| {
                let record = Arc::clone(&record);
                Box::pin(async move { upload::create(tx, &record).await })
            })
            .await
            .map_err(stored)?;
        Ok(UploadStatus { id, offset: 0 })
    }

    /// How far a session has come (end-13).
    ///
    /// # Errors
    /// `NotFound` about the upload when there is no such session of this caller for this image.
    #[tracing::instrument(name = "service.upload.status", skip_all, fields(image = %image))]
    pub async fn status(&self, ctx: &Context, image: &ImageName, id: Uuid) -> Result<UploadStatus> {
        let destination = self.destination(ctx, image).await?;
        let record = self.find(ctx, &destination, id).await?.ok_or_else(unknown)?;
        Ok(UploadStatus { id, offset: record.received })
    }

    /// Ends a session; what it staged is removed (end-14).
    ///
    /// # Errors
    /// As [`Uploads::status`]; `Conflict` while bytes are being received.
    #[tracing::instrument(name = "service.upload.cancel", skip_all, fields(image = %image))]
    pub async fn cancel(&self, ctx: &Context, image: &ImageName, id: Uuid) -> Result<()> {
        let destination = self.destination(ctx, image).await?;
        let held = self.hold(ctx, &destination, id).await?;
        self.abandon(held).await
    }

    /// Adds bytes to a session (end-5). What arrives before the body breaks off is kept.
    ///
    /// # Errors
    /// `NotFound` about the upload; `RangeInvalid` with the present `offset` in its detail when the chunk does not
    /// follow what is there, or another writer has the session; `Invalid` about the size when lengths disagree;
    /// `TooLarge` over the layer limit, which ends the session; `Unavailable` when the storage is.
    #[tracing::instrument(name = "service.upload.append", skip_all, fields(image = %image))]
    pub async fn append(
        &self,
        ctx: &Context,
        image: &ImageName,
        id: Uuid,
        range: Option<ChunkRange>,
        body: Upload,
    ) -> Result<UploadStatus> {
        let destination = self.destination(ctx, image).await?;
        let held = self.hold(ctx, &destination, id).await?;
        // A task of its own: when the client goes away in the middle, what arrived is still written down.
        let uploads = self.clone();
        let work = async move {
            let held = uploads.receive(held, range, body).await?;
            let offset = held.progress.offset;
            uploads.save(held).await?;
            Ok(UploadStatus { id, offset })
        };
        finish(work).await
    }

    /// Adds the rest, if any, and makes the session's bytes a blob of the image (end-6).
    ///
    /// # Errors
    /// As [`Uploads::append`]; `DigestMismatch` and `QuotaExceeded`, which end the session.
    #[tracing::instrument(name = "service.upload.complete", skip_all, fields(image = %image))]
    pub async fn complete(
        &self,
        ctx: &Context,
        image: &ImageName,
        id: Uuid,
        digest: &Digest,
        range: Option<ChunkRange>,
        body: Upload,
    ) -> Result<()> {
        let destination = self.destination(ctx, image).await?;
        let held = self.hold(ctx, &destination, id).await?;
        let (uploads, digest) = (self.clone(), digest.clone());
        let work = async move {
            let is_empty = body.length == Some(0) && range.is_none();
            let held = if is_empty { held } else { uploads.receive(held, range, body).await? };
            uploads.keep(destination, held, digest).await
        };
        finish(work).await
    }

    /// The whole blob in one request (end-4b).
    ///
    /// # Errors
    /// As [`Uploads::complete`]; nothing is kept of a body that breaks off.
    #[tracing::instrument(name = "service.upload.put", skip_all, fields(image = %image))]
    pub async fn put(
        &self,
        ctx: &Context,
        image: &ImageName,
        digest: &Digest,
        body: Upload,
    ) -> Result<()> {
        let destination = self.destination(ctx, image).await?;
        let status = self.open(ctx, &destination, digest.algorithm()).await?;
        let held = self.hold(ctx, &destination, status.id).await?;
        let (uploads, digest) = (self.clone(), digest.clone());
        let work = async move {
            let name = held.id.clone();
            match uploads.receive(held, None, body).await {
                Ok(held) => uploads.keep(destination, held, digest).await,
                Err(error) => {
                    // Nobody knows the session's name, so nobody would go on with it.
                    uploads.forget(name).await;
                    Err(error)
                }
            }
        };
        finish(work).await
    }

    /// Makes a blob of another image visible in this one (end-11). Whatever prevents it, except a right to push here
    /// that is missing, is answered with a session: nothing is learnt about the source.
    ///
    /// # Errors
    /// As [`Uploads::start`]; `QuotaExceeded`; `Unauthenticated` when the caller may pull from the source and only the token does not
    /// cover it, so that the client fetches another.
    #[tracing::instrument(name = "service.upload.mount", skip_all, fields(image = %image))]
    pub async fn mount(
        &self,
        ctx: &Context,
        image: &ImageName,
        digest: &Digest,
        from: Option<&ImageName>,
    ) -> Result<Mounted> {
        let destination = self.destination(ctx, image).await?;
        let found = match from {
            Some(source) => self.readable(ctx, source, digest).await?,
            None => self.readable_anywhere(ctx, digest).await?,
        };
        if let Some(blob) = found
            && self.link(&destination, blob, ctx).await?
        {
            return Ok(Mounted::Linked);
        }
        let status = self.open(ctx, &destination, digest.algorithm()).await?;
        Ok(Mounted::Started(status))
    }

    /// The blob, if the caller may pull it from `source` right now.
    async fn readable(
        &self,
        ctx: &Context,
        source: &ImageName,
        digest: &Digest,
    ) -> Result<Option<LinkedBlob>> {
        let place = match self.inner.access.authorize(ctx, Action::PullImage, source).await {
            Ok(allowed) => Place::of(&allowed),
            Err(error) => {
                return match error.kind() {
                    ErrorKind::Hidden | ErrorKind::Denied | ErrorKind::NotFound => Ok(None),
                    _ => Err(error),
                };
            }
        };
        let found = self
            .inner
            .store
            .peek("blob.find_linked", |tx| {
                let digest = digest.clone();
                Box::pin(async move { blob::find_linked(tx, &place, &digest).await })
            })
            .await
            .map_err(stored)?;
        // What cannot be read is better uploaded again.
        Ok(found.filter(|record| record.fault.is_none()).map(LinkedBlob::from))
    }

    /// The blob, if any image of the caller's account that the caller sees and may pull from has it.
    pub(crate) async fn readable_anywhere(
        &self,
        ctx: &Context,
        digest: &Digest,
    ) -> Result<Option<LinkedBlob>> {
        if ctx.actor.user().is_none() {
            return Ok(None);
        }
        let visibility = self.inner.access.visibility(ctx).await?;
        let sources: Vec<ImageName> = self
            .inner
            .store
            .peek("blob.sources", |tx| {
                let (visibility, digest) = (visibility.clone(), digest.clone());
                Box::pin(async move { blob::find_sources(tx, &visibility, &digest, SOURCES).await })
            })
            .await
            .map_err(stored)?;
        for source in &sources {
            match self.readable(ctx, source, digest).await {
                // No challenge can name a source that the client did not name.
                Err(error) if error.kind() == ErrorKind::Unauthenticated => {}
                Ok(None) => {}
                outcome => return outcome,
            }
        }
        Ok(None)
    }

    /// `false` when the blob has been collected meanwhile.
    async fn link(
        &self,
        destination: &Destination,
        blob: LinkedBlob,
        ctx: &Context,
    ) -> Result<bool> {
        let (destination, blob, now) = (destination.clone(), Arc::new(blob), ctx.now());
        let outcome = self
            .inner
            .store
            .run("blob.mount", Durability::Durable, move |tx| {
                let (destination, blob) = (destination.clone(), Arc::clone(&blob));
                Box::pin(async move {
                    let place = destination.open(tx).await?;
                    link(tx, &place, &blob, destination.storage_quota, now).await
                })
            })
            .await;
        match outcome {
            Ok(()) => Ok(true),
            Err(Failed::Store(StoreError::ForeignKey)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes sessions that nobody went on with, and what was staged in vain. To be called now and then.
    ///
    /// # Errors
    /// Those of the store. What the storage refuses is tried again the next time.
    pub async fn tidy(&self) -> Result<()> {
        self.expire().await?;
        self.remove_doomed().await
    }
}

/// Runs to its end even when whoever awaits it goes away.
pub(crate) async fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    use tracing::Instrument as _;
    let span = tracing::Span::current();
    tokio::spawn(work.instrument(span)).await.map_err(Error::internal)?
}

/// Links a blob unless the account would have more than it may: for use inside the transaction that keeps it.
pub(crate) async fn link(
    tx: &mut Tx<'_>,
    place: &Place,
    blob: &LinkedBlob,
    quota: u64,
    at: Timestamp,
) -> Outcome<()> {
    match blob::link_within(tx, place, blob, quota, at).await? {
        None => Ok(()),
        Some(Excess { size, limit }) => Err(Failed::Domain(
            Error::new(
                ErrorKind::QuotaExceeded,
                Subject::Blob,
                format!(
                    "the account's storage quota is {limit} bytes and the layer would make it {size}; delete images, or ask \
                     the administrator for a larger quota"
                ),
            )
            .with_detail(json!({ "used": size.saturating_sub(blob.size), "limit": limit })),
        )),
    }
}

fn too_large(limit: u64) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        Subject::Blob,
        format!("the layer is larger than this registry takes ({limit} bytes)"),
    )
}
