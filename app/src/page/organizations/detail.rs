//! `/organizations/{organization}`: its head, and below it its images or its users.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use roadstead::access::Permission;
use roadstead::manage::image::Image;
use roadstead::manage::organization::Organization;
use roadstead::page::Page;
use roadstead::{ErrorKind, OrganizationName, Subject};

use crate::call::image::list_images;
use crate::call::organization::get_organization;
use crate::component::copy::CopyButton;
use crate::component::dialog::{DialogLink, use_query_pairs};
use crate::component::empty::{Art, EmptyState};
use crate::component::fact::Fact;
use crate::component::filter::{FilterBar, SearchField};
use crate::component::follow::use_news;
use crate::component::icon::Icon;
use crate::component::image_table::{ImageTable, image_columns};
use crate::component::listing::{ColumnChooser, use_sort};
use crate::component::load::Load;
use crate::component::page_header::{PageHeader, PageTitle, Tab, Tabs};
use crate::component::selection::Selection;
use crate::component::size::Bytes;
use crate::component::table::{NoMatch, SkeletonTable};
use crate::component::time::Time;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::images::batch::{BatchDialogs, ImageBatch};
use crate::page::images::empty::PushCommand;
use crate::page::images::row_dialog::RowDialogs;
use crate::page::images::{choose_all, query};
use crate::page::not_found::NotFoundPage;
use crate::viewer::{use_live, use_viewer};
use crate::{served, text};

use super::RightBadge;
use super::delete::DeleteDialog;

/// The tabs that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OrganizationTab {
    Images,
    Users,
}

impl OrganizationTab {
    /// Reads the word in the address; none is the first tab.
    fn parse(word: Option<&str>) -> Option<Self> {
        match word {
            None | Some("" | "images") => Some(Self::Images),
            Some("users") => Some(Self::Users),
            Some(_) => None,
        }
    }
}

fn no_such_organization() -> ConsoleError {
    ConsoleError::new(
        ErrorKind::Hidden,
        Subject::Organization,
        "there is no organization of this name",
    )
}

/// `/organizations/{organization}`.
#[component]
pub fn OrganizationDetailPage() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let params = use_params_map();
    let tab = memo(move |_| params.with(|params| OrganizationTab::parse(params.get_str("tab"))));
    let name = memo(move |_| {
        params.with(|params| {
            params.get("organization").and_then(|name| name.parse::<OrganizationName>().ok())
        })
    });
    let organization = Resource::new(
        move || (name.get(), live.changes.get()),
        |(name, _)| async move {
            match name {
                Some(name) => get_organization(name).await,
                None => Err(no_such_organization()),
            }
        },
    );
    let object = derive(move || name.get().map(|name| name.to_string()));
    view! {
        <PageTitle page=text!(i18n, organizations.title) object=object />
        {move || match tab.get() {
            None => view! { <NotFoundPage /> }.into_any(),
            Some(tab) => view! {
                <Load
                    resource=organization
                    fallback=ViewFn::from(|| view! { <SkeletonTable rows=6 columns=5 /> })
                    view=move |organization| view! { <Body organization=organization tab=tab /> }
                />
            }
            .into_any(),
        }}
        <DeleteDialog />
    }
}

#[component]
fn Body(organization: Organization, tab: OrganizationTab) -> impl IntoView {
    let permission = organization.permission;
    if tab == OrganizationTab::Users && permission != Some(Permission::Manage) {
        return view! { <NotFoundPage /> }.into_any();
    }
    let i18n = use_i18n();
    let name = organization.name.to_string();
    let head = organization.clone();
    let below = move || view! { <Below organization=head.clone() tab=tab /> };
    let delete = organization.may_delete.then(|| {
        view! {
            <DialogLink
                name="delete-organization"
                item=name.clone()
                class="btn"
                testid="organization.delete"
            >
                <Icon icon=icondata::LuTrash2 />
                {t!(i18n, organizations.delete)}
            </DialogLink>
        }
    });
    view! {
        <PageHeader
            title=Signal::stored(name.clone())
            breadcrumb=vec![(text!(i18n, organizations.title), "/organizations".to_owned())]
            marks=ViewFn::from(move || view! { <RightBadge permission=permission /> })
            below=ViewFn::from(below)
            has_tabs=true
        >
            {delete}
        </PageHeader>
        {below_tabs(organization, tab)}
    }
    .into_any()
}

fn below_tabs(organization: Organization, tab: OrganizationTab) -> AnyView {
    match tab {
        OrganizationTab::Images => view! { <Images organization=organization /> }.into_any(),
        OrganizationTab::Users => {
            #[cfg(feature = "ssr")]
            let on = roadstead::manage::grant::GrantOn::Organization(organization.name);
            served!("users", dialogs, view! { <crate::page::grants::GrantsTab on=on /> })
        }
    }
}

