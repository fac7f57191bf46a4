//! First-run set-up (`console.md` A.1): verify, account, instance, done.
//!
//! Each step is a plain form. Account and instance are sent together, so that the password is never kept between two
//! requests; alive, they are shown one after the other, without scripts below each other.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use roadstead::Subject;

use crate::call::setup::{CompleteSetup, VerifySetupCode};
use crate::command::{Client, Host, Login, login};
use crate::component::command_block::ClientCommand;
use crate::component::error_panel::ErrorBanner;
use crate::component::field::{PasswordField, Rule, SelectField, TextField};
use crate::component::form::{Csrf, SubmitButton, call_path};
use crate::component::icon::Icon;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::component::show::Show;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::not_found::NotFoundPage;
use crate::page::signin::Doorway;
use crate::text;
use crate::viewer::use_viewer;

/// The progress bar: names of the steps, the current one marked.
#[component]
fn StepBar(
    /// 1 to 4.
    #[prop(into)]
    current: Signal<u8>,
) -> impl IntoView {
    let i18n = use_i18n();
    let steps = [
        (1, text!(i18n, auth.setup_verify)),
        (2, text!(i18n, auth.setup_account)),
        (3, text!(i18n, auth.setup_instance)),
        (4, text!(i18n, auth.setup_done)),
    ]
    .map(|(number, label)| {
        let state = move || match current.get() {
            now if now > number => Some("done"),
            now if now == number => Some("current"),
            _ => None,
        };
        view! {
            <li class="step" data-state=state aria-current=move || (current.get() == number).then_some("step")>
                <span class="step__mark">{number}</span>
                <span class="step__title">{move || label.get()}</span>
            </li>
        }
    })
    .into_iter()
    .collect_view();
    view! {
        <ol class="steps steps--bar" aria-label=move || t_string!(i18n, auth.setup_steps) data-testid="setup.steps">
            {steps}
        </ol>
    }
}

/// The set-up page; a 404 once an account exists.
#[component]
pub fn SetupPage() -> impl IntoView {
    let i18n = use_i18n();
    if !use_viewer().with_value(|viewer| viewer.site.needs_setup) {
        return view! { <NotFoundPage /> }.into_any();
    }
    let query = use_query_map();
    let code = query.with_untracked(|query| query.get("code").unwrap_or_default());
    let is_verified =
        query.with_untracked(|query| query.get("step").is_some_and(|step| step == "account"));
    let current = RwSignal::new(if is_verified { 2_u8 } else { 1 });
    view! {
        <PageTitle page=text!(i18n, auth.setup_title) />
        <Doorway>
            <div class="signin__form signin__form--wide" data-testid="setup">
                <h1 tabindex="-1">{t!(i18n, auth.setup_title)}</h1>
                <StepBar current=current />
                {if is_verified {
                    view! { <AccountAndInstance code=code current=current /> }.into_any()
                } else {
                    view! { <Verify code=code /> }.into_any()
                }}
            </div>
        </Doorway>
    }
    .into_any()
}

#[component]
fn SetupError(error: ConsoleError) -> impl IntoView {
    view! { <div data-testid="setup.error"><ErrorBanner error=error /></div> }
}

#[component]
fn Verify(code: String) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<VerifySetupCode>::new();
    let error = action.value().with_untracked(|value| match value {
        Some(Err(error)) => Some(error.clone()),
        _ => None,
    });
    view! {
        {error.map(|error| view! { <SetupError error=error /> })}
        <form class="form-grid" method="post" action={call_path::<VerifySetupCode>()}>
            <Csrf />
            <TextField
                name="code"
                label=text!(i18n, auth.setup_code)
                help=text!(i18n, auth.setup_code_help)
                value=code
                is_required=true
                is_large=true
                max=128
                testid="setup.code"
            />
            <SubmitButton label=text!(i18n, auth.next) class="btn btn--primary btn--lg btn--block" testid="setup.next" />
        </form>
    }
}

/// A rule from a domain type: what does not parse breaks it.
fn rule_of(parses: fn(&str) -> bool, sentence: Signal<String>) -> Rule {
    Callback::new(move |value: String| (!parses(value.trim())).then(|| sentence.get()))
}

