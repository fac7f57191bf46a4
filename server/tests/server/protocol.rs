//! The distribution protocol in detail (`protocol.md` 1 and 2.6–2.9): headers, ranges, mounts, pages, challenges.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use crate::support::image::{MANIFEST, digest, noise, push_blob, with_digest};
use crate::support::{Client, Reply, TestApp, TestImage};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

async fn start(client: &Client, image: &str) -> String {
    let reply = client.post(&format!("/v2/{image}/blobs/uploads/"), "").await.expect(202);
    assert_eq!(reply.header("range"), "0-0");
    assert_eq!(reply.header("content-length"), "0");
    let location = reply.header("location").to_owned();
    let id = reply.header("docker-upload-uuid");
    assert_eq!(
        location,
        format!("/v2/{image}/blobs/uploads/{id}"),
        "relative, with the session in it"
    );
    location
}

async fn patch(client: &Client, location: &str, range: &str, body: &[u8]) -> Reply {
    let length = body.len().to_string();
    let headers = [("content-range", range), ("content-length", &length)];
    client.send(Method::PATCH, location, &headers, body.to_vec()).await
}

async fn put_manifest(
    client: &Client,
    path: &str,
    media_type: &str,
    body: impl Into<Body>,
) -> Reply {
    client.put(path, &[("content-type", media_type)], body).await
}

#[tokio::test]
async fn chunks_in_order_and_out_of_order() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(1, 3_000));
        let location = start(&editor, "group/app").await;
        // The conformance suite begins with the wrong chunk.
        let refused = patch(&editor, &location, "1000-1999", &blob[1_000..2_000]).await.expect(416);
        assert_eq!(refused.code(), "BLOB_UPLOAD_INVALID");
        assert_eq!((refused.header("range"), refused.header("location")), ("0-0", &location[..]));
        editor.get(&location).await.expect(204);
        let taken = patch(&editor, &location, "0-999", &blob[..1_000]).await.expect(202);
        assert_eq!(taken.header("range"), "0-999");
        let again = patch(&editor, &location, "0-999", &blob[..1_000]).await.expect(416);
        assert_eq!(again.header("range"), "0-999");
        let disagree =
            patch(&editor, &location, "1000-2998", &blob[1_000..2_000]).await.expect(400);
        assert_eq!(disagree.code(), "SIZE_INVALID");
        let nonsense = patch(&editor, &location, "here-there", &blob[..1]).await.expect(400);
        assert_eq!(nonsense.code(), "BLOB_UPLOAD_INVALID");
        let taken =
            patch(&editor, &location, "bytes 1000-1999", &blob[1_000..2_000]).await.expect(202);
        assert_eq!(taken.header("range"), "0-1999");
        // A client that lost the answer still has the former location.
        assert_eq!(editor.get(&location).await.expect(204).header("range"), "0-1999");
        let headers = [("content-range", "2000-2999")];
        let done = editor
            .put(&with_digest(&location, &blob), &headers, blob[2_000..].to_vec())
            .await
            .expect(201);
        assert_eq!(done.header("location"), format!("/v2/group/app/blobs/{}", digest(&blob)));
        assert_eq!(editor.get(done.header("location")).await.expect(200).body, blob);
        assert_eq!(editor.get(&location).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
    })
    .await;
}

