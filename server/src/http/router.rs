//! Every address, and everything that surrounds a request, on one screen.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use http::{Method, StatusCode, header};
use serde_json::json;

use super::{
    Doors, asset, console, download, export, health, manage, package, registry, request, rest,
    token,
};

/// The whole server.
///
/// Layers, outermost first: [`request::observe`] (id, span, log line, panics, headers of every answer), [`rest::finish`]
/// (what a refusal left unread). Sessions and
/// origin checks surround the console alone ([`console::surround`]). Bodies of `/v2` are streams and have no limit here;
/// each door limits what it holds in memory.
pub fn router(doors: Doors) -> Router {
    // Nothing that a registry client asks passes the console's layers.
    let console = console::surround(
        Router::new()
            .route(console::CALL, any(console::call))
            .route(console::EVENTS, get(console::events))
            .route(export::AUDIT, get(export::audit))
            .route(export::CREDENTIALS, post(export::credentials))
            .route(package::ALL, get(package::list).post(package::begin))
            .route(package::ONE, get(package::status).put(package::append).delete(package::cancel))
            .route(package::FINISH, post(package::finish))
            .route(download::ARCHIVE, get(download::archive))
            .fallback(page_or_file)
            .with_state(doors.clone()),
        &doors,
    );
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics))
        .route("/token", get(token::get).post(token::post))
        .route("/v2/", any(registry::handle))
        .route("/v2/{*rest}", any(registry::handle))
        // `/v2` is the management API's, `/v2/` the registry's; nothing leads from one to the other.
        .route("/", any(front))
        .route("/v2", any(manage::handle))
        .route("/v2/manage", any(manage::handle))
        .route("/v2/manage/", any(manage::handle))
        .route("/v2/manage/{*rest}", any(manage::handle))
        .route("/v3", any(manage::handle))
        .route("/v3/{*rest}", any(manage::handle))
        .route("/openapi.json", get(document))
        .route("/docs/api", get(manage::page))
        .with_state(doors.clone())
        .fallback_service(console)
        .layer(from_fn(rest::finish))
        .layer(from_fn_with_state(doors, request::observe))
}

/// What the listener for metrics serves: numbers, and whether the process answers.
pub fn for_machines(doors: Doors) -> Router {
    Router::new()
        .route("/metrics", get(numbers))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .with_state(doors)
        .fallback(nothing_here)
}

/// Numbers for Prometheus, unless they have a listener of their own.
async fn metrics(State(doors): State<Doors>) -> Response {
    if doors.outside().shows_metrics { numbers(State(doors)).await } else { nothing_here().await }
}

async fn numbers(State(doors): State<Doors>) -> Response {
    let headers =
        [(header::CONTENT_TYPE, crate::metrics::CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    (headers, doors.outside().metrics.render()).into_response()
}

/// A file of the console, a page, or nothing.
async fn page_or_file(State(doors): State<Doors>, request: Request) -> Response {
    if let Some(response) = asset::respond(request.method(), request.uri(), request.headers()) {
        return response;
    }
    let path = request.uri().path();
    if is_version(first(path)) {
        return manage::handle(State(doors), request).await;
    }
    if is_not_a_page(path) {
        return nothing_here().await;
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    console::page(doors, request).await
}

/// Addresses that are never console pages (`console.md` A.0.2).
fn is_not_a_page(path: &str) -> bool {
    let first = first(path);
    is_version(first)
        || matches!(
            first,
            "api"
                | "token"
                | "healthz"
                | "readyz"
                | "metrics"
                | "openapi.json"
                | "docs"
                | "pkg"
                | "assets"
                | "console"
        )
}

fn first(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// Whether a first component is a version of an API: `v2`, `v3.0`.
fn is_version(first: &str) -> bool {
    first.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The console for browsers, the versions of the management API for everybody else.
async fn front(State(doors): State<Doors>, request: Request) -> Response {
    if manage::wants_versions(request.headers()) {
        manage::handle(State(doors), request).await
    } else {
        console::to("/overview")
    }
}

/// The document of the management API.
async fn document() -> Response {
    match manage::openapi::text() {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What machines hear where nothing is.
async fn nothing_here() -> Response {
    let body = json!({ "errors": [{ "code": "NOT_FOUND", "message": "there is nothing at this address" }] });
    (StatusCode::NOT_FOUND, axum::Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_machine_addresses_are_not_pages() {
        for path in [
            "/v2",
            "/v3/projects",
            "/v1",
            "/v3.0/x",
            "/api/x",
            "/console/call/x",
            "/pkg/none.js",
            "/metrics",
        ] {
            assert!(is_not_a_page(path), "{path}");
        }
        for path in ["/", "/overview", "/images/v2/x", "/volumes", "/setup", "/apis"] {
            assert!(!is_not_a_page(path), "{path}");
        }
    }
}
