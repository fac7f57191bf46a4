#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use roadstead::manage::package::{NewPackage, Package, PackageState as Shown, SeenLayer};
use roadstead::{Algorithm, Digest, ErrorKind, ImageName, OrganizationName, Reference, Result};
use roadstead_archive::testing::{Tar, config, digest, gzip, layer, legacy, modern, zstd};
use roadstead_object::BodyError;
use roadstead_store::job;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::setting::FixedSettings;
use crate::testing::TestService;
use crate::upload::Upload;

/// Bytes that no compression makes smaller.
fn noise(seed: u32, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as u8
    };
    (0..size).map(|_| next()).collect()
}

fn layers() -> Vec<Vec<u8>> {
    vec![layer("etc/one", noise(1, 1_500_000)), layer("etc/two", noise(2, 900_000))]
}

fn body(bytes: &[u8]) -> Upload {
    Upload {
        length: Some(bytes.len() as u64),
        stream: futures::stream::iter([Ok(Bytes::copy_from_slice(bytes))]).boxed(),
    }
}

fn new(organization: &str, file: &[u8]) -> NewPackage {
    NewPackage {
        organization: organization.parse().unwrap(),
        file_name: "images.tar".to_owned(),
        size: file.len() as u64,
        fingerprint: "name+size+time".to_owned(),
        repository: None,
        is_public: false,
        layers: Vec::new(),
    }
}

fn id(package: &Package) -> Uuid {
    package.id.parse().unwrap()
}

/// Sends what is left of a file, a chunk at a time, and finishes it.
async fn send(test: &TestService, ctx: &Context, mut package: Package, file: &[u8]) -> Package {
    let packages = test.service.packages();
    while package.received < package.size {
        let start = usize::try_from(package.received).unwrap();
        let stop = package.gaps.iter().map(|gap| gap.position).find(|at| *at > package.received);
        let stop = usize::try_from(stop.unwrap_or(package.size)).unwrap();
        let chunk = &file[start..stop.min(start + (1 << 20))];
        let digest = Some(Digest::of(Algorithm::Sha256, chunk));
        package = packages
            .append(ctx, id(&package), package.received, digest, body(chunk))
            .await
            .unwrap();
    }
    packages.finish(ctx, id(&package)).await.unwrap()
}

/// Runs the jobs that wait, as the server does.
async fn work(test: &TestService) {
    let packages = test.service.packages();
    loop {
        let now = test.clock.now();
        let claimed = test
            .store
            .run("test.claim", Durability::Relaxed, move |tx| {
                Box::pin(job::claim(tx, QUEUE, "test", now, now.plus_seconds(30)))
            })
            .await
            .unwrap();
        let Some(job) = claimed else { return };
        let import: Import = serde_json::from_value(job.payload).unwrap();
        packages.import(&test.system, import, CancellationToken::new()).await.unwrap();
    }
}

async fn upload(test: &TestService, ctx: &Context, file: &[u8]) -> Package {
    let packages = test.service.packages();
    let package = packages.begin(ctx, new("team", file)).await.unwrap();
    let package = send(test, ctx, package, file).await;
    assert_eq!(package.state, Shown::Queued);
    work(test).await;
    packages.status(ctx, id(&package)).await.unwrap()
}

/// Objects in the storage.
async fn objects(test: &TestService) -> usize {
    let found: Vec<_> = test.service.objects().list().try_collect().await.unwrap();
    found.len()
}

async fn tag(
    test: &TestService,
    image: &str,
    tag: &str,
) -> Result<crate::manifest::StoredManifest> {
    let name: ImageName = image.parse().unwrap();
    let reference: Reference = tag.parse().unwrap();
    test.service.manifests().get(&test.reader, &name, &reference, false).await
}

