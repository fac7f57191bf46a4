//! Deletes an image with its tags: says exactly what goes, and asks for the name (`console.md` A.4.4).

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::manage::image::ImageDeletion;

use crate::call::image::{DeleteImage, image_deletion};
use crate::component::confirm::ConfirmByName;
use crate::component::dialog::Dialog;
use crate::component::form::CallForm;
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::i18n::{t, t_string, use_i18n};
use crate::{format, text};

/// The dialog at `?dialog=delete` of the image's page; leads to the list afterwards.
#[component]
pub fn DeleteImageDialog(
    /// The image.
    name: ImageName,
) -> impl IntoView {
    let i18n = use_i18n();
    let title = derive({
        let name = name.to_string();
        move || t_string!(i18n, images.delete_title, name = name.as_str()).to_string()
    });
    view! {
        <Dialog name="delete" title=title class="dialog dialog--sm">
            <DeleteForm name=name.clone() next="/images".to_owned() />
        </Dialog>
    }
}

/// The form, inside a dialog.
#[component]
pub fn DeleteForm(
    /// The image.
    name: ImageName,
    /// Where to go afterwards.
    next: String,
) -> impl IntoView {
    let asked = name.clone();
    let deletion =
        Resource::new(move || asked.clone(), |name| async move { image_deletion(name).await });
    view! {
        <Load
            resource=deletion
            is_part=true
            view=move |deletion| view! { <Consequences name=name.clone() next=next.clone() deletion=deletion /> }
        />
    }
}

#[component]
fn Consequences(name: ImageName, next: String, deletion: ImageDeletion) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<DeleteImage>::new();
    let tags = move || match deletion.tags {
        0 => t_string!(i18n, images.delete_tags_none).to_owned(),
        1 => t_string!(i18n, images.delete_tags_one).to_owned(),
        n => t_string!(i18n, images.delete_tags_n, n = format::grouped(n)).to_string(),
    };
    let shares = (deletion.shares > 0).then(|| {
        let words = move || match deletion.shares {
            1 => t_string!(i18n, images.delete_shares_one).to_owned(),
            n => t_string!(i18n, images.delete_shares, n = n).to_string(),
        };
        view! { <li>{words}</li> }
    });
    view! {
        <CallForm action=action testid="delete.form" class="dialog__form">
            <input type="hidden" name="name" value=name.to_string() />
            <input type="hidden" name="next" value=next />
            <div class="dialog__body stack">
                <ul class="stack stack--sm" data-testid="delete.consequences">
                    <li>{tags}</li>
                    <li>{t!(i18n, images.delete_freed, size = move || format::bytes(deletion.freed))}</li>
                    {shares}
                </ul>
                {recent_pulls(deletion.recent_pulls)}
            </div>
            <ConfirmByName expected=name.to_string() action=text!(i18n, common.delete) is_pending=action.pending() />
        </CallForm>
    }
}

/// A warning when somebody still pulls it.
pub fn recent_pulls(pulls: u64) -> AnyView {
    let i18n = use_i18n();
    (pulls > 0)
        .then(|| {
            let words = move || match pulls {
                1 => t_string!(i18n, images.delete_recent_one).to_owned(),
                n => t_string!(i18n, images.delete_recent, n = format::grouped(n)).to_string(),
            };
            view! {
                <div class="banner banner--warn" data-testid="delete.recent">
                    <Icon icon=icondata::LuTriangleAlert />
                    <div class="banner__body">{words}</div>
                </div>
            }
        })
        .into_any()
}
