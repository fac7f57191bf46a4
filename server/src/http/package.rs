//! Packages that are uploaded through the page (`console.md` A.4.6).
//!
//! | request | does |
//! | --- | --- |
//! | `POST /console/upload` | begins a package: JSON of [`NewPackage`] |
//! | `GET /console/upload` | the caller's packages |
//! | `GET /console/upload/{id}` | how far one has come |
//! | `PUT /console/upload/{id}?offset=N[&digest=sha256:…]` | takes a chunk |
//! | `POST /console/upload/{id}/finish` | begins the import |
//! | `DELETE /console/upload/{id}` | gives it up, and answers `null` |
//!
//! Answers are JSON of [`Package`](roadstead::manage::package::Package). Requests that change something come from our own
//! pages, as everywhere in the console; the bodies of chunks are streams.

use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use http::{HeaderValue, StatusCode, header};
use roadstead::error::Subject;
use roadstead::manage::package::NewPackage;
use roadstead::{Digest, Error, Result};
use roadstead_service::Context;
use roadstead_service::upload::Upload;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::console::{self, Visit};
use super::{Doors, csrf, registry};

/// Where packages begin, and are listed.
pub const ALL: &str = "/console/upload";
/// One package.
pub const ONE: &str = "/console/upload/{id}";
/// Where one is finished.
pub const FINISH: &str = "/console/upload/{id}/finish";

/// Largest JSON of a package that begins, in bytes.
const LARGEST: usize = 256 << 10;

/// Where a chunk belongs.
#[derive(Debug, Deserialize)]
pub(crate) struct ChunkQuery {
    offset: u64,
    digest: Option<Digest>,
}

/// The caller's packages.
pub(crate) async fn list(State(doors): State<Doors>, request: Request) -> Response {
    let packages = doors.service().packages().clone();
    let work = |context, _| async move { packages.list(&context).await };
    answer(&doors, request, StatusCode::OK, work).await
}

/// Begins a package.
pub(crate) async fn begin(State(doors): State<Doors>, request: Request) -> Response {
    let packages = doors.service().packages().clone();
    let work = |context, body| async move { packages.begin(&context, read(body).await?).await };
    answer(&doors, request, StatusCode::CREATED, work).await
}

/// How far a package has come.
pub(crate) async fn status(
    State(doors): State<Doors>,
    Path(id): Path<Uuid>,
    request: Request,
) -> Response {
    let packages = doors.service().packages().clone();
    let work = move |context, _| async move { packages.status(&context, id).await };
    answer(&doors, request, StatusCode::OK, work).await
}

/// Takes a chunk.
pub(crate) async fn append(
    State(doors): State<Doors>,
    Path(id): Path<Uuid>,
    Query(chunk): Query<ChunkQuery>,
    request: Request,
) -> Response {
    let packages = doors.service().packages().clone();
    let work = move |context, body| async move {
        packages.append(&context, id, chunk.offset, chunk.digest, body).await
    };
    answer(&doors, request, StatusCode::OK, work).await
}

/// Begins the import.
pub(crate) async fn finish(
    State(doors): State<Doors>,
    Path(id): Path<Uuid>,
    request: Request,
) -> Response {
    let packages = doors.service().packages().clone();
    let work = move |context, _| async move { packages.finish(&context, id).await };
    answer(&doors, request, StatusCode::OK, work).await
}

/// Gives a package up.
pub(crate) async fn cancel(
    State(doors): State<Doors>,
    Path(id): Path<Uuid>,
    request: Request,
) -> Response {
    let packages = doors.service().packages().clone();
    let work = move |context, _| async move { packages.cancel(&context, id).await };
    answer(&doors, request, StatusCode::OK, work).await
}

/// Looks who asks, from a page of ours, and renders what came of it.
async fn answer<T, W, F>(doors: &Doors, request: Request, status: StatusCode, work: W) -> Response
where
    T: Serialize,
    W: FnOnce(Context, Upload) -> F,
    F: Future<Output = Result<T>>,
{
    let (parts, body) = request.into_parts();
    if let Err(error) = csrf::check_head(&parts, &doors.address(&parts)) {
        return console::refused(&parts, error);
    }
    let Visit { context, .. } = match console::visit(doors, &parts).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let body = registry::upload_body(&parts, body);
    match work(context, body).await {
        Ok(value) => {
            let mut response = (status, axum::Json(value)).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => {
            let offset =
                error.detail().and_then(|detail| detail.get("offset")).map(ToString::to_string);
            let mut response = console::refused(&parts, error);
            if let Some(value) = offset.and_then(|offset| HeaderValue::from_str(&offset).ok()) {
                // Where to go on: the body of console errors has no place for it.
                response.headers_mut().insert("upload-offset", value);
            }
            response
        }
    }
}

async fn read(body: Upload) -> Result<NewPackage> {
    let invalid = |message: String| Error::invalid(Subject::Upload, message);
    let mut stream = body.stream;
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| invalid(format!("the request broke off: {error}")))?;
        if bytes.len() + piece.len() > LARGEST {
            return Err(invalid("the request is too large".to_owned()));
        }
        bytes.extend_from_slice(&piece);
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| invalid(format!("the request cannot be read: {error}")))
}
