//! The list of tags: one row per tag, an index unfolds its platforms; copy of tag, digest and pull command on every row.
//!
//! The unfolded rows are state of the page; without scripts the unfolding is a link (`?open=`).

use std::collections::BTreeSet;

use leptos::prelude::*;
use roadstead::access::Permission;
use roadstead::manage::image::Image;
use roadstead::manage::tag::Tag;
use roadstead::page::{Order, Page};
use roadstead::{ImageName, TagName};

use crate::component::listing::use_hidden;
use crate::component::pagination::Pagination;
use crate::component::selection::{SelectAll, SelectPage, Selection};
use crate::component::table::{SortHeader, TableCard};
use crate::i18n::{t, t_string, use_i18n};
use crate::page::image_tags::query::{DELETE_LIMIT, row_name};
use crate::{link, text};

pub mod child;
pub mod row;

use child::{AttachmentRow, ChildRow};
use row::TagRow;

/// Names of the rows that are unfolded.
pub type Unfolded = RwSignal<BTreeSet<String>>;

/// "1 layer", "7 layers".
#[must_use]
pub fn layers_words(i18n: crate::i18n::I18n, n: u64) -> String {
    match n {
        1 => t_string!(i18n, images.layers_one).to_owned(),
        n => t_string!(i18n, images.layers_n, n = n).to_string(),
    }
}

/// "1 attachment", "2 attachments".
#[must_use]
pub fn attachments_words(i18n: crate::i18n::I18n, n: u64) -> String {
    match n {
        1 => t_string!(i18n, images.attachments_one).to_owned(),
        n => t_string!(i18n, images.attachments, n = n).to_string(),
    }
}

/// The table with its pages.
#[component]
pub fn TagTable(
    /// The image.
    image: Image,
    /// The rows.
    tags: Page<Tag>,
    /// What is chosen.
    selection: Selection,
    /// What is unfolded.
    unfolded: Unfolded,
    /// What was searched, to mark it.
    search: Option<String>,
    /// Chooses every result.
    on_all: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let hidden = use_hidden("tags", "");
    let may_delete = image.rights.permission.includes(Permission::Manage);
    let names: Vec<String> =
        tags.items.iter().filter_map(|tag| tag.name.as_ref().map(ToString::to_string)).collect();
    let may_select = may_delete && !names.is_empty();
    let (total, window) = (tags.total, tags.window);
    let rows = tags
        .items
        .into_iter()
        .map(|tag| {
            view! {
                <TagRows
                    image=image.name.clone()
                    tag=tag
                    selection=selection
                    unfolded=unfolded
                    may_select=may_select
                    may_delete=may_delete
                    search=search.clone()
                />
            }
        })
        .collect_view();
    let page = if may_select { names.clone() } else { Vec::new() };
    view! {
        <TableCard>
            <SelectAll names=page total=total limit=DELETE_LIMIT as u64 selection=selection on_all=on_all />
            <table
                class="table table--cards table--fit table--tags"
                role="table"
                data-hide=move || hidden.get()
                aria-label=move || t_string!(i18n, images.tags_title)
                data-testid="tags.table"
            >
                <thead role="rowgroup">
                    <tr role="row">
                        {may_select.then(|| view! { <SelectPage names=names selection=selection testid="tags.select_page" /> })}
                        <th scope="col" role="columnheader" class="t-exp">
                            <span class="sr-only">{t!(i18n, images.expand)}</span>
                        </th>
                        <SortHeader
                            key="tag"
                            label=text!(i18n, images.tag_and_digest)
                            default_key="updated_at"
                            first=Order::Asc
                            class="t-name"
                            list="tags"
                        />
                        <SortHeader
                            key="size"
                            label=text!(i18n, images.size_compressed)
                            default_key="updated_at"
                            class="t-num t-min"
                            list="tags"
                            column="size"
                        />
                        <th scope="col" role="columnheader" class="t-arch p-4" data-col="platform">
                            {t!(i18n, images.os_arch)}
                        </th>
                        <SortHeader
                            key="updated_at"
                            label=text!(i18n, images.pushed)
                            default_key="updated_at"
                            class="t-min"
                            list="tags"
                            column="pushed"
                        />
                        <th scope="col" role="columnheader" class="t-min p-5" data-col="pulled">
                            {t!(i18n, images.last_pulled)}
                        </th>
                        <th scope="col" role="columnheader" class="t-min p-3" data-col="pull">
                            {t!(i18n, images.pull_command)}
                        </th>
                        <th scope="col" role="columnheader" class="t-ops">
                            {t!(i18n, common.operation)}
                        </th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
            <Pagination total=total window=window />
        </TableCard>
    }
}

/// The columns that the chooser offers.
#[must_use]
pub fn tag_columns() -> Vec<(&'static str, Signal<String>)> {
    let i18n = use_i18n();
    vec![
        ("size", text!(i18n, images.size_compressed)),
        ("platform", text!(i18n, images.os_arch)),
        ("pushed", text!(i18n, images.pushed)),
        ("pulled", text!(i18n, images.last_pulled)),
        ("pull", text!(i18n, images.pull_command)),
    ]
}

/// The page of a tag, or of a manifest without one.
#[must_use]
pub fn manifest_link(
    image: &ImageName,
    tag: Option<&TagName>,
    digest: &roadstead::Digest,
) -> String {
    match tag {
        Some(tag) => format!("{}/tags/{tag}", link::image(image)),
        None => format!("{}/digests/{digest}", link::image(image)),
    }
}

/// The row of a tag and, unfolded, those of its platforms.
#[component]
fn TagRows(
    image: ImageName,
    tag: Tag,
    selection: Selection,
    unfolded: Unfolded,
    may_select: bool,
    may_delete: bool,
    search: Option<String>,
) -> impl IntoView {
    let name = row_name(&tag);
    let is_open = {
        let name = name.clone();
        memo(move |_| unfolded.with(|open| open.contains(&name)))
    };
    let children = {
        let (image, tag) = (image.clone(), tag.clone());
        move || {
            is_open.get().then(|| {
                let rows = tag
                    .children
                    .iter()
                    .map(|child| {
                        view! { <ChildRow image=image.clone() child=child.clone() may_select=may_select /> }
                    })
                    .collect_view();
                let attachments = (tag.attachments > 0).then(|| {
                    view! { <AttachmentRow image=image.clone() tag=tag.clone() may_select=may_select /> }
                });
                view! {
                    {rows}
                    {attachments}
                }
            })
        }
    };
    view! {
        <TagRow
            image=image
            tag=tag
            selection=selection
            unfolded=unfolded
            is_open=is_open
            may_select=may_select
            may_delete=may_delete
            search=search
        />
        {children}
    }
}
