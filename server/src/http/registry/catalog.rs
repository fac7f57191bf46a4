//! The catalog: every repository that the caller sees. Not of the OCI specification; old tools ask for it.

use axum::response::Response;
use http::{StatusCode, header};
use roadstead::Result;
use roadstead::page::Cursor;
use roadstead_service::{Context, Service};
use serde_json::json;

use super::tag::next;
use super::{json, set};

pub(super) async fn list(service: &Service, ctx: &Context, cursor: Cursor) -> Result<Response> {
    let limit = cursor.limit;
    let page = service.catalog().list(ctx, cursor).await?;
    let mut response = json(StatusCode::OK, json!({ "repositories": page.names }).to_string());
    if let (true, Some(last)) = (page.has_more, page.names.last()) {
        let link = next("/v2/_catalog", limit, &last.to_string());
        set(&mut response, header::LINK, &link);
    }
    Ok(response)
}
