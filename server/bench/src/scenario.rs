//! The scenarios. Each is measured on one server at a time; the rounds are interleaved by `main`.
//!
//! To add one: a line in [`ALL`], an arm in [`run`], a bar in `bars.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use futures::future::BoxFuture;
use hyper::{Method, header};

use crate::client::{Ask, Blob, Client, MANIFEST, Target, hex, path_of};
use crate::measure::{Meter, Sample, Watch};

/// Every scenario, and what it does.
pub(crate) const ALL: &[(&str, &str)] = &[
    ("push_large", "one large blob in one PATCH"),
    ("push_large_put", "one large blob in the PUT"),
    ("push_chunk16", "one large blob in PATCHes of 16 MiB"),
    ("push_many", "images of 40 layers of 1 MiB, 8 uploads at a time"),
    ("push_concurrent", "16 clients push images of 10 MiB"),
    ("pull_large", "one large blob"),
    ("pull_range", "one large blob in 16 ranges"),
    ("pull_storm", "64 clients pull an image of 10 layers of 1 MiB"),
    ("manifest_get", "GET by tag, 32 connections"),
    ("manifest_head", "HEAD by tag, 32 connections"),
    ("blob_head", "HEAD, 32 connections"),
    ("upload_start", "POST, 16 connections"),
    ("mount", "into new repositories, 8 connections"),
    ("tags_put", "new manifests with a tag each, 8 connections"),
    ("tags_list", "pages of 100"),
    ("repo_create", "mount and manifest in new repositories, 8 connections"),
    ("catalog", "the first 10 pages of 100"),
    ("delete", "manifests, then their layers, 8 connections"),
];

const MIB: usize = 1024 * 1024;

/// How much is done.
#[derive(Debug, Clone)]
pub(crate) struct Sizes {
    /// Bytes of the large blob.
    pub(crate) large: usize,
    /// Requests of a measurement of requests.
    pub(crate) requests: usize,
    /// Tags that all rounds of `tags_put` make together.
    pub(crate) tags: usize,
    /// Repositories that all rounds of `repo_create` make together.
    pub(crate) repositories: usize,
    /// Rounds.
    pub(crate) rounds: usize,
}

/// An image to push.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    layers: Vec<Blob>,
    config: Blob,
    manifest: Bytes,
    digest: String,
}

/// What every server gets alike in one round.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Nothing,
    Blob(Blob),
    Images(Arc<Vec<Image>>),
}

/// The bytes of one run.
#[derive(Debug)]
pub(crate) struct Stock {
    pub(crate) sizes: Sizes,
    run: String,
    noise: Bytes,
    next: AtomicU64,
    big: Blob,
    image: Arc<Image>,
}

impl Stock {
    /// `run` makes names and bytes different from those of other runs.
    pub(crate) fn new(sizes: Sizes, run: String) -> Self {
        let mut state = run.bytes().fold(0x9E37_79B9_7F4A_7C15_u64, |state, byte| {
            state.wrapping_mul(131).wrapping_add(u64::from(byte)) | 1
        });
        let mut noise = Vec::with_capacity(sizes.large + 8 * MIB);
        while noise.len() < sizes.large + 8 * MIB {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            noise.extend_from_slice(&state.to_le_bytes());
        }
        let empty = Blob::new(Bytes::new(), Bytes::new());
        let image = Image {
            layers: Vec::new(),
            config: empty.clone(),
            manifest: Bytes::new(),
            digest: String::new(),
        };
        let mut stock = Self {
            sizes,
            run,
            noise: noise.into(),
            next: AtomicU64::new(1),
            big: empty,
            image: Arc::new(image),
        };
        stock.big = stock.blob(stock.sizes.large);
        stock.image = Arc::new(stock.image(10, MIB));
        stock
    }

    fn blob(&self, length: usize) -> Blob {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let head = Bytes::from(format!("{:<64}", format!("{} {number}", self.run)));
        let rest = length.saturating_sub(head.len());
        let room = self.noise.len().saturating_sub(rest).max(1);
        let start = usize::try_from(number).unwrap_or_default().wrapping_mul(28_672) % room;
        Blob::new(head, self.noise.slice(start..start + rest))
    }

