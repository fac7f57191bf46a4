//! The description as it was written: plain text, so that nothing in it is ever run or loaded.

use leptos::prelude::*;
use roadstead::access::Permission;
use roadstead::manage::image::Image;

use crate::component::dialog::DialogLink;
use crate::component::empty::{Art, EmptyState};
use crate::component::icon::Icon;
use crate::i18n::{t, use_i18n};
use crate::text;

/// The tab.
#[component]
pub fn DescriptionTab(
    /// The image.
    image: Image,
) -> impl IntoView {
    let i18n = use_i18n();
    let may_edit = image.rights.permission.includes(Permission::Edit);
    if image.description.trim().is_empty() {
        let add = may_edit.then(|| {
            view! {
                <DialogLink name="edit" class="btn btn--primary" testid="description.add">
                    <Icon icon=icondata::LuPencil />
                    {t!(i18n, images.add_description)}
                </DialogLink>
            }
        });
        return view! {
            <section class="card">
                <EmptyState art=Art::Nothing title=text!(i18n, images.no_description) testid="description.empty">
                    {add}
                </EmptyState>
            </section>
        }
        .into_any();
    }
    view! {
        <section class="card">
            <div class="card__body">
                <div class="prose-plain" data-testid="description">
                    {image.description}
                </div>
            </div>
        </section>
    }
    .into_any()
}
