#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use roadstead::error::Subject;
use roadstead::page::Cursor;
use roadstead::{Algorithm, Digest, Error, ErrorKind, ImageName, Reference};
use serde_json::{Value, json};

use super::*;
use crate::testing::TestService;

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

fn reference(text: impl ToString) -> Reference {
    text.to_string().parse().unwrap()
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

fn said(error: &Error) -> (ErrorKind, Subject) {
    (error.kind(), error.subject())
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
}

const CONFIG: &[u8] = br#"{"architecture":"arm64","os":"linux","created":"2025-05-06T07:08:09Z"}"#;

/// An image of one configuration and these layers.
fn image_of(layers: &[&[u8]], more: Value) -> Vec<u8> {
    let layers: Vec<Value> = layers
        .iter()
        .map(|layer| descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer))
        .collect();
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI,
        "config": descriptor("application/vnd.oci.image.config.v1+json", CONFIG),
        "layers": layers,
    });
    for (key, value) in more.as_object().unwrap() {
        manifest[key] = value.clone();
    }
    manifest.to_string().into_bytes()
}

async fn push_blobs(test: &TestService, image: &ImageName, blobs: &[&[u8]]) {
    for blob in blobs {
        let uploads = test.service.uploads();
        uploads.put(&test.editor, image, &digest(blob), body(blob)).await.unwrap();
    }
}

async fn put(
    test: &TestService,
    image: &ImageName,
    at: impl ToString,
    bytes: &[u8],
) -> Result<PutManifest> {
    let manifests = test.service.manifests();
    manifests.put(&test.editor, image, &reference(at), &[], None, body(bytes)).await
}

async fn get(test: &TestService, image: &ImageName, at: impl ToString) -> Result<StoredManifest> {
    test.service.manifests().get(&test.reader, image, &reference(at), false).await
}

#[tokio::test]
async fn a_manifest_is_kept_byte_for_byte() {
    let test = TestService::new().await;
    let image = name("team/app");
    push_blobs(&test, &image, &[CONFIG, b"one"]).await;
    let bytes = image_of(&[b"one"], json!({ "unknown": [1, 2] }));
    let spaced = [&bytes[..], b"\n \n"].concat();
    let stored = put(&test, &image, "v1", &spaced).await.unwrap();
    assert_eq!(stored.digest, digest(&spaced));
    for at in ["v1".to_owned(), stored.digest.to_string()] {
        let found = get(&test, &image, &at).await.unwrap();
        assert_eq!((&found.bytes[..], found.media_type.as_str()), (&spaced[..], OCI));
        // A second time, as remembered.
        assert_eq!(get(&test, &image, &at).await.unwrap(), found);
    }
    test.service.flush().await.unwrap();
    let detail = test.service.tags().detail(&test.reader, &image, &reference("v1")).await.unwrap();
    let text = serde_json::to_string(&detail).unwrap();
    assert!(text.contains("arm64") && text.contains("linux"), "{text}");
    let place = test.image;
    let record = test
        .store
        .peek("test.repository", move |tx| {
            Box::pin(async move { roadstead_store::repository::find(tx, &place).await })
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((record.pull_count, record.pull_bytes), (4, 4 * spaced.len() as u64));
}

#[tokio::test]
async fn everything_that_is_missing_is_named() {
    let test = TestService::new().await;
    let image = name("team/app");
    push_blobs(&test, &image, &[b"one"]).await;
    let bytes = image_of(&[b"one", b"two", b"two"], json!({}));
    let refused = put(&test, &image, "v1", &bytes).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::Invalid, Subject::ManifestBlob));
    let mut absent = [digest(CONFIG), digest(b"two")];
    absent.sort();
    assert_eq!(
        refused.detail().unwrap(),
        &json!([{ "digest": absent[0] }, { "digest": absent[1] }])
    );
    assert_eq!(get(&test, &image, "v1").await.unwrap_err().kind(), ErrorKind::NotFound);
    // A blob of another image does not count.
    push_blobs(&test, &name("team/open"), &[CONFIG, b"two"]).await;
    assert!(put(&test, &image, "v1", &bytes).await.is_err());
    // Nor does a push that fails make an image.
    let fresh = name("team/fresh");
    assert!(put(&test, &fresh, "v1", &bytes).await.is_err());
    let missing = get(&test, &fresh, "v1").await.unwrap_err();
    assert_eq!(said(&missing), (ErrorKind::NotFound, Subject::Repository));
}

