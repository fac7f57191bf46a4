//! What a user reaches and through what.

use leptos::prelude::*;
use roadstead::UserName;
use roadstead::access::Reason;
use roadstead::manage::user::{Reach, ReachedGrant, Source};

use crate::call::user::user_reach;
use crate::component::badge::permission_word;
use crate::component::load::Load;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::link;

use super::part::named;

/// The rule that allows, in words.
pub fn reason_word(i18n: I18n, reason: Reason) -> &'static str {
    match reason {
        Reason::Public => t_string!(i18n, iam.reason_public),
        Reason::Owner => t_string!(i18n, iam.reason_owner),
        Reason::Policy => t_string!(i18n, iam.reason_policy),
        Reason::Grant => t_string!(i18n, iam.reason_grant),
        Reason::Share => t_string!(i18n, iam.reason_share),
        Reason::AnyUser => t_string!(i18n, iam.reason_any_user),
        Reason::Oneself => t_string!(i18n, iam.reason_oneself),
        Reason::System => t_string!(i18n, iam.reason_system),
    }
}

/// Everything that gives the user a right.
#[component]
pub fn ReachCard(
    /// Who.
    user: UserName,
) -> impl IntoView {
    let i18n = use_i18n();
    let href = link::with_query("/iam/simulate", [("user", user.as_str())]);
    let reach = Resource::new(move || user.clone(), user_reach);
    view! {
        <section class="card" data-testid="iam.user.reach">
            <div class="card__head">
                <h2>{t!(i18n, iam.reach)}</h2>
                <a class="push small" href=href data-testid="iam.user.simulate">{t!(i18n, iam.why)}</a>
            </div>
            <div class="card__body stack">
                <Load resource=reach is_part=true view=|reach: Reach| view! { <ReachBody reach=reach /> } />
            </div>
        </section>
    }
}

#[component]
fn ReachBody(reach: Reach) -> impl IntoView {
    let i18n = use_i18n();
    let is_empty = !reach.is_owner && reach.policies.is_empty() && reach.grants.is_empty();
    let has_grants = !reach.grants.is_empty();
    let policies = reach
        .policies
        .into_iter()
        .map(|source| view! { <li><SourceLine source=source /></li> })
        .collect_view();
    let grants =
        reach.grants.into_iter().map(|grant| view! { <GrantRow grant=grant /> }).collect_view();
    view! {
        {reach.is_owner.then(|| view! { <p>{t!(i18n, iam.reach_owner)}</p> })}
        {reach
            .is_damaged
            .then(|| view! { <p class="banner banner--danger">{t!(i18n, iam.reach_damaged)}</p> })}
        {is_empty.then(|| view! { <p class="muted">{t!(i18n, iam.reach_nothing)}</p> })}
        <ul class="stack stack--sm" data-testid="iam.user.reach.policies">{policies}</ul>
        {has_grants
            .then(|| {
                view! {
                    <table class="table table--plain" data-testid="iam.user.reach.grants">
                        <thead>
                            <tr>
                                <th scope="col">{t!(i18n, iam.on)}</th>
                                <th scope="col">{t!(i18n, iam.granted)}</th>
                                <th scope="col">{t!(i18n, iam.effective)}</th>
                                <th scope="col">{t!(i18n, iam.source)}</th>
                            </tr>
                        </thead>
                        <tbody>{grants}</tbody>
                    </table>
                }
            })}
    }
}

/// A policy, and the group it comes through.
#[component]
pub fn SourceLine(
    /// The policy.
    source: Source,
) -> impl IntoView {
    let i18n = use_i18n();
    let Source { policy, group, statement } = source;
    let number = (statement > 0).then(|| {
        let words = move || t_string!(i18n, iam.statement, n = statement).to_string();
        view! { " · " {words} }
    });
    let through = match group {
        Some(group) => view! {
            " · " {t!(i18n, iam.through_group)} " "
            <a href=named("groups", &group)>{group.clone()}</a>
        }
        .into_any(),
        None => view! { " · " {t!(i18n, iam.attached_directly)} }.into_any(),
    };
    view! {
        <a href=named("policies", &policy)>{policy.clone()}</a>
        <span class="small muted">{number} {through}</span>
    }
}

#[component]
fn GrantRow(grant: ReachedGrant) -> impl IntoView {
    let i18n = use_i18n();
    let ReachedGrant { name, is_image, granted, effective, reason } = grant;
    let href = match (is_image, name.parse()) {
        (true, Ok(image)) => link::image(&image),
        _ => format!("/organizations/{name}"),
    };
    let effective = move || match effective {
        Some(permission) => permission_word(i18n, permission),
        None => t_string!(i18n, iam.denied),
    };
    let source = move || match reason {
        Some(reason) => reason_word(i18n, reason),
        None => t_string!(i18n, iam.refusal_explicit_deny),
    };
    view! {
        <tr data-testid=format!("iam.reach.{name}")>
            <td><a href=href>{name.clone()}</a></td>
            <td>{move || permission_word(i18n, granted)}</td>
            <td>{effective}</td>
            <td class="small">{source}</td>
        </tr>
    }
}
