//! Where bytes are kept: staged while they arrive, durable before they are spoken of, read in large pieces.
//!
//! # Invariants
//! - A key is made once and never used again ([`ObjectKey`]); the database says which digest lies under which key.
//! - Nothing is durable before [`Objects::complete`] returns; everything is after.
//! - An append never claims more than is kept: what [`Appended`] says can be continued, whatever broke off.
//! - Memory does not grow with the size of an object.
//! - No clock and no randomness: both come in with the key.
//!
//! # To add a storage
//! Whatever `object_store` can open gets a line in [`open`]; staging for it is [`stage::remote`]. A storage that is
//! appended to differently implements the trait in [`stage`] and runs its contract suite.

mod buffer;
mod care;
mod error;
mod key;
mod metrics;
mod open;
mod read;
pub mod stage;
mod verify;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use metrics::{Meters, Operation};
use object_store::{ObjectStore, ObjectStoreExt as _};
use roadstead::Hasher;

pub use care::Found;
pub use error::{ObjectError, Result};
pub use key::{KeySeed, ObjectKey};
pub use metrics::Meter;
pub use read::{ByteStream, Reader};
pub use stage::{Appended, BodyError, BodyStream, Ended, Progress, Stage};
pub use verify::verified;

/// Kind of storage, as the About page names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageKind {
    /// Files below a directory.
    File,
    /// Memory: gone when the process ends.
    Memory,
    /// Amazon S3 and what speaks it.
    S3,
    /// Google Cloud Storage.
    Gs,
    /// Azure Blob Storage.
    Az,
}

impl StorageKind {
    /// The scheme of its addresses; also stored with each object as its backend.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Memory => "memory",
            Self::S3 => "s3",
            Self::Gs => "gs",
            Self::Az => "az",
        }
    }
}

/// The storage of all objects. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    kind: StorageKind,
    meters: Meters,
    store: Arc<dyn ObjectStore>,
    staging: Arc<dyn stage::Staging>,
    reader: Reader,
    prefix: object_store::path::Path,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Objects {
    /// Which kind of storage this is.
    #[must_use]
    pub const fn kind(&self) -> StorageKind {
        self.kind
    }

    /// The same storage, whose operations are timed with `stopwatch`: microseconds of a steady clock.
    #[must_use]
    pub fn timed(mut self, stopwatch: fn() -> u64) -> Self {
        self.meters = Meters::timed(stopwatch);
        self
    }

    /// What was done with objects since the process began, by all clones.
    #[must_use]
    pub fn meters(&self) -> Vec<Meter> {
        self.meters.snapshot()
    }

    /// A new, empty stage under `key`. Nothing is written yet.
    #[must_use]
    pub fn begin(&self, key: ObjectKey) -> Stage {
        self.staging.begin(key)
    }

    /// Appends `body` to a stage, hashing as it streams, and keeps at most `limit` bytes of it.
    ///
    /// What is kept when the body breaks off, or the storage fails, is in the answer. Dropping the future keeps the
    /// stage as it was before the call: bytes written meanwhile are cut off by the next append.
    pub async fn append(
        &self,
        stage: Stage,
        progress: Progress,
        body: BodyStream,
        limit: u64,
    ) -> Appended {
        let (start, before) = (self.meters.start(), progress.offset);
        let appended = self.staging.append(stage, progress, body, limit).await;
        let has_failed = matches!(appended.ended, Ended::Failed(_));
        self.meters.note(Operation::Append, start, has_failed);
        self.meters.moved(Operation::Append, appended.progress.offset.saturating_sub(before));
        appended
    }

    /// Makes the staged bytes durable as the object `stage.key()`. May be repeated after a failure.
    ///
    /// # Errors
    /// [`ObjectError::Lost`] when the staged bytes are not those of `progress`.
    pub async fn complete(&self, stage: &Stage, progress: &Progress) -> Result<()> {
        self.meters.measure(Operation::Complete, self.staging.complete(stage, progress)).await
    }

    /// Removes a stage and what it holds. A stage that holds nothing is no error.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn discard(&self, stage: &Stage) -> Result<()> {
        self.meters.measure(Operation::Discard, self.staging.discard(stage)).await
    }

    /// Reads an object of `size` bytes, or a part of it, as a stream of large pieces. Too few bytes in the storage
    /// are a read error, never a short answer.
    ///
    /// # Errors
    /// [`ObjectError::Missing`] when there is no such object.
    pub async fn read(&self, key: ObjectKey, range: Range<u64>) -> Result<ByteStream> {
        let reading = self.reader.read(key, range);
        let stream = self.meters.measure(Operation::Read, reading).await?;
        let meters = self.meters.clone();
        let counted = stream.inspect_ok(move |piece| {
            meters.moved(Operation::Read, u64::try_from(piece.len()).unwrap_or_default());
        });
        Ok(counted.boxed())
    }

    /// Reads a small object at once.
    ///
    /// # Errors
    /// [`ObjectError::Damaged`] when `size` is over `limit`, or fewer bytes are stored.
    pub async fn read_small(&self, key: ObjectKey, size: u64, limit: u64) -> Result<Bytes> {
        if size > limit {
            return Err(ObjectError::damaged(key, "it is larger than what is read at once"));
        }
        let pieces: Vec<Bytes> = self.read(key, 0..size).await?.try_collect().await?;
        Ok(match <[Bytes; 1]>::try_from(pieces) {
            Ok([whole]) => whole,
            Err(pieces) => pieces.concat().into(),
        })
    }

    /// The running hash of an object's bytes, read once from the storage.
    ///
    /// # Errors
    /// As [`Objects::read`].
    pub async fn hash(&self, key: ObjectKey, size: u64, mut hasher: Hasher) -> Result<Hasher> {
        let mut stream = self.read(key, 0..size).await?;
        while let Some(piece) = stream.try_next().await? {
            hasher.update(&piece);
        }
        Ok(hasher)
    }

    /// Bytes of an object, or `None` when there is no such object.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn size(&self, key: ObjectKey) -> Result<Option<u64>> {
        let asking = async {
            match self.store.head(&key.path(&self.prefix)).await {
                Ok(meta) => Ok(Some(meta.size)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        };
        self.meters.measure(Operation::Head, asking).await
    }

    /// Asks the storage a question it can answer at once.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn check(&self) -> Result<()> {
        if let Reader::Local(local) = &self.reader {
            return local.check().await;
        }
        let nothing = self.prefix.clone().join("objects").join("never-written");
        match self.store.head(&nothing).await {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is such an object.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn exists(&self, key: ObjectKey) -> Result<bool> {
        Ok(self.size(key).await?.is_some())
    }

    /// Removes an object. One that is gone already is no error.
    ///
    /// # Errors
    /// When the storage does not answer.
    pub async fn delete(&self, key: ObjectKey) -> Result<()> {
        let removing = async {
            match self.store.delete(&key.path(&self.prefix)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error.into()),
            }
        };
        self.meters.measure(Operation::Delete, removing).await
    }
}
