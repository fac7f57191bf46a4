//! What one comes in with (`console.md` A.11): the account's ids, access keys, temporary logins and console sessions.
//!
//! [`access_keys::AccessKeySection`] takes whose keys it shows: the page of a user has it too.

pub mod access_keys;
pub mod create;
pub mod delete;
mod device;
pub mod identity;
pub mod new_key;
pub mod sessions;
pub mod temporary;

use leptos::prelude::*;
use roadstead::manage::credential::{LastUse, UsedService};

use crate::component::copy::CopyButton;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use access_keys::{AccessKeySection, Whose};
use identity::Identity;
use sessions::SessionSection;
use temporary::TemporarySection;

/// Address of the page.
const PAGE: &str = "/credentials";

/// My Credentials.
#[component]
pub fn CredentialsPage() -> impl IntoView {
    let i18n = use_i18n();
    let whose = Whose { user: String::new(), page: PAGE.to_owned() };
    view! {
        <PageTitle page=text!(i18n, credentials.title) />
        <PageHeader title=text!(i18n, credentials.title) />
        <div class="stack">
            <Identity />
            <AccessKeySection whose=whose />
            <TemporarySection />
            <SessionSection />
        </div>
    }
}

/// Something to copy, in the font of codes.
#[component]
fn Copied(
    /// The text.
    text: String,
    /// What it is.
    what: Signal<String>,
    /// Test hook of the text.
    testid: &'static str,
) -> impl IntoView {
    view! {
        <span class="digest">
            <span data-testid=testid>{text.clone()}</span>
            <CopyButton text=text what=what />
        </span>
    }
}

/// When, from where and for what something was last used.
#[component]
fn LastUsed(
    /// The last use.
    used: Option<LastUse>,
) -> impl IntoView {
    let i18n = use_i18n();
    let Some(used) = used else {
        return view! { <span class="muted">{t!(i18n, credentials.never_used)}</span> }.into_any();
    };
    let service = match used.service {
        UsedService::Registry => t_string!(i18n, credentials.service_registry),
        UsedService::Management => t_string!(i18n, credentials.service_management),
    };
    let place = [used.address.as_str(), service]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ");
    view! {
        <span class="time-2">
            <Time at=used.at />
            <small>{place}</small>
        </span>
    }
    .into_any()
}
