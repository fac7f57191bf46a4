//! Addresses that the registry, the console and the management API share (`swr-api.md` 7.1, 9.1).

use crate::support::TestApp;

#[tokio::test]
async fn versions_are_told_to_whoever_asks() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let all = nobody.get("/").await.expect(200);
    assert_eq!(all.header("content-type"), "application/json");
    assert!(!all.header("x-request-id").is_empty());
    let all = all.json();
    let ids: Vec<_> =
        all["versions"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["v2", "v3"]);
    for id in ids {
        let one = nobody.get(&format!("/{id}")).await.expect(200).json();
        assert_eq!(one["version"]["id"], id);
        assert_eq!(one["version"]["status"], "CURRENT");
        assert_eq!(one["version"]["links"]["rel"], "self");
        assert_eq!(one["version"]["links"]["href"], format!("http://127.0.0.1:5000/{id}"));
    }
    // The registry's ping is another address, and no redirect leads anywhere.
    let ping = nobody.get("/v2/").await.expect(401);
    assert!(ping.header("www-authenticate").starts_with("Bearer "));
    for path in ["/v3/", "/v4", "/v1", "/v2/manage", "/v2/manage/", "/v3/manage/none"] {
        let reply = nobody.get(path).await.expect(404).json();
        assert_eq!(
            reply["error_code"],
            if path == "/v4" || path == "/v1" { "SVCSTG.SWR.4040083" } else { "APIGW.0101" },
            "{path}"
        );
    }
    nobody.post("/v2", "").await.expect(405);
}

#[tokio::test]
async fn browsers_get_the_console_at_the_root() {
    let app = TestApp::new().await;
    let html = [("accept", "text/html,application/xhtml+xml")];
    let reply = app.anonymous().send(http::Method::GET, "/", &html, "").await.expect(302);
    assert_eq!(reply.header("location"), "/overview");
    // Whoever signs is no browser, whatever else it says.
    let signed = app.signed("acme").await;
    let mut headers = signed.headers("GET", "/", b"");
    headers.push(("accept".to_owned(), "text/html".to_owned()));
    let reply = signed.raw("GET", "/", &headers, "").await.expect(200).json();
    assert!(reply["versions"].is_array());
}

#[tokio::test]
async fn what_comes_later_is_no_api_yet() {
    let app = TestApp::new().await;
    let owner = app.signed("acme").await;
    let repo = "/v2/manage/namespaces/group/repos/app";
    for (method, path) in [
        ("POST", "retentions"),
        ("GET", "retentions"),
        ("GET", "retentions/1"),
        ("GET", "retentions/histories"),
        ("POST", "triggers"),
        ("GET", "triggers/t"),
        ("POST", "sync_repo"),
        ("POST", "sync_images"),
        ("GET", "sync_job"),
    ] {
        let reply = owner.send(method, &format!("{repo}/{path}"), serde_json::json!({})).await;
        assert_eq!(reply.expect(404).json()["error_code"], "APIGW.0101", "{method} {path}");
    }
    let project = owner.get("/v3/projects?name=local").await.expect(200).json();
    let project = project["projects"][0]["id"].as_str().unwrap().to_owned();
    let gates = format!("/v2/manage/projects/{project}/feature-gates");
    let gates = owner.get(&gates).await.expect(200).json();
    assert_eq!(gates["enable_image_sync"], false);
    assert_eq!(gates["enable_list_v3"], true);
    assert_eq!(gates.as_object().unwrap().len(), 12);
}
