//! Two addresses for machines: `/healthz` says that the process answers, `/readyz` that it can work.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use serde_json::json;

use super::Doors;

/// The process answers.
pub(crate) async fn healthz() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "status": "ok" }))).into_response()
}

/// The database and the storage answer. Says which does not, and nothing else about them.
pub(crate) async fn readyz(State(doors): State<Doors>) -> Response {
    let (database, storage) = tokio::join!(doors.is_database_ready(), doors.is_storage_ready());
    let word = |ready: bool| if ready { "ok" } else { "unavailable" };
    let is_ready = database && storage;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body =
        json!({ "status": word(is_ready), "database": word(database), "storage": word(storage) });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
