//! A menu behind a button: `<details>`, so it opens without scripts; alive, it closes on Escape and outside clicks.

use leptos::prelude::*;

/// A menu. Children are `menu__item` links, or forms whose buttons are `menu__item`.
#[component]
pub fn Menu(
    /// Accessible name of the trigger.
    #[prop(into)]
    label: Signal<String>,
    /// What the trigger shows.
    trigger: ViewFn,
    /// Classes of the trigger.
    #[prop(default = "btn btn--icon btn--quiet")]
    class: &'static str,
    /// Classes of the whole, for example `hide-sm`.
    #[prop(default = "")]
    outer: &'static str,
    /// Show the name as a tooltip too.
    #[prop(optional)]
    has_tip: bool,
    /// Test hook.
    #[prop(default = "menu".to_owned(), into)]
    testid: String,
    /// The items.
    children: Children,
) -> impl IntoView {
    let tip = move || has_tip.then(|| label.get());
    let node = NodeRef::<leptos::html::Details>::new();
    let hook = testid.clone();
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape"
            && let Some(details) = node.get()
            && details.open()
        {
            event.stop_propagation();
            details.set_open(false);
            crate::dom::focus(&format!("[data-testid='{hook}']"));
        }
    };
    // What was chosen is under way; checkboxes are chosen one after the other.
    let on_choice = move |event: leptos::ev::MouseEvent| {
        if crate::dom::is_on_link(&event)
            && let Some(details) = node.get()
        {
            details.set_open(false);
        }
    };
    view! {
        <details class=format!("popup {outer}") node_ref=node on:keydown=on_key>
            <summary class=class aria-label=move || label.get() data-tip=tip data-testid=testid>
                {trigger.run()}
            </summary>
            <div class="menu popup__menu" on:click=on_choice>{children()}</div>
        </details>
    }
}
