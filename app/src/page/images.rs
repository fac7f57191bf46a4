//! Every image of the organizations that the viewer sees (`console.md` A.4.1).
//!
//! The address is the state of the list: search, filters, sort, page, and the dialog that is open.

use std::collections::BTreeSet;

use leptos::prelude::*;
use roadstead::access::Permission;
use roadstead::manage::image::{Image, ImageQuery};
use roadstead::page::{Page, Window};

use crate::call::image::list_images;
use crate::call::organization::pushable_organizations;
use crate::component::dialog::{DialogLink, use_query_pairs};
use crate::component::follow::use_news;
use crate::component::icon::Icon;
use crate::component::image_table::{ImageTable, image_columns};
use crate::component::listing::{ColumnChooser, use_sort};
use crate::component::load::Load;
use crate::component::menu::Menu;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::component::selection::Selection;
use crate::component::table::{NoMatch, RefreshButton, SkeletonTable};
use crate::error::ConsoleError;
use crate::format::grouped;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::use_live;
use crate::{served_dialogs, text};

pub mod batch;
#[cfg(feature = "ssr")]
pub mod create;
#[cfg(feature = "ssr")]
pub mod dialogs;
pub mod empty;
pub mod query;
#[cfg(feature = "ssr")]
pub mod row_dialog;
pub mod toolbar;
#[cfg(feature = "ssr")]
pub mod upload;

use batch::ImageBatch;
use empty::NoImages;
pub use empty::PUSH_CLIENTS;
use toolbar::Toolbar;

/// The filters that Clear removes.
const FILTERS: &[&str] = &["q", "org", "category", "visibility", "shared"];

/// `/images`.
#[component]
pub fn ImagesPage() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let pairs = use_query_pairs();
    let sort = use_sort("images");
    let asked =
        memo(move |_| query::image_query_of(&pairs.get(), live.page_size.get(), sort.get()));
    let news = use_news();
    let images = Resource::new(
        move || (asked.get(), live.changes.get(), news.get()),
        |(asked, ..)| async move { list_images(asked).await },
    );
    let pushable = Resource::new(|| (), |()| async move { pushable_organizations().await });
    let selection: Selection = RwSignal::new(BTreeSet::new());
    // A changed filter shows other images, and a change made to them ends the choice.
    Effect::new(move |before: Option<(ImageQuery, u32)>| {
        let now = (asked.get(), live.changes.get());
        if before
            .is_some_and(|(before, changes)| !same_filters(&before, &now.0) || changes != now.1)
        {
            selection.set(BTreeSet::new());
        }
        now
    });
    let refresh = Callback::new(move |()| images.refetch());
    let shown = move |images: Page<Image>| {
        let asked = asked.get_untracked();
        match (images.total, query::is_filtered(&asked)) {
            (0, false) => view! { <NoImages pushable=pushable /> }.into_any(),
            (0, true) => view! {
                <div class="table-card">
                    <NoMatch clears=FILTERS />
                </div>
            }
            .into_any(),
            _ => view! {
                <ImageTable
                    images=images
                    selection=selection
                    is_grouped=query::is_grouped(&pairs.get_untracked())
                    on_all=choose_all(asked.clone(), selection)
                    search=asked.search
                />
                <ImageBatch selection=selection />
            }
            .into_any(),
        }
    };
    view! {
        <PageTitle page=text!(i18n, images.private_title) />
        <PageHeader
            title=text!(i18n, images.title)
            has_tabs=true
            below=ViewFn::from(move || view! { <ListTabs images=images /> })
        >
            <Suspense>
                {move || Suspend::new(async move {
                    pushable.await.is_ok_and(|found| !found.is_empty()).then(|| view! { <HeadActions /> })
                })}
            </Suspense>
        </PageHeader>
        // Outside of what loads again, so that typing in the search box goes on while the list changes.
        <Toolbar end=ViewFn::from(move || {
            view! {
                <ColumnChooser list="images" columns=image_columns(false) />
                <RefreshButton on_refresh=refresh />
            }
        }) />
        <Load
            resource=images
            fallback=move || view! { <SkeletonTable rows=10 columns=6 /> }
            view=shown
        />
        {served_dialogs!(
            "dialogs",
            ["upload", "create", "edit", "delete", "share", "make-public", "make-private", "delete-images"],
            view! {
                <dialogs::ImageListDialogs />
                <upload::UploadDrawer />
                <create::CreateImageDialog />
            }
        )}
    }
}

/// The tabs of My Images, with the number of images that match here, and of those that others share.
#[component]
fn ListTabs(images: Resource<Result<Page<Image>, ConsoleError>>) -> impl IntoView {
    let i18n = use_i18n();
    let counts = use_live().counts;
    view! {
        <nav class="tabs" aria-label=move || t_string!(i18n, images.title)>
            <a href="/images" aria-current="page" data-testid="images.tab.private">
                {t!(i18n, images.private_title)}
                " "
                <Transition>
                    {move || Suspend::new(async move {
                        images
                            .await
                            .ok()
                            .map(|images| {
                                view! { <span class="tabs__n">{grouped(images.total)}</span> }
                            })
                    })}
                </Transition>
            </a>
            <a href="/images/shared" data-testid="images.tab.shared">
                {t!(i18n, shell.shared_images)}
                " "
                <span class="tabs__n">{move || grouped(counts.get().shared)}</span>
            </a>
        </nav>
    }
}

/// Chooses every image that the list asks for and that the viewer may edit, as far as one batch goes.
#[must_use]
pub fn choose_all(asked: ImageQuery, selection: Selection) -> Callback<()> {
    Callback::new(move |()| {
        let window = Window { offset: 0, limit: query::BATCH_LIMIT as u64 };
        let asked = ImageQuery { window, ..asked.clone() };
        leptos::task::spawn_local(async move {
            // A list that cannot be had chooses nothing more.
            if let Ok(page) = list_images(asked).await {
                let names = page.items.iter().filter(|image| may_edit(image));
                selection.set(names.map(|image| image.name.to_string()).collect());
            }
        });
    })
}

fn may_edit(image: &Image) -> bool {
    image.rights.permission.includes(Permission::Edit)
}

/// The same list, whatever its page and order.
fn same_filters(one: &ImageQuery, other: &ImageQuery) -> bool {
    one.search == other.search
        && one.organizations == other.organizations
        && one.category == other.category
        && one.is_public == other.is_public
        && one.is_shared == other.is_shared
}

/// For those who may push somewhere.
#[component]
fn HeadActions() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <DialogLink name="upload" class="btn" testid="images.upload">
            <Icon icon=icondata::LuTerminal />
            {t!(i18n, images.client_upload)}
        </DialogLink>
        <a class="btn btn--primary" href="/upload" data-testid="images.page_upload">
            <Icon icon=icondata::LuUpload />
            {t!(i18n, upload.action)}
        </a>
        <Menu
            label=text!(i18n, images.more)
            class="btn btn--icon"
            outer="popup--end"
            testid="images.more"
            trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuEllipsis /> })
        >
            <DialogLink name="create" class="menu__item" testid="images.create">
                <Icon icon=icondata::LuPlus />
                {t!(i18n, images.create)}
            </DialogLink>
        </Menu>
    }
}
