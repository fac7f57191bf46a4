//! Deletes tags, one or many, and explains what happens to tags that share a digest (`console.md` A.6.1).

use leptos::prelude::*;
use roadstead::manage::tag::{TagDeletion, TagDeletionRow};
use roadstead::{ImageName, TagName};

use super::query::{DELETE_LIMIT, chosen, short};
use crate::call::tag::{DeleteTags, tag_deletion};
use crate::component::confirm::ConfirmByName;
use crate::component::dialog::{CancelLink, Dialog, use_close_link, use_query_pairs};
use crate::component::form::CallForm;
use crate::component::load::Load;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;

/// The dialog at `?dialog=delete-tags&item=…`.
#[component]
pub fn DeleteTagsDialog(
    /// The image.
    image: ImageName,
    /// Where to go afterwards; else the page stays.
    #[prop(optional, into)]
    next: Option<String>,
) -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let tags = memo(move |_| chosen(&pairs.get()));
    let title = derive(move || {
        tags.with(|tags| match tags.as_slice() {
            [tag] => t_string!(i18n, images.delete_tag_title, tag = tag.as_str()).to_string(),
            many => t_string!(i18n, images.delete_tags_title, n = many.len() as u64).to_string(),
        })
    });
    view! {
        <Dialog name="delete-tags" title=title>
            <DeleteForm image=image.clone() tags=tags.get_untracked() next=next.clone() />
        </Dialog>
    }
}

#[component]
fn DeleteForm(image: ImageName, tags: Vec<TagName>, next: Option<String>) -> impl IntoView {
    let i18n = use_i18n();
    let refusal = match tags.len() {
        0 => Some(t_string!(i18n, images.batch_none_tags).to_owned()),
        n if n > DELETE_LIMIT => {
            Some(t_string!(i18n, images.at_most_tags, n = DELETE_LIMIT as u64).to_string())
        }
        _ => None,
    };
    if let Some(refusal) = refusal {
        return view! {
            <div class="dialog__body">
                <p role="status">{refusal}</p>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
            </footer>
        }
        .into_any();
    }
    let asked = (image.clone(), tags);
    let deletion = Resource::new(
        move || asked.clone(),
        |(image, tags)| async move { tag_deletion(image, tags).await },
    );
    view! {
        <Load
            resource=deletion
            is_part=true
            view=move |deletion| {
                view! { <Consequences image=image.clone() deletion=deletion next=next.clone() /> }
            }
        />
    }
    .into_any()
}

#[component]
fn Consequences(image: ImageName, deletion: TagDeletion, next: Option<String>) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<DeleteTags>::new();
    let close = use_close_link().get_untracked();
    let next = next.unwrap_or(close);
    if deletion.tags.is_empty() {
        return view! {
            <div class="dialog__body">
                <p role="status">{t!(i18n, errors.tag_not_found)}</p>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
            </footer>
        }
        .into_any();
    }
    let expected = match deletion.tags.as_slice() {
        [row] => row.name.to_string(),
        _ => t_string!(i18n, images.delete_word).to_owned(),
    };
    let fields = deletion
        .tags
        .iter()
        .map(|row| view! { <input type="hidden" name="tags[]" value=row.name.to_string() /> })
        .collect_view();
    let rows =
        deletion.tags.into_iter().map(|row| view! { <Consequence row=row /> }).collect_view();
    view! {
        <CallForm action=action testid="delete_tags.form" class="dialog__form">
            <input type="hidden" name="image" value=image.to_string() />
            <input type="hidden" name="next" value=next />
            {fields}
            <div class="dialog__body stack">
                <ul class="stack" data-testid="delete_tags.list">{rows}</ul>
                <p class="small muted">{t!(i18n, images.delete_index)}</p>
            </div>
            <ConfirmByName expected=expected action=text!(i18n, common.delete) is_pending=action.pending() />
        </CallForm>
    }
    .into_any()
}

/// One tag: its digest, and what stays.
#[component]
fn Consequence(row: TagDeletionRow) -> impl IntoView {
    let i18n = use_i18n();
    let tag = row.name.to_string();
    let others = row.staying.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let digest = row.digest.to_string();
    let testid = format!("delete_tags.row.{tag}");
    let words = {
        let tag = tag.clone();
        move || {
            if others.is_empty() {
                t_string!(i18n, images.delete_last).to_owned()
            } else {
                t_string!(i18n, images.delete_shared, tag = tag.as_str(), others = others.as_str())
                    .to_string()
            }
        }
    };
    view! {
        <li class="stack stack--xs" data-testid=testid>
            <span class="row">
                <b class="mono">{tag}</b>
                <span class="digest muted" title=digest>
                    {short(&row.digest)}
                </span>
            </span>
            <span class="small">{words}</span>
        </li>
    }
}
