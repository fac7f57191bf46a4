//! The form of sign-in: a real form, a real POST; one sentence for every wrong combination.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use roadstead::ErrorKind;

use crate::call::session::SignIn;
use crate::component::field::{CheckField, PasswordField, TextField};
use crate::component::form::{Csrf, SubmitButton, call_path};
use crate::component::icon::Icon;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::use_viewer;
use crate::{format, text};

fn sentence(i18n: crate::i18n::I18n, error: &ConsoleError) -> String {
    match error.kind {
        ErrorKind::RateLimited => {
            let wait = format::minutes_seconds(error.retry_after.unwrap_or(900));
            t_string!(i18n, auth.too_many, time = wait).to_string()
        }
        ErrorKind::Denied => t_string!(i18n, auth.programmatic_only).to_owned(),
        ErrorKind::Unauthenticated
        | ErrorKind::NotFound
        | ErrorKind::Hidden
        | ErrorKind::Invalid => t_string!(i18n, auth.wrong).to_owned(),
        _ => error.text(i18n),
    }
}

/// Account, user, password.
#[component]
pub fn SigninForm(
    /// Where to go afterwards.
    target: String,
) -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let query = use_query_map();
    let is_expired = query.with_untracked(|query| query.get("expired").is_some());
    // Only for the error that a refused form put into the address.
    let action = ServerAction::<SignIn>::new();
    let error = move || match action.value().get() {
        Some(Err(error)) => Some(error),
        _ => None,
    };
    let has_error = action.value().with_untracked(|value| matches!(value, Some(Err(_))));
    let only_account = viewer.with_value(|viewer| viewer.site.only_account.is_some());
    let (account, user) = viewer.with_value(|viewer| (viewer.kept("account"), viewer.kept("user")));
    let is_forgotten = query.with_untracked(|query| query.get("forgot").is_some());
    view! {
            <form class="signin__form" method="post" data-plain action={call_path::<SignIn>()} data-testid="signin.form">
                <h1 tabindex="-1">{t!(i18n, auth.sign_in)}</h1>
                {move || {
                    error()
                        .map(|error| {
                            view! {
                                <div class="banner banner--danger" role="alert" data-testid="signin.error">
                                    <Icon icon=error.icon() />
                                    <div class="banner__body">{move || sentence(i18n, &error)}</div>
                                </div>
                            }
                        })
                }}
                {(is_expired && !has_error)
                    .then(|| {
                        view! {
                            <div class="banner banner--info" role="status" data-testid="signin.expired">
                                <Icon icon=icondata::LuInfo />
                                <div class="banner__body">{t!(i18n, auth.expired)}</div>
                            </div>
                        }
                    })}
                <Csrf />
                <input type="hidden" name="next" value=target />
                {(!only_account)
                    .then(|| {
                        view! {
                            <TextField
                                name="account"
                                label=text!(i18n, auth.account_label)
                                value=account
                                autocomplete="organization"
                                is_required=true
                                is_large=true
                                max=64
                                testid="signin.account"
                            />
                        }
                    })}
                <TextField
                    name="user"
                    label=text!(i18n, auth.user_label)
                    help=text!(i18n, auth.user_help)
                    value=user
                    autocomplete="username"
                    is_large=true
                    max=64
                    testid="signin.user"
                />
                <PasswordField
                    name="password"
                    label=text!(i18n, auth.password)
                    autocomplete="current-password"
                    is_large=true
                    is_first=has_error
                    testid="signin.password"
                />
                <CheckField name="keep" label=text!(i18n, auth.keep) testid="signin.keep" />
                <div class="stack">
                    <SubmitButton
                        label=text!(i18n, auth.sign_in)
                        class="btn btn--primary btn--lg btn--block"
                        testid="signin.submit"
                    />
                </div>
                <details class="fold fold--plain" open=is_forgotten>
                    <summary>{t!(i18n, auth.forgot)}</summary>
                    <p class="small soft">{t!(i18n, auth.forgot_help)}</p>
                </details>
            </form>
    }
}
