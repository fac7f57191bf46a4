//! First-run set-up (`console.md` A.1): verify, account, instance, done.
//!
//! Each step is a plain form. Account and instance are sent together, so that the password is never kept between two
//! requests; alive, they are shown one after the other (`data-steps`), without scripts below each other.

#[cfg(feature = "ssr")]
pub mod done;
#[cfg(feature = "ssr")]
pub mod form;
#[cfg(feature = "ssr")]
pub mod step_bar;

use leptos::prelude::*;

use crate::component::page_header::PageTitle;
use crate::i18n::use_i18n;
use crate::page::not_found::NotFoundPage;
use crate::page::signin::Doorway;
use crate::viewer::use_viewer;
use crate::{served, text};

/// The set-up page; a 404 once an account exists.
#[component]
pub fn SetupPage() -> impl IntoView {
    let i18n = use_i18n();
    if !use_viewer().with_value(|viewer| viewer.site.needs_setup) {
        return view! { <NotFoundPage /> }.into_any();
    }
    view! {
        <PageTitle page=text!(i18n, auth.setup_title) />
        <Doorway>
            {served!("setup", view! { <form::SetupForm /> })}
        </Doorway>
    }
    .into_any()
}
