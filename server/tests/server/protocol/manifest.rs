//! Manifests that are taken: `protocol.md` 1.6.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

use super::{
    DOCKER, DOCKER_LIST, EMPTY, INDEX, artifact, index, push_artifact, put_manifest, wide,
};
use crate::support::image::{MANIFEST, digest, push_blob};
use crate::support::{Client, Reply, TestApp, TestImage};

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

/// The same image in Docker's words.
fn docker(image: &TestImage) -> Vec<u8> {
    let mut manifest: Value = serde_json::from_slice(&image.manifest).unwrap();
    manifest["mediaType"] = json!(DOCKER);
    manifest["config"]["mediaType"] = json!("application/vnd.docker.container.image.v1+json");
    for layer in manifest["layers"].as_array_mut().unwrap() {
        layer["mediaType"] = json!("application/vnd.docker.image.rootfs.diff.tar.gzip");
    }
    manifest.to_string().into_bytes()
}

/// docker before 29 pushes schema 2 and lists, everyone else OCI: both in one repository, under one tag after the other.
#[tokio::test]
async fn docker_and_oci_side_by_side() {
    TestApp::each(async |app| {
        let (editor, image) = (app.editor(), TestImage::new(70, 2, 500));
        image.push(&editor, "group/app", "oci").await.expect(201);
        let schema2 = docker(&image);
        let list = index(DOCKER_LIST, &[(DOCKER, &schema2)]);
        let mixed = index(INDEX, &[(DOCKER, &schema2), (MANIFEST, &image.manifest)]);
        for (tag, kind, body) in [
            ("docker", DOCKER, &schema2),
            ("list", DOCKER_LIST, &list),
            ("mixed", INDEX, &mixed),
            ("oci", MANIFEST, &image.manifest),
            ("oci", DOCKER, &schema2),
        ] {
            let path = format!("/v2/group/app/manifests/{tag}");
            let put = put_manifest(&editor, &path, kind, body.clone()).await.expect(201);
            assert_eq!(put.header("docker-content-digest"), digest(body));
            assert_eq!(put.header("location"), format!("/v2/group/app/manifests/{}", digest(body)));
            let got = editor.get(&path).await.expect(200);
            assert_eq!((got.header("content-type"), got.body.as_ref()), (kind, &body[..]));
        }
        // Also a client that knows OCI alone is given what there is; only lists have a way round.
        for accept in [MANIFEST, "application/json", "text/plain"] {
            let headers = [("accept", accept)];
            let path = "/v2/group/app/manifests/docker";
            let got = editor.send(Method::GET, path, &headers, Body::empty()).await.expect(200);
            assert_eq!(got.header("content-type"), DOCKER);
        }
    })
    .await;
}

/// docker sends eight types in one header, containerd `type, */*`, ggcr one header for each, curl `*/*`.
#[tokio::test]
async fn what_clients_say_they_accept() {
    let app = TestApp::new().await;
    let (editor, image) = (app.editor(), TestImage::new(71, 1, 100));
    image.push(&editor, "group/app", "one").await.expect(201);
    let list = index(INDEX, &[(MANIFEST, &image.manifest)]);
    put_manifest(&editor, "/v2/group/app/manifests/multi", INDEX, list.clone()).await.expect(201);
    let everything =
        format!("application/json, {DOCKER}, {DOCKER_LIST}, {MANIFEST}, {INDEX}, text/html;q=0.1");
    let containerd = format!("{MANIFEST}, */*");
    for (headers, wanted) in [
        (vec![], INDEX),
        (vec![("accept", everything.as_str())], INDEX),
        (vec![("accept", containerd.as_str())], INDEX),
        (vec![("accept", MANIFEST), ("accept", INDEX)], INDEX),
        (vec![("accept", "*/*")], INDEX),
        (vec![("accept", DOCKER)], MANIFEST),
        (vec![("accept", DOCKER), ("accept", MANIFEST)], MANIFEST),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let path = "/v2/group/app/manifests/multi";
            let got = editor.send(method, path, &headers, Body::empty()).await.expect(200);
            assert_eq!(got.header("content-type"), wanted, "{headers:?}");
            let body = if wanted == INDEX { &list } else { &image.manifest };
            assert_eq!(got.header("docker-content-digest"), digest(body), "{headers:?}");
        }
    }
}