#[tokio::test]
async fn sessions_are_their_owners_and_can_be_cancelled() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let location = start(&editor, "group/app").await;
    assert_eq!(app.manager().get(&location).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
    let other = location.replace("/app/", "/other/");
    assert_eq!(editor.get(&other).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
    // Without a digest the session stays.
    assert_eq!(editor.put(&location, &[], "").await.expect(400).code(), "DIGEST_INVALID");
    editor.get(&location).await.expect(204);
    editor.delete(&location).await.expect(204);
    assert_eq!(editor.delete(&location).await.expect(404).code(), "BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn one_request_is_a_whole_upload() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(2, 5_000));
    let path = format!("/v2/group/app/blobs/uploads/?digest={}", digest(&blob));
    let done = editor.post(&path, blob.clone()).await.expect(201);
    assert_eq!(editor.get(done.header("location")).await.expect(200).body, blob);
    let wrong = editor.post(&path, noise(3, 5_000)).await.expect(400);
    assert_eq!(wrong.code(), "DIGEST_INVALID");
    let empty = format!("/v2/group/app/blobs/uploads/?digest={}", digest(b""));
    let done = editor.post(&empty, "").await.expect(201);
    let got = editor.get(done.header("location")).await.expect(200);
    assert_eq!((got.header("content-length"), got.body.len()), ("0", 0));
}

#[tokio::test]
async fn sha512_blobs_and_manifests() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let wide = |bytes: &[u8]| format!("sha512:{}", hex::encode(Sha512::digest(bytes)));
    let config = br#"{"architecture":"amd64","os":"linux"}"#;
    let reply =
        editor.post("/v2/group/app/blobs/uploads/?digest-algorithm=sha512", "").await.expect(202);
    let path = format!("{}?digest={}", reply.header("location"), wide(config));
    editor.put(&path, &[], config.to_vec()).await.expect(201);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json", "digest": wide(config), "size": config.len(),
        },
    })
    .to_string();
    let path = format!("/v2/group/app/manifests/{}?tag=one&tag=two", wide(manifest.as_bytes()));
    let put = put_manifest(&editor, &path, MANIFEST, manifest.clone()).await.expect(201);
    let tags: Vec<_> =
        put.headers.get_all("oci-tag").iter().map(|tag| tag.to_str().unwrap()).collect();
    assert_eq!(tags, ["one", "two"]);
    for tag in ["one", "two"] {
        let head = editor.head(&format!("/v2/group/app/manifests/{tag}")).await.expect(200);
        assert_eq!(head.header("docker-content-digest"), wide(manifest.as_bytes()));
    }
    editor.post("/v2/group/app/blobs/uploads/?digest-algorithm=md5", "").await.expect(400);
}

#[tokio::test]
async fn mounting_links_what_the_caller_may_pull() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(4, 1_000));
    push_blob(&editor, "group/app", &blob).await;
    let mount = |client: Client, image: &'static str, from: &'static str| {
        let path = format!("/v2/{image}/blobs/uploads/?mount={}{from}", digest(&blob));
        async move { client.post(&path, "").await }
    };
    let linked = mount(editor.clone(), "group/b", "&from=group/app").await.expect(201);
    assert_eq!(linked.header("location"), format!("/v2/group/b/blobs/{}", digest(&blob)));
    mount(editor.clone(), "group/c", "").await.expect(201);
    for from in ["&from=group/none", "&from=strange/app", "&from=BAD", "&from=nowhere"] {
        let session = mount(editor.clone(), "group/d", from).await.expect(202);
        editor.get(session.header("location")).await.expect(204);
    }
    mount(app.stranger(), "strange/app", "&from=group/app").await.expect(202);
    mount(app.stranger(), "strange/app", "").await.expect(202);
    mount(app.reader(), "group/e", "&from=group/app").await.expect(403);
    // A token that names the target alone: the client is told to fetch one for both, if that would help.
    let narrow = app.token("acme/editor", &["repository:group/f:pull,push"]).await;
    let more = mount(narrow.clone(), "group/f", "&from=group/app").await.expect(401);
    let scopes = "scope=\"repository:group/f:pull,push repository:group/app:pull\"";
    assert!(challenge(&more).ends_with(scopes), "{}", challenge(&more));
    mount(narrow.clone(), "group/f", "&from=strange/app").await.expect(202);
    mount(narrow, "group/f", "").await.expect(202);
    let wide = app
        .token("acme/editor", &["repository:group/f:pull,push", "repository:group/app:pull"])
        .await;
    mount(wide, "group/f", "&from=group/app").await.expect(201);
}

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

