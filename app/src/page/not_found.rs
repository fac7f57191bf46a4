//! What does not exist, or what the viewer may not see: one page for both, inside the shell.

use leptos::prelude::*;
use leptos_router::components::Form;

use crate::component::empty::{Art, EmptyState};
use crate::component::icon::Icon;
use crate::component::page_header::PageTitle;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;

/// An address that leads nowhere.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::port::set_page_status(404);
    view! { <NotFound /> }
}

/// The 404 page without its status, for pages that set it.
#[component]
pub fn NotFound() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <PageTitle page=text!(i18n, shell.not_found_title) />
        <div data-testid="notfound">
            <h1 class="sr-only" tabindex="-1">{t!(i18n, shell.not_found_title)}</h1>
            <EmptyState art=Art::Nothing title=text!(i18n, shell.not_found)>
                <Form method="GET" action="/images" attr:class="row">
                    <input
                        class="input"
                        type="search"
                        name="q"
                        maxlength="128"
                        aria-label=move || t_string!(i18n, shell.not_found_search)
                        placeholder=move || t_string!(i18n, shell.not_found_search)
                    />
                    <button type="submit" class="btn btn--primary">
                        <Icon icon=icondata::LuSearch />
                        {t!(i18n, common.search)}
                    </button>
                </Form>
                <a class="btn" href="/overview">
                    {t!(i18n, shell.go_overview)}
                </a>
            </EmptyState>
        </div>
    }
}
