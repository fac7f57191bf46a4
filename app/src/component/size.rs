//! Sizes and counts: short on screen, exact in the tooltip.

use leptos::prelude::*;

use crate::format;
use crate::i18n::{t_string, use_i18n};

/// `52.2 MB`, with the exact bytes as tooltip.
#[component]
pub fn Bytes(
    /// Bytes.
    value: u64,
) -> impl IntoView {
    let i18n = use_i18n();
    let exact =
        move || t_string!(i18n, components.bytes_exact, n = format::grouped(value)).to_string();
    view! {
        <span class="nowrap" title=exact>
            {format::bytes(value)}
        </span>
    }
}

/// A count, shortened from 10,000 with the exact number as tooltip.
#[component]
pub fn Count(
    /// The number.
    value: u64,
) -> impl IntoView {
    let i18n = use_i18n();
    let exact = (value >= 10_000).then(|| format::grouped(value));
    view! {
        <span class="nowrap" title=exact>
            {move || format::count(value, i18n.get_locale())}
        </span>
    }
}
