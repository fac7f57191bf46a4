//! No statement may read a whole table that grows with use: looked at when a test ends.
#![allow(clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use roadstead_store::{LARGE_TABLES, Options, Recorder, Store, full_scans};

/// Looks, when it is dropped, at the plan of every statement that the store of a test ran, and fails the test if one of
/// them reads a whole large table. Plans are SQLite's; on PostgreSQL nothing is looked at.
///
/// Keep it where it is dropped before the directory of the database.
#[derive(Debug)]
pub struct Plans {
    url: String,
    recorder: Arc<Recorder>,
}

impl Plans {
    /// For a database at this address.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), recorder: Arc::default() }
    }

    /// How the store of the test is opened.
    #[must_use]
    pub fn options(&self) -> Options {
        Options { recorder: Some(self.recorder.clone()), ..Options::default() }
    }

    /// How often each statement was run so far.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.recorder.counts()
    }
}

impl Drop for Plans {
    /// On a thread and connections of its own, because a drop cannot wait for the ones of the test.
    fn drop(&mut self) {
        if std::thread::panicking() || !self.url.starts_with("sqlite:") {
            return;
        }
        let look = async {
            let store = Store::open(&self.url, self.options()).await.expect("the database");
            let scans = full_scans(&store, &LARGE_TABLES).await.expect("the plans");
            store.close().await;
            scans
        };
        let scans = std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                runtime.enable_all().build().expect("a runtime").block_on(look)
            });
            thread.join().expect("the look at the plans")
        });
        assert!(scans.is_empty(), "statements that read a whole table:\n{}", scans.join("\n"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    #[should_panic(expected = "statements that read a whole table")]
    async fn a_test_that_reads_a_whole_table_fails() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let plans = Plans::new(&url);
        let store = Store::open(&url, plans.options()).await.unwrap();
        store.migrate().await.unwrap();
        plans.recorder.note("SELECT count(*) FROM tags WHERE pusher_name = 'x'");
    }
}
