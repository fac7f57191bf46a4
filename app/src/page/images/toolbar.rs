//! Search and filters of the list of images.

use leptos::prelude::*;
use roadstead::OrganizationName;
use roadstead::manage::image::Category;
use roadstead::manage::organization::{OrganizationQuery, OrganizationSort};
use roadstead::page::{Order, Window};

use super::{FILTERS, query};
use crate::call::organization::list_organizations;
use crate::component::dialog::use_query_pairs;
use crate::component::filter::{FilterBar, FilterChips, FilterSelect, SearchField};
use crate::component::icon::Icon;
use crate::component::image_table::category_words;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;

/// The toolbar and the chips below it.
#[component]
pub fn Toolbar(
    /// At the right.
    end: ViewFn,
) -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let categories = Category::ALL
        .into_iter()
        .map(|category| {
            let words = derive(move || category_words(i18n, category).to_owned());
            (category.as_str().to_owned(), words)
        })
        .collect::<Vec<_>>();
    let types = vec![
        ("public".to_owned(), text!(i18n, images.public)),
        ("private".to_owned(), text!(i18n, images.private)),
    ];
    let is_grouped = derive(move || query::is_grouped(&pairs.get()));
    let is_shared = derive(move || query::value(&pairs.get(), "shared").is_some());
    let active = derive(move || {
        let pairs = pairs.get();
        let asked = query::image_query(&pairs, 20);
        let mut active: Vec<(&'static str, String, String)> = asked
            .organizations
            .iter()
            .map(|name| ("org", t_string!(i18n, images.organization).to_owned(), name.to_string()))
            .collect();
        if let Some(category) = asked.category {
            let words = category_words(i18n, category).to_owned();
            active.push(("category", t_string!(i18n, images.category).to_owned(), words));
        }
        if let Some(is_public) = asked.is_public {
            let words = if is_public {
                t_string!(i18n, images.public)
            } else {
                t_string!(i18n, images.private)
            };
            active.push((
                "visibility",
                t_string!(i18n, images.visibility_type).to_owned(),
                words.to_owned(),
            ));
        }
        if asked.is_shared {
            let words = t_string!(i18n, images.shared_by_me).to_owned();
            active.push(("shared", String::new(), words));
        }
        active
    });
    let filters = ViewFn::from(move || {
        view! {
            <OrganizationFilter />
            <FilterSelect name="category" label=text!(i18n, images.category) options=categories.clone() />
            <FilterSelect name="visibility" label=text!(i18n, images.visibility_type) options=types.clone() />
            {check("shared", "me", text!(i18n, images.shared_by_me), is_shared)}
            {check("group", "1", text!(i18n, images.group_by_organization), is_grouped)}
        }
    });
    view! {
        <FilterBar end=end filters=filters counted=&["org", "category", "visibility", "shared", "group"]>
            <SearchField placeholder=text!(i18n, images.search) testid="images.search" />
        </FilterBar>
        <FilterChips active=active clears=FILTERS />
    }
}

/// A filter that is on or off.
fn check(
    name: &'static str,
    value: &'static str,
    label: Signal<String>,
    is_on: Signal<bool>,
) -> AnyView {
    view! {
        <label class="choice">
            <input
                type="checkbox"
                class="check"
                name=name
                value=value
                checked=is_on.get_untracked()
                prop:checked=move || is_on.get()
                data-testid=format!("filter.{name}")
                on:change=|event| crate::dom::submit_form_of(&event)
            />
            <span>{move || label.get()}</span>
        </label>
    }
    .into_any()
}

/// Several organizations at once: checkboxes in a menu, part of the toolbar's form.
#[component]
fn OrganizationFilter() -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let names = Resource::new(
        || (),
        |()| async move {
            let query = OrganizationQuery {
                search: None,
                sort: OrganizationSort::Name,
                order: Order::Asc,
                window: Window::of_page(1, 1_000),
            };
            list_organizations(query)
                .await
                .map(|page| page.map(|organization| organization.name).items)
        },
    );
    let chosen = memo(move |_| query::values::<OrganizationName>(&pairs.get(), "org"));
    let count = move || {
        let count = chosen.with(Vec::len);
        (count > 0).then(|| view! { <span class="badge badge--count">{count}</span> })
    };
    let items = move |names: Vec<OrganizationName>| {
        names
            .into_iter()
            .map(|name| {
                let own = name.clone();
                let is_chosen = move || chosen.with(|chosen| chosen.contains(&own));
                view! {
                    <label class="menu__item">
                        <input
                            type="checkbox"
                            class="check"
                            name="org"
                            value=name.to_string()
                            checked=untrack(&is_chosen)
                            prop:checked=is_chosen
                            data-testid=format!("filter.org.{name}")
                            on:change=|event| crate::dom::submit_form_of(&event)
                        />
                        <span>{name.to_string()}</span>
                    </label>
                }
            })
            .collect_view()
    };
    view! {
        <details class="popup" data-testid="filter.org">
            <summary class="btn filter">
                {t!(i18n, images.organization)} {count} <Icon icon=icondata::LuChevronDown class="icon icon--sm" />
            </summary>
            <div class="menu popup__menu popup__menu--scroll">
                <Suspense>
                    {move || Suspend::new(async move {
                        // A list that cannot be had leaves the filter empty; the list of images says what failed.
                        items(names.await.unwrap_or_default())
                    })}
                </Suspense>
            </div>
        </details>
    }
}