#[tokio::test]
async fn manifests_are_not_sent_twice_and_accept_is_only_a_hint() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let image = TestImage::new(7, 1, 100);
    image.push(&editor, "group/app", "child").await.expect(201);
    let index = json!({
        "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [{
            "mediaType": MANIFEST, "digest": digest(&image.manifest), "size": image.manifest.len(),
            "platform": { "os": "linux", "architecture": "amd64" },
        }],
    })
    .to_string();
    put_manifest(&editor, "/v2/group/app/manifests/multi", INDEX, index.clone()).await.expect(201);
    let get = |accept: &'static str, reference: String| {
        let client = editor.clone();
        async move {
            let path = format!("/v2/group/app/manifests/{reference}");
            client.send(Method::GET, &path, &[("accept", accept)], Body::empty()).await.expect(200)
        }
    };
    for accept in ["*/*", "text/html", INDEX] {
        assert_eq!(get(accept, "multi".to_owned()).await.header("content-type"), INDEX, "{accept}");
    }
    let single = get(MANIFEST, "multi".to_owned()).await;
    assert_eq!(single.header("docker-content-digest"), digest(&image.manifest));
    assert_eq!(single.body, image.manifest);
    let exact = get(MANIFEST, digest(index.as_bytes())).await;
    assert_eq!(exact.header("content-type"), INDEX, "a digest is what it is");
    let etag = format!("\"{}\"", digest(index.as_bytes()));
    let headers = [("if-none-match", &etag[..])];
    let same = editor
        .send(Method::GET, "/v2/group/app/manifests/multi", &headers, Body::empty())
        .await
        .expect(304);
    assert!(same.body.is_empty());

    let child = format!("/v2/group/app/manifests/{}", digest(&image.manifest));
    let refused = app.manager().delete(&child).await.expect(405);
    assert_eq!(refused.code(), "UNSUPPORTED");
    assert_eq!(refused.json()["errors"][0]["detail"]["parents"], json!([digest(index.as_bytes())]));
    let layer = format!("/v2/group/app/blobs/{}", digest(&image.layers[0]));
    assert_eq!(app.manager().delete(&layer).await.expect(405).code(), "UNSUPPORTED");
    app.manager()
        .delete(&format!("/v2/group/app/manifests/{}", digest(index.as_bytes())))
        .await
        .expect(202);
    app.manager().delete(&child).await.expect(202);
    app.manager().delete(&layer).await.expect(202);
    assert_eq!(editor.get(&layer).await.expect(404).code(), "BLOB_UNKNOWN");
}

#[tokio::test]
async fn what_is_no_manifest_is_refused_with_the_right_word() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let image = TestImage::new(8, 2, 100);
    let text = String::from_utf8(image.manifest.clone()).unwrap();
    let path = "/v2/group/app/manifests/v1";
    let mut table = Vec::new();
    for (what, media_type, body) in [
        ("missing blobs", MANIFEST, text.clone()),
        ("another type", INDEX, text.clone()),
        ("an unknown type", "application/x-thing", text.clone()),
        ("schema 1", "application/vnd.docker.distribution.manifest.v1+prettyjws", "{}".to_owned()),
        ("no JSON", MANIFEST, "no".to_owned()),
        ("too large", MANIFEST, format!("{text}{}", " ".repeat(4 << 20))),
    ] {
        let reply = put_manifest(&editor, path, media_type, body).await;
        table.push(format!(
            "{what}: {} x{}",
            reply.word(),
            reply.json()["errors"].as_array().unwrap().len()
        ));
    }
    let other = format!("/v2/group/app/manifests/{}", digest(b"other"));
    table.push(format!(
        "another digest: {}",
        put_manifest(&editor, &other, MANIFEST, text.clone()).await.word()
    ));
    let both = "/v2/group/app/manifests/v1?tag=v2";
    table.push(format!(
        "tags beside a tag: {}",
        put_manifest(&editor, both, MANIFEST, text).await.word()
    ));
    assert_eq!(
        table,
        [
            "missing blobs: 400 MANIFEST_BLOB_UNKNOWN x3",
            "another type: 400 MANIFEST_INVALID x1",
            "an unknown type: 415 MANIFEST_INVALID x1",
            "schema 1: 415 MANIFEST_INVALID x1",
            "no JSON: 400 MANIFEST_INVALID x1",
            "too large: 413 SIZE_INVALID x1",
            "another digest: 400 DIGEST_INVALID",
            "tags beside a tag: 400 MANIFEST_INVALID",
        ]
    );
    editor.get(path).await.expect(404);
}

#[tokio::test]
async fn tags_are_listed_in_pages() {
    TestApp::each(async |app| {
        let editor = app.editor();
        let image = TestImage::new(9, 1, 100);
        image.push(&editor, "group/app", "b").await.expect(201);
        for tag in ["a", "B", "_", "1.0", "c"] {
            image.push_manifest(&editor, "group/app", tag).await.expect(201);
        }
        let list = |query: &'static str| {
            let client = editor.clone();
            async move { client.get(&format!("/v2/group/app/tags/list{query}")).await.expect(200) }
        };
        let all = list("").await;
        assert_eq!(
            all.json(),
            json!({ "name": "group/app", "tags": ["1.0", "B", "_", "a", "b", "c"] })
        );
        assert_eq!(all.header("link"), "");
        let first = list("?n=2").await;
        assert_eq!(first.json()["tags"], json!(["1.0", "B"]));
        assert_eq!(first.header("link"), "</v2/group/app/tags/list?n=2&last=B>; rel=\"next\"");
        assert_eq!(list("?n=2&last=B").await.json()["tags"], json!(["_", "a"]));
        let last = list("?n=2&last=aa").await;
        assert_eq!((last.json()["tags"].clone(), last.header("link")), (json!(["b", "c"]), ""));
        let none = list("?n=0").await;
        assert_eq!((none.json()["tags"].clone(), none.header("link")), (json!([]), ""));
        editor.get("/v2/group/app/tags/list?n=-1").await.expect(400);
        editor.get("/v2/group/app/tags/list?n=x").await.expect(400);
        push_blob(&editor, "group/empty", b"x").await;
        let empty = editor.get("/v2/group/empty/tags/list").await.expect(200);
        assert_eq!(empty.json()["tags"], json!([]));
        assert_eq!(editor.get("/v2/group/none/tags/list").await.expect(404).code(), "NAME_UNKNOWN");
    })
    .await;
}

