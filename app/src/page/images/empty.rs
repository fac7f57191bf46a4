//! No images yet: what to do next, in the words of the remembered client.

use leptos::prelude::*;
use roadstead::OrganizationName;

use crate::command::Client;
use crate::command::guide;
use crate::component::client_command::host_of;
use crate::component::command_block::ClientCommand;
use crate::component::dialog::DialogLink;
use crate::component::empty::{Art, EmptyState};
use crate::component::icon::Icon;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// Clients that push without a credential in the command.
pub const PUSH_CLIENTS: [Client; 4] =
    [Client::Docker, Client::Nerdctl, Client::Podman, Client::Skopeo];

/// The whole empty state.
#[component]
pub fn NoImages(
    /// Organizations that the viewer may push to.
    pushable: Resource<Result<Vec<OrganizationName>, ConsoleError>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let may_create = use_viewer().with_value(|viewer| {
        viewer.profile.as_ref().is_some_and(|profile| profile.may_create_organizations)
    });
    view! {
        <section class="card">
            <Suspense>
                {move || Suspend::new(async move {
                    match (pushable.await.unwrap_or_default().into_iter().next(), may_create) {
                        (Some(organization), _) => view! { <FirstPush organization=organization /> }.into_any(),
                        (None, true) => {
                            view! {
                                <EmptyState
                                    art=Art::Organizations
                                    title=text!(i18n, images.no_organization)
                                    hint=text!(i18n, images.no_organization_text)
                                    testid="images.empty"
                                >
                                    <a class="btn btn--primary" href="/organizations?dialog=create" data-testid="images.empty.organization">
                                        <Icon icon=icondata::LuPlus />
                                        {t!(i18n, images.create_organization)}
                                    </a>
                                </EmptyState>
                            }
                                .into_any()
                        }
                        (None, false) => {
                            view! {
                                <EmptyState
                                    art=Art::Images
                                    title=text!(i18n, images.empty)
                                    hint=text!(i18n, images.empty_readonly)
                                    testid="images.empty"
                                />
                            }
                                .into_any()
                        }
                    }
                })}
            </Suspense>
        </section>
    }
}

#[component]
fn FirstPush(organization: OrganizationName) -> impl IntoView {
    let i18n = use_i18n();
    let name = organization.to_string();
    let hint = derive(move || {
        t_string!(i18n, images.empty_text, organization = name.as_str()).to_string()
    });
    view! {
        <EmptyState art=Art::Images title=text!(i18n, images.empty) hint=hint testid="images.empty">
            <DialogLink name="upload" class="btn btn--primary" testid="images.empty.push">
                <Icon icon=icondata::LuTerminal />
                {t!(i18n, images.empty_push)}
            </DialogLink>
        </EmptyState>
        <div class="empty__more empty__more--below stack stack--sm">
            <div class="row">
                <h3>{t!(i18n, images.empty_already)}</h3>
                <a class="push small" href="/overview?dialog=login" data-testid="images.empty.login">
                    {t!(i18n, images.get_login)}
                </a>
            </div>
            <PushCommand organization=organization />
        </div>
    }
}

/// `tag` and `push` of an example image into `organization`.
#[component]
pub fn PushCommand(
    /// Where to push.
    organization: OrganizationName,
) -> impl IntoView {
    let viewer = use_viewer();
    let image = format!("{organization}/nginx");
    let command = move |client: Client| {
        viewer.with_value(|viewer| {
            guide::push(client, &host_of(&viewer.site), &image, "v1", "nginx:v1")
                .unwrap_or_default()
        })
    };
    view! { <ClientCommand clients=&PUSH_CLIENTS command=command testid="push.command" /> }
}
