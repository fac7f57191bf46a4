//! The head of an image's pages: name, type, permission, pull address, facts, actions (`console.md` A.5).

use leptos::prelude::*;
use roadstead::access::{Permission, Reason};
use roadstead::manage::image::{Image, ImageRights};

use crate::component::badge::{VisibilityBadge, permission_word};
use crate::component::client_command::{CopyPullGroup, Pull};
use crate::component::copy::CopyButton;
use crate::component::dialog::DialogLink;
use crate::component::fact::Fact;
use crate::component::icon::Icon;
use crate::component::image_table::category_words;
use crate::component::menu::Menu;
use crate::component::page_header::PageHeader;
use crate::component::size::{Bytes, Count};
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::use_viewer;
use crate::{link, text};

/// The whole head; `tabs` go below it.
#[component]
pub fn ImageHeader(
    /// The image.
    image: Image,
    /// The same as it is now.
    current: RwSignal<Image>,
    /// The tabs.
    tabs: ViewFn,
) -> impl IntoView {
    let i18n = use_i18n();
    let organization = image.name.organization().to_string();
    // The organization of an image that another account shares is not the viewer's to see.
    let breadcrumb = if image.rights.reason == Reason::Share {
        vec![(text!(i18n, shell.shared_images), "/images/shared".to_owned())]
    } else {
        vec![
            (text!(i18n, images.title), "/images".to_owned()),
            (Signal::stored(organization.clone()), format!("/organizations/{organization}")),
        ]
    };
    let marks = {
        let rights = image.rights;
        let (is_public, owner) = (image.is_public, image.created_by.clone());
        move || {
            view! {
                <VisibilityBadge is_public=is_public />
                <Rights rights=rights owner=owner.clone() />
            }
        }
    };
    let below = {
        let name = image.name.to_string();
        move || {
            let tabs = tabs.clone();
            view! {
                <PullAddress name=name.clone() />
                {move || view! { <Facts image=current.get() /> }}
                {move || tabs.run()}
            }
        }
    };
    let may_edit = image.rights.permission.includes(Permission::Edit);
    let may_manage = image.rights.permission.includes(Permission::Manage);
    let pull = image.newest_tag.as_ref().map(|tag| Pull::new(&image.name, format!(":{tag}")));
    view! {
        <PageHeader
            title=image.name.repository().to_string()
            breadcrumb=breadcrumb
            marks=ViewFn::from(marks)
            below=ViewFn::from(below)
            has_tabs=true
        >
            {may_edit
                .then(|| {
                    view! {
                        <DialogLink name="edit" class="btn" testid="image.edit">
                            <Icon icon=icondata::LuPencil />
                            {t!(i18n, common.edit)}
                        </DialogLink>
                    }
                })}
            {pull.map(|pull| view! { <CopyPullGroup pull=pull /> })}
            {may_manage
                .then(|| {
                    view! {
                        <Menu
                            label=text!(i18n, images.more)
                            class="btn btn--icon"
                            outer="popup--end"
                            has_tip=true
                            testid="image.more"
                            trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuEllipsis /> })
                        >
                            <DialogLink name="delete" class="menu__item menu__item--danger" testid="image.delete">
                                <Icon icon=icondata::LuTrash2 />
                                {t!(i18n, common.delete)}
                            </DialogLink>
                        </Menu>
                    }
                })}
        </PageHeader>
    }
}

/// What the viewer may do, where that comes from, and who can give more.
#[component]
fn Rights(rights: ImageRights, owner: String) -> impl IntoView {
    let i18n = use_i18n();
    let permission = rights.permission;
    let label = derive(move || {
        t_string!(i18n, components.permission_yours, name = permission_word(i18n, permission))
            .to_string()
    });
    let allows = move || match permission {
        Permission::Read => t_string!(i18n, images.permission_read_text),
        Permission::Edit => t_string!(i18n, images.permission_edit_text),
        Permission::Manage => t_string!(i18n, images.permission_manage_text),
    };
    let from = move || match rights.reason {
        Reason::Public => t_string!(i18n, images.reason_public),
        Reason::Owner => t_string!(i18n, images.reason_owner),
        Reason::Policy => t_string!(i18n, images.reason_policy),
        Reason::Grant => t_string!(i18n, images.reason_grant),
        Reason::Share => t_string!(i18n, images.reason_share),
        Reason::AnyUser | Reason::Oneself => t_string!(i18n, images.reason_any_user),
        Reason::System => t_string!(i18n, images.reason_system),
    };
    let ask = (permission != Permission::Manage && !owner.is_empty())
        .then(|| view! { <p class="small muted">{t!(i18n, images.permission_ask, owner = move || owner.clone())}</p> });
    view! {
        <Menu
            label=label
            class="badge badge--outline"
            testid="image.permission"
            trigger=ViewFn::from(move || move || label.get())
        >
            <div class="popup__text stack stack--sm">
                <p class="menu__caption">{t!(i18n, images.permission_allows)}</p>
                <p class="small">{allows}</p>
                <p class="menu__caption">{t!(i18n, images.permission_from)}</p>
                <p class="small">{from}</p>
                {ask}
            </div>
        </Menu>
    }
}

/// `host/organization/repository`, to copy.
#[component]
fn PullAddress(name: String) -> impl IntoView {
    let i18n = use_i18n();
    let host = use_viewer().with_value(|viewer| viewer.site.host.clone());
    let address = format!("{host}/{name}");
    view! {
        <div class="pull">
            <span class="sr-only">{t!(i18n, images.pull_address)}</span>
            <span class="cmd cmd--inline">
                <code data-testid="image.address">{address.clone()}</code>
                <span class="cmd__actions">
                    <CopyButton
                        text=address
                        what=text!(i18n, images.pull_address)
                        is_large=true
                        testid="image.address.copy"
                    />
                </span>
            </span>
        </div>
    }
}

#[component]
fn Facts(image: Image) -> impl IntoView {
    let i18n = use_i18n();
    let category = image.category;
    let shared = (image.shares > 0).then(|| {
        let href = format!("{}/sharing", link::image(&image.name));
        let words = move || match image.shares {
            1 => t_string!(i18n, images.shared_with_one).to_owned(),
            n => t_string!(i18n, images.shared_with_n, n = n).to_string(),
        };
        view! {
            <Fact label=text!(i18n, images.shared_with)>
                <a href=href data-testid="image.shares">{words}</a>
            </Fact>
        }
    });
    view! {
        <dl class="facts" data-testid="image.facts">
            <Fact label=text!(i18n, images.category)>{move || category_words(i18n, category)}</Fact>
            <Fact label=text!(i18n, images.size) testid="image.size">
                <Bytes value=image.size />
            </Fact>
            <Fact label=text!(i18n, images.pulls)>
                <Count value=image.pulls />
            </Fact>
            <Fact label=text!(i18n, images.updated)>
                <Time at=image.updated_at />
            </Fact>
            <Fact label=text!(i18n, images.creator)>{image.created_by}</Fact>
            <Fact label=text!(i18n, images.created)>
                <Time at=image.created_at />
            </Fact>
            {shared}
        </dl>
    }
}
