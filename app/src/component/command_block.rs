//! A command to copy, with the client switch. Secrets are masked until revealed, and copied whole.
//!
//! The chosen client is remembered for the page at once and for the user by `save_appearance`.

use leptos::prelude::*;

use crate::call::account::SaveAppearance;
use crate::command::{Client, Command, Part};
use crate::component::copy::CopyButton;
use crate::component::form::call_path;
use crate::component::icon::Icon;
use crate::component::noscroll;
use crate::component::served::is_inside;
use crate::i18n::{t_string, use_i18n};
use crate::viewer::use_live;

/// The client's name.
#[must_use]
pub fn client_name(i18n: crate::i18n::I18n, client: Client) -> &'static str {
    match client {
        Client::Docker => t_string!(i18n, components.client_docker),
        Client::Ctr => t_string!(i18n, components.client_ctr),
        Client::Crictl => t_string!(i18n, components.client_crictl),
        Client::Nerdctl => t_string!(i18n, components.client_nerdctl),
        Client::Podman => t_string!(i18n, components.client_podman),
        Client::Skopeo => t_string!(i18n, components.client_skopeo),
        Client::Helm => t_string!(i18n, components.client_helm),
        Client::Kubernetes => t_string!(i18n, components.client_kubernetes),
        Client::Reference => t_string!(i18n, components.client_reference),
    }
}

/// One command.
#[component]
pub fn CommandBlock(
    /// The command.
    #[prop(into)]
    command: Signal<Command>,
    /// It no longer works: struck through.
    #[prop(optional, into)]
    is_expired: Signal<bool>,
    /// A bare reference, without the prompt.
    #[prop(optional, into)]
    is_bare: Signal<bool>,
    /// Test hook; the text is `{testid}`, the button `{testid}.copy`.
    #[prop(default = "command".to_owned(), into)]
    testid: String,
    /// Clients above the command.
    #[prop(optional, into)]
    switch: ViewFn,
) -> impl IntoView {
    let i18n = use_i18n();
    let is_revealed = RwSignal::new(false);
    let has_secret = memo(move |_| command.try_with(Command::has_secret).unwrap_or(false));
    let what = derive(move || {
        if has_secret.get() {
            t_string!(i18n, components.secret_command)
        } else {
            t_string!(i18n, components.command)
        }
        .to_owned()
    });
    let text = derive(move || command.with(Command::text));
    let parts = move || {
        command
            .try_get()
            .unwrap_or_default()
            .0
            .into_iter()
            .map(|part| match part {
                Part::Text(text) => view! { <span>{text}</span> }.into_any(),
                Part::Key(text) => view! { <span class="key">{text}</span> }.into_any(),
                Part::Secret(text) => {
                    let mark = is_inside().then(|| text.clone());
                    let shown = move || {
                        if is_revealed.get() {
                            text.clone()
                        } else {
                            "••••••••".to_owned()
                        }
                    };
                    view! { <span class="secret" data-secret=mark>{shown}</span> }.into_any()
                }
            })
            .collect_view()
    };
    let reveal_name = move || {
        if is_revealed.get() {
            t_string!(i18n, components.secret_hide)
        } else {
            t_string!(i18n, components.secret_show)
        }
    };
    let copy_testid = format!("{testid}.copy");
    view! {
        <div class="cmd" data-state=move || is_expired.get().then_some("expired")>
            {switch.run()}
            <div class="cmd__body">
                <code class="cmd__text" data-testid=testid>
                    {move || (!is_bare.try_get().unwrap_or(false)).then(|| view! { <span class="prompt" aria-hidden="true">"$ "</span> })}
                    {parts}
                </code>
                <span class="cmd__actions">
                    {move || {
                        has_secret
                            .try_get()
                            .unwrap_or(false)
                            .then(|| {
                                view! {
                                    <button
                                        type="button"
                                        class="copy copy--md needs-script"
                                        aria-label=reveal_name
                                        aria-pressed=move || is_revealed.get().to_string()
                                        data-testid="command.reveal"
                                        data-reveal=is_inside().then_some("")
                                        on:click=move |_| is_revealed.update(|on| *on = !*on)
                                    >
                                        {move || {
                                            let icon = if is_revealed.get() { icondata::LuEyeOff } else { icondata::LuEye };
                                            view! { <Icon icon=icon class="icon icon--sm" /> }
                                        }}
                                    </button>
                                }
                            })
                    }}
                    <CopyButton text=text what=what is_large=true testid=copy_testid />
                </span>
            </div>
        </div>
    }
}

