//! Confirmation of what destroys: the name must be typed. Without scripts the server compares it.

use leptos::prelude::*;

use crate::component::dialog::CancelLink;
use crate::component::form::SubmitButton;
use crate::component::served::is_inside;
use crate::i18n::{t, use_i18n};

/// The field and the foot of a level-3 dialog, inside its form. Sends the field `confirm`.
#[component]
pub fn ConfirmByName(
    /// What must be typed (trimmed, case-sensitive).
    expected: String,
    /// Words of the red button.
    #[prop(into)]
    action: Signal<String>,
    /// The call is under way.
    #[prop(optional, into)]
    is_pending: Signal<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let typed = RwSignal::new(None::<String>);
    let shown = expected.clone();
    let mark = is_inside().then(|| expected.clone());
    // Without scripts nothing was typed here yet: the button works and the server compares.
    let is_blocked = derive({
        let alive = RwSignal::new(false);
        Effect::new(move |_| alive.set(true));
        move || {
            alive.get()
                && typed.with(|typed| typed.as_deref().map(str::trim) != Some(expected.as_str()))
        }
    });
    view! {
        <div class="dialog__body dialog__body--confirm">
            <div class="field">
                <label class="field__label" for="confirm-name">
                    <span>
                        {t!(i18n, components.confirm_type, name = move || shown.clone())}
                    </span>
                </label>
                <input
                    class="input input--mono"
                    id="confirm-name"
                    name="confirm"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    required
                    data-testid="confirm.name"
                    data-confirm=mark
                    on:input=move |event| typed.set(Some(event_target_value(&event)))
                />
            </div>
        </div>
        <footer class="dialog__foot">
            <CancelLink />
            <SubmitButton
                label=action
                is_pending=is_pending
                is_blocked=is_blocked
                class="btn btn--danger"
                testid="confirm.ok"
            />
        </footer>
    }
}
