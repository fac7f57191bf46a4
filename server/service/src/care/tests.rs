#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod archive;
mod storm;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use roadstead::{Algorithm, Digest, ImageName, Reference};
use roadstead_object::{KeySeed, ObjectKey, Progress};
use roadstead_store::object;
use serde_json::{Value, json};

use super::check::{Finding, Report, Told};
use super::collect::{Collected, GRACE, READERS, RESTORE, Scope, Total};
use crate::Service;
use crate::blob::Part;
use crate::testing::TestService;
use crate::upload::Upload;

const HOUR: i64 = 60 * 60;

fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, bytes)
}

fn body(bytes: &[u8]) -> Upload {
    Upload {
        length: Some(bytes.len() as u64),
        stream: futures::stream::iter([Ok(Bytes::copy_from_slice(bytes))]).boxed(),
    }
}

/// A manifest of these blobs; the first is the configuration.
fn manifest_of(blobs: &[&[u8]]) -> Vec<u8> {
    let describe = |media_type: &str, bytes: &[u8]| -> Value {
        json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
    };
    let layers: Vec<Value> = blobs[1..]
        .iter()
        .map(|layer| describe("application/vnd.oci.image.layer.v1.tar", layer))
        .collect();
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": describe("application/vnd.oci.image.config.v1+json", blobs[0]),
        "layers": layers,
    })
    .to_string()
    .into_bytes()
}

/// Pushes an image, every blob of it.
async fn push(test: &TestService, image: &str, tag: &str, blobs: &[&[u8]]) -> Digest {
    let image = name(image);
    for blob in blobs {
        test.service.uploads().put(&test.owner, &image, &digest(blob), body(blob)).await.unwrap();
    }
    let at: Reference = tag.parse().unwrap();
    let put = test
        .service
        .manifests()
        .put(&test.owner, &image, &at, &[], None, body(&manifest_of(blobs)))
        .await;
    put.unwrap().digest
}

/// The bytes of a blob, as a client gets them.
async fn read(service: &Service, test: &TestService, image: &str, blob: &Digest) -> Vec<u8> {
    let read = service.blobs().read(&test.owner, &name(image), blob, Part::Whole).await.unwrap();
    let pieces: Vec<Bytes> = read.stream.try_collect().await.unwrap();
    pieces.concat()
}

async fn has(test: &TestService, image: &str, blob: &[u8]) -> bool {
    test.service.blobs().head(&test.owner, &name(image), &digest(blob)).await.is_ok()
}

async fn delete(test: &TestService, image: &str, at: impl ToString) {
    let at: Reference = at.to_string().parse().unwrap();
    test.service.manifests().delete(&test.owner, &name(image), &at).await.unwrap();
}

async fn collect(test: &TestService) -> Collected {
    test.service.collect(&test.system, Scope::Known).await.unwrap()
}

async fn check(service: &Service, test: &TestService) -> (Vec<Finding>, Report) {
    let mut findings = Vec::new();
    let mut listener = |told: Told<'_>| {
        if let Told::Found(finding) = told {
            findings.push(finding.clone());
        }
    };
    let report = service.check(&test.system, &mut listener).await.unwrap();
    assert_eq!(report.findings, findings.len() as u64);
    (findings, report)
}

async fn objects(test: &TestService) -> Vec<ObjectKey> {
    let found: Vec<_> = test.service.objects().list().try_collect().await.unwrap();
    found.into_iter().map(|found| found.key.unwrap()).collect()
}

/// Writes an object that no row knows, or other bytes for one that a row knows.
async fn write(test: &TestService, key: ObjectKey, bytes: &[u8]) {
    let objects = test.service.objects();
    objects.delete(key).await.unwrap();
    let stage = objects.begin(key);
    let start = Progress::start(Algorithm::Sha256);
    let appended = objects.append(stage, start, body(bytes).stream, u64::MAX).await;
    objects.complete(&appended.stage, &appended.progress).await.unwrap();
}

async fn key_of(test: &TestService, blob: &[u8]) -> ObjectKey {
    let stored = test
        .store
        .peek("test.objects", |tx| {
            Box::pin(object::stored_after(tx, roadstead::id::ObjectId(0), 1_000))
        })
        .await
        .unwrap();
    let wanted = digest(blob);
    stored.iter().find(|found| found.digest == wanted).unwrap().object_key.parse().unwrap()
}

