//! What is named inside something is looked for there alone, and what nobody asked for in a request changes nothing.

use http::Method;
use serde_json::{Value, json};

use crate::support::image::digest;
use crate::support::{Client, Reply, TestApp, TestImage};

/// A digest or a tag of one image is none of another's, though both are the caller's to read.
#[tokio::test]
async fn a_part_is_looked_for_in_its_whole() {
    TestApp::each(async |app| {
        let (one, other) = (TestImage::new(91, 1, 100), TestImage::new(92, 1, 100));
        one.push(&app.editor(), "group/one", "v1").await.expect(201);
        other.push(&app.editor(), "group/other", "v2").await.expect(201);
        let (layer, manifest) = (digest(&other.layers[0]), digest(&other.manifest));
        let manager = app.manager();
        for (path, code) in [
            (format!("manifests/{manifest}"), "MANIFEST_UNKNOWN"),
            ("manifests/v2".to_owned(), "MANIFEST_UNKNOWN"),
            (format!("blobs/{layer}"), "BLOB_UNKNOWN"),
        ] {
            let path = format!("/v2/group/one/{path}");
            assert_eq!(manager.get(&path).await.expect(404).code(), code, "{path}");
            manager.delete(&path).await.expect(404);
        }
        let mut browser = app.signed_in("acme/manager").await;
        for tag in ["v2", manifest.as_str()] {
            let fields = [("image", "group/one"), ("tags[0]", tag), ("confirm", tag)];
            browser.submit("delete_tags", &fields).await;
        }
        app.editor().get("/v2/group/other/manifests/v2").await.expect(200);
        app.editor().get("/v2/group/one/manifests/v1").await.expect(200);
    })
    .await;
}

async fn send(client: &Client, call: &str, kind: &str, body: String) -> Reply {
    let token = client.cookie("rs_csrf").unwrap_or_default().to_owned();
    let headers =
        [("accept", "application/json"), ("content-type", kind), ("x-csrf-token", token.as_str())];
    client.send(Method::POST, &format!("/console/call/{call}"), &headers, body).await
}

async fn ask(client: &Client, call: &str, body: Value) -> Value {
    send(client, call, "application/json", body.to_string()).await.expect(200).json()
}

/// Everything that somebody might hope to set besides.
const HOPES: &str = "&id=1&account=acme&account_id=1&owner=other&user=acme&user_id=1&is_owner=true&is_operator=true\
    &created_by=somebody&creator=somebody&created_at=0&permission=7&rights=7&shares=9&pulls=99&size=1&tags=9&expires_at=9";

#[tokio::test]
async fn unknown_fields_change_nothing() {
    let app = TestApp::new().await;
    let editor = app.signed_in("acme/editor").await;
    let form = async |call: &str, fields: &str| {
        let kind = "application/x-www-form-urlencoded";
        send(&editor, call, kind, format!("{fields}{HOPES}")).await.expect(200);
    };
    form(
        "create_image",
        "organization=group&repository=made&is_public=false&category=other&description=",
    )
    .await;
    let image = ask(&editor, "get_image", json!({ "name": "group/made" })).await;
    let fresh = image.clone();
    assert_eq!(
        (&image["created_by"], &image["pulls"], &image["size"], &image["shares"]),
        (&json!("editor"), &json!(0), &json!(0), &json!(0))
    );
    assert_eq!(image["rights"]["permission"], 3);
    form("update_image", "name=group/made&category=database").await;
    let mut image = ask(&editor, "get_image", json!({ "name": "group/made" })).await;
    assert_eq!(image["category"], "database");
    image["category"] = fresh["category"].clone();
    assert_eq!(image, fresh, "nothing else was changed, the time included: it stands");
    // An owner sees what became of it; a stranger sees nothing.
    let owner = app.signed_in("acme").await;
    let made = ask(&owner, "get_image", json!({ "name": "group/made" })).await;
    assert_eq!(made["id"], image["id"]);
    let stranger = app.signed_in("other").await;
    let hopes = json!({ "name": "group/made", "account": "acme", "account_id": 1, "user_id": 1, "is_owner": true });
    send(&stranger, "get_image", "application/json", hopes.to_string()).await.expect(404);
    // In lists neither.
    let query = json!({ "search": null, "organizations": [], "category": null, "is_public": null, "is_shared": false,
        "sort": "name", "order": "asc", "window": { "offset": 0, "limit": 20, "account": 1 },
        "visibility": { "Account": { "account": 1 } }, "account": "acme", "account_id": 1 });
    let listed = ask(&stranger, "list_images", json!({ "query": query, "account": "acme" })).await;
    assert_eq!(listed["total"], 0);
    let shared = json!({ "shares": { "images": ["group/made"], "accounts": ["other"], "until": null,
        "description": "", "permit": "write", "creator": "x", "owner": "acme" } });
    let refused = ask(&stranger, "share_images", shared.clone()).await;
    assert_eq!(refused[0]["why"], "no_image");
    assert_eq!(ask(&owner, "share_images", shared).await, json!([]));
    app.stranger().post("/v2/group/made/blobs/uploads/", "").await.expect(403);
    let shares = ask(
        &owner,
        "list_shares",
        json!({ "image": "group/made", "window": { "offset": 0, "limit": 9 } }),
    );
    assert_eq!(shares.await["items"][0]["created_by"], "acme");
}
