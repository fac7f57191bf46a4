//! The audit log, `/audit` (`console.md` A.12): who did what, when, from where, with what result.
//!
//! Everything that is chosen is the address ([`query`]); rows unfold by themselves, `?dialog=trace&item=` shows one event.
//! With `live` in the address the list follows what happens.
//! To add a filter: a field in [`query::asked`], a control and a chip in [`filters`].

use leptos::prelude::*;
use roadstead::manage::audit::AuditPage;

use crate::call::audit::list_audit;
use crate::component::dialog::{use_changed_query, use_query_pairs};
use crate::component::empty::{Art, EmptyState};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::noscroll;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::component::pagination::StepPagination;
use crate::component::table::TableCard;
use crate::error::ConsoleError;
use crate::format::absolute;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::images::query::value;
use crate::text;
use crate::viewer::use_live;

pub mod filters;
pub mod query;
pub mod table;
pub mod trace;

use query::{Asked, Wrong};

/// The events, as they are asked for.
type Events = Resource<Result<AuditPage, ConsoleError>>;

/// `/audit`.
#[component]
pub fn AuditLogPage() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let asked = query::asked(
        &use_query_pairs().get_untracked(),
        live.now.get_untracked(),
        live.offset_minutes.get_untracked(),
        live.page_size.get_untracked(),
        i18n.get_locale(),
    );
    let events = asked.wrong.is_none().then(|| {
        let query = asked.query.clone();
        Resource::new(|| (), move |()| list_audit(query.clone()))
    });
    let list = match (events, asked.wrong) {
        (Some(events), _) => {
            let asked = StoredValue::new(asked.clone());
            let view = move |page| view! { <List page=page asked=asked.get_value() /> };
            view! { <Load resource=events view=view /> }.into_any()
        }
        (None, wrong) => view! { <WrongFilter wrong=wrong /> }.into_any(),
    };
    let is_live = use_query_pairs().with_untracked(|pairs| value(pairs, filters::LIVE).is_some());
    let export = asked.wrong.is_none().then(|| asked.export());
    view! {
        <PageTitle page=text!(i18n, audit.title) />
        <PageHeader
            title=text!(i18n, audit.title)
            marks=ViewFn::from(move || events.map(|events| view! { <Scope events=events /> }))
        >
            {export.map(|href| view! { <Export href=href /> })}
        </PageHeader>
        <filters::Toolbar asked=asked />
        {is_live.then(|| view! { <span hidden="" data-live="" data-testid="audit.live"></span> })}
        {list}
        <trace::TraceDialog />
    }
}

/// Whose events these are.
#[component]
fn Scope(events: Events) -> impl IntoView {
    let i18n = use_i18n();
    let words = move |page: AuditPage| {
        if page.is_whole_account {
            t_string!(i18n, audit.scope_account)
        } else {
            t_string!(i18n, audit.scope_own)
        }
    };
    view! {
        <Transition>
            {move || Suspend::new(async move {
                events
                    .await
                    .ok()
                    .map(|page| {
                        view! { <span class="page-head__note" data-testid="audit.scope">{words(page)}</span> }
                    })
            })}
        </Transition>
    }
}

#[component]
fn Export(href: String) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <a
            class="btn btn--primary"
            href=href
            rel="external"
            download=""
            title=move || t_string!(i18n, audit.export_hint)
            data-testid="audit.export"
        >
            <Icon icon=icondata::LuDownload />
            {t!(i18n, audit.export)}
        </a>
    }
}

/// What was typed wrong, in place of a list that would not be what was asked for.
#[component]
fn WrongFilter(wrong: Option<Wrong>) -> impl IntoView {
    let i18n = use_i18n();
    let hint = derive(move || {
        wrong.map(|wrong| {
            match wrong {
                Wrong::Name => t_string!(i18n, audit.wrong_name),
                Wrong::Address => t_string!(i18n, audit.wrong_address),
                Wrong::Time => t_string!(i18n, audit.wrong_time),
            }
            .to_owned()
        })
    });
    view! {
        <div class="table-card" role="alert">
            <EmptyState
                art=Art::Nothing
                title=text!(i18n, audit.wrong_title)
                hint=hint
                is_small=true
                testid="audit.wrong"
            >
                <ClearFilters />
            </EmptyState>
        </div>
    }
}

#[component]
fn ClearFilters() -> impl IntoView {
    let i18n = use_i18n();
    let clear = use_changed_query(query::FILTERS.iter().map(|name| (*name, None)).collect());
    view! {
        <a class="btn" href=move || clear.get() {..noscroll()} data-testid="nomatch.clear">
            {t!(i18n, common.clear_filters)}
        </a>
    }
}

#[component]
fn List(page: AuditPage, asked: Asked) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let older = page.next.map(|next| use_changed_query(vec![("page", Some(asked.older(next)))]));
    let newer = asked.newer().map(|page| use_changed_query(vec![("page", Some(page))]));
    // Where a search that has not found enough stands.
    let searched = page.searched_to.map(|time| absolute(time, live.offset_minutes.get_untracked()));
    let count = page.events.len() as u64;
    if page.events.is_empty() && newer.is_none() {
        return match (searched, older) {
            (Some(time), Some(older)) => view! { <NotYet time=time older=older /> }.into_any(),
            _ => view! { <NoEvents asked=asked /> }.into_any(),
        };
    }
    let shown = derive(move || match &searched {
        Some(time) => t_string!(i18n, audit.searched_part, time = time.as_str()).to_string(),
        None => t_string!(i18n, audit.shown, n = count).to_string(),
    });
    let limit = u64::from(asked.query.limit);
    view! {
        <TableCard>
            <table::Table events=page.events search=asked.query.filter.text />
            <StepPagination
                size=limit
                note=shown
                newer=newer
                newer_words=text!(i18n, audit.newer)
                older=older
                older_words=text!(i18n, audit.older)
            />
        </TableCard>
    }
    .into_any()
}

/// Nothing in the time that was searched; there is more.
#[component]
fn NotYet(time: String, older: Signal<String>) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="table-card">
            <EmptyState
                art=Art::Nothing
                title=derive(move || t_string!(i18n, audit.searched, time = time.as_str()).to_string())
                is_small=true
                testid="audit.searched"
            >
                <a class="btn btn--primary" href=move || older.get() {..noscroll()} data-testid="pager.older">
                    {t!(i18n, audit.search_on)}
                </a>
                <ClearFilters />
            </EmptyState>
        </div>
    }
}

/// Nothing at all in the range: a longer one may have some.
#[component]
fn NoEvents(asked: Asked) -> impl IntoView {
    let i18n = use_i18n();
    let widen = asked.range.wider().map(|range| {
        let wider = use_changed_query(vec![
            ("range", Some(range.word().to_owned())),
            ("from", None),
            ("to", None),
        ]);
        view! {
            <a class="btn btn--primary" href=move || wider.get() {..noscroll()} data-testid="audit.widen">
                {t!(i18n, audit.widen)}
            </a>
        }
    });
    let is_filtered = use_query_pairs().with_untracked(|pairs| {
        pairs.iter().any(|(name, _)| query::FILTERS.contains(&name.as_str()))
    });
    view! {
        <div class="table-card">
            <EmptyState art=Art::Nothing title=text!(i18n, audit.empty) testid="audit.empty">
                {widen}
                {is_filtered.then(|| view! { <ClearFilters /> })}
            </EmptyState>
        </div>
    }
}
