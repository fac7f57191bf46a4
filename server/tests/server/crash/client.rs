//! Clients that push and delete until their server is gone. Each has tags and images of its own, so that what is
//! acknowledged to one is not undone by another.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use parking_lot::Mutex;
use reqwest::Response;
use tokio::sync::mpsc::UnboundedSender;

use super::truth::{Session, State, Truth};
use super::{Dice, Phase};
use crate::support::TestImage;
use crate::support::app::PASSWORD;
use crate::support::image::{MANIFEST, digest, noise, with_digest};

pub const IMAGE: &str = "docks/app";

/// Requests with a token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    pub fn new(address: &str, token: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            base: format!("http://{address}"),
            token: token.to_owned(),
        }
    }

    pub async fn token(address: &str) -> String {
        let path = format!("http://{address}/token?service=roadstead&scope=repository:{IMAGE}:*");
        let request = reqwest::Client::new().get(path).basic_auth("acme", Some(PASSWORD));
        let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let path = format!("{}{path}", self.base);
        self.http.request(method.parse().unwrap(), path).bearer_auth(&self.token)
    }

    /// Status and body; for what must be answered.
    pub async fn get(&self, path: &str) -> (u16, Bytes) {
        let answer = self.request("GET", path).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    }
}

pub fn blob_path(digest: &str) -> String {
    format!("/v2/{IMAGE}/blobs/{digest}")
}

pub fn manifest_path(reference: &str) -> String {
    format!("/v2/{IMAGE}/manifests/{reference}")
}

