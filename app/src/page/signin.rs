//! Sign-in, and the frame of pages outside the shell.

#[cfg(feature = "ssr")]
pub mod form;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::component::appearance::{LanguageMenu, ThemeMenu};
use crate::component::icon::Mark;
use crate::component::page_header::PageTitle;
use crate::i18n::{t, use_i18n};
use crate::viewer::use_viewer;
use crate::{link, served, text};

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

/// The sign-in page.
#[component]
pub fn SigninPage() -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let target = query.with_untracked(|query| link::safe_next(query.get_str("next")));
    if is_turned_away(&target) {
        return ().into_any();
    }
    view! {
        <PageTitle page=text!(i18n, auth.sign_in) />
        <Doorway>
            {served!("signin", view! { <form::SigninForm target=target /> })}
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
