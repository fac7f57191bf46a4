//! One image: its head, and below it the tab that the address names. Every tab is a page with its own address and
//! title; the bare address shows the tags (`console.md` A.5).
//!
//! To add a tab: a variant of [`ImageTab`], its words, its file in `page/`.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use roadstead::ImageName;
use roadstead::access::{Permission, Reason};
use roadstead::manage::image::Image;

use crate::call::image::get_image;
use crate::component::follow::use_news_of;
use crate::component::load::Load;
use crate::component::page_header::{PageTitle, Tab, Tabs};
use crate::error::ConsoleError;
use crate::i18n::{t_string, use_i18n};
use crate::page::image_tags::TagsTab;
use crate::page::not_found::NotFoundPage;
use crate::viewer::use_live;
use crate::{link, served, served_dialogs, text};

#[cfg(feature = "ssr")]
pub mod delete;
#[cfg(feature = "ssr")]
pub mod dialogs;
#[cfg(feature = "ssr")]
pub mod edit;
pub mod header;
#[cfg(feature = "ssr")]
pub mod shared_by;

#[cfg(feature = "ssr")]
pub use delete::{DeleteForm, recent_pulls};
#[cfg(feature = "ssr")]
pub use edit::{CategoryField, DESCRIPTION_LIMIT, EditForm, TypeField};

/// The tabs that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageTab {
    /// Its tags.
    Tags,
    /// Its description.
    Description,
    /// How to pull and push it.
    Guide,
    /// Who may do what.
    Permissions,
    /// With which accounts it is shared.
    Sharing,
}

impl ImageTab {
    /// In their order.
    pub const ALL: [Self; 5] =
        [Self::Tags, Self::Description, Self::Guide, Self::Permissions, Self::Sharing];

    /// The word in the address.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Description => "description",
            Self::Guide => "guide",
            Self::Permissions => "permissions",
            Self::Sharing => "sharing",
        }
    }

    /// Reads the word back; none is the first tab.
    #[must_use]
    pub fn parse(word: Option<&str>) -> Option<Self> {
        match word {
            None | Some("") => Some(Self::Tags),
            Some(word) => Self::ALL.into_iter().find(|tab| tab.as_str() == word),
        }
    }

    const fn testid(self) -> &'static str {
        match self {
            Self::Tags => "image.tab.tags",
            Self::Description => "image.tab.description",
            Self::Guide => "image.tab.guide",
            Self::Permissions => "image.tab.permissions",
            Self::Sharing => "image.tab.sharing",
        }
    }

    /// Whether the viewer gets its page.
    const fn is_open(self, image: &Image) -> bool {
        match self {
            Self::Tags | Self::Description | Self::Guide => true,
            Self::Permissions | Self::Sharing => {
                image.rights.permission.includes(Permission::Manage)
            }
        }
    }

    /// Whether it stands among the tabs: public images are not shared anew.
    fn is_offered(self, image: &Image) -> bool {
        self.is_open(image) && (self != Self::Sharing || !image.is_public || image.shares > 0)
    }

    fn words(self, i18n: crate::i18n::I18n) -> String {
        match self {
            Self::Tags => t_string!(i18n, images.tab_tags),
            Self::Description => t_string!(i18n, images.tab_description),
            Self::Guide => t_string!(i18n, images.tab_guide),
            Self::Permissions => t_string!(i18n, images.tab_permissions),
            Self::Sharing => t_string!(i18n, images.tab_sharing),
        }
        .to_owned()
    }
}

/// The image that the address names, read once; `None` when it cannot be a name.
#[must_use]
pub fn use_image_name() -> Memo<Option<ImageName>> {
    let params = use_params_map();
    memo(move |_| {
        params.with(|params| {
            let part = |name| params.get(name).unwrap_or_default();
            ImageName::from_console_path(&format!(
                "{}/{}",
                part("organization"),
                part("repository")
            ))
            .ok()
        })
    })
}

/// Loads the image that the address names, again after each change made on the page.
#[must_use]
pub fn use_image(name: Memo<Option<ImageName>>) -> Resource<Result<Image, ConsoleError>> {
    let live = use_live();
    Resource::new(
        move || (name.get(), live.changes.get()),
        |(name, _)| async move {
            match name {
                Some(name) => get_image(name).await,
                None => Err(no_such_image()),
            }
        },
    )
}

