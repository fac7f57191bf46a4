//! Archives of images: `GET /console/download/{organization}/{repository}?tag=…&platform=…&format=docker|oci`, with a
//! length, an entity tag and ranges, so that a download that broke off goes on.

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use roadstead::{ImageName, Reference, Result};
use roadstead_service::blob::Part;
use roadstead_service::download::{Format, Wanted};
use serde::Deserialize;

use super::Doors;
use super::console::{self, Visit};
use super::registry::{condition, range};

/// An archive; `/` in the repository's name is written `$`.
pub const ARCHIVE: &str = "/console/download/{organization}/{repository}";

/// What is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    tag: String,
    #[serde(default)]
    platform: Option<String>,
    #[serde(default)]
    format: Option<String>,
}

/// The archive, or a part of it.
pub(crate) async fn archive(
    State(doors): State<Doors>,
    Path((organization, repository)): Path<(String, String)>,
    Query(choice): Query<Choice>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let Visit { context, .. } = match console::visit(&doors, &parts).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let wanted = match wanted(&organization, &repository, choice) {
        Ok(wanted) => wanted,
        Err(error) => return console::refused(&parts, error),
    };
    // A part is a download that goes on: it was counted when it began.
    let counts = parts.method == Method::GET
        && !parts.headers.contains_key(header::RANGE)
        && !parts.headers.contains_key(header::IF_NONE_MATCH);
    let download = match doors.service().downloads().prepare(&context, &wanted, counts).await {
        Ok(download) => download,
        Err(error) => return console::refused(&parts, error),
    };
    if condition::is_known(&parts.headers, &download.digest) {
        return condition::unchanged(&download.digest);
    }
    let etag = condition::etag(&download.digest);
    let part = match parts.method == Method::HEAD {
        true => Part::Whole,
        false => range::of_blob(&parts.headers, &etag),
    };
    let (bytes, stream) = match download.read(part) {
        Ok(read) => read,
        Err(error) => {
            let mut response = console::refused(&parts, error);
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{}", download.length()));
            return response;
        }
    };
    let body = if parts.method == Method::HEAD { Body::empty() } else { Body::from_stream(stream) };
    let mut response = Response::new(body);
    if part != Part::Whole {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let last = bytes.end.saturating_sub(1);
        let value = format!("bytes {}-{last}/{}", bytes.start, download.length());
        set(&mut response, header::CONTENT_RANGE, &value);
    }
    set(&mut response, header::CONTENT_LENGTH, &(bytes.end - bytes.start).to_string());
    set(&mut response, header::CONTENT_TYPE, "application/x-tar");
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    set(&mut response, header::ETAG, &etag);
    set(&mut response, header::CACHE_CONTROL, "private, no-cache");
    let name = format!("attachment; filename=\"{}\"", download.file_name);
    set(&mut response, header::CONTENT_DISPOSITION, &name);
    response
}

fn wanted(organization: &str, repository: &str, choice: Choice) -> Result<Wanted> {
    Ok(Wanted {
        image: ImageName::from_console_path(&format!("{organization}/{repository}"))?,
        reference: choice.tag.parse::<Reference>()?,
        platform: choice.platform.filter(|text| !text.is_empty() && text != "all"),
        format: match choice.format.as_deref() {
            Some("oci") => Format::Oci,
            _ => Format::Docker,
        },
    })
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
