//! Between the reader of archives, which is synchronous and runs on a thread of its own, and what is asynchronous: the parts
//! of a package as one file that can be read, and staged objects as files that can be written.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bytes::{Buf as _, Bytes, BytesMut};
use futures::StreamExt as _;
use roadstead::id::{PackageId, PieceId};
use roadstead::{Algorithm, Digest};
use roadstead_archive::{Entry, Facts, Shelf, Unpacked};
use roadstead_object::{Appended, ByteStream, Ended, ObjectKey, Progress};
use roadstead_store::package::{self, FileRecord, PartRecord};
use roadstead_store::{Durability, StoreError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Inner, Skipped};

/// Bytes handed to the storage at a time.
const PIECE: usize = 256 * 1024;
/// Pieces on their way.
const QUEUED: usize = 4;

/// How far the import is, as both sides see it.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) read: AtomicU64,
    pub(super) layers: AtomicU32,
}

/// The file, out of its parts. What was not sent reads as zeros: the reader never looks at it.
pub(super) struct Source {
    pub(super) inner: Arc<Inner>,
    pub(super) handle: Handle,
    pub(super) parts: Vec<PartRecord>,
    pub(super) size: u64,
    pub(super) meter: Arc<Meter>,
    pub(super) stop: CancellationToken,
    pub(super) position: u64,
    pub(super) open: Option<(ByteStream, Bytes)>,
}

impl Source {
    /// The part that has the present position, and where in it that is.
    fn part(&self) -> Option<(&PartRecord, u64)> {
        let after = self.parts.partition_point(|part| part.position <= self.position);
        let part = self.parts.get(after.checked_sub(1)?)?;
        let within = self.position - part.position;
        (within < part.size).then_some((part, within))
    }

    /// Bytes up to the next part, or the end.
    fn gap(&self) -> u64 {
        let next = self.parts.iter().map(|part| part.position).find(|at| *at > self.position);
        next.unwrap_or(self.size).saturating_sub(self.position)
    }
}

impl Read for Source {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other("the import was stopped"));
        }
        let count = loop {
            if let Some((_, piece)) = self.open.as_mut().filter(|(_, piece)| !piece.is_empty()) {
                let count = piece.len().min(space.len());
                if let (Some(to), Some(from)) = (space.get_mut(..count), piece.get(..count)) {
                    to.copy_from_slice(from);
                }
                piece.advance(count);
                break count;
            }
            if let Some((stream, piece)) = self.open.as_mut() {
                match self.handle.block_on(stream.next()) {
                    Some(next) => *piece = next.map_err(io::Error::other)?,
                    None => self.open = None,
                }
                continue;
            }
            let Some((part, within)) = self.part() else {
                let count = usize::try_from(self.gap()).unwrap_or(usize::MAX).min(space.len());
                space.iter_mut().take(count).for_each(|byte| *byte = 0);
                break count;
            };
            let key: ObjectKey = part.object_key.parse().map_err(io::Error::other)?;
            let reading = self.inner.objects.read(key, within..part.size);
            let stream = self.handle.block_on(reading).map_err(io::Error::other)?;
            self.open = Some((stream, Bytes::new()));
        };
        self.position += count as u64;
        self.meter.read.store(self.position, Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
        };
        let target = target.ok_or(io::ErrorKind::InvalidInput)?;
        let ahead = target.checked_sub(self.position).and_then(|ahead| usize::try_from(ahead).ok());
        match (&mut self.open, ahead) {
            (Some((_, piece)), Some(ahead)) if ahead <= piece.len() => piece.advance(ahead),
            _ => self.open = None,
        }
        self.position = target;
        Ok(target)
    }
}

/// Stages files as objects, and knows those that an earlier attempt staged.
pub(super) struct Staging {
    pub(super) inner: Arc<Inner>,
    pub(super) handle: Handle,
    pub(super) package: PackageId,
    pub(super) meter: Arc<Meter>,
    skipped: HashMap<u64, Skipped>,
    kept: HashMap<u32, (String, Facts)>,
}

impl Staging {
    pub(super) fn new(
        inner: Arc<Inner>,
        package: PackageId,
        meter: Arc<Meter>,
        skipped: Vec<Skipped>,
        files: &[FileRecord],
    ) -> Self {
        let known = |file: &FileRecord| {
            let facts = serde_json::from_value(file.facts.clone()?).ok()?;
            Some((file.number, (file.name.clone(), facts)))
        };
        Self {
            inner,
            handle: Handle::current(),
            package,
            meter,
            skipped: skipped.into_iter().map(|gap| (gap.position, gap)).collect(),
            kept: files.iter().filter_map(known).collect(),
        }
    }
}

impl Shelf for Staging {
    type File = Staged;

