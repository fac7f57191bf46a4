//! Referrers: `protocol.md` 1.8.

use serde_json::{Value, json};

use super::{EMPTY, INDEX, artifact, follow, index, push_artifact, put_manifest, wide};
use crate::support::image::{MANIFEST, digest, push_blob};
use crate::support::{TestApp, TestImage};

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

/// The conformance suite asks before the first push; oras and cosign ask about what was never there.
#[tokio::test]
async fn nothing_is_an_empty_index() {
    TestApp::each(async |app| {
        push_blob(&app.editor(), "group/empty", b"x").await;
        for image in ["group/empty", "group/never"] {
            for subject in [digest(b"never"), wide(b"never")] {
                let path = format!("/v2/{image}/referrers/{subject}");
                for path in
                    [path.clone(), format!("{path}?artifactType=a/b"), format!("{path}?other=x")]
                {
                    let found = app.reader().get(&path).await.expect(200);
                    assert_eq!(found.header("content-type"), INDEX);
                    let wanted = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] });
                    assert_eq!((found.json(), found.header("link")), (wanted, ""));
                    let filters = if path.contains("artifactType") { "artifactType" } else { "" };
                    assert_eq!(found.header("oci-filters-applied"), filters);
                }
                let head = app.reader().head(&path).await.expect(200);
                assert_eq!((head.header("content-type"), head.body.len()), (INDEX, 0));
                app.stranger().get(&path).await.expect(403);
                app.anonymous().get(&path).await.expect(401);
            }
        }
        for bad in ["sha256:bad", "v1", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256-0"] {
            let reply = app.reader().get(&format!("/v2/group/empty/referrers/{bad}")).await;
            assert_eq!(reply.expect(400).code(), "DIGEST_INVALID", "{bad}");
        }
    })
    .await;
}

/// What the type of a referrer is, where it comes from.
#[tokio::test]
async fn the_artifact_type_of_each_kind() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let about = b"subject";
    let mut plain = artifact("", about, json!({}));
    plain.as_object_mut().unwrap().remove("artifactType");
    plain["config"]["mediaType"] = json!("application/x.config");
    let plain = push_artifact(&editor, "group/app", &plain).await;
    let mut blank = artifact("", about, json!({ "a": "b" }));
    blank["config"]["mediaType"] = json!(EMPTY);
    let blank = push_artifact(&editor, "group/app", &blank).await;
    let list = |kind: Option<&str>| {
        let mut list: Value = serde_json::from_slice(&index(INDEX, &[])).unwrap();
        list["subject"] =
            json!({ "mediaType": MANIFEST, "digest": digest(about), "size": about.len() });
        if let Some(kind) = kind {
            list["artifactType"] = json!(kind);
        }
        list.to_string().into_bytes()
    };
    let (typed, untyped) = (list(Some("application/x.list")), list(None));
    for body in [&typed, &untyped] {
        let path = format!("/v2/group/app/manifests/{}", digest(body));
        put_manifest(&editor, &path, INDEX, body.clone()).await.expect(201);
    }
    let path = format!("/v2/group/app/referrers/{}", digest(about));
    let found = editor.get(&path).await.expect(200).json();
    let of = |body: &[u8]| {
        let wanted = json!(digest(body));
        let all = found["manifests"].as_array().unwrap();
        all.iter().find(|entry| entry["digest"] == wanted).unwrap().clone()
    };
    assert_eq!(of(&plain)["artifactType"], "application/x.config");
    assert_eq!(of(&blank)["artifactType"], EMPTY);
    assert_eq!(of(&blank)["annotations"], json!({ "a": "b" }));
    assert_eq!(of(&typed)["artifactType"], "application/x.list");
    assert_eq!(of(&untyped).get("artifactType"), None, "left out, not null");
    assert_eq!(of(&untyped)["mediaType"], INDEX);
    for entry in found["manifests"].as_array().unwrap() {
        assert!(entry["size"].as_u64().unwrap() > 0);
    }
}

/// 33 endless signatures of notation: a page stays under what clients read, and following it gives each once.
#[tokio::test]
async fn large_referrers_come_in_pages() {
    TestApp::each(async |app| {
        let (editor, about) = (app.editor(), b"subject");
        let mut pushed = Vec::new();
        for number in 0..8 {
            let kind = if number % 2 == 0 { "application/even" } else { "application/odd" };
            let annotations =
                json!({ "n": number.to_string(), "padding": "\u{4e2d}".repeat(300_000) });
            let body =
                push_artifact(&editor, "group/app", &artifact(kind, about, annotations)).await;
            pushed.push((digest(&body), kind));
        }
        pushed.sort();
        let path = format!("/v2/group/app/referrers/{}", digest(about));
        let (all, pages) = follow(&editor, &path, "manifests").await;
        let digests: Vec<_> = all.iter().map(|entry| entry["digest"].as_str().unwrap()).collect();
        assert_eq!(digests, pushed.iter().map(|(digest, _)| digest.as_str()).collect::<Vec<_>>());
        assert!(pages >= 3, "{pages}");
        let (even, pages) =
            follow(&editor, &format!("{path}?artifactType=application/even"), "manifests").await;
        assert!(even.iter().all(|entry| entry["artifactType"] == "application/even"));
        assert_eq!((even.len(), pages > 1), (4, true));
    })
    .await;
}

/// Clients of registries without the API keep an index under `sha256-<hex>`, and push it here too when they copy: the
/// API has what it lists, the tag stays readable, and the console does not take it for a version of the image.
#[tokio::test]
async fn fallback_tags_of_old_clients() {
    TestApp::each(async |app| {
        let (editor, image) = (app.editor(), TestImage::new(110, 1, 100));
        image.push(&editor, "group/app", "v1").await.expect(201);
        let about = artifact("application/x.sbom", &image.manifest, json!({ "k": "v" }));
        let sbom = push_artifact(&editor, "group/app", &about).await;
        let fallback = index(INDEX, &[(MANIFEST, &sbom)]);
        let tag = digest(&image.manifest).replace(':', "-");
        let path = format!("/v2/group/app/manifests/{tag}");
        let put = put_manifest(&editor, &path, INDEX, fallback.clone()).await.expect(201);
        assert_eq!(put.header("oci-subject"), "", "the list itself is about nothing");
        assert_eq!(editor.get(&path).await.expect(200).body, fallback);
        let found = editor
            .get(&format!("/v2/group/app/referrers/{}", digest(&image.manifest)))
            .await
            .expect(200)
            .json();
        let entries = found["manifests"].as_array().unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["digest"], json!(digest(&sbom)));
        assert_eq!(entries[0]["annotations"], json!({ "k": "v" }));
        // cosign's tags of old, too.
        let signature = format!("{tag}.sig");
        image.push_manifest(&editor, "group/app", &signature).await.expect(201);
        let tags = editor.get("/v2/group/app/tags/list").await.expect(200).json();
        assert_eq!(
            tags["tags"],
            json!([tag, signature, "v1"]),
            "clients look for them in the list"
        );
        let detail = image_of(&app, "group/app").await;
        assert_eq!(detail["tags"], json!(1), "{detail}");
    })
    .await;
}

/// What the console knows of an image.
async fn image_of(app: &TestApp, name: &str) -> Value {
    let mut client = app.signed_in("acme/reader").await;
    client.visit("/images").await;
    let token = client.cookie("rs_csrf").unwrap_or_default().to_owned();
    let headers = [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("x-csrf-token", token.as_str()),
    ];
    let body = json!({ "name": name }).to_string();
    client
        .send(http::Method::POST, "/console/call/get_image", &headers, body)
        .await
        .expect(200)
        .json()
}
