//! Manifests: stored byte for byte, with everything they name checked and linked in one transaction
//! (`protocol.md` 1.6). Reading is in [`crate::pull`].
//!
//! # Invariants
//! - The bytes are kept as they came; the digest is over them.
//! - Whatever a manifest names is in the image when it is stored, foreign layers and `subject` excepted.
//! - Links, tags, referrers, counters and the record of who did it commit together or not at all.
//! - A child of a stored index is not deleted.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use moka::sync::Cache;
use roadstead::access::Action;
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::BlobId;
use roadstead::oci::{Descriptor, ImageConfig, Manifest, ManifestKind, MediaType};
use roadstead::{
    Algorithm, Digest, Error, ErrorKind, ImageName, Reference, Result, TagName, Timestamp,
};
use roadstead_object::{ObjectKey, Objects, verified};
use roadstead_store::manifest::{self, NewChild, NewManifest};
use roadstead_store::organization::PushRules;
use roadstead_store::tag::{self, Expected, SetTag, TagSet};
use roadstead_store::{Durability, Place, Store, StoreError, Tx, blob, organization};
use serde_json::json;

use crate::Parts;
use crate::access::Access;
use crate::audit::{self, Event, Origin, Trail};
use crate::context::Context;
use crate::error::{Failed, Outcome};
use crate::port::Ports;
use crate::pull::{Remembered, unknown};
use crate::push::{Destination, destination, pusher};
use crate::setting::SettingsCell;
use crate::upload::Upload;
use crate::usage::Usage;

/// Largest configuration that is read for its platform, in bytes. Larger ones are legal and tell nothing.
const LARGEST_CONFIG: u64 = 1024 * 1024;
/// How many configurations are remembered, without what only people look at.
const CONFIGS: u64 = 1_000;
/// A configuration whose texts are longer than this together, in bytes, is not remembered.
const LONGEST_REMEMBERED: usize = 512;

/// A manifest as a client gets it. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredManifest {
    /// Digest under which it was pushed.
    pub digest: Digest,
    /// Media type.
    pub media_type: MediaType,
    /// The exact bytes.
    pub bytes: Bytes,
}

/// A manifest that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutManifest {
    /// Digest of its bytes, in the algorithm that the client used.
    pub digest: Digest,
    /// What it is about.
    pub subject: Option<Digest>,
    /// Layers that it names and that need not be here (`protocol.md` 1.6, step 4).
    pub foreign_layers: usize,
}

/// Manifests.
#[derive(Debug, Clone)]
pub struct Manifests {
    pub(crate) store: Store,
    pub(crate) objects: Objects,
    pub(crate) access: Access,
    settings: SettingsCell,
    pub(crate) ports: Ports,
    pub(crate) usage: Usage,
    pub(crate) trail: Trail,
    pub(crate) remembered: Arc<Remembered>,
    /// A digest says what it names, so this is never old; that the image has it is checked with the manifest's other
    /// blobs.
    configs: Cache<Digest, ImageConfig>,
}

/// A push, ready for its transaction.
pub(crate) struct Push {
    /// Where it goes.
    pub(crate) destination: Destination,
    /// What the bytes say.
    pub(crate) manifest: Manifest,
    /// Under which digest it is stored.
    pub(crate) digest: Digest,
    /// The exact bytes.
    pub(crate) bytes: Bytes,
    /// The tags that are set to it.
    pub(crate) tags: Vec<TagName>,
    /// Its configuration, for its platform.
    pub(crate) config: Option<ImageConfig>,
    /// Recorded for each tag.
    pub(crate) event: Event,
    /// Now.
    pub(crate) now: Timestamp,
}

impl Manifests {
    pub(crate) fn new(parts: &Parts, access: Access, usage: Usage, trail: Trail) -> Self {
        let remembered = Arc::new(Remembered::new());
        let forgetting = Arc::clone(&remembered);
        parts.store.on_change(move |changes| forgetting.note(changes));
        Self {
            store: parts.store.clone(),
            objects: parts.objects.clone(),
            access,
            settings: parts.settings.clone(),
            ports: parts.ports.clone(),
            usage,
            trail,
            remembered,
            configs: Cache::new(CONFIGS),
        }
    }

