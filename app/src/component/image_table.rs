//! The list of images: rows with their facts, copy and menu; selection for the batch bar.
//!
//! Columns hide by container width (`p-5` first); under 768 px a row becomes a card of name, facts and menu.

use std::collections::BTreeSet;

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::access::Permission;
use roadstead::manage::image::{Category, Image};
use roadstead::page::{Order, Page};

use crate::component::badge::VisibilityBadge;
use crate::component::client_command::{CopyPull, Pull};
use crate::component::dialog::DialogLink;
use crate::component::highlight::Highlight;
use crate::component::icon::Icon;
use crate::component::menu::Menu;
use crate::component::pagination::Pagination;
use crate::component::size::{Bytes, Count};
use crate::component::table::{SortHeader, TableCard};
use crate::component::time::Time;
use crate::i18n::{Locale, t, t_string, use_i18n};
use crate::page::images::query::first_line;
use crate::{link, text};

/// Images chosen for a batch action.
pub type Selection = RwSignal<BTreeSet<ImageName>>;

/// The words of a category.
#[must_use]
pub fn category_words(i18n: leptos_i18n::I18nContext<Locale>, category: Category) -> &'static str {
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
pub fn tag_count_words(i18n: leptos_i18n::I18nContext<Locale>, n: u64) -> String {
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
) -> impl IntoView {
    let i18n = use_i18n();
    // The selection column exists only where a batch action could be allowed (`console.md` A.0.3, rule 1).
    let names: Vec<ImageName> = images
        .items
        .iter()
        .filter(|image| image.rights.permission.includes(Permission::Edit))
        .map(|image| image.name.clone())
        .collect();
    let may_select = !names.is_empty();
    let (total, window) = (images.total, images.window);
    let search = search.map(|search| search.rsplit('/').next().unwrap_or(&search).to_owned());
    let rows = images
        .items
        .into_iter()
        .map(|image| {
            let search = search.clone();
            view! { <ImageRow image=image selection=selection may_select=may_select search=search /> }
        })
        .collect_view();
    view! {
        <TableCard>
            <table
                class="table table--cards table--fit"
                role="table"
                aria-label=move || t_string!(i18n, images.private_title)
                data-testid="images.table"
            >
                <thead role="rowgroup">
                    <tr role="row">
                        {may_select.then(|| view! { <SelectPage names=names selection=selection /> })}
                        <SortHeader key="name" label=text!(i18n, images.image) default_key="updated_time" first=Order::Asc class="t-name" />
                        <SortHeader
                            key="namespace"
                            label=text!(i18n, images.organization)
                            default_key="updated_time"
                            first=Order::Asc
                            class="t-min p-3"
                        />
                        <SortHeader key="is_public" label=text!(i18n, images.visibility_type) default_key="updated_time" class="t-min p-3" />
                        <SortHeader key="tag_count" label=text!(i18n, images.tags) default_key="updated_time" class="t-num t-min" />
                        <SortHeader key="size" label=text!(i18n, images.size) default_key="updated_time" class="t-num t-min" />
                        <SortHeader key="pulls" label=text!(i18n, images.pulls) default_key="updated_time" class="t-num t-min p-4" />
                        <SortHeader key="updated_time" label=text!(i18n, images.updated) default_key="updated_time" class="t-min" />
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

/// The checkbox that chooses every image of the page.
#[component]
fn SelectPage(names: Vec<ImageName>, selection: Selection) -> impl IntoView {
    let i18n = use_i18n();
    let names = StoredValue::new(names);
    let chosen = Memo::new(move |_| {
        names.with_value(|names| {
            selection.with(|chosen| names.iter().filter(|name| chosen.contains(*name)).count())
        })
    });
    let all = names.with_value(Vec::len);
    view! {
        <th scope="col" role="columnheader" class="t-check">
            <input
                type="checkbox"
                class="check needs-script"
                aria-label=move || t_string!(i18n, components.select_page)
                prop:checked=move || chosen.get() == all
                prop:indeterminate=move || { chosen.get() > 0 && chosen.get() < all }
                data-testid="images.select_page"
                on:change=move |event| {
                    let is_on = event_target_checked(&event);
                    names.with_value(|names| selection.update(|chosen| {
                        for name in names {
                            if is_on {
                                chosen.insert(name.clone());
                            } else {
                                chosen.remove(name);
                            }
                        }
                    }));
                }
            />
        </th>
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
    let newest = image.newest_tag.as_ref().map(ToString::to_string);
    let pull = newest.as_ref().map(|tag| Pull::new(&full, format!(":{tag}")));
    let is_selected = {
        let name = image.name.clone();
        Memo::new(move |_| selection.with(|chosen| chosen.contains(&name)))
    };
    let newest_tip = move || {
        newest.as_ref().map(|tag| t_string!(i18n, images.newest_is, tag = tag.as_str()).to_string())
    };
    let check = may_select.then(|| {
        let name = image.name.clone();
        let label = full.clone();
        view! {
            <td role="cell" class="t-check m-check">
                {may_edit
                    .then(|| {
                        view! {
                            <input
                                type="checkbox"
                                class="check"
                                name="item"
                                value=name.to_string()
                                form="images-batch"
                                aria-label=move || t_string!(i18n, components.select_row, name = label.as_str()).to_string()
                                prop:checked=move || is_selected.get()
                                data-testid=format!("images.row.{name}.select")
                                on:change=move |event| {
                                    let is_on = event_target_checked(&event);
                                    selection.update(|chosen| {
                                        if is_on {
                                            chosen.insert(name.clone());
                                        } else {
                                            chosen.remove(&name);
                                        }
                                    });
                                }
                            />
                        }
                    })}
            </td>
        }
    });
    let copy = pull.map(|pull| {
        let what = full.clone();
        let what = Signal::derive(move || {
            t_string!(i18n, images.copy_pull_of, name = what.as_str()).to_string()
        });
        view! { <CopyPull pull=pull what=what testid=format!("images.row.{full}.copy") /> }
    });
    let menu = may_edit.then(|| {
        let name = full.clone();
        let label = Signal::derive({
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
    let (tags, updated) = (image.tags, image.updated_at);
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
            <td role="cell" class="t-min p-3">
                <a href=organization_link>{organization.clone()}</a>
            </td>
            <td role="cell" class="t-min p-3">
                <VisibilityBadge is_public=image.is_public />
            </td>
            <td role="cell" class="t-num t-min">
                <span title=newest_tip>
                    <Count value=tags />
                </span>
            </td>
            <td role="cell" class="t-num t-min">
                <Bytes value=image.size />
            </td>
            <td role="cell" class="t-num t-min p-4">
                <Count value=image.pulls />
            </td>
            <td role="cell" class="t-min small">
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
