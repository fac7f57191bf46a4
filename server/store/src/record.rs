//! For tests: every statement that was run, how often, and which of them read whole tables.
//!
//! A suite opens its store with a [`Recorder`] and ends with [`full_scans`]: a list over a table that grows with use must
//! go through an index.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

use crate::Store;
use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::Sql;

/// Tables that grow with use, of which no statement may read everything.
pub const LARGE_TABLES: [&str; 15] = [
    "blobs",
    "repository_blobs",
    "account_blobs",
    "manifests",
    "manifest_bodies",
    "manifest_blobs",
    "manifest_children",
    "tags",
    "tag_history",
    "audit_events",
    "jobs",
    "packages",
    "package_parts",
    "package_files",
    "unpacked_layers",
];

const QUERIES: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];

/// Collects the texts of statements, and counts them.
#[derive(Debug, Default)]
pub struct Recorder {
    texts: Mutex<BTreeMap<String, u64>>,
}

impl Recorder {
    /// Notes a statement that is run.
    pub fn note(&self, text: &str) {
        let mut texts = self.texts.lock();
        match texts.get_mut(text) {
            Some(count) => *count += 1,
            None => drop(texts.insert(text.to_owned(), 1)),
        }
    }

    /// The statements so far, in byte order.
    #[must_use]
    pub fn statements(&self) -> Vec<String> {
        self.texts.lock().keys().cloned().collect()
    }

    /// How often each statement was run so far.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.texts.lock().clone()
    }
}

/// The recorded statements whose plan reads one of `tables` from end to end, each with the line of its plan. Plans are
/// SQLite's; on PostgreSQL, which plans by the size of tables, the answer is empty.
pub async fn full_scans(store: &Store, tables: &[&str]) -> Result<Vec<String>> {
    let statements = match (store.dialect(), &store.options.recorder) {
        (Dialect::Sqlite, Some(recorder)) => recorder.statements(),
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for text in statements.iter().filter(|text| QUERIES.iter().any(|verb| text.starts_with(verb))) {
        let explain = Sql::recorded(format!("EXPLAIN QUERY PLAN {text}"));
        let plan: Vec<(i64, i64, i64, String)> = store
            .peek("record.explain", |tx| {
                let explain = explain.clone();
                Box::pin(async move { explain.all(tx).await })
            })
            .await?;
        let names = names_of(text, tables);
        for (_, _, _, line) in plan {
            let scanned = line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            if scanned.is_some_and(|name| names.contains(name)) {
                found.push(format!("{line}\n    in {text}"));
            }
        }
    }
    Ok(found)
}

/// The tables and the aliases that stand for them in a statement.
fn names_of(text: &str, tables: &[&str]) -> BTreeSet<String> {
    const NOT_ALIASES: [&str; 9] =
        ["WHERE", "SET", "ON", "JOIN", "LEFT", "ORDER", "GROUP", "LIMIT", "VALUES"];
    let mut names = BTreeSet::new();
    let mut words = text
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','))
        .filter(|word| !word.is_empty())
        .peekable();
    while let Some(word) = words.next() {
        if tables.contains(&word) {
            names.insert(word.to_owned());
            if let Some(alias) = words.peek().filter(|next| !NOT_ALIASES.contains(next)) {
                names.insert((*alias).to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;
    use crate::error::StoreError;
    use crate::sql::sql;
    use crate::{Options, Store};

    #[tokio::test]
    async fn a_statement_that_reads_a_whole_table_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let options = Options { recorder: Some(Arc::default()), ..Options::default() };
        let store = Store::open(&url, options).await.unwrap();
        store.migrate().await.unwrap();
        for text in [
            "SELECT count(*) FROM tags t WHERE t.pusher_name = 'x'",
            "SELECT count(*) FROM manifests WHERE repository_id = 1",
            "DELETE FROM jobs WHERE name = 'x'",
        ] {
            store
                .run::<_, StoreError, _>("test", crate::Durability::Durable, move |tx| {
                    Box::pin(async move { sql(text).execute(tx).await })
                })
                .await
                .unwrap();
        }
        let found = full_scans(&store, &LARGE_TABLES).await.unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|line| line.starts_with("SCAN t\n")), "{found:?}");
        assert!(found.iter().any(|line| line.starts_with("SCAN jobs\n")), "{found:?}");
    }
}
