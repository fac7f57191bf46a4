//! One fact of a head: its name and its value.

use leptos::prelude::*;

/// A row of `dl.facts`.
#[component]
pub fn Fact(
    /// Its name.
    label: Signal<String>,
    /// Classes of the value.
    #[prop(default = "")]
    class: &'static str,
    /// Test hook of the value.
    #[prop(optional)]
    testid: Option<&'static str>,
    /// The value.
    children: Children,
) -> impl IntoView {
    view! {
        <div>
            <dt>{move || label.get()}</dt>
            <dd class=class data-testid=testid>{children()}</dd>
        </div>
    }
}
