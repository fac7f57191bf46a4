//! The toolbar of a list: search and filters as one GET form, chips of what is active, Clear filters.
//!
//! Without scripts a small Apply button sends the form; alive, typing (after 250 ms) and choosing do.

use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::{use_location, use_query_map};

use crate::component::dialog::{use_changed_query, use_query_pairs};
use crate::component::icon::Icon;
use crate::component::noscroll;
use crate::component::served::is_inside;
use crate::component::show::Show;
use crate::i18n::{t, t_string, use_i18n};

/// The form. The child is a [`SearchField`], `filters` are [`FilterSelect`]s and checkboxes; `end` holds refresh and the like.
#[component]
pub fn FilterBar(
    /// Query values that the form must keep (sort, order, size).
    #[prop(default = &["sort", "order", "size"])]
    keeps: &'static [&'static str],
    /// At the right.
    #[prop(optional, into)]
    end: ViewFn,
    /// What narrow windows fold behind "Filters".
    #[prop(optional, into)]
    filters: Option<ViewFn>,
    /// The query values of those filters, to count them.
    #[prop(default = &[])]
    counted: &'static [&'static str],
    /// The search box.
    children: Children,
) -> impl IntoView {
    let i18n = use_i18n();
    let path = use_location().pathname;
    let pairs = use_query_pairs();
    let kept = move || {
        pairs
            .get()
            .into_iter()
            .filter(|(name, value)| keeps.contains(&name.as_str()) && !value.is_empty())
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect_view()
    };
    view! {
        // What stands at the end may hold forms of its own.
        <div class="toolbar" role="search">
            <Form method="GET" action=path.get_untracked() attr:class="toolbar__form" noscroll=true>
                {kept}
                {children()}
                {filters.map(|filters| view! { <Filters filters=filters counted=counted /> })}
                <button type="submit" class="btn no-script">
                    {t!(i18n, common.apply)}
                </button>
            </Form>
            <span class="toolbar__end">{end.run()}</span>
        </div>
    }
}

/// Filters, and the switch that unfolds them in narrow windows: a checkbox, so that it needs no script.
#[component]
fn Filters(filters: ViewFn, counted: &'static [&'static str]) -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let count = move || {
        let count = pairs.with(|pairs| {
            let is_active = |(name, value): &&(String, String)| {
                counted.contains(&name.as_str()) && !value.is_empty()
            };
            pairs.iter().filter(is_active).count()
        });
        (count > 0).then(|| view! { <span class="badge badge--count">{count}</span> })
    };
    view! {
        <label class="btn filter toolbar__fold">
            <input type="checkbox" class="sr-only" data-testid="filter.fold" />
            <Icon icon=icondata::LuListFilter />
            {t!(i18n, common.filters)}
            {count}
        </label>
        <span class="toolbar__filters">{filters.run()}</span>
    }
}

/// The search box. `/` focuses it, Escape empties it.
#[component]
pub fn SearchField(
    /// Says what is searched.
    #[prop(into)]
    placeholder: Signal<String>,
    /// Test hook.
    #[prop(default = "filter.search")]
    testid: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let current = move || query.with(|query| query.get("q").unwrap_or_default());
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(handle) = timer.get_value() {
            handle.clear();
        }
    };
    on_cleanup(stop);
    let cleared = use_changed_query(vec![("q", None)]);
    let node = NodeRef::<leptos::html::Input>::new();
    let submit = move || {
        if let Some(input) = node.get_untracked()
            && let Some(form) = input.form()
        {
            let _ = form.request_submit();
        }
    };
    view! {
        <span class="input-wrap toolbar__search">
            <Icon icon=icondata::LuSearch />
            <input
                class="input"
                type="search"
                name="q"
                maxlength="128"
                autocomplete="off"
                node_ref=node
                value=untrack(current)
                prop:value=current
                placeholder=move || placeholder.get()
                aria-label=move || placeholder.get()
                data-testid=testid
                data-auto=is_inside().then_some("")
                on:input=move |_| {
                    stop();
                    let wait = std::time::Duration::from_millis(250);
                    timer.set_value(set_timeout_with_handle(submit, wait).ok());
                }
                on:keydown=move |event| {
                    if event.key() == "Escape" && let Some(input) = node.get_untracked() && !input.value().is_empty() {
                        event.stop_propagation();
                        input.set_value("");
                        submit();
                    }
                }
            />
            <span class="input-wrap__end">
                <Show
                    when=move || !current().is_empty()
                    fallback=|| view! { <kbd class="kbd hide-sm needs-script" aria-hidden="true">"/"</kbd> }
                >
                    <a
                        class="copy"
                        href=move || cleared.get()
                        {..noscroll()}
                        aria-label=move || t_string!(i18n, common.clear)
                        data-testid="filter.clear"
                    >
                        <Icon icon=icondata::LuX class="icon icon--sm" />
                    </a>
                </Show>
            </span>
        </span>
    }
}

