//! Manifests that are refused: `protocol.md` 1.3 and 1.6, steps 1–4.

use serde_json::{Value, json};

use super::{DOCKER, DOCKER_LIST, EMPTY, INDEX, index, put_manifest};
use crate::support::image::{MANIFEST, digest, push_blob};
use crate::support::remains::remains;
use crate::support::{TestApp, TestImage};

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

/// docker before 1.10 and kaniko's old cache push schema 1: refused with a sentence, however it is dressed.
#[tokio::test]
async fn schema_1_is_refused_with_a_sentence() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let body = r#"{"schemaVersion":1,"name":"group/app","tag":"v1","architecture":"amd64","fsLayers":[],"history":[]}"#;
    for (kind, status) in [
        (Some("application/vnd.docker.distribution.manifest.v1+json"), 415),
        (Some("application/vnd.docker.distribution.manifest.v1+prettyjws"), 415),
        (Some(MANIFEST), 400),
        (Some(DOCKER), 400),
        (Some("application/json"), 400),
        (None, 400),
    ] {
        let headers: Vec<_> = kind.map(|kind| ("content-type", kind)).into_iter().collect();
        let reply = editor.put("/v2/group/app/manifests/v1", &headers, body).await;
        assert_eq!(reply.word(), format!("{status} MANIFEST_INVALID"), "{kind:?}");
        let message = reply.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("schema 1 is not supported"), "{message}");
        assert!(message.contains("push with a current client"), "{message}");
    }
}