#[tokio::test]
async fn an_archive_becomes_images() {
    let test = TestService::new().await;
    for (round, wrap) in
        [<[u8]>::to_vec as fn(&[u8]) -> Vec<u8>, gzip, zstd].into_iter().enumerate()
    {
        let name = format!("web{round}");
        let tags = [format!("docker.io/library/{name}:v1"), format!("{name}:latest")];
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let done = upload(&test, &test.editor, &wrap(&legacy(&tags, &layers()).bytes())).await;
        assert_eq!(done.fault, None);
        assert_eq!(done.state, Shown::Done);
        assert_eq!(done.tags, [format!("team/{name}:latest"), format!("team/{name}:v1")]);
        let manifest = tag(&test, &format!("team/{name}"), "v1").await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&manifest.bytes).unwrap();
        assert_eq!(body["config"]["digest"], json!(digest(&config(&layers()))), "the image id");
        let described = &body["layers"][0];
        let layer: Digest = described["digest"].as_str().unwrap().parse().unwrap();
        let image: ImageName = format!("team/{name}").parse().unwrap();
        let blob = test.service.blobs().head(&test.reader, &image, &layer).await.unwrap();
        assert_eq!(json!(blob.size), described["size"]);
        // Two layers and a configuration, once for all rounds: what was received is gone.
        assert_eq!(objects(&test).await, 3 + 3 * round, "doomed copies wait for their removal");
        test.clock.advance(3_600);
    }
    let events = test.events().await;
    let names: Vec<_> = events.iter().map(|event| event.name.as_str()).take(4).collect();
    assert_eq!(
        names,
        ["postMultipartImagePackage", "createImageTag", "createImageTag", "createImageRepository"]
    );
    assert_eq!(events[0].origin.to_string(), "ConsoleAction");
    let detail =
        test.service.images().get(&test.reader, &"team/web0".parse().unwrap()).await.unwrap();
    assert!(serde_json::to_string(&detail).unwrap().contains("\"is_public\":false"));
}

#[tokio::test]
async fn what_is_chosen_in_the_page_decides_name_and_visibility() {
    let test = TestService::new().await;
    let packages = test.service.packages();
    let file = modern("any/thing:v9", &layers()[..1]).bytes();
    let chosen = NewPackage {
        repository: Some("mine/web".parse().unwrap()),
        is_public: true,
        ..new("team", &file)
    };
    let package = packages.begin(&test.editor, chosen).await.unwrap();
    send(&test, &test.editor, package, &file).await;
    work(&test).await;
    let name: ImageName = "team/mine/web".parse().unwrap();
    let manifests = test.service.manifests();
    manifests.get(&test.anonymous, &name, &"v9".parse().unwrap(), false).await.unwrap();
}

#[tokio::test]
async fn a_chunk_counts_when_it_is_whole_and_follows() {
    let test = TestService::new().await;
    let packages = test.service.packages();
    let file = legacy(&["web:v1"], &layers()).bytes();
    let begun = packages.begin(&test.editor, new("team", &file)).await.unwrap();
    let (ctx, at) = (&test.editor, id(&begun));
    assert_eq!((begun.received, begun.chunk), (0, CHUNK));
    let chunk = &file[..1 << 20];
    let sum = |bytes: &[u8]| Some(Digest::of(Algorithm::Sha256, bytes));
    let kind = |outcome: Result<Package>| outcome.unwrap_err().kind();

    assert_eq!(kind(packages.append(ctx, at, 5, None, body(chunk)).await), ErrorKind::RangeInvalid);
    assert_eq!(
        kind(packages.append(ctx, at, 0, sum(b"x"), body(chunk)).await),
        ErrorKind::DigestMismatch
    );
    assert_eq!(
        kind(packages.append(ctx, at, 0, None, body(&chunk[..99])).await),
        ErrorKind::Invalid,
        "a small part"
    );
    let short = Upload { length: Some(1 << 20), ..body(&chunk[..1 << 19]) };
    assert_eq!(kind(packages.append(ctx, at, 0, None, short).await), ErrorKind::Invalid);
    let long = Upload { length: Some(1 << 20), ..body(&file[..1 << 21]) };
    assert_eq!(kind(packages.append(ctx, at, 0, None, long).await), ErrorKind::Invalid);
    let unsaid = Upload { length: None, ..body(chunk) };
    assert_eq!(kind(packages.append(ctx, at, 0, None, unsaid).await), ErrorKind::Invalid);
    let cut = Upload {
        length: Some(1 << 20),
        stream: futures::stream::iter([
            Ok(Bytes::copy_from_slice(&chunk[..9])),
            Err(BodyError::new("the wire broke")),
        ])
        .boxed(),
    };
    assert_eq!(kind(packages.append(ctx, at, 0, None, cut).await), ErrorKind::Invalid);
    assert_eq!(objects(&test).await, 0, "nothing of them is kept");
    assert_eq!(packages.status(ctx, at).await.unwrap().received, 0);

    let first = packages.append(ctx, at, 0, sum(chunk), body(chunk)).await.unwrap();
    assert_eq!(first.received, 1 << 20);
    let again = packages.append(ctx, at, 0, sum(chunk), body(chunk)).await.unwrap_err();
    assert_eq!(again.detail().unwrap()["offset"], 1 << 20);
    let early = packages.finish(ctx, at).await.unwrap_err();
    assert_eq!(
        (early.kind(), &early.detail().unwrap()["offset"]),
        (ErrorKind::RangeInvalid, &json!(1 << 20))
    );
    let other = test.service.packages().list(ctx).await.unwrap();
    assert_eq!((other.len(), other[0].received), (1, 1 << 20), "what a reloaded page finds");

    send(&test, ctx, first, &file).await;
    assert_eq!(
        kind(packages.append(ctx, at, file.len() as u64, None, body(b"x")).await),
        ErrorKind::RangeInvalid
    );
    let twice = packages.finish(ctx, at).await.unwrap();
    assert_eq!(twice.state, Shown::Queued, "finishing again changes nothing");
    work(&test).await;
    assert_eq!(packages.status(ctx, at).await.unwrap().state, Shown::Done);
}

