//! Reading manifests: the bytes of a digest never change and are remembered; what a tag points to is remembered where
//! this process alone writes, which is on SQLite. Beside other servers a tag is looked up each time, because a push to
//! one of them must be seen by the next pull from another.
//!
//! A change forgets what is remembered before its caller is answered; a change by another process (the command line
//! beside a SQLite file) as soon as it is heard of. Reads that began before are not remembered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;
use roadstead::access::Action;
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::{ManifestId, RepositoryId};
use roadstead::oci::MediaType;
use roadstead::{Digest, Error, ImageName, Reference, Result, TagName};
use roadstead_store::change::{Change, ChangeKind};
use roadstead_store::{Dialect, Place, manifest, tag};
use serde_json::json;

use crate::audit::Origin;
use crate::context::Context;
use crate::error::stored;
use crate::manifest::{Manifests, StoredManifest};

/// Bytes of all remembered manifests together.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// A manifest over this many bytes is not remembered.
const LARGEST: usize = 512 * 1024;
/// How many tags are remembered.
const TAGS: u64 = 20_000;

/// Bytes of manifests by image and digest, and digests by image and tag.
#[derive(Debug)]
pub(crate) struct Remembered {
    bodies: Cache<(RepositoryId, Digest), Arc<Kept>>,
    tags: Cache<(RepositoryId, TagName), Digest>,
    forgotten: AtomicU64,
}

/// A manifest as it is remembered.
#[derive(Debug)]
struct Kept {
    id: ManifestId,
    stored: StoredManifest,
}

impl Remembered {
    pub(crate) fn new() -> Self {
        Self {
            bodies: Cache::builder()
                .max_capacity(CAPACITY)
                .weigher(|_, kept: &Arc<Kept>| {
                    u32::try_from(kept.stored.bytes.len() + 512).unwrap_or(u32::MAX)
                })
                .build(),
            tags: Cache::new(TAGS),
            forgotten: AtomicU64::new(0),
        }
    }

