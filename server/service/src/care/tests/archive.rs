//! Backups and their restores, whole and broken.

use std::path::Path;
use std::sync::Arc;

use roadstead::{Error, ErrorKind, Secret};
use roadstead_object::Objects;
use roadstead_store::{Options, Store};

use super::*;
use crate::care::archive::{Archive, Contents, Folder};
use crate::care::backup::Told as Copied;
use crate::care::restore::restore;
use crate::port::Ports;
use crate::seal::{MasterKey, MasterKeys};
use crate::setting::{FixedSettings, SettingsCell};
use crate::testing::SeededRandom;
use crate::{Parts, Service};

/// The key of every [`TestService`].
fn keys() -> MasterKeys {
    MasterKeys { current: MasterKey::new(Secret::new([42; 32])), retiring: None }
}

async fn back_up(test: &TestService, path: &Path) -> Result<Contents, Error> {
    let folder = Folder::begin(path)?;
    let key = Secret::new("2a".repeat(32));
    let mut damaged = 0;
    let mut listener = |told: Copied<'_>| damaged += u64::from(matches!(told, Copied::Damaged(..)));
    let made = test.service.backup(&test.system, &folder, Some(&key), &mut listener).await?;
    assert_eq!(made.damaged.len() as u64, damaged);
    Ok(made)
}

/// An empty place to restore into.
struct Target {
    store: Store,
    objects: Objects,
    _home: tempfile::TempDir,
}

impl Target {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", home.path().join("restored.db").display());
        let store = Store::open(&url, Options::default()).await.unwrap();
        Self { store, objects: Objects::in_memory(), _home: home }
    }

    async fn restore(&self, path: &Path) -> Result<Total, Error> {
        self.restore_with(path, &keys()).await
    }

    async fn restore_with(&self, path: &Path, keys: &MasterKeys) -> Result<Total, Error> {
        let archive = Archive::open(path)?;
        restore(&archive, &self.store, &self.objects, keys, &mut |_| {}).await
    }

    /// The service on what was restored.
    async fn service(&self, test: &TestService) -> Service {
        let service = Service::new(Parts {
            store: self.store.clone(),
            objects: self.objects.clone(),
            ports: Ports { clock: test.clock.clone(), random: Arc::new(SeededRandom::new(7)) },
            settings: SettingsCell::new(FixedSettings::default()),
            master_keys: keys(),
        });
        service.prepare().await.unwrap();
        service
    }
}

