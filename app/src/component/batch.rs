//! The bar of a selection: how many, the batch actions, Clear. Floats, so that nothing jumps.

use leptos::prelude::*;

use crate::i18n::{t, t_string, use_i18n};

/// Shown while something is selected. Children are the batch actions.
#[component]
pub fn BatchBar(
    /// How many are selected.
    #[prop(into)]
    count: Signal<usize>,
    /// Empties the selection.
    #[prop(into)]
    on_clear: Callback<()>,
    /// Test hook.
    #[prop(default = "batch")]
    testid: &'static str,
    /// The actions.
    children: ChildrenFn,
) -> impl IntoView {
    let i18n = use_i18n();
    let children = StoredValue::new(children);
    view! {
        <Show when=move || { count.get() > 0 }>
            <div class="batch" role="region" aria-label=move || t_string!(i18n, common.actions) data-testid=testid>
                <span class="batch__n" role="status" data-testid="batch.count">
                    {t!(i18n, components.selected, n = move || count.get())}
                </span>
                <span class="batch__sep"></span>
                {children.with_value(|children| children())}
                <span class="batch__sep"></span>
                <button type="button" class="btn btn--quiet btn--sm" data-testid="batch.clear" on:click=move |_| on_clear.run(())>
                    {t!(i18n, components.clear_selection)}
                </button>
            </div>
        </Show>
    }
}
