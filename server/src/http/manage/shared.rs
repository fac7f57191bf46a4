//! Images that are shared between accounts (`swr-api.md` 7.4): by one's own account, or with it.

use roadstead::Result;
use roadstead::manage::image::ImageSort;
use roadstead::manage::share::{SharedImageQuery, SharedImageSort};
use roadstead::page::Window;
use roadstead_service::image::Listing;

use super::argument::{Kind, LIMIT, Param};
use super::repository::{NAMESPACE, after, item, listing, name_part, part, sorted};
use super::{Answer, Call, named, wire};

/// Who shares.
pub(super) const CENTER: Param = Param::new(
    "center",
    Kind::Word(&["self", "thirdparty"]),
    "`self`: what one's own account shares; `thirdparty`: what others share with it.",
)
.required()
.in_filter();
/// The same in version 3.
pub(super) const SHARED_BY: Param = Param { name: "shared_by", is_filter: false, ..CENTER };
/// Sorted by.
pub(super) const ORDER_COLUMN: Param = Param::new(
    "order_column",
    Kind::Word(&["name", "updated_time", "updated_at", "tag_count"]),
    "What the list is sorted by; organization and name when absent.",
)
.in_filter();
/// Whether they are in force.
pub(super) const STATUS: Param = Param::new(
    "status",
    Kind::Flag,
    "Only shares in force (`true`) or ended ones (`false`); for `thirdparty`.",
);

fn received(call: &Call, window: Window) -> Result<SharedImageQuery> {
    let arguments = &call.arguments;
    let (sort, order) = sorted(arguments);
    let organization = arguments.text(&NAMESPACE);
    Ok(SharedImageQuery {
        search: name_part(arguments),
        owner: None,
        organization: organization.map(|text| named("namespace", text.parse())).transpose()?,
        is_valid: arguments.flag(&STATUS),
        sort: match sort {
            ImageSort::Name => SharedImageSort::Name,
            ImageSort::UpdatedTime => SharedImageSort::UpdatedAt,
            ImageSort::TagCount => SharedImageSort::TagCount,
            _ => SharedImageSort::Namespace,
        },
        order,
        window,
    })
}

pub(super) async fn list(call: &Call) -> Result<Answer> {
    let (service, ctx, window) = (call.service(), &call.context, call.arguments.window());
    let page = if call.arguments.text(&CENTER) == Some("self") {
        let own = Listing { is_shared: true, ..listing(&call.arguments)? };
        service.images().page(ctx, own, sorted(&call.arguments), window).await?
    } else {
        service.shares().received_entries(ctx, received(call, window)?).await?
    };
    let total = page.total;
    let page = page.map(|entry| item(call, entry, total));
    Ok(wire::with_range(Answer::json(&page.items)?, &page))
}

pub(super) async fn list_v3(call: &Call) -> Result<Answer> {
    let (service, ctx) = (call.service(), &call.context);
    let (after, limit) = (after(&call.arguments), call.arguments.integer(&LIMIT).unwrap_or(100));
    let found = if call.arguments.text(&SHARED_BY) == Some("self") {
        let own = Listing { is_shared: true, ..listing(&call.arguments)? };
        service.images().after(ctx, own, after, limit).await?
    } else {
        let query = received(call, Window { offset: 0, limit })?;
        service.shares().received_after(ctx, query, after).await?
    };
    Answer::json(&part(found))
}