#[tokio::test]
async fn what_was_backed_up_is_there_again() {
    let test = TestService::new().await;
    let blobs: [&[u8]; 3] = [b"{}", b"one", b""];
    let pushed = push(&test, "team/app", "v1", &blobs).await;
    let image = name("team/app");
    let half = test.service.uploads().start(&test.owner, &image, None).await.unwrap().id;
    test.service.uploads().append(&test.owner, &image, half, None, body(b"half")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/backup");
    let made = back_up(&test, &path).await.unwrap();
    assert_eq!((made.objects.rows, made.bytes), (3, 5));
    let again = back_up(&test, &path).await.unwrap_err();
    assert!(again.to_string().contains("complete backup already"), "{again}");

    let target = Target::new().await;
    assert_eq!(target.restore(&path).await.unwrap(), Total { count: 3, bytes: 5 });
    let service = target.service(&test).await;
    let at: Reference = "v1".parse().unwrap();
    let found = service.manifests().get(&test.owner, &image, &at, false).await.unwrap();
    assert_eq!(found.digest, pushed);
    for blob in blobs {
        assert_eq!(read(&service, &test, "team/app", &digest(blob)).await, blob);
    }
    let (findings, report) = check(&service, &test).await;
    assert_eq!((findings, report.objects, report.entries), (vec![], 3, 3));
    // It goes on from there, and is collected as before.
    let put = service.uploads().put(&test.owner, &image, &digest(b"new"), body(b"new")).await;
    put.unwrap();
    test.clock.advance(GRACE + 1);
    assert_eq!(service.collect(&test.system, Scope::Known).await.unwrap().blobs.count, 1);
    let refused = target.restore(&path).await.unwrap_err();
    assert!(refused.to_string().contains("the database is not empty"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_beside_pushes_deletions_and_collections_is_whole() {
    let test = Arc::new(TestService::new().await);
    let content = |number: usize| format!("content {number}").into_bytes();
    for number in 0..20 {
        let layer = content(number);
        push(&test, &format!("team/app{}", number % 4), &format!("v{number}"), &[b"{}", &layer])
            .await;
    }
    // What a backup sees last may go a moment later.
    let loose = content(1_000);
    test.service
        .uploads()
        .put(&test.owner, &name("team/app0"), &digest(&loose), body(&loose))
        .await
        .unwrap();
    test.clock.advance(GRACE + 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let busy = {
        let test = Arc::clone(&test);
        tokio::spawn(async move {
            for number in 20..60 {
                let layer = content(number);
                let image = format!("team/app{}", number % 4);
                push(&test, &image, &format!("v{number}"), &[b"{}", &layer]).await;
                collect(&test).await;
                if number % 10 == 0 {
                    test.service.images().delete(&test.owner, &name(&image)).await.unwrap();
                }
            }
        })
    };
    let made = back_up(&test, &path).await.unwrap();
    busy.await.unwrap();
    assert_eq!(made.damaged, Vec::<String>::new());
    let target = Target::new().await;
    let restored = target.restore(&path).await.unwrap();
    assert_eq!(restored.count, made.objects.rows);
    assert!(restored.count >= 21);
    let service = target.service(&test).await;
    assert_eq!(check(&service, &test).await.0, []);
}

#[tokio::test]
async fn a_backup_holds_what_it_saw() {
    let test = TestService::new().await;
    let loose: &[u8] = b"about to go";
    let image = name("team/app");
    test.service.uploads().put(&test.owner, &image, &digest(loose), body(loose)).await.unwrap();
    let key = key_of(&test, loose).await;
    test.clock.advance(GRACE - 60);
    let since = test.clock.now().plus_seconds(-HOUR);
    let until = test.clock.now().plus_seconds(HOUR);
    test.write(move |tx| {
        Box::pin(roadstead_store::maintenance::hold(tx, "backup", "backup", since, until))
    })
    .await;
    test.clock.advance(61);
    assert_eq!(collect(&test).await.blobs.count, 1);
    test.clock.advance(READERS + 1);
    test.service.tidy().await.unwrap();
    assert!(test.service.objects().exists(key).await.unwrap(), "the backup may still copy it");
    // A backup that died holds nothing for long.
    test.clock.advance(HOUR);
    test.service.tidy().await.unwrap();
    assert!(!test.service.objects().exists(key).await.unwrap());
}

#[tokio::test]
async fn what_is_damaged_is_told_and_the_rest_is_kept() {
    let test = TestService::new().await;
    push(&test, "team/app", "v1", &[b"{}", b"missing", b"changed", b"sound"]).await;
    test.service.objects().delete(key_of(&test, b"missing").await).await.unwrap();
    write(&test, key_of(&test, b"changed").await, b"CHANGED").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let made = back_up(&test, &path).await.unwrap();
    assert_eq!((made.damaged.len(), made.bytes), (2, 7));
    let target = Target::new().await;
    assert_eq!(target.restore(&path).await.unwrap().count, 2);
    assert_eq!(check(&target.service(&test).await, &test).await.0.len(), 2);
}

/// The one object below a directory of a backup.
fn object_of(path: &Path) -> std::path::PathBuf {
    let folder = path.join("objects").read_dir().unwrap().next().unwrap().unwrap().path();
    folder.read_dir().unwrap().next().unwrap().unwrap().path()
}

#[tokio::test]
async fn a_backup_that_is_not_whole_is_refused() {
    let test = TestService::new().await;
    push(&test, "team/app", "v1", &[b"the only blob"]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    back_up(&test, &path).await.unwrap();
    let target = Target::new().await;
    let refused = async |words: &str| {
        let error = target.restore(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(words), "{error}");
    };
    let with = async |file: std::path::PathBuf, change: fn(&mut Vec<u8>), words: &str| {
        let sound = std::fs::read(&file).unwrap();
        let mut bytes = sound.clone();
        change(&mut bytes);
        std::fs::write(&file, bytes).unwrap();
        refused(words).await;
        std::fs::write(&file, sound).unwrap();
    };
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
    let flip = |bytes: &mut Vec<u8>| bytes[1] ^= 1;
    with(path.join("backup.json"), cut, "backup.json cannot be read").await;
    with(path.join("database/users.jsonl"), cut, "users.jsonl is not what was written").await;
    with(path.join("objects.jsonl"), flip, "objects.jsonl is not what was written").await;
    with(object_of(&path), cut, "is missing or not whole").await;
    with(object_of(&path), flip, "is not what was written").await;
    let (complete, aside) = (path.join("backup.json"), folder.path().join("aside"));
    std::fs::rename(&complete, &aside).unwrap();
    refused("is no complete backup").await;
    std::fs::rename(&aside, &complete).unwrap();
    let wrong = MasterKeys { current: MasterKey::new(Secret::new([1; 32])), retiring: None };
    let error = target.restore_with(&path, &wrong).await.unwrap_err();
    assert!(error.to_string().contains("master key"), "{error}");
    // After all these the same target still takes the whole one.
    target.restore(&path).await.unwrap();
    assert_eq!(check(&target.service(&test).await, &test).await.0, []);
}

#[tokio::test]
async fn only_an_empty_place_is_restored_into() {
    let test = TestService::new().await;
    push(&test, "team/app", "v1", &[b"{}"]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    back_up(&test, &path).await.unwrap();
    let mut target = Target::new().await;
    target.objects = test.service.objects().clone();
    // What an interrupted restore left is no hindrance: the very same objects.
    target.restore(&path).await.unwrap();
    let mut target = Target::new().await;
    target.objects = test.service.objects().clone();
    write(&test, ObjectKey::new(KeySeed { milliseconds: 5, random: [9; 16] }), b"other").await;
    let refused = target.restore(&path).await.unwrap_err();
    assert!(refused.to_string().contains("the storage is not empty"), "{refused}");
    let other = folder.path().join("full");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("letter.txt"), "dear").unwrap();
    let refused = Folder::begin(&other).unwrap_err();
    assert!(refused.to_string().contains("is not empty"), "{refused}");
}

#[tokio::test]
async fn an_interrupted_backup_goes_on() {
    let test = TestService::new().await;
    push(&test, "team/app", "v1", &[b"{}", b"layer"]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    back_up(&test, &path).await.unwrap();
    // As it was a moment before the end, with one object half there.
    std::fs::rename(path.join("backup.json"), path.join("backup.partial")).unwrap();
    std::fs::write(object_of(&path), b"h").unwrap();
    push(&test, "team/app", "v2", &[b"{}", b"more"]).await;
    back_up(&test, &path).await.unwrap();
    let target = Target::new().await;
    assert_eq!(target.restore(&path).await.unwrap().count, 3);
    assert_eq!(check(&target.service(&test).await, &test).await.0, []);
}