    fn image(&self, layers: usize, size: usize) -> Image {
        let layers: Vec<Blob> = (0..layers).map(|_| self.blob(size)).collect();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let config = serde_json::json!({
            "architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z", "config": {},
            "rootfs": { "type": "layers", "diff_ids": layers.iter().map(|it| &it.digest).collect::<Vec<_>>() },
            "bench": format!("{} {number}", self.run),
        });
        let config = Blob::new(config.to_string().into(), Bytes::new());
        let manifest = manifest(&config, &layers, "");
        Image { digest: digest(&manifest), layers, config, manifest }
    }

    fn repository(&self, name: &str) -> String {
        format!("bench/{name}-{}", self.run)
    }

    pub(crate) fn payload(&self, scenario: &str) -> Payload {
        let images = |count: usize, layers, size| {
            Payload::Images(Arc::new((0..count).map(|_| self.image(layers, size)).collect()))
        };
        match scenario {
            "push_large" | "push_large_put" | "push_chunk16" => {
                Payload::Blob(self.blob(self.sizes.large))
            }
            "push_many" => images(3, 40, MIB),
            "push_concurrent" => images(16, 1, 10 * MIB),
            "delete" => images(100, 1, 4096),
            _ => Payload::Nothing,
        }
    }
}

fn manifest(config: &Blob, layers: &[Blob], note: &str) -> Bytes {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| {
            serde_json::json!({
                "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                "digest": layer.digest, "size": layer.len(),
            })
        })
        .collect();
    let value = serde_json::json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": config.digest, "size": config.len(),
        },
        "layers": layers, "annotations": { "org.example.note": note },
    });
    value.to_string().into()
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    format!("sha256:{}", hex(&sha2::Sha256::digest(bytes)))
}

fn scope(repository: &str, actions: &str) -> String {
    format!("repository:{repository}:{actions}")
}

fn reading(repository: &str) -> Vec<String> {
    vec![scope(repository, "pull")]
}

fn writing(repository: &str) -> Vec<String> {
    vec![scope(repository, "pull,push")]
}

async fn push_image(
    client: &mut Client,
    repository: &str,
    tag: &str,
    image: &Image,
    scopes: &[String],
) -> Result<u64> {
    let mut bytes = 0;
    for blob in image.layers.iter().chain([&image.config]) {
        if !client.has_blob(repository, &blob.digest, scopes).await? {
            client.push(repository, blob, None, scopes).await?;
            bytes += blob.len() as u64;
        }
    }
    client.put_manifest(repository, tag, &image.manifest, scopes).await?;
    Ok(bytes)
}

/// Pushes what the scenarios pull. The bytes that come back must be those that went.
pub(crate) async fn prepare(stock: &Stock, target: &Arc<Target>) -> Result<()> {
    let mut client = Client::new(target);
    let repository = stock.repository("large");
    client.push(&repository, &stock.big, None, &writing(&repository)).await?;
    for name in ["storm", "tags"] {
        let repository = stock.repository(name);
        push_image(&mut client, &repository, "latest", &stock.image, &writing(&repository)).await?;
    }
    let repository = stock.repository("storm");
    let layer = stock.image.layers.first().context("an image without layers")?;
    let ask = Ask::new(Method::GET, format!("/v2/{repository}/blobs/{}", layer.digest)).keep();
    let answer = client.expect(ask, &reading(&repository), &[200]).await?;
    if digest(&answer.bytes) != layer.digest {
        bail!("{} gives other bytes than it got", target.name);
    }
    Ok(())
}

type Operation = dyn for<'a> Fn(&'a mut Client, usize) -> BoxFuture<'a, Result<u64>> + Send + Sync;

