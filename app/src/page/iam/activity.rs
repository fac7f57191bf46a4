//! What a user did last (`console.md` A.10.1): for whoever may read the account's audit log, and for oneself.

use leptos::prelude::*;
use roadstead::UserName;
use roadstead::audit::TraceName;
use roadstead::manage::audit::{AuditEvent, AuditFilter, AuditPage, AuditQuery};

use crate::audit::sentence;
use crate::call::audit::list_audit;
use crate::component::load::Load;
use crate::component::time::Time;
use crate::i18n::{t, use_i18n};
use crate::link;
use crate::viewer::use_viewer;

/// How many events are shown.
const SHOWN: u16 = 10;

/// The user as the audit log names them.
fn operator_of(user: &UserName, is_owner: bool) -> Option<String> {
    use_viewer().with_value(|viewer| {
        let account = viewer.profile.as_ref()?.account.to_string();
        Some(if is_owner { account } else { format!("{account}/{user}") })
    })
}

/// The card.
#[component]
pub fn ActivityCard(
    /// Who.
    user: UserName,
    /// Whether that is the account's owner.
    is_owner: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let operator = operator_of(&user, is_owner).unwrap_or_default();
    let href = link::with_query("/audit", [("operator", operator.as_str())]);
    let is_oneself = use_viewer()
        .with_value(|viewer| viewer.profile.as_ref().is_some_and(|profile| profile.user == user));
    let events = Resource::new(
        || (),
        move |()| {
            let filter = AuditFilter { operator: operator.clone(), ..AuditFilter::default() };
            list_audit(AuditQuery { filter, before: None, limit: SHOWN })
        },
    );
    // Without the account's log nothing would be found, which is not to say that nothing was done.
    let shown = move |page: AuditPage| {
        (page.is_whole_account || is_oneself).then(|| {
            view! {
                <section class="card" data-testid="iam.user.activity">
                    <div class="card__head">
                        <h2>{t!(i18n, overview.activity)}</h2>
                        <a class="push small" href=href.clone() data-testid="iam.user.activity.all">
                            {t!(i18n, overview.all_events)}
                        </a>
                    </div>
                    <Events events=page.events />
                </section>
            }
        })
    };
    view! { <Load resource=events is_part=true view=shown /> }
}

#[component]
fn Events(events: Vec<AuditEvent>) -> impl IntoView {
    let i18n = use_i18n();
    if events.is_empty() {
        return view! { <p class="card__body muted">{t!(i18n, iam.no_activity)}</p> }.into_any();
    }
    let locale = i18n.get_locale();
    let items = events
        .into_iter()
        .map(|event| {
            let words = event
                .name
                .parse::<TraceName>()
                .map_or_else(|_| event.name.clone(), |name| sentence(locale, name).to_owned());
            view! {
                <li class="todo__item">
                    <span></span>
                    <span>{words} <small>{event.resource_name}</small></span>
                    <Time at=event.happened_at />
                </li>
            }
        })
        .collect_view();
    view! { <ol class="todo">{items}</ol> }.into_any()
}
