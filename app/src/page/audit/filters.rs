//! The filters: one GET form, and chips of what is active.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use roadstead::audit::{Category, Level, Outcome, ResourceType, Source, TraceName};
use roadstead::manage::audit::AuditSuggestion;

use super::query::{Asked, By, FILTERS, Range};
use crate::audit::{resource_type, sentence, source};
use crate::call::audit::suggest_audit;
use crate::component::dialog::{use_here, use_query_pairs};
use crate::component::filter::{FilterBar, FilterChips, FilterSelect, SearchField};
use crate::component::icon::Icon;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::page::images::query::value;
use crate::text;

/// Words of the address that the form has no control for, or not at every time.
const KEPT: &[&str] = &["size"];

/// The form, and the chips under it.
#[component]
pub fn Toolbar(
    /// What the address asks for.
    asked: Asked,
) -> impl IntoView {
    let i18n = use_i18n();
    let (by, range) = (asked.by, asked.range);
    view! {
        <FilterBar
            keeps=KEPT
            counted=FILTERS
            filters=ViewFn::from(move || view! { <Controls by=by range=range /> })
            end=ViewFn::from(|| view! { <Refresh /> })
        >
            <SearchField placeholder=text!(i18n, audit.search) testid="audit.search" />
        </FilterBar>
        <FilterChips active=active(i18n, &asked) clears=FILTERS />
    }
}

#[component]
fn Refresh() -> impl IntoView {
    let i18n = use_i18n();
    let here = use_here();
    view! {
        <a
            class="btn btn--icon btn--quiet"
            href=move || here.get()
            rel="external"
            aria-label=move || t_string!(i18n, common.refresh)
            data-tip=move || t_string!(i18n, common.refresh)
            data-testid="list.refresh"
        >
            <Icon icon=icondata::LuRefreshCw />
        </a>
    }
}

fn category_words(i18n: I18n, category: Category) -> &'static str {
    match category {
        Category::Management => t_string!(i18n, audit.management),
        Category::Data => t_string!(i18n, audit.data),
    }
}

fn result_words(i18n: I18n, result: Outcome) -> &'static str {
    match result {
        Outcome::Success => t_string!(i18n, audit.success),
        Outcome::Failure => t_string!(i18n, audit.failure),
    }
}

fn range_words(i18n: I18n, range: Range) -> &'static str {
    match range {
        Range::Hour => t_string!(i18n, audit.last_hour),
        Range::Day => t_string!(i18n, audit.last_day),
        Range::Week => t_string!(i18n, audit.last_week),
        Range::Custom => t_string!(i18n, audit.custom),
    }
}

fn by_words(i18n: I18n, by: By) -> &'static str {
    match by {
        By::Name => t_string!(i18n, audit.column_name),
        By::Resource => t_string!(i18n, audit.column_resource),
        By::Id => t_string!(i18n, audit.column_id),
    }
}

#[component]
fn Controls(by: By, range: Range) -> impl IntoView {
    let i18n = use_i18n();
    let locale = i18n.get_locale();
    let categories = Category::ALL
        .iter()
        .map(|each| (each.to_string(), derive(move || category_words(i18n, *each).to_owned())))
        .collect();
    let sources = Source::ALL
        .iter()
        .map(|each| (each.to_string(), Signal::stored(source(locale, *each).to_owned())))
        .collect();
    let types = ResourceType::ALL
        .iter()
        .map(|each| {
            let words = format!("{} · {each}", resource_type(locale, *each));
            (each.to_string(), Signal::stored(words))
        })
        .collect();
    // As the reference writes them, in every language.
    let levels = Level::ALL
        .iter()
        .map(|each| (each.to_string(), Signal::stored(each.to_string())))
        .collect();
    let results = Outcome::ALL
        .iter()
        .map(|each| (each.to_string(), derive(move || result_words(i18n, *each).to_owned())))
        .collect();
    view! {
        <RangeSelect range=range />
        <FilterSelect name="category" label=text!(i18n, audit.trace_type) options=categories />
        <FilterSelect name="source" label=text!(i18n, audit.column_source) options=sources />
        <FilterSelect name="type" label=text!(i18n, audit.column_type) options=types />
        <SearchBy by=by />
        <TextFilter name="operator" label=text!(i18n, audit.column_operator) list="audit-operators" />
        <Suggestions id="audit-operators" what=AuditSuggestion::Operator />
        <FilterSelect name="level" label=text!(i18n, audit.column_level) options=levels />
        <FilterSelect name="result" label=text!(i18n, audit.result) options=results />
        <TextFilter name="ip" label=text!(i18n, audit.column_address) />
        <Box name="reads" label=text!(i18n, audit.reads) />
        <Box name=LIVE label=text!(i18n, audit.live) />
    }
}

