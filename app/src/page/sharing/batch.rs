//! Shares several images with several accounts (`?dialog=share&item={image}…` of a list of images; `console.md` A.4.2):
//! all pairs or none.

use futures::future::join_all;
use leptos::prelude::*;
use roadstead::access::Permission;
use roadstead::manage::share::{RefusedShare, ShareRefusal};
use roadstead::{ErrorKind, ImageName, Subject};

use super::fields::{Terms, description_error, until_error};
use crate::call::image::get_image;
use crate::call::share::ShareBatch;
use crate::component::dialog::{CancelLink, Dialog, use_close_link, use_query_pairs};
use crate::component::field::TextField;
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::noscroll;
use crate::error::ConsoleError;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::link;
use crate::page::images::dialogs::{Refused, name_fields, refusal};
use crate::page::images::query::chosen;
use crate::text;
use crate::viewer::use_viewer;

/// The dialog.
#[component]
pub fn BatchShareDialog() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="share" title=text!(i18n, shares.batch_title)>
            <Body />
        </Dialog>
    }
}

/// The words of a refusal.
fn why_words(i18n: I18n, why: ShareRefusal) -> &'static str {
    match why {
        ShareRefusal::NoImage => t_string!(i18n, shares.why_no_image),
        ShareRefusal::Denied => t_string!(i18n, shares.why_denied),
        ShareRefusal::Public => t_string!(i18n, shares.why_public),
        ShareRefusal::NoAccount => t_string!(i18n, shares.why_no_account),
        ShareRefusal::OwnAccount => t_string!(i18n, shares.why_own_account),
        ShareRefusal::AlreadyShared => t_string!(i18n, shares.why_already_shared),
        ShareRefusal::LimitReached => t_string!(i18n, shares.why_limit_reached),
    }
}

/// The images, each with the reason for which it cannot be shared, if there is one.
async fn look(
    names: Vec<ImageName>,
) -> Result<Vec<(ImageName, Option<ShareRefusal>)>, ConsoleError> {
    let images = join_all(names.iter().map(|name| get_image(name.clone()))).await;
    names
        .into_iter()
        .zip(images)
        .map(|(name, image)| match image {
            Ok(image) if image.is_public => Ok((name, Some(ShareRefusal::Public))),
            Ok(image) if !image.rights.permission.includes(Permission::Manage) => {
                Ok((name, Some(ShareRefusal::Denied)))
            }
            Ok(_) => Ok((name, None)),
            Err(error) if error.is_missing() => Ok((name, Some(ShareRefusal::NoImage))),
            Err(error) => Err(error),
        })
        .collect()
}

#[component]
fn Body() -> impl IntoView {
    let i18n = use_i18n();
    let names = chosen(&use_query_pairs().get_untracked());
    if let Some(text) = refusal(i18n, names.len()) {
        return view! { <Refused text=text /> }.into_any();
    }
    let images = Resource::new(move || names.clone(), look);
    view! { <Load resource=images is_part=true view=shown /> }.into_any()
}

/// The form, unless there is nothing to share.
fn shown(images: Vec<(ImageName, Option<ShareRefusal>)>) -> AnyView {
    if images.iter().any(|(_, why)| why.is_none()) {
        return view! { <Form images=images /> }.into_any();
    }
    let i18n = use_i18n();
    let text = t_string!(i18n, shares.batch_none).to_owned();
    view! {
        <div class="dialog__body"><Skipped images=images /></div>
        <Refused text=text />
    }
    .into_any()
}

