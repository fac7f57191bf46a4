//! Shares with other accounts (`swr-api.md` 7.6).

use serde_json::json;

use crate::support::{TestApp, TestImage};

const SHARES: &str = "/v2/manage/namespaces/group/repositories/team%24app/access-domains";

#[tokio::test]
async fn an_image_is_shared_until_a_day() {
    TestApp::each(async |app| {
        TestImage::new(5, 1, 100).push(&app.owner(), "group/team/app", "v1").await.expect(201);
        let manager = app.signed("acme/manager").await;
        let share = |deadline: &str| json!({ "access_domain": "other", "permit": "read", "deadline": deadline, "description": "给你 \u{1f381}" });
        assert!(manager.post(SHARES, share("forever")).await.expect(201).body.is_empty());
        let twice = manager.post(SHARES, share("forever")).await.expect(409).json();
        assert_eq!(twice["error_code"], "SVCSTG.SWR.4090089");
        let one = manager.get(&format!("{SHARES}/other")).await.expect(200).json();
        for (field, value) in [
            ("namespace", json!("group")),
            ("repository", json!("team/app")),
            ("access_domain", json!("other")),
            ("permit", json!("read")),
            ("deadline", json!("forever")),
            ("description", json!("给你 \u{1f381}")),
            ("creator_name", json!("manager")),
            ("status", json!(true)),
            ("exist", json!(true)),
        ] {
            assert_eq!(one[field], value, "{field}");
        }
        assert_eq!(one["creator_id"].as_str().unwrap().len(), 32);
        // What is written comes back as it was given; an absent description is an empty one.
        let until = "2099-12-31T00:00:00Z";
        let change = json!({ "permit": "read", "deadline": until });
        manager.patch(&format!("{SHARES}/other"), change).await.expect(201);
        let all = manager.get(SHARES).await.expect(200).json();
        assert_eq!((&all[0]["deadline"], &all[0]["description"]), (&json!(until), &json!("")));

        let other = app.signed("other").await;
        let path = "/v2/manage/namespaces/group/repos/team%24app";
        let seen = other.get(path).await.expect(200).json();
        assert_eq!((&seen["name"], &seen["creator_id"], &seen["creator_name"]), (&json!("team/app"), &json!(""), &json!("")));
        other.get(&format!("{path}/tags")).await.expect(200);
        other.get(SHARES).await.expect(403);
        let listed = other.get("/v2/manage/shared-repositories?center=thirdparty").await.expect(200).json();
        let item = &listed[0];
        assert_eq!((&item["domain_name"], &item["status"], &item["tags"]), (&json!("acme"), &json!(true), &json!(["v1"])));
        // By the other spelling of the address too.
        let repos = SHARES.replace("repositories", "repos");
        assert_eq!(manager.get(&repos).await.expect(200).json(), all);

        let reply = manager.post(SHARES, json!({ "access_domain": "nobody", "permit": "read", "deadline": "forever" })).await;
        assert_eq!(reply.expect(400).json()["error_code"], "SVCSTG.SWR.4001090");
        let own = manager.post(SHARES, json!({ "access_domain": "acme", "permit": "read", "deadline": "forever" })).await;
        own.expect(400);
        manager.delete(&format!("{SHARES}/other")).await.expect(204);
        manager.get(&format!("{SHARES}/other")).await.expect(404);
        manager.delete(&format!("{SHARES}/other")).await.expect(404);
        manager.patch(&format!("{SHARES}/other"), json!({ "permit": "read", "deadline": "forever" })).await.expect(404);
        other.get(path).await.expect(404);
        app.signed("acme/editor").await.get(SHARES).await.expect(403);
    })
    .await;
}

#[tokio::test]
async fn an_ended_share_tells_nothing_but_the_name() {
    let app = TestApp::new().await;
    TestImage::new(5, 1, 100).push(&app.owner(), "group/app", "v1").await.expect(201);
    let owner = app.signed("acme").await;
    let end = app.house.ports.now().plus_seconds(60).to_string();
    let share = json!({ "access_domain": "other", "permit": "read", "deadline": end });
    owner
        .post("/v2/manage/namespaces/group/repositories/app/access-domains", share)
        .await
        .expect(201);
    let mut other = app.signed("other").await;
    app.clock.advance(61);
    other.now = app.house.ports.now();
    let list =
        other.get("/v2/manage/shared-repositories?center=thirdparty").await.expect(200).json();
    let item = &list[0];
    assert_eq!(
        (&item["status"], &item["tags"], &item["num_images"]),
        (&json!(false), &json!([]), &json!(0))
    );
    let by = async |status: &str| {
        let path = format!("/v3/manage/shared-repositories?shared_by=thirdparty&status={status}");
        other.get(&path).await.expect(200).json()["repos"].as_array().unwrap().len()
    };
    assert_eq!((by("true").await, by("false").await), (0, 1));
    other.get("/v2/manage/namespaces/group/repos/app").await.expect(404);
}

#[tokio::test]
async fn names_of_accounts_cannot_be_found_out() {
    let app = TestApp::new().await;
    TestImage::new(5, 1, 100).push(&app.owner(), "group/app", "v1").await.expect(201);
    let owner = app.signed("acme").await;
    let path = "/v2/manage/namespaces/group/repositories/app/access-domains";
    let share =
        |name: &str| json!({ "access_domain": name, "permit": "read", "deadline": "forever" });
    for number in 0..5 {
        owner.post(path, share(&format!("guess{number}"))).await.expect(400);
    }
    for name in ["guess9", "other"] {
        let reply = owner.post(path, share(name)).await.expect(403).json();
        assert_eq!(reply["error_code"], "SVCSTG.SWR.4039002");
    }
}
