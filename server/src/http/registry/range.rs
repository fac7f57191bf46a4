//! The two kinds of ranges. They look alike and are not: one parser each.
//!
//! - Upload: `Content-Range: 0-1023`, both ends inclusive, no unit, no total (distribution-spec end-5).
//! - Download: `Range: bytes=0-9` (RFC 9110).

use http::{HeaderMap, header};
use roadstead::error::Subject;
use roadstead::{Error, Result};
use roadstead_service::blob::Part;
use roadstead_service::upload::ChunkRange;

/// The `Content-Range` of a chunk, if it has one. A `bytes ` or `bytes=` before it and a `/total` after it are let pass.
///
/// # Errors
/// Invalid when it is no range, or ends before it starts.
pub(super) fn of_chunk(headers: &HeaderMap) -> Result<Option<ChunkRange>> {
    let Some(value) = headers.get(header::CONTENT_RANGE) else {
        return Ok(None);
    };
    let bad = || {
        Error::invalid(
            Subject::Upload,
            "Content-Range is written first-last, both inclusive, for example 0-1023",
        )
    };
    let text = value.to_str().map_err(|_| bad())?.trim();
    let text = text.strip_prefix("bytes ").or_else(|| text.strip_prefix("bytes=")).unwrap_or(text);
    let text = text.split('/').next().unwrap_or(text);
    let (start, end) = text.split_once('-').ok_or_else(bad)?;
    let (start, end) = (digits(start).ok_or_else(bad)?, digits(end).ok_or_else(bad)?);
    if end < start {
        return Err(bad());
    }
    Ok(Some(ChunkRange { start, end }))
}

/// Which part of a blob is wanted. Several ranges, other units and what is no range mean the whole.
pub(super) fn of_blob(headers: &HeaderMap, etag: &str) -> Part {
    let is_same =
        headers.get(header::IF_RANGE).is_none_or(|value| value.as_bytes() == etag.as_bytes());
    let part = headers
        .get(header::RANGE)
        .filter(|_| is_same)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().strip_prefix("bytes="))
        .and_then(|text| {
            let (first, last) = text.trim().split_once('-')?;
            match (first.trim(), last.trim()) {
                ("", last) => Some(Part::Last(digits(last)?)),
                (first, "") => Some(Part::From(digits(first)?)),
                (first, last) => Some(Part::Between(digits(first)?, digits(last)?)),
            }
        });
    part.unwrap_or(Part::Whole)
}

/// Digits only: `u64::from_str` would take a sign.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(name: http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn chunks() {
        let of = |text: &str| of_chunk(&headers(header::CONTENT_RANGE, text));
        for text in ["0-9", "bytes 0-9", "bytes=0-9", "bytes 0-9/10", " 0-9 "] {
            assert_eq!(of(text).unwrap(), Some(ChunkRange { start: 0, end: 9 }), "{text}");
        }
        for text in [
            "",
            "9",
            "9-0",
            "-9",
            "0-",
            "a-b",
            "+0-9",
            "0-9-10",
            "bytes */10",
            "99999999999999999999-1",
        ] {
            assert!(of(text).is_err(), "{text}");
        }
        assert_eq!(of_chunk(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn downloads() {
        let of = |text: &str| of_blob(&headers(header::RANGE, text), "\"e\"");
        assert_eq!(of("bytes=0-9"), Part::Between(0, 9));
        assert_eq!(of("bytes=500-"), Part::From(500));
        assert_eq!(of("bytes=-500"), Part::Last(500));
        assert_eq!(of("bytes=500-0"), Part::Between(500, 0));
        for whole in ["bytes=0-1,5-6", "items=0-1", "bytes=", "bytes=a-b", "0-9"] {
            assert_eq!(of(whole), Part::Whole, "{whole}");
        }
    }

    #[test]
    fn a_range_of_another_content_is_the_whole() {
        let mut asked = headers(header::RANGE, "bytes=0-9");
        asked.insert(header::IF_RANGE, "\"other\"".parse().unwrap());
        assert_eq!(of_blob(&asked, "\"e\""), Part::Whole);
        asked.insert(header::IF_RANGE, "\"e\"".parse().unwrap());
        assert_eq!(of_blob(&asked, "\"e\""), Part::Between(0, 9));
    }
}
