//! Events off the hot path: noted in memory, written every few seconds and when the process stops.
//!
//! What a crash loses is what was noted since the last [`Trail::flush`], which a server calls every five seconds: at most
//! the last ten. Pulls are noted per manifest, never per blob.

use std::sync::Arc;

use parking_lot::Mutex;
use roadstead::Result;
use roadstead_store::{Durability, Store, audit};

use super::Event;
use crate::error::stored;
use crate::setting::SettingsCell;

/// Events that wait at most; when the database does not keep up with them, the newest are left out, and the log says so.
const MOST: usize = 100_000;
/// Events written in one transaction: pushes wait for it.
const BATCH: usize = 100;

/// Events that are not written yet. Clones share them.
#[derive(Clone)]
pub(crate) struct Trail {
    store: Store,
    settings: SettingsCell,
    pending: Arc<Mutex<Pending>>,
}

#[derive(Default)]
struct Pending {
    events: Vec<Event>,
    left_out: u64,
}

impl std::fmt::Debug for Trail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trail")
    }
}

impl Trail {
    pub(crate) fn new(store: Store, settings: SettingsCell) -> Self {
        Self { store, settings, pending: Arc::default() }
    }

    /// Data was moved. The event is only made where the setting says so.
    pub(crate) fn moved(&self, event: impl FnOnce() -> Event) {
        if self.settings.current().audit_data_events.value {
            self.note(event());
        }
    }

    /// Something was looked at. The event is only made where the setting says so.
    pub(crate) fn looked(&self, event: impl FnOnce() -> Event) {
        if self.settings.current().audit_read_events.value {
            self.note(event());
        }
    }

    /// An event that is written whatever the settings say.
    pub(crate) fn note(&self, event: Event) {
        let mut pending = self.pending.lock();
        if pending.events.len() < MOST {
            pending.events.push(event);
        } else {
            pending.left_out += 1;
        }
    }

    /// Writes what was noted. What could not be written waits for the next time.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn flush(&self) -> Result<()> {
        let Pending { events, left_out } = std::mem::take(&mut *self.pending.lock());
        if left_out > 0 {
            tracing::error!(
                left_out,
                "the database does not keep up with the audit log's data events"
            );
        }
        let mut rest = events.into_iter();
        loop {
            let part: Arc<[Event]> = rest.by_ref().take(BATCH).collect();
            if part.is_empty() {
                return Ok(());
            }
            let written = Arc::clone(&part);
            let outcome = self
                .store
                .run("audit.flush", Durability::Relaxed, move |tx| {
                    let events = Arc::clone(&written);
                    Box::pin(async move {
                        for event in events.iter() {
                            audit::append(tx, &event.0).await?;
                        }
                        Ok(())
                    })
                })
                .await;
            if let Err(error) = outcome {
                let mut again: Vec<Event> = part.iter().cloned().chain(rest).collect();
                let mut pending = self.pending.lock();
                again.append(&mut pending.events);
                pending.events = again;
                return Err(stored(error));
            }
        }
    }
}
