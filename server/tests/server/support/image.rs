//! Images as clients push them.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::client::{Client, Reply};

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// An image with its config, layers and manifest.
pub struct TestImage {
    pub config: Vec<u8>,
    pub layers: Vec<Vec<u8>>,
    pub manifest: Vec<u8>,
}

pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Bytes that are always the same for the same seed and never compress.
pub fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

impl TestImage {
    /// An image with that many layers of `size` bytes. The same seed gives the same image.
    pub fn new(seed: u64, layers: usize, size: usize) -> Self {
        let layers: Vec<Vec<u8>> =
            (0..layers).map(|layer| noise(seed * 1_000 + layer as u64, size)).collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": {},
            "rootfs": { "type": "layers", "diff_ids": layers.iter().map(|layer| digest(layer)).collect::<Vec<_>>() },
            "history": layers.iter().map(|_| json!({ "created_by": "test" })).collect::<Vec<_>>(),
        })
        .to_string()
        .into_bytes();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": digest(&config), "size": config.len(),
            },
            "layers": layers.iter().map(|layer| json!({
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": digest(layer), "size": layer.len(),
            })).collect::<Vec<_>>(),
        })
        .to_string()
        .into_bytes();
        Self { config, layers, manifest }
    }

    /// Every blob: layers, then the config.
    pub fn blobs(&self) -> impl Iterator<Item = &[u8]> {
        self.layers.iter().chain([&self.config]).map(Vec::as_slice)
    }

    /// Pushes everything: each blob by `POST`, `PATCH`, `PUT`, as docker does it (shape b).
    pub async fn push(&self, client: &Client, image: &str, tag: &str) -> Reply {
        for blob in self.blobs() {
            push_blob(client, image, blob).await;
        }
        self.push_manifest(client, image, tag).await
    }

    pub async fn push_manifest(&self, client: &Client, image: &str, tag: &str) -> Reply {
        let path = format!("/v2/{image}/manifests/{tag}");
        client.put(&path, &[("content-type", MANIFEST)], self.manifest.clone()).await
    }
}

/// `POST`, one `PATCH`, `PUT` (shape b).
pub async fn push_blob(client: &Client, image: &str, blob: &[u8]) {
    let start = client.post(&format!("/v2/{image}/blobs/uploads/"), "").await.expect(202);
    let location = start.header("location").to_owned();
    let headers = [("content-type", "application/octet-stream")];
    let patched =
        client.send(http::Method::PATCH, &location, &headers, blob.to_vec()).await.expect(202);
    let done =
        client.put(&with_digest(patched.header("location"), blob), &[], "").await.expect(201);
    assert_eq!(done.header("docker-content-digest"), digest(blob));
}

/// `POST`, then `PUT` with everything (shape a).
pub async fn push_blob_at_once(client: &Client, image: &str, blob: &[u8]) -> Reply {
    let start = client.post(&format!("/v2/{image}/blobs/uploads/"), "").await.expect(202);
    client.put(&with_digest(start.header("location"), blob), &[], blob.to_vec()).await
}

pub fn with_digest(location: &str, blob: &[u8]) -> String {
    let separator = if location.contains('?') { '&' } else { '?' };
    format!("{location}{separator}digest={}", digest(blob))
}
