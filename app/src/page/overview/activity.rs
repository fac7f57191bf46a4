//! What just happened, as sentences with links.
//!
//! To show one more event: its name in the service's list, a sentence in `locales/*/overview.json`, an arm here.

use leptos::prelude::*;
use roadstead::manage::overview::Activity;

use crate::component::icon::Icon;
use crate::component::time::Time;
use crate::i18n::{t, td_string, use_i18n};
use crate::language::{FIRST, SECOND, marked};
use crate::link;

/// The card.
#[component]
pub fn RecentActivity(
    /// Newest first.
    activity: Vec<Activity>,
) -> impl IntoView {
    let i18n = use_i18n();
    let is_empty = activity.is_empty();
    let items = activity.into_iter().map(|item| view! { <Item item=item /> }).collect_view();
    view! {
        <section class="card" aria-labelledby="act-h" data-testid="overview.activity">
            <div class="card__head">
                <h2 id="act-h">{t!(i18n, overview.activity)}</h2>
                <a class="push small" href="/audit" data-testid="overview.activity.all">
                    {t!(i18n, overview.all_events)}
                </a>
            </div>
            {if is_empty {
                view! { <p class="card__body muted" data-testid="overview.activity.empty">{t!(i18n, overview.no_activity)}</p> }
                    .into_any()
            } else {
                view! { <ol class="feed">{items}</ol> }.into_any()
            }}
        </section>
    }
}

/// Where the thing that an event is about is shown; nothing for what was deleted.
fn href_of(event: &str, resource: &str) -> Option<String> {
    let image = |text: &str| text.parse().ok().map(|name| link::image(&name));
    match event {
        "createImageTag" => {
            let (name, tag) = resource.rsplit_once(':')?;
            Some(format!("{}/tags/{tag}", image(name)?))
        }
        "createImageRepository" | "updateImageRepository" => image(resource),
        "createUserNamespace" => Some(format!("/organizations/{resource}")),
        _ => None,
    }
}

fn icon_of(event: &str) -> icondata::Icon {
    match event {
        "createImageTag" => icondata::LuArrowUpFromLine,
        "deleteImageTag" | "deleteImageRepository" | "deleteUserNamespace" => icondata::LuTrash2,
        "updateImageRepository" => icondata::LuPencil,
        "createImageRepository" => icondata::LuPackage,
        _ => icondata::LuBuilding2,
    }
}

#[component]
fn Item(item: Activity) -> impl IntoView {
    let i18n = use_i18n();
    let Activity { event, user, resource, at } = item;
    let href = href_of(&event, &resource);
    let icon = icon_of(&event);
    let sentence = move || {
        let element = |mark: &str, text: String| match href.clone().filter(|_| mark == SECOND) {
            Some(href) => view! { <a class="obj" href=href>{text}</a> },
            None => view! { <b>{text}</b> },
        };
        let locale = i18n.get_locale();
        let (name, named) = (user.as_str(), resource.as_str());
        macro_rules! sentence {
            ($key:ident) => {
                marked(
                    &td_string!(locale, overview.$key, user = name, object = named, <person> = FIRST, <thing> = SECOND)
                        .to_string(),
                    &element,
                )
            };
        }
        match event.as_str() {
            "createImageTag" => sentence!(event_push),
            "deleteImageTag" => sentence!(event_delete_tag),
            "createImageRepository" => sentence!(event_create_image),
            "updateImageRepository" => sentence!(event_update_image),
            "deleteImageRepository" => sentence!(event_delete_image),
            "createUserNamespace" => sentence!(event_create_organization),
            "deleteUserNamespace" => sentence!(event_delete_organization),
            _ => ().into_any(),
        }
    };
    view! {
        <li class="feed__item">
            <Icon icon=icon />
            <span class="feed__text">{sentence}</span>
            <Time at=at />
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_still_there_is_a_link() {
        assert_eq!(
            href_of("createImageTag", "group/team/web:v1").as_deref(),
            Some("/images/group/team$web/tags/v1")
        );
        assert_eq!(
            href_of("updateImageRepository", "group/web").as_deref(),
            Some("/images/group/web")
        );
        assert_eq!(
            href_of("createUserNamespace", "group").as_deref(),
            Some("/organizations/group")
        );
        assert_eq!(href_of("deleteImageTag", "group/web:v1"), None);
        assert_eq!(href_of("createImageTag", "nonsense"), None);
    }
}
