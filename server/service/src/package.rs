//! Packages: archives of images that are uploaded through the page (`console.md` A.4.6, `protocol.md` 8).
//!
//! A package is received in chunks, each a durable object of its own; when all are here, a job reads them in their order,
//! keeps the layers as blobs are kept, and sets all tags in one transaction. The reader is `roadstead-archive`.
//!
//! | step | where |
//! | --- | --- |
//! | begin, look, finish, cancel | here |
//! | a chunk | [`receive`] |
//! | the import: read, keep | [`import`], over [`shelf`] |
//! | the import: manifests and tags | [`commit`] |
//!
//! # Invariants
//! - A package is its user's alone; whether they may upload is asked again on every call, and by the import.
//! - A chunk is acknowledged when it is durable, and then never asked for again.
//! - Whatever is staged has a row before it has bytes. Whatever ends, its parts and files go, then their rows, then it.
//! - The import may stop anywhere and be run again: what it kept is not read again, and its tags appear together.
//! - A layer that is not sent must be in an image that the user may pull from when the package begins, and when it ends: the
//!   rule of mounts and nothing else.
//!
//! To add what the import understands, see `roadstead-archive`; a new reason to refuse gets a code in [`PackageFault`] and
//! its sentence in the page's words.

mod commit;
mod import;
mod receive;
mod shelf;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use roadstead::access::{Action, Allowed, UserKey};
use roadstead::error::Subject;
use roadstead::id::PackageId;
use roadstead::manage::package::{
    Gap, ImportStep, NewPackage, Package, PackageFault, PackageState, SeenLayer,
};
use roadstead::{Error, ErrorKind, Result};
use roadstead_archive::{Facts, Form};
use roadstead_object::{KeySeed, ObjectKey, Objects};
use roadstead_store::account::Excess;
use roadstead_store::job::{self, NewJob};
use roadstead_store::package::{self, PackageRecord, PackageState as State};
use roadstead_store::{Durability, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::Parts;
use crate::access::{Access, Oneself};
use crate::context::Context;
use crate::error::{Failed, kept, stored};
use crate::port::Ports;
use crate::setting::SettingsCell;
use crate::upload::Uploads;
use crate::usage::Usage;

pub use import::Import;

/// Queue of the import.
pub const QUEUE: &str = "package";

/// How long a package lives after its last progress, and how long its outcome is remembered, in seconds.
const LIFE: i64 = 24 * 60 * 60;
/// Bytes of a chunk that the page sends at a time.
pub const CHUNK: u64 = 8 * 1024 * 1024;
/// Packages that one user may have under way.
const MOST: u64 = 20;
/// Packages that are listed.
const LISTED: u32 = 50;
/// Layers that a look into a package may name.
const SEEN: usize = 1_024;
/// Layers below this are sent in any case, in bytes: asking costs more.
const WORTH: u64 = 64 * 1024;
/// How often an import is tried.
const ATTEMPTS: u32 = 8;
/// Characters of file names and fingerprints.
const LONGEST: usize = 200;
/// Ended packages of one turn.
const EXPIRED: u32 = 50;

/// Packages that are uploaded through the page. Clones share everything.
#[derive(Clone)]
pub struct Packages {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    objects: Objects,
    access: Access,
    settings: SettingsCell,
    ports: Ports,
    usage: Usage,
    uploads: Uploads,
    writers: receive::Writers,
}

impl std::fmt::Debug for Packages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Packages")
    }
}

/// A part of the file that is not sent, and what is in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Skipped {
    position: u64,
    size: u64,
    facts: Facts,
}

/// What is kept in a package's `progress`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Progress {
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<ImportStep>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<PackageFault>,
}

/// There is no such package, or none of this caller: the same words.
fn unknown() -> Error {
    Error::not_found(
        Subject::Upload,
        "there is no such upload; it may have ended or been cancelled: start again",
    )
}

fn skipped(record: &PackageRecord) -> Result<Vec<Skipped>> {
    serde_json::from_value(record.gaps.clone()).map_err(Error::internal)
}

/// The next byte that must be sent, once everything before `offset` is here.
fn next_byte(offset: u64, gaps: &[Skipped]) -> u64 {
    gaps.iter()
        .fold(offset, |at, gap| if gap.position == at { at.saturating_add(gap.size) } else { at })
}

