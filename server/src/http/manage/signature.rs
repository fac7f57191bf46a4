//! `SDK-HMAC-SHA256` (`swr-api.md` 2): from the raw request to the string that was signed.
//!
//! Path and query are decoded and written again rather than taken as they came, because that is what clients sign; headers
//! are taken as they came. Pure: the time is an argument, and the secret key is the service's.

use http::{HeaderMap, HeaderName, Method, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use roadstead::error::Subject;
use roadstead::{Error, ErrorKind, Result, Timestamp};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The algorithm's name, which is the scheme of the header too.
pub(super) const ALGORITHM: &str = "SDK-HMAC-SHA256";
/// Seconds by which a client's clock may be wrong.
const SKEW: i64 = 15 * 60;
/// Most headers that are signed.
const MOST_HEADERS: usize = 64;
const DATE: HeaderName = HeaderName::from_static("x-sdk-date");
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-sdk-content-sha256");
/// Stands for the hash of a body that is not signed.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
/// All but letters, digits and `-_.~` is written `%XX`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What the headers of a signed request say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed {
    /// The access key id.
    pub(super) access_key: String,
    /// The signature.
    pub(super) signature: [u8; 32],
    /// Names of the headers that are signed, as they stand there.
    headers: Vec<String>,
    /// When it was signed, as it stands there.
    date: String,
}

impl Signed {
    /// Reads `Authorization` and `X-Sdk-Date` of a request that is answered `now`.
    ///
    /// # Errors
    /// `Unauthenticated`, with what is wrong.
    pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Result<Self> {
        if !headers.contains_key(header::AUTHORIZATION) {
            return Err(refused("the request is not signed; sign it with an access key"));
        }
        let text = one(headers, &header::AUTHORIZATION)?;
        let (algorithm, rest) = text.trim().split_once(' ').unwrap_or((text, ""));
        if algorithm != ALGORITHM {
            return Err(refused("the Authorization header is no SDK-HMAC-SHA256 signature"));
        }
        let (mut access_key, mut signed, mut signature) = (None, None, None);
        for pair in rest.split(',') {
            let Some((name, value)) = pair.trim().split_once('=') else {
                return Err(malformed());
            };
            let place = match name.trim() {
                "Access" => &mut access_key,
                "SignedHeaders" => &mut signed,
                "Signature" => &mut signature,
                _ => return Err(malformed()),
            };
            if place.replace(value.trim()).is_some() {
                return Err(malformed());
            }
        }
        let (Some(access_key), Some(signed), Some(hex)) = (access_key, signed, signature) else {
            return Err(malformed());
        };
        let mut signature = [0; 32];
        hex::decode_to_slice(hex, &mut signature).map_err(|_| malformed())?;
        let names: Vec<String> = signed.split(';').map(str::to_owned).collect();
        let has = |name: &str| names.iter().any(|each| each == name);
        if !has("host") || !has("x-sdk-date") || names.len() > MOST_HEADERS {
            return Err(refused("SignedHeaders must name host and x-sdk-date"));
        }
        let date = one(headers, &DATE)?.trim().to_owned();
        let at = timestamp(&date)
            .ok_or_else(|| refused("X-Sdk-Date is not written like 20261120T120000Z"))?;
        if now.seconds_since(at).abs() > SKEW {
            return Err(refused(
                "X-Sdk-Date is more than 15 minutes away from the time here; set the clock of the client",
            ));
        }
        Ok(Self { access_key: access_key.to_owned(), signature, headers: names, date })
    }

