//! No tags yet: the commands that push one, filled in.

use leptos::prelude::*;
use roadstead::access::Permission;
use roadstead::manage::image::Image;

use crate::command::Client;
use crate::command::guide;
use crate::component::client_command::host_of;
use crate::component::command_block::ClientCommand;
use crate::component::empty::{Art, EmptyState};
use crate::i18n::{t, use_i18n};
use crate::page::images::PUSH_CLIENTS;
use crate::text;
use crate::viewer::use_viewer;

/// The whole empty state.
#[component]
pub fn NoTags(
    /// The image.
    image: Image,
) -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let may_push = image.rights.permission.includes(Permission::Edit);
    let hint = if may_push {
        text!(i18n, images.empty_tags_text)
    } else {
        text!(i18n, images.empty_tags_read)
    };
    let name = image.name.to_string();
    let source =
        format!("{}:v1", image.name.repository().as_str().rsplit('/').next().unwrap_or("image"));
    let command = move |client: Client| {
        viewer.with_value(|viewer| {
            guide::push(client, &host_of(&viewer.site), &name, "v1", &source).unwrap_or_default()
        })
    };
    let push = may_push.then(|| {
        view! {
            <div class="empty__more empty__more--below stack stack--sm">
                <div class="row">
                    <h3>{t!(i18n, images.empty_already)}</h3>
                    <a class="push small" href="/overview?dialog=login" data-testid="tags.empty.login">
                        {t!(i18n, images.get_login)}
                    </a>
                </div>
                <ClientCommand clients=&PUSH_CLIENTS command=command testid="push.command" />
            </div>
        }
    });
    view! {
        <section class="card">
            <EmptyState art=Art::Images title=text!(i18n, images.empty_tags) hint=hint testid="tags.empty" />
            {push}
        </section>
    }
}
