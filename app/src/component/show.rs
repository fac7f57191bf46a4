//! What is only sometimes there. In place of Leptos's, which is compiled once for every condition and content.

use leptos::prelude::*;

/// Shows its children while `when` holds, else `fallback`.
#[component]
pub fn Show<W>(
    /// The condition.
    when: W,
    /// What is shown while it holds.
    children: ChildrenFn,
    /// What is shown while it does not.
    #[prop(optional, into)]
    fallback: ViewFn,
) -> impl IntoView
where
    W: Fn() -> bool + Send + Sync + 'static,
{
    shown(memo(move |_| when()), children, fallback)
}

fn shown(when: Memo<bool>, children: ChildrenFn, fallback: ViewFn) -> AnyView {
    (move || if when.get() { children().into_any() } else { fallback.run().into_any() }).into_any()
}