    /// Stores a manifest and sets tags to it (end-7).
    ///
    /// # Errors
    /// `TooLarge` and `Invalid` about the manifest; `Unsupported` about its media type; `DigestMismatch`; `Invalid` about
    /// manifest blobs, with one entry of detail for each that is missing; those of [`Access::authorize`] for pushing.
    #[tracing::instrument(name = "service.manifest.put", skip_all, fields(image = %image))]
    pub async fn put(
        &self,
        ctx: &Context,
        image: &ImageName,
        reference: &Reference,
        tags: &[TagName],
        content_type: Option<&str>,
        body: Upload,
    ) -> Result<PutManifest> {
        let destination =
            destination(&self.access, &self.settings, &self.ports, ctx, image).await?;
        let bytes = self.receive(body).await?;
        let manifest = Manifest::parse(content_type, &bytes)?;
        let (digest, tags) = match reference {
            Reference::Digest(digest) => {
                Digest::of(digest.algorithm(), &bytes).verify(digest)?;
                (digest.clone(), tags.to_vec())
            }
            Reference::Tag(tag) => (Digest::of(Algorithm::Sha256, &bytes), vec![tag.clone()]),
        };
        let config = self.config(&destination, &manifest).await;
        let stored = PutManifest {
            digest: digest.clone(),
            subject: manifest.subject.as_ref().map(|subject| subject.digest.clone()),
            foreign_layers: manifest.layers().iter().filter(|layer| layer.is_foreign()).count(),
        };
        let push = Arc::new(Push {
            event: Origin::of(ctx, &self.ports)
                .event(TraceName::CreateImageTag)
                .in_account(destination.account),
            destination,
            manifest,
            digest,
            bytes,
            tags,
            config,
            now: ctx.now(),
        });
        let (account, bytes) = (push.destination.account, push.bytes.len());
        let place = self
            .store
            .run("manifest.put", Durability::Durable, move |tx| {
                let push = Arc::clone(&push);
                Box::pin(async move { push.store(tx).await })
            })
            .await
            .map_err(|failed| match failed {
                // A blob was taken out between the look and the link.
                Failed::Store(StoreError::ForeignKey) => missing(Vec::new()),
                failed => failed.into(),
            })?;
        self.trail.moved(|| {
            Origin::of(ctx, &self.ports)
                .event(TraceName::PushImage)
                .in_account(account)
                .at(&place)
                .named(reference.of(image))
                .code(201)
                .detail(json!({ "digest": stored.digest, "bytes": bytes }))
        });
        Ok(stored)
    }