/// skopeo and curl scripts push without a type, or as JSON: the body says what it is.
#[tokio::test]
async fn the_type_may_stand_in_the_body_alone() {
    let app = TestApp::new().await;
    let (editor, image) = (app.editor(), TestImage::new(72, 1, 100));
    image.push(&editor, "group/app", "v1").await.expect(201);
    let (schema2, list) = (docker(&image), index(INDEX, &[(MANIFEST, &image.manifest)]));
    let untyped = |body: &[u8]| {
        let mut value: Value = serde_json::from_slice(body).unwrap();
        value.as_object_mut().unwrap().remove("mediaType");
        value.to_string().into_bytes()
    };
    for (body, wanted) in [
        (image.manifest.clone(), MANIFEST),
        (schema2.clone(), DOCKER),
        (list.clone(), INDEX),
        (untyped(&image.manifest), MANIFEST),
        (untyped(&schema2), DOCKER),
        (untyped(&list), INDEX),
    ] {
        let path = "/v2/group/app/manifests/v2";
        for headers in [&[][..], &[("content-type", "application/json; charset=utf-8")]] {
            editor.put(path, headers, body.clone()).await.expect(201);
            let got = editor.get(path).await.expect(200);
            assert_eq!((got.header("content-type"), got.body.as_ref()), (wanted, &body[..]));
        }
    }
    // Parameters are not part of the type, and are not given back.
    let kind = format!("{MANIFEST}; charset=utf-8");
    put_manifest(&editor, "/v2/group/app/manifests/v3", &kind, image.manifest.clone())
        .await
        .expect(201);
    let got = editor.get("/v2/group/app/manifests/v3").await.expect(200);
    assert_eq!(got.header("content-type"), MANIFEST);
}

async fn put_json(client: &Client, path: &str, body: &str) -> Reply {
    put_manifest(client, path, MANIFEST, body.to_owned()).await
}

/// Bytes are kept as they came: white space, order, unknown members, escapes, numbers.
#[tokio::test]
async fn bytes_are_never_changed() {
    TestApp::each(async |app| {
        let editor = app.editor();
        push_blob(&editor, "group/app", b"{}").await;
        let empty = digest(b"{}");
        for (number, body) in [
            format!(
                " {{ \"x-unknown\" : [1.50, 1e3, {{\"b\":null,\"a\":\"\\u00e9\"}}],\r\n\t\"schemaVersion\":2,\"layers\":[], \
                 \"config\":{{\"size\":2,\"digest\":\"{empty}\",\"mediaType\":\"{EMPTY}\",\"extra\":true}} }}\n"
            ),
            format!(
                r#"{{"schemaVersion":2,"layers":null,"config":{{"mediaType":"{EMPTY}","digest":"{empty}","size":2}}}}"#
            ),
            format!(
                r#"{{"schemaVersion":2,"config":{{"mediaType":"{EMPTY}","digest":"{empty}","size":2,"data":"e30="}},"layers":[{{"mediaType":"{EMPTY}","digest":"{empty}","size":2}},{{"mediaType":"{EMPTY}","digest":"{empty}","size":2}}],"annotations":{{"a":"\u4e2d\u6587 \ud83d\ude00"}}}}"#
            ),
        ]
        .iter()
        .enumerate()
        {
            let path = format!("/v2/group/app/manifests/v{number}");
            let put = put_json(&editor, &path, body).await.expect(201);
            assert_eq!(put.header("docker-content-digest"), digest(body.as_bytes()));
            for reference in [format!("v{number}"), digest(body.as_bytes())] {
                let got = editor.get(&format!("/v2/group/app/manifests/{reference}")).await.expect(200);
                assert_eq!(got.text(), *body);
            }
        }
    })
    .await;
}

/// The conformance suite pushes a manifest with large annotations; 4 MiB are taken, one byte more is not.
#[tokio::test]
async fn four_mebibytes_are_taken() {
    let app = TestApp::new().await;
    let editor = app.editor();
    push_blob(&editor, "group/app", b"{}").await;
    let body = |padding: usize| {
        let value = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
            "config": { "mediaType": EMPTY, "digest": digest(b"{}"), "size": 2 },
            "annotations": { "padding": "x".repeat(padding) },
        });
        value.to_string()
    };
    let most = 4 << 20;
    let exact = body(most - body(0).len());
    assert_eq!(exact.len(), most);
    put_json(&editor, "/v2/group/app/manifests/large", &exact).await.expect(201);
    assert_eq!(editor.get("/v2/group/app/manifests/large").await.expect(200).body, exact);
    let over = body(most - body(0).len() + 1);
    for sent in [Body::from(over.clone()), super::streamed(over.as_bytes())] {
        let refused = put_manifest(&editor, "/v2/group/app/manifests/over", MANIFEST, sent).await;
        assert_eq!(refused.expect(413).code(), "SIZE_INVALID");
    }
    editor.get("/v2/group/app/manifests/over").await.expect(404);
}

