//! Tags and manifests: image versions as people see them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::TagId;
use crate::name::TagName;
use crate::oci::{ImageConfig, MediaType, Platform};
use crate::page::{Order, Window};
use crate::time::Timestamp;

/// Tags that match a search or a filter are counted up to here: a total of this many says "at least".
pub const COUNTED_TAGS: u64 = 5_000;

/// Which tags of an image to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagQuery {
    /// Part of the name, case-insensitive; `sha256:` before it searches digests.
    pub search: Option<String>,
    /// Only this platform, `os/architecture[/variant]`.
    pub platform: Option<String>,
    /// Whether to list manifests without a tag instead (children, signatures and attestations are never listed).
    pub untagged: bool,
    /// Sorted by.
    pub sort: TagSort,
    /// Direction.
    pub order: Order,
    /// Which rows.
    pub window: Window,
}

/// Sort keys of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagSort {
    /// By time of the push.
    #[default]
    UpdatedAt,
    /// By name.
    Tag,
    /// By size.
    Size,
}

/// A row of the list of tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// SWR's integer id; `None` for a manifest without a tag.
    pub id: Option<TagId>,
    /// The name; `None` for a manifest without a tag.
    pub name: Option<TagName>,
    /// What it points to.
    pub manifest: ManifestSummary,
    /// Other tags on the same digest.
    pub siblings: Vec<TagName>,
    /// Whether it is the tag pushed last.
    pub is_newest: bool,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// By whom.
    pub pushed_by: String,
    /// When it was pulled last.
    pub pulled_at: Option<Timestamp>,
    /// Children, for an index.
    pub children: Vec<ManifestSummary>,
    /// Signatures, SBOMs and attestations: referrers of the digest, and attestation children.
    pub attachments: u64,
}

/// A manifest in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestSummary {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: MediaType,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// Its platform, when it is an image that states one.
    pub platform: Option<Platform>,
    /// Config and layers together, compressed, in bytes; for an index the largest child.
    pub size: u64,
    /// The smallest child of an index; otherwise `size`.
    pub size_least: u64,
    /// Number of layers; 0 for an index.
    pub layers: u64,
}

/// A manifest's page (`console.md` A.6.10).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManifestDetail {
    /// The tag it was asked by.
    pub tag: Option<TagName>,
    /// All tags on the digest.
    pub tags: Vec<TagName>,
    /// The manifest.
    pub manifest: ManifestSummary,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// By whom.
    pub pushed_by: String,
    /// How often it was pulled.
    pub pulls: u64,
    /// Children, for an index.
    pub children: Vec<ManifestSummary>,
    /// The configuration, for an image.
    pub config: Option<ImageConfig>,
    /// Layers with their commands, empty ones among them.
    pub layers: Vec<LayerRow>,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// Manifests about this one.
    pub referrers: Vec<Attachment>,
    /// The manifest's exact text.
    pub raw: String,
}

/// One row of the list of layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRow {
    /// The command, from the history.
    pub command: Option<String>,
    /// The layer; `None` for a step that made none.
    pub digest: Option<Digest>,
    /// Compressed bytes.
    pub size: u64,
    /// Media type.
    pub media_type: Option<String>,
}

/// A manifest about another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its digest.
    pub digest: Digest,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// When it was pushed.
    pub created_at: Timestamp,
}

/// What deleting tags would do (`console.md` A.6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagDeletion {
    /// One row per tag asked for that exists.
    pub tags: Vec<TagDeletionRow>,
}

/// One tag of [`TagDeletion`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagDeletionRow {
    /// The tag.
    pub name: TagName,
    /// What it points to.
    pub digest: Digest,
    /// Tags that stay on the same digest.
    pub staying: Vec<TagName>,
}

/// What became of one tag of a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagDeletionResult {
    /// The tag.
    pub name: TagName,
    /// Whether it is gone; `false` when it was not there any more.
    pub deleted: bool,
}
