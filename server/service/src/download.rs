//! Downloads: an image, or all platforms of one, as an archive that `docker load` and `podman load` take (`console.md`
//! A.6.1). Nothing is written down for it: the archive is put together while it is sent, and any part of it can be asked
//! for again.
//!
//! # Invariants
//! - The length and the entity tag are known before the first byte; both follow from the digests alone.
//! - Whoever may pull the image may download it, and every blob is one that this image has.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use roadstead::access::Action;
use roadstead::error::Subject;
use roadstead::oci::{Descriptor, Manifest, ManifestKind, Platform};
use roadstead::{Digest, Error, ErrorKind, ImageName, Reference, Result};
use roadstead_archive::{Image, Pack, Piece};
use roadstead_object::{ByteStream, ObjectError, ObjectKey, Objects};
use roadstead_store::{Place, Store, blob};
use serde_json::json;

use crate::Parts;
use crate::access::Access;
use crate::blob::{Counted, Part};
use crate::context::Context;
use crate::error::{kept, stored};
use crate::manifest::{Manifests, StoredManifest};
use crate::usage::Usage;

/// Manifests of an index that go into one archive.
const MOST: usize = 256;

/// Kind of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As `docker save` has always written it.
    Docker,
    /// An OCI image layout.
    Oci,
}

/// What is to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which image.
    pub image: ImageName,
    /// Which tag, or manifest.
    pub reference: Reference,
    /// Which platform of an index, as `os/architecture[/variant]`; `None` is all of them.
    pub platform: Option<String>,
    /// Which kind of archive.
    pub format: Format,
}

/// An archive that can be read.
pub struct Download {
    /// What a file of it is called.
    pub file_name: String,
    /// Its entity tag, as a digest.
    pub digest: Digest,
    pack: Pack,
    keys: BTreeMap<Digest, ObjectKey>,
    objects: Objects,
    place: Place,
    usage: Usage,
    at: roadstead::Timestamp,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("file_name", &self.file_name).finish_non_exhaustive()
    }
}

/// Downloads.
#[derive(Debug, Clone)]
pub struct Downloads {
    store: Store,
    objects: Objects,
    access: Access,
    usage: Usage,
    manifests: Manifests,
}

impl Downloads {
    pub(crate) fn new(parts: &Parts, access: Access, usage: Usage, manifests: Manifests) -> Self {
        Self {
            store: parts.store.clone(),
            objects: parts.objects.clone(),
            access,
            usage,
            manifests,
        }
    }

    /// Prepares an archive; counted as a pull with `counts`, once, and not for each part that is asked for.
    ///
    /// # Errors
    /// `NotFound` about the manifest, or about the platform; `Unsupported` for what is no image; those of
    /// [`Access::authorize`] for pulling.
    #[tracing::instrument(name = "service.download.prepare", skip_all, fields(image = %wanted.image))]
    pub async fn prepare(&self, ctx: &Context, wanted: &Wanted, counts: bool) -> Result<Download> {
        let allowed = self.access.authorize(ctx, Action::PullImage, &wanted.image).await?;
        let place = Place::of(&allowed);
        let Wanted { image, reference, .. } = wanted;
        let top = match counts {
            true => self.manifests.get(ctx, image, reference, false).await?,
            false => self.manifests.head(ctx, image, reference, false).await?,
        };
        let parsed = parse(&top)?;
        let chosen = self.chosen(ctx, wanted, &top, &parsed).await?;
        let name = match reference {
            Reference::Tag(tag) => format!("{}/{image}:{tag}", ctx.address.host),
            // What has no tag is called by its digest, which no engine takes for a name.
            Reference::Digest(digest) => {
                let short: String = digest.hex().chars().take(12).collect();
                format!("{}/{image}:{short}", ctx.address.host)
            }
        };
        let images = named(&chosen, &name)?;
        let whole = (chosen.len() > 1 || wanted.platform.is_none()) && parsed_is_index(&parsed);
        let pack = match wanted.format {
            Format::Docker => {
                let loadable: Vec<Image> =
                    images.into_iter().filter(|image| !image.names.is_empty()).collect();
                Pack::docker(&loadable)
            }
            Format::Oci => {
                let index = whole.then(|| (top.media_type, top.digest.clone(), top.bytes.clone()));
                Pack::oci(std::slice::from_ref(&name), &images, index)
            }
        };
        let keys = self.keys(place, &pack).await?;
        Ok(Download {
            file_name: file_name(wanted),
            digest: pack.digest(),
            pack,
            keys,
            objects: self.objects.clone(),
            place,
            usage: self.usage.clone(),
            at: ctx.now(),
        })
    }

