//! Remote staging: the parts of a multipart upload that survives a request and a replica.
//!
//! All parts but the last have one size. What is left of a body below it waits in an object of its own, the *tail*,
//! under a new number each time, so that a session that still names the former one can go on from it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use serde::{Deserialize, Serialize};

use super::{Appended, BodyStream, Ended, Progress, Stage, Staging, State, gather};
use crate::error::{ObjectError, Result};
use crate::key::ObjectKey;

/// Bytes of a part: above the smallest that any store takes (5 MiB), and 10,000 of them hold 80 GB.
const PART: usize = 8 * 1024 * 1024;

/// Bytes taken from the body at a time.
const GATHER: u64 = 256 * 1024;

/// What is stored so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Parts {
    /// The multipart upload, once the first part was full.
    upload: Option<String>,
    /// Content ids of the parts, in order.
    parts: Vec<String>,
    /// Number of the next tail.
    next_tail: u32,
    /// Bytes of the tail `next_tail - 1`; 0 when there is none.
    tail: u64,
}

/// Stages in a store that speaks multipart uploads.
pub struct RemoteStaging {
    store: Arc<dyn ObjectStore>,
    multipart: Arc<dyn MultipartStore>,
    prefix: Path,
    part: usize,
}

impl RemoteStaging {
    pub(crate) fn new(
        store: Arc<dyn ObjectStore>,
        multipart: Arc<dyn MultipartStore>,
        prefix: Path,
    ) -> Self {
        Self { store, multipart, prefix, part: PART }
    }

    #[cfg(test)]
    pub(crate) fn with_part(self, part: usize) -> Self {
        Self { part, ..self }
    }

    fn parts(stage: &Stage) -> Result<&Parts> {
        match &stage.state {
            State::Remote(parts) => Ok(parts),
            State::Local { .. } => Err(ObjectError::Lost { key: stage.key }),
        }
    }

    async fn read_tail(&self, key: ObjectKey, parts: &Parts) -> Result<BytesMut> {
        let Some(number) = parts.next_tail.checked_sub(1).filter(|_| parts.tail > 0) else {
            return Ok(BytesMut::new());
        };
        let lost = |error| match error {
            object_store::Error::NotFound { .. } => ObjectError::Lost { key },
            error => error.into(),
        };
        let answer = self.store.get(&key.tail(&self.prefix, number)).await.map_err(lost)?;
        let mut tail = BytesMut::with_capacity(self.part);
        let mut stream = answer.into_stream();
        while let Some(piece) = stream.try_next().await.map_err(lost)? {
            tail.extend_from_slice(&piece);
        }
        if tail.len() as u64 == parts.tail { Ok(tail) } else { Err(ObjectError::Lost { key }) }
    }

