//! The directory that a backup is.
//!
//! ```text
//! DIR/                    readable by its owner only
//!   backup.json           what it holds, with sums; written last: without it, the backup is not complete
//!   backup.partial        instead, while the backup is being made
//!   database/NAME.jsonl   the columns of a table, then its rows, a JSON array on each line (roadstead_store::dump)
//!   objects.jsonl         key, size and digest of each object, a JSON array on each line
//!   objects/ab/…          the objects, under their keys, as a `file://` storage keeps them
//!   master.key            the master key, unless it is kept elsewhere
//! ```
//!
//! Files of the database are written and read piece by piece with blocking calls: this runs in a process of its own.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use roadstead::error::Subject;
use roadstead::{Digest, Error, ErrorKind, Result, Secret, Timestamp};
use roadstead_object::{ObjectKey, Objects};
use roadstead_store::StoreError;
use roadstead_store::dump::Fields;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

/// The format this program writes, and the newest that it reads.
const FORMAT: u32 = 1;
const COMPLETE: &str = "backup.json";
const PARTIAL: &str = "backup.partial";
const KEY: &str = "master.key";
const OBJECTS: &str = "objects.jsonl";

/// `backup.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Version of the layout.
    pub format: u32,
    /// Version of the program that made it.
    pub program: String,
    /// Version of the database's schema.
    pub schema: i64,
    /// When its view of the database was taken.
    pub created_at: Timestamp,
    /// Tables.
    pub tables: Vec<Part>,
    /// The list of objects.
    pub objects: Part,
    /// Bytes of all objects.
    pub bytes: u64,
    /// Last numbers given by tables.
    pub counters: Vec<(String, i64)>,
    /// Keys of objects that were missing or damaged already when the backup was made.
    pub damaged: Vec<String>,
    /// Ids of the master keys that open what is sealed.
    pub master_keys: Vec<String>,
}

/// A file of lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Name of the table, or `objects`.
    pub name: String,
    /// Lines after the first (of a table), or all.
    pub rows: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// One line of `objects.jsonl`.
pub type Entry = (String, u64, String);

/// The directory.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// A complete backup.
#[derive(Debug, Clone)]
pub struct Archive {
    /// Where.
    pub(super) folder: Folder,
    /// What it says it holds.
    pub contents: Contents,
}

pub(super) fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, Subject::Request, message)
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        Subject::Request,
        format!("{} cannot be used: {error}", path.display()),
    )
}

impl Folder {
    /// The directory for a new backup, made if it is missing.
    ///
    /// # Errors
    /// Invalid, when something else is in it, or a complete backup.
    pub fn begin(path: &Path) -> Result<Self> {
        let folder = Self::at(path)?;
        let failed = |error: io::Error| unusable(&folder.path, &error);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder.path).map_err(failed)?;
        if folder.path.join(COMPLETE).exists() {
            return Err(refused(format!(
                "{} holds a complete backup already; choose another directory, or remove it first",
                folder.path.display()
            )));
        }
        let partial = folder.path.join(PARTIAL);
        if !partial.exists() && folder.path.read_dir().map_err(failed)?.next().is_some() {
            return Err(refused(format!(
                "{} is not empty; a backup needs a directory of its own",
                folder.path.display()
            )));
        }
        private(&partial).map_err(failed)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder.path.join("database"))
            .map_err(failed)?;
        Ok(folder)
    }

    fn at(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|error| unusable(path, &error))?;
        Ok(Self { path })
    }

    /// Where objects are kept in it.
    ///
    /// # Errors
    /// When the directory cannot be used.
    pub async fn objects(&self) -> Result<Objects> {
        let url = Url::from_directory_path(&self.path)
            .map_err(|()| refused(format!("{} is no path", self.path.display())))?;
        Objects::open(&url, &[]).await.map_err(crate::error::kept)
    }

    pub(super) fn table(&self, name: &str) -> PathBuf {
        self.path.join("database").join(format!("{name}.jsonl"))
    }

    pub(super) fn list(&self) -> PathBuf {
        self.path.join(OBJECTS)
    }

    /// Puts the master key in.
    pub(super) fn keep_key(&self, key: &Secret) -> Result<()> {
        let path = self.path.join(KEY);
        let written = || {
            let mut file = private(&path)?;
            file.write_all(key.reveal().as_bytes())?;
            file.sync_all()
        };
        written().map_err(|error| unusable(&path, &error))
    }

    /// Makes the backup complete.
    pub(super) fn finish(&self, contents: &Contents) -> Result<()> {
        let path = self.path.join(COMPLETE);
        let written = || {
            let partial = self.path.join(PARTIAL);
            let mut file = private(&partial)?;
            file.write_all(serde_json::to_string_pretty(contents)?.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            std::fs::rename(&partial, &path)?;
            File::open(self.path.join("database"))?.sync_all()?;
            File::open(&self.path)?.sync_all()
        };
        written().map_err(|error| unusable(&path, &error))
    }
}

/// A new file that only its owner may read.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Writes lines, and sums them up.
pub(super) struct Lines {
    file: BufWriter<File>,
    sum: Sha256,
    rows: u64,
}

impl Lines {
    pub(super) fn create(path: &Path) -> Result<Self, StoreError> {
        let file = private(path).map_err(|error| broken(path, &error))?;
        Ok(Self { file: BufWriter::new(file), sum: Sha256::new(), rows: 0 })
    }

