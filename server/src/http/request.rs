//! What surrounds every request: its id, its span, its line in the log, and the answer when a handler breaks.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use http::{Extensions, HeaderName, HeaderValue, Method, StatusCode, header};
use tracing::Instrument as _;

use super::Doors;

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
    span.in_scope(|| log(&method, &path, response.status(), elapsed));
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    response
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
