//! Push, pull and delete over HTTP.

use crate::support::image::{MANIFEST, digest, noise, push_blob, push_blob_at_once, with_digest};
use crate::support::{TestApp, TestImage};
use axum::body::Body;
use bytes::Bytes;
use http::Method;

#[tokio::test]
async fn an_image_of_several_layers_comes_back_byte_for_byte() {
    TestApp::each(async |app| {
        let image = TestImage::new(7, 3, 300_000);
        let editor = app.token("acme/editor", &["repository:group/team/app:pull,push"]).await;
        let put = image.push(&editor, "group/team/app", "v1").await.expect(201);
        assert_eq!(put.header("docker-content-digest"), digest(&image.manifest));
        assert_eq!(
            put.header("location"),
            format!("/v2/group/team/app/manifests/{}", digest(&image.manifest))
        );

        let reader = app.token("acme/reader", &["repository:group/team/app:pull"]).await;
        for reference in ["v1".to_owned(), digest(&image.manifest)] {
            let path = format!("/v2/group/team/app/manifests/{reference}");
            let got = reader.get(&path).await.expect(200);
            assert_eq!(got.body, image.manifest);
            assert_eq!(got.header("content-type"), MANIFEST);
            assert_eq!(got.header("docker-content-digest"), digest(&image.manifest));
            let head = reader.head(&path).await.expect(200);
            assert!(head.body.is_empty());
            assert_eq!(head.header("content-length"), image.manifest.len().to_string());
        }
        for blob in image.blobs() {
            let path = format!("/v2/group/team/app/blobs/{}", digest(blob));
            let got = reader.get(&path).await.expect(200);
            assert_eq!(got.body, blob);
            assert_eq!(got.header("content-length"), blob.len().to_string());
        }
        let tags = reader.get("/v2/group/team/app/tags/list").await.expect(200).json();
        assert_eq!(tags, serde_json::json!({ "name": "group/team/app", "tags": ["v1"] }));
    })
    .await;
}

#[tokio::test]
async fn shape_a_sends_everything_with_the_put() {
    let app = TestApp::new().await;
    let blob = noise(1, 70_000);
    let done = push_blob_at_once(&app.editor(), "group/app", &blob).await.expect(201);
    assert_eq!(done.header("location"), format!("/v2/group/app/blobs/{}", digest(&blob)));
    let got = app.editor().get(done.header("location")).await.expect(200);
    assert_eq!(got.body, blob);
}

#[tokio::test]
async fn ranges_of_a_blob() {
    let app = TestApp::new().await;
    let blob = noise(2, 1_000);
    push_blob(&app.editor(), "group/app", &blob).await;
    let path = format!("/v2/group/app/blobs/{}", digest(&blob));
    let range = |range: &'static str| {
        let (client, path) = (app.editor(), path.clone());
        async move { client.send(Method::GET, &path, &[("range", range)], Body::empty()).await }
    };
    let middle = range("bytes=100-199").await.expect(206);
    assert_eq!(
        (middle.header("content-range"), &middle.body[..]),
        ("bytes 100-199/1000", &blob[100..200])
    );
    assert_eq!(range("bytes=-10").await.expect(206).body, blob[990..]);
    assert_eq!(range("bytes=990-").await.expect(206).body, blob[990..]);
    let beyond = range("bytes=1000-").await.expect(416);
    assert_eq!(beyond.header("content-range"), "bytes */1000");
}

#[tokio::test]
async fn what_does_not_match_its_digest_leaves_nothing() {
    let app = TestApp::new().await;
    let (sent, meant) = (noise(3, 5_000), noise(4, 5_000));
    let editor = app.editor();
    let start = editor.post("/v2/group/app/blobs/uploads/", "").await.expect(202);
    let reply = editor
        .put(&with_digest(start.header("location"), &meant), &[], sent.clone())
        .await
        .expect(400);
    assert_eq!(reply.code(), "DIGEST_INVALID");
    for blob in [&sent, &meant] {
        editor.head(&format!("/v2/group/app/blobs/{}", digest(blob))).await.expect(404);
    }
    editor.get(start.header("location")).await.expect(404);
}

