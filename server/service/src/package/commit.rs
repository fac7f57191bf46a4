//! The end of the import: what was read becomes blobs, manifests and tags, all in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::PieceId;
use roadstead::oci::{ImageConfig, Manifest};
use roadstead::{Digest, Error, ErrorKind, ImageName, RepositoryName, Result, TagName, Timestamp};
use roadstead_archive::{Facts, Form, Plan, PlannedManifest, Source, Unpacked};
use roadstead_store::blob::{self, LinkedBlob, NewBlob};
use roadstead_store::package::{self, FileRecord, PackageRecord, PackageState};
use roadstead_store::{Durability, Place, StoreError, Tx};
use serde_json::json;

use super::import::Verdict;
use super::shelf::Staged;
use super::{LIFE, Packages, Progress, skipped};
use crate::audit::{self, Event, Origin};
use crate::context::Context;
use crate::error::{Failed, Outcome, stored};
use crate::manifest::Push;
use crate::push::{Destination, destination};
use crate::upload::link;

/// Numbers of files that were JSON in memory begin here; those of an archive are below.
const MEMORY: u32 = 1 << 24;

/// One image that gets tags.
struct ImageOrder {
    destination: Destination,
    /// Blobs that must be in it.
    blobs: BTreeSet<Digest>,
    /// Manifests in their order, with the tags of each.
    pushes: Vec<Push>,
}

/// Everything that the transaction writes.
struct Order {
    images: Vec<ImageOrder>,
    /// Staged, by digest.
    staged: BTreeMap<Digest, NewBlob>,
    /// In an image of the user already.
    mounted: BTreeMap<Digest, LinkedBlob>,
    /// What is known of layers.
    layers: Vec<Facts>,
    /// The rows of the files that become blobs.
    files: Vec<PieceId>,
    outcome: serde_json::Value,
    event: Event,
    quota: u64,
    now: Timestamp,
}

/// The blob was collected between the look and the link; the page must send it after all.
fn gone() -> Error {
    Error::new(
        ErrorKind::Conflict,
        Subject::Upload,
        "a layer that was not sent, because the registry had it, is gone or no longer yours to read; upload the file again",
    )
}

impl Packages {
    /// Stores what was planned.
    pub(super) async fn commit(
        &self,
        ctx: &Context,
        record: &PackageRecord,
        plan: Plan,
    ) -> Result<Verdict> {
        self.stage_json(record, &plan).await?;
        let order = self.order(ctx, record, &plan).await?;
        let package = record.id;
        let pushed: u64 = order.staged.values().map(|blob| blob.size).sum();
        let order = Arc::new(order);
        let outcome = self
            .inner
            .store
            .run("package.commit", Durability::Durable, move |tx| {
                let order = Arc::clone(&order);
                Box::pin(async move {
                    let places = order.store(tx).await?;
                    let expires = order.now.plus_seconds(LIFE);
                    let outcome = &order.outcome;
                    // Cancelled or given up meanwhile: then nothing of it happens.
                    if !package::end(tx, package, PackageState::Done, outcome, order.now, expires)
                        .await?
                    {
                        return Err(Failed::Domain(super::unknown()));
                    }
                    Ok(places)
                })
            })
            .await;
        let places = outcome.map_err(|failed| match failed {
            Failed::Store(StoreError::ForeignKey) => gone(),
            failed => failed.into(),
        })?;
        if let Some(place) = places.first() {
            self.inner.usage.pushed(*place, pushed, ctx.now());
        }
        Ok(Verdict::Done)
    }

