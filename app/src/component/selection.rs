//! What of a list is chosen for a batch action: the checkbox of the page, those of the rows, and the offer to choose all
//! results. One piece for every list: what is chosen is named as the address carries it.

use std::collections::BTreeSet;

use leptos::prelude::*;

use crate::component::show::Show;
use crate::i18n::{t, t_string, use_i18n};

/// Names of what is chosen.
pub type Selection = RwSignal<BTreeSet<String>>;

/// Whether `name` is chosen.
#[must_use]
pub fn use_selected(selection: Selection, name: String) -> Memo<bool> {
    memo(move |_| selection.with(|chosen| chosen.contains(&name)))
}

fn choose(selection: Selection, names: &[String], is_on: bool) {
    selection.update(|chosen| {
        for name in names {
            if is_on {
                chosen.insert(name.clone());
            } else {
                chosen.remove(name);
            }
        }
    });
}

fn count_of(selection: Selection, names: StoredValue<Vec<String>>) -> usize {
    names.with_value(|names| {
        selection.with(|chosen| names.iter().filter(|name| chosen.contains(*name)).count())
    })
}

/// The head cell that chooses every row of the page.
#[component]
pub fn SelectPage(
    /// The rows that may be chosen.
    names: Vec<String>,
    /// What is chosen.
    selection: Selection,
    /// Test hook.
    testid: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let all = names.len();
    let names = StoredValue::new(names);
    let chosen = memo(move |_| count_of(selection, names));
    view! {
        <th scope="col" role="columnheader" class="t-check">
            <input
                type="checkbox"
                class="check needs-script"
                aria-label=move || t_string!(i18n, components.select_page)
                prop:checked=move || chosen.get() == all
                prop:indeterminate=move || { chosen.get() > 0 && chosen.get() < all }
                data-testid=testid
                on:change=move |event| {
                    let is_on = event_target_checked(&event);
                    names.with_value(|names| choose(selection, names, is_on));
                }
            />
        </th>
    }
}

/// The cell of a row that chooses it; without a name it is empty. Without scripts the checkbox belongs to `form`.
#[component]
pub fn SelectRow(
    /// The row, if it may be chosen.
    name: Option<String>,
    /// What is chosen.
    selection: Selection,
    /// This row is chosen.
    is_selected: Memo<bool>,
    /// Id of the form that stands in for the bar.
    form: &'static str,
    /// Test hook.
    testid: String,
) -> impl IntoView {
    let i18n = use_i18n();
    let check = name.map(|name| {
        let (label, own) = (name.clone(), name.clone());
        view! {
            <input
                type="checkbox"
                class="check"
                name="item"
                value=name
                form=form
                aria-label=move || t_string!(i18n, components.select_row, name = label.as_str()).to_string()
                prop:checked=move || is_selected.get()
                data-testid=testid
                on:change=move |event| {
                    choose(selection, std::slice::from_ref(&own), event_target_checked(&event));
                }
            />
        }
    });
    view! { <td role="cell" class="t-check m-check">{check}</td> }
}

/// Once the page is chosen and the list goes on: offers all results, up to what a batch action takes.
#[component]
pub fn SelectAll(
    /// The rows of the page that may be chosen.
    names: Vec<String>,
    /// Rows of the whole list.
    total: u64,
    /// Most rows of a batch action.
    limit: u64,
    /// What is chosen.
    selection: Selection,
    /// Chooses all results.
    on_all: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let page = names.len();
    let names = StoredValue::new(names);
    let is_offered = memo(move |_| {
        let is_page = page > 0 && count_of(selection, names) == page;
        let count = selection.with(BTreeSet::len) as u64;
        is_page && total > page as u64 && total <= limit && count < total
    });
    view! {
        <Show when=move || is_offered.get()>
            <div class="table-strip" role="status" data-testid="list.select_all">
                {t!(i18n, components.page_selected, n = move || page)}
                <button type="button" class="btn btn--link btn--sm" on:click=move |_| on_all.run(())>
                    {t!(i18n, components.select_all, n = move || total)}
                </button>
            </div>
        </Show>
    }
}
