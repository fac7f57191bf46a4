//! What a refusal looks like on SWR's wire: kind and subject → status and code, in one place (`swr-api.md` 4).
//!
//! The body is a superset that every client reads. Bodies of 5xx carry the request's id and no cause; the cause is logged
//! here, once.

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use roadstead::error::Subject;
use roadstead::{Error, ErrorKind};
use serde_json::{Value, json};

use super::signature::ALGORITHM;
use crate::http::request;

/// What the codes of SWR itself begin with; those of its gateway stand alone.
const SWR: &str = "SVCSTG.SWR.";

/// A request that is answered with an error.
#[derive(Debug)]
pub(super) enum Refused {
    /// Of the door or a use case.
    Error(Error),
    /// Nothing is served under this path.
    UnknownPath,
    /// The path exists, the method does not.
    Method {
        /// The methods that do, for `Allow`.
        allow: String,
    },
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Nobody signed.
pub(super) fn unsigned() -> Error {
    Error::new(ErrorKind::Unauthenticated, Subject::Credential, "the request is not signed")
}

impl Refused {
    /// The answer.
    pub(super) fn render(&self, parts: &Parts) -> Response {
        let id = request::id(&parts.extensions);
        let error = match self {
            Self::Error(error) => error,
            Self::UnknownPath => {
                let message = "The API does not exist or has not been published";
                return body(StatusCode::NOT_FOUND, "APIGW.0101", message, "", id);
            }
            Self::Method { allow } => {
                let message = format!("this path takes {allow}");
                let status = StatusCode::METHOD_NOT_ALLOWED;
                let mut response = body(status, "APIGW.0101", &message, "", id);
                if let Ok(allow) = HeaderValue::from_str(allow) {
                    response.headers_mut().insert(header::ALLOW, allow);
                }
                return response;
            }
        };
        let (status, number) = translate(error);
        if status.is_server_error() {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(request_id = id, kind = ?error.kind(), cause, "{}", error.message());
        }
        let code =
            if number.starts_with("APIGW") { number.to_owned() } else { format!("{SWR}{number}") };
        let mut response = body(status, &code, &message(error), &detail(error), id);
        if let Some(seconds) = error.retry_after_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static(ALGORITHM);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// The sentence. What is hidden says what is said of what is not there.
fn message(error: &Error) -> String {
    match (error.kind(), error.subject()) {
        (ErrorKind::Hidden, Subject::Organization) => {
            "there is no organization of this name".to_owned()
        }
        (ErrorKind::Hidden, Subject::Repository) => "there is no image of this name".to_owned(),
        (ErrorKind::Unauthenticated, _) => {
            format!("Incorrect IAM authentication information: {}", error.message())
        }
        _ => error.message().to_owned(),
    }
}

/// Which field, or the word that tells cases apart.
fn detail(error: &Error) -> String {
    let word = |name: &str| error.detail()?.get(name)?.as_str().map(str::to_owned);
    word("field")
        .or_else(|| word("reason").filter(|_| error.kind() != ErrorKind::Hidden))
        .unwrap_or_default()
}

fn body(status: StatusCode, code: &str, message: &str, detail: &str, id: &str) -> Response {
    let text: Value = json!({
        "errors": [{ "errorCode": code, "errorMessage": message, "detail": detail }],
        "errorCode": code, "errorMessage": message, "error_code": code, "error_msg": message, "request_id": id,
    });
    let mut response = Response::new(Body::from(text.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// The one translation. A new kind does not compile until it has an answer here.
fn translate(error: &Error) -> (StatusCode, &'static str) {
    let subject = error.subject();
    match error.kind() {
        // That an account does not exist is a mistake in the body (`swr-api.md` 4.3).
        ErrorKind::NotFound if subject == Subject::Account => (StatusCode::BAD_REQUEST, "4001090"),
        ErrorKind::NotFound | ErrorKind::Hidden => (StatusCode::NOT_FOUND, missing(subject)),
        ErrorKind::AlreadyExists => (StatusCode::CONFLICT, taken(subject)),
        ErrorKind::Invalid => (StatusCode::BAD_REQUEST, invalid(error)),
        ErrorKind::DigestMismatch | ErrorKind::RangeInvalid | ErrorKind::Unsupported => {
            (StatusCode::BAD_REQUEST, "4000014")
        }
        ErrorKind::TooLarge if subject == Subject::Request => {
            (StatusCode::PAYLOAD_TOO_LARGE, "4130025")
        }
        ErrorKind::TooLarge => (StatusCode::BAD_REQUEST, "4000014"),
        ErrorKind::Unauthenticated => (StatusCode::UNAUTHORIZED, "APIGW.0301"),
        ErrorKind::Denied => (StatusCode::FORBIDDEN, denied(subject)),
        ErrorKind::QuotaExceeded => (StatusCode::BAD_REQUEST, exceeded(subject)),
        ErrorKind::Conflict => match subject {
            Subject::Organization => (StatusCode::NOT_ACCEPTABLE, "4060074"),
            // Public images are not shared; trying again changes nothing.
            Subject::Share => (StatusCode::BAD_REQUEST, "4000014"),
            _ => (StatusCode::CONFLICT, "4090023"),
        },
        // SWR's clients lose what a 429 says.
        ErrorKind::RateLimited if subject == Subject::Share => (StatusCode::FORBIDDEN, "4039002"),
        ErrorKind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "APIGW.0308"),
        ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "5030007"),
        ErrorKind::StorageFull => (StatusCode::INSUFFICIENT_STORAGE, "5070070"),
        ErrorKind::Corrupt | ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "5000007"),
    }
}

const fn missing(subject: Subject) -> &'static str {
    match subject {
        Subject::Organization => "4040058",
        Subject::Repository => "4040010",
        Subject::Tag | Subject::Manifest | Subject::Digest => "4040048",
        Subject::Grant | Subject::Share => "4040091",
        _ => "4040083",
    }
}

const fn taken(subject: Subject) -> &'static str {
    match subject {
        Subject::Organization => "4090060",
        Subject::Repository | Subject::Tag => "4090006",
        Subject::Share => "4090089",
        _ => "4090076",
    }
}

fn invalid(error: &Error) -> &'static str {
    let field = error.detail().and_then(|detail| detail.get("field")).and_then(Value::as_str);
    match (error.subject(), field) {
        (_, Some("limit" | "offset" | "marker")) => "4000056",
        (_, Some("filter")) => "4001035",
        (Subject::Organization, _) => "4001028",
        (Subject::Repository, Some("repository" | "name")) => "4001029",
        (Subject::Grant, _) => "4001066",
        _ => "4000014",
    }
}