    /// What was signed, if the request is what it was when it was signed.
    ///
    /// # Errors
    /// `Unauthenticated` for a signed header that is missing or stands there twice, and for a body of another hash than
    /// `X-Sdk-Content-Sha256` says.
    pub(super) fn string_to_sign(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<String> {
        let mut text = String::with_capacity(1_024);
        text.push_str(method.as_str());
        text.push('\n');
        push_path(&mut text, uri.path());
        text.push('\n');
        push_query(&mut text, uri.query().unwrap_or_default());
        text.push('\n');
        let mut canonical = text.into_bytes();
        for name in &self.headers {
            canonical.extend_from_slice(name.as_bytes());
            canonical.push(b':');
            canonical.extend_from_slice(value(headers, uri, name)?);
            canonical.push(b'\n');
        }
        canonical.push(b'\n');
        canonical.extend_from_slice(self.headers.join(";").as_bytes());
        canonical.push(b'\n');
        canonical.extend_from_slice(payload(headers, body)?.as_bytes());
        let hash = hex::encode(Sha256::digest(&canonical));
        Ok(format!("{ALGORITHM}\n{}\n{hash}", self.date))
    }
}

/// The payload's hash as it is signed.
fn payload(headers: &HeaderMap, body: &[u8]) -> Result<String> {
    let actual = hex::encode(Sha256::digest(body));
    if body.is_empty() || !headers.contains_key(CONTENT_SHA256) {
        return Ok(actual);
    }
    let said = one(headers, &CONTENT_SHA256)?.trim();
    if said == UNSIGNED {
        let is_json = one(headers, &header::CONTENT_TYPE).is_ok_and(|kind| {
            ["application/json", "application/bson"].iter().any(|it| kind.starts_with(it))
        });
        if is_json {
            return Err(refused("a JSON body must be signed"));
        }
        return Ok(UNSIGNED.to_owned());
    }
    if bool::from(said.as_bytes().ct_eq(actual.as_bytes())) {
        Ok(actual)
    } else {
        Err(refused("the body is not what X-Sdk-Content-Sha256 says"))
    }
}

/// Decoded as a whole, so that `%2F` divides; each part escaped again; a slash at the end.
fn push_path(text: &mut String, path: &str) {
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    for (index, part) in decoded.split(|byte| *byte == b'/').enumerate() {
        if index > 0 {
            text.push('/');
        }
        text.extend(percent_encode(part, ESCAPED));
    }
    if !text.ends_with('/') {
        text.push('/');
    }
}

/// Pairs in order of name and value, decoded; a plus is a plus.
fn push_query(text: &mut String, query: &str) {
    let decoded = |part: &str| percent_decode_str(part).collect::<Vec<u8>>();
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    pairs.sort();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            text.push('&');
        }
        text.extend(percent_encode(name, ESCAPED));
        text.push('=');
        text.extend(percent_encode(value, ESCAPED));
    }
}

/// The value of a signed header. With HTTP/2 the host stands in the address.
fn value<'a>(headers: &'a HeaderMap, uri: &'a Uri, name: &str) -> Result<&'a [u8]> {
    if name == "host"
        && !headers.contains_key(header::HOST)
        && let Some(authority) = uri.authority()
    {
        return Ok(authority.as_str().as_bytes());
    }
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value.as_bytes().trim_ascii()),
        _ => {
            let shown: String = name.chars().filter(char::is_ascii_graphic).take(64).collect();
            Err(refused(&format!("a signed header is missing or stands there twice: {shown}")))
        }
    }
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(refused(&format!("{name} is missing, stands there twice, or is not ASCII"))),
    }
}

/// `YYYYMMDD'T'HHMMSS'Z'`.
fn timestamp(text: &str) -> Option<Timestamp> {
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    if (day.len(), time.len()) != (8, 6) || !is_digits(day) || !is_digits(time) {
        return None;
    }
    let (year, rest) = day.split_at(4);
    let (month, day) = rest.split_at(2);
    let (hour, rest) = time.split_at(2);
    let (minute, second) = rest.split_at(2);
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z").parse().ok()
}

fn malformed() -> Error {
    refused(
        "the Authorization header is not of the form `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`",
    )
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Unauthenticated, Subject::Credential, message)
}

#[cfg(test)]
mod tests;
