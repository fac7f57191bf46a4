//! The page of a change of password that is forced; its form is also in the preferences.

#[cfg(feature = "ssr")]
pub mod form;

use leptos::prelude::*;

use crate::component::page_header::PageTitle;
use crate::i18n::{t, use_i18n};
use crate::page::signin::Doorway;
use crate::viewer::use_viewer;
use crate::{served, text};

/// The forced change after a password that an administrator set.
#[component]
pub fn PasswordPage() -> impl IntoView {
    let i18n = use_i18n();
    if use_viewer().with_value(|viewer| viewer.profile.is_none()) {
        #[cfg(feature = "ssr")]
        if use_context::<http::request::Parts>().is_some() {
            leptos_axum::redirect("/signin?next=/account/password");
        }
        return ().into_any();
    }
    view! {
        <PageTitle page=text!(i18n, auth.change_title) />
        <Doorway>
            <div class="signin__form">
                <h1 tabindex="-1">{t!(i18n, auth.change_title)}</h1>
                <p class="soft">{t!(i18n, auth.change_why)}</p>
                {served!("password", view! { <form::PasswordForm next="/overview" is_large=true /> })}
            </div>
        </Doorway>
    }
    .into_any()
}
