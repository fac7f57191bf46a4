#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use roadstead::id::ManifestId;
use roadstead::manage::tag::{TagQuery, TagSort};
use roadstead::oci::{MediaType, Platform};
use roadstead::page::{Cursor, Order, Window};
use roadstead::{Algorithm, Digest, ErrorKind, ImageName, Reference, TagName, Timestamp};
use roadstead_store::manifest::{NewChild, NewManifest};
use roadstead_store::tag::{Actor, Expected, SetTag};
use roadstead_store::{Place, StoreError, Tx, manifest, tag};

use super::filter_of;
use crate::testing::TestService;

fn query() -> TagQuery {
    TagQuery {
        search: None,
        platform: None,
        untagged: false,
        sort: TagSort::default(),
        order: Order::Desc,
        window: Window::of_page(1, 20),
    }
}

fn image() -> ImageName {
    "team/app".parse().unwrap()
}

fn tag_name(text: &str) -> TagName {
    text.parse().unwrap()
}

fn digest(text: &str) -> Digest {
    Digest::of(Algorithm::Sha256, text.as_bytes())
}

fn linux(architecture: &str) -> Platform {
    Platform {
        architecture: architecture.to_owned(),
        os: "linux".to_owned(),
        ..Platform::default()
    }
}

fn new(
    place: Place,
    text: &str,
    platform: Option<Platform>,
    size: u64,
    at: Timestamp,
) -> NewManifest {
    let empty = digest("{}");
    let body = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{empty}","size":2}},"layers":[],"annotations":{{"text":"{text}"}}}}"#
    );
    NewManifest {
        place,
        digest: Digest::of(Algorithm::Sha256, body.as_bytes()),
        media_type: MediaType::OciManifest,
        is_index: false,
        artifact_type: None,
        config_digest: None,
        config_media_type: None,
        platform,
        image_created_at: None,
        total_size: size,
        layer_count: 1,
        subject: None,
        annotations: None,
        body: body.into_bytes(),
        blobs: Vec::new(),
        children: Vec::new(),
        pusher: Actor { id: None, name: "eddy".to_owned() },
        pushed_at: at,
    }
}

async fn set(
    tx: &mut Tx<'_>,
    place: Place,
    manifest: (ManifestId, Digest),
    name: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let set = SetTag {
        place,
        name: tag_name(name),
        manifest: manifest.0,
        digest: manifest.1,
        expected: Expected::Anything,
        actor: Actor { id: None, name: "eddy".to_owned() },
        at,
    };
    tag::set(tx, &set).await.map(drop)
}

/// `v1` and `stable` on one image for amd64; `multi`, an index of it and an arm64 image with an attestation; a
/// signature of `v1`'s image and its fallback tag; one image without a tag.
async fn filled() -> TestService {
    let app = TestService::new().await;
    let (place, at) = (app.image, app.owner.now());
    app.write(move |tx| {
        Box::pin(async move {
            let amd = new(place, "amd", Some(linux("amd64")), 100, at);
            let arm = new(place, "arm", Some(linux("arm64")), 300, at);
            let attestation = new(place, "attestation", None, 9, at);
            let mut index = new(place, "index", None, 0, at);
            index.media_type = MediaType::OciIndex;
            index.is_index = true;
            let child = |of: &NewManifest, attestation_for: Option<Digest>| NewChild {
                digest: of.digest.clone(),
                media_type: of.media_type.to_string(),
                size: 500,
                artifact_type: None,
                platform: of.platform.clone(),
                attestation_for,
            };
            index.children = vec![
                child(&amd, None),
                child(&arm, None),
                child(&attestation, Some(amd.digest.clone())),
            ];
            let mut signature = new(place, "signature", None, 7, at);
            signature.subject = Some(amd.digest.clone());
            let lonely = new(place, "lonely", Some(linux("amd64")), 50, at);
            let (amd_id, _) = manifest::insert(tx, &amd).await?;
            for other in [&arm, &attestation, &signature, &lonely] {
                manifest::insert(tx, other).await?;
            }
            let (index_id, _) = manifest::insert(tx, &index).await?;
            set(tx, place, (amd_id, amd.digest.clone()), "v1", at).await?;
            set(tx, place, (amd_id, amd.digest.clone()), "stable", at.plus_seconds(1)).await?;
            set(tx, place, (index_id, index.digest.clone()), "multi", at.plus_seconds(2)).await?;
            let fallback = amd.digest.to_string().replace(':', "-");
            set(tx, place, (amd_id, amd.digest.clone()), &fallback, at.plus_seconds(3)).await
        })
    })
    .await;
    app
}

