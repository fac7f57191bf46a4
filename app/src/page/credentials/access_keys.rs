//! The access keys of one user: a table of at most two, and what can be done with them.

use leptos::prelude::*;
use roadstead::manage::credential::{AccessKey, AccessKeys, DESCRIPTION_LIMIT};

use super::create::CreateDialog;
use super::delete::DeleteDialog;
use super::new_key::NewKeyDialog;
use super::{Copied, LastUsed};
use crate::call::credential::{DescribeAccessKey, EnableAccessKey, list_access_keys};
use crate::component::badge::{Badge, Tone};
use crate::component::dialog::{CancelLink, Dialog, DialogLink, use_dialog_item};
use crate::component::empty::{Art, EmptyState};
use crate::component::error_panel::ErrorBanner;
use crate::component::field::TextField;
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::table::SkeletonTable;
use crate::component::time::Time;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::{use_live, use_viewer};
use roadstead::{ErrorKind, Subject};

/// Whose access keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    /// Name of the user; empty is the viewer.
    pub user: String,
    /// Path of the page that shows them, without a query: its dialogs open and close there.
    pub page: String,
}

/// What every form of the section sends.
#[component]
pub(super) fn WhoseFields(
    /// Whose.
    whose: Whose,
) -> impl IntoView {
    view! {
        <input type="hidden" name="user" value=whose.user />
        <input type="hidden" name="page" value=whose.page />
    }
}

/// The card with its dialogs: `create-key`, and `new-key`, `edit-key`, `delete-key` for an `item`.
#[component]
pub fn AccessKeySection(
    /// Whose.
    whose: Whose,
) -> impl IntoView {
    let user = whose.user.clone();
    let keys = Resource::new(move || user.clone(), list_access_keys);
    let shown = whose.clone();
    view! {
        <section class="card" data-testid="credentials.keys">
            <Load
                resource=keys
                is_part=true
                fallback=|| view! { <SkeletonTable rows=2 columns=6 /> }
                view=move |keys: AccessKeys| view! { <Keys whose=shown.clone() keys=keys /> }
            />
        </section>
        <CreateDialog whose=whose.clone() />
        <NewKeyDialog whose=whose.clone() />
        <EditDialog whose=whose.clone() keys=keys />
        <DeleteDialog whose=whose />
    }
}

#[component]
fn Keys(whose: Whose, keys: AccessKeys) -> impl IntoView {
    let i18n = use_i18n();
    let enable = ServerAction::<EnableAccessKey>::new();
    let failed = move || enable.value().get().and_then(Result::err);
    let used = keys.keys.len() as u64;
    let (limit, is_programmatic) = (keys.limit, keys.is_programmatic);
    let counter = move || format!("{used}/{limit}");
    let is_own = whose.user.is_empty();
    let add = move |testid: &'static str| {
        is_programmatic.then(|| {
            if used >= limit {
                view! { <Full testid=testid /> }.into_any()
            } else {
                view! { <Add testid=testid /> }.into_any()
            }
        })
    };
    let rows = keys
        .keys
        .into_iter()
        .map(|key| view! { <Row whose=whose.clone() key=key enable=enable /> })
        .collect_view();
    let list = if used == 0 {
        is_programmatic
            .then(|| {
                view! {
                    <EmptyState
                        art=Art::Locked
                        title=text!(i18n, credentials.no_keys)
                        hint=derive(move || Some(t_string!(i18n, credentials.no_keys_text).to_owned()))
                        is_small=true
                        testid="credentials.empty"
                    >
                        {add("credentials.empty.create")}
                    </EmptyState>
                }
            })
            .into_any()
    } else {
        view! {
            <table
                class="table table--plain table--cards"
                role="table"
                aria-label=move || t_string!(i18n, credentials.access_keys)
                data-testid="credentials.table"
            >
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">{t!(i18n, credentials.ak)}</th>
                        <th scope="col" role="columnheader" class="p-3">{t!(i18n, common.description)}</th>
                        <th scope="col" role="columnheader" class="t-min">{t!(i18n, common.status)}</th>
                        <th scope="col" role="columnheader" class="t-min p-4">{t!(i18n, common.created)}</th>
                        <th scope="col" role="columnheader" class="t-min">{t!(i18n, credentials.last_used)}</th>
                        <th scope="col" role="columnheader" class="t-min">{t!(i18n, credentials.expires)}</th>
                        <th scope="col" role="columnheader" class="t-ops">{t!(i18n, common.operation)}</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <div class="card__head">
            <h2>
                {t!(i18n, credentials.access_keys)}
                <span class="badge badge--count" data-testid="credentials.count">{counter}</span>
            </h2>
            <span class="push"></span>
            {(used > 0).then(|| add("credentials.create"))}
        </div>
        {(!is_programmatic)
            .then(|| view! { <div class="card__body"><NoAccess is_own=is_own /></div> })}
        {move || failed().map(|error| view! { <div class="card__body"><ErrorBanner error=error /></div> })}
        {list}
    }
}

