//! The manifest itself, byte for byte.

use leptos::prelude::*;
use roadstead::manage::tag::ManifestDetail;

use crate::component::copy::CopyButton;
use crate::component::json_view::JsonView;
use crate::i18n::{t, use_i18n};
use crate::text;

/// The part "Manifest".
#[component]
pub fn ManifestPart(
    /// The manifest.
    detail: ManifestDetail,
) -> impl IntoView {
    let i18n = use_i18n();
    let raw = detail.raw.clone();
    view! {
        <section class="card" data-testid="tag.manifest">
            <div class="card__head">
                <h2>{t!(i18n, images.manifest)}</h2>
                <span class="mono muted small">{detail.manifest.media_type.as_str()}</span>
                <span class="push">
                    <CopyButton text=raw what=text!(i18n, images.copy_manifest) is_large=true testid="tag.manifest.copy" />
                </span>
            </div>
            <div class="card__body">
                <JsonView text=detail.raw />
            </div>
        </section>
    }
}
