//! Takes a user's right away (`?dialog=remove-grant&item={user}`).

use leptos::prelude::*;
use roadstead::manage::grant::{GrantOn, GrantQuery, UserGrant};
use roadstead::page::Window;
use roadstead::{ErrorKind, Subject};

use crate::call::grant::{RemoveGrants, list_grants};
use crate::component::badge::permission_word;
use crate::component::dialog::{CancelLink, Dialog, use_close_link, use_dialog_item};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::error::ConsoleError;
use crate::i18n::{t, use_i18n};
use crate::text;

/// The dialog.
#[component]
pub fn RemoveDialog(
    /// What the right is on.
    on: GrantOn,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="remove-grant" title=text!(i18n, grants.remove_title) class="dialog dialog--sm">
            <RemoveForm on=on.clone() />
        </Dialog>
    }
}

/// The right of the user of this name, and whether it is the caller's own.
async fn find(on: GrantOn, name: Option<String>) -> Result<(UserGrant, bool), ConsoleError> {
    let name = name.unwrap_or_default();
    // Few names have this one in them: it is among the first.
    let query = GrantQuery { search: Some(name.clone()), window: Window::of_page(1, 100) };
    let list = list_grants(on, query).await?;
    let is_wanted =
        |user: &UserGrant| user.given.is_some() && user.user.as_str().eq_ignore_ascii_case(&name);
    if is_wanted(&list.own) {
        return Ok((list.own, true));
    }
    let others = list.others.map(|page| page.items).unwrap_or_default();
    others.into_iter().find(is_wanted).map(|user| (user, false)).ok_or_else(|| {
        ConsoleError::new(ErrorKind::NotFound, Subject::Grant, "the user has no right here")
    })
}

#[component]
fn RemoveForm(on: GrantOn) -> impl IntoView {
    let item = use_dialog_item();
    let asked = on.clone();
    let found = Resource::new(move || item.get(), move |name| find(asked.clone(), name));
    view! {
        <Load
            resource=found
            is_part=true
            view=move |(user, is_own)| view! { <Question on=on.clone() user=user is_own=is_own /> }
        />
    }
}

#[component]
fn Question(on: GrantOn, user: UserGrant, is_own: bool) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<RemoveGrants>::new();
    let next = use_close_link().get_untracked();
    let level = user
        .given
        .map(|level| view! { <span class="push">{move || permission_word(i18n, level)}</span> });
    view! {
        <CallForm action=action testid="permissions.remove.form" class="dialog__form">
            <input type="hidden" name="on" value=on.to_string() />
            <input type="hidden" name="users[]" value=user.user_id.to_string() />
            <input type="hidden" name="next" value=next />
            <div class="dialog__body stack">
                <p>{t!(i18n, grants.remove_text)}</p>
                <p class="row">
                    <b>{user.user.to_string()}</b>
                    {level}
                </p>
                {is_own
                    .then(|| {
                        view! {
                            <div class="banner banner--warn" data-testid="permissions.remove.own">
                                <Icon icon=icondata::LuTriangleAlert />
                                <div class="banner__body">{t!(i18n, grants.own_warning)}</div>
                            </div>
                        }
                    })}
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton
                    label=text!(i18n, common.remove)
                    is_pending=action.pending()
                    class="btn btn--danger"
                    testid="permissions.remove.ok"
                />
            </footer>
        </CallForm>
    }
}