#[test]
fn platforms_are_taken_apart() {
    let filter = filter_of(&TagQuery {
        search: Some(" V1 ".to_owned()),
        platform: Some("linux/arm/v7".to_owned()),
        ..query()
    });
    assert_eq!(filter.search.as_deref(), Some("v1"));
    assert_eq!(filter.platform, Some(("linux".into(), "arm".into())));
    assert_eq!(filter.variant.as_deref(), Some("v7"));
    let filter = filter_of(&TagQuery {
        search: Some("  ".to_owned()),
        platform: Some("linux".to_owned()),
        ..query()
    });
    assert_eq!((filter.search, filter.platform), (None, None));
}

#[tokio::test]
async fn a_row_says_what_its_tag_points_to() {
    let app = filled().await;
    let page = app.service.tags().list(&app.reader, &image(), query()).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|it| it.name.clone().unwrap().to_string()).collect();
    assert_eq!((names, page.total), (vec!["multi".into(), "stable".into(), "v1".into()], 3));
    let [multi, stable, v1] = page.items.as_slice() else { panic!("three rows") };
    assert!(multi.is_newest && !v1.is_newest);
    assert_eq!((multi.manifest.size_least, multi.manifest.size), (100, 300));
    let platforms: Vec<_> =
        multi.children.iter().map(|child| child.platform.clone().unwrap().to_string()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!(multi.attachments, 1);
    assert_eq!(v1.siblings, [tag_name("stable")]);
    assert_eq!(stable.siblings, [tag_name("v1")]);
    assert_eq!((v1.manifest.size, v1.attachments, v1.pushed_by.as_str()), (100, 1, "eddy"));
    let image = app.service.images().get(&app.reader, &image()).await.unwrap();
    assert_eq!((image.tags, image.newest_tag), (3, Some(tag_name("multi"))));
}

#[tokio::test]
async fn tags_are_searched_filtered_and_sorted() {
    let app = filled().await;
    let found = |query| async {
        let page = app.service.tags().list(&app.owner, &image(), query).await.unwrap();
        page.items.into_iter().map(|it| it.name.unwrap().to_string()).collect::<Vec<_>>()
    };
    let by = |sort, order| TagQuery { sort, order, ..query() };
    assert_eq!(found(by(TagSort::Tag, Order::Asc)).await, ["multi", "stable", "v1"]);
    assert_eq!(found(by(TagSort::Size, Order::Desc)).await, ["multi", "v1", "stable"]);
    let search = |text: &str| TagQuery { search: Some(text.to_owned()), ..query() };
    assert_eq!(found(search("TAB")).await, ["stable"]);
    let v1 = app.service.tags().detail(&app.owner, &image(), &"v1".parse().unwrap()).await.unwrap();
    let whole = v1.manifest.digest.to_string();
    assert_eq!(found(search(&whole[..20])).await, ["stable", "v1"]);
    let platform = |text: &str| TagQuery { platform: Some(text.to_owned()), ..query() };
    assert_eq!(found(platform("linux/arm64")).await, ["multi"]);
    assert_eq!(found(platform("linux/amd64")).await, ["multi", "stable", "v1"]);
    let platforms = app.service.tags().platforms(&app.reader, &image()).await.unwrap();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
}

#[tokio::test]
async fn manifests_without_a_tag_are_listed_apart() {
    let app = filled().await;
    let untagged = TagQuery { untagged: true, ..query() };
    let page = app.service.tags().list(&app.owner, &image(), untagged).await.unwrap();
    assert_eq!(page.total, 1);
    assert_eq!((page.items[0].name.clone(), page.items[0].manifest.size), (None, 50));
}

