//! Images: SWR's repositories (`swr-api.md` 7.4).

use http::StatusCode;
use roadstead::id::RepositoryId;
use roadstead::manage::image::{Category, ImageSort, ImageUpdate};
use roadstead::page::Order;
use roadstead::{ImageName, Result};
use roadstead_service::image::{ImageEntry, ImagesAfter, Listing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::argument::{Arguments, FILTER, Kind, LIMIT, Param};
use super::{Answer, Call, named, wire};

/// In which organization.
pub(super) const NAMESPACE: Param =
    Param::new("namespace", Kind::Text(64), "The organization; in `filter`, part of its name.")
        .in_filter();
/// Part of the name.
pub(super) const NAME: Param =
    Param::new("name", Kind::Text(128), "Part of the image's name; `$` stands for `/`.")
        .in_filter();
/// Category.
pub(super) const CATEGORY: Param = Param::new(
    "category",
    Kind::Word(&[
        "app_server",
        "linux",
        "windows",
        "arm",
        "framework_app",
        "database",
        "lang",
        "other",
    ]),
    "Only images of this category.",
)
.in_filter();
/// Public or private.
pub(super) const IS_PUBLIC: Param =
    Param::new("is_public", Kind::Flag, "Only public (`true`) or private (`false`) images.")
        .in_filter();
/// Whose.
pub(super) const OWN: Param =
    Param::new("center", Kind::Word(&["self"]), "Images of one's own account.").in_filter();
/// Sorted by.
pub(super) const ORDER_COLUMN: Param = Param::new(
    "order_column",
    Kind::Word(&["name", "updated_time", "updated_at", "tag_count", "namespace", "is_public"]),
    "What the list is sorted by; organization and name when absent.",
)
.in_filter();
/// Where a list goes on.
pub(super) const MARKER: Param = Param::new(
    "marker",
    Kind::Integer(0, i64::MAX as u64),
    "`nextMarker` of the answer before; absent for the first.",
);

/// An image to be created.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewRepo {
    /// The name without the organization, 1-128 characters; may contain `/`.
    #[schema(min_length = 1, max_length = 128, example = "team/web")]
    repository: String,
    /// Whether everyone may pull.
    is_public: bool,
    /// Category; `other` when absent.
    #[schema(schema_with = wire::category)]
    #[serde(default)]
    category: Option<Category>,
    /// CommonMark, at most 30,000 characters.
    #[schema(max_length = 30_000)]
    #[serde(default)]
    description: Option<String>,
}

/// A change of an image.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct RepoUpdate {
    /// Whether everyone may pull.
    is_public: bool,
    /// Category; unchanged when absent.
    #[schema(schema_with = wire::category)]
    #[serde(default)]
    category: Option<Category>,
    /// CommonMark, at most 30,000 characters; unchanged when absent, cleared by an empty text.
    #[schema(max_length = 30_000)]
    #[serde(default)]
    description: Option<String>,
}

/// An image in full.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RepoDetail {
    id: i64,
    /// Id of the organization.
    ns_id: i64,
    /// Name without the organization.
    name: String,
    category: String,
    description: String,
    /// Id of the user who created it; empty once that user is gone, and for other accounts.
    creator_id: String,
    creator_name: String,
    /// Bytes.
    size: i64,
    is_public: bool,
    /// Tags.
    num_images: i64,
    /// Pulls.
    num_download: i64,
    url: String,
    /// `host/organization/repository`.
    path: String,
    /// The same in the private network.
    internal_path: String,
    created: String,
    updated: String,
    /// Id of the account that owns it.
    domain_id: String,
    priority: i64,
}

/// An image in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RepoItem {
    /// Name without the organization.
    name: String,
    category: String,
    description: String,
    /// Bytes.
    size: i64,
    is_public: bool,
    /// Tags.
    num_images: i64,
    /// Pulls.
    num_download: i64,
    created_at: String,
    updated_at: String,
    logo: String,
    url: String,
    /// `host/organization/repository`.
    path: String,
    /// The same in the private network.
    internal_path: String,
    /// Name of the account that owns it.
    domain_name: String,
    /// The organization.
    namespace: String,
    /// The tags pushed last, at most 100.
    tags: Vec<String>,
    /// Of an image that another account shares: whether the share is in force.
    status: bool,
    /// How many there are in all.
    total_range: i64,
}

/// An image in a list with marker.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RepoV3 {
    id: i64,
    /// Name without the organization.
    name: String,
    category: String,
    description: String,
    /// Bytes.
    size: i64,
    is_public: bool,
    /// Tags.
    num_images: i64,
    /// Pulls.
    num_download: i64,
    created_at: String,
    updated_at: String,
    /// Name of the account that owns it.
    domain_name: String,
    /// The organization.
    namespace_name: String,
    /// Of an image that another account shares: whether the share is in force.
    status: bool,
}

/// Part of a list of images.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReposV3 {
    repos: Vec<RepoV3>,
    /// The `marker` of the next part; absent at the end.
    #[serde(rename = "nextMarker", skip_serializing_if = "Option::is_none")]
    next_marker: Option<i64>,
}

/// An image of a list.
pub(super) fn item(call: &Call, entry: ImageEntry, total: u64) -> RepoItem {
    RepoItem {
        path: wire::path(call, &entry.name),
        internal_path: wire::internal_path(call, &entry.name),
        namespace: entry.name.organization().to_string(),
        name: entry.name.repository().to_string(),
        category: entry.category.as_str().to_owned(),
        description: entry.description,
        size: wire::number(entry.size),
        is_public: entry.is_public,
        num_images: wire::number(entry.tag_count),
        num_download: wire::number(entry.pulls),
        created_at: entry.created_at.to_string(),
        updated_at: entry.updated_at.to_string(),
        logo: String::new(),
        url: String::new(),
        domain_name: entry.owner.to_string(),
        tags: entry.tags,
        status: entry.is_valid,
        total_range: wire::number(total),
    }
}

