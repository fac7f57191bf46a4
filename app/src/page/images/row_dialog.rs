//! Edit and delete of one row: the same dialogs as on the image's own page, for the image in `&item=`.

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::access::Permission;

use crate::call::image::get_image;
use crate::component::dialog::{Dialog, use_dialog_item};
use crate::component::load::Load;
use crate::i18n::{t_string, use_i18n};
use crate::page::image_detail::{DeleteForm, EditForm, no_such_image};
use crate::text;

/// `?dialog=edit&item=` and `?dialog=delete&item=`.
#[component]
pub fn RowDialogs() -> impl IntoView {
    let i18n = use_i18n();
    let item = use_dialog_item();
    let delete_title = derive(move || {
        t_string!(i18n, images.delete_title, name = item.get().unwrap_or_default()).to_string()
    });
    view! {
        <Dialog name="edit" title=text!(i18n, images.edit_title)>
            <EditRow />
        </Dialog>
        <Dialog name="delete" title=delete_title class="dialog dialog--sm">
            <DeleteRow />
        </Dialog>
    }
}

/// The image that the dialog is about.
fn use_item_name() -> Memo<Option<ImageName>> {
    let item = use_dialog_item();
    memo(move |_| item.get().and_then(|name| name.parse().ok()))
}

#[component]
fn EditRow() -> impl IntoView {
    let name = use_item_name();
    let image = Resource::new(
        move || name.get(),
        |name| async move {
            match name {
                Some(name) => get_image(name).await,
                None => Err(no_such_image()),
            }
        },
    );
    view! {
        <Load
            resource=image
            is_part=true
            view=|image| {
                image
                    .rights
                    .permission
                    .includes(Permission::Edit)
                    .then(|| view! { <EditForm image=image /> })
            }
        />
    }
}

#[component]
fn DeleteRow() -> impl IntoView {
    let name = use_item_name();
    let next = crate::component::dialog::use_close_link();
    move || name.get().map(|name| view! { <DeleteForm name=name next=next.get_untracked() /> })
}
