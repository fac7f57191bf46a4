//! The dialogs of the tab: share with one more account, change a share, end it.

use leptos::prelude::*;
use roadstead::manage::share::{SHARE_LIMIT, Share};
use roadstead::page::Window;
use roadstead::{ErrorKind, ImageName, Subject};

use super::About;
use super::fields::{Terms, account_error, description_error, until_error};
use crate::call::share::{CreateShare, DeleteShare, UpdateShare, list_shares};
use crate::component::dialog::{CancelLink, Dialog, use_close_link, use_dialog_item};
use crate::component::field::TextField;
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::error::ConsoleError;
use crate::format::minutes_seconds;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// Shares the image with one more account (`?dialog=share`).
#[component]
pub fn ShareDialog(
    /// The image.
    image: ImageName,
) -> impl IntoView {
    let i18n = use_i18n();
    let about = StoredValue::new(image);
    view! {
        <Dialog name="share" title=text!(i18n, shares.share)>
            <ShareForm about=about />
        </Dialog>
    }
}

/// Changes end and description (`?dialog=edit-share&item={account}`).
#[component]
pub fn EditDialog(
    /// The image.
    image: ImageName,
) -> impl IntoView {
    let i18n = use_i18n();
    let about = StoredValue::new(image);
    let item = use_dialog_item();
    let title = derive(move || {
        t_string!(i18n, shares.edit_title, name = item.get().unwrap_or_default()).to_string()
    });
    view! {
        <Dialog name="edit-share" title=title>
            <Of about=about view=|about, share| view! { <EditForm about=about share=share /> }.into_any() />
        </Dialog>
    }
}

/// Ends a share (`?dialog=end-share&item={account}`).
#[component]
pub fn EndDialog(
    /// The image.
    image: ImageName,
) -> impl IntoView {
    let i18n = use_i18n();
    let about = StoredValue::new(image);
    view! {
        <Dialog name="end-share" title=text!(i18n, shares.end_title) class="dialog dialog--sm">
            <Of about=about view=|about, share| view! { <EndForm about=about share=share /> }.into_any() />
        </Dialog>
    }
}

/// The share that the address names.
#[component]
fn Of(about: About, view: fn(About, Share) -> AnyView) -> impl IntoView {
    let item = use_dialog_item();
    let share = Resource::new(
        move || item.get().unwrap_or_default(),
        move |account| async move {
            let all = Window { offset: 0, limit: SHARE_LIMIT };
            let page = list_shares(about.get_value(), all).await?;
            let mut shares = page.items.into_iter();
            shares.find(|share| share.account.as_str().eq_ignore_ascii_case(&account)).ok_or_else(
                || ConsoleError::new(ErrorKind::NotFound, Subject::Share, "there is no such share"),
            )
        },
    );
    view! { <Load resource=share is_part=true view=move |share| view(about, share) /> }
}

/// The error of a form, and whether a field shows it.
fn refusal<T: 'static>(
    value: impl Fn() -> Option<Result<T, ConsoleError>> + Send + Sync + 'static,
) -> (Signal<Option<ConsoleError>>, Signal<bool>) {
    let error = derive(move || value().and_then(Result::err));
    let is_shown = derive(move || {
        error.get().is_some_and(|error| {
            account_error(&error)
                || until_error(&error)
                || description_error(&error)
                || is_block(&error)
        })
    });
    (error, is_shown)
}

/// Whether sharing is closed for a while.
fn is_block(error: &ConsoleError) -> bool {
    error.kind == ErrorKind::RateLimited && error.subject == Subject::Share
}

/// That sharing is closed, and for how long; it counts down.
#[component]
fn Blocked(error: ConsoleError) -> impl IntoView {
    let i18n = use_i18n();
    let left = error.retry_after.unwrap_or_default();
    view! {
        <div class="banner banner--danger" role="alert" data-testid="share.blocked">
            <Icon icon=icondata::LuTimer />
            <div class="banner__body">
                {t!(i18n, shares.blocked)}
                " "
                // Said once; the seconds would be said over and over.
                <b class="num" aria-hidden="true" data-countdown=left>{minutes_seconds(left)}</b>
            </div>
        </div>
    }
}

#[component]
fn ShareForm(about: About) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<CreateShare>::new();
    let next = use_close_link().get_untracked();
    let value = action.value();
    let (error, is_shown) = refusal(move || value.get());
    let said = derive(move || error.get().filter(account_error).map(|error| error.text(i18n)));
    let blocked =
        error.get_untracked().filter(is_block).map(|error| view! { <Blocked error=error /> });
    let kept = use_viewer().with_value(|viewer| viewer.kept("account"));
    view! {
        <CallForm action=action hide_error=is_shown testid="share.form" class="dialog__form">
            <input type="hidden" name="image" value=about.get_value().to_string() />
            <input type="hidden" name="next" value=next />
            <div class="dialog__body form-grid">
                {blocked}
                <TextField
                    name="account"
                    label=text!(i18n, shares.account)
                    help=text!(i18n, shares.account_help)
                    value=kept
                    is_required=true
                    is_first=true
                    max=64
                    error=said
                    testid="share.account"
                />
                <Terms now=None error=error />
                <div class="banner banner--warn">
                    <Icon icon=icondata::LuTriangleAlert />
                    <div class="banner__body">{t!(i18n, shares.warning)}</div>
                </div>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, shares.ok) is_pending=action.pending() testid="share.ok" />
            </footer>
        </CallForm>
    }
}

#[component]
fn EditForm(about: About, share: Share) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<UpdateShare>::new();
    let next = use_close_link().get_untracked();
    let value = action.value();
    let (error, is_shown) = refusal(move || value.get());
    view! {
        <CallForm action=action hide_error=is_shown testid="share.edit.form" class="dialog__form">
            <input type="hidden" name="image" value=about.get_value().to_string() />
            <input type="hidden" name="account" value=share.account.to_string() />
            <input type="hidden" name="next" value=next />
            <div class="dialog__body form-grid">
                <Terms now=Some((share.until, share.description)) error=error />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, common.save) is_pending=action.pending() testid="share.edit.ok" />
            </footer>
        </CallForm>
    }
}

#[component]
fn EndForm(about: About, share: Share) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<DeleteShare>::new();
    let next = use_close_link().get_untracked();
    let account = share.account.to_string();
    let name = account.clone();
    view! {
        <CallForm action=action testid="share.end.form" class="dialog__form">
            <input type="hidden" name="image" value=about.get_value().to_string() />
            <input type="hidden" name="account" value=account />
            <input type="hidden" name="next" value=next />
            <div class="dialog__body stack">
                <p>{move || t_string!(i18n, shares.end_text, name = name.as_str()).to_string()}</p>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton
                    label=text!(i18n, shares.end_ok)
                    is_pending=action.pending()
                    class="btn btn--danger"
                    testid="share.end.ok"
                />
            </footer>
        </CallForm>
    }
}
