//! The outside of an archive: plain, gzip or zstd, by its first bytes.

use std::cell::{Cell, RefCell};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use crate::error::{Failure, Fault, Refused, Result, refuse};

/// Bytes of a tar block.
pub(crate) const BLOCK: usize = 512;
/// Largest window that is unpacked, as a power of two: 32 MiB. What is compressed at all ordinary levels needs 8 MiB.
pub(crate) const WINDOW: u32 = 25;
/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// How something is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
}

/// By the first bytes.
pub(crate) fn compression(head: &[u8]) -> Option<Compression> {
    match head {
        [0x1f, 0x8b, ..] => Some(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        _ => None,
    }
}

/// Whether a block is the header of a tar entry, or the end of a tar: all zeros.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    let Some(block) = head.first_chunk::<BLOCK>() else { return false };
    if block.iter().all(|byte| *byte == 0) {
        return true;
    }
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
        .sum();
    header.cksum().is_ok_and(|stated| stated == sum)
}

/// What went wrong below the tar reader, which only knows one kind of error.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    source: RefCell<Option<io::Error>>,
    is_too_large: Cell<bool>,
}

impl Trouble {
    /// What a read error of the archive means: the source's own failure, or a fault of the archive.
    pub(crate) fn meaning(&self, error: &io::Error, limit: u64) -> Failure {
        if let Some(failure) = self.source.take() {
            return Failure::Io(failure);
        }
        if self.is_too_large.get() {
            return Refused::new(Fault::TooLarge, format!("more than {limit} bytes when unpacked"))
                .into();
        }
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => "the archive is cut off".to_owned(),
            _ => format!("the archive is damaged: {error}"),
        };
        Refused::new(Fault::BadFormat, what).into()
    }
}

/// The source; remembers its own failures.
struct Watched<S> {
    inner: S,
    trouble: Rc<Trouble>,
}

impl<S> Watched<S> {
    fn note<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                *self.trouble.source.borrow_mut() = Some(error);
            }
            kind.into()
        })
    }
}

impl<S: Read> Read for Watched<S> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let outcome = self.inner.read(space);
        self.note(outcome)
    }
}

enum Inside<S> {
    Plain(Watched<S>),
    Gzip(Box<MultiGzDecoder<BufReader<Watched<S>>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Watched<S>>>>),
}

/// The bytes of the tar. Seeks forward only: over what is compressed by reading it.
pub(crate) struct Opened<S> {
    inside: Inside<S>,
    trouble: Rc<Trouble>,
    /// Bytes of the source; what is plain cannot be longer.
    size: u64,
    position: Rc<Cell<u64>>,
    limit: u64,
}

impl<S: Read + Seek> Opened<S> {
    /// Opens a source of `size` bytes that may become `limit`.
    pub(crate) fn new(mut source: S, size: u64, limit: u64) -> Result<Self> {
        let mut head = Vec::with_capacity(BLOCK);
        (&mut source).take(BLOCK as u64).read_to_end(&mut head)?;
        source.seek(SeekFrom::Start(0))?;
        let trouble = Rc::new(Trouble::default());
        let watched = Watched { inner: source, trouble: Rc::clone(&trouble) };
        let inside = match compression(&head) {
            None if is_tar(&head) => Inside::Plain(watched),
            None => {
                return refuse(Fault::NotTar, "the first bytes are those of no tar, gzip or zstd");
            }
            Some(Compression::Gzip) => Inside::Gzip(Box::new(MultiGzDecoder::new(
                BufReader::with_capacity(PIECE, watched),
            ))),
            Some(Compression::Zstd) => {
                let buffered = BufReader::with_capacity(PIECE, watched);
                let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)?;
                decoder.window_log_max(WINDOW)?;
                Inside::Zstd(Box::new(decoder))
            }
        };
        Ok(Self { inside, trouble, size, position: Rc::new(Cell::new(0)), limit })
    }

    pub(crate) fn trouble(&self) -> Rc<Trouble> {
        Rc::clone(&self.trouble)
    }

    /// How far it was read.
    pub(crate) fn position(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.position)
    }

    /// Whether positions in the tar are positions in the source.
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self.inside, Inside::Plain(_))
    }

    /// Reads what is behind the tar's end, so that the checksum of what is compressed is compared.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        if !self.is_plain() {
            io::copy(self, &mut io::sink())?;
        }
        Ok(())
    }

    fn advance(&self, by: u64) -> io::Result<()> {
        let position = self.position.get().saturating_add(by);
        self.position.set(position);
        if position > self.limit {
            self.trouble.is_too_large.set(true);
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(())
    }
}

impl<S: Read> Read for Opened<S>
where
    S: Seek,
{
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.inside {
            Inside::Plain(source) => source.read(space)?,
            Inside::Gzip(decoder) => decoder.read(space)?,
            Inside::Zstd(decoder) => decoder.read(space)?,
        };
        self.advance(count as u64)?;
        Ok(count)
    }
}

impl<S: Read + Seek> Seek for Opened<S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Current(ahead @ 0..) = to else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let ahead_bytes = ahead.unsigned_abs();
        if let Inside::Plain(source) = &mut self.inside {
            if self.position.get().saturating_add(ahead_bytes) > self.size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let outcome = source.inner.seek(to);
            source.note(outcome)?;
            self.advance(ahead_bytes)?;
        } else {
            let skipped = io::copy(&mut self.by_ref().take(ahead_bytes), &mut io::sink())?;
            if skipped < ahead_bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.position.get())
    }
}
