//! What every answer carries: `protocol.md` 1.2, 1.3, 1.10.

use axum::body::Body;
use http::Method;

use super::start;
use crate::support::image::{MANIFEST, digest, noise, push_blob, with_digest};
use crate::support::{TestApp, TestImage};

/// Old docker and pull-through caches know a registry by the version header, on refusals too.
#[tokio::test]
async fn every_answer_has_the_protocols_headers() {
    let app = TestApp::new().await;
    let editor = app.editor();
    TestImage::new(5, 1, 100).push(&editor, "group/app", "v1").await.expect(201);
    for (method, path, status) in [
        ("GET", "/v2/", 200),
        ("HEAD", "/v2/", 200),
        ("GET", "/v2/group/app/manifests/v1", 200),
        ("HEAD", "/v2/group/app/manifests/none", 404),
        ("GET", "/v2/group/none/manifests/v1", 404),
        ("GET", "/v2/nowhere/x/manifests/v1", 403),
        ("GET", "/v2/group/app/nothing", 404),
        ("POST", "/v2/group/app/manifests/v1", 405),
        ("GET", "/v2/group/app/blobs/uploads/", 405),
        ("GET", "/v2/Bad/app/tags/list", 400),
    ] {
        for client in [editor.clone(), app.anonymous()] {
            let reply = client.send(method.parse().unwrap(), path, &[], Body::empty()).await;
            assert_eq!(
                reply.header("docker-distribution-api-version"),
                "registry/2.0",
                "{method} {path}"
            );
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{method} {path}");
            assert_eq!(reply.header("allow").is_empty(), status != 405, "{method} {path}");
            if reply.status.as_u16() >= 400 && method != "HEAD" {
                assert_eq!(reply.header("content-type"), "application/json", "{method} {path}");
                assert!(!reply.code().is_empty());
            }
            if method == "HEAD" {
                assert!(reply.body.is_empty());
            }
        }
        let reply = editor.send(method.parse().unwrap(), path, &[], Body::empty()).await;
        assert_eq!(reply.status.as_u16(), status, "{method} {path}");
    }
}

/// Errors are one list of objects with a code that clients compare, a sentence, and perhaps details.
#[tokio::test]
async fn errors_have_one_form() {
    let app = TestApp::new().await;
    let (editor, nobody) = (app.editor(), app.anonymous());
    let absent = digest(b"absent");
    for (client, method, path) in [
        (&editor, Method::GET, "/v2/group/none/tags/list".to_owned()),
        (&editor, Method::GET, format!("/v2/group/app/blobs/{absent}")),
        (&editor, Method::GET, "/v2/group/app/blobs/sha256:x".to_owned()),
        (&editor, Method::POST, "/v2/library/app/blobs/uploads/".to_owned()),
        (&editor, Method::PUT, "/v2/group/app/manifests/v1".to_owned()),
        (&editor, Method::PUT, "/v2/group/app/tags/list".to_owned()),
        (&nobody, Method::GET, "/v2/".to_owned()),
        (&nobody, Method::DELETE, format!("/v2/group/app/blobs/{absent}")),
    ] {
        let reply = client.send(method.clone(), &path, &[], Body::empty()).await;
        assert!(reply.status.is_client_error(), "{method} {path}");
        assert_eq!(reply.header("content-type"), "application/json", "{method} {path}");
        let body = reply.json();
        let members: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(members, ["errors"]);
        for error in body["errors"].as_array().unwrap() {
            let code = error["code"].as_str().unwrap();
            assert!(code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{code}");
            assert!(error["message"].as_str().unwrap().contains(' '), "a sentence: {error}");
            assert!(error.get("detail").is_none_or(|detail| !detail.is_null()));
        }
    }
    // HEAD says it by status and headers alone.
    for (client, path, status) in [
        (&editor, format!("/v2/group/app/blobs/{absent}"), 404),
        (&editor, "/v2/group/app/manifests/v1".to_owned(), 404),
        (&editor, "/v2/Group/app/manifests/v1".to_owned(), 400),
        (&nobody, "/v2/".to_owned(), 401),
    ] {
        let reply = client.head(&path).await.expect(status);
        assert!(reply.body.is_empty(), "{path}");
        assert_eq!(reply.header("www-authenticate").is_empty(), status != 401);
    }
}

/// docker HEADs blobs and opens sessions before the repository exists.
#[tokio::test]
async fn the_first_push_finds_nothing_and_is_not_refused() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let head = editor.head(&format!("/v2/group/new/blobs/{}", digest(b"x"))).await;
    assert_eq!(head.status, 404, "404, not 403");
    editor.head("/v2/group/new/manifests/v1").await.expect(404);
    start(&editor, "group/new").await;
    TestImage::new(120, 1, 10).push(&editor, "group/new", "v1").await.expect(201);
}