    /// Stages what the reader kept in memory, unless an earlier attempt did.
    async fn stage_json(&self, record: &PackageRecord, plan: &Plan) -> Result<()> {
        let known: BTreeSet<String> =
            self.files(record).await?.into_iter().map(|file| file.name).collect();
        let mut wanted: BTreeMap<&Digest, &Bytes> = BTreeMap::new();
        for blob in plan.manifests.iter().flat_map(|manifest| &manifest.blobs) {
            if let Source::Memory(bytes) = &blob.source {
                wanted.insert(&blob.digest, bytes);
            }
        }
        for (number, (digest, bytes)) in (MEMORY..).zip(wanted) {
            if known.contains(digest.as_str()) {
                continue;
            }
            let staging = async {
                let staged =
                    Staged::begin(Arc::clone(&self.inner), record.id, number, digest.as_str())
                        .await?;
                let unpacked = Unpacked {
                    form: Form::Other,
                    digest: digest.clone(),
                    size: bytes.len() as u64,
                };
                staged.filled(bytes).await?.keep(unpacked).await
            };
            staging.await.map_err(Error::unavailable)?;
        }
        Ok(())
    }

    async fn files(&self, record: &PackageRecord) -> Result<Vec<FileRecord>> {
        let id = record.id;
        self.inner
            .store
            .peek("package.files", |tx| Box::pin(package::files(tx, id)))
            .await
            .map_err(stored)
    }

    async fn order(&self, ctx: &Context, record: &PackageRecord, plan: &Plan) -> Result<Order> {
        let inner = &self.inner;
        let now = inner.ports.now();
        let mut images: BTreeMap<RepositoryName, BTreeMap<usize, Vec<TagName>>> = BTreeMap::new();
        for tag in &plan.tags {
            let manifests = images.entry(tag.repository.clone()).or_default();
            for position in plan.closure(tag.manifest) {
                manifests.entry(position).or_default();
            }
            manifests.entry(tag.manifest).or_default().push(tag.tag.clone());
        }
        let mut orders = Vec::with_capacity(images.len());
        for (repository, manifests) in images {
            let name = ImageName::new(record.organization.clone(), repository);
            let destination = destination(&inner.access, &inner.settings, &inner.ports, ctx, &name)
                .await?
                .made_public(record.is_public);
            let mut pushes = Vec::with_capacity(manifests.len());
            let mut blobs = BTreeSet::new();
            for (position, tags) in manifests {
                let Some(planned) = plan.manifests.get(position) else { continue };
                blobs.extend(planned.blobs.iter().map(|blob| blob.digest.clone()));
                pushes.push(self.push(ctx, &destination, planned, tags, now)?);
            }
            orders.push(ImageOrder { destination, blobs, pushes });
        }
        let wanted: BTreeSet<Digest> =
            orders.iter().flat_map(|image| image.blobs.iter().cloned()).collect();
        let (staged, layers, files) = self.staged(record, &wanted, now).await?;
        let mounted = self
            .mounted(ctx, record, wanted.iter().filter(|digest| !staged.contains_key(*digest)))
            .await?;
        let tags: Vec<String> = plan
            .tags
            .iter()
            .map(|tag| format!("{}/{}:{}", record.organization, tag.repository, tag.tag))
            .collect();
        let event = Origin::of(ctx, &inner.ports)
            .event(TraceName::PostMultipartImagePackage)
            .in_account(record.account_id)
            .in_organization(record.organization_id)
            .id(&record.public_id)
            .named(&record.file_name)
            .detail(json!({ "bytes": record.size, "tags": tags }));
        let outcome = Progress { tags, ..Progress::default() };
        Ok(Order {
            images: orders,
            staged,
            mounted,
            layers,
            files,
            outcome: serde_json::to_value(outcome).map_err(Error::internal)?,
            event,
            quota: inner.settings.current().storage_quota.value,
            now,
        })
    }

    fn push(
        &self,
        ctx: &Context,
        destination: &Destination,
        planned: &PlannedManifest,
        tags: Vec<TagName>,
        now: Timestamp,
    ) -> Result<Push> {
        let limit = self.inner.settings.current().max_manifest_bytes.value;
        if planned.bytes.len() as u64 > limit {
            let message = format!("a manifest is larger than this registry takes ({limit} bytes)");
            return Err(Error::new(ErrorKind::TooLarge, Subject::Manifest, message));
        }
        Ok(Push {
            destination: destination.clone(),
            manifest: Manifest::parse(Some(planned.media_type.as_str()), &planned.bytes)?,
            digest: planned.digest.clone(),
            bytes: planned.bytes.clone(),
            tags,
            config: planned.config.as_deref().and_then(ImageConfig::parse),
            event: Origin::of(ctx, &self.inner.ports)
                .event(TraceName::CreateImageTag)
                .in_account(destination.account),
            now,
        })
    }

