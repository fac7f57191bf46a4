//! Reading blobs: `protocol.md` 1.4 end-2, 1.5 "Download ranges".

use axum::body::Body;
use http::Method;

use super::{put_manifest, wide};
use crate::support::image::{MANIFEST, digest, noise, push_blob};
use crate::support::{Client, Reply, TestApp, TestImage};

async fn ask(client: &Client, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
    client.send(method, path, headers, Body::empty()).await
}

#[tokio::test]
async fn blobs_say_how_they_may_be_kept() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(6, 1_000));
    push_blob(&editor, "group/app", &blob).await;
    let path = format!("/v2/group/app/blobs/{}", digest(&blob));
    for method in [Method::GET, Method::HEAD] {
        let reply = editor.send(method, &path, &[], Body::empty()).await.expect(200);
        assert_eq!(reply.header("content-type"), "application/octet-stream");
        assert_eq!(reply.header("docker-content-digest"), digest(&blob));
        assert_eq!(reply.header("accept-ranges"), "bytes");
        assert_eq!(reply.header("etag"), format!("\"{}\"", digest(&blob)));
        assert_eq!(reply.header("cache-control"), "private, max-age=31536000, immutable");
        assert_eq!(reply.header("content-length"), "1000");
    }
    for (range, status, content_range, length) in [
        ("bytes=0-0", 206, "bytes 0-0/1000", 1),
        ("bytes=0-", 206, "bytes 0-999/1000", 1_000),
        ("bytes=990-2000", 206, "bytes 990-999/1000", 10),
        ("bytes=-2000", 206, "bytes 0-999/1000", 1_000),
        ("bytes=500-0", 416, "bytes */1000", 0),
        ("bytes=1000-", 416, "bytes */1000", 0),
        ("bytes=0-1,5-6", 200, "", 1_000),
    ] {
        let reply = editor.send(Method::GET, &path, &[("range", range)], Body::empty()).await;
        assert_eq!(reply.status.as_u16(), status, "{range}");
        assert_eq!(reply.header("content-range"), content_range, "{range}");
        if status != 416 {
            assert_eq!(reply.body.len(), length, "{range}");
        }
    }
    let headers = [("range", "bytes=0-9"), ("if-range", "\"another\"")];
    editor.send(Method::GET, &path, &headers, Body::empty()).await.expect(200);
}

/// The exact 416s of the conformance suite, and the numbers at the edges.
#[tokio::test]
async fn a_range_names_bytes_or_is_416() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(60, 100));
    push_blob(&editor, "group/app", &blob).await;
    push_blob(&editor, "group/app", b"").await;
    let path = format!("/v2/group/app/blobs/{}", digest(&blob));
    let empty = format!("/v2/group/app/blobs/{}", digest(b""));
    for (path, size, range, wanted) in [
        (&path, 100, "bytes=0-99", Some(0..100)),
        (&path, 100, "bytes=99-99", Some(99..100)),
        (&path, 100, "bytes=99-", Some(99..100)),
        (&path, 100, "bytes=-1", Some(99..100)),
        (&path, 100, "bytes=-100", Some(0..100)),
        (&path, 100, "bytes=10-18446744073709551615", Some(10..100)),
        (&path, 100, "bytes=10-99999999999999999999999", Some(10..100)),
        (&path, 100, "bytes=-99999999999999999999999", Some(0..100)),
        (&path, 100, "BYTES = 1-2", None),
        (&path, 100, "bytes=100-", None),
        (&path, 100, "bytes=100-200", None),
        (&path, 100, "bytes=50-0", None),
        (&path, 100, "bytes=-0", None),
        (&path, 100, "bytes=99999999999999999999999-", None),
        (&empty, 0, "bytes=0-", None),
        (&empty, 0, "bytes=0-0", None),
        (&empty, 0, "bytes=-1", None),
    ] {
        if range.starts_with("BYTES") {
            ask(&editor, Method::GET, path, &[("range", range)]).await.expect(200);
            continue;
        }
        let reply = ask(&editor, Method::GET, path, &[("range", range)]).await;
        match wanted {
            Some(bytes) => {
                let reply = reply.expect(206);
                let value = format!("bytes {}-{}/{size}", bytes.start, bytes.end - 1);
                assert_eq!(reply.header("content-range"), value, "{range}");
                assert_eq!(reply.header("content-length"), bytes.len().to_string(), "{range}");
                assert_eq!(reply.header("docker-content-digest"), digest(&blob));
                assert_eq!(reply.body, blob[bytes], "{range}");
            }
            None => {
                let reply = reply.expect(416);
                assert_eq!(reply.header("content-range"), format!("bytes */{size}"), "{range}");
                assert_eq!(reply.code(), "BLOB_UPLOAD_INVALID", "{range}");
            }
        }
        // A range is of GET alone (RFC 9110, 14.2).
        let head = ask(&editor, Method::HEAD, path, &[("range", range)]).await.expect(200);
        assert_eq!(head.header("content-length"), size.to_string());
    }
    let whole = ask(&editor, Method::GET, &empty, &[]).await.expect(200);
    assert_eq!((whole.header("content-length"), whole.body.len()), ("0", 0));
}