#[tokio::test]
async fn the_catalog_is_what_the_caller_sees() {
    let app = TestApp::new().await;
    for image in ["group/b", "group/a/x", "group/c"] {
        push_blob(&app.editor(), image, b"x").await;
    }
    push_blob(&app.stranger(), "strange/app", b"x").await;
    let first = app.reader().get("/v2/_catalog?n=2").await.expect(200);
    assert_eq!(first.json(), json!({ "repositories": ["group/a/x", "group/b"] }));
    assert_eq!(first.header("link"), "</v2/_catalog?n=2&last=group%2Fb>; rel=\"next\"");
    let rest = app.reader().get("/v2/_catalog?n=2&last=group%2Fb").await.expect(200);
    assert_eq!(
        (rest.json()["repositories"].clone(), rest.header("link")),
        (json!(["group/c"]), "")
    );
    let other = app.stranger().get("/v2/_catalog").await.expect(200);
    assert_eq!(other.json()["repositories"], json!(["strange/app"]));
    let nobody = app.anonymous().get("/v2/_catalog").await.expect(401);
    assert!(nobody.header("www-authenticate").contains("scope=\"registry:catalog:*\""));
}

#[tokio::test]
async fn referrers_are_an_index_and_never_missing() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let subject = TestImage::new(10, 1, 100);
    let of = |digest: String, query: &'static str| {
        let client = editor.clone();
        async move { client.get(&format!("/v2/group/app/referrers/{digest}{query}")).await }
    };
    // Before the first push.
    let empty = of(digest(b"x"), "").await.expect(200);
    assert_eq!(empty.header("content-type"), INDEX);
    assert_eq!(empty.json(), json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }));
    of("sha256:bad".to_owned(), "").await.expect(400);
    let config = b"{}";
    push_blob(&editor, "group/app", config).await;
    let about = json!({ "mediaType": MANIFEST, "digest": digest(&subject.manifest), "size": subject.manifest.len() });
    let mut pushed = Vec::new();
    for (artifact_type, key) in [("application/sbom+json", "a"), ("application/x.sig", "b")] {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": artifact_type, "layers": [],
            "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(config), "size": 2 },
            "subject": about, "annotations": { "key": key },
        })
        .to_string();
        let path = format!("/v2/group/app/manifests/{}", digest(manifest.as_bytes()));
        let put = put_manifest(&editor, &path, MANIFEST, manifest.clone()).await.expect(201);
        assert_eq!(put.header("oci-subject"), digest(&subject.manifest));
        pushed.push(manifest);
    }
    subject.push(&editor, "group/app", "v1").await.expect(201);
    let all = of(digest(&subject.manifest), "").await.expect(200);
    assert_eq!(all.json()["manifests"].as_array().unwrap().len(), 2);
    assert_eq!(all.header("oci-filters-applied"), "");
    for query in ["?artifactType=application/sbom%2Bjson", "?artifactType=application/sbom+json"] {
        let some = of(digest(&subject.manifest), query).await.expect(200);
        assert_eq!(some.header("oci-filters-applied"), "artifactType");
        assert_eq!(
            some.json()["manifests"],
            json!([{
                "mediaType": MANIFEST, "digest": digest(pushed[0].as_bytes()), "size": pushed[0].len(),
                "artifactType": "application/sbom+json", "annotations": { "key": "a" },
            }])
        );
    }
    let none = of(digest(&subject.manifest), "?artifactType=x/y").await.expect(200);
    assert_eq!(
        (none.json()["manifests"].clone(), none.header("oci-filters-applied")),
        (json!([]), "artifactType")
    );
}

