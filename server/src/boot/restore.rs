//! Opening an empty house and putting a backup into it. The master key comes first: it is never made anew here, because
//! what is sealed opens with nothing else.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use roadstead::Secret;
use roadstead_service::care::archive::Archive;
use roadstead_service::care::backup::Listener;
use roadstead_service::care::collect::Total;
use roadstead_service::care::restore;

use super::{House, Site, explained};
use crate::config::Config;

impl House {
    /// Restores a backup into the database and storage of the configuration, which must be empty.
    ///
    /// # Errors
    /// With a sentence that says what is in the way.
    pub async fn restore(
        config: &Config,
        archive: &Archive,
        listener: Listener<'_>,
    ) -> Result<(Self, Total)> {
        let storage = &config.storage;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&storage.data_dir).with_context(
            || format!("cannot make the data directory {}", storage.data_dir.display()),
        )?;
        let path = &storage.master_key_file;
        let is_new = place_key(path, archive.master_key().map_err(explained)?.as_ref())?;
        let filled = Self::fill(config, archive, listener).await;
        if filled.is_err() && is_new {
            // The next try finds the place as this one did.
            let _ = fs::remove_file(path);
        }
        // From here on the rows are there, and open with nothing but this key: it stays, whatever happens next.
        let (Site { store, objects, keys, ports }, restored) = filled?;
        store.migrate().await.context(
            "the backup is restored, but its schema could not be brought up to date; starting the server tries again",
        )?;
        let house = Self::furnish(config, store, objects, keys, ports).await?;
        Ok((house, restored))
    }

    async fn fill(
        config: &Config,
        archive: &Archive,
        listener: Listener<'_>,
    ) -> Result<(Site, Total)> {
        let site = Site::open(config).await?;
        let restored = restore::restore(archive, &site.store, &site.objects, &site.keys, listener)
            .await
            .map_err(explained)?;
        Ok((site, restored))
    }
}

/// Puts the backup's key where the server looks for it; `false` when the same key is there already.
fn place_key(path: &Path, key: Option<&Secret>) -> Result<bool> {
    let present = match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read the master key in {}", path.display()));
        }
    };
    match (present, key) {
        (Some(present), Some(key)) if present.trim() != key.reveal().trim() => bail!(
            "{} holds another master key than the backup; restore needs a place of its own: set ROADSTEAD_DATA_DIR or \
             ROADSTEAD_MASTER_KEY_FILE to a new one",
            path.display()
        ),
        (Some(_), _) => Ok(false),
        (None, Some(key)) => {
            let written = || -> std::io::Result<()> {
                let mut file =
                    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
                file.write_all(key.reveal().as_bytes())?;
                file.sync_all()?;
                // The name too: without this key the restored rows would open nothing.
                match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    Some(folder) => fs::File::open(folder)?.sync_all(),
                    None => Ok(()),
                }
            };
            written()
                .with_context(|| format!("cannot write the master key to {}", path.display()))?;
            Ok(true)
        }
        (None, None) => bail!(
            "the backup does not hold the master key, and {} is not there: put the key of the server that was backed up \
             there",
            path.display()
        ),
    }
}
