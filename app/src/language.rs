//! Words of the viewer's language, as one type.
//!
//! [`t!`](crate::t) and [`text!`](crate::text) shadow the macros of the translation library for words without
//! placeholders: every use is then the same function type, which keeps the WebAssembly small. With placeholders they are
//! the library's own.

use leptos::prelude::*;
use leptos_i18n::I18nContext;

use crate::i18n::Locale;

/// A word that follows the language, for a view.
pub fn said(
    i18n: I18nContext<Locale>,
    word: fn(Locale) -> &'static str,
) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
    move || word(i18n.get_locale())
}

/// A word that follows the language, for a property.
#[must_use]
pub fn said_signal(i18n: I18nContext<Locale>, word: fn(Locale) -> &'static str) -> Signal<String> {
    Signal::derive(move || word(i18n.get_locale()).to_owned())
}

/// A word in a view: `{t!(i18n, common.save)}`, or with placeholders `{t!(i18n, components.total, n = move || n)}`.
#[macro_export]
macro_rules! t {
    ($i18n:expr, $namespace:ident . $key:ident $(,)?) => {
        $crate::language::said($i18n, |locale| ::leptos_i18n::td_string!(locale, $namespace.$key))
    };
    ($i18n:expr, $($rest:tt)*) => {
        ::leptos_i18n::t!($i18n, $($rest)*)
    };
}

/// A word as `Signal<String>`: `text!(i18n, images.title)`.
#[macro_export]
macro_rules! text {
    ($i18n:expr, $namespace:ident . $key:ident $(,)?) => {
        $crate::language::said_signal($i18n, |locale| ::leptos_i18n::td_string!(locale, $namespace.$key))
    };
    ($i18n:expr, $($rest:tt)*) => {{
        let i18n = $i18n;
        leptos::prelude::Signal::derive(move || ::leptos_i18n::t_string!(i18n, $($rest)*).to_string())
    }};
}