#[component]
fn Form(images: Vec<(ImageName, Option<ShareRefusal>)>) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<ShareBatch>::new();
    let next = use_close_link().get_untracked();
    let value = action.value();
    let error = derive(move || value.get().and_then(Result::err));
    // Two things are said where they belong: the end under its field, what was refused as a list.
    let is_shown = derive(move || {
        error.get().is_some_and(|error| {
            until_error(&error)
                || description_error(&error)
                || is_about_accounts(&error)
                || !error.details.refused.is_empty()
        })
    });
    let account_error =
        derive(move || error.get().filter(is_about_accounts).map(|error| error.text(i18n)));
    let kept = use_viewer().with_value(|viewer| viewer.kept("accounts"));
    let names: Vec<ImageName> =
        images.iter().filter(|(_, why)| why.is_none()).map(|(name, _)| name.clone()).collect();
    let list = names.iter().map(|name| chosen_row(i18n, name, names.len())).collect_view();
    view! {
        <CallForm action=action hide_error=is_shown testid="share.batch.form" class="dialog__form">
            {name_fields(&names)}
            <input type="hidden" name="next" value=next />
            <div class="dialog__body form-grid">
                {move || error.get().filter(|error| !error.details.refused.is_empty()).map(|error| refused_list(i18n, &error))}
                <fieldset class="field">
                    <legend class="field__label">{t!(i18n, shares.batch_images)}</legend>
                    <ul class="stack stack--sm choices" data-testid="share.batch.images">{list}</ul>
                </fieldset>
                <Skipped images=images />
                <TextField
                    name="accounts"
                    label=text!(i18n, shares.batch_accounts)
                    help=text!(i18n, shares.batch_accounts_help)
                    value=kept
                    is_required=true
                    is_first=true
                    error=account_error
                    testid="share.accounts"
                />
                <Terms now=None error=error />
                <div class="banner banner--warn">
                    <Icon icon=icondata::LuTriangleAlert />
                    <div class="banner__body">{t!(i18n, shares.warning)}</div>
                </div>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, shares.ok) is_pending=action.pending() testid="share.batch.ok" />
            </footer>
        </CallForm>
    }
}

fn is_about_accounts(error: &ConsoleError) -> bool {
    error.kind == ErrorKind::Invalid && error.subject == Subject::Account
}

/// An image that will be shared, with a link that leaves it out.
fn chosen_row(i18n: I18n, name: &ImageName, count: usize) -> AnyView {
    let text = name.to_string();
    let left = use_query_pairs()
        .get_untracked()
        .into_iter()
        .filter(|(key, value)| {
            let is_mark = matches!(key.as_str(), "__err" | "__path");
            !is_mark && (key != "item" || *value != text)
        })
        .collect::<Vec<_>>();
    let path = leptos_router::hooks::use_location().pathname.get_untracked();
    let pairs = left.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let href = link::with_query(&path, pairs);
    let words = text.clone();
    let words = move || t_string!(i18n, shares.leave_out, name = words.as_str()).to_string();
    let leave = (count > 1).then(|| {
        view! {
            <a class="copy push" href={href} {..noscroll()} aria-label=words.clone() title=words>
                <Icon icon=icondata::LuX class="icon icon--sm" />
            </a>
        }
    });
    view! {
        <li class="row">
            <span class="mono">{text}</span>
            {leave}
        </li>
    }
    .into_any()
}

/// Images that cannot be shared, and why.
#[component]
fn Skipped(images: Vec<(ImageName, Option<ShareRefusal>)>) -> impl IntoView {
    let i18n = use_i18n();
    let rows: Vec<_> = images
        .into_iter()
        .filter_map(|(name, why)| {
            let why = why?;
            Some(view! {
                <li class="row">
                    <span class="mono">{name.to_string()}</span>
                    <span class="muted push">{move || why_words(i18n, why)}</span>
                </li>
            })
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <fieldset class="field">
                <legend class="field__label">{t!(i18n, shares.batch_skipped)}</legend>
                <ul class="stack stack--sm choices" data-testid="share.batch.skipped">{rows}</ul>
            </fieldset>
        }
    })
}

/// What the server refused, each named.
fn refused_list(i18n: I18n, error: &ConsoleError) -> AnyView {
    let refused: Vec<RefusedShare> =
        error.details.refused.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let all = error.numbers.get("n").copied().unwrap_or_default();
    let more = all.saturating_sub(refused.len() as u64);
    let rows = refused
        .into_iter()
        .map(|one| {
            view! {
                <li>
                    <span class="mono">{one.image.to_string()}</span>
                    " → "
                    <b>{one.account.to_string()}</b>
                    ": "
                    {move || why_words(i18n, one.why)}
                </li>
            }
        })
        .collect_view();
    let more = (more > 0).then(
        || view! { <p>{move || t_string!(i18n, shares.batch_more, n = more).to_string()}</p> },
    );
    view! {
        <div class="banner banner--danger" role="alert" data-testid="share.batch.refused">
            <Icon icon=icondata::LuCircleAlert />
            <div class="banner__body">
                <p>{error.text(i18n)}</p>
                <ul class="stack stack--sm">{rows}</ul>
                {more}
            </div>
        </div>
    }
    .into_any()
}
