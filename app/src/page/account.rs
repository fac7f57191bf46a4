//! The password: the form of the preferences, and the page of a change that is forced.

use leptos::prelude::*;
use roadstead::Subject;

use crate::call::account::ChangePassword;
use crate::component::field::PasswordField;
use crate::component::form::{CallForm, SubmitButton};
use crate::component::page_header::PageTitle;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::signin::Doorway;
use crate::text;
use crate::viewer::use_viewer;

/// Current password and a new one, twice.
#[component]
pub fn PasswordForm(
    /// Where to go afterwards.
    #[prop(default = "/account")]
    next: &'static str,
    /// 40 px high, outside the shell.
    #[prop(optional)]
    is_large: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<ChangePassword>::new();
    let value = action.value();
    let reason = move |wanted: &'static str| {
        value.with(|value| match value {
            Some(Err(error)) => error.reason.as_deref() == Some(wanted),
            _ => false,
        })
    };
    let is_wrong = derive(move || {
        value.with(|value| match value {
            Some(Err(error)) => {
                error.subject == Subject::Password
                    && matches!(
                        error.kind,
                        roadstead::ErrorKind::Unauthenticated | roadstead::ErrorKind::Denied
                    )
            }
            _ => false,
        })
    });
    let is_invalid = derive(move || {
        value.with(|value| match value {
            Some(Err(error)) => {
                error.subject == Subject::Password
                    && matches!(error.kind, roadstead::ErrorKind::Invalid)
            }
            _ => false,
        })
    });
    let current_error =
        derive(move || is_wrong.get().then(|| t_string!(i18n, errors.wrong_password).to_owned()));
    let new_error = derive(move || {
        (is_invalid.get() && !reason("differ")).then(|| t_string!(i18n, errors.password).to_owned())
    });
    let confirm_error =
        derive(move || reason("differ").then(|| t_string!(i18n, auth.passwords_differ).to_owned()));
    let password_rule = Callback::new(move |value: String| {
        (!(10..=128).contains(&value.chars().count()))
            .then(|| t_string!(i18n, auth.password_rule).to_owned())
    });
    let version = action.version();
    view! {
        <CallForm
            action=action
            hide_error=derive(move || is_wrong.get() || is_invalid.get())
            testid="password.form"
        >
            <input type="hidden" name="next" value=next />
            {move || {
                // A changed password empties the fields.
                let _ = version.get();
                view! {
                    <PasswordField
                        name="current"
                        label=text!(i18n, account.current_password)
                        autocomplete="current-password"
                        is_large=is_large
                        error=current_error
                        testid="password.current"
                    />
                    <PasswordField
                        name="password"
                        label=text!(i18n, account.new_password)
                        help=text!(i18n, auth.password_rule)
                        autocomplete="new-password"
                        is_large=is_large
                        rule=password_rule
                        error=new_error
                        testid="password.new"
                    />
                    <PasswordField
                        name="confirm"
                        label=text!(i18n, account.confirm_password)
                        autocomplete="new-password"
                        is_large=is_large
                        error=confirm_error
                        testid="password.confirm"
                    />
                }
            }}
            <p class="field__help">{t!(i18n, account.others_signed_out)}</p>
            <div class="row">
                <SubmitButton
                    label=text!(i18n, account.change_password)
                    is_pending=action.pending()
                    class="btn"
                    testid="password.save"
                />
            </div>
        </CallForm>
    }
}

/// The forced change after a password that an administrator set.
#[component]
pub fn PasswordPage() -> impl IntoView {
    let i18n = use_i18n();
    if use_viewer().with_value(|viewer| viewer.profile.is_none()) {
        #[cfg(feature = "ssr")]
        if use_context::<http::request::Parts>().is_some() {
            leptos_axum::redirect("/signin?next=/account/password");
        }
        return ().into_any();
    }
    view! {
        <PageTitle page=text!(i18n, auth.change_title) />
        <Doorway>
            <div class="signin__form">
                <h1 tabindex="-1">{t!(i18n, auth.change_title)}</h1>
                <p class="soft">{t!(i18n, auth.change_why)}</p>
                <PasswordForm next="/overview" is_large=true />
            </div>
        </Doorway>
    }
    .into_any()
}
