//! Looking after what is stored: tidying up what ended, and reading everything again.
//!
//! # Invariants
//! - Tidying is idempotent and may stop anywhere: what is left is found the next time.
//! - Bytes go before the row that names them; a row that outlives its bytes is removed by the next turn.
//! - Reading everything again holds one piece of one object in memory and no transaction.

use std::fmt;

use roadstead::access::{Action, Actor};
use roadstead::error::Subject;
use roadstead::id::ObjectId;
use roadstead::{Digest, Error, ErrorKind, Hasher, Result};
use roadstead_object::{ObjectError, ObjectKey};
use roadstead_store::object::{self, StoredBlob};
use roadstead_store::{Durability, change, credential, session};

use crate::Service;
use crate::access::Instance;
use crate::context::Context;
use crate::error::stored;

/// Rows of one turn.
const BATCH: u32 = 200;
/// Changes are kept this long, in seconds: no reader is that far behind.
const CHANGES: i64 = 24 * 60 * 60;

/// What reading everything again found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Objects that were read.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is not as it must be.
    pub findings: Vec<Finding>,
}

/// An object that is not what the database says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The blob's digest.
    pub digest: Digest,
    /// Key of the object in the storage.
    pub object_key: String,
    /// What is wrong with it.
    pub fault: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (object {})", self.digest, self.fault, self.object_key)
    }
}

impl Service {
    /// Removes ended sessions, abandoned uploads with their bytes, ended temporary credentials, and old changes.
    ///
    /// # Errors
    /// Those of the store and the storage; what was done stays done.
    #[tracing::instrument(name = "service.care.tidy", skip_all)]
    pub async fn tidy(&self) -> Result<()> {
        let now = self.ports().now();
        self.store()
            .run("care.tidy", Durability::Relaxed, move |tx| {
                Box::pin(async move {
                    session::remove_expired(tx, now).await?;
                    credential::remove_expired(tx, now, BATCH).await?;
                    change::forget(tx, now.plus_seconds(-CHANGES)).await?;
                    Ok(())
                })
            })
            .await
            .map_err(stored)?;
        self.uploads().tidy().await
    }

    /// Reads every stored object and compares it with its digest; notes the outcome with the object.
    ///
    /// # Errors
    /// Denied unless the operator or the system asks; Unavailable when the storage does not answer at all.
    #[tracing::instrument(name = "service.care.check", skip_all)]
    pub async fn check(&self, ctx: &Context) -> Result<Report> {
        if !matches!(ctx.actor, Actor::System(_)) {
            self.access().authorize(ctx, Action::ManageSettings, Instance).await?;
        }
        let mut report = Report::default();
        let mut last = ObjectId(0);
        loop {
            let batch = self
                .store()
                .peek("object.stored_after", |tx| Box::pin(object::stored_after(tx, last, BATCH)))
                .await
                .map_err(stored)?;
            let Some(end) = batch.last().map(|blob| blob.id) else {
                return Ok(report);
            };
            last = end;
            for blob in &batch {
                let fault = self.read_again(blob).await?;
                report.objects += 1;
                report.bytes += blob.size;
                if let Some(fault) = fault {
                    report.findings.push(Finding {
                        digest: blob.digest.clone(),
                        object_key: blob.object_key.clone(),
                        fault,
                    });
                }
                let (id, now) = (blob.id, self.ports().now());
                self.store()
                    .run("object.note_verified", Durability::Relaxed, move |tx| {
                        Box::pin(object::note_verified(tx, id, fault, now))
                    })
                    .await
                    .map_err(stored)?;
            }
        }
    }

    /// What is wrong with an object, if anything is.
    async fn read_again(&self, blob: &StoredBlob) -> Result<Option<&'static str>> {
        let Ok(key) = blob.object_key.parse::<ObjectKey>() else {
            return Ok(Some("its key is none of ours"));
        };
        let hasher = Hasher::new(blob.digest.algorithm());
        let hashed = self.objects().hash(key, blob.size, hasher).await.map(Hasher::finish);
        match hashed {
            Ok(digest) if digest == blob.digest => Ok(None),
            Ok(_) => Ok(Some("its bytes were changed")),
            Err(ObjectError::Missing { .. }) => Ok(Some("it is missing")),
            Err(ObjectError::Damaged { .. }) => Ok(Some("it is shorter than it must be")),
            Err(error) => Err(Error::new(
                ErrorKind::Unavailable,
                Subject::Blob,
                "the storage does not answer; try again",
            )
            .caused_by(error)),
        }
    }
}
