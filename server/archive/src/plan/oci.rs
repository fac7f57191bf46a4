//! `index.json`: an OCI image layout. Its manifests stay as they are, unless layers of theirs had to be compressed or
//! manifests that they list are not in the archive.

use std::collections::BTreeMap;

use bytes::Bytes;
use roadstead::oci::{Descriptor, Manifest, ManifestKind};
use roadstead::{Algorithm, Digest};
use serde::Deserialize;
use serde_json::Value;

use super::{Draft, PlannedManifest, blob, check_layers, is_index};
use crate::contents::{Contents, Found};
use crate::error::{Fault, Refused};
use crate::layer::Form;
use crate::name::Written;

/// Annotation with a whole name.
const FULL_NAME: &str = "io.containerd.image.name";
/// Annotation with a tag, or a whole name.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// Annotation of an attestation: what it is about.
const ABOUT: &str = "vnd.docker.reference.digest";

/// Indexes inside of each other.
const DEEPEST: usize = 3;
/// Manifests of one archive.
const MOST: usize = 512;

/// What becomes of layers that are not compressed in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layers {
    /// They are a reason to give up: another plan is better.
    Verbatim,
    /// Their manifests are rewritten.
    Rewritten,
}

#[derive(Deserialize)]
struct Layout {
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

pub(super) fn draft(contents: &Contents, layers: Layers) -> Result<Draft, Refused> {
    let bad = |what: String| Refused::new(Fault::BadManifest, what);
    let index =
        contents.json("index.json")?.ok_or_else(|| bad("index.json is not JSON".to_owned()))?;
    let layout: Layout = serde_json::from_slice(index)
        .map_err(|error| bad(format!("index.json cannot be read: {error}")))?;
    let mut reader = Reader { contents, layers, draft: Draft::default(), seen: BTreeMap::new() };
    for entry in &layout.manifests {
        let Some(written) = written(entry) else { continue };
        let position = reader.read(&entry.digest, 0)?.ok_or_else(|| {
            Refused::new(Fault::NoLayer, format!("nothing of {} is in the archive", entry.digest))
        })?;
        reader.draft.tags.push((written, position));
    }
    Ok(reader.draft)
}

/// What a descriptor of the layout calls its image.
fn written(entry: &Descriptor) -> Option<Written> {
    let annotation = |name: &str| entry.annotations.as_ref()?.get(name).map(String::as_str);
    if let Some(written) = annotation(FULL_NAME).and_then(Written::parse) {
        return Some(written);
    }
    let name = annotation(REF_NAME)?;
    match Written::parse(name) {
        Some(written) => Some(written),
        None if name.contains(['/', '@']) || name.is_empty() => None,
        None => Some(Written { name: None, tag: name.to_owned() }),
    }
}

struct Reader<'a> {
    contents: &'a Contents,
    layers: Layers,
    draft: Draft,
    /// What was read: digest in the archive → position, or nothing where it is not here.
    seen: BTreeMap<Digest, Option<usize>>,
}

impl Reader<'_> {
    /// The position of a manifest; `None` when it, or all of it, is not in the archive.
    fn read(&mut self, digest: &Digest, depth: usize) -> Result<Option<usize>, Refused> {
        if let Some(known) = self.seen.get(digest) {
            return Ok(*known);
        }
        if depth > DEEPEST || self.seen.len() >= MOST {
            return Err(Refused::new(Fault::BadFormat, "the archive lists too many manifests"));
        }
        let position = match self.contents.blob(digest)? {
            None => None,
            Some(Found::File(_)) => {
                return Err(Refused::new(Fault::BadManifest, format!("{digest} is no manifest")));
            }
            Some(Found::Json(bytes)) => {
                let manifest = Manifest::parse(None, bytes).map_err(|error| {
                    Refused::new(Fault::BadManifest, format!("{digest}: {error}"))
                })?;
                if is_index(&manifest.kind) {
                    self.index(&manifest, bytes, depth)?
                } else {
                    Some(self.image(&manifest, bytes)?)
                }
            }
        };
        self.seen.insert(digest.clone(), position);
        Ok(position)
    }

    fn image(&mut self, manifest: &Manifest, bytes: &Bytes) -> Result<usize, Refused> {
        let ManifestKind::Image { config, layers } = &manifest.kind else {
            return Err(Refused::new(Fault::BadManifest, "an index where an image must be"));
        };
        let missing = |fault, digest: &Digest| Refused::new(fault, format!("{digest} is missing"));
        let found_config = self
            .contents
            .blob(&config.digest)?
            .ok_or_else(|| missing(Fault::NoConfig, &config.digest))?;
        let mut found = Vec::with_capacity(layers.len());
        for layer in layers {
            match self.contents.blob(&layer.digest)? {
                None if layer.is_foreign() => found.push(None),
                None => return Err(missing(Fault::NoLayer, &layer.digest)),
                here => found.push(here),
            }
        }
        let config_bytes = match found_config {
            Found::Json(bytes) => Some(bytes.clone()),
            Found::File(_) => None,
        };
        let is_image = config.media_type.contains(".image.v1+json")
            || config.media_type.contains(".image.config.");
        if let Some(config) = config_bytes.as_ref().filter(|_| is_image) {
            check_layers(config, found.iter().copied())?;
        }
        let mut blobs = vec![blob(found_config)];
        blobs.extend(found.iter().flatten().map(|found| blob(*found)));
        let pressed: Vec<Option<&crate::layer::Facts>> = found
            .iter()
            .map(|layer| match layer {
                Some(Found::File(facts)) if facts.form == Form::Pressed => Some(*facts),
                _ => None,
            })
            .collect();
        let bytes = if pressed.iter().all(Option::is_none) {
            bytes.clone()
        } else if self.layers == Layers::Verbatim {
            return Err(Refused::new(Fault::BadFormat, "a layer is not compressed"));
        } else {
            rewrite_layers(bytes, &pressed)?
        };
        Ok(self.draft.keep(PlannedManifest {
            media_type: manifest.media_type,
            digest: Digest::of(Algorithm::Sha256, &bytes),
            bytes,
            blobs,
            config: config_bytes,
            children: Vec::new(),
        }))
    }

    fn index(
        &mut self,
        manifest: &Manifest,
        bytes: &Bytes,
        depth: usize,
    ) -> Result<Option<usize>, Refused> {
        let mut here = Vec::new();
        let mut moved = BTreeMap::new();
        for child in manifest.children() {
            let position = self.read(&child.digest, depth + 1)?;
            if let Some(planned) = position.and_then(|position| self.draft.manifests.get(position))
            {
                moved.insert(
                    child.digest.clone(),
                    (planned.digest.clone(), planned.bytes.len() as u64),
                );
            }
            here.push(position);
        }
        let all: Vec<usize> = here.iter().copied().flatten().collect();
        let is_whole = all.len() == here.len();
        let is_same = moved.iter().all(|(before, (after, _))| before == after);
        match all.as_slice() {
            [] => return Ok(None),
            // A list of one that listed more is no list.
            [only] if !is_whole => return Ok(Some(*only)),
            _ => {}
        }
        let bytes =
            if is_whole && is_same { bytes.clone() } else { rewrite_children(bytes, &moved)? };
        Ok(Some(self.draft.keep(PlannedManifest {
            media_type: manifest.media_type,
            digest: Digest::of(Algorithm::Sha256, &bytes),
            bytes,
            blobs: Vec::new(),
            config: None,
            children: all,
        })))
    }
}

