//! The rows. A row unfolds by a `<details>` in its first cell, which shows the row under it: no script is needed.

use leptos::prelude::*;
use roadstead::audit::{Level, TraceName};
use roadstead::manage::audit::{AuditEvent, AuditLink};

use crate::audit::{resource_type, sentence, source};
use crate::component::badge::{Badge, Tone};
use crate::component::dialog::use_item_dialog_link;
use crate::component::highlight::Highlight;
use crate::component::icon::Icon;
use crate::component::noscroll;
use crate::component::time::Time;
use crate::format::truncate_middle;
use crate::i18n::{t, t_string, use_i18n};
use crate::{link, text};

/// Columns, those of narrow windows included.
const COLUMNS: u32 = 11;

/// The table.
#[component]
pub fn Table(
    /// The last recorded first.
    events: Vec<AuditEvent>,
    /// Marked where it matches.
    search: String,
) -> impl IntoView {
    let i18n = use_i18n();
    let rows = events
        .into_iter()
        .map(|event| view! { <Row event=event search=search.clone() /> })
        .collect_view();
    view! {
        <table
            class="table table--cards table--fit table--audit"
            role="table"
            aria-label=move || t_string!(i18n, audit.title)
            data-testid="audit.table"
        >
            <thead role="rowgroup">
                <tr role="row">
                    <th scope="col" role="columnheader" class="t-exp">
                        <span class="sr-only">{t!(i18n, common.details)}</span>
                    </th>
                    <th scope="col" role="columnheader" class="t-name">{t!(i18n, audit.column_name)}</th>
                    <th scope="col" role="columnheader" class="t-min p-5">{t!(i18n, audit.column_type)}</th>
                    <th scope="col" role="columnheader" class="t-min p-6">{t!(i18n, audit.column_source)}</th>
                    <th scope="col" role="columnheader" class="t-min p-6">{t!(i18n, audit.column_id)}</th>
                    <th scope="col" role="columnheader" class="t-min">{t!(i18n, audit.column_resource)}</th>
                    <th scope="col" role="columnheader" class="t-min">{t!(i18n, audit.column_level)}</th>
                    <th scope="col" role="columnheader" class="t-min p-3">{t!(i18n, audit.column_operator)}</th>
                    <th scope="col" role="columnheader" class="t-min p-6">{t!(i18n, audit.column_address)}</th>
                    <th scope="col" role="columnheader" class="t-min" aria-sort="descending">
                        {t!(i18n, audit.column_time)}
                    </th>
                    <th scope="col" role="columnheader" class="t-ops">
                        <span class="sr-only">{t!(i18n, common.operation)}</span>
                    </th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

fn href(link: &AuditLink) -> String {
    match link {
        AuditLink::Organization(name) => format!("/organizations/{name}"),
        AuditLink::Image(name) => link::image(name),
        AuditLink::Tag(name, tag) => format!("{}/tags/{tag}", link::image(name)),
    }
}

#[component]
fn LevelBadge(level: Level) -> impl IntoView {
    let (tone, icon) = match level {
        Level::Normal => (Tone::Neutral, icondata::LuCheck),
        Level::Warning => (Tone::Warn, icondata::LuTriangleAlert),
        Level::Incident => (Tone::Danger, icondata::LuOctagonAlert),
    };
    view! { <Badge tone=tone icon=icon label=Signal::stored(level.to_string()) /> }
}

/// The thing's name, a link while it exists.
#[component]
fn ResourceName(event: AuditEvent, search: String) -> impl IntoView {
    let name = event.resource_name;
    let shown = view! { <Highlight text=name.clone() search=Some(search) /> };
    match &event.link {
        Some(link) => {
            view! { <a class="cell-cut" href=href(link) title=name>{shown}</a> }.into_any()
        }
        None => view! { <span class="cell-cut" title=name>{shown}</span> }.into_any(),
    }
}

#[component]
fn Row(event: AuditEvent, search: String) -> impl IntoView {
    let i18n = use_i18n();
    let locale = i18n.get_locale();
    let id = event.trace_id.clone();
    // What another version of the program wrote has no words here.
    let words = event
        .name
        .parse::<TraceName>()
        .map_or_else(|_| event.name.clone(), |name| sentence(locale, name).to_owned());
    let kind = event.resource_type.parse().map_or_else(
        |_| event.resource_type.clone(),
        |kind| resource_type(locale, kind).to_owned(),
    );
    let place = event
        .source
        .parse()
        .map_or_else(|_| event.source.clone(), |place| source(locale, place).to_owned());
    let trace = use_item_dialog_link("trace", id.clone());
    let unfold = {
        let words = words.clone();
        move || t_string!(i18n, audit.unfold, name = words.as_str()).to_string()
    };
    let operator = event.operator.clone();
    let fields = event
        .record()
        .fields()
        .into_iter()
        .map(|(name, value)| {
            view! {
                <div>
                    <dt><code>{name}</code></dt>
                    <dd class="mono">{value}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <tr role="row" data-testid=format!("audit.row.{id}")>
            <td role="cell" class="t-exp m-check">
                <details class="unfold" id=format!("event-{id}") data-testid=format!("audit.row.{id}.unfold")>
                    <summary class="expander" aria-label=unfold aria-controls=format!("event-{id}-all")>
                        <Icon icon=icondata::LuChevronRight class="icon icon--sm" />
                    </summary>
                </details>
            </td>
            <td role="cell" class="m-name">
                <div class="cell-name">
                    <span class="cell-name__line">
                        <a class="cell-name__link" href=move || trace.get() {..noscroll()}>{words}</a>
                    </span>
                    <code class="cell-name__sub">{event.name.clone()}</code>
                </div>
            </td>
            <td role="cell" class="t-min p-5">{kind}</td>
            <td role="cell" class="t-min p-6">{place}</td>
            <td role="cell" class="t-min p-6 mono" title=event.resource_id.clone()>
                {truncate_middle(&event.resource_id, 8, 4)}
            </td>
            <td role="cell" class="t-min">
                <ResourceName event=event.clone() search=search />
            </td>
            <td role="cell" class="t-min"><LevelBadge level=event.level /></td>
            <td role="cell" class="t-min p-3"><span class="cell-cut" title=operator.clone()>{operator.clone()}</span></td>
            <td role="cell" class="t-min p-6 mono">{event.address.clone()}</td>
            <td role="cell" class="t-min"><Time at=event.happened_at /></td>
            <td role="cell" class="t-ops m-ops">
                <a
                    class="btn btn--icon btn--quiet btn--sm"
                    href=move || trace.get()
                    {..noscroll()}
                    aria-label=move || t_string!(i18n, audit.view_trace)
                    title=move || t_string!(i18n, audit.view_trace)
                    data-testid=format!("audit.row.{id}.trace")
                >
                    <Icon icon=icondata::LuBraces class="icon icon--sm" />
                </a>
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <LevelBadge level=event.level />
                    <span>{event.resource_name.clone()}</span>
                    <span>{operator}</span>
                    <Time at=event.happened_at />
                </span>
            </td>
        </tr>
        <tr role="row" class="t-detail" id=format!("event-{id}-all") data-testid=format!("audit.row.{id}.all")>
            <td role="cell" colspan=COLUMNS>
                <dl class="facts facts--list" aria-label=text!(i18n, common.details)>{fields}</dl>
            </td>
        </tr>
    }
}
