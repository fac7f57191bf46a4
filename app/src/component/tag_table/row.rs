//! One row: the tag with its badges and siblings, facts, copies, menu.

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::manage::tag::Tag;

use super::{Unfolded, manifest_link};
use crate::command::Client;
use crate::component::badge::{Badge, Tone};
use crate::component::chips::TagChips;
use crate::component::client_command::{CopyPull, Pull};
use crate::component::copy::CopyButton;
use crate::component::dialog::{DialogLink, use_changed_query};
use crate::component::digest::DigestText;
use crate::component::highlight::Highlight;
use crate::component::icon::Icon;
use crate::component::menu::Menu;
use crate::component::noscroll;
use crate::component::selection::{SelectRow, Selection, use_selected};
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::image_tags::query::{
    artifact_label, platform_chips, reference_of, row_name, size_label, size_lines,
};
use crate::viewer::{use_live, use_viewer};
use crate::{format, text};

/// The row of a tag.
#[component]
pub fn TagRow(
    /// The image.
    image: ImageName,
    /// The tag.
    tag: Tag,
    /// What is chosen.
    selection: Selection,
    /// What is unfolded.
    unfolded: Unfolded,
    /// This row is unfolded.
    is_open: Memo<bool>,
    /// The table has a selection column.
    may_select: bool,
    /// The viewer may delete tags.
    may_delete: bool,
    /// What was searched, to mark it.
    search: Option<String>,
) -> impl IntoView {
    let i18n = use_i18n();
    let name = row_name(&tag);
    let href = manifest_link(&image, tag.name.as_ref(), &tag.manifest.digest);
    let size = size_label(&tag.manifest);
    let sizes = if tag.children.is_empty() {
        format::grouped(tag.manifest.size)
    } else {
        size_lines(&tag.children)
    };
    let (shown, rest) = platform_chips(&tag);
    let most = shown.len().max(1);
    let platforms: Vec<String> = shown.into_iter().chain(rest).collect();
    let has_rows = !tag.children.is_empty() || tag.attachments > 0;
    let pull = Pull::new(&image, reference_of(&tag));
    let pull_of = {
        let name = name.clone();
        derive(move || t_string!(i18n, images.copy_pull_of, name = name.as_str()).to_string())
    };
    let pushed_by = {
        let by = tag.pushed_by.clone();
        move || {
            (!by.is_empty())
                .then(|| t_string!(i18n, images.pushed_by, name = by.as_str()).to_string())
        }
    };
    let pulled = match tag.pulled_at {
        Some(at) => view! { <Time at=at /> }.into_any(),
        None => view! { <span class="muted">{t!(i18n, images.never)}</span> }.into_any(),
    };
    let architectures = if platforms.is_empty() {
        view! { <span class="muted">"—"</span> }.into_any()
    } else {
        view! { <TagChips items=platforms most=most /> }.into_any()
    };
    let is_selected = use_selected(selection, name.clone());
    let check = may_select.then(|| {
        view! {
            <SelectRow
                name=tag.name.as_ref().map(ToString::to_string)
                selection=selection
                is_selected=is_selected
                form="tags-batch"
                testid=format!("tags.row.{name}.select")
            />
        }
    });
    let testid = format!("tags.row.{name}");
    view! {
        <tr role="row" aria-selected=move || is_selected.get().then_some("true") data-testid=testid.clone()>
            {check}
            <td role="cell" class="t-exp">
                {has_rows.then(|| view! { <Expander name=name.clone() unfolded=unfolded is_open=is_open /> })}
            </td>
            <td role="cell" class="m-name">
                <NameCell tag=tag.clone() href=href.clone() name=name.clone() search=search />
            </td>
            <td role="cell" class="t-num t-min" data-col="size">
                <span class="nowrap" title=sizes data-testid=format!("{testid}.size")>
                    {size.clone()}
                </span>
            </td>
            <td role="cell" class="t-arch p-4" data-col="platform" data-testid=format!("{testid}.platforms")>
                {architectures}
            </td>
            <td role="cell" class="t-min small" data-col="pushed">
                <span title=pushed_by>
                    <Time at=tag.pushed_at />
                </span>
            </td>
            <td role="cell" class="t-min small p-5" data-col="pulled">
                {pulled}
            </td>
            <td role="cell" class="t-min p-3" data-col="pull">
                <CopyPull pull=pull.clone() what=pull_of names_client=true testid=format!("{testid}.copy") />
            </td>
            <td role="cell" class="t-ops m-ops">
                <RowMenu image=image tag=tag.clone() name=name href=href may_delete=may_delete />
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <span>{size}</span>
                    <span class="muted">
                        <Time at=tag.pushed_at />
                    </span>
                    <CopyPull pull=pull what=pull_of names_client=true testid="tags.row.copy_small" />
                </span>
            </td>
        </tr>
    }
}

/// Unfolds a row: a link without scripts, at once when alive.
#[component]
fn Expander(name: String, unfolded: Unfolded, is_open: Memo<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let opened = use_changed_query(vec![("open", Some(name.clone()))]);
    let closed = use_changed_query(vec![("open", None)]);
    let testid = format!("tags.row.{name}.expand");
    let label = {
        let name = name.clone();
        move || {
            if is_open.get() {
                t_string!(i18n, images.hide_platforms, name = name.as_str()).to_string()
            } else {
                t_string!(i18n, images.show_platforms, name = name.as_str()).to_string()
            }
        }
    };
    view! {
        <a
            class="expander"
            role="button"
            href=move || if is_open.get() { closed.get() } else { opened.get() }
            {..noscroll()}
            aria-expanded=move || is_open.get().to_string()
            aria-label=label
            data-testid=testid
            on:click=move |event| {
                event.prevent_default();
                event.stop_propagation();
                unfolded.update(|open| {
                    if !open.remove(&name) {
                        open.insert(name.clone());
                    }
                });
            }
        >
            <Icon icon=icondata::LuChevronRight class="icon icon--sm" />
        </a>
    }
}

