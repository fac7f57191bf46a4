//! Tag names: end-8.

use axum::response::Response;
use http::{StatusCode, header};
use roadstead::page::Cursor;
use roadstead::{ImageName, Result};
use roadstead_service::{Context, Service};
use serde_json::json;

use super::{json, set};

pub(super) async fn list(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    cursor: Cursor,
) -> Result<Response> {
    let limit = cursor.limit;
    let page = service.tags().list_names(ctx, image, cursor).await?;
    let mut response =
        json(StatusCode::OK, json!({ "name": image, "tags": page.names }).to_string());
    if let (true, Some(last)) = (page.has_more, page.names.last()) {
        let link = next(&format!("/v2/{image}/tags/list"), limit, last.as_str());
        set(&mut response, header::LINK, &link);
    }
    Ok(response)
}

/// The `Link` to the next page of a list of names.
pub(super) fn next(path: &str, limit: u64, last: &str) -> String {
    let last: String = url::form_urlencoded::byte_serialize(last.as_bytes()).collect();
    format!("<{path}?n={limit}&last={last}>; rel=\"next\"")
}