const fn denied(subject: Subject) -> &'static str {
    match subject {
        Subject::Organization => "4037017",
        Subject::Repository | Subject::Tag => "4037018",
        _ => "4039002",
    }
}

const fn exceeded(subject: Subject) -> &'static str {
    match subject {
        Subject::Organization => "4000097",
        Subject::Repository => "4000098",
        Subject::Tag => "4000099",
        _ => "4000014",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_reference() {
        for (kind, subject, status, code) in [
            (ErrorKind::NotFound, Subject::Organization, 404, "4040058"),
            (ErrorKind::Hidden, Subject::Organization, 404, "4040058"),
            (ErrorKind::Hidden, Subject::Repository, 404, "4040010"),
            (ErrorKind::NotFound, Subject::Tag, 404, "4040048"),
            (ErrorKind::NotFound, Subject::Grant, 404, "4040091"),
            (ErrorKind::NotFound, Subject::Account, 400, "4001090"),
            (ErrorKind::AlreadyExists, Subject::Organization, 409, "4090060"),
            (ErrorKind::AlreadyExists, Subject::Repository, 409, "4090006"),
            (ErrorKind::AlreadyExists, Subject::Grant, 409, "4090076"),
            (ErrorKind::AlreadyExists, Subject::Share, 409, "4090089"),
            (ErrorKind::Invalid, Subject::Organization, 400, "4001028"),
            (ErrorKind::Invalid, Subject::Request, 400, "4000014"),
            (ErrorKind::TooLarge, Subject::Description, 400, "4000014"),
            (ErrorKind::TooLarge, Subject::Request, 413, "4130025"),
            (ErrorKind::Unauthenticated, Subject::Credential, 401, "APIGW.0301"),
            (ErrorKind::Denied, Subject::Organization, 403, "4037017"),
            (ErrorKind::Denied, Subject::Repository, 403, "4037018"),
            (ErrorKind::Denied, Subject::Account, 403, "4039002"),
            (ErrorKind::QuotaExceeded, Subject::Organization, 400, "4000097"),
            (ErrorKind::Conflict, Subject::Organization, 406, "4060074"),
            (ErrorKind::Conflict, Subject::Request, 409, "4090023"),
            (ErrorKind::Conflict, Subject::Share, 400, "4000014"),
            (ErrorKind::RateLimited, Subject::Share, 403, "4039002"),
            (ErrorKind::RateLimited, Subject::Session, 429, "APIGW.0308"),
            (ErrorKind::Unavailable, Subject::Request, 503, "5030007"),
            (ErrorKind::StorageFull, Subject::Request, 507, "5070070"),
            (ErrorKind::Internal, Subject::Request, 500, "5000007"),
        ] {
            let (found, number) = translate(&Error::new(kind, subject, "x"));
            assert_eq!((found.as_u16(), number), (status, code), "{kind:?} {subject:?}");
        }
        let page = |field: &str| super::super::argument::invalid(field, "x");
        assert_eq!(translate(&page("limit")).1, "4000056");
        assert_eq!(translate(&page("filter")).1, "4001035");
        assert_eq!(translate(&page("category")).1, "4000014");
    }

    #[test]
    fn what_is_hidden_is_said_to_be_missing() {
        for subject in [Subject::Organization, Subject::Repository] {
            let error = Error::hidden(subject).because("no_grant");
            assert!(message(&error).starts_with("there is no "));
            assert_eq!(detail(&error), "");
        }
    }
}
