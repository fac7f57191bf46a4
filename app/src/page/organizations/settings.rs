//! What is set about an organization: the tab Settings (`console.md` A.7.2).

use leptos::prelude::*;
use roadstead::manage::organization::OrganizationSettings;
use roadstead::{OrganizationName, Subject};

use crate::call::organization::{SaveOrganization, organization_settings};
use crate::component::field::{CheckField, RadioField, TextField};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::load::Load;
use crate::component::table::SkeletonTable;
use crate::i18n::{t_string, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// Most characters of the pattern.
const PATTERN: u32 = 256;

/// The tab.
#[component]
pub fn SettingsTab(
    /// The organization.
    name: OrganizationName,
) -> impl IntoView {
    let asked = name.clone();
    let settings = Resource::new(move || asked.clone(), organization_settings);
    view! {
        <Load
            resource=settings
            is_part=true
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=3 columns=2 /> })
            view=move |settings: OrganizationSettings| {
                view! { <Form name=name.clone() settings=settings /> }
            }
        />
    }
}

#[component]
fn Form(name: OrganizationName, settings: OrganizationSettings) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<SaveOrganization>::new();
    let error = action.value().get_untracked().and_then(Result::err);
    let wrong = error
        .filter(|error| error.subject == Subject::Tag)
        .map(|_| t_string!(i18n, organizations.immutable_wrong).to_owned());
    let is_shown = Signal::stored(wrong.is_some());
    let kept = use_viewer().with_value(|viewer| viewer.kept("immutable_tags"));
    let tags = if kept.is_empty() { settings.immutable_tags.to_string() } else { kept };
    let types = vec![
        ("private".to_owned(), text!(i18n, common.private), MaybeProp::default()),
        ("public".to_owned(), text!(i18n, common.public), MaybeProp::default()),
    ];
    view! {
        <section class="card" data-testid="organization.settings">
            <div class="card__body card__body--form">
                <CallForm action=action hide_error=is_shown testid="organization.settings.form">
                    <input type="hidden" name="name" value=name.to_string() />
                    <RadioField
                        name="default_type"
                        label=text!(i18n, organizations.default_type)
                        options=types
                        value=if settings.default_public { "public" } else { "private" }
                        testid="organization.settings.type"
                    />
                    <CheckField
                        name="create_on_push"
                        label=text!(i18n, organizations.create_on_push)
                        help=text!(i18n, organizations.create_on_push_help)
                        is_checked=settings.create_on_push
                        testid="organization.settings.create-on-push"
                    />
                    <TextField
                        name="immutable_tags"
                        label=text!(i18n, organizations.immutable_tags)
                        help=text!(i18n, organizations.immutable_help)
                        value=tags
                        is_mono=true
                        max=PATTERN
                        error=Signal::stored(wrong)
                        testid="organization.settings.immutable"
                    />
                    <div class="row">
                        <SubmitButton label=text!(i18n, common.save) testid="organization.settings.save" />
                    </div>
                </CallForm>
            </div>
        </section>
    }
}