/// One body that two parsers read as two things (CVE-2021-41190), and everything near it.
#[tokio::test]
async fn ambiguous_manifests_are_refused() {
    TestApp::each(async |app| {
        let (editor, image) = (app.editor(), TestImage::new(80, 1, 100));
        image.push(&editor, "group/app", "v1").await.expect(201);
        let before = remains(&app).await;
        let whole: Value = serde_json::from_slice(&image.manifest).unwrap();
        let with = |members: Value| {
            let mut body = whole.clone();
            for (name, value) in members.as_object().unwrap() {
                body[name] = value.clone();
            }
            body.to_string()
        };
        let text = whole.to_string();
        let list = String::from_utf8(index(INDEX, &[(MANIFEST, &image.manifest)])).unwrap();
        let inside = text.strip_prefix('{').unwrap();
        for (what, kind, body) in [
            ("layers and manifests", Some(MANIFEST), with(json!({ "manifests": [] }))),
            (
                "layers and manifests, untyped",
                None,
                with(json!({ "manifests": [], "mediaType": null })),
            ),
            ("an index with layers", Some(INDEX), list.replacen('{', r#"{"layers":[],"#, 1)),
            ("an index with a config", Some(INDEX), list.replacen('{', r#"{"config":{},"#, 1)),
            ("layers and fsLayers", Some(MANIFEST), with(json!({ "fsLayers": [] }))),
            ("another type in the header", Some(INDEX), text.clone()),
            ("Docker's type in the header", Some(DOCKER), text.clone()),
            ("a list's type in the header", Some(DOCKER_LIST), list.clone()),
            ("a type that is no text", Some(MANIFEST), with(json!({ "mediaType": 7 }))),
            ("an empty type", Some(MANIFEST), with(json!({ "mediaType": "" }))),
            ("mediaType twice", Some(MANIFEST), format!(r#"{{"mediaType":"{INDEX}",{inside}"#)),
            (
                "the same mediaType twice",
                Some(MANIFEST),
                format!(r#"{{"mediaType":"{MANIFEST}",{inside}"#),
            ),
            ("Layers beside layers", Some(MANIFEST), with(json!({ "Layers": [] }))),
            ("MANIFESTS beside layers", Some(MANIFEST), with(json!({ "MANIFESTS": [] }))),
            ("layers with a long s", Some(MANIFEST), with(json!({ "layer\u{17f}": [] }))),
            ("no schemaVersion", Some(MANIFEST), with(json!({ "schemaVersion": null }))),
            ("schemaVersion as text", Some(MANIFEST), with(json!({ "schemaVersion": "2" }))),
            ("schemaVersion 3", Some(MANIFEST), with(json!({ "schemaVersion": 3 }))),
            ("no config", Some(MANIFEST), with(json!({ "config": null }))),
            ("layers that are no list", Some(MANIFEST), with(json!({ "layers": {} }))),
            ("a layer that is no descriptor", Some(MANIFEST), with(json!({ "layers": [1] }))),
            (
                "annotations that are no texts",
                Some(MANIFEST),
                with(json!({ "annotations": { "a": 1 } })),
            ),
            (
                "a subject that is none",
                Some(MANIFEST),
                with(json!({ "subject": { "digest": "x", "size": 1 } })),
            ),
            ("something after it", Some(MANIFEST), format!("{text} {{}}")),
            ("a comma too many", Some(MANIFEST), text.replace(']', ",]")),
            ("a byte order mark", Some(MANIFEST), format!("\u{feff}{text}")),
            ("a list", Some(MANIFEST), format!("[{text}]")),
            ("a text", Some(MANIFEST), "\"x\"".to_owned()),
            ("nothing", Some(MANIFEST), String::new()),
        ] {
            let headers: Vec<_> = kind.map(|kind| ("content-type", kind)).into_iter().collect();
            let reply = editor.put("/v2/group/app/manifests/bad", &headers, body).await;
            let word = reply.word();
            let is_refused = word == "400 MANIFEST_INVALID"
                || (what == "an empty type" && word == "415 MANIFEST_INVALID");
            assert!(is_refused, "{what}: {word} {}", reply.text());
        }
        // Two types in two headers: nobody knows which one another server would have read.
        let headers = [("content-type", MANIFEST), ("content-type", INDEX)];
        let twice =
            editor.put("/v2/group/app/manifests/bad", &headers, text.clone()).await.expect(400);
        assert_eq!(twice.code(), "MANIFEST_INVALID");
        editor.get("/v2/group/app/manifests/bad").await.expect(404);
        assert_eq!(remains(&app).await, before);
    })
    .await;
}

/// Every missing digest is named, so that a client can push just those.
#[tokio::test]
async fn what_is_missing_is_named() {
    TestApp::each(async |app| {
        let (editor, image) = (app.editor(), TestImage::new(81, 3, 100));
        push_blob(&editor, "group/app", &image.layers[1]).await;
        let refused = image.push_manifest(&editor, "group/app", "v1").await.expect(400);
        let mut named: Vec<String> = refused.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                assert_eq!(error["code"], "MANIFEST_BLOB_UNKNOWN");
                error["detail"]["digest"].as_str().unwrap().to_owned()
            })
            .collect();
        named.sort();
        let mut wanted =
            vec![digest(&image.layers[0]), digest(&image.layers[2]), digest(&image.config)];
        wanted.sort();
        assert_eq!(named, wanted);
        // A child of an index must be here too.
        image.push(&editor, "group/app", "v1").await.expect(201);
        let list = index(INDEX, &[(MANIFEST, &image.manifest), (MANIFEST, b"absent")]);
        let refused =
            put_manifest(&editor, "/v2/group/app/manifests/v2", INDEX, list).await.expect(400);
        assert_eq!(refused.code(), "MANIFEST_BLOB_UNKNOWN");
        assert_eq!(refused.json()["errors"][0]["detail"]["digest"], json!(digest(b"absent")));
        // What another image has does not count.
        let other = image.push_manifest(&editor, "group/other", "v1").await.expect(400);
        assert_eq!(other.code(), "MANIFEST_BLOB_UNKNOWN");
        assert_eq!(
            editor.get("/v2/group/other/tags/list").await.expect(404).code(),
            "NAME_UNKNOWN"
        );
    })
    .await;
}

/// A manifest that lies about sizes would make clients and quotas count wrong.
#[tokio::test]
async fn sizes_must_be_true() {
    let app = TestApp::new().await;
    let editor = app.editor();
    push_blob(&editor, "group/app", b"{}").await;
    for size in [
        json!(0),
        json!(1),
        json!(3),
        json!(u64::MAX),
        json!(-2),
        json!(2.5),
        json!("2"),
        json!(null),
    ] {
        let body = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
            "config": { "mediaType": EMPTY, "digest": digest(b"{}"), "size": size },
        });
        let path = "/v2/group/app/manifests/v1";
        let refused = put_manifest(&editor, path, MANIFEST, body.to_string()).await.expect(400);
        assert_eq!(refused.code(), "MANIFEST_INVALID", "{size}");
    }
}

/// What was pushed is compared with the name it was pushed by, in the algorithm of that name.
#[tokio::test]
async fn a_digest_must_be_of_the_bytes() {
    let app = TestApp::new().await;
    let (editor, image) = (app.editor(), TestImage::new(82, 1, 100));
    image.push(&editor, "group/app", "v1").await.expect(201);
    for (reference, status, code) in [
        (digest(b"other"), 400, "DIGEST_INVALID"),
        (super::wide(b"other"), 400, "DIGEST_INVALID"),
        ("sha256:baddigeststring".to_owned(), 400, "DIGEST_INVALID"),
        (format!("md5:{}", "0".repeat(32)), 400, "DIGEST_INVALID"),
        (digest(&image.manifest).to_uppercase(), 400, "DIGEST_INVALID"),
        (format!("{}0", digest(&image.manifest)), 400, "DIGEST_INVALID"),
        ("-x".to_owned(), 400, "MANIFEST_INVALID"),
        ("a".repeat(129), 400, "MANIFEST_INVALID"),
    ] {
        let path = format!("/v2/group/app/manifests/{reference}");
        let reply = put_manifest(&editor, &path, MANIFEST, image.manifest.clone()).await;
        assert_eq!(reply.word(), format!("{status} {code}"), "{reference}");
    }
}
