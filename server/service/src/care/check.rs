//! Reading everything again: what database and storage disagree on.
//!
//! | looked at | for |
//! | --- | --- |
//! | every blob | its object is there, has the recorded size, and hashes to the digest; as many images hold it as noted |
//! | every manifest | its bytes hash to its digest and parse; the blobs and children it names are in its image |
//! | every link | it notes as many manifests as need it |
//! | everything in the storage | the database knows it |
//!
//! # Invariants
//! - One piece of one object, one batch of rows: memory does not grow with what is stored, nor with what is found.
//! - Nothing is changed, but that objects note when they were last read and what was wrong with them.
//! - What is collected or pushed meanwhile is no finding: whatever looks wrong is asked about again before it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use roadstead::access::Action;
use roadstead::id::{BlobId, ManifestId, ObjectId, RepositoryId};
use roadstead::oci::Manifest;
use roadstead::{Digest, Hasher, ImageName, Result};
use roadstead_object::{Found, ObjectError, ObjectKey};
use roadstead_store::maintenance::{self, CheckedBlob, CheckedManifest, Whole};
use roadstead_store::{Durability, StoreError, object};

use crate::Service;
use crate::access::Instance;
use crate::context::Context;
use crate::error::{kept, stored};

/// Blobs of one turn.
const BLOBS: u32 = 100;
/// Manifests of one turn; each has up to four megabytes.
const MANIFESTS: u32 = 8;
/// Links of one turn.
const LINKS: u32 = 1_000;
/// Objects read at a time.
const PARALLEL: usize = 2;

/// How far the reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Objects that were read.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Manifests that were read.
    pub manifests: u64,
    /// Entries of the storage that were looked at.
    pub entries: u64,
    /// How much is not as it must be.
    pub findings: u64,
}

/// What is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The object of a blob is not what the database says.
    Object {
        /// The blob's digest.
        digest: Digest,
        /// Key of the object in the storage.
        object_key: String,
        /// What is wrong with it.
        fault: String,
    },
    /// A blob's row is not what the other rows say.
    Blob {
        /// The blob's digest.
        digest: Digest,
        /// What is wrong with it.
        fault: String,
    },
    /// A manifest is not whole.
    Manifest {
        /// Its image.
        image: ImageName,
        /// Its digest.
        digest: Digest,
        /// What is wrong with it.
        fault: String,
    },
    /// The database does not know something in the storage.
    Stray {
        /// Its path in the storage.
        path: String,
        /// Bytes.
        size: u64,
        /// Whether it has a key as our objects have.
        is_object: bool,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { digest, object_key, fault } => {
                write!(f, "blob {digest}: {fault} (object {object_key})")
            }
            Self::Blob { digest, fault } => write!(f, "blob {digest}: {fault}"),
            Self::Manifest { image, digest, fault } => {
                write!(f, "manifest {image}@{digest}: {fault}")
            }
            Self::Stray { path, size, is_object: true } => write!(
                f,
                "object {path}: the database does not know it ({size} bytes); `roadstead collect` removes it when it is a day \
                 old"
            ),
            Self::Stray { path, size, is_object: false } => {
                write!(f, "file {path}: it is none of ours ({size} bytes)")
            }
        }
    }
}