pub fn location(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// The image of a seed; some of them have a layer that takes a while.
pub fn image(seed: u64) -> TestImage {
    let size =
        if seed.is_multiple_of(7) { 400_000 } else { 500 + usize::try_from(seed % 9_000).unwrap() };
    let mut image = TestImage::new(seed, 1, 1);
    image.layers = vec![noise(seed, size)];
    image.config = serde_json::json!({
        "architecture": "amd64", "os": "linux",
        "rootfs": { "type": "layers", "diff_ids": [digest(&image.layers[0])] },
    })
    .to_string()
    .into_bytes();
    let mut manifest: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
    manifest["layers"][0]["digest"] = serde_json::json!(digest(&image.layers[0]));
    manifest["layers"][0]["size"] = serde_json::json!(size);
    manifest["config"]["digest"] = serde_json::json!(digest(&image.config));
    manifest["config"]["size"] = serde_json::json!(image.config.len());
    image.manifest = manifest.to_string().into_bytes();
    image
}

/// One of the clients of a round.
pub struct Worker {
    name: u64,
    next: u64,
    client: Client,
    truth: Arc<Mutex<Truth>>,
    say: UnboundedSender<Phase>,
    dice: Dice,
}

impl Worker {
    pub fn new(
        name: u64,
        round: u64,
        client: Client,
        truth: Arc<Mutex<Truth>>,
        say: UnboundedSender<Phase>,
        dice: Dice,
    ) -> Self {
        let next = 1 + round * 10_000 + name * 1_000;
        Self { name, next, client, truth, say, dice }
    }

    /// Works until the server is gone.
    pub async fn work(mut self) {
        while self.step().await.is_some() {}
    }

    /// One thing; nothing when the connection broke.
    async fn step(&mut self) -> Option<()> {
        match self.dice.below(6) {
            0 => self.delete_tag().await,
            1 => self.delete_image().await,
            _ => self.push().await,
        }
    }

    async fn push(&mut self) -> Option<()> {
        let seed = self.next;
        self.next += 1;
        let image = image(seed);
        for blob in [image.layers[0].clone(), image.config.clone()] {
            self.push_blob(blob).await?;
        }
        let tag = format!("w{}-{}", self.name, self.dice.below(3));
        let is_new = {
            let mut truth = self.truth.lock();
            truth.manifests.insert(seed, State::Unsure);
            let allowed = truth.tags.entry(tag.clone()).or_insert_with(|| [None].into());
            let is_new = allowed.iter().all(Option::is_none);
            allowed.insert(Some(seed));
            is_new
        };
        self.say(if is_new { Phase::Manifest } else { Phase::Move });
        let request = self.client.request("PUT", &manifest_path(&tag));
        let request = request.header("content-type", MANIFEST).body(image.manifest);
        expect(request.send().await, 201).await?;
        let mut truth = self.truth.lock();
        truth.manifests.insert(seed, State::There);
        truth.tags.insert(tag, [Some(seed)].into());
        Some(())
    }

    async fn push_blob(&mut self, blob: Vec<u8>) -> Option<()> {
        let (digest, path) = (digest(&blob), format!("/v2/{IMAGE}/blobs/uploads/"));
        let begun = expect(self.client.request("POST", &path).send().await, 202).await?;
        let place = location(&begun);
        {
            let mut truth = self.truth.lock();
            truth.blobs.insert(digest.clone(), (blob.clone(), State::Unsure));
            let session = Session { digest: digest.clone(), acknowledged: 0, is_ending: false };
            truth.sessions.insert(place.clone(), session);
        }
        let middle = blob.len() / 2;
        let mut rest = blob.clone();
        match self.dice.below(3) {
            // Everything with the PUT.
            0 => {}
            // One stream.
            1 => {
                let patch = self.client.request("PATCH", &place).body(self.halves(&blob));
                expect(patch.send().await, 202).await?;
                self.acknowledged(&place, blob.len());
                rest.clear();
            }
            // Two chunks, the second with the PUT.
            _ => {
                let patch = self.client.request("PATCH", &place);
                let patch = patch.header("content-range", format!("0-{}", middle - 1));
                expect(patch.body(blob[..middle].to_vec()).send().await, 202).await?;
                self.acknowledged(&place, middle);
                rest = blob[middle..].to_vec();
            }
        }
        if let Some(session) = self.truth.lock().sessions.get_mut(&place) {
            session.is_ending = true;
        }
        self.say(Phase::Put);
        let put = self.client.request("PUT", &with_digest(&place, &blob));
        let put = if rest.is_empty() { put } else { put.body(self.halves(&rest)) };
        expect(put.send().await, 201).await?;
        let mut truth = self.truth.lock();
        truth.sessions.remove(&place);
        truth.blobs.insert(digest, (blob, State::There));
        Some(())
    }

    /// A body that says when half of it was taken.
    fn halves(&self, bytes: &[u8]) -> reqwest::Body {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        let (first, second) = (Bytes::copy_from_slice(first), Bytes::copy_from_slice(second));
        let say = self.say.clone();
        let second = futures::stream::once(async move {
            let _ = say.send(Phase::Body);
            Ok::<_, std::io::Error>(second)
        });
        reqwest::Body::wrap_stream(futures::stream::iter([Ok(first)]).chain(second))
    }

    fn acknowledged(&self, place: &str, count: usize) {
        if let Some(session) = self.truth.lock().sessions.get_mut(place) {
            session.acknowledged = count;
        }
    }

    async fn delete_tag(&mut self) -> Option<()> {
        let tag = format!("w{}-{}", self.name, self.dice.below(3));
        {
            let mut truth = self.truth.lock();
            let Some(allowed) = truth.tags.get_mut(&tag) else { return Some(()) };
            if allowed.contains(&None) {
                return Some(());
            }
            allowed.insert(None);
        }
        self.say(Phase::DeleteTag);
        expect(self.client.request("DELETE", &manifest_path(&tag)).send().await, 202).await?;
        self.truth.lock().tags.insert(tag, [None].into());
        Some(())
    }

    /// The manifest that one of our tags names, with every tag of ours that names it; then its layer.
    async fn delete_image(&mut self) -> Option<()> {
        let mine = format!("w{}-", self.name);
        let seed = {
            let mut truth = self.truth.lock();
            let of_mine = truth.tags.iter().filter(|(tag, _)| tag.starts_with(&mine));
            let seeds: Vec<u64> = of_mine.filter_map(|(_, allowed)| *allowed.first()?).collect();
            if seeds.is_empty() {
                return Some(());
            }
            let seed = self.dice.pick(&seeds);
            truth.manifests.insert(seed, State::Unsure);
            for allowed in truth.tags.values_mut().filter(|allowed| allowed.contains(&Some(seed))) {
                allowed.insert(None);
            }
            seed
        };
        let image = image(seed);
        self.say(Phase::DeleteManifest);
        let path = manifest_path(&digest(&image.manifest));
        expect(self.client.request("DELETE", &path).send().await, 202).await?;
        let layer = digest(&image.layers[0]);
        {
            let mut truth = self.truth.lock();
            truth.manifests.insert(seed, State::Gone);
            for allowed in truth.tags.values_mut().filter(|allowed| allowed.contains(&Some(seed))) {
                *allowed = [None].into();
            }
            if let Some((_, state)) = truth.blobs.get_mut(&layer) {
                *state = State::Unsure;
            }
        }
        self.say(Phase::DeleteBlob);
        expect(self.client.request("DELETE", &blob_path(&layer)).send().await, 202).await?;
        if let Some((_, state)) = self.truth.lock().blobs.get_mut(&layer) {
            *state = State::Gone;
        }
        Some(())
    }

    fn say(&self, phase: Phase) {
        // Nobody listens any more when the round is over.
        let _ = self.say.send(phase);
    }
}

/// The answer, if there was one; it must be this.
async fn expect(outcome: reqwest::Result<Response>, status: u16) -> Option<Response> {
    let answer = outcome.ok()?;
    if answer.status() == status {
        return Some(answer);
    }
    // Killed in the middle of its body, an answer is none.
    let (found, text) = (answer.status(), answer.text().await.ok()?);
    panic!("{found} instead of {status}: {text}");
}