#[tokio::test]
async fn only_who_may_upload_to_the_organization_does() {
    let test = TestService::new().await;
    let packages = test.service.packages();
    let file = legacy(&["web:v1"], &layers()[..1]).bytes();
    let kind = |outcome: Result<Package>| outcome.unwrap_err().kind();
    for (who, expected) in [
        (&test.reader, ErrorKind::Denied),
        (&test.viewer, ErrorKind::Denied),
        (&test.member, ErrorKind::Hidden),
        (&test.stranger, ErrorKind::Hidden),
        (&test.anonymous, ErrorKind::Unauthenticated),
    ] {
        assert_eq!(kind(packages.begin(who, new("team", &file)).await), expected);
    }
    let mine = packages.begin(&test.editor, new("team", &file)).await.unwrap();
    for who in [&test.manager, &test.owner, &test.stranger] {
        assert_eq!(kind(packages.status(who, id(&mine)).await), ErrorKind::NotFound);
        assert_eq!(
            kind(packages.append(who, id(&mine), 0, None, body(&file)).await),
            ErrorKind::NotFound
        );
        assert_eq!(kind(packages.finish(who, id(&mine)).await), ErrorKind::NotFound);
        assert_eq!(packages.cancel(who, id(&mine)).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert!(packages.list(who).await.unwrap().is_empty());
    }
    // The right is asked for again when it is imported.
    let sent = send(&test, &test.editor, mine, &file).await;
    test.disable(&test.editor).await;
    work(&test).await;
    let row = packages.look(TestService::key_of(&test.editor), &sent.id).await.unwrap();
    let found = shown(&row).unwrap();
    assert_eq!((found.state, found.fault.unwrap().code), (Shown::Failed, "4039002".to_owned()));
    assert_eq!(objects(&test).await, 0);
    assert!(tag(&test, "team/web", "v1").await.is_err());
}

#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    let test = TestService::new().await;
    let cases = [
        (Tar::new().file("bin/sh", "x").bytes(), "4000067"),
        (noise(3, 5_000), "4001022"),
        (legacy(&["Upper:v1"], &layers()[..1]).bytes(), "4001029"),
        (legacy(&[], &layers()[..1]).bytes(), "4000064"),
        (legacy(&["web:v1"], &layers()[..1]).file("../x", "x").bytes(), "4000069"),
        (legacy(&["web:v1"], &layers()).file("manifest.json", "{").bytes(), "4000069"),
    ];
    for (file, code) in cases {
        let ended = upload(&test, &test.editor, &file).await;
        let fault = ended.fault.unwrap();
        assert_eq!((ended.state, fault.code.as_str()), (Shown::Failed, code), "{}", fault.detail);
        assert!(ended.tags.is_empty());
        assert_eq!(objects(&test).await, 0, "{code}");
    }
}

