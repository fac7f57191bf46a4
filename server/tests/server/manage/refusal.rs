//! Who did not sign, and what cannot be read (`swr-api.md` 2.3, 4.3).

use roadstead::access::AccessKeyId;
use roadstead::manage::credential::AccessKeyUpdate;
use roadstead_service::access::Holder;
use serde_json::{Value, json};

use crate::support::client::Reply;
use crate::support::{TestApp, TestImage};

const NAMESPACES: &str = "/v2/manage/namespaces";

/// The body of every refusal is one that all clients read.
fn checked(reply: Reply, status: u16) -> Value {
    let id = reply.header("x-request-id").to_owned();
    let body = reply.expect(status).json();
    let code = body["error_code"].as_str().unwrap();
    assert!(
        code.starts_with("APIGW.") || code.starts_with(&format!("SVCSTG.SWR.{status}")),
        "{code}"
    );
    assert_eq!(body["error_code"], body["errorCode"]);
    assert_eq!(body["error_code"], body["errors"][0]["errorCode"]);
    assert_eq!(body["error_msg"], body["errorMessage"]);
    assert_eq!(body["error_msg"], body["errors"][0]["errorMessage"]);
    assert!(body["errors"][0]["detail"].is_string());
    assert_eq!(body["request_id"], id);
    body
}

#[tokio::test]
async fn nothing_but_a_signature_is_accepted() {
    let app = TestApp::new().await;
    let browser = app.signed_in("acme").await;
    let token = app.token("acme", &["registry:catalog:*"]).await;
    let unsigned = app.anonymous().with("x-auth-token", "MIIF");
    for client in [app.anonymous(), app.owner(), token, browser, unsigned] {
        let reply = client.get(NAMESPACES).await;
        assert_eq!(reply.header("www-authenticate"), "SDK-HMAC-SHA256");
        let body = checked(reply, 401);
        assert_eq!(body["error_code"], "APIGW.0301");
        assert!(body["error_msg"].as_str().unwrap().starts_with("Incorrect IAM authentication"));
    }
    app.signed("acme").await.get(NAMESPACES).await.expect(200);
}