#[tokio::test]
async fn a_manifest_is_shown_by_tag_and_digest() {
    let app = filled().await;
    let tags = app.service.tags();
    let by_tag = tags.detail(&app.reader, &image(), &"multi".parse().unwrap()).await.unwrap();
    assert_eq!(by_tag.tag, Some(tag_name("multi")));
    assert_eq!(by_tag.children.len(), 2);
    assert!(by_tag.raw.contains("index"));
    let v1 = tags.detail(&app.reader, &image(), &"v1".parse().unwrap()).await.unwrap();
    assert_eq!(v1.tags, [tag_name("stable"), tag_name("v1")]);
    assert_eq!(v1.referrers.len(), 1);
    assert_eq!(v1.annotations.get("text").map(String::as_str), Some("amd"));
    let reference = Reference::Digest(v1.manifest.digest.clone());
    let by_digest = tags.detail(&app.reader, &image(), &reference).await.unwrap();
    assert_eq!((by_digest.tag, by_digest.manifest), (None, v1.manifest));
    for (reference, subject) in [
        (Reference::Tag(tag_name("none")), roadstead::Subject::Tag),
        (Reference::Digest(digest("none")), roadstead::Subject::Manifest),
    ] {
        let error = tags.detail(&app.reader, &image(), &reference).await.unwrap_err();
        assert_eq!((error.kind(), error.subject()), (ErrorKind::NotFound, subject));
    }
    let hidden = tags.detail(&app.stranger, &image(), &"v1".parse().unwrap()).await.unwrap_err();
    assert_eq!(hidden.kind(), ErrorKind::Hidden);
}

#[tokio::test]
async fn deleting_a_tag_leaves_its_digest_to_the_others() {
    let app = filled().await;
    let tags = app.service.tags();
    let asked = [tag_name("v1"), tag_name("multi"), tag_name("gone")];
    let denied = tags.deletion(&app.editor, &image(), &asked).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::Denied);
    let preview = tags.deletion(&app.manager, &image(), &asked).await.unwrap();
    let rows: Vec<_> =
        preview.tags.iter().map(|row| (row.name.to_string(), row.staying.clone())).collect();
    assert_eq!(rows, [("v1".to_owned(), vec![tag_name("stable")]), ("multi".to_owned(), vec![])]);
    let denied = tags.delete_many(&app.editor, &image(), asked.to_vec()).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::Denied);
    let results = tags.delete_many(&app.manager, &image(), asked.to_vec()).await.unwrap();
    let deleted: Vec<_> = results.iter().map(|it| it.deleted).collect();
    assert_eq!(deleted, [true, true, false]);
    let left = tags.list(&app.owner, &image(), query()).await.unwrap();
    assert_eq!(left.total, 1);
    assert_eq!(left.items[0].name, Some(tag_name("stable")));
    assert_eq!(app.service.images().get(&app.owner, &image()).await.unwrap().tags, 1);
    let overview = app.service.overview().get(&app.owner).await.unwrap();
    let said: Vec<_> =
        overview.activity.iter().map(|it| (it.event.as_str(), it.resource.as_str())).collect();
    assert_eq!(said, [("deleteImageTag", "team/app:multi"), ("deleteImageTag", "team/app:v1")]);
}

#[tokio::test]
async fn the_registry_lists_names_in_byte_order_in_parts() {
    let app = filled().await;
    let name = image();
    let part = |last: Option<&str>, limit| Cursor { last: last.map(str::to_owned), limit };
    let first = app.service.tags().list_names(&app.reader, &name, part(None, 2)).await.unwrap();
    assert!(first.has_more);
    assert_eq!(first.names.len(), 2);
    assert_eq!(first.names[0], tag_name("multi"));
    let rest =
        app.service.tags().list_names(&app.reader, &name, part(Some("stable"), 10)).await.unwrap();
    assert!(!rest.has_more);
    assert_eq!(rest.names, [tag_name("v1")]);
}
