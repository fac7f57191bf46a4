//! Tags, accessories and references (`swr-api.md` 7.5).

use serde_json::{Value, json};

use crate::support::image::{MANIFEST, digest};
use crate::support::{TestApp, TestImage};

const REPO: &str = "/v2/manage/namespaces/group/repos/team%24app";
const TAGS: &str = "/v2/manage/namespaces/group/repos/team%24app/tags";

async fn with_image() -> (TestApp, TestImage) {
    let app = TestApp::new().await;
    let image = TestImage::new(5, 2, 1_000);
    image.push(&app.owner(), "group/team/app", "v1").await.expect(201);
    (app, image)
}

#[tokio::test]
async fn a_tag_is_shown_with_its_manifest() {
    let (app, image) = with_image().await;
    let reader = app.signed("acme/reader").await;
    let reply = reader.get(TAGS).await.expect(200);
    assert_eq!(reply.header("content-range"), "0-1/1");
    let listed = reply.json()[0].clone();
    let size = 2_000 + image.config.len() as i64;
    let manifest = String::from_utf8(image.manifest.clone()).unwrap();
    let config = digest(&image.config);
    for (field, value) in [
        ("Tag", json!("v1")),
        ("image_id", json!(config.trim_start_matches("sha256:"))),
        ("manifest", json!(manifest)),
        ("digest", json!(digest(&image.manifest))),
        ("schema", json!(2)),
        ("path", json!("127.0.0.1:5000/group/team/app:v1")),
        ("size", json!(size)),
        ("is_trusted", json!(false)),
        ("deleted", Value::Null),
        ("scanned", json!(false)),
        ("tag_type", json!(0)),
    ] {
        assert_eq!(listed[field], value, "{field}");
    }
    assert!(listed.get("tag").is_none() && listed["deleted"].is_null());
    let shown = reader.get(&format!("{TAGS}/v1")).await.expect(200).json();
    assert_eq!((&shown["tag"], &shown["manifest"]), (&json!("v1"), &json!(manifest)));
    assert!(
        shown.get("Tag").is_none()
            && shown.get("deleted").is_none()
            && shown.get("scanned").is_none()
    );
    assert_eq!((&shown["id"], &shown["repo_id"]), (&listed["id"], &listed["repo_id"]));
    let v3 = "/v3/manage/namespaces/group/repos/team%24app/tags";
    let plain = reader.get(v3).await.expect(200).json();
    assert_eq!((&plain["tags"][0]["manifest"], &plain["has_more"]), (&json!(""), &json!(false)));
    assert!(plain.get("nextMarker").is_none() && plain.get("next_marker").is_none());
    let full = reader.get(&format!("{v3}?with_manifest=true")).await.expect(200).json();
    assert_eq!(full["tags"][0]["manifest"], manifest);
    let missing = reader.get(&format!("{TAGS}/none")).await.expect(404).json();
    assert_eq!(missing["error_code"], "SVCSTG.SWR.4040048");
    reader.get("/v2/manage/namespaces/group/repos/none/tags").await.expect(404);
}

