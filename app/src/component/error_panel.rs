//! Errors inside a page: a strip above a form, a panel in place of a table's body. Both fold out the technical details.

use leptos::prelude::*;

use crate::component::copy::CopyButton;
use crate::component::dialog::use_here;
use crate::component::icon::Icon;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::{link, text};

/// Code, status and request id, folded.
#[component]
fn TechnicalDetails(error: ConsoleError) -> impl IntoView {
    let i18n = use_i18n();
    let request = error.request_id.clone();
    view! {
        <details class="fold fold--plain" data-testid="error.details">
            <summary>
                <Icon icon=icondata::LuChevronRight class="icon icon--sm" />
                {t!(i18n, components.technical)}
            </summary>
            <dl class="facts">
                <div>
                    <dt>{t!(i18n, components.code)}</dt>
                    <dd class="mono">{format!("{:?}/{:?}", error.kind, error.subject)}</dd>
                </div>
                <div>
                    <dt>{t!(i18n, components.status_code)}</dt>
                    <dd class="mono">{error.status()}</dd>
                </div>
                {request
                    .map(|id| {
                        view! {
                            <div>
                                <dt>{t!(i18n, components.request_id)}</dt>
                                <dd class="digest" data-testid="error.request_id">
                                    {id.clone()}
                                    <CopyButton text=id what=text!(i18n, components.request_id) />
                                </dd>
                            </div>
                        }
                    })}
            </dl>
            <p class="mono" lang="en">{error.message.clone()}</p>
        </details>
    }
}

/// A strip above a form: what failed, and where it helps the technical details.
#[component]
pub fn ErrorBanner(
    /// The error.
    error: ConsoleError,
) -> impl IntoView {
    let i18n = use_i18n();
    let icon = error.icon();
    let shows_details = error.request_id.is_some() && error.status() >= 500;
    let needs_sign_in = matches!(error.kind, roadstead::ErrorKind::Unauthenticated)
        && matches!(error.subject, roadstead::Subject::Session | roadstead::Subject::Request);
    let shown = error.clone();
    view! {
        <div class="banner banner--danger" role="alert" data-testid="error">
            <Icon icon=icon />
            <div class="banner__body">
                {move || shown.text(i18n)}
                {needs_sign_in.then(|| view! { " " <SignInAgain /> })}
                {shows_details.then(|| view! { <TechnicalDetails error=error.clone() /> })}
            </div>
        </div>
    }
}

/// A link to the sign-in page that leads back here.
#[component]
pub fn SignInAgain() -> impl IntoView {
    let i18n = use_i18n();
    let here = use_here();
    let target = move || link::with_query("/signin", [("next", here.get().as_str())]);
    view! {
        <a href=target rel="external" data-testid="session.again">
            {t!(i18n, shell.sign_in_again)}
        </a>
    }
}

/// A panel in place of what could not be shown, with Retry.
#[component]
pub fn ErrorPanel(
    /// The error.
    error: ConsoleError,
    /// Tries again; without it, Retry loads the page again.
    #[prop(optional, into)]
    on_retry: Option<Callback<()>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let here = use_here();
    let icon = error.icon();
    let shown = error.clone();
    let needs_sign_in = matches!(error.kind, roadstead::ErrorKind::Unauthenticated);
    let retry = move |event: leptos::ev::MouseEvent| {
        if let Some(on_retry) = on_retry {
            event.prevent_default();
            on_retry.run(());
        }
    };
    view! {
        <div class="error-panel" role="alert" data-testid="error">
            <h3>
                <Icon icon=icon />
                {move || shown.text(i18n)}
            </h3>
            {if needs_sign_in {
                view! { <SignInAgain /> }.into_any()
            } else {
                view! {
                    <TechnicalDetails error=error />
                    <a class="btn btn--sm" href=move || here.get() rel="external" on:click=retry data-testid="error.retry">
                        <Icon icon=icondata::LuRotateCw />
                        {move || t_string!(i18n, common.retry)}
                    </a>
                }
                    .into_any()
            }}
        </div>
    }
}
