//! What comes of an archive: manifests, the blobs that they name, and tags.

mod docker;
mod oci;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use roadstead::oci::{ManifestKind, MediaType};
use roadstead::{Algorithm, Digest, OrganizationName, RepositoryName, TagName};

use crate::contents::{Contents, Found};
use crate::error::{Fault, Refused};
use crate::name::Written;

/// Where the bytes of a blob are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// On the shelf, under the digest of what is kept.
    Shelf,
    /// In memory.
    Memory(Bytes),
}

/// A blob that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedBlob {
    /// Its digest.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// Where they are.
    pub source: Source,
}

/// A manifest to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedManifest {
    /// Its media type.
    pub media_type: MediaType,
    /// Its digest.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: Bytes,
    /// The blobs that it names and the archive has.
    pub blobs: Vec<PlannedBlob>,
    /// The configuration's bytes, when they are at hand.
    pub config: Option<Bytes>,
    /// The manifests that it lists, as positions in [`Plan::manifests`]: all before its own.
    pub children: Vec<usize>,
}

/// A tag to be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTag {
    /// The repository in the chosen organization.
    pub repository: RepositoryName,
    /// The tag.
    pub tag: TagName,
    /// Position in [`Plan::manifests`].
    pub manifest: usize,
}

/// What comes of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Manifests, children before those that list them.
    pub manifests: Vec<PlannedManifest>,
    /// Tags; at least one, none twice.
    pub tags: Vec<PlannedTag>,
}

impl Plan {
    /// A manifest and all that it lists, as positions, children first.
    #[must_use]
    pub fn closure(&self, manifest: usize) -> Vec<usize> {
        let (mut all, mut open) = (BTreeSet::new(), vec![manifest]);
        while let Some(at) = open.pop() {
            if all.insert(at)
                && let Some(planned) = self.manifests.get(at)
            {
                open.extend(&planned.children);
            }
        }
        all.into_iter().collect()
    }
}

/// A plan in the making: manifests so far, and what archives call their images.
#[derive(Debug, Default)]
struct Draft {
    manifests: Vec<PlannedManifest>,
    known: BTreeMap<Digest, usize>,
    tags: Vec<(Written, usize)>,
}

impl Draft {
    /// The position of the manifest.
    fn keep(&mut self, manifest: PlannedManifest) -> usize {
        if let Some(&known) = self.known.get(&manifest.digest) {
            return known;
        }
        let position = self.manifests.len();
        self.known.insert(manifest.digest.clone(), position);
        self.manifests.push(manifest);
        position
    }

    fn finish(
        self,
        organization: &OrganizationName,
        repository: Option<&RepositoryName>,
    ) -> Result<Plan, Refused> {
        if self.tags.is_empty() {
            return Err(Refused::new(Fault::NoNames, "no image of the archive has a name and tag"));
        }
        let mut placed: BTreeMap<(RepositoryName, TagName), usize> = BTreeMap::new();
        for (written, manifest) in &self.tags {
            let place = written.place(organization, repository)?;
            let what = format!("two images of the archive become {}:{}", place.0, place.1);
            if *placed.entry(place).or_insert(*manifest) != *manifest {
                return Err(Refused::new(Fault::BadFormat, what));
            }
        }
        let tags = placed
            .into_iter()
            .map(|((repository, tag), manifest)| PlannedTag { repository, tag, manifest })
            .collect();
        Ok(Plan { manifests: self.manifests, tags })
    }
}

impl Contents {
    /// What comes of the archive in `organization`. With `repository`, all tags go there, whatever the archive calls its
    /// images.
    ///
    /// # Errors
    /// The fault, with what in particular.
    pub fn plan(
        &self,
        organization: &OrganizationName,
        repository: Option<&RepositoryName>,
    ) -> Result<Plan, Refused> {
        let (has_list, has_index) = (self.has("manifest.json"), self.has("index.json"));
        let draft = match (has_list, has_index) {
            (false, false) => {
                let what = if self.has("repositories") {
                    "the archive was made by a Docker before 1.10; save the image with a newer one"
                } else {
                    "the archive has neither manifest.json nor index.json; docker export makes no image archive"
                };
                return Err(Refused::new(Fault::NoManifest, what));
            }
            (false, true) => oci::draft(self, oci::Layers::Rewritten)?,
            (true, false) => docker::draft(self)?,
            // What was pushed or built elsewhere keeps its digests, if the archive has them whole.
            (true, true) => match oci::draft(self, oci::Layers::Verbatim) {
                Ok(draft) if !draft.tags.is_empty() => draft,
                _ => docker::draft(self)?,
            },
        };
        draft.finish(organization, repository)
    }
}

/// The blob that was found.
fn blob(found: Found<'_>) -> PlannedBlob {
    match found {
        Found::Json(bytes) => PlannedBlob {
            digest: Digest::of(Algorithm::Sha256, bytes),
            size: bytes.len() as u64,
            source: Source::Memory(bytes.clone()),
        },
        Found::File(facts) => {
            PlannedBlob { digest: facts.kept.clone(), size: facts.kept_size, source: Source::Shelf }
        }
    }
}

/// The digests of unpacked layers that a configuration states; `None` when it is none of an image.
fn diff_ids(config: &[u8]) -> Result<Option<Vec<Digest>>, Refused> {
    #[derive(serde::Deserialize)]
    struct Config {
        rootfs: Option<RootFs>,
    }
    #[derive(serde::Deserialize)]
    struct RootFs {
        #[serde(default)]
        diff_ids: Option<Vec<Digest>>,
    }
    let parsed: Config = serde_json::from_slice(config).map_err(|error| {
        Refused::new(Fault::BadFormat, format!("a configuration cannot be read: {error}"))
    })?;
    Ok(parsed.rootfs.map(|rootfs| rootfs.diff_ids.unwrap_or_default()))
}

/// Compares the layers of an image with what its configuration states.
fn check_layers<'a>(
    config: &[u8],
    layers: impl ExactSizeIterator<Item = Option<Found<'a>>>,
) -> Result<(), Refused> {
    let Some(stated) = diff_ids(config)? else { return Ok(()) };
    if stated.len() != layers.len() {
        let what =
            format!("{} layers, but the configuration states {}", layers.len(), stated.len());
        return Err(Refused::new(Fault::BadFormat, what));
    }
    for (layer, stated) in layers.zip(&stated) {
        // A foreign layer that is not here is not looked at.
        let Some(layer) = layer else { continue };
        let unpacked = match layer {
            Found::File(facts) => facts.unpacked.clone(),
            found @ Found::Json(_) => found.digest(),
        };
        if unpacked != *stated {
            let what =
                format!("a layer has the digest {unpacked}, but the configuration states {stated}");
            return Err(Refused::new(Fault::BadFormat, what));
        }
    }
    Ok(())
}

/// What a manifest that was parsed has to do with an index.
fn is_index(kind: &ManifestKind) -> bool {
    matches!(kind, ManifestKind::Index { .. })
}