/// A command in the words of the chosen client. `command` writes it for one client.
///
/// Without scripts the switch is a group of links (`?client=`); alive it changes in place and is remembered.
#[component]
pub fn ClientCommand<F>(
    /// Clients to choose from, [`Client::PULL`] or [`Client::LOGIN`].
    clients: &'static [Client],
    /// Writes the command.
    command: F,
    /// It no longer works.
    #[prop(optional, into)]
    is_expired: Signal<bool>,
    /// Test hook of the text; the clients are `client.{word}`.
    #[prop(default = "command".to_owned(), into)]
    testid: String,
) -> impl IntoView
where
    F: Fn(Client) -> Command + Send + Sync + 'static,
{
    let chosen = use_chosen_client(clients);
    // Gone with the dialog around it, while the address still changes: then any client will do.
    let command = derive(move || command(chosen.try_get().unwrap_or_default()));
    let is_bare = derive(move || chosen.try_get() == Some(Client::Reference));
    view! {
        <CommandBlock
            command=command
            is_expired=is_expired
            is_bare=is_bare
            testid=testid
            switch=ViewFn::from(move || view! { <ClientSwitch clients=clients /> })
        />
    }
}

/// The client whose commands are shown: the address's `?client=`, else the remembered one, if it is among `clients`.
#[must_use]
pub fn use_chosen_client(clients: &'static [Client]) -> Signal<Client> {
    let live = use_live();
    let query = leptos_router::hooks::use_query_map();
    derive(move || {
        let asked = query.with(|query| query.get("client").and_then(|word| Client::parse(&word)));
        asked.unwrap_or_else(|| live.client.get()).among(clients)
    })
}

/// The row of clients.
#[component]
pub fn ClientSwitch(
    /// Clients to choose from.
    clients: &'static [Client],
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let chosen = use_chosen_client(clients);
    let action = ServerAction::<SaveAppearance>::new();
    let navigate = leptos_router::hooks::use_navigate();
    let items = clients
        .iter()
        .map(|client| {
            let client = *client;
            let href = crate::component::dialog::use_changed_query(vec![(
                "client",
                Some(client.as_str().to_owned()),
            )]);
            let plain = crate::component::dialog::use_changed_query(vec![("client", None)]);
            let query = leptos_router::hooks::use_query_map();
            let navigate = navigate.clone();
            let choose = move || {
                live.client.set(client);
                if query.with_untracked(|query| query.get("client").is_some()) {
                    let options = leptos_router::NavigateOptions {
                        scroll: false,
                        replace: true,
                        ..Default::default()
                    };
                    navigate(&plain.get_untracked(), options);
                }
                if client.remembered().is_some() {
                    let word = client.as_str().to_owned();
                    action.dispatch(SaveAppearance {
                        client: Some(word),
                        ..SaveAppearance::default()
                    });
                }
            };
            let choose_by_key = choose.clone();
            let on_click = move |event: leptos::ev::MouseEvent| {
                event.prevent_default();
                event.stop_propagation();
                choose();
            };
            // A link that acts as a button answers the space bar too.
            let on_key = move |event: leptos::ev::KeyboardEvent| {
                if event.key() == " " {
                    event.prevent_default();
                    choose_by_key();
                }
            };
            view! {
                <a
                    class="cmd__client"
                    role="button"
                    href=move || href.try_get()
                    {..noscroll()}
                    aria-pressed=move || (chosen.try_get() == Some(client)).to_string()
                    data-testid=format!("client.{}", client.as_str())
                    data-send=(is_inside() && client.remembered().is_some()).then(|| format!("client={}", client.as_str()))
                    data-to=is_inside().then(call_path::<SaveAppearance>)
                    on:click=on_click
                    on:keydown=on_key
                >
                    {move || client_name(i18n, client)}
                </a>
            }
        })
        .collect_view();
    view! {
        <div class="cmd__bar" role="group" aria-label=move || t_string!(i18n, components.client)>
            {items}
        </div>
    }
}
