//! What is left behind: sessions, blobs and files, to be compared before and after something that must leave nothing.

use std::path::Path;

use roadstead::Timestamp;
use roadstead::id::ObjectId;
use roadstead_store::{StoreError, object, upload};

use super::TestApp;

/// How much there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// Upload sessions in the database.
    pub sessions: usize,
    /// Blobs in the database, with an object each.
    pub blobs: usize,
    /// Objects that wait to be removed.
    pub doomed: usize,
    /// Files in the object store, staged ones among them.
    pub files: usize,
}

/// Counts; up to a thousand of each.
pub async fn remains(app: &TestApp) -> Remains {
    let end = Timestamp(i64::MAX);
    let (sessions, blobs, doomed) = app
        .house
        .store
        .read("test.remains", |tx| {
            Box::pin(async move {
                Ok::<_, StoreError>((
                    upload::expired(tx, end, 1_000).await?.len(),
                    object::stored_after(tx, ObjectId(0), 1_000).await?.len(),
                    object::doomed(tx, end, 1_000).await?.len(),
                ))
            })
        })
        .await
        .unwrap();
    Remains { sessions, blobs, doomed, files: files(&app.folder().join("objects")) }
}

/// Removes what has ended, as a server does by itself after a while.
pub async fn tidy(app: &TestApp) {
    app.clock.advance(1);
    app.house.service.tidy().await.unwrap();
}

/// Files below a directory.
pub fn files(directory: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| if entry.file_type().unwrap().is_dir() { files(&entry.path()) } else { 1 })
        .sum()
}
