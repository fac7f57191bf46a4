//! What can be done to several tags at once: delete them (`delete.rs`).

use leptos::prelude::*;

use super::query::DELETE_LIMIT;
use crate::component::batch::{Batch, BatchAction};
use crate::component::selection::Selection;
use crate::i18n::{t_string, use_i18n};
use crate::text;

/// The bar of a choice, and the form that stands in for it without scripts.
#[component]
pub fn TagBatch(
    /// What is chosen.
    selection: Selection,
) -> impl IntoView {
    let i18n = use_i18n();
    let actions = vec![BatchAction {
        dialog: "delete-tags",
        icon: icondata::LuTrash2,
        label: text!(i18n, common.delete),
        testid: "tags.batch.delete",
    }];
    let too_many =
        derive(move || t_string!(i18n, images.at_most_tags, n = DELETE_LIMIT as u64).to_string());
    view! {
        <Batch
            selection=selection
            form="tags-batch"
            actions=actions
            limit=DELETE_LIMIT
            too_many=too_many
            testid="tags.batch"
        />
    }
}