/// A filter: one of `options` (`(value, words)`), or all.
#[component]
pub fn FilterSelect(
    /// Name in the query.
    name: &'static str,
    /// Label, and the words of "all" prefixed by it.
    #[prop(into)]
    label: Signal<String>,
    /// Values and words.
    options: Vec<(String, Signal<String>)>,
) -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let current = move || query.with(|query| query.get(name).unwrap_or_default());
    let items = options
        .into_iter()
        .map(|(value, words)| {
            let own = value.clone();
            view! {
                <option value=value selected=move || current() == own>
                    {move || words.get()}
                </option>
            }
        })
        .collect_view();
    view! {
        <select
            class="select select--btn"
            name=name
            aria-label=move || label.get()
            data-testid=format!("filter.{name}")
            data-auto=is_inside().then_some("")
            on:change=|event| crate::dom::submit_form_of(&event)
        >
            <option value="" selected=move || current().is_empty()>
                {move || format!("{}: {}", label.get(), t_string!(i18n, components.all))}
            </option>
            {items}
        </select>
    }
}

/// Chips of the active filters, `(name, label, shown value)`, and Clear filters. Nothing when none is active.
#[component]
pub fn FilterChips(
    /// Active filters.
    #[prop(into)]
    active: Signal<Vec<(&'static str, String, String)>>,
    /// Every filter that Clear removes.
    clears: &'static [&'static str],
) -> impl IntoView {
    let i18n = use_i18n();
    let clear = use_changed_query(clears.iter().map(|name| (*name, None)).collect());
    let path = use_location().pathname;
    let pairs = use_query_pairs();
    let chips = move || {
        active
            .get()
            .into_iter()
            .map(|(name, label, value)| {
                let mut pairs = pairs.get();
                // One of several values of a filter leaves the others.
                let href = if pairs.iter().filter(|(other, _)| other == name).count() > 1 {
                    pairs.retain(|(other, text)| other != name || *text != value);
                    crate::link::change_query(&path.get(), &pairs, &[("page", None), ("dialog", None)])
                } else {
                    crate::link::change_query(&path.get(), &pairs, &[(name, None)])
                };
                let shown = value.clone();
                view! {
                    <span class="chip">
                        <b>{label}</b>
                        {value}
                        <a
                            class="chip__remove"
                            href={href}
                            {..noscroll()}
                            aria-label=move || {
                                t_string!(i18n, components.remove_filter, name = shown.as_str()).to_string()
                            }
                            data-testid=format!("filter.{name}.remove")
                        >
                            <Icon icon=icondata::LuX class="icon icon--xs" />
                        </a>
                    </span>
                }
            })
            .collect_view()
    };
    view! {
        <Show when=move || active.with(|active| !active.is_empty())>
            <div class="filter-chips" data-testid="filter.chips">
                {chips}
                <a class="small" href=move || clear.get() {..noscroll()} data-testid="filter.clear_all">
                    {t!(i18n, common.clear_filters)}
                </a>
            </div>
        </Show>
    }
}