#[tokio::test]
async fn sizes_must_be_right_and_foreign_layers_may_be_absent() {
    let test = TestService::new().await;
    let image = name("team/app");
    push_blobs(&test, &image, &[CONFIG, b"one"]).await;
    let wrong = String::from_utf8(image_of(&[b"one"], json!({}))).unwrap();
    let wrong = wrong.replace("\"size\":3", "\"size\":4");
    let refused = put(&test, &image, "v1", wrong.as_bytes()).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::Invalid, Subject::Manifest));
    let foreign = json!({ "layers": [
        descriptor("application/vnd.oci.image.layer.nondistributable.v1.tar", b"elsewhere"),
    ] });
    put(&test, &image, "v1", &image_of(&[], foreign)).await.unwrap();
}

#[tokio::test]
async fn digests_types_and_sizes_are_checked() {
    let fixed = crate::FixedSettings {
        max_manifest_bytes: Some(roadstead::manage::setting::Sourced::default_value(2_000)),
        ..Default::default()
    };
    let test = TestService::with(fixed).await;
    let image = name("team/app");
    push_blobs(&test, &image, &[CONFIG]).await;
    let bytes = image_of(&[], json!({}));
    let refused = put(&test, &image, digest(b"other"), &bytes).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::DigestMismatch);
    let large = image_of(&[], json!({ "annotations": { "a": "x".repeat(2_000) } }));
    for length in [Some(large.len() as u64), None] {
        let upload = Upload { length, ..body(&large) };
        let manifests = test.service.manifests();
        let refused = manifests
            .put(&test.editor, &image, &reference("v1"), &[], Some(OCI), upload)
            .await
            .unwrap_err();
        assert_eq!(said(&refused), (ErrorKind::TooLarge, Subject::Manifest));
    }
    let refused = test
        .service
        .manifests()
        .put(&test.editor, &image, &reference("v1"), &[], Some("text/html"), body(&bytes))
        .await
        .unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::Unsupported, Subject::MediaType));
    let refused = put(&test, &image, "v1", b"{").await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::Invalid, Subject::Manifest));
}

#[tokio::test]
async fn a_sha512_push_is_known_by_that_digest() {
    let test = TestService::new().await;
    let image = name("team/app");
    push_blobs(&test, &image, &[CONFIG]).await;
    let bytes = image_of(&[], json!({}));
    let wide = Digest::of(Algorithm::Sha512, &bytes);
    let tags = ["a".parse().unwrap(), "b".parse().unwrap()];
    let stored = test
        .service
        .manifests()
        .put(&test.editor, &image, &reference(&wide), &tags, Some(OCI), body(&bytes))
        .await
        .unwrap();
    assert_eq!(stored.digest, wide);
    for at in ["a", "b", wide.as_str()] {
        assert_eq!(get(&test, &image, at).await.unwrap().digest, wide, "{at}");
    }
}

#[tokio::test]
async fn indexes_need_their_children_and_keep_them() {
    let test = TestService::new().await;
    let image = name("team/app");
    push_blobs(&test, &image, &[CONFIG, b"one"]).await;
    let child = image_of(&[b"one"], json!({}));
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{
            "mediaType": OCI, "digest": digest(&child), "size": child.len(),
            "platform": { "os": "linux", "architecture": "amd64" },
        }],
    })
    .to_string();
    let refused = put(&test, &image, "multi", index.as_bytes()).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::Invalid, Subject::ManifestBlob));
    put(&test, &image, digest(&child), &child).await.unwrap();
    put(&test, &image, "multi", index.as_bytes()).await.unwrap();

    let manifests = test.service.manifests();
    let single = manifests.get(&test.reader, &image, &reference("multi"), true).await.unwrap();
    assert_eq!(single.digest, digest(&child));
    let by_digest = reference(digest(index.as_bytes()));
    let whole = manifests.get(&test.reader, &image, &by_digest, true).await.unwrap();
    assert_eq!(whole.media_type.as_str(), INDEX);

    let refused =
        manifests.delete(&test.manager, &image, &reference(digest(&child))).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::Unsupported, Subject::Manifest));
    assert_eq!(refused.detail().unwrap(), &json!({ "parents": [digest(index.as_bytes())] }));
    manifests.delete(&test.manager, &image, &by_digest).await.unwrap();
    manifests.delete(&test.manager, &image, &reference(digest(&child))).await.unwrap();
    for at in ["multi".to_owned(), digest(&child).to_string(), digest(index.as_bytes()).to_string()]
    {
        let gone = get(&test, &image, &at).await.unwrap_err();
        assert_eq!(said(&gone), (ErrorKind::NotFound, Subject::Manifest), "{at}");
    }
}