    async fn receive(&self, mut body: Upload) -> Result<Bytes> {
        let limit = self.settings.current().max_manifest_bytes.value;
        let too_large = || {
            Error::new(
                ErrorKind::TooLarge,
                Subject::Manifest,
                format!("the manifest is larger than this registry takes ({limit} bytes)"),
            )
        };
        if body.length.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut bytes = BytesMut::new();
        while let Some(piece) = body.stream.next().await {
            let piece = piece.map_err(|error| {
                Error::invalid(Subject::Manifest, "the body broke off; push the manifest again")
                    .caused_by(error)
            })?;
            if (bytes.len() + piece.len()) as u64 > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }

    /// The configuration of an image, for its platform. What cannot be read is no reason to refuse the manifest.
    async fn config(&self, destination: &Destination, manifest: &Manifest) -> Option<ImageConfig> {
        let place = destination.place?;
        let config = manifest.config()?;
        let is_image = matches!(
            config.media_type.as_str(),
            "application/vnd.oci.image.config.v1+json"
                | "application/vnd.docker.container.image.v1+json"
        );
        if !is_image || config.size > LARGEST_CONFIG {
            return None;
        }
        if let Some(known) = self.configs.get(&config.digest) {
            return Some(known);
        }
        let record = self
            .store
            .peek("blob.find_linked", |tx| {
                let digest = config.digest.clone();
                Box::pin(async move { blob::find_linked(tx, &place, &digest).await })
            })
            .await
            .ok()??;
        if record.size > LARGEST_CONFIG {
            return None;
        }
        let key: ObjectKey = record.object_key.parse().ok()?;
        let stream = self.objects.read(key, 0..record.size).await.ok()?;
        let mut stream = verified(stream, key, config.digest.clone());
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(piece) => bytes.extend_from_slice(&piece),
                Err(error) => {
                    tracing::error!(%error, "a configuration could not be read");
                    return None;
                }
            }
        }
        let parsed =
            ImageConfig { config: None, history: Vec::new(), ..ImageConfig::parse(&bytes)? };
        let texts = [&parsed.created, &parsed.variant, &parsed.os_version].into_iter().flatten();
        let length =
            texts.chain([&parsed.architecture, &parsed.os]).map(String::len).sum::<usize>();
        if length <= LONGEST_REMEMBERED {
            self.configs.insert(config.digest.clone(), parsed.clone());
        }
        Some(parsed)
    }

    /// Deletes a tag, or a manifest with every tag that points to it (end-9).
    ///
    /// # Errors
    /// `NotFound` about the manifest; `Unsupported` for a child of a stored index, with its parents in the detail; those
    /// of [`Access::authorize`] for deleting.
    #[tracing::instrument(name = "service.manifest.delete", skip_all, fields(image = %image))]
    pub async fn delete(
        &self,
        ctx: &Context,
        image: &ImageName,
        reference: &Reference,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::DeleteTag, image).await?;
        let place = Place::of(&allowed);
        let event = Origin::of(ctx, &self.ports)
            .event(TraceName::DeleteImageTag)
            .in_account(place.account())
            .at(&place)
            .code(202);
        let (reference, by, now) = (Arc::new(reference.clone()), pusher(ctx), ctx.now());
        let image = image.clone();
        self.store
            .run("manifest.delete", Durability::Durable, move |tx| {
                let (reference, by) = (Arc::clone(&reference), by.clone());
                let (event, image) = (event.clone(), image.clone());
                Box::pin(async move {
                    match &*reference {
                        Reference::Tag(name) => {
                            check_stays(tx, &place, [name], ErrorKind::Unsupported).await?;
                            tag::delete(tx, &place, name, None, &by, None, now)
                                .await?
                                .ok_or_else(|| unknown(&reference))?;
                            audit::append(tx, event.named(format!("{image}:{name}"))).await
                        }
                        Reference::Digest(digest) => {
                            manifest::hold_still(tx, &place, digest).await?;
                            let parents = manifest::parents(tx, &place, digest).await?;
                            if !parents.is_empty() {
                                return Err(Failed::Domain(is_child(&parents)));
                            }
                            let tags = manifest::delete(tx, &place, digest, &by, None, now)
                                .await?
                                .ok_or_else(|| unknown(&reference))?;
                            check_stays(tx, &place, &tags, ErrorKind::Unsupported).await?;
                            audit::append(tx, event.named(format!("{image}@{digest}"))).await
                        }
                    }
                })
            })
            .await
            .map_err(Error::from)
    }

    /// Takes note of what other processes committed.
    pub(crate) fn note(&self, changes: &[roadstead_store::change::Change]) {
        self.remembered.note(changes);
    }

    /// Forgets everything remembered.
    pub(crate) fn forget_all(&self) {
        self.remembered.forget_all();
    }
}