#[tokio::test]
async fn all_tags_appear_or_none() {
    let test = TestService::new().await;
    let one = layers()[..1].to_vec();
    let two = layers()[1..].to_vec();
    let file = Tar::new()
        .file("one.tar", &one[0])
        .file("two.tar", &two[0])
        .file("one.json", config(&one))
        .file("two.json", config(&two))
        .json(
            "manifest.json",
            &json!([
                { "Config": "one.json", "RepoTags": ["aaa:v1"], "Layers": ["one.tar"] },
                { "Config": "two.json", "RepoTags": ["app:v1"], "Layers": ["two.tar"] },
            ]),
        )
        .bytes();
    let first = upload(&test, &test.editor, &legacy(&["app:v1"], &one).bytes()).await;
    assert_eq!(first.state, Shown::Done);
    let (key, now) = (test.organization, test.clock.now());
    test.write(move |tx| {
        Box::pin(async move {
            let settings = roadstead_store::organization::Settings {
                default_public: false,
                create_on_push: true,
                docker_only: false,
                immutable_tags: "v*".parse().map_err(|_| StoreError::Aborted)?,
            };
            roadstead_store::organization::update(tx, key, &settings, now).await.map(drop)
        })
    })
    .await;
    let ended = upload(&test, &test.editor, &file).await;
    assert_eq!((ended.state, ended.fault.unwrap().code), (Shown::Failed, "4039002".to_owned()));
    assert!(tag(&test, "team/aaa", "v1").await.is_err(), "the first image of the archive");
}

#[tokio::test]
async fn an_import_that_stopped_goes_on() {
    let test = TestService::new().await;
    let packages = test.service.packages();
    let file = legacy(&["web:v1"], &layers()).bytes();
    let package = packages.begin(&test.editor, new("team", &file)).await.unwrap();
    let package = send(&test, &test.editor, package, &file).await;
    let record = packages.look(TestService::key_of(&test.editor), &package.id).await.unwrap();
    let import = Import { package: record.id };
    // What a killed server leaves: a file without facts, and bytes under its key.
    let row = record.id;
    let key = packages.inner.new_key().to_string();
    test.write(move |tx| {
        let key = key.clone();
        Box::pin(
            async move { package::begin_file(tx, row, 0, "x/layer.tar", &key).await.map(drop) },
        )
    })
    .await;
    let stop = CancellationToken::new();
    stop.cancel();
    let stopped = packages.import(&test.system, import, stop).await.unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Unavailable);
    let status = packages.status(&test.editor, id(&package)).await.unwrap();
    assert_eq!(status.state, Shown::Importing);
    assert_eq!(
        packages.cancel(&test.editor, id(&package)).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );

    packages.import(&test.system, import, CancellationToken::new()).await.unwrap();
    let status = packages.status(&test.editor, id(&package)).await.unwrap();
    assert_eq!((status.state, status.fault), (Shown::Done, None));
    assert_eq!(objects(&test).await, 3);
    // Once more changes nothing, and neither does a package that is gone.
    packages.import(&test.system, import, CancellationToken::new()).await.unwrap();
    packages
        .import(&test.system, Import { package: PackageId(999) }, CancellationToken::new())
        .await
        .unwrap();

    let other = packages.begin(&test.editor, new("team", &file)).await.unwrap();
    let other = send(&test, &test.editor, other, &file).await;
    let record = packages.look(TestService::key_of(&test.editor), &other.id).await.unwrap();
    packages.give_up(Import { package: record.id }).await.unwrap();
    let status = packages.status(&test.editor, id(&other)).await.unwrap();
    assert_eq!((status.state, status.fault.unwrap().code), (Shown::Failed, "failed".to_owned()));
    assert_eq!(objects(&test).await, 3);
}

/// Where a file begins in a plain tar.
fn position(archive: &[u8], file: &[u8]) -> u64 {
    archive.windows(file.len()).position(|window| window == file).unwrap() as u64
}