    /// Takes note of commits.
    pub(crate) fn note(&self, changes: &[Change]) {
        for change in changes {
            let Some(repository) = change.repository_id else { continue };
            match change.kind {
                ChangeKind::Manifest => {
                    self.forgotten.fetch_add(1, Ordering::AcqRel);
                    if let Ok(digest) = change.subject.parse::<Digest>() {
                        self.bodies.invalidate(&(repository, digest));
                    }
                }
                ChangeKind::Tag => {
                    self.forgotten.fetch_add(1, Ordering::AcqRel);
                    match change.subject.parse::<TagName>() {
                        Ok(tag) => self.tags.invalidate(&(repository, tag)),
                        Err(_) => self.tags.invalidate_all(),
                    }
                }
                _ => {}
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.bodies.invalidate_all();
        self.tags.invalidate_all();
    }

    /// Remembers what was read while `before` was the count of what had been forgotten.
    fn insert(&self, key: (RepositoryId, Digest), kept: &Arc<Kept>, before: u64) {
        if kept.stored.bytes.len() > LARGEST {
            return;
        }
        self.bodies.insert(key.clone(), Arc::clone(kept));
        if self.forgotten.load(Ordering::Acquire) != before {
            self.bodies.invalidate(&key);
        }
    }

    /// The same for what a tag points to.
    fn insert_tag(&self, key: (RepositoryId, TagName), digest: Digest, before: u64) {
        self.tags.insert(key.clone(), digest);
        if self.forgotten.load(Ordering::Acquire) != before {
            self.tags.invalidate(&key);
        }
    }
}

/// There is no such manifest in the image.
pub(crate) fn unknown(reference: &Reference) -> Error {
    Error::not_found(Subject::Manifest, "the image has no such tag or manifest")
        .with_detail(serde_json::json!({ "reference": reference }))
}

impl Manifests {
    /// A manifest with its bytes (end-3, GET); counted as a download. With `wants_single`, a tag of an index answers
    /// with its linux/amd64 child, if it has one.
    ///
    /// # Errors
    /// `NotFound` about the manifest; those of `Access::authorize` for pulling.
    #[tracing::instrument(name = "service.manifest.get", skip_all, fields(image = %image))]
    pub async fn get(
        &self,
        ctx: &Context,
        image: &ImageName,
        reference: &Reference,
        wants_single: bool,
    ) -> Result<StoredManifest> {
        let allowed = self.access.authorize(ctx, Action::PullImage, image).await?;
        let place = Place::of(&allowed);
        let kept = self.find(place, reference, wants_single).await?;
        let tag = match reference {
            Reference::Tag(tag) => Some(tag),
            Reference::Digest(_) => None,
        };
        let bytes = kept.stored.bytes.len() as u64;
        self.usage.pulled(place, tag, kept.id, bytes, ctx.now());
        self.trail.moved(|| {
            Origin::of(ctx, &self.ports)
                .event(TraceName::PullImage)
                .in_account(place.account())
                .at(&place)
                .named(reference.of(image))
                .detail(json!({ "digest": kept.stored.digest }))
        });
        Ok(kept.stored.clone())
    }

    /// The same without counting (end-3, HEAD).
    ///
    /// # Errors
    /// As [`Manifests::get`].
    #[tracing::instrument(name = "service.manifest.head", skip_all, fields(image = %image))]
    pub async fn head(
        &self,
        ctx: &Context,
        image: &ImageName,
        reference: &Reference,
        wants_single: bool,
    ) -> Result<StoredManifest> {
        let allowed = self.access.authorize(ctx, Action::PullImage, image).await?;
        let kept = self.find(Place::of(&allowed), reference, wants_single).await?;
        Ok(kept.stored.clone())
    }

    async fn find(
        &self,
        place: Place,
        reference: &Reference,
        wants_single: bool,
    ) -> Result<Arc<Kept>> {
        let (digest, is_tag) = match reference {
            Reference::Digest(digest) => (digest.clone(), false),
            Reference::Tag(tag) => {
                (self.tagged(place, tag).await?.ok_or_else(|| unknown(reference))?, true)
            }
        };
        let kept = self.body(place, &digest).await?.ok_or_else(|| unknown(reference))?;
        if is_tag && wants_single && kept.stored.media_type.is_index() {
            return Ok(self.single(place, &kept).await?.unwrap_or(kept));
        }
        Ok(kept)
    }

    async fn body(&self, place: Place, digest: &Digest) -> Result<Option<Arc<Kept>>> {
        let key = (place.repository(), digest.clone());
        if let Some(kept) = self.remembered.bodies.get(&key) {
            return Ok(Some(kept));
        }
        let before = self.remembered.forgotten.load(Ordering::Acquire);
        let found = self
            .store
            .peek("manifest.body", |tx| {
                let digest = digest.clone();
                Box::pin(async move { manifest::body(tx, &place, &digest).await })
            })
            .await
            .map_err(stored)?;
        Ok(found.map(|record| {
            let kept = Arc::new(Kept {
                id: record.id,
                stored: StoredManifest {
                    digest: record.digest,
                    media_type: record.media_type,
                    bytes: record.body.into(),
                },
            });
            self.remembered.insert(key, &kept, before);
            kept
        }))
    }

    /// The linux/amd64 child of an index, if it is here.
    async fn single(&self, place: Place, index: &Kept) -> Result<Option<Arc<Kept>>> {
        let children = self
            .store
            .peek("manifest.children", |tx| {
                let parents = [index.id];
                Box::pin(async move { manifest::children(tx, &place, &parents).await })
            })
            .await
            .map_err(stored)?;
        let child = children.into_iter().find(|child| {
            child.child_id.is_some()
                && child.os.as_deref() == Some("linux")
                && child.architecture.as_deref() == Some("amd64")
                && child
                    .media_type
                    .parse::<MediaType>()
                    .is_ok_and(|media_type| !media_type.is_index())
        });
        match child {
            Some(child) => self.body(place, &child.digest).await,
            None => Ok(None),
        }
    }

    /// What a tag points to.
    async fn tagged(&self, place: Place, tag: &TagName) -> Result<Option<Digest>> {
        let is_remembered = self.store.dialect() == Dialect::Sqlite;
        let key = (place.repository(), tag.clone());
        if is_remembered && let Some(digest) = self.remembered.tags.get(&key) {
            return Ok(Some(digest));
        }
        let before = self.remembered.forgotten.load(Ordering::Acquire);
        let found = self
            .store
            .peek("tag.find", |tx| {
                let tag = tag.clone();
                Box::pin(async move { tag::find(tx, &place, &tag).await })
            })
            .await
            .map_err(stored)?
            .map(|record| record.digest);
        if is_remembered && let Some(digest) = &found {
            self.remembered.insert_tag(key, digest.clone(), before);
        }
        Ok(found)
    }
}
