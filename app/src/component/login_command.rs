//! The login command: a dialog that can be opened on any page that holds it, and by the address `?dialog=login`.
//!
//! Opening makes a new temporary login, also without scripts: the page then comes with the command in it. The login key
//! is masked until asked for; pages are never cached. To add a client, see [`crate::command`].

use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use roadstead::manage::login::TemporaryLogin;
use roadstead::{ErrorKind, OrganizationName};

use crate::call::organization::pushable_organizations;
use crate::call::overview::create_login;
use crate::command::{self, Client, Command, Host, Login, Part};
use crate::component::command_block::{ClientCommand, CommandBlock, use_chosen_client};
use crate::component::dialog::{Dialog, use_changed_query, use_query_pairs};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::noscroll;
use crate::error::ConsoleError;
use crate::format;
use crate::i18n::{t, t_string, td_string, use_i18n};
use crate::language::{FIRST, coded};
use crate::text;
use crate::viewer::use_live;

/// What the dialog shows: a login, and an image to write into commands that need one. `None` without programmatic
/// access.
type Shown = Option<(TemporaryLogin, String)>;

async fn prepare() -> Result<Shown, ConsoleError> {
    let login = match create_login().await {
        Ok(login) => login,
        Err(error) if error.kind == ErrorKind::Denied => return Ok(None),
        Err(error) => return Err(error),
    };
    let organizations = pushable_organizations().await.unwrap_or_default();
    Ok(Some((login, example_image(organizations.first()))))
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

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.starts_with("localhost:")
        || host.starts_with("127.")
        || host == "[::1]"
        || host.starts_with("[::1]:")
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
    let version = RwSignal::new(0_u32);
    let login = Resource::new(move || version.get(), |_| prepare());
    let on_regenerate = Callback::new(move |()| version.update(|version| *version += 1));
    view! {
        <div class="dialog__tabs">
            <nav class="tabs" aria-label=move || t_string!(i18n, overview.login_kind)>
                <a href="?dialog=login" aria-current="page" data-testid="login.tab.temporary" on:click=stay>
                    {t!(i18n, overview.login_temporary)}
                </a>
            </nav>
        </div>
        <div class="dialog__body">
            <Load
                resource=login
                is_part=true
                view=move |shown: Shown| match shown {
                    Some((login, image)) => {
                        view! { <LoginCommand login=login image=image on_regenerate=on_regenerate /> }.into_any()
                    }
                    None => view! { <NoAccess /> }.into_any(),
                }
                fallback=ViewFn::from(|| view! { <p class="skeleton skeleton--w4" aria-busy="true"></p> })
            />
        </div>
    }
}

/// The current tab leads nowhere else.
fn stay(event: leptos::ev::MouseEvent) {
    event.prevent_default();
    event.stop_propagation();
}

#[component]
fn NoAccess() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="banner banner--warn" role="alert" data-testid="login.denied">
            <Icon icon=icondata::LuLock />
            <div class="banner__body">{t!(i18n, overview.no_programmatic)}</div>
        </div>
    }
}

#[component]
fn LoginCommand(
    login: TemporaryLogin,
    image: String,
    on_regenerate: Callback<()>,
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
    let expires_at = login.expires_at;
    let is_expired = derive(move || now.get() >= expires_at);
    let facts = StoredValue::new((login.clone(), image.clone()));
    let written = move |client: Client| {
        facts.with_value(|(login, image)| {
            let host = Host { name: &login.host, plain_http: login.is_plain_http };
            let parts = Login {
                user: &login.username,
                password: login.password.reveal(),
                image,
                by_stdin: by_stdin.get(),
                namespace: &namespace.get(),
            };
            command::login(client, &host, &parts)
        })
    };
    let plain = move || written(chosen.get()).text();
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
            <Expiry login=login.clone() now=now is_expired=is_expired on_regenerate=on_regenerate />
            {move || {
                (chosen.get() == Client::Docker).then(|| view! { <StdinToggle is_on=by_stdin.into() /> })
            }}
            {move || match chosen.get() {
                Client::Kubernetes => {
                    let image = facts.with_value(|(login, image)| format!("{}/{image}", login.host));
                    view! { <KubernetesPart image=image namespace=namespace.into() /> }.into_any()
                }
                Client::Ctr | Client::Crictl => {
                    view! { <p class="small muted">{t!(i18n, overview.no_login_hint)}</p> }.into_any()
                }
                _ => view! { <RunHint /> }.into_any(),
            }}
            <div>
                {login
                    .is_plain_http
                    .then(|| view! { <InsecurePart host=login.host.clone() /> })}
                <CiPart host=login.host.clone() />
                <Troubleshooting />
            </div>
        </div>
    }
}

