//! Tags, what belongs to them, and what signatures are about (`swr-api.md` 7.5).

use http::StatusCode;
use roadstead::Result;
use roadstead::error::Subject;
use roadstead::manage::tag::TagSort;
use roadstead::page::{Order, Window};
use roadstead_service::tag::{TagFacts, TagListing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::argument::{Arguments, Kind, LIMIT, OFFSET, Param};
use super::{Answer, Call, named, wire};

/// Part of a name.
pub(super) const TAG: Param =
    Param::new("tag", Kind::Text(128), "Part of the tag's name.").in_filter();
/// Sorted by.
pub(super) const ORDER_COLUMN: Param = Param::new(
    "order_column",
    Kind::Word(&["updated_at", "updated_time", "tag"]),
    "What the list is sorted by; the time of the push when absent.",
)
.in_filter();
/// Where a list goes on.
pub(super) const MARKER: Param = Param::new(
    "marker",
    Kind::Text(200),
    "`nextMarker` of the answer before; absent for the first.",
);
/// Whether manifests come too.
pub(super) const WITH_MANIFEST: Param =
    Param::new("with_manifest", Kind::Flag, "Whether each tag comes with its manifest.");
/// Rows of a page of accessories.
pub(super) const FEW: Param =
    Param::new("limit", Kind::Integer(1, 100), "Most items to answer; 10 when absent.");
/// Rows of a page of references.
pub(super) const FEWER: Param =
    Param::new("limit", Kind::Integer(1, 10), "Most items to answer; 10 when absent.");

/// A tag to be added to a version.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewTag {
    /// A tag of the version.
    #[schema(min_length = 1, max_length = 128)]
    source_tag: String,
    /// The tag to add.
    #[schema(min_length = 1, max_length = 128)]
    destination_tag: String,
    /// Whether a tag that exists is moved.
    #[serde(default)]
    #[schema(nullable = false)]
    r#override: Option<bool>,
}

/// A tag with what it points to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TagItem {
    id: i64,
    /// Id of the image.
    repo_id: i64,
    /// Name.
    #[serde(rename = "Tag")]
    tag: String,
    /// Digest of the configuration, without its algorithm; empty for an index.
    image_id: String,
    /// Text of the manifest; empty where the answer would be longer than 16 MiB.
    manifest: String,
    digest: String,
    /// 2.
    schema: i64,
    /// `host/organization/repository:tag`.
    path: String,
    internal_path: String,
    /// Bytes; of an index those of its largest image.
    size: i64,
    is_trusted: bool,
    created: String,
    updated: String,
    #[schema(value_type = Option<String>)]
    deleted: (),
    /// Id of the account that owns the image.
    domain_id: String,
    scanned: bool,
    /// 0 for a manifest, 1 for an index.
    tag_type: i64,
}

/// A tag with what it points to, in version 3.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TagV3 {
    id: i64,
    /// Id of the image.
    repo_id: i64,
    /// Name.
    tag: String,
    /// Digest of the configuration, without its algorithm; empty for an index.
    image_id: String,
    /// Text of the manifest; empty where it was not asked for.
    manifest: String,
    digest: String,
    /// 2.
    schema: i64,
    /// `host/organization/repository:tag`.
    path: String,
    internal_path: String,
    /// Bytes; of an index those of its largest image.
    size: i64,
    is_trusted: bool,
    created: String,
    updated: String,
    /// Id of the account that owns the image.
    domain_id: String,
    /// 0 for a manifest, 1 for an index.
    tag_type: i64,
}

/// Part of a list of tags.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TagsV3 {
    tags: Vec<TagV3>,
    /// The `marker` of the next part; absent at the end.
    #[serde(rename = "nextMarker", skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// The same in the other spelling.
    #[serde(rename = "next_marker", skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    has_more: bool,
}

/// Something that belongs to a version.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Accessory {
    id: i64,
    /// Id of the account that owns the image.
    domain_id: String,
    namespace_name: String,
    repo_name: String,
    /// A tag that points to it; empty when none does.
    sig_tag: String,
    sig_digest: String,
    /// Digest of the version that it belongs to.
    target_digest: String,
    /// Bytes.
    size: i64,
    /// `signature.cosign`, `signature.notation` or `subject.accessory`.
    r#type: String,
    created_at: String,
    updated_at: String,
}

/// A list of accessories.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Accessories {
    total: i64,
    accessories: Vec<Accessory>,
}

/// Tags that a signature is about.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct References {
    tags: Vec<String>,
    has_more: bool,
    /// The `marker` of the next part; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

fn v3(call: &Call, facts: TagFacts) -> Result<TagV3> {
    let image = call.image()?;
    Ok(TagV3 {
        id: facts.id.0,
        repo_id: facts.repository.0,
        image_id: facts.config.map(|digest| digest.hex().to_owned()).unwrap_or_default(),
        manifest: facts.manifest,
        digest: facts.digest.to_string(),
        schema: 2,
        path: format!("{}:{}", wire::path(call, &image), facts.name),
        internal_path: format!("{}:{}", wire::internal_path(call, &image), facts.name),
        size: wire::number(facts.size),
        is_trusted: false,
        created: facts.created_at.to_string(),
        updated: facts.pushed_at.to_string(),
        domain_id: facts.owner.to_string(),
        tag_type: i64::from(facts.is_index),
        tag: facts.name.to_string(),
    })
}

