//! Receiving a chunk: staged as an object of its own, durable, then counted.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use roadstead::access::Action;
use roadstead::error::Subject;
use roadstead::id::{PackageId, PieceId};
use roadstead::manage::package::Package;
use roadstead::{Algorithm, Digest, Error, ErrorKind, Result};
use roadstead_object::{Ended, Progress};
use roadstead_store::Durability;
use roadstead_store::package::{self, KeptPart, PackageRecord, PackageState};
use serde_json::json;
use uuid::Uuid;

use super::{LIFE, Packages, next_byte, skipped, unknown};
use crate::context::Context;
use crate::error::{kept, stored};
use crate::upload::{Upload, finish};

/// Largest chunk, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Smallest chunk that does not end at the file's end or at a gap, in bytes: parts are rows and objects.
const SMALLEST: u64 = 1024 * 1024;

/// The packages that requests of this process are sending to.
#[derive(Debug, Clone, Default)]
pub(super) struct Writers(Arc<Mutex<HashSet<PackageId>>>);

/// A package is being sent to, until this is dropped.
#[derive(Debug)]
struct Writing {
    writers: Writers,
    id: PackageId,
}

impl Writers {
    fn enter(&self, id: PackageId) -> Option<Writing> {
        let is_free = self.0.lock().insert(id);
        is_free.then(|| Writing { writers: self.clone(), id })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.writers.0.lock().remove(&self.id);
    }
}

/// A chunk that does not follow what is there.
pub(super) fn out_of_range(offset: u64, message: &str) -> Error {
    Error::new(ErrorKind::RangeInvalid, Subject::Upload, message)
        .with_detail(json!({ "offset": offset }))
}

impl Packages {
    /// Takes the chunk that begins at `offset`. It is durable when this returns.
    ///
    /// # Errors
    /// `NotFound` about the upload; those of [`crate::Access::authorize`]; `RangeInvalid` with the present `offset` in its
    /// detail when the chunk does not follow what is there, or another request is sending; `Invalid` about the size;
    /// `DigestMismatch` when it is not what was announced; `StorageFull`, `Unavailable`. Nothing is kept of a chunk that is
    /// not whole.
    #[tracing::instrument(name = "service.package.append", skip_all)]
    pub async fn append(
        &self,
        ctx: &Context,
        id: Uuid,
        offset: u64,
        digest: Option<Digest>,
        body: Upload,
    ) -> Result<Package> {
        let record = self.find(ctx, id).await?;
        self.inner.access.authorize(ctx, Action::UploadPackage, &record.organization).await?;
        let length = body
            .length
            .ok_or_else(|| Error::invalid(Subject::Size, "the length of a chunk must be said"))?;
        self.check(&record, offset, length)?;
        let writing = self.inner.writers.enter(record.id).ok_or_else(|| {
            out_of_range(record.received, "another request is sending to this upload; wait for it")
        })?;
        // A task of its own: a chunk that arrived is counted even when nobody hears of it.
        let packages = self.clone();
        let work = async move {
            let _writing = writing;
            packages.take(record, offset, length, digest, body).await
        };
        finish(work).await?;
        self.status(ctx, id).await
    }

    fn check(&self, record: &PackageRecord, offset: u64, length: u64) -> Result<()> {
        if record.state != PackageState::Receiving {
            return Err(out_of_range(record.received, "all of the file is here already"));
        }
        if offset != record.received {
            return Err(out_of_range(
                record.received,
                "the chunk does not begin where the upload is; go on from the offset given here",
            ));
        }
        let end = offset.saturating_add(length);
        let gaps = skipped(record)?;
        let stop = gaps
            .iter()
            .map(|gap| gap.position)
            .filter(|at| *at > offset)
            .min()
            .unwrap_or(record.size);
        if end > stop || length == 0 || length > LARGEST || (length < SMALLEST && end != stop) {
            return Err(Error::invalid(
                Subject::Size,
                format!(
                    "a chunk here has {SMALLEST} to {LARGEST} bytes and ends at {stop} at the latest"
                ),
            ));
        }
        Ok(())
    }

    async fn take(
        &self,
        record: PackageRecord,
        offset: u64,
        length: u64,
        digest: Option<Digest>,
        body: Upload,
    ) -> Result<()> {
        let inner = &self.inner;
        // What a request left that never came to its end: nobody else is sending.
        self.sweep(record.id).await?;
        let key = inner.new_key();
        let (package, text) = (record.id, key.to_string());
        let part = inner
            .store
            .run("package.begin_part", Durability::Relaxed, move |tx| {
                let text = text.clone();
                Box::pin(async move { package::begin_part(tx, package, offset, &text).await })
            })
            .await
            .map_err(stored)?
            .ok_or_else(|| out_of_range(record.received, "the upload went on meanwhile"))?;
        match self.stage(&record, part, key, (offset, length), digest, body).await {
            Ok(()) => Ok(()),
            Err(error) => {
                if let Err(error) = self.drop_part(part, &key.to_string()).await {
                    tracing::warn!(%key, %error, "a chunk could not be removed yet");
                }
                Err(error)
            }
        }
    }

    async fn stage(
        &self,
        record: &PackageRecord,
        part: PieceId,
        key: roadstead_object::ObjectKey,
        (offset, length): (u64, u64),
        digest: Option<Digest>,
        body: Upload,
    ) -> Result<()> {
        let inner = &self.inner;
        let algorithm = digest.as_ref().map_or(Algorithm::Sha256, Digest::algorithm);
        let appended = inner
            .objects
            .append(inner.objects.begin(key), Progress::start(algorithm), body.stream, length)
            .await;
        match appended.ended {
            Ended::Whole if appended.progress.offset == length => {}
            Ended::Whole | Ended::TooLong => {
                return Err(Error::invalid(
                    Subject::Size,
                    "the chunk is not as long as it was said to be",
                ));
            }
            Ended::Cut(error) => {
                return Err(Error::invalid(Subject::Upload, "the chunk broke off; send it again")
                    .caused_by(error));
            }
            Ended::Failed(error) => return Err(kept(error)),
        }
        if let Some(digest) = digest {
            appended.progress.hasher.clone().finish().verify(&digest)?;
        }
        inner.objects.complete(&appended.stage, &appended.progress).await.map_err(kept)?;
        let now = inner.ports.now();
        let done = KeptPart {
            package: record.id,
            part,
            position: offset,
            size: length,
            received: next_byte(offset + length, &skipped(record)?),
            at: now,
            expires_at: now.plus_seconds(LIFE),
        };
        let is_ours = inner
            .store
            .run("package.keep_part", Durability::Durable, move |tx| {
                Box::pin(async move { package::keep_part(tx, &done).await })
            })
            .await
            .map_err(stored)?;
        if is_ours { Ok(()) } else { Err(unknown()) }
    }

    async fn sweep(&self, package: PackageId) -> Result<()> {
        let remnants = self
            .inner
            .store
            .peek("package.parts", |tx| Box::pin(package::parts(tx, package, false)))
            .await
            .map_err(stored)?;
        for part in remnants {
            self.drop_part(part.id, &part.object_key).await?;
        }
        Ok(())
    }

    async fn drop_part(&self, part: PieceId, key: &str) -> Result<()> {
        self.remove(key).await?;
        self.inner
            .store
            .run("package.forget_part", Durability::Relaxed, move |tx| {
                Box::pin(package::forget_part(tx, part))
            })
            .await
            .map_err(stored)
    }
}