/// The time, every second while the dialog is open.
fn use_seconds() -> RwSignal<roadstead::Timestamp> {
    let now = RwSignal::new(use_live().now.get_untracked());
    Effect::new(move |_| {
        let tick = move || {
            if let Some(time) = crate::dom::now() {
                // The dialog may have closed meanwhile.
                let _ = now.try_set(time);
            }
        };
        tick();
        if let Ok(handle) = set_interval_with_handle(tick, std::time::Duration::from_secs(1)) {
            on_cleanup(move || handle.clear());
        }
    });
    now
}

#[component]
fn Expiry(
    login: TemporaryLogin,
    now: RwSignal<roadstead::Timestamp>,
    is_expired: Signal<bool>,
    on_regenerate: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let end = login.expires_at;
    let until = move || {
        t_string!(
            i18n,
            overview.valid_until,
            time = format::absolute(end, live.offset_minutes.get())
        )
        .to_string()
    };
    let left = move || format::countdown(end.seconds_since(now.get()));
    let class = move || if is_expired.get() { "btn btn--sm btn--primary" } else { "btn btn--sm" };
    let again = use_changed_query(vec![("dialog", Some("login".to_owned()))]);
    let on_click = move |event: leptos::ev::MouseEvent| {
        stay(event);
        on_regenerate.run(());
    };
    view! {
        <div class="row row--wrap">
            <p class="expiry" data-testid="login.expiry">
                <Icon icon=icondata::LuClock />
                {move || {
                    if is_expired.get() {
                        view! { <span>{t!(i18n, overview.login_expired)}</span> }.into_any()
                    } else {
                        view! {
                            <span><time datetime=end.to_string()>{until}</time></span>
                            <span>{t!(i18n, overview.time_left)} " " <b>{left}</b></span>
                        }
                            .into_any()
                    }
                }}
            </p>
            <span class="push">
                <a class=class href=move || again.get() rel="external" data-testid="login.regenerate" on:click=on_click>
                    <Icon icon=icondata::LuRefreshCw />
                    {t!(i18n, overview.regenerate)}
                </a>
            </span>
        </div>
    }
}

/// A link that is a checkbox: it works without scripts, and the choice is in the address.
#[component]
fn StdinToggle(is_on: Signal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let on = use_changed_query(vec![("stdin", Some("1".to_owned()))]);
    let off = use_changed_query(vec![("stdin", None)]);
    view! {
        <a
            class="choice"
            role="checkbox"
            aria-checked=move || is_on.get().to_string()
            href=move || if is_on.get() { off.get() } else { on.get() }
            {..noscroll()}
            data-testid="login.stdin"
        >
            {move || {
                let icon = if is_on.get() { icondata::LuSquareCheck } else { icondata::LuSquare };
                view! { <Icon icon=icon /> }
            }}
            <span>
                {t!(i18n, overview.by_stdin)}
                <span class="choice__help">
                    {coded(i18n, |locale| td_string!(locale, overview.by_stdin_help, <code> = FIRST).to_string())}
                </span>
            </span>
        </a>
    }
}

#[component]
fn RunHint() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="banner banner--info" data-testid="login.hint">
            <Icon icon=icondata::LuInfo />
            <div class="banner__body">
                {coded(i18n, |locale| td_string!(locale, overview.run_hint, <code> = FIRST).to_string())}
            </div>
        </div>
    }
}

#[component]
fn KubernetesPart(image: String, namespace: Signal<String>) -> impl IntoView {
    let i18n = use_i18n();
    // The button sends `dialog` again. As they are now: a reactive list would run once more while the dialog closes.
    let kept = use_query_pairs()
        .get_untracked()
        .into_iter()
        .filter(|(name, _)| !matches!(name.as_str(), "ns" | "dialog" | "__err" | "__path"))
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let yaml = format!(
        "spec:\n  imagePullSecrets:\n    - name: roadstead-pull\n  containers:\n    - name: app\n      image: {image}"
    );
    view! {
        <div class="stack" data-testid="login.kubernetes">
            <div class="banner banner--warn" role="note">
                <Icon icon=icondata::LuTriangleAlert />
                <div class="banner__body">{t!(i18n, overview.kubernetes_warning)}</div>
            </div>
            <Form method="GET" action="" attr:class="row row--wrap" noscroll=true>
                {kept}
                <label class="row">
                    <span class="nowrap">{t!(i18n, overview.kubernetes_namespace)}</span>
                    <input
                        class="input input--mono"
                        name="ns"
                        maxlength="63"
                        autocomplete="off"
                        value=namespace.get_untracked()
                        data-testid="login.namespace"
                        // Not a change that the dialog must ask about before it closes.
                        on:input=|event| event.stop_propagation()
                    />
                </label>
                <button type="submit" class="btn" name="dialog" value="login">
                    {t!(i18n, overview.kubernetes_namespace_show)}
                </button>
            </Form>
            <p class="small">{t!(i18n, overview.kubernetes_secret)}</p>
            <CommandBlock command=Signal::stored(Command::plain(yaml)) is_bare=true testid="login.yaml" />
        </div>
    }
}

