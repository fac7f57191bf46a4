//! What the headers of an entry say, read by ourselves: a reader that gathers long names without bound, or believes two
//! sizes, would be at the archive's mercy.

use std::io::Read;

use tar::{EntryType, PaxExtensions};

use crate::error::{Failure, Fault, Refused, Result};

/// Bytes of a long name or of PAX records.
const LONGEST_HEADER: u64 = 64 * 1024;

/// A failure whose read errors are not yet told apart.
pub(crate) enum Raw {
    Reading(std::io::Error),
    Told(Failure),
}

impl Raw {
    pub(crate) fn meant(self, meaning: &impl Fn(std::io::Error) -> Failure) -> Failure {
        match self {
            Self::Reading(error) => meaning(error),
            Self::Told(failure) => failure,
        }
    }
}

impl<F: Into<Failure>> From<F> for Raw {
    fn from(failure: F) -> Self {
        Self::Told(failure.into())
    }
}

/// What headers before an entry say of it.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Ahead {
    /// Whether the entry speaks of the next one and is done with.
    pub(crate) fn take<R: Read>(
        &mut self,
        kind: EntryType,
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<bool, Raw> {
        let is_ours = kind.is_gnu_longname()
            || kind.is_gnu_longlink()
            || kind.is_pax_local_extensions()
            || kind.is_pax_global_extensions();
        if !is_ours {
            return Ok(false);
        }
        if entry.size() > LONGEST_HEADER {
            return Err(bad("a name in a header is too long").into());
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(Raw::Reading)?;
        if kind.is_gnu_longname() {
            self.name = Some(until_zero(bytes));
        } else if kind.is_gnu_longlink() {
            self.link = Some(until_zero(bytes));
        } else if kind.is_pax_local_extensions() {
            self.records(&bytes)?;
        }
        Ok(true)
    }

    fn records(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        for record in PaxExtensions::new(bytes) {
            let record = record.map_err(|_| bad("a header cannot be read"))?;
            let value = record.value_bytes().to_vec();
            match record.key_bytes() {
                b"path" => self.name = Some(value),
                b"linkpath" => self.link = Some(value),
                b"size" => {
                    let text = String::from_utf8(value).unwrap_or_default();
                    self.size = Some(text.parse().map_err(|_| bad("a size cannot be read"))?);
                }
                key if key.starts_with(b"GNU.sparse.") => {
                    return Err(bad("sparse files are not supported"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn until_zero(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    bytes
}

pub(crate) fn bad(what: impl std::fmt::Display) -> Refused {
    Refused::new(Fault::BadFormat, what)
}

/// An entry, with everything that was said of it.
pub(crate) struct Header {
    pub(crate) kind: EntryType,
    pub(crate) name: String,
    pub(crate) link: Option<String>,
    pub(crate) size: u64,
    pub(crate) position: u64,
}

impl Header {
    pub(crate) fn of<R: Read>(entry: &tar::Entry<'_, R>, ahead: Ahead) -> Result<Self, Refused> {
        let kind = entry.header().entry_type();
        if kind.is_gnu_sparse() {
            return Err(bad("sparse files are not supported"));
        }
        // Two sizes are two readings of one archive.
        if ahead.size.is_some_and(|size| size != entry.size()) {
            return Err(bad("two sizes are given for one file"));
        }
        let name = ahead.name.unwrap_or_else(|| entry.header().path_bytes().into_owned());
        let link =
            ahead.link.or_else(|| entry.header().link_name_bytes().map(|name| name.into_owned()));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self {
            kind,
            name: normal(&text(name)).ok_or_else(|| bad("a name leads out of the archive"))?,
            link: link.map(text),
            size: entry.size(),
            position: entry.raw_file_position(),
        })
    }
}

/// The name without `.` and doubled slashes; `None` when it is absolute or climbs.
pub(crate) fn normal(name: &str) -> Option<String> {
    if name.starts_with('/') {
        return None;
    }
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