fn shown(record: &PackageRecord) -> Result<Package> {
    let progress: Progress =
        serde_json::from_value(record.progress.clone()).map_err(Error::internal)?;
    let gaps = skipped(record)?;
    Ok(Package {
        id: record.public_id.clone(),
        organization: record.organization.clone(),
        file_name: record.file_name.clone(),
        size: record.size,
        fingerprint: record.fingerprint.clone(),
        repository: record.repository.clone(),
        is_public: record.is_public,
        state: match record.state {
            State::Receiving => PackageState::Receiving,
            State::Queued => PackageState::Queued,
            State::Importing => PackageState::Importing,
            State::Done => PackageState::Done,
            State::Failed => PackageState::Failed,
        },
        received: record.received,
        gaps: gaps.iter().map(|gap| Gap { position: gap.position, size: gap.size }).collect(),
        chunk: CHUNK,
        step: progress.step,
        tags: progress.tags,
        fault: progress.fault,
        created_at: record.created_at,
        expires_at: record.expires_at,
    })
}

impl Packages {
    pub(crate) fn new(parts: &Parts, access: Access, usage: Usage, uploads: Uploads) -> Self {
        Self {
            inner: Arc::new(Inner {
                store: parts.store.clone(),
                objects: parts.objects.clone(),
                access,
                settings: parts.settings.clone(),
                ports: parts.ports.clone(),
                usage,
                uploads,
                writers: receive::Writers::default(),
            }),
        }
    }

    /// Begins a package.
    ///
    /// # Errors
    /// Those of [`Access::authorize`] for uploading packages to the organization; `TooLarge` over the setting
    /// `max_package_bytes`; `QuotaExceeded` when the account has no room for it; `Conflict` when the user has too many
    /// under way; `Invalid` for what makes no sense.
    #[tracing::instrument(name = "service.package.begin", skip_all, fields(organization = %new.organization))]
    pub async fn begin(&self, ctx: &Context, new: NewPackage) -> Result<Package> {
        let allowed =
            self.inner.access.authorize(ctx, Action::UploadPackage, &new.organization).await?;
        let (user, oneself) = (ctx.user()?.user, self.oneself(ctx).await?);
        let settings = self.inner.settings.current();
        check(&new, settings.max_package_bytes.value)?;
        let gaps = self.gaps(ctx, &new).await?;
        let sent = gaps.iter().fold(new.size, |left, gap| left.saturating_sub(gap.size));
        let now = ctx.now();
        let id = self.inner.ports.uuid().to_string();
        let row = Arc::new(package::NewPackage {
            organization: allowed.key(),
            public_id: id.clone(),
            user,
            address: ctx.client_text(),
            file_name: new.file_name,
            fingerprint: new.fingerprint,
            size: new.size,
            repository: new.repository,
            is_public: new.is_public,
            received: next_byte(0, &gaps),
            gaps: serde_json::to_value(&gaps).map_err(Error::internal)?,
            created_at: now,
            expires_at: now.plus_seconds(LIFE),
        });
        let (quota, organization) = (settings.storage_quota.value, allowed.key());
        self.inner
            .store
            .run("package.create", Durability::Durable, move |tx| {
                let row = Arc::clone(&row);
                Box::pin(async move {
                    if package::count_open(tx, oneself).await? >= MOST {
                        return Err(Failed::Domain(too_many()));
                    }
                    if let Some(excess) = package::excess(tx, organization, sent, quota).await? {
                        return Err(Failed::Domain(no_room(excess, sent)));
                    }
                    package::create(tx, &row).await.map_err(Failed::from)
                })
            })
            .await
            .map_err(Error::from)?;
        self.look(oneself, &id).await.and_then(|record| shown(&record))
    }

    /// Which of the layers that were seen need not be sent: those that the caller could mount from an image of theirs now.
    async fn gaps(&self, ctx: &Context, new: &NewPackage) -> Result<Vec<Skipped>> {
        let mut seen = new.layers.clone();
        seen.sort_by_key(|layer| layer.position);
        let mut gaps: Vec<Skipped> = Vec::new();
        for layer in seen {
            let free = gaps.last().map_or(0, |gap| gap.position.saturating_add(gap.size));
            let end = layer.position.saturating_add(layer.size);
            if layer.size < WORTH || layer.position < free || end > new.size {
                continue;
            }
            if let Some(facts) = self.mountable(ctx, &layer).await? {
                gaps.push(Skipped { position: layer.position, size: layer.size, facts });
            }
        }
        Ok(gaps)
    }

