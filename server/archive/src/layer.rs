//! One file that may be a layer: hashed, unpacked for its digest, compressed if it was not.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use flate2::write::{GzEncoder, MultiGzDecoder};
use flate2::{Compression as Level, GzBuilder};
use roadstead::{Algorithm, Digest, Hasher};
use serde::{Deserialize, Serialize};

use crate::error::{Failure, Fault, Refused, Result};
use crate::open::{Compression, WINDOW, compression, is_tar};

/// How a file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A tar that was not compressed: kept as gzip.
    Pressed,
    /// Gzip in the archive already: kept as it is.
    Gzip,
    /// Zstandard in the archive already: kept as it is.
    Zstd,
    /// Neither a tar nor compressed: kept as it is.
    Other,
}

/// What is known of a file that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// How it is kept.
    pub form: Form,
    /// Digest of the bytes that are kept.
    pub kept: Digest,
    /// Their number.
    pub kept_size: u64,
    /// Digest of the bytes unpacked: what an image's configuration calls `diff_id`.
    pub unpacked: Digest,
    /// Their number.
    pub unpacked_size: u64,
}

impl Facts {
    /// Digest of the bytes as they are in the archive.
    #[must_use]
    pub const fn raw(&self) -> &Digest {
        match self.form {
            Form::Pressed => &self.unpacked,
            Form::Gzip | Form::Zstd | Form::Other => &self.kept,
        }
    }
}

/// Counts and hashes what it is given.
struct Meter {
    hasher: Hasher,
    count: u64,
    limit: u64,
    is_too_large: bool,
}

impl Meter {
    fn new(limit: u64) -> Self {
        Self { hasher: Hasher::new(Algorithm::Sha256), count: 0, limit, is_too_large: false }
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.count = self.count.saturating_add(bytes.len() as u64);
        if self.count > self.limit {
            self.is_too_large = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.hasher.update(bytes);
        Ok(())
    }
}

/// A [`Meter`] at the end of a decoder, which wants to own it.
#[derive(Clone)]
struct Shared(Rc<RefCell<Meter>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().take(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Way<F: Write> {
    Press(Box<GzEncoder<F>>),
    Gzip(F, Box<MultiGzDecoder<Shared>>),
    Zstd(F, Box<zstd::stream::write::Decoder<'static, Shared>>),
    Plain(F),
}

/// Takes a file piece by piece on its way to the shelf.
pub(crate) struct Press<F: Write> {
    way: Way<F>,
    meter: Shared,
}

/// What a press ends with.
pub(crate) struct Pressed<F> {
    pub(crate) file: F,
    pub(crate) form: Form,
    pub(crate) unpacked: Digest,
    pub(crate) unpacked_size: u64,
}

impl<F: Write> Press<F> {
    /// By the first bytes of the file (a whole block, if it has one), which are not taken yet. It may become `limit` bytes.
    pub(crate) fn new(file: F, head: &[u8], limit: u64) -> io::Result<Self> {
        let meter = Shared(Rc::new(RefCell::new(Meter::new(limit))));
        let way = match compression(head) {
            Some(Compression::Gzip) => {
                Way::Gzip(file, Box::new(MultiGzDecoder::new(meter.clone())))
            }
            Some(Compression::Zstd) => {
                let mut decoder = zstd::stream::write::Decoder::new(meter.clone())?;
                decoder.window_log_max(WINDOW)?;
                Way::Zstd(file, Box::new(decoder))
            }
            // One level, no time, no name, no system: the same tar gives the same bytes.
            None if is_tar(head) => Way::Press(Box::new(
                GzBuilder::new().mtime(0).operating_system(255).write(file, Level::new(6)),
            )),
            None => Way::Plain(file),
        };
        Ok(Self { way, meter })
    }

    /// Takes a piece.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<()> {
        match &mut self.way {
            Way::Press(encoder) => {
                self.meter.0.borrow_mut().take(piece).map_err(|error| self.meter.fault(&error))?;
                encoder.write_all(piece)?;
            }
            Way::Plain(file) => {
                self.meter.0.borrow_mut().take(piece).map_err(|error| self.meter.fault(&error))?;
                file.write_all(piece)?;
            }
            Way::Gzip(file, decoder) => {
                decoder.write_all(piece).map_err(|error| self.meter.fault(&error))?;
                file.write_all(piece)?;
            }
            Way::Zstd(file, decoder) => {
                decoder.write_all(piece).map_err(|error| self.meter.fault(&error))?;
                file.write_all(piece)?;
            }
        }
        Ok(())
    }

    /// The file with everything in it.
    pub(crate) fn finish(self) -> Result<Pressed<F>> {
        let meter = self.meter;
        let (file, form) = match self.way {
            Way::Press(encoder) => (encoder.finish()?, Form::Pressed),
            Way::Plain(file) => (file, Form::Other),
            Way::Gzip(file, mut decoder) => {
                decoder.try_finish().map_err(|error| meter.fault(&error))?;
                (file, Form::Gzip)
            }
            Way::Zstd(file, mut decoder) => {
                decoder.flush().map_err(|error| meter.fault(&error))?;
                (file, Form::Zstd)
            }
        };
        let meter = meter.0.borrow();
        Ok(Pressed {
            file,
            form,
            unpacked: meter.hasher.clone().finish(),
            unpacked_size: meter.count,
        })
    }
}

impl Shared {
    fn fault(&self, error: &io::Error) -> Failure {
        // Borrowed by nobody: the decoder has returned.
        let is_too_large = self.0.try_borrow().is_ok_and(|meter| meter.is_too_large);
        if is_too_large {
            return Refused::new(Fault::TooLarge, "a layer is over the limit when unpacked").into();
        }
        Refused::new(Fault::BadFormat, format!("a compressed layer is damaged: {error}")).into()
    }
}