/// Refuses to touch tags that the organization of the image keeps where they are. The transaction is undone then, whatever
/// it did before.
pub(crate) async fn check_stays<'a>(
    tx: &mut Tx<'_>,
    place: &Place,
    tags: impl IntoIterator<Item = &'a TagName>,
    kind: ErrorKind,
) -> Outcome<()> {
    let Some(rules) = organization::push_rules(tx, place).await? else {
        return Ok(());
    };
    match tags.into_iter().find(|name| rules.immutable_tags.matches(name)) {
        Some(name) => Err(immutable(kind, name).into()),
        None => Ok(()),
    }
}

/// The organization keeps this tag where it is.
pub(crate) fn immutable(kind: ErrorKind, name: &TagName) -> Error {
    Error::new(
        kind,
        Subject::Tag,
        format!("the organization keeps the tag {name} where it is; push under another tag"),
    )
}

fn is_child(parents: &[Digest]) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        Subject::Manifest,
        "an index of this image names the manifest; delete that first",
    )
    .with_detail(json!({ "parents": parents }))
}

/// One entry for each digest that is missing.
fn missing(digests: Vec<Digest>) -> Error {
    let details: Vec<_> = digests.into_iter().map(|digest| json!({ "digest": digest })).collect();
    Error::invalid(
        Subject::ManifestBlob,
        "the manifest names content that the image does not have; push that first",
    )
    .with_detail(json!(details))
}

impl Push {
    /// Everything that a push writes.
    pub(crate) async fn store(&self, tx: &mut Tx<'_>) -> Outcome<Place> {
        let place = self.destination.open(tx).await?;
        let rules = self.rules(tx, place).await?;
        let blobs = self.blobs(tx, place).await?;
        self.check_children(tx, place).await?;
        let new = self.new_manifest(place, blobs);
        let (id, _) = manifest::insert(tx, &new).await?;
        for (index, name) in self.tags.iter().enumerate() {
            let stays = rules.as_ref().is_some_and(|rules| rules.immutable_tags.matches(name));
            let moved = SetTag {
                place,
                name: name.clone(),
                manifest: id,
                digest: self.digest.clone(),
                expected: if stays { Expected::Absent } else { Expected::Anything },
                actor: self.destination.pusher.clone(),
                at: self.now,
            };
            match tag::set(tx, &moved).await? {
                TagSet::Done { .. } => {}
                // Pushed before, and still the same.
                TagSet::Conflict { current } if current.as_ref() == Some(&self.digest) => continue,
                TagSet::Conflict { .. } => return Err(immutable(ErrorKind::Denied, name).into()),
            }
            let event = self
                .event
                .clone()
                .nth(index)
                .at(&place)
                .named(format!("{}:{name}", self.destination.name))
                .code(201);
            audit::append(tx, event).await?;
        }
        Ok(place)
    }

    /// What the organization demands: it may take Docker's types only.
    async fn rules(&self, tx: &mut Tx<'_>, place: Place) -> Outcome<Option<PushRules>> {
        let is_docker =
            matches!(self.manifest.media_type, MediaType::DockerManifest | MediaType::DockerList);
        if is_docker && self.tags.is_empty() {
            return Ok(None);
        }
        let rules = organization::push_rules(tx, &place).await?;
        if !is_docker && rules.as_ref().is_some_and(|rules| rules.docker_only) {
            return Err(Failed::Domain(Error::new(
                ErrorKind::Unsupported,
                Subject::MediaType,
                "this organization takes Docker schema 2 manifests and lists only",
            )));
        }
        Ok(rules)
    }

    /// The blobs that the manifest names and the image has; those it must have are all there.
    async fn blobs(&self, tx: &mut Tx<'_>, place: Place) -> Outcome<Vec<BlobId>> {
        let named: BTreeSet<Digest> = self
            .manifest
            .config()
            .into_iter()
            .chain(self.manifest.layers())
            .map(|descriptor| descriptor.digest.clone())
            .collect();
        let named: Vec<Digest> = named.into_iter().collect();
        let mut linked: BTreeMap<Digest, (BlobId, u64)> = BTreeMap::new();
        for part in named.chunks(256) {
            for blob in blob::find_linked_many(tx, &place, part).await? {
                linked.insert(blob.digest, (blob.id, blob.size));
            }
        }
        let found = |descriptor: &Descriptor| linked.get(&descriptor.digest).map(|(_, size)| *size);
        check(self.manifest.required_blobs(), found)?;
        Ok(linked.into_values().map(|(id, _)| id).collect())
    }