    /// The images that are wanted, with their platforms.
    async fn chosen(
        &self,
        ctx: &Context,
        wanted: &Wanted,
        top: &StoredManifest,
        parsed: &Manifest,
    ) -> Result<Vec<(StoredManifest, Manifest, Option<Platform>)>> {
        if !parsed_is_index(parsed) {
            return Ok(vec![(top.clone(), parsed.clone(), None)]);
        }
        let mut chosen = Vec::new();
        for child in parsed.children().iter().take(MOST) {
            let platform = child.platform.clone().filter(Platform::is_known);
            let is_wanted = match &wanted.platform {
                None => true,
                Some(text) => {
                    platform.as_ref().is_some_and(|platform| platform.to_string() == *text)
                }
            };
            if !is_wanted {
                continue;
            }
            let reference = Reference::Digest(child.digest.clone());
            let found = self.manifests.head(ctx, &wanted.image, &reference, false).await?;
            let manifest = parse(&found)?;
            // An index in an index is for nobody's engine.
            if !parsed_is_index(&manifest) {
                chosen.push((found, manifest, platform));
            }
        }
        if chosen.is_empty() {
            return Err(Error::not_found(
                Subject::Manifest,
                "the tag has no image for this platform",
            ));
        }
        Ok(chosen)
    }

    /// Where the blobs of the archive are: each one in this image.
    async fn keys(&self, place: Place, pack: &Pack) -> Result<BTreeMap<Digest, ObjectKey>> {
        let wanted: Arc<Vec<Digest>> = Arc::new(pack.blobs().into_keys().collect());
        let digests = Arc::clone(&wanted);
        let found = self
            .store
            .read("download.blobs", move |tx| {
                let digests = Arc::clone(&digests);
                Box::pin(async move {
                    let mut found = Vec::with_capacity(digests.len());
                    for digest in digests.iter() {
                        found.extend(blob::find_linked(tx, &place, digest).await?);
                    }
                    Ok(found)
                })
            })
            .await
            .map_err(stored)?;
        let mut keys = BTreeMap::new();
        for record in found {
            keys.insert(record.digest, record.object_key.parse().map_err(kept)?);
        }
        match wanted.iter().find(|digest| !keys.contains_key(*digest)) {
            None => Ok(keys),
            Some(digest) => Err(Error::new(
                ErrorKind::Unsupported,
                Subject::Manifest,
                format!(
                    "the layer {digest} is not kept in this registry, so there is no archive of the image"
                ),
            )),
        }
    }
}

impl Download {
    /// Its bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.pack.length()
    }

    /// The bytes of a part, in large pieces, and which they are.
    ///
    /// # Errors
    /// `RangeInvalid` with the `size` in its detail when the part names no byte.
    pub fn read(&self, part: Part) -> Result<(std::ops::Range<u64>, ByteStream)> {
        let size = self.length();
        let range = part.of(size).ok_or_else(|| {
            Error::new(
                ErrorKind::RangeInvalid,
                Subject::Blob,
                format!("the archive has {size} bytes; the range names none of them"),
            )
            .with_detail(json!({ "size": size }))
        })?;
        let (keys, objects) = (self.keys.clone(), self.objects.clone());
        let pieces = futures::stream::iter(self.pack.part(range.clone()));
        let stream = pieces
            .then(move |piece| {
                let (objects, key) = (objects.clone(), key_of(&piece, &keys));
                async move {
                    match (piece, key) {
                        (Piece::Blob { range, .. }, Some(key)) => objects.read(key, range).await,
                        (Piece::Bytes(bytes), _) => Ok(one(bytes)),
                        // Cannot be: `keys` has them all.
                        (Piece::Blob { .. }, None) => Ok(futures::stream::empty().boxed()),
                    }
                }
            })
            .try_flatten()
            .boxed();
        let counted =
            Counted { stream, sent: 0, place: self.place, usage: self.usage.clone(), at: self.at };
        Ok((range, counted.boxed()))
    }
}

