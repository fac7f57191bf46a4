//! How a list is shown, remembered per user: its columns (a menu of checkboxes behind a gear), its order, its page size.
//! What the address says goes before what is remembered.
//!
//! Cells carry `data-col`, the table `data-hide` with the words of what is hidden; the style sheet does the rest, so that
//! the first byte is right and nothing is rendered anew. The name column cannot be hidden and is not listed.
//! To add a column: its word in [`of`], `data-col` on its cells, a rule in `style/20-product.css`.

use leptos::prelude::*;

use roadstead::page::Order;

use crate::call::account::{SaveList, save_list};
use crate::component::form::{Csrf, call_path};
use crate::component::icon::Icon;
use crate::component::menu::Menu;
use crate::component::table::parse_order;
use crate::i18n::{t, use_i18n};
use crate::text;
use crate::viewer::{Live, use_live};

/// The columns of a list that can be hidden, in their order; none for an unknown list.
#[must_use]
pub fn of(list: &str) -> &'static [&'static str] {
    match list {
        "images" => &["organization", "type", "category", "tags", "size", "pulls", "updated"],
        "tags" => &["size", "platform", "pushed", "pulled", "pull"],
        _ => &[],
    }
}

/// The hidden columns of `list` as `data-hide` has them; `always` are hidden whatever was chosen.
#[must_use]
pub fn use_hidden(list: &'static str, always: &'static str) -> Signal<String> {
    let hidden = use_live().hidden_columns;
    derive(move || {
        hidden.with(|hidden| {
            let mut words = always.to_owned();
            for column in of(list).iter().filter(|column| is_hidden(hidden, list, column)) {
                words.push(' ');
                words.push_str(column);
            }
            words
        })
    })
}

fn is_hidden(hidden: &std::collections::BTreeSet<String>, list: &str, column: &str) -> bool {
    hidden.contains(&format!("{list}.{column}"))
}

/// Saves a choice. Nobody waits for it: what fails is chosen again next time.
fn remember(
    list: &'static str,
    shown: Option<Vec<String>>,
    sort: Option<String>,
    page_size: Option<u16>,
) {
    leptos::task::spawn_local(async move {
        let is_columns = shown.is_some();
        let _ = save_list(list.to_owned(), is_columns, shown.unwrap_or_default(), sort, page_size)
            .await;
    });
}

/// The order that was chosen for `list` before: key and direction.
#[must_use]
pub fn use_sort(list: &'static str) -> Signal<Option<(String, Order)>> {
    let sorts = use_live().sorts;
    derive(move || {
        sorts.with(|sorts| {
            let (key, order) = sorts.get(list)?.split_once('.')?;
            Some((key.to_owned(), parse_order(order)?))
        })
    })
}

/// Remembers the order of a list; `None` returns to its own.
pub fn remember_sort(live: Live, list: &'static str, sort: Option<(&str, &str)>) {
    let word = sort.map(|(key, order)| format!("{key}.{order}"));
    live.sorts.update(|sorts| {
        match &word {
            Some(word) => sorts.insert(list.to_owned(), word.clone()),
            None => sorts.remove(list),
        };
    });
    remember(list, None, Some(word.unwrap_or_default()), None);
}

/// Remembers the page size of all lists.
pub fn remember_size(live: Live, size: u64) {
    live.page_size.set(size);
    remember("", None, None, u16::try_from(size).ok());
}

/// The gear. Without scripts the checkboxes are a form with a button.
#[component]
pub fn ColumnChooser(
    /// The list.
    list: &'static str,
    /// Its columns with their words, in the order of [`of`]; those without words are not offered.
    columns: Vec<(&'static str, Signal<String>)>,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let items = columns
        .into_iter()
        .map(|(column, label)| {
            let is_shown =
                move || live.hidden_columns.with(|hidden| !is_hidden(hidden, list, column));
            let on_change = move |_| {
                let key = format!("{list}.{column}");
                live.hidden_columns.update(|hidden| {
                    if !hidden.remove(&key) {
                        hidden.insert(key);
                    }
                });
                let hidden = live.hidden_columns.get_untracked();
                let shown = of(list).iter().filter(|column| !is_hidden(&hidden, list, column));
                let shown = shown.map(|column| (*column).to_owned()).collect();
                remember(list, Some(shown), None, None);
            };
            view! {
                <label class="menu__item">
                    <input
                        type="checkbox"
                        class="check"
                        name="shown[]"
                        value=column
                        checked=untrack(is_shown)
                        prop:checked=is_shown
                        data-testid=format!("columns.{column}")
                        on:change=on_change
                    />
                    <span>{move || label.get()}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <Menu
            label=text!(i18n, components.columns)
            outer="popup--end"
            has_tip=true
            testid="list.columns"
            trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuSettings2 /> })
        >
            <form method="post" action={call_path::<SaveList>()}>
                <Csrf />
                <input type="hidden" name="list" value=list />
                <input type="hidden" name="is_columns" value="true" />
                <p class="menu__caption">{t!(i18n, components.columns)}</p>
                {items}
                <button type="submit" class="btn btn--sm no-script">{t!(i18n, common.save)}</button>
            </form>
        </Menu>
    }
}

#[cfg(test)]
mod tests {
    use roadstead::manage::profile::Preferences;

    use super::of;

    #[test]
    fn what_is_hidden_at_first_exists() {
        for key in Preferences::default().hidden_columns {
            let (list, column) = key.split_once('.').unwrap_or_default();
            assert!(of(list).contains(&column), "{key}");
        }
    }
}