/// A field for text; what is typed counts when the field is left or Enter is pressed.
#[component]
fn TextFilter(
    /// Name in the address.
    name: &'static str,
    /// Label, and placeholder.
    label: Signal<String>,
    /// Id of the list of suggestions.
    #[prop(default = None, into)]
    list: Option<&'static str>,
) -> impl IntoView {
    let current = use_query_map().with_untracked(|query| query.get(name).unwrap_or_default());
    view! {
        <input
            class="input input--filter"
            type="text"
            name=name
            value=current
            list=list
            maxlength="256"
            autocomplete="off"
            spellcheck="false"
            placeholder=move || label.get()
            aria-label=move || label.get()
            data-testid=format!("filter.{name}")
            data-auto=""
        />
    }
}

/// What the last events have, offered where it is typed.
#[component]
fn Suggestions(id: &'static str, what: AuditSuggestion) -> impl IntoView {
    let found = Resource::new(|| (), move |()| suggest_audit(what, String::new()));
    view! {
        <datalist id=id>
            <Transition>
                {move || Suspend::new(async move {
                    found
                        .await
                        .unwrap_or_default()
                        .into_iter()
                        .map(|text| view! { <option value=text></option> })
                        .collect_view()
                })}
            </Transition>
        </datalist>
    }
}

/// Which of three the text is, and the text. What was typed as another stays a filter, and a chip.
#[component]
fn SearchBy(by: By) -> impl IntoView {
    let i18n = use_i18n();
    let locale = i18n.get_locale();
    let kinds = By::ALL
        .map(|each| {
            let words = move || t_string!(i18n, audit.by, name = by_words(i18n, each)).to_string();
            view! { <option value=each.word() selected=each == by>{words}</option> }
        })
        .into_iter()
        .collect_view();
    let pairs = use_query_pairs().get_untracked();
    let others = By::ALL
        .into_iter()
        .filter(|each| *each != by)
        .filter_map(|each| value(&pairs, each.field()).map(|text| (each.field(), text.to_owned())))
        .map(|(name, text)| view! { <input type="hidden" name=name value=text /> })
        .collect_view();
    let list = match by {
        By::Name => {
            let names = TraceName::ALL
                .iter()
                .map(
                    |name| view! { <option value=name.as_str()>{sentence(locale, *name)}</option> },
                )
                .collect_view();
            view! { <datalist id="audit-by">{names}</datalist> }.into_any()
        }
        By::Resource => {
            view! { <Suggestions id="audit-by" what=AuditSuggestion::ResourceName /> }.into_any()
        }
        By::Id => ().into_any(),
    };
    view! {
        <select
            class="select select--btn"
            name="by"
            aria-label=move || t_string!(i18n, audit.search_by)
            data-testid="filter.by"
            data-auto=""
        >
            {kinds}
        </select>
        <TextFilter
            name=by.field()
            label=derive(move || by_words(i18n, by).to_owned())
            list=(by != By::Id).then_some("audit-by")
        />
        {others}
        {list}
    }
}

