//! What every staging must do, whatever it stages in.
#![allow(clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use roadstead::{Algorithm, Digest};
use std::sync::Arc;
use url::Url;

use super::remote::RemoteStaging;
use crate::{
    Appended, BodyError, BodyStream, Ended, KeySeed, ObjectError, ObjectKey, Objects, Progress,
    Stage,
};

/// Small parts, so that a few kilobytes are several of them.
const PART: usize = 1000;

fn in_memory() -> Objects {
    let store = Arc::new(InMemory::new());
    let mut objects = Objects::in_memory();
    let staging = RemoteStaging::new(store.clone(), store.clone(), Path::default()).with_part(PART);
    objects.staging = Arc::new(staging);
    objects.store = store.clone();
    objects.reader = crate::Reader::Remote { store, prefix: Path::default() };
    objects
}

async fn local() -> (Objects, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    let url = Url::from_directory_path(root.path().join("a/b")).unwrap();
    (Objects::open(&url, &[]).await.unwrap(), root)
}

fn key(number: u8) -> ObjectKey {
    ObjectKey::new(KeySeed { milliseconds: 1_700_000_000_000, random: [number; 16] })
}

fn content(length: usize) -> Bytes {
    (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect::<Vec<u8>>().into()
}

/// Pieces of odd sizes, then the end or a break.
fn body(bytes: &Bytes, breaks: bool) -> BodyStream {
    let mut pieces: Vec<Result<Bytes, BodyError>> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = (at + 1 + at % 777).min(bytes.len());
        pieces.push(Ok(bytes.slice(at..end)));
        at = end;
    }
    if breaks {
        pieces.push(Err(BodyError::new("connection reset")));
    }
    futures::stream::iter(pieces).boxed()
}

fn start() -> Progress {
    Progress::start(Algorithm::Sha256)
}

async fn append(objects: &Objects, stage: Stage, from: Progress, bytes: &Bytes) -> Appended {
    // The session keeps the stage as text.
    let stage = stage.to_string().parse().unwrap();
    objects.append(stage, from, body(bytes, false), u64::MAX).await
}

async fn read(objects: &Objects, key: ObjectKey, from: u64, to: u64) -> Vec<u8> {
    let pieces: Vec<Bytes> =
        objects.read(key, from..to).await.unwrap().try_collect().await.unwrap();
    pieces.concat()
}

async fn whole_objects_of_every_size(objects: &Objects) {
    for (number, length) in
        [0usize, 1, 999, 1000, 1001, 2000, 5432, 3_000_000].into_iter().enumerate()
    {
        let key = key(u8::try_from(number).unwrap());
        let bytes = content(length);
        let size = length as u64;
        let done = append(objects, objects.begin(key), start(), &bytes).await;
        assert!(matches!(done.ended, Ended::Whole), "{:?}", done.ended);
        assert_eq!(done.progress.offset, size);
        objects.complete(&done.stage, &done.progress).await.unwrap();
        objects.complete(&done.stage, &done.progress).await.unwrap();
        assert_eq!(done.progress.hasher.finish(), Digest::of(Algorithm::Sha256, &bytes));
        assert_eq!(objects.size(key).await.unwrap(), Some(size));
        assert_eq!(read(objects, key, 0, size).await, bytes);
        assert_eq!(objects.read_small(key, size, u64::MAX).await.unwrap(), bytes);
        if length > 900 {
            assert_eq!(read(objects, key, 7, 900).await, bytes.slice(7..900));
        }
        objects.delete(key).await.unwrap();
        objects.delete(key).await.unwrap();
        assert!(!objects.exists(key).await.unwrap());
        let gone = objects.read(key, 0..size).await;
        assert!(matches!(gone, Err(ObjectError::Missing { .. })));
    }
}

async fn many_appends_are_one_object(objects: &Objects) {
    let bytes = content(7321);
    let key = key(20);
    let (mut stage, mut progress) = (objects.begin(key), start());
    for length in [1, 10, 989, 1000, 1, 0, 1999, 3321] {
        let at = usize::try_from(progress.offset).unwrap();
        let done = append(objects, stage, progress, &bytes.slice(at..at + length)).await;
        assert!(matches!(done.ended, Ended::Whole), "{:?}", done.ended);
        (stage, progress) = (done.stage, done.progress);
    }
    objects.complete(&stage, &progress).await.unwrap();
    assert_eq!(read(objects, key, 0, 7321).await, bytes);
    assert_eq!(progress.hasher.finish(), Digest::of(Algorithm::Sha256, &bytes));
}

async fn a_body_that_breaks_off_keeps_what_arrived(objects: &Objects) {
    let bytes = content(5000);
    let key = key(30);
    let cut = objects
        .append(objects.begin(key), start(), body(&bytes.slice(..3456), true), u64::MAX)
        .await;
    assert!(matches!(cut.ended, Ended::Cut(_)));
    assert_eq!(cut.progress.offset, 3456);
    let done = append(objects, cut.stage, cut.progress, &bytes.slice(3456..)).await;
    objects.complete(&done.stage, &done.progress).await.unwrap();
    assert_eq!(read(objects, key, 0, 5000).await, bytes);
}