    pub(super) fn write(&mut self, line: &impl Serialize) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(line).map_err(|error| broken("a line", &error))?;
        text.push(b'\n');
        self.sum.update(&text);
        self.rows += 1;
        self.file.write_all(&text).map_err(|error| broken("a file of the backup", &error))
    }

    /// The file is on the disk; `heads` of its lines are no rows.
    pub(super) fn finish(mut self, name: &str, heads: u64) -> Result<Part, StoreError> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .map_err(|error| broken(name, &error))?;
        Ok(Part {
            name: name.to_owned(),
            rows: self.rows.saturating_sub(heads),
            sha256: hex::encode(self.sum.finalize()),
        })
    }
}

fn broken(what: impl AsRef<Path>, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unavailable { why: format!("{}: {error}", what.as_ref().display()) }
}

impl Archive {
    /// Opens a complete backup and reads its database part once, to see that it is whole.
    ///
    /// # Errors
    /// Invalid, with what is wrong, when it is not complete, was changed, or is of a newer program.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Folder::at(path)?;
        let text = match std::fs::read_to_string(folder.path.join(COMPLETE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(refused(format!(
                    "{} is no complete backup: {COMPLETE} is missing, which is written when everything else is there",
                    folder.path.display()
                )));
            }
            Err(error) => return Err(unusable(&folder.path, &error)),
        };
        let damaged = |what: &str| refused(format!("the backup is damaged: {what}"));
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|_| damaged("backup.json cannot be read"))?;
        if value.get("format").and_then(serde_json::Value::as_u64) > Some(u64::from(FORMAT)) {
            return Err(refused(
                "the backup was made by a newer program; restore it with that one",
            ));
        }
        let contents: Contents =
            serde_json::from_value(value).map_err(|_| damaged("backup.json is not whole"))?;
        for part in &contents.tables {
            if !part.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
                return Err(damaged("a table has no name"));
            }
            verify(&folder.table(&part.name), part, 1)?;
        }
        verify(&folder.list(), &contents.objects, 0)?;
        Ok(Self { folder, contents })
    }

    /// The master key, if it is in the backup.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn master_key(&self) -> Result<Option<Secret>> {
        let path = self.folder.path.join(KEY);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// The objects, one by one; those that were damaged already are left out.
    pub(super) fn entries(
        &self,
    ) -> Result<impl Iterator<Item = Result<(ObjectKey, u64, Digest)>> + Send + use<>> {
        let left_out: std::collections::HashSet<String> =
            self.contents.damaged.iter().cloned().collect();
        let path = self.folder.list();
        let file = File::open(&path).map_err(|error| unusable(&path, &error))?;
        Ok(BufReader::new(file).lines().filter_map(move |line| {
            let read = || -> Option<Entry> { serde_json::from_str(line.as_ref().ok()?).ok() };
            let Some((key, size, digest)) = read() else {
                return Some(Err(refused("the backup's list of objects is damaged")));
            };
            if left_out.contains(&key) {
                return None;
            }
            match (key.parse(), digest.parse()) {
                (Ok(key), Ok(digest)) => Some(Ok((key, size, digest))),
                _ => Some(Err(refused("the backup's list of objects is damaged"))),
            }
        }))
    }

    /// The columns of a table, and its rows, one by one.
    pub(super) fn rows(
        &self,
        table: &str,
    ) -> Result<
        (Vec<String>, impl Iterator<Item = Result<Fields, StoreError>> + Send + use<>),
        StoreError,
    > {
        let path = self.folder.table(table);
        let file = File::open(&path).map_err(|error| broken(&path, &error))?;
        let mut lines = BufReader::new(file).lines();
        let corrupt =
            |name: &str| StoreError::Corrupt { what: format!("the backup's rows of {name}") };
        let head = lines.next().and_then(Result::ok);
        let columns = head.and_then(|line| serde_json::from_str(&line).ok());
        let columns = columns.ok_or_else(|| corrupt(table))?;
        let name = table.to_owned();
        let rows = lines.map(move |line| {
            line.ok()
                .and_then(|line| serde_json::from_str(&line).ok())
                .ok_or_else(|| corrupt(&name))
        });
        Ok((columns, rows))
    }
}

/// Whether a file is the one that was written.
fn verify(path: &Path, part: &Part, heads: u64) -> Result<()> {
    let damaged = |what: &str| {
        refused(format!("the backup is damaged: {} {what}; nothing was restored", path.display()))
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged("is missing")),
        Err(error) => return Err(unusable(path, &error)),
    };
    let mut reader = BufReader::new(file);
    let (mut sum, mut rows) = (Sha256::new(), 0);
    loop {
        let piece = reader.fill_buf().map_err(|error| unusable(path, &error))?;
        if piece.is_empty() {
            break;
        }
        sum.update(piece);
        rows += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        let length = piece.len();
        reader.consume(length);
    }
    if rows.checked_sub(heads) != Some(part.rows) || hex::encode(sum.finalize()) != part.sha256 {
        return Err(damaged("is not what was written"));
    }
    Ok(())
}

/// For what a new backup says of itself.
pub(super) const fn format() -> u32 {
    FORMAT
}
