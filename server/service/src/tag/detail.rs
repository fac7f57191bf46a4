//! One manifest in full: its rows, its exact text, its configuration, its layers with their commands.

use std::sync::Arc;

use roadstead::error::Subject;
use roadstead::manage::tag::{Attachment, LayerRow, ManifestDetail};
use roadstead::oci::{Descriptor, HistoryEntry, ImageConfig, Manifest};
use roadstead::{Error, Reference, Result, TagName};
use roadstead_object::Objects;
use roadstead_store::blob::BlobRecord;
use roadstead_store::manifest::{ChildRecord, ManifestBody, ManifestRecord};
use roadstead_store::referrer::ReferrerRecord;
use roadstead_store::{Place, Store, StoreError, Tx, blob, manifest, referrer, tag};

use super::summary::{Facts, children_of, summary};
use crate::error::stored;

/// Largest configuration that is read, in bytes.
const CONFIG_LIMIT: u64 = 4 * 1024 * 1024;
/// Most referrers that are listed.
const REFERRER_LIMIT: u32 = 100;

struct Found {
    tag: Option<TagName>,
    record: ManifestRecord,
    body: ManifestBody,
    children: Vec<ChildRecord>,
    tags: Vec<TagName>,
    referrers: Vec<ReferrerRecord>,
    config: Option<BlobRecord>,
}

/// Reads it.
///
/// # Errors
/// `NotFound` when the repository has no such tag or manifest.
pub(super) async fn read(
    store: &Store,
    objects: &Objects,
    place: Place,
    reference: &Reference,
) -> Result<ManifestDetail> {
    let wanted = Arc::new(reference.clone());
    let found = store
        .read("tag.detail", move |tx| {
            let wanted = Arc::clone(&wanted);
            Box::pin(async move { find(tx, &place, &wanted).await })
        })
        .await
        .map_err(stored)?
        .ok_or_else(|| missing(reference))?;
    let config = match &found.config {
        Some(blob) => read_config(objects, blob).await,
        None => None,
    };
    Ok(assemble(found, config))
}

fn missing(reference: &Reference) -> Error {
    match reference {
        Reference::Tag(_) => super::missing_tag(),
        Reference::Digest(_) => {
            Error::not_found(Subject::Manifest, "the image has no manifest of this digest")
        }
    }
}

async fn find(
    tx: &mut Tx<'_>,
    place: &Place,
    wanted: &Reference,
) -> Result<Option<Found>, StoreError> {
    let (tag, digest) = match wanted {
        Reference::Tag(name) => match tag::find(tx, place, name).await? {
            Some(found) => (Some(found.name), found.digest),
            None => return Ok(None),
        },
        Reference::Digest(digest) => (None, digest.clone()),
    };
    let Some(record) = manifest::find(tx, place, &digest).await? else {
        return Ok(None);
    };
    let Some(body) = manifest::body(tx, place, &digest).await? else {
        return Ok(None);
    };
    let config = match &record.config_digest {
        Some(config) => blob::find_linked(tx, place, config).await?,
        None => None,
    };
    let tags = tag::siblings(tx, place, &[record.id]).await?;
    Ok(Some(Found {
        tag,
        children: manifest::children(tx, place, &[record.id]).await?,
        tags: tags.into_iter().map(|(_, name)| name).collect(),
        referrers: referrer::list(tx, place, &digest, None, None, REFERRER_LIMIT).await?,
        config,
        record,
        body,
    }))
}

/// The configuration, if it is one of an image and not larger than what is read at once. Damage is the business of
/// `roadstead check`: the page shows the rest.
async fn read_config(objects: &Objects, blob: &BlobRecord) -> Option<ImageConfig> {
    let key = blob.object_key.parse().ok()?;
    match objects.read_small(key, blob.size, CONFIG_LIMIT).await {
        Ok(bytes) => ImageConfig::parse(&bytes),
        Err(error) => {
            tracing::warn!(%error, digest = %blob.digest, "a configuration cannot be read");
            None
        }
    }
}

fn assemble(found: Found, config: Option<ImageConfig>) -> ManifestDetail {
    let Found { tag, record, body, children, tags, referrers, .. } = found;
    let parsed = Manifest::parse(Some(body.media_type.as_str()), &body.body).ok();
    let children = children_of(&children, record.id);
    let layers = parsed.as_ref().map(Manifest::layers).unwrap_or_default();
    let history = config.as_ref().map(|config| config.history.as_slice()).unwrap_or_default();
    ManifestDetail {
        tag,
        tags,
        manifest: summary(Facts::from(&record), &children),
        pushed_at: record.pushed_at,
        pushed_by: record.pusher_name,
        pulls: record.pull_count,
        children,
        layers: layer_rows(layers, history),
        annotations: parsed.as_ref().map(|it| it.annotations.clone()).unwrap_or_default(),
        config,
        referrers: referrers
            .into_iter()
            .map(|referrer| Attachment {
                digest: referrer.digest,
                artifact_type: referrer.artifact_type,
                size: referrer.size,
                created_at: referrer.pushed_at,
            })
            .collect(),
        raw: String::from_utf8_lossy(&body.body).into_owned(),
    }
}

/// Layers beside the commands that made them. A history that does not fit the layers is left out rather than shown
/// beside the wrong ones.
fn layer_rows(layers: &[Descriptor], history: &[HistoryEntry]) -> Vec<LayerRow> {
    let row = |layer: &Descriptor, command: Option<String>| LayerRow {
        command,
        digest: Some(layer.digest.clone()),
        size: layer.size,
        media_type: Some(layer.media_type.clone()).filter(|text| !text.is_empty()),
    };
    if history.iter().filter(|entry| !entry.empty_layer).count() != layers.len() {
        return layers.iter().map(|layer| row(layer, None)).collect();
    }
    let mut layers = layers.iter();
    history
        .iter()
        .filter_map(|entry| {
            let command = entry.created_by.clone().or_else(|| entry.comment.clone());
            if entry.empty_layer {
                Some(LayerRow { command, digest: None, size: 0, media_type: None })
            } else {
                layers.next().map(|layer| row(layer, command))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn layer(size: u64) -> Descriptor {
        serde_json::from_value(serde_json::json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "size": size
        }))
        .unwrap()
    }

    fn step(command: &str, empty_layer: bool) -> HistoryEntry {
        HistoryEntry {
            created_by: Some(command.to_owned()),
            empty_layer,
            ..HistoryEntry::default()
        }
    }

    #[test]
    fn commands_stand_beside_their_layers() {
        let history = [step("ADD rootfs", false), step("CMD sh", true), step("COPY a", false)];
        let rows = layer_rows(&[layer(5), layer(7)], &history);
        let shown: Vec<_> = rows
            .iter()
            .map(|row| (row.command.as_deref().unwrap(), row.digest.is_some(), row.size))
            .collect();
        assert_eq!(shown, [("ADD rootfs", true, 5), ("CMD sh", false, 0), ("COPY a", true, 7)]);
    }

    #[test]
    fn a_history_of_another_image_is_not_shown() {
        let rows = layer_rows(&[layer(5), layer(7)], &[step("ADD rootfs", false)]);
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row.command.is_none()));
    }
}
