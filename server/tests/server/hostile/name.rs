//! Names, digests, queries and headers that try to be something else.

use axum::body::Body;
use http::Method;

use crate::protocol::wide;
use crate::support::image::{MANIFEST, digest};
use crate::support::remains::remains;
use crate::support::{TestApp, TestImage};

/// Names that no door may take, as they stand in an address.
const NAMES: [&str; 47] = [
    "group/../app",
    "group/..",
    "../group/app",
    "group/./app",
    "./group/app",
    "group//app",
    "/group/app",
    "group/app/",
    "group/%2e%2e/app",
    "group/%2E%2E%2Fapp",
    "group%2Fapp",
    "group/a%2Fb",
    "group/a%2fb",
    "group/a%252Fb",
    "group/a%5Cb",
    "group/%2Fetc%2Fpasswd",
    "group/..%2f..%2f..%2fetc%2fpasswd",
    "group/..;/app",
    "group/app;x=y",
    "group/app%00",
    "group/app%00.txt",
    "group/app%0d%0aX-Injected:%20yes",
    "group/app%20",
    "group/%20app",
    "group/app%09",
    "group/app.",
    "group/.app",
    "group/-app",
    "group/app-",
    "group/_app",
    "group/app___b",
    "group/a..b",
    "group/a._b",
    "group/APP",
    "Group/app",
    "group/app$b",
    "group/app:v1",
    "group/app@sha256:00",
    "group/a*",
    "group/a'--",
    "group/%C3%A4",
    "group/%EF%BC%8Fapp",
    "group/%ff",
    "group/%zz",
    "group",
    "library/app",
    "127.0.0.1/app",
];

#[tokio::test]
async fn names_that_are_none_do_nothing() {
    let app = TestApp::new().await;
    let (manager, image) = (app.manager(), TestImage::new(200, 1, 100));
    image.push(&manager, "group/app", "v1").await.expect(201);
    let before = remains(&app).await;
    let (layer, long) = (digest(&image.layers[0]), format!("group/{}", "a".repeat(129)));
    let manifest = image.manifest.as_slice();
    for name in NAMES.iter().copied().chain([long.as_str()]) {
        for (method, path, body) in [
            (Method::GET, "tags/list".to_owned(), &b""[..]),
            (Method::GET, "manifests/v1".to_owned(), b""),
            (Method::PUT, "manifests/v2".to_owned(), manifest),
            (Method::DELETE, "manifests/v1".to_owned(), b""),
            (Method::GET, format!("blobs/{layer}"), b""),
            (Method::DELETE, format!("blobs/{layer}"), b""),
            (Method::GET, format!("referrers/{layer}"), b""),
            (Method::POST, "blobs/uploads/".to_owned(), b""),
            (Method::POST, format!("blobs/uploads/?digest={layer}"), &image.layers[0]),
            (Method::POST, format!("blobs/uploads/?mount={layer}&from=group/app"), b""),
        ] {
            let path = format!("/v2/{name}/{path}");
            let headers = [("content-type", MANIFEST)];
            let reply = manager.send(method.clone(), &path, &headers, body.to_vec()).await;
            assert!(
                [400, 404].contains(&reply.status.as_u16()),
                "{method} {path}: {}",
                reply.status
            );
            assert_eq!(reply.header("content-type"), "application/json", "{method} {path}");
            assert!(
                ["NAME_INVALID", "NAME_UNKNOWN"].contains(&reply.code().as_str()),
                "{path}: {}",
                reply.text()
            );
            assert_eq!(reply.header("x-injected"), "");
            assert_eq!(reply.header("location"), "", "nobody is sent anywhere");
        }
        // A source that is no name is a source that there is not.
        let from: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let path = format!("/v2/group/b/blobs/uploads/?mount={layer}&from={from}");
        let session = manager.post(&path, "").await.expect(202);
        manager.delete(session.header("location")).await.expect(204);
    }
    assert_eq!(remains(&app).await, before);
    assert_eq!(
        manager.get("/v2/_catalog").await.expect(200).json()["repositories"],
        serde_json::json!(["group/app"])
    );
}

