//! Above an image of another account: who shares it, and until when (`console.md` A.4.5).

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::manage::share::SharedImage;

use crate::call::share::received_share;
use crate::component::icon::Icon;
use crate::component::time::Time;
use crate::i18n::{t_string, use_i18n};

/// The strip; nothing where the share cannot be told.
#[component]
pub fn SharedBy(
    /// The image.
    image: ImageName,
) -> impl IntoView {
    let shared = Resource::new(move || image.clone(), received_share);
    view! {
        <Transition>
            {move || Suspend::new(async move {
                shared.await.ok().flatten().map(|shared| view! { <Strip shared=shared /> })
            })}
        </Transition>
    }
}

#[component]
fn Strip(shared: SharedImage) -> impl IntoView {
    let i18n = use_i18n();
    let SharedImage { owner, until, note, .. } = shared;
    let owner = owner.to_string();
    let end = until.end();
    let words = move || match end {
        Some(_) => t_string!(i18n, shares.shared_by, owner = owner.as_str()).to_string(),
        None => t_string!(i18n, shares.shared_by_forever, owner = owner.as_str()).to_string(),
    };
    view! {
        <div class="banner banner--info" role="note" data-testid="image.shared_by">
            <Icon icon=icondata::LuShare2 />
            <div class="banner__body">
                <p>{words} " " {end.map(|at| view! { <Time at=at is_absolute=true /> })}</p>
                {(!note.is_empty()).then(|| view! { <p class="small muted">{note}</p> })}
            </div>
        </div>
    }
}
