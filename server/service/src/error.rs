//! Store and object errors become the domain's here, once, where no better meaning is known.
//!
//! A use case that knows what a unique index or a missing row means says so itself, before falling back to this.

use roadstead::error::Subject;
use roadstead::{Error, ErrorKind};
use roadstead_object::ObjectError;
use roadstead_store::StoreError;

/// What a closure of the store ends with: its own failures and the domain's, so that `?` takes both.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Of the database.
    Store(StoreError),
    /// Of the use case.
    Domain(Error),
}

/// Result of a closure of the store.
pub(crate) type Outcome<T> = Result<T, Failed>;

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Store(error) => stored(error),
            Failed::Domain(error) => error,
        }
    }
}

/// The domain's error for a store error that means nothing in particular.
pub(crate) fn stored(error: StoreError) -> Error {
    match &error {
        StoreError::Full => full(error),
        StoreError::Busy | StoreError::Unavailable { .. } => Error::unavailable(error),
        StoreError::Corrupt { .. } => Error::new(
            ErrorKind::Corrupt,
            Subject::Request,
            "stored data is damaged; the administrator finds the cause in the log",
        )
        .caused_by(error),
        StoreError::NotUnique { .. } | StoreError::ForeignKey => Error::new(
            ErrorKind::Conflict,
            Subject::Request,
            "somebody else changed this meanwhile; look at it again and retry",
        )
        .caused_by(error),
        StoreError::TooNew { .. } | StoreError::Aborted | StoreError::Database(_) => {
            Error::internal(error)
        }
    }
}

/// The domain's error for an object error that means nothing in particular.
pub(crate) fn kept(error: ObjectError) -> Error {
    match &error {
        ObjectError::Missing { .. } | ObjectError::Damaged { .. } => Error::new(
            ErrorKind::Corrupt,
            Subject::Blob,
            "the stored bytes are damaged; the administrator finds the cause in the log",
        )
        .caused_by(error),
        ObjectError::Lost { .. } => Error::new(
            ErrorKind::NotFound,
            Subject::Upload,
            "what was uploaded so far is lost; start the upload again",
        )
        .caused_by(error),
        ObjectError::Full(_) => full(error),
        ObjectError::Unavailable(_) | ObjectError::Address(_) => Error::unavailable(error),
    }
}

/// No space left, for the bytes or for the database.
fn full(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        ErrorKind::StorageFull,
        Subject::Request,
        "the registry's disk is full; tell its administrator",
    )
    .caused_by(error)
}

impl From<ObjectError> for Failed {
    fn from(error: ObjectError) -> Self {
        Self::Domain(kept(error))
    }
}