    async fn mountable(&self, ctx: &Context, layer: &SeenLayer) -> Result<Option<Facts>> {
        let known = self
            .inner
            .store
            .read("package.find_unpacked", |tx| {
                let digest = layer.digest.clone();
                Box::pin(async move { package::find_unpacked(tx, &digest, 4).await })
            })
            .await
            .map_err(stored)?;
        for found in known {
            let is_whole = found.digest == layer.digest;
            let size = if is_whole { found.size } else { found.unpacked_size };
            let Ok(form) = serde_json::from_value::<Form>(json!(found.form)) else { continue };
            if size != layer.size {
                continue;
            }
            if self.inner.uploads.readable_anywhere(ctx, &found.digest).await?.is_some() {
                // In the archive as it is kept, or as a tar that would have been compressed.
                let form = if is_whole && form == Form::Pressed {
                    Form::Gzip
                } else if is_whole {
                    form
                } else {
                    Form::Pressed
                };
                return Ok(Some(Facts {
                    form,
                    kept: found.digest,
                    kept_size: found.size,
                    unpacked: found.unpacked,
                    unpacked_size: found.unpacked_size,
                }));
            }
        }
        Ok(None)
    }

    /// The caller's last packages, the newest first.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks.
    pub async fn list(&self, ctx: &Context) -> Result<Vec<Package>> {
        let oneself = self.oneself(ctx).await?;
        let records = self
            .inner
            .store
            .peek("package.list", |tx| Box::pin(package::list(tx, oneself, LISTED)))
            .await
            .map_err(stored)?;
        // What was given up is only waiting for its parts to be removed.
        let now = ctx.now();
        records.iter().filter(|record| now < record.expires_at).map(shown).collect()
    }

    /// How far a package has come.
    ///
    /// # Errors
    /// `NotFound` about the upload when there is no such package of this caller.
    pub async fn status(&self, ctx: &Context, id: Uuid) -> Result<Package> {
        shown(&self.find(ctx, id).await?)
    }

    /// Ends the receiving; the import begins.
    ///
    /// # Errors
    /// As [`Packages::status`]; those of [`Access::authorize`]; `RangeInvalid` with the `offset` in its detail when bytes
    /// are missing.
    #[tracing::instrument(name = "service.package.finish", skip_all)]
    pub async fn finish(&self, ctx: &Context, id: Uuid) -> Result<Package> {
        let record = self.find(ctx, id).await?;
        self.inner.access.authorize(ctx, Action::UploadPackage, &record.organization).await?;
        if record.state == State::Receiving {
            if record.received < record.size {
                return Err(receive::out_of_range(
                    record.received,
                    "parts of the file are missing",
                ));
            }
            self.enqueue(&record).await?;
        }
        self.status(ctx, id).await
    }

