//! The list of images: rows with their facts, copy and menu; selection for the batch bar.
//!
//! Columns hide by container width (`p-5` first); under 768 px a row becomes a card of name, facts and menu.

use leptos::prelude::*;
use roadstead::access::Permission;
use roadstead::manage::image::{Category, Image};
use roadstead::page::{Order, Page};

use crate::component::badge::VisibilityBadge;
use crate::component::client_command::{CopyPull, Pull};
use crate::component::dialog::DialogLink;
use crate::component::highlight::Highlight;
use crate::component::icon::Icon;
use crate::component::listing::use_hidden;
use crate::component::menu::Menu;
use crate::component::pagination::Pagination;
use crate::component::selection::{SelectAll, SelectPage, SelectRow, Selection, use_selected};
use crate::component::size::{Bytes, Count};
use crate::component::table::{SortHeader, TableCard};
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::images::query::{BATCH_LIMIT, first_line};
use crate::{link, text};

/// The words of a category.
#[must_use]
pub fn category_words(i18n: crate::i18n::I18n, category: Category) -> &'static str {
    match category {
        Category::AppServer => t_string!(i18n, images.category_app_server),
        Category::Linux => t_string!(i18n, images.category_linux),
        Category::Windows => t_string!(i18n, images.category_windows),
        Category::Arm => t_string!(i18n, images.category_arm),
        Category::FrameworkApp => t_string!(i18n, images.category_framework_app),
        Category::Database => t_string!(i18n, images.category_database),
        Category::Lang => t_string!(i18n, images.category_lang),
        Category::Other => t_string!(i18n, images.category_none),
    }
}

/// "1 tag", "12 tags".
#[must_use]
pub fn tag_count_words(i18n: crate::i18n::I18n, n: u64) -> String {
    match n {
        1 => t_string!(i18n, images.tag_count_one).to_owned(),
        n => t_string!(i18n, images.tag_count, n = crate::format::grouped(n)).to_string(),
    }
}

