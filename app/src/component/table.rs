//! Pieces of tables: card, sortable heads, skeleton rows, the row that stands for none. Rows are written by their page.
//!
//! State of a list is its query string: `sort`, `order`, `page`, `size`, `q` and the filters.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use roadstead::Timestamp;
use roadstead::page::{Order, Window};

use crate::component::dialog::use_query_pairs;
use crate::component::empty::{Art, EmptyState};
use crate::component::follow::use_news;
use crate::component::icon::Icon;
use crate::component::listing::{remember_sort, use_sort};
use crate::component::noscroll;
use crate::component::pagination::Pagination;
use crate::i18n::{t, t_string, use_i18n};
use crate::link::change_query;
use crate::viewer::use_live;

/// The card around a table and its footer.
#[component]
pub fn TableCard(
    /// Table and [`Pagination`](crate::component::pagination::Pagination).
    children: Children,
) -> impl IntoView {
    view! { <div class="table-card">{children()}</div> }
}

/// A head cell that only names its column.
#[component]
pub fn HeadCell(
    /// Words.
    #[prop(into)]
    label: Signal<String>,
    /// Classes of the cell: `t-num`, `t-min`, `p-3`…
    #[prop(default = "")]
    class: &'static str,
) -> impl IntoView {
    view! { <th scope="col" role="columnheader" class=class>{move || label.get()}</th> }
}

/// The table of a list in its card: head, rows, and the way to its other pages.
#[component]
pub fn ListTable(
    /// What it lists.
    #[prop(into)]
    label: Signal<String>,
    /// Cells of its head: [`HeadCell`], [`SortHeader`].
    head: AnyView,
    /// How many rows there are in all, and which of them these are; `None` when these are all.
    #[prop(optional_no_strip)]
    pages: Option<(u64, Window)>,
    /// Test hook.
    testid: &'static str,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let pages = pages.map(|(total, window)| view! { <Pagination total=total window=window /> });
    view! {
        <TableCard>
            <table
                class="table table--cards table--fit"
                role="table"
                aria-label=move || label.get()
                data-testid=testid
            >
                <thead role="rowgroup">
                    <tr role="row">{head}</tr>
                </thead>
                <tbody role="rowgroup">{children()}</tbody>
            </table>
            {pages}
        </TableCard>
    }
}

/// A head that sorts: a link, with `aria-sort`. A first click sorts by it, a second turns the order, a third returns to
/// the default of the list.
#[component]
pub fn SortHeader(
    /// Value of `sort` in the query.
    key: &'static str,
    /// Words.
    #[prop(into)]
    label: Signal<String>,
    /// Value of `sort` when the query has none.
    default_key: &'static str,
    /// Order when the query has none.
    #[prop(default = Order::Desc)]
    default_order: Order,
    /// Order at the first click.
    #[prop(default = Order::Desc)]
    first: Order,
    /// Classes of the cell: `t-num`, `t-min`, `p-3`…
    #[prop(default = "")]
    class: &'static str,
    /// The list whose order is remembered; empty remembers none.
    #[prop(default = "")]
    list: &'static str,
    /// Column, as the list's chooser names it.
    #[prop(default = "")]
    column: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let remembered = use_sort(list);
    let query = use_query_map();
    let path = use_location().pathname;
    let pairs = use_query_pairs();
    let state = memo(move |_| {
        query.with(|query| {
            let sort = query.get("sort").filter(|sort| !sort.is_empty());
            let order =
                query.get("order").and_then(|order| parse_order(&order)).unwrap_or(default_order);
            match (sort, remembered.get()) {
                (Some(sort), _) => (sort == key).then_some(order),
                (None, Some((sort, order))) => (sort == key).then_some(order),
                (None, None) => (default_key == key).then_some(order),
            }
        })
    });
    let next = move || {
        let next = match state.get() {
            None => Some((key, order_word(first))),
            Some(order) if order == first => Some((key, order_word(opposite(first)))),
            Some(_) => None,
        };
        // The default order of the default key needs no words in the address.
        next.filter(|next| *next != (default_key, order_word(default_order)))
    };
    let href = move || {
        let next = next().or_else(|| {
            // Something else is remembered: without scripts only words in the address go before it.
            remembered.get().map(|_| (default_key, order_word(default_order)))
        });
        let (sort, order) = (next.map(|next| next.0), next.map(|next| next.1));
        change_query(&path.get(), &pairs.get(), &[("sort", sort), ("order", order)])
    };
    let aria = move || match state.get() {
        Some(Order::Asc) => "ascending",
        Some(Order::Desc) => "descending",
        None => "none",
    };
    let icon = move || {
        let icon = if state.get() == Some(Order::Asc) {
            icondata::LuArrowUp
        } else {
            icondata::LuArrowDown
        };
        view! { <Icon icon=icon class="icon icon--xs" /> }
    };
    view! {
        <th scope="col" role="columnheader" class=class aria-sort=aria data-col=column>
            <a
                class="sort"
                href={href}
                {..noscroll()}
                title=move || t_string!(i18n, components.sort_by, name = label.get()).to_string()
                data-testid=format!("sort.{key}")
                on:click=move |_| {
                    if !list.is_empty() {
                        remember_sort(live, list, untrack(next));
                    }
                }
            >
                {move || label.get()}
                {icon}
            </a>
        </th>
    }
}

