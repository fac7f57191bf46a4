//! The import: reads a package that is whole, and makes images of it. Run as a job; may stop anywhere and be run again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use roadstead::access::{Action, Actor};
use roadstead::id::PackageId;
use roadstead::manage::package::{ImportStep, PackageFault};
use roadstead::{Error, ErrorKind, Result};
use roadstead_archive::{Contents, Failure, Limits, scan};
use roadstead_store::package::{self, PackageRecord, PackageState};
use roadstead_store::{Durability, StoreError};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::shelf::{Meter, Source, Staging};
use super::{LIFE, Packages, Progress, skipped};
use crate::context::Context;
use crate::error::stored;

/// Entries of an archive.
const ENTRIES: u32 = 200_000;
/// How often the page can see how far the import is.
const NOTED: Duration = Duration::from_secs(1);

/// The payload of the job: which package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The package.
    pub package: PackageId,
}

/// How an attempt came out, when it is not to be repeated.
pub(super) enum Verdict {
    /// These tags were set; that is written already.
    Done,
    /// Nothing comes of it.
    Refused(PackageFault),
}

impl Packages {
    /// Imports a package; one that ended is left alone. An error is one that trying again may mend.
    ///
    /// # Errors
    /// When store or storage fail, and when it is stopped.
    #[tracing::instrument(name = "service.package.import", skip_all, fields(package = import.package.0))]
    pub async fn import(
        &self,
        ctx: &Context,
        import: Import,
        stop: CancellationToken,
    ) -> Result<()> {
        let Some(record) = self.load(import.package).await? else { return Ok(()) };
        if !self.starts(&record).await? {
            return Ok(());
        }
        match self.attempt(ctx, &record, stop).await {
            Ok(Verdict::Done) => self.clear(record.id).await,
            Ok(Verdict::Refused(fault)) => {
                tracing::info!(code = fault.code, detail = fault.detail, "a package was refused");
                self.refuse(record.id, fault).await
            }
            Err(error) => match fault_of(&error) {
                Some(fault) => self.refuse(record.id, fault).await,
                None => Err(error),
            },
        }
    }

    /// Ends a package whose import failed as often as it may.
    ///
    /// # Errors
    /// Those of the store and the storage.
    pub async fn give_up(&self, import: Import) -> Result<()> {
        let detail =
            "the import failed again and again; the administrator finds the cause in the log"
                .to_owned();
        self.refuse(import.package, PackageFault { code: "failed".to_owned(), detail }).await
    }

    async fn load(&self, id: PackageId) -> Result<Option<PackageRecord>> {
        self.inner
            .store
            .peek("package.load", |tx| Box::pin(package::load(tx, id)))
            .await
            .map_err(stored)
    }

    /// `false` when there is nothing to do.
    async fn starts(&self, record: &PackageRecord) -> Result<bool> {
        if record.state == PackageState::Importing {
            return Ok(true);
        }
        let (id, now) = (record.id, self.inner.ports.now());
        self.inner
            .store
            .run("package.start", Durability::Relaxed, move |tx| {
                let (from, to) = (PackageState::Queued, PackageState::Importing);
                Box::pin(package::pass(tx, id, from, to, now, now.plus_seconds(LIFE)))
            })
            .await
            .map_err(stored)
    }

    async fn refuse(&self, id: PackageId, fault: PackageFault) -> Result<()> {
        let outcome = Progress { fault: Some(fault), ..Progress::default() };
        let outcome = serde_json::to_value(outcome).map_err(Error::internal)?;
        let now = self.inner.ports.now();
        self.inner
            .store
            .run("package.refuse", Durability::Durable, move |tx| {
                let outcome = outcome.clone();
                Box::pin(async move {
                    let expires = now.plus_seconds(LIFE);
                    package::end(tx, id, PackageState::Failed, &outcome, now, expires).await?;
                    Ok::<_, StoreError>(())
                })
            })
            .await
            .map_err(stored)?;
        self.clear(id).await
    }

    async fn attempt(
        &self,
        ctx: &Context,
        record: &PackageRecord,
        stop: CancellationToken,
    ) -> Result<Verdict> {
        let refused = |code: &str, detail: &str| {
            Ok(Verdict::Refused(PackageFault { code: code.to_owned(), detail: detail.to_owned() }))
        };
        // Whoever began it must still be somebody, and still be allowed to.
        let Some(person) = self.inner.access.person(record.user_id).await? else {
            return refused("4039002", "the user who uploaded the package is disabled or gone");
        };
        let creator = Context {
            actor: Actor::User(person.actor.clone()),
            client: record.address.parse().ok(),
            // What came through the page is recorded as that, though no session is open any more.
            session: Some(String::new()),
            ..ctx.clone()
        };
        self.inner.access.authorize(&creator, Action::UploadPackage, &record.organization).await?;
        let contents = match self.read(record, stop).await? {
            Ok(contents) => contents,
            Err(fault) => return Ok(Verdict::Refused(fault)),
        };
        let plan = match contents.plan(&record.organization, record.repository.as_ref()) {
            Ok(plan) => plan,
            Err(error) => return Ok(Verdict::Refused(fault(&error))),
        };
        self.note(record.id, ImportStep::Tagging).await?;
        self.commit(&creator, record, plan).await
    }

