//! Restore: a backup into an empty database and an empty storage, of whichever kinds.
//!
//! # Invariants
//! - Nothing is written before the backup is known to be whole: its sums, and the size of each of its objects.
//! - Objects first, each hashed on the way; then all rows in one transaction. A restore that was interrupted can be run
//!   again: the database is still empty, and objects that are there are not copied again.
//! - A target that holds anything else is refused.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use roadstead::error::Subject;
use roadstead::{Error, ErrorKind, Result};
use roadstead_object::{ObjectError, Objects};
use roadstead_store::dump::{self, Fields, Table};
use roadstead_store::{Durability, Store, StoreError, Tx};

use super::archive::{Archive, refused};
use super::backup::{Listener, Told, copy};
use super::collect::Total;
use crate::error::{Failed, kept, stored};
use crate::seal::MasterKeys;

/// Objects copied at a time.
const PARALLEL: usize = 4;
/// Rows, and about so many bytes of them, that are put in together.
const ROWS: usize = 500;
const BYTES: usize = 4 << 20;

/// Puts a backup into an empty database and storage. Nothing may be running on them. The schema is the backup's then: call
/// [`Store::migrate`] next. That is left to the caller because its failure means something else: the rows are there.
///
/// # Errors
/// Invalid, with what to do, when the target is not empty, the backup not whole, or the master key another one; those of
/// the store and the storage.
pub async fn restore(
    archive: &Archive,
    store: &Store,
    objects: &Objects,
    keys: &MasterKeys,
    listener: Listener<'_>,
) -> Result<Total> {
    let given = [Some(&keys.current), keys.retiring.as_ref()];
    for id in &archive.contents.master_keys {
        if !given.iter().flatten().any(|key| key.id() == id) {
            return Err(refused(format!(
                "the backup was sealed with master key {id}, which was not given: put the server's key where \
                 ROADSTEAD_MASTER_KEY_FILE says (or master.key of the data directory)"
            )));
        }
    }
    let source = archive.folder.objects().await?;
    // Before anything is written.
    for entry in archive.entries()? {
        let (key, size, _) = entry?;
        if source.size(key).await.map_err(kept)? != Some(size) {
            return Err(refused(format!(
                "the backup is damaged: its object {key} is missing or not whole; nothing was restored"
            )));
        }
    }
    store.migrate_to(archive.contents.schema).await.map_err(|error| match error {
        StoreError::TooNew { .. } => {
            refused("the backup was made by a newer program; restore it with that one")
        }
        error => stored(error),
    })?;
    store
        .read("care.is_empty", |tx| {
            Box::pin(async move {
                let tables = dump::tables(tx).await?;
                must_be_empty(tx, &tables).await
            })
        })
        .await
        .map_err(Error::from)?;
    only_ours(objects, &source).await?;

    let mut copied = Total::default();
    let mut copies = futures::stream::iter(archive.entries()?)
        .map(|entry| {
            let source = &source;
            async move {
                let (key, size, digest) = entry?;
                Ok::<_, Error>((key, size, copy(source, objects, key, size, &digest).await))
            }
        })
        .buffer_unordered(PARALLEL);
    while let Some((key, size, outcome)) = copies.try_next().await? {
        match outcome {
            Ok(()) => copied.add(size),
            Err(ObjectError::Missing { .. } | ObjectError::Damaged { .. }) => {
                return Err(refused(format!(
                    "the backup is damaged: its object {key} is not what was written; no rows were restored"
                )));
            }
            Err(error) => return Err(kept(error)),
        }
        listener(Told::Progress(copied));
    }
    drop(copies);
    load(archive, store, objects.kind().as_str()).await?;
    Ok(copied)
}

/// The storage holds nothing but objects of this backup, which an interrupted restore left.
async fn only_ours(objects: &Objects, source: &Objects) -> Result<()> {
    let mut list = objects.list();
    while let Some(found) = list.try_next().await.map_err(kept)? {
        let is_ours = match found.key {
            Some(key) => source.exists(key).await.map_err(kept)?,
            None => false,
        };
        if !is_ours {
            return Err(refused(format!(
                "the storage is not empty ({} is there); restore needs an empty one: set ROADSTEAD_STORAGE_URL or \
                 ROADSTEAD_DATA_DIR to a new place",
                found.path
            )));
        }
    }
    Ok(())
}

async fn must_be_empty(tx: &mut Tx<'_>, tables: &[Table]) -> Result<(), Failed> {
    match dump::first_with_rows(tx, tables).await? {
        None => Ok(()),
        Some(table) => Err(Failed::Domain(refused(format!(
            "the database is not empty ({table} has rows); restore needs an empty one: set ROADSTEAD_DATABASE_URL or \
             ROADSTEAD_DATA_DIR to a new place"
        )))),
    }
}

/// All rows, in one transaction.
async fn load(archive: &Archive, store: &Store, backend: &'static str) -> Result<()> {
    let archive = Arc::new(archive.clone());
    store
        .run("care.load", Durability::Durable, move |tx| {
            let archive = Arc::clone(&archive);
            Box::pin(async move {
                let tables = dump::tables(tx).await?;
                must_be_empty(tx, &tables).await?;
                dump::begin_load(tx).await?;
                for part in &archive.contents.tables {
                    let table = tables.iter().find(|table| table.name == part.name);
                    let table = table.ok_or_else(|| corrupt(&part.name))?;
                    load_table(tx, &archive, table, backend).await?;
                }
                for (table, last) in &archive.contents.counters {
                    if tables.iter().any(|known| known.name == *table) {
                        dump::set_counter(tx, table, *last).await?;
                    }
                }
                dump::end_load(tx).await?;
                Ok::<_, Failed>(())
            })
        })
        .await
        .map_err(|failed| match failed {
            Failed::Store(StoreError::Corrupt { what }) => {
                refused(format!("the backup is damaged: {what}; no rows were restored"))
            }
            Failed::Store(StoreError::ForeignKey) => refused(
                "the backup is damaged: its rows do not fit together; no rows were restored",
            ),
            Failed::Store(StoreError::Unavailable { why }) => {
                Error::new(ErrorKind::Unavailable, Subject::Request, why)
            }
            failed => failed.into(),
        })
}

fn corrupt(table: &str) -> StoreError {
    StoreError::Corrupt { what: format!("its table {table} is not one that this program knows") }
}

/// The rows of one table, some at a time.
async fn load_table(
    tx: &mut Tx<'_>,
    archive: &Archive,
    table: &Table,
    backend: &'static str,
) -> Result<(), Failed> {
    let (columns, rows) = archive.rows(&table.name)?;
    let mut known = Table { name: table.name.clone(), columns: Vec::new() };
    for column in &columns {
        let found = table.columns.iter().find(|(name, _)| name == column);
        known.columns.push(found.ok_or_else(|| corrupt(&table.name))?.clone());
    }
    // Which kind of storage an object is in is a fact of the target, not of the backup.
    let place = (table.name == "objects")
        .then(|| columns.iter().position(|column| column == "backend"))
        .flatten();
    let (mut batch, mut bytes): (Vec<Fields>, usize) = (Vec::new(), 0);
    for row in rows {
        let mut row = row?;
        if let Some(field) = place.and_then(|at| row.get_mut(at)) {
            *field = Some(backend.to_owned());
        }
        bytes += row.iter().flatten().map(String::len).sum::<usize>();
        batch.push(row);
        if batch.len() >= ROWS || bytes >= BYTES {
            dump::insert(tx, &known, &batch).await?;
            batch.clear();
            bytes = 0;
        }
    }
    dump::insert(tx, &known, &batch).await?;
    Ok(())
}
