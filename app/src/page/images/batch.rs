//! What can be done to several images at once: make them public or private, delete them; at most 50.
//!
//! Alive, the bar floats while something is chosen and its actions are links that carry the choice. Without scripts
//! the checkboxes belong to one GET form, whose buttons open the same dialogs.

use std::collections::BTreeSet;

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::manage::image::ImageDeletion;

use super::query::{BATCH_LIMIT, chosen};
use crate::call::image::{DeleteImages, UpdateImages, image_deletions};
use crate::component::batch::BatchBar;
use crate::component::confirm::ConfirmByName;
use crate::component::dialog::{CancelLink, Dialog, use_close_link, use_query_pairs};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::image_table::{Selection, tag_count_words};
use crate::component::load::Load;
use crate::component::noscroll;
use crate::i18n::{t, t_string, use_i18n};
use crate::{format, text};

/// The bar, and the form that stands in for it.
#[component]
pub fn ImageBatch(
    /// What is chosen.
    selection: Selection,
) -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let kept = move || {
        pairs
            .get()
            .into_iter()
            .filter(|(name, _)| !matches!(name.as_str(), "dialog" | "item" | "__err" | "__path"))
            .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
            .collect_view()
    };
    let count = Signal::derive(move || selection.with(BTreeSet::len));
    view! {
        <form method="get" action="/images" id="images-batch" class="no-script row">
            {kept}
            <button type="submit" class="btn" name="dialog" value="make-public">
                {t!(i18n, images.make_public)}
            </button>
            <button type="submit" class="btn" name="dialog" value="make-private">
                {t!(i18n, images.make_private)}
            </button>
            <button type="submit" class="btn" name="dialog" value="delete-images">
                {t!(i18n, common.delete)}
            </button>
        </form>
        <BatchBar
            count=count
            on_clear=Callback::new(move |()| selection.update(BTreeSet::clear))
            testid="images.batch"
        >
            <BatchLink dialog="make-public" icon=icondata::LuGlobe label=text!(i18n, images.make_public) selection=selection />
            <BatchLink dialog="make-private" icon=icondata::LuLock label=text!(i18n, images.make_private) selection=selection />
            <BatchLink dialog="delete-images" icon=icondata::LuTrash2 label=text!(i18n, common.delete) selection=selection />
        </BatchBar>
    }
}

/// One action of the bar: a link that opens its dialog with the choice; blocked, with the reason, beyond the limit.
#[component]
fn BatchLink(
    dialog: &'static str,
    icon: icondata::Icon,
    #[prop(into)] label: Signal<String>,
    selection: Selection,
) -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let is_blocked = Memo::new(move |_| selection.with(BTreeSet::len) > BATCH_LIMIT);
    let href = move || {
        let names: Vec<String> =
            selection.with(|chosen| chosen.iter().map(ToString::to_string).collect());
        let pairs = pairs.get();
        let kept = pairs
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "dialog" | "item" | "__err" | "__path"))
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let chosen = names.iter().map(|name| ("item", name.as_str()));
        crate::link::with_query("/images", kept.chain([("dialog", dialog)]).chain(chosen))
    };
    let tip = move || {
        is_blocked
            .get()
            .then(|| t_string!(i18n, images.at_most, n = BATCH_LIMIT as u64).to_string())
    };
    view! {
        <a
            class="btn btn--quiet btn--sm"
            href=move || (!is_blocked.get()).then(href)
            role=move || is_blocked.get().then_some("link")
            tabindex="0"
            aria-disabled=move || is_blocked.get().then_some("true")
            data-tip={tip}
            {..noscroll()}
            data-testid=format!("images.batch.{dialog}")
        >
            <Icon icon=icon />
            {move || label.get()}
        </a>
    }
}

/// The dialogs of the bar.
#[component]
pub fn BatchDialogs() -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let count = Memo::new(move |_| chosen(&pairs.get()).len() as u64);
    let title = move |public: bool| {
        Signal::derive(move || match (public, count.get()) {
            (true, 1) => t_string!(i18n, images.make_public_title_one).to_owned(),
            (true, n) => t_string!(i18n, images.make_public_title, n = n).to_string(),
            (false, 1) => t_string!(i18n, images.make_private_title_one).to_owned(),
            (false, n) => t_string!(i18n, images.make_private_title, n = n).to_string(),
        })
    };
    let delete_title = Signal::derive(move || match count.get() {
        1 => t_string!(i18n, images.delete_many_title_one).to_owned(),
        n => t_string!(i18n, images.delete_many_title, n = n).to_string(),
    });
    view! {
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
fn refusal(i18n: leptos_i18n::I18nContext<crate::i18n::Locale>, count: usize) -> Option<String> {
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
fn Refused(#[prop(into)] text: String) -> impl IntoView {
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
fn name_fields(names: &[ImageName]) -> impl IntoView + use<> {
    names
        .iter()
        .map(|name| view! { <input type="hidden" name="names[]" value=name.to_string() /> })
        .collect_view()
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
                <p>{t!(i18n, images.delete_many_text)}</p>
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
