//! Blob uploads: end-4, end-5, end-6, end-11, end-13, end-14.

use axum::response::Response;
use http::{HeaderName, StatusCode, header};
use roadstead::{Algorithm, Digest, ImageName, Result};
use roadstead_service::upload::{ChunkRange, Mounted, Upload, UploadStatus};
use roadstead_service::{Context, Service};
use uuid::Uuid;

use super::{CONTENT_DIGEST, empty};

const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");

pub(super) async fn start(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    algorithm: Option<Algorithm>,
) -> Result<Response> {
    let status = service.uploads().start(ctx, image, algorithm).await?;
    Ok(progress(StatusCode::ACCEPTED, image, &status))
}

pub(super) async fn mount(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    digest: &Digest,
    from: Option<&ImageName>,
) -> Result<Response> {
    Ok(match service.uploads().mount(ctx, image, digest, from).await? {
        Mounted::Linked => created(image, digest),
        Mounted::Started(status) => progress(StatusCode::ACCEPTED, image, &status),
    })
}

pub(super) async fn put(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    digest: &Digest,
    body: Upload,
) -> Result<Response> {
    service.uploads().put(ctx, image, digest, body).await?;
    Ok(created(image, digest))
}

pub(super) async fn status(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    id: Uuid,
) -> Result<Response> {
    let status = service.uploads().status(ctx, image, id).await?;
    Ok(progress(StatusCode::NO_CONTENT, image, &status))
}

pub(super) async fn append(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    id: Uuid,
    range: Option<ChunkRange>,
    body: Upload,
) -> Result<Response> {
    let status = service.uploads().append(ctx, image, id, range, body).await?;
    Ok(progress(StatusCode::ACCEPTED, image, &status))
}

pub(super) async fn complete(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    id: Uuid,
    digest: &Digest,
    range: Option<ChunkRange>,
    body: Upload,
) -> Result<Response> {
    service.uploads().complete(ctx, image, id, digest, range, body).await?;
    Ok(created(image, digest))
}

pub(super) async fn cancel(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    id: Uuid,
) -> Result<Response> {
    service.uploads().cancel(ctx, image, id).await?;
    Ok(empty(StatusCode::NO_CONTENT, []))
}

/// The `Range` of an upload: no unit, both ends inclusive, and `0-0` for nothing too (`protocol.md` 1.5.3).
pub(super) fn range(offset: u64) -> String {
    format!("0-{}", offset.saturating_sub(1))
}

/// Locations are relative, so that they survive proxies and port mappings (`protocol.md` 1.5.5).
fn progress(code: StatusCode, image: &ImageName, status: &UploadStatus) -> Response {
    let headers = [
        (header::LOCATION, format!("/v2/{image}/blobs/uploads/{}", status.id)),
        (header::RANGE, range(status.offset)),
        (UPLOAD_UUID, status.id.to_string()),
    ];
    empty(code, headers)
}

fn created(image: &ImageName, digest: &Digest) -> Response {
    let headers = [
        (header::LOCATION, format!("/v2/{image}/blobs/{digest}")),
        (CONTENT_DIGEST, digest.to_string()),
    ];
    empty(StatusCode::CREATED, headers)
}
