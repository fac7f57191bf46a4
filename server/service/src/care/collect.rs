//! Collection: what nobody needs any more goes, while everybody goes on working.
//!
//! | what | goes when |
//! | --- | --- |
//! | console sessions, temporary credentials, uploads, with what they staged | their time is over |
//! | audit events | they are older than the setting `audit_retention_days` |
//! | deleted tags and manifests | their restore time ([`RESTORE`]) is over |
//! | links of images to blobs | no manifest needs them, and nobody wanted them for [`GRACE`] |
//! | blobs | no image has them, and nobody wanted them for [`GRACE`]: the row goes, the object is doomed |
//! | bytes | their object is doomed for [`READERS`], and no backup counts on them |
//! | stray objects (only when asked: [`Scope::Everything`]) | the database does not know them, and they are older than [`GRACE`] |
//!
//! Untagged manifests stay: a manifest may be pulled by digest.
//!
//! # Invariants
//! - Referenced-ness is a query, not a walk, and goes along an index; everything is done in small batches.
//! - A push that counts on something changes the row that collection must change too, so one of them sees the other: a
//!   HEAD or mount that answers "it is there" has made the blob's touch time younger than the grace time.
//! - An object's key is never used again, so bytes can be removed at any time after the row that named them.
//! - A dry run asks the same questions with the same [`Cutoffs`], and changes nothing.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{StreamExt as _, TryStreamExt as _};
use roadstead::access::{Action, JobName};
use roadstead::audit::TraceName;
use roadstead::id::ObjectId;
use roadstead::{Result, Timestamp};
use roadstead_object::{ObjectKey, Objects};
use roadstead_store::maintenance::{self, Amount, Removable, Whole};
use roadstead_store::{
    Durability, Store, StoreError, Tx, account, audit, blob, change, credential, job, manifest,
    object, session, share, tag, user,
};

use crate::Service;
use crate::access::Instance;
use crate::audit::{Origin, append};
use crate::context::Context;
use crate::error::{Failed, kept, stored};

/// Nobody must have wanted a blob for this long, in seconds.
pub const GRACE: i64 = 24 * 60 * 60;
/// What was deleted can be restored for this long, in seconds.
pub const RESTORE: i64 = 7 * 24 * 60 * 60;
/// Bytes stay this long after their row is gone, in seconds: who has read the row begins to read them within it.
pub const READERS: i64 = 10 * 60;
/// A day, in seconds.
const DAY: i64 = 24 * 60 * 60;
/// Changes are kept this long, in seconds: no reader is that far behind.
const CHANGES: i64 = 24 * 60 * 60;
/// Jobs that succeeded are remembered this long, in seconds.
const JOBS: i64 = 7 * 24 * 60 * 60;
/// How often the server collects, in seconds.
const PERIOD: i64 = 60 * 60;
/// Rows that are changed one by one in one transaction: pushes wait for it.
const FEW: u32 = 20;
/// Rows that are changed together.
const MANY: u32 = 200;
/// Between two batches, so that what waits gets its turn.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(2);
/// Objects removed at a time.
const PARALLEL: usize = 8;

/// How far back each thing must lie: the whole decision, made once for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutoffs {
    /// Now: what ends by itself must have ended.
    pub now: Timestamp,
    /// Nobody wanted it since then.
    pub wanted: Timestamp,
    /// It was deleted before then.
    pub purged: Timestamp,
    /// What is condemned now may lose its bytes then.
    pub doomed: Timestamp,
}

impl Cutoffs {
    /// For a run at `now`.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self {
            now,
            wanted: now.plus_seconds(-GRACE),
            purged: now.plus_seconds(-RESTORE),
            doomed: now.plus_seconds(READERS),
        }
    }
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What the database tells: cheap, for every hour.
    Known,
    /// The storage is listed too.
    Everything,
}

/// What went, or would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Console sessions.
    pub sessions: u64,
    /// Temporary credentials.
    pub credentials: u64,
    /// Uploads that nobody went on with, and the bytes they had received.
    pub uploads: Total,
    /// Deleted tags.
    pub tags: u64,
    /// Deleted manifests.
    pub manifests: u64,
    /// Blobs that were condemned, and their bytes, which go [`READERS`] later.
    pub blobs: Total,
    /// Objects whose bytes went.
    pub objects: Total,
    /// Stray objects whose bytes went.
    pub strays: Total,
    /// Objects that the storage refused to remove; they are tried again.
    pub refused: u64,
}

/// How many, and how many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Total {
    pub(crate) const fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

