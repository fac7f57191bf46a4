//! The top bar: logo, region, search, help, language, theme, and the user's menu.

use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;

use crate::call::session::SignOut;
use crate::component::appearance::{LanguageMenu, ThemeMenu};
use crate::component::form::{Csrf, call_path};
use crate::component::icon::{Icon, Mark};
use crate::component::menu::Menu;
use crate::component::noscroll;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::{full_name, shown_name, use_live, use_viewer};
use crate::{link, text};

/// The top bar.
#[component]
pub fn TopBar() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <header class="topbar">
            <a
                class="btn btn--icon btn--quiet topbar__menu"
                href="#nav"
                rel="external"
                aria-label=move || t_string!(i18n, shell.open_navigation)
                data-testid="topbar.menu"
            >
                <Icon icon=icondata::LuMenu class="icon icon--lg" />
            </a>
            <div class="topbar__brand">
                <a class="brand" href="/overview" data-testid="topbar.logo">
                    <Mark />
                    <span class="brand__word">{t!(i18n, common.product)}</span>
                </a>
            </div>
            <RegionName />
            <SearchBox />
            <div class="topbar__tools">
                <HelpMenu />
                <LanguageMenu />
                <ThemeMenu />
                <span class="topbar__sep"></span>
                <UserMenu />
            </div>
        </header>
    }
}

/// This registry's region, from the second region on.
#[component]
fn RegionName() -> impl IntoView {
    let i18n = use_i18n();
    use_viewer().with_value(|viewer| {
        (viewer.site.regions > 1).then(|| {
            let (name, id) = (viewer.site.region_name.clone(), viewer.site.region.clone());
            view! {
                <span class="topbar__region row" data-testid="topbar.region">
                    <Icon icon=icondata::LuGlobe />
                    <span class="sr-only">{t!(i18n, shell.region)}</span>
                    <span>{name}</span>
                    <span class="muted small hide-sm">{id}</span>
                </span>
            }
        })
    })
}

/// Opens the palette; without scripts a GET form to the list of images.
#[component]
fn SearchBox() -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let current = move || query.with(|query| query.get("q").unwrap_or_default());
    let live = use_live();
    let on_click = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        live.is_palette_open.set(true);
    };
    view! {
        <Form method="GET" action="/images" attr:class="search-form" attr:role="search">
            <label class="search-trigger" on:click=on_click>
                <Icon icon=icondata::LuSearch />
                <input
                    class="search-trigger__text"
                    type="search"
                    name="q"
                    prop:value=current
                    maxlength="128"
                    placeholder=move || t_string!(i18n, shell.search_placeholder)
                    aria-label=move || t_string!(i18n, shell.search_placeholder)
                    data-testid="topbar.search"
                />
                <kbd class="kbd needs-script" aria-hidden="true">"Ctrl K"</kbd>
            </label>
        </Form>
    }
}

#[component]
fn HelpMenu() -> impl IntoView {
    let i18n = use_i18n();
    let version = use_viewer().with_value(|viewer| viewer.site.version.clone());
    let version =
        derive(move || t_string!(i18n, shell.version, version = version.as_str()).to_string());
    view! {
        <Menu
            label=text!(i18n, shell.help)
            has_tip=true
            outer="hide-sm"
            testid="shell.help"
            trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuCircleHelp /> })
        >
            <a class="menu__item" href="/overview#quickstart" rel="external" data-testid="help.quickstart">
                <Icon icon=icondata::LuRocket />
                {t!(i18n, shell.help_quick_start)}
            </a>
            <a class="menu__item" href="?dialog=shortcuts" {..noscroll()} data-testid="help.shortcuts">
                <Icon icon=icondata::LuKeyboard />
                {t!(i18n, shell.help_shortcuts)}
            </a>
            <div class="menu__sep" role="separator"></div>
            <p class="menu__caption">{move || version.get()}</p>
        </Menu>
    }
}

#[component]
fn UserMenu() -> impl IntoView {
    let i18n = use_i18n();
    let profile = use_viewer().with_value(|viewer| viewer.profile.clone());
    profile.map(|profile| {
        let (shown, full) = (shown_name(&profile), full_name(&profile));
        let initial: String = shown.chars().take(1).collect();
        let name = full.clone();
        let label = derive(move || t_string!(i18n, shell.user_menu, name = name.as_str()).to_string());
        let trigger = ViewFn::from(move || {
            view! {
                <span class="avatar">{initial.clone()}</span>
                <span class="user-trigger__name">
                    <span>{shown.clone()}</span>
                </span>
                <Icon icon=icondata::LuChevronDown class="icon icon--sm" />
            }
        });
        view! {
            <Menu label=label class="user-trigger" outer="popup--end" testid="shell.user" trigger=trigger>
                <p class="menu__caption" data-testid="shell.user.name">{full}</p>
                <a class="menu__item" href="/credentials" data-testid="shell.user.credentials">
                    <Icon icon=icondata::LuKey />
                    {t!(i18n, shell.credentials)}
                </a>
                <a class="menu__item" href="/account" data-testid="shell.user.preferences">
                    <Icon icon=icondata::LuSlidersHorizontal />
                    {t!(i18n, shell.preferences)}
                </a>
                <div class="menu__sep" role="separator"></div>
                <form method="post" action={call_path::<SignOut>()}>
                    <Csrf />
                    <button type="submit" class="menu__item" data-testid="shell.user.signout">
                        <Icon icon=icondata::LuLogOut />
                        {t!(i18n, shell.sign_out)}
                    </button>
                </form>
            </Menu>
        }
    })
}

/// Where a signed-out visitor is sent for `path`.
#[must_use]
pub fn sign_in_path(path: &str) -> String {
    link::with_query("/signin", [("next", path)])
}
