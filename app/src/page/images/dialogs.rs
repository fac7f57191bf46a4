//! The dialogs of a list of images: of one row, and of a choice.

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::manage::image::ImageDeletion;

use super::query::{BATCH_LIMIT, chosen};
use super::row_dialog::RowDialogs;
use crate::call::image::{DeleteImages, UpdateImages, image_deletions};
use crate::component::confirm::ConfirmByName;
use crate::component::dialog::{CancelLink, Dialog, use_close_link, use_query_pairs};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::image_table::tag_count_words;
use crate::component::load::Load;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::sharing::batch::BatchShareDialog;
use crate::{format, text};

/// All of them.
#[component]
pub fn ImageListDialogs() -> impl IntoView {
    view! {
        <BatchDialogs />
        <RowDialogs />
    }
}

/// The dialogs of the bar.
#[component]
fn BatchDialogs() -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let count = memo(move |_| chosen(&pairs.get()).len() as u64);
    let title = move |public: bool| {
        derive(move || match (public, count.get()) {
            (true, 1) => t_string!(i18n, images.make_public_title_one).to_owned(),
            (true, n) => t_string!(i18n, images.make_public_title, n = n).to_string(),
            (false, 1) => t_string!(i18n, images.make_private_title_one).to_owned(),
            (false, n) => t_string!(i18n, images.make_private_title, n = n).to_string(),
        })
    };
    let delete_title = derive(move || match count.get() {
        1 => t_string!(i18n, images.delete_many_title_one).to_owned(),
        n => t_string!(i18n, images.delete_many_title, n = n).to_string(),
    });
    view! {
        <BatchShareDialog />
        <Dialog name="make-public" title=title(true) class="dialog dialog--sm">
            <TypeForm is_public=true />
        </Dialog>
        <Dialog name="make-private" title=title(false) class="dialog dialog--sm">
            <TypeForm is_public=false />
        </Dialog>
        <Dialog name="delete-images" title=delete_title>
            <DeleteForm />
        </Dialog>
    }
}

/// Why the dialog can do nothing: nothing chosen, or too much.
pub fn refusal(i18n: crate::i18n::I18n, count: usize) -> Option<String> {
    match count {
        0 => Some(t_string!(i18n, images.batch_none).to_owned()),
        n if n > BATCH_LIMIT => {
            Some(t_string!(i18n, images.at_most, n = BATCH_LIMIT as u64).to_string())
        }
        _ => None,
    }
}

/// What a dialog says when it can do nothing.
#[component]
pub fn Refused(
    /// The reason.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <div class="dialog__body">
            <p role="status">{text}</p>
        </div>
        <footer class="dialog__foot">
            <CancelLink />
        </footer>
    }
}

/// The names, as fields of the form and as a list to read.
pub fn name_fields(names: &[ImageName]) -> AnyView {
    names
        .iter()
        .map(|name| view! { <input type="hidden" name="names[]" value=name.to_string() /> })
        .collect_view()
        .into_any()
}

#[component]
fn TypeForm(is_public: bool) -> impl IntoView {
    let i18n = use_i18n();
    let names = chosen(&use_query_pairs().get_untracked());
    if let Some(text) = refusal(i18n, names.len()) {
        return view! { <Refused text=text /> }.into_any();
    }
    let action = ServerAction::<UpdateImages>::new();
    let next = use_close_link().get_untracked();
    let label =
        if is_public { text!(i18n, images.make_public) } else { text!(i18n, images.make_private) };
    let words = move || {
        if is_public {
            t_string!(i18n, images.make_public_text)
        } else {
            t_string!(i18n, images.make_private_text)
        }
    };
    let list =
        names.iter().map(|name| view! { <li class="mono">{name.to_string()}</li> }).collect_view();
    view! {
        <CallForm action=action testid="images.type.form" class="dialog__form">
            {name_fields(&names)}
            <input type="hidden" name="is_public" value=is_public.to_string() />
            <input type="hidden" name="next" value=next />
            <div class="dialog__body stack">
                <p>{words}</p>
                <ul class="stack stack--sm">{list}</ul>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=label is_pending=action.pending() testid="images.type.ok" />
            </footer>
        </CallForm>
    }
    .into_any()
}

#[component]
fn DeleteForm() -> impl IntoView {
    let i18n = use_i18n();
    let names = chosen(&use_query_pairs().get_untracked());
    if let Some(text) = refusal(i18n, names.len()) {
        return view! { <Refused text=text /> }.into_any();
    }
    let found =
        Resource::new(move || names.clone(), |names| async move { image_deletions(names).await });
    view! { <Load resource=found is_part=true view=|found| view! { <DeleteList found=found /> } /> }
        .into_any()
}

#[component]
fn DeleteList(found: Vec<(ImageName, ImageDeletion)>) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<DeleteImages>::new();
    let next = use_close_link().get_untracked();
    let names: Vec<ImageName> = found.iter().map(|(name, _)| name.clone()).collect();
    let freed: u64 = found.iter().map(|(_, deletion)| deletion.freed).sum();
    let recent: u64 = found.iter().map(|(_, deletion)| deletion.recent_pulls).sum();
    let rows = found
        .into_iter()
        .map(|(name, deletion)| {
            view! {
                <li class="row">
                    <span class="mono">{name.to_string()}</span>
                    <span class="muted push nowrap">
                        {move || format!("{} · {}", tag_count_words(i18n, deletion.tags), format::bytes(deletion.freed))}
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <CallForm action=action testid="images.delete.form" class="dialog__form">
            {name_fields(&names)}
            <input type="hidden" name="next" value=next />
            <div class="dialog__body stack">
                <p>
                    {if names.len() == 1 {
                        t_string!(i18n, images.delete_many_text_one)
                    } else {
                        t_string!(i18n, images.delete_many_text)
                    }}
                </p>
                <ul class="stack stack--sm" data-testid="images.delete.list">{rows}</ul>
                <p>{t!(i18n, images.delete_freed, size = move || format::bytes(freed))}</p>
                {crate::page::image_detail::recent_pulls(recent)}
            </div>
            <ConfirmByName
                expected=t_string!(i18n, images.delete_word).to_owned()
                action=text!(i18n, common.delete)
                is_pending=action.pending()
            />
        </CallForm>
    }
}
