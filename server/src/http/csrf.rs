//! Requests that change something must come from our own pages.
//!
//! Two independent checks on every unsafe method under `/console`:
//! - what the browser says of itself: `Sec-Fetch-Site`, else `Origin`, must be ours;
//! - a token that another site cannot read: the cookie `rs_csrf` (`HttpOnly`, `SameSite=Lax`) and the header
//!   `x-csrf-token` or the form field `_csrf` must carry the same value.
//!
//! The token belongs to the browser, not to the session, so that a page whose session ended can sign in again over itself.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body as _;
use roadstead::error::Subject;
use roadstead::{Error, ErrorKind, Result};
use roadstead_service::{Address, Ports};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

/// The cookie.
pub const COOKIE: &str = "rs_csrf";
/// The header that WASM sends.
pub const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
/// The field of plain forms.
pub const FIELD: &str = "_csrf";

/// Largest body of a console call, in bytes. Descriptions have 30 000 characters; nothing else comes near.
const BODY_LIMIT: usize = 1 << 20;

/// A body that takes longer gives its place to another.
const LONGEST: Duration = Duration::from_secs(60);
/// Bodies up to here, in bytes, are read without waiting for a place.
const SMALL: u64 = 64 << 10;
/// Places of larger bodies: they are read whole, before anybody has signed in.
static LARGE: Semaphore = Semaphore::const_new(64);

/// The token of this browser, or a new one that must be set as a cookie.
#[derive(Debug, Clone)]
pub struct Token {
    /// The value.
    pub value: String,
    /// Whether the browser does not have it yet.
    pub is_new: bool,
}

impl Token {
    /// Reads or makes the token.
    #[must_use]
    pub fn of(headers: &HeaderMap, ports: &Ports) -> Self {
        match cookie(headers, COOKIE) {
            Some(value) if is_token(value) => Self { value: value.to_owned(), is_new: false },
            _ => Self { value: hex::encode(ports.bytes::<16>()), is_new: true },
        }
    }
}

fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A cookie of the request as it was sent.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Checks an unsafe request and gives it back with its body read.
///
/// # Errors
/// Denied when it does not come from our own pages; too large over 1 MiB.
pub(crate) async fn check(request: Request, address: &Address) -> Result<Request, (Parts, Error)> {
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return Ok(Request::from_parts(parts, body));
    }
    if !is_same_origin(&parts.headers, address) {
        return Err((parts, refused()));
    }
    let known = cookie(&parts.headers, COOKIE).filter(|known| is_token(known)).map(str::to_owned);
    let said = parts.headers.get(HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    // What is wrong already is not worth reading a body for.
    let Some(known) = known else { return Err((parts, refused())) };
    if said.as_ref().is_some_and(|said| !is_equal(said, &known)) {
        return Err((parts, refused()));
    }
    let is_small = body.size_hint().upper().is_some_and(|most| most <= SMALL);
    let _place = if is_small { None } else { LARGE.acquire().await.ok() };
    let reading = tokio::time::timeout(LONGEST, Limited::new(body, BODY_LIMIT).collect());
    let body = match reading.await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) | Err(_) => {
            let error = Error::new(
                ErrorKind::TooLarge,
                Subject::Request,
                "the form is larger than 1 MiB, took longer than a minute or was cut off",
            );
            return Err((parts, error));
        }
    };
    match said.or_else(|| field(&parts.headers, &body)) {
        Some(sent) if is_equal(&sent, &known) => Ok(Request::from_parts(parts, Body::from(body))),
        _ => Err((parts, refused())),
    }
}

/// Checks the head of a request whose body is a stream: the token must be in the header.
///
/// # Errors
/// Denied when it does not come from our own pages.
pub(crate) fn check_head(parts: &Parts, address: &Address) -> Result<()> {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return Ok(());
    }
    let known = cookie(&parts.headers, COOKIE).filter(|known| is_token(known));
    let said = parts.headers.get(HEADER).and_then(|value| value.to_str().ok());
    match (known, said) {
        (Some(known), Some(said))
            if is_same_origin(&parts.headers, address) && is_equal(said, known) =>
        {
            Ok(())
        }
        _ => Err(refused()),
    }
}

fn is_equal(sent: &str, known: &str) -> bool {
    bool::from(sent.as_bytes().ct_eq(known.as_bytes()))
}

fn refused() -> Error {
    Error::new(
        ErrorKind::Denied,
        Subject::Session,
        "this request did not come from this console's own page; reload the page and try again",
    )
}

/// What the browser says of where the request comes from. Tools that are no browsers say nothing, and have no cookies that
/// somebody else could use.
fn is_same_origin(headers: &HeaderMap, address: &Address) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match text(HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") => return true,
        Some(_) => return false,
        None => {}
    }
    match text(header::ORIGIN) {
        None => true,
        // A proxy that ends TLS changes the scheme, never the host.
        Some(origin) => origin.split_once("://").is_some_and(|(_, host)| {
            host.eq_ignore_ascii_case(&address.host) || Some(host) == text(header::HOST)
        }),
    }
}

/// The token in a form, urlencoded or multipart-free: the only encodings that plain forms of ours use.
fn field(headers: &HeaderMap, body: &Bytes) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if !kind.trim().starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    url::form_urlencoded::parse(body)
        .find(|(name, _)| name == FIELD)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn post(headers: &[(&str, &str)], body: &str) -> Request {
        let mut request = http::Request::post("/console/call/x").header("host", "127.0.0.1:5000");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body.to_owned())).unwrap()
    }

    async fn passes(headers: &[(&str, &str)], body: &str) -> bool {
        let address = Address { host: "127.0.0.1:5000".into(), is_https: false };
        check(post(headers, body), &address).await.is_ok()
    }

    #[tokio::test]
    async fn header_or_field_must_carry_the_cookie() {
        let cookie = format!("a=b; rs_csrf={TOKEN}");
        let form = ("content-type", "application/x-www-form-urlencoded");
        assert!(passes(&[("cookie", &cookie), ("x-csrf-token", TOKEN)], "").await);
        assert!(passes(&[("cookie", &cookie), form], &format!("name=a&_csrf={TOKEN}")).await);
        assert!(!passes(&[("cookie", &cookie), form], "name=a").await);
        assert!(!passes(&[("x-csrf-token", TOKEN)], "").await);
        assert!(!passes(&[("cookie", "rs_csrf="), ("x-csrf-token", "")], "").await);
        let other = TOKEN.replace('0', "1");
        assert!(!passes(&[("cookie", &cookie), ("x-csrf-token", &other)], "").await);
    }

    #[tokio::test]
    async fn another_site_is_refused_even_with_the_token() {
        let cookie = format!("rs_csrf={TOKEN}");
        let good = [("cookie", cookie.as_str()), ("x-csrf-token", TOKEN)];
        for (name, value, passing) in [
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "same-site", false),
            ("origin", "http://127.0.0.1:5000", true),
            ("origin", "https://evil.example", false),
            ("origin", "null", false),
        ] {
            let headers = [good[0], good[1], (name, value)];
            assert_eq!(passes(&headers, "").await, passing, "{name}: {value}");
        }
    }
}
