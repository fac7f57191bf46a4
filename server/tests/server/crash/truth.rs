//! What the server may show after it was killed, and the comparison with what it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;

use super::Dice;
use super::client::{Client, IMAGE, blob_path, image, manifest_path};
use crate::support::image::{digest, with_digest};

/// Blobs of former rounds that are looked at in each.
const SAMPLE: u64 = 5;

/// What is known of something that was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Acknowledged.
    There,
    /// Its deletion was acknowledged.
    Gone,
    /// Something was asked, and nobody heard the answer.
    Unsure,
}

/// An upload that has not ended for certain.
#[derive(Debug, Clone)]
pub struct Session {
    pub digest: String,
    /// Bytes whose arrival was acknowledged.
    pub acknowledged: usize,
    /// Whether the request that ends it was sent.
    pub is_ending: bool,
}

/// Everything that may be seen.
#[derive(Debug, Default)]
pub struct Truth {
    pub blobs: BTreeMap<String, (Vec<u8>, State)>,
    /// By the seed of the image.
    pub manifests: BTreeMap<u64, State>,
    /// What each tag may name: `None` is that there is no such tag.
    pub tags: BTreeMap<String, BTreeSet<Option<u64>>>,
    /// By location.
    pub sessions: BTreeMap<String, Session>,
    /// Other servers may be at the same database, so a session that a killed one had in hand is free only when its lease
    /// has ended.
    pub may_be_leased: bool,
}

/// Compares what the server shows after a start with what it may show; from then on that is the truth.
pub async fn settle(client: &Client, truth: &Arc<Mutex<Truth>>, dice: &mut Dice, round: u64) {
    sessions(client, truth, dice, round).await;
    blobs(client, truth, dice, round).await;
    let unsure: Vec<(u64, State)> = {
        let truth = truth.lock();
        let named = |seed: &u64| truth.tags.values().any(|allowed| allowed.contains(&Some(*seed)));
        let wanted = truth.manifests.iter().filter(|(seed, state)| {
            **state == State::Unsure || named(seed) || **seed / 10_000 + 2 > round
        });
        wanted.map(|(seed, state)| (*seed, *state)).collect()
    };
    for (seed, state) in unsure {
        manifest(client, truth, seed, state, round).await;
    }
    tags(client, truth, round).await;
}

/// Sessions go on from where they were acknowledged, or have become their blob.
async fn sessions(client: &Client, truth: &Arc<Mutex<Truth>>, dice: &mut Dice, round: u64) {
    let open: Vec<(String, Session)> =
        std::mem::take(&mut truth.lock().sessions).into_iter().collect();
    for (place, session) in open {
        let blob = truth.lock().blobs[&session.digest].0.clone();
        let answer = client.request("GET", &place).send().await.unwrap();
        if answer.status() == 404 {
            // One to which nothing was sent may be forgotten: its client begins again and loses nothing.
            if session.acknowledged == 0 {
                continue;
            }
            assert!(session.is_ending, "round {round}: the session {place} is gone");
            let (status, _) = client.get(&blob_path(&session.digest)).await;
            assert_eq!(status, 200, "round {round}: a session ended without becoming its blob");
            continue;
        }
        assert_eq!(answer.status(), 204, "round {round}");
        let kept = match answer.headers()["range"].to_str().unwrap() {
            // Nothing, or one byte: then the first chunk is refused, and says so.
            "0-0" => 0,
            range => range.strip_prefix("0-").unwrap().parse::<usize>().unwrap() + 1,
        };
        assert!(
            (session.acknowledged..=blob.len()).contains(&kept),
            "round {round}: {kept} bytes are kept, {} were acknowledged, {} sent",
            session.acknowledged,
            blob.len()
        );
        match dice.below(3) {
            0 => {
                let gone = client.request("DELETE", &place).send().await.unwrap();
                if gone.status() == 416 && truth.lock().may_be_leased {
                    truth.lock().sessions.insert(place, session);
                    continue;
                }
                assert_eq!(gone.status(), 204, "round {round}");
            }
            _ => {
                let put = client.request("PUT", &with_digest(&place, &blob));
                let put = put.body(blob[kept..].to_vec());
                let answer = put.send().await.unwrap();
                if answer.status() == 416 && truth.lock().may_be_leased {
                    truth.lock().sessions.insert(place, session);
                    continue;
                }
                assert_eq!(answer.status(), 201, "round {round}: the upload does not go on");
                truth.lock().blobs.insert(session.digest, (blob, State::There));
            }
        }
    }
}

