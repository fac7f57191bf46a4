//! A digest: its middle cut on screen, whole in the tooltip and on copy.

use leptos::prelude::*;

use crate::component::copy::CopyButton;
use crate::format::short_digest;
use crate::i18n::use_i18n;
use crate::text;

/// A digest with its copy button.
#[component]
pub fn DigestText(
    /// The whole digest.
    #[prop(into)]
    digest: String,
    /// Address of what it names.
    #[prop(optional, into)]
    href: Option<String>,
    /// Test hook of the copy button.
    #[prop(optional, into)]
    testid: Option<String>,
) -> impl IntoView {
    let i18n = use_i18n();
    let short = short_digest(&digest);
    let body = match href {
        Some(href) => view! { <a href=href>{short}</a> }.into_any(),
        None => view! { <span>{short}</span> }.into_any(),
    };
    let whole = digest.clone();
    view! {
        <span class="digest" title=whole>
            {body}
            <CopyButton text=digest what=text!(i18n, common.digest) testid=testid.unwrap_or_else(|| "digest.copy".to_owned()) />
        </span>
    }
}