#[component]
fn AccountAndInstance(code: String, current: RwSignal<u8>) -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let action = ServerAction::<CompleteSetup>::new();
    let error = action.value().with_untracked(|value| match value {
        Some(Err(error)) => Some(error.clone()),
        _ => None,
    });
    let differs = error.as_ref().is_some_and(|error| error.reason.as_deref() == Some("differ"));
    let about = |subjects: &'static [Subject]| {
        let error =
            error.clone().filter(|error| subjects.contains(&error.subject) && error.status() < 500);
        derive(move || error.as_ref().map(|error| error.text(i18n)))
    };
    let (account_error, password_error) = (about(&[Subject::Account]), about(&[Subject::Password]));
    let (url_error, region_error) =
        (about(&[Subject::Url, Subject::Setting]), about(&[Subject::Region]));
    let password_error = derive(move || if differs { None } else { password_error.get() });
    let confirm_error =
        derive(move || differs.then(|| t_string!(i18n, auth.passwords_differ).to_owned()));
    let is_field_error = error.as_ref().is_some_and(|error| {
        matches!(
            error.subject,
            Subject::Account
                | Subject::Password
                | Subject::Url
                | Subject::Setting
                | Subject::Region
        ) && error.status() < 500
    });
    let banner = error.clone().filter(|_| !is_field_error);
    // An error in the second half opens it.
    if error.is_some_and(|error| {
        matches!(error.subject, Subject::Url | Subject::Setting | Subject::Region)
    }) {
        current.set(3);
    }
    let kept = |name: &str| viewer.with_value(|viewer| viewer.kept(name));
    let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
    let site = viewer.with_value(|viewer| viewer.site.clone());
    let origin = match (site.host.is_empty(), site.plain_http) {
        (true, _) => String::new(),
        (false, true) => format!("http://{}", site.host),
        (false, false) => format!("https://{}", site.host),
    };
    let language = viewer.with_value(|viewer| viewer.language.clone());
    let region_name = kept("region_name");
    let region_name = if region_name.is_empty() {
        t_string!(i18n, auth.region_name_default).to_owned()
    } else {
        region_name
    };
    let password = RwSignal::new(String::new());
    let external = RwSignal::new(or(kept("external_url"), &origin));
    let browser = RwSignal::new(None::<String>);
    let is_alive = RwSignal::new(false);
    Effect::new(move |_| {
        is_alive.set(true);
        browser.set(crate::dom::origin());
    });
    let differing = move || {
        browser.get().filter(|browser| !external.with(|url| url.trim_end_matches('/') == browser))
    };
    let account_rule = rule_of(
        |text| text.parse::<roadstead::AccountName>().is_ok(),
        text!(i18n, auth.account_rule),
    );
    let region_rule = rule_of(
        |text| text.parse::<roadstead::RegionName>().is_ok(),
        text!(i18n, auth.region_id_rule),
    );
    let password_rule =
        rule_of(|text| (10..=128).contains(&text.chars().count()), text!(i18n, auth.password_rule));
    let confirm_rule = Callback::new(move |value: String| {
        (value != password.get()).then(|| t_string!(i18n, auth.passwords_differ).to_owned())
    });
    let on_next = move |event: leptos::ev::MouseEvent| {
        // The first half must be sound before the second is shown; the browser says what is missing.
        if crate::dom::is_section_valid("#setup-account") {
            event.prevent_default();
            current.set(3);
            set_timeout(
                || {
                    crate::dom::focus("#setup-instance input");
                },
                std::time::Duration::from_millis(0),
            );
        }
    };
    let hides = move |step: u8| is_alive.get() && current.get() != step;
    view! {
        {banner.map(|error| view! { <SetupError error=error /> })}
        <form class="form-grid" method="post" action={call_path::<CompleteSetup>()}>
            <Csrf />
            <input type="hidden" name="code" value=code />
            <fieldset class="form-grid" id="setup-account" hidden=move || hides(2)>
                <legend class="sr-only">{t!(i18n, auth.setup_account)}</legend>
                <p class="soft">{t!(i18n, auth.setup_account_intro)}</p>
                <TextField
                    name="account"
                    label=text!(i18n, auth.account_name)
                    help=text!(i18n, auth.account_rule)
                    value=kept("account")
                    autocomplete="username"
                    is_required=true
                    is_large=true
                    max=32
                    rule=account_rule
                    error=account_error
                    testid="setup.account"
                />
                <PasswordField
                    name="password"
                    label=text!(i18n, auth.password)
                    help=text!(i18n, auth.password_rule)
                    autocomplete="new-password"
                    is_large=true
                    rule=password_rule
                    error=password_error
                    on_change=Callback::new(move |value| password.set(value))
                    testid="setup.password"
                />
                <PasswordField
                    name="confirm"
                    label=text!(i18n, auth.confirm_password)
                    autocomplete="new-password"
                    is_large=true
                    rule=confirm_rule
                    error=confirm_error
                    testid="setup.confirm"
                />
                <Show when=move || is_alive.get() && current.get() == 2>
                    <button
                        type="button"
                        class="btn btn--primary btn--lg btn--block"
                        data-testid="setup.next"
                        on:click=on_next
                    >
                        {t!(i18n, auth.next)}
                    </button>
                </Show>
            </fieldset>
            <fieldset class="form-grid" id="setup-instance" hidden=move || hides(3)>
                <legend class="sr-only">{t!(i18n, auth.setup_instance)}</legend>
                <p class="soft">{t!(i18n, auth.instance_intro)}</p>
                <TextField
                    name="external_url"
                    label=text!(i18n, auth.external_url)
                    help=text!(i18n, auth.external_url_help)
                    value=external.get_untracked()
                    kind="url"
                    is_large=true
                    error=url_error
                    on_change=Callback::new(move |value| external.set(value))
                    testid="setup.external-url"
                />
                {move || {
                    differing()
                        .map(|address| {
                            view! {
                                <div class="banner banner--warn" data-testid="setup.external-url.differs">
                                    <Icon icon=icondata::LuTriangleAlert />
                                    <div class="banner__body">
                                        {t!(i18n, auth.external_url_differs, address = move || address.clone())}
                                    </div>
                                </div>
                            }
                        })
                }}
                <div class="form-grid form-grid--2">
                    <TextField
                        name="region"
                        label=text!(i18n, auth.region_id)
                        help=text!(i18n, auth.region_id_rule)
                        value=or(kept("region"), if site.region.is_empty() { "local" } else { &site.region })
                        is_required=true
                        is_large=true
                        max=63
                        rule=region_rule
                        error=region_error
                        testid="setup.region-id"
                    />
                    <TextField
                        name="region_name"
                        label=text!(i18n, auth.region_name)
                        value=region_name
                        is_required=true
                        is_large=true
                        max=64
                        testid="setup.region-name"
                    />
                </div>
                <SelectField
                    name="language"
                    label=text!(i18n, auth.default_language)
                    options=vec![
                        ("zh-CN".to_owned(), Signal::stored("中文".to_owned())),
                        ("en".to_owned(), Signal::stored("English".to_owned())),
                    ]
                    value=or(kept("language"), &language)
                    testid="setup.language"
                />
                <div class="row">
                    <Show when=move || is_alive.get()>
                        <button
                            type="button"
                            class="btn btn--lg"
                            data-testid="setup.back"
                            on:click=move |_| current.set(2)
                        >
                            {t!(i18n, auth.back)}
                        </button>
                    </Show>
                    <button
                        type="submit"
                        class="btn btn--primary btn--lg btn--block"
                        data-testid=move || if hides(3) { "setup.finish" } else { "setup.next" }
                    >
                        {t!(i18n, auth.finish)}
                    </button>
                </div>
            </fieldset>
        </form>
    }
}

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
        // Without a password on the line each client asks for it.
        let credential = Login {
            user: &account,
            password: "",
            image: "",
            by_stdin: false,
            namespace: "default",
        };
        let text = login(client, &host, &credential).text();
        crate::command::Command::plain(
            text.replace(" -p  ", " ").trim_end_matches(" -p ").to_owned(),
        )
    };
    view! {
        <PageTitle page=text!(i18n, auth.setup_title) />
        <PageHeader title=text!(i18n, auth.done_title) />
        <section class="card" data-testid="setup.done">
            <div class="card__body card__body--form stack">
                <StepBar current=Signal::stored(5) />
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
