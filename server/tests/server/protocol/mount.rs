//! Mounting: `protocol.md` 1.5, "Mount".

use super::token::challenge;
use super::{publish, start, wide};
use crate::support::image::{digest, noise, push_blob};
use crate::support::{Client, Reply, TestApp};

async fn mount(client: &Client, image: &str, blob: &[u8], from: &str) -> Reply {
    let path = format!("/v2/{image}/blobs/uploads/?mount={}{from}", digest(blob));
    client.post(&path, "").await
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

/// Whatever is wrong with a mount, docker, containerd and BuildKit go on with the session that they get.
#[tokio::test]
async fn a_mount_that_cannot_be_is_an_upload() {
    TestApp::each(async |app| {
        let (editor, blob) = (app.editor(), noise(50, 1_000));
        push_blob(&editor, "group/app", &blob).await;
        push_blob(&app.stranger(), "strange/app", &noise(51, 10)).await;
        let (known, secret) = (digest(&blob), digest(&noise(51, 10)));
        for query in [
            format!("mount={}&from=group/app", digest(b"nowhere")),
            format!("mount={}&from=group/app", wide(&blob)),
            format!("mount={secret}&from=strange/app"),
            format!("mount={secret}&from=strange/none"),
            format!("mount={secret}"),
            "mount=&from=group/app".to_owned(),
            "mount=sha256:bad&from=group/app".to_owned(),
            "mount=md5:d41d8cd98f00b204e9800998ecf8427e".to_owned(),
            format!("mount={known}&from=group%2F..%2Fapp"),
            format!("mount={known}&from=app"),
            format!("mount={known}&from="),
        ] {
            let path = format!("/v2/group/other/blobs/uploads/?{query}");
            let session = editor.post(&path, "").await;
            assert_eq!(session.status, 202, "{query}: {}", session.text());
            assert_eq!(session.header("range"), "0-0");
            editor.get(session.header("location")).await.expect(204);
        }
        editor.head(&format!("/v2/group/other/blobs/{known}")).await.expect(404);
    })
    .await;
}

/// The right to the source counts at the moment of the mount, not when its token was issued.
#[tokio::test]
async fn the_source_is_asked_now() {
    let app = TestApp::new().await;
    let blob = noise(52, 1_000);
    push_blob(&app.editor(), "group/app", &blob).await;
    app.organization("docks", "acme").await;
    app.grant("editor", "docks", roadstead::access::Permission::Edit).await;
    let scopes = ["repository:docks/x:pull,push", "repository:group/app:pull"];
    let token = app.token("acme/editor", &scopes).await;
    mount(&token, "docks/x", &blob, "&from=group/app").await.expect(201);
    app.manager().delete(&format!("/v2/group/app/blobs/{}", digest(&blob))).await.expect(202);
    mount(&token, "docks/y", &blob, "&from=group/app").await.expect(401);
    mount(&token, "docks/x", &blob, "&from=group/app").await.expect(202);
    // What was mounted stays when its source goes.
    let got = app.editor().get(&format!("/v2/docks/x/blobs/{}", digest(&blob))).await.expect(200);
    assert_eq!(got.body, blob);
}

/// What everybody may pull, everybody may mount; what another account keeps for itself does not exist.
#[tokio::test]
async fn a_public_source_of_another_account() {
    let app = TestApp::new().await;
    let blob = noise(53, 1_000);
    push_blob(&app.editor(), "group/app", &blob).await;
    mount(&app.stranger(), "strange/x", &blob, "&from=group/app").await.expect(202);
    publish(&app, "acme/manager", "group/app").await;
    let linked = mount(&app.stranger(), "strange/x", &blob, "&from=group/app").await.expect(201);
    assert_eq!(linked.header("location"), format!("/v2/strange/x/blobs/{}", digest(&blob)));
    assert_eq!(linked.header("docker-content-digest"), digest(&blob));
}

/// Looking for a blob by its digest tells nothing about what others have (`protocol.md` 1.5.14, CVE-2024-39897 of zot).
#[tokio::test]
async fn bytes_are_shared_but_not_seen() {
    let app = TestApp::new().await;
    let blob = noise(54, 1_000);
    push_blob(&app.editor(), "group/app", &blob).await;
    let stranger = app.stranger();
    push_blob(&stranger, "strange/app", b"x").await;
    let path = format!("/v2/strange/app/blobs/{}", digest(&blob));
    stranger.head(&path).await.expect(404);
    stranger.get(&path).await.expect(404);
    // Saying the digest is not having the bytes.
    let location = start(&stranger, "strange/app").await;
    let claimed = stranger.put(&format!("{location}?digest={}", digest(&blob)), &[], "").await;
    assert_eq!(claimed.expect(400).code(), "DIGEST_INVALID");
    stranger.get(&path).await.expect(404);
    push_blob(&stranger, "strange/app", &blob).await;
    stranger.get(&path).await.expect(200);
}
