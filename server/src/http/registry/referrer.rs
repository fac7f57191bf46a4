//! Referrers: end-12.

use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use roadstead::oci::MediaType;
use roadstead::{Digest, ImageName, Result};
use roadstead_service::{Context, Service};
use serde_json::json;

use super::{json, set};

const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");

pub(super) async fn list(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    digest: &Digest,
    artifact_type: Option<&str>,
    last: Option<&Digest>,
) -> Result<Response> {
    let page = service.referrers().list(ctx, image, digest, artifact_type, last).await?;
    let index = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OciIndex.as_str(),
        "manifests": page.manifests,
    });
    let mut response = json(StatusCode::OK, index.to_string());
    set(&mut response, header::CONTENT_TYPE, MediaType::OciIndex.as_str());
    if let (true, Some(last)) = (page.has_more, page.manifests.last()) {
        let wanted: String =
            url::form_urlencoded::byte_serialize(artifact_type.unwrap_or_default().as_bytes())
                .collect();
        let link = format!(
            "</v2/{image}/referrers/{digest}?last={}&artifactType={wanted}>; rel=\"next\"",
            last.digest
        );
        set(&mut response, header::LINK, &link);
    }
    // Said even when nothing matched, so that the client does not filter again.
    if artifact_type.is_some() {
        response.headers_mut().insert(FILTERS, HeaderValue::from_static("artifactType"));
    }
    Ok(response)
}
