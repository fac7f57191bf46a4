//! Pages of a list: links and one small GET form, so that they work without scripts.

use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_location;
use roadstead::page::Window;

use crate::call::account::SaveList;
use crate::component::dialog::{use_changed_query, use_query_pairs};
use crate::component::form::call_path;
use crate::component::icon::Icon;
use crate::component::listing::remember_size;
use crate::component::noscroll;
use crate::component::served::is_inside;
use crate::format::grouped;
use crate::i18n::{t, t_string, use_i18n};
use crate::link::change_query;
use crate::viewer::use_live;

/// Sizes of a page to choose from.
pub const PAGE_SIZES: [u64; 4] = [10, 20, 50, 100];

/// The numbers to show for page `current` of `last`: first, last, and two around the current; `None` is a gap.
#[must_use]
pub fn page_numbers(current: u64, last: u64) -> Vec<Option<u64>> {
    let mut shown: Vec<Option<u64>> = Vec::new();
    let mut before = 0;
    for page in 1..=last.min(10_000) {
        let is_near = page == 1 || page == last || page.abs_diff(current) <= 2;
        if !is_near {
            continue;
        }
        match page - before {
            1 => {}
            2 => shown.push(Some(page - 1)),
            _ => shown.push(None),
        }
        shown.push(Some(page));
        before = page;
    }
    shown
}

/// The footer of a list.
#[component]
pub fn Pagination(
    /// Rows of the whole list.
    total: u64,
    /// Which rows are shown.
    window: Window,
) -> impl IntoView {
    let i18n = use_i18n();
    let size = window.limit.max(1);
    let last = total.div_ceil(size).max(1);
    let current = window.page().clamp(1, last);
    let path = use_location().pathname;
    let pairs = use_query_pairs();
    let to_page = move |page: u64| {
        let text = page.to_string();
        let value = (page > 1).then_some(text.as_str());
        change_query(&path.get_untracked(), &pairs.get_untracked(), &[("page", value)])
    };
    let numbers = page_numbers(current, last)
        .into_iter()
        .map(|page| match page {
            Some(page) => view! {
                <a
                    class="pager__page"
                    href=to_page(page)
                    aria-current=(page == current).then_some("page")
                    aria-label=move || t_string!(i18n, components.page_n, n = page).to_string()
                    data-testid=format!("pager.{page}")
                >
                    {page}
                </a>
            }
            .into_any(),
            None => view! { <span class="pager__page" aria-hidden="true">"…"</span> }.into_any(),
        })
        .collect_view();
    let step = |page: Option<u64>,
                icon: &'static str,
                name: Signal<String>,
                testid: &'static str| {
        match page {
        Some(page) => view! {
            <a class="pager__page" href=to_page(page) aria-label=move || name.get() data-testid=testid>
                <Icon icon=icondata::LuChevronRight class=icon />
            </a>
        }
        .into_any(),
        None => view! {
            <span class="pager__page" role="link" aria-disabled="true" aria-label=move || name.get()>
                <Icon icon=icondata::LuChevronRight class=icon />
            </span>
        }
        .into_any(),
    }
    };
    let previous = step(
        (current > 1).then(|| current - 1),
        "icon icon--sm flip",
        crate::text!(i18n, common.previous),
        "pager.previous",
    );
    let next = step(
        (current < last).then(|| current + 1),
        "icon icon--sm",
        crate::text!(i18n, common.next),
        "pager.next",
    );
    view! {
        <nav class="pager" aria-label=move || t_string!(i18n, components.pagination) data-testid="pager">
            <span data-testid="pager.total">{t!(i18n, components.total, n = move || grouped(total))}</span>
            <SizeLinks size=size />
            <span class="pager__pages">{previous} {numbers} {next}</span>
            {(last > 7).then(|| view! { <GoTo last=last /> })}
        </nav>
    }
}

