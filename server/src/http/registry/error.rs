//! What a refusal looks like on the wire: kind and subject → status and code, in one place.
//!
//! Bodies of 5xx carry the request's id and no cause; the cause is logged here, once.

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use roadstead::error::Subject;
use roadstead::oci::ErrorCode;
use roadstead::{Error, ErrorKind};
use serde_json::{Value, json};

use super::challenge;
use crate::http::{Doors, request};

/// A request that is answered with an error.
#[derive(Debug)]
pub(super) struct Refused {
    why: Why,
    /// Scopes that a token would need.
    scopes: Option<String>,
    /// Whether a token was presented and is not good.
    bad_token: bool,
}

#[derive(Debug)]
enum Why {
    Error(Error),
    UnknownPath,
    Method { allow: &'static str },
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::challenged(error, None, false)
    }
}

impl Refused {
    /// An error, with what a challenge has to say should it be about the credential.
    pub(super) const fn challenged(error: Error, scopes: Option<String>, bad_token: bool) -> Self {
        Self { why: Why::Error(error), scopes, bad_token }
    }

    /// Nothing is served under this path.
    pub(super) const fn unknown_path() -> Self {
        Self { why: Why::UnknownPath, scopes: None, bad_token: false }
    }

    /// The path exists, the method does not.
    pub(super) const fn method(allow: &'static str) -> Self {
        Self { why: Why::Method { allow }, scopes: None, bad_token: false }
    }

    /// The answer.
    pub(super) fn render(&self, doors: &Doors, parts: &Parts) -> Response {
        let error = match &self.why {
            Why::Error(error) => error,
            Why::UnknownPath => {
                let message = "the registry protocol has no such path";
                return body(StatusCode::NOT_FOUND, ErrorCode::NameUnknown, message, Value::Null);
            }
            Why::Method { allow } => {
                let message = format!("this path takes {allow}");
                let mut response = body(
                    StatusCode::METHOD_NOT_ALLOWED,
                    ErrorCode::Unsupported,
                    &message,
                    Value::Null,
                );
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
                return response;
            }
        };
        let (status, code) = translate(error);
        let mut detail = error.detail().cloned().unwrap_or(Value::Null);
        if status.is_server_error() {
            let id = request::id(&parts.extensions);
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(request_id = id, kind = ?error.kind(), cause, "{}", error.message());
            detail = json!({ "request_id": id });
        }
        let mut response = body(status, code, error.message(), detail);
        if let Some(seconds) = error.retry_after_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            let realm = doors.address(parts);
            let challenge = challenge::bearer(&realm, self.scopes.as_deref(), self.bad_token);
            super::set(&mut response, header::WWW_AUTHENTICATE, &challenge);
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            // What cannot be done to this one thing; it can be read.
            super::set(&mut response, header::ALLOW, "GET, HEAD");
        }
        range_headers(&mut response, error, parts);
        response
    }
}

/// The answer to an error outside of the protocol's operations, in the same form: for the token service.
pub(crate) fn refuse(doors: &Doors, parts: &Parts, error: Error) -> Response {
    Refused::from(error).render(doors, parts)
}

/// What a client needs to go on after a range that did not fit (`protocol.md` 1.5.4, and "Download ranges").
fn range_headers(response: &mut Response, error: &Error, parts: &Parts) {
    if error.kind() != ErrorKind::RangeInvalid {
        return;
    }
    let number = |name: &str| error.detail()?.get(name)?.as_u64();
    if let Some(offset) = number("offset") {
        super::set(response, header::RANGE, &super::upload::range(offset));
        super::set(response, header::LOCATION, parts.uri.path());
    }
    if let Some(size) = number("size") {
        super::set(response, header::CONTENT_RANGE, &format!("bytes */{size}"));
    }
}

fn body(status: StatusCode, code: ErrorCode, message: &str, detail: Value) -> Response {
    let mut entry = json!({ "code": code.as_str(), "message": message });
    let errors = match (&mut entry, detail) {
        // One entry for each thing that is missing (`protocol.md` 1.3).
        (_, Value::Array(details)) if !details.is_empty() => details
            .into_iter()
            .map(|detail| json!({ "code": code.as_str(), "message": message, "detail": detail }))
            .collect(),
        (_, Value::Null) => vec![entry],
        (Value::Object(entry_members), detail) => {
            entry_members.insert("detail".to_owned(), detail);
            vec![entry]
        }
        _ => vec![entry],
    };
    super::json(status, Body::from(json!({ "errors": errors }).to_string()))
}

