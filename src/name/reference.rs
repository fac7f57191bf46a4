//! References: a tag or a digest, after `/manifests/`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ImageName, TagName};
use crate::digest::Digest;
use crate::error::Error;

/// A tag or a digest. Text with a `:` is a digest attempt, never a tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Reference {
    /// By name.
    Tag(TagName),
    /// By content.
    Digest(Digest),
}

impl Reference {
    /// The reference with its image, as clients write it: `group/web:v1`, `group/web@sha256:…`.
    #[must_use]
    pub fn of(&self, image: &ImageName) -> String {
        match self {
            Self::Tag(tag) => format!("{image}:{tag}"),
            Self::Digest(digest) => format!("{image}@{digest}"),
        }
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.contains(':') {
            text.parse().map(Self::Digest)
        } else {
            text.parse().map(Self::Tag)
        }
    }
}

impl TryFrom<String> for Reference {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}