/// `count` operations by `clients` connections, each of which begins its next when its last has ended.
async fn load(
    target: &Arc<Target>,
    clients: usize,
    count: usize,
    scopes: &[String],
    operation: Box<Operation>,
) -> Result<Sample> {
    let (operation, next): (Arc<Operation>, _) = (operation.into(), Arc::new(AtomicUsize::new(0)));
    let mut ready = Vec::with_capacity(clients);
    for _ in 0..clients {
        let mut client = Client::new(target);
        client.ask(Ask::new(Method::GET, "/v2/"), scopes).await?;
        ready.push(client);
    }
    let meter = Meter::start(target.pid);
    let workers: Vec<_> = ready
        .into_iter()
        .map(|mut client| {
            let (operation, next) = (Arc::clone(&operation), Arc::clone(&next));
            tokio::spawn(async move {
                let (mut bytes, mut latencies) = (0, Vec::new());
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return anyhow::Ok((bytes, latencies));
                    }
                    let watch = Watch::start();
                    bytes += operation(&mut client, index).await?;
                    latencies.push(watch.milliseconds());
                }
            })
        })
        .collect();
    let (mut bytes, mut latencies) = (0, Vec::new());
    for worker in workers {
        let (more, those) = worker.await??;
        bytes += more;
        latencies.extend(those);
    }
    Ok(meter.end(latencies.len() as u64, bytes, latencies))
}

/// Measures a scenario once.
pub(crate) async fn run(
    stock: &Arc<Stock>,
    target: &Arc<Target>,
    scenario: &str,
    round: usize,
    payload: Payload,
) -> Result<Sample> {
    let stock = Arc::clone(stock);
    let count = stock.sizes.requests;
    match (scenario, payload) {
        (_, Payload::Blob(blob)) => push_large(&stock, target, scenario, &blob).await,
        ("push_many", Payload::Images(images)) => push_many(&stock, target, round, &images).await,
        ("push_concurrent", Payload::Images(images)) => {
            let repository = stock.repository(&format!("concurrent{round}"));
            let scopes = writing(&repository);
            let operation: Box<Operation> = Box::new({
                let scopes = scopes.clone();
                move |client, index| {
                    let (repository, scopes) = (repository.clone(), scopes.clone());
                    let image = images.get(index).cloned();
                    Box::pin(async move {
                        let image = image.context("no such image")?;
                        push_image(client, &repository, &format!("t{index}"), &image, &scopes).await
                    })
                }
            });
            load(target, 16, 16, &scopes, operation).await
        }
        ("delete", Payload::Images(images)) => delete(&stock, target, round, images).await,
        ("pull_large", _) => pull_large(&stock, target, 1).await,
        ("pull_range", _) => pull_large(&stock, target, 16).await,
        ("pull_storm", _) => pull_storm(&stock, target).await,
        ("manifest_get" | "manifest_head" | "blob_head", _) => {
            let repository = stock.repository("storm");
            let layer = stock.image.layers.first().context("an image without layers")?;
            let ask = match scenario {
                "manifest_get" => Client::manifest(Method::GET, &repository, "latest"),
                "manifest_head" => Client::manifest(Method::HEAD, &repository, "latest"),
                _ => Ask::new(Method::HEAD, format!("/v2/{repository}/blobs/{}", layer.digest)),
            };
            let scopes = reading(&repository);
            let operation: Box<Operation> = Box::new({
                let scopes = scopes.clone();
                move |client, _| {
                    let (ask, scopes) = (ask.clone(), scopes.clone());
                    Box::pin(async move { Ok(client.expect(ask, &scopes, &[200]).await?.length) })
                }
            });
            load(target, 32, count, &scopes, operation).await
        }
        ("upload_start", _) => {
            let repository = stock.repository("start");
            let scopes = writing(&repository);
            let operation: Box<Operation> = Box::new({
                let scopes = scopes.clone();
                move |client, _| {
                    let (repository, scopes) = (repository.clone(), scopes.clone());
                    Box::pin(async move { client.start(&repository, &scopes).await.map(|_| 0) })
                }
            });
            load(target, 16, count / 4, &scopes, operation).await
        }
        ("mount", _) => {
            let operation: Box<Operation> = Box::new(move |client, index| {
                let stock = Arc::clone(&stock);
                Box::pin(async move {
                    let layer = stock.image.layers.first().context("an image without layers")?;
                    let repository = stock.repository(&format!("mount{round}x{index}"));
                    match mount(&stock, client, &repository, &layer.digest).await? {
                        None => Ok(0),
                        Some(_) => bail!("the layer was not mounted"),
                    }
                })
            });
            load(target, 8, count / 8, &[], operation).await
        }
        ("tags_put", _) => {
            let each = stock.sizes.tags.div_ceil(stock.sizes.rounds);
            let repository = stock.repository("tags");
            let scopes = writing(&repository);
            let operation: Box<Operation> = Box::new({
                let scopes = scopes.clone();
                move |client, index| {
                    let (stock, repository) = (Arc::clone(&stock), repository.clone());
                    let scopes = scopes.clone();
                    Box::pin(async move {
                        let tag = format!("v{:06}", round * each + index);
                        let bytes = manifest(&stock.image.config, &stock.image.layers, &tag);
                        client.put_manifest(&repository, &tag, &bytes, &scopes).await?;
                        Ok(bytes.len() as u64)
                    })
                }
            });
            load(target, 8, each, &scopes, operation).await
        }
        ("repo_create", _) => {
            let each = stock.sizes.repositories.div_ceil(stock.sizes.rounds);
            let bytes = manifest(&stock.image.config, &[], "repository");
            let operation: Box<Operation> = Box::new(move |client, index| {
                let (stock, bytes) = (Arc::clone(&stock), bytes.clone());
                Box::pin(async move {
                    let repository = stock.repository(&format!("r{:06}", round * each + index));
                    let config = &stock.image.config;
                    let scopes = mounting(&stock, &repository);
                    if let Some(place) = mount(&stock, client, &repository, &config.digest).await? {
                        client.finish(&place, &config.digest, config.whole(), &scopes).await?;
                    }
                    client.put_manifest(&repository, "latest", &bytes, &scopes).await?;
                    Ok(0)
                })
            });
            load(target, 8, each, &[], operation).await
        }
        ("tags_list", _) => {
            let repository = stock.repository("tags");
            let first = format!("/v2/{repository}/tags/list?n=100");
            walk(target, first, 300, "tags", &reading(&repository)).await
        }
        ("catalog", _) => {
            let scopes = ["registry:catalog:*".to_owned()];
            walk(target, "/v2/_catalog?n=100".to_owned(), 10, "repositories", &scopes).await
        }
        _ => bail!("there is no scenario {scenario}"),
    }
}

