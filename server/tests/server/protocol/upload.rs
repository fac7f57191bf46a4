//! The four shapes of an upload, and their end: `protocol.md` 1.5, rules 1, 5 and 9–11.

use axum::body::Body;
use http::Method;
use serde_json::json;

use super::{at, patch, put_manifest, start, streamed, wide};
use crate::support::image::{MANIFEST, digest, noise, with_digest};
use crate::support::remains::{remains, tidy};
use crate::support::{Client, TestApp};

async fn is_kept(client: &Client, image: &str, blob: &[u8]) {
    let path = format!("/v2/{image}/blobs/{}", digest(blob));
    assert_eq!(client.get(&path).await.expect(200).body, blob);
}

/// containerd, BuildKit, oras and helm send everything with the `PUT`.
#[tokio::test]
async fn shape_a_post_and_put() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(20, 70_000));
        for body in [Body::from(blob.clone()), streamed(&blob)] {
            let location = start(&editor, "group/app").await;
            let done = editor.put(&with_digest(&location, &blob), &[], body).await.expect(201);
            assert_eq!(done.header("location"), format!("/v2/group/app/blobs/{}", digest(&blob)));
            assert_eq!(done.header("docker-content-digest"), digest(&blob));
            assert_eq!(done.header("content-length"), "0");
        }
        is_kept(&editor, "group/app", &blob).await;
    })
    .await;
}

/// dockerd, podman, skopeo, crane and kaniko stream one `PATCH` that says neither range nor length, then an empty `PUT`.
#[tokio::test]
async fn shape_b_post_one_stream_and_put() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(21, 70_000));
        let location = start(&editor, "group/app").await;
        let patched = editor.send(Method::PATCH, &location, &[], streamed(&blob)).await.expect(202);
        assert_eq!(patched.header("range"), "0-69999");
        assert!(patched.header("location").contains(patched.header("docker-upload-uuid")));
        let path = with_digest(patched.header("location"), &blob);
        editor.put(&path, &[("content-length", "0")], "").await.expect(201);
        is_kept(&editor, "group/app", &blob).await;
    })
    .await;
}

/// regclient, oci-client and the conformance suite send chunks; the last may come with the `PUT` or before it.
#[tokio::test]
async fn shape_c_post_chunks_and_put() {
    TestApp::each(async |app| {
        let editor = app.editor();
        for (seed, with_last) in [(22, false), (23, true)] {
            let blob = noise(seed, 2_500);
            let mut location = start(&editor, "group/app").await;
            let chunks = if with_last { 2 } else { 3 };
            for (number, chunk) in blob.chunks(1_000).take(chunks).enumerate() {
                let first = number * 1_000;
                let range = format!("{first}-{}", first + chunk.len() - 1);
                let taken = patch(&editor, &location, &range, chunk).await.expect(202);
                assert_eq!(taken.header("range"), format!("0-{}", first + chunk.len() - 1));
                location = taken.header("location").to_owned();
            }
            let (headers, rest) = match with_last {
                true => (&[("content-range", "2000-2499")][..], blob[2_000..].to_vec()),
                false => (&[][..], Vec::new()),
            };
            editor.put(&with_digest(&location, &blob), headers, rest).await.expect(201);
            is_kept(&editor, "group/app", &blob).await;
        }
    })
    .await;
}

