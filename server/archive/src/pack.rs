//! Writing an archive: its length is known before its first byte, and any part of it can be had.
//!
//! Blobs are stored as they are, compressed layers too: every `docker load` and `podman load` unpacks them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bytes::Bytes;
use roadstead::oci::{Descriptor, MediaType};
use roadstead::{Algorithm, Digest, Hasher};
use serde_json::{Value, json};
use tar::{EntryType, Header};

const BLOCK: u64 = 512;
/// What ends a tar.
const END: usize = 1024;

/// An image that goes into an archive.
#[derive(Debug, Clone)]
pub struct Image {
    /// What it is called when it is loaded: whole references.
    pub names: Vec<String>,
    /// Its manifest's type.
    pub media_type: MediaType,
    /// Its manifest's digest.
    pub digest: Digest,
    /// Its manifest.
    pub manifest: Bytes,
    /// Its configuration.
    pub config: Descriptor,
    /// Its layers, those left out that are not stored.
    pub layers: Vec<Descriptor>,
}

/// A part of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// A part of a blob.
    Blob {
        /// Which.
        digest: Digest,
        /// Which of its bytes.
        range: Range<u64>,
    },
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blob { range, .. } => range.end.saturating_sub(range.start),
        }
    }

    fn part(&self, within: Range<u64>) -> Self {
        match self {
            Self::Bytes(bytes) => {
                let at = |position: u64| {
                    usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len())
                };
                Self::Bytes(bytes.slice(at(within.start)..at(within.end)))
            }
            Self::Blob { digest, range } => Self::Blob {
                digest: digest.clone(),
                range: range.start + within.start..range.start + within.end,
            },
        }
    }
}

/// An archive, as pieces in their order.
#[derive(Debug, Clone)]
pub struct Pack {
    pieces: Vec<Piece>,
    length: u64,
    written: BTreeSet<String>,
}

impl Pack {
    const fn new() -> Self {
        Self { pieces: Vec::new(), length: 0, written: BTreeSet::new() }
    }

    /// What `docker save` wrote before it knew OCI layouts: `manifest.json`, configurations and layers.
    #[must_use]
    pub fn docker(images: &[Image]) -> Self {
        let mut pack = Self::new();
        let config = |image: &Image| format!("{}.json", image.config.digest.hex());
        let layer = |layer: &Descriptor| format!("{}/layer.tar", layer.digest.hex());
        pack.list(images, config, layer);
        for image in images {
            pack.blob(&config(image), &image.config);
            for described in &image.layers {
                pack.blob(&layer(described), described);
            }
        }
        pack.end()
    }

    /// An OCI image layout whose top is `top`: an image of `images`, or an index, `index`, that lists them. With a
    /// `manifest.json` beside it for clients that do not read layouts.
    #[must_use]
    pub fn oci(
        names: &[String],
        images: &[Image],
        index: Option<(MediaType, Digest, Bytes)>,
    ) -> Self {
        let mut pack = Self::new();
        pack.file("oci-layout", Bytes::from_static(br#"{"imageLayoutVersion":"1.0.0"}"#));
        let tops: Vec<(MediaType, Digest, usize)> = match &index {
            Some((media_type, digest, bytes)) => vec![(*media_type, digest.clone(), bytes.len())],
            None => images
                .iter()
                .map(|image| (image.media_type, image.digest.clone(), image.manifest.len()))
                .collect(),
        };
        let entries: Vec<Value> = tops
            .iter()
            .flat_map(|(media_type, digest, size)| {
                names.iter().map(move |name| entry(*media_type, digest, *size, name))
            })
            .collect();
        let layout = json!({ "schemaVersion": 2, "mediaType": MediaType::OciIndex.as_str(), "manifests": entries });
        pack.file("index.json", Bytes::from(layout.to_string()));
        let listed: Vec<Image> =
            images.iter().filter(|image| !image.names.is_empty()).cloned().collect();
        pack.list(&listed, |image| path(&image.config.digest), |layer| path(&layer.digest));
        if let Some((_, digest, bytes)) = index {
            pack.file(&path(&digest), bytes);
        }
        for image in images {
            pack.file(&path(&image.digest), image.manifest.clone());
            pack.blob(&path(&image.config.digest), &image.config);
            for layer in &image.layers {
                pack.blob(&path(&layer.digest), layer);
            }
        }
        pack.end()
    }

    /// Its bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// What tells it from every other archive.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(bytes) => hasher.update(bytes),
                Piece::Blob { digest, .. } => hasher.update(digest.as_str().as_bytes()),
            }
        }
        hasher.finish()
    }

    /// The digests of the blobs that it is made of.
    #[must_use]
    pub fn blobs(&self) -> BTreeMap<Digest, u64> {
        let of = |piece: &Piece| match piece {
            Piece::Blob { digest, range } => Some((digest.clone(), range.end)),
            Piece::Bytes(_) => None,
        };
        self.pieces.iter().filter_map(of).collect()
    }

    /// The pieces of a part of it.
    #[must_use]
    pub fn part(&self, range: Range<u64>) -> Vec<Piece> {
        let (mut parts, mut start) = (Vec::new(), 0);
        for piece in &self.pieces {
            let end = start + piece.length();
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from < to {
                parts.push(piece.part(from - start..to - start));
            }
            start = end;
        }
        parts
    }

    fn list(
        &mut self,
        images: &[Image],
        config: impl Fn(&Image) -> String,
        layer: impl Fn(&Descriptor) -> String,
    ) {
        let list: Vec<Value> = images
            .iter()
            .map(|image| {
                let layers: Vec<String> = image.layers.iter().map(&layer).collect();
                json!({ "Config": config(image), "RepoTags": image.names, "Layers": layers })
            })
            .collect();
        self.file("manifest.json", Bytes::from(Value::from(list).to_string()));
    }

    fn file(&mut self, name: &str, bytes: Bytes) {
        if self.header(name, bytes.len() as u64) {
            let length = bytes.len() as u64;
            self.push(Piece::Bytes(bytes));
            self.pad(length);
        }
    }

    fn blob(&mut self, name: &str, blob: &Descriptor) {
        if self.header(name, blob.size) {
            self.push(Piece::Blob { digest: blob.digest.clone(), range: 0..blob.size });
            self.pad(blob.size);
        }
    }

    /// `false` when there is a file of this name already.
    fn header(&mut self, name: &str, size: u64) -> bool {
        if !self.written.insert(name.to_owned()) {
            return false;
        }
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(size);
        // Names are ours: a digest and a word, below 100 bytes, or split at the slash that a longer digest comes after.
        if header.set_path(name).is_err() {
            return false;
        }
        header.set_cksum();
        self.push(Piece::Bytes(Bytes::copy_from_slice(header.as_bytes())));
        true
    }

    fn pad(&mut self, size: u64) {
        let more = usize::try_from(size.next_multiple_of(BLOCK) - size).unwrap_or_default();
        if more > 0 {
            self.push(Piece::Bytes(Bytes::from(vec![0; more])));
        }
    }

    fn push(&mut self, piece: Piece) {
        self.length += piece.length();
        self.pieces.push(piece);
    }

    fn end(mut self) -> Self {
        self.push(Piece::Bytes(Bytes::from(vec![0; END])));
        self
    }
}

fn path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.hex())
}

fn entry(media_type: MediaType, digest: &Digest, size: usize, name: &str) -> Value {
    let tag = name.rsplit(':').next().unwrap_or(name);
    json!({
        "mediaType": media_type.as_str(),
        "digest": digest,
        "size": size,
        "annotations": { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag },
    })
}
