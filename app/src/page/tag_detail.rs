//! One manifest, by tag or by digest (`console.md` A.6.10): summary, layers, the manifest itself.
//!
//! The parts are `?view=`; the platforms of an index lead to the digests of its children.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use roadstead::access::Permission;
use roadstead::manage::image::Image;
use roadstead::manage::tag::ManifestDetail;
use roadstead::{ImageName, Reference};

use crate::call::image::get_image;
use crate::call::tag::manifest_detail;
use crate::component::load::Load;
use crate::component::page_header::{PageTitle, Tab, Tabs};
use crate::i18n::{t_string, use_i18n};
use crate::page::image_detail::{no_such_image, use_image_name};
use crate::page::image_tags::containerd::ContainerdDialog;
use crate::page::image_tags::delete::DeleteTagsDialog;
use crate::page::image_tags::query::short;
use crate::viewer::use_live;
use crate::{link, text};

pub mod facts;
pub mod header;
pub mod manifest;
pub mod summary;

/// The parts of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Summary,
    Layers,
    Manifest,
}

impl Part {
    const ALL: [Self; 3] = [Self::Summary, Self::Layers, Self::Manifest];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Layers => "layers",
            Self::Manifest => "manifest",
        }
    }

    fn parse(word: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|part| Some(part.as_str()) == word).unwrap_or(Self::Summary)
    }

    const fn testid(self) -> &'static str {
        match self {
            Self::Summary => "tag.part.summary",
            Self::Layers => "tag.part.layers",
            Self::Manifest => "tag.part.manifest",
        }
    }

    fn words(self, i18n: crate::i18n::I18n) -> String {
        match self {
            Self::Summary => t_string!(i18n, images.summary),
            Self::Layers => t_string!(i18n, images.layers),
            Self::Manifest => t_string!(i18n, images.manifest),
        }
        .to_owned()
    }
}

/// `/images/{org}/{repo}/tags/{tag}` and `…/digests/{digest}`.
#[component]
pub fn TagDetailPage() -> impl IntoView {
    let params = use_params_map();
    let live = use_live();
    let name = use_image_name();
    let reference = memo(move |_| {
        params.with(|params| {
            params
                .get("tag")
                .or_else(|| params.get("digest"))
                .and_then(|text| text.parse::<Reference>().ok())
        })
    });
    let both = Resource::new(
        move || (name.get(), reference.get(), live.changes.get()),
        |(name, reference, _)| async move {
            let (Some(name), Some(reference)) = (name, reference) else {
                return Err(no_such_image());
            };
            let (image, detail) =
                futures::future::join(get_image(name.clone()), manifest_detail(name, reference))
                    .await;
            Ok((image?, detail?))
        },
    );
    view! { <Load resource=both view=|(image, detail)| view! { <TagPage image=image detail=detail /> } /> }
}

#[component]
fn TagPage(image: Image, detail: ManifestDetail) -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let part = memo(move |_| query.with(|query| Part::parse(query.get_str("view"))));
    let shown =
        detail.tag.as_ref().map_or_else(|| short(&detail.manifest.digest), ToString::to_string);
    let object = match &detail.tag {
        Some(tag) => format!("{}:{tag}", image.name),
        None => format!("{}@{}", image.name, short(&detail.manifest.digest)),
    };
    let page = if detail.tag.is_some() {
        text!(i18n, images.tag_page)
    } else {
        text!(i18n, images.manifest_page)
    };
    let address = own_address(&image.name, &detail);
    let layers = detail.layers.iter().filter(|layer| layer.digest.is_some()).count() as u64;
    let tabs = move || {
        let current = part.get();
        let tabs = Part::ALL
            .into_iter()
            .map(|each| Tab {
                label: derive(move || each.words(i18n)),
                count: (each == Part::Layers && layers > 0).then_some(layers),
                href: match each {
                    Part::Summary => address.clone(),
                    other => link::with_query(&address, [("view", other.as_str())]),
                },
                is_current: each == current,
                testid: each.testid(),
            })
            .collect();
        view! { <Tabs label=text!(i18n, images.tag_page) tabs=tabs /> }
    };
    let may_manage = image.rights.permission.includes(Permission::Manage);
    let delete = (may_manage && detail.tag.is_some()).then(|| {
        let next = link::image(&image.name);
        view! { <DeleteTagsDialog image=image.name.clone() next=next /> }
    });
    let stored = StoredValue::new((image.clone(), detail.clone()));
    let body = move || {
        let (image, detail) = stored.get_value();
        match part.get() {
            Part::Summary => {
                view! { <summary::SummaryPart image=image.name detail=detail /> }.into_any()
            }
            Part::Layers => view! { <summary::LayersPart detail=detail /> }.into_any(),
            Part::Manifest => view! { <manifest::ManifestPart detail=detail /> }.into_any(),
        }
    };
    view! {
        <PageTitle page=page object=object />
        <header::TagHeader image=image.clone() detail=detail title=shown tabs=ViewFn::from(move || tabs.clone()) />
        {body}
        <ContainerdDialog image=image.name.clone() />
        {delete}
    }
}

/// The address of the manifest: by tag if it was asked by tag.
fn own_address(image: &ImageName, detail: &ManifestDetail) -> String {
    crate::component::tag_table::manifest_link(image, detail.tag.as_ref(), &detail.manifest.digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_read_back_and_nonsense_is_the_summary() {
        for part in Part::ALL {
            assert_eq!(Part::parse(Some(part.as_str())), part);
        }
        assert_eq!(Part::parse(None), Part::Summary);
        assert_eq!(Part::parse(Some("files")), Part::Summary);
    }
}
