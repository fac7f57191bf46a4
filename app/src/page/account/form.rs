//! The form that changes the password.

use leptos::prelude::*;
use roadstead::Subject;

use crate::call::account::ChangePassword;
use crate::component::field::PasswordField;
use crate::component::form::{CallForm, SubmitButton};
use crate::i18n::{t, t_string, use_i18n};
use crate::text;

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
    view! {
        <CallForm
            action=action
            hide_error=derive(move || is_wrong.get() || is_invalid.get())
            testid="password.form"
        >
            <input type="hidden" name="next" value=next />
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
                min=10
                error=new_error
                testid="password.new"
            />
            <PasswordField
                name="confirm"
                label=text!(i18n, account.confirm_password)
                autocomplete="new-password"
                is_large=is_large
                repeats=("password", text!(i18n, auth.passwords_differ))
                error=confirm_error
                testid="password.confirm"
            />
            <p class="field__help">{t!(i18n, account.others_signed_out)}</p>
            <div class="row">
                <SubmitButton
                    label=text!(i18n, account.change_password)
                    is_pending=action.pending()
                    class={if is_large { "btn btn--primary btn--lg btn--block" } else { "btn" }}
                    testid="password.save"
                />
            </div>
        </CallForm>
    }
}
