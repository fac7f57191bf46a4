//! The head of a manifest's page: its tags, digest, platforms, size, who pushed it, how to pull it.

use leptos::prelude::*;
use roadstead::access::Permission;
use roadstead::manage::image::Image;
use roadstead::manage::tag::ManifestDetail;

use super::own_address;
use crate::command::Client;
use crate::component::client_command::Pull;
use crate::component::command_block::ClientCommand;
use crate::component::copy::CopyButton;
use crate::component::dialog::DialogLink;
use crate::component::digest::DigestText;
use crate::component::fact::Fact;
use crate::component::icon::Icon;
use crate::component::menu::Menu;
use crate::component::page_header::PageHeader;
use crate::component::size::Count;
use crate::component::tag_table::manifest_link;
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::image_tags::query::{platform_label, short, size_label, size_lines};
use crate::viewer::use_viewer;
use crate::{format, link, text};

/// The whole head; `tabs` go below it.
#[component]
pub fn TagHeader(
    /// The image.
    image: Image,
    /// The manifest.
    detail: ManifestDetail,
    /// The tag, or the digest cut short.
    title: String,
    /// The parts of the page.
    tabs: ViewFn,
) -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let organization = image.name.organization().to_string();
    let breadcrumb = vec![
        (text!(i18n, images.title), "/images".to_owned()),
        (Signal::stored(organization.clone()), format!("/organizations/{organization}")),
        (Signal::stored(image.name.repository().to_string()), link::image(&image.name)),
    ];
    let copied =
        detail.tag.as_ref().map_or_else(|| detail.manifest.digest.to_string(), ToString::to_string);
    let marks = {
        let what =
            if detail.tag.is_some() { text!(i18n, common.tag) } else { text!(i18n, common.digest) };
        move || view! { <CopyButton text=copied.clone() what=what testid="tag.copy" /> }
    };
    let pull = Pull::new(
        &image.name,
        detail
            .tag
            .as_ref()
            .map_or_else(|| format!("@{}", detail.manifest.digest), |tag| format!(":{tag}")),
    );
    let command =
        move |client: Client| viewer.with_value(|viewer| pull.command(client, &viewer.site));
    let command = StoredValue::new(command);
    let below = {
        let (name, detail) = (image.name.clone(), detail.clone());
        move || {
            let write = move |client: Client| command.with_value(|command| command(client));
            view! {
                <Facts image=name.clone() detail=detail.clone() />
                <Platforms image=name.clone() detail=detail.clone() />
                <ClientCommand clients=&Client::PULL command=write testid="tag.pull" />
                {tabs.run()}
            }
        }
    };
    let reference =
        detail.tag.as_ref().map_or_else(|| detail.manifest.digest.to_string(), ToString::to_string);
    let may_delete = image.rights.permission.includes(Permission::Manage);
    let delete = detail.tag.clone().filter(|_| may_delete).map(|tag| {
        view! {
            <Menu
                label=text!(i18n, images.more)
                class="btn btn--icon"
                outer="popup--end"
                has_tip=true
                testid="tag.more"
                trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuEllipsis /> })
            >
                <DialogLink
                    name="delete-tags"
                    item=tag.to_string()
                    class="menu__item menu__item--danger"
                    testid="tag.delete"
                >
                    <Icon icon=icondata::LuTrash2 />
                    {t!(i18n, common.delete)}
                </DialogLink>
            </Menu>
        }
    });
    view! {
        <PageHeader
            title=title
            breadcrumb=breadcrumb
            marks=ViewFn::from(marks)
            below=ViewFn::from(below)
            has_tabs=true
        >
            <Download image=image.name.clone() detail=detail.clone() />
            <DialogLink name="containerd" item=reference class="btn" testid="tag.containerd">
                <Icon icon=icondata::LuTerminal />
                {t!(i18n, images.containerd)}
            </DialogLink>
            {delete}
        </PageHeader>
    }
}

