//! Error codes of the distribution specification.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// An error code (distribution-spec "Error Codes", code-1 to code-14; `protocol.md` 1.3).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// code-1: blob not linked in this repository.
    BlobUnknown = "BLOB_UNKNOWN",
    /// code-2: the upload cannot continue.
    BlobUploadInvalid = "BLOB_UPLOAD_INVALID",
    /// code-3: no such session.
    BlobUploadUnknown = "BLOB_UPLOAD_UNKNOWN",
    /// code-4: malformed, unsupported or not matching.
    DigestInvalid = "DIGEST_INVALID",
    /// code-5: the manifest names a blob that is not here.
    ManifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN",
    /// code-6: not a manifest.
    ManifestInvalid = "MANIFEST_INVALID",
    /// code-7: tag or digest not here.
    ManifestUnknown = "MANIFEST_UNKNOWN",
    /// code-8: the name breaks the grammar.
    NameInvalid = "NAME_INVALID",
    /// code-9: the repository does not exist.
    NameUnknown = "NAME_UNKNOWN",
    /// code-10: lengths disagree or are too large.
    SizeInvalid = "SIZE_INVALID",
    /// code-11: no, bad or expired credential.
    Unauthorized = "UNAUTHORIZED",
    /// code-12: known caller, not allowed.
    Denied = "DENIED",
    /// code-13: not for this thing.
    Unsupported = "UNSUPPORTED",
    /// code-14: too many requests.
    TooManyRequests = "TOOMANYREQUESTS",
    /// Not of the specification: a part we need does not answer (503).
    Unavailable = "UNAVAILABLE",
    /// Not of the specification: a fault of ours (500).
    Unknown = "UNKNOWN",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
