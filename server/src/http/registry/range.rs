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
/// Invalid when it is no range, ends before it starts, or stands there twice.
pub fn of_chunk(headers: &HeaderMap) -> Result<Option<ChunkRange>> {
    let mut values = headers.get_all(header::CONTENT_RANGE).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let bad = || {
        Error::invalid(
            Subject::Upload,
            "Content-Range is written first-last, both inclusive, for example 0-1023",
        )
    };
    if values.next().is_some() {
        return Err(bad());
    }
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

/// Which part of a blob is wanted. Several ranges, other units and what is no range mean the whole. Numbers beyond 64 bits
/// are beyond every blob.
#[must_use]
pub fn of_blob(headers: &HeaderMap, etag: &str) -> Part {
    let is_same =
        headers.get(header::IF_RANGE).is_none_or(|value| value.as_bytes() == etag.as_bytes());
    let mut values = headers.get_all(header::RANGE).iter();
    let (Some(value), None, true) = (values.next(), values.next(), is_same) else {
        return Part::Whole;
    };
    let part = value.to_str().ok().and_then(|text| {
        let (unit, range) = text.trim().split_once('=')?;
        let (first, last) = range.trim().split_once('-')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        match (first.trim(), last.trim()) {
            ("", last) => Some(Part::Last(position(last)?)),
            (first, "") => Some(Part::From(position(first)?)),
            (first, last) => Some(Part::Between(position(first)?, position(last)?)),
        }
    });
    part.unwrap_or(Part::Whole)
}

/// Digits only: `u64::from_str` would take a sign.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// As [`digits`], and the last position there can be for what does not fit.
fn position(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
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
        assert_eq!(of("Bytes=0-9"), Part::Between(0, 9));
        assert_eq!(of("bytes=3-99999999999999999999"), Part::Between(3, u64::MAX));
        assert_eq!(of("bytes=99999999999999999999-"), Part::From(u64::MAX));
        for whole in
            ["bytes=0-1,5-6", "items=0-1", "bytes=", "bytes=-", "bytes=a-b", "bytes=+1-2", "0-9"]
        {
            assert_eq!(of(whole), Part::Whole, "{whole}");
        }
    }

    #[test]
    fn what_is_said_twice_is_not_guessed() {
        let mut twice = headers(header::RANGE, "bytes=0-9");
        twice.append(header::RANGE, "bytes=5-9".parse().unwrap());
        assert_eq!(of_blob(&twice, "\"e\""), Part::Whole);
        let mut twice = headers(header::CONTENT_RANGE, "0-9");
        twice.append(header::CONTENT_RANGE, "5-9".parse().unwrap());
        assert!(of_chunk(&twice).is_err());
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
