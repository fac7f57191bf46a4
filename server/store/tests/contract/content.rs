//! Manifests, indexes and tags to test with.

use roadstead::oci::{MediaType, Platform};
use roadstead::page::{Cursor, Window};
use roadstead_store::blob::LinkedBlob;
use roadstead_store::manifest::{NewChild, NewManifest};
use roadstead_store::tag::{Actor, Expected, SetTag};
use roadstead_store::{Place, manifest, tag};

use crate::home::{Home, at, digest, tx};

pub(crate) const ALL: Window = Window { offset: 0, limit: 100 };

pub(crate) fn actor() -> Actor {
    Actor { id: None, name: "alice".into() }
}

pub(crate) fn image(place: Place, text: &str, blobs: &[&LinkedBlob]) -> NewManifest {
    NewManifest {
        place,
        digest: digest(text),
        media_type: MediaType::OciManifest,
        is_index: false,
        artifact_type: Some("application/vnd.oci.image.config.v1+json".into()),
        config_digest: Some(digest("config")),
        config_media_type: Some("application/vnd.oci.image.config.v1+json".into()),
        platform: Some(Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: None,
            os_version: None,
        }),
        image_created_at: Some(at(-100)),
        total_size: blobs.iter().map(|blob| blob.size).sum(),
        layer_count: u32::try_from(blobs.len()).unwrap(),
        subject: None,
        annotations: None,
        body: text.as_bytes().to_vec(),
        blobs: blobs.iter().map(|blob| blob.id).collect(),
        children: Vec::new(),
        pusher: actor(),
        pushed_at: at(1),
    }
}

pub(crate) fn index(place: Place, text: &str, children: &[(&str, &str)]) -> NewManifest {
    NewManifest {
        media_type: MediaType::OciIndex,
        is_index: true,
        artifact_type: None,
        config_digest: None,
        config_media_type: None,
        platform: None,
        image_created_at: None,
        children: children
            .iter()
            .map(|(child, architecture)| NewChild {
                digest: digest(child),
                media_type: MediaType::OciManifest.to_string(),
                size: child.len() as u64,
                artifact_type: None,
                platform: Some(Platform {
                    os: "linux".into(),
                    architecture: (*architecture).into(),
                    variant: None,
                    os_version: None,
                }),
                attestation_for: None,
            })
            .collect(),
        ..image(place, text, &[])
    }
}

pub(crate) async fn push(home: &Home, new: &NewManifest, name: &str) -> roadstead::id::ManifestId {
    let (new, name) = (new.clone(), name.to_owned());
    tx!(
        home.run,
        [new, name] | tx | {
            let (id, _) = manifest::insert(tx, &new).await?;
            let set = SetTag {
                place: new.place,
                name: name.parse().unwrap(),
                manifest: id,
                digest: new.digest.clone(),
                expected: Expected::Anything,
                actor: actor(),
                at: new.pushed_at,
            };
            tag::set(tx, &set).await?;
            Ok(id)
        }
    )
}

pub(crate) async fn tag_names(home: &Home, place: Place) -> Vec<String> {
    let cursor = Cursor { last: None, limit: 100 };
    let names = tx!(home.read, [cursor] | tx | tag::list(tx, &place, &cursor).await);
    names.iter().map(ToString::to_string).collect()
}