    async fn enqueue(&self, record: &PackageRecord) -> Result<()> {
        let now = self.inner.ports.now();
        let (package, account, user) = (record.id, record.account_id, record.user_id);
        self.inner
            .store
            .run("package.enqueue", Durability::Durable, move |tx| {
                Box::pin(async move {
                    let expires = now.plus_seconds(LIFE);
                    if package::pass(tx, package, State::Receiving, State::Queued, now, expires)
                        .await?
                    {
                        let new = NewJob {
                            queue: QUEUE.to_owned(),
                            name: "import".to_owned(),
                            payload: json!(Import { package }),
                            unique_key: Some(package.to_string()),
                            account: Some(account),
                            creator: Some(user),
                            max_attempts: ATTEMPTS,
                            run_at: now,
                            created_at: now,
                        };
                        job::enqueue(tx, &new).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await
            .map_err(stored)
    }

    /// Gives a package up: what was received goes at once. What came of a finished one stays, and is only no longer listed.
    ///
    /// # Errors
    /// As [`Packages::status`]; `Conflict` while it is imported.
    #[tracing::instrument(name = "service.package.cancel", skip_all)]
    pub async fn cancel(&self, ctx: &Context, id: Uuid) -> Result<()> {
        let record = self.find(ctx, id).await?;
        if record.state == State::Importing {
            return Err(Error::new(
                ErrorKind::Conflict,
                Subject::Upload,
                "the package is being imported; wait until that has ended",
            ));
        }
        self.abandon(record.id).await
    }

    /// Removes packages that nobody went on with, and what is remembered of ended ones. To be called now and then.
    ///
    /// # Errors
    /// Those of the store and the storage; what was done stays done.
    pub async fn tidy(&self) -> Result<()> {
        loop {
            let now = self.inner.ports.now();
            let ended = self
                .inner
                .store
                .peek("package.expired", |tx| Box::pin(package::expired(tx, now, EXPIRED)))
                .await
                .map_err(stored)?;
            let is_last = ended.len() < EXPIRED as usize;
            for record in ended {
                self.abandon(record.id).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn abandon(&self, id: PackageId) -> Result<()> {
        let now = self.inner.ports.now();
        self.inner
            .store
            .run("package.abandon", Durability::Relaxed, move |tx| {
                Box::pin(package::abandon(tx, id, now))
            })
            .await
            .map_err(stored)?;
        self.clear(id).await?;
        self.inner
            .store
            .run("package.forget", Durability::Relaxed, move |tx| Box::pin(package::forget(tx, id)))
            .await
            .map_err(stored)
    }

    /// Removes the parts and files of a package: bytes, then rows.
    async fn clear(&self, id: PackageId) -> Result<()> {
        let store = &self.inner.store;
        for is_kept in [false, true] {
            let parts = store
                .peek("package.parts", |tx| Box::pin(package::parts(tx, id, is_kept)))
                .await
                .map_err(stored)?;
            for part in parts {
                self.remove(&part.object_key).await?;
                store
                    .run("package.forget_part", Durability::Relaxed, move |tx| {
                        Box::pin(package::forget_part(tx, part.id))
                    })
                    .await
                    .map_err(stored)?;
            }
        }
        let files = store
            .peek("package.files", |tx| Box::pin(package::files(tx, id)))
            .await
            .map_err(stored)?;
        for file in files {
            self.remove(&file.object_key).await?;
            store
                .run("package.forget_file", Durability::Relaxed, move |tx| {
                    Box::pin(package::forget_file(tx, file.id))
                })
                .await
                .map_err(stored)?;
        }
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<()> {
        let key: ObjectKey = key.parse().map_err(Error::internal)?;
        self.inner.objects.delete_remains(key).await.map_err(kept)
    }

    async fn find(&self, ctx: &Context, id: Uuid) -> Result<PackageRecord> {
        let oneself = self.oneself(ctx).await?;
        let record = self.look(oneself, &id.to_string()).await?;
        if ctx.now() < record.expires_at { Ok(record) } else { Err(unknown()) }
    }

    /// The proof that the caller is who the package is of.
    async fn oneself(&self, ctx: &Context) -> Result<Allowed<UserKey>> {
        Ok(self.inner.access.authorize(ctx, Action::ManageOneself, Oneself).await?.key())
    }

    async fn look(&self, user: Allowed<UserKey>, id: &str) -> Result<PackageRecord> {
        self.inner
            .store
            .peek("package.find", |tx| {
                let id = id.to_owned();
                Box::pin(async move { package::find(tx, &id, user).await })
            })
            .await
            .map_err(stored)?
            .ok_or_else(unknown)
    }
}

impl Inner {
    /// A key that was never used.
    fn new_key(&self) -> ObjectKey {
        ObjectKey::new(KeySeed {
            milliseconds: u64::try_from(self.ports.now().0 / 1_000).unwrap_or_default(),
            random: self.ports.bytes(),
        })
    }
}

fn check(new: &NewPackage, limit: u64) -> Result<()> {
    let invalid = |message: &str| Err(Error::invalid(Subject::Upload, message));
    let is_text =
        |text: &str| text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
    if new.size == 0 {
        return invalid("the file is empty");
    }
    if new.size > limit {
        return Err(Error::new(
            ErrorKind::TooLarge,
            Subject::Upload,
            format!("the file is larger than a package may be ({limit} bytes); push the image with a client"),
        )
        .with_detail(json!({ "limit": limit })));
    }
    if new.file_name.is_empty() || !is_text(&new.file_name) || !is_text(&new.fingerprint) {
        return invalid("the file's name is empty, too long, or has control characters in it");
    }
    if new.layers.len() > SEEN {
        return invalid("too many layers");
    }
    Ok(())
}

fn too_many() -> Error {
    Error::new(
        ErrorKind::Conflict,
        Subject::Upload,
        format!("you have {MOST} unfinished uploads; finish or cancel some of them first"),
    )
}

fn no_room(excess: Excess, more: u64) -> Error {
    let Excess { size, limit } = excess;
    Error::new(
        ErrorKind::QuotaExceeded,
        Subject::Upload,
        format!(
            "the account's storage quota is {limit} bytes and the package would make it {size}; delete images, or ask the \
             administrator for a larger quota"
        ),
    )
    .with_detail(json!({ "used": size.saturating_sub(more), "limit": limit }))
}
