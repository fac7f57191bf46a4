//! The dialogs of an image's page, for those who may.

use leptos::prelude::*;
use roadstead::access::Permission;
use roadstead::manage::image::Image;

use super::delete::DeleteImageDialog;
use super::edit::EditImageDialog;
use super::{use_image, use_image_name};
use crate::component::load::Load;
use crate::page::image_tags::containerd::ContainerdDialog;
use crate::page::image_tags::delete::DeleteTagsDialog;

/// All of them.
#[component]
pub fn ImageDialogs() -> impl IntoView {
    let image = use_image(use_image_name());
    view! { <Load resource=image is_part=true view=dialogs /> }
}

fn dialogs(image: Image) -> AnyView {
    let permission = image.rights.permission;
    let name = image.name.clone();
    view! {
        <ContainerdDialog image=name.clone() />
        {permission.includes(Permission::Edit).then(|| view! { <EditImageDialog image=image.clone() /> })}
        {permission
            .includes(Permission::Manage)
            .then(|| {
                view! {
                    <DeleteImageDialog name=name.clone() />
                    <DeleteTagsDialog image=name />
                }
            })}
    }
    .into_any()
}