#[tokio::test]
async fn deleting_a_tag_leaves_the_manifest() {
    let test = TestService::new().await;
    let image = name("team/app");
    push_blobs(&test, &image, &[CONFIG]).await;
    let bytes = image_of(&[], json!({}));
    let stored = put(&test, &image, "v1", &bytes).await.unwrap();
    put(&test, &image, "v2", &bytes).await.unwrap();
    let manifests = test.service.manifests();
    for ctx in [&test.editor, &test.reader] {
        let refused = manifests.delete(ctx, &image, &reference("v1")).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Denied);
    }
    manifests.delete(&test.manager, &image, &reference("v1")).await.unwrap();
    let gone = manifests.delete(&test.manager, &image, &reference("v1")).await.unwrap_err();
    assert_eq!(said(&gone), (ErrorKind::NotFound, Subject::Manifest));
    get(&test, &image, "v2").await.unwrap();
    let by_digest = reference(&stored.digest);
    manifests.delete(&test.manager, &image, &by_digest).await.unwrap();
    assert!(get(&test, &image, "v2").await.is_err());
    let cursor = Cursor { last: None, limit: 10 };
    let names = test.service.tags().list_names(&test.reader, &image, cursor).await.unwrap();
    assert!(names.names.is_empty());
    // What was deleted can be pushed again.
    put(&test, &image, "v1", &bytes).await.unwrap();
    assert_eq!(get(&test, &image, "v1").await.unwrap().digest, stored.digest);
}

#[tokio::test]
async fn a_blob_that_is_needed_stays() {
    let test = TestService::new().await;
    let image = name("team/app");
    push_blobs(&test, &image, &[CONFIG, b"one"]).await;
    let stored = put(&test, &image, "v1", &image_of(&[b"one"], json!({}))).await.unwrap();
    let blobs = test.service.blobs();
    let refused = blobs.delete(&test.manager, &image, &digest(b"one")).await.unwrap_err();
    assert_eq!(said(&refused), (ErrorKind::Unsupported, Subject::Blob));
    let manifests = test.service.manifests();
    manifests.delete(&test.manager, &image, &reference(&stored.digest)).await.unwrap();
    blobs.delete(&test.manager, &image, &digest(b"one")).await.unwrap();
    let gone = blobs.head(&test.reader, &image, &digest(b"one")).await.unwrap_err();
    assert_eq!(said(&gone), (ErrorKind::NotFound, Subject::Blob));
    let gone = blobs.delete(&test.manager, &image, &digest(b"one")).await.unwrap_err();
    assert_eq!(said(&gone), (ErrorKind::NotFound, Subject::Blob));
}

