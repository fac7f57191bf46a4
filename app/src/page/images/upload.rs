//! "Upload through client": what the client needs, how to log in, and the commands that push (`console.md` A.4.1).

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use roadstead::OrganizationName;

use super::empty::PushCommand;
use crate::call::organization::pushable_organizations;
use crate::component::dialog::{Dialog, use_query_pairs};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// The drawer at `?dialog=upload`; `&into=` chooses the organization.
#[component]
pub fn UploadDrawer() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="upload" title=text!(i18n, images.client_upload) class="drawer">
            <div class="dialog__body">
                <Body />
            </div>
        </Dialog>
    }
}

#[component]
fn Body() -> impl IntoView {
    let pushable = Resource::new(|| (), |()| async move { pushable_organizations().await });
    view! {
        <Load
            resource=pushable
            is_part=true
            view=|organizations| view! { <Steps organizations=organizations /> }
        />
    }
}

#[component]
fn Steps(organizations: Vec<OrganizationName>) -> impl IntoView {
    let i18n = use_i18n();
    let Some(first) = organizations.first().cloned() else {
        return view! { <p data-testid="upload.none">{t!(i18n, images.client_upload_none)}</p> }
            .into_any();
    };
    let query = use_query_map();
    let known = organizations.clone();
    let chosen = memo(move |_| {
        let asked = query
            .with(|query| query.get("into"))
            .and_then(|name| name.parse::<OrganizationName>().ok());
        asked.filter(|name| known.contains(name)).unwrap_or_else(|| first.clone())
    });
    view! {
        <div class="stack stack--lg">
            <p class="soft">{t!(i18n, images.client_upload_text)}</p>
            <section class="stack stack--sm">
                <h3>{t!(i18n, images.client_upload_login)}</h3>
                <p class="soft">{t!(i18n, images.client_upload_login_text)}</p>
                <div>
                    <a class="btn" href="/overview?dialog=login" data-testid="upload.login">
                        <Icon icon=icondata::LuKeyRound />
                        {t!(i18n, images.login_command)}
                    </a>
                </div>
            </section>
            <section class="stack stack--sm">
                <h3>{t!(i18n, images.client_upload_push)}</h3>
                <OrganizationChoice organizations=organizations chosen=chosen />
                {move || chosen.try_get().map(|organization| view! { <PushCommand organization=organization /> })}
            </section>
            <section class="stack stack--sm">
                <h3>{t!(i18n, images.client_upload_needs)}</h3>
                <Limits />
            </section>
        </div>
    }
    .into_any()
}

/// What a client needs, and the limits in force.
#[component]
fn Limits() -> impl IntoView {
    let i18n = use_i18n();
    let (largest, most) = use_viewer()
        .with_value(|viewer| (viewer.site.max_layer_bytes, viewer.site.max_concurrent_layers));
    let size = move || match largest {
        0 => t_string!(i18n, images.client_upload_size_any).to_owned(),
        limit => t_string!(i18n, images.client_upload_size, size = crate::format::limit(limit))
            .to_string(),
    };
    let at_once = move || match most {
        0 => String::new(),
        n => t_string!(i18n, images.client_upload_at_once, n = n).to_string(),
    };
    view! {
        <p class="soft" data-testid="upload.limits">
            {t!(i18n, images.client_upload_needs_text)} " " {size} " " {at_once}
        </p>
    }
}

#[component]
fn OrganizationChoice(
    organizations: Vec<OrganizationName>,
    chosen: Memo<OrganizationName>,
) -> impl IntoView {
    let i18n = use_i18n();
    let path = use_location().pathname;
    let kept = use_query_pairs()
        .get_untracked()
        .into_iter()
        .filter(|(name, _)| !matches!(name.as_str(), "into" | "dialog" | "__err" | "__path"))
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let options = organizations
        .into_iter()
        .map(|name| {
            let own = name.clone();
            view! {
                <option value=name.to_string() selected=move || chosen.try_get().as_ref() == Some(&own)>
                    {name.to_string()}
                </option>
            }
        })
        .collect_view();
    view! {
        <form method="get" action=path.get_untracked() class="row">
            {kept}
            <input type="hidden" name="dialog" value="upload" />
            <select
                class="select"
                name="into"
                aria-label=move || t_string!(i18n, images.into_organization)
                data-testid="upload.organization"
                data-auto
            >
                {options}
            </select>
            <button type="submit" class="btn no-script">
                {t!(i18n, common.apply)}
            </button>
        </form>
    }
}