#[tokio::test]
async fn what_no_image_needs_goes_after_the_grace_time() {
    let test = TestService::new().await;
    let (shared, own): (&[u8], &[u8]) = (b"{}", b"only here");
    let gone = push(&test, "team/app", "v1", &[shared, own]).await;
    push(&test, "team/open", "v1", &[shared]).await;
    let loose: &[u8] = b"never named by a manifest";
    test.service
        .uploads()
        .put(&test.owner, &name("team/app"), &digest(loose), body(loose))
        .await
        .unwrap();
    assert_eq!(collect(&test).await, Collected::default());
    delete(&test, "team/app", &gone).await;
    test.clock.advance(GRACE + 1);
    // What can be restored stays, what was never used goes.
    assert_eq!(collect(&test).await.blobs, Total { count: 1, bytes: loose.len() as u64 });
    assert!(!has(&test, "team/app", loose).await);
    assert_eq!(objects(&test).await.len(), 3, "who reads now may read on");
    test.clock.advance(READERS + 1);
    assert_eq!(collect(&test).await.objects, Total { count: 1, bytes: loose.len() as u64 });
    test.clock.advance(RESTORE);
    let done = collect(&test).await;
    assert_eq!((done.manifests, done.blobs), (1, Total { count: 1, bytes: own.len() as u64 }));
    test.clock.advance(READERS + 1);
    test.service.tidy().await.unwrap();
    assert_eq!(objects(&test).await, [key_of(&test, shared).await]);
    assert_eq!(read(&test.service, &test, "team/open", &digest(shared)).await, shared);
    assert_eq!(check(&test.service, &test).await.0, []);
}

#[tokio::test]
async fn who_was_told_that_a_blob_is_there_finds_it_there() {
    let test = TestService::new().await;
    let (asked, mounted, old): (&[u8], &[u8], &[u8]) = (b"asked for", b"mounted", b"old");
    let image = name("team/app");
    for blob in [asked, mounted, old] {
        test.service.uploads().put(&test.owner, &image, &digest(blob), body(blob)).await.unwrap();
    }
    test.clock.advance(GRACE + 1);
    assert!(has(&test, "team/app", asked).await);
    let wanted = digest(mounted);
    let again = test.service.uploads().mount(&test.owner, &image, &wanted, Some(&image)).await;
    assert_eq!(again.unwrap(), crate::upload::Mounted::Linked);
    // Another process collects, which does not know what this one has counted only so far.
    let done = collect(&test).await;
    assert_eq!(done.blobs.count, 1);
    push(&test, "team/app", "v1", &[asked, mounted]).await;
    assert!(!has(&test, "team/app", old).await);
}

#[tokio::test]
async fn a_dry_run_says_what_a_run_does_and_does_nothing() {
    let test = TestService::new().await;
    let gone = push(&test, "team/app", "v1", &[b"{}", b"one", b"two"]).await;
    push(&test, "team/open", "v1", &[b"{}", b"three"]).await;
    delete(&test, "team/app", &gone).await;
    test.service.images().delete(&test.owner, &name("team/open")).await.unwrap();
    let id = test.service.uploads().start(&test.owner, &name("team/app"), None).await.unwrap().id;
    let image = name("team/app");
    test.service.uploads().append(&test.owner, &image, id, None, body(b"half")).await.unwrap();
    for hours in [0, 2, 25, 6 * 24, 24, 1] {
        test.clock.advance(hours * HOUR);
        let told = test.service.collect_forecast(&test.system, Scope::Everything).await.unwrap();
        let again = test.service.collect_forecast(&test.system, Scope::Everything).await.unwrap();
        assert_eq!(told, again);
        let done = test.service.collect(&test.system, Scope::Everything).await.unwrap();
        assert_eq!(told, done, "after {hours} hours");
    }
    let left = test.service.collect_forecast(&test.system, Scope::Everything).await.unwrap();
    assert_eq!((left.blobs, left.manifests), (Total::default(), 0));
}

