//! Pulls and traffic: counted in memory, written every few seconds and when the process stops.
//!
//! What a crash loses is a few seconds of counters, never a fact. Blobs that somebody asks for are noted the same way,
//! so that collection leaves them alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use roadstead::id::{BlobId, ManifestId, RepositoryId};
use roadstead::{Result, TagName, Timestamp};
use roadstead_store::usage::Traffic;
use roadstead_store::{Durability, Place, Store, blob, usage};

use crate::error::stored;

/// A blob is noted as wanted at most this often, in seconds.
const TOUCH: i64 = 60 * 60;
/// Entries after which a batch is not allowed to grow in memory any more; what comes later is not counted.
const MOST: usize = 100_000;
/// Repositories written in one transaction.
const BATCH: usize = 200;

/// Counters that are not written yet. Clones share them.
#[derive(Clone)]
pub struct Usage {
    store: Store,
    pending: Arc<Mutex<Pending>>,
}

impl std::fmt::Debug for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Usage")
    }
}

#[derive(Default)]
struct Pending {
    repositories: BTreeMap<RepositoryId, Counters>,
    blobs: BTreeSet<BlobId>,
    entries: usize,
}

struct Counters {
    place: Place,
    pulls: u64,
    pull_bytes: u64,
    push_bytes: u64,
    at: Timestamp,
    tags: BTreeMap<TagName, (u64, Timestamp)>,
    manifests: BTreeMap<ManifestId, (u64, Timestamp)>,
}

impl Pending {
    fn of(&mut self, place: Place, at: Timestamp) -> Option<&mut Counters> {
        if self.entries >= MOST {
            return None;
        }
        let entries = &mut self.entries;
        let counters = self.repositories.entry(place.repository()).or_insert_with(|| {
            *entries += 1;
            Counters {
                place,
                pulls: 0,
                pull_bytes: 0,
                push_bytes: 0,
                at,
                tags: BTreeMap::new(),
                manifests: BTreeMap::new(),
            }
        });
        counters.at = counters.at.max(at);
        Some(counters)
    }
}

