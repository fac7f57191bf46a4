//! Blobs: end-2 and end-10.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, StatusCode, header};
use roadstead::{Digest, ImageName, Result};
use roadstead_service::blob::BlobInfo;
use roadstead_service::{Context, Service};

use super::condition::{etag, is_known, unchanged};
use super::{CONTENT_DIGEST, empty, range, set};

pub(super) async fn head(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    digest: &Digest,
    headers: &HeaderMap,
) -> Result<Response> {
    let info = service.blobs().head(ctx, image, digest).await?;
    if is_known(headers, digest) {
        return Ok(unchanged(digest));
    }
    let mut response = empty(StatusCode::OK, describe(digest, &info));
    set(&mut response, header::CONTENT_LENGTH, &info.size.to_string());
    Ok(response)
}

pub(super) async fn get(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    digest: &Digest,
    headers: &HeaderMap,
) -> Result<Response> {
    if headers.contains_key(header::IF_NONE_MATCH) {
        // Whether it is here is asked first: what is not visible is not "unchanged".
        service.blobs().head(ctx, image, digest).await?;
        if is_known(headers, digest) {
            return Ok(unchanged(digest));
        }
    }
    let part = range::of_blob(headers, &etag(digest));
    let read = service.blobs().read(ctx, image, digest, part).await?;
    let length = read.range.end - read.range.start;
    let is_part = length != read.info.size || !matches!(part, roadstead_service::blob::Part::Whole);
    let code = if is_part { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = Response::new(Body::from_stream(read.stream));
    *response.status_mut() = code;
    for (name, value) in describe(digest, &read.info) {
        set(&mut response, name, &value);
    }
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    if is_part {
        let last = read.range.end.saturating_sub(1);
        let value = format!("bytes {}-{last}/{}", read.range.start, read.info.size);
        set(&mut response, header::CONTENT_RANGE, &value);
    }
    Ok(response)
}

pub(super) async fn delete(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    digest: &Digest,
) -> Result<Response> {
    service.blobs().delete(ctx, image, digest).await?;
    Ok(empty(StatusCode::ACCEPTED, []))
}

fn describe(digest: &Digest, info: &BlobInfo) -> [(HeaderName, String); 5] {
    let public = "max-age=31536000, immutable";
    let cache = if info.is_public { public.to_owned() } else { format!("private, {public}") };
    [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DIGEST, digest.to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, etag(digest)),
        (header::CACHE_CONTROL, cache),
    ]
}
