//! Conditional reads (RFC 9110, 13): content that a client has is not sent again. The entity tag is the digest.

use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use roadstead::Digest;

use super::{CONTENT_DIGEST, empty};

/// The entity tag of content.
pub(crate) fn etag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// Whether `If-None-Match` names this digest.
pub(crate) fn is_known(headers: &HeaderMap, digest: &Digest) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|tag| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag == "*" || tag.trim_matches('"') == digest.as_str()
        })
}

/// 304.
pub(crate) fn unchanged(digest: &Digest) -> Response {
    empty(
        StatusCode::NOT_MODIFIED,
        [(CONTENT_DIGEST, digest.to_string()), (header::ETAG, etag(digest))],
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use roadstead::Algorithm;

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let digest = Digest::of(Algorithm::Sha256, b"x");
        for (value, known) in [
            (format!("\"{digest}\""), true),
            (format!("\"a\", W/\"{digest}\""), true),
            ("*".to_owned(), true),
            ("\"sha256:00\"".to_owned(), false),
        ] {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, value.parse().unwrap())]);
            assert_eq!(is_known(&headers, &digest), known, "{value}");
        }
    }
}