async fn an_append_that_was_dropped_never_happened(objects: &Objects) {
    let bytes = content(6000);
    let key = key(40);
    let first = append(objects, objects.begin(key), start(), &bytes.slice(..1500)).await;
    // The request goes away while its body is still coming.
    let endless = body(&bytes.slice(1500..4000), false).chain(futures::stream::pending()).boxed();
    let dropped = objects.append(first.stage.clone(), first.progress.clone(), endless, u64::MAX);
    let mut dropped = Box::pin(dropped);
    for _ in 0..50 {
        let _ = futures::poll!(&mut dropped);
        tokio::task::yield_now().await;
    }
    drop(dropped);
    let done = append(objects, first.stage, first.progress, &bytes.slice(1500..)).await;
    assert!(matches!(done.ended, Ended::Whole), "{:?}", done.ended);
    objects.complete(&done.stage, &done.progress).await.unwrap();
    assert_eq!(read(objects, key, 0, 6000).await, bytes);
}

async fn the_limit_holds(objects: &Objects) {
    let bytes = content(4000);
    let key = key(50);
    let over = objects.append(objects.begin(key), start(), body(&bytes, false), 3999).await;
    assert!(matches!(over.ended, Ended::TooLong));
    assert!(over.progress.offset <= 3999);
    let exact =
        objects.append(objects.begin(self::key(51)), start(), body(&bytes, false), 4000).await;
    assert!(matches!(exact.ended, Ended::Whole));
}

async fn what_is_discarded_is_gone(objects: &Objects) {
    let key = key(60);
    objects.discard(&objects.begin(key)).await.unwrap();
    let done = append(objects, objects.begin(key), start(), &content(2500)).await;
    objects.discard(&done.stage).await.unwrap();
    objects.discard(&done.stage).await.unwrap();
    assert!(!objects.exists(key).await.unwrap());
    let lost = append(objects, done.stage.clone(), done.progress.clone(), &content(10)).await;
    assert!(matches!(lost.ended, Ended::Failed(_)));
    assert!(objects.complete(&done.stage, &done.progress).await.is_err());
}

async fn too_few_bytes_are_an_error(objects: &Objects) {
    let key = key(70);
    let done = append(objects, objects.begin(key), start(), &content(100)).await;
    objects.complete(&done.stage, &done.progress).await.unwrap();
    let short = match objects.read(key, 0..101).await {
        Ok(stream) => stream.try_collect::<Vec<Bytes>>().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(matches!(short, Err(ObjectError::Damaged { .. })), "{short:?}");
}

async fn suite(objects: &Objects) {
    whole_objects_of_every_size(objects).await;
    many_appends_are_one_object(objects).await;
    a_body_that_breaks_off_keeps_what_arrived(objects).await;
    an_append_that_was_dropped_never_happened(objects).await;
    the_limit_holds(objects).await;
    what_is_discarded_is_gone(objects).await;
    too_few_bytes_are_an_error(objects).await;
}

#[tokio::test]
async fn local_staging_keeps_the_contract() {
    let (objects, _root) = local().await;
    suite(&objects).await;
}

#[tokio::test]
async fn a_directory_that_vanishes_is_noticed() {
    let (objects, root) = local().await;
    objects.check().await.unwrap();
    std::fs::remove_dir_all(root.path().join("a")).unwrap();
    assert!(matches!(objects.check().await, Err(ObjectError::Unavailable(_))));
    in_memory().check().await.unwrap();
}

#[tokio::test]
async fn a_body_of_single_bytes_is_kept_too() {
    let (on_disk, _root) = local().await;
    for objects in [in_memory(), on_disk] {
        let bytes = content(10_000);
        let pieces: Vec<Result<Bytes, BodyError>> =
            (0..bytes.len()).map(|at| Ok(bytes.slice(at..=at))).collect();
        let body = futures::stream::iter(pieces).boxed();
        let key = key(80);
        let done = objects.append(objects.begin(key), start(), body, u64::MAX).await;
        assert!(matches!(done.ended, Ended::Whole), "{:?}", done.ended);
        objects.complete(&done.stage, &done.progress).await.unwrap();
        assert_eq!(read(&objects, key, 0, 10_000).await, bytes);
    }
}

#[tokio::test]
async fn remote_staging_keeps_the_contract() {
    suite(&in_memory()).await;
}

#[tokio::test]
async fn remote_staging_leaves_no_tails_behind() {
    let objects = in_memory();
    many_appends_are_one_object(&objects).await;
    what_is_discarded_is_gone(&objects).await;
    let left: Vec<_> = objects
        .store
        .list(Some(&Path::from("tails")))
        .map_ok(|meta| meta.location.to_string())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn addresses_are_told_apart() {
    for (url, fine) in [("memory://", true), ("ftp://host/x", false), ("file://host/x", false)] {
        let outcome = Objects::open(&Url::parse(url).unwrap(), &[]).await;
        assert_eq!(outcome.is_ok(), fine, "{url}");
    }
}
