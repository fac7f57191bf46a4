//! Reading: large pieces, inline while the page cache has them, else on the blocking pool.

use std::fs::File;
use std::io::IoSliceMut;
use std::ops::Range;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt as _, Stream, StreamExt as _};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore};
use rustix::io::{Errno, ReadWriteFlags};
use tokio::task::JoinHandle;

use crate::buffer::{Buffer, Buffers};
use crate::error::{ObjectError, Result};
use crate::key::ObjectKey;

/// Bytes of an object, piece by piece.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

/// Reads objects.
#[derive(Clone)]
pub enum Reader {
    /// Files below a directory.
    Local(LocalReader),
    /// Anything else.
    Remote {
        /// The storage.
        store: Arc<dyn ObjectStore>,
        /// What comes before every key.
        prefix: Path,
    },
}

/// Reads files.
#[derive(Clone)]
pub struct LocalReader {
    directory: Arc<PathBuf>,
    buffers: Buffers,
    /// Whether the file system answers at once from its cache; false after the first refusal.
    answers_at_once: Arc<AtomicBool>,
}

impl LocalReader {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self {
            directory: Arc::new(directory),
            buffers: Buffers::default(),
            answers_at_once: Arc::new(AtomicBool::new(true)),
        }
    }
}

impl LocalReader {
    /// Whether the directory is there: a disk that is not mounted leaves an empty place or none.
    pub(crate) async fn check(&self) -> Result<()> {
        let directory = Arc::clone(&self.directory);
        let listed = tokio::task::spawn_blocking(move || std::fs::read_dir(&*directory).map(drop));
        listed.await.map_err(ObjectError::unavailable)?.map_err(ObjectError::unavailable)
    }
}

impl Reader {
    pub(crate) async fn read(&self, key: ObjectKey, range: Range<u64>) -> Result<ByteStream> {
        match self {
            Self::Local(local) => {
                let path = local.directory.join(key.directory()).join(key.file());
                let file = tokio::task::spawn_blocking(move || File::open(path))
                    .await
                    .map_err(ObjectError::unavailable)?
                    .map_err(|error| ObjectError::io(key, error))?;
                Ok(LocalStream {
                    reader: local.clone(),
                    key,
                    file: Arc::new(file),
                    range,
                    waiting: None,
                }
                .boxed())
            }
            Self::Remote { store, prefix } => remote(store, &key.path(prefix), key, range).await,
        }
    }
}

async fn remote(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    key: ObjectKey,
    range: Range<u64>,
) -> Result<ByteStream> {
    let wanted = range.end.saturating_sub(range.start);
    // An empty range is no range to object stores: only ask whether the object is there.
    let options = if wanted == 0 {
        GetOptions::new().with_head(true)
    } else {
        GetOptions::new().with_range(Some(GetRange::Bounded(range)))
    };
    let answer = store.get_opts(path, options).await.map_err(|error| match error {
        object_store::Error::NotFound { .. } => ObjectError::Missing { key },
        error => error.into(),
    })?;
    if wanted == 0 {
        return Ok(futures::stream::empty().boxed());
    }
    let got = answer.range.end.saturating_sub(answer.range.start);
    if got != wanted {
        return Err(ObjectError::damaged(key, "it is shorter than recorded"));
    }
    Ok(answer.into_stream().map(|piece| piece.map_err(Into::into)).boxed())
}

/// A read on the blocking pool: the buffer, and how much of it was filled.
type Waiting = JoinHandle<(Buffer, std::io::Result<usize>)>;

struct LocalStream {
    reader: LocalReader,
    key: ObjectKey,
    file: Arc<File>,
    range: Range<u64>,
    waiting: Option<Waiting>,
}

impl LocalStream {
    /// What the cache has at the present position: `None` when it would have to wait.
    fn read_cached(&self, buffer: &mut Buffer, wanted: usize) -> Option<std::io::Result<usize>> {
        if !self.reader.answers_at_once.load(Ordering::Relaxed) {
            return None;
        }
        let space = buffer.space(wanted);
        match rustix::io::preadv2(
            &*self.file,
            &mut [IoSliceMut::new(space)],
            self.range.start,
            ReadWriteFlags::NOWAIT,
        ) {
            Ok(count) => Some(Ok(count)),
            Err(Errno::AGAIN | Errno::INTR) => None,
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {
                self.reader.answers_at_once.store(false, Ordering::Relaxed);
                None
            }
            Err(errno) => Some(Err(errno.into())),
        }
    }

    fn read_blocking(&self, mut buffer: Buffer, wanted: usize) -> Waiting {
        let file = Arc::clone(&self.file);
        let position = self.range.start;
        tokio::task::spawn_blocking(move || {
            use std::os::unix::fs::FileExt as _;
            let outcome = loop {
                match file.read_at(buffer.space(wanted), position) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    outcome => break outcome,
                }
            };
            (buffer, outcome)
        })
    }

    fn finish(&mut self, buffer: Buffer, outcome: std::io::Result<usize>) -> Result<Bytes> {
        let error = match outcome {
            Ok(0) => ObjectError::damaged(self.key, "it is shorter than recorded"),
            Ok(count) => {
                self.range.start += count as u64;
                return Ok(buffer.freeze(count));
            }
            Err(error) => ObjectError::io(self.key, error),
        };
        self.range.start = self.range.end;
        Err(error)
    }
}

impl Stream for LocalStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.waiting.is_none() {
            let left = self.range.end.saturating_sub(self.range.start);
            if left == 0 {
                return Poll::Ready(None);
            }
            let wanted = usize::try_from(left).unwrap_or(usize::MAX);
            let mut buffer = self.reader.buffers.take();
            if let Some(outcome) = self.read_cached(&mut buffer, wanted) {
                return Poll::Ready(Some(self.finish(buffer, outcome)));
            }
            self.waiting = Some(self.read_blocking(buffer, wanted));
        }
        let Some(waiting) = self.waiting.as_mut() else {
            return Poll::Ready(None);
        };
        let joined = ready!(waiting.poll_unpin(context));
        self.waiting = None;
        Poll::Ready(Some(match joined {
            Ok((buffer, outcome)) => self.finish(buffer, outcome),
            Err(error) => {
                self.range.start = self.range.end;
                Err(ObjectError::unavailable(error))
            }
        }))
    }
}
