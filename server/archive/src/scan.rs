//! Going through an archive once, entry by entry.

use std::io::{Read, Seek, Write};

use bytes::Bytes;
use tar::Archive;

use crate::contents::{Contents, Node};
use crate::error::{Fault, Refused, Result, refuse};
use crate::header::{Ahead, Header, Raw, bad};
use crate::layer::{Facts, Form, Press};
use crate::open::{BLOCK, Opened};
use roadstead::Digest;

/// Bytes of one JSON file that is kept in memory.
pub(crate) const LARGEST_JSON: u64 = 4 * 1024 * 1024;
/// Bytes of all of them.
const ALL_JSON: u64 = 24 * 1024 * 1024;
/// Bytes of all names that are remembered.
const ALL_NAMES: usize = 16 * 1024 * 1024;
/// Files that may be layers.
const MOST_FILES: u32 = 4_096;
/// Bytes taken at a time.
const PIECE: usize = 128 * 1024;

/// What an archive may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the tar, and of all layers together, when unpacked.
    pub unpacked: u64,
    /// Entries.
    pub entries: u32,
}

/// A file of the archive on its way to the shelf.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its number among the files that go to the shelf, from 0: the same in every reading of the same archive.
    pub number: u32,
    /// Its name.
    pub name: &'a str,
    /// Bytes in the archive.
    pub size: u64,
    /// Where it begins in the source; `None` when the source is compressed.
    pub position: Option<u64>,
}

/// Where files that may be layers are put.
pub trait Shelf {
    /// A file that is being written.
    type File: Write;

    /// What is known of a file without reading it: kept by an earlier attempt, or never sent because it is known to be
    /// somewhere else.
    ///
    /// # Errors
    /// When it cannot be looked up.
    fn known(&mut self, entry: Entry<'_>) -> std::io::Result<Option<Facts>>;

    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be begun.
    fn open(&mut self, entry: Entry<'_>) -> std::io::Result<Self::File>;

    /// Ends a file and tells the digest and number of the bytes it was given, after it noted what else is known.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn close(
        &mut self,
        entry: Entry<'_>,
        file: Self::File,
        unpacked: &Unpacked,
    ) -> std::io::Result<(Digest, u64)>;
}

/// What is known of a file when all of it was taken.
#[derive(Debug, Clone)]
pub struct Unpacked {
    /// How it is kept.
    pub form: Form,
    /// Digest of the unpacked bytes.
    pub digest: Digest,
    /// Their number.
    pub size: u64,
}

/// Reads the archive `source`, of `size` bytes, to its end.
///
/// # Errors
/// [`Failure::Refused`](crate::Failure::Refused) for what is wrong with the archive; [`Failure::Io`](crate::Failure::Io) for
/// what is not its fault.
pub fn scan<S: Read + Seek, H: Shelf>(
    source: S,
    size: u64,
    limits: Limits,
    shelf: &mut H,
) -> Result<Contents> {
    let opened = Opened::new(source, size, limits.unpacked)?;
    let (trouble, position, is_plain) = (opened.trouble(), opened.position(), opened.is_plain());
    let meaning = |error: std::io::Error| trouble.meaning(&error, limits.unpacked);
    let mut archive = Archive::new(opened);
    let mut scanner = Scanner {
        shelf,
        limits,
        is_plain,
        contents: Contents::default(),
        files: 0,
        unpacked: 0,
        json: 0,
        names: 0,
    };
    let mut entries: u32 = 0;
    let mut end: u64 = 0;
    let mut ahead = Ahead::default();
    for entry in archive.entries_with_seek().map_err(meaning)?.raw(true) {
        let mut entry = entry.map_err(meaning)?;
        entries += 1;
        if entries > limits.entries {
            return refuse(Fault::BadFormat, format!("more than {} entries", limits.entries));
        }
        end = entry.raw_file_position() + entry.size().div_ceil(BLOCK as u64) * BLOCK as u64;
        let kind = entry.header().entry_type();
        if ahead.take(kind, &mut entry).map_err(|failure| failure.meant(&meaning))? {
            continue;
        }
        let facts = Header::of(&entry, std::mem::take(&mut ahead))?;
        scanner.entry(&facts, &mut entry).map_err(|failure| failure.meant(&meaning))?;
    }
    if position.get() <= end {
        return refuse(Fault::BadFormat, "the archive is cut off: its end is missing");
    }
    archive.into_inner().drain().map_err(meaning)?;
    Ok(scanner.contents)
}

struct Scanner<'a, H> {
    shelf: &'a mut H,
    limits: Limits,
    is_plain: bool,
    contents: Contents,
    files: u32,
    unpacked: u64,
    json: u64,
    names: usize,
}

