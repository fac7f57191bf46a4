//! Toasts: what just happened, bottom left, at most three. Never the only copy of an error.

use leptos::prelude::*;

use crate::component::icon::Icon;
use crate::i18n::{t_string, use_i18n};
use crate::notice::Notice;

/// One toast.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Toast {
    id: u32,
    notice: Notice,
}

/// The toasts of the page.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    /// Begins with what a plain form left to say.
    #[must_use]
    pub fn new(first: Option<Notice>) -> Self {
        let shown = first.map(|notice| Toast { id: 0, notice }).into_iter().collect();
        Self { shown: RwSignal::new(shown), next: StoredValue::new(1) }
    }

    /// Says something for five seconds.
    pub fn say(self, notice: Notice) {
        let id = self.next.with_value(|next| *next);
        self.next.set_value(id.wrapping_add(1));
        self.shown.update(|shown| {
            shown.push(Toast { id, notice });
            if shown.len() > 3 {
                shown.remove(0);
            }
        });
    }

    fn close(self, id: u32) {
        self.shown.update(|shown| shown.retain(|toast| toast.id != id));
    }
}

/// The toasts of the page.
#[must_use]
pub fn use_toasts() -> Toasts {
    use_context::<Toasts>().unwrap_or_else(|| Toasts::new(None))
}

/// The corner where toasts appear; in every page once.
#[component]
pub fn ToastStack() -> impl IntoView {
    let i18n = use_i18n();
    let toasts = use_toasts();
    view! {
        <div class="toasts" data-testid="toasts">
            <For each=move || toasts.shown.get() key=|toast| toast.id let:toast>
                {
                    let id = toast.id;
                    let notice = toast.notice.clone();
                    Effect::new(move |_| {
                        set_timeout(move || toasts.close(id), std::time::Duration::from_secs(5));
                    });
                    view! {
                        <div class="toast toast--ok" role="status" data-testid="toast">
                            <Icon icon=icondata::LuCircleCheck />
                            <div class="toast__body">{move || notice.text(i18n)}</div>
                            <span class="toast__actions">
                                <button
                                    type="button"
                                    class="copy needs-script"
                                    aria-label=move || t_string!(i18n, common.close)
                                    on:click=move |_| toasts.close(id)
                                >
                                    <Icon icon=icondata::LuX class="icon icon--sm" />
                                </button>
                            </span>
                        </div>
                    }
                }
            </For>
        </div>
    }
}
