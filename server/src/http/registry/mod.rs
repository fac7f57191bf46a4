//! The registry door: the OCI distribution protocol under `/v2/`.
//!
//! [`route`] turns a request line into an [`Operation`]; [`handle`] finds out who calls, hands the operation to one
//! service method, and renders the answer. Every answer, refusals among them, carries the same three headers.
//!
//! Order of refusals: what can be said without knowing anybody (unknown path, wrong method, malformed name) comes
//! first, then the credential, then the decision, which is the service's.

mod blob;
mod catalog;
mod challenge;
pub(crate) mod condition;
mod error;
mod manifest;
pub mod range;
mod referrer;
pub mod route;
mod tag;
mod upload;
mod warning;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use futures::{StreamExt as _, TryStreamExt as _};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use roadstead::{Error, Result};
use roadstead_object::BodyError;
use roadstead_service::Context;
use roadstead_service::upload::Upload;

use super::Doors;
use super::caller::{self, Presented};
use error::Refused;
pub(crate) use error::refuse;
use route::{Operation, Unroutable};

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// Answers everything below `/v2/`.
pub(crate) async fn handle(State(doors): State<Doors>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match answer(&doors, &parts, body).await {
        Ok(response) => response,
        Err(refused) => refused.render(&doors, &parts),
    };
    let headers = response.headers_mut();
    headers.insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn answer(doors: &Doors, parts: &Parts, body: Body) -> Result<Response, Refused> {
    let operation = route::parse(&parts.method, &parts.uri).map_err(|why| match why {
        Unroutable::Unknown => Refused::unknown_path(),
        Unroutable::Method { allow } => Refused::method(allow),
        Unroutable::Invalid(error) => Refused::from(error),
    })?;
    let scopes = operation.scopes();
    let refuse =
        |error: Error, bad_token: bool| Refused::challenged(error, scopes.clone(), bad_token);
    let caller = Box::pin(caller::identify(doors, parts))
        .await
        .map_err(|error| refuse(error, Presented::of(&parts.headers).is_bearer()))?;
    // Boxed: the future of every operation is as large as the largest, and would be copied up the stack.
    let mut response = Box::pin(perform(doors, &caller.context, operation, parts, body))
        .await
        .map_err(|error| refuse(error, false))?;
    warning::about_token(&mut response, caller.token_ends, caller.context.now());
    Ok(response)
}

async fn perform(
    doors: &Doors,
    ctx: &Context,
    operation: Operation,
    parts: &Parts,
    body: Body,
) -> Result<Response> {
    let service = doors.service();
    let headers = &parts.headers;
    match operation {
        Operation::Ping => ping(ctx),
        Operation::Catalog(cursor) => catalog::list(service, ctx, cursor).await,
        Operation::TagNames(image, cursor) => tag::list(service, ctx, &image, cursor).await,
        Operation::Referrers(image, digest, wanted, last) => {
            let wanted = wanted.as_deref();
            referrer::list(service, ctx, &image, &digest, wanted, last.as_ref()).await
        }
        Operation::GetManifest(image, reference) => {
            manifest::get(service, ctx, &image, &reference, headers).await
        }
        Operation::HeadManifest(image, reference) => {
            manifest::head(service, ctx, &image, &reference, headers).await
        }
        Operation::PutManifest(image, reference, tags) => {
            manifest::put(
                service,
                ctx,
                &image,
                &reference,
                &tags,
                headers,
                upload_body(parts, body),
            )
            .await
        }
        Operation::DeleteManifest(image, reference) => {
            manifest::delete(service, ctx, &image, &reference).await
        }
        Operation::GetBlob(image, digest) => {
            blob::get(service, ctx, &image, &digest, headers).await
        }
        Operation::HeadBlob(image, digest) => {
            blob::head(service, ctx, &image, &digest, headers).await
        }
        Operation::DeleteBlob(image, digest) => blob::delete(service, ctx, &image, &digest).await,
        Operation::StartUpload(image, algorithm) => {
            upload::start(service, ctx, &image, algorithm).await
        }
        Operation::PutBlob(image, digest) => {
            upload::put(service, ctx, &image, &digest, upload_body(parts, body)).await
        }
        Operation::Mount(image, digest, from) => {
            upload::mount(service, ctx, &image, &digest, from.as_ref()).await
        }
        Operation::UploadStatus(image, id) => upload::status(service, ctx, &image, id).await,
        Operation::AppendUpload(image, id) => {
            let range = range::of_chunk(headers)?;
            upload::append(service, ctx, &image, id, range, upload_body(parts, body)).await
        }
        Operation::CompleteUpload(image, id, digest) => {
            let range = range::of_chunk(headers)?;
            let body = upload_body(parts, body);
            upload::complete(service, ctx, &image, id, &digest, range, body).await
        }
        Operation::CancelUpload(image, id) => upload::cancel(service, ctx, &image, id).await,
    }
}

/// `docker login` and old clients ask this first: 200 for whoever is somebody.
fn ping(ctx: &Context) -> Result<Response> {
    ctx.user()?;
    Ok(json(StatusCode::OK, "{}"))
}

/// The body as the service takes it. Nothing is read before the service asks for it, so `100 Continue` is sent only to
/// who may push.
pub(crate) fn upload_body(parts: &Parts, body: Body) -> Upload {
    let length = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    Upload { length, stream: body.into_data_stream().map_err(BodyError::new).boxed() }
}

/// A JSON answer with its length.
fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer without a body.
fn empty(status: StatusCode, headers: impl IntoIterator<Item = (HeaderName, String)>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    for (name, value) in headers {
        set(&mut response, name, &value);
    }
    if status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED {
        response
            .headers_mut()
            .entry(header::CONTENT_LENGTH)
            .or_insert(HeaderValue::from_static("0"));
    }
    response
}

/// Sets a header whose value we made: names, digests and numbers are always legal there.
fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