    fn known(&mut self, entry: Entry<'_>) -> io::Result<Option<Facts>> {
        let gap = entry.position.and_then(|at| self.skipped.get(&at));
        if let Some(gap) = gap.filter(|gap| gap.size == entry.size) {
            return Ok(Some(gap.facts.clone()));
        }
        let kept = self.kept.get(&entry.number).filter(|(name, _)| name == entry.name);
        Ok(kept.map(|(_, facts)| facts.clone()))
    }

    fn open(&mut self, entry: Entry<'_>) -> io::Result<Staged> {
        let beginning =
            Staged::begin(Arc::clone(&self.inner), self.package, entry.number, entry.name);
        self.handle.block_on(beginning)
    }

    fn close(
        &mut self,
        _: Entry<'_>,
        file: Staged,
        unpacked: &Unpacked,
    ) -> io::Result<(Digest, u64)> {
        let (kept, kept_size) = self.handle.clone().block_on(file.keep(unpacked.clone()))?;
        self.meter.layers.fetch_add(1, Ordering::Relaxed);
        Ok((kept, kept_size))
    }
}

/// A file that is being staged: bytes written to it go to the storage through a short queue.
pub(super) struct Staged {
    inner: Arc<Inner>,
    row: PieceId,
    buffer: BytesMut,
    pieces: mpsc::Sender<Bytes>,
    staging: JoinHandle<Appended>,
}

impl Staged {
    /// Begins a file: the row first, so that what a crash leaves is found.
    pub(super) async fn begin(
        inner: Arc<Inner>,
        package: PackageId,
        number: u32,
        name: &str,
    ) -> io::Result<Self> {
        let key = inner.new_key();
        let (name, text) = (name.to_owned(), key.to_string());
        let row = inner
            .store
            .run("package.begin_file", Durability::Relaxed, move |tx| {
                let (name, text) = (name.clone(), text.clone());
                Box::pin(
                    async move { package::begin_file(tx, package, number, &name, &text).await },
                )
            })
            .await
            .map_err(io::Error::other)?;
        let (pieces, arriving) = mpsc::channel(QUEUED);
        let body = futures::stream::unfold(arriving, |mut arriving| async move {
            let piece: Bytes = arriving.recv().await?;
            Some((Ok(piece), arriving))
        });
        let objects = inner.objects.clone();
        let staging = tokio::spawn(async move {
            let stage = objects.begin(key);
            objects.append(stage, Progress::start(Algorithm::Sha256), body.boxed(), u64::MAX).await
        });
        Ok(Self { inner, row, buffer: BytesMut::with_capacity(PIECE), pieces, staging })
    }

    /// With all of these bytes in it, at once.
    pub(super) async fn filled(self, bytes: &Bytes) -> io::Result<Self> {
        let sent = self.pieces.send(bytes.clone()).await;
        sent.map_err(|_| io::Error::other("the storage takes no more"))?;
        Ok(self)
    }

    /// Makes the file durable and notes what is known of it.
    pub(super) async fn keep(mut self, unpacked: Unpacked) -> io::Result<(Digest, u64)> {
        if !self.buffer.is_empty() {
            // Whoever receives may have failed; what it says comes next.
            let _ = self.pieces.send(self.buffer.split().freeze()).await;
        }
        drop(self.pieces);
        let appended = self.staging.await.map_err(io::Error::other)?;
        match appended.ended {
            Ended::Whole => {}
            Ended::Failed(error) => return Err(io::Error::other(error)),
            Ended::Cut(_) | Ended::TooLong => {
                return Err(io::Error::other("a file was not staged to its end"));
            }
        }
        self.inner
            .objects
            .complete(&appended.stage, &appended.progress)
            .await
            .map_err(io::Error::other)?;
        let (kept, kept_size) = (appended.progress.hasher.finish(), appended.progress.offset);
        let Unpacked { form, digest, size } = unpacked;
        let facts =
            Facts { form, kept: kept.clone(), kept_size, unpacked: digest, unpacked_size: size };
        let (row, value) = (self.row, serde_json::to_value(&facts).map_err(io::Error::other)?);
        self.inner
            .store
            .run("package.keep_file", Durability::Durable, move |tx| {
                let value = value.clone();
                Box::pin(async move { package::keep_file(tx, row, &value).await })
            })
            .await
            .map_err(|error: StoreError| io::Error::other(error))?;
        Ok((kept, kept_size))
    }

    /// Hands on what was gathered, from a thread that may wait.
    fn hand_on(&mut self) -> io::Result<()> {
        let piece = self.buffer.split().freeze();
        self.pieces.blocking_send(piece).map_err(|_| io::Error::other("the storage takes no more"))
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.hand_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