#[component]
fn InsecurePart(host: String) -> impl IntoView {
    let i18n = use_i18n();
    let is_local = is_loopback(&host);
    let json = format!("{{\n  \"insecure-registries\": [\"{host}\"]\n}}");
    view! {
        <details class="fold" data-testid="login.insecure">
            <summary>
                <Icon icon=icondata::LuChevronRight class="icon icon--sm" />
                {t!(i18n, overview.insecure_title)}
            </summary>
            <div class="stack stack--sm">
                <p class="small">
                    {if is_local {
                        coded(i18n, |locale| td_string!(locale, overview.insecure_loopback, <code> = FIRST).to_string())
                    } else {
                        coded(i18n, |locale| td_string!(locale, overview.insecure_text, <code> = FIRST).to_string())
                    }}
                </p>
                <CommandBlock command=Signal::stored(Command::plain(json)) is_bare=true testid="login.daemon" />
            </div>
        </details>
    }
}

#[component]
fn CiPart(host: String) -> impl IntoView {
    let i18n = use_i18n();
    let snippet = Command(vec![
        Part::Text("echo \"$".to_owned()),
        Part::Key("REGISTRY_PASSWORD".to_owned()),
        Part::Text("\" | docker login -u \"$".to_owned()),
        Part::Key("REGISTRY_USER".to_owned()),
        Part::Text(format!("\" --password-stdin {host}")),
    ]);
    view! {
        <details class="fold" data-testid="login.ci">
            <summary>
                <Icon icon=icondata::LuChevronRight class="icon icon--sm" />
                {t!(i18n, overview.ci_title)}
            </summary>
            <div class="stack stack--sm">
                <p class="small">{t!(i18n, overview.ci_hint)}</p>
                <CommandBlock command=Signal::stored(snippet) testid="login.ci.command" />
            </div>
        </details>
    }
}

#[component]
fn Troubleshooting() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <details class="fold" data-testid="login.troubleshooting">
            <summary>
                <Icon icon=icondata::LuChevronRight class="icon icon--sm" />
                {t!(i18n, overview.troubleshooting)}
            </summary>
            <dl class="stack stack--sm small">
                <div>
                    <dt><code lang="en">"docker: command not found"</code></dt>
                    <dd>{t!(i18n, overview.trouble_engine)}</dd>
                </div>
                <div>
                    <dt><code lang="en">"unauthorized: authentication required"</code></dt>
                    <dd>{t!(i18n, overview.trouble_unauthorized)}</dd>
                </div>
                <div>
                    <dt><code lang="en">"no such host"</code></dt>
                    <dd>{t!(i18n, overview.trouble_host)}</dd>
                </div>
                <div>
                    <dt><code lang="en">"x509: certificate signed by unknown authority"</code></dt>
                    <dd>
                        {coded(i18n, |locale| td_string!(locale, overview.trouble_certificate, <code> = FIRST).to_string())}
                    </dd>
                </div>
                <div>
                    <dt><code lang="en">"429 Too Many Requests"</code></dt>
                    <dd>{t!(i18n, overview.trouble_rate)}</dd>
                </div>
            </dl>
        </details>
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
    fn loopback_needs_no_settings() {
        for host in ["127.0.0.1:5000", "localhost", "localhost:5000", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["registry.example.com", "10.0.0.1:5000", "localhost.example.com"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn commands_name_an_image_that_can_be_pushed() -> Result<(), roadstead::Error> {
        assert_eq!(example_image(Some(&"group".parse()?)), "group/nginx:v1");
        assert_eq!(example_image(None), "organization/image:tag");
        Ok(())
    }
}
