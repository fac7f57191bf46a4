//! `manifest.json`: what `docker save` writes since Docker 1.10. Its images get a new manifest (`protocol.md` 8.3).

use roadstead::oci::{Descriptor, MediaType};
use roadstead::{Algorithm, Digest};
use serde::Deserialize;
use serde_json::json;

use super::{Draft, PlannedManifest, blob, check_layers, diff_ids};
use crate::contents::{Contents, Found};
use crate::error::{Fault, Refused};
use crate::layer::Form;
use crate::name::Written;

const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const OCI_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const OCI_PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";

/// One image of `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    #[serde(default)]
    config: Option<String>,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

pub(super) fn draft(contents: &Contents) -> Result<Draft, Refused> {
    let bad = |what: String| Refused::new(Fault::BadManifest, what);
    let list = contents
        .json("manifest.json")?
        .ok_or_else(|| bad("manifest.json is not JSON".to_owned()))?;
    let saved: Vec<Saved> = serde_json::from_slice(list)
        .map_err(|error| bad(format!("manifest.json cannot be read: {error}")))?;
    let mut draft = Draft::default();
    for image in saved {
        let tags = image.repo_tags.unwrap_or_default();
        if tags.is_empty() {
            return Err(Refused::new(Fault::NoNames, "an image of the archive has no RepoTags"));
        }
        let config = image.config.filter(|name| !name.is_empty());
        let config = config
            .ok_or_else(|| Refused::new(Fault::NoConfig, "an image names no configuration"))?;
        let position = draft.keep(manifest(contents, &config, &image.layers.unwrap_or_default())?);
        for tag in &tags {
            let written = Written::parse(tag).ok_or_else(|| {
                Refused::new(Fault::BadName, format!("{tag} is no name with a tag"))
            })?;
            draft.tags.push((written, position));
        }
    }
    Ok(draft)
}

fn manifest(
    contents: &Contents,
    config_name: &str,
    layers: &[String],
) -> Result<PlannedManifest, Refused> {
    let config = contents.json(config_name)?.ok_or_else(|| {
        Refused::new(Fault::NoConfig, format!("the configuration {config_name} is missing"))
    })?;
    let digest = Digest::of(Algorithm::Sha256, config);
    // The name of a configuration is its digest, wherever it looks like one.
    let stem = config_name.rsplit('/').next().unwrap_or(config_name);
    let stem = stem.strip_suffix(".json").unwrap_or(stem);
    let stem = stem.strip_prefix("sha256:").unwrap_or(stem);
    if format!("sha256:{stem}").parse::<Digest>().is_ok_and(|named| named != digest) {
        return Err(Refused::new(Fault::BadFormat, format!("{config_name} has another digest")));
    }
    if diff_ids(config)?.is_none() {
        return Err(Refused::new(
            Fault::NoConfig,
            format!("{config_name} is no image configuration"),
        ));
    }
    let mut found = Vec::with_capacity(layers.len());
    for name in layers {
        match contents.find(name)? {
            Some(Found::File(facts)) => found.push(facts),
            Some(Found::Json(_)) | None => {
                return Err(Refused::new(Fault::NoLayer, format!("the layer {name} is missing")));
            }
        }
    }
    check_layers(config, found.iter().map(|facts| Some(Found::File(facts))))?;
    // Docker's own types know gzip only.
    let is_docker = found.iter().all(|facts| matches!(facts.form, Form::Pressed | Form::Gzip));
    let media_type = |form: Form| match form {
        _ if is_docker => LAYER,
        Form::Pressed | Form::Gzip => OCI_GZIP,
        Form::Zstd => OCI_ZSTD,
        Form::Other => OCI_PLAIN,
    };
    let described: Vec<_> = found
        .iter()
        .map(|facts| descriptor(media_type(facts.form), &facts.kept, facts.kept_size))
        .collect();
    let config_type = if is_docker { CONFIG } else { OCI_CONFIG };
    let kind = if is_docker { MediaType::DockerManifest } else { MediaType::OciManifest };
    let body = json!({
        "schemaVersion": 2,
        "mediaType": kind.as_str(),
        "config": descriptor(config_type, &digest, config.len() as u64),
        "layers": described,
    });
    let bytes = bytes::Bytes::from(body.to_string());
    let mut blobs = vec![blob(Found::Json(config))];
    blobs.extend(found.iter().map(|facts| blob(Found::File(facts))));
    Ok(PlannedManifest {
        media_type: kind,
        digest: Digest::of(Algorithm::Sha256, &bytes),
        bytes,
        blobs,
        config: Some(config.clone()),
        children: Vec::new(),
    })
}

fn descriptor(media_type: &str, digest: &Digest, size: u64) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: digest.clone(),
        size,
        urls: Vec::new(),
        annotations: None,
        platform: None,
        artifact_type: None,
    }
}
