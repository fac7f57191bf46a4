//! Creates an empty image (`console.md` A.4.1, kebab).

use leptos::prelude::*;
use roadstead::manage::image::Category;
use roadstead::{ErrorKind, OrganizationName, RepositoryName, Subject};

use crate::call::image::CreateImage;
use crate::call::organization::pushable_organizations;
use crate::component::dialog::{CancelLink, Dialog};
use crate::component::field::{SelectField, TextArea, TextField};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::load::Load;
use crate::i18n::{t, use_i18n};
use crate::page::image_detail::{CategoryField, DESCRIPTION_LIMIT, TypeField};
use crate::text;
use crate::viewer::use_viewer;

/// The dialog at `?dialog=create`.
#[component]
pub fn CreateImageDialog() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="create" title=text!(i18n, images.create)>
            <Body />
        </Dialog>
    }
}

#[component]
fn Body() -> impl IntoView {
    let pushable = Resource::new(|| (), |()| async move { pushable_organizations().await });
    let form = |organizations: Vec<OrganizationName>| {
        (!organizations.is_empty()).then(|| view! { <CreateForm organizations=organizations /> })
    };
    view! { <Load resource=pushable is_part=true view=form /> }
}

#[component]
fn CreateForm(organizations: Vec<OrganizationName>) -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let kept = move |name: &str| viewer.with_value(|viewer| viewer.kept(name));
    let action = ServerAction::<CreateImage>::new();
    // What is wrong with the name stands under its field, everything else above.
    let refused = action.value().with_untracked(|value| match value {
        Some(Err(error))
            if error.subject == Subject::Repository
                && matches!(error.kind, ErrorKind::Invalid | ErrorKind::AlreadyExists) =>
        {
            Some(error.text(i18n))
        }
        _ => None,
    });
    let hide_error = Signal::stored(refused.is_some());
    let options = organizations
        .iter()
        .map(|name| (name.to_string(), Signal::stored(name.to_string())))
        .collect::<Vec<_>>();
    let chosen = Some(kept("organization"))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| organizations.first().map(ToString::to_string).unwrap_or_default());
    view! {
        <CallForm action=action hide_error=hide_error testid="create.form" class="dialog__form">
            <div class="dialog__body form-grid">
                <p class="soft">{t!(i18n, images.create_text)}</p>
                <SelectField
                    name="organization"
                    label=text!(i18n, images.organization)
                    options=options
                    value=chosen
                />
                <TextField
                    name="repository"
                    label=text!(i18n, images.create_name)
                    help=text!(i18n, images.create_name_help)
                    value=kept("repository")
                    is_required=true
                    max=128
                    pattern=RepositoryName::PATTERN
                    error=Signal::stored(refused)
                    is_first=true
                />
                <TypeField is_public={kept("is_public") == "true"} is_new=true />
                <CategoryField category=kept("category").parse().unwrap_or(Category::Other) />
                <TextArea
                    name="description"
                    label=text!(i18n, images.description)
                    value=kept("description")
                    max=DESCRIPTION_LIMIT
                />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, common.create) is_pending=action.pending() testid="create.ok" />
            </footer>
        </CallForm>
    }
}