    /// The files that become blobs, one for each digest that is wanted.
    #[allow(clippy::type_complexity)]
    async fn staged(
        &self,
        record: &PackageRecord,
        wanted: &BTreeSet<Digest>,
        now: Timestamp,
    ) -> Result<(BTreeMap<Digest, NewBlob>, Vec<Facts>, Vec<PieceId>)> {
        let largest = match self.inner.settings.current().max_layer_bytes.value {
            0 => u64::MAX,
            most => most,
        };
        let (mut staged, mut layers, mut rows) = (BTreeMap::new(), Vec::new(), Vec::new());
        for file in self.files(record).await? {
            let Some(value) = file.facts else { continue };
            let facts: Facts = serde_json::from_value(value).map_err(Error::internal)?;
            if !wanted.contains(&facts.kept) || staged.contains_key(&facts.kept) {
                continue;
            }
            if facts.kept_size > largest {
                let message =
                    format!("a layer is larger than this registry takes ({largest} bytes)");
                return Err(Error::new(ErrorKind::TooLarge, Subject::Blob, message));
            }
            staged.insert(
                facts.kept.clone(),
                NewBlob {
                    digest: facts.kept.clone(),
                    size: facts.kept_size,
                    object_key: file.object_key,
                    backend: self.inner.objects.kind().as_str().to_owned(),
                    encryption_key_id: None,
                    created_at: now,
                },
            );
            rows.push(file.id);
            layers.push(facts);
        }
        Ok((staged, layers, rows))
    }

    /// The blobs that were not sent, if the user could mount them now.
    async fn mounted(
        &self,
        ctx: &Context,
        record: &PackageRecord,
        wanted: impl Iterator<Item = &Digest>,
    ) -> Result<BTreeMap<Digest, LinkedBlob>> {
        let skipped = skipped(record)?;
        let mut mounted = BTreeMap::new();
        for digest in wanted {
            if !skipped.iter().any(|gap| gap.facts.kept == *digest) {
                return Err(Error::new(
                    ErrorKind::Internal,
                    Subject::Blob,
                    "a blob of a plan is not staged",
                ));
            }
            let found =
                self.inner.uploads.readable_anywhere(ctx, digest).await?.ok_or_else(gone)?;
            mounted.insert(digest.clone(), found);
        }
        Ok(mounted)
    }
}

impl Order {
    async fn store(&self, tx: &mut Tx<'_>) -> Outcome<Vec<Place>> {
        let mut blobs = self.mounted.clone();
        for (digest, new) in &self.staged {
            blobs.insert(digest.clone(), blob::insert(tx, new).await?);
        }
        let mut places = Vec::with_capacity(self.images.len());
        for image in &self.images {
            let place = image.destination.open(tx).await?;
            for digest in &image.blobs {
                if let Some(blob) = blobs.get(digest) {
                    link(tx, &place, blob, self.quota, self.now).await?;
                }
            }
            for push in &image.pushes {
                push.store(tx).await?;
            }
            places.push(place);
        }
        for facts in self.layers.iter().filter(|facts| facts.form != Form::Other) {
            if let Some(blob) = blobs.get(&facts.kept) {
                let form = serde_json::to_value(facts.form).map_err(Error::internal)?;
                let form = form.as_str().unwrap_or_default();
                package::note_unpacked(tx, blob.id, &facts.unpacked, facts.unpacked_size, form)
                    .await?;
            }
        }
        for file in &self.files {
            package::forget_file(tx, *file).await?;
        }
        audit::append(tx, self.event.clone()).await?;
        Ok(places)
    }
}