#[tokio::test]
async fn what_was_tampered_with_is_refused() {
    let app = TestApp::new().await;
    let owner = app.signed("acme").await;
    let body = r#"{"namespace": "demo"}"#;
    let headers = owner.headers("POST", NAMESPACES, body.as_bytes());
    let with = |name: &str, value: &str| {
        let mut changed = headers.clone();
        changed.retain(|(each, _)| each != name);
        changed.push((name.to_owned(), value.to_owned()));
        changed
    };
    let flipped = headers.last().unwrap().1.clone();
    let last = if flipped.ends_with('0') { "1" } else { "0" };
    let flipped = format!("{}{last}", &flipped[..flipped.len() - 1]);
    for (method, target, headers, body) in [
        ("POST", NAMESPACES, headers.clone(), r#"{"namespace": "demo2"}"#),
        ("POST", "/v2/manage/namespaces?x=1", headers.clone(), body),
        ("DELETE", "/v2/manage/namespaces/group", headers.clone(), body),
        ("POST", NAMESPACES, with("user-agent", "proxy"), body),
        ("POST", NAMESPACES, with("content-type", "text/plain"), body),
        ("POST", NAMESPACES, with("x-sdk-date", "20260101T000000Z"), body),
        ("POST", NAMESPACES, with("authorization", &flipped), body),
        ("POST", NAMESPACES, with("x-sdk-content-sha256", "UNSIGNED-PAYLOAD"), body),
        ("POST", NAMESPACES, with("x-sdk-content-sha256", &"0".repeat(64)), body),
    ] {
        let reply = owner.raw(method, target, &headers, body).await;
        assert_eq!(checked(reply, 401)["error_code"], "APIGW.0301", "{method} {target}");
    }
    owner.get("/v2/manage/namespaces/demo").await.expect(404);
    owner.raw("POST", NAMESPACES, &headers, body).await.expect(201);
    owner.get("/v2/manage/namespaces/demo").await.expect(200);
}

#[tokio::test]
async fn a_key_counts_as_long_as_it_is_good() {
    let app = TestApp::new().await;
    let good = app.signed("acme/editor").await;
    good.get(NAMESPACES).await.expect(200);
    let mut wrong = good.clone();
    wrong.secret_key = "x".repeat(40).parse().unwrap();
    checked(wrong.get(NAMESPACES).await, 401);
    let mut unknown = good.clone();
    unknown.access_key = "RSAK0000000000000000".to_owned();
    checked(unknown.get(NAMESPACES).await, 401);
    for seconds in [-901, 901] {
        let mut skewed = good.clone();
        skewed.now = good.now.plus_seconds(seconds);
        let message = checked(skewed.get(NAMESPACES).await, 401)["error_msg"].to_string();
        assert!(message.contains("15 minutes"), "{message}");
    }
    // The secret of a temporary login was given to nobody.
    let login = good.post("/v2/manage/utils/secret", Value::Null).await.expect(200).json();
    let auth = login["auths"]["127.0.0.1:5000"]["auth"].as_str().unwrap();
    assert!(!auth.is_empty());
    let id: AccessKeyId = good.access_key.parse().unwrap();
    let (account, user) = ("acme".parse().unwrap(), "editor".parse().unwrap());
    let context = app.house.command_line();
    for (is_enabled, status) in [(false, 401), (true, 200)] {
        let update = AccessKeyUpdate { is_enabled: Some(is_enabled), ..AccessKeyUpdate::default() };
        let whose = Holder::Of(&account, Some(&user));
        let credentials = app.house.service.credentials();
        credentials.update_access_key(&context, whose, &id, update).await.unwrap();
        good.get(NAMESPACES).await.expect(status);
    }
    let whose = Holder::Of(&account, Some(&user));
    app.house.service.credentials().delete_access_key(&context, whose, &id).await.unwrap();
    checked(good.get(NAMESPACES).await, 401);
}

#[tokio::test]
async fn a_project_must_be_ones_own() {
    let app = TestApp::new().await;
    let mut owner = app.signed("acme").await;
    let stranger = app.signed("other").await;
    let id = |body: Value| body["projects"][0]["id"].as_str().unwrap().to_owned();
    let own = id(owner.get("/v3/projects").await.expect(200).json());
    let foreign = id(stranger.get("/v3/projects").await.expect(200).json());
    assert_ne!(own, foreign);
    owner.project = Some(own.clone());
    owner.get(NAMESPACES).await.expect(200);
    owner.get(&format!("/v2/manage/projects/{own}/quotas")).await.expect(200);
    owner.get("/v2/manage/projects/%7Bproject_id%7D/quotas").await.expect(200);
    checked(owner.get(&format!("/v2/manage/projects/{foreign}/quotas")).await, 403);
    owner.project = Some(foreign);
    checked(owner.get(NAMESPACES).await, 403);
}

#[tokio::test]
async fn what_cannot_be_read_is_400_and_names_the_field() {
    let app = TestApp::new().await;
    let owner = app.signed("acme").await;
    TestImage::new(3, 1, 100).push(&app.owner(), "group/app", "v1").await.expect(201);
    let repos = "/v2/manage/namespaces/group/repos";
    let repo = "/v2/manage/namespaces/group/repos/app";
    let shares = "/v2/manage/namespaces/group/repositories/app/access-domains";
    let access = "/v2/manage/namespaces/group/access";
    let user = "0123456789abcdef0123456789abcdef";
    let long = |count: usize| "x".repeat(count);
    let share = |change: Value| {
        let mut share =
            json!({ "access_domain": "other", "permit": "read", "deadline": "forever" });
        for (name, value) in change.as_object().unwrap() {
            share[name] = value.clone();
        }
        share
    };
    for (method, target, body, field) in [
        ("POST", NAMESPACES, json!({}), "namespace"),
        ("POST", NAMESPACES, json!([]), "body"),
        ("POST", NAMESPACES, json!(null), "body"),
        ("POST", NAMESPACES, json!({ "namespace": 5 }), "namespace"),
        ("POST", NAMESPACES, json!({ "namespace": null }), "namespace"),
        ("POST", NAMESPACES, json!({ "namespace": "" }), "namespace"),
        ("POST", NAMESPACES, json!({ "namespace": "Upper" }), "namespace"),
        ("POST", NAMESPACES, json!({ "namespace": "library" }), "namespace"),
        ("POST", NAMESPACES, json!({ "namespace": "manage" }), "namespace"),
        ("POST", NAMESPACES, json!({ "namespace": long(65) }), "namespace"),
        ("POST", NAMESPACES, json!({ "namespace": "版本" }), "namespace"),
        ("POST", repos, json!({ "repository": "x" }), "is_public"),
        ("POST", repos, json!({ "repository": "x", "is_public": "false" }), "is_public"),
        ("POST", repos, json!({ "repository": "X", "is_public": false }), "repository"),
        ("POST", repos, json!({ "repository": long(129), "is_public": false }), "repository"),
        (
            "POST",
            repos,
            json!({ "repository": "x", "is_public": false, "category": "none" }),
            "category",
        ),
        (
            "POST",
            repos,
            json!({ "repository": "x", "is_public": false, "description": long(30_001) }),
            "description",
        ),
        ("PATCH", repo, json!({ "description": "x" }), "is_public"),
        ("PATCH", repo, json!({ "is_public": false, "description": 5 }), "description"),
        ("POST", access, json!([]), "body"),
        ("POST", access, json!({}), "body"),
        ("POST", access, json!([{ "user_id": user, "user_name": "x", "auth": 2 }]), "[0].auth"),
        ("POST", access, json!([{ "user_id": user, "user_name": "x", "auth": "7" }]), "[0].auth"),
        ("POST", access, json!([{ "user_id": "x", "user_name": "x", "auth": 7 }]), "[0].user_id"),
        ("POST", access, json!([{ "user_id": user, "auth": 7 }]), "[0].user_name"),
        ("DELETE", access, json!(["x"]), "[0]"),
        ("DELETE", access, json!([5]), "[0]"),
        (
            "POST",
            "/v2/manage/namespaces/group/repos/app/tags",
            json!({ "source_tag": "v1" }),
            "destination_tag",
        ),
        (
            "POST",
            "/v2/manage/namespaces/group/repos/app/tags",
            json!({ "source_tag": "v1", "destination_tag": "-x" }),
            "destination_tag",
        ),
        ("POST", shares, share(json!({ "description": "\u{0}" })), "description"),
        ("PATCH", repo, json!({ "is_public": false, "description": "a\u{0}" }), "description"),
        ("POST", shares, share(json!({ "permit": "write" })), "permit"),
        ("POST", shares, share(json!({ "deadline": "tomorrow" })), "deadline"),
        ("POST", shares, share(json!({ "deadline": "2000-01-01T00:00:00Z" })), "deadline"),
        ("POST", shares, share(json!({ "access_domain": "x" })), "access_domain"),
        ("POST", shares, share(json!({ "description": long(1_001) })), "description"),
        ("GET", "/v2/manage/repos?limit=0", json!(null), "limit"),
        ("GET", "/v2/manage/repos?limit=1001", json!(null), "limit"),
        ("GET", "/v2/manage/repos?offset=-1", json!(null), "offset"),
        ("GET", "/v2/manage/repos?filter=limit", json!(null), "filter"),
        ("GET", "/v2/manage/repos?category=none", json!(null), "category"),
        ("GET", "/v2/manage/repos?namespace=NOT", json!(null), "namespace"),
        ("GET", "/v2/manage/repos?order_column=size", json!(null), "order_column"),
        ("GET", "/v3/manage/repos?marker=x", json!(null), "marker"),
        ("GET", "/v2/manage/shared-repositories", json!(null), "center"),
        ("GET", "/v3/manage/shared-repositories?shared_by=me", json!(null), "shared_by"),
        ("GET", "/v3/manage/namespaces/group/repos/app/tags?marker=x", json!(null), "marker"),
        (
            "GET",
            "/v2/manage/namespaces/group/repos/app/v1/references?limit=11",
            json!(null),
            "limit",
        ),
        ("GET", "/v2/manage/namespaces/Group", json!(null), "namespace"),
        ("GET", "/v2/manage/namespaces/%ff", json!(null), "namespace"),
        ("GET", "/v2/manage/namespaces/group/repos/A", json!(null), "repository"),
        ("GET", "/v2/manage/namespaces/group/repos/app/tags/-x", json!(null), "tag"),
        ("GET", "/v2/manage/reports/cpu/daily", json!(null), "resource_type"),
        ("GET", "/v2/manage/reports/store/hourly", json!(null), "frequency"),
        ("POST", "/v2/manage/utils/secret?duration_seconds=899", json!(null), "duration_seconds"),
        ("POST", "/v2/manage/utils/secret?projectname=elsewhere", json!(null), "projectname"),
    ] {
        let reply = owner.send(method, target, body.clone()).await;
        let answer = checked(reply, 400);
        let message = answer["error_msg"].as_str().unwrap();
        assert!(message.contains(field), "{method} {target} {body}: {message}");
        assert_eq!(answer["errors"][0]["detail"], field, "{method} {target} {body}: {message}");
    }
    for body in ["", "{", "{\"namespace\": \"demo\"} x", "\u{1}", "{\"namespace\":\"demo\",}"] {
        let reply = owner.text("POST", NAMESPACES, body).await;
        assert_eq!(checked(reply, 400)["error_code"], "SVCSTG.SWR.4000014", "{body}");
    }
    let large = format!("{{\"namespace\": \"{}\"}}", long(1 << 20));
    checked(owner.text("POST", NAMESPACES, &large).await, 413);
    // Nothing of all that was made.
    let all = owner.get(NAMESPACES).await.expect(200).json();
    assert_eq!(all["namespaces"].as_array().unwrap().len(), 1);
    assert_eq!(owner.get("/v2/manage/repos").await.expect(200).json().as_array().unwrap().len(), 1);
    assert_eq!(owner.get(shares).await.expect(200).json(), json!([]));
}

#[tokio::test]
async fn what_does_not_exist_and_what_one_may_not_see_are_the_same() {
    let app = TestApp::new().await;
    TestImage::new(3, 1, 100).push(&app.owner(), "group/app", "v1").await.expect(201);
    let stranger = app.signed("other").await;
    for (there, missing) in [
        ("/v2/manage/namespaces/group", "/v2/manage/namespaces/none"),
        ("/v2/manage/namespaces/group/access", "/v2/manage/namespaces/none/access"),
        ("/v2/manage/namespaces/group/repos/app", "/v2/manage/namespaces/group/repos/none"),
        ("/v2/manage/namespaces/group/repos/app", "/v2/manage/namespaces/none/repos/app"),
        (
            "/v2/manage/namespaces/group/repos/app/tags/v1",
            "/v2/manage/namespaces/group/repos/none/tags/v1",
        ),
    ] {
        let strip = |mut body: Value| {
            body["request_id"] = Value::Null;
            body
        };
        let one = strip(checked(stranger.get(there).await, 404));
        let other = strip(checked(stranger.get(missing).await, 404));
        assert_eq!(one, other, "{there}");
    }
    // Somebody who may see the organization hears the same sentence of an image that is not there.
    let own = app.signed("acme/reader").await;
    let body = checked(own.get("/v2/manage/namespaces/group/repos/none").await, 404);
    assert_eq!(body["error_msg"], "there is no image of this name");
}

#[tokio::test]
async fn methods_that_are_none_are_refused() {
    let app = TestApp::new().await;
    let owner = app.signed("acme").await;
    let reply = owner.send("PUT", NAMESPACES, json!({})).await;
    assert_eq!(reply.header("allow"), "POST, GET");
    assert_eq!(checked(reply, 405)["error_code"], "APIGW.0101");
}
