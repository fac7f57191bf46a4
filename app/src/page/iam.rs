//! Users & Permissions (`console.md` A.10): users, groups, policies, what decides; and for those who look after the
//! instance its accounts.
//!
//! To add a section: a file here, an arm in [`IamPage`], a tab in [`part::Head`].

pub mod account;
pub mod activity;
pub mod batch;
pub mod group;
pub mod groups;
pub mod part;
pub mod policies;
pub mod policy;
pub mod simulate;
pub mod statements;
pub mod user;
pub mod user_rights;
pub mod users;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::page::not_found::NotFoundPage;

/// `/iam/{section}/{name}`; a 404 for everybody whose it is not to look after.
#[component]
pub fn IamPage() -> impl IntoView {
    let params = use_params_map();
    let (section, name) = params
        .with_untracked(|params| (params.get("section").unwrap_or_default(), params.get("name")));
    let (users, accounts) = part::rights();
    match (section.as_str(), name) {
        ("users", None) if users => view! { <users::UsersPage /> }.into_any(),
        ("users", Some(name)) if users => match name.parse() {
            Ok(name) => view! { <user::UserPage name=name /> }.into_any(),
            Err(_) => view! { <NotFoundPage /> }.into_any(),
        },
        ("groups", None) if users => view! { <groups::GroupsPage /> }.into_any(),
        ("groups", Some(name)) if users => match name.parse() {
            Ok(name) => view! { <group::GroupPage name=name /> }.into_any(),
            Err(_) => view! { <NotFoundPage /> }.into_any(),
        },
        ("policies", None) if users => view! { <policies::PoliciesPage /> }.into_any(),
        ("policies", Some(name)) if users => match name.parse() {
            Ok(name) => view! { <policy::PolicyPage name=name /> }.into_any(),
            Err(_) => view! { <NotFoundPage /> }.into_any(),
        },
        ("simulate", None) if users => view! { <simulate::SimulatePage /> }.into_any(),
        ("accounts", None) if accounts => view! { <account::AccountsPage /> }.into_any(),
        _ => view! { <NotFoundPage /> }.into_any(),
    }
}
