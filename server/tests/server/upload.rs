//! Packages that are uploaded through the page, and archives that are downloaded, over HTTP.

use axum::body::Body;
use http::Method;
use roadstead_archive::testing::{digest, layer, legacy};
use roadstead_service::package::{Import, QUEUE};
use roadstead_store::{Durability, job};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Client, Reply, TestApp, TestImage};

/// A signed-in browser, and the token of its pages.
struct Page {
    client: Client,
    token: String,
}

impl Page {
    async fn of(app: &TestApp, name: &str) -> Self {
        let mut client = app.signed_in(name).await;
        client.visit("/overview").await.expect(200);
        let token = client.cookie("rs_csrf").unwrap_or_default().to_owned();
        Self { client, token }
    }

    async fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Reply {
        let headers = [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("x-csrf-token", self.token.as_str()),
        ];
        self.client.send(method, path, &headers, body).await
    }

    async fn begin(&self, file: &[u8]) -> Reply {
        let new = json!({
            "organization": "group", "file_name": "web.tar", "size": file.len(), "fingerprint": "f",
        });
        self.send(Method::POST, "/console/upload", new.to_string()).await
    }

    async fn chunk(&self, id: &str, offset: usize, bytes: &[u8]) -> Reply {
        let path = format!("/console/upload/{id}?offset={offset}&digest={}", digest(bytes));
        let length = bytes.len().to_string();
        let headers = [("x-csrf-token", self.token.as_str()), ("content-length", length.as_str())];
        self.client.send(Method::PUT, &path, &headers, bytes.to_vec()).await
    }
}

fn id(reply: &Value) -> String {
    reply["id"].as_str().unwrap().to_owned()
}

fn file() -> Vec<u8> {
    legacy(&["web:v1"], &[layer("a", "one"), layer("b", "two")]).bytes()
}

/// Runs the imports that wait, as the server does.
async fn work(app: &TestApp) {
    let service = &app.house.service;
    loop {
        let now = app.clock.now();
        let claimed = app
            .house
            .store
            .run("test.claim", Durability::Relaxed, move |tx| {
                Box::pin(job::claim(tx, QUEUE, "test", now, now.plus_seconds(30)))
            })
            .await
            .unwrap();
        let Some(job) = claimed else { return };
        let import: Import = serde_json::from_value(job.payload).unwrap();
        let context = app.house.command_line();
        service.packages().import(&context, import, CancellationToken::new()).await.unwrap();
    }
}

#[tokio::test]
async fn a_package_goes_up_and_comes_down() {
    TestApp::each(async |app| {
        let page = Page::of(&app, "acme/editor").await;
        let file = file();
        let begun = page.begin(&file).await.expect(201).json();
        assert_eq!(begun["state"], "receiving");
        let id = id(&begun);
        let gone = page.chunk(&id, 7, &file).await.expect(416);
        assert_eq!(gone.header("upload-offset"), "0");
        let taken = page.chunk(&id, 0, &file).await.expect(200).json();
        assert_eq!(taken["received"], file.len());
        let queued = page.send(Method::POST, &format!("/console/upload/{id}/finish"), "").await;
        assert_eq!(queued.expect(200).json()["state"], "queued");
        work(&app).await;
        let done = page.send(Method::GET, &format!("/console/upload/{id}"), "").await.expect(200);
        assert_eq!(done.json()["tags"], json!(["group/web:v1"]));
        assert_eq!(done.header("cache-control"), "no-store");
        let listed = page.send(Method::GET, "/console/upload", "").await.expect(200).json();
        assert_eq!(listed.as_array().map(Vec::len), Some(1));
        app.reader().get("/v2/group/web/manifests/v1").await.expect(200);

        let path = "/console/download/group/web?tag=v1";
        let whole = page.send(Method::GET, path, "").await.expect(200);
        let length = whole.body.len().to_string();
        assert_eq!(whole.header("content-length"), length);
        assert_eq!(whole.header("content-disposition"), "attachment; filename=\"web-v1.tar\"");
        assert_eq!(whole.header("accept-ranges"), "bytes");
        let head = page.send(Method::HEAD, path, "").await.expect(200);
        assert_eq!((head.header("content-length"), head.body.len()), (length.as_str(), 0));
        let etag = whole.header("etag").to_owned();
        let part = [("range", "bytes=1000-1999"), ("if-range", etag.as_str())];
        let part = page.client.send(Method::GET, path, &part, "").await.expect(206);
        assert_eq!(part.body, whole.body.slice(1000..2000));
        assert_eq!(part.header("content-range"), format!("bytes 1000-1999/{length}"));
        let stale = [("range", "bytes=1000-1999"), ("if-range", "\"other\"")];
        let stale = page.client.send(Method::GET, path, &stale, "").await.expect(200);
        assert_eq!(stale.body, whole.body);
        let known = [("if-none-match", etag.as_str())];
        page.client.send(Method::GET, path, &known, "").await.expect(304);
        let beyond = format!("bytes={length}-");
        let beyond = page.client.send(Method::GET, path, &[("range", beyond.as_str())], "").await;
        assert_eq!(beyond.expect(416).header("content-range"), format!("bytes */{length}"));
        let oci = page.send(Method::GET, &format!("{path}&format=oci"), "").await.expect(200);
        assert_eq!(oci.header("content-disposition"), "attachment; filename=\"web-v1-oci.tar\"");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_learns_nothing_and_changes_nothing() {
    let app = TestApp::new().await;
    TestImage::new(5, 1, 1_000).push(&app.editor(), "group/app", "v1").await.expect(201);
    let file = file();
    let editor = Page::of(&app, "acme/editor").await;
    let id = id(&editor.begin(&file).await.expect(201).json());
    let reader = Page::of(&app, "acme/reader").await;
    reader.begin(&file).await.expect(403);
    reader.chunk(&id, 0, &file).await.expect(404);
    for (method, path) in [
        (Method::GET, format!("/console/upload/{id}")),
        (Method::POST, format!("/console/upload/{id}/finish")),
        (Method::DELETE, format!("/console/upload/{id}")),
        (Method::GET, "/console/download/group/none?tag=v1".to_owned()),
        (Method::GET, "/console/download/group/app?tag=none".to_owned()),
    ] {
        reader.send(method, &path, "").await.expect(404);
    }
    reader.send(Method::GET, "/console/download/group/app?tag=v1", "").await.expect(200);
    let stranger = Page::of(&app, "other").await;
    stranger.send(Method::GET, "/console/download/group/app?tag=v1", "").await.expect(404);
    stranger.begin(&file).await.expect(404);
    let anonymous = app.anonymous();
    anonymous.get("/console/upload").await.expect(401);
    anonymous.get("/console/download/group/app?tag=v1").await.expect(401);

    // Another site has the cookies sent along, and no token.
    let mine = Page { token: String::new(), client: editor.client.clone() };
    mine.begin(&file).await.expect(403);
    mine.chunk(&id, 0, &file).await.expect(403);
    mine.send(Method::DELETE, &format!("/console/upload/{id}"), "").await.expect(403);
    let headers = [("x-csrf-token", editor.token.as_str()), ("sec-fetch-site", "cross-site")];
    let path = format!("/console/upload/{id}");
    editor.client.send(Method::DELETE, &path, &headers, "").await.expect(403);
    editor.send(Method::GET, &path, "").await.expect(200);
    editor.send(Method::POST, "/console/upload", "{").await.expect(400);
    editor.send(Method::DELETE, &path, "").await.expect(200);
    editor.send(Method::GET, &path, "").await.expect(404);
}
