//! The tables of rights.

use leptos::prelude::*;
use roadstead::id::PublicId;
use roadstead::manage::grant::{GrantOn, GrantSource, UserGrant};
use roadstead::page::Page;

use crate::call::grant::UpdateGrant;
use crate::component::badge::{Badge, Tone, permission_word};
use crate::component::chips::TagChips;
use crate::component::dialog::{DialogLink, use_close_link};
use crate::component::form::CallForm;
use crate::component::highlight::Highlight;
use crate::component::icon::Icon;
use crate::component::table::{HeadCell, ListTable};
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::use_viewer;
use crate::{link, text};

use super::options;

/// Leads to what decides, for whoever may ask that: the user, what the rights are on, and reading it.
#[component]
fn Why(on: GrantOn, user: String) -> impl IntoView {
    let i18n = use_i18n();
    let may_ask = use_viewer().with_value(|viewer| {
        viewer.profile.as_ref().is_some_and(|profile| profile.may_manage_users)
    });
    may_ask.then(|| {
        let (name, action) = match &on {
            GrantOn::Image(image) => (image.to_string(), "pull_image"),
            GrantOn::Organization(organization) => (organization.to_string(), "read_organization"),
        };
        let query = [("user", user.as_str()), ("action", action), ("on", name.as_str())];
        let href = link::with_query("/iam/simulate", query);
        let testid = format!("permissions.row.{user}.why");
        view! {
            <a class="small" href=href data-testid=testid>
                {t!(i18n, iam.why)}
                <span class="sr-only">" " {user}</span>
            </a>
        }
    })
}

/// Users with a right that was given, here or on the organization.
#[component]
pub fn Table(
    /// What the rights are on.
    on: GrantOn,
    /// The rows.
    page: Page<UserGrant>,
    /// The viewer.
    own: PublicId,
    /// Changes a level.
    update: ServerAction<UpdateGrant>,
    /// What was searched, to mark it.
    search: Option<String>,
) -> impl IntoView {
    let i18n = use_i18n();
    let pages = Some((page.total, page.window));
    let rows = page
        .items
        .into_iter()
        .map(|user| {
            let is_own = user.user_id == own;
            view! { <Row on=on.clone() user=user is_own=is_own update=update search=search.clone() /> }
        })
        .collect_view();
    let head = view! {
        <HeadCell label=text!(i18n, grants.user) class="t-name" />
        <HeadCell label=text!(i18n, grants.permission) class="t-min" />
        <HeadCell label=text!(i18n, grants.effective) class="t-min p-3" />
        <HeadCell label=text!(i18n, grants.source) class="t-min p-3" />
        <HeadCell label=text!(i18n, grants.granted) class="t-min p-4" />
        <HeadCell label=text!(i18n, common.operation) class="t-ops" />
    };
    view! {
        <ListTable
            label=text!(i18n, grants.title)
            head=head.into_any()
            pages=pages
            testid="permissions.table"
        >
            {rows}
        </ListTable>
    }
}

#[component]
fn Row(
    on: GrantOn,
    user: UserGrant,
    is_own: bool,
    update: ServerAction<UpdateGrant>,
    search: Option<String>,
) -> impl IntoView {
    let i18n = use_i18n();
    let name = user.user.to_string();
    let level = match (user.given, user.inherited) {
        (Some(_), _) => {
            view! { <Level on=on.clone() user=user.clone() update=update /> }.into_any()
        }
        (None, Some(inherited)) => view! {
            <span class="muted">{move || permission_word(i18n, inherited)}</span>
        }
        .into_any(),
        (None, None) => ().into_any(),
    };
    let remove = user.given.map(|_| {
        let what = name.clone();
        let what = move || t_string!(i18n, grants.remove, name = what.as_str()).to_string();
        view! {
            <DialogLink
                name="remove-grant"
                item=name.clone()
                class="btn btn--icon btn--quiet btn--sm"
                testid=format!("permissions.row.{name}.remove")
            >
                <Icon icon=icondata::LuTrash2 class="icon icon--sm" />
                <span class="sr-only">{what}</span>
            </DialogLink>
        }
    });
    let granted = user.granted_at.map(|at| view! { <Time at=at /> });
    view! {
        <tr role="row" data-testid=format!("permissions.row.{name}")>
            <Who name=name.clone() is_own=is_own search=search />
            <td role="cell" class="t-min">{level}</td>
            <td role="cell" class="t-min p-3" data-testid=format!("permissions.row.{name}.effective")>
                <Effective user=user.clone() />
            </td>
            <td role="cell" class="t-min p-3" data-testid=format!("permissions.row.{name}.source")>
                <Source source=user.source on=Some(on.clone()) />
                " "
                <Why on=on user=name.clone() />
            </td>
            <td role="cell" class="t-min p-4 small">{granted}</td>
            <td role="cell" class="t-ops m-ops">
                <span class="t-ops__in">{remove}</span>
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <Effective user=user.clone() />
                    <Source source=user.source on=None />
                </span>
            </td>
        </tr>
    }
}