/// Name, badges, siblings, and the digest below.
#[component]
fn NameCell(tag: Tag, href: String, name: String, search: Option<String>) -> impl IntoView {
    let i18n = use_i18n();
    let siblings: Vec<String> = tag.siblings.iter().map(ToString::to_string).collect();
    let siblings = (!siblings.is_empty()).then(|| {
        let all = siblings.join(", ");
        let few = siblings.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let more =
            if siblings.len() > 3 { format!(" +{}", siblings.len() - 3) } else { String::new() };
        let tip = move || format!("{}: {all}", t_string!(i18n, images.same_digest));
        view! {
            <span class="muted small truncate" title=tip data-testid="tags.row.siblings">
                {format!("= {few}{more}")}
            </span>
        }
    });
    let copy = tag.name.as_ref().map(|tag| {
        let text = tag.to_string();
        let what = {
            let text = text.clone();
            derive(move || t_string!(i18n, images.copy_tag, tag = text.as_str()).to_string())
        };
        view! { <CopyButton text=text what=what testid=format!("tags.row.{tag}.copy_tag") /> }
    });
    let is_untagged = tag.name.is_none();
    let digest = tag.manifest.digest.to_string();
    let below = (!is_untagged).then(|| view! { <DigestText digest=digest.clone() testid=format!("tags.row.{name}.copy_digest") /> });
    let untagged = is_untagged.then(|| {
        view! {
            <CopyButton text=digest.clone() what=text!(i18n, images.copy_digest) />
            <Badge tone=Tone::Outline icon=icondata::LuTag label=text!(i18n, images.untagged) />
        }
    });
    let artifact = artifact_label(&tag.manifest)
        .map(|kind| view! { <span class="muted small truncate">{kind}</span> });
    view! {
        <div class="cell-name">
            <span class="cell-name__line">
                <a class="cell-name__link mono" href=href title=name.clone() data-testid="tags.row.link">
                    <Highlight text=name.clone() search=search />
                </a>
                {copy}
                {untagged}
                {tag
                    .is_newest
                    .then(|| {
                        view! {
                            <Badge
                                tone=Tone::Ok
                                icon=icondata::LuCheck
                                label=text!(i18n, images.newest)
                                testid="tags.row.newest"
                            />
                        }
                    })}
                {siblings}
            </span>
            <span class="cell-name__sub cell-name__sub--row">{below} {artifact}</span>
        </div>
    }
}

#[component]
fn RowMenu(
    image: ImageName,
    tag: Tag,
    name: String,
    href: String,
    may_delete: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let viewer = use_viewer();
    let label = {
        let name = name.clone();
        derive(move || t_string!(i18n, images.more_actions, name = name.as_str()).to_string())
    };
    let reference =
        tag.name.as_ref().map_or_else(|| tag.manifest.digest.to_string(), ToString::to_string);
    let by_digest = Pull::new(&image, format!("@{}", tag.manifest.digest));
    let copy_by_digest = move |_| {
        let client = live.client.get_untracked().among(&Client::PULL);
        let text = viewer.with_value(|viewer| by_digest.command(client, &viewer.site).text());
        leptos::task::spawn_local(async move {
            if crate::dom::copy(text).await {
                live.said.set(t_string!(i18n, common.copied).to_owned());
            }
            crate::dom::close_menus(None);
        });
    };
    let delete = tag.name.clone().filter(|_| may_delete).map(|tag| {
        view! {
            <DialogLink
                name="delete-tags"
                item=tag.to_string()
                class="menu__item menu__item--danger"
                testid=format!("tags.row.{tag}.delete")
            >
                <Icon icon=icondata::LuTrash2 />
                {t!(i18n, common.delete)}
            </DialogLink>
        }
    });
    view! {
        <span class="t-ops__in">
            <DialogLink
                name="containerd"
                item=reference
                class="btn btn--link btn--sm hide-sm p-5"
                testid=format!("tags.row.{name}.containerd")
            >
                "containerd"
            </DialogLink>
            <Menu
                label=label
                class="btn btn--icon btn--quiet btn--sm"
                outer="popup--end"
                testid="tags.row.menu"
                trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuEllipsis class="icon icon--sm" /> })
            >
                <a class="menu__item" href=href>
                    <Icon icon=icondata::LuInfo />
                    {t!(i18n, images.open_tag)}
                </a>
                <button
                    type="button"
                    class="menu__item needs-script"
                    data-testid=format!("tags.row.{name}.by_digest")
                    on:click=copy_by_digest
                >
                    <Icon icon=icondata::LuCopy />
                    {t!(i18n, images.copy_by_digest)}
                </button>
                <DialogLink
                    name="containerd"
                    item=tag.name.as_ref().map_or_else(|| tag.manifest.digest.to_string(), ToString::to_string)
                    class="menu__item"
                    testid="tags.row.menu.containerd"
                >
                    <Icon icon=icondata::LuTerminal />
                    {t!(i18n, images.containerd)}
                </DialogLink>
                {delete}
            </Menu>
        </span>
    }
}
