//! The token service of the registry (`protocol.md` 2.1, 2.2): a credential becomes a token that lasts 15 minutes.
//!
//! `GET` takes `Basic` and query parameters, `POST` an OAuth 2 form. No refresh tokens are given: with one, `docker login`
//! would store it instead of the credential, and other tools that read that store would fail.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use roadstead::access::Actor;
use roadstead::{Error, ErrorKind, Result, Secret, Timestamp};
use roadstead_service::credential::Proven;
use roadstead_service::token::{IssuedToken, SERVICE, TokenScope};
use serde_json::json;

use super::Doors;
use super::caller::{Presented, malformed, verify_basic};

/// Largest form that is read, in bytes: 8 KiB of scopes and as much around them.
const FORM_LIMIT: usize = 16 << 10;

/// `GET /token?service=…&scope=…`.
pub(crate) async fn get(State(doors): State<Doors>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let parameters = Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let result = async {
        let proven = match Presented::of(&parts.headers) {
            Presented::Nothing => None,
            Presented::Basic(name, password) => {
                Some(verify_basic(&doors, &parts, &name, &password).await?)
            }
            // A token cannot be turned into another one: that would make it last for ever.
            Presented::Bearer(_) | Presented::Malformed => return Err(malformed()),
        };
        issue(&doors, &parts, proven, &parameters).await
    };
    match result.await {
        Ok(issued) => answer(&issued, false),
        Err(error) => refuse(&doors, &parts, error),
    }
}

/// `POST /token` with `grant_type=password`.
pub(crate) async fn post(State(doors): State<Doors>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !is_form(&parts) {
        return oauth_error(
            "invalid_request",
            "send the form as application/x-www-form-urlencoded",
        );
    }
    let Ok(form) = Limited::new(body, FORM_LIMIT).collect().await else {
        return oauth_error("invalid_request", "the form is larger than 16 KiB or was cut off");
    };
    let parameters = Parameters::parse(&form.to_bytes());
    match parameters.first("grant_type") {
        Some("password") => {}
        // containerd falls back to GET, podman to the password.
        Some("refresh_token") => {
            return oauth_error(
                "unsupported_grant_type",
                "refresh tokens are not given; send the password",
            );
        }
        Some(_) => return oauth_error("unsupported_grant_type", "the only grant type is password"),
        None => return oauth_error("invalid_request", "grant_type is missing"),
    }
    let (Some(name), Some(password)) = (parameters.first("username"), parameters.first("password"))
    else {
        return oauth_error("invalid_request", "username or password is missing");
    };
    let result = async {
        let password = Secret::new(password.to_owned());
        let proven = verify_basic(&doors, &parts, name, &password).await?;
        issue(&doors, &parts, Some(proven), &parameters).await
    };
    match result.await {
        Ok(issued) => answer(&issued, true),
        Err(error) => refuse(&doors, &parts, error),
    }
}

fn answer(issued: &IssuedToken, with_scope: bool) -> Response {
    // Old clients read `token`, newer ones `access_token`.
    let mut body = json!({
        "token": issued.token.reveal(),
        "access_token": issued.token.reveal(),
        "expires_in": issued.expires_in,
        "issued_at": Timestamp::from_seconds(issued.issued_at.seconds()).to_string(),
    });
    if let (true, Some(body)) = (with_scope, body.as_object_mut()) {
        let scope: Vec<_> = issued.scopes.iter().map(ToString::to_string).collect();
        body.insert("scope".to_owned(), json!(scope.join(" ")));
        body.insert("token_type".to_owned(), json!("Bearer"));
    }
    no_store(Json(body).into_response())
}

async fn issue(
    doors: &Doors,
    parts: &Parts,
    proven: Option<Proven>,
    parameters: &Parameters,
) -> Result<IssuedToken> {
    let scopes = TokenScope::parse_list(parameters.all("scope"))?;
    let (actor, access_key) = match proven {
        Some(proven) => (Actor::User(proven.actor), proven.access_key),
        None => (Actor::Anonymous, None),
    };
    let context = doors.context(parts, actor, None);
    let service =
        parameters.first("service").filter(|service| !service.is_empty()).unwrap_or(SERVICE);
    doors.service().tokens().issue(&context, service, scopes, access_key).await
}

/// Decoded parameters of a query or form, in order.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn is_form(parts: &Parts) -> bool {
    parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// Errors as the registry writes them; a refused credential gets a `Basic` challenge, which is what this address takes.
fn refuse(doors: &Doors, parts: &Parts, error: Error) -> Response {
    let is_refused = error.kind() == ErrorKind::Unauthenticated;
    let mut response = super::registry::refuse(doors, parts, error);
    response.headers_mut().remove(header::WWW_AUTHENTICATE);
    if is_refused {
        let challenge = HeaderValue::from_static("Basic realm=\"Roadstead\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    no_store(response)
}

/// An error of RFC 6749, section 5.2.
fn oauth_error(error: &str, description: &str) -> Response {
    let body = Json(json!({ "error": error, "error_description": description }));
    no_store((StatusCode::BAD_REQUEST, body).into_response())
}

/// Neither tokens nor refusals may be kept by caches (RFC 6749, section 5.1).
fn no_store(mut response: Response<Body>) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("pragma"), HeaderValue::from_static("no-cache"));
    response
}
