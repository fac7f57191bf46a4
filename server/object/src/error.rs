//! What can go wrong with bytes. The service turns these into the domain's errors where the meaning is known.

use std::io;

use crate::key::ObjectKey;

/// Result with an object error.
pub type Result<T, E = ObjectError> = std::result::Result<T, E>;

/// A failure of the storage, or of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// No object under this key.
    #[error("there is no object {key}")]
    Missing {
        /// The key.
        key: ObjectKey,
    },
    /// The stored bytes are not what they must be.
    #[error("object {key} is damaged: {what}")]
    Damaged {
        /// The key.
        key: ObjectKey,
        /// What is wrong.
        what: &'static str,
    },
    /// What was staged is gone or not what was acknowledged (the machine lost power, say): the upload starts again.
    #[error("the staged bytes of {key} are lost")]
    Lost {
        /// The key.
        key: ObjectKey,
    },
    /// No space left.
    #[error("the storage is full")]
    Full(#[source] io::Error),
    /// The storage does not answer, or refuses.
    #[error("the storage does not answer: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address of the storage, or its options, cannot be used.
    #[error("the storage address cannot be used: {0}")]
    Address(String),
}

impl ObjectError {
    pub(crate) const fn damaged(key: ObjectKey, what: &'static str) -> Self {
        Self::Damaged { key, what }
    }

    pub(crate) fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }

    /// An I/O error about `key`, with the meanings that matter told apart.
    pub(crate) fn io(key: ObjectKey, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing { key },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(error),
            _ => Self::unavailable(error),
        }
    }
}

impl From<object_store::Error> for ObjectError {
    fn from(error: object_store::Error) -> Self {
        Self::unavailable(error)
    }
}