#[tokio::test]
async fn shape_d_one_post() {
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

/// Clients append the digest, or take the address apart and put it together again.
#[tokio::test]
async fn addresses_are_parsed_and_never_compared() {
    let app = TestApp::new().await;
    let editor = app.editor();
    for (seed, query) in [(24, "?_state=x&digest="), (25, "?a=b&&digest="), (26, "?digest=")] {
        let blob = noise(seed, 100);
        let location = start(&editor, "group/app").await;
        let escaped = digest(&blob).replace(':', "%3A");
        editor.put(&format!("{location}{query}{escaped}"), &[], blob.clone()).await.expect(201);
        is_kept(&editor, "group/app", &blob).await;
    }
    // With and without the slash at its end; nobody is redirected.
    for path in ["/v2/group/app/blobs/uploads", "/v2/group/app/blobs/uploads/"] {
        editor.post(path, "").await.expect(202);
    }
}

/// Old tools send a form's type or none; what the type says is not looked at.
#[tokio::test]
async fn any_content_type_will_do() {
    let app = TestApp::new().await;
    let (editor, blob) = (app.editor(), noise(27, 100));
    for kind in ["text/plain", "application/x-www-form-urlencoded", "nonsense", "application/json"]
    {
        let location = start(&editor, "group/app").await;
        let headers = [("content-type", kind)];
        editor.send(Method::PATCH, &location, &headers, blob.clone()).await.expect(202);
        editor.put(&with_digest(&location, &blob), &headers, "").await.expect(201);
    }
}

/// An empty layer and the `{}` configuration of artifacts (oras), by every shape.
#[tokio::test]
async fn empty_blobs_are_blobs() {
    let app = TestApp::new().await;
    let editor = app.editor();
    for blob in [&b""[..], b"{}"] {
        let path = format!("/v2/group/a/blobs/uploads/?digest={}", digest(blob));
        editor.post(&path, blob.to_vec()).await.expect(201);
        let location = start(&editor, "group/b").await;
        editor.put(&with_digest(&location, blob), &[], blob.to_vec()).await.expect(201);
        let location = start(&editor, "group/c").await;
        editor.send(Method::PATCH, &location, &[], blob.to_vec()).await.expect(202);
        editor.put(&with_digest(&location, blob), &[], "").await.expect(201);
        for image in ["group/a", "group/b", "group/c"] {
            is_kept(&editor, image, blob).await;
        }
    }
}

/// Only a digest that does not match ends a session; one that cannot be read is the client's slip.
#[tokio::test]
async fn what_a_closing_put_may_get_wrong() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(28, 5_000));
        let before = remains(&app).await;
        let location = start(&editor, "group/app").await;
        editor.send(Method::PATCH, &location, &[], blob.clone()).await.expect(202);
        let other = digest(b"other");
        let twice = format!("{}&digest={other}", with_digest(&location, &blob));
        for path in [
            location.clone(),
            format!("{location}?digest="),
            format!("{location}?digest=sha256:short"),
            format!("{location}?digest=md5:d41d8cd98f00b204e9800998ecf8427e"),
            format!("{location}?digest={}", digest(&blob).to_uppercase()),
            twice,
        ] {
            let refused = editor.put(&path, &[], "").await.expect(400);
            assert_eq!(refused.code(), "DIGEST_INVALID", "{path}");
            assert_eq!(editor.get(&location).await.expect(204).header("range"), "0-4999");
        }
        let mismatch = editor.put(&at(&location, &other), &[], "").await.expect(400);
        assert_eq!(mismatch.code(), "DIGEST_INVALID");
        editor.get(&location).await.expect(404);
        tidy(&app).await;
        assert_eq!(remains(&app).await, before, "nothing was created, nothing was left");
        assert_eq!(app.reader().get("/v2/group/app/tags/list").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn sha512_blobs_and_manifests() {
    let app = TestApp::new().await;
    let editor = app.editor();
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

/// Announced or not, in one piece or in chunks: what the `PUT` says counts.
#[tokio::test]
async fn sha512_by_every_shape() {
    TestApp::each(async |app| {
        let editor = app.editor();
        for (seed, query) in
            [(30, ""), (31, "?digest-algorithm=sha512"), (32, "?digest-algorithm=sha256")]
        {
            for is_wide in [true, false] {
                let blob = noise(seed * 2 + u64::from(is_wide), 3_000);
                let named = if is_wide { wide(&blob) } else { digest(&blob) };
                let begun = editor
                    .post(&format!("/v2/group/app/blobs/uploads/{query}"), "")
                    .await
                    .expect(202);
                let location = begun.header("location").to_owned();
                patch(&editor, &location, "0-999", &blob[..1_000]).await.expect(202);
                patch(&editor, &location, "1000-2999", &blob[1_000..]).await.expect(202);
                let done = editor.put(&at(&location, &named), &[], "").await.expect(201);
                assert_eq!(done.header("docker-content-digest"), named);
                let got = editor.get(done.header("location")).await.expect(200);
                assert_eq!(
                    (got.body.as_ref(), got.header("docker-content-digest")),
                    (&blob[..], &named[..])
                );
                // The other name is not known: nothing was pushed under it.
                let other = if is_wide { digest(&blob) } else { wide(&blob) };
                editor.head(&format!("/v2/group/app/blobs/{other}")).await.expect(404);
            }
        }
        let blob = noise(33, 500);
        let whole = format!("/v2/group/app/blobs/uploads/?digest={}", wide(&blob));
        editor.post(&whole, blob.clone()).await.expect(201);
        let wrong = editor.post(&whole, noise(34, 500)).await.expect(400);
        assert_eq!(wrong.code(), "DIGEST_INVALID");
        let location = start(&editor, "group/app").await;
        editor.put(&at(&location, &wide(b"other")), &[], blob.clone()).await.expect(400);
        let mounted = format!("/v2/group/b/blobs/uploads/?mount={}&from=group/app", wide(&blob));
        editor.post(&mounted, "").await.expect(201);
        let deleted = format!("/v2/group/b/blobs/{}", wide(&blob));
        app.manager().delete(&deleted).await.expect(202);
        editor.get(&deleted).await.expect(404);
    })
    .await;
}

/// Two pushes of one layer at a time, as parallel builds make them: both are acknowledged, its bytes are kept once.
#[tokio::test]
async fn the_same_blob_twice_is_kept_once() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(35, 20_000));
        let push = |image: &'static str| {
            let (client, blob) = (editor.clone(), blob.clone());
            async move {
                let location = start(&client, image).await;
                client.put(&with_digest(&location, &blob), &[], blob).await.expect(201)
            }
        };
        futures::future::join(push("group/a"), push("group/b")).await;
        push("group/a").await;
        tidy(&app).await;
        let remains = remains(&app).await;
        assert_eq!((remains.sessions, remains.blobs, remains.files), (0, 1, 1));
        is_kept(&editor, "group/a", &blob).await;
        is_kept(&editor, "group/b", &blob).await;
    })
    .await;
}

