//! Archives for tests, as the tools write them, and as no honest tool would.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use std::io::Write as _;

use roadstead::{Algorithm, Digest};
use serde_json::{Value, json};
use tar::{EntryType, Header};

/// A tar in the making.
#[derive(Debug, Default, Clone)]
pub struct Tar(Vec<u8>);

impl Tar {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a file. The name is written as it is, whatever it is.
    #[must_use]
    pub fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.entry(EntryType::Regular, name, "", bytes.as_ref())
    }

    /// With JSON.
    #[must_use]
    pub fn json(self, name: &str, value: &Value) -> Self {
        self.file(name, value.to_string())
    }

    /// With a symbolic link.
    #[must_use]
    pub fn symlink(self, name: &str, target: &str) -> Self {
        self.entry(EntryType::Symlink, name, target, &[])
    }

    /// With a hard link.
    #[must_use]
    pub fn hard_link(self, name: &str, target: &str) -> Self {
        self.entry(EntryType::Link, name, target, &[])
    }

    /// With an entry of any kind.
    #[must_use]
    pub fn entry(mut self, kind: EntryType, name: &str, link: &str, bytes: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        let put = |space: &mut [u8], text: &str| {
            for (to, from) in space.iter_mut().zip(text.bytes()) {
                *to = from;
            }
        };
        put(&mut header.as_old_mut().name, name);
        put(&mut header.as_old_mut().linkname, link);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// Its bytes, with its end.
    #[must_use]
    pub fn bytes(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

/// Compressed with gzip.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Compressed with Zstandard.
#[must_use]
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// The SHA-256 digest.
#[must_use]
pub fn digest(bytes: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, bytes)
}

/// A layer with one file.
#[must_use]
pub fn layer(name: &str, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    Tar::new().file(name, bytes).bytes()
}

/// The configuration of an image with these layers.
#[must_use]
pub fn config(layers: &[Vec<u8>]) -> Vec<u8> {
    let ids: Vec<Digest> = layers.iter().map(|layer| digest(layer)).collect();
    json!({ "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": ids } })
        .to_string()
        .into_bytes()
}

/// What Docker before 25 saves: directories of layers, `manifest.json` last but one.
#[must_use]
pub fn legacy(tags: &[&str], layers: &[Vec<u8>]) -> Tar {
    let config = config(layers);
    let config_name = format!("{}.json", digest(&config).hex());
    let mut tar = Tar::new();
    let mut names: Vec<String> = Vec::new();
    let mut first: Vec<(&Vec<u8>, String)> = Vec::new();
    for (number, layer) in layers.iter().enumerate() {
        let id = digest(format!("layer {number}").as_bytes()).hex().to_owned();
        let name = format!("{id}/layer.tar");
        tar = tar.entry(EntryType::Directory, &format!("{id}/"), "", &[]);
        tar = tar
            .file(&format!("{id}/VERSION"), "1.0")
            .json(&format!("{id}/json"), &json!({ "id": id }));
        let known = first.iter().find(|(known, _)| *known == layer).map(|(_, name)| name.clone());
        tar = match known {
            Some(known) => tar.symlink(&name, &format!("../{known}")),
            None => {
                first.push((layer, name.clone()));
                tar.file(&name, layer)
            }
        };
        names.push(name);
    }
    tar.file(&config_name, &config)
        .json(
            "manifest.json",
            &json!([{ "Config": config_name, "RepoTags": tags, "Layers": names }]),
        )
        .json("repositories", &json!({}))
}

/// An OCI layout: blobs by digest, and an index that names them.
#[derive(Debug, Default, Clone)]
pub struct Layout {
    tar: Tar,
    entries: Vec<Value>,
}

impl Layout {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let tar = Tar::new().json("oci-layout", &json!({ "imageLayoutVersion": "1.0.0" }));
        Self { tar, entries: Vec::new() }
    }

    /// With a blob.
    #[must_use]
    pub fn blob(mut self, bytes: &[u8]) -> Self {
        self.tar = self.tar.file(&format!("blobs/sha256/{}", digest(bytes).hex()), bytes);
        self
    }

    /// With the name of a manifest that is among the blobs.
    #[must_use]
    pub fn named(mut self, manifest: &[u8], media_type: &str, annotations: &Value) -> Self {
        self.entries.push(json!({
            "mediaType": media_type, "digest": digest(manifest), "size": manifest.len(), "annotations": annotations,
        }));
        self
    }

    /// The tar with `index.json`, to go on with.
    #[must_use]
    pub fn tar(self) -> Tar {
        self.tar.json("index.json", &json!({ "schemaVersion": 2, "manifests": self.entries }))
    }
}

/// Media type of an OCI image manifest.
pub const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of an OCI index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A descriptor.
#[must_use]
pub fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
}

/// The OCI manifest of an image, with layers as they are stored and of that type.
#[must_use]
pub fn manifest(config: &[u8], layers: &[Vec<u8>], layer_type: &str) -> Vec<u8> {
    let layers: Vec<Value> = layers.iter().map(|layer| descriptor(layer_type, layer)).collect();
    json!({
        "schemaVersion": 2,
        "mediaType": OCI,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": layers,
    })
    .to_string()
    .into_bytes()
}

/// What Docker since 25 saves with a graph driver: an OCI layout of uncompressed layers, and `manifest.json`.
#[must_use]
pub fn modern(name: &str, layers: &[Vec<u8>]) -> Tar {
    let config = config(layers);
    let manifest = manifest(&config, layers, "application/vnd.oci.image.layer.v1.tar");
    let mut layout = Layout::new().blob(&config).blob(&manifest);
    for layer in layers {
        layout = layout.blob(layer);
    }
    let tag = name.rsplit(':').next().unwrap_or(name);
    let full =
        if name.contains('/') { name.to_owned() } else { format!("docker.io/library/{name}") };
    let annotations =
        json!({ "io.containerd.image.name": full, "org.opencontainers.image.ref.name": tag });
    let path = |bytes: &[u8]| format!("blobs/sha256/{}", digest(bytes).hex());
    let paths: Vec<String> = layers.iter().map(|layer| path(layer)).collect();
    layout.named(&manifest, OCI, &annotations).tar().json(
        "manifest.json",
        &json!([{ "Config": path(&config), "RepoTags": [name], "Layers": paths }]),
    )
}
