//! The login command: a dialog that can be opened on any page that holds it, and by the address `?dialog=login`, with
//! `&login=long` at its second tab.
//!
//! Opening makes a new temporary login, also without scripts: the page then comes with the command in it. The login key
//! is masked until asked for; pages are never cached. To add a client, see [`crate::command`].

pub mod long_term;
pub mod parts;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use roadstead::manage::login::TemporaryLogin;
use roadstead::{ErrorKind, OrganizationName, Timestamp};

use crate::call::organization::pushable_organizations;
use crate::call::overview::create_login;
use crate::command::{self, Client, Host, Login};
use crate::component::command_block::{ClientCommand, use_chosen_client};
use crate::component::dialog::{Dialog, use_changed_query};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::noscroll;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_viewer;
use long_term::LongTerm;
use parts::{
    CiPart, Expiry, InsecurePart, KubernetesPart, NetworkChoice, NoAccess, RunHint, StdinToggle,
    Troubleshooting, use_seconds,
};

/// What the dialog shows: a temporary login, or none where the long-term one is made; and an image to write into commands
/// that need one. `None` without programmatic access.
type Shown = Option<(Option<TemporaryLogin>, String)>;

async fn prepare(is_long: bool) -> Result<Shown, ConsoleError> {
    let login = if is_long {
        None
    } else {
        match create_login().await {
            Ok(login) => Some(login),
            Err(error) if error.kind == ErrorKind::Denied => return Ok(None),
            Err(error) => return Err(error),
        }
    };
    let organizations = pushable_organizations().await.unwrap_or_default();
    Ok(Some((login, example_image(organizations.first()))))
}

/// What a command logs in with.
#[derive(Clone)]
struct Credential {
    /// `region@access-key`.
    user: String,
    /// The login key.
    key: String,
    /// `host[:port]` of the registry.
    host: String,
    /// Whether it is reached without TLS.
    is_plain_http: bool,
    /// When it ends; `None` for a long-term login.
    end: Option<Timestamp>,
}

/// An image of an organization of the viewer, else a name that says what to put there.
fn example_image(organization: Option<&OrganizationName>) -> String {
    organization
        .map_or_else(|| "organization/image:tag".to_owned(), |name| format!("{name}/nginx:v1"))
}

/// A Kubernetes namespace as typed, or `default` when it is no DNS label.
fn namespace_of(typed: Option<String>) -> String {
    typed
        .map(|text| text.trim().to_owned())
        .filter(|text| {
            (1..=63).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !text.starts_with('-')
                && !text.ends_with('-')
        })
        .unwrap_or_else(|| "default".to_owned())
}

/// The dialog at `?dialog=login`.
#[component]
pub fn LoginDialog() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="login" title=text!(i18n, overview.login_title) class="dialog dialog--lg">
            <LoginBody />
        </Dialog>
    }
}

#[component]
fn LoginBody() -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let is_long =
        memo(move |_| query.with(|query| query.get("login").is_some_and(|word| word == "long")));
    let version = RwSignal::new(0_u32);
    let login = Resource::new(
        move || (version.get(), is_long.get()),
        |(_, is_long): (u32, bool)| prepare(is_long),
    );
    let on_regenerate = Callback::new(move |()| version.update(|version| *version += 1));
    let may_log_in = use_viewer().with_value(|viewer| {
        viewer.profile.as_ref().is_some_and(|profile| profile.access.programmatic)
    });
    let temporary = use_changed_query(vec![("login", None)]);
    let long = use_changed_query(vec![("login", Some("long".to_owned()))]);
    view! {
        <div class="dialog__tabs">
            <nav class="tabs" aria-label=move || t_string!(i18n, overview.login_kind)>
                <a
                    href=move || temporary.try_get()
                    {..noscroll()}
                    aria-current=move || (!is_long.get()).then_some("page")
                    data-testid="login.tab.temporary"
                >
                    {t!(i18n, overview.login_temporary)}
                </a>
                <a
                    href=move || may_log_in.then(|| long.try_get()).flatten()
                    {..noscroll()}
                    aria-current=move || is_long.get().then_some("page")
                    aria-disabled=(!may_log_in).then_some("true")
                    title=move || (!may_log_in).then(|| t_string!(i18n, overview.no_programmatic))
                    data-testid="login.tab.long"
                >
                    {t!(i18n, overview.login_long)}
                </a>
            </nav>
        </div>
        <div class="dialog__body">
            <Load
                resource=login
                is_part=true
                view=move |shown: Shown| match shown {
                    Some((Some(login), image)) => {
                        view! { <TemporaryTab login=login image=image on_regenerate=on_regenerate /> }.into_any()
                    }
                    Some((None, image)) if may_log_in => view! { <LongTerm image=image /> }.into_any(),
                    Some(_) | None => view! { <NoAccess /> }.into_any(),
                }
                fallback=ViewFn::from(|| view! { <p class="skeleton skeleton--w4" aria-busy="true"></p> })
            />
        </div>
    }
}