/// How far back; with "custom", from when to when.
#[component]
fn RangeSelect(range: Range) -> impl IntoView {
    let i18n = use_i18n();
    let options = Range::ALL
        .map(|each| {
            view! {
                <option value=each.word() selected=each == range>
                    {move || range_words(i18n, each)}
                </option>
            }
        })
        .into_iter()
        .collect_view();
    let times = (range == Range::Custom).then(|| {
        view! {
            <TimeField name="from" label=text!(i18n, audit.from) />
            <TimeField name="to" label=text!(i18n, audit.until) />
            // A time is typed in pieces: it counts when it is complete.
            <button type="submit" class="btn" data-testid="filter.range.apply">
                {t!(i18n, common.apply)}
            </button>
        }
    });
    view! {
        <select
            class="select select--btn"
            name="range"
            aria-label=move || t_string!(i18n, audit.time_range)
            data-testid="filter.range"
            data-auto=""
        >
            {options}
        </select>
        {times}
    }
}

#[component]
fn TimeField(name: &'static str, label: Signal<String>) -> impl IntoView {
    let current = use_query_map().with_untracked(|query| query.get(name).unwrap_or_default());
    view! {
        <label class="choice">
            <span class="small">{move || label.get()}</span>
            <input
                class="input input--time"
                type="datetime-local"
                name=name
                value=current
                data-testid=format!("filter.{name}")
            />
        </label>
    }
}

/// The word of the address that lets the list follow what happens.
pub const LIVE: &str = "live";

/// A box of the form that is on or off in the address.
#[component]
fn Box(name: &'static str, label: Signal<String>) -> impl IntoView {
    let is_on = use_query_map().with_untracked(|query| query.get(name).is_some());
    view! {
        <label class="choice small">
            <input
                type="checkbox"
                class="check"
                name=name
                value="1"
                checked=is_on
                data-testid=format!("filter.{name}")
                data-auto=""
            />
            {move || label.get()}
        </label>
    }
}

/// The chips: what restricts the list, in the order of the form.
fn active(i18n: I18n, asked: &Asked) -> Vec<(&'static str, String, String)> {
    let locale = i18n.get_locale();
    let filter = &asked.query.filter;
    let pairs = use_query_pairs().get_untracked();
    let typed = |name| value(&pairs, name).map(str::to_owned);
    let range = (asked.range != Range::Week).then(|| match (typed("from"), typed("to")) {
        (None, None) if asked.range == Range::Custom => {
            t_string!(i18n, audit.everything).to_owned()
        }
        (from, to) if asked.range == Range::Custom => {
            let shown = |time: Option<String>| time.unwrap_or_default().replace('T', " ");
            format!("{} – {}", shown(from), shown(to))
        }
        _ => range_words(i18n, asked.range).to_owned(),
    });
    let reads = typed("reads").map(|_| t_string!(i18n, common.yes).to_owned());
    [
        ("q", t_string!(i18n, common.search), typed("q")),
        ("range", t_string!(i18n, audit.time_range), range),
        (
            "category",
            t_string!(i18n, audit.trace_type),
            filter.category.map(|each| category_words(i18n, each).to_owned()),
        ),
        (
            "source",
            t_string!(i18n, audit.column_source),
            filter.source.map(|each| source(locale, each).to_owned()),
        ),
        (
            "type",
            t_string!(i18n, audit.column_type),
            filter.resource_type.map(|each| resource_type(locale, each).to_owned()),
        ),
        ("name", by_words(i18n, By::Name), typed("name")),
        ("resource", by_words(i18n, By::Resource), typed("resource")),
        ("id", by_words(i18n, By::Id), typed("id")),
        ("operator", t_string!(i18n, audit.column_operator), typed("operator")),
        ("level", t_string!(i18n, audit.column_level), filter.level.map(|each| each.to_string())),
        (
            "result",
            t_string!(i18n, audit.result),
            filter.result.map(|each| result_words(i18n, each).to_owned()),
        ),
        ("ip", t_string!(i18n, audit.column_address), typed("ip")),
        ("reads", t_string!(i18n, audit.reads), reads),
    ]
    .into_iter()
    .filter_map(|(name, label, shown)| Some((name, label.to_owned(), shown?)))
    .collect()
}
