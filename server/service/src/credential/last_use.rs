//! When credentials were last used: noted in memory, at most once a minute and credential, and written every few seconds
//! and when the process stops. A crash loses some seconds of it; a login never waits for it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use moka::sync::Cache;
use parking_lot::Mutex;
use roadstead::id::CredentialId;
use roadstead::manage::credential::UsedService;
use roadstead::{Result, Timestamp};
use roadstead_store::credential::{self, CredentialKind, CredentialRecord, Use};
use roadstead_store::{Durability, Store};

use crate::error::stored;

/// Seconds between two notes of one credential.
const NOTED: i64 = 60;
/// Most notes that wait; what comes later is not noted.
const MOST: usize = 20_000;
/// Notes written in one transaction.
const BATCH: usize = 200;

type Key = (CredentialKind, CredentialId);

pub(super) struct LastUses {
    store: Store,
    noted: Cache<Key, Timestamp>,
    pending: Mutex<HashMap<Key, Use>>,
}

impl LastUses {
    pub(super) fn new(store: Store) -> Self {
        Self { store, noted: Cache::new(MOST as u64), pending: Mutex::default() }
    }

    pub(super) fn note(
        &self,
        record: &CredentialRecord,
        service: UsedService,
        client: Option<IpAddr>,
        at: Timestamp,
    ) {
        let key = (record.kind, record.id);
        if self.noted.get(&key).is_some_and(|before| at.seconds_since(before) < NOTED) {
            return;
        }
        let mut pending = self.pending.lock();
        if pending.len() < MOST {
            self.noted.insert(key, at);
            let address = client.map(|ip| ip.to_string()).unwrap_or_default();
            pending.insert(key, Use { kind: record.kind, id: record.id, at, address, service });
        }
    }

    /// Writes what was noted. On failure it is tried again the next time.
    pub(super) async fn flush(&self) -> Result<()> {
        let mut left: Vec<Use> = std::mem::take(&mut *self.pending.lock()).into_values().collect();
        while !left.is_empty() {
            let batch: Arc<[Use]> = left.drain(left.len().saturating_sub(BATCH)..).collect();
            let written = Arc::clone(&batch);
            let outcome = self
                .store
                .run("credential.note_uses", Durability::Relaxed, move |tx| {
                    let batch = Arc::clone(&written);
                    Box::pin(async move { credential::note_uses(tx, &batch).await })
                })
                .await;
            if let Err(error) = outcome {
                let mut pending = self.pending.lock();
                for each in batch.iter().cloned().chain(left) {
                    pending.entry((each.kind, each.id)).or_insert(each);
                }
                return Err(stored(error));
            }
        }
        Ok(())
    }
}
