//! What other processes change (the command line beside a running server, replicas) is in force here within half a
//! second.

use std::time::Duration;

use roadstead::Result;
use roadstead_store::change::{self, Change, ChangeKind};
use tokio_util::sync::CancellationToken;

use crate::Service;
use crate::error::stored;

/// Time between two looks.
const PERIOD: Duration = Duration::from_millis(250);

impl Service {
    /// Follows the change sequence until cancelled. Boot runs one of these from before the first request on.
    pub async fn watch_changes(&self, cancel: CancellationToken) {
        let mut cursor = None;
        while !cancel.is_cancelled() {
            match self.follow_changes(cursor).await {
                Ok(next) => cursor = Some(next),
                Err(error) => {
                    tracing::warn!(%error, source = ?std::error::Error::source(&error), "changes cannot be read");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = cancel.cancelled() => {}
            }
        }
    }

    /// Takes note of what was changed since `cursor`, and answers the cursor of the next call. Without a cursor it
    /// begins now.
    ///
    /// # Errors
    /// Those of the store; the same cursor may be tried again.
    pub async fn follow_changes(&self, cursor: Option<i64>) -> Result<i64> {
        let store = self.store();
        let Some(cursor) = cursor else {
            let start = store
                .peek("change.horizon", |tx| Box::pin(change::horizon(tx)))
                .await
                .map_err(stored)?;
            // What was read before the horizon was taken may be older than it.
            self.forget_all().await?;
            return Ok(start);
        };
        let (changes, next) = store
            .read("change.since", |tx| Box::pin(async move { change::since(tx, cursor).await }))
            .await
            .map_err(stored)?;
        self.inner.access.generation().note(&changes);
        self.inner.manifests.note(&changes);
        self.inner.news.note(&changes);
        let is_any = |kind: ChangeKind| changes.iter().any(|change: &Change| change.kind == kind);
        if is_any(ChangeKind::Setting) {
            self.inner.settings.reload().await?;
        }
        if is_any(ChangeKind::SigningKey) {
            self.inner.tokens.reload().await?;
        }
        Ok(next)
    }

    async fn forget_all(&self) -> Result<()> {
        self.inner.access.generation().all_changed();
        self.inner.manifests.forget_all();
        self.inner.settings.reload().await?;
        self.inner.tokens.reload().await
    }
}
