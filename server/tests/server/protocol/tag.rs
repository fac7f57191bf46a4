//! Tag lists and the catalog: `protocol.md` 1.7, 2.7.

use axum::body::Body;
use http::Method;
use serde_json::json;

use super::{follow, publish};
use crate::support::image::{digest, push_blob};
use crate::support::{TestApp, TestImage};

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

/// Following the links gives every name once, whatever is between two pages (CVE-2023-2253: `n` without a limit).
#[tokio::test]
async fn pages_go_on_to_the_end() {
    TestApp::each(async |app| {
        let (editor, image) = (app.editor(), TestImage::new(100, 1, 100));
        image.push(&editor, "group/app", "v.0").await.expect(201);
        let text = String::from_utf8(image.manifest.clone()).unwrap();
        for part in 0..20 {
            let query: String =
                (0..60).map(|number| format!("&tag=t{part:02}_{number:02}")).collect();
            let path = format!("/v2/group/app/manifests/{}?{query}", digest(&image.manifest));
            super::put_manifest(&editor, &path, crate::support::image::MANIFEST, text.clone())
                .await
                .expect(201);
        }
        let (all, pages) = follow(&editor, "/v2/group/app/tags/list", "tags").await;
        assert_eq!((all.len(), pages), (1_201, 2), "without n: pages of a thousand");
        assert!(all.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()), "in byte order");
        for (n, wanted) in [(500, 3), (1_201, 2), (5_000, 2), (18_446_744_073_709_551_615_u64, 2)] {
            let (again, pages) =
                follow(&editor, &format!("/v2/group/app/tags/list?n={n}"), "tags").await;
            assert_eq!((again.len(), pages), (1_201, wanted), "{n}");
            assert_eq!(again, all);
        }
        for n in ["-1", "x", "1.5", "18446744073709551616", "%00", "1e3", " 1", "1&n="] {
            let path = format!("/v2/group/app/tags/list?n={}", n.replace(' ', "%20"));
            let reply = editor.get(&path).await;
            assert!([200, 400].contains(&reply.status.as_u16()));
            assert_eq!(reply.status == 200, n == "1&n=", "{n}");
        }
        // `last` need not be a tag, nor look like one.
        for (last, first) in
            [("%00", "t00_00"), ("t00_005", "t00_01"), ("v", "v.0"), ("%27%3B--", "t00_00")]
        {
            let page =
                editor.get(&format!("/v2/group/app/tags/list?n=1&last={last}")).await.expect(200);
            assert_eq!(page.json()["tags"], json!([first]), "{last}");
        }
        let after = editor.get("/v2/group/app/tags/list?last=%F0%9F%98%80").await.expect(200);
        assert_eq!(after.json()["tags"], json!([]));
        let head = editor.head("/v2/group/app/tags/list?n=2").await.expect(200);
        assert!(head.body.is_empty() && head.header("link").contains("last=t00_01"));
        assert_eq!(head.header("content-type"), "application/json");
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

/// Between two pages stands only what the caller may see: the pages are full, and nothing is counted that is hidden.
#[tokio::test]
async fn the_catalog_is_filtered_before_it_is_divided() {
    TestApp::each(async |app| {
        for (organization, account) in [("alpha", "other"), ("beta", "acme"), ("gamma", "other")] {
            app.organization(organization, account).await;
        }
        for number in 0..5 {
            for organization in ["alpha", "gamma"] {
                push_blob(&app.stranger(), &format!("{organization}/x{number}"), b"x").await;
            }
            push_blob(&app.owner(), &format!("beta/x{number}"), b"x").await;
            push_blob(&app.editor(), &format!("group/x{number}"), b"x").await;
        }
        for (client, wanted) in [
            (app.reader(), vec!["group"]),
            (app.owner(), vec!["beta", "group"]),
            (app.stranger(), vec!["alpha", "gamma"]),
        ] {
            let names: Vec<_> = wanted
                .iter()
                .flat_map(|name| (0..5).map(move |x| json!(format!("{name}/x{x}"))))
                .collect();
            for n in [1, 2, 3, 100] {
                let (all, pages) =
                    follow(&client, &format!("/v2/_catalog?n={n}"), "repositories").await;
                assert_eq!(all, names, "n={n}");
                assert_eq!(pages, names.len().div_ceil(n), "full pages, n={n}");
            }
        }
        let none = app.reader().get("/v2/_catalog?n=0").await.expect(200);
        assert_eq!((none.json()["repositories"].clone(), none.header("link")), (json!([]), ""));
        let token = app.token("acme/reader", &["registry:catalog:*"]).await;
        let listed = token.get("/v2/_catalog?n=1").await.expect(200);
        assert_eq!(listed.json()["repositories"], json!(["group/x0"]));
        let narrow = app.token("acme/reader", &["repository:group/x0:pull"]).await;
        let refused = narrow.get("/v2/_catalog").await.expect(401);
        assert!(super::token::challenge(&refused).ends_with("scope=\"registry:catalog:*\""));
        let anonymous = app
            .anonymous()
            .get("/token?service=roadstead&scope=registry:catalog:*")
            .await
            .expect(200);
        let nobody = app.anonymous().bearer(anonymous.json()["token"].as_str().unwrap());
        nobody.get("/v2/_catalog").await.expect(401);
    })
    .await;
}

/// A public image's tags are everybody's to read.
#[tokio::test]
async fn public_tags_are_listed_for_nobody_with_a_token() {
    let app = TestApp::new().await;
    let image = TestImage::new(101, 1, 100);
    image.push(&app.editor(), "group/app", "v1").await.expect(201);
    let nobody = app
        .anonymous()
        .get("/token?service=roadstead&scope=repository:group/app:pull")
        .await
        .expect(200);
    let nobody = app.anonymous().bearer(nobody.json()["token"].as_str().unwrap());
    nobody.get("/v2/group/app/tags/list").await.expect(401);
    publish(&app, "acme/manager", "group/app").await;
    let granted = app
        .anonymous()
        .get("/token?service=roadstead&scope=repository:group/app:pull")
        .await
        .expect(200);
    let nobody = app.anonymous().bearer(granted.json()["token"].as_str().unwrap());
    let tags = nobody.get("/v2/group/app/tags/list").await.expect(200);
    assert_eq!(tags.json()["tags"], json!(["v1"]));
    let blob = format!("/v2/group/app/blobs/{}", digest(&image.config));
    let got = nobody.send(Method::GET, &blob, &[], Body::empty()).await.expect(200);
    assert_eq!(
        got.header("cache-control"),
        "max-age=31536000, immutable",
        "everybody's caches may keep it"
    );
    nobody.post("/v2/group/app/blobs/uploads/", "").await.expect(401);
}