/// containerd 2.1 and Dragonfly fetch one layer by ranges side by side and put it together.
#[tokio::test]
async fn a_layer_can_be_put_together_from_ranges() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(61, 1_000_000));
    push_blob(&editor, "group/app", &blob).await;
    let path = format!("/v2/group/app/blobs/{}", digest(&blob));
    let parts = (0..10).map(|part| {
        let (client, path) = (editor.clone(), path.clone());
        async move {
            let range = format!("bytes={}-{}", part * 100_000, part * 100_000 + 99_999);
            let headers = [("range", range.as_str())];
            let reply = ask(&client, Method::GET, &path, &headers).await.expect(206);
            assert_eq!(reply.header("etag"), format!("\"{}\"", path.rsplit('/').next().unwrap()));
            reply.body
        }
    });
    let parts: Vec<_> = futures::future::join_all(parts).await;
    assert_eq!(parts.concat(), blob);
}

/// What a cache has is not sent again; what cannot be seen is not "unchanged".
#[tokio::test]
async fn content_that_is_known_is_not_sent() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(62, 1_000));
    push_blob(&editor, "group/app", &blob).await;
    let location = editor
        .post(&format!("/v2/group/app/blobs/uploads/?digest={}", wide(&blob)), blob.clone())
        .await
        .expect(201);
    for path in [&format!("/v2/group/app/blobs/{}", digest(&blob)), location.header("location")] {
        let etag = editor.head(path).await.expect(200).header("etag").to_owned();
        let (weak, list) = (format!("W/{etag}"), format!("\"a\", {etag}"));
        for method in [Method::GET, Method::HEAD] {
            for value in [&etag, &weak, &list, "*"] {
                let headers = [("if-none-match", value), ("range", "bytes=0-1")];
                let reply = ask(&editor, method.clone(), path, &headers).await.expect(304);
                assert!(reply.body.is_empty());
                assert_eq!(reply.header("etag"), etag);
                assert_eq!(reply.header("docker-content-digest"), etag.trim_matches('"'));
            }
            let headers = [("if-none-match", "\"sha256:other\"")];
            ask(&editor, method.clone(), path, &headers).await.expect(200);
            let headers = [("if-none-match", etag.as_str())];
            ask(&app.stranger(), method.clone(), path, &headers).await.expect(403);
            ask(&app.anonymous(), method.clone(), path, &headers).await.expect(401);
            let missing = path.replace("group/app", "group/none");
            ask(&editor, method.clone(), &missing, &headers).await.expect(404);
            let absent = format!("/v2/group/app/blobs/{}", digest(b"absent"));
            ask(&editor, method, &absent, &[("if-none-match", "*")]).await.expect(404);
        }
        // The rest of a download that broke off, as long as it is the same content.
        let headers = [("range", "bytes=900-"), ("if-range", etag.as_str())];
        assert_eq!(ask(&editor, Method::GET, path, &headers).await.expect(206).body, blob[900..]);
        for other in [weak.as_str(), "\"x\"", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            let headers = [("range", "bytes=900-"), ("if-range", other)];
            assert_eq!(ask(&editor, Method::GET, path, &headers).await.expect(200).body, blob);
        }
    }
}

#[tokio::test]
async fn manifests_that_are_known_are_not_sent() {
    let app = TestApp::new().await;
    let (editor, image) = (app.editor(), TestImage::new(63, 1, 100));
    image.push(&editor, "group/app", "v1").await.expect(201);
    let etag = format!("\"{}\"", digest(&image.manifest));
    for reference in ["v1".to_owned(), digest(&image.manifest)] {
        let path = format!("/v2/group/app/manifests/{reference}");
        for method in [Method::GET, Method::HEAD] {
            let headers = [("if-none-match", etag.as_str())];
            let reply = ask(&editor, method.clone(), &path, &headers).await.expect(304);
            assert!(reply.body.is_empty());
            assert_eq!(reply.header("etag"), etag);
            ask(&app.stranger(), method.clone(), &path, &headers).await.expect(403);
            // Not a byte of a manifest is had by a range: clients want it whole.
            let headers = [("range", "bytes=0-9")];
            let whole = ask(&editor, method, &path, &headers).await.expect(200);
            assert_eq!(whole.header("content-length"), image.manifest.len().to_string());
        }
    }
    // The tag moved: the same question has another answer.
    let other = TestImage::new(64, 1, 100);
    other.push(&editor, "group/app", "v1").await.expect(201);
    let headers = [("if-none-match", etag.as_str())];
    let moved = ask(&editor, Method::GET, "/v2/group/app/manifests/v1", &headers).await.expect(200);
    assert_eq!(moved.body, other.manifest);
    let none = ask(&editor, Method::GET, "/v2/group/app/manifests/none", &[("if-none-match", "*")]);
    none.await.expect(404);
    put_manifest(&editor, "/v2/group/app/manifests/v1", MANIFEST, image.manifest.clone())
        .await
        .expect(201);
    ask(&editor, Method::GET, "/v2/group/app/manifests/v1", &headers).await.expect(304);
}
