//! Icons: Lucide outlines, drawn at 16, 14, 12 or 20 px by class. Meaning is always in a word beside or a label.

use leptos::prelude::*;

/// An icon from `icondata` (`icondata::Lu…`). `class` is `icon`, or with a size: `icon icon--sm|--xs|--lg`.
#[component]
pub fn Icon(
    /// The drawing.
    icon: icondata::Icon,
    /// Classes.
    #[prop(default = "icon")]
    class: &'static str,
) -> impl IntoView {
    view! { <svg class=class viewBox="0 0 24 24" aria-hidden="true" inner_html=icon.data></svg> }
}

/// The mark of Roadstead: two crates above a wave.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg
            width="22"
            height="22"
            viewBox="0 0 22 22"
            fill="none"
            stroke="currentColor"
            stroke-width="1.8"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            inner_html="<rect x=\"3.4\" y=\"5.4\" width=\"6.4\" height=\"6.4\" rx=\"1\"/><rect x=\"12.2\" y=\"5.4\" width=\"6.4\" height=\"6.4\" rx=\"1\" fill=\"currentColor\" fill-opacity=\".28\"/><path d=\"M1.5 16.4c1.6-1.3 3.1-1.3 4.7 0s3.1 1.3 4.8 0 3.1-1.3 4.7 0 3.1 1.3 4.8 0\"/>"
        ></svg>
    }
}