impl From<Amount> for Total {
    fn from(amount: Amount) -> Self {
        Self { count: amount.count, bytes: amount.bytes }
    }
}

impl Service {
    /// Removes ended sessions, abandoned uploads with their bytes, doomed bytes, old audit events and changes, and records
    /// which shares have ended. For every few minutes.
    ///
    /// # Errors
    /// Those of the store and the storage; what was done stays done.
    #[tracing::instrument(name = "service.care.tidy", skip_all)]
    pub async fn tidy(&self) -> Result<()> {
        self.record_ended_shares().await?;
        self.forget_ended(self.ports().now()).await?;
        self.packages().tidy().await?;
        self.uploads().tidy().await
    }

    /// A share ends by itself at its instant; its event is written once, by whichever server comes first.
    async fn record_ended_shares(&self) -> Result<()> {
        let ports = self.ports();
        let ctx = Context::system(JobName("tidy"), "", Arc::clone(&ports.clock));
        let origin = Origin::of(&ctx, ports);
        let now = ctx.now();
        loop {
            let origin = origin.renewed(ports);
            let count = self
                .store()
                .run("share.record_ended", Durability::Durable, move |tx| {
                    let origin = origin.clone();
                    Box::pin(async move {
                        let ended = share::record_ended(tx, now, FEW).await?;
                        for (index, share) in ended.iter().enumerate() {
                            let event = origin
                                .event(TraceName::ExpireShare)
                                .nth(index)
                                .in_account(share.account_id)
                                .in_repository(share.organization_id, share.repository_id)
                                .id(share.repository_id)
                                .named(&share.path)
                                .detail(serde_json::json!({
                                    "account": share.target_name, "until": share.expires_at,
                                }));
                            append(tx, event).await?;
                        }
                        Ok::<_, Failed>(ended.len())
                    })
                })
                .await?;
            if count < FEW as usize {
                return Ok(());
            }
        }
    }

    async fn forget_ended(&self, now: Timestamp) -> Result<()> {
        self.store()
            .run("care.tidy", Durability::Relaxed, move |tx| {
                Box::pin(async move {
                    session::remove_expired(tx, now).await?;
                    maintenance::forget_holds(tx, now).await?;
                    change::forget(tx, now.plus_seconds(-CHANGES)).await?;
                    job::forget_done(tx, now.plus_seconds(-JOBS)).await?;
                    Ok::<_, StoreError>(())
                })
            })
            .await
            .map_err(stored)?;
        self.batches("credential.remove_expired", MANY, move |tx| {
            Box::pin(credential::remove_expired(tx, now, MANY))
        })
        .await?;
        self.batches("user.forget_shown", FEW, move |tx| {
            Box::pin(user::forget_shown(tx, now, FEW))
        })
        .await?;
        let days = self.settings_cell().current().audit_retention_days.value;
        let kept = DAY.saturating_mul(i64::try_from(days).unwrap_or(i64::MAX));
        let oldest = now.plus_seconds(kept.saturating_neg());
        self.batches("audit.forget", MANY, move |tx| Box::pin(audit::forget(tx, oldest, MANY)))
            .await?;
        Ok(())
    }

    /// [`Service::collect`] of what the database tells, if no server of this database did it within the hour.
    ///
    /// # Errors
    /// As [`Service::collect`].
    pub async fn collect_when_due(&self, ctx: &Context) -> Result<()> {
        let now = ctx.now();
        let is_due = self
            .store()
            .run("care.collect_due", Durability::Relaxed, move |tx| {
                Box::pin(
                    async move { job::is_due(tx, "collect", now, now.plus_seconds(PERIOD)).await },
                )
            })
            .await
            .map_err(stored)?;
        if is_due {
            let collected = self.collect(ctx, Scope::Known).await?;
            tracing::info!(
                blobs = collected.blobs.count,
                bytes = collected.blobs.bytes,
                removed = collected.objects.bytes,
                "collected"
            );
        }
        Ok(())
    }

