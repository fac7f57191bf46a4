//! The viewer's console sessions.

use leptos::prelude::*;
use roadstead::manage::session::ConsoleSession;

use super::device::device;
use crate::call::session::{AskRevokeSession, AskRevokeSessions, list_sessions};
use crate::component::badge::{Badge, Tone};
use crate::component::error_panel::ErrorBanner;
use crate::component::form::{CallForm, SubmitButton};
use crate::component::load::Load;
use crate::component::table::SkeletonTable;
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;

/// The card.
#[component]
pub fn SessionSection() -> impl IntoView {
    let sessions = Resource::new(|| (), |()| list_sessions());
    let shown = |sessions: Vec<ConsoleSession>| view! { <Sessions sessions=sessions /> };
    view! {
        <section class="card" data-testid="credentials.sessions">
            <Load
                resource=sessions
                is_part=true
                fallback=|| view! { <SkeletonTable rows=2 columns=4 /> }
                view=shown
            />
        </section>
    }
}

#[component]
fn Sessions(sessions: Vec<ConsoleSession>) -> impl IntoView {
    let i18n = use_i18n();
    let others = ServerAction::<AskRevokeSessions>::new();
    let one = ServerAction::<AskRevokeSession>::new();
    let failed = move || one.value().get().and_then(Result::err);
    let has_others = sessions.iter().any(|session| !session.is_current);
    let rows = sessions
        .into_iter()
        .map(|session| view! { <Row session=session one=one /> })
        .collect_view();
    view! {
        <div class="card__head">
            <h2>{t!(i18n, credentials.sessions)}</h2>
            <span class="push"></span>
            {has_others
                .then(|| {
                    view! {
                        <CallForm action=others testid="credentials.sessions.form" class="row">
                            <SubmitButton
                                label=text!(i18n, credentials.revoke_others)
                                is_pending=others.pending()
                                class="btn btn--sm"
                                testid="credentials.sessions.revoke-others"
                            />
                        </CallForm>
                    }
                })}
        </div>
        {move || failed().map(|error| view! { <div class="card__body"><ErrorBanner error=error /></div> })}
        <table
            class="table table--plain table--cards"
            role="table"
            aria-label=move || t_string!(i18n, credentials.sessions)
        >
            <thead role="rowgroup">
                <tr role="row">
                    <th scope="col" role="columnheader">{t!(i18n, credentials.device)}</th>
                    <th scope="col" role="columnheader">{t!(i18n, credentials.address)}</th>
                    <th scope="col" role="columnheader" class="p-3">{t!(i18n, credentials.started)}</th>
                    <th scope="col" role="columnheader">{t!(i18n, credentials.last_active)}</th>
                    <th scope="col" role="columnheader" class="t-ops">{t!(i18n, common.operation)}</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

#[component]
fn Row(session: ConsoleSession, one: ServerAction<AskRevokeSession>) -> impl IntoView {
    let i18n = use_i18n();
    let name = device(&session.agent)
        .unwrap_or_else(|| t_string!(i18n, credentials.unknown_device).to_owned());
    let is_current = session.is_current;
    let current = is_current.then(|| {
        view! {
            <Badge
                tone=Tone::Ok
                icon=icondata::LuCheck
                label=text!(i18n, credentials.this_session)
                testid="credentials.session.current"
            />
        }
    });
    let revoke = (!is_current).then(|| {
        view! {
            <CallForm action=one hide_error=Signal::stored(true) class="row">
                <input type="hidden" name="id" value=session.id.clone() />
                <SubmitButton
                    label=text!(i18n, credentials.revoke_session)
                    class="btn btn--sm"
                    testid="credentials.session.revoke"
                />
            </CallForm>
        }
    });
    view! {
        <tr role="row" data-testid="credentials.session">
            <td role="cell" class="m-name">
                <span class="row row--wrap">
                    <span title=session.agent>{name}</span>
                    {current}
                </span>
            </td>
            <td role="cell" class="mono small">{session.address.clone()}</td>
            <td role="cell" class="small p-3"><Time at=session.started_at /></td>
            <td role="cell" class="small"><Time at=session.last_active_at /></td>
            <td role="cell" class="t-ops m-ops">{revoke}</td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <span class="mono">{session.address}</span>
                    <Time at=session.last_active_at />
                </span>
            </td>
        </tr>
    }
}
