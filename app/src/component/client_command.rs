//! Pull commands in the words of the chosen client: on rows, in heads of pages, and the menu that chooses the client.
//!
//! Everything copied is whole: host, port, organization, repository, and tag or digest.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::call::account::SaveAppearance;
use crate::command::{self, Client, Host};
use crate::component::command_block::{client_name, use_chosen_client};
use crate::component::copy::CopyButton;
use crate::component::dialog::use_changed_query;
use crate::component::icon::Icon;
use crate::component::menu::Menu;
use crate::component::noscroll;
use crate::i18n::{t_string, use_i18n};
use crate::text;
use crate::viewer::{Site, use_live, use_viewer};

/// The registry of this page, as commands name it.
#[must_use]
pub const fn host_of(site: &Site) -> Host<'_> {
    Host { name: site.host.as_str(), plain_http: site.plain_http }
}

/// What to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// `organization/repository`.
    pub image: String,
    /// `:tag` or `@digest`.
    pub reference: String,
    /// One platform of an index.
    pub platform: Option<String>,
}

impl Pull {
    /// An image by `:tag` or `@digest`.
    #[must_use]
    pub fn new(image: impl ToString, reference: impl Into<String>) -> Self {
        Self { image: image.to_string(), reference: reference.into(), platform: None }
    }

    /// The command in the words of `client`.
    #[must_use]
    pub fn command(&self, client: Client, site: &Site) -> command::Command {
        command::pull(
            client,
            &host_of(site),
            &self.image,
            &self.reference,
            self.platform.as_deref(),
        )
    }
}

/// The command that pulls `pull` with the chosen client.
#[must_use]
pub fn use_pull_text(pull: Pull) -> Signal<String> {
    let viewer = use_viewer();
    let client = use_chosen_client(&Client::PULL);
    derive(move || viewer.with_value(|viewer| pull.command(client.get(), &viewer.site).text()))
}

/// Copies a pull command.
#[component]
pub fn CopyPull(
    /// What it pulls.
    pull: Pull,
    /// The words of the accessible name.
    #[prop(into)]
    what: Signal<String>,
    /// Show the client's name, as in a column of commands.
    #[prop(optional)]
    names_client: bool,
    /// Words instead of the client's name.
    #[prop(optional, into)]
    label: Option<Signal<String>>,
    /// Classes of a whole button.
    #[prop(optional)]
    class: Option<&'static str>,
    /// The shortcut `c` presses it.
    #[prop(optional)]
    is_shortcut: bool,
    /// Test hook.
    #[prop(into)]
    testid: String,
) -> impl IntoView {
    let i18n = use_i18n();
    let text = use_pull_text(pull);
    let client = use_chosen_client(&Client::PULL);
    let name = derive(move || client_name(i18n, client.get()).to_owned());
    let label = label.or_else(|| names_client.then_some(name));
    match (label, class) {
        (Some(label), Some(class)) => view! {
            <CopyButton text=text what=what label=label class=class is_shortcut=is_shortcut testid=testid />
        }
        .into_any(),
        (Some(label), None) => view! { <CopyButton text=text what=what label=label testid=testid /> }.into_any(),
        (None, _) => view! { <CopyButton text=text what=what is_large=true testid=testid /> }.into_any(),
    }
}

/// Chooses the client whose commands are shown and copied; remembered for the user.
#[component]
pub fn ClientMenu(
    /// Clients to choose from.
    clients: &'static [Client],
    /// Classes of the trigger.
    #[prop(default = "btn btn--icon btn--primary")]
    class: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let query = use_query_map();
    let chosen = use_chosen_client(clients);
    let action = ServerAction::<SaveAppearance>::new();
    let navigate = use_navigate();
    let plain = use_changed_query(vec![("client", None)]);
    let items = clients
        .iter()
        .map(|client| {
            let client = *client;
            let href = use_changed_query(vec![("client", Some(client.as_str().to_owned()))]);
            let navigate = navigate.clone();
            let on_click = move |event: leptos::ev::MouseEvent| {
                event.prevent_default();
                event.stop_propagation();
                live.client.set(client);
                if query.with_untracked(|query| query.get("client").is_some()) {
                    let options =
                        NavigateOptions { scroll: false, replace: true, ..Default::default() };
                    navigate(&plain.get_untracked(), options);
                }
                action.dispatch(SaveAppearance {
                    client: Some(client.as_str().to_owned()),
                    ..SaveAppearance::default()
                });
                crate::dom::close_menus(None);
            };
            view! {
                <a
                    class="menu__item"
                    href=move || href.get()
                    {..noscroll()}
                    aria-current=move || (chosen.get() == client).then_some("true")
                    data-testid=format!("client.choose.{}", client.as_str())
                    on:click=on_click
                >
                    <Icon icon=icondata::LuCheck class="icon menu__tick" />
                    {move || client_name(i18n, client)}
                </a>
            }
        })
        .collect_view();
    view! {
        <Menu
            label=text!(i18n, images.choose_client)
            class=class
            testid="client.menu"
            trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuChevronDown class="icon icon--sm" /> })
        >
            {items}
        </Menu>
    }
}

/// A split button: copies the pull command of the newest tag, and beside it chooses the client.
#[component]
pub fn CopyPullGroup(
    /// What it pulls.
    pull: Pull,
) -> impl IntoView {
    let i18n = use_i18n();
    let label = derive(move || t_string!(i18n, images.copy_pull).to_owned());
    view! {
        <span class="btn-group needs-script">
            <CopyPull
                pull=pull
                what=text!(i18n, images.the_pull_command)
                label=label
                class="btn btn--primary"
                is_shortcut=true
                testid="image.copy_pull"
            />
            <ClientMenu clients=&Client::PULL />
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_the_host_of_the_page() {
        let site = Site { host: "127.0.0.1:5000".to_owned(), plain_http: true, ..Site::default() };
        let mut pull = Pull::new("group/team/web", ":v1");
        assert_eq!(
            pull.command(Client::Docker, &site).text(),
            "docker pull 127.0.0.1:5000/group/team/web:v1"
        );
        pull.platform = Some("linux/arm64".to_owned());
        assert_eq!(
            pull.command(Client::Podman, &site).text(),
            "podman pull --tls-verify=false --platform linux/arm64 127.0.0.1:5000/group/team/web:v1"
        );
    }
}
