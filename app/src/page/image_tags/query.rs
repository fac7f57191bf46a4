//! What the address of a list of tags asks for, and how its rows are worded. Pure.

use roadstead::manage::tag::{ManifestSummary, Tag, TagQuery, TagSort};
use roadstead::page::Order;
use roadstead::{Digest, TagName};

use crate::format;
use crate::page::images::query::{order, value, values, window};

/// Most tags of one deletion.
pub const DELETE_LIMIT: usize = 100;

/// Most platforms of a row before "+n".
const CHIPS: usize = 1;

/// Word of a sort key in the address.
#[must_use]
pub const fn sort_word(sort: TagSort) -> &'static str {
    match sort {
        TagSort::UpdatedAt => "updated_at",
        TagSort::Tag => "tag",
        TagSort::Size => "size",
    }
}

const SORTS: [TagSort; 3] = [TagSort::UpdatedAt, TagSort::Tag, TagSort::Size];

/// What an address asks for; `size` rows where it does not say.
#[must_use]
pub fn tag_query(pairs: &[(String, String)], size: u64) -> TagQuery {
    TagQuery {
        search: value(pairs, "q")
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty()),
        platform: value(pairs, "platform").map(str::to_owned),
        untagged: value(pairs, "untagged").is_some(),
        sort: value(pairs, "sort")
            .and_then(|word| SORTS.into_iter().find(|sort| sort_word(*sort) == word))
            .unwrap_or_default(),
        order: order(pairs),
        window: window(pairs, size),
    }
}

/// The same for somebody who remembers an order: it holds where the address names none.
#[must_use]
pub fn tag_query_of(
    pairs: &[(String, String)],
    size: u64,
    remembered: Option<(String, Order)>,
) -> TagQuery {
    let mut query = tag_query(pairs, size);
    if let Some((key, order)) = remembered
        && value(pairs, "sort").is_none()
        && let Some(sort) = SORTS.into_iter().find(|sort| sort_word(*sort) == key)
    {
        (query.sort, query.order) = (sort, order);
    }
    query
}

/// Whether anything narrows the list.
#[must_use]
pub fn is_filtered(query: &TagQuery) -> bool {
    query.search.is_some() || query.platform.is_some()
}

/// The tags that the list's form chose, at most [`DELETE_LIMIT`] and one more.
#[must_use]
pub fn chosen(pairs: &[(String, String)]) -> Vec<TagName> {
    let mut tags = values::<TagName>(pairs, "item");
    tags.truncate(DELETE_LIMIT + 1);
    tags
}

/// Size of an image, or the range over the platforms of an index; never the bytes of the index itself.
#[must_use]
pub fn size_label(manifest: &ManifestSummary) -> String {
    format::bytes_range(manifest.size_least, manifest.size)
}

