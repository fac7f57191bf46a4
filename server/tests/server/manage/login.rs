//! Login commands, the account's numbers, and what the SDK looks up (`swr-api.md` 3, 5, 7.10).

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::{TestApp, TestImage};

#[tokio::test]
async fn a_login_command_logs_in() {
    let app = TestApp::new().await;
    let reader = app.signed("acme/reader").await;
    for (path, seconds) in [
        ("/v2/manage/utils/secret", 6 * 3_600),
        ("/v2/manage/utils/secret?projectname=local&duration_seconds=900", 900),
        ("/v2/manage/utils/authorizationtoken", 12 * 3_600),
    ] {
        let reply = reader.text("POST", path, "").await.expect(200);
        assert_eq!(reply.header("cache-control"), "no-store");
        let ends = app.house.ports.now().plus_seconds(seconds).to_string();
        assert_eq!(reply.header("x-swr-expireat"), ends, "{path}");
        let command: Vec<&str> = reply.header("x-swr-dockerlogin").split(' ').collect();
        let ["docker", "login", "-u", user, "-p", password, host] = command[..] else {
            panic!("{command:?}")
        };
        assert_eq!(host, "127.0.0.1:5000");
        assert!(user.starts_with("local@"));
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        assert_eq!(reply.json(), json!({ "auths": { host: { "auth": auth } } }));
        app.anonymous().basic(user, password).get("/v2/").await.expect(200);
    }
}

#[tokio::test]
async fn numbers_of_the_account() {
    let app = TestApp::new().await;
    TestImage::new(5, 1, 5_000).push(&app.owner(), "group/app", "v1").await.expect(201);
    app.owner().get("/v2/group/app/manifests/v1").await.expect(200);
    app.house.service.flush().await.unwrap();
    let owner = app.signed("acme").await;
    let overview = owner.get("/v2/manage/overview").await.expect(200).json();
    assert_eq!(overview["domain_name"], "acme");
    assert_eq!(overview["domain_id"].as_str().unwrap().len(), 32);
    assert_eq!(
        (&overview["namspace_num"], &overview["repo_num"], &overview["image_num"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert!(
        overview["store_space"].is_f64() && overview["store_space"].as_f64().unwrap() > 5_000.0
    );
    assert!(overview["downflow_size"].is_f64());
    for (kind, frequency, count, length) in
        [("store", "daily", 30, 10), ("store", "monthly", 12, 7), ("downflow", "daily", 30, 10)]
    {
        let path = format!("/v2/manage/reports/{kind}/{frequency}");
        let points = owner.get(&path).await.expect(200).json();
        let points = points.as_array().unwrap();
        assert_eq!(points.len(), count);
        assert!(points.iter().all(|it| it["date"].as_str().unwrap().len() == length));
        assert!(points.last().unwrap()["value"].as_f64().unwrap() > 0.0, "{path}");
    }
    let agency = owner.get("/v2/manage/agency").await.expect(200).json();
    assert_eq!(
        (&agency["domain_id"], &agency["is_agency"]),
        (&overview["domain_id"], &json!(true))
    );
    assert!(owner.post("/v2/manage/agency", Value::Null).await.expect(204).body.is_empty());
    assert_eq!(
        owner.get("/v2/manage/regions").await.expect(200).json(),
        json!([{ "regionID": "local" }])
    );
}

#[tokio::test]
async fn the_sdk_finds_its_project() {
    let app = TestApp::new().await;
    let reader = app.signed("acme/reader").await;
    let found = reader.get("/v3/projects?name=local").await.expect(200).json();
    let projects = found["projects"].as_array().unwrap();
    assert_eq!(projects.len(), 1);
    assert_eq!((&projects[0]["name"], &projects[0]["enabled"]), (&json!("local"), &json!(true)));
    assert_eq!(projects[0]["id"].as_str().unwrap().len(), 32);
    let none = reader.get("/v3/projects?name=elsewhere").await.expect(200).json();
    assert_eq!(none["projects"], json!([]));
    let domains = reader.get("/v3/auth/domains").await.expect(200).json();
    assert_eq!(domains["domains"][0]["name"], "acme");
    assert_eq!(domains["domains"][0]["id"], projects[0]["domain_id"]);
}