/// Layers that may not be distributed stand in the manifest and are not pushed (docker with Windows images).
#[tokio::test]
async fn foreign_layers_need_not_be_here() {
    let app = TestApp::new().await;
    let editor = app.editor();
    push_blob(&editor, "group/app", b"{}").await;
    let manifest = |layer: Value| {
        json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": { "mediaType": EMPTY, "digest": digest(b"{}"), "size": 2 }, "layers": [layer],
        })
        .to_string()
    };
    let absent = digest(b"absent");
    for layer in [
        json!({ "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "digest": absent, "size": 6 }),
        json!({ "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "digest": absent, "size": 6 }),
        json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": absent, "size": 6,
            "urls": ["https://example.com/layer"],
        }),
    ] {
        let put =
            put_json(&editor, "/v2/group/app/manifests/v1", &manifest(layer)).await.expect(201);
        let warning = put.header("warning");
        assert!(warning.starts_with("299 - \"1 of the layers"), "{warning}");
    }
    let plain = json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": absent, "size": 6 });
    let refused =
        put_json(&editor, "/v2/group/app/manifests/v2", &manifest(plain)).await.expect(400);
    assert_eq!(refused.code(), "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(refused.json()["errors"][0]["detail"]["digest"], json!(absent));
}

/// A subject may come later or never; without `OCI-Subject` clients would keep the fallback tag themselves.
#[tokio::test]
async fn subjects_are_acknowledged_on_images_and_indexes() {
    let app = TestApp::new().await;
    let (editor, image) = (app.editor(), TestImage::new(73, 1, 100));
    image.push(&editor, "group/app", "v1").await.expect(201);
    let about = artifact("application/x.sig", b"not here", json!({}));
    push_artifact(&editor, "group/app", &about).await;
    let mut list: Value =
        serde_json::from_slice(&index(INDEX, &[(MANIFEST, &image.manifest)])).unwrap();
    list["subject"] = json!({ "mediaType": MANIFEST, "digest": digest(b"not here"), "size": 8 });
    list["artifactType"] = json!("application/x.index");
    let body = list.to_string();
    for subject in [digest(b"not here"), wide(b"not here")] {
        let body = body.replace(&digest(b"not here"), &subject);
        let path = format!("/v2/group/app/manifests/{}", digest(body.as_bytes()));
        let put = put_manifest(&editor, &path, INDEX, body.clone()).await.expect(201);
        assert_eq!(put.header("oci-subject"), subject);
        let path = format!("/v2/group/app/referrers/{subject}?artifactType=application/x.index");
        let found = editor.get(&path).await.expect(200).json();
        assert_eq!(found["manifests"][0]["digest"], json!(digest(body.as_bytes())));
    }
    assert_eq!(image.push_manifest(&editor, "group/app", "v2").await.header("oci-subject"), "");
}

/// Ten tags with one push (1.2), and what a tag names is reported under the digest it was pushed by.
#[tokio::test]
async fn tags_with_a_push_by_digest() {
    TestApp::each(async |app| {
        let (editor, image) = (app.editor(), TestImage::new(74, 1, 100));
        image.push(&editor, "group/app", "v1").await.expect(201);
        let text = String::from_utf8(image.manifest.clone()).unwrap();
        for named in [digest(&image.manifest), wide(&image.manifest)] {
            let tags: Vec<String> = (0..10).map(|number| format!("t{number}")).collect();
            let query: String = tags.iter().map(|tag| format!("&tag={tag}")).collect();
            let path = format!("/v2/group/app/manifests/{named}?x=y{query}&tag=t0");
            let put = put_json(&editor, &path, &text).await.expect(201);
            let said: Vec<_> =
                put.headers.get_all("oci-tag").iter().map(|tag| tag.to_str().unwrap()).collect();
            assert_eq!(said, tags, "each once");
            assert_eq!(put.header("docker-content-digest"), named);
            for tag in &tags {
                let head = editor.head(&format!("/v2/group/app/manifests/{tag}")).await.expect(200);
                assert_eq!(head.header("docker-content-digest"), named);
            }
        }
        let path = format!("/v2/group/app/manifests/{}", digest(&image.manifest));
        let many: String = (0..65).map(|number| format!("tag=m{number}&")).collect();
        put_json(&editor, &format!("{path}?{many}"), &text).await.expect(414);
        put_json(&editor, &format!("{path}?tag=ok&tag=-bad"), &text).await.expect(400);
        put_json(&editor, "/v2/group/app/manifests/v1?tag=ok", &text).await.expect(400);
        editor.get("/v2/group/app/manifests/ok").await.expect(404);
        // Nothing of it for who may only read.
        let reader = put_json(&app.reader(), &format!("{path}?tag=ok"), &text).await;
        reader.expect(403);
    })
    .await;
}

/// The last push of a tag counts, and pushing the same again is fine.
#[tokio::test]
async fn a_tag_moves() {
    TestApp::each(async |app| {
        let editor = app.editor();
        let images: Vec<_> = (75..79).map(|seed| TestImage::new(seed, 1, 100)).collect();
        for image in &images {
            image.push(&editor, "group/app", "v1").await.expect(201);
            image.push_manifest(&editor, "group/app", "v1").await.expect(201);
            let head = editor.head("/v2/group/app/manifests/v1").await.expect(200);
            assert_eq!(head.header("docker-content-digest"), digest(&image.manifest));
        }
        // At the same time: one of them wins, whole.
        let pushes = images.iter().map(|image| image.push_manifest(&editor, "group/app", "race"));
        for put in futures::future::join_all(pushes).await {
            put.expect(201);
        }
        let got = editor.get("/v2/group/app/manifests/race").await.expect(200);
        assert!(images.iter().any(|image| image.manifest == got.body));
        assert_eq!(got.header("docker-content-digest"), digest(&got.body));
        // The ones that no tag names any more are still there by digest.
        for image in &images {
            editor
                .get(&format!("/v2/group/app/manifests/{}", digest(&image.manifest)))
                .await
                .expect(200);
        }
    })
    .await;
}
