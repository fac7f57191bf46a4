//! The head of an organization's page: facts, tabs, and what stands there while it has no image.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use roadstead::access::Permission;
use roadstead::manage::grant::GrantOn;
use roadstead::manage::organization::Organization;
use roadstead::{ErrorKind, OrganizationName, Subject};

use super::OrganizationTab;
use crate::call::organization::get_organization;
use crate::component::copy::CopyButton;
use crate::component::dialog::DialogLink;
use crate::component::empty::{Art, EmptyState};
use crate::component::fact::Fact;
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::page_header::{PageHeader, Tab, Tabs};
use crate::component::size::Bytes;
use crate::component::time::Time;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::grants::GrantsTab;
use crate::page::images::empty::PushCommand;
use crate::page::not_found::NotFoundPage;
use crate::page::organizations::RightBadge;
use crate::page::organizations::settings::SettingsTab;
use crate::text;
use crate::viewer::use_viewer;

fn no_such_organization() -> ConsoleError {
    ConsoleError::new(
        ErrorKind::Hidden,
        Subject::Organization,
        "there is no organization of this name",
    )
}

/// The head of the organization that the address names.
#[component]
pub fn OrganizationHead() -> impl IntoView {
    let params = use_params_map();
    let (tab, name) = params.with_untracked(|params| {
        let name =
            params.get("organization").and_then(|name| name.parse::<OrganizationName>().ok());
        (OrganizationTab::parse(params.get_str("tab")), name)
    });
    let Some(tab) = tab else { return view! { <NotFoundPage /> }.into_any() };
    let organization = Resource::new(
        move || name.clone(),
        |name| async move {
            match name {
                Some(name) => get_organization(name).await,
                None => Err(no_such_organization()),
            }
        },
    );
    view! {
        <Load resource=organization view=move |organization| view! { <Body organization=organization tab=tab /> } />
    }
    .into_any()
}

#[component]
fn Body(organization: Organization, tab: OrganizationTab) -> impl IntoView {
    let permission = organization.permission;
    if tab != OrganizationTab::Images && permission != Some(Permission::Manage) {
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
        {match tab {
            OrganizationTab::Users => {
                view! { <GrantsTab on=GrantOn::Organization(organization.name) /> }.into_any()
            }
            OrganizationTab::Settings => view! { <SettingsTab name=organization.name /> }.into_any(),
            OrganizationTab::Images if organization.images == 0 => {
                view! { <NoImages name=organization.name may_push=organization.may_push /> }.into_any()
            }
            OrganizationTab::Images => ().into_any(),
        }}
    }
    .into_any()
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
    let settings = Tab {
        label: text!(i18n, organizations.tab_settings),
        count: None,
        href: format!("/organizations/{}/settings", organization.name),
        is_current: tab == OrganizationTab::Settings,
        testid: "organization.tab.settings",
    };
    let may_manage = organization.permission == Some(Permission::Manage);
    let tabs = if may_manage { vec![images, users, settings] } else { vec![images] };
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
