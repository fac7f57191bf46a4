//! The dialog that deletes an access key, after the end of its id was typed.

use leptos::prelude::*;
use roadstead::access::AccessKeyId;

use super::access_keys::{Missing, Whose, WhoseFields};
use crate::call::credential::DeleteAccessKey;
use crate::component::confirm::ConfirmByName;
use crate::component::dialog::{Dialog, use_dialog_item};
use crate::component::form::CallForm;
use crate::i18n::{t, use_i18n};
use crate::text;

/// The dialog at `?dialog=delete-key&item=`.
#[component]
pub fn DeleteDialog(
    /// Whose key.
    whose: Whose,
) -> impl IntoView {
    let i18n = use_i18n();
    let whose = StoredValue::new(whose);
    view! {
        <Dialog name="delete-key" title=text!(i18n, credentials.delete_title) class="dialog dialog--sm">
            <DeleteForm whose=whose.get_value() />
        </Dialog>
    }
}

#[component]
fn DeleteForm(whose: Whose) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<DeleteAccessKey>::new();
    let item = use_dialog_item().get_untracked().and_then(|id| id.parse::<AccessKeyId>().ok());
    let Some(id) = item else {
        return view! { <Missing /> }.into_any();
    };
    view! {
        <CallForm action=action testid="credentials.delete.form" class="dialog__form">
            <WhoseFields whose=whose />
            <input type="hidden" name="id" value=id.to_string() />
            <div class="dialog__body stack stack--sm">
                <p class="mono">{id.to_string()}</p>
                <p>{t!(i18n, credentials.delete_text)}</p>
                <p>{t!(i18n, credentials.delete_confirm)}</p>
            </div>
            <ConfirmByName
                expected=id.last_four().to_owned()
                action=text!(i18n, common.delete)
                is_pending=action.pending()
            />
        </CallForm>
    }
    .into_any()
}
