//! The forms of set-up: the code, then account and instance.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use roadstead::Subject;

use super::step_bar::StepBar;
use crate::call::setup::{CompleteSetup, VerifySetupCode};
use crate::component::error_panel::ErrorBanner;
use crate::component::field::{PasswordField, SelectField, TextField};
use crate::component::form::{Csrf, SubmitButton, call_path};
use crate::component::icon::Icon;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// The step that the address names.
#[component]
pub fn SetupForm() -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let code = query.with_untracked(|query| query.get("code").unwrap_or_default());
    let is_verified =
        query.with_untracked(|query| query.get("step").is_some_and(|step| step == "account"));
    view! {
        <div class="signin__form signin__form--wide" data-testid="setup">
            <h1 tabindex="-1">{t!(i18n, auth.setup_title)}</h1>
            <StepBar current=if is_verified { 2 } else { 1 } />
            {if is_verified {
                view! { <AccountAndInstance code=code /> }.into_any()
            } else {
                view! { <Verify code=code /> }.into_any()
            }}
        </div>
    }
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
        <form class="form-grid" method="post" data-testid="setup.code-form" data-plain action={call_path::<VerifySetupCode>()}>
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

#[component]
fn AccountAndInstance(code: String) -> impl IntoView {
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
    let external = or(kept("external_url"), &origin);
    view! {
        {banner.map(|error| view! { <SetupError error=error /> })}
        <form class="form-grid" method="post" novalidate data-steps="2" data-testid="setup.form" action={call_path::<CompleteSetup>()}>
            <Csrf />
            <input type="hidden" name="code" value=code />
            <fieldset class="form-grid">
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
                    pattern=roadstead::AccountName::PATTERN
                    error=account_error
                    testid="setup.account"
                />
                <PasswordField
                    name="password"
                    label=text!(i18n, auth.password)
                    help=text!(i18n, auth.password_rule)
                    autocomplete="new-password"
                    is_large=true
                    min=10
                    error=password_error
                    testid="setup.password"
                />
                <PasswordField
                    name="confirm"
                    label=text!(i18n, auth.confirm_password)
                    autocomplete="new-password"
                    is_large=true
                    repeats=("password", text!(i18n, auth.passwords_differ))
                    error=confirm_error
                    testid="setup.confirm"
                />
                <button
                    type="button"
                    class="btn btn--primary btn--lg btn--block needs-script"
                    data-step="next"
                    data-testid="setup.next"
                >
                    {t!(i18n, auth.next)}
                </button>
            </fieldset>
            <fieldset class="form-grid">
                <legend class="sr-only">{t!(i18n, auth.setup_instance)}</legend>
                <p class="soft">{t!(i18n, auth.instance_intro)}</p>
                <TextField
                    name="external_url"
                    label=text!(i18n, auth.external_url)
                    help=text!(i18n, auth.external_url_help)
                    value=external
                    kind="url"
                    sentence=text!(i18n, errors.url)
                    is_large=true
                    error=url_error
                    differs="setup-differs"
                    testid="setup.external-url"
                />
                <div class="banner banner--warn" id="setup-differs" hidden data-testid="setup.external-url.differs">
                    <Icon icon=icondata::LuTriangleAlert />
                    <div
                        class="banner__body"
                        data-origin=t_string!(i18n, auth.external_url_differs, address = "{}").to_string()
                    ></div>
                </div>
                <div class="form-grid form-grid--2">
                    <TextField
                        name="region"
                        label=text!(i18n, auth.region_id)
                        help=text!(i18n, auth.region_id_rule)
                        value=or(kept("region"), if site.region.is_empty() { "local" } else { &site.region })
                        is_required=true
                        is_large=true
                        max=63
                        pattern=roadstead::RegionName::PATTERN
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
                    <button type="button" class="btn btn--lg needs-script" data-step="back" data-testid="setup.back">
                        {t!(i18n, auth.back)}
                    </button>
                    <button
                        type="submit"
                        class="btn btn--primary btn--lg btn--block"
                        data-testid="setup.finish"
                    >
                        {t!(i18n, auth.finish)}
                    </button>
                </div>
            </fieldset>
        </form>
    }
}