#[component]
fn Add(testid: &'static str) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <DialogLink name="create-key" class="btn btn--primary" testid=testid>
            <Icon icon=icondata::LuPlus />
            {t!(i18n, credentials.add)}
        </DialogLink>
    }
}

/// At the limit the button stays, says why, and does nothing.
#[component]
fn Full(testid: &'static str) -> impl IntoView {
    let i18n = use_i18n();
    let reason = move || t_string!(i18n, errors.access_key_quota);
    view! {
        <a
            class="btn btn--primary"
            role="button"
            tabindex="0"
            aria-disabled="true"
            data-tip=reason
            title=reason
            data-testid=testid
        >
            <Icon icon=icondata::LuPlus />
            {t!(i18n, credentials.add)}
            <span class="sr-only">{reason}</span>
        </a>
    }
}

/// Why no key can be made, and whom to ask.
#[component]
fn NoAccess(is_own: bool) -> impl IntoView {
    let i18n = use_i18n();
    let account = use_viewer().with_value(|viewer| {
        viewer.profile.as_ref().map(|profile| profile.account.to_string()).unwrap_or_default()
    });
    let words = move || {
        if is_own {
            t_string!(i18n, credentials.no_access, account = account.as_str()).to_string()
        } else {
            t_string!(i18n, credentials.no_access_other).to_owned()
        }
    };
    view! {
        <div class="banner banner--info" role="note" data-testid="credentials.no-access">
            <Icon icon=icondata::LuInfo />
            <div class="banner__body">{words}</div>
        </div>
    }
}

#[component]
fn Row(whose: Whose, key: AccessKey, enable: ServerAction<EnableAccessKey>) -> impl IntoView {
    let i18n = use_i18n();
    let id = key.id.to_string();
    let now = use_live().now.get_untracked();
    let end = key.expires_at;
    let has_ended = end.is_some_and(|end| end <= now);
    let expires = move || {
        match end {
        None => view! { <span>{t!(i18n, common.never)}</span> }.into_any(),
        Some(_) if has_ended => {
            view! { <Badge tone=Tone::Warn icon=icondata::LuClock label=text!(i18n, components.expired) /> }
                .into_any()
        }
        Some(end) => view! { <Time at=end /> }.into_any(),
    }
    };
    let name = |words: String| derive(move || words.clone());
    let edit = name(t_string!(i18n, credentials.edit_name, id = id.as_str()).to_string());
    let delete = name(t_string!(i18n, credentials.delete_name, id = id.as_str()).to_string());
    let state = |testid: &'static str| {
        view! { <State whose=whose.clone() id=id.clone() is_enabled=key.is_enabled enable=enable testid=testid /> }
    };
    view! {
        <tr role="row" data-testid=format!("credentials.row.{id}")>
            <td role="cell" class="m-name">
                <Copied text=id.clone() what=text!(i18n, credentials.ak) testid="credentials.ak" />
            </td>
            <td role="cell" class="p-3 wrap" data-testid="credentials.description">{key.description.clone()}</td>
            <td role="cell" class="t-min">{state("credentials.state")}</td>
            <td role="cell" class="t-min p-4 small"><Time at=key.created_at /></td>
            <td role="cell" class="t-min small"><LastUsed used=key.last_used.clone() /></td>
            <td role="cell" class="t-min small" data-testid="credentials.expires">{expires()}</td>
            <td role="cell" class="t-ops m-ops">
                <span class="t-ops__in">
                    <DialogLink
                        name="edit-key"
                        item=id.clone()
                        class="btn btn--icon btn--quiet btn--sm"
                        testid=format!("credentials.row.{id}.edit")
                    >
                        <Icon icon=icondata::LuPencil class="icon icon--sm" />
                        <span class="sr-only">{move || edit.get()}</span>
                    </DialogLink>
                    <DialogLink
                        name="delete-key"
                        item=id.clone()
                        class="btn btn--icon btn--quiet btn--sm"
                        testid=format!("credentials.row.{id}.delete")
                    >
                        <Icon icon=icondata::LuTrash2 class="icon icon--sm" />
                        <span class="sr-only">{move || delete.get()}</span>
                    </DialogLink>
                </span>
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    {state("credentials.state.small")}
                    <span>{key.description}</span>
                    <LastUsed used=key.last_used />
                </span>
            </td>
        </tr>
    }
}