fn one(bytes: Bytes) -> ByteStream {
    futures::stream::once(async move { Ok::<_, ObjectError>(bytes) }).boxed()
}

fn key_of(piece: &Piece, keys: &BTreeMap<Digest, ObjectKey>) -> Option<ObjectKey> {
    match piece {
        Piece::Blob { digest, .. } => keys.get(digest).copied(),
        Piece::Bytes(_) => None,
    }
}

fn parse(stored: &StoredManifest) -> Result<Manifest> {
    Manifest::parse(Some(stored.media_type.as_str()), &stored.bytes)
}

const fn parsed_is_index(manifest: &Manifest) -> bool {
    matches!(manifest.kind, ManifestKind::Index { .. })
}

/// The images as they are called when they are loaded. Of several platforms the first, or linux/amd64, has the tag itself,
/// and each other one the tag with its platform. What is no image for an engine (attestations) has no name.
fn named(
    chosen: &[(StoredManifest, Manifest, Option<Platform>)],
    name: &str,
) -> Result<Vec<Image>> {
    let is_plain = |platform: &Platform| platform.os == "linux" && platform.architecture == "amd64";
    let is_image = |manifest: &Manifest| {
        manifest.config().is_some_and(|config| {
            config.media_type.contains(".image.v1+json")
                || config.media_type.contains(".image.config.")
        })
    };
    let is_loadable = |manifest: &Manifest, platform: &Option<Platform>| {
        is_image(manifest) && (chosen.len() == 1 || platform.is_some())
    };
    let first = chosen
        .iter()
        .position(|(_, manifest, platform)| {
            is_loadable(manifest, platform) && platform.as_ref().is_some_and(is_plain)
        })
        .or_else(|| {
            chosen.iter().position(|(_, manifest, platform)| is_loadable(manifest, platform))
        });
    if first.is_none() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            Subject::Manifest,
            "this is no image that a container engine can load; fetch it with oras or a client for its kind",
        ));
    }
    let mut images = Vec::with_capacity(chosen.len());
    for (index, (stored, manifest, platform)) in chosen.iter().enumerate() {
        let Some(config) = manifest.config() else { continue };
        let names = match platform {
            _ if Some(index) == first => vec![name.to_owned()],
            Some(platform) if is_image(manifest) => {
                vec![format!("{name}-{}", platform.to_string().replace('/', "-"))]
            }
            _ => Vec::new(),
        };
        let layers: Vec<Descriptor> =
            manifest.layers().iter().filter(|layer| !layer.is_foreign()).cloned().collect();
        images.push(Image {
            names,
            media_type: stored.media_type,
            digest: stored.digest.clone(),
            manifest: stored.bytes.clone(),
            config: config.clone(),
            layers,
        });
    }
    Ok(images)
}

/// `repository-tag[-os-architecture].tar`, of characters that every file system takes.
fn file_name(wanted: &Wanted) -> String {
    let repository = wanted.image.repository().as_str().replace('/', "-");
    let reference = match &wanted.reference {
        Reference::Tag(tag) => tag.to_string(),
        Reference::Digest(digest) => digest.hex().chars().take(12).collect(),
    };
    let platform = wanted.platform.as_ref().map(|text| format!("-{}", text.replace('/', "-")));
    let kind = match wanted.format {
        Format::Docker => "",
        Format::Oci => "-oci",
    };
    let name = format!("{repository}-{reference}{}{kind}.tar", platform.unwrap_or_default());
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests;