/// CVE-2024-3727: a digest is a type before it is a path.
#[tokio::test]
async fn digests_that_are_none_do_nothing() {
    let app = TestApp::new().await;
    let (manager, image) = (app.manager(), TestImage::new(201, 1, 100));
    image.push(&manager, "group/app", "v1").await.expect(201);
    let before = remains(&app).await;
    let hex = digest(&image.config).split_off(7);
    let upper = format!("sha256:{}", hex.to_uppercase());
    for bad in [
        "sha256:",
        "sha256",
        ":",
        "sha256:..",
        "sha256:../../../../etc/passwd",
        "sha256:%2e%2e%2f",
        "sha256:%00",
        "../sha256",
        "sha256%3A",
        "sha256:%2Fetc%2Fpasswd",
        "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256+b64u:abc",
        "multihash:x",
        "sha256:sha256:x",
        "SHA256:x",
        "%20sha256:x",
        "sha256:g",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain([
        upper,
        format!("sha256:{hex}0"),
        format!("sha256:{}", &hex[1..]),
        format!("sha512:{hex}"),
        format!("sha256:{hex}%00"),
        format!("sha256:{hex}%20"),
        format!("sha256:{}", wide(b"x").split_off(7)),
        format!("sha256:{}", "a".repeat(10_000)),
    ]) {
        for (method, path) in [
            (Method::GET, format!("/v2/group/app/blobs/{bad}")),
            (Method::DELETE, format!("/v2/group/app/blobs/{bad}")),
            (Method::GET, format!("/v2/group/app/referrers/{bad}")),
            (Method::POST, format!("/v2/group/app/blobs/uploads/?digest={bad}")),
            (Method::PUT, format!("/v2/group/app/manifests/{bad}")),
        ] {
            if method == Method::PUT && bad == "sha256" {
                // Without a colon it is a tag like any other.
                continue;
            }
            let headers = [("content-type", MANIFEST)];
            let reply = manager.send(method.clone(), &path, &headers, image.manifest.clone()).await;
            // As a reference what has no colon is a tag that there is not, or that cannot be.
            assert!(
                [400, 404].contains(&reply.status.as_u16()),
                "{method} {path}: {}",
                reply.status
            );
            if reply.status == 400 {
                let code = reply.code();
                assert!(
                    ["DIGEST_INVALID", "MANIFEST_INVALID"].contains(&code.as_str()),
                    "{path}: {code}"
                );
            }
        }
    }
    assert_eq!(remains(&app).await, before);
}

/// A query that says things twice, wrongly, or without end.
#[tokio::test]
async fn queries_are_read_strictly_or_not_at_all() {
    let app = TestApp::new().await;
    let (editor, image) = (app.editor(), TestImage::new(202, 1, 100));
    image.push(&editor, "group/app", "v1").await.expect(201);
    let layer = &image.layers[0];
    let (known, other) = (digest(layer), digest(b"other"));
    let blob = |query: &str| format!("/v2/group/app/blobs/uploads/?{query}");
    for (path, body, status) in [
        (blob(&format!("digest={known}&digest={other}")), layer.clone(), 400),
        (blob(&format!("digest={known}&digest={known}")), layer.clone(), 201),
        (blob(&format!("DIGEST={known}")), Vec::new(), 202),
        (blob("%64igest=sha256:x"), Vec::new(), 400),
        (blob("digest-algorithm=sha256&digest-algorithm=md5"), Vec::new(), 202),
        (blob("digest-algorithm="), Vec::new(), 400),
        (blob("digest-algorithm=../../x"), Vec::new(), 400),
        (blob("%ff%fe=%00&&&&===;;;"), Vec::new(), 202),
        (blob(&"x=y&".repeat(10_000)), Vec::new(), 202),
    ] {
        let reply = editor.post(&path, body).await;
        assert_eq!(
            reply.status.as_u16(),
            status,
            "{}: {}",
            &path[..path.len().min(100)],
            reply.text()
        );
    }
    for query in [
        "n=1&n=x",
        "n=%31",
        "N=x",
        "last=%ff%fe",
        "last=%00",
        &format!("last={}", "x".repeat(50_000)),
    ] {
        editor.get(&format!("/v2/group/app/tags/list?{query}")).await.expect(200);
    }
    for last in ["x", "sha256:x", "%00"] {
        let path = format!("/v2/group/app/referrers/{known}?last={last}");
        assert_eq!(editor.get(&path).await.expect(400).code(), "DIGEST_INVALID");
    }
    let filter = "a'%20OR%201=1--".repeat(100);
    let found = editor
        .get(&format!("/v2/group/app/referrers/{known}?artifactType={filter}"))
        .await
        .expect(200);
    assert_eq!(found.json()["manifests"], serde_json::json!([]));
}

/// Headers that stand there twice, lie, or are no text.
#[tokio::test]
async fn headers_are_read_strictly_or_not_at_all() {
    let app = TestApp::new().await;
    let (editor, image) = (app.editor(), TestImage::new(203, 1, 100));
    image.push(&editor, "group/app", "v1").await.expect(201);
    let blob = format!("/v2/group/app/blobs/{}", digest(&image.layers[0]));
    for (headers, status) in [
        (vec![("range", "bytes=0-1"), ("range", "bytes=2-3")], 200),
        (vec![("range", "bytes=0-1, 2-3, 4-5")], 200),
        (vec![("range", "bytes=0-1;x")], 200),
        (vec![("range", "bytes=-0")], 416),
        (vec![("range", &"bytes=0-,".repeat(5_000)[..])], 200),
        (vec![("if-none-match", &"\"x\",".repeat(10_000)[..])], 200),
        (vec![("accept", &"a/b,".repeat(10_000)[..])], 200),
        (vec![("x-forwarded-for", "1.2.3.4"), ("x-forwarded-host", "evil.example")], 200),
        (vec![("x-http-method-override", "DELETE"), ("x-original-url", "/v2/")], 200),
    ] {
        let reply = editor.send(Method::GET, &blob, &headers, Body::empty()).await;
        assert_eq!(reply.status.as_u16(), status, "{:.80?}", headers[0]);
    }
    editor.get(&blob).await.expect(200);
    // Nobody's address gets into the challenge.
    let headers =
        [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example;proto=https")];
    let refused =
        app.anonymous().send(Method::GET, "/v2/", &headers, Body::empty()).await.expect(401);
    assert!(!refused.header("www-authenticate").contains("evil"));
    for value in ["Basic", "Basic ====", "Bearer", "Bearer a b", "basic \u{7f}", "Negotiate x", ""]
    {
        let headers = [("authorization", value)];
        if let Ok(value) = value.parse::<http::HeaderValue>() {
            assert!(value.len() < 20);
            let reply = app.anonymous().send(Method::GET, "/v2/", &headers, Body::empty()).await;
            assert_eq!(reply.word(), "401 UNAUTHORIZED", "{value:?}");
        }
    }
    let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
    app.anonymous().send(Method::GET, "/v2/", &twice, Body::empty()).await.expect(401);
}
