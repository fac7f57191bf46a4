//! Every page on one screen: path, component, rendering mode.
//!
//! All pages render with their data before the first byte (`SsrMode::Async`), so that a missing image is a real 404
//! and a page reads without scripts. To add a page: a file in `page/`, a line here, a nav item in `component/nav.rs`.
//! Pages that are [`served!`](crate::served) cost the browser nothing: take that unless something happens in them that no
//! link and no form can say.

use leptos::piece::StaticVec;
use leptos::prelude::*;
use leptos_router::any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute};
use leptos_router::components::{Routes, RoutesProps};
use leptos_router::{NestedRoute, PossibleRouteMatch, SsrMode, path};

use crate::component::shell::AppShell;
use crate::page::account::PasswordPage;
use crate::page::image_detail::ImageDetailPage;
use crate::page::images::ImagesPage;
use crate::page::not_found::NotFoundPage;
use crate::page::organizations::{OrganizationDetailPage, OrganizationsPage};
use crate::page::overview::OverviewPage;
use crate::page::setup::SetupPage;
use crate::page::signin::SigninPage;
use crate::served;

/// A page. All are one type to the router, which keeps the WebAssembly small.
fn page<P>(path: P, view: fn() -> AnyView) -> AnyNestedRoute
where
    P: PossibleRouteMatch + Clone + Send + Sync + 'static,
{
    NestedRoute::new(path, view).ssr_mode(SsrMode::Async).into_any_nested_route()
}

fn settings() -> AnyView {
    served!("settings", view! { <crate::page::settings::SettingsPage /> })
}

fn setup_done() -> AnyView {
    served!("setup-done", view! { <crate::page::setup::done::SetupDonePage /> })
}

fn shared_images() -> AnyView {
    served!("shared", view! { <crate::page::shared_images::SharedImagesPage /> })
}

fn audit() -> AnyView {
    served!("audit", dialogs, view! { <crate::page::audit::AuditLogPage /> })
}

fn tag_detail() -> AnyView {
    served!("tag", dialogs, view! { <crate::page::tag_detail::TagDetailPage /> })
}

fn iam() -> AnyView {
    served!("iam", dialogs, view! { <crate::page::iam::IamPage /> })
}

/// The pages inside the frame.
fn framed() -> Vec<AnyNestedRoute> {
    vec![
        page(path!("/setup/done"), setup_done),
        page(path!("/overview"), || AnyView::from_view(OverviewPage())),
        page(path!("/images"), || AnyView::from_view(ImagesPage())),
        page(path!("/images/shared"), shared_images),
        page(path!("/images/:organization/:repository"), || AnyView::from_view(ImageDetailPage())),
        page(path!("/images/:organization/:repository/tags/:tag"), tag_detail),
        page(path!("/images/:organization/:repository/digests/:digest"), tag_detail),
        page(path!("/images/:organization/:repository/:tab"), || {
            AnyView::from_view(ImageDetailPage())
        }),
        page(path!("/organizations"), || AnyView::from_view(OrganizationsPage())),
        page(
            path!("/organizations/:organization"),
            || AnyView::from_view(OrganizationDetailPage()),
        ),
        page(path!("/organizations/:organization/:tab"), || {
            AnyView::from_view(OrganizationDetailPage())
        }),
        page(path!("/iam/:section"), iam),
        page(path!("/iam/:section/:name"), iam),
        page(path!("/audit"), audit),
        page(path!("/settings"), settings),
        page(path!("/settings/:section"), settings),
        page(path!("/upload"), || served!("upload", view! { <crate::page::upload::UploadPage /> })),
        page(path!("/credentials"), || {
            served!("credentials", dialogs, view! { <crate::page::credentials::CredentialsPage /> })
        }),
        page(path!("/account"), || {
            served!("account", view! { <crate::page::preferences::AccountPage /> })
        }),
        page(path!("/__ui"), || AnyView::from_view(crate::page::stories::StoriesPage())),
        page(path!("/*any"), || AnyView::from_view(NotFoundPage())),
    ]
}

/// The pages.
#[component]
pub fn Pages() -> impl IntoView {
    let frame: fn() -> AnyView = || AnyView::from_view(AppShell());
    let pages = vec![
        page(path!("/setup"), || AnyView::from_view(SetupPage())),
        page(path!("/signin"), || AnyView::from_view(SigninPage())),
        page(path!("/account/password"), || AnyView::from_view(PasswordPage())),
        NestedRoute::new(path!(""), frame).child(StaticVec::from(framed())).into_any_nested_route(),
    ];
    let missing: fn() -> AnyView = || AnyView::from_view(NotFoundPage());
    Routes(
        RoutesProps::builder()
            .fallback(missing)
            .children(ToChildren::to_children(|| StaticVec::from(pages)))
            .build(),
    )
}
