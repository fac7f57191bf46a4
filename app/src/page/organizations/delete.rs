//! The dialog that deletes an organization: only an empty one, and only after its name was typed.

use leptos::prelude::*;
use roadstead::manage::organization::Organization;
use roadstead::{ErrorKind, OrganizationName, Subject};

use crate::call::organization::{DeleteOrganization, get_organization};
use crate::component::confirm::ConfirmByName;
use crate::component::dialog::{CancelLink, Dialog, use_dialog_item};
use crate::component::form::CallForm;
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::{link, text};

/// The dialog at `?dialog=delete-organization&item=`.
#[component]
pub fn DeleteDialog() -> impl IntoView {
    let i18n = use_i18n();
    let item = use_dialog_item();
    let title = derive(move || {
        t_string!(i18n, organizations.delete_title, name = item.get().unwrap_or_default())
            .to_string()
    });
    view! {
        <Dialog name="delete-organization" title=title class="dialog dialog--sm">
            <DeleteBody />
        </Dialog>
    }
}

#[component]
fn DeleteBody() -> impl IntoView {
    let item = use_dialog_item();
    let name = memo(move |_| item.get().and_then(|name| name.parse::<OrganizationName>().ok()));
    let organization = Resource::new(
        move || name.get(),
        |name| async move {
            match name {
                Some(name) => get_organization(name).await,
                None => Err(ConsoleError::new(
                    ErrorKind::NotFound,
                    Subject::Organization,
                    "no organization is named",
                )),
            }
        },
    );
    view! {
        <Load
            resource=organization
            is_part=true
            view=|organization: Organization| {
                if organization.images > 0 {
                    view! { <NotEmpty organization=organization /> }.into_any()
                } else {
                    view! { <DeleteForm name=organization.name /> }.into_any()
                }
            }
        />
    }
}

/// No button that deletes, but the way to what is in the way.
#[component]
fn NotEmpty(organization: Organization) -> impl IntoView {
    let i18n = use_i18n();
    let images = organization.images;
    let text = move || match images {
        1 => t_string!(i18n, organizations.not_empty_single).to_owned(),
        n => t_string!(i18n, organizations.not_empty, n = n).to_string(),
    };
    let name = organization.name.to_string();
    let href = link::with_query("/images", [("org", name.as_str())]);
    view! {
        <div class="dialog__body" data-testid="organizations.delete.blocked">
            <div class="banner banner--warn" role="note">
                <Icon icon=icondata::LuTriangleAlert />
                <div class="banner__body">
                    {text} " " <a href=href>{t!(i18n, organizations.not_empty_link)}</a>
                </div>
            </div>
        </div>
        <footer class="dialog__foot">
            <CancelLink />
        </footer>
    }
}

#[component]
fn DeleteForm(name: OrganizationName) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<DeleteOrganization>::new();
    let name = name.to_string();
    view! {
        <CallForm action=action testid="organizations.delete.form" class="dialog__form">
            <input type="hidden" name="name" value=name.clone() />
            <div class="dialog__body">
                <p>{t!(i18n, organizations.delete_text)}</p>
            </div>
            <ConfirmByName expected=name action=text!(i18n, common.delete) is_pending=action.pending() />
        </CallForm>
    }
}
