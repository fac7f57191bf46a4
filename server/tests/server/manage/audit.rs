//! What is changed by the management API is in the audit log under SWR's names.

use serde_json::json;

use crate::support::{TestApp, TestImage};

#[tokio::test]
async fn every_change_is_recorded_under_swrs_name() {
    let app = TestApp::new().await;
    TestImage::new(5, 1, 100).push(&app.owner(), "group/app", "v1").await.expect(201);
    let owner = app.signed("acme").await;
    let reader = super::organization::user_id(&owner, "reader").await;
    let (ns, repo) = ("/v2/manage/namespaces/demo", "/v2/manage/namespaces/group/repos/app");
    let access = json!([{ "user_id": reader, "user_name": "reader", "auth": 3 }]);
    let share = json!({ "access_domain": "other", "permit": "read", "deadline": "forever" });
    let shares = "/v2/manage/namespaces/group/repositories/app/access-domains";
    let mut wanted = Vec::new();
    for (method, path, body, status, name) in [
        (
            "POST",
            "/v2/manage/namespaces".to_owned(),
            json!({ "namespace": "demo" }),
            201,
            "createUserNamespace",
        ),
        ("POST", format!("{ns}/access"), access.clone(), 201, "createUserNamespaceAuth"),
        ("PATCH", format!("{ns}/access"), access.clone(), 201, "updateUserNamespaceAuth"),
        ("DELETE", format!("{ns}/access"), json!([reader]), 204, "deleteUserNamespaceAuth"),
        ("POST", format!("{repo}/access"), access.clone(), 201, "createUserRepositoryAuth"),
        ("PATCH", format!("{repo}/access"), access.clone(), 201, "updateUserRepositoryAuth"),
        ("DELETE", format!("{repo}/access"), json!([reader]), 204, "deleteUserRepositoryAuth"),
        (
            "POST",
            format!("{ns}/repos"),
            json!({ "repository": "x", "is_public": false }),
            201,
            "createImageRepository",
        ),
        (
            "PATCH",
            format!("{ns}/repos/x"),
            json!({ "is_public": true }),
            201,
            "updateImageRepository",
        ),
        ("DELETE", format!("{ns}/repos/x"), json!(null), 204, "deleteImageRepository"),
        ("DELETE", ns.to_owned(), json!(null), 204, "deleteUserNamespace"),
        (
            "POST",
            format!("{repo}/tags"),
            json!({ "source_tag": "v1", "destination_tag": "v2" }),
            201,
            "createImageTag",
        ),
        ("DELETE", format!("{repo}/tags/v2"), json!(null), 204, "deleteImageTag"),
        ("POST", shares.to_owned(), share, 201, "createImageRepositoryAccessDomain"),
        (
            "PATCH",
            format!("{shares}/other"),
            json!({ "permit": "read", "deadline": "forever" }),
            201,
            "updateImageRepositoryAccessDomain",
        ),
        (
            "DELETE",
            format!("{shares}/other"),
            json!(null),
            204,
            "deleteImageRepositoryAccessDomain",
        ),
        ("POST", "/v2/manage/utils/secret".to_owned(), json!(null), 200, "createDockerConfig"),
        (
            "POST",
            "/v2/manage/utils/authorizationtoken".to_owned(),
            json!(null),
            200,
            "createDockerConfig",
        ),
    ] {
        owner.send(method, &path, body).await.expect(status);
        wanted.push(name.to_owned());
    }
    let log = app.signed_in("acme").await;
    let query = json!({ "query": { "filter": {}, "before": null, "limit": 100 } });
    let token = log.cookie("rs_csrf").unwrap().to_owned();
    let headers = [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("x-csrf-token", token.as_str()),
    ];
    let page =
        log.send(http::Method::POST, "/console/call/list_audit", &headers, query.to_string()).await;
    let page = page.expect(200).json();
    let events = page["events"].as_array().unwrap();
    let mut names: Vec<String> = events
        .iter()
        .filter(|event| event["origin"] == "ApiCall")
        .map(|event| event["name"].as_str().unwrap().to_owned())
        .collect();
    names.reverse();
    // The push of the beginning is the registry's.
    assert_eq!(&names[names.len() - wanted.len()..], wanted);
}