    /// Removes what nobody needs any more; see the module's table. Idempotent; may stop anywhere, and run several times at
    /// once.
    ///
    /// # Errors
    /// `Denied` unless the operator or the system asks; those of the store and the storage: what was done stays done.
    #[tracing::instrument(name = "service.care.collect", skip_all)]
    pub async fn collect(&self, ctx: &Context, scope: Scope) -> Result<Collected> {
        let allowed = self.access().authorize(ctx, Action::ManageSettings, Instance).await?;
        // What this process knows to be wanted is written down before it is asked.
        self.flush().await?;
        let cutoffs = Cutoffs::at(ctx.now());
        let mut collected = self.forecast_ended(cutoffs).await?;
        self.tidy().await?;
        collected.tags = self
            .batches("tag.purge", FEW, move |tx| Box::pin(tag::purge(tx, cutoffs.purged, FEW)))
            .await?;
        self.batches("manifest.delete_of_deleted", FEW, move |tx| {
            Box::pin(manifest::delete_of_deleted(tx, cutoffs.purged, FEW))
        })
        .await?;
        collected.manifests = self
            .batches("manifest.purge", FEW, move |tx| {
                Box::pin(manifest::purge(tx, cutoffs.purged, FEW))
            })
            .await?;
        self.batches("blob.unlink_unused", FEW, move |tx| {
            Box::pin(blob::unlink_unused(tx, cutoffs.wanted, FEW, cutoffs.now))
        })
        .await?;
        collected.blobs = self.forecast_condemned(cutoffs).await?;
        collected.blobs.count = self
            .batches("blob.condemn", MANY, move |tx| {
                Box::pin(blob::condemn(tx, cutoffs.wanted, MANY, cutoffs.doomed))
            })
            .await?;
        let removed = remove_doomed(self.store(), self.objects(), ctx.now()).await?;
        collected.objects.count += removed.objects.count;
        collected.objects.bytes += removed.objects.bytes;
        collected.refused = removed.refused;
        if scope == Scope::Everything {
            collected.strays = self.strays(cutoffs, true).await?;
        }
        self.note_collection(ctx, Whole::of(&allowed), scope, &collected).await?;
        Ok(collected)
    }

