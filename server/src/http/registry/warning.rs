//! `Warning` headers: what a client that works should tell its user (distribution-spec "Warnings", `protocol.md` 1.10).
//!
//! containerd and regclient show them, docker does not. To add one, call [`add`] where the answer is made.

use axum::response::Response;
use http::{HeaderValue, header};
use roadstead::Timestamp;

/// Most bytes of all warnings of one answer.
const MOST: usize = 4096;
/// A token that ends within so many seconds is mentioned.
const SOON: i64 = 60;

/// Adds a warning: agent `-`, no date. What does not fit any more is left out.
pub(super) fn add(response: &mut Response, text: &str) {
    let mut value = String::from("299 - \"");
    for character in text.chars() {
        match character {
            '"' | '\\' => value.extend(['\\', character]),
            ' '..='~' => value.push(character),
            _ => value.push('?'),
        }
    }
    value.push('"');
    let headers = response.headers_mut();
    let said: usize = headers.get_all(header::WARNING).iter().map(HeaderValue::len).sum();
    if said + value.len() <= MOST
        && let Ok(value) = HeaderValue::from_str(&value)
    {
        headers.append(header::WARNING, value);
    }
}

/// Says that the token of this request ends soon, if it does.
pub(super) fn about_token(response: &mut Response, ends: Option<Timestamp>, now: Timestamp) {
    let Some(left) = ends.map(|ends| ends.seconds() - now.seconds()) else { return };
    if left <= 0 {
        add(response, "the token has ended; the next request needs a new one");
    } else if left <= SOON {
        add(response, &format!("the token ends in {left} seconds; what has begun goes on"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::body::Body;

    fn all(response: &Response) -> Vec<&str> {
        let values = response.headers().get_all(header::WARNING).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn quotes_are_escaped_and_lines_not_broken() {
        let mut response = Response::new(Body::empty());
        add(&mut response, "a \"b\" \\ c\r\nX: y\u{e9}");
        assert_eq!(all(&response), ["299 - \"a \\\"b\\\" \\\\ c??X: y?\""]);
    }

    #[test]
    fn all_of_them_stay_within_the_limit() {
        let mut response = Response::new(Body::empty());
        for _ in 0..100 {
            add(&mut response, &"x".repeat(100));
        }
        let all = all(&response);
        assert!(all.len() > 30 && all.iter().map(|value| value.len()).sum::<usize>() <= MOST);
        add(&mut response, &"y".repeat(5_000));
        assert!(!self::all(&response).iter().any(|value| value.contains('y')));
    }

    #[test]
    fn a_token_is_mentioned_in_its_last_minute() {
        for (left, said) in [(61, 0), (60, 1), (1, 1), (0, 1), (-30, 1)] {
            let mut response = Response::new(Body::empty());
            let now = Timestamp::from_seconds(1_000);
            about_token(&mut response, Some(now.plus_seconds(left)), now);
            assert_eq!(all(&response).len(), said, "{left}");
        }
    }
}
