//! The last step of set-up: how to log in, and where to go.

use leptos::prelude::*;

use super::step_bar::StepBar;
use crate::command::{Client, Host, Login, login};
use crate::component::command_block::ClientCommand;
use crate::component::icon::Icon;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::i18n::{t, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// The last step: how to log in, and where to go.
#[component]
pub fn SetupDonePage() -> impl IntoView {
    let i18n = use_i18n();
    let (account, site) = use_viewer().with_value(|viewer| {
        let account =
            viewer.profile.as_ref().map(|profile| profile.account.to_string()).unwrap_or_default();
        (account, viewer.site.clone())
    });
    let name = account.clone();
    let command = move |client: Client| {
        let host = Host { name: &site.host, plain_http: site.plain_http };
        let credential = Login {
            user: &account,
            password: "",
            image: "",
            by_stdin: false,
            namespace: "default",
        };
        login(client, &host, &credential)
    };
    view! {
        <PageTitle page=text!(i18n, auth.setup_title) />
        <PageHeader title=text!(i18n, auth.done_title) />
        <section class="card" data-testid="setup.done">
            <div class="card__body card__body--form stack">
                <StepBar current=5 />
                <p>{t!(i18n, auth.done_text, name = move || name.clone())}</p>
                <ClientCommand clients=&DONE_CLIENTS command=command testid="setup.login-command" />
                <div class="row row--wrap">
                    <a
                        class="btn btn--primary"
                        href="/organizations?dialog=create"
                        data-testid="setup.create-organization"
                    >
                        <Icon icon=icondata::LuPlus />
                        {t!(i18n, auth.done_organization)}
                    </a>
                    <a class="btn" href="/overview#quickstart" rel="external" data-testid="setup.push">
                        {t!(i18n, auth.done_push)}
                    </a>
                    <a class="btn" href="/overview" data-testid="setup.overview">
                        {t!(i18n, auth.done_overview)}
                    </a>
                </div>
            </div>
        </section>
    }
}

/// Clients that ask for a password when none is given.
static DONE_CLIENTS: [Client; 5] =
    [Client::Docker, Client::Nerdctl, Client::Podman, Client::Skopeo, Client::Helm];
