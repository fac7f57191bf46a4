//! The left navigation: only pages that exist and that the viewer may see.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use roadstead::manage::overview::NavCounts;
use roadstead::manage::profile::Profile;

use crate::call::overview::get_nav_counts;
use crate::component::appearance::CollapseButton;
use crate::component::follow::use_news;
use crate::component::icon::Icon;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::{use_live, use_viewer};

/// Lies below `/images` and is an entry of its own.
const SHARED: &str = "/images/shared";

/// One entry; current when the address is `href` or below it.
#[component]
pub fn NavItem(
    /// Path.
    href: &'static str,
    /// The path below which it is current, where that is not `href`.
    #[prop(optional)]
    below: Option<&'static str>,
    /// Drawing.
    icon: icondata::Icon,
    /// Words.
    #[prop(into)]
    label: Signal<String>,
    /// How many there are.
    #[prop(optional, into)]
    count: Option<Signal<u64>>,
    /// Test hook.
    testid: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let number = count.map(|count| {
        let shown = move || crate::format::count(count.get(), i18n.get_locale());
        view! { <span class="nav__count" data-testid=format!("{testid}.count")>{shown}</span> }
    });
    let path = use_location().pathname;
    let below = below.unwrap_or(href);
    let is_current = move || {
        let path = path.get();
        if href == SHARED || path == SHARED {
            return path == href;
        }
        path.strip_prefix(below).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    // In the drawer of a phone the link loads its page, which also closes the drawer.
    let on_click = move |event: leptos::ev::MouseEvent| {
        if crate::dom::is_drawer_open() {
            event.stop_propagation();
        }
    };
    view! {
        <li>
            <a
                class="nav__item"
                href=href
                aria-current=move || is_current().then_some("page")
                data-testid=testid
                on:click=on_click
            >
                <Icon icon=icon />
                <span class="nav__label">{move || label.get()}</span>
                {number}
            </a>
        </li>
    }
}

/// The numbers, asked for again when something has changed.
fn use_counts() -> RwSignal<NavCounts> {
    let live = use_live();
    let news = use_news();
    Effect::new(move |before: Option<()>| {
        news.track();
        live.changes.track();
        if before.is_some() {
            leptos::task::spawn_local(async move {
                if let Ok(counts) = get_nav_counts().await {
                    live.counts.set(counts);
                }
            });
        }
    });
    live.counts
}

/// Where the users, or else the accounts, that are the viewer's to look after are.
#[must_use]
pub fn iam_page(profile: &Profile) -> Option<&'static str> {
    if profile.may_manage_users {
        Some("/iam/users")
    } else {
        profile.may_manage_accounts.then_some("/iam/accounts")
    }
}

/// The navigation.
#[component]
pub fn Nav() -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let counts = use_counts();
    let images = derive(move || counts.get().images);
    let shared = derive(move || counts.get().shared);
    let may_see_settings = viewer
        .with_value(|viewer| viewer.profile.as_ref().is_some_and(|profile| profile.is_operator));
    let iam = viewer.with_value(|viewer| viewer.profile.as_ref().and_then(iam_page));
    view! {
        <nav class="nav" id="nav" aria-label=move || t_string!(i18n, shell.main_navigation) data-testid="shell.nav">
            <a class="btn btn--icon btn--quiet nav__close" href="#main" rel="external" aria-label=move || t_string!(i18n, shell.close_navigation)>
                <Icon icon=icondata::LuX />
            </a>
            <div class="nav__group">
                <ul>
                    <NavItem href="/overview" icon=icondata::LuLayoutDashboard label=text!(i18n, shell.overview) testid="shell.nav.overview" />
                </ul>
            </div>
            <div class="nav__group">
                <p class="nav__caption">{t!(i18n, shell.my_images)}</p>
                <ul>
                    <NavItem href="/images" icon=icondata::LuPackage label=text!(i18n, shell.private_images) count=images testid="shell.nav.images" />
                    <NavItem href=SHARED icon=icondata::LuShare2 label=text!(i18n, shell.shared_images) count=shared testid="shell.nav.shared" />
                </ul>
            </div>
            <div class="nav__group">
                <ul>
                    <NavItem href="/organizations" icon=icondata::LuBuilding2 label=text!(i18n, shell.organizations) testid="shell.nav.organizations" />
                </ul>
            </div>
            <div class="nav__group">
                <p class="nav__caption">{t!(i18n, shell.access_caption)}</p>
                <ul>
                    {iam
                        .map(|href| {
                            view! {
                                <NavItem href=href below="/iam" icon=icondata::LuUsers label=text!(i18n, shell.iam) testid="shell.nav.iam" />
                            }
                        })}
                    <NavItem href="/credentials" icon=icondata::LuKey label=text!(i18n, shell.credentials) testid="shell.nav.credentials" />
                    <NavItem href="/audit" icon=icondata::LuScrollText label=text!(i18n, shell.audit) testid="shell.nav.audit" />
                </ul>
            </div>
            {may_see_settings
                .then(|| {
                    view! {
                        <div class="nav__group">
                            <p class="nav__caption">{t!(i18n, shell.system_caption)}</p>
                            <ul>
                                <NavItem href="/settings" icon=icondata::LuSettings label=text!(i18n, shell.settings) testid="shell.nav.settings" />
                            </ul>
                        </div>
                    }
                })}
            <div class="nav__foot">
                <CollapseButton />
            </div>
        </nav>
    }
}