/// The table with its pages.
#[component]
pub fn ImageTable(
    /// The rows.
    images: Page<Image>,
    /// What is chosen.
    selection: Selection,
    /// What was searched, to mark it.
    search: Option<String>,
    /// All are of one organization, which needs no column then.
    #[prop(optional)]
    is_of_one: bool,
    /// A row above each organization's images.
    #[prop(optional)]
    is_grouped: bool,
    /// Chooses every result.
    on_all: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let hidden = use_hidden("images", if is_of_one || is_grouped { "organization" } else { "" });
    // The selection column exists only where a batch action could be allowed (`console.md` A.0.3, rule 1).
    let names: Vec<String> = images
        .items
        .iter()
        .filter(|image| image.rights.permission.includes(Permission::Edit))
        .map(|image| image.name.to_string())
        .collect();
    let may_select = !names.is_empty();
    let (total, window) = (images.total, images.window);
    let search = search.map(|search| search.rsplit('/').next().unwrap_or(&search).to_owned());
    let mut last = None;
    let rows = images
        .items
        .into_iter()
        .map(|image| {
            let search = search.clone();
            let organization = Some(image.name.organization().to_string());
            let group = (is_grouped && organization != last).then(|| {
                view! { <GroupRow organization=organization.clone().unwrap_or_default() /> }
            });
            last = organization;
            view! {
                {group}
                <ImageRow image=image selection=selection may_select=may_select search=search />
            }
        })
        .collect_view();
    let page = names.clone();
    view! {
        <TableCard>
            <SelectAll names=page total=total limit=BATCH_LIMIT as u64 selection=selection on_all=on_all />
            <table
                class="table table--cards table--fit"
                role="table"
                data-hide=move || hidden.get()
                aria-label=move || t_string!(i18n, images.private_title)
                data-testid="images.table"
            >
                <thead role="rowgroup">
                    <tr role="row">
                        {may_select.then(|| view! { <SelectPage names=names selection=selection testid="images.select_page" /> })}
                        <Head key="name" label=text!(i18n, images.image) first=Order::Asc class="t-name" />
                        <Head
                            key="namespace"
                            column="organization"
                            label=text!(i18n, images.organization)
                            first=Order::Asc
                            class="t-min p-3"
                        />
                        <Head key="is_public" column="type" label=text!(i18n, images.visibility_type) class="t-min p-3" />
                        <th scope="col" role="columnheader" class="t-min p-4" data-col="category">
                            {t!(i18n, images.category)}
                        </th>
                        <Head key="tag_count" column="tags" label=text!(i18n, images.tags) class="t-num t-min" />
                        <Head key="size" column="size" label=text!(i18n, images.size) class="t-num t-min" />
                        <Head key="pulls" column="pulls" label=text!(i18n, images.pulls) class="t-num t-min p-4" />
                        <Head key="updated_time" column="updated" label=text!(i18n, images.updated) class="t-min" />
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
pub fn image_columns(is_of_one: bool) -> Vec<(&'static str, Signal<String>)> {
    let i18n = use_i18n();
    let mut columns = vec![
        ("organization", text!(i18n, images.organization)),
        ("type", text!(i18n, images.visibility_type)),
        ("category", text!(i18n, images.category)),
        ("tags", text!(i18n, images.tags)),
        ("size", text!(i18n, images.size)),
        ("pulls", text!(i18n, images.pulls)),
        ("updated", text!(i18n, images.updated)),
    ];
    if is_of_one {
        columns.remove(0);
    }
    columns
}

/// A head that sorts this list.
#[component]
fn Head(
    key: &'static str,
    #[prop(default = "")] column: &'static str,
    label: Signal<String>,
    #[prop(default = Order::Desc)] first: Order,
    class: &'static str,
) -> impl IntoView {
    view! {
        <SortHeader
            key=key
            label=label
            default_key="updated_time"
            first=first
            class=class
            list="images"
            column=column
        />
    }
}

/// The row above the images of an organization.
#[component]
fn GroupRow(organization: String) -> impl IntoView {
    view! {
        <tr role="row" class="t-group" data-testid=format!("images.group.{organization}")>
            <th role="rowheader" scope="rowgroup" colspan="10">
                <a href=format!("/organizations/{organization}")>
                    <Icon icon=icondata::LuBuilding2 class="icon icon--sm" />
                    {organization.clone()}
                </a>
            </th>
        </tr>
    }
}

#[component]
fn ImageRow(
    image: Image,
    selection: Selection,
    may_select: bool,
    search: Option<String>,
) -> impl IntoView {
    let i18n = use_i18n();
    let full = image.name.to_string();
    let repository = image.name.repository().to_string();
    let organization = image.name.organization().to_string();
    let may_edit = image.rights.permission.includes(Permission::Edit);
    let may_manage = image.rights.permission.includes(Permission::Manage);
    let share = (may_manage && !image.is_public)
        .then(|| format!("{}/sharing?dialog=share", link::image(&image.name)));
    let newest = image.newest_tag.as_ref().map(ToString::to_string);
    let pull = newest.as_ref().map(|tag| Pull::new(&full, format!(":{tag}")));
    let is_selected = use_selected(selection, full.clone());
    let newest_tip = move || {
        newest.as_ref().map(|tag| t_string!(i18n, images.newest_is, tag = tag.as_str()).to_string())
    };
    let check = may_select.then(|| {
        view! {
            <SelectRow
                name=may_edit.then(|| full.clone())
                selection=selection
                is_selected=is_selected
                form="images-batch"
                testid=format!("images.row.{full}.select")
            />
        }
    });
    let copy = pull.map(|pull| {
        let what = full.clone();
        let what =
            derive(move || t_string!(i18n, images.copy_pull_of, name = what.as_str()).to_string());
        view! { <CopyPull pull=pull what=what testid=format!("images.row.{full}.copy") /> }
    });
    let menu = may_edit.then(|| {
        let name = full.clone();
        let label = derive({
            let name = name.clone();
            move || t_string!(i18n, images.more_actions, name = name.as_str()).to_string()
        });
        view! {
            <Menu
                label=label
                class="btn btn--icon btn--quiet btn--sm"
                outer="popup--end"
                testid="images.row.menu"
                trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuEllipsis class="icon icon--sm" /> })
            >
                <DialogLink name="edit" item=name.clone() class="menu__item" testid=format!("images.row.{name}.edit")>
                    <Icon icon=icondata::LuPencil />
                    {t!(i18n, common.edit)}
                </DialogLink>
                {share
                    .map(|href| {
                        view! {
                            <a class="menu__item" href=href data-testid=format!("images.row.{name}.share")>
                                <Icon icon=icondata::LuShare2 />
                                {t!(i18n, images.share)}
                            </a>
                        }
                    })}
                {may_manage
                    .then(|| {
                        view! {
                            <DialogLink
                                name="delete"
                                item=name.clone()
                                class="menu__item menu__item--danger"
                                testid=format!("images.row.{name}.delete")
                            >
                                <Icon icon=icondata::LuTrash2 />
                                {t!(i18n, common.delete)}
                            </DialogLink>
                        }
                    })}
            </Menu>
        }
    });
    let organization_link = format!("/organizations/{organization}");
    let (tags, updated, category) = (image.tags, image.updated_at, image.category);
    view! {
        <tr role="row" aria-selected=move || is_selected.get().then_some("true") data-testid=format!("images.row.{full}")>
            {check}
            <td role="cell" class="m-name">
                <div class="cell-name">
                    <span class="cell-name__line">
                        <a class="cell-name__link" href=link::image(&image.name) title=full.clone() data-testid="images.row.link">
                            <Highlight text=repository search=search />
                        </a>
                    </span>
                    {first_line(&image.description).map(|line| view! { <span class="cell-name__sub">{line}</span> })}
                </div>
            </td>
            <td role="cell" class="t-min p-3" data-col="organization">
                <a href=organization_link>{organization.clone()}</a>
            </td>
            <td role="cell" class="t-min p-3" data-col="type">
                <VisibilityBadge is_public=image.is_public />
            </td>
            <td role="cell" class="t-min p-4" data-col="category">
                {move || category_words(i18n, category)}
            </td>
            <td role="cell" class="t-num t-min" data-col="tags">
                <span title=newest_tip>
                    <Count value=tags />
                </span>
            </td>
            <td role="cell" class="t-num t-min" data-col="size">
                <Bytes value=image.size />
            </td>
            <td role="cell" class="t-num t-min p-4" data-col="pulls">
                <Count value=image.pulls />
            </td>
            <td role="cell" class="t-min small" data-col="updated">
                <Time at=updated />
            </td>
            <td role="cell" class="t-ops m-ops">
                <span class="t-ops__in">{copy} {menu}</span>
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <span>{organization}</span>
                    <span>{move || tag_count_words(i18n, tags)}</span>
                    <span class="muted">
                        <Time at=updated />
                    </span>
                </span>
            </td>
        </tr>
    }
}