/// Push prefix, facts, tabs.
#[component]
fn Below(organization: Organization, tab: OrganizationTab) -> impl IntoView {
    let i18n = use_i18n();
    let host = use_viewer().with_value(|viewer| viewer.site.host.clone());
    let prefix = format!("{host}/{}/", organization.name);
    let copied = Signal::stored(prefix.clone());
    let images = Tab {
        label: text!(i18n, organizations.tab_images),
        count: Some(organization.images),
        href: format!("/organizations/{}", organization.name),
        is_current: tab == OrganizationTab::Images,
        testid: "organization.tab.images",
    };
    let users = Tab {
        label: text!(i18n, organizations.tab_users),
        count: Some(organization.users),
        href: format!("/organizations/{}/users", organization.name),
        is_current: tab == OrganizationTab::Users,
        testid: "organization.tab.users",
    };
    let may_manage = organization.permission == Some(Permission::Manage);
    let tabs = if may_manage { vec![images, users] } else { vec![images] };
    let creator = organization.created_by.clone();
    view! {
        <div class="pull">
            <span class="pull__label">{t!(i18n, organizations.push_prefix)}</span>
            <span class="cmd cmd--inline">
                <code data-testid="organization.push-prefix">{prefix}</code>
                <CopyButton text=copied what=text!(i18n, organizations.push_prefix_copy) testid="organization.push-prefix.copy" />
            </span>
        </div>
        <dl class="facts">
            <Fact label=text!(i18n, organizations.users)>{organization.users}</Fact>
            <Fact label=text!(i18n, organizations.size)>
                <Bytes value=organization.size />
            </Fact>
            {(!creator.is_empty())
                .then(|| view! { <Fact label=text!(i18n, organizations.creator)>{creator}</Fact> })}
            <Fact label=text!(i18n, organizations.created)>
                <Time at=organization.created_at is_absolute=true />
            </Fact>
        </dl>
        <Tabs label=text!(i18n, organizations.tabs) tabs=tabs />
    }
}

/// Its images. After a change the whole organization loads again, and with it this; its own data only follows the
/// address.
#[component]
fn Images(organization: Organization) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let pairs = use_query_pairs();
    let name = organization.name.clone();
    let sort = use_sort("images");
    let asked = memo(move |_| {
        let mut asked = query::image_query_of(&pairs.get(), live.page_size.get(), sort.get());
        asked.organizations = vec![name.clone()];
        asked
    });
    let news = use_news();
    let images = Resource::new(
        move || (asked.get(), news.get()),
        |(asked, _)| async move { list_images(asked).await },
    );
    let selection: Selection = RwSignal::new(BTreeSet::new());
    let has_images = organization.images > 0;
    let (name, may_push) = (organization.name, organization.may_push);
    let shown = move |images: Page<Image>| {
        let search = asked.get_untracked().search;
        match (images.total, search.is_some()) {
            (0, false) => view! { <NoImages name=name.clone() may_push=may_push /> }.into_any(),
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
        {has_images
            .then(|| {
                view! {
                    <FilterBar end=ViewFn::from(|| {
                        view! { <ColumnChooser list="images" columns=image_columns(true) /> }
                    })>
                        <SearchField placeholder=text!(i18n, images.search) testid="organization.search" />
                    </FilterBar>
                }
            })}
        <Load
            resource=images
            is_part=true
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=6 columns=6 /> })
            view=shown
        />
        <RowDialogs />
        <BatchDialogs />
    }
}

#[component]
fn NoImages(name: OrganizationName, may_push: bool) -> impl IntoView {
    let i18n = use_i18n();
    let text = name.to_string();
    let hint = derive(move || {
        Some(if may_push {
            t_string!(i18n, organizations.no_images_text, name = text.as_str()).to_string()
        } else {
            t_string!(i18n, organizations.no_images_read, name = text.as_str()).to_string()
        })
    });
    view! {
        <section class="card">
            <EmptyState
                art=Art::Images
                title=text!(i18n, organizations.no_images_title)
                hint=hint
                testid="organization.empty"
            />
            {may_push
                .then(|| {
                    view! {
                        <div class="empty__more empty__more--below stack stack--sm">
                            <div class="row">
                                <h3>{t!(i18n, organizations.push_first)}</h3>
                                <a class="push small" href="/overview?dialog=login" data-testid="organization.login">
                                    {t!(i18n, organizations.get_login)}
                                </a>
                            </div>
                            <PushCommand organization=name />
                        </div>
                    }
                })}
        </section>
    }
}