/// The name, and whether it is oneself.
#[component]
fn Who(name: String, is_own: bool, search: Option<String>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <td role="cell" class="m-name">
            <span class="cell-name__line">
                <Highlight text=name search=search />
                {is_own.then(|| view! { <Badge tone=Tone::Outline icon=icondata::LuUser label=text!(i18n, grants.you) /> })}
            </span>
        </td>
    }
}

/// The level, changed in place.
#[component]
fn Level(on: GrantOn, user: UserGrant, update: ServerAction<UpdateGrant>) -> impl IntoView {
    let i18n = use_i18n();
    let next = use_close_link().get_untracked();
    let name = user.user.to_string();
    let given = user.given.map(|level| level.bits().to_string()).unwrap_or_default();
    let label = {
        let name = name.clone();
        move || t_string!(i18n, grants.permission_of, name = name.as_str()).to_string()
    };
    let items = options(i18n)
        .into_iter()
        .map(|(level, words)| {
            let is_selected = level == given;
            view! { <option value=level selected=is_selected>{move || words.get()}</option> }
        })
        .collect_view();
    view! {
        <CallForm action=update hide_error=true testid="permissions.level" class="row">
            <input type="hidden" name="on" value=on.to_string() />
            <input type="hidden" name="user" value=user.user_id.to_string() />
            <input type="hidden" name="next" value=next />
            <select
                class="select select--btn"
                name="permission"
                aria-label=label
                data-auto=""
                data-testid=format!("permissions.row.{name}.level")
            >
                {items}
            </select>
            <button type="submit" class="btn btn--sm no-script">{t!(i18n, common.save)}</button>
        </CallForm>
    }
}

/// What the user may do after all.
#[component]
fn Effective(user: UserGrant) -> impl IntoView {
    let i18n = use_i18n();
    match user.effective {
        Some(level) => {
            let label = derive(move || permission_word(i18n, level).to_owned());
            view! { <Badge tone=Tone::Outline icon=icondata::LuShieldCheck label=label /> }
                .into_any()
        }
        None => view! { <Badge tone=Tone::Danger icon=icondata::LuBan label=text!(i18n, common.none) /> }.into_any(),
    }
}

/// Where that comes from. On an image, what its organization gives leads there.
#[component]
fn Source(source: GrantSource, on: Option<GrantOn>) -> impl IntoView {
    let i18n = use_i18n();
    let words = move || match source {
        GrantSource::Image => t_string!(i18n, grants.source_image),
        GrantSource::Organization => t_string!(i18n, grants.source_organization),
        GrantSource::Policy => t_string!(i18n, grants.source_policy),
        GrantSource::Owner => t_string!(i18n, grants.source_owner),
        GrantSource::Nothing => t_string!(i18n, grants.source_nothing),
    };
    match (source, on) {
        (GrantSource::Organization, Some(GrantOn::Image(image))) => {
            let href = format!("/organizations/{}/users", image.organization());
            view! { <a href=href>{words}</a> }.into_any()
        }
        _ => view! { <span>{words}</span> }.into_any(),
    }
}

/// Users whose right was not given here.
#[component]
pub fn Others(
    /// The users.
    users: Vec<UserGrant>,
    /// The viewer.
    own: PublicId,
) -> impl IntoView {
    let i18n = use_i18n();
    let rows = users
        .into_iter()
        .map(|user| {
            let name = user.user.to_string();
            let is_own = user.user_id == own;
            view! {
                <tr role="row" data-testid=format!("permissions.other.{name}")>
                    <Who name=name.clone() is_own=is_own search=None />
                    <td role="cell" class="t-min p-3"><TagChips items=user.groups.clone() /></td>
                    <td role="cell" class="t-min"><Effective user=user.clone() /></td>
                    <td role="cell" class="t-min muted"><Source source=user.source on=None /></td>
                    <td role="cell" class="m-facts">
                        <span class="fact-list">
                            <Effective user=user.clone() />
                            <Source source=user.source on=None />
                        </span>
                    </td>
                </tr>
            }
        })
        .collect_view();
    let head = view! {
        <HeadCell label=text!(i18n, grants.user) class="t-name" />
        <HeadCell label=text!(i18n, grants.groups) class="t-min p-3" />
        <HeadCell label=text!(i18n, grants.effective) class="t-min" />
        <HeadCell label=text!(i18n, grants.source) class="t-min" />
    };
    view! {
        <section>
            <h2 class="h3">{t!(i18n, grants.others)}</h2>
            <p class="small muted">{t!(i18n, grants.others_text)}</p>
            <ListTable label=text!(i18n, grants.others) head=head.into_any() testid="permissions.others">
                {rows}
            </ListTable>
        </section>
    }
}
