//! Language and theme: two small forms that work without scripts, and without a reload once alive.

use leptos::prelude::*;
use roadstead::manage::profile::Theme;

use crate::call::account::SaveAppearance;
use crate::component::form::{Csrf, call_path};
use crate::component::icon::Icon;
use crate::component::menu::Menu;
use crate::i18n::{Locale, t, t_string, use_i18n};
use crate::text;
use crate::viewer::{THEMES, theme_word, use_live};

/// The languages with their own names, which are the same in every language.
pub const LANGUAGES: [(Locale, &str, &str); 2] =
    [(Locale::zh_CN, "zh-CN", "中文"), (Locale::en, "en", "English")];

fn word_of(i18n: crate::i18n::I18n, theme: Theme) -> &'static str {
    match theme {
        Theme::System => t_string!(i18n, common.system),
        Theme::Light => t_string!(i18n, common.light),
        Theme::Dark => t_string!(i18n, common.dark),
    }
}

const fn icon_of(theme: Theme) -> icondata::Icon {
    match theme {
        Theme::System => icondata::LuMonitor,
        Theme::Light => icondata::LuSun,
        Theme::Dark => icondata::LuMoon,
    }
}

/// Chooses the language.
#[component]
pub fn LanguageMenu(
    /// Classes of the whole.
    #[prop(default = "")]
    outer: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<SaveAppearance>::new();
    let current = move || {
        let locale = i18n.get_locale();
        LANGUAGES.iter().find(|(known, ..)| *known == locale).map_or("", |(_, _, name)| *name)
    };
    let label = derive(move || t_string!(i18n, shell.language_menu, name = current()).to_string());
    let items = LANGUAGES.map(|(locale, code, name)| {
        let on_click = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            crate::dom::set_cookie("rs_lang", code);
            i18n.set_locale(locale);
            crate::dom::close_menus(None);
            action.dispatch(SaveAppearance {
                language: Some(code.to_owned()),
                ..SaveAppearance::default()
            });
        };
        view! {
            <button
                type="submit"
                name="language"
                value=code
                lang=code
                class="menu__item"
                aria-pressed=move || (i18n.get_locale() == locale).to_string()
                data-testid=format!("shell.lang.{code}")
                on:click=on_click
            >
                <Icon icon=icondata::LuCheck class="icon menu__tick" />
                {name}
            </button>
        }
    });
    view! {
        <Menu
            label=label
            outer=outer
            has_tip=true
            testid="shell.lang"
            trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuLanguages /> })
        >
            <form method="post" action={call_path::<SaveAppearance>()}>
                <Csrf />
                {items.into_iter().collect_view()}
            </form>
        </Menu>
    }
}

/// Chooses the theme.
#[component]
pub fn ThemeMenu(
    /// Classes of the whole.
    #[prop(default = "")]
    outer: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let action = ServerAction::<SaveAppearance>::new();
    let label = derive(move || {
        t_string!(i18n, shell.theme_menu, name = word_of(i18n, live.theme.get())).to_string()
    });
    let items = THEMES.map(|theme| {
        let on_click = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            let word = theme_word(theme);
            crate::dom::set_cookie("rs_theme", word);
            crate::dom::set_root_attribute("data-theme", word);
            live.theme.set(theme);
            crate::dom::close_menus(None);
            action.dispatch(SaveAppearance {
                theme: Some(word.to_owned()),
                ..SaveAppearance::default()
            });
        };
        view! {
            <button
                type="submit"
                name="theme"
                value=theme_word(theme)
                class="menu__item"
                aria-pressed=move || (live.theme.get() == theme).to_string()
                data-testid=format!("shell.theme.{}", theme_word(theme))
                on:click=on_click
            >
                <Icon icon=icon_of(theme) />
                {move || word_of(i18n, theme)}
            </button>
        }
    });
    let trigger = ViewFn::from(move || {
        view! {
            <span class="theme-icon theme-icon--light"><Icon icon=icondata::LuSun /></span>
            <span class="theme-icon theme-icon--dark"><Icon icon=icondata::LuMoon /></span>
        }
    });
    view! {
        <Menu label=label outer=outer has_tip=true testid="shell.theme" trigger=trigger>
            <p class="menu__caption">{t!(i18n, common.theme)}</p>
            <form method="post" action={call_path::<SaveAppearance>()}>
                <Csrf />
                {items.into_iter().collect_view()}
            </form>
        </Menu>
    }
}

/// The collapse button at the foot of the navigation.
#[component]
pub fn CollapseButton() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let label = text!(i18n, shell.collapse);
    let expand = text!(i18n, shell.expand);
    let on_click = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        let collapsed = !live.is_collapsed.get_untracked();
        let word = if collapsed { "collapsed" } else { "open" };
        crate::dom::set_cookie("rs_nav", word);
        live.is_collapsed.set(collapsed);
    };
    let name = move || if live.is_collapsed.get() { expand.get() } else { label.get() };
    view! {
        <form method="post" action={call_path::<SaveAppearance>()} class="nav__collapse">
            <Csrf />
            <button
                type="submit"
                name="navigation"
                value=move || if live.is_collapsed.get() { "open" } else { "collapsed" }
                class="nav__item"
                aria-label=name
                data-testid="shell.nav.collapse"
                on:click=on_click
            >
                <Icon icon=icondata::LuPanelLeft />
                <span class="nav__label">{name}</span>
            </button>
        </form>
    }
}
