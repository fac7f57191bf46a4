//! Backup, while everybody goes on working: one view of the database, then the objects that it names.
//!
//! # Invariants
//! - A hold is made before the view is taken: bytes that are in the view stay until the backup has copied them, whoever
//!   deletes and collects meanwhile.
//! - What is pushed after the view was taken is not in the backup, and nothing of it is half in it.
//! - Bytes are hashed while they are copied. An object that is missing or damaged already is told and left out; the rest
//!   is worth keeping all the same.
//! - A backup that was interrupted goes on in the same directory: objects that are there and hash to their digest are not
//!   copied again.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use roadstead::access::Action;
use roadstead::error::Subject;
use roadstead::{Digest, Error, ErrorKind, Hasher, Result, Secret};
use roadstead_object::{ObjectError, ObjectKey, Objects};
use roadstead_store::maintenance::{self, Whole};
use roadstead_store::{Durability, StoreError, dump, sealed};

use super::archive::{Archive, Contents, Folder, Lines, Part, format};
use super::collect::Total;
use crate::Service;
use crate::access::Instance;
use crate::context::Context;
use crate::error::{kept, stored};

/// How long a hold lasts without being renewed, in seconds.
const HOLD: i64 = 60 * 60;
/// How often it is renewed.
const RENEW: std::time::Duration = std::time::Duration::from_secs(5 * 60);
/// A hold counts from so long ago, in seconds: transactions that run now began with an older time.
const MARGIN: i64 = 60 * 60;
/// Objects copied at a time.
const PARALLEL: usize = 4;

/// What whoever asked for a copy is told while it runs.
#[derive(Debug)]
pub enum Told<'a> {
    /// An object is not there to be copied, or not what it was: its key, and what is wrong.
    Damaged(&'a str, &'a str),
    /// So many objects are copied.
    Progress(Total),
}