fn rewritten(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn parse(bytes: &[u8]) -> Result<Value, Refused> {
    serde_json::from_slice(bytes).map_err(|error| Refused::new(Fault::BadManifest, error))
}

/// The manifest with its compressed layers in the place of those that were not.
fn rewrite_layers(
    bytes: &[u8],
    pressed: &[Option<&crate::layer::Facts>],
) -> Result<Bytes, Refused> {
    let mut value = parse(bytes)?;
    let layers = value.get_mut("layers").and_then(Value::as_array_mut).into_iter().flatten();
    for (layer, facts) in layers.zip(pressed) {
        let (Some(layer), Some(facts)) = (layer.as_object_mut(), facts) else { continue };
        let before = layer.get("mediaType").and_then(Value::as_str).unwrap_or_default();
        let after = if before.starts_with("application/vnd.docker.") {
            "application/vnd.docker.image.rootfs.diff.tar.gzip".to_owned()
        } else {
            let plain = before.split('+').next().unwrap_or(before);
            format!("{plain}+gzip")
        };
        layer.insert("mediaType".to_owned(), Value::from(after));
        layer.insert("digest".to_owned(), Value::from(facts.kept.as_str()));
        layer.insert("size".to_owned(), Value::from(facts.kept_size));
    }
    Ok(rewritten(&value))
}

/// The index without what is not here, and with the new digests of what was rewritten.
fn rewrite_children(
    bytes: &[u8],
    moved: &BTreeMap<Digest, (Digest, u64)>,
) -> Result<Bytes, Refused> {
    let mut value = parse(bytes)?;
    let after = |text: Option<&Value>| {
        let digest: Digest = text.and_then(Value::as_str)?.parse().ok()?;
        moved.get(&digest)
    };
    if let Some(children) = value.get_mut("manifests").and_then(Value::as_array_mut) {
        children.retain(|child| after(child.get("digest")).is_some());
        for child in children {
            if let Some((digest, size)) = after(child.get("digest"))
                && let Some(child) = child.as_object_mut()
            {
                child.insert("digest".to_owned(), Value::from(digest.as_str()));
                child.insert("size".to_owned(), Value::from(*size));
            }
            if let Some(about) = child.get_mut("annotations").and_then(|all| all.get_mut(ABOUT))
                && let Some((digest, _)) = after(Some(about))
            {
                *about = Value::from(digest.as_str());
            }
        }
    }
    Ok(rewritten(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_win_over_tags() {
        let entry = |annotations: &[(&str, &str)]| Descriptor {
            media_type: roadstead::oci::MediaType::OciManifest.as_str().to_owned(),
            digest: Digest::of(Algorithm::Sha256, b""),
            size: 0,
            urls: Vec::new(),
            annotations: Some(
                annotations.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            ),
            platform: None,
            artifact_type: None,
        };
        let name = |text: &str| Some(Written { name: Some(text.to_owned()), tag: "v1".to_owned() });
        assert_eq!(
            written(&entry(&[(FULL_NAME, "docker.io/library/a:v1"), (REF_NAME, "v1")])),
            name("docker.io/library/a")
        );
        assert_eq!(written(&entry(&[(REF_NAME, "a/b:v1")])), name("a/b"));
        assert_eq!(
            written(&entry(&[(REF_NAME, "v1")])),
            Some(Written { name: None, tag: "v1".to_owned() })
        );
        assert_eq!(written(&entry(&[])), None);
    }
}