async fn push_large(
    stock: &Stock,
    target: &Arc<Target>,
    scenario: &str,
    blob: &Blob,
) -> Result<Sample> {
    let mut client = Client::new(target);
    let repository = stock.repository("large");
    let scopes = writing(&repository);
    client.has_blob(&repository, &blob.digest, &scopes).await?;
    let meter = Meter::start(target.pid);
    match scenario {
        "push_large_put" => {
            let place = client.start(&repository, &scopes).await?;
            client.finish(&place, &blob.digest, blob.whole(), &scopes).await?;
        }
        "push_chunk16" => client.push(&repository, blob, Some(16 * MIB), &scopes).await?,
        _ => client.push(&repository, blob, None, &scopes).await?,
    }
    let sample = meter.end(1, blob.len() as u64, Vec::new());
    if !client.has_blob(&repository, &blob.digest, &scopes).await? {
        bail!("{}: what was pushed is not there", target.name);
    }
    // So that a run needs less disk; who does not delete at once keeps it.
    let ask = Ask::new(Method::DELETE, format!("/v2/{repository}/blobs/{}", blob.digest));
    client.ask(ask, &[scope(&repository, "pull,push,delete")]).await?;
    Ok(sample)
}

async fn push_many(
    stock: &Stock,
    target: &Arc<Target>,
    round: usize,
    images: &[Image],
) -> Result<Sample> {
    let repository = stock.repository(&format!("many{round}"));
    let scopes = writing(&repository);
    let mut clients = Vec::new();
    for _ in 0..8 {
        let mut client = Client::new(target);
        client.ask(Ask::new(Method::GET, "/v2/"), &scopes).await?;
        clients.push(client);
    }
    let meter = Meter::start(target.pid);
    let (mut latencies, mut bytes) = (Vec::new(), 0);
    for (index, image) in images.iter().enumerate() {
        let watch = Watch::start();
        let (next, image) = (Arc::new(AtomicUsize::new(0)), Arc::new(image.clone()));
        let workers: Vec<_> = clients
            .drain(..)
            .map(|mut client| {
                let (next, image) = (Arc::clone(&next), Arc::clone(&image));
                let (repository, scopes) = (repository.clone(), scopes.clone());
                tokio::spawn(async move {
                    let mut bytes = 0;
                    while let Some(layer) = image.layers.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if !client.has_blob(&repository, &layer.digest, &scopes).await? {
                            client.push(&repository, layer, None, &scopes).await?;
                            bytes += layer.len() as u64;
                        }
                    }
                    anyhow::Ok((client, bytes))
                })
            })
            .collect();
        for worker in workers {
            let (client, more) = worker.await??;
            clients.push(client);
            bytes += more;
        }
        let client = clients.first_mut().context("no client")?;
        client.push(&repository, &image.config, None, &scopes).await?;
        client.put_manifest(&repository, &format!("t{index}"), &image.manifest, &scopes).await?;
        latencies.push(watch.milliseconds());
    }
    Ok(meter.end(images.len() as u64, bytes, latencies))
}

