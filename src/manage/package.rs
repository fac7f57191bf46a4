//! Image packages that are uploaded through the page (`console.md` A.4.6).

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::name::{OrganizationName, RepositoryName};
use crate::time::Timestamp;

/// A file that is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPackage {
    /// Where its images go.
    pub organization: OrganizationName,
    /// What the file is called.
    pub file_name: String,
    /// Its bytes.
    pub size: u64,
    /// By which the page knows the file again after a reload: any text of at most 200 characters.
    pub fingerprint: String,
    /// The repository that all its tags go to; without one the archive's own names decide.
    #[serde(default)]
    pub repository: Option<RepositoryName>,
    /// Whether repositories that it creates are public.
    #[serde(default)]
    pub is_public: bool,
    /// What a look into a plain tar has shown of its layers: those that the registry has need not be sent.
    #[serde(default)]
    pub layers: Vec<SeenLayer>,
}

/// A layer in a plain tar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenLayer {
    /// Where its bytes begin in the file.
    pub position: u64,
    /// Its bytes.
    pub size: u64,
    /// Its digest, compressed or not.
    pub digest: Digest,
}

/// A part of the file that need not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Where it begins.
    pub position: u64,
    /// Its bytes.
    pub size: u64,
}

/// How far a package has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageState {
    /// Its parts arrive.
    Receiving,
    /// All of it is here; the import has not begun.
    Queued,
    /// The import reads it.
    Importing,
    /// Its images are here.
    Done,
    /// It was refused, or could not be imported.
    Failed,
}

/// What the import does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum ImportStep {
    /// It reads the archive and keeps its layers.
    Reading {
        /// Bytes of the file that were read.
        read: u64,
        /// Layers that are kept.
        layers: u32,
    },
    /// It sets the tags.
    Tagging,
}

/// Why nothing came of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFault {
    /// The number at the end of an `SVCSTG.SWR.…` code (`console.md` A.0.9), or a word of ours where there is none.
    pub code: String,
    /// What in particular, in English.
    pub detail: String,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// By which it is asked for.
    pub id: String,
    /// Where its images go.
    pub organization: OrganizationName,
    /// What the file is called.
    pub file_name: String,
    /// Its bytes.
    pub size: u64,
    /// By which the page knows the file again.
    pub fingerprint: String,
    /// The repository that all its tags go to.
    pub repository: Option<RepositoryName>,
    /// Whether repositories that it creates are public.
    pub is_public: bool,
    /// How far it is.
    pub state: PackageState,
    /// The next byte to send: what is before it is kept, or need not be sent.
    pub received: u64,
    /// What need not be sent.
    pub gaps: Vec<Gap>,
    /// Bytes of a chunk: what the page sends at a time.
    pub chunk: u64,
    /// What the import is doing.
    pub step: Option<ImportStep>,
    /// The tags that it set, as `organization/repository:tag`.
    pub tags: Vec<String>,
    /// Why nothing came of it.
    pub fault: Option<PackageFault>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it is forgotten unless it goes on.
    pub expires_at: Timestamp,
}
