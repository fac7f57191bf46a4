//! The palette (`console.md` A.0.10): images, tags after `image:`, organizations, pages and actions, by Ctrl+K or from the
//! top bar. Without scripts the box in the top bar searches images.
//!
//! To add a page or an action: a line in [`places`].

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use roadstead::manage::image::{Image, ImageQuery};
use roadstead::manage::organization::{OrganizationQuery, OrganizationSort};
use roadstead::page::{Order, Window};

use crate::call::image::list_images;
use crate::call::organization::list_organizations;
use crate::call::tag::list_tags;
use crate::component::dialog::DialogFrame;
use crate::component::icon::Icon;
use crate::component::show::Show;
use crate::i18n::{t_string, use_i18n};
use crate::page::image_tags::query::tag_query;
use crate::page::images::query::image_query;
use crate::viewer::{use_live, use_viewer};
use crate::{link, text};

/// Time without a key until the server is asked.
const PAUSE: Duration = Duration::from_millis(150);
/// Rows of a group at most.
const FEW: u64 = 6;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Images,
    Tags,
    Organizations,
    Pages,
    Actions,
}

impl Group {
    fn words(self, locale: crate::i18n::I18n) -> &'static str {
        match self {
            Self::Images => t_string!(locale, shell.palette_images),
            Self::Tags => t_string!(locale, shell.palette_tags),
            Self::Organizations => t_string!(locale, shell.palette_organizations),
            Self::Pages => t_string!(locale, shell.palette_pages),
            Self::Actions => t_string!(locale, shell.palette_actions),
        }
    }

    const fn icon(self) -> icondata::Icon {
        match self {
            Self::Images => icondata::LuPackage,
            Self::Tags => icondata::LuTag,
            Self::Organizations => icondata::LuBuilding2,
            Self::Pages => icondata::LuChevronRight,
            Self::Actions => icondata::LuTerminal,
        }
    }
}

/// A line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    group: Group,
    label: String,
    href: String,
}

impl Entry {
    fn new(group: Group, label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { group, label: label.into(), href: href.into() }
    }
}

/// Pages and actions of this viewer.
fn places(i18n: crate::i18n::I18n) -> Vec<Entry> {
    let (is_operator, may_create) = use_viewer().with_value(|viewer| {
        viewer.profile.as_ref().map_or((false, false), |profile| {
            (profile.is_operator, profile.may_create_organizations)
        })
    });
    let page = |words: &str, href: &str| Entry::new(Group::Pages, words, href);
    let action = |words: &str, href: &str| Entry::new(Group::Actions, words, href);
    let mut places = vec![
        page(t_string!(i18n, shell.overview), "/overview"),
        page(t_string!(i18n, shell.my_images), "/images"),
        page(t_string!(i18n, shell.shared_images), "/images/shared"),
        page(t_string!(i18n, shell.organizations), "/organizations"),
        page(t_string!(i18n, shell.audit), "/audit"),
        page(t_string!(i18n, shell.credentials), "/credentials"),
        page(t_string!(i18n, shell.preferences), "/account"),
    ];
    let iam = use_viewer()
        .with_value(|viewer| viewer.profile.as_ref().and_then(crate::component::nav::iam_page));
    if let Some(href) = iam {
        places.push(page(t_string!(i18n, shell.iam), href));
    }
    if is_operator {
        places.push(page(t_string!(i18n, shell.settings), "/settings"));
    }
    places.push(action(t_string!(i18n, shell.shortcut_login), "/overview?dialog=login"));
    places.push(action(t_string!(i18n, shell.palette_upload), "/images?dialog=upload"));
    if may_create {
        let words = t_string!(i18n, shell.palette_create_organization);
        places.push(action(words, "/organizations?dialog=create"));
    }
    places.push(action(t_string!(i18n, shell.shortcuts_title), "?dialog=shortcuts"));
    places
}

fn images_like(name: &str) -> ImageQuery {
    let mut query = image_query(&[("q".to_owned(), name.to_owned())], 20);
    query.window = Window { offset: 0, limit: FEW };
    query
}

fn image_entry(image: &Image) -> Entry {
    Entry::new(Group::Images, image.name.to_string(), link::image(&image.name))
}