#[tokio::test]
async fn referrers_are_listed_before_and_after_their_subject() {
    let test = TestService::new().await;
    let (image, referrers) = (name("team/app"), test.service.referrers());
    push_blobs(&test, &image, &[CONFIG]).await;
    let subject = image_of(&[], json!({}));
    let about = descriptor(OCI, &subject);
    let sbom = image_of(
        &[],
        json!({ "artifactType": "application/sbom", "subject": about, "annotations": { "k": "v" } }),
    );
    let plain = image_of(&[], json!({ "subject": about }));
    let stored = put(&test, &image, digest(&sbom), &sbom).await.unwrap();
    assert_eq!(stored.subject, Some(digest(&subject)));
    put(&test, &image, digest(&plain), &plain).await.unwrap();
    put(&test, &image, "v1", &subject).await.unwrap();
    let list = async |wanted: Option<&str>| {
        let found = referrers.list(&test.reader, &image, &digest(&subject), wanted, None).await;
        serde_json::to_value(found.unwrap().manifests).unwrap()
    };
    let all = list(None).await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(
        list(Some("application/sbom")).await,
        json!([{
            "mediaType": OCI, "digest": digest(&sbom), "size": sbom.len(),
            "artifactType": "application/sbom", "annotations": { "k": "v" },
        }])
    );
    assert_eq!(
        list(Some("application/vnd.oci.image.config.v1+json")).await[0]["digest"],
        json!(digest(&plain))
    );
    assert_eq!(list(Some("none")).await, json!([]));
    // Never 404 while the caller could read; hidden from whoever could not.
    let nothing =
        referrers.list(&test.reader, &name("team/none"), &digest(b"x"), None, None).await.unwrap();
    assert!(nothing.manifests.is_empty());
    let hidden = referrers.list(&test.member, &image, &digest(b"x"), None, None).await.unwrap_err();
    assert_eq!(hidden.kind(), ErrorKind::Hidden);
}

#[tokio::test]
async fn public_images_are_read_by_anybody_and_private_ones_look_like_none() {
    let test = TestService::new().await;
    let open = name("team/open");
    push_blobs(&test, &open, &[CONFIG]).await;
    put(&test, &open, "v1", &image_of(&[], json!({}))).await.unwrap();
    let manifests = test.service.manifests();
    for ctx in [&test.anonymous, &test.stranger, &test.member] {
        manifests.get(ctx, &open, &reference("v1"), false).await.unwrap();
    }
    for missing in ["team/app", "team/none", "nowhere/x"] {
        let error = manifests.get(&test.stranger, &name(missing), &reference("v1"), false).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Hidden);
        assert_eq!(error.message(), Error::hidden(Subject::Repository).message());
        let error = manifests.get(&test.anonymous, &name(missing), &reference("v1"), false).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
}

#[tokio::test]
async fn tags_that_an_organization_keeps_never_move() {
    let test = TestService::new().await;
    let (image, key) = (name("team/app"), test.organization);
    test.write(move |tx| {
        Box::pin(async move {
            let settings = organization::Settings {
                default_public: false,
                create_on_push: true,
                docker_only: false,
                immutable_tags: "v*".parse().unwrap(),
            };
            organization::update(tx, key, &settings, Timestamp(1)).await.map(drop)
        })
    })
    .await;
    push_blobs(&test, &image, &[CONFIG]).await;
    let (first, second) =
        (image_of(&[], json!({})), image_of(&[], json!({ "annotations": { "a": "b" } })));
    for (tag, bytes, expected) in [
        ("v1", &first, None),
        ("v1", &first, None),
        ("v1", &second, Some((ErrorKind::Denied, Subject::Tag))),
        ("latest", &first, None),
        ("latest", &second, None),
    ] {
        let answer = put(&test, &image, tag, bytes).await;
        assert_eq!(answer.err().map(|error| said(&error)), expected, "{tag}");
    }
    let manifests = test.service.manifests();
    let kept = get(&test, &image, "v1").await.unwrap();
    assert_eq!(kept.digest, digest(&first));
    let refused = (ErrorKind::Unsupported, Subject::Tag);
    for what in [reference("v1"), Reference::Digest(digest(&first))] {
        let error = manifests.delete(&test.manager, &image, &what).await.unwrap_err();
        assert_eq!(said(&error), refused);
    }
    let tags = vec!["latest".parse().unwrap(), "v1".parse().unwrap()];
    let error = test.service.tags().delete_many(&test.manager, &image, tags).await.unwrap_err();
    assert_eq!(said(&error), (ErrorKind::Denied, Subject::Tag));
    manifests.delete(&test.manager, &image, &reference("latest")).await.unwrap();
    get(&test, &image, "v1").await.unwrap();
}