/// Part of a list with marker.
pub(super) fn part(found: ImagesAfter) -> ReposV3 {
    let repos = found.items.into_iter().map(|entry| RepoV3 {
        id: entry.id.0,
        namespace_name: entry.name.organization().to_string(),
        name: entry.name.repository().to_string(),
        category: entry.category.as_str().to_owned(),
        description: entry.description,
        size: wire::number(entry.size),
        is_public: entry.is_public,
        num_images: wire::number(entry.tag_count),
        num_download: wire::number(entry.pulls),
        created_at: entry.created_at.to_string(),
        updated_at: entry.updated_at.to_string(),
        domain_name: entry.owner.to_string(),
        status: entry.is_valid,
    });
    ReposV3 { repos: repos.collect(), next_marker: found.next.map(|id| id.0) }
}

/// Which images, by the parameters that all lists have.
pub(super) fn listing(arguments: &Arguments) -> Result<Listing> {
    let namespace = arguments.text(&NAMESPACE);
    let (organization, organization_part) = if arguments.text(&FILTER).is_some() {
        (None, namespace.map(str::to_owned))
    } else {
        (namespace.map(|text| named("namespace", text.parse())).transpose()?, None)
    };
    Ok(Listing {
        organization,
        organization_part,
        name_part: name_part(arguments),
        category: arguments.text(&CATEGORY).and_then(|word| word.parse().ok()),
        is_public: arguments.flag(&IS_PUBLIC),
        is_shared: false,
    })
}

/// Part of a name, with `/` for `$`.
pub(super) fn name_part(arguments: &Arguments) -> Option<String> {
    arguments.text(&NAME).map(|text| text.replace('$', "/"))
}

/// The sort of a list; by organization and name, which stands still while pages are read, where none is asked for.
pub(super) fn sorted(arguments: &Arguments) -> (ImageSort, Order) {
    let (sort, default) = match arguments.text(&ORDER_COLUMN) {
        Some("name") => (ImageSort::Name, Order::Asc),
        Some("updated_time" | "updated_at") => (ImageSort::UpdatedTime, Order::Desc),
        Some("tag_count") => (ImageSort::TagCount, Order::Desc),
        Some("is_public") => (ImageSort::IsPublic, Order::Desc),
        _ => (ImageSort::Namespace, Order::Asc),
    };
    (sort, arguments.order(default))
}

/// After which image a list goes on.
pub(super) fn after(arguments: &Arguments) -> Option<RepositoryId> {
    arguments.integer(&MARKER).and_then(|id| i64::try_from(id).ok()).map(RepositoryId)
}

pub(super) async fn create(call: &Call) -> Result<Answer> {
    let new: NewRepo = call.body()?;
    let name = named("repository", new.repository.parse())?;
    let name = ImageName::new(call.organization()?, name);
    let update = ImageUpdate {
        is_public: Some(new.is_public),
        category: new.category,
        description: wire::kept("description", new.description)?,
    };
    let made = call.service().images().create(&call.context, &name, update).await;
    wire::limited("description", made)?;
    Ok(Answer::empty(StatusCode::CREATED))
}

pub(super) async fn update(call: &Call) -> Result<Answer> {
    let update: RepoUpdate = call.body()?;
    let update = ImageUpdate {
        is_public: Some(update.is_public),
        category: update.category,
        description: wire::kept("description", update.description)?,
    };
    let name = call.image()?;
    let updated = call.service().images().update(&call.context, &name, update).await;
    wire::limited("description", updated)?;
    Ok(Answer::empty(StatusCode::CREATED))
}

pub(super) async fn delete(call: &Call) -> Result<Answer> {
    call.service().images().delete(&call.context, &call.image()?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn show(call: &Call) -> Result<Answer> {
    let facts = call.service().images().facts(&call.context, &call.image()?).await?;
    let entry = facts.entry;
    let (creator_id, creator_name) = facts.creator;
    Answer::json(&RepoDetail {
        id: entry.id.0,
        ns_id: facts.organization,
        path: wire::path(call, &entry.name),
        internal_path: wire::internal_path(call, &entry.name),
        name: entry.name.repository().to_string(),
        category: entry.category.as_str().to_owned(),
        description: entry.description,
        creator_id,
        creator_name,
        size: wire::number(entry.size),
        is_public: entry.is_public,
        num_images: wire::number(entry.tag_count),
        num_download: wire::number(entry.pulls),
        url: String::new(),
        created: entry.created_at.to_string(),
        updated: entry.updated_at.to_string(),
        domain_id: facts.owner_id.to_string(),
        priority: 0,
    })
}

pub(super) async fn list(call: &Call) -> Result<Answer> {
    let arguments = &call.arguments;
    let (listing, sort) = (listing(arguments)?, sorted(arguments));
    let images = call.service().images();
    let page = images.page(&call.context, listing, sort, arguments.window()).await?;
    let total = page.total;
    let page = page.map(|entry| item(call, entry, total));
    Ok(wire::with_range(Answer::json(&page.items)?, &page))
}

pub(super) async fn list_v3(call: &Call) -> Result<Answer> {
    let arguments = &call.arguments;
    let limit = arguments.integer(&LIMIT).unwrap_or(100);
    let images = call.service().images();
    let found = images.after(&call.context, listing(arguments)?, after(arguments), limit).await?;
    Answer::json(&part(found))
}