/// containerd takes a 405 to HEAD of a manifest for a sign to GET: it is never given.
#[tokio::test]
async fn methods_that_are_not_there_are_told_which_are() {
    let app = TestApp::new().await;
    let editor = app.editor();
    push_blob(&editor, "group/app", b"x").await;
    let blob = format!("/v2/group/app/blobs/{}", digest(b"x"));
    let session = start(&editor, "group/app").await;
    for (path, allow) in [
        ("/v2/", "GET, HEAD"),
        ("/v2/_catalog", "GET, HEAD"),
        ("/v2/group/app/tags/list", "GET, HEAD"),
        (&format!("/v2/group/app/referrers/{}", digest(b"x")), "GET, HEAD"),
        ("/v2/group/app/manifests/v1", "GET, HEAD, PUT, DELETE"),
        (&blob, "GET, HEAD, DELETE"),
        ("/v2/group/app/blobs/uploads/", "POST"),
        (&session, "GET, HEAD, PATCH, PUT, DELETE"),
    ] {
        for method in
            ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"]
        {
            if allow.split(", ").any(|allowed| allowed == method) {
                continue;
            }
            let reply = editor.send(method.parse().unwrap(), path, &[], Body::empty()).await;
            assert_eq!(
                (reply.status.as_u16(), reply.header("allow")),
                (405, allow),
                "{method} {path}"
            );
            if method != "HEAD" {
                assert_eq!(reply.code(), "UNSUPPORTED", "{method} {path}");
            }
        }
    }
    editor.get(&session).await.expect(204);
    for path in [
        "/v2/group/app",
        "/v2/group/app/",
        "/v2/group/app/tags",
        "/v2/x",
        "/v2//",
        "/v2/group/app/tags/list/",
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let reply = editor.send(method, path, &[], Body::empty()).await.expect(404);
            assert_eq!(reply.header("content-type"), "application/json", "{path}");
        }
    }
}

/// A token in its last minute: regclient and newer containerd tell their users; what has begun goes on.
#[tokio::test]
async fn a_token_that_ends_soon_is_mentioned() {
    let app = TestApp::new().await;
    let blob = noise(121, 100);
    let token = app.token("acme/editor", &["repository:group/app:pull,push"]).await;
    let begun = token.post("/v2/group/app/blobs/uploads/", "").await.expect(202);
    assert_eq!(begun.header("warning"), "");
    app.clock.advance(900 - 30);
    let location = begun.header("location");
    let patched = token.send(Method::PATCH, location, &[], blob.clone()).await.expect(202);
    let warning = patched.header("warning");
    assert_eq!(warning, "299 - \"the token ends in 30 seconds; what has begun goes on\"");
    app.clock.advance(60);
    let put = token.put(&with_digest(location, &blob), &[], "").await.expect(201);
    assert!(
        put.header("warning").starts_with("299 - \"the token has ended"),
        "{}",
        put.header("warning")
    );
    app.clock.advance(60);
    token.get("/v2/group/app/tags/list").await.expect(401);
    // Passwords do not end; nor is anything said to who was refused.
    let plain = app.editor().get("/v2/group/app/tags/list").await.expect(200);
    assert_eq!(plain.header("warning"), "");
}

/// 1.2 wants the digest on every read; mirrors and P2P want it stable.
#[tokio::test]
async fn every_read_says_its_digest() {
    let app = TestApp::new().await;
    let (editor, image) = (app.editor(), TestImage::new(122, 1, 100));
    image.push(&editor, "group/app", "v1").await.expect(201);
    for (path, wanted) in [
        ("/v2/group/app/manifests/v1?ns=docker.io".to_owned(), digest(&image.manifest)),
        (format!("/v2/group/app/manifests/{}", digest(&image.manifest)), digest(&image.manifest)),
        (
            format!("/v2/group/app/blobs/{}?ns=docker.io", digest(&image.config)),
            digest(&image.config),
        ),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let reply = editor
                .send(method, &path, &[("accept", MANIFEST)], Body::empty())
                .await
                .expect(200);
            assert_eq!(reply.header("docker-content-digest"), wanted);
            assert_eq!(reply.header("etag"), format!("\"{wanted}\""));
        }
    }
}
