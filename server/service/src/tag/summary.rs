//! Manifests in short, made of the store's rows. Pure.

use roadstead::Digest;
use roadstead::id::ManifestId;
use roadstead::manage::tag::ManifestSummary;
use roadstead::oci::{MediaType, Platform};
use roadstead_store::manifest::{ChildRecord, ManifestRecord};
use roadstead_store::tag::TagEntry;

/// What the rows of tags and of manifests have in common.
pub(super) struct Facts<'a> {
    digest: &'a Digest,
    media_type: MediaType,
    artifact_type: Option<&'a String>,
    os: Option<&'a String>,
    architecture: Option<&'a String>,
    variant: Option<&'a String>,
    total_size: u64,
    layers: u32,
}

macro_rules! facts {
    ($record:ty) => {
        impl<'a> From<&'a $record> for Facts<'a> {
            fn from(record: &'a $record) -> Self {
                Self {
                    digest: &record.digest,
                    media_type: record.media_type,
                    artifact_type: record.artifact_type.as_ref(),
                    os: record.os.as_ref(),
                    architecture: record.architecture.as_ref(),
                    variant: record.variant.as_ref(),
                    total_size: record.total_size,
                    layers: record.layer_count,
                }
            }
        }
    };
}
facts!(TagEntry);
facts!(ManifestRecord);

fn platform(
    os: Option<&String>,
    architecture: Option<&String>,
    variant: Option<&String>,
) -> Option<Platform> {
    let platform = Platform {
        os: os.cloned().unwrap_or_default(),
        architecture: architecture.cloned().unwrap_or_default(),
        variant: variant.cloned(),
        os_version: None,
    };
    platform.is_known().then_some(platform)
}

/// A manifest in short. An index is as large as its largest child, and at least as its smallest.
pub(super) fn summary(facts: Facts<'_>, children: &[ManifestSummary]) -> ManifestSummary {
    let (least, most) = if facts.media_type.is_index() {
        let sizes = || children.iter().map(|child| child.size).filter(|size| *size > 0);
        (sizes().min().unwrap_or(0), sizes().max().unwrap_or(0))
    } else {
        (facts.total_size, facts.total_size)
    };
    ManifestSummary {
        digest: facts.digest.clone(),
        media_type: facts.media_type,
        artifact_type: facts.artifact_type.cloned(),
        platform: platform(facts.os, facts.architecture, facts.variant),
        size: most,
        size_least: least,
        layers: u64::from(facts.layers),
    }
}

/// The children of an index, attestations left out; none for an image.
pub(super) fn children_of(children: &[ChildRecord], parent: ManifestId) -> Vec<ManifestSummary> {
    children
        .iter()
        .filter(|child| child.parent_id == parent && child.attestation_for.is_none())
        .filter_map(|child| {
            let size = child.total_size.unwrap_or(0);
            Some(ManifestSummary {
                digest: child.digest.clone(),
                media_type: child.media_type.parse().ok()?,
                artifact_type: child.artifact_type.clone(),
                platform: platform(
                    child.os.as_ref(),
                    child.architecture.as_ref(),
                    child.variant.as_ref(),
                ),
                size,
                size_least: size,
                layers: child.layer_count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
            })
        })
        .collect()
}

/// How many attestations an index carries.
pub(super) fn attestations(children: &[ChildRecord], parent: ManifestId) -> u64 {
    children
        .iter()
        .filter(|child| child.parent_id == parent && child.attestation_for.is_some())
        .count() as u64
}
