//! What `docker login` does, and what it must not get away with.

use crate::support::TestApp;
use crate::support::app::PASSWORD;
use axum::body::Body;
use http::Method;

#[tokio::test]
async fn docker_login_pings_takes_the_challenge_and_pings_again() {
    TestApp::each(async |app| {
        let ping = app.anonymous().get("/v2/").await.expect(401);
        assert_eq!(
            ping.header("www-authenticate"),
            "Bearer realm=\"http://127.0.0.1:5000/token\",service=\"roadstead\""
        );
        assert_eq!(ping.header("docker-distribution-api-version"), "registry/2.0");
        assert_eq!(ping.code(), "UNAUTHORIZED");

        let path =
            "/token?account=acme%2Freader&client_id=docker&offline_token=true&service=roadstead";
        let token = app.reader().get(path).await.expect(200).json();
        assert_eq!(token["token"], token["access_token"]);
        assert_eq!(token["expires_in"], 900);
        assert!(token["issued_at"].as_str().unwrap().ends_with('Z'));
        assert!(
            token.get("refresh_token").is_none(),
            "with one, docker would not store the credential"
        );

        app.anonymous().bearer(token["token"].as_str().unwrap()).get("/v2/").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn basic_works_on_v2() {
    let app = TestApp::new().await;
    app.reader().get("/v2/").await.expect(200);
    app.owner().get("/v2/").await.expect(200);
}

#[tokio::test]
async fn post_gives_tokens_for_the_password_grant() {
    let app = TestApp::new().await;
    let form = |text: String| {
        let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let client = app.anonymous();
        async move { client.send(Method::POST, "/token", &headers, text).await }
    };
    let good = format!(
        "grant_type=password&username=acme%2Freader&password={PASSWORD}&service=roadstead&client_id=containerd&scope=repository:group/x:pull"
    );
    let reply = form(good).await.expect(200).json();
    assert!(reply["access_token"].is_string());
    assert_eq!(reply["token_type"], "Bearer");
    assert!(reply["scope"].is_string());

    let wrong = form("grant_type=password&username=acme&password=no&service=roadstead".into())
        .await
        .expect(401);
    assert_eq!(wrong.code(), "UNAUTHORIZED");
    let refresh =
        form("grant_type=refresh_token&refresh_token=x&service=roadstead".into()).await.expect(400);
    assert_eq!(refresh.json()["error"], "unsupported_grant_type");
    let json = app
        .anonymous()
        .send(Method::POST, "/token", &[("content-type", "application/json")], "{}")
        .await;
    assert_eq!(json.expect(400).json()["error"], "invalid_request");
}

#[tokio::test]
async fn a_wrong_password_is_refused_everywhere_and_never_nobody() {
    let app = TestApp::new().await;
    let wrong = app.anonymous().basic("acme/reader", "wrong");
    let ping = wrong.get("/v2/").await.expect(401);
    assert!(ping.header("www-authenticate").starts_with("Bearer "));
    let token = wrong.get("/token?service=roadstead").await.expect(401);
    assert_eq!(token.header("www-authenticate"), "Basic realm=\"Roadstead\"");
    let unknown = app
        .anonymous()
        .basic("nobody/here", "wrong")
        .get("/token?service=roadstead")
        .await
        .expect(401);
    assert_eq!(token.json(), unknown.json(), "unknown users and wrong passwords look the same");
    assert!(
        app.anonymous().get("/token?service=roadstead").await.expect(200).json()["token"]
            .is_string()
    );
}

#[tokio::test]
async fn five_failures_close_the_door_for_a_while() {
    let app = TestApp::new().await;
    for attempt in 0..5 {
        let wrong = app.anonymous().basic("acme/reader", &format!("wrong-{attempt}"));
        wrong.get("/token?service=roadstead").await.expect(401);
    }
    let limited = app.reader().get("/token?service=roadstead").await.expect(429);
    assert_eq!(limited.code(), "TOOMANYREQUESTS");
    assert!(limited.header("retry-after").parse::<u64>().unwrap() > 0);
    app.clock.advance(15 * 60 + 1);
    app.reader().get("/token?service=roadstead").await.expect(200);
}

#[tokio::test]
async fn tokens_that_are_not_ours_are_named_as_such() {
    let app = TestApp::new().await;
    let good = app.reader().get("/token?service=roadstead").await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let (head, rest) = good.split_once('.').unwrap();
    let none = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.{}.", rest.split_once('.').unwrap().0);
    for token in ["x", "a.b.c", &format!("{head}.{rest}x"), &none] {
        let reply = app.anonymous().bearer(token).get("/v2/").await.expect(401);
        assert!(reply.header("www-authenticate").contains("error=\"invalid_token\""), "{token}");
    }
    // Of another service.
    let other = app.reader().get("/token?service=elsewhere").await;
    if other.status == 200 {
        let token = other.json()["token"].as_str().unwrap().to_owned();
        app.anonymous().bearer(&token).get("/v2/").await.expect(401);
    }
    // Ended.
    app.anonymous().bearer(&good).get("/v2/").await.expect(200);
    app.clock.advance(900 + 120);
    app.anonymous().bearer(&good).get("/v2/").await.expect(401);
}

#[tokio::test]
async fn a_token_narrows_and_never_widens() {
    let app = TestApp::new().await;
    crate::support::TestImage::new(1, 1, 100)
        .push(&app.editor(), "group/app", "v1")
        .await
        .expect(201);
    let manifest = "/v2/group/app/manifests/v1";
    // Asked for everything: a reader still only reads.
    let token = app.token("acme/reader", &["repository:group/app:pull,push,delete"]).await;
    token.get(manifest).await.expect(200);
    token.post("/v2/group/app/blobs/uploads/", "").await.expect(403);
    // Not asked for: the token of an editor does not push, but the challenge says how to.
    let token = app.token("acme/editor", &["repository:group/app:pull"]).await;
    token.get(manifest).await.expect(200);
    let refused = token.post("/v2/group/app/blobs/uploads/", "").await.expect(401);
    assert!(
        refused.header("www-authenticate").contains("scope=\"repository:group/app:pull,push\"")
    );
    assert!(!refused.header("www-authenticate").contains("error="));
    // For another image.
    let token = app.token("acme/editor", &["repository:group/other:pull,push"]).await;
    token.get(manifest).await.expect(401);
    // Strangers get a token with nothing in it, and 403.
    let token = app.token("other", &["repository:group/app:pull"]).await;
    token.get(manifest).await.expect(403);
}

#[tokio::test]
async fn an_authorization_header_that_cannot_be_read_is_401() {
    let app = TestApp::new().await;
    for value in ["Basic", "Basic %%%", "Digest a=b"] {
        let reply = app
            .anonymous()
            .send(Method::GET, "/v2/", &[("authorization", value)], Body::empty())
            .await;
        assert_eq!(reply.expect(401).code(), "UNAUTHORIZED");
    }
}