/// What whoever asked for a check is told while it runs.
#[derive(Debug)]
pub enum Told<'a> {
    /// Something is not as it must be.
    Found(&'a Finding),
    /// So far everything is read.
    Progress(&'a Report),
}

/// Who is told.
pub type Listener<'a> = &'a mut (dyn FnMut(Told<'_>) + Send);

/// A check under way.
struct Check<'a> {
    service: &'a Service,
    whole: Whole,
    report: Report,
    listener: Listener<'a>,
}

impl Service {
    /// Reads every stored object and manifest and compares them with what the database says; tells `listener` of each
    /// finding.
    ///
    /// # Errors
    /// `Denied` unless the operator or the system asks; Unavailable when the storage or the store does not answer.
    #[tracing::instrument(name = "service.care.check", skip_all)]
    pub async fn check(&self, ctx: &Context, listener: Listener<'_>) -> Result<Report> {
        let allowed = self.access().authorize(ctx, Action::ManageSettings, Instance).await?;
        let whole = Whole::of(&allowed);
        let mut check = Check { service: self, whole, report: Report::default(), listener };
        check.blobs().await?;
        check.manifests().await?;
        check.links().await?;
        check.storage().await?;
        Ok(check.report)
    }
}

impl Check<'_> {
    fn found(&mut self, finding: &Finding) {
        self.report.findings += 1;
        (self.listener)(Told::Found(finding));
    }

    fn progress(&mut self) {
        (self.listener)(Told::Progress(&self.report));
    }

    async fn blobs(&mut self) -> Result<()> {
        let (service, whole, mut last) = (self.service, self.whole, BlobId(0));
        loop {
            let batch = service
                .store()
                .peek("care.blobs_after", |tx| {
                    Box::pin(maintenance::blobs_after(tx, whole, last, BLOBS))
                })
                .await
                .map_err(stored)?;
            let Some(end) = batch.last().map(|blob| blob.id) else {
                return Ok(());
            };
            last = end;
            let mut read = futures::stream::iter(batch)
                .map(|blob| async move {
                    let fault = service.read_again(&blob).await;
                    (blob, fault)
                })
                .buffered(PARALLEL);
            let mut notes: Vec<(ObjectId, Option<String>)> = Vec::new();
            while let Some((blob, fault)) = read.next().await {
                let fault = fault?;
                self.report.objects += 1;
                self.report.bytes += blob.size;
                self.blob(blob, fault, &mut notes).await?;
                self.progress();
            }
            drop(read);
            let (notes, now) = (Arc::new(notes), service.ports().now());
            service
                .store()
                .run("object.note_verified", Durability::Relaxed, move |tx| {
                    let notes = Arc::clone(&notes);
                    Box::pin(async move {
                        for (id, fault) in notes.iter() {
                            object::note_verified(tx, *id, fault.as_deref(), now).await?;
                        }
                        Ok::<_, StoreError>(())
                    })
                })
                .await
                .map_err(stored)?;
        }
    }

    async fn blob(
        &mut self,
        blob: CheckedBlob,
        fault: Option<String>,
        notes: &mut Vec<(ObjectId, Option<String>)>,
    ) -> Result<()> {
        let (id, object) = (blob.id, blob.object_id);
        if fault.is_some() {
            let is_current = self
                .service
                .store()
                .peek("care.is_current", |tx| Box::pin(maintenance::is_current(tx, id, object)))
                .await
                .map_err(stored)?;
            if !is_current {
                return Ok(());
            }
        }
        notes.push((object, fault.clone()));
        if let Some(fault) = fault {
            self.found(&Finding::Object {
                digest: blob.digest.clone(),
                object_key: blob.object_key,
                fault,
            });
        }
        if blob.links != blob.link_count {
            let fault = format!(
                "{} images have it, but {} are noted; it is not collected too early, but perhaps never",
                blob.links, blob.link_count
            );
            self.found(&Finding::Blob { digest: blob.digest, fault });
        }
        Ok(())
    }

    async fn manifests(&mut self) -> Result<()> {
        let (whole, mut last) = (self.whole, ManifestId(0));
        loop {
            let (batch, linked, missing) = self
                .service
                .store()
                .read("care.manifests_after", |tx| {
                    Box::pin(async move {
                        let batch =
                            maintenance::manifests_after(tx, whole, last, MANIFESTS).await?;
                        let ids: Vec<ManifestId> = batch.iter().map(|found| found.id).collect();
                        let mut linked: BTreeMap<ManifestId, BTreeSet<Digest>> = BTreeMap::new();
                        let mut missing = Vec::new();
                        if !ids.is_empty() {
                            for (id, digest) in maintenance::blobs_of(tx, whole, &ids).await? {
                                linked.entry(id).or_default().insert(digest);
                            }
                            missing = maintenance::children_missing(tx, whole, &ids).await?;
                        }
                        Ok::<_, StoreError>((batch, linked, missing))
                    })
                })
                .await
                .map_err(stored)?;
            let Some(end) = batch.last().map(|found| found.id) else {
                return Ok(());
            };
            last = end;
            for found in &batch {
                let has = linked.get(&found.id).cloned().unwrap_or_default();
                for fault in examine(found, &has, &missing) {
                    self.found(&Finding::Manifest {
                        image: found.path.clone(),
                        digest: found.digest.clone(),
                        fault,
                    });
                }
                self.report.manifests += 1;
            }
            self.progress();
        }
    }

    async fn links(&mut self) -> Result<()> {
        let (whole, mut last) = (self.whole, (RepositoryId(0), BlobId(0)));
        loop {
            let (wrong, end) = self
                .service
                .store()
                .peek("care.links_miscounted", |tx| {
                    Box::pin(maintenance::links_miscounted(tx, whole, last, LINKS))
                })
                .await
                .map_err(stored)?;
            for (image, digest) in wrong {
                let fault =
                    format!("the number of manifests of {image} that need it is noted wrongly");
                self.found(&Finding::Blob { digest, fault });
            }
            match end {
                Some(end) => last = end,
                None => return Ok(()),
            }
        }
    }

    async fn storage(&mut self) -> Result<()> {
        let service = self.service;
        let mut pages = service.objects().list().try_chunks(500);
        while let Some(page) = pages.next().await {
            let page: Vec<Found> = page.map_err(|error| kept(error.1))?;
            self.report.entries += page.len() as u64;
            let ours: Vec<(ObjectKey, usize)> = page
                .iter()
                .enumerate()
                .filter_map(|(index, found)| Some((found.key?, index)))
                .collect();
            let unknown = service.unknown(&ours).await?;
            for found in page.iter().filter(|found| found.key.is_none()) {
                let (path, size) = (found.path.clone(), found.size);
                self.found(&Finding::Stray { path, size, is_object: false });
            }
            for (key, index) in unknown {
                // Removed meanwhile, its row too.
                if !service.objects().exists(key).await.map_err(kept)? {
                    continue;
                }
                if let Some(found) = page.get(index) {
                    let (path, size) = (found.path.clone(), found.size);
                    self.found(&Finding::Stray { path, size, is_object: true });
                }
            }
            self.progress();
        }
        Ok(())
    }
}

impl Service {
    /// What is wrong with a blob's object, if anything is.
    async fn read_again(&self, blob: &CheckedBlob) -> Result<Option<String>> {
        let told = |fault: &str| Ok(Some(fault.to_owned()));
        if blob.object_state != "live" {
            return told("its object is to be removed, though the blob needs it");
        }
        if blob.object_size != blob.size {
            return Ok(Some(format!(
                "it has {} bytes as a blob and {} as an object",
                blob.size, blob.object_size
            )));
        }
        let Ok(key) = blob.object_key.parse::<ObjectKey>() else {
            return told("the key of its object is none of ours");
        };
        match self.objects().size(key).await.map_err(kept)? {
            None => return told("its object is missing"),
            Some(size) if size != blob.size => {
                return Ok(Some(format!(
                    "its object has {size} bytes; it must have {}",
                    blob.size
                )));
            }
            Some(_) => {}
        }
        let hasher = Hasher::new(blob.digest.algorithm());
        let hashed = self.objects().hash(key, blob.size, hasher).await.map(Hasher::finish);
        match hashed {
            Ok(digest) if digest == blob.digest => Ok(None),
            Ok(_) => told("the bytes of its object were changed"),
            Err(ObjectError::Missing { .. }) => told("its object is missing"),
            Err(ObjectError::Damaged { .. }) => told("its object cannot be read to its end"),
            Err(error) => Err(kept(error)),
        }
    }
}

/// What is wrong with a manifest. `linked` are the blobs that it is known to need and that its image has.
fn examine(
    found: &CheckedManifest,
    linked: &BTreeSet<Digest>,
    missing: &[(ManifestId, Digest)],
) -> Vec<String> {
    let Some(body) = &found.body else {
        return vec!["its bytes are missing".to_owned()];
    };
    if Digest::of(found.digest.algorithm(), body) != found.digest {
        return vec!["its bytes were changed".to_owned()];
    }
    let parsed = match Manifest::parse(Some(&found.media_type.to_string()), body) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("it cannot be read: {error}")],
    };
    let mut faults = Vec::new();
    for descriptor in parsed.required_blobs() {
        if !linked.contains(&descriptor.digest) {
            faults.push(format!(
                "it needs the blob {}, which its image does not have",
                descriptor.digest
            ));
        }
    }
    for (_, child) in missing.iter().filter(|(parent, _)| *parent == found.id) {
        faults.push(format!("it names the manifest {child}, which its image does not have"));
    }
    faults
}
