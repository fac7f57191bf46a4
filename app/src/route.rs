//! Every page on one screen: path, component, rendering mode.
//!
//! All pages render with their data before the first byte (`SsrMode::Async`), so that a missing image is a real 404
//! and a page reads without scripts. To add a page: a file in `page/`, a line here, a nav item in `component/nav.rs`.

use leptos::prelude::*;
use leptos_router::components::{ParentRoute, Route, Routes};
use leptos_router::{SsrMode, path};

use crate::component::shell::AppShell;
use crate::page::account::{AccountPage, PasswordPage};
use crate::page::image_detail::ImageDetailPage;
use crate::page::images::ImagesPage;
use crate::page::not_found::NotFoundPage;
use crate::page::organizations::{OrganizationDetailPage, OrganizationsPage};
use crate::page::overview::OverviewPage;
use crate::page::settings::SettingsPage;
use crate::page::setup::{SetupDonePage, SetupPage};
use crate::page::signin::SigninPage;
use crate::page::tag_detail::TagDetailPage;

/// The pages.
#[component]
pub fn Pages() -> impl IntoView {
    let mode = SsrMode::Async;
    view! {
        <Routes fallback=NotFoundPage>
            <Route path=path!("/setup") view=SetupPage ssr=mode.clone() />
            <Route path=path!("/signin") view=SigninPage ssr=mode.clone() />
            <Route path=path!("/account/password") view=PasswordPage ssr=mode.clone() />
            <ParentRoute path=path!("") view=AppShell>
                <Route path=path!("/setup/done") view=SetupDonePage ssr=mode.clone() />
                <Route path=path!("/overview") view=OverviewPage ssr=mode.clone() />
                <Route path=path!("/images") view=ImagesPage ssr=mode.clone() />
                <Route path=path!("/images/:organization/:repository") view=ImageDetailPage ssr=mode.clone() />
                <Route path=path!("/images/:organization/:repository/tags/:tag") view=TagDetailPage ssr=mode.clone() />
                <Route path=path!("/images/:organization/:repository/digests/:digest") view=TagDetailPage ssr=mode.clone() />
                <Route path=path!("/images/:organization/:repository/:tab") view=ImageDetailPage ssr=mode.clone() />
                <Route path=path!("/organizations") view=OrganizationsPage ssr=mode.clone() />
                <Route path=path!("/organizations/:organization") view=OrganizationDetailPage ssr=mode.clone() />
                <Route path=path!("/organizations/:organization/:tab") view=OrganizationDetailPage ssr=mode.clone() />
                <Route path=path!("/settings") view=SettingsPage ssr=mode.clone() />
                <Route path=path!("/settings/:section") view=SettingsPage ssr=mode.clone() />
                <Route path=path!("/account") view=AccountPage ssr=mode.clone() />
                <Route path=path!("/__ui") view=crate::page::stories::StoriesPage ssr=mode.clone() />
                <Route path=path!("/*any") view=NotFoundPage ssr=mode />
            </ParentRoute>
        </Routes>
    }
}