/// The footer of a list that is only known step by step: older rows by what they come after, and the way back.
#[component]
pub fn StepPagination(
    /// Rows of a page.
    size: u64,
    /// What there is to say about this page.
    #[prop(into)]
    note: Signal<String>,
    /// The address of the page before.
    newer: Option<Signal<String>>,
    /// Its words.
    #[prop(into)]
    newer_words: Signal<String>,
    /// The address of the page after.
    older: Option<Signal<String>>,
    /// Its words.
    #[prop(into)]
    older_words: Signal<String>,
) -> impl IntoView {
    let i18n = use_i18n();
    let step = |href: Option<Signal<String>>, words: Signal<String>, testid: &'static str| {
        let is_missing = href.is_none();
        view! {
            <a
                class="btn btn--sm"
                href=move || href.map(|href| href.get())
                role=is_missing.then_some("link")
                aria-disabled=is_missing.then_some("true")
                data-testid=testid
            >
                {move || words.get()}
            </a>
        }
    };
    view! {
        <nav class="pager" aria-label=move || t_string!(i18n, components.pagination) data-testid="pager">
            <span data-testid="pager.note">{move || note.get()}</span>
            <SizeLinks size=size />
            <span class="pager__pages">
                <span class="row">
                    {step(newer, newer_words, "pager.newer")} {step(older, older_words, "pager.older")}
                </span>
            </span>
        </nav>
    }
}

#[component]
fn SizeLinks(size: u64) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let items = PAGE_SIZES
        .map(|choice| {
            let href = use_changed_query(vec![("size", Some(choice.to_string()))]);
            view! {
                <a
                    class="menu__item"
                    href=move || href.get()
                    {..noscroll()}
                    aria-current=(choice == size).then_some("true")
                    data-testid=format!("pager.size.{choice}")
                    data-send=is_inside().then(|| format!("list=&is_columns=false&page_size={choice}"))
                    data-to=is_inside().then(call_path::<SaveList>)
                    on:click=move |_| {
                        crate::dom::close_menus(None);
                        remember_size(live, choice);
                    }
                >
                    {t!(i18n, components.per_page, n = move || choice)}
                </a>
            }
        })
        .into_iter()
        .collect_view();
    view! {
        <details class="popup popup--up" data-testid="pager.size">
            <summary class="btn btn--sm filter" aria-label=move || t_string!(i18n, components.rows_per_page)>
                {t!(i18n, components.per_page, n = move || size)}
                <Icon icon=icondata::LuChevronDown class="icon icon--sm" />
            </summary>
            <div class="menu popup__menu">{items}</div>
        </details>
    }
}

#[component]
fn GoTo(last: u64) -> impl IntoView {
    let i18n = use_i18n();
    let path = use_location().pathname;
    let kept = use_query_pairs()
        .get_untracked()
        .into_iter()
        .filter(|(name, _)| {
            !matches!(name.as_str(), "page" | "dialog" | "item" | "__err" | "__path")
        })
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    view! {
        <Form method="GET" action=path.get_untracked() attr:class="pager__goto" noscroll=true>
            {kept}
            <label class="pager__goto">
                {t!(i18n, components.go_to)} <input class="input" name="page" type="number" min="1" max=last data-testid="pager.goto" />
            </label>
        </Form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_the_ends_and_the_neighbours() {
        let of = |current, last| page_numbers(current, last);
        assert_eq!(of(1, 1), [Some(1)]);
        assert_eq!(of(1, 7), [Some(1), Some(2), Some(3), None, Some(7)]);
        assert_eq!(of(4, 7), [1, 2, 3, 4, 5, 6, 7].map(Some).to_vec());
        assert_eq!(
            of(5, 20),
            [Some(1), Some(2), Some(3), Some(4), Some(5), Some(6), Some(7), None, Some(20)]
        );
        assert_eq!(
            of(10, 20),
            [Some(1), None, Some(8), Some(9), Some(10), Some(11), Some(12), None, Some(20)]
        );
    }
}