    async fn check_children(&self, tx: &mut Tx<'_>, place: Place) -> Outcome<()> {
        let named: Vec<Digest> =
            self.manifest.children().iter().map(|child| child.digest.clone()).collect();
        manifest::hold_children(tx, &place, &named).await?;
        let mut sizes: BTreeMap<Digest, u64> = BTreeMap::new();
        for part in named.chunks(256) {
            for child in manifest::find_many(tx, &place, part).await? {
                sizes.insert(child.digest, child.size);
            }
        }
        check(self.manifest.children(), |child| sizes.get(&child.digest).copied())?;
        Ok(())
    }

    fn new_manifest(&self, place: Place, blobs: Vec<BlobId>) -> NewManifest {
        let manifest = &self.manifest;
        let created = self
            .config
            .as_ref()
            .and_then(|config| config.created.as_deref())
            .and_then(|text| text.parse().ok());
        let annotations = (!manifest.annotations.is_empty()).then(|| json!(manifest.annotations));
        NewManifest {
            place,
            digest: self.digest.clone(),
            media_type: manifest.media_type,
            is_index: matches!(manifest.kind, ManifestKind::Index { .. }),
            artifact_type: manifest.artifact_type.clone(),
            config_digest: manifest.config().map(|config| config.digest.clone()),
            config_media_type: manifest
                .config()
                .map(|config| config.media_type.clone())
                .filter(|text| !text.is_empty()),
            platform: self.config.as_ref().and_then(ImageConfig::platform),
            image_created_at: created,
            total_size: manifest.content_size(),
            layer_count: u32::try_from(manifest.layers().len()).unwrap_or(u32::MAX),
            subject: manifest.subject.as_ref().map(|subject| subject.digest.clone()),
            annotations,
            body: self.bytes.to_vec(),
            blobs,
            children: manifest.children().iter().map(new_child).collect(),
            pusher: self.destination.pusher.clone(),
            pushed_at: self.now,
        }
    }
}

/// Each descriptor is here, and as large as it says.
fn check<'a>(
    descriptors: impl IntoIterator<Item = &'a Descriptor>,
    found: impl Fn(&Descriptor) -> Option<u64>,
) -> Result<()> {
    let (mut absent, mut wrong) = (BTreeSet::new(), None);
    for descriptor in descriptors {
        match found(descriptor) {
            None => {
                absent.insert(descriptor.digest.clone());
            }
            Some(size) if size != descriptor.size => wrong = Some((descriptor, size)),
            Some(_) => {}
        }
    }
    if !absent.is_empty() {
        return Err(missing(absent.into_iter().collect()));
    }
    match wrong {
        Some((descriptor, size)) => Err(Error::invalid(
            Subject::Manifest,
            format!(
                "the manifest says that {} has {} bytes, but it has {size}",
                descriptor.digest, descriptor.size
            ),
        )),
        None => Ok(()),
    }
}

fn new_child(descriptor: &Descriptor) -> NewChild {
    let annotation = |name: &str| descriptor.annotations.as_ref()?.get(name);
    let is_attestation =
        annotation("vnd.docker.reference.type").is_some_and(|kind| kind == "attestation-manifest");
    NewChild {
        digest: descriptor.digest.clone(),
        media_type: descriptor.media_type.clone(),
        size: descriptor.size,
        artifact_type: descriptor.artifact_type.clone(),
        platform: descriptor.platform.clone(),
        attestation_for: annotation("vnd.docker.reference.digest")
            .filter(|_| is_attestation)
            .and_then(|digest| digest.parse().ok()),
    }
}
