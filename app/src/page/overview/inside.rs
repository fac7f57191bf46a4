//! What the server makes of the overview.

use leptos::prelude::*;
use roadstead::manage::overview::Overview;

use super::activity::RecentActivity;
use super::attention::NeedsAttention;
use super::quick_start::{self, QuickStart};
use super::stats::Stats;
use super::trend::Trend;
use crate::call::overview::get_overview;
use crate::component::dialog::DialogLink;
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// Everything but the dialog.
#[component]
pub fn Inside() -> impl IntoView {
    let i18n = use_i18n();
    let overview = Resource::new(|| (), |()| async move { get_overview().await });
    // This browser may have folded the quick start away.
    let is_open = crate::port::cookie(quick_start::COOKIE).is_none_or(|value| value != "folded");
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
            view=move |overview| view! { <Body overview=overview is_open=is_open /> }
        />
    }
}

#[component]
fn Body(overview: Overview, is_open: bool) -> impl IntoView {
    let images = overview.images;
    view! {
        <div class="stack stack--lg">
            <Stats overview=overview.clone() />
            {(images == 0).then(|| view! { <QuickStart overview=overview.clone() is_open=is_open /> })}
            <div class="grid">
                <div class="col-8 stack stack--lg">
                    <Trend overview=overview.clone() />
                    {(images > 0).then(|| view! { <RecentActivity activity=overview.activity.clone() /> })}
                </div>
                <div class="col-4 stack stack--lg">
                    <NeedsAttention attention=overview.attention.clone() />
                    {if images > 0 {
                        view! { <QuickStart overview=overview.clone() is_open=is_open /> }.into_any()
                    } else {
                        view! { <RecentActivity activity=overview.activity.clone() /> }.into_any()
                    }}
                </div>
            </div>
        </div>
    }
}
