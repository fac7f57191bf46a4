//! What surrounds every request: its id, where it came from, its span, its line in the log, its place in the numbers, and
//! the answer when a handler breaks.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use http::{Extensions, HeaderName, HeaderValue, Method, StatusCode, header};
use tracing::Instrument as _;

use super::forwarded::{Origin, Peer};
use super::{Doors, idle};

/// Carries the id of a request in every answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, in its extensions.
#[derive(Debug, Clone)]
pub struct RequestId(Arc<str>);

/// The id of the request with these extensions; empty outside of the router.
#[must_use]
pub fn id(extensions: &Extensions) -> &str {
    extensions.get::<RequestId>().map_or("", |RequestId(id)| id)
}

/// Gives every request an id, logs it once, and turns a panic into a 500 that tells the id and nothing else.
///
/// What the client sends as `x-request-id` is not taken: ids in the audit log must be ours.
pub(crate) async fn observe(
    State(doors): State<Doors>,
    mut request: Request,
    next: Next,
) -> Response {
    let ports = doors.service().ports();
    let id: Arc<str> = hex::encode(ports.bytes::<16>()).into();
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    let outside = doors.outside();
    let peer = request.extensions().get::<Peer>().copied();
    let origin = outside.proxies.origin(peer, request.headers());
    let is_strict = is_strict(&doors, &origin, &request);
    request.extensions_mut().insert(origin);
    let request = request.map(|body| idle::body(body, outside.idle));
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", request_id = %id);
    let start = ports.clock.monotonic();
    let answer = std::panic::AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .instrument(span.clone())
        .await;
    let elapsed = ports.clock.monotonic().saturating_sub(start);
    let mut response = answer.unwrap_or_else(|_| {
        tracing::error!(request_id = %id, %method, path, "a handler panicked");
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("something went wrong on the server; request {id}\n"),
        )
            .into_response()
    });
    outside.metrics.answered(&method, &path, response.status(), elapsed);
    span.in_scope(|| log(&method, &path, response.status(), elapsed));
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    if is_strict {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    response
}

/// Whether browsers may be told never to come without TLS again. Only when somebody declared this very address as
/// `https://` on its ordinary port: the promise is for every port of a host, and others may live there too.
fn is_strict(doors: &Doors, origin: &Origin, request: &Request) -> bool {
    if !origin.is_https {
        return false;
    }
    let settings = doors.service().settings_cell().current();
    let external = &settings.external_url.value;
    let is_ordinary =
        url::Url::parse(external).is_ok_and(|url| url.scheme() == "https" && url.port().is_none());
    let hosts = &doors.outside().hosts;
    is_ordinary
        && hosts.decide(origin, request.uri(), request.headers(), external, None).origin()
            == *external
}

/// Reads that go well, and what clients ask on the way (401 to learn the challenge, 404 before a push), are for debugging;
/// changes and refusals are the ordinary log; faults stand out.
fn log(method: &Method, path: &str, status: StatusCode, elapsed: Duration) {
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    let status = status.as_u16();
    let is_read = *method == Method::GET || *method == Method::HEAD;
    match status {
        500.. => tracing::error!(%method, path, status, micros, "answered"),
        ..=399 | 401 | 404 if is_read => tracing::debug!(%method, path, status, micros, "answered"),
        _ => tracing::info!(%method, path, status, micros, "answered"),
    }
}
