//! `/organizations/{organization}`: its head, and below it its images or its users.

#[cfg(feature = "ssr")]
pub mod head;

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use roadstead::OrganizationName;
use roadstead::manage::image::Image;
use roadstead::page::Page;

use crate::call::image::list_images;
use crate::component::dialog::use_query_pairs;
use crate::component::filter::{FilterBar, SearchField};
use crate::component::follow::use_news;
use crate::component::image_table::{ImageTable, image_columns};
use crate::component::listing::{ColumnChooser, use_sort};
use crate::component::load::Load;
use crate::component::page_header::PageTitle;
use crate::component::selection::Selection;
use crate::component::show::Show;
use crate::component::table::{NoMatch, SkeletonTable};
use crate::i18n::use_i18n;
use crate::page::images::batch::ImageBatch;
#[cfg(feature = "ssr")]
use crate::page::images::dialogs::ImageListDialogs;
use crate::page::images::{choose_all, query};
use crate::viewer::use_live;
use crate::{served, served_dialogs, text};

/// The tabs that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OrganizationTab {
    Images,
    Users,
    Settings,
}

impl OrganizationTab {
    /// Reads the word in the address; none is the first tab.
    fn parse(word: Option<&str>) -> Option<Self> {
        match word {
            None | Some("" | "images") => Some(Self::Images),
            Some("users") => Some(Self::Users),
            Some("settings") => Some(Self::Settings),
            Some(_) => None,
        }
    }
}

/// `/organizations/{organization}`.
#[component]
pub fn OrganizationDetailPage() -> impl IntoView {
    let i18n = use_i18n();
    let params = use_params_map();
    let shown = memo(move |_| {
        params.with(|params| {
            let name =
                params.get("organization").and_then(|name| name.parse::<OrganizationName>().ok());
            Some((name?, OrganizationTab::parse(params.get_str("tab"))?))
        })
    });
    let object = derive(move || shown.get().map(|(name, _)| name.to_string()));
    view! {
        <PageTitle page=text!(i18n, organizations.title) object=object />
        {move || match shown.get() {
            Some((name, OrganizationTab::Images)) => view! {
                {served!("organization", view! { <head::OrganizationHead /> })}
                <Images name=name />
            }
            .into_any(),
            Some((_, OrganizationTab::Users | OrganizationTab::Settings)) | None => {
                served!("organization", dialogs, view! { <head::OrganizationHead /> })
            }
        }}
        {served_dialogs!(
            "dialogs",
            ["delete-organization", "edit", "delete", "share", "make-public", "make-private", "delete-images"],
            view! {
                <super::delete::DeleteDialog />
                <ImageListDialogs />
            }
        )}
    }
}

/// Its images; nothing while it has none.
#[component]
fn Images(name: OrganizationName) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let pairs = use_query_pairs();
    let sort = use_sort("images");
    let asked = memo(move |_| {
        let mut asked = query::image_query_of(&pairs.get(), live.page_size.get(), sort.get());
        asked.organizations = vec![name.clone()];
        asked
    });
    let news = use_news();
    let images = Resource::new(
        move || (asked.get(), live.changes.get(), news.get()),
        |(asked, ..)| async move { list_images(asked).await },
    );
    let selection: Selection = RwSignal::new(BTreeSet::new());
    // There is something to search in, also when nothing is found.
    let has_images = move || {
        let found = images.get().is_some_and(|found| found.is_ok_and(|page| page.total > 0));
        found || asked.with(|asked| asked.search.is_some())
    };
    let shown = move |images: Page<Image>| {
        let search = asked.get_untracked().search;
        match (images.total, search.is_some()) {
            (0, false) => ().into_any(),
            (0, true) => view! {
                <div class="table-card">
                    <NoMatch clears=&["q"] />
                </div>
            }
            .into_any(),
            _ => view! {
                <ImageTable
                    images=images
                    selection=selection
                    is_of_one=true
                    on_all=choose_all(asked.get_untracked(), selection)
                    search=search
                />
                <ImageBatch selection=selection />
            }
            .into_any(),
        }
    };
    view! {
        // Outside of what loads again, so that typing in the search box goes on while the list changes.
        <Transition>
            <Show when=has_images>
                <FilterBar end=ViewFn::from(|| {
                    view! { <ColumnChooser list="images" columns=image_columns(true) /> }
                })>
                    <SearchField placeholder=text!(i18n, images.search) testid="organization.search" />
                </FilterBar>
            </Show>
        </Transition>
        <Load
            resource=images
            is_part=true
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=6 columns=6 /> })
            view=shown
        />
    }
}
