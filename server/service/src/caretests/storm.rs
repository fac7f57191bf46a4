//! Pushes, mounts, deletions and collections at the same time, while the clock stands still; between two rounds it jumps,
//! so that what earlier rounds left is just old enough to be taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::upload::Mounted;

/// Blobs that everybody's images are made of.
const POOL: usize = 7;
const WORKERS: usize = 4;
const ROUNDS: usize = 14;

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }
}

fn blob(number: usize) -> Vec<u8> {
    format!("blob {number} {}", "x".repeat(number * 100)).into_bytes()
}

fn image(worker: usize) -> String {
    format!("team/worker{worker}")
}

/// Tag → what was acknowledged under it.
type Kept = BTreeMap<String, (Digest, Vec<usize>)>;

/// As clients push: ask, mount, else send; then the manifest, which must be taken.
async fn push_as_clients_do(
    test: &TestService,
    dice: &mut Dice,
    worker: usize,
    tag: &str,
    parts: &[usize],
) -> Digest {
    let here = name(&image(worker));
    for part in parts {
        let bytes = blob(*part);
        let wanted = digest(&bytes);
        if dice.below(4) > 0 && test.service.blobs().head(&test.owner, &here, &wanted).await.is_ok()
        {
            continue;
        }
        if dice.below(2) == 0 {
            let from = name(&image(dice.below(WORKERS)));
            let mounted =
                test.service.uploads().mount(&test.owner, &here, &wanted, Some(&from)).await;
            match mounted.unwrap() {
                Mounted::Linked => continue,
                Mounted::Started(status) => {
                    let sent = test.service.uploads().complete(
                        &test.owner,
                        &here,
                        status.id,
                        &wanted,
                        None,
                        body(&bytes),
                    );
                    sent.await.unwrap();
                    continue;
                }
            }
        }
        test.service.uploads().put(&test.owner, &here, &wanted, body(&bytes)).await.unwrap();
    }
    let blobs: Vec<Vec<u8>> = parts.iter().map(|part| blob(*part)).collect();
    let blobs: Vec<&[u8]> = blobs.iter().map(Vec::as_slice).collect();
    let at: Reference = tag.parse().unwrap();
    let put = test
        .service
        .manifests()
        .put(&test.owner, &here, &at, &[], None, body(&manifest_of(&blobs)))
        .await;
    put.expect("a push that was told that its blobs are there is taken").digest
}

/// What one worker does in one round.
async fn work(test: &TestService, worker: usize, mut dice: Dice, mut kept: Kept) -> Kept {
    let here = name(&image(worker));
    for _ in 0..4 {
        let tag = format!("v{}", dice.below(3));
        match dice.below(10) {
            0..=5 => {
                let parts: Vec<usize> =
                    (0..=dice.below(3)).map(|_| dice.below(POOL)).collect::<Vec<_>>();
                let parts = parts.iter().fold(Vec::new(), |mut all, part| {
                    if !all.contains(part) {
                        all.push(*part);
                    }
                    all
                });
                let pushed = push_as_clients_do(test, &mut dice, worker, &tag, &parts).await;
                kept.insert(tag, (pushed, parts));
            }
            6 | 7 if kept.contains_key(&tag) => {
                let at = kept[&tag].0.clone();
                delete(test, &image(worker), &at).await;
                kept.retain(|_, (pushed, _)| *pushed != at);
            }
            8 => {
                // Refused while a manifest needs it, which is as well.
                let wanted = digest(&blob(dice.below(POOL)));
                drop(test.service.blobs().delete(&test.owner, &here, &wanted).await);
            }
            9 if !kept.is_empty() => {
                test.service.images().delete(&test.owner, &here).await.unwrap();
                kept.clear();
            }
            _ => {}
        }
    }
    kept
}

async fn verify(test: &TestService, kept: &[Kept]) {
    for (worker, kept) in kept.iter().enumerate() {
        for (tag, (pushed, parts)) in kept {
            let at: Reference = tag.parse().unwrap();
            let here = image(worker);
            let found =
                test.service.manifests().get(&test.owner, &name(&here), &at, false).await.unwrap();
            assert_eq!(found.digest, *pushed, "{here}:{tag}");
            for part in parts {
                let bytes = blob(*part);
                assert_eq!(read(&test.service, test, &here, &digest(&bytes)).await, bytes);
            }
        }
    }
}

async fn storm(seed: u64) {
    let test = Arc::new(TestService::new().await);
    let mut dice = Dice(seed);
    let mut kept: Vec<Kept> = vec![Kept::new(); WORKERS];
    for round in 0..ROUNDS {
        let mut workers = Vec::new();
        for (worker, kept) in kept.iter().cloned().enumerate() {
            let (test, dice) = (Arc::clone(&test), Dice(dice.0 ^ (worker as u64) << 32));
            workers.push(tokio::spawn(async move { work(&test, worker, dice, kept).await }));
        }
        let mut collectors = Vec::new();
        for _ in 0..2 {
            let test = Arc::clone(&test);
            collectors.push(tokio::spawn(async move {
                for _ in 0..3 {
                    collect(&test).await;
                    tokio::task::yield_now().await;
                }
            }));
        }
        kept.clear();
        for worker in workers {
            kept.push(worker.await.unwrap());
        }
        for collector in collectors {
            collector.await.unwrap();
        }
        verify(&test, &kept).await;
        let (findings, _) = check(&test.service, &test).await;
        assert_eq!(findings, [], "seed {seed}, round {round}");
        let jumps = [HOUR, 13 * HOUR, GRACE + 1, GRACE + 1, RESTORE + GRACE];
        test.clock.advance(jumps[dice.below(jumps.len())]);
    }
    // With the images goes every byte.
    for worker in 0..WORKERS {
        // It may be deleted already; without a tag it may still have manifests.
        drop(test.service.images().delete(&test.owner, &name(&image(worker))).await);
    }
    for _ in 0..3 {
        test.clock.advance(RESTORE + GRACE);
        test.service.collect(&test.system, Scope::Everything).await.unwrap();
    }
    let mut left = objects(&test).await;
    left.sort();
    assert_eq!(left, [], "seed {seed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn collection_never_takes_what_a_push_counts_on() {
    for seed in 1..=3 {
        storm(seed).await;
    }
}
