//! The management API's door: SWR's, so that SWR's own SDK works unmodified (`swr-api.md`).
//!
//! `operation::ALL` is the list of what is served: from it requests are routed, parameters are checked and the document
//! of [`openapi`] is written, so none of them can drift from the others. `handle` finds the operation, proves the
//! signature (`signature`), reads the parameters (`argument`), and hands the call to its function, which calls one
//! service method and renders what that answers. Refusals are translated in `error`, once.
//!
//! # Invariants
//! - Order of refusals: unknown address, wrong method, signature, parameters; then the decision, which is the service's.
//! - Paths are matched as they were sent: `%2F` inside a name divides nothing here, while the signature sees it as `/`.
//! - No redirects, and every answer is JSON or empty.
//!
//! # To add an operation
//! A function in the file of its resource, its line in `operation::ALL`, its title in `app/locales/*/api.json` with a line
//! in `app/src/api.rs`, its line in `server/tests/server/manage/sweep.rs`; then write the snapshot of the document anew.

mod argument;
mod error;
mod login;
pub mod openapi;
mod operation;
mod organization;
mod page;
mod permission;
mod repository;
mod share;
mod shared;
mod signature;
mod statistics;
mod tag;
mod tenancy;
mod version;
mod wire;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use percent_encoding::percent_decode_str;
use roadstead::access::Actor;
use roadstead::error::Subject;
use roadstead::id::PublicId;
use roadstead::{Error, ErrorKind, ImageName, OrganizationName, Result, TagName};
use roadstead_service::credential::SignedRequest;
use roadstead_service::{Context, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Doors;
use argument::Arguments;
use error::Refused;
use operation::{Found, Operation};
use signature::Signed;

pub(crate) use page::page;
pub(crate) use version::wants_versions;

/// Largest body, in bytes: a description of 30,000 characters fits in, each written `\uXXXX`.
const LARGEST_BODY: usize = 1 << 20;
/// What stands in the path where the user of the SDK gave no project (`swr-api.md` 1).
const NO_PROJECT: &str = "{project_id}";
const PROJECT: HeaderName = HeaderName::from_static("x-project-id");

/// A call of an operation, ready to be made.
struct Call {
    doors: Doors,
    context: Context,
    /// Id of the caller's account.
    domain: Option<PublicId>,
    /// Values of the path's parameters, decoded.
    path: Vec<(&'static str, String)>,
    arguments: Arguments,
    body: Bytes,
}

/// What an operation answers.
struct Answer {
    status: StatusCode,
    body: Option<Vec<u8>>,
    headers: Vec<(HeaderName, String)>,
}

impl Answer {
    const fn empty(status: StatusCode) -> Self {
        Self { status, body: None, headers: Vec::new() }
    }

    fn json(body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        Ok(Self { status: StatusCode::OK, body: Some(body), headers: Vec::new() })
    }

    fn with(mut self, name: HeaderName, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

impl Call {
    fn service(&self) -> &Service {
        self.doors.service()
    }

    fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(each, _)| *each == name).map_or("", |(_, value)| value)
    }

    /// The organization that the path names.
    fn organization(&self) -> Result<OrganizationName> {
        named("namespace", self.path("namespace").parse())
    }

    /// The image that the path names; a `/` in it is written `$`, or `%2F`.
    fn image(&self) -> Result<ImageName> {
        let repository = self.path("repository").replace('$', "/");
        Ok(ImageName::new(self.organization()?, named("repository", repository.parse())?))
    }

    /// The tag that the path names.
    fn tag(&self) -> Result<TagName> {
        named("tag", self.path("tag").parse())
    }

    /// Id of the caller's account.
    fn domain(&self) -> Result<&PublicId> {
        self.domain.as_ref().ok_or_else(error::unsigned)
    }

    /// The body.
    ///
    /// # Errors
    /// Invalid, naming the field that is missing or of another type.
    fn body<T: DeserializeOwned>(&self) -> Result<T> {
        let mut reader = serde_json::Deserializer::from_slice(&self.body);
        let body = serde_path_to_error::deserialize(&mut reader).map_err(argument::unreadable)?;
        reader.end().map_err(|_| {
            Error::invalid(Subject::Request, "the body is JSON with something behind it")
        })?;
        Ok(body)
    }
}

/// The outcome of reading a field, with its name in the error.
fn named<T>(field: &str, outcome: Result<T>) -> Result<T> {
    outcome.map_err(|error| match error.kind() {
        ErrorKind::Invalid | ErrorKind::TooLarge => {
            let message = format!("{field}: {}", error.message());
            Error::new(error.kind(), error.subject(), message)
                .with_detail(serde_json::json!({ "field": field }))
        }
        _ => error,
    })
}

/// Answers everything of the management API.
pub(crate) async fn handle(State(doors): State<Doors>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match answer(&doors, &parts, body).await {
        Ok(answer) => render(answer),
        Err(refused) => refused.render(&parts),
    };
    // What it answers is for whoever signed, and login commands are among it.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn answer(doors: &Doors, parts: &Parts, body: Body) -> Result<Answer, Refused> {
    let Found { operation, path } = operation::find(&parts.method, parts.uri.path())?;
    let path: Vec<_> = path
        .into_iter()
        .map(|(name, raw)| Ok((name, decoded(name, raw)?)))
        .collect::<Result<_>>()?;
    let call = if operation.is_signed {
        Box::pin(signed(doors, parts, body, operation, path)).await?
    } else {
        let context = doors.context(parts, Actor::Anonymous, None);
        let arguments = Arguments::default();
        Call { doors: doors.clone(), context, domain: None, path, arguments, body: Bytes::new() }
    };
    let mut answer = (operation.perform)(&call).await?;
    if let Ok(status) = StatusCode::from_u16(operation.status) {
        answer.status = status;
    }
    Ok(answer)
}

/// The call of whoever signed it.
async fn signed(
    doors: &Doors,
    parts: &Parts,
    body: Body,
    operation: &'static Operation,
    path: Vec<(&'static str, String)>,
) -> Result<Call, Refused> {
    let clock = doors.service().ports().now();
    let signed = Signed::read(&parts.headers, clock)?;
    let body = Limited::new(body, LARGEST_BODY).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            let message = "the body is larger than any that this API takes (1 MiB)";
            Error::new(ErrorKind::TooLarge, Subject::Request, message)
        } else {
            Error::invalid(Subject::Request, "the body broke off; send it again")
        }
    })?;
    let body = body.to_bytes();
    let string_to_sign = signed.string_to_sign(&parts.method, &parts.uri, &parts.headers, &body)?;
    let mut projects = Vec::new();
    if let Some(claimed) = parts.headers.get(PROJECT) {
        projects.push(claimed.to_str().unwrap_or_default());
    }
    let in_path = path.iter().find(|(name, value)| *name == "project_id" && value != NO_PROJECT);
    projects.extend(in_path.map(|(_, value)| value.as_str()));
    let request = SignedRequest {
        access_key: &signed.access_key,
        string_to_sign: &string_to_sign,
        signature: &signed.signature,
        projects: &projects,
    };
    let credentials = doors.service().credentials();
    let signer = credentials.verify_signature(request, super::client(parts)).await?;
    let arguments = Arguments::read(operation.query, parts.uri.query().unwrap_or_default())?;
    let context = doors.context(parts, Actor::User(signer.actor), None);
    let domain = Some(signer.domain);
    Ok(Call { doors: doors.clone(), context, domain, path, arguments, body })
}

/// A parameter of the path.
fn decoded(name: &'static str, raw: &str) -> Result<String> {
    let text = percent_decode_str(raw).decode_utf8();
    let message = "it is not UTF-8";
    named(name, text.map(Into::into).map_err(|_| Error::invalid(Subject::Request, message)))
}

fn render(answer: Answer) -> Response {
    let mut response = match answer.body {
        Some(body) => {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], body).into_response()
        }
        None => Response::new(Body::empty()),
    };
    *response.status_mut() = answer.status;
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
