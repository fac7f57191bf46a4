//! Looking after a storage: what is in it, copying objects to another one, and what a broken-off stage left.

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStoreExt as _;
use roadstead::Digest;

use crate::error::{ObjectError, Result};
use crate::key::ObjectKey;
use crate::stage::{BodyError, Ended, Progress};
use crate::{Objects, StorageKind};

/// Something in the storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its key; `None` for what is none of ours.
    pub key: Option<ObjectKey>,
    /// Its path in the storage, for people.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

impl Objects {
    /// Everything where objects are, in no order, as the storage lists it.
    #[must_use]
    pub fn list(&self) -> BoxStream<'static, Result<Found>> {
        let folder = self.prefix.clone().join("objects");
        self.store
            .list(Some(&folder))
            .map(|entry| {
                let meta = entry?;
                let mut parts: Vec<String> =
                    meta.location.parts().map(|part| part.as_ref().to_owned()).collect();
                let file = parts.pop().unwrap_or_default();
                let directory = parts.pop().unwrap_or_default();
                Ok(Found {
                    key: format!("{directory}/{file}").parse().ok(),
                    path: meta.location.to_string(),
                    size: meta.size,
                })
            })
            .boxed()
    }

    /// Removes an object, and what an upload that broke off left beside it. One that is gone already is no error.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn delete_remains(&self, key: ObjectKey) -> Result<()> {
        if self.kind != StorageKind::File {
            let folder = self.prefix.clone().join("tails").join(key.directory());
            let begin = format!("{}-", key.file());
            let mut tails = self.store.list(Some(&folder));
            while let Some(tail) = tails.try_next().await? {
                if tail.location.filename().is_some_and(|name| name.starts_with(&begin)) {
                    match self.store.delete(&tail.location).await {
                        Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        self.delete(key).await
    }

    /// Copies an object of `size` bytes to another storage, under the same key, and makes it durable there. The bytes are
    /// hashed on the way; nothing is kept of wrong ones. May be repeated after a failure.
    ///
    /// # Errors
    /// [`ObjectError::Missing`] and [`ObjectError::Damaged`] about the object; those of either storage.
    pub async fn copy_to(
        &self,
        target: &Self,
        key: ObjectKey,
        size: u64,
        digest: &Digest,
    ) -> Result<()> {
        let pieces = self.read(key, 0..size).await?;
        let (failed, failure) = std::sync::mpsc::channel();
        let body = pieces
            .map(move |piece: Result<Bytes>| {
                piece.map_err(|error| {
                    // Nobody listens any more when the copy was given up.
                    let _ = failed.send(error);
                    BodyError::new("the object could not be read to its end")
                })
            })
            .boxed();
        let stage = target.begin(key);
        let appended = target.append(stage, Progress::start(digest.algorithm()), body, size).await;
        let outcome = match appended.ended {
            Ended::Whole if appended.progress.offset != size => {
                Err(ObjectError::damaged(key, "it is shorter than recorded"))
            }
            Ended::Whole => {
                let received = appended.progress.hasher.clone().finish();
                if received == *digest {
                    target.complete(&appended.stage, &appended.progress).await
                } else {
                    Err(ObjectError::damaged(key, "its bytes were changed"))
                }
            }
            Ended::TooLong => Err(ObjectError::damaged(key, "it is longer than recorded")),
            Ended::Cut(error) => {
                Err(failure.try_recv().unwrap_or_else(|_| ObjectError::unavailable(error)))
            }
            Ended::Failed(error) => Err(error),
        };
        if outcome.is_err() {
            // Whatever the failure was, it is told; what stays is found when the copy is repeated.
            drop(target.discard(&appended.stage).await);
        }
        outcome
    }
}
