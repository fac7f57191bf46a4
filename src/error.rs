//! One error for every door: closed kinds, a subject, a sentence for people, and a cause that is logged and never sent.
//!
//! The three translations — registry, management API, console — match on [`ErrorKind`] without a wildcard arm, so a
//! new kind does not compile until all of them answer.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Result with the project's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in one word that every door can translate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// It does not exist, and the caller may know that.
    NotFound,
    /// The caller may not see it, whether it exists or not.
    Hidden,
    /// The name is taken.
    AlreadyExists,
    /// Input that breaks a rule.
    Invalid,
    /// Bytes do not have the digest that was announced.
    DigestMismatch,
    /// A range that does not fit what is stored.
    RangeInvalid,
    /// Over a size limit.
    TooLarge,
    /// No credential, or one that is not (or no longer) good.
    Unauthenticated,
    /// Known caller, visible thing, not allowed.
    Denied,
    /// A quota is used up.
    QuotaExceeded,
    /// The state changed meanwhile, or does not permit this now.
    Conflict,
    /// The operation exists, but not for this thing.
    Unsupported,
    /// Too many requests.
    RateLimited,
    /// A part we depend on does not answer; trying again may help.
    Unavailable,
    /// No space left where data is kept; it stays so until somebody makes room.
    StorageFull,
    /// Stored data is not what it must be.
    Corrupt,
    /// A fault of ours.
    Internal,
}

/// What kind of thing an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The whole request.
    Request,
    /// An account.
    Account,
    /// A user.
    User,
    /// A group of users.
    Group,
    /// A policy.
    Policy,
    /// A password.
    Password,
    /// A sign-in, session or setup code.
    Session,
    /// The one-time set-up code.
    SetupCode,
    /// A login credential or token.
    Credential,
    /// An organization.
    Organization,
    /// A repository (image).
    Repository,
    /// A tag.
    Tag,
    /// A manifest.
    Manifest,
    /// A blob that a manifest names.
    ManifestBlob,
    /// A blob.
    Blob,
    /// An upload session.
    Upload,
    /// A digest.
    Digest,
    /// A size or length.
    Size,
    /// A description.
    Description,
    /// A right of a user on an organization or image.
    Grant,
    /// A share of an image with another account.
    Share,
    /// A setting.
    Setting,
    /// A page, cursor or filter of a list.
    Page,
    /// An identifier.
    Id,
    /// A point in time.
    Time,
    /// A region.
    Region,
    /// An address.
    Url,
    /// A media type.
    MediaType,
}

/// The error.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    subject: Subject,
    message: String,
    detail: Option<serde_json::Value>,
    retry_after: Option<u64>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a kind about a subject, with a sentence that tells a person what happened and what to do.
    #[must_use]
    pub fn new(kind: ErrorKind, subject: Subject, message: impl Into<String>) -> Self {
        Self {
            kind,
            subject,
            message: message.into(),
            detail: None,
            retry_after: None,
            source: None,
        }
    }

    /// Input that breaks a rule.
    #[must_use]
    pub fn invalid(subject: Subject, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, subject, message)
    }

    /// It does not exist, and the caller may know that.
    #[must_use]
    pub fn not_found(subject: Subject, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, subject, message)
    }

    /// What the caller may not see. The sentence never depends on whether it exists.
    #[must_use]
    pub fn hidden(subject: Subject) -> Self {
        Self::new(ErrorKind::Hidden, subject, "it does not exist, or you do not have access")
    }

    /// A fault of ours; the cause is logged, the client gets the request id.
    #[must_use]
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(ErrorKind::Internal, Subject::Request, "something went wrong on the server")
            .caused_by(cause)
    }

    /// A part we depend on does not answer.
    #[must_use]
    pub fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(ErrorKind::Unavailable, Subject::Request, "the system is busy; try again")
            .caused_by(cause)
    }

    /// Adds what machines may read, for the `detail` member of OCI and SWR errors. Must reveal nothing that the
    /// caller could not read.
    #[must_use]
    pub fn with_detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = Some(detail);
        self
    }

    /// Adds a stable word that tells cases of one kind apart, as member `reason` of the detail.
    #[must_use]
    pub fn because(self, reason: &str) -> Self {
        self.with_detail(serde_json::json!({ "reason": reason }))
    }

    /// Adds after how many seconds trying again makes sense.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds the cause, which is logged and never sent.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(cause));
        self
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What it is about.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// The sentence for people, in English; the console says its own by kind and subject.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What machines may read.
    #[must_use]
    pub const fn detail(&self) -> Option<&serde_json::Value> {
        self.detail.as_ref()
    }

    /// Seconds after which to try again.
    #[must_use]
    pub const fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}
