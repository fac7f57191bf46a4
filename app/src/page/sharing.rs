//! With which accounts an image is shared: the tab Sharing (`console.md` A.6.5).

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::manage::image::Image;
use roadstead::manage::share::{Deadline, SHARE_LIMIT, Share};
use roadstead::page::Page;

use crate::call::share::list_shares;
use crate::component::badge::{Badge, Tone};
use crate::component::client_command::{CopyPull, Pull};
use crate::component::dialog::{DialogLink, use_query_pairs};
use crate::component::empty::{Art, EmptyCard};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::table::{HeadCell, ListTable, SkeletonTable};
use crate::component::time::Time;
use crate::format::grouped;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::images::query::window;
use crate::text;
use crate::viewer::use_live;

pub mod batch;
pub mod dialogs;
pub mod fields;

use dialogs::{EditDialog, EndDialog, ShareDialog};

/// Seconds before its end from which a share is said to expire.
const SOON: i64 = 7 * 86_400;

/// The tab.
#[component]
pub fn SharingTab(
    /// The image.
    image: Image,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let pairs = use_query_pairs();
    let (name, is_public) = (image.name.clone(), image.is_public);
    let asked = memo(move |_| window(&pairs.get(), live.page_size.get()));
    let listed = name.clone();
    let shares = Resource::new(
        move || asked.get(),
        move |window| {
            let name = listed.clone();
            async move { list_shares(name, window).await }
        },
    );
    let about = image.clone();
    let shown = move |page: Page<Share>| {
        let about = about.clone();
        match page.total {
            0 if is_public => ().into_any(),
            0 => view! { <Nothing /> }.into_any(),
            _ => view! { <Shares image=about page=page /> }.into_any(),
        }
    };
    view! {
        {is_public
            .then(|| {
                view! {
                    <EmptyCard
                        art=Art::Quays
                        title=text!(i18n, shares.public)
                        hint=MaybeProp::derive(move || Some(t_string!(i18n, shares.public_text).to_owned()))
                        is_small=true
                        testid="sharing.public"
                    />
                }
            })}
        <Load
            resource=shares
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=4 columns=5 /> })
            view=shown
        />
        {(!is_public).then(|| view! { <ShareDialog image=name.clone() /> })}
        <EditDialog image=name.clone() />
        <EndDialog image=name />
    }
}

#[component]
fn ShareButton() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <DialogLink name="share" class="btn btn--primary" testid="sharing.share">
            <Icon icon=icondata::LuPlus />
            {t!(i18n, shares.share)}
        </DialogLink>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <EmptyCard art=Art::Quays title=text!(i18n, shares.none) testid="sharing.empty">
            <ShareButton />
        </EmptyCard>
    }
}

#[component]
fn Shares(image: Image, page: Page<Share>) -> impl IntoView {
    let i18n = use_i18n();
    let (total, pages) = (page.total, Some((page.total, page.window)));
    let rows = page.items.into_iter().map(|share| view! { <Row share=share /> }).collect_view();
    let head = view! {
        <HeadCell label=text!(i18n, shares.with) class="t-name" />
        <HeadCell label=text!(i18n, shares.permission) class="t-min p-4" />
        <HeadCell label=text!(i18n, shares.valid_until) class="t-min" />
        <HeadCell label=text!(i18n, shares.status) class="t-min" />
        <HeadCell label=text!(i18n, shares.by) class="t-min p-3" />
        <HeadCell label=text!(i18n, shares.shared_at) class="t-min p-4" />
        <HeadCell label=text!(i18n, common.operation) class="t-ops" />
    };
    let pull = image.newest_tag.as_ref().map(|tag| Pull::new(&image.name, format!(":{tag}")));
    let send = pull.filter(|_| !image.is_public).map(|pull| {
        view! {
            <p class="row small muted">
                {t!(i18n, shares.send)}
                <CopyPull pull=pull what=text!(i18n, images.the_pull_command) names_client=true testid="sharing.pull" />
            </p>
        }
    });
    view! {
        <div class="toolbar">
            <span class="muted" data-testid="sharing.count">
                {format!("{} / {}", grouped(total), grouped(SHARE_LIMIT))}
            </span>
            <span class="toolbar__end">{(!image.is_public).then(|| view! { <ShareButton /> })}</span>
        </div>
        <ListTable label=text!(i18n, shares.sharing) head=head.into_any() pages=pages testid="sharing.table">
            {rows}
        </ListTable>
        {send}
    }
}

