//! The bar of a selection: how many, the batch actions, Clear. Floats, so that nothing jumps.
//!
//! Alive, an action is a link to its dialog that carries the choice. Without scripts the checkboxes of the rows belong to
//! one GET form, whose buttons open the same dialogs.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::component::dialog::use_query_pairs;
use crate::component::icon::Icon;
use crate::component::noscroll;
use crate::component::selection::Selection;
use crate::component::show::Show;
use crate::i18n::{t, t_string, use_i18n};
use crate::link;

/// What can be done to what is chosen.
#[derive(Clone, Copy)]
pub struct BatchAction {
    /// The dialog that asks.
    pub dialog: &'static str,
    /// Drawing.
    pub icon: icondata::Icon,
    /// Words.
    pub label: Signal<String>,
    /// Test hook of the link.
    pub testid: &'static str,
}

/// The query values that stay when a dialog opens for a choice.
fn kept(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    pairs
        .into_iter()
        .filter(|(name, _)| !matches!(name.as_str(), "dialog" | "item" | "__err" | "__path"))
        .collect()
}

/// The bar, shown while something is chosen, and the form that stands in for it.
#[component]
pub fn Batch(
    /// What is chosen.
    selection: Selection,
    /// Id of the form that the checkboxes of rows name.
    form: &'static str,
    /// The actions.
    actions: Vec<BatchAction>,
    /// Most rows of one action.
    limit: usize,
    /// Why an action is blocked beyond that.
    too_many: Signal<String>,
    /// Test hook.
    #[prop(default = "batch")]
    testid: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let path = use_location().pathname;
    let pairs = use_query_pairs();
    let count = memo(move |_| selection.with(BTreeSet::len));
    let fields = move || {
        kept(pairs.get())
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect_view()
    };
    let buttons = actions
        .iter()
        .map(|action| {
            let label = action.label;
            view! {
                <button type="submit" class="btn" name="dialog" value=action.dialog>
                    {move || label.get()}
                </button>
            }
        })
        .collect_view();
    let links = StoredValue::new(actions);
    let links = move || {
        links
            .get_value()
            .into_iter()
            .map(|action| view! { <ActionLink action=action selection=selection limit=limit too_many=too_many /> })
            .collect_view()
    };
    view! {
        <form method="get" action=move || path.get() id=form class="no-script row row--wrap">
            {fields}
            {buttons}
        </form>
        <Show when=move || { count.get() > 0 }>
            <div class="batch" role="region" aria-label=move || t_string!(i18n, common.actions) data-testid=testid>
                <span class="batch__n" role="status" data-testid="batch.count">
                    {t!(i18n, components.selected, n = move || count.get())}
                </span>
                <span class="batch__sep"></span>
                {links}
                <span class="batch__sep"></span>
                <button
                    type="button"
                    class="btn btn--quiet btn--sm"
                    data-testid="batch.clear"
                    on:click=move |_| selection.update(BTreeSet::clear)
                >
                    {t!(i18n, components.clear_selection)}
                </button>
            </div>
        </Show>
    }
}

/// One action of the bar: a link that opens its dialog with the choice; blocked, with the reason, beyond the limit.
#[component]
fn ActionLink(
    action: BatchAction,
    selection: Selection,
    limit: usize,
    too_many: Signal<String>,
) -> impl IntoView {
    let path = use_location().pathname;
    let pairs = use_query_pairs();
    let is_blocked = memo(move |_| selection.with(BTreeSet::len) > limit);
    let href = move || {
        let kept = kept(pairs.get());
        let names: Vec<String> = selection.with(|chosen| chosen.iter().cloned().collect());
        let pairs = kept.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let chosen = names.iter().map(|name| ("item", name.as_str()));
        link::with_query(&path.get(), pairs.chain([("dialog", action.dialog)]).chain(chosen))
    };
    view! {
        <a
            class="btn btn--quiet btn--sm"
            href=move || (!is_blocked.get()).then(href)
            role=move || is_blocked.get().then_some("link")
            tabindex="0"
            aria-disabled=move || is_blocked.get().then_some("true")
            data-tip=move || is_blocked.get().then(|| too_many.get())
            {..noscroll()}
            data-testid=action.testid
        >
            <Icon icon=action.icon />
            {move || action.label.get()}
        </a>
    }
}