/// What the server finds for `typed`. What cannot be had is not found.
async fn find(typed: String) -> Vec<Entry> {
    let (name, tag) = match typed.trim().split_once([':', '：']) {
        Some((name, tag)) => (name.trim(), Some(tag.trim())),
        None => (typed.trim(), None),
    };
    if name.is_empty() {
        return Vec::new();
    }
    let images = list_images(images_like(name)).await.map(|page| page.items).unwrap_or_default();
    if let Some(tag) = tag {
        let exact = images.iter().find(|image| {
            image.name.to_string() == name || image.name.repository().to_string() == name
        });
        let Some(image) = exact.or(images.first()) else { return Vec::new() };
        let mut query = tag_query(&[("q".to_owned(), tag.to_owned())], 20);
        query.window = Window { offset: 0, limit: FEW };
        let tags = list_tags(image.name.clone(), query).await.map(|page| page.items);
        return tags
            .unwrap_or_default()
            .into_iter()
            .filter_map(|tag| tag.name)
            .map(|tag| {
                let href = format!("{}/tags/{tag}", link::image(&image.name));
                Entry::new(Group::Tags, format!("{}:{tag}", image.name), href)
            })
            .collect();
    }
    let query = OrganizationQuery {
        search: Some(name.to_owned()),
        sort: OrganizationSort::Name,
        order: Order::Asc,
        window: Window { offset: 0, limit: FEW },
    };
    let organizations = list_organizations(query).await.map(|page| page.items).unwrap_or_default();
    let organizations = organizations.iter().map(|organization| {
        let name = organization.name.to_string();
        let href = format!("/organizations/{name}");
        Entry::new(Group::Organizations, name, href)
    });
    images.iter().map(image_entry).chain(organizations).collect()
}

/// The palette, while it is open.
#[component]
pub fn Palette() -> impl IntoView {
    let live = use_live();
    view! {
        <Show when=move || live.is_palette_open.get()>
            <OpenPalette />
        </Show>
    }
}

#[component]
fn OpenPalette() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let navigate = use_navigate();
    let typed = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<Entry>::new());
    let chosen = RwSignal::new(0_usize);
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(handle) = timer.get_value() {
            handle.clear();
        }
    };
    on_cleanup(stop);
    let all = places(i18n);
    let entries = memo(move |_| {
        let typed = typed.get().trim().to_ascii_lowercase();
        let places = all.iter().filter(|entry| entry.label.to_ascii_lowercase().contains(&typed));
        found.get().into_iter().chain(places.cloned()).collect::<Vec<_>>()
    });
    let leave = Callback::new(move |()| live.is_palette_open.set(false));
    let go = Callback::new(move |index: usize| {
        if let Some(entry) = entries.get_untracked().get(index) {
            leave.run(());
            navigate(&entry.href, NavigateOptions::default());
        }
    });
    let search = move || {
        let asked = typed.get_untracked();
        leptos::task::spawn_local(async move {
            let entries = find(asked.clone()).await;
            // An answer to what is no longer asked is late.
            if typed.try_get_untracked() == Some(asked) {
                found.set(entries);
                chosen.set(0);
            }
        });
    };
    let on_input = move |event| {
        typed.set(event_target_value(&event));
        chosen.set(0);
        stop();
        timer.set_value(set_timeout_with_handle(search, PAUSE).ok());
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        let count = entries.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => chosen.update(|index| *index = (*index + 1) % count),
            "ArrowUp" => chosen.update(|index| *index = (*index + count - 1) % count),
            "Enter" => go.run(chosen.get_untracked()),
            _ => return,
        }
        event.prevent_default();
        crate::dom::show(&format!("#palette-{}", chosen.get_untracked()));
    };
    let rows = move || {
        let mut last = None;
        entries
            .get()
            .into_iter()
            .enumerate()
            .map(|(index, entry)| {
                let group = entry.group;
                let caption = (last != Some(group)).then(|| {
                    view! { <p class="menu__caption" role="presentation">{move || group.words(i18n)}</p> }
                });
                last = Some(group);
                let testid = format!("palette.{}", entry.label);
                view! {
                    {caption}
                    <a
                        class="menu__item"
                        id=format!("palette-{index}")
                        role="option"
                        tabindex="-1"
                        href=entry.href
                        aria-selected=move || (chosen.get() == index).to_string()
                        data-testid=testid
                        on:click=move |event| {
                            event.prevent_default();
                            go.run(index);
                        }
                    >
                        <Icon icon=group.icon() />
                        <span class="truncate">{entry.label}</span>
                    </a>
                }
            })
            .collect_view()
    };
    view! {
        <DialogFrame
            id="palette"
            title=text!(i18n, shell.palette)
            class="dialog palette"
            on_leave=leave
            is_light=true
        >
            <div class="dialog__body palette__body">
                <span class="input-wrap">
                    <Icon icon=icondata::LuSearch />
                    <input
                        class="input input--lg"
                        type="text"
                        role="combobox"
                        autocomplete="off"
                        spellcheck="false"
                        maxlength="200"
                        aria-expanded="true"
                        aria-controls="palette-list"
                        aria-activedescendant=move || format!("palette-{}", chosen.get())
                        aria-label=move || t_string!(i18n, shell.palette_placeholder)
                        placeholder=move || t_string!(i18n, shell.palette_placeholder)
                        data-testid="palette.search"
                        on:input=on_input
                        on:keydown=on_key
                    />
                </span>
                <div class="palette__list" id="palette-list" role="listbox" aria-label=text!(i18n, shell.palette)>
                    {rows}
                </div>
                <p class="small muted" role="status">
                    {move || if entries.with(Vec::is_empty) {
                        t_string!(i18n, shell.palette_none)
                    } else {
                        t_string!(i18n, shell.palette_hint)
                    }}
                </p>
            </div>
        </DialogFrame>
    }
}
