//! Sign-in: a real form, a real POST; one sentence for every wrong combination.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use roadstead::ErrorKind;

use crate::call::session::SignIn;
use crate::component::appearance::{LanguageMenu, ThemeMenu};
use crate::component::field::{CheckField, PasswordField, TextField};
use crate::component::form::{Csrf, SubmitButton, call_path};
use crate::component::icon::{Icon, Mark};
use crate::component::page_header::PageTitle;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::use_viewer;
use crate::{format, link, text};

/// The frame of pages outside the shell: art at the left, a form at the right, language and theme above it.
#[component]
pub fn Doorway(
    /// The form.
    children: Children,
) -> impl IntoView {
    let i18n = use_i18n();
    let site = use_viewer().with_value(|viewer| viewer.site.clone());
    let version = site.version.clone();
    let facts = (!site.host.is_empty()).then(|| {
        let region = if site.region_name.is_empty() {
            site.region.clone()
        } else {
            format!("{} · {}", site.region_name, site.region)
        };
        view! {
            <dl>
                <dt>{t!(i18n, auth.region)}</dt>
                <dd>{region}</dd>
                <dt>{t!(i18n, auth.registry)}</dt>
                <dd class="mono">{site.host.clone()}</dd>
            </dl>
        }
    });
    view! {
        <div class="signin">
            <aside class="signin__art">
                <img src="/signin-chart.svg" alt="" />
                <span class="brand">
                    <Mark />
                    <span class="brand__word">{t!(i18n, common.product)}</span>
                </span>
                <div>
                    <p>{t!(i18n, auth.tagline)}</p>
                    {facts}
                </div>
            </aside>
            <main class="signin__main" id="main">
                <div class="signin__tools">
                    <LanguageMenu outer="popup--end" />
                    <ThemeMenu outer="popup--end" />
                </div>
                {children()}
                <footer class="signin__foot">
                    <span>"Roadstead " {version}</span>
                </footer>
            </main>
        </div>
    }
}

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

/// The sign-in page.
#[component]
pub fn SigninPage() -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let query = use_query_map();
    let next = query.with_untracked(|query| query.get("next"));
    let is_expired = query.with_untracked(|query| query.get("expired").is_some());
    let target = link::safe_next(next.as_deref());
    if is_turned_away(&target) {
        return ().into_any();
    }
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
        <PageTitle page=text!(i18n, auth.sign_in) />
        <Doorway>
            <form class="signin__form" method="post" action={call_path::<SignIn>()} data-testid="signin.form">
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
        </Doorway>
    }
    .into_any()
}

/// Whoever is signed in already goes on; before set-up everybody goes there.
fn is_turned_away(target: &str) -> bool {
    let (is_signed_in, needs_setup) =
        use_viewer().with_value(|viewer| (viewer.profile.is_some(), viewer.site.needs_setup));
    let target = match (needs_setup, is_signed_in) {
        (true, _) => "/setup",
        (false, true) => target,
        (false, false) => return false,
    };
    #[cfg(feature = "ssr")]
    if use_context::<http::request::Parts>().is_some() {
        leptos_axum::redirect(target);
    }
    let _ = target;
    true
}