/// Who is told.
pub type Listener<'a> = &'a mut (dyn FnMut(Told<'_>) + Send);

/// The view of the database, written down.
struct View {
    schema: i64,
    tables: Vec<Part>,
    objects: Part,
    counters: Vec<(String, i64)>,
    master_keys: Vec<String>,
}

impl Service {
    /// Writes a backup into `folder`. `key` is the master key's file, unless it is to be kept apart from the backup.
    ///
    /// # Errors
    /// `Denied` unless the operator or the system asks; `Conflict` when the copying took so long a break that collection
    /// went on; those of the store, the storage and the directory.
    #[tracing::instrument(name = "service.care.backup", skip_all)]
    pub async fn backup(
        &self,
        ctx: &Context,
        folder: &Folder,
        key: Option<&Secret>,
        listener: Listener<'_>,
    ) -> Result<Contents> {
        let allowed = self.access().authorize(ctx, Action::ManageSettings, Instance).await?;
        let whole = Whole::of(&allowed);
        let hold = self.ports().uuid().to_string();
        self.hold(&hold).await?;
        let outcome = {
            let making = self.make(ctx, folder, whole, key, listener);
            tokio::pin!(making);
            loop {
                match tokio::time::timeout(RENEW, &mut making).await {
                    Ok(outcome) => break outcome,
                    Err(_) if self.renew(&hold).await? => {}
                    Err(_) => break Err(lost()),
                }
            }
        };
        // A hold that ended in between may have let something go that was not copied yet.
        let outcome = match outcome {
            Ok(contents) if self.renew(&hold).await? => {
                folder.finish(&contents)?;
                Ok(contents)
            }
            Ok(_) => Err(lost()),
            Err(error) => Err(error),
        };
        self.store()
            .run("care.release", Durability::Relaxed, move |tx| {
                let hold = hold.clone();
                Box::pin(async move { maintenance::release_hold(tx, &hold).await })
            })
            .await
            .map_err(stored)?;
        outcome
    }

    async fn hold(&self, id: &str) -> Result<()> {
        let (id, now) = (id.to_owned(), self.ports().now());
        self.store()
            .run("care.hold", Durability::Durable, move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    let (since, until) = (now.plus_seconds(-MARGIN), now.plus_seconds(HOLD));
                    maintenance::hold(tx, &id, "backup", since, until).await
                })
            })
            .await
            .map_err(stored)
    }

    async fn renew(&self, id: &str) -> Result<bool> {
        let (id, now) = (id.to_owned(), self.ports().now());
        self.store()
            .run("care.renew", Durability::Durable, move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    maintenance::renew_hold(tx, &id, now, now.plus_seconds(HOLD)).await
                })
            })
            .await
            .map_err(stored)
    }

    async fn make(
        &self,
        ctx: &Context,
        folder: &Folder,
        whole: Whole,
        key: Option<&Secret>,
        listener: Listener<'_>,
    ) -> Result<Contents> {
        let created_at = ctx.now();
        let view = self.view(folder, whole).await?;
        if let Some(key) = key {
            folder.keep_key(key)?;
        }
        let mut contents = Contents {
            format: format(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            schema: view.schema,
            created_at,
            tables: view.tables,
            objects: view.objects,
            bytes: 0,
            counters: view.counters,
            damaged: Vec::new(),
            master_keys: view.master_keys,
        };
        let archive = Archive { folder: folder.clone(), contents: contents.clone() };
        let target = folder.objects().await?;
        let mut copied = Total::default();
        let mut copies = futures::stream::iter(archive.entries()?)
            .map(|entry| {
                let target = &target;
                async move {
                    let (key, size, digest) = entry?;
                    Ok::<_, Error>((
                        key,
                        size,
                        copy(self.objects(), target, key, size, &digest).await,
                    ))
                }
            })
            .buffer_unordered(PARALLEL);
        while let Some((key, size, outcome)) = copies.try_next().await? {
            match outcome {
                Ok(()) => copied.add(size),
                Err(error @ (ObjectError::Missing { .. } | ObjectError::Damaged { .. })) => {
                    let key = key.to_string();
                    listener(Told::Damaged(&key, &error.to_string()));
                    contents.damaged.push(key);
                }
                Err(error) => return Err(kept(error)),
            }
            listener(Told::Progress(copied));
        }
        contents.bytes = copied.bytes;
        Ok(contents)
    }

    /// One view of the database, written into the directory.
    async fn view(&self, folder: &Folder, whole: Whole) -> Result<View> {
        let folder = Arc::new(folder.clone());
        self.store()
            .read("care.dump", |tx| {
                let folder = Arc::clone(&folder);
                Box::pin(async move {
                    let mut parts = Vec::new();
                    for table in dump::tables(tx).await? {
                        let mut lines = Lines::create(&folder.table(&table.name))?;
                        let columns: Vec<&str> =
                            table.columns.iter().map(|(name, _)| name.as_str()).collect();
                        lines.write(&columns)?;
                        dump::rows(tx, whole, &table, &mut |row| lines.write(&row)).await?;
                        parts.push(lines.finish(&table.name, 1)?);
                    }
                    let mut lines = Lines::create(&folder.list())?;
                    dump::objects(tx, whole, &mut |key, size, digest| {
                        lines.write(&(key, size, digest))
                    })
                    .await?;
                    let keys = sealed::master_keys(tx).await?;
                    Ok::<_, StoreError>(View {
                        schema: dump::schema_version(tx).await?,
                        tables: parts,
                        objects: lines.finish("objects", 0)?,
                        counters: dump::counters(tx).await?,
                        master_keys: keys
                            .into_iter()
                            .filter(|key| key.state != sealed::MasterKeyState::Retired)
                            .map(|key| key.id)
                            .collect(),
                    })
                })
            })
            .await
            .map_err(|error| match error {
                StoreError::Unavailable { why } => {
                    Error::new(ErrorKind::Unavailable, Subject::Request, why)
                }
                error => stored(error),
            })
    }
}

fn lost() -> Error {
    Error::new(
        ErrorKind::Conflict,
        Subject::Request,
        "the backup was held up for so long that collection went on; start it again in the same directory",
    )
}

/// Copies an object, unless it is there already, whole.
pub(super) async fn copy(
    source: &Objects,
    target: &Objects,
    key: ObjectKey,
    size: u64,
    digest: &Digest,
) -> Result<(), ObjectError> {
    if target.size(key).await? == Some(size) {
        let hashed = target.hash(key, size, Hasher::new(digest.algorithm())).await;
        if hashed.is_ok_and(|hasher| hasher.finish() == *digest) {
            return Ok(());
        }
    }
    source.copy_to(target, key, size, digest).await
}
