//! Four steps from nothing to a deployed image, with real values; a tick for each that has been done.

use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use roadstead::OrganizationName;
use roadstead::manage::overview::Overview;

use crate::command::Command;
use crate::component::command_block::CommandBlock;
use crate::component::dialog::DialogLink;
use crate::component::icon::Icon;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::use_viewer;

/// Which steps are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    done: [bool; 4],
}

impl Progress {
    fn of(overview: &Overview) -> Self {
        let pulls: u64 = overview.monthly.iter().map(|month| month.pulls).sum();
        Self {
            done: [
                overview.organizations.used > 0,
                overview.has_logged_in,
                overview.images > 0,
                overview.images > 0 && pulls > 0,
            ],
        }
    }

    /// `done`, `current` (the first that is not done), or nothing.
    fn state(self, step: usize) -> Option<&'static str> {
        let current = self.done.iter().position(|done| !done);
        match self.done.get(step) {
            Some(true) => Some("done"),
            _ if current == Some(step) => Some("current"),
            _ => None,
        }
    }
}

/// Remembers whether this browser has folded the card.
pub const COOKIE: &str = "rs_quickstart";

/// The card. Whoever has no image yet finds it open, everyone else as they left it.
#[component]
pub fn QuickStart(
    /// What is there already.
    overview: Overview,
    /// Unfolded at first.
    is_open: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let progress = Progress::of(&overview);
    let organizations = StoredValue::new(overview.pushable);
    let query = use_query_map();
    let chosen = memo(move |_| {
        let asked = query
            .with(|query| query.get("org").and_then(|name| name.parse::<OrganizationName>().ok()));
        organizations.with_value(|names| {
            asked.filter(|name| names.contains(name)).or_else(|| names.first().cloned())
        })
    });
    let (host, may_create) = use_viewer().with_value(|viewer| {
        let may_create =
            viewer.profile.as_ref().is_some_and(|profile| profile.may_create_organizations);
        (StoredValue::new(viewer.site.host.clone()), may_create)
    });
    let prefix = move || {
        let name = chosen.get().map_or_else(|| "organization".to_owned(), |name| name.to_string());
        host.with_value(|host| format!("{host}/{name}/nginx:v1"))
    };
    let push = derive(move || {
        let full = prefix();
        Command::plain(format!("docker tag nginx:v1 {full}\ndocker push {full}"))
    });
    let deploy = derive(move || {
        Command::plain(format!(
            "spec:\n  imagePullSecrets:\n    - name: roadstead-pull\n  containers:\n    - name: nginx\n      image: {}",
            prefix()
        ))
    });
    view! {
        <section class="card" id="quickstart" aria-labelledby="qs-h" data-testid="overview.quickstart">
            <details class="quickstart" open=is_open data-fold=COOKIE>
                <summary class="card__head">
                    <h2 id="qs-h">{t!(i18n, overview.quick_start)}</h2>
                    <Icon icon=icondata::LuChevronDown class="icon icon--sm push" />
                </summary>
                <div class="card__body">
                    <ol class="steps">
                        <Step number=1 state=progress.state(0) title=crate::text!(i18n, overview.step_organization)>
                            <p class="small muted">{t!(i18n, overview.step_organization_text)}</p>
                            {if may_create {
                                view! {
                                    <a class="btn btn--sm" href="/organizations?dialog=create" data-testid="quickstart.create">
                                        <Icon icon=icondata::LuPlus />
                                        {t!(i18n, overview.create_organization)}
                                    </a>
                                }
                                    .into_any()
                            } else {
                                view! { <p class="small muted">{t!(i18n, overview.step_organization_ask)}</p> }.into_any()
                            }}
                        </Step>
                        <Step number=2 state=progress.state(1) title=crate::text!(i18n, overview.step_login)>
                            <p class="small muted">{t!(i18n, overview.step_login_text)}</p>
                            <DialogLink name="login" class="btn btn--sm" testid="quickstart.login">
                                <Icon icon=icondata::LuTerminal />
                                {t!(i18n, overview.step_login_get)}
                            </DialogLink>
                        </Step>
                        <Step number=3 state=progress.state(2) title=crate::text!(i18n, overview.step_push)>
                            {move || {
                                organizations
                                    .with_value(|names| (names.len() > 1).then(|| names.clone()))
                                    .map(|names| view! { <Choose names=names chosen=chosen.into() /> })
                            }}
                            <CommandBlock command=push testid="quickstart.push" />
                        </Step>
                        <Step number=4 state=progress.state(3) title=crate::text!(i18n, overview.step_deploy)>
                            <p class="small muted">{t!(i18n, overview.step_deploy_text)}</p>
                            <CommandBlock command=deploy is_bare=true testid="quickstart.deploy" />
                        </Step>
                    </ol>
                </div>
            </details>
        </section>
    }
}

/// One step; what it says is shown until it is done.
#[component]
fn Step(
    number: u32,
    state: Option<&'static str>,
    #[prop(into)] title: Signal<String>,
    children: Children,
) -> impl IntoView {
    let i18n = use_i18n();
    let is_done = state == Some("done");
    let mark = if is_done {
        view! { <Icon icon=icondata::LuCheck class="icon icon--sm" /> }.into_any()
    } else {
        view! { {number} }.into_any()
    };
    let said = move || match state {
        Some("done") => Some(t_string!(i18n, overview.step_done)),
        Some(_) => Some(t_string!(i18n, overview.step_current)),
        None => None,
    };
    let is_optional = is_done && number < 3;
    view! {
        <li class="step" data-state=state data-testid=format!("quickstart.step.{number}")>
            <span class="step__mark">{mark}</span>
            <div>
                <p class="step__title">
                    {move || title.get()}
                    {move || said().map(|said| view! { <span class="sr-only">{format!(" ({said})")}</span> })}
                </p>
                {(!is_optional).then(|| view! { <div class="step__body">{children()}</div> })}
            </div>
        </li>
    }
}

/// The organization of the commands: a GET form.
#[component]
fn Choose(names: Vec<OrganizationName>, chosen: Signal<Option<OrganizationName>>) -> impl IntoView {
    let i18n = use_i18n();
    let options = names
        .into_iter()
        .map(|name| {
            let own = name.clone();
            view! {
                <option value=name.to_string() selected=move || chosen.get().as_ref() == Some(&own)>
                    {name.to_string()}
                </option>
            }
        })
        .collect_view();
    view! {
        <Form method="GET" action="/overview" attr:class="row" noscroll=true>
            <select
                class="select"
                name="org"
                aria-label=move || t_string!(i18n, overview.step_push_organization)
                data-testid="quickstart.organization"
                data-auto=""
            >
                {options}
            </select>
            <button type="submit" class="btn no-script">{t!(i18n, overview.step_push_show)}</button>
        </Form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_that_is_not_done_is_the_current_one() {
        let progress = Progress { done: [true, false, true, false] };
        let states: Vec<_> = (0..4).map(|step| progress.state(step)).collect();
        assert_eq!(states, [Some("done"), Some("current"), Some("done"), None]);
        let all = Progress { done: [true; 4] };
        assert!((0..4).all(|step| all.state(step) == Some("done")));
    }
}
