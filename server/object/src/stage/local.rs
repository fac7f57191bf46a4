//! Local staging: one file that is appended to, and synced once, when the blob is complete.
//!
//! A killed process loses nothing that it wrote; a machine that loses power may. So a stage remembers under which boot
//! it was written, and what an earlier boot left is hashed again before it is believed.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use roadstead::Hasher;
use tokio::task::spawn_blocking;

use super::{Appended, BodyStream, Ended, Progress, Stage, Staging, State, gather};
use crate::error::{ObjectError, Result};
use crate::key::ObjectKey;

/// Bytes gathered for one blocking call (`performance.md`, "Design facts").
const GATHER: u64 = 1024 * 1024;

/// Stages in files.
pub struct LocalStaging {
    directory: Arc<PathBuf>,
    boot: String,
}

impl LocalStaging {
    /// Makes the directory if it is missing, and sees to it that it would survive a loss of power.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let directory = root.join("objects");
        create_durably(&directory)?;
        // A directory made just before a crash may not be on the disk yet; from here on every one that is seen is.
        sync_directory(&directory)?;
        sync_directory(root)?;
        // Absent outside Linux and in some sandboxes: then every boot counts as the same.
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Ok(Self { directory: Arc::new(directory), boot: boot.trim().to_owned() })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    fn file(&self, key: ObjectKey) -> Staged {
        Staged { key, parent: self.directory.join(key.directory()) }
    }

    fn is_of_this_boot(&self, stage: &Stage) -> bool {
        matches!(&stage.state, State::Local { boot } if *boot == self.boot)
    }
}

fn create_durably(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        create_durably(parent)?;
    }
    match std::fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    directory.parent().map_or(Ok(()), sync_directory)
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The file of one stage.
#[derive(Clone)]
struct Staged {
    key: ObjectKey,
    parent: PathBuf,
}

impl Staged {
    fn path(&self) -> PathBuf {
        self.parent.join(self.key.file())
    }

    fn failed(&self, error: io::Error) -> ObjectError {
        ObjectError::io(self.key, error)
    }

    const fn lost(&self) -> ObjectError {
        ObjectError::Lost { key: self.key }
    }

    /// Opens the file with exactly `from.offset` bytes in it. With `doubt`, reads them again first.
    fn open_at(&self, from: &Progress, doubt: bool) -> Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        if from.offset == 0 {
            options.create(true);
        }
        let opened = match options.open(self.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && from.offset == 0 => {
                create_durably(&self.parent).map_err(|error| self.failed(error))?;
                options.open(self.path())
            }
            outcome => outcome,
        };
        let mut file = opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.lost(),
            _ => self.failed(error),
        })?;
        let length = file.metadata().map_err(|error| self.failed(error))?.len();
        if length < from.offset {
            return Err(self.lost());
        }
        if doubt && from.offset > 0 && !self.still_hashes_to(&mut file, from)? {
            return Err(self.lost());
        }
        if length > from.offset {
            file.set_len(from.offset).map_err(|error| self.failed(error))?;
        }
        file.seek(SeekFrom::Start(from.offset)).map_err(|error| self.failed(error))?;
        Ok(file)
    }

    fn still_hashes_to(&self, file: &mut File, from: &Progress) -> Result<bool> {
        let mut hasher = Hasher::new(from.hasher.algorithm());
        let mut buffer = vec![0; 256 * 1024];
        let mut left = from.offset;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let space = buffer.get_mut(..wanted).unwrap_or_default();
            file.read_exact(space).map_err(|error| self.failed(error))?;
            hasher.update(space);
            left -= space.len() as u64;
        }
        Ok(hasher.state() == from.hasher.state())
    }
}