fn v2(call: &Call, facts: TagFacts) -> Result<TagItem> {
    let tag = v3(call, facts)?;
    Ok(TagItem {
        id: tag.id,
        repo_id: tag.repo_id,
        tag: tag.tag,
        image_id: tag.image_id,
        manifest: tag.manifest,
        digest: tag.digest,
        schema: tag.schema,
        path: tag.path,
        internal_path: tag.internal_path,
        size: tag.size,
        is_trusted: tag.is_trusted,
        created: tag.created,
        updated: tag.updated,
        deleted: (),
        domain_id: tag.domain_id,
        scanned: false,
        tag_type: tag.tag_type,
    })
}

fn listing(arguments: &Arguments, with_manifest: bool) -> TagListing {
    let (sort, order) = match arguments.text(&ORDER_COLUMN) {
        Some("tag") => (TagSort::Tag, Order::Asc),
        _ => (TagSort::UpdatedAt, Order::Desc),
    };
    TagListing {
        part: arguments.text(&TAG).map(str::to_owned),
        sort,
        order: arguments.order(order),
        with_manifest,
    }
}

pub(super) async fn list(call: &Call) -> Result<Answer> {
    let (image, listing) = (call.image()?, listing(&call.arguments, true));
    let window = call.arguments.window();
    let page = call.service().tags().entries(&call.context, &image, listing, window).await?;
    let items =
        page.items.iter().map(|facts| v2(call, facts.clone())).collect::<Result<Vec<_>>>()?;
    Ok(wire::with_range(Answer::json(&items)?, &page))
}

pub(super) async fn list_v3(call: &Call) -> Result<Answer> {
    let arguments = &call.arguments;
    let image = call.image()?;
    let listing = listing(arguments, arguments.flag(&WITH_MANIFEST).unwrap_or(false));
    let (marker, limit) = (arguments.text(&MARKER), arguments.integer(&LIMIT).unwrap_or(100));
    let tags = call.service().tags();
    let found = tags.entries_after(&call.context, &image, listing, marker, limit).await;
    let found = named("marker", found)?;
    let shown = found.items.into_iter().map(|facts| v3(call, facts)).collect::<Result<_>>()?;
    Answer::json(&TagsV3 {
        tags: shown,
        has_more: found.next.is_some(),
        next_marker: found.next.clone(),
        next: found.next,
    })
}

pub(super) async fn show(call: &Call) -> Result<Answer> {
    let (image, tag) = (call.image()?, call.tag()?);
    let facts = call.service().tags().entry(&call.context, &image, &tag).await?;
    Answer::json(&v3(call, facts)?)
}

pub(super) async fn create(call: &Call) -> Result<Answer> {
    let new: NewTag = call.body()?;
    let source = named("source_tag", new.source_tag.parse())?;
    let destination = named("destination_tag", new.destination_tag.parse())?;
    let (image, overrides) = (call.image()?, new.r#override.unwrap_or(false));
    let tags = call.service().tags();
    tags.copy(&call.context, &image, source, destination, overrides).await?;
    Ok(Answer::empty(StatusCode::CREATED))
}

pub(super) async fn delete(call: &Call) -> Result<Answer> {
    let (image, tag) = (call.image()?, call.tag()?);
    let results = call.service().tags().delete_many(&call.context, &image, vec![tag]).await?;
    if results.iter().all(|result| result.deleted) {
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    } else {
        Err(wire::not_found(Subject::Tag, "the image has no tag of this name"))
    }
}

pub(super) async fn accessories(call: &Call) -> Result<Answer> {
    let (image, tag) = (call.image()?, call.tag()?);
    let window = Window {
        offset: call.arguments.integer(&OFFSET).unwrap_or(0),
        limit: call.arguments.integer(&FEW).unwrap_or(10),
    };
    let referrers = call.service().referrers();
    let page = referrers.accessories(&call.context, &image, &tag, window).await?;
    let shown = page.items.into_iter().map(|accessory| Accessory {
        id: accessory.id.0,
        domain_id: accessory.owner.to_string(),
        namespace_name: image.organization().to_string(),
        repo_name: image.repository().to_string(),
        sig_tag: accessory.tag,
        sig_digest: accessory.digest.to_string(),
        target_digest: accessory.target.to_string(),
        size: wire::number(accessory.size),
        r#type: accessory.kind.to_owned(),
        created_at: accessory.pushed_at.to_string(),
        updated_at: accessory.pushed_at.to_string(),
    });
    Answer::json(&Accessories { accessories: shown.collect(), total: wire::number(page.total) })
}

pub(super) async fn references(call: &Call) -> Result<Answer> {
    let (image, tag) = (call.image()?, call.tag()?);
    let marker = call.arguments.text(&MARKER);
    let limit = call.arguments.integer(&FEWER).unwrap_or(10);
    let referrers = call.service().referrers();
    let found = referrers.references(&call.context, &image, &tag, marker, limit).await?;
    let tags: Vec<String> = found.tags.iter().map(ToString::to_string).collect();
    let next_marker = tags.last().cloned().filter(|_| found.has_more);
    Answer::json(&References { tags, has_more: found.has_more, next_marker })
}
