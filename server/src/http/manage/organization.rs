//! Organizations: SWR's namespaces (`swr-api.md` 7.2).

use http::StatusCode;
use roadstead::Result;
use roadstead::manage::organization::{Organization, OrganizationQuery, OrganizationSort};
use roadstead::page::{Order, Window};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::argument::{Kind, Param};
use super::{Answer, Call, named, wire};

/// Part of an organization's name.
pub(super) const NAMESPACE: Param =
    Param::new("namespace", Kind::Text(64), "Part of the organization's name.").in_filter();
/// Which organizations.
pub(super) const MODE: Param = Param::new(
    "mode",
    Kind::Word(&["visible"]),
    "Without, organizations on which the caller has a right; `visible` adds those of which only images are the caller's to see.",
)
.in_filter();

/// More than any account has; SWR's list has no pages.
const ALL: Window = Window { offset: 0, limit: 10_000 };

/// An organization to be created.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewNamespace {
    /// The name, 1-64 characters; unique among all accounts.
    #[schema(min_length = 1, max_length = 64, example = "demo")]
    namespace: String,
}

/// An organization.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Namespace {
    /// Id.
    id: i64,
    /// Name.
    name: String,
    /// Name of the user who created it.
    creator_name: String,
    /// The caller's right: 7 manage, 3 edit, 1 read; 0 where only images inside are theirs to see.
    auth: u8,
}

/// A list of organizations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Namespaces {
    namespaces: Vec<Namespace>,
}

fn shown(organization: Organization) -> Namespace {
    Namespace {
        id: organization.id.0,
        name: organization.name.to_string(),
        creator_name: organization.created_by,
        auth: wire::auth(organization.permission),
    }
}

pub(super) async fn create(call: &Call) -> Result<Answer> {
    let new: NewNamespace = call.body()?;
    let name = named("namespace", new.namespace.parse())?;
    call.service().organizations().create(&call.context, name).await?;
    Ok(Answer::empty(StatusCode::CREATED))
}

pub(super) async fn list(call: &Call) -> Result<Answer> {
    let query = OrganizationQuery {
        search: call.arguments.text(&NAMESPACE).map(str::to_owned),
        sort: OrganizationSort::Name,
        order: Order::Asc,
        window: ALL,
    };
    let page = call.service().organizations().list(&call.context, query).await?;
    let all = call.arguments.text(&MODE).is_some();
    let shown: Vec<_> = page
        .items
        .into_iter()
        .filter(|organization| all || organization.permission.is_some())
        .map(shown)
        .collect();
    Answer::json(&Namespaces { namespaces: shown })
}

pub(super) async fn show(call: &Call) -> Result<Answer> {
    let name = call.organization()?;
    let found = call.service().organizations().get(&call.context, &name).await?;
    Answer::json(&shown(found))
}

pub(super) async fn delete(call: &Call) -> Result<Answer> {
    let name = call.organization()?;
    call.service().organizations().delete(&call.context, &name).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