/// The one translation. A new kind does not compile until it has an answer here.
fn translate(error: &Error) -> (StatusCode, ErrorCode) {
    let subject = error.subject();
    match error.kind() {
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, unknown(subject)),
        // Missing and private look the same (`protocol.md` 2.8); anonymous callers got 401 before this.
        ErrorKind::Hidden | ErrorKind::Denied | ErrorKind::QuotaExceeded => {
            (StatusCode::FORBIDDEN, ErrorCode::Denied)
        }
        ErrorKind::Unauthenticated => (StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized),
        ErrorKind::Invalid => (StatusCode::BAD_REQUEST, invalid(subject)),
        ErrorKind::DigestMismatch => (StatusCode::BAD_REQUEST, ErrorCode::DigestInvalid),
        ErrorKind::RangeInvalid => {
            (StatusCode::RANGE_NOT_SATISFIABLE, ErrorCode::BlobUploadInvalid)
        }
        ErrorKind::TooLarge if subject == Subject::Tag => {
            (StatusCode::URI_TOO_LONG, ErrorCode::ManifestInvalid)
        }
        ErrorKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::SizeInvalid),
        ErrorKind::AlreadyExists | ErrorKind::Conflict => {
            (StatusCode::CONFLICT, ErrorCode::BlobUploadInvalid)
        }
        ErrorKind::Unsupported if subject == Subject::MediaType => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::ManifestInvalid)
        }
        ErrorKind::Unsupported => (StatusCode::METHOD_NOT_ALLOWED, ErrorCode::Unsupported),
        ErrorKind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyRequests),
        ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unavailable),
        ErrorKind::StorageFull => (StatusCode::INSUFFICIENT_STORAGE, ErrorCode::Unavailable),
        ErrorKind::Corrupt | ErrorKind::Internal => {
            (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Unknown)
        }
    }
}

const fn unknown(subject: Subject) -> ErrorCode {
    match subject {
        Subject::Blob | Subject::ManifestBlob => ErrorCode::BlobUnknown,
        Subject::Upload => ErrorCode::BlobUploadUnknown,
        Subject::Manifest | Subject::Tag | Subject::Digest => ErrorCode::ManifestUnknown,
        _ => ErrorCode::NameUnknown,
    }
}

const fn invalid(subject: Subject) -> ErrorCode {
    match subject {
        Subject::Organization | Subject::Repository => ErrorCode::NameInvalid,
        Subject::Digest => ErrorCode::DigestInvalid,
        Subject::Size => ErrorCode::SizeInvalid,
        Subject::ManifestBlob => ErrorCode::ManifestBlobUnknown,
        Subject::Manifest | Subject::MediaType | Subject::Tag => ErrorCode::ManifestInvalid,
        Subject::Upload | Subject::Blob => ErrorCode::BlobUploadInvalid,
        _ => ErrorCode::Unsupported,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_table_of_the_protocol() {
        for (kind, subject, status, code) in [
            (ErrorKind::NotFound, Subject::Blob, 404, "BLOB_UNKNOWN"),
            (ErrorKind::NotFound, Subject::Upload, 404, "BLOB_UPLOAD_UNKNOWN"),
            (ErrorKind::NotFound, Subject::Tag, 404, "MANIFEST_UNKNOWN"),
            (ErrorKind::NotFound, Subject::Repository, 404, "NAME_UNKNOWN"),
            (ErrorKind::Hidden, Subject::Repository, 403, "DENIED"),
            (ErrorKind::Denied, Subject::Repository, 403, "DENIED"),
            (ErrorKind::Invalid, Subject::Organization, 400, "NAME_INVALID"),
            (ErrorKind::Invalid, Subject::ManifestBlob, 400, "MANIFEST_BLOB_UNKNOWN"),
            (ErrorKind::Invalid, Subject::Size, 400, "SIZE_INVALID"),
            (ErrorKind::DigestMismatch, Subject::Digest, 400, "DIGEST_INVALID"),
            (ErrorKind::RangeInvalid, Subject::Upload, 416, "BLOB_UPLOAD_INVALID"),
            (ErrorKind::TooLarge, Subject::Blob, 413, "SIZE_INVALID"),
            (ErrorKind::TooLarge, Subject::Tag, 414, "MANIFEST_INVALID"),
            (ErrorKind::Unsupported, Subject::MediaType, 415, "MANIFEST_INVALID"),
            (ErrorKind::Unsupported, Subject::Blob, 405, "UNSUPPORTED"),
            (ErrorKind::RateLimited, Subject::Credential, 429, "TOOMANYREQUESTS"),
            (ErrorKind::Unavailable, Subject::Request, 503, "UNAVAILABLE"),
            (ErrorKind::StorageFull, Subject::Upload, 507, "UNAVAILABLE"),
            (ErrorKind::Corrupt, Subject::Blob, 500, "UNKNOWN"),
        ] {
            let (found, word) = translate(&Error::new(kind, subject, "x"));
            assert_eq!((found.as_u16(), word.as_str()), (status, code), "{kind:?} {subject:?}");
        }
    }
}
