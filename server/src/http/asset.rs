//! The console's files, carried by the binary (`server/build.rs`).
//!
//! A page asks for `/pkg/…?v=HASH`: such an address means these bytes for ever, so browsers keep them for a year. The same
//! address without the hash is checked again each time by its `ETag`.

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use roadstead_app::Assets;

/// A file and its compressed forms.
struct File {
    path: &'static str,
    hash: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// By path, in byte order.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/site.rs"));

fn find(path: &str) -> Option<&'static File> {
    FILES.binary_search_by(|file| file.path.cmp(path)).ok().and_then(|index| FILES.get(index))
}

/// Whether the browser's part of the console is inside.
#[must_use]
pub fn has_console() -> bool {
    find(WASM).is_some()
}

const STYLE: &str = "/pkg/roadstead.css";
const SCRIPT: &str = "/pkg/roadstead.js";
const WASM: &str = "/pkg/roadstead.wasm";
const UPLOAD: &str = "/pkg/upload/main.js";

/// Addresses of the files that every page loads, with their hashes.
#[must_use]
pub fn assets() -> Assets {
    let address = |path: &str| match find(path) {
        Some(file) => format!("{path}?v={}", file.hash),
        None => path.to_owned(),
    };
    Assets {
        style: address(STYLE),
        script: address(SCRIPT),
        wasm: address(WASM),
        upload: address(UPLOAD),
    }
}

/// Answers with a file, or `None` when there is none of that path.
pub(crate) fn respond(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let file = find(uri.path())?;
    if method != Method::GET && method != Method::HEAD {
        return Some(
            (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response(),
        );
    }
    let wanted = uri.query().and_then(|query| query.strip_prefix("v="));
    let caching = if wanted == Some(file.hash) {
        "public, max-age=31536000, immutable"
    } else {
        "public, no-cache"
    };
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (encoding, body) = match (file.brotli, file.gzip) {
        (Some(body), _) if accepts(accepted, "br") => (Some("br"), body),
        (_, Some(body)) if accepts(accepted, "gzip") => (Some("gzip"), body),
        _ => (None, file.plain),
    };
    let tag = match encoding {
        Some(encoding) => format!("\"{}-{encoding}\"", file.hash),
        None => format!("\"{}\"", file.hash),
    };
    let is_known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Bytes::from_static(body).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(file.path)));
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        if let Some(encoding) = encoding {
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    Some(response)
}

/// Whether `Accept-Encoding` lists an encoding and does not refuse it with `q=0`.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next() == Some(encoding)
            && !parts.any(|part| {
                part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
            })
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_in_the_order_that_the_search_needs() {
        assert!(FILES.is_sorted_by(|a, b| a.path < b.path));
    }

    #[test]
    fn an_encoding_must_be_accepted_by_name() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("br;q=0.5", "br"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("gzip, brr", "br"));
        assert!(!accepts("", "gzip"));
    }
}