    async fn delete_tail(&self, key: ObjectKey, number: u32) -> Result<()> {
        match self.store.delete(&key.tail(&self.prefix, number)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn put_part(&self, key: ObjectKey, parts: &mut Parts, bytes: Bytes) -> Result<()> {
        let path = key.path(&self.prefix);
        let upload = match &parts.upload {
            Some(upload) => upload.clone(),
            None => {
                let upload = self.multipart.create_multipart(&path).await?;
                parts.upload = Some(upload.clone());
                upload
            }
        };
        let index = parts.parts.len();
        let part =
            self.multipart.put_part(&path, &upload, index, PutPayload::from_bytes(bytes)).await?;
        parts.parts.push(part.content_id);
        Ok(())
    }

    /// Keeps what is below a part.
    async fn put_tail(&self, key: ObjectKey, parts: &mut Parts, bytes: Bytes) -> Result<()> {
        parts.tail = bytes.len() as u64;
        if bytes.is_empty() {
            return Ok(());
        }
        let number = parts.next_tail;
        self.store.put(&key.tail(&self.prefix, number), PutPayload::from_bytes(bytes)).await?;
        parts.next_tail += 1;
        Ok(())
    }

    async fn take(
        &self,
        key: ObjectKey,
        kept: &mut (Parts, Progress),
        mut body: BodyStream,
        limit: u64,
    ) -> Result<Ended> {
        // The row names the newest tail, so the one before it is not needed any more.
        if let Some(former) = kept.0.next_tail.checked_sub(2) {
            self.delete_tail(key, former).await?;
        }
        let mut buffer = self.read_tail(key, &kept.0).await?;
        let (mut parts, mut progress) = kept.clone();
        let mut left = limit;
        loop {
            let batch = gather(&mut body, GATHER, left).await;
            left -= batch.size;
            for piece in batch.pieces {
                let mut piece: &[u8] = &piece;
                while !piece.is_empty() {
                    let space = self.part.saturating_sub(buffer.len()).max(1);
                    let (now, later) = piece.split_at(space.min(piece.len()));
                    progress.hasher.update(now);
                    progress.offset += now.len() as u64;
                    buffer.extend_from_slice(now);
                    piece = later;
                    if buffer.len() >= self.part {
                        let part = buffer.split().freeze();
                        self.put_part(key, &mut parts, part).await?;
                        parts.tail = 0;
                        *kept = (parts.clone(), progress.clone());
                    }
                }
            }
            if let Some(ended) = batch.ended {
                if progress.offset > kept.1.offset {
                    self.put_tail(key, &mut parts, buffer.freeze()).await?;
                    *kept = (parts, progress);
                }
                return Ok(ended);
            }
        }
    }
}

#[async_trait]
impl Staging for RemoteStaging {
    fn begin(&self, key: ObjectKey) -> Stage {
        Stage { key, state: State::Remote(Parts::default()) }
    }

    async fn append(&self, stage: Stage, from: Progress, body: BodyStream, limit: u64) -> Appended {
        let parts = match Self::parts(&stage) {
            Ok(parts) => parts.clone(),
            Err(error) => {
                return Appended { stage, progress: from, ended: Ended::Failed(error) };
            }
        };
        let mut kept = (parts, from);
        let outcome = self.take(stage.key, &mut kept, body, limit).await;
        let (parts, progress) = kept;
        Appended {
            stage: Stage { key: stage.key, state: State::Remote(parts) },
            progress,
            ended: outcome.unwrap_or_else(Ended::Failed),
        }
    }

    async fn complete(&self, stage: &Stage, progress: &Progress) -> Result<()> {
        let key = stage.key;
        let path = key.path(&self.prefix);
        let mut parts = Self::parts(stage)?.clone();
        // A repeated call after the store had done its part: the object is there, the upload is not.
        let is_done = match self.store.head(&path).await {
            Ok(meta) => meta.size == progress.offset,
            Err(object_store::Error::NotFound { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        if !is_done {
            let tail = self.read_tail(key, &parts).await?.freeze();
            if parts.upload.is_some() {
                if !tail.is_empty() {
                    self.put_part(key, &mut parts, tail).await?;
                }
                let upload = parts.upload.clone().unwrap_or_default();
                let ids = parts.parts.iter().map(|id| PartId { content_id: id.clone() }).collect();
                self.multipart.complete_multipart(&path, &upload, ids).await?;
            } else {
                self.store.put(&path, PutPayload::from_bytes(tail)).await?;
            }
            let size = self.store.head(&path).await?.size;
            if size != progress.offset {
                return Err(ObjectError::Lost { key });
            }
        }
        for number in parts.next_tail.saturating_sub(2)..parts.next_tail {
            // A tail that stays behind costs space, not correctness.
            if let Err(error) = self.delete_tail(key, number).await {
                tracing::warn!(%key, %error, "a tail could not be deleted");
            }
        }
        Ok(())
    }

    async fn discard(&self, stage: &Stage) -> Result<()> {
        let key = stage.key;
        let parts = Self::parts(stage)?;
        let path = key.path(&self.prefix);
        for number in parts.next_tail.saturating_sub(2)..parts.next_tail {
            self.delete_tail(key, number).await?;
        }
        if let Some(upload) = &parts.upload
            && let Err(error) = self.multipart.abort_multipart(&path, upload).await
        {
            // Completed or aborted before: nothing is left of it but, perhaps, the object.
            tracing::debug!(%key, %error, "the multipart upload was not there any more");
        }
        match self.store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