async fn blobs(client: &Client, truth: &Arc<Mutex<Truth>>, dice: &mut Dice, round: u64) {
    let chosen: Vec<String> = {
        let truth = truth.lock();
        let count = (truth.blobs.len() as u64).max(1);
        let sample: BTreeSet<u64> = (0..SAMPLE).map(|_| dice.below(count)).collect();
        let wanted = truth.blobs.iter().enumerate().filter(|(number, (_, (_, state)))| {
            *state == State::Unsure || sample.contains(&(*number as u64))
        });
        wanted.map(|(_, (digest, _))| digest.clone()).collect()
    };
    for digest in chosen {
        blob(client, truth, &digest, round).await;
    }
}

async fn blob(client: &Client, truth: &Arc<Mutex<Truth>>, digest: &str, round: u64) {
    let (bytes, state) = truth.lock().blobs[digest].clone();
    let (status, body) = client.get(&blob_path(digest)).await;
    let found = match status {
        200 => State::There,
        404 => State::Gone,
        status => panic!("round {round}: {digest} is answered {status}"),
    };
    assert!(
        state == State::Unsure || state == found,
        "round {round}: {digest}: {state:?}, but {found:?}"
    );
    if found == State::There {
        assert_eq!(body, bytes, "round {round}: {digest} has other bytes");
    }
    truth.lock().blobs.insert(digest.to_owned(), (bytes, found));
}

/// A manifest that is shown is whole: its bytes, and everything that it names.
async fn manifest(client: &Client, truth: &Arc<Mutex<Truth>>, seed: u64, state: State, round: u64) {
    let image = image(seed);
    let (status, body) = client.get(&manifest_path(&digest(&image.manifest))).await;
    let found = match status {
        200 => State::There,
        404 => State::Gone,
        status => panic!("round {round}: image {seed} is answered {status}"),
    };
    assert!(
        state == State::Unsure || state == found,
        "round {round}: image {seed}: {state:?}, but {found:?}"
    );
    if found == State::There {
        assert_eq!(body, image.manifest);
        for bytes in image.blobs() {
            let digest = digest(bytes);
            let (status, body) = client.get(&blob_path(&digest)).await;
            assert_eq!(
                (status, &body[..]),
                (200, bytes),
                "round {round}: image {seed} is not whole"
            );
            truth.lock().blobs.insert(digest, (bytes.to_vec(), State::There));
        }
    }
    truth.lock().manifests.insert(seed, found);
}

/// Each tag names something that it may name and that is there; the list has these tags and no others.
async fn tags(client: &Client, truth: &Arc<Mutex<Truth>>, round: u64) {
    let tags = truth.lock().tags.clone();
    let mut present = Vec::new();
    for (tag, allowed) in tags {
        let (status, body) = client.get(&manifest_path(&tag)).await;
        let found =
            match status {
                404 => None,
                200 => {
                    let named = |seed: &u64| image(*seed).manifest == body;
                    let seed = allowed.iter().copied().flatten().find(named);
                    Some(seed.unwrap_or_else(|| {
                        panic!("round {round}: {tag} names none of {allowed:?}")
                    }))
                }
                status => panic!("round {round}: {tag} is answered {status}"),
            };
        assert!(allowed.contains(&found), "round {round}: {tag} is {found:?}, not of {allowed:?}");
        let mut truth = truth.lock();
        if let Some(seed) = found {
            assert_eq!(
                truth.manifests[&seed],
                State::There,
                "round {round}: {tag} names what is gone"
            );
            present.push(tag.clone());
        }
        truth.tags.insert(tag, [found].into());
    }
    let (status, body) = client.get(&format!("/v2/{IMAGE}/tags/list")).await;
    if status == 404 {
        assert!(
            present.is_empty()
                && truth.lock().blobs.values().all(|(_, state)| *state != State::There)
        );
        return;
    }
    let listed: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(listed["tags"], serde_json::json!(present), "round {round}");
}

/// At the end, every blob.
pub async fn check_everything(client: &Client, truth: &Arc<Mutex<Truth>>) {
    let all: Vec<String> = truth.lock().blobs.keys().cloned().collect();
    for digest in all {
        blob(client, truth, &digest, u64::MAX).await;
    }
}
