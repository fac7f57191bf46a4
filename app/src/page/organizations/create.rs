//! The dialog that creates an organization: a plain form; alive, it says at once whether the name is free.

use leptos::prelude::*;
use leptos::task::spawn_local;
use roadstead::manage::organization::NameCheck;
use roadstead::{ErrorKind, OrganizationName, Subject};

use crate::call::organization::{CreateOrganization, check_organization_name};
use crate::component::dialog::{CancelLink, Dialog};
use crate::component::field::TextField;
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::i18n::{t, t_string, use_i18n};
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
    let checked = use_name_check();
    let rule = Callback::new(move |text: String| {
        text.trim()
            .parse::<OrganizationName>()
            .is_err()
            .then(|| t_string!(i18n, organizations.name_rule).to_owned())
    });
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
    let error = derive(move || {
        refused.get().or_else(|| {
            (checked.answer.get() == Some(NameCheck::Taken))
                .then(|| t_string!(i18n, organizations.name_taken).to_owned())
        })
    });
    let hide_error = derive(move || refused.with(Option::is_some));
    let on_change = Callback::new(move |text: String| checked.ask(text));
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
                    rule=rule
                    error=error
                    on_change=on_change
                    is_first=true
                />
                <p class="small muted">
                    {t!(i18n, organizations.name_help)}
                    <span role="status" class="row" data-testid="organizations.create.check">
                        {move || {
                            (checked.answer.get() == Some(NameCheck::Available))
                                .then(|| {
                                    view! {
                                        <Icon icon=icondata::LuCircleCheck class="icon icon--xs" />
                                        {t!(i18n, organizations.name_available)}
                                    }
                                })
                        }}
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

/// What is known about the name that is being typed.
#[derive(Clone, Copy)]
struct NameCheckState {
    answer: RwSignal<Option<NameCheck>>,
    typed: RwSignal<String>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

fn use_name_check() -> NameCheckState {
    let state = NameCheckState {
        answer: RwSignal::new(None),
        typed: RwSignal::new(String::new()),
        timer: StoredValue::new(None),
    };
    on_cleanup(move || state.stop());
    state
}

impl NameCheckState {
    fn stop(self) {
        if let Some(Some(handle)) = self.timer.try_get_value() {
            handle.clear();
        }
    }

    /// Asks 400 ms after the last key; an answer about an older text is dropped.
    fn ask(self, text: String) {
        self.stop();
        self.answer.set(None);
        let text = text.trim().to_owned();
        self.typed.set(text.clone());
        if text.parse::<OrganizationName>().is_err() {
            return;
        }
        let send = move || {
            let text = text.clone();
            spawn_local(async move {
                let answer = check_organization_name(text.clone()).await.ok();
                // The dialog may have closed meanwhile.
                if self.typed.try_get_untracked() == Some(text) {
                    let _ = self.answer.try_set(answer);
                }
            });
        };
        self.timer
            .set_value(set_timeout_with_handle(send, std::time::Duration::from_millis(400)).ok());
    }
}
