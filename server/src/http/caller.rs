//! Who calls the registry: the `Authorization` header, read once, becomes an actor.
//!
//! `Bearer` is a token of [`super::token`]; `Basic` is a login credential or a password (`contract.md`, Addresses), which
//! old clients and scripts send straight to `/v2`. No header is nobody. A credential that is presented and wrong is never
//! nobody: it is refused.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::request::Parts;
use http::{HeaderMap, header};
use roadstead::access::Actor;
use roadstead::error::Subject;
use roadstead::{Error, ErrorKind, Result, Secret, Timestamp};
use roadstead_service::Context;
use roadstead_service::credential::Proven;

use super::Doors;

/// Some clients leave the padding away.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a request presents.
#[derive(Debug, Clone)]
pub enum Presented {
    /// Nothing.
    Nothing,
    /// A name and a password or login key.
    Basic(String, Secret),
    /// A token of ours, or what claims to be one.
    Bearer(Secret),
    /// A header that is neither.
    Malformed,
}

impl Presented {
    /// Reads the `Authorization` header.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return if headers.contains_key(header::AUTHORIZATION) {
                Self::Malformed
            } else {
                Self::Nothing
            };
        };
        let Some((scheme, rest)) = value.to_str().ok().and_then(|text| text.trim().split_once(' '))
        else {
            return Self::Malformed;
        };
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            Self::Bearer(Secret::new(rest.to_owned()))
        } else if scheme.eq_ignore_ascii_case("basic") {
            // The first colon divides: names have none, passwords may.
            BASE64
                .decode(rest)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .and_then(|text| {
                    let (name, password) = text.split_once(':')?;
                    Some(Self::Basic(name.to_owned(), Secret::new(password.to_owned())))
                })
                .unwrap_or(Self::Malformed)
        } else {
            Self::Malformed
        }
    }

    /// Whether this is a token, for the `error` parameter of the challenge.
    #[must_use]
    pub const fn is_bearer(&self) -> bool {
        matches!(self, Self::Bearer(_))
    }
}

/// Who makes a registry request.
#[derive(Debug)]
pub struct Caller {
    /// What a use case knows of them.
    pub context: Context,
    /// When the token that was presented ends.
    pub token_ends: Option<Timestamp>,
}

/// Who makes a registry request.
///
/// # Errors
/// Unauthenticated when a credential was presented and is not, or no longer, good; rate limited after too many failures.
pub async fn identify(doors: &Doors, parts: &Parts) -> Result<Caller> {
    let (context, token_ends) = match Presented::of(&parts.headers) {
        Presented::Nothing => (doors.context(parts, Actor::Anonymous, None), None),
        Presented::Basic(name, password) => {
            let proven = verify_basic(doors, parts, &name, &password).await?;
            (doors.context(parts, Actor::User(proven.actor), None), None)
        }
        Presented::Bearer(token) => {
            let verified = doors.service().tokens().verify(token.reveal()).await?;
            let context = doors.context(parts, verified.actor, Some(verified.scopes));
            (context, Some(verified.ends))
        }
        Presented::Malformed => return Err(malformed()),
    };
    Ok(Caller { context, token_ends })
}

/// The user of a name and a password or login key.
pub(crate) async fn verify_basic(
    doors: &Doors,
    parts: &Parts,
    name: &str,
    password: &Secret,
) -> Result<Proven> {
    doors.service().credentials().verify_basic(name, password, super::client(parts)).await
}

/// The `Authorization` header has no form that we know.
pub(crate) fn malformed() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        Subject::Credential,
        "the Authorization header is neither Basic with a name and a password nor Bearer with a token",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn presented(value: &str) -> Presented {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        Presented::of(&headers)
    }

    #[test]
    fn basic_divides_at_the_first_colon() {
        let header = format!("basic {}", BASE64.encode("local@AK:a:b"));
        let Presented::Basic(name, password) = presented(&header) else { panic!("basic") };
        assert_eq!((name.as_str(), password.reveal().as_str()), ("local@AK", "a:b"));
    }

    #[test]
    fn padding_may_be_missing() {
        let header = format!("Basic {}", BASE64.encode("a:bc").trim_end_matches('='));
        assert!(matches!(presented(&header), Presented::Basic(..)));
    }

    #[test]
    fn what_is_neither_is_malformed_and_never_nobody() {
        for value in ["Basic", "Basic !!!", "Digest x=y", "Basic YWJj", "abc"] {
            assert!(matches!(presented(value), Presented::Malformed), "{value}");
        }
        let mut twice = HeaderMap::new();
        twice.append(header::AUTHORIZATION, "Bearer a".parse().unwrap());
        twice.append(header::AUTHORIZATION, "Bearer b".parse().unwrap());
        assert!(matches!(Presented::of(&twice), Presented::Malformed));
        assert!(matches!(Presented::of(&HeaderMap::new()), Presented::Nothing));
    }
}