#[component]
fn TemporaryTab(
    login: TemporaryLogin,
    image: String,
    on_regenerate: Callback<()>,
) -> impl IntoView {
    let credential = Credential {
        user: login.username,
        key: login.password.reveal().clone(),
        host: login.host,
        is_plain_http: login.is_plain_http,
        end: Some(login.expires_at),
    };
    view! { <LoginCommand credential=credential image=image on_regenerate=on_regenerate /> }
}

/// The command for the network that is chosen, where there is a choice.
#[component]
fn LoginCommand(
    credential: Credential,
    image: String,
    /// Makes another, where one ends.
    #[prop(optional)]
    on_regenerate: Option<Callback<()>>,
) -> impl IntoView {
    let Some(internal) = use_viewer().with_value(|viewer| viewer.site.internal.clone()) else {
        return view! { <CommandOf credential=credential image=image on_regenerate=on_regenerate /> }
            .into_any();
    };
    let query = use_query_map();
    let is_private = memo(move |_| query.with(|query| query.get_str("net") == Some("private")));
    view! {
        <NetworkChoice is_private=is_private.into() />
        {move || {
            let mut credential = credential.clone();
            if is_private.get() {
                credential.host.clone_from(&internal);
            }
            view! { <CommandOf credential=credential image=image.clone() on_regenerate=on_regenerate /> }
        }}
    }
    .into_any()
}

/// The command in the words of the chosen client, and what belongs to it.
#[component]
fn CommandOf(
    credential: Credential,
    image: String,
    on_regenerate: Option<Callback<()>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let wanted = use_chosen_client(&Client::LOGIN);
    // The address changes more often than the client does.
    let chosen = memo(move |_| wanted.get());
    let by_stdin =
        memo(move |_| query.with(|query| query.get("stdin").is_some_and(|value| value == "1")));
    let namespace = memo(move |_| namespace_of(query.with(|query| query.get("ns"))));
    let now = use_seconds();
    let Credential { host, is_plain_http, end, .. } = credential.clone();
    let is_expired = derive(move || end.is_some_and(|end| now.get() >= end));
    let facts = StoredValue::new((credential, image));
    let written = move |client: Client| {
        facts.with_value(|(credential, image)| {
            let host = Host { name: &credential.host, plain_http: credential.is_plain_http };
            let parts = Login {
                user: &credential.user,
                password: &credential.key,
                image,
                by_stdin: by_stdin.get(),
                namespace: &namespace.get(),
            };
            command::login(client, &host, &parts)
        })
    };
    let plain = move || written(chosen.get()).text();
    let expiry = end.zip(on_regenerate).map(|(end, on_regenerate)| {
        view! { <Expiry end=end now=now is_expired=is_expired on_regenerate=on_regenerate /> }
    });
    view! {
        <div class="stack" data-testid="login.body">
            <ClientCommand clients=&Client::LOGIN command=written is_expired=is_expired testid="login.command" />
            <details class="fold no-script" data-testid="login.plain">
                <summary>
                    <Icon icon=icondata::LuChevronRight class="icon icon--sm" />
                    {t!(i18n, overview.plain_command)}
                </summary>
                <div class="cmd">
                    <div class="cmd__body">
                        <code class="cmd__text" data-testid="login.plain.text">{plain}</code>
                    </div>
                </div>
            </details>
            {expiry}
            {move || {
                (chosen.get() == Client::Docker).then(|| view! { <StdinToggle is_on=by_stdin.into() /> })
            }}
            {move || match chosen.get() {
                Client::Kubernetes => {
                    let (host, image) = facts.with_value(|(credential, image)| (credential.host.clone(), image.clone()));
                    view! {
                        <KubernetesPart host=host image=image namespace=namespace.into() is_temporary=end.is_some() />
                    }
                        .into_any()
                }
                Client::Ctr | Client::Crictl => {
                    view! { <p class="small muted">{t!(i18n, overview.no_login_hint)}</p> }.into_any()
                }
                _ => view! { <RunHint /> }.into_any(),
            }}
            <div>
                {is_plain_http.then(|| view! { <InsecurePart host=host.clone() /> })}
                <CiPart host=host.clone() />
                <Troubleshooting />
            </div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_dns_labels() {
        assert_eq!(namespace_of(Some(" prod-1 ".to_owned())), "prod-1");
        for bad in ["", "-a", "a-", "A", "a;rm", "a b"] {
            assert_eq!(namespace_of(Some(bad.to_owned())), "default", "{bad}");
        }
        assert_eq!(namespace_of(None), "default");
    }

    #[test]
    fn commands_name_an_image_that_can_be_pushed() -> Result<(), roadstead::Error> {
        assert_eq!(example_image(Some(&"group".parse()?)), "group/nginx:v1");
        assert_eq!(example_image(None), "organization/image:tag");
        Ok(())
    }
}
