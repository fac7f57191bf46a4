//! What is wrong with an archive, in the words of `console.md` A.0.9.

use std::fmt;
use std::io;

/// Why an archive is refused. [`Fault::code`] is the code by which the console finds its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is over the limit, or becomes so when it is unpacked.
    TooLarge,
    /// It is no tar, plain or compressed with gzip or zstd.
    NotTar,
    /// No image of it has a name and tag.
    NoNames,
    /// A layer is missing.
    NoLayer,
    /// A configuration is missing.
    NoConfig,
    /// Neither `manifest.json` nor `index.json` is in it: the output of `docker export`, say.
    NoManifest,
    /// A manifest cannot be parsed.
    BadManifest,
    /// It contradicts itself, is cut off, or does what no honest archive does.
    BadFormat,
    /// The name of an image is none that a registry takes.
    BadName,
    /// The tag of an image is none that a registry takes.
    BadTag,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::TooLarge,
        Self::NotTar,
        Self::NoNames,
        Self::NoLayer,
        Self::NoConfig,
        Self::NoManifest,
        Self::BadManifest,
        Self::BadFormat,
        Self::BadName,
        Self::BadTag,
    ];

    /// The number at the end of its `SVCSTG.SWR.…` code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "4130025",
            Self::NotTar => "4001022",
            Self::NoNames => "4000064",
            Self::NoLayer => "4000065",
            Self::NoConfig => "4000066",
            Self::NoManifest => "4000067",
            Self::BadManifest => "4000068",
            Self::BadFormat => "4000069",
            Self::BadName => "4001029",
            Self::BadTag => "4009021",
        }
    }
}

/// A fault, and what in particular: a name out of the archive, mostly. For the details of the page and the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What kind.
    pub fault: Fault,
    /// What in particular, in English, at most [`LONGEST`] characters.
    pub what: String,
}

/// Characters of [`Refused::what`].
pub const LONGEST: usize = 300;

impl Refused {
    pub(crate) fn new(fault: Fault, what: impl fmt::Display) -> Self {
        let what: String = what
            .to_string()
            .chars()
            .map(|character| if character.is_control() { '\u{fffd}' } else { character })
            .take(LONGEST)
            .collect();
        Self { fault, what }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refused {}

/// Why reading ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The archive is not good. It will not become better.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// What brings the bytes, or keeps them, failed. Trying again may help.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Result of reading.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// `Err` of a fault.
pub(crate) fn refuse<T>(fault: Fault, what: impl fmt::Display) -> Result<T> {
    Err(Refused::new(fault, what).into())
}
