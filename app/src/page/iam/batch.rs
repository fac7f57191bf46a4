//! Several users at once: boxes of the rows belong to one form, whose buttons open the dialogs that ask.
//!
//! The dialogs have whom it is about in their address (`item`), so they also open without scripts. To add a task: a button
//! in [`BatchBar`], a dialog, a word that the server function `batch_users` knows.

use leptos::prelude::*;
use roadstead::manage::group::Group;
use roadstead::manage::user::USER_BATCH;
use roadstead::page::Page;

use crate::call::user::AskBatchUsers;
use crate::component::confirm::ConfirmByName;
use crate::component::dialog::{CancelLink, Dialog, use_query_pairs};
use crate::component::field::SelectField;
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::images::query::values;
use crate::text;

/// The form that the boxes belong to.
const FORM: &str = "users-batch";

/// The box for all of the page.
#[component]
pub fn SelectAll() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <th scope="col" role="columnheader" class="t-check">
            <input
                type="checkbox"
                class="check needs-script"
                aria-label=move || t_string!(i18n, components.select_page)
                data-all=FORM
                data-testid="iam.users.select_page"
            />
        </th>
    }
}

/// The box of a row.
#[component]
pub fn SelectUser(
    /// Whose row.
    name: String,
    /// Whether there is one.
    may_choose: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let shown = name.clone();
    let label = move || t_string!(i18n, components.select_row, name = shown.as_str()).to_string();
    view! {
        <td role="cell" class="t-check m-check">
            {may_choose
                .then(|| {
                    view! {
                        <input
                            type="checkbox"
                            class="check"
                            id=format!("choose-{name}")
                            form=FORM
                            name="item"
                            value=name.clone()
                            aria-label=label
                            data-testid=format!("iam.users.row.{name}.select")
                        />
                    }
                })}
        </td>
    }
}

/// How many are chosen, and what can be done to them. Shown while some are.
#[component]
pub fn BatchBar() -> impl IntoView {
    let i18n = use_i18n();
    let kept = use_query_pairs()
        .get_untracked()
        .into_iter()
        .filter(|(name, _)| !matches!(name.as_str(), "dialog" | "item" | "__err" | "__path"))
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let task = |dialog: &'static str, icon, label: Signal<String>| {
        view! {
            <button
                type="submit"
                class="btn btn--quiet btn--sm"
                name="dialog"
                value=dialog
                data-testid=format!("iam.users.batch.{dialog}")
            >
                <Icon icon=icon />
                {move || label.get()}
            </button>
        }
    };
    view! {
        <form method="get" id=FORM class="batch" aria-label=move || t_string!(i18n, common.actions) data-testid="iam.users.batch">
            {kept}
            <span class="batch__n">{t!(i18n, iam.chosen)} " " <span class="batch__count"></span></span>
            <span class="batch__sep"></span>
            {task("join-users", icondata::LuUsers, text!(i18n, iam.join_group))}
            {task("enable-users", icondata::LuCircleCheck, text!(i18n, common.enable))}
            {task("disable-users", icondata::LuBan, text!(i18n, common.disable))}
            {task("delete-users", icondata::LuTrash2, text!(i18n, common.delete))}
            <span class="batch__sep"></span>
            <button type="reset" class="btn btn--quiet btn--sm" data-testid="iam.users.batch.clear">
                {t!(i18n, components.clear_selection)}
            </button>
        </form>
    }
}

/// The dialogs that ask.
#[component]
pub fn BatchDialogs(
    /// Groups to choose from.
    groups: Resource<Result<Page<Group>, ConsoleError>>,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="join-users" title=text!(i18n, iam.join_group) class="dialog dialog--sm">
            <Load
                resource=groups
                is_part=true
                view={|page: Page<Group>| view! { <Join groups=page.items /> }}
            />
        </Dialog>
        <Dialog name="enable-users" title=text!(i18n, iam.enable_users) class="dialog dialog--sm">
            <Simple task="enable" />
        </Dialog>
        <Dialog name="disable-users" title=text!(i18n, iam.disable_users) class="dialog dialog--sm">
            <Simple task="disable" />
        </Dialog>
        <Dialog name="delete-users" title=text!(i18n, iam.delete_users) class="dialog dialog--sm">
            <Delete />
        </Dialog>
    }
}

/// Whom it is about.
fn chosen() -> Vec<String> {
    let mut names = use_query_pairs().with_untracked(|pairs| values::<String>(pairs, "item"));
    names.truncate(USER_BATCH);
    names
}

/// Them, to read and to send; says so when there is nobody.
#[component]
fn Chosen(names: Vec<String>) -> impl IntoView {
    let i18n = use_i18n();
    let none =
        names.is_empty().then(|| view! { <p role="status">{t!(i18n, iam.nobody_chosen)}</p> });
    let fields = names
        .iter()
        .map(|name| view! { <input type="hidden" name="names[]" value=name.clone() /> })
        .collect_view();
    let items = names.into_iter().map(|name| view! { <li class="mono">{name}</li> }).collect_view();
    view! {
        {fields}
        {none}
        <ul class="stack--xs" data-testid="iam.users.batch.names">{items}</ul>
    }
}

#[component]
fn Simple(task: &'static str) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskBatchUsers>::new();
    let names = chosen();
    let is_blocked = Signal::stored(names.is_empty());
    let (text, label) = if task == "enable" {
        (text!(i18n, iam.enable_users_text), text!(i18n, common.enable))
    } else {
        (text!(i18n, iam.disable_users_text), text!(i18n, common.disable))
    };
    view! {
        <CallForm action=action testid="iam.users.batch.form" class="dialog__form">
            <input type="hidden" name="task" value=task />
            <div class="dialog__body stack stack--sm">
                <p>{move || text.get()}</p>
                <Chosen names=names />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=label is_blocked=is_blocked testid="iam.users.batch.ok" />
            </footer>
        </CallForm>
    }
}

#[component]
fn Join(groups: Vec<Group>) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskBatchUsers>::new();
    let names = chosen();
    let is_blocked = Signal::stored(names.is_empty() || groups.is_empty());
    let options = groups
        .into_iter()
        .map(|group| (group.name.to_string(), Signal::stored(group.name.to_string())))
        .collect::<Vec<_>>();
    view! {
        <CallForm action=action testid="iam.users.batch.form" class="dialog__form">
            <input type="hidden" name="task" value="join" />
            <div class="dialog__body form-grid">
                <SelectField name="group" label=text!(i18n, iam.group) options=options value="" testid="iam.users.batch.group" />
                <Chosen names=names />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, iam.join_group) is_blocked=is_blocked testid="iam.users.batch.ok" />
            </footer>
        </CallForm>
    }
}

#[component]
fn Delete() -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskBatchUsers>::new();
    view! {
        <CallForm action=action testid="iam.users.batch.form" class="dialog__form">
            <input type="hidden" name="task" value="delete" />
            <div class="dialog__body stack stack--sm">
                <p>{t!(i18n, iam.delete_users_text)}</p>
                <Chosen names=chosen() />
            </div>
            <ConfirmByName expected="delete".to_owned() action=text!(i18n, common.delete) />
        </CallForm>
    }
}
