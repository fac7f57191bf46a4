//! Blobs: look at, read, delete.
//!
//! # Invariants
//! - A blob is only visible through a link of the image that is asked (`protocol.md` 1.5.14): what others have is not
//!   told.
//! - A blob that a manifest of the image needs is not deleted.

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use roadstead::access::Action;
use roadstead::error::Subject;
use roadstead::{Digest, Error, ErrorKind, ImageName, Result, Timestamp};
use roadstead_object::{ByteStream, ObjectError, ObjectKey, Objects};
use roadstead_store::blob::{self, BlobRecord, LinkedBlob};
use roadstead_store::{Durability, Place, Store, object};
use serde_json::json;

use crate::access::Access;
use crate::context::Context;
use crate::error::{Failed, kept, stored};
use crate::usage::Usage;

/// A blob that nobody wanted for this long, in seconds, is confirmed before a HEAD answers; half the grace time of
/// collection, so that a touch that was counted but lost in a crash does no harm.
const STALE: i64 = crate::care::collect::GRACE / 2;

/// Which bytes of a blob are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All.
    Whole,
    /// From this one to the end.
    From(u64),
    /// From the first to the second, both inclusive.
    Between(u64, u64),
    /// So many at the end.
    Last(u64),
}

impl Part {
    /// The bytes of a blob of `size` that this names; `None` when it names none.
    #[must_use]
    pub fn of(self, size: u64) -> Option<Range<u64>> {
        match self {
            Self::Whole => Some(0..size),
            Self::From(first) => (first < size).then_some(first..size),
            Self::Between(first, last) => {
                (first < size && first <= last).then(|| first..last.saturating_add(1).min(size))
            }
            Self::Last(count) => (count > 0 && size > 0).then(|| size.saturating_sub(count)..size),
        }
    }
}

/// What is known of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobInfo {
    /// Bytes.
    pub size: u64,
    /// Whether everyone may read it here.
    pub is_public: bool,
}

/// Bytes of a blob.
pub struct BlobRead {
    /// What is known of it.
    pub info: BlobInfo,
    /// Which bytes these are.
    pub range: Range<u64>,
    /// The bytes, in large pieces.
    pub stream: ByteStream,
}

impl std::fmt::Debug for BlobRead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobRead").field("range", &self.range).finish_non_exhaustive()
    }
}

/// Blobs.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Store,
    objects: Objects,
    access: Access,
    usage: Usage,
}

/// There is no such blob in the image.
pub(crate) fn unknown() -> Error {
    Error::not_found(Subject::Blob, "the image has no such blob")
}

impl Blobs {
    pub(crate) const fn new(store: Store, objects: Objects, access: Access, usage: Usage) -> Self {
        Self { store, objects, access, usage }
    }

    /// Size of a blob (end-2, HEAD).
    ///
    /// # Errors
    /// `NotFound` about the blob; those of [`Access::authorize`] for pulling.
    #[tracing::instrument(name = "service.blob.head", skip_all, fields(image = %image))]
    pub async fn head(
        &self,
        ctx: &Context,
        image: &ImageName,
        digest: &Digest,
    ) -> Result<BlobInfo> {
        let (place, is_public, mut record) = self.find(ctx, image, digest).await?;
        if ctx.now().seconds_since(record.touched_at) >= STALE {
            record = self.confirm(place, digest, ctx.now()).await?;
        }
        // Whoever has the bytes sends them again, and that heals it.
        if record.fault.is_some() {
            return Err(unknown());
        }
        Ok(BlobInfo { size: record.size, is_public })
    }

    /// A client that is told that a blob is there does not send it. When collection could take it soon, that somebody
    /// counts on it is written down before the answer.
    async fn confirm(&self, place: Place, digest: &Digest, now: Timestamp) -> Result<BlobRecord> {
        let digest = Arc::new(digest.clone());
        self.store
            .run("blob.confirm", Durability::Relaxed, move |tx| {
                let digest = Arc::clone(&digest);
                Box::pin(async move { blob::confirm(tx, &place, &digest, now).await })
            })
            .await
            .map_err(stored)?
            .ok_or_else(unknown)
    }

    /// Bytes of a blob (end-2, GET).
    ///
    /// # Errors
    /// As [`Blobs::head`]; `RangeInvalid` with the `size` in its detail when the part names no byte; `Corrupt` when the
    /// storage does not have what was kept in it.
    #[tracing::instrument(name = "service.blob.read", skip_all, fields(image = %image))]
    pub async fn read(
        &self,
        ctx: &Context,
        image: &ImageName,
        digest: &Digest,
        part: Part,
    ) -> Result<BlobRead> {
        let (place, is_public, record) = self.find(ctx, image, digest).await?;
        let range = part.of(record.size).ok_or_else(|| {
            Error::new(
                ErrorKind::RangeInvalid,
                Subject::Blob,
                format!("the blob has {} bytes; the range names none of them", record.size),
            )
            .with_detail(json!({ "size": record.size }))
        })?;
        let key: ObjectKey = record.object_key.parse().map_err(kept)?;
        let stream = match self.objects.read(key, range.clone()).await {
            Ok(stream) => stream,
            Err(error) => {
                self.note(&record, &error, ctx.now()).await;
                return Err(kept(error));
            }
        };
        let counted = Counted { stream, sent: 0, place, usage: self.usage.clone(), at: ctx.now() };
        Ok(BlobRead {
            info: BlobInfo { size: record.size, is_public },
            range,
            stream: counted.boxed(),
        })
    }

