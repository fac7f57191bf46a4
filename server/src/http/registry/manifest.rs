//! Manifests: end-3, end-7, end-9.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use roadstead::error::Subject;
use roadstead::oci::MediaType;
use roadstead::{Error, ImageName, Reference, Result, TagName};
use roadstead_service::manifest::StoredManifest;
use roadstead_service::upload::Upload;
use roadstead_service::{Context, Service};

use super::condition::{is_known, unchanged};
use super::{CONTENT_DIGEST, empty, set, warning};

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

pub(super) async fn get(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    reference: &Reference,
    headers: &HeaderMap,
) -> Result<Response> {
    let found = service.manifests().get(ctx, image, reference, wants_single(headers)).await?;
    if is_known(headers, &found.digest) {
        return Ok(unchanged(&found.digest));
    }
    let mut response = describe(&found);
    *response.body_mut() = Body::from(found.bytes);
    Ok(response)
}

pub(super) async fn head(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    reference: &Reference,
    headers: &HeaderMap,
) -> Result<Response> {
    let found = service.manifests().head(ctx, image, reference, wants_single(headers)).await?;
    if is_known(headers, &found.digest) {
        return Ok(unchanged(&found.digest));
    }
    Ok(describe(&found))
}

pub(super) async fn put(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    reference: &Reference,
    tags: &[TagName],
    headers: &HeaderMap,
    body: Upload,
) -> Result<Response> {
    let content_type = content_type(headers)?;
    let stored = service.manifests().put(ctx, image, reference, tags, content_type, body).await?;
    let mut response = empty(
        StatusCode::CREATED,
        [
            (header::LOCATION, format!("/v2/{image}/manifests/{}", stored.digest)),
            (CONTENT_DIGEST, stored.digest.to_string()),
        ],
    );
    // Without it clients keep the referrers tag by themselves.
    if let Some(subject) = &stored.subject {
        set(&mut response, SUBJECT, subject.as_str());
    }
    for tag in tags {
        if let Ok(value) = HeaderValue::from_str(tag.as_str()) {
            response.headers_mut().append(TAG, value);
        }
    }
    if stored.foreign_layers > 0 {
        let text = format!(
            "{} of the layers are not kept here: whoever pulls the image gets them from the addresses that it names",
            stored.foreign_layers
        );
        warning::add(&mut response, &text);
    }
    Ok(response)
}

/// The media type that the client states.
///
/// # Errors
/// Invalid when it states two: whoever reads the first would see another manifest than whoever reads the last.
fn content_type(headers: &HeaderMap) -> Result<Option<&str>> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Error::invalid(Subject::Manifest, "Content-Type stands there twice"));
    }
    Ok(first.and_then(|value| value.to_str().ok()))
}

pub(super) async fn delete(
    service: &Service,
    ctx: &Context,
    image: &ImageName,
    reference: &Reference,
) -> Result<Response> {
    service.manifests().delete(ctx, image, reference).await?;
    Ok(empty(StatusCode::ACCEPTED, []))
}

fn describe(found: &StoredManifest) -> Response {
    empty(
        StatusCode::OK,
        [
            (header::CONTENT_TYPE, found.media_type.to_string()),
            (header::CONTENT_LENGTH, found.bytes.len().to_string()),
            (CONTENT_DIGEST, found.digest.to_string()),
            (header::ETAG, format!("\"{}\"", found.digest)),
        ],
    )
}

/// Whether the client says that it takes single manifests and no lists: the one case where `Accept` matters
/// (`protocol.md` 1.6). Values stand in one header or several; `q` is ignored.
fn wants_single(headers: &HeaderMap) -> bool {
    let (mut single, mut other) = (false, false);
    let types = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    for text in types {
        match text.parse::<MediaType>() {
            Ok(known) if known.is_index() => other = true,
            Ok(_) => single = true,
            Err(_) => {
                let essence = text.split(';').next().unwrap_or(text).trim();
                other |= matches!(essence, "*/*" | "application/*");
            }
        }
    }
    single && !other
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_a_client_that_takes_no_lists_gets_a_child() {
        let list = "application/vnd.oci.image.index.v1+json";
        let single = "application/vnd.docker.distribution.manifest.v2+json";
        for (values, wanted) in [
            (vec![], false),
            (vec!["*/*".to_owned()], false),
            (vec![single.to_owned()], true),
            (vec![format!("{single}; q=0.5, text/plain")], true),
            (vec![format!("{single}, {list}")], false),
            (vec![single.to_owned(), list.to_owned()], false),
            (vec![format!("{single}, */*")], false),
            (vec!["text/html".to_owned()], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in &values {
                headers.append(header::ACCEPT, value.parse().unwrap());
            }
            assert_eq!(wants_single(&headers), wanted, "{values:?}");
        }
    }
}
