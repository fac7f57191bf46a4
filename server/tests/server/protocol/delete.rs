//! Deletion: `protocol.md` 1.6, "Delete" and "Blob delete".

use serde_json::json;

use super::{INDEX, artifact, index, push_artifact, put_manifest};
use crate::support::image::{MANIFEST, digest, push_blob};
use crate::support::{TestApp, TestImage};

/// A tag goes alone; a digest takes its tags along. What is gone is gone for the next request, also where it was just
/// read (CVE-2026-35172 of distribution: a cache still had it).
#[tokio::test]
async fn tags_and_manifests() {
    TestApp::each(async |app| {
        let (editor, manager, image) = (app.editor(), app.manager(), TestImage::new(90, 1, 100));
        image.push(&editor, "group/app", "v1").await.expect(201);
        for tag in ["v2", "v3"] {
            image.push_manifest(&editor, "group/app", tag).await.expect(201);
        }
        let by_digest = format!("/v2/group/app/manifests/{}", digest(&image.manifest));
        editor.get(&by_digest).await.expect(200);
        let gone = manager.delete("/v2/group/app/manifests/v1").await.expect(202);
        assert!(gone.body.is_empty());
        editor.get("/v2/group/app/manifests/v1").await.expect(404);
        editor.head("/v2/group/app/manifests/v1").await.expect(404);
        manager.delete("/v2/group/app/manifests/v1").await.expect(404);
        editor.get("/v2/group/app/manifests/v2").await.expect(200);
        editor.get(&by_digest).await.expect(200);
        manager.delete(&by_digest).await.expect(202);
        for path in ["/v2/group/app/manifests/v2", "/v2/group/app/manifests/v3", &by_digest] {
            assert_eq!(editor.get(path).await.expect(404).code(), "MANIFEST_UNKNOWN");
            editor.head(path).await.expect(404);
        }
        assert_eq!(manager.delete(&by_digest).await.expect(404).code(), "MANIFEST_UNKNOWN");
        let tags = editor.get("/v2/group/app/tags/list").await.expect(200);
        assert_eq!(tags.json()["tags"], json!([]));
        // It can be pushed again.
        image.push_manifest(&editor, "group/app", "v1").await.expect(201);
        assert_eq!(editor.get(&by_digest).await.expect(200).body, image.manifest);
    })
    .await;
}

/// The conformance suite tears down in this order: tags, manifests (indexes before children), blobs.
#[tokio::test]
async fn what_is_needed_stays_until_what_needs_it_is_gone() {
    TestApp::each(async |app| {
        let (editor, manager, image) = (app.editor(), app.manager(), TestImage::new(91, 2, 100));
        image.push(&editor, "group/app", "v1").await.expect(201);
        let list = index(INDEX, &[(MANIFEST, &image.manifest)]);
        put_manifest(&editor, "/v2/group/app/manifests/multi", INDEX, list.clone())
            .await
            .expect(201);
        let child = format!("/v2/group/app/manifests/{}", digest(&image.manifest));
        let parent = format!("/v2/group/app/manifests/{}", digest(&list));
        manager.delete("/v2/group/app/manifests/multi").await.expect(202);
        manager.delete("/v2/group/app/manifests/v1").await.expect(202);
        let refused = manager.delete(&child).await.expect(405);
        assert_eq!(refused.json()["errors"][0]["detail"]["parents"], json!([digest(&list)]));
        assert_eq!(refused.header("allow"), "GET, HEAD");
        for blob in image.blobs() {
            let refused = manager.delete(&format!("/v2/group/app/blobs/{}", digest(blob))).await;
            assert_eq!(refused.expect(405).code(), "UNSUPPORTED");
        }
        manager.delete(&parent).await.expect(202);
        manager.delete(&child).await.expect(202);
        for blob in image.blobs() {
            let path = format!("/v2/group/app/blobs/{}", digest(blob));
            manager.delete(&path).await.expect(202);
            assert_eq!(editor.get(&path).await.expect(404).code(), "BLOB_UNKNOWN");
            editor.head(&path).await.expect(404);
            assert_eq!(manager.delete(&path).await.expect(404).code(), "BLOB_UNKNOWN");
        }
        // A manifest cannot be pushed upon what is gone.
        let missing = image.push_manifest(&editor, "group/app", "v1").await.expect(400);
        assert_eq!(missing.code(), "MANIFEST_BLOB_UNKNOWN");
    })
    .await;
}

/// A blob goes from one image; from others it stays.
#[tokio::test]
async fn a_blob_is_deleted_where_it_is_deleted() {
    TestApp::each(async |app| {
        let (editor, manager, blob) = (app.editor(), app.manager(), b"shared");
        for image in ["group/a", "group/b"] {
            push_blob(&editor, image, blob).await;
            let got = editor.get(&format!("/v2/{image}/blobs/{}", digest(blob))).await;
            got.expect(200);
        }
        manager.delete(&format!("/v2/group/a/blobs/{}", digest(blob))).await.expect(202);
        editor.get(&format!("/v2/group/a/blobs/{}", digest(blob))).await.expect(404);
        assert_eq!(
            editor.get(&format!("/v2/group/b/blobs/{}", digest(blob))).await.expect(200).body,
            &blob[..]
        );
        manager.delete(&format!("/v2/group/none/blobs/{}", digest(blob))).await.expect(404);
        manager.delete("/v2/group/a/blobs/sha256:bad").await.expect(400);
    })
    .await;
}

/// Signatures outlive what they are about; whoever deletes it may push it again.
#[tokio::test]
async fn referrers_stay_when_their_subject_goes() {
    let app = TestApp::new().await;
    let (editor, manager, image) = (app.editor(), app.manager(), TestImage::new(92, 1, 100));
    image.push(&editor, "group/app", "v1").await.expect(201);
    let about = artifact("application/x.sig", &image.manifest, json!({}));
    let signature = push_artifact(&editor, "group/app", &about).await;
    let subject = digest(&image.manifest);
    manager.delete(&format!("/v2/group/app/manifests/{subject}")).await.expect(202);
    let path = format!("/v2/group/app/referrers/{subject}");
    let listed = editor.get(&path).await.expect(200);
    assert_eq!(listed.json()["manifests"][0]["digest"], json!(digest(&signature)));
    manager.delete(&format!("/v2/group/app/manifests/{}", digest(&signature))).await.expect(202);
    assert_eq!(editor.get(&path).await.expect(200).json()["manifests"], json!([]));
}

#[tokio::test]
async fn who_may_push_may_not_delete() {
    let app = TestApp::new().await;
    let image = TestImage::new(93, 1, 100);
    image.push(&app.editor(), "group/app", "v1").await.expect(201);
    for path in [
        "/v2/group/app/manifests/v1".to_owned(),
        format!("/v2/group/app/manifests/{}", digest(&image.manifest)),
        format!("/v2/group/app/blobs/{}", digest(&image.config)),
    ] {
        app.editor().delete(&path).await.expect(403);
        app.stranger().delete(&path).await.expect(403);
        app.anonymous().delete(&path).await.expect(401);
    }
    app.editor().get("/v2/group/app/manifests/v1").await.expect(200);
}
