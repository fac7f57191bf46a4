//! Storage care on the command line: collect, check, backup, restore. What is found goes to standard output, a sentence a
//! line; how far it has come goes to standard error.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use roadstead::Secret;
use roadstead_service::Clock;
use roadstead_service::care::archive::{Archive, Folder};
use roadstead_service::care::collect::{Collected, Scope, Total};
use roadstead_service::care::{backup, check};

use super::say;
use crate::boot::{House, explained};
use crate::config::Config;

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(5);

/// Tells now and then how far something has come.
struct Progress {
    clock: Arc<dyn Clock>,
    next: Duration,
}

impl Progress {
    fn new(house: &House) -> Self {
        let clock = Arc::clone(&house.ports.clock);
        Self { next: clock.monotonic() + EVERY, clock }
    }

    fn tell(&mut self, text: impl FnOnce() -> String) {
        let now = self.clock.monotonic();
        if now >= self.next {
            self.next = now + EVERY;
            murmur(&text());
        }
    }
}

/// To standard error; who closed it does not want to know.
fn murmur(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints a finding, also in the middle of something; a closed standard output loses only the sentence.
fn tell(text: &str) {
    if say(text).is_err() {
        murmur(text);
    }
}

/// Removes what nobody needs any more, or says what would be removed.
pub(super) async fn collect(house: &House, dry_run: bool) -> Result<()> {
    let context = house.command_line();
    let done = if dry_run {
        house.service.collect_forecast(&context, Scope::Everything).await
    } else {
        house.service.collect(&context, Scope::Everything).await
    };
    say(&collected(&done.map_err(explained)?, dry_run))
}

/// What was removed, or would be, one thing a line.
fn collected(done: &Collected, dry_run: bool) -> String {
    let (ended, purged, condemned, removed) = if dry_run {
        ("would end", "would purge", "would give up", "would remove")
    } else {
        ("ended", "purged", "gave up", "removed")
    };
    let mut lines = vec![
        format!(
            "{ended} {} console sessions and {} temporary credentials whose time is over",
            done.sessions, done.credentials
        ),
        format!("{ended} {} that nobody went on with", total(done.uploads, "uploads")),
        format!(
            "{purged} {} deleted tags and {} deleted manifests that can no longer be restored",
            done.tags, done.manifests
        ),
        format!(
            "{condemned} {} that no image needs; their bytes go ten minutes later",
            total(done.blobs, "blobs")
        ),
        format!("{removed} {} that were given up before", total(done.objects, "objects")),
        format!("{removed} {} that the database does not know", total(done.strays, "objects")),
    ];
    if done.refused > 0 {
        lines.push(format!(
            "the storage refused to remove {} objects; the next collection tries again, and the log says why",
            done.refused
        ));
    }
    lines.join("\n")
}

fn total(total: Total, what: &str) -> String {
    format!("{} {what} ({} bytes)", total.count, total.bytes)
}

/// Reads every object and manifest again. Ends with status 1 when something is wrong.
pub(super) async fn check(house: &House) -> Result<()> {
    let context = house.command_line();
    let mut progress = Progress::new(house);
    let mut listener = |told: check::Told<'_>| match told {
        check::Told::Found(finding) => tell(&finding.to_string()),
        check::Told::Progress(report) => progress.tell(|| {
            format!(
                "read {} objects ({} bytes) and {} manifests so far",
                report.objects, report.bytes, report.manifests
            )
        }),
    };
    let report = house.service.check(&context, &mut listener).await.map_err(explained)?;
    say(&format!(
        "{} objects with {} bytes and {} manifests were read; the storage has {} entries",
        report.objects, report.bytes, report.manifests, report.entries
    ))?;
    match report.findings {
        0 => say("database and storage agree"),
        count => bail!(
            "{count} things are not as they must be; what is missing or damaged comes back from a backup, or by pushing \
             it again"
        ),
    }
}

/// Writes a backup. Ends with status 1 when something could not be put into it.
pub(super) async fn backup(config: &Config, house: &House, directory: &Path) -> Result<()> {
    let folder = Folder::begin(directory).map_err(explained)?;
    let (key, is_inside) = key_to_keep(config)?;
    let context = house.command_line();
    let mut progress = Progress::new(house);
    let mut listener = |told: backup::Told<'_>| match told {
        backup::Told::Damaged(key, fault) => tell(&format!("left out object {key}: {fault}")),
        backup::Told::Progress(done) => {
            progress.tell(|| format!("copied {} so far", total(done, "objects")));
        }
    };
    let contents = house
        .service
        .backup(&context, &folder, key.as_ref(), &mut listener)
        .await
        .map_err(explained)?;
    let rows: u64 = contents.tables.iter().map(|table| table.rows).sum();
    let left_out = contents.damaged.len() as u64;
    let copied =
        Total { count: contents.objects.rows.saturating_sub(left_out), bytes: contents.bytes };
    say(&format!("{} holds {rows} rows and {}", directory.display(), total(copied, "objects")))?;
    say(if is_inside {
        "it also holds the master key: whoever reads it can read what the server keeps secret"
    } else {
        "the master key is kept elsewhere and is not in it: without that file, a restore opens no secret"
    })?;
    match left_out {
        0 => Ok(()),
        count => bail!("{count} objects were missing or damaged already and are not in the backup"),
    }
}

/// The master key's file, when it lies in the data directory; one that somebody put elsewhere stays there.
fn key_to_keep(config: &Config) -> Result<(Option<Secret>, bool)> {
    let storage = &config.storage;
    if !storage.master_key_file.starts_with(&storage.data_dir) {
        return Ok((None, false));
    }
    let text = std::fs::read_to_string(&storage.master_key_file).with_context(|| {
        format!("cannot read the master key in {}", storage.master_key_file.display())
    })?;
    Ok((Some(Secret::new(text)), true))
}

/// Puts a backup into the empty database and storage of the configuration.
pub(super) async fn restore(config: &Config, directory: &Path) -> Result<()> {
    let archive = Archive::open(directory).map_err(explained)?;
    let mut listener = |told: backup::Told<'_>| {
        if let backup::Told::Progress(done) = told
            && done.count.is_multiple_of(1_000)
        {
            murmur(&format!("copied {} so far", total(done, "objects")));
        }
    };
    let (house, restored) = House::restore(config, &archive, &mut listener).await?;
    house.close().await;
    let rows: u64 = archive.contents.tables.iter().map(|table| table.rows).sum();
    say(&format!(
        "restored {rows} rows and {}, as they were at {}",
        total(restored, "objects"),
        archive.contents.created_at
    ))?;
    match archive.contents.damaged.len() {
        0 => Ok(()),
        count => bail!(
            "{count} objects were damaged already when the backup was made; `roadstead check` names their blobs"
        ),
    }
}
