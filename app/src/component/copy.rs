//! The copy button: one for pull addresses, commands, digests and ids. A copy never fails silently.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::component::icon::Icon;
use crate::component::served::is_inside;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::use_live;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Rest,
    Copied,
    Failed,
}

/// Copies `text` on a click. `what` completes the accessible name: "Copy {what}".
///
/// Success turns the icon into a tick for two seconds and is said by the page's live region. Where neither the
/// clipboard nor the older command works, a small field opens with the text selected.
#[component]
pub fn CopyButton(
    /// What is copied, whole.
    #[prop(into)]
    text: Signal<String>,
    /// What it is, in words.
    #[prop(into)]
    what: Signal<String>,
    /// 28 instead of 24 px.
    #[prop(optional)]
    is_large: bool,
    /// Words instead of a bare icon, for example the client's pull command.
    #[prop(optional, into)]
    label: Option<Signal<String>>,
    /// Other classes, for a whole button with its icon before the words.
    #[prop(optional)]
    class: Option<&'static str>,
    /// The shortcut `c` presses it.
    #[prop(optional)]
    is_shortcut: bool,
    /// Test hook.
    #[prop(optional, into)]
    testid: Option<String>,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let state = RwSignal::new(State::Rest);
    let pop = NodeRef::<leptos::html::Input>::new();
    let on_click = move |_| {
        let value = text.get_untracked();
        spawn_local(async move {
            if crate::dom::copy(value).await {
                state.set(State::Copied);
                live.said.set(t_string!(i18n, common.copied).to_owned());
                set_timeout(
                    move || {
                        // The button may have left the page meanwhile.
                        let _ = state.try_update(|state| {
                            if *state == State::Copied {
                                *state = State::Rest;
                            }
                        });
                        let _ = live.said.try_update(String::clear);
                    },
                    std::time::Duration::from_secs(2),
                );
            } else {
                state.set(State::Failed);
            }
        });
    };
    Effect::new(move |_| {
        if state.get() == State::Failed
            && let Some(input) = pop.get()
        {
            let _ = input.focus();
            input.select();
        }
    });
    let name = move || match state.get() {
        State::Copied => t_string!(i18n, common.copied).to_owned(),
        State::Rest | State::Failed => {
            t_string!(i18n, components.copy_what, what = what.get()).to_string()
        }
    };
    // Where handlers never run, the mark does it.
    let mark = is_inside().then(|| text.get_untracked());
    let is_button = class.is_some();
    let class = match (class, label.is_some(), is_large) {
        (Some(class), ..) => class,
        (None, true, _) => "copy-cmd",
        (None, false, true) => "copy copy--md needs-script",
        (None, false, false) => "copy needs-script",
    };
    let words = move || label.map(|label| view! { <span>{move || label.get()}</span> });
    let drawing = move || {
        let icon = if state.get() == State::Copied { icondata::LuCheck } else { icondata::LuCopy };
        view! { <Icon icon=icon class="icon icon--sm" /> }
    };
    view! {
        <span class="copy-wrap">
            <button
                type="button"
                class=class
                data-state=move || (state.get() == State::Copied).then_some("copied")
                aria-label=name
                title=name
                data-testid=testid
                data-copy=mark
                data-shortcut=is_shortcut.then_some("copy")
                on:click=on_click
            >
                {(!is_button).then(words)}
                {drawing}
                {is_button.then(words)}
            </button>
            {move || {
                (state.get() == State::Failed)
                    .then(|| {
                        view! {
                            <span class="copy-pop" role="group" data-testid="copy.manual">
                                <input
                                    class="input input--mono"
                                    readonly
                                    node_ref=pop
                                    prop:value=text.get()
                                    aria-label=name
                                    on:blur=move |_| state.set(State::Rest)
                                    on:keydown=move |event| {
                                        if event.key() == "Escape" {
                                            event.stop_propagation();
                                            state.set(State::Rest);
                                        }
                                    }
                                />
                                <span class="field__help">{t!(i18n, components.copy_manual)}</span>
                            </span>
                        }
                    })
            }}
        </span>
    }
}