impl<H: Shelf> Scanner<'_, H> {
    fn entry<R: Read>(
        &mut self,
        header: &Header,
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<(), Raw> {
        let name = header.name.as_str();
        if header.kind.is_symlink() || header.kind.is_hard_link() {
            let target = header.link.clone().unwrap_or_default();
            if wants(name) {
                self.remember(name, target.len())?;
                self.contents.add(name, Node::link(name, header.kind, &target));
            }
            return Ok(());
        }
        if !(header.kind.is_file() || header.kind.is_contiguous()) || !wants(name) {
            return Ok(());
        }
        self.remember(name, 0)?;
        let mut head = vec![0; BLOCK];
        let known_at = Entry {
            number: self.files,
            name,
            size: header.size,
            position: self.is_plain.then_some(header.position),
        };
        // What was never sent is asked for before it is looked at.
        if !is_json_name(name)
            && let Some(facts) = self.shelf.known(known_at)?
        {
            self.count(facts.unpacked_size)?;
            self.files += 1;
            self.contents.add(name, Node::File(facts));
            return Ok(());
        }
        let count = read_full(entry, &mut head).map_err(Raw::Reading)?;
        head.truncate(count);
        let is_json = head
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            .is_some_and(|byte| b"{[".contains(byte));
        if is_json && header.size <= LARGEST_JSON {
            return self.small(name, head, entry);
        }
        if is_json && !name.contains('/') {
            return Err(
                Refused::new(Fault::BadManifest, format!("{name} is larger than 4 MiB")).into()
            );
        }
        if is_file_name(name) { self.file(known_at, &head, entry) } else { Ok(()) }
    }

    fn small<R: Read>(
        &mut self,
        name: &str,
        mut bytes: Vec<u8>,
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<(), Raw> {
        entry.read_to_end(&mut bytes).map_err(Raw::Reading)?;
        self.json += bytes.len() as u64;
        if self.json > ALL_JSON {
            return Err(bad("the archive has too much JSON").into());
        }
        self.contents.add(name, Node::Json(Bytes::from(bytes)));
        Ok(())
    }

    fn file<R: Read>(
        &mut self,
        at: Entry<'_>,
        head: &[u8],
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<(), Raw> {
        self.files += 1;
        if self.files > MOST_FILES {
            return Err(bad(format!("more than {MOST_FILES} layers")).into());
        }
        let left = self.limits.unpacked.saturating_sub(self.unpacked);
        let mut press = Press::new(self.shelf.open(at)?, head, left)?;
        press.take(head)?;
        let mut piece = vec![0; PIECE];
        loop {
            let count = read_full(entry, &mut piece).map_err(Raw::Reading)?;
            press.take(piece.get(..count).unwrap_or_default())?;
            if count < piece.len() {
                break;
            }
        }
        let done = press.finish()?;
        self.count(done.unpacked_size)?;
        let unpacked =
            Unpacked { form: done.form, digest: done.unpacked, size: done.unpacked_size };
        let (kept, kept_size) = self.shelf.close(at, done.file, &unpacked)?;
        let Unpacked { form, digest, size } = unpacked;
        let facts = Facts { form, kept, kept_size, unpacked: digest, unpacked_size: size };
        self.contents.add(at.name, Node::File(facts));
        Ok(())
    }

    /// Counts the unpacked bytes of layers.
    fn count(&mut self, bytes: u64) -> Result<(), Refused> {
        self.unpacked = self.unpacked.saturating_add(bytes);
        if self.unpacked > self.limits.unpacked {
            let what =
                format!("the layers are more than {} bytes when unpacked", self.limits.unpacked);
            return Err(Refused::new(Fault::TooLarge, what));
        }
        Ok(())
    }

    fn remember(&mut self, name: &str, more: usize) -> Result<(), Refused> {
        self.names += name.len() + more;
        if self.names > ALL_NAMES {
            Err(bad("the names of the archive are too long"))
        } else {
            Ok(())
        }
    }
}

/// Reads until the space is full or the entry ends. An entry that ends early is an error.
fn read_full<R: Read>(entry: &mut tar::Entry<'_, R>, space: &mut [u8]) -> std::io::Result<usize> {
    let mut count = 0;
    while let Some(rest) = space.get_mut(count..).filter(|rest| !rest.is_empty()) {
        match entry.read(rest)? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

/// Whether an entry can matter: a whole file system (`docker export`) goes by unnoticed.
fn wants(name: &str) -> bool {
    is_json_name(name) || is_file_name(name)
}

/// Where JSON that matters is.
fn is_json_name(name: &str) -> bool {
    !name.contains('/')
}

/// What layers are called.
fn is_file_name(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("blobs/")
        || [".tar", ".tgz", ".tzst"].iter().any(|end| file.ends_with(end))
        || file.contains(".tar.")
}