async fn pull_large(stock: &Stock, target: &Arc<Target>, parts: usize) -> Result<Sample> {
    let mut client = Client::new(target);
    let repository = stock.repository("large");
    let scopes = reading(&repository);
    client.has_blob(&repository, &stock.big.digest, &scopes).await?;
    let step = stock.big.len().div_ceil(parts);
    let meter = Meter::start(target.pid);
    let mut bytes = 0;
    for part in 0..parts {
        let path = format!("/v2/{repository}/blobs/{}", stock.big.digest);
        let mut ask = Ask::new(Method::GET, path);
        if parts > 1 {
            let last = ((part + 1) * step).min(stock.big.len()) - 1;
            ask = ask.header(header::RANGE, format!("bytes={}-{last}", part * step));
        }
        let wanted = if parts > 1 { 206 } else { 200 };
        bytes += client.expect(ask, &scopes, &[wanted]).await?.length;
    }
    let sample = meter.end(1, bytes, Vec::new());
    if bytes != stock.big.len() as u64 {
        bail!("{} gave {bytes} bytes", target.name);
    }
    Ok(sample)
}

async fn pull_storm(stock: &Arc<Stock>, target: &Arc<Target>) -> Result<Sample> {
    let repository = stock.repository("storm");
    let scopes = reading(&repository);
    let operation: Box<Operation> = Box::new({
        let (stock, scopes) = (Arc::clone(stock), scopes.clone());
        move |client, _| {
            let (stock, repository) = (Arc::clone(&stock), repository.clone());
            let scopes = scopes.clone();
            Box::pin(async move {
                let image = &stock.image;
                let ask = Client::manifest(Method::HEAD, &repository, "latest");
                client.expect(ask, &scopes, &[200]).await?;
                let ask = Client::manifest(Method::GET, &repository, &image.digest);
                let mut bytes = client.expect(ask, &scopes, &[200]).await?.length;
                for blob in [&image.config].into_iter().chain(&image.layers) {
                    let ask =
                        Ask::new(Method::GET, format!("/v2/{repository}/blobs/{}", blob.digest));
                    let length = client.expect(ask, &scopes, &[200]).await?.length;
                    if length != blob.len() as u64 {
                        bail!("{length} bytes of a layer of {}", blob.len());
                    }
                    bytes += length;
                }
                Ok(bytes)
            })
        }
    });
    load(target, 64, 128, &scopes, operation).await
}

fn mounting(stock: &Stock, repository: &str) -> Vec<String> {
    vec![scope(repository, "pull,push"), scope(&stock.repository("storm"), "pull")]
}

