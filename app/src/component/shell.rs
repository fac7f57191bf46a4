//! The frame around every page of a signed-in viewer: top bar, navigation, main; and the gate before it.

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;

use crate::component::follow::follow;
use crate::component::icon::Icon;
use crate::component::nav::Nav;
use crate::component::palette::Palette;
use crate::component::session::{self, SessionBanners, SessionDialog};
use crate::component::shortcut::{ShortcutDialog, listen};
use crate::component::topbar::TopBar;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::{use_live, use_viewer};

/// The frame. Nobody signed in: leads to sign-in (or to set-up while no account exists) and renders nothing.
#[component]
pub fn AppShell() -> impl IntoView {
    if is_turned_away() {
        return ().into_any();
    }
    let i18n = use_i18n();
    let live = use_live();
    let path = use_location().pathname;
    let version = use_viewer().with_value(|viewer| viewer.site.version.clone());
    // A new page: its title gets the focus, so that it is read and Tab begins there.
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            focus_title(20);
        }
        now
    });
    listen();
    session::watch();
    follow();
    view! {
        <a class="skip-link" href="#main" rel="external">
            {t!(i18n, shell.skip)}
        </a>
        <div class="shell" data-nav=move || live.is_collapsed.get().then_some("collapsed") data-testid="shell">
            <TopBar />
            <Nav />
            <main class="main" id="main">
                <div class="main__inner">
                    <p class="banner banner--info no-wasm" data-testid="shell.no-wasm">{t!(i18n, shell.no_wasm)}</p>
                    <Announced />
                    <SessionBanners />
                    <Outlet />
                </div>
            </main>
            <footer class="sr-only" aria-label=move || t_string!(i18n, shell.footer)>
                "Roadstead " {version}
            </footer>
            <ShortcutDialog />
            <Palette />
            <SessionDialog />
        </div>
    }
    .into_any()
}

/// What everybody is to read, as long as it stands.
#[component]
fn Announced() -> impl IntoView {
    let i18n = use_i18n();
    let announcement = use_viewer().with_value(|viewer| viewer.site.announcement.clone());
    announcement.map(|announcement| {
        let class =
            if announcement.is_warning { "banner banner--warn" } else { "banner banner--info" };
        view! {
            <section
                class=class
                aria-label=move || t_string!(i18n, shell.announcement)
                data-testid="shell.announcement"
            >
                <Icon icon=icondata::LuMegaphone />
                <div class="banner__body prose" inner_html=announcement.html></div>
            </section>
        }
    })
}

/// Puts the focus on the title, which may still be on its way: looks again every 50 ms, until the person is elsewhere.
fn focus_title(tries: u32) {
    set_timeout(
        move || {
            if !crate::dom::is_at_work() && tries > 0 {
                crate::dom::focus("main h1");
                focus_title(tries - 1);
            }
        },
        std::time::Duration::from_millis(50),
    );
}

/// Whether the viewer may not come in; on the server also sends the redirect.
fn is_turned_away() -> bool {
    let viewer = use_viewer();
    let (needs_setup, is_signed_in, must_change) = viewer.with_value(|viewer| {
        (
            viewer.site.needs_setup,
            viewer.profile.is_some(),
            viewer.profile.as_ref().is_some_and(|profile| profile.must_change_password),
        )
    });
    let target = if needs_setup {
        "/setup".to_owned()
    } else if !is_signed_in {
        let location = use_location();
        let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
        let here = if search.is_empty() {
            path
        } else {
            format!("{path}?{}", search.trim_start_matches('?'))
        };
        crate::component::topbar::sign_in_path(&here)
    } else if must_change {
        "/account/password".to_owned()
    } else {
        return false;
    };
    #[cfg(feature = "ssr")]
    if use_context::<http::request::Parts>().is_some() {
        leptos_axum::redirect(&target);
    }
    let _ = target;
    true
}
