//! Staging: bytes of an upload until they are an object.
//!
//! The one place with two implementations. Both write straight to the final key, so that completing moves nothing:
//! [`local`] appends to one file, [`remote`] collects the parts of a multipart upload. `contract` is the suite that
//! both pass.

pub mod local;
pub mod remote;

#[cfg(test)]
mod contract;

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use roadstead::{Algorithm, Hasher};
use serde::{Deserialize, Serialize};

use crate::error::{ObjectError, Result};
use crate::key::ObjectKey;

/// The body of a request, piece by piece.
pub type BodyStream = BoxStream<'static, Result<Bytes, BodyError>>;

/// Why a body broke off before its end.
#[derive(Debug, thiserror::Error)]
#[error("the body broke off: {0}")]
pub struct BodyError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl BodyError {
    /// Wraps the transport's error.
    #[must_use]
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// A stage: which object it becomes, and what the storage needs to know to go on. Prints and parses as the text that
/// the upload session keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    key: ObjectKey,
    state: State,
}

impl Stage {
    /// The object it becomes.
    #[must_use]
    pub const fn key(&self) -> ObjectKey {
        self.key
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Stage {
    type Err = ObjectError;

    fn from_str(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(ObjectError::unavailable)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// One file, written under this boot of the machine. What an earlier boot wrote and nobody synced may be gone.
    Local { boot: String },
    /// Parts of a multipart upload, and a tail.
    Remote(remote::Parts),
}

/// How far a stage has come.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Bytes kept.
    pub offset: u64,
    /// The running hash over them.
    pub hasher: Hasher,
}

impl Progress {
    /// Nothing yet.
    #[must_use]
    pub fn start(algorithm: Algorithm) -> Self {
        Self { offset: 0, hasher: Hasher::new(algorithm) }
    }
}

/// What an append came to. `stage` and `progress` can be continued from, however it ended.
#[derive(Debug)]
pub struct Appended {
    /// The stage to go on with.
    pub stage: Stage,
    /// What is kept.
    pub progress: Progress,
    /// Why it ended.
    pub ended: Ended,
}

/// Why an append ended.
#[derive(Debug)]
pub enum Ended {
    /// The body was whole.
    Whole,
    /// The body broke off; what arrived is kept.
    Cut(BodyError),
    /// The body was longer than the limit; up to the limit may be kept.
    TooLong,
    /// The storage failed; what it took before is kept.
    Failed(ObjectError),
}

/// How one storage stages. The methods are those of [`crate::Objects`].
#[async_trait]
pub(crate) trait Staging: Send + Sync {
    fn begin(&self, key: ObjectKey) -> Stage;
    async fn append(&self, stage: Stage, from: Progress, body: BodyStream, limit: u64) -> Appended;
    async fn complete(&self, stage: &Stage, progress: &Progress) -> Result<()>;
    async fn discard(&self, stage: &Stage) -> Result<()>;
}

/// Most pieces gathered at a time: a client that sends single bytes must not make us hold a million of them.
const PIECES: usize = 2_048;

/// Takes pieces of a body until about `wanted` bytes are gathered, or it ends.
struct Gathered {
    pieces: Vec<Bytes>,
    size: u64,
    /// `None` while the body goes on.
    ended: Option<Ended>,
}

/// Gathers the next pieces, `left` bytes at most.
async fn gather(body: &mut BodyStream, wanted: u64, left: u64) -> Gathered {
    use futures::StreamExt as _;
    let mut gathered = Gathered { pieces: Vec::new(), size: 0, ended: None };
    while gathered.size < wanted && gathered.pieces.len() < PIECES {
        match body.next().await {
            Some(Ok(piece)) => {
                let length = piece.len() as u64;
                if length > left.saturating_sub(gathered.size) {
                    gathered.ended = Some(Ended::TooLong);
                    break;
                }
                if length > 0 {
                    gathered.size += length;
                    gathered.pieces.push(piece);
                }
            }
            Some(Err(error)) => {
                gathered.ended = Some(Ended::Cut(error));
                break;
            }
            None => {
                gathered.ended = Some(Ended::Whole);
                break;
            }
        }
    }
    gathered
}
