//! What can be done to several images at once: share them, make them public or private, delete them; at most 50. The
//! dialogs are in `dialogs.rs`.

use leptos::prelude::*;

use super::query::BATCH_LIMIT;
use crate::component::batch::{Batch, BatchAction};
use crate::component::selection::Selection;
use crate::i18n::{t_string, use_i18n};
use crate::text;

/// The bar, and the form that stands in for it.
#[component]
pub fn ImageBatch(
    /// What is chosen.
    selection: Selection,
) -> impl IntoView {
    let i18n = use_i18n();
    let action = |dialog, icon, label, testid| BatchAction { dialog, icon, label, testid };
    let actions = vec![
        action("share", icondata::LuShare2, text!(i18n, images.batch_share), "images.batch.share"),
        action(
            "make-public",
            icondata::LuGlobe,
            text!(i18n, images.make_public),
            "images.batch.make-public",
        ),
        action(
            "make-private",
            icondata::LuLock,
            text!(i18n, images.make_private),
            "images.batch.make-private",
        ),
        action(
            "delete-images",
            icondata::LuTrash2,
            text!(i18n, common.delete),
            "images.batch.delete-images",
        ),
    ];
    let too_many =
        derive(move || t_string!(i18n, images.at_most, n = BATCH_LIMIT as u64).to_string());
    view! {
        <Batch
            selection=selection
            form="images-batch"
            actions=actions
            limit=BATCH_LIMIT
            too_many=too_many
            testid="images.batch"
        />
    }
}