impl Usage {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, pending: Arc::default() }
    }

    /// A manifest was downloaded, by this tag if by one.
    pub(crate) fn pulled(
        &self,
        place: Place,
        tag: Option<&TagName>,
        manifest: ManifestId,
        bytes: u64,
        at: Timestamp,
    ) {
        let mut pending = self.pending.lock();
        let Some(counters) = pending.of(place, at) else {
            return;
        };
        counters.pulls += 1;
        counters.pull_bytes += bytes;
        let mut added = 0;
        let mut count = |entry: &mut (u64, Timestamp)| {
            added += usize::from(entry.0 == 0);
            *entry = (entry.0 + 1, entry.1.max(at));
        };
        count(counters.manifests.entry(manifest).or_insert((0, at)));
        if let Some(tag) = tag {
            count(counters.tags.entry(tag.clone()).or_insert((0, at)));
        }
        pending.entries += added;
    }

    /// Bytes of a blob were sent.
    pub(crate) fn sent(&self, place: Place, bytes: u64, at: Timestamp) {
        if let Some(counters) = self.pending.lock().of(place, at) {
            counters.pull_bytes += bytes;
        }
    }

    /// A blob was received.
    pub(crate) fn pushed(&self, place: Place, bytes: u64, at: Timestamp) {
        if let Some(counters) = self.pending.lock().of(place, at) {
            counters.push_bytes += bytes;
        }
    }

    /// Somebody asked for a blob that was last wanted at `touched`.
    pub(crate) fn wanted(&self, blob: BlobId, touched: Timestamp, now: Timestamp) {
        if now.seconds_since(touched) < TOUCH {
            return;
        }
        let mut pending = self.pending.lock();
        if pending.blobs.len() < MOST {
            pending.blobs.insert(blob);
        }
    }

    /// Writes what was counted. On failure it is counted again the next time.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn flush(&self, now: Timestamp) -> Result<()> {
        let Pending { repositories, blobs, .. } = std::mem::take(&mut *self.pending.lock());
        let blobs: Vec<BlobId> = blobs.into_iter().collect();
        for part in blobs.chunks(BATCH) {
            let part: Arc<[BlobId]> = part.into();
            let outcome = self
                .store
                .run("blob.touch", Durability::Relaxed, move |tx| {
                    let part = Arc::clone(&part);
                    Box::pin(async move { blob::touch(tx, &part, now).await })
                })
                .await;
            if let Err(error) = outcome {
                self.pending.lock().blobs.extend(blobs.iter().copied());
                self.put_back(repositories.into_values());
                return Err(stored(error));
            }
        }
        let mut left = repositories.into_values();
        loop {
            let part: Vec<Counters> = left.by_ref().take(BATCH).collect();
            if part.is_empty() {
                return Ok(());
            }
            let batch: Arc<[Traffic]> = part.iter().map(Counters::traffic).collect();
            let outcome = self
                .store
                .run("usage.flush", Durability::Relaxed, move |tx| {
                    let batch = Arc::clone(&batch);
                    Box::pin(async move { usage::add_traffic(tx, &batch).await })
                })
                .await;
            if let Err(error) = outcome {
                self.put_back(part.into_iter().chain(left));
                return Err(stored(error));
            }
        }
    }

    fn put_back(&self, unwritten: impl Iterator<Item = Counters>) {
        let mut pending = self.pending.lock();
        for former in unwritten {
            let Some(counters) = pending.of(former.place, former.at) else {
                return;
            };
            counters.pulls += former.pulls;
            counters.pull_bytes += former.pull_bytes;
            counters.push_bytes += former.push_bytes;
            for (tag, (count, at)) in former.tags {
                let entry = counters.tags.entry(tag).or_insert((0, at));
                *entry = (entry.0 + count, entry.1.max(at));
            }
            for (manifest, (count, at)) in former.manifests {
                let entry = counters.manifests.entry(manifest).or_insert((0, at));
                *entry = (entry.0 + count, entry.1.max(at));
            }
        }
    }
}

impl Counters {
    fn traffic(&self) -> Traffic {
        Traffic {
            place: self.place,
            pulls: self.pulls,
            pull_bytes: self.pull_bytes,
            push_bytes: self.push_bytes,
            at: self.at,
            tags: self.tags.iter().map(|(tag, (count, at))| (tag.clone(), *count, *at)).collect(),
            manifests: self
                .manifests
                .iter()
                .map(|(manifest, (count, at))| (*manifest, *count, *at))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use roadstead_store::repository;

    use super::*;
    use crate::testing::TestService;

    #[tokio::test]
    async fn what_is_counted_is_written_once() {
        let test = TestService::new().await;
        let (place, now) = (test.image, test.ports().now());
        let counters = Usage::new(test.store.clone());
        let name: TagName = "v1".parse().unwrap();
        for _ in 0..3 {
            counters.pulled(place, Some(&name), ManifestId(7), 10, now);
        }
        counters.pulled(place, None, ManifestId(7), 10, now.plus_seconds(5));
        counters.sent(place, 100, now);
        counters.pushed(place, 1_000, now);
        counters.flush(now).await.unwrap();
        counters.flush(now).await.unwrap();
        let (record, days) = test
            .store
            .read("test.usage", move |tx| {
                Box::pin(async move {
                    let record = repository::find(tx, &place).await?;
                    let days = usage::repository_days(tx, &place, 0, i32::MAX).await?;
                    Ok::<_, roadstead_store::StoreError>((record.unwrap(), days))
                })
            })
            .await
            .unwrap();
        assert_eq!((record.pull_count, record.pull_bytes), (4, 140));
        assert_eq!(record.last_pulled_at, Some(now.plus_seconds(5)));
        assert_eq!(days.len(), 1);
        assert_eq!((days[0].pulls, days[0].pull_bytes, days[0].push_bytes), (4, 140, 1_000));
    }
}
