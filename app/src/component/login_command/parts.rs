//! What stands around a login command: when it ends, how to run it, and what to do when that fails.

use leptos::prelude::*;
use leptos_router::components::Form;
use roadstead::Timestamp;

use crate::command::{self, Command, Host, OPENSSL};
use crate::component::command_block::CommandBlock;
use crate::component::dialog::{use_changed_query, use_query_pairs};
use crate::component::icon::Icon;
use crate::component::noscroll;
use crate::format;
use crate::i18n::{t, t_string, td_string, use_i18n};
use crate::language::{FIRST, coded};
use crate::viewer::use_live;

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.starts_with("localhost:")
        || host.starts_with("127.")
        || host == "[::1]"
        || host.starts_with("[::1]:")
}

/// The viewer may not use clients.
#[component]
pub fn NoAccess() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="banner banner--warn" role="alert" data-testid="login.denied">
            <Icon icon=icondata::LuLock />
            <div class="banner__body">{t!(i18n, overview.no_programmatic)}</div>
        </div>
    }
}

/// The time, every second while the dialog is open.
pub(super) fn use_seconds() -> RwSignal<Timestamp> {
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

/// When a temporary command ends, and another one.
#[component]
pub fn Expiry(
    /// When it ends.
    end: Timestamp,
    /// The time.
    now: RwSignal<Timestamp>,
    /// Whether it has ended.
    is_expired: Signal<bool>,
    /// Makes another.
    on_regenerate: Callback<()>,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
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
        event.prevent_default();
        event.stop_propagation();
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

/// From which network the command is run: the site has an address in each.
#[component]
pub fn NetworkChoice(
    /// The private one is chosen.
    is_private: Signal<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let public = use_changed_query(vec![("net", None)]);
    let private = use_changed_query(vec![("net", Some("private".to_owned()))]);
    view! {
        <nav class="segmented" aria-label=move || t_string!(i18n, overview.network)>
            <a
                href=move || private.try_get()
                {..noscroll()}
                aria-current=move || is_private.get().then_some("true")
                data-testid="login.network.private"
            >
                {t!(i18n, overview.network_private)}
            </a>
            <a
                href=move || public.try_get()
                {..noscroll()}
                aria-current=move || (!is_private.get()).then_some("true")
                data-testid="login.network.public"
            >
                {t!(i18n, overview.network_public)}
            </a>
        </nav>
    }
}

/// A link that is a checkbox: it works without scripts, and the choice is in the address.
#[component]
pub fn StdinToggle(
    /// Whether it is on.
    is_on: Signal<bool>,
) -> impl IntoView {
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

/// Where to run the command, and how one sees that it worked.
#[component]
pub fn RunHint() -> impl IntoView {
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

/// The namespace of the secret, and the workload that names it.
#[component]
pub fn KubernetesPart(
    /// `host[:port]` of the registry.
    host: String,
    /// The image of the workload.
    image: String,
    /// The namespace.
    namespace: Signal<String>,
    /// The command ends by itself.
    is_temporary: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    // The button sends `dialog` again. As they are now: a reactive list would run once more while the dialog closes.
    let kept = use_query_pairs()
        .get_untracked()
        .into_iter()
        .filter(|(name, _)| !matches!(name.as_str(), "ns" | "dialog" | "__err" | "__path"))
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let yaml = command::pull_secret(&Host { name: &host, plain_http: false }, &image);
    view! {
        <div class="stack" data-testid="login.kubernetes">
            {is_temporary
                .then(|| {
                    view! {
                        <div class="banner banner--warn" role="note">
                            <Icon icon=icondata::LuTriangleAlert />
                            <div class="banner__body">{t!(i18n, overview.kubernetes_warning)}</div>
                        </div>
                    }
                })}
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
            <CommandBlock command=Signal::stored(yaml) is_bare=true testid="login.yaml" />
        </div>
    }
}

/// What clients must be told of a registry without TLS.
#[component]
pub fn InsecurePart(
    /// `host[:port]` of the registry.
    host: String,
) -> impl IntoView {
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

/// The command in pipelines.
#[component]
pub fn CiPart(
    /// `host[:port]` of the registry.
    host: String,
) -> impl IntoView {
    let i18n = use_i18n();
    let host = Host { name: &host, plain_http: false };
    let (github, gitlab) = (command::github(&host), command::gitlab(&host));
    view! {
        <details class="fold" data-testid="login.ci">
            <summary>
                <Icon icon=icondata::LuChevronRight class="icon icon--sm" />
                {t!(i18n, overview.ci_title)}
            </summary>
            <div class="stack stack--sm">
                <p class="small">{t!(i18n, overview.ci_hint)}</p>
                <p class="small">"GitHub Actions"</p>
                <CommandBlock command=Signal::stored(github) is_bare=true testid="login.ci.github" />
                <p class="small">"GitLab CI"</p>
                <CommandBlock command=Signal::stored(gitlab) is_bare=true testid="login.ci.gitlab" />
            </div>
        </details>
    }
}

/// What clients say when it fails, and why.
#[component]
pub fn Troubleshooting() -> impl IntoView {
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

/// How to make a long-term command without scripts: compute the login key by hand, and put it into the command.
#[component]
pub fn ByHand(
    /// The region's id.
    region: String,
    /// `host[:port]` of the registry.
    host: String,
) -> impl IntoView {
    let i18n = use_i18n();
    let login = Command::plain(format!("docker login -u {region}@AK -p KEY {host}"));
    view! {
        <div class="stack no-script" data-testid="login.by_hand">
            <p class="small">{coded(i18n, |locale| td_string!(locale, overview.by_hand, <code> = FIRST).to_string())}</p>
            <CommandBlock command=Signal::stored(Command::plain(OPENSSL)) testid="login.openssl" />
            <CommandBlock command=Signal::stored(login) testid="login.by_hand.command" />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_needs_no_settings() {
        for host in ["127.0.0.1:5000", "localhost", "localhost:5000", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["registry.example.com", "10.0.0.1:5000", "localhost.example.com"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