/// The switch: a form of one box, sent when it changes.
#[component]
fn State(
    whose: Whose,
    id: String,
    is_enabled: bool,
    enable: ServerAction<EnableAccessKey>,
    testid: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let word = move || {
        if is_enabled {
            t_string!(i18n, credentials.enabled)
        } else {
            t_string!(i18n, credentials.disabled)
        }
    };
    let label = {
        let id = id.clone();
        move || t_string!(i18n, credentials.enable_name, id = id.as_str()).to_string()
    };
    view! {
        <CallForm action=enable hide_error=Signal::stored(true) class="row row--wrap">
            <input type="hidden" name="user" value=whose.user />
            <input type="hidden" name="id" value=id />
            <input
                type="checkbox"
                role="switch"
                class="switch"
                name="is_enabled"
                value="true"
                checked=is_enabled
                aria-label=label
                data-auto=""
                data-testid=testid
            />
            <span class="small">{word}</span>
            <button type="submit" class="btn btn--sm no-script">{t!(i18n, common.apply)}</button>
        </CallForm>
    }
}

/// The dialog at `?dialog=edit-key&item=`: changes the description.
#[component]
fn EditDialog(whose: Whose, keys: Resource<Result<AccessKeys, ConsoleError>>) -> impl IntoView {
    let i18n = use_i18n();
    let item = use_dialog_item();
    let title = text!(i18n, credentials.edit_title);
    view! {
        <Dialog name="edit-key" title=title class="dialog dialog--sm">
            {
                let whose = whose.clone();
                view! {
                    <Load
                        resource=keys
                        is_part=true
                        view=move |keys: AccessKeys| {
                            let asked = item.get_untracked().unwrap_or_default();
                            let key = keys.keys.into_iter().find(|key| key.id.as_str() == asked);
                            view! { <EditForm whose=whose.clone() key=key /> }
                        }
                    />
                }
            }
        </Dialog>
    }
}

#[component]
fn EditForm(whose: Whose, key: Option<AccessKey>) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<DescribeAccessKey>::new();
    let Some(key) = key else {
        return view! { <Missing /> }.into_any();
    };
    let error = action.value().get_untracked().and_then(Result::err);
    let long = is_about(error.as_ref(), Subject::Description)
        .then(|| t_string!(i18n, credentials.description_help).to_owned());
    view! {
        <CallForm
            action=action
            hide_error=Signal::stored(long.is_some())
            testid="credentials.edit.form"
            class="dialog__form"
        >
            <WhoseFields whose=whose />
            <input type="hidden" name="id" value=key.id.to_string() />
            <div class="dialog__body form-grid">
                <p class="mono small">{key.id.to_string()}</p>
                <TextField
                    name="description"
                    label=text!(i18n, common.description)
                    help=text!(i18n, credentials.description_help)
                    value=key.description
                    max=DESCRIPTION_LIMIT as u32
                    error=Signal::stored(long)
                    is_first=true
                    testid="credentials.edit.description"
                />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton
                    label=text!(i18n, common.save)
                    is_pending=action.pending()
                    testid="credentials.edit.submit"
                />
            </footer>
        </CallForm>
    }
    .into_any()
}

/// In a dialog about a key that is gone.
#[component]
pub(super) fn Missing() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="dialog__body">
            <p role="status">{t!(i18n, credentials.no_such_key)}</p>
        </div>
        <footer class="dialog__foot">
            <CancelLink />
        </footer>
    }
}

/// Whether an error is about one field.
pub(super) fn is_about(error: Option<&ConsoleError>, subject: Subject) -> bool {
    error.is_some_and(|error| {
        error.subject == subject
            && matches!(
                error.kind,
                ErrorKind::Invalid | ErrorKind::Denied | ErrorKind::Unauthenticated
            )
    })
}
