//! The tags of an image (`console.md` A.6.1): one list request per page, never one per tag.
//!
//! After a change the whole image loads again, and with it this tab; its own data only follows the address.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use roadstead::ImageName;
use roadstead::access::Permission;
use roadstead::manage::image::Image;
use roadstead::manage::tag::{Tag, TagQuery};
use roadstead::page::{Page, Window};

use crate::call::tag::{list_tags, tag_platforms};
use crate::component::dialog::use_query_pairs;
use crate::component::empty::{Art, EmptyState};
use crate::component::filter::{FilterBar, FilterChips, FilterSelect, SearchField};
use crate::component::listing::{ColumnChooser, use_sort};
use crate::component::load::Load;
use crate::component::selection::Selection;
use crate::component::table::{NoMatch, RefreshButton, SkeletonTable};
use crate::component::tag_table::{TagTable, Unfolded, tag_columns};
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_live;

pub mod batch;
#[cfg(feature = "ssr")]
pub mod containerd;
#[cfg(feature = "ssr")]
pub mod delete;
pub mod empty;
pub mod query;

use batch::TagBatch;

/// The filters that Clear removes.
const FILTERS: &[&str] = &["q", "platform", "untagged"];

/// The tab.
#[component]
pub fn TagsTab(
    /// The image.
    image: Image,
    /// Moves with what others do to it.
    news: Memo<u32>,
) -> impl IntoView {
    let live = use_live();
    let pairs = use_query_pairs();
    let sort = use_sort("tags");
    let asked = memo(move |_| query::tag_query_of(&pairs.get(), live.page_size.get(), sort.get()));
    let tags = {
        let name = image.name.clone();
        Resource::new(
            move || (name.clone(), asked.get(), news.get()),
            |(name, asked, _)| async move { list_tags(name, asked).await },
        )
    };
    let platforms = {
        let name = image.name.clone();
        Resource::new(move || name.clone(), |name| async move { tag_platforms(name).await })
    };
    let selection: Selection = RwSignal::new(BTreeSet::new());
    let opened = use_query_map().with_untracked(|query| query.get_all("open").unwrap_or_default());
    let unfolded: Unfolded = RwSignal::new(opened.into_iter().collect());
    Effect::new(move |before: Option<TagQuery>| {
        let now = asked.get();
        if before.is_some_and(|before| !same_filters(&before, &now)) {
            selection.set(BTreeSet::new());
        }
        now
    });
    let may_delete = image.rights.permission.includes(Permission::Manage);
    let refresh = Callback::new(move |()| tags.refetch());
    let shown = move |tags: Page<Tag>| {
        let asked = asked.get_untracked();
        match (tags.total, query::is_filtered(&asked), asked.untagged) {
            (0, true, _) => view! {
                <div class="table-card">
                    <NoMatch clears=FILTERS />
                </div>
            }
            .into_any(),
            (0, false, true) => view! { <NoUntagged /> }.into_any(),
            (0, false, false) => view! { <empty::NoTags image=image.clone() /> }.into_any(),
            _ => view! {
                <TagTable
                    image=image.clone()
                    tags=tags
                    selection=selection
                    unfolded=unfolded
                    on_all=choose_all(image.name.clone(), asked.clone(), selection)
                    search=asked.search
                />
                {may_delete.then(|| view! { <TagBatch selection=selection /> })}
            }
            .into_any(),
        }
    };
    view! {
        // Outside of what loads again, so that typing in the search box goes on while the list changes.
        <Toolbar platforms=platforms refresh=refresh />
        <Load
            resource=tags
            is_part=true
            fallback=move || view! { <SkeletonTable rows=10 columns=6 /> }
            view=shown
        />
    }
}

/// Chooses every tag that the list asks for, as far as one deletion goes.
fn choose_all(image: ImageName, asked: TagQuery, selection: Selection) -> Callback<()> {
    Callback::new(move |()| {
        let window = Window { offset: 0, limit: query::DELETE_LIMIT as u64 };
        let (image, asked) = (image.clone(), TagQuery { window, ..asked.clone() });
        leptos::task::spawn_local(async move {
            // A list that cannot be had chooses nothing more.
            if let Ok(page) = list_tags(image, asked).await {
                let names = page.items.into_iter().filter_map(|tag| tag.name);
                selection.set(names.map(|name| name.to_string()).collect());
            }
        });
    })
}

fn same_filters(one: &TagQuery, other: &TagQuery) -> bool {
    one.search == other.search && one.platform == other.platform && one.untagged == other.untagged
}

#[component]
fn NoUntagged() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="table-card">
            <EmptyState art=Art::Nothing title=text!(i18n, images.empty_untagged) is_small=true testid="tags.no_untagged" />
        </div>
    }
}

#[component]
fn Toolbar(
    platforms: Resource<Result<Vec<String>, ConsoleError>>,
    refresh: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let active = derive(move || {
        let asked = query::tag_query(&pairs.get(), 20);
        asked
            .platform
            .map(|platform| ("platform", t_string!(i18n, images.platform).to_owned(), platform))
            .into_iter()
            .collect::<Vec<_>>()
    });
    let is_untagged = move || query::tag_query(&pairs.get(), 20).untagged;
    let end = ViewFn::from(move || {
        view! {
            <ColumnChooser list="tags" columns=tag_columns() />
            <RefreshButton on_refresh=refresh />
        }
    });
    let filters = ViewFn::from(move || {
        view! {
            <Suspense>
                {move || Suspend::new(async move {
                    // Without the platforms the filter is not offered; the list itself says what failed.
                    let options: Vec<(String, Signal<String>)> = platforms
                        .await
                        .unwrap_or_default()
                        .into_iter()
                        .map(|platform| (platform.clone(), Signal::stored(platform)))
                        .collect();
                    (!options.is_empty())
                        .then(|| {
                            view! { <FilterSelect name="platform" label=text!(i18n, images.platform) options=options /> }
                        })
                })}
            </Suspense>
            <label class="choice">
                <input
                    type="checkbox"
                    class="check"
                    name="untagged"
                    value="1"
                    checked=untrack(is_untagged)
                    prop:checked=is_untagged
                    data-testid="filter.untagged"
                    on:change=|event| crate::dom::submit_form_of(&event)
                />
                <span>{t!(i18n, images.show_untagged)}</span>
            </label>
        }
    });
    view! {
        <FilterBar end=end filters=filters counted=&["platform", "untagged"]>
            <SearchField placeholder=text!(i18n, images.search_tags) testid="tags.search" />
        </FilterBar>
        <FilterChips active=active clears=FILTERS />
    }
}