/// The image as a file: one platform of it, or all, for a container engine or as an OCI layout. Plain links, which a browser
/// goes on with where they broke off.
#[component]
fn Download(image: roadstead::ImageName, detail: ManifestDetail) -> impl IntoView {
    let i18n = use_i18n();
    let reference =
        detail.tag.as_ref().map_or_else(|| detail.manifest.digest.to_string(), ToString::to_string);
    let base =
        format!("/console/download/{}?tag={}", image.console_path(), link::encode(&reference));
    let platforms: Vec<String> = detail.children.iter().filter_map(platform_label).collect();
    let choices: Vec<(Option<String>, String)> = if platforms.is_empty() {
        vec![(None, base)]
    } else {
        let one = |platform: String| {
            let address = format!("{base}&platform={}", link::encode(&platform));
            (Some(platform), address)
        };
        let all = (Some(t_string!(i18n, upload.download_all).to_owned()), base.clone());
        platforms.into_iter().map(one).chain([all]).collect()
    };
    let item = |address: String,
                platform: Option<String>,
                format: &'static str,
                words: &'static str| {
        let testid = match &platform {
            Some(platform) => format!("tag.download.{format}.{platform}"),
            None => format!("tag.download.{format}"),
        };
        view! {
            <a class="menu__item" href=format!("{address}&format={format}") rel="external" download="" data-testid=testid>
                <Icon icon=icondata::LuDownload />
                {words}
                {platform.map(|platform| view! { <span class="muted mono">{platform}</span> })}
            </a>
        }
    };
    let items = choices
        .into_iter()
        .map(|(platform, address)| {
            view! {
                {item(address.clone(), platform.clone(), "docker", t_string!(i18n, upload.download_docker))}
                {item(address, platform, "oci", t_string!(i18n, upload.download_oci))}
            }
        })
        .collect_view();
    view! {
        <Menu
            label=text!(i18n, upload.download)
            class="btn"
            outer="popup--end"
            testid="tag.download"
            trigger=ViewFn::from(move || {
                view! {
                    <Icon icon=icondata::LuDownload />
                    {t!(i18n, upload.download)}
                }
            })
        >
            {items}
            <p class="menu__note small muted">{t!(i18n, upload.download_help)}</p>
        </Menu>
    }
}

#[component]
fn Facts(image: roadstead::ImageName, detail: ManifestDetail) -> impl IntoView {
    let i18n = use_i18n();
    let siblings: Vec<_> =
        detail.tags.iter().filter(|tag| Some(*tag) != detail.tag.as_ref()).cloned().collect();
    let siblings = (!siblings.is_empty()).then(|| {
        let digest = detail.manifest.digest.clone();
        let links = siblings
            .into_iter()
            .map(|tag| {
                let href = manifest_link(&image, Some(&tag), &digest);
                view! { <a class="chip chip--mono chip--sm" href=href>{tag.to_string()}</a> }
            })
            .collect_view();
        view! {
            <Fact label=text!(i18n, images.also_tagged) class="chips" testid="tag.siblings">{links}</Fact>
        }
    });
    let sizes = if detail.children.is_empty() {
        format::grouped(detail.manifest.size)
    } else {
        size_lines(&detail.children)
    };
    let (digest, size) = (detail.manifest.digest.to_string(), size_label(&detail.manifest));
    view! {
        <dl class="facts" data-testid="tag.facts">
            <Fact label=text!(i18n, images.digest)>
                <DigestText digest=digest testid="tag.digest.copy" />
            </Fact>
            {siblings}
            <Fact label=text!(i18n, images.size_compressed) testid="tag.size">
                <span title=sizes>{size}</span>
            </Fact>
            <Fact label=text!(i18n, images.pushed)>
                <Time at=detail.pushed_at />
            </Fact>
            <Fact label=text!(i18n, images.pushed_by_label)>{detail.pushed_by.clone()}</Fact>
            <Fact label=text!(i18n, images.pulls)>
                <Count value=detail.pulls />
            </Fact>
        </dl>
    }
}

/// The platforms of an index: links to its children.
#[component]
fn Platforms(image: roadstead::ImageName, detail: ManifestDetail) -> impl IntoView {
    let i18n = use_i18n();
    let own = own_address(&image, &detail);
    (!detail.children.is_empty()).then(|| {
        let links = detail
            .children
            .iter()
            .map(|child| {
                let href = manifest_link(&image, None, &child.digest);
                let words = platform_label(child).unwrap_or_else(|| short(&child.digest));
                let testid = format!("tag.platform.{words}");
                view! {
                    <a class="mono" href=href data-testid=testid>
                        {words}
                    </a>
                }
            })
            .collect_view();
        view! {
            <div class="row row--wrap">
                <span class="small muted">{t!(i18n, images.platforms)}</span>
                <nav class="segmented segmented--wrap" aria-label=text!(i18n, images.choose_platform) data-testid="tag.platforms">
                    <a href=own aria-current="true">
                        {t!(i18n, images.the_index)}
                    </a>
                    {links}
                </nav>
            </div>
        }
    })
}