/// A layer over the limit is refused before it is read when its length is known, and as soon as it is too long when not.
#[tokio::test]
async fn a_layer_over_the_limit_leaves_nothing() {
    let app = TestApp::with(&[("ROADSTEAD_REGISTRY_MAX_LAYER_BYTES", "1000")]).await;
    let (editor, blob) = (app.editor(), noise(36, 1_001));
    let before = remains(&app).await;
    for body in [Body::from(blob.clone()), streamed(&blob)] {
        let location = start(&editor, "group/app").await;
        let refused = editor.put(&with_digest(&location, &blob), &[], body).await.expect(413);
        assert_eq!(refused.code(), "SIZE_INVALID");
    }
    let path = format!("/v2/group/app/blobs/uploads/?digest={}", digest(&blob));
    editor.post(&path, blob.clone()).await.expect(413);
    let location = start(&editor, "group/app").await;
    editor.send(Method::PATCH, &location, &[], blob[..600].to_vec()).await.expect(202);
    editor.send(Method::PATCH, &location, &[], blob[600..].to_vec()).await.expect(413);
    tidy(&app).await;
    assert_eq!(remains(&app).await, before);
    let fits = &blob[..1_000];
    let location = start(&editor, "group/app").await;
    editor.put(&with_digest(&location, fits), &[], fits.to_vec()).await.expect(201);
}

/// Bytes that the storage lost are pushed again by whoever has them: `HEAD` does not say that they are there
/// (harbor#20143: an image that could neither be pulled nor pushed).
#[tokio::test]
async fn pushing_again_heals() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(37, 5_000));
        let path = format!("/v2/group/app/blobs/{}", digest(&blob));
        for image in ["group/app", "group/other"] {
            let location = start(&editor, image).await;
            editor.put(&with_digest(&location, &blob), &[], blob.clone()).await.expect(201);
        }
        std::fs::remove_dir_all(app.folder().join("objects")).unwrap();
        std::fs::create_dir(app.folder().join("objects")).unwrap();
        editor.head(&path).await.expect(200);
        assert_eq!(editor.get(&path).await.expect(500).code(), "UNKNOWN");
        editor.head(&path).await.expect(404);
        let mount = format!("/v2/group/b/blobs/uploads/?mount={}&from=group/app", digest(&blob));
        editor.post(&mount, "").await.expect(202);
        let location = start(&editor, "group/app").await;
        editor.put(&with_digest(&location, &blob), &[], blob.clone()).await.expect(201);
        for image in ["group/app", "group/other"] {
            is_kept(&editor, image, &blob).await;
        }
        editor.post(&mount, "").await.expect(201);
        let remains = remains(&app).await;
        assert_eq!((remains.blobs, remains.doomed), (1, 2), "the lost one, and the second push");
    })
    .await;
}
