//! Below an unfolded row: its platforms, and what is attached.

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::manage::tag::{ManifestSummary, Tag};

use super::{attachments_words, layers_words, manifest_link};
use crate::component::client_command::{CopyPull, Pull};
use crate::component::digest::DigestText;
use crate::format;
use crate::i18n::{t_string, use_i18n};
use crate::page::image_tags::query::{platform_label, short};

/// One platform of an index.
#[component]
pub fn ChildRow(
    /// The image.
    image: ImageName,
    /// The child.
    child: ManifestSummary,
    /// The table has a selection column.
    may_select: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let platform = platform_label(&child);
    let name = platform.clone().unwrap_or_else(|| short(&child.digest));
    let href = manifest_link(&image, None, &child.digest);
    let layers = child.layers;
    let pull =
        Pull { platform: platform.clone(), ..Pull::new(&image, format!("@{}", child.digest)) };
    let what = {
        let name = name.clone();
        derive(move || t_string!(i18n, images.copy_platform, platform = name.as_str()).to_string())
    };
    let label = Signal::stored(if platform.is_some() {
        "--platform".to_owned()
    } else {
        "@sha256".to_owned()
    });
    let size = format::bytes(child.size);
    let testid = format!("tags.child.{name}");
    view! {
        <tr role="row" class="is-child" data-testid=testid>
            {may_select.then(|| view! { <td role="cell" class="t-check"></td> })}
            <td role="cell" class="t-exp"></td>
            <td role="cell" class="m-name">
                <span class="tree">
                    <a class="mono" href=href>
                        {name}
                    </a>
                </span>
            </td>
            <td role="cell" class="t-num t-min" data-col="size">
                <span title=format::grouped(child.size)>{size.clone()}</span>
            </td>
            <td role="cell" class="t-arch p-4 muted" data-col="platform">
                {move || layers_words(i18n, layers)}
            </td>
            <td role="cell" class="t-min" data-col="pushed">
                <DigestText digest=child.digest.to_string() />
            </td>
            <td role="cell" class="p-5" data-col="pulled"></td>
            <td role="cell" class="t-min p-3" data-col="pull">
                <CopyPull pull=pull what=what label=label testid="tags.child.copy" />
            </td>
            <td role="cell" class="t-ops"></td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <span>{size}</span>
                    <span class="muted">{move || layers_words(i18n, layers)}</span>
                </span>
            </td>
        </tr>
    }
}

/// Signatures, SBOMs and attestations of a tag, as one line.
#[component]
pub fn AttachmentRow(
    /// The image.
    image: ImageName,
    /// The tag.
    tag: Tag,
    /// The table has a selection column.
    may_select: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let href = manifest_link(&image, tag.name.as_ref(), &tag.manifest.digest);
    let n = tag.attachments;
    view! {
        <tr role="row" class="is-child" data-testid="tags.child.attachments">
            {may_select.then(|| view! { <td role="cell" class="t-check"></td> })}
            <td role="cell" class="t-exp"></td>
            <td role="cell" class="m-name">
                <span class="tree">
                    <a class="small" href=href>
                        {move || attachments_words(i18n, n)}
                    </a>
                </span>
            </td>
            <td role="cell" data-col="size"></td>
            <td role="cell" class="p-4" data-col="platform"></td>
            <td role="cell" data-col="pushed"></td>
            <td role="cell" class="p-5" data-col="pulled"></td>
            <td role="cell" class="p-3" data-col="pull"></td>
            <td role="cell" class="t-ops"></td>
            <td role="cell" class="m-facts"></td>
        </tr>
    }
}
