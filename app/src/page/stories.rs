//! Stories.
use leptos::prelude::*;
/// Stories.
#[component]
pub fn StoriesPage() -> impl IntoView {
    view! { <crate::page::not_found::NotFoundPage /> }
}