/// The `WWW-Authenticate` of a 401.
fn challenge(reply: &Reply) -> &str {
    reply.header("www-authenticate")
}

#[tokio::test]
async fn who_is_nobody_is_told_where_to_get_a_token() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let realm = "Bearer realm=\"http://127.0.0.1:5000/token\",service=\"roadstead\"";
    let ping = nobody.get("/v2/").await.expect(401);
    assert_eq!((challenge(&ping), ping.code()), (realm, "UNAUTHORIZED".to_owned()));
    let push = nobody
        .post(&format!("/v2/group/a/blobs/uploads/?mount={}&from=group/b", digest(b"x")), "")
        .await;
    assert_eq!(
        challenge(&push.expect(401)),
        format!("{realm},scope=\"repository:group/a:pull,push repository:group/b:pull\"")
    );
    let head = nobody.head("/v2/group/a/manifests/x").await.expect(401);
    assert_eq!(challenge(&head), format!("{realm},scope=\"repository:group/a:pull\""));
    assert!(head.body.is_empty());
    let bad = app.anonymous().bearer("nonsense").get("/v2/").await.expect(401);
    assert_eq!(challenge(&bad), format!("{realm},error=\"invalid_token\""));
    let wrong = app.anonymous().basic("acme", "wrong").get("/v2/").await.expect(401);
    assert_eq!(challenge(&wrong), realm);
    // A name that is not ours never becomes a realm.
    let phished = app.anonymous().host("evil.example").get("/v2/").await.expect(401);
    assert!(!challenge(&phished).contains("evil"), "{}", challenge(&phished));
}

#[tokio::test]
async fn a_token_only_narrows() {
    let app = TestApp::new().await;
    let image = TestImage::new(11, 1, 100);
    image.push(&app.editor(), "group/app", "v1").await.expect(201);
    let pull = app.token("acme/manager", &["repository:group/app:pull"]).await;
    pull.get("/v2/group/app/manifests/v1").await.expect(200);
    // The scope is missing, the right is there: another token helps, so there is no `error` (containerd gives up on one).
    let missing = pull.post("/v2/group/app/blobs/uploads/", "").await.expect(401);
    assert!(
        challenge(&missing).ends_with("scope=\"repository:group/app:pull,push\""),
        "{}",
        challenge(&missing)
    );
    pull.delete("/v2/group/app/manifests/v1").await.expect(401);
    pull.get("/v2/group/other/manifests/v1").await.expect(404);
    let push = app.token("acme/manager", &["repository:group/app:pull,push"]).await;
    push.delete("/v2/group/app/manifests/v1").await.expect(401);
    // The scope was asked for, the right is not there.
    let reader = app.token("acme/reader", &["repository:group/app:pull,push"]).await;
    reader.post("/v2/group/app/blobs/uploads/", "").await.expect(403);
    let all = app.token("acme/manager", &["repository:group/app:*"]).await;
    all.delete("/v2/group/app/manifests/v1").await.expect(202);
}

#[tokio::test]
async fn what_is_private_looks_like_what_is_not_there() {
    let app = TestApp::new().await;
    let image = TestImage::new(12, 1, 100);
    image.push(&app.editor(), "group/app", "v1").await.expect(201);
    let layer = digest(&image.layers[0]);
    for path in [
        "manifests/v1".to_owned(),
        "tags/list".to_owned(),
        format!("blobs/{layer}"),
        format!("referrers/{layer}"),
    ] {
        for client in [app.stranger(), app.anonymous()] {
            let mut answers = Vec::new();
            for image in ["group/app", "group/none", "nowhere/app"] {
                let reply = client.get(&format!("/v2/{image}/{path}")).await;
                answers.push((reply.status, reply.text()));
            }
            assert_eq!(answers[0], answers[1], "{path}");
            assert_eq!(answers[0], answers[2], "{path}");
            assert!([401, 403].contains(&answers[0].0.as_u16()), "{path}");
        }
    }
    // Blobs of others are not told by looking for them in one's own image (`protocol.md` 1.5.14).
    push_blob(&app.stranger(), "strange/app", b"mine").await;
    let looked: Value =
        app.stranger().get(&format!("/v2/strange/app/blobs/{layer}")).await.expect(404).json();
    let nothing: Value = app
        .stranger()
        .get(&format!("/v2/strange/app/blobs/{}", digest(b"?")))
        .await
        .expect(404)
        .json();
    assert_eq!(looked, nothing);
}