#[tokio::test]
async fn a_layer_that_the_user_may_pull_is_not_sent_again() {
    let test = TestService::new().await;
    let packages = test.service.packages();
    upload(&test, &test.editor, &legacy(&["base:v1"], &layers()[..1]).bytes()).await;
    let file = legacy(&["web:v1"], &layers()).bytes();
    let seen: Vec<SeenLayer> = layers()
        .iter()
        .map(|layer| SeenLayer {
            position: position(&file, layer),
            size: layer.len() as u64,
            digest: digest(layer),
        })
        .collect();
    let asked = NewPackage { layers: seen.clone(), ..new("team", &file) };
    let package = packages.begin(&test.editor, asked.clone()).await.unwrap();
    assert_eq!(package.gaps.len(), 1);
    assert_eq!((package.gaps[0].position, package.gaps[0].size), (seen[0].position, seen[0].size));
    let sent = {
        // Whatever is in the gap is never looked at.
        let mut holed = file.clone();
        let start = usize::try_from(seen[0].position).unwrap();
        holed[start..start + layers()[0].len()].fill(0xee);
        send(&test, &test.editor, package, &holed).await
    };
    work(&test).await;
    let done = packages.status(&test.editor, id(&sent)).await.unwrap();
    assert_eq!((done.state, done.fault), (Shown::Done, None));
    let whole = upload(&test, &test.editor, &legacy(&["whole:v1"], &layers()).bytes()).await;
    assert_eq!(whole.state, Shown::Done);
    let (one, other) = (
        tag(&test, "team/web", "v1").await.unwrap(),
        tag(&test, "team/whole", "v1").await.unwrap(),
    );
    assert_eq!(one.digest, other.digest);

    // Whose images they are not learns nothing of them.
    let island: OrganizationName = "island-images".parse().unwrap();
    test.service.organizations().create(&test.stranger, island.clone()).await.unwrap();
    let elsewhere = NewPackage { organization: island, ..asked.clone() };
    assert!(packages.begin(&test.stranger, elsewhere).await.unwrap().gaps.is_empty());

    // What may not be pulled any more when it is imported is not linked.
    let package = packages.begin(&test.editor, asked).await.unwrap();
    assert_eq!(package.gaps.len(), 2);
    let sent = send(&test, &test.editor, package, &file).await;
    for image in ["team/base", "team/web", "team/whole"] {
        test.service.images().delete(&test.manager, &image.parse().unwrap()).await.unwrap();
    }
    work(&test).await;
    let found = packages.status(&test.editor, id(&sent)).await.unwrap();
    assert_eq!((found.state, found.fault.unwrap().code), (Shown::Failed, "gone".to_owned()));
}

#[tokio::test]
async fn quota_limits_and_numbers() {
    let limited = FixedSettings {
        storage_quota: Some(roadstead::manage::setting::Sourced::default_value(6 << 20)),
        max_package_bytes: Some(roadstead::manage::setting::Sourced::default_value(4 << 20)),
        ..FixedSettings::default()
    };
    let test = TestService::with(limited).await;
    let packages = test.service.packages();
    let begin = |size: u64| packages.begin(&test.editor, NewPackage { size, ..new("team", b"x") });
    assert_eq!(begin((4 << 20) + 1).await.unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(begin(0).await.unwrap_err().kind(), ErrorKind::Invalid);
    let first = begin(4 << 20).await.unwrap();
    let refused = begin(3 << 20).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::QuotaExceeded, "what is under way counts");
    packages.cancel(&test.editor, id(&first)).await.unwrap();
    assert_eq!(
        packages.status(&test.editor, id(&first)).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    // A bomb: small as it is sent, over the limit when it is unpacked.
    let bomb = upload(
        &test,
        &test.editor,
        &gzip(&legacy(&["web:v1"], &[layer("zeros", vec![0; 5 << 20])]).bytes()),
    )
    .await;
    assert_eq!((bomb.state, bomb.fault.unwrap().code), (Shown::Failed, "4130025".to_owned()));
    for _ in 0..MOST {
        begin(1_000).await.unwrap();
    }
    assert_eq!(begin(1_000).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn what_nobody_goes_on_with_is_removed_after_a_day() {
    let test = TestService::new().await;
    let packages = test.service.packages();
    let file = legacy(&["web:v1"], &layers()).bytes();
    let package = packages.begin(&test.editor, new("team", &file)).await.unwrap();
    let chunk = &file[..1 << 20];
    packages.append(&test.editor, id(&package), 0, None, body(chunk)).await.unwrap();
    test.clock.advance(LIFE - 10);
    test.service.tidy().await.unwrap();
    assert_eq!(objects(&test).await, 1);
    packages
        .append(&test.editor, id(&package), 1 << 20, None, body(&file[1 << 20..2 << 20]))
        .await
        .unwrap();
    test.clock.advance(LIFE - 10);
    test.service.tidy().await.unwrap();
    assert_eq!(objects(&test).await, 2, "a chunk keeps it alive");
    test.clock.advance(20);
    assert_eq!(
        packages.status(&test.editor, id(&package)).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert!(packages.list(&test.editor).await.unwrap().is_empty());
    test.service.tidy().await.unwrap();
    assert_eq!(objects(&test).await, 0);
}
