//! The overview: what is here, how full it is, what just happened, how to start (`console.md` A.3).
//!
//! Charts and tabs are links; `?dialog=login` opens the login command. "Needs attention" appears with the first
//! capability that can need it.

pub mod activity;
pub mod quick_start;
pub mod stats;
pub mod trend;

use leptos::prelude::*;
use roadstead::manage::overview::Overview;

use crate::call::overview::get_overview;
use crate::component::dialog::DialogLink;
use crate::component::follow::use_news;
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::login_command::LoginDialog;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::{use_live, use_viewer};

use activity::RecentActivity;
use quick_start::QuickStart;
use stats::Stats;
use trend::Trend;

/// `/overview`.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let news = use_news();
    let overview = Resource::new(
        move || (live.changes.get(), news.get()),
        |_| async move { get_overview().await },
    );
    let folded = RwSignal::new(use_is_folded());
    let (is_whole, may_create) = use_viewer().with_value(|viewer| {
        let profile = viewer.profile.as_ref();
        (
            profile.is_some_and(|profile| profile.is_administrator),
            profile.is_some_and(|profile| profile.may_create_organizations),
        )
    });
    let note = derive(move || {
        Some(if is_whole {
            t_string!(i18n, overview.whole_account).to_owned()
        } else {
            t_string!(i18n, overview.visible_scope).to_owned()
        })
    });
    view! {
        <PageTitle page=text!(i18n, overview.title) />
        <PageHeader title=text!(i18n, overview.title) note=note>
            {may_create
                .then(|| {
                    view! {
                        <a class="btn" href="/organizations?dialog=create" data-testid="overview.create-organization">
                            <Icon icon=icondata::LuPlus />
                            {t!(i18n, overview.create_organization)}
                        </a>
                    }
                })}
            <DialogLink name="login" class="btn btn--primary" testid="overview.login">
                <Icon icon=icondata::LuTerminal />
                {t!(i18n, overview.login_command)}
            </DialogLink>
        </PageHeader>
        <Load
            resource=overview
            view=move |overview| view! { <Body overview=overview folded=folded /> }
            fallback=ViewFn::from(|| view! { <Skeleton /> })
        />
        <LoginDialog />
    }
}

/// Whether this browser has folded the quick start away; the server reads the cookie, the page carries the answer.
fn use_is_folded() -> Option<bool> {
    SharedValue::new(|| {
        #[cfg(feature = "ssr")]
        let folded = crate::port::cookie(quick_start::COOKIE).map(|value| value == "folded");
        #[cfg(not(feature = "ssr"))]
        let folded = None;
        folded
    })
    .into_inner()
}

#[component]
fn Body(overview: Overview, folded: RwSignal<Option<bool>>) -> impl IntoView {
    let images = overview.images;
    let is_open = !folded.get_untracked().unwrap_or(false);
    view! {
        <div class="stack stack--lg">
            <Stats overview=overview.clone() />
            {(images == 0).then(|| view! { <QuickStart overview=overview.clone() is_open=is_open folded=folded /> })}
            <div class="grid">
                <div class="col-8 stack stack--lg">
                    <Trend overview=overview.clone() />
                    {(images > 0).then(|| view! { <RecentActivity activity=overview.activity.clone() /> })}
                </div>
                <div class="col-4">
                    {if images > 0 {
                        view! { <QuickStart overview=overview.clone() is_open=is_open folded=folded /> }.into_any()
                    } else {
                        view! { <RecentActivity activity=overview.activity.clone() /> }.into_any()
                    }}
                </div>
            </div>
        </div>
    }
}

#[component]
fn Skeleton() -> impl IntoView {
    let i18n = use_i18n();
    let card = |_| {
        view! {
            <div class="stat">
                <span class="skeleton skeleton--w2"></span>
                <span class="skeleton skeleton--w4"></span>
                <span class="skeleton skeleton--w2"></span>
            </div>
        }
    };
    view! {
        <div
            class="stack stack--lg skeleton-late"
            aria-busy="true"
            role="status"
            aria-label=move || t_string!(i18n, common.loading)
        >
            <div class="stats">{(0..5).map(card).collect_view()}</div>
            <section class="card">
                <div class="card__body">
                    <div class="chart__plot"></div>
                </div>
            </section>
        </div>
    }
}
