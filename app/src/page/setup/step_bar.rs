//! The steps of set-up, and which is reached.

use leptos::prelude::*;

use crate::i18n::{t_string, use_i18n};
use crate::text;

/// The progress bar: names of the steps, the current one marked.
#[component]
pub fn StepBar(
    /// 1 to 4; 5 is through with all.
    current: u8,
) -> impl IntoView {
    let i18n = use_i18n();
    let steps = [
        (1, text!(i18n, auth.setup_verify)),
        (2, text!(i18n, auth.setup_account)),
        (3, text!(i18n, auth.setup_instance)),
        (4, text!(i18n, auth.setup_done)),
    ]
    .map(|(number, label)| {
        let state = match number.cmp(&current) {
            std::cmp::Ordering::Less => Some("done"),
            std::cmp::Ordering::Equal => Some("current"),
            std::cmp::Ordering::Greater => None,
        };
        view! {
            <li class="step" data-state=state aria-current=(current == number).then_some("step")>
                <span class="step__mark">{number}</span>
                <span class="step__title">{move || label.get()}</span>
            </li>
        }
    })
    .into_iter()
    .collect_view();
    view! {
        <ol class="steps steps--bar" aria-label=move || t_string!(i18n, auth.setup_steps) data-step-bar data-testid="setup.steps">
            {steps}
        </ol>
    }
}