/// Hashes and writes once. On failure the file may hold more than was hashed; it is cut back when next opened.
fn write(mut file: &File, pieces: &[Bytes], hasher: &mut Hasher) -> io::Result<()> {
    for piece in pieces {
        hasher.update(piece);
    }
    let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let mut rest = slices.as_mut_slice();
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[async_trait]
impl Staging for LocalStaging {
    fn begin(&self, key: ObjectKey) -> Stage {
        Stage { key, state: State::Local { boot: self.boot.clone() } }
    }

    async fn append(
        &self,
        stage: Stage,
        from: Progress,
        mut body: BodyStream,
        limit: u64,
    ) -> Appended {
        let staged = self.file(stage.key);
        let doubt = !self.is_of_this_boot(&stage);
        let mut kept = from;
        let mut left = limit;
        let mut file: Option<Arc<File>> = None;
        let mut writing: Option<tokio::task::JoinHandle<Result<(Arc<File>, Progress)>>> = None;
        // While one batch is hashed and written on the blocking pool, the next is gathered here.
        let ended = loop {
            let batch = gather(&mut body, GATHER, left).await;
            left -= batch.size;
            if let Some(running) = writing.take() {
                match settle(running).await {
                    Ok((open, progress)) => (file, kept) = (Some(open), progress),
                    Err(error) => break Ended::Failed(error),
                }
            }
            if batch.size > 0 || file.is_none() {
                let (staged, from, open) = (staged.clone(), kept.clone(), file.clone());
                writing = Some(spawn_blocking(move || {
                    let open = match open {
                        Some(open) => open,
                        None => Arc::new(staged.open_at(&from, doubt)?),
                    };
                    let mut progress = from;
                    write(&open, &batch.pieces, &mut progress.hasher)
                        .map_err(|error| staged.failed(error))?;
                    progress.offset += batch.size;
                    Ok((open, progress))
                }));
            }
            if let Some(ended) = batch.ended {
                if let Some(running) = writing.take() {
                    match settle(running).await {
                        Ok((_, progress)) => kept = progress,
                        Err(error) => break Ended::Failed(error),
                    }
                }
                break ended;
            }
        };
        Appended {
            // What was in doubt has been read again, or the append failed and the doubt stays.
            stage: match ended {
                Ended::Failed(_) => stage,
                _ => self.begin(stage.key),
            },
            progress: kept,
            ended,
        }
    }

    async fn complete(&self, stage: &Stage, progress: &Progress) -> Result<()> {
        let staged = self.file(stage.key);
        let doubt = !self.is_of_this_boot(stage);
        let progress = progress.clone();
        spawn_blocking(move || {
            let file = staged.open_at(&progress, doubt)?;
            file.sync_data().map_err(|error| staged.failed(error))?;
            sync_directory(&staged.parent).map_err(|error| staged.failed(error))
        })
        .await
        .map_err(ObjectError::unavailable)?
    }

    async fn discard(&self, stage: &Stage) -> Result<()> {
        let staged = self.file(stage.key);
        spawn_blocking(move || match std::fs::remove_file(staged.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(staged.failed(error)),
            _ => Ok(()),
        })
        .await
        .map_err(ObjectError::unavailable)?
    }
}

async fn settle<T>(running: tokio::task::JoinHandle<Result<T>>) -> Result<T> {
    running.await.map_err(ObjectError::unavailable)?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::key::KeySeed;
    use futures::StreamExt as _;
    use roadstead::{Algorithm, Digest};

    fn key() -> ObjectKey {
        ObjectKey::new(KeySeed { milliseconds: 1, random: [9; 16] })
    }

    fn body(bytes: &'static [u8]) -> BodyStream {
        futures::stream::iter([Ok(Bytes::from_static(bytes))]).boxed()
    }

    async fn append(
        staging: &LocalStaging,
        stage: Stage,
        from: Progress,
        bytes: &'static [u8],
    ) -> Appended {
        staging.append(stage, from, body(bytes), u64::MAX).await
    }

    #[tokio::test]
    async fn what_an_earlier_boot_wrote_is_believed_only_when_it_still_hashes() {
        let root = tempfile::tempdir().unwrap();
        let before =
            LocalStaging { boot: "before".to_owned(), ..LocalStaging::open(root.path()).unwrap() };
        let after = LocalStaging::open(root.path()).unwrap();
        let start = Progress::start(Algorithm::Sha256);
        let first = append(&before, before.begin(key()), start, b"hello ").await;

        let second = append(&after, first.stage.clone(), first.progress.clone(), b"world").await;
        assert!(matches!(second.ended, Ended::Whole));
        assert!(after.is_of_this_boot(&second.stage));
        after.complete(&second.stage, &second.progress).await.unwrap();
        assert_eq!(second.progress.hasher.finish(), Digest::of(Algorithm::Sha256, b"hello world"));

        // The pages of the first append never reached the disk: right length, wrong bytes.
        std::fs::write(after.file(key()).path(), b"\0\0\0\0\0\0").unwrap();
        let lost = append(&after, first.stage.clone(), first.progress.clone(), b"world").await;
        assert!(matches!(lost.ended, Ended::Failed(ObjectError::Lost { .. })));
        let lost = after.complete(&first.stage, &first.progress).await;
        assert!(matches!(lost, Err(ObjectError::Lost { .. })));
    }

    #[tokio::test]
    async fn bytes_beyond_what_was_acknowledged_are_cut_off() {
        let root = tempfile::tempdir().unwrap();
        let staging = LocalStaging::open(root.path()).unwrap();
        let start = Progress::start(Algorithm::Sha256);
        let first = append(&staging, staging.begin(key()), start, b"abc").await;
        std::fs::write(staging.file(key()).path(), b"abcXXXX").unwrap();
        staging.complete(&first.stage, &first.progress).await.unwrap();
        assert_eq!(std::fs::read(staging.file(key()).path()).unwrap(), b"abc");

        std::fs::write(staging.file(key()).path(), b"abcXXXXXX").unwrap();
        let second = append(&staging, first.stage, first.progress, b"de").await;
        assert_eq!(std::fs::read(staging.file(key()).path()).unwrap(), b"abcde");
        assert_eq!(second.progress.offset, 5);

        std::fs::write(staging.file(key()).path(), b"ab").unwrap();
        let lost = staging.complete(&second.stage, &second.progress).await;
        assert!(matches!(lost, Err(ObjectError::Lost { .. })));
    }
}
