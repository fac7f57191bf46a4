//! Edits type, category and description of an image (`console.md` A.5.1).

use leptos::prelude::*;
use roadstead::manage::image::{Category, Image};

use crate::call::image::UpdateImage;
use crate::component::dialog::{CancelLink, Dialog, use_close_link};
use crate::component::field::{RadioField, SelectField, TextArea};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::image_table::category_words;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// Most characters of a description.
pub const DESCRIPTION_LIMIT: usize = 30_000;

/// The dialog at `?dialog=edit` of the image's page.
#[component]
pub fn EditImageDialog(
    /// The image.
    image: Image,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="edit" title=text!(i18n, images.edit_title)>
            <EditForm image=image.clone() />
        </Dialog>
    }
}

/// Public or private.
#[component]
pub fn TypeField(
    /// What it is.
    is_public: bool,
    /// It is shared with other accounts.
    #[prop(optional)]
    is_shared: bool,
    /// Nobody pulls it yet.
    #[prop(optional)]
    is_new: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let public = MaybeProp::derive(move || {
        let words = if is_shared {
            t_string!(i18n, images.to_public_shared)
        } else {
            t_string!(i18n, images.to_public)
        };
        Some(words.to_owned())
    });
    let private = MaybeProp::derive(move || {
        let words = if is_new {
            t_string!(i18n, images.private_new)
        } else {
            t_string!(i18n, images.to_private)
        };
        Some(words.to_owned())
    });
    let options = vec![
        ("true".to_owned(), text!(i18n, images.public), public),
        ("false".to_owned(), text!(i18n, images.private), private),
    ];
    view! {
        <RadioField name="is_public" label=text!(i18n, images.visibility_type) options=options value=is_public.to_string() />
    }
}

/// One of the eight categories.
#[component]
pub fn CategoryField(
    /// What it is.
    category: Category,
) -> impl IntoView {
    let i18n = use_i18n();
    let options = Category::ALL
        .into_iter()
        .map(|each| {
            (each.as_str().to_owned(), derive(move || category_words(i18n, each).to_owned()))
        })
        .collect::<Vec<_>>();
    view! {
        <SelectField
            name="category"
            label=text!(i18n, images.category)
            options=options
            value=category.as_str().to_owned()
        />
    }
}

/// The form, inside a dialog.
#[component]
pub fn EditForm(
    /// The image.
    image: Image,
) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<UpdateImage>::new();
    let next = use_close_link().get_untracked();
    // A refused form keeps what was typed; else the image says.
    let kept = |name: &str| use_viewer().with_value(|viewer| viewer.kept(name));
    let is_public = kept("is_public").parse().unwrap_or(image.is_public);
    let category = kept("category").parse().unwrap_or(image.category);
    let description =
        Some(kept("description")).filter(|text| !text.is_empty()).unwrap_or(image.description);
    view! {
        <CallForm action=action testid="edit.form" class="dialog__form">
            <input type="hidden" name="name" value=image.name.to_string() />
            <input type="hidden" name="next" value=next />
            <div class="dialog__body form-grid">
                <dl class="facts">
                    <div>
                        <dt>{t!(i18n, images.organization_of)}</dt>
                        <dd>{image.name.organization().to_string()}</dd>
                    </div>
                    <div>
                        <dt>{t!(i18n, images.name)}</dt>
                        <dd>{image.name.repository().to_string()}</dd>
                    </div>
                </dl>
                <TypeField is_public=is_public is_shared={image.shares > 0} />
                <CategoryField category=category />
                <TextArea
                    name="description"
                    label=text!(i18n, images.description)
                    value=description
                    max=DESCRIPTION_LIMIT
                    rows=8
                />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, common.save) is_pending=action.pending() testid="edit.ok" />
            </footer>
        </CallForm>
    }
}
