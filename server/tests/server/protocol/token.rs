//! Challenges, and what a token cannot do: `protocol.md` 2.6, 2.8, and the trap list 2.9.

use base64::Engine as _;
use serde_json::{Value, json};

use super::start;
use crate::support::image::{digest, noise, push_blob, with_digest};
use crate::support::{Client, Reply, TestApp, TestImage};

/// The `WWW-Authenticate` of a 401.
pub fn challenge(reply: &Reply) -> &str {
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

/// What a token holds, read without its key.
fn access(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice::<Value>(&bytes).unwrap()["access"].clone()
}

async fn granted(client: &Client, scope: &str) -> Value {
    let scope: String = url::form_urlencoded::byte_serialize(scope.as_bytes()).collect();
    let reply = client.get(&format!("/token?service=roadstead&scope={scope}")).await.expect(200);
    access(reply.json()["token"].as_str().unwrap())
}

/// Scopes that try to be more than they are.
#[tokio::test]
async fn unusual_scopes_give_nothing_more() {
    let app = TestApp::new().await;
    push_blob(&app.editor(), "group/app", b"x").await;
    let editor = app.editor();
    let one =
        |actions: Value| json!([{ "type": "repository", "name": "group/app", "actions": actions }]);
    for (scope, wanted) in [
        ("repository:group/app:pull", one(json!(["pull"]))),
        ("repository:group/app:push,pull,pull", one(json!(["pull", "push"]))),
        ("repository:group/app:*", one(json!(["pull", "push"]))),
        ("repository(plugin):group/app:pull", one(json!(["pull"]))),
        ("repository:group/app:pull repository:group/app:push", one(json!(["pull", "push"]))),
        ("repository:group/app:", json!([])),
        ("repository:group/app:delete", json!([])),
        ("repository:group/app:admin,PULL,pull*", json!([])),
        ("repository:group/../group/app:pull", json!([])),
        ("repository:group/./app:pull", json!([])),
        ("repository:group//app:pull", json!([])),
        ("repository:GROUP/app:pull", json!([])),
        ("repository:group/app%2F:pull", json!([])),
        ("repository:group/*:pull", json!([])),
        ("repository:*:*", json!([])),
        ("repository:group/app :pull".trim_end_matches(" :pull"), json!(null)),
        ("repository:localhost:5000/group/app:pull", json!([])),
        ("repository:strange/app:pull,push", json!([])),
        (
            "registry:catalog:*",
            json!([{ "type": "registry", "name": "catalog", "actions": ["*"] }]),
        ),
        ("registry:catalog:pull", json!([])),
        ("registry:other:*", json!([])),
        ("Repository:group/app:pull", json!([])),
    ] {
        if wanted.is_null() {
            let path = format!("/token?service=roadstead&scope={scope}");
            editor.get(&path).await.expect(400);
            continue;
        }
        assert_eq!(granted(&editor, scope).await, wanted, "{scope}");
    }
    let many = "repository:group/app:pull ".repeat(101);
    let path = format!("/token?service=roadstead&scope={}", many.trim().replace(' ', "+"));
    editor.get(&path).await.expect(400);
    // A token is of one registry.
    editor.get("/token?service=mirror.example&scope=repository:group/app:pull").await.expect(400);
    // Whom the query names does not matter; whose credential it is does.
    let path = "/token?service=roadstead&account=acme&scope=repository:group/app:delete";
    let reply = editor.get(path).await.expect(200);
    assert_eq!(access(reply.json()["token"].as_str().unwrap()), json!([]));
}

/// A scope is of one repository, and not of what is below it.
#[tokio::test]
async fn a_token_is_good_for_its_repository_alone() {
    let app = TestApp::new().await;
    for image in ["group/a", "group/a/b", "group/ab"] {
        TestImage::new(130, 1, 10).push(&app.editor(), image, "v1").await.expect(201);
    }
    let token = app.token("acme/editor", &["repository:group/a:pull,push"]).await;
    token.get("/v2/group/a/manifests/v1").await.expect(200);
    for image in ["group/a/b", "group/ab"] {
        token.get(&format!("/v2/{image}/manifests/v1")).await.expect(401);
        token.post(&format!("/v2/{image}/blobs/uploads/"), "").await.expect(401);
    }
    // A token that may push may not delete, whoever has it.
    let manager = app.token("acme/manager", &["repository:group/a:pull,push"]).await;
    let refused = manager.delete("/v2/group/a/manifests/v1").await.expect(401);
    assert!(challenge(&refused).ends_with("scope=\"repository:group/a:delete\""));
}

/// A right that ends, a user who is disabled, a password that changes: at once, whatever the token says.
#[tokio::test]
async fn what_is_taken_away_is_gone_for_tokens_too() {
    use roadstead::access::Permission;
    let app = TestApp::new().await;
    let image = TestImage::new(131, 1, 10);
    image.push(&app.editor(), "group/app", "v1").await.expect(201);
    let token = app.token("acme/editor", &["repository:group/app:pull,push"]).await;
    let location = start(&token, "group/app").await;
    app.grant("editor", "group", Permission::Read).await;
    let blob = noise(132, 10);
    token.put(&with_digest(&location, &blob), &[], blob.clone()).await.expect(403);
    token.get("/v2/group/app/manifests/v1").await.expect(200);
    app.grant("editor", "group", Permission::Edit).await;
    token.put(&with_digest(&location, &blob), &[], blob).await.expect(201);
}

/// What was public and is private again is gone for the tokens of nobody that were given meanwhile.
#[tokio::test]
async fn private_again_is_private_for_tokens_too() {
    let app = TestApp::new().await;
    TestImage::new(133, 1, 10).push(&app.editor(), "group/app", "v1").await.expect(201);
    super::publish(&app, "acme/manager", "group/app").await;
    let path = "/token?service=roadstead&scope=repository:group/app:pull";
    let given = app.anonymous().get(path).await.expect(200);
    let nobody = app.anonymous().bearer(given.json()["token"].as_str().unwrap());
    nobody.get("/v2/group/app/manifests/v1").await.expect(200);
    let mut console = app.signed_in("acme/manager").await;
    console.submit("update_image", &[("name", "group/app"), ("is_public", "false")]).await;
    nobody.get("/v2/group/app/manifests/v1").await.expect(401);
    app.stranger().get("/v2/group/app/manifests/v1").await.expect(403);
}

/// Forged tokens, and ours bent: 401, and the challenge says that it is the token.
#[tokio::test]
async fn tokens_that_are_not_ours_are_refused() {
    let app = TestApp::new().await;
    let reply = app
        .reader()
        .get("/token?service=roadstead&scope=repository:group/app:pull")
        .await
        .expect(200);
    let body = reply.json();
    let token = body["token"].as_str().unwrap();
    let parts: Vec<_> = token.split('.').collect();
    let encode =
        |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let none = encode(json!({ "typ": "JWT", "alg": "none" }));
    let jwk = encode(json!({
        "typ": "JWT", "alg": "HS256", "kid": "mine", "jwk": { "kty": "oct", "k": "c2VjcmV0" },
    }));
    let empty = String::new();
    for forged in [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{jwk}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{empty}", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}."),
        format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>()),
        format!("{}.{}.{}", parts[0], encode(json!({ "sub": "1" })), parts[2]),
        "a".repeat(5_000),
    ] {
        let refused = app.anonymous().bearer(&forged).get("/v2/").await.expect(401);
        assert_eq!(refused.code(), "UNAUTHORIZED");
        assert!(
            challenge(&refused).ends_with("error=\"invalid_token\""),
            "{}",
            challenge(&refused)
        );
    }
    // A token cannot be turned into another, which would make it last for ever.
    let again = app.anonymous().bearer(token).get("/token?service=roadstead").await;
    again.expect(401);
}
