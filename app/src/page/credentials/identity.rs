//! Who one is to the API: ids of user, account and projects, and the registry's address.

use leptos::prelude::*;
use roadstead::manage::profile::Project;

use super::Copied;
use crate::call::credential::list_projects;
use crate::component::fact::Fact;
use crate::component::load::Load;
use crate::component::table::SkeletonTable;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// The card.
#[component]
pub fn Identity() -> impl IntoView {
    let i18n = use_i18n();
    let (profile, host) =
        use_viewer().with_value(|viewer| (viewer.profile.clone(), viewer.site.host.clone()));
    let projects = Resource::new(|| (), |()| list_projects());
    let ids = profile.map(|profile| {
        let rows = [
            (text!(i18n, common.user_name), profile.user.to_string(), "credentials.user"),
            (text!(i18n, credentials.user_id), profile.user_id.to_string(), "credentials.user-id"),
            (
                text!(i18n, credentials.account_name),
                profile.account.to_string(),
                "credentials.account",
            ),
            (
                text!(i18n, credentials.account_id),
                profile.account_id.to_string(),
                "credentials.account-id",
            ),
        ];
        let rows = rows.into_iter().map(|(label, text, testid)| {
            view! {
                <Fact label=label>
                    <Copied text=text what=label testid=testid />
                </Fact>
            }
        });
        rows.collect_view()
    });
    let shown = |projects: Vec<Project>| view! { <Projects projects=projects /> };
    view! {
        <section class="card" data-testid="credentials.identity">
            <div class="card__head">
                <h2>{t!(i18n, credentials.api_credentials)}</h2>
            </div>
            <div class="card__body">
                <dl class="facts facts--rows">
                    {ids}
                    <Fact label=text!(i18n, credentials.registry_address)>
                        <Copied
                            text=host
                            what=text!(i18n, credentials.registry_address)
                            testid="credentials.registry"
                        />
                    </Fact>
                </dl>
            </div>
            <Load
                resource=projects
                is_part=true
                fallback=|| view! { <SkeletonTable rows=1 columns=3 /> }
                view=shown
            />
        </section>
    }
}

#[component]
fn Projects(projects: Vec<Project>) -> impl IntoView {
    let i18n = use_i18n();
    let rows = projects
        .into_iter()
        .map(|project| {
            let (id, name) = (project.id.to_string(), project.region.id.to_string());
            let testid = format!("credentials.project.{name}");
            view! {
                <tr role="row" data-testid=testid>
                    <td role="cell" class="m-name">
                        <Copied
                            text=id
                            what=text!(i18n, credentials.project_id)
                            testid="credentials.project.id"
                        />
                    </td>
                    <td role="cell">
                        <Copied
                            text=name.clone()
                            what=text!(i18n, credentials.project)
                            testid="credentials.project.name"
                        />
                    </td>
                    <td role="cell">{project.region.name.clone()}</td>
                    <td role="cell" class="m-facts">
                        <span class="fact-list">
                            <span class="mono">{name}</span>
                            <span>{project.region.name}</span>
                        </span>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table
            class="table table--plain table--cards"
            role="table"
            aria-label=move || t_string!(i18n, credentials.projects)
            data-testid="credentials.projects"
        >
            <thead role="rowgroup">
                <tr role="row">
                    <th scope="col" role="columnheader">{t!(i18n, credentials.project_id)}</th>
                    <th scope="col" role="columnheader">{t!(i18n, credentials.project)}</th>
                    <th scope="col" role="columnheader">{t!(i18n, credentials.region)}</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}
