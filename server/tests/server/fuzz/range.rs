//! Both kinds of ranges.

use http::{HeaderMap, HeaderValue, header};
use proptest::prelude::*;
use roadstead_server::http::registry::range;
use roadstead_service::blob::Part;

use super::{HALF, pieces, run};

const PIECES: &[&str] = &[
    "0",
    "1",
    "9",
    "10",
    "99",
    "100",
    "18446744073709551615",
    "18446744073709551616",
    "-",
    "-",
    "-",
    "bytes=",
    "bytes ",
    "bytes",
    "=",
    ",",
    "/",
    "*",
    " ",
    "+",
    "0x",
    "٣",
    "\t",
];

fn headers(name: header::HeaderName, text: &str) -> Option<HeaderMap> {
    Some(HeaderMap::from_iter([(name, HeaderValue::from_str(text).ok()?)]))
}

/// A number of any length.
fn number(text: &str) -> Option<u128> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u128::MAX))
}

#[test]
fn uploads() {
    run(HALF, pieces(PIECES, 6), |text| {
        let Some(headers) = headers(header::CONTENT_RANGE, &text) else { return Ok(()) };
        let Ok(found) = range::of_chunk(&headers) else { return Ok(()) };
        let Some(found) = found else { return Err(TestCaseError::fail("the header is there")) };
        prop_assert!(found.start <= found.end);
        // What was read stands there, between what is let pass.
        let plain = format!("{}-{}", found.start, found.end);
        let said = text.trim_matches([' ', '\t']);
        let said = ["bytes ", "bytes="]
            .into_iter()
            .find_map(|unit| said.strip_prefix(unit))
            .unwrap_or(said);
        let digits = |text: &str| {
            let (first, last) = text.split_once('-').unwrap_or_default();
            let cut = |text: &str| text.trim_start_matches('0').to_owned();
            (cut(first), cut(last))
        };
        let said = said.split_once('/').map_or(said, |(range, _)| range);
        prop_assert_eq!(digits(said), digits(&plain), "{:?}", text);
        let again =
            HeaderMap::from_iter([(header::CONTENT_RANGE, HeaderValue::from_str(&plain).unwrap())]);
        prop_assert_eq!(range::of_chunk(&again).unwrap(), Some(found));
        Ok(())
    });
}

#[test]
fn downloads() {
    let size = prop_oneof![Just(0_u64), Just(1), Just(100), 0..1_000_u64, Just(u64::MAX)];
    let usual = (
        pieces(&["0", "1", "5", "99", "100", "18446744073709551616", ""], 2),
        pieces(&["0", "7", "99", "100", ""], 2),
    )
        .prop_map(|(first, last)| format!("bytes={first}-{last}"));
    let text = prop_oneof![usual, pieces(PIECES, 6)];
    run(HALF, (text, size), |(text, size)| {
        let Some(headers) = headers(header::RANGE, &text) else { return Ok(()) };
        let part = range::of_blob(&headers, "\"e\"");
        let bytes = part.of(size);
        if let Some(bytes) = &bytes {
            prop_assert!(bytes.end <= size && bytes.start <= bytes.end);
            prop_assert!(part == Part::Whole || bytes.start < bytes.end, "no empty part");
        }
        // What is not ASCII is no text to a header.
        if !text.is_ascii() {
            prop_assert_eq!(part, Part::Whole);
            return Ok(());
        }
        // The grammar again, in numbers that cannot overflow.
        let said = text.trim().strip_prefix("bytes=").and_then(|rest| rest.split_once('-'));
        let Some((first, last)) = said else { return Ok(()) };
        let (first, last, size) = (first.trim(), last.trim(), u128::from(size));
        let wanted = match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last && first < size => {
                Some(first..size.min(last.saturating_add(1)))
            }
            (Some(first), None) if last.is_empty() && first < size => Some(first..size),
            (None, Some(last)) if first.is_empty() && last > 0 && size > 0 => {
                Some(size.saturating_sub(last)..size)
            }
            (Some(_), Some(_)) => None,
            (Some(_), None) if last.is_empty() => None,
            (None, Some(_)) if first.is_empty() => None,
            _ => Some(0..size),
        };
        prop_assert_eq!(
            bytes.map(|bytes| u128::from(bytes.start)..u128::from(bytes.end)),
            wanted,
            "{:?}",
            text
        );
        Ok(())
    });
}
