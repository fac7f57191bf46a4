//! Chips of tags or platforms: at most three, the rest behind "+n".

use leptos::prelude::*;

use crate::i18n::{t_string, use_i18n};

/// Chips in the fixed font.
#[component]
pub fn TagChips(
    /// Their texts.
    items: Vec<String>,
    /// How many are shown before "+n".
    #[prop(default = 3)]
    most: usize,
) -> impl IntoView {
    let i18n = use_i18n();
    let rest: Vec<String> = items.iter().skip(most).cloned().collect();
    let count = rest.len();
    let shown = items
        .into_iter()
        .take(most)
        .map(|text| view! { <span class="chip chip--mono chip--sm">{text}</span> })
        .collect_view();
    let more = (count > 0).then(|| {
        let chips = rest
            .into_iter()
            .map(|text| view! { <span class="chip chip--mono chip--sm">{text}</span> })
            .collect_view();
        view! {
            <details class="popup">
                <summary
                    class="chip chip--more chip--sm"
                    aria-label=move || t_string!(i18n, components.more_chips, n = count).to_string()
                >
                    {format!("+{count}")}
                </summary>
                <div class="menu popup__menu popup__chips">
                    <span class="chips">{chips}</span>
                </div>
            </details>
        }
    });
    view! { <span class="chips">{shown} {more}</span> }
}