#[tokio::test]
async fn an_hour_has_one_collection() {
    let test = TestService::new().await;
    let image = name("team/app");
    let put = async |bytes: &[u8]| {
        test.service.uploads().put(&test.owner, &image, &digest(bytes), body(bytes)).await.unwrap();
        test.clock.advance(GRACE + 1);
    };
    put(b"one").await;
    test.service.collect_when_due(&test.system).await.unwrap();
    assert!(!has(&test, "team/app", b"one").await);
    put(b"two").await;
    let other = test.service.clone();
    let (first, second) = futures::future::join(
        test.service.collect_when_due(&test.system),
        other.collect_when_due(&test.system),
    )
    .await;
    first.and(second).unwrap();
    assert!(!has(&test, "team/app", b"two").await);
}

#[tokio::test]
async fn strays_go_only_from_a_storage_that_is_ours() {
    let test = TestService::new().await;
    let seed = |random| KeySeed {
        milliseconds: u64::try_from(test.clock.now().0 / 1_000).unwrap(),
        random: [random; 16],
    };
    let stray = ObjectKey::new(seed(1));
    write(&test, stray, b"lost").await;
    test.clock.advance(GRACE + 1);
    let all = async || test.service.collect(&test.system, Scope::Everything).await.unwrap().strays;
    assert_eq!(all().await, Total::default(), "nothing here is known to be ours");
    push(&test, "team/app", "v1", &[b"{}"]).await;
    write(&test, ObjectKey::new(seed(2)), b"being written by who knows whom").await;
    assert_eq!(collect(&test).await.strays, Total::default());
    assert_eq!(all().await, Total { count: 1, bytes: 4 });
    assert!(!test.service.objects().exists(stray).await.unwrap());
    assert_eq!(objects(&test).await.len(), 2);
    let refused = test.service.collect(&test.editor, Scope::Known).await.unwrap_err();
    assert_eq!(refused.kind(), roadstead::ErrorKind::Denied);
}

#[tokio::test]
async fn a_check_names_everything_that_is_wrong() {
    let test = TestService::new().await;
    let blobs: [&[u8]; 5] = [b"{}", b"missing", b"changed", b"longer", b"sound"];
    let pushed = push(&test, "team/app", "v1", &blobs).await;
    let (findings, report) = check(&test.service, &test).await;
    assert_eq!(findings, []);
    assert_eq!((report.objects, report.manifests, report.entries), (5, 1, 5));
    assert_eq!(report.bytes, blobs.iter().map(|blob| blob.len() as u64).sum::<u64>());

    let [_, missing, changed, longer, _] = blobs;
    test.service.objects().delete(key_of(&test, missing).await).await.unwrap();
    write(&test, key_of(&test, changed).await, b"CHANGED").await;
    write(&test, key_of(&test, longer).await, b"longer than before").await;
    let stray = ObjectKey::new(KeySeed { milliseconds: 5, random: [9; 16] });
    write(&test, stray, b"stray").await;
    let (findings, _) = check(&test.service, &test).await;
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(findings.len(), 4, "{said:#?}");
    for (blob, words) in [
        (missing, "its object is missing"),
        (changed, "the bytes of its object were changed"),
        (longer, "its object has 18 bytes; it must have 6"),
    ] {
        let begin = format!("blob {}: {words}", digest(blob));
        assert!(said.iter().any(|line| line.starts_with(&begin)), "{said:#?}");
    }
    assert!(said.iter().any(|line| line.contains(&stray.to_string())), "{said:#?}");

    // Damaged rows: the manifest's bytes, and what it needs.
    let text = match test.url().starts_with("sqlite") {
        true => "UPDATE manifest_bodies SET body = X'7b7d'",
        false => "UPDATE manifest_bodies SET body = '\\x7b7d'",
    };
    damage(&test, &["DELETE FROM manifest_blobs", text]).await;
    let (findings, _) = check(&test.service, &test).await;
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let broken = format!("manifest team/app@{pushed}: its bytes were changed");
    assert!(said.contains(&broken), "{said:#?}");
    let miscounted = said.iter().filter(|line| line.contains("noted wrongly")).count();
    assert_eq!(miscounted, 5, "{said:#?}");
}

/// Changes rows as only a broken disk does.
async fn damage(test: &TestService, statements: &[&'static str]) {
    use sqlx::Connection as _;
    let url = test.url();
    for text in statements {
        if url.starts_with("sqlite") {
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(*text).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(*text).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}