/// What an address that cannot be an image ends with: the same as one that names none.
#[must_use]
pub fn no_such_image() -> ConsoleError {
    ConsoleError::new(
        roadstead::ErrorKind::NotFound,
        roadstead::Subject::Repository,
        "it does not exist, or you do not have access",
    )
}

/// `/images/{org}/{repo}` and its tabs.
#[component]
pub fn ImageDetailPage() -> impl IntoView {
    let params = use_params_map();
    let tab = memo(move |_| params.with(|params| ImageTab::parse(params.get_str("tab"))));
    let name = use_image_name();
    let image = use_image(name);
    let news = use_news_of(name);
    move || {
        match tab.get() {
        None => view! { <NotFoundPage /> }.into_any(),
        Some(tab) => view! {
            <Load resource=image view=move |image| view! { <ImagePage image=image tab=tab news=news /> } />
            {served_dialogs!(
                "dialogs",
                ["edit", "delete", "delete-tags", "containerd"],
                view! { <dialogs::ImageDialogs /> }
            )}
        }
        .into_any(),
    }
    }
}

#[component]
fn ImagePage(image: Image, tab: ImageTab, news: Memo<u32>) -> impl IntoView {
    if !tab.is_open(&image) {
        return view! { <NotFoundPage /> }.into_any();
    }
    let i18n = use_i18n();
    // What others do changes the head in place: the page below it has a choice, unfolded rows, and its own way to load.
    let current = RwSignal::new(image.clone());
    Effect::new(move |before: Option<u32>| {
        let now = news.get();
        if before.is_some_and(|before| before != now) {
            let name = current.with_untracked(|image| image.name.clone());
            leptos::task::spawn_local(async move {
                // What cannot be had any more is told by the list below.
                if let Ok(image) = get_image(name).await {
                    current.try_set(image);
                }
            });
        }
        now
    });
    let page = derive(move || tab.words(i18n));
    let address = link::image(&image.name);
    let tabs = {
        let address = address.clone();
        let offered: Vec<ImageTab> =
            ImageTab::ALL.into_iter().filter(|tab| tab.is_offered(&image)).collect();
        move || {
            let tabs = offered
                .iter()
                .copied()
                .map(|each| Tab {
                    label: derive(move || each.words(i18n)),
                    count: (each == ImageTab::Tags).then(|| current.with(|image| image.tags)),
                    href: format!("{address}/{}", each.as_str()),
                    is_current: each == tab,
                    testid: each.testid(),
                })
                .collect();
            view! { <Tabs label=text!(i18n, images.image_nav) tabs=tabs /> }
        }
    };
    let body = match tab {
        ImageTab::Tags => view! { <TagsTab image=image.clone() news=news /> }.into_any(),
        ImageTab::Description => {
            #[cfg(feature = "ssr")]
            let image = image.clone();
            served!(
                "description",
                view! { <crate::page::image_description::DescriptionTab image=image /> }
            )
        }
        ImageTab::Guide => {
            #[cfg(feature = "ssr")]
            let image = image.clone();
            served!("guide", view! { <crate::page::image_guide::GuideTab image=image /> })
        }
        ImageTab::Permissions => {
            #[cfg(feature = "ssr")]
            let on = roadstead::manage::grant::GrantOn::Image(image.name.clone());
            served!("permissions", dialogs, view! { <crate::page::grants::GrantsTab on=on /> })
        }
        ImageTab::Sharing => {
            #[cfg(feature = "ssr")]
            let image = image.clone();
            served!("sharing", dialogs, view! { <crate::page::sharing::SharingTab image=image /> })
        }
    };
    let shared_by = (image.rights.reason == Reason::Share).then(|| {
        #[cfg(feature = "ssr")]
        let name = image.name.clone();
        served!("shared_by", view! { <shared_by::SharedBy image=name /> })
    });
    view! {
        <PageTitle page=page object=image.name.to_string() />
        <header::ImageHeader image=image.clone() current=current tabs=ViewFn::from(tabs) />
        {shared_by}
        {body}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_read_back_and_unknown_ones_are_none() {
        for tab in ImageTab::ALL {
            assert_eq!(ImageTab::parse(Some(tab.as_str())), Some(tab));
        }
        assert_eq!(ImageTab::parse(None), Some(ImageTab::Tags));
        assert_eq!(ImageTab::parse(Some("triggers")), None);
    }
}