/// Mounts a blob of the image that everybody pulls; where to upload it when the server does not.
async fn mount(
    stock: &Stock,
    client: &mut Client,
    repository: &str,
    digest: &str,
) -> Result<Option<String>> {
    let from = stock.repository("storm");
    let path = format!("/v2/{repository}/blobs/uploads/?mount={digest}&from={from}");
    let ask = Ask::new(Method::POST, path);
    let answer = client.expect(ask, &mounting(stock, repository), &[201, 202]).await?;
    let place = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    Ok(place.filter(|_| answer.status == 202).map(|place| path_of(place).to_owned()))
}

async fn delete(
    stock: &Stock,
    target: &Arc<Target>,
    round: usize,
    images: Arc<Vec<Image>>,
) -> Result<Sample> {
    let repository = stock.repository(&format!("delete{round}"));
    let scopes = writing(&repository);
    let mut client = Client::new(target);
    for (index, image) in images.iter().enumerate() {
        push_image(&mut client, &repository, &format!("t{index}"), image, &scopes).await?;
    }
    let scopes = vec![scope(&repository, "pull,push,delete")];
    let count = images.len();
    let operation: Box<Operation> = Box::new({
        let scopes = scopes.clone();
        move |client, index| {
            let image = images.get(index % count).cloned();
            let (repository, scopes) = (repository.clone(), scopes.clone());
            Box::pin(async move {
                let image = image.context("no such image")?;
                let layer = image.layers.first().context("an image without layers")?;
                // A server may collect a layer with the last manifest that names it.
                let (path, wanted): (_, &[u16]) = match index < count {
                    true => (format!("manifests/{}", image.digest), &[200, 202, 204]),
                    false => (format!("blobs/{}", layer.digest), &[200, 202, 204, 404]),
                };
                let ask = Ask::new(Method::DELETE, format!("/v2/{repository}/{path}"));
                client.expect(ask, &scopes, wanted).await.map(|_| 0)
            })
        }
    });
    load(target, 8, count * 2, &scopes, operation).await
}

/// Follows the pages of a list.
async fn walk(
    target: &Arc<Target>,
    first: String,
    most: usize,
    word: &str,
    scopes: &[String],
) -> Result<Sample> {
    let mut client = Client::new(target);
    client.ask(Ask::new(Method::GET, "/v2/"), scopes).await?;
    let (mut entries, mut bytes, mut latencies) = (0, 0, Vec::new());
    let mut path = Some(first);
    let meter = Meter::start(target.pid);
    while let Some(page) = path.take().filter(|_| latencies.len() < most) {
        let watch = Watch::start();
        let answer = client.expect(Ask::new(Method::GET, page).keep(), scopes, &[200]).await?;
        latencies.push(watch.milliseconds());
        bytes += answer.length;
        let body: serde_json::Value = serde_json::from_slice(&answer.bytes)?;
        let list = body.get(word).and_then(|list| list.as_array());
        entries += list.map_or(0, Vec::len) as u64;
        let link = answer.headers.get(header::LINK).and_then(|value| value.to_str().ok());
        path = link
            .and_then(|link| link.split(['<', '>']).nth(1))
            .map(|address| path_of(address).to_owned());
    }
    if entries == 0 {
        bail!("{}: the list is empty", target.name);
    }
    Ok(meter.end(entries, bytes, latencies))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts_of_a_blob_are_the_blob() {
        let sizes = Sizes { large: 1_000, requests: 1, tags: 1, repositories: 1, rounds: 1 };
        let stock = Stock::new(sizes, "test".to_owned());
        let whole: Vec<u8> = stock.big.whole().0.concat();
        assert_eq!(whole.len(), 1_000);
        assert_eq!(digest(&whole), stock.big.digest);
        for step in [1, 63, 64, 65, 999] {
            let parts: Vec<u8> = (0..1_000)
                .step_by(step)
                .flat_map(|start| stock.big.part(start, (start + step).min(1_000)).0.concat())
                .collect();
            assert_eq!(parts, whole, "in parts of {step}");
        }
        assert_ne!(stock.blob(1_000).digest, stock.big.digest);
    }
}
