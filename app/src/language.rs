//! Words of the viewer's language, as one type.
//!
//! [`t!`](crate::t) and [`text!`](crate::text) shadow the macros of the translation library for words without
//! placeholders: every use is then the same function type, which keeps the WebAssembly small. With placeholders they are
//! the library's own.

use leptos::prelude::*;

use crate::i18n::Locale;

/// The language of the page. A copy is the same one.
#[derive(Debug, Clone, Copy)]
pub struct I18n {
    locale: RwSignal<Locale>,
}

impl I18n {
    /// The language; what reads it follows it.
    #[must_use]
    pub fn get_locale(self) -> Locale {
        self.locale.get()
    }

    /// Switches the language in place.
    pub fn set_locale(self, locale: Locale) {
        self.locale.set(locale);
    }
}

/// The name of a language in HTML and in cookies.
#[must_use]
pub const fn code(locale: Locale) -> &'static str {
    match locale {
        Locale::en => "en",
        Locale::zh_CN => "zh-CN",
    }
}

/// Gives the page its language.
pub fn provide_i18n(language: &str) -> I18n {
    let locale = if language == code(Locale::zh_CN) { Locale::zh_CN } else { Locale::en };
    let i18n = I18n { locale: RwSignal::new(locale) };
    provide_context(i18n);
    i18n
}

/// The language of the page.
#[must_use]
#[inline(never)]
pub fn use_i18n() -> I18n {
    use_context::<I18n>().unwrap_or_else(|| provide_i18n(""))
}

/// A word that follows the language, for a view.
pub fn said(
    i18n: I18n,
    word: fn(Locale) -> &'static str,
) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
    move || word(i18n.get_locale())
}

/// A word that follows the language, for a property.
#[must_use]
pub fn said_signal(i18n: I18n, word: fn(Locale) -> &'static str) -> Signal<String> {
    derive(move || word(i18n.get_locale()).to_owned())
}

/// A word now: `t_string!(i18n, common.save)`, with placeholders `t_string!(i18n, components.total, n = n).to_string()`.
#[macro_export]
macro_rules! t_string {
    ($i18n:expr, $($rest:tt)*) => {
        ::leptos_i18n::td_string!($i18n.get_locale(), $($rest)*)
    };
}

/// A word in a view: `{t!(i18n, common.save)}`, with placeholders `{t!(i18n, components.total, n = move || n)}`; with
/// elements in it see [`marked`](crate::language::marked).
#[macro_export]
macro_rules! t {
    ($i18n:expr, $namespace:ident . $key:ident $(,)?) => {
        $crate::language::said($i18n, |locale| ::leptos_i18n::td_string!(locale, $namespace.$key))
    };
    ($i18n:expr, $namespace:ident . $key:ident, $($name:ident = $value:expr),+ $(,)?) => {{
        let i18n = $i18n;
        $(let $name = $value;)+
        move || ::leptos_i18n::td_string!(i18n.get_locale(), $namespace.$key, $($name = $name()),+).to_string()
    }};
}

/// Marks of the elements in a sentence: `td_string!(locale, overview.run_hint, <code> = FIRST)`.
pub const FIRST: &str = "\u{1}";
/// The mark of the second.
pub const SECOND: &str = "\u{2}";

/// A sentence with elements in it. `element` makes one of its mark and its text.
///
/// The library would make a type of every such sentence; each is some kilobytes of WebAssembly.
#[must_use]
pub fn marked(sentence: &str, element: &dyn Fn(&str, String) -> AnyView) -> AnyView {
    let mut pieces = Vec::new();
    let mut rest = sentence;
    while let Some((before, mark, inside, after)) = next_element(rest) {
        pieces.push(before.to_owned().into_any());
        pieces.push(element(mark, inside.to_owned()));
        rest = after;
    }
    pieces.push(rest.to_owned().into_any());
    pieces.into_any()
}

fn next_element(text: &str) -> Option<(&str, &str, &str, &str)> {
    let at = text.find(['\u{1}', '\u{2}'])?;
    let mark = text.get(at..=at)?;
    let before = text.get(..at)?.strip_suffix('<')?;
    let rest = text.get(at..)?.strip_prefix(mark)?.strip_prefix('>')?;
    let (inside, after) = rest.split_once(&format!("</{mark}>"))?;
    Some((before, mark, inside, after))
}

/// A sentence with code in it, that follows the language.
#[must_use]
pub fn coded(i18n: I18n, sentence: fn(Locale) -> String) -> AnyView {
    (move || marked(&sentence(i18n.get_locale()), &|_, text| view! { <code>{text}</code> }))
        .into_any()
}

/// A word as `Signal<String>`: `text!(i18n, images.title)`.
#[macro_export]
macro_rules! text {
    ($i18n:expr, $namespace:ident . $key:ident $(,)?) => {
        $crate::language::said_signal($i18n, |locale| ::leptos_i18n::td_string!(locale, $namespace.$key))
    };
    ($i18n:expr, $($rest:tt)*) => {{
        let i18n = $i18n;
        leptos::prelude::derive(move || ::leptos_i18n::td_string!(i18n.get_locale(), $($rest)*).to_string())
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_their_marks_alone() {
        assert_eq!(next_element("a <\u{2}>b</\u{2}> c"), Some(("a ", SECOND, "b", " c")));
        assert_eq!(next_element("a <b> c"), None);
    }
}
