//! The dialog that makes an access key.

use leptos::prelude::*;
use roadstead::manage::credential::{DESCRIPTION_LIMIT, Expiry};
use roadstead::{ErrorKind, Subject};

use super::access_keys::{Whose, WhoseFields, is_about};
use crate::call::credential::{CreateAccessKey, must_confirm};
use crate::component::dialog::{CancelLink, Dialog};
use crate::component::field::{PasswordField, RadioField, TextField};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::load::Load;
use crate::format::zone;
use crate::i18n::{t_string, use_i18n};
use crate::text;
use crate::viewer::{use_live, use_viewer};

/// The dialog at `?dialog=create-key`.
#[component]
pub fn CreateDialog(
    /// Whose key.
    whose: Whose,
) -> impl IntoView {
    let i18n = use_i18n();
    let whose = StoredValue::new(whose);
    view! {
        <Dialog name="create-key" title=text!(i18n, credentials.add) class="dialog dialog--sm">
            <CreateBody whose=whose.get_value() />
        </Dialog>
    }
}

#[component]
fn CreateBody(whose: Whose) -> impl IntoView {
    let confirmation = Resource::new(|| (), |()| must_confirm());
    view! {
        <Load
            resource=confirmation
            is_part=true
            view=move |must_confirm: bool| {
                view! { <CreateForm whose=whose.clone() must_confirm=must_confirm /> }
            }
        />
    }
}

#[component]
fn CreateForm(whose: Whose, must_confirm: bool) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<CreateAccessKey>::new();
    let offset = use_live().offset_minutes.get_untracked();
    let error = action.value().get_untracked().and_then(Result::err);
    let about = |subject| is_about(error.as_ref(), subject);
    let said = |is_it: bool, words: &str| Signal::stored(is_it.then(|| words.to_owned()));
    let is_wrong = error.as_ref().is_some_and(|error| error.kind == ErrorKind::Unauthenticated);
    let wrong_password = if is_wrong {
        t_string!(i18n, errors.wrong_password)
    } else {
        t_string!(i18n, errors.confirm_password)
    };
    let password_error = said(about(Subject::Password), wrong_password);
    let time_error = said(about(Subject::Time), t_string!(i18n, errors.time));
    let description_error =
        said(about(Subject::Description), t_string!(i18n, credentials.description_help));
    let is_of_field =
        [Subject::Description, Subject::Time, Subject::Password].into_iter().any(about);
    let kept = |name: &str| use_viewer().with_value(|viewer| viewer.kept(name));
    let chosen = Some(kept("expires")).filter(|kept| !kept.is_empty());
    let mut ends = vec![("never".to_owned(), text!(i18n, common.never), MaybeProp::default())];
    ends.extend(Expiry::DAYS.map(|days| {
        let words = derive(move || t_string!(i18n, credentials.days, n = days).to_string());
        (days.to_string(), words, MaybeProp::default())
    }));
    ends.push(("custom".to_owned(), text!(i18n, credentials.custom), MaybeProp::default()));
    let password = (must_confirm || about(Subject::Password)).then(|| {
        view! {
            <PasswordField
                name="password"
                label=text!(i18n, common.password)
                help=text!(i18n, errors.confirm_password)
                autocomplete="current-password"
                error=password_error
                testid="credentials.create.password"
            />
        }
    });
    view! {
        <CallForm
            action=action
            hide_error=Signal::stored(is_of_field)
            testid="credentials.create.form"
            class="dialog__form"
        >
            <WhoseFields whose=whose />
            <div class="dialog__body form-grid">
                <TextField
                    name="description"
                    label=text!(i18n, common.description)
                    help=text!(i18n, credentials.description_help)
                    value=kept("description")
                    max=DESCRIPTION_LIMIT as u32
                    error=description_error
                    is_first=true
                    testid="credentials.create.description"
                />
                <RadioField
                    name="expires"
                    label=text!(i18n, credentials.expires)
                    options=ends
                    value=chosen.unwrap_or_else(|| "never".to_owned())
                    testid="credentials.create.expires"
                />
                <div class="if-custom">
                    <TextField
                        name="until"
                        label=derive(move || {
                            t_string!(i18n, credentials.until, zone = zone(offset)).to_string()
                        })
                        value=kept("until")
                        kind="datetime-local"
                        is_required=true
                        max=32
                        error=time_error
                        testid="credentials.create.until"
                    />
                </div>
                {password}
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton
                    label=text!(i18n, common.ok)
                    is_pending=action.pending()
                    testid="credentials.create.submit"
                />
            </footer>
        </CallForm>
    }
}