    /// Reads the archive to its end.
    async fn read(
        &self,
        record: &PackageRecord,
        stop: CancellationToken,
    ) -> Result<std::result::Result<Contents, PackageFault>> {
        let inner = &self.inner;
        let id = record.id;
        let (parts, files) = inner
            .store
            .read("package.pieces", |tx| {
                Box::pin(async move {
                    Ok((package::parts(tx, id, true).await?, package::files(tx, id).await?))
                })
            })
            .await
            .map_err(stored)?;
        // What an attempt before this one did not finish is begun anew.
        for file in files.iter().filter(|file| file.facts.is_none()) {
            self.remove(&file.object_key).await?;
            let row = file.id;
            inner
                .store
                .run("package.forget_file", Durability::Relaxed, move |tx| {
                    Box::pin(package::forget_file(tx, row))
                })
                .await
                .map_err(stored)?;
        }
        let meter = Arc::new(Meter::default());
        let gaps = skipped(record)?;
        let mut staging = Staging::new(Arc::clone(inner), id, Arc::clone(&meter), gaps, &files);
        let source = Source {
            inner: Arc::clone(inner),
            handle: staging.handle.clone(),
            parts,
            size: record.size,
            meter: Arc::clone(&meter),
            stop: stop.clone(),
            position: 0,
            open: None,
        };
        let (size, limits) = (
            record.size,
            Limits { unpacked: inner.settings.current().max_package_bytes.value, entries: ENTRIES },
        );
        let mut reading =
            tokio::task::spawn_blocking(move || scan(source, size, limits, &mut staging));
        let mut last = None;
        let outcome = loop {
            match tokio::time::timeout(NOTED, &mut reading).await {
                Ok(done) => break done.map_err(Error::internal)?,
                Err(_) => {
                    let step = ImportStep::Reading {
                        read: meter.read.load(Ordering::Relaxed),
                        layers: meter.layers.load(Ordering::Relaxed),
                    };
                    if last != Some(step) {
                        self.note(id, step).await?;
                        last = Some(step);
                    }
                }
            }
        };
        match outcome {
            Ok(contents) => Ok(Ok(contents)),
            Err(Failure::Refused(refused)) => Ok(Err(fault(&refused))),
            Err(Failure::Io(error)) => Err(Error::unavailable(error)),
        }
    }

    async fn note(&self, id: PackageId, step: ImportStep) -> Result<()> {
        let progress = Progress { step: Some(step), ..Progress::default() };
        let progress = serde_json::to_value(progress).map_err(Error::internal)?;
        let now = self.inner.ports.now();
        self.inner
            .store
            .run("package.note", Durability::Relaxed, move |tx| {
                let progress = progress.clone();
                Box::pin(async move {
                    package::note(tx, id, &progress, now, now.plus_seconds(LIFE)).await
                })
            })
            .await
            .map_err(stored)
    }
}

fn fault(refused: &roadstead_archive::Refused) -> PackageFault {
    PackageFault { code: refused.fault.code().to_owned(), detail: refused.what.clone() }
}

/// What an error means for the package; `None` for what trying again may mend.
pub(super) fn fault_of(error: &Error) -> Option<PackageFault> {
    let code = match error.kind() {
        ErrorKind::Denied | ErrorKind::Hidden | ErrorKind::Unauthenticated => "4039002",
        ErrorKind::QuotaExceeded => "quota",
        ErrorKind::TooLarge => "4130025",
        ErrorKind::Invalid
        | ErrorKind::Unsupported
        | ErrorKind::DigestMismatch
        | ErrorKind::RangeInvalid => "4000069",
        ErrorKind::NotFound => "4040010",
        ErrorKind::AlreadyExists | ErrorKind::Conflict => "gone",
        ErrorKind::RateLimited
        | ErrorKind::Unavailable
        | ErrorKind::StorageFull
        | ErrorKind::Corrupt
        | ErrorKind::Internal => return None,
    };
    Some(PackageFault { code: code.to_owned(), detail: error.message().to_owned() })
}
