//! The API's versions, for whoever asks (`swr-api.md` 7.1). `GET /` is the console's too: browsers say that they want HTML.

use http::{HeaderMap, header};
use roadstead::Result;
use roadstead::error::Subject;
use serde::Serialize;
use utoipa::ToSchema;

use super::signature::ALGORITHM;
use super::{Answer, Call, wire};

/// When the versions here were last changed.
const UPDATED: &str = "2026-11-28T00:00:00Z";
/// What there is.
const VERSIONS: [&str; 2] = ["v2", "v3"];

/// An address.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Link {
    href: String,
    rel: String,
}

/// A version.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionDetail {
    id: String,
    links: Link,
    version: String,
    min_version: String,
    /// `CURRENT`, `SUPPORTED` or `DEPRECATED`.
    status: String,
    updated: String,
}

/// The versions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Versions {
    versions: Vec<VersionDetail>,
}

/// One version.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Version {
    version: VersionDetail,
}

/// Whether a request for `/` is one for the versions.
pub(crate) fn wants_versions(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text(header::AUTHORIZATION).starts_with(ALGORITHM)
        || !text(header::ACCEPT).contains("text/html")
}

fn detail(call: &Call, id: &str) -> VersionDetail {
    VersionDetail {
        id: id.to_owned(),
        links: Link {
            href: format!("{}/{id}", call.context.address.origin()),
            rel: "self".to_owned(),
        },
        version: String::new(),
        min_version: String::new(),
        status: "CURRENT".to_owned(),
        updated: UPDATED.to_owned(),
    }
}

pub(super) async fn list(call: &Call) -> Result<Answer> {
    let versions = VERSIONS.iter().map(|id| detail(call, id)).collect();
    Answer::json(&Versions { versions })
}

pub(super) async fn show(call: &Call) -> Result<Answer> {
    let id = call.path("api_version");
    if !VERSIONS.contains(&id) {
        return Err(wire::not_found(Subject::Url, "there is no such version of the API"));
    }
    Answer::json(&Version { version: detail(call, id) })
}
