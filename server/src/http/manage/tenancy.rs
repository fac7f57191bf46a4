//! The caller's account, its projects, the region, and what the service can do (`swr-api.md` 3, 7.9, 7.10).
//!
//! What is answered of the account is what the signature has just proven of the caller.

use http::StatusCode;
use roadstead::Result;
use serde::Serialize;
use utoipa::ToSchema;

use super::argument::{Kind, Param};
use super::{Answer, Call};

/// Which project.
pub(super) const PROJECT: Param =
    Param::new("name", Kind::Text(64), "Only the project of this name, which is a region's id.");

/// Whether SWR may act for the account elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Agency {
    /// Id of the account.
    domain_id: String,
    /// `true`: nothing has to be permitted first.
    is_agency: bool,
}

/// What the service can do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FeatureGates {
    enable_experience: bool,
    enable_hss_service: bool,
    enable_image_scan: bool,
    enable_sm3: bool,
    enable_image_sync: bool,
    enable_cci_service: bool,
    enable_image_label: bool,
    enable_pipeline: bool,
    enable_authorization_token: bool,
    enable_resource: bool,
    enable_list_v3: bool,
    enable_image_quota: bool,
}

/// A region.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Region {
    #[serde(rename = "regionID")]
    region_id: String,
}

/// Addresses of a thing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Links {
    /// Its own.
    #[serde(rename = "self")]
    this: String,
}

/// Addresses of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ListLinks {
    /// Its own.
    #[serde(rename = "self")]
    this: String,
    #[schema(value_type = Option<String>)]
    next: (),
    #[schema(value_type = Option<String>)]
    previous: (),
}

/// A project: the account's part of a region.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Project {
    id: String,
    /// The region's id.
    name: String,
    /// Id of the account.
    domain_id: String,
    /// Id of the account.
    parent_id: String,
    enabled: bool,
    is_domain: bool,
    description: String,
    links: Links,
}

/// The account's projects.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Projects {
    projects: Vec<Project>,
    links: ListLinks,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Domain {
    id: String,
    name: String,
    enabled: bool,
    description: String,
    links: Links,
}

/// The caller's account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Domains {
    domains: Vec<Domain>,
    links: ListLinks,
}

fn links(call: &Call, path: &str) -> ListLinks {
    ListLinks { this: format!("{}{path}", call.context.address.origin()), next: (), previous: () }
}

pub(super) async fn check_agency(call: &Call) -> Result<Answer> {
    Answer::json(&Agency { domain_id: call.domain()?.to_string(), is_agency: true })
}

pub(super) async fn create_agency(call: &Call) -> Result<Answer> {
    call.domain()?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn feature_gates(call: &Call) -> Result<Answer> {
    call.domain()?;
    Answer::json(&FeatureGates {
        enable_experience: false,
        enable_hss_service: false,
        enable_image_scan: false,
        enable_sm3: false,
        enable_image_sync: false,
        enable_cci_service: false,
        enable_image_label: false,
        enable_pipeline: false,
        enable_authorization_token: true,
        enable_resource: false,
        enable_list_v3: true,
        enable_image_quota: false,
    })
}

pub(super) async fn regions(call: &Call) -> Result<Answer> {
    call.domain()?;
    let settings = call.service().settings_cell().current();
    Answer::json(&[Region { region_id: settings.region.value.clone() }])
}

pub(super) async fn projects(call: &Call) -> Result<Answer> {
    let domain = call.domain()?.to_string();
    let origin = call.context.address.origin();
    let found = call.service().sessions().projects(&call.context).await?;
    let wanted = call.arguments.text(&PROJECT);
    let shown = found
        .into_iter()
        .filter(|project| wanted.is_none_or(|name| project.region.id.as_str() == name))
        .map(|project| Project {
            links: Links { this: format!("{origin}/v3/projects/{}", project.id) },
            id: project.id.to_string(),
            name: project.region.id.to_string(),
            domain_id: domain.clone(),
            parent_id: domain.clone(),
            enabled: true,
            is_domain: false,
            description: String::new(),
        });
    Answer::json(&Projects { projects: shown.collect(), links: links(call, "/v3/projects") })
}

pub(super) async fn domains(call: &Call) -> Result<Answer> {
    let (id, origin) = (call.domain()?.to_string(), call.context.address.origin());
    let domain = Domain {
        links: Links { this: format!("{origin}/v3/domains/{id}") },
        id,
        name: call.context.user()?.account_name.to_string(),
        enabled: true,
        description: String::new(),
    };
    Answer::json(&Domains { domains: vec![domain], links: links(call, "/v3/auth/domains") })
}
