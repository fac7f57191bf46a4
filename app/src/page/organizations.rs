//! Organizations: the list with creation, and the page of one (`console.md` A.7).
//!
//! To add a tab of one organization: a file in `organizations/`, a [`Tab`](crate::component::page_header::Tab) in
//! `detail.rs`.

#[cfg(feature = "ssr")]
pub mod create;
#[cfg(feature = "ssr")]
pub mod delete;
pub mod detail;
#[cfg(feature = "ssr")]
pub mod list;
#[cfg(feature = "ssr")]
pub mod settings;

use leptos::prelude::*;
use roadstead::access::Permission;

use crate::component::badge::{Badge, Tone, permission_word};
use crate::i18n::{t_string, use_i18n};
use crate::served;

pub use detail::OrganizationDetailPage;

/// `/organizations`.
#[component]
pub fn OrganizationsPage() -> impl IntoView {
    served!(
        "organizations",
        dialogs,
        view! {
            <list::List />
            <create::CreateDialog />
            <delete::DeleteDialog />
        }
    )
}

/// The viewer's right on an organization in one word.
#[component]
pub fn RightBadge(
    /// The grant on all of it; `None` is one on some of its images.
    permission: Option<Permission>,
) -> impl IntoView {
    let i18n = use_i18n();
    let label = derive(move || match permission {
        Some(permission) => permission_word(i18n, permission).to_owned(),
        None => t_string!(i18n, organizations.permission_images).to_owned(),
    });
    let tip = derive(move || {
        Some(t_string!(i18n, components.permission_yours, name = label.get()).to_string())
    });
    view! {
        <Badge tone=Tone::Outline icon=icondata::LuShieldCheck label=label tip=tip testid="organization.permission" />
    }
}