#[component]
fn Row(share: Share) -> impl IntoView {
    let i18n = use_i18n();
    let account = share.account.to_string();
    let note = share.description.clone();
    let edit = label(&account, move |name| t_string!(i18n, shares.edit, name = name).to_string());
    let end = label(&account, move |name| t_string!(i18n, shares.end, name = name).to_string());
    view! {
        <tr role="row" data-testid=format!("sharing.row.{account}")>
            <td role="cell" class="m-name">
                <div class="cell-name">
                    <span class="cell-name__line">{account.clone()}</span>
                    {(!note.is_empty())
                        .then(|| view! { <span class="cell-name__sub" title=note.clone()>{note.clone()}</span> })}
                </div>
            </td>
            <td role="cell" class="t-min p-4">{t!(i18n, shares.pull)}</td>
            <td role="cell" class="t-min small">
                <End until=share.until />
            </td>
            <td role="cell" class="t-min" data-testid=format!("sharing.row.{account}.status")>
                <Status until=share.until is_valid=share.is_valid />
            </td>
            <td role="cell" class="t-min p-3">{share.created_by.clone()}</td>
            <td role="cell" class="t-min p-4 small"><Time at=share.created_at /></td>
            <td role="cell" class="t-ops m-ops">
                <span class="t-ops__in">
                    <DialogLink
                        name="edit-share"
                        item=account.clone()
                        class="btn btn--icon btn--quiet btn--sm"
                        testid=format!("sharing.row.{account}.edit")
                    >
                        <Icon icon=icondata::LuPencil class="icon icon--sm" />
                        <span class="sr-only">{edit}</span>
                    </DialogLink>
                    <DialogLink
                        name="end-share"
                        item=account.clone()
                        class="btn btn--icon btn--quiet btn--sm"
                        testid=format!("sharing.row.{account}.end")
                    >
                        <Icon icon=icondata::LuTrash2 class="icon icon--sm" />
                        <span class="sr-only">{end}</span>
                    </DialogLink>
                </span>
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <Status until=share.until is_valid=share.is_valid />
                    <End until=share.until />
                </span>
            </td>
        </tr>
    }
}

fn label(
    account: &str,
    words: impl Fn(&str) -> String + Send + Sync + 'static,
) -> impl Fn() -> String + Send + Sync + 'static {
    let account = account.to_owned();
    move || words(&account)
}

/// When a share ends.
#[component]
pub fn End(
    /// When.
    until: Deadline,
) -> impl IntoView {
    let i18n = use_i18n();
    match until.end() {
        Some(at) => view! { <Time at=at is_absolute=true /> }.into_any(),
        None => view! { <span>{t!(i18n, shares.permanent)}</span> }.into_any(),
    }
}

/// In force, about to end, or ended.
#[component]
pub fn Status(
    /// When it ends.
    until: Deadline,
    /// Whether it is in force.
    is_valid: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let now = use_live().now.get_untracked();
    if !is_valid {
        view! { <Badge tone=Tone::Danger icon=icondata::LuCircleX label=text!(i18n, shares.expired) /> }.into_any()
    } else if until.end().is_some_and(|end| end.seconds_since(now) <= SOON) {
        view! { <Badge tone=Tone::Warn icon=icondata::LuTimer label=text!(i18n, shares.expiring) /> }.into_any()
    } else {
        view! { <Badge tone=Tone::Ok icon=icondata::LuCheck label=text!(i18n, shares.valid) /> }
            .into_any()
    }
}

/// When a share ends, with its state where that is not simply in force.
#[component]
pub fn Until(
    /// When it ends.
    until: Deadline,
    /// Whether it is in force.
    is_valid: bool,
) -> impl IntoView {
    let now = use_live().now.get_untracked();
    let is_soon = until.end().is_some_and(|end| end.seconds_since(now) <= SOON);
    let status =
        (is_soon || !is_valid).then(|| view! { <Status until=until is_valid=is_valid /> " " });
    view! {
        <span>{status} <End until=until /></span>
    }
}

/// The image whose shares a dialog is about.
type About = StoredValue<ImageName>;