#[tokio::test]
async fn a_version_gets_another_tag() {
    TestApp::each(async |app| {
        let (one, other) = (TestImage::new(5, 1, 100), TestImage::new(6, 1, 100));
        one.push(&app.owner(), "group/team/app", "v1").await.expect(201);
        other.push(&app.owner(), "group/team/app", "v2").await.expect(201);
        let editor = app.signed("acme/editor").await;
        let copy = |from: &str, to: &str| json!({ "source_tag": from, "destination_tag": to });
        assert!(editor.post(TAGS, copy("v1", "stable")).await.expect(201).body.is_empty());
        let shown = editor.get(&format!("{TAGS}/stable")).await.expect(200).json();
        assert_eq!(shown["digest"], digest(&one.manifest));
        // The registry serves it.
        let pulled = app.reader().get("/v2/group/team/app/manifests/stable").await.expect(200);
        assert_eq!(pulled.header("docker-content-digest"), digest(&one.manifest));
        let taken = editor.post(TAGS, copy("v2", "stable")).await.expect(409).json();
        assert_eq!(taken["error_code"], "SVCSTG.SWR.4090006");
        editor.post(TAGS, copy("none", "x")).await.expect(404);
        let mut over = copy("v2", "stable");
        over["override"] = json!(true);
        editor.post(TAGS, over).await.expect(201);
        let shown = editor.get(&format!("{TAGS}/stable")).await.expect(200).json();
        assert_eq!(shown["digest"], digest(&other.manifest));
        app.signed("acme/reader").await.post(TAGS, copy("v1", "x")).await.expect(403);
        editor.delete(&format!("{TAGS}/stable")).await.expect(403);
        let manager = app.signed("acme/manager").await;
        assert!(manager.delete(&format!("{TAGS}/stable")).await.expect(204).body.is_empty());
        manager.delete(&format!("{TAGS}/stable")).await.expect(404);
        // Deleting a tag leaves the version and its other tags alone.
        manager.get(&format!("{TAGS}/v2")).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn signatures_are_found_from_both_ends() {
    TestApp::each(async |app| {
        let image = TestImage::new(5, 1, 100);
        image.push(&app.owner(), "group/team/app", "v1").await.expect(201);
        let target = digest(&image.manifest);
        let signature_tag = format!("{}.sig", target.replace(':', "-"));
        TestImage::new(7, 1, 50)
            .push(&app.owner(), "group/team/app", &signature_tag)
            .await
            .expect(201);
        let mut referrer: Value = serde_json::from_slice(&image.manifest).unwrap();
        referrer["artifactType"] = json!("application/vnd.cncf.notary.signature");
        referrer["subject"] =
            json!({ "mediaType": MANIFEST, "digest": target, "size": image.manifest.len() });
        let referrer = referrer.to_string();
        let own = digest(referrer.as_bytes());
        app.owner()
            .put(
                &format!("/v2/group/team/app/manifests/{own}"),
                &[("content-type", MANIFEST)],
                referrer,
            )
            .await
            .expect(201);

        let reader = app.signed("acme/reader").await;
        let body = reader.get(&format!("{REPO}/v1/accessories")).await.expect(200).json();
        assert_eq!(body["total"], 2);
        let first = &body["accessories"][0];
        for (field, value) in [
            ("sig_tag", json!(signature_tag)),
            ("target_digest", json!(target)),
            ("namespace_name", json!("group")),
            ("repo_name", json!("team/app")),
            ("type", json!("signature.cosign")),
        ] {
            assert_eq!(first[field], value, "{field}");
        }
        let second = &body["accessories"][1];
        assert_eq!(
            (&second["sig_digest"], &second["type"]),
            (&json!(own), &json!("signature.notation"))
        );
        let page =
            reader.get(&format!("{REPO}/v1/accessories?limit=1&offset=1")).await.expect(200).json();
        assert_eq!((&page["total"], page["accessories"].as_array().unwrap().len()), (&json!(2), 1));
        reader.get(&format!("{REPO}/none/accessories")).await.expect(404);

        // The tag of the signature is none that is listed, and can be shown all the same.
        assert_eq!(reader.get(TAGS).await.expect(200).json().as_array().unwrap().len(), 1);
        reader.get(&format!("{TAGS}/{signature_tag}")).await.expect(200);
        for tag in ["v2", "v3"] {
            image.push(&app.owner(), "group/team/app", tag).await.expect(201);
        }
        let path = format!("{REPO}/{signature_tag}/references");
        let body = reader.get(&path).await.expect(200).json();
        assert_eq!(body, json!({ "tags": ["v1", "v2", "v3"], "has_more": false }));
        let part = reader.get(&format!("{path}?limit=2")).await.expect(200).json();
        assert_eq!(part, json!({ "tags": ["v1", "v2"], "has_more": true, "next_marker": "v2" }));
        let rest = reader.get(&format!("{path}?limit=2&marker=v2")).await.expect(200).json();
        assert_eq!(rest, json!({ "tags": ["v3"], "has_more": false }));
        let none = reader.get(&format!("{REPO}/v1/references")).await.expect(200).json();
        assert_eq!(none, json!({ "tags": [], "has_more": false }));
    })
    .await;
}