/// The sizes behind a range, one line per platform, for a tooltip.
#[must_use]
pub fn size_lines(children: &[ManifestSummary]) -> String {
    children
        .iter()
        .map(|child| {
            format!(
                "{} {}",
                platform_label(child).unwrap_or_else(|| short(&child.digest)),
                format::bytes(child.size)
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// `linux/arm/v7`, if the manifest states a platform.
#[must_use]
pub fn platform_label(manifest: &ManifestSummary) -> Option<String> {
    manifest.platform.as_ref().filter(|platform| platform.is_known()).map(ToString::to_string)
}

/// Platforms of a row: those to show, and those behind "+n". Each once, in the order of the index.
#[must_use]
pub fn platform_chips(tag: &Tag) -> (Vec<String>, Vec<String>) {
    let mut all: Vec<String> = Vec::new();
    let sources: Box<dyn Iterator<Item = &ManifestSummary>> = if tag.children.is_empty() {
        Box::new(std::iter::once(&tag.manifest))
    } else {
        Box::new(tag.children.iter())
    };
    for label in sources.filter_map(platform_label) {
        if !all.contains(&label) {
            all.push(label);
        }
    }
    let rest = all.split_off(all.len().min(CHIPS));
    (all, rest)
}

/// `:tag`, or `@digest` for a manifest without a tag; to be put after the image's name.
#[must_use]
pub fn reference_of(tag: &Tag) -> String {
    tag.name.as_ref().map_or_else(|| format!("@{}", tag.manifest.digest), |name| format!(":{name}"))
}

/// The artifact type, unless it only says that this is a container image.
#[must_use]
pub fn artifact_label(manifest: &ManifestSummary) -> Option<String> {
    manifest.artifact_type.clone().filter(|kind| {
        !kind.contains(".image.config.") && !kind.contains(".docker.container.image.")
    })
}

/// What a row is called: its tag, or the digest cut short.
#[must_use]
pub fn row_name(tag: &Tag) -> String {
    tag.name.as_ref().map_or_else(|| short(&tag.manifest.digest), ToString::to_string)
}

/// A digest cut in the middle.
#[must_use]
pub fn short(digest: &Digest) -> String {
    format::short_digest(digest.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use roadstead::Timestamp;
    use roadstead::oci::{MediaType, Platform};

    use super::*;

    fn manifest(platform: Option<(&str, &str, Option<&str>)>, size: u64) -> ManifestSummary {
        ManifestSummary {
            digest: format!("sha256:{size:064x}").parse().unwrap(),
            media_type: MediaType::OciManifest,
            artifact_type: None,
            platform: platform.map(|(os, architecture, variant)| Platform {
                os: os.to_owned(),
                architecture: architecture.to_owned(),
                variant: variant.map(str::to_owned),
                os_version: None,
            }),
            size,
            size_least: size,
            layers: 3,
        }
    }

    fn tag(children: Vec<ManifestSummary>) -> Tag {
        Tag {
            id: None,
            name: Some("v1".parse().unwrap()),
            manifest: manifest(Some(("linux", "amd64", None)), 7),
            siblings: vec![],
            is_newest: false,
            pushed_at: Timestamp::EPOCH,
            pushed_by: "a".to_owned(),
            pulled_at: None,
            children,
            attachments: 0,
        }
    }

    #[test]
    fn an_index_shows_its_platforms_once() {
        let tag = tag(vec![
            manifest(Some(("linux", "amd64", None)), 31_400_000),
            manifest(Some(("linux", "arm", Some("v7"))), 28_100_000),
            manifest(Some(("linux", "amd64", None)), 1),
            manifest(Some(("unknown", "unknown", None)), 2),
        ]);
        assert_eq!(
            platform_chips(&tag),
            (vec!["linux/amd64".to_owned()], vec!["linux/arm/v7".to_owned()])
        );
        assert!(
            size_lines(&tag.children).starts_with("linux/amd64 31.4 MB\nlinux/arm/v7 28.1 MB\n")
        );
    }

    #[test]
    fn an_image_shows_its_own_and_an_artifact_none() {
        let mut tag = tag(vec![]);
        assert_eq!(platform_chips(&tag).0, ["linux/amd64"]);
        tag.manifest.platform = None;
        assert_eq!(platform_chips(&tag), (vec![], vec![]));
    }

    #[test]
    fn ranges_come_from_the_children() {
        let mut index = manifest(None, 31_400_000);
        index.size_least = 28_100_000;
        assert_eq!(size_label(&index), "28.1–31.4 MB");
        assert_eq!(size_label(&manifest(None, 1_300)), "1.3 kB");
    }

    #[test]
    fn rows_without_a_tag_are_named_by_digest() {
        let mut tag = tag(vec![]);
        assert_eq!((reference_of(&tag), row_name(&tag)), (":v1".to_owned(), "v1".to_owned()));
        tag.name = None;
        assert!(reference_of(&tag).starts_with("@sha256:0000"));
        assert_eq!(row_name(&tag), "sha256:0000000…00000007");
    }

    #[test]
    fn only_other_artifacts_name_their_type() {
        let of = |kind: Option<&str>| {
            artifact_label(&ManifestSummary {
                artifact_type: kind.map(str::to_owned),
                ..manifest(None, 1)
            })
        };
        assert_eq!(of(None), None);
        assert_eq!(of(Some("application/vnd.oci.image.config.v1+json")), None);
        assert_eq!(of(Some("application/vnd.docker.container.image.v1+json")), None);
        let helm = "application/vnd.cncf.helm.config.v1+json";
        assert_eq!(of(Some(helm)).as_deref(), Some(helm));
    }

    #[test]
    fn addresses_are_read() {
        let pairs = [
            ("q", "v"),
            ("platform", "linux/arm64"),
            ("untagged", "1"),
            ("sort", "tag"),
            ("order", "asc"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = tag_query(&pairs, 20);
        assert!(is_filtered(&query) && query.untagged);
        assert_eq!(query.sort, TagSort::Tag);
        for sort in [TagSort::UpdatedAt, TagSort::Tag, TagSort::Size] {
            let pair = ("sort".to_owned(), sort_word(sort).to_owned());
            assert_eq!(tag_query(&[pair], 20).sort, sort);
        }
    }
}