    /// Writes down that an object is not what it was, so that the next push replaces it.
    async fn note(&self, record: &BlobRecord, error: &ObjectError, now: Timestamp) {
        let fault = match error {
            ObjectError::Missing { .. } => "it is missing",
            ObjectError::Damaged { .. } => "it is shorter than it must be",
            _ => return,
        };
        let object = record.object_id;
        let noted = self
            .store
            .run("object.note_fault", Durability::Relaxed, move |tx| {
                Box::pin(object::note_verified(tx, object, Some(fault), now))
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, key = record.object_key, "a fault could not be noted");
        }
    }

    async fn find(
        &self,
        ctx: &Context,
        image: &ImageName,
        digest: &Digest,
    ) -> Result<(Place, bool, BlobRecord)> {
        let allowed = self.access.authorize(ctx, Action::PullImage, image).await?;
        let place = Place::of(&allowed);
        let record = self
            .store
            .peek("blob.find_linked", |tx| {
                let digest = digest.clone();
                Box::pin(async move { blob::find_linked(tx, &place, &digest).await })
            })
            .await
            .map_err(stored)?
            .ok_or_else(unknown)?;
        self.usage.wanted(record.id, record.touched_at, ctx.now());
        Ok((place, allowed.target().is_public, record))
    }

    /// Takes a blob out of the image when none of its manifests needs it (end-10).
    ///
    /// # Errors
    /// `NotFound` about the blob; `Unsupported` while a manifest needs it; those of [`Access::authorize`] for deleting.
    #[tracing::instrument(name = "service.blob.delete", skip_all, fields(image = %image))]
    pub async fn delete(&self, ctx: &Context, image: &ImageName, digest: &Digest) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::DeleteTag, image).await?;
        let (place, digest, now) = (Place::of(&allowed), Arc::new(digest.clone()), ctx.now());
        self.store
            .run("blob.delete", Durability::Durable, move |tx| {
                let digest = Arc::clone(&digest);
                Box::pin(async move {
                    let record =
                        blob::find_linked(tx, &place, &digest).await?.ok_or_else(unknown)?;
                    blob::hold_still(tx, &place, record.id).await?;
                    if blob::is_needed(tx, &place, record.id).await? {
                        return Err(Failed::Domain(Error::new(
                            ErrorKind::Unsupported,
                            Subject::Blob,
                            "a manifest of this image needs the blob; delete that first",
                        )));
                    }
                    blob::unlink(tx, &place, &LinkedBlob::from(record), now).await?;
                    Ok(())
                })
            })
            .await
            .map_err(Error::from)
    }
}

/// Counts what is really sent, and notes it when the client has it all or goes away.
pub(crate) struct Counted {
    pub(crate) stream: ByteStream,
    pub(crate) sent: u64,
    pub(crate) place: Place,
    pub(crate) usage: Usage,
    pub(crate) at: Timestamp,
}

impl Stream for Counted {
    type Item = Result<Bytes, ObjectError>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.stream.as_mut().poll_next(task);
        match &polled {
            Poll::Ready(Some(Ok(piece))) => self.sent += piece.len() as u64,
            // The answer has begun, so the client only sees it end early: the reason must be in the log.
            Poll::Ready(Some(Err(error))) => {
                tracing::error!(%error, "a blob could not be read to its end")
            }
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.sent > 0 {
            self.usage.sent(self.place, self.sent, self.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_brought_inside_or_refused() {
        for (part, range) in [
            (Part::Whole, Some(0..100)),
            (Part::From(0), Some(0..100)),
            (Part::From(99), Some(99..100)),
            (Part::From(100), None),
            (Part::Between(0, 0), Some(0..1)),
            (Part::Between(10, 1_000), Some(10..100)),
            (Part::Between(50, 0), None),
            (Part::Between(100, 200), None),
            (Part::Between(0, u64::MAX), Some(0..100)),
            (Part::Last(1), Some(99..100)),
            (Part::Last(1_000), Some(0..100)),
            (Part::Last(0), None),
        ] {
            assert_eq!(part.of(100), range, "{part:?}");
        }
        assert_eq!(Part::Whole.of(0), Some(0..0));
        assert_eq!(Part::From(0).of(0), None);
        assert_eq!(Part::Last(5).of(0), None);
    }
}