const fn order_word(order: Order) -> &'static str {
    match order {
        Order::Asc => "asc",
        Order::Desc => "desc",
    }
}

const fn opposite(order: Order) -> Order {
    match order {
        Order::Asc => Order::Desc,
        Order::Desc => Order::Asc,
    }
}

/// Reads `asc` or `desc`.
#[must_use]
pub fn parse_order(text: &str) -> Option<Order> {
    match text {
        "asc" => Some(Order::Asc),
        "desc" => Some(Order::Desc),
        _ => None,
    }
}

/// A whole table of skeleton rows, for client navigation.
#[component]
pub fn SkeletonTable(
    /// Rows, usually the page size.
    #[prop(default = 10)]
    rows: usize,
    /// Columns.
    #[prop(default = 5)]
    columns: usize,
) -> impl IntoView {
    let i18n = use_i18n();
    let row = move |_| {
        let cells = (0..columns)
            .map(|column| {
                let class = match column {
                    0 => "skeleton skeleton--w4",
                    1 => "skeleton skeleton--w1",
                    _ => "skeleton skeleton--w2",
                };
                view! { <td><span class=class></span></td> }
            })
            .collect_view();
        view! { <tr>{cells}</tr> }
    };
    view! {
        <div class="table-card skeleton-late">
            <table class="table" aria-busy="true" aria-label=move || t_string!(i18n, common.loading)>
                <tbody>{(0..rows).map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// In place of rows when filters match nothing.
#[component]
pub fn NoMatch(
    /// The filters that Clear removes, `q` among them.
    clears: &'static [&'static str],
) -> impl IntoView {
    let i18n = use_i18n();
    let clear = crate::component::dialog::use_changed_query(
        clears.iter().map(|name| (*name, None)).collect(),
    );
    view! {
        <EmptyState art=Art::Nothing title=crate::text!(i18n, common.no_match) is_small=true testid="nomatch">
            <a class="btn" href=move || clear.get() {..noscroll()} data-testid="nomatch.clear">
                {t!(i18n, common.clear_filters)}
            </a>
        </EmptyState>
    }
}

/// Loads the list again.
#[component]
pub fn RefreshButton(
    /// Loads.
    #[prop(into)]
    on_refresh: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let loaded = RwSignal::new(None::<Timestamp>);
    // The lists load again with every change that the page hears of.
    let (news, changes) = (use_news(), live.changes);
    Effect::new(move |_| {
        news.track();
        changes.track();
        loaded.set(crate::dom::now());
    });
    let tip = move || match loaded.get() {
        Some(at) => {
            let time = crate::format::absolute_local(at, live.offset_minutes.get());
            t_string!(i18n, components.refresh_at, time = time.as_str()).to_string()
        }
        None => t_string!(i18n, common.refresh).to_owned(),
    };
    view! {
        <button
            type="button"
            class="btn btn--icon btn--quiet needs-script"
            aria-label=move || t_string!(i18n, common.refresh)
            data-tip=tip
            data-testid="list.refresh"
            on:click=move |_| {
                on_refresh.run(());
                loaded.set(crate::dom::now());
            }
        >
            <Icon icon=icondata::LuRefreshCw />
        </button>
    }
}