#[tokio::test]
async fn an_upload_that_breaks_off_goes_on_where_it_stopped() {
    let app = TestApp::new().await;
    let blob = noise(5, 400_000);
    let editor = app.editor();
    let start = editor.post("/v2/group/app/blobs/uploads/", "").await.expect(202);
    let location = start.header("location").to_owned();
    let pieces: Vec<Result<Bytes, std::io::Error>> =
        vec![Ok(Bytes::copy_from_slice(&blob[..150_000])), Err(std::io::Error::other("cut"))];
    let body = Body::from_stream(futures::stream::iter(pieces));
    let cut = editor.send(Method::PATCH, &location, &[], body).await;
    assert!(cut.status.is_client_error() || cut.status.is_server_error(), "{}", cut.status);
    // Nothing is visible, and the session tells how much it has.
    editor.head(&format!("/v2/group/app/blobs/{}", digest(&blob))).await.expect(404);
    let status = editor.get(&location).await.expect(204);
    let kept = match status.header("range") {
        "0-0" => 0,
        range => range.strip_prefix("0-").unwrap().parse::<usize>().unwrap() + 1,
    };
    assert!(kept <= 150_000);
    let headers = [("content-range", format!("{kept}-{}", blob.len() - 1))];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let on =
        editor.send(Method::PATCH, &location, &headers, blob[kept..].to_vec()).await.expect(202);
    editor.put(&with_digest(on.header("location"), &blob), &[], "").await.expect(201);
    assert_eq!(editor.get(&format!("/v2/group/app/blobs/{}", digest(&blob))).await.body, blob);
}

#[tokio::test]
async fn deletion_is_for_managers() {
    let app = TestApp::new().await;
    let image = TestImage::new(9, 2, 1_000);
    image.push(&app.editor(), "group/app", "v1").await.expect(201);
    image.push_manifest(&app.editor(), "group/app", "v2").await.expect(201);
    app.editor().delete("/v2/group/app/manifests/v1").await.expect(403);
    app.manager().delete("/v2/group/app/manifests/v1").await.expect(202);
    app.reader().get("/v2/group/app/manifests/v1").await.expect(404);
    app.reader().get("/v2/group/app/manifests/v2").await.expect(200);
    let path = format!("/v2/group/app/manifests/{}", digest(&image.manifest));
    app.manager().delete(&path).await.expect(202);
    assert_eq!(app.reader().get(&path).await.expect(404).code(), "MANIFEST_UNKNOWN");
    app.reader().get("/v2/group/app/manifests/v2").await.expect(404);
}

#[tokio::test]
async fn a_manifest_needs_its_blobs() {
    let app = TestApp::new().await;
    let image = TestImage::new(10, 1, 1_000);
    let reply = image.push_manifest(&app.editor(), "group/app", "v1").await.expect(400);
    assert_eq!(reply.code(), "MANIFEST_BLOB_UNKNOWN");
    app.reader().get("/v2/group/app/manifests/v1").await.expect(404);
}

#[tokio::test]
async fn a_permission_that_is_taken_away_is_gone_at_once() {
    let app = TestApp::new().await;
    TestImage::new(11, 1, 100).push(&app.editor(), "group/app", "v1").await.expect(201);
    let token = app.token("acme/editor", &["repository:group/app:pull,push"]).await;
    token.post("/v2/group/app/blobs/uploads/", "").await.expect(202);
    app.grant("editor", "group", roadstead::access::Permission::Read).await;
    token.get("/v2/group/app/manifests/v1").await.expect(200);
    token.post("/v2/group/app/blobs/uploads/", "").await.expect(403);
}

#[tokio::test]
async fn bad_names_and_bodies_are_answered_in_the_protocols_words() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let mut table = Vec::new();
    for (method, path, body) in [
        ("GET", "/v2/Group/app/manifests/v1", ""),
        ("GET", "/v2/nginx/manifests/latest", ""),
        ("GET", "/v2/library/nginx/manifests/latest", ""),
        ("GET", "/v2/group/a%2Fb/manifests/v1", ""),
        ("GET", "/v2/group/app/manifests/sha256:abc", ""),
        ("GET", "/v2/group/app/blobs/sha256:abc", ""),
        ("PUT", "/v2/group/app/manifests/v1", "no json"),
        ("PUT", "/v2/group/app/manifests/v1", "{}"),
        ("PUT", "/v2/group/app/manifests/a..", "{}"),
        ("PATCH", "/v2/group/app/blobs/uploads/none", ""),
        ("POST", "/v2/group/app/manifests/v1", ""),
        ("GET", "/v2/group/app/nothing", ""),
        ("GET", "/v2/manage/namespaces", ""),
        ("GET", "/v2", ""),
    ] {
        let reply =
            editor.send(method.parse().unwrap(), path, &[("content-type", MANIFEST)], body).await;
        table.push(format!("{method} {path} {body} -> {}", reply.word()));
    }
    insta::assert_snapshot!(table.join("\n"));
}