    /// A run that removed nothing is not worth an event every hour, unless somebody asked for it.
    async fn note_collection(
        &self,
        ctx: &Context,
        whole: Whole,
        scope: Scope,
        collected: &Collected,
    ) -> Result<()> {
        let Collected { tags, manifests, blobs, objects, strays, .. } = collected;
        let gone = [*tags, *manifests, blobs.count, objects.count, strays.count];
        if scope == Scope::Known && gone == [0; 5] {
            return Ok(());
        }
        let event = Origin::of(ctx, self.ports())
            .event(TraceName::RunGarbageCollection)
            .detail(serde_json::json!({
                "tags": tags, "manifests": manifests, "blobs": blobs.count, "objects": objects.count,
                "bytes": objects.bytes, "strays": strays.count,
            }));
        self.store()
            .run("care.note_collection", Durability::Durable, move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    let event = match account::operator(tx, whole).await? {
                        Some(operator) => event.in_account(operator),
                        None => event,
                    };
                    append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }

    /// What [`Service::collect`] would do now. Changes nothing.
    ///
    /// # Errors
    /// As [`Service::collect`].
    #[tracing::instrument(name = "service.care.forecast", skip_all)]
    pub async fn collect_forecast(&self, ctx: &Context, scope: Scope) -> Result<Collected> {
        self.access().authorize(ctx, Action::ManageSettings, Instance).await?;
        let cutoffs = Cutoffs::at(ctx.now());
        let mut told = self.forecast_ended(cutoffs).await?;
        (told.tags, told.manifests) = self
            .store()
            .peek("care.count_purgeable", |tx| {
                Box::pin(maintenance::count_purgeable(tx, cutoffs.purged))
            })
            .await
            .map_err(stored)?;
        told.blobs = self.forecast_condemned(cutoffs).await?;
        if scope == Scope::Everything {
            told.strays = self.strays(cutoffs, false).await?;
        }
        Ok(told)
    }

    async fn forecast_ended(&self, cutoffs: Cutoffs) -> Result<Collected> {
        let now = cutoffs.now;
        self.store()
            .read("care.count_ended", |tx| {
                Box::pin(async move {
                    let (sessions, credentials) = maintenance::count_ended(tx, now).await?;
                    Ok::<_, StoreError>(Collected {
                        sessions,
                        credentials,
                        uploads: maintenance::count_expired(tx, now).await?.into(),
                        objects: maintenance::count_removable(tx, now).await?.into(),
                        ..Collected::default()
                    })
                })
            })
            .await
            .map_err(stored)
    }

    async fn forecast_condemned(&self, cutoffs: Cutoffs) -> Result<Total> {
        self.store()
            .peek("care.count_condemned", |tx| {
                Box::pin(maintenance::count_condemned(tx, cutoffs.wanted, cutoffs.purged))
            })
            .await
            .map(Total::from)
            .map_err(stored)
    }

    /// Runs a step until it finds less than a batch. Answers what it came to in all.
    async fn batches<F>(&self, name: &'static str, size: u32, step: F) -> Result<u64>
    where
        F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<u64, StoreError>>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let mut all = 0;
        loop {
            let done =
                self.store().run(name, Durability::Relaxed, step.clone()).await.map_err(stored)?;
            all += done;
            if done < u64::from(size) {
                return Ok(all);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Objects that the database does not know, old enough that no upload can be writing them; removed if asked to. None
    /// when the storage has not one of the objects that the database knows: then it is likely somebody else's.
    async fn strays(&self, cutoffs: Cutoffs, remove: bool) -> Result<Total> {
        let mut strays = Total::default();
        if !self.is_own_storage().await? {
            return Ok(strays);
        }
        let oldest = u64::try_from(cutoffs.wanted.0 / 1_000).unwrap_or_default();
        let mut pages = self.objects().list().try_chunks(500);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| kept(error.1))?;
            let old: Vec<(ObjectKey, u64)> = page
                .into_iter()
                .filter_map(|found| Some((found.key?, found.size)))
                .filter(|(key, _)| key.milliseconds() < oldest)
                .collect();
            let unknown = self.unknown(&old).await?;
            for (key, size) in unknown {
                if remove {
                    self.objects().delete_remains(key).await.map_err(kept)?;
                }
                strays.add(size);
            }
        }
        Ok(strays)
    }

    /// Those that the database does not know.
    pub(super) async fn unknown<T: Copy>(
        &self,
        found: &[(ObjectKey, T)],
    ) -> Result<Vec<(ObjectKey, T)>> {
        let keys: Vec<String> = found.iter().map(|(key, _)| key.to_string()).collect();
        let known = self
            .store()
            .peek("care.known_keys", |tx| {
                let keys = keys.clone();
                Box::pin(async move { maintenance::known_keys(tx, &keys).await })
            })
            .await
            .map_err(stored)?;
        let known: std::collections::HashSet<String> = known.into_iter().collect();
        Ok(found.iter().copied().filter(|(key, _)| !known.contains(&key.to_string())).collect())
    }

    async fn is_own_storage(&self) -> Result<bool> {
        let some = self
            .store()
            .peek("object.least_verified", |tx| Box::pin(object::least_verified(tx, 5)))
            .await
            .map_err(stored)?;
        for record in some {
            if let Ok(key) = record.object_key.parse()
                && self.objects().exists(key).await.map_err(kept)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What removing doomed bytes came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Removed {
    pub(crate) objects: Total,
    pub(crate) refused: u64,
}

/// Removes the bytes of doomed objects whose time has come, then their rows. What the storage refuses is tried again the
/// next time.
///
/// # Errors
/// Those of the store.
pub(crate) async fn remove_doomed(
    store: &Store,
    objects: &Objects,
    now: Timestamp,
) -> Result<Removed> {
    let mut removed = Removed::default();
    let mut last = (Timestamp(i64::MIN), ObjectId(0));
    loop {
        let page = store
            .peek("care.removable", |tx| Box::pin(maintenance::removable(tx, now, last, MANY)))
            .await
            .map_err(stored)?;
        let Some(end) = page.last() else {
            return Ok(removed);
        };
        last = (end.doomed_at, end.id);
        let outcomes: Vec<(Removable, bool)> = futures::stream::iter(page)
            .map(|record| async move {
                let is_gone = remove_one(objects, &record).await;
                (record, is_gone)
            })
            .buffer_unordered(PARALLEL)
            .collect()
            .await;
        let mut gone = Vec::with_capacity(outcomes.len());
        for (record, is_gone) in outcomes {
            if is_gone {
                gone.push(record.id);
                removed.objects.add(record.size);
            } else {
                removed.refused += 1;
            }
        }
        store
            .run("object.remove", Durability::Relaxed, move |tx| {
                let gone = gone.clone();
                Box::pin(async move { object::remove(tx, &gone).await })
            })
            .await
            .map_err(stored)?;
    }
}

async fn remove_one(objects: &Objects, record: &Removable) -> bool {
    let outcome = match record.object_key.parse::<ObjectKey>() {
        // What was staged in vain may have left more than the object.
        Ok(key) if record.size == 0 => objects.delete_remains(key).await,
        Ok(key) => objects.delete(key).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(key = record.object_key, %error, "an object could not be removed yet");
            false
        }
    }
}
