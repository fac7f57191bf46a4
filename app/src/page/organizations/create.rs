//! The dialog that creates an organization: a plain form; alive, it says at once whether the name is free.

use leptos::prelude::*;
use roadstead::{ErrorKind, OrganizationName, Subject};

use crate::call::organization::{CheckOrganizationName, CreateOrganization};
use crate::component::dialog::{CancelLink, Dialog};
use crate::component::field::TextField;
use crate::component::form::{CallForm, SubmitButton, call_path};
use crate::component::icon::Icon;
use crate::i18n::{t, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// The dialog at `?dialog=create`.
#[component]
pub fn CreateDialog() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="create" title=text!(i18n, organizations.create_title) class="dialog dialog--sm">
            <CreateForm />
        </Dialog>
    }
}

#[component]
fn CreateForm() -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let action = ServerAction::<CreateOrganization>::new();
    // What is wrong with the name stands under its field, everything else above.
    let refused = derive(move || match action.value().get() {
        Some(Err(error))
            if error.subject == Subject::Organization
                && matches!(error.kind, ErrorKind::Invalid | ErrorKind::AlreadyExists) =>
        {
            Some(error.text(i18n))
        }
        _ => None,
    });
    let hide_error = derive(move || refused.with(Option::is_some));
    view! {
        <CallForm action=action hide_error=hide_error testid="organizations.create.form" class="dialog__form">
            <div class="dialog__body form-grid">
                <TextField
                    name="name"
                    label=text!(i18n, organizations.name)
                    help=text!(i18n, organizations.name_rule)
                    value=viewer.with_value(|viewer| viewer.kept("name"))
                    is_required=true
                    is_mono=true
                    max=64
                    pattern=OrganizationName::PATTERN
                    ask={call_path::<CheckOrganizationName>()}
                    error=refused
                    is_first=true
                />
                <p class="small muted">
                    {t!(i18n, organizations.name_help)}
                    <span role="status" class="row" data-testid="organizations.create.check">
                        <span class="row" data-answer="available" hidden>
                            <Icon icon=icondata::LuCircleCheck class="icon icon--xs" />
                            {t!(i18n, organizations.name_available)}
                        </span>
                        <span class="row field__error" data-answer="reserved" hidden>
                            <Icon icon=icondata::LuCircleAlert class="icon icon--xs" />
                            {t!(i18n, errors.organization_reserved)}
                        </span>
                        <span class="row field__error" data-answer="taken" hidden>
                            <Icon icon=icondata::LuCircleAlert class="icon icon--xs" />
                            {t!(i18n, organizations.name_taken)}
                        </span>
                    </span>
                </p>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton
                    label=text!(i18n, common.create)
                    is_pending=action.pending()
                    testid="organizations.create.submit"
                />
            </footer>
        </CallForm>
    }
}
