//! Organizations and rights of users (`swr-api.md` 7.2, 7.3).

use serde_json::{Value, json};

use crate::support::{Signed, TestApp, TestImage};

const NAMESPACES: &str = "/v2/manage/namespaces";

async fn names(person: &Signed, query: &str) -> Vec<(String, i64)> {
    let body = person.get(&format!("{NAMESPACES}{query}")).await.expect(200).json();
    let of = |it: &Value| (it["name"].as_str().unwrap().to_owned(), it["auth"].as_i64().unwrap());
    body["namespaces"].as_array().unwrap().iter().map(of).collect()
}

/// Id of a user of the account, as the rights on `group` tell it.
pub async fn user_id(manager: &Signed, name: &str) -> String {
    let body = manager.get("/v2/manage/namespaces/group/access").await.expect(200).json();
    let all = body["others_auths"].as_array().unwrap().iter().chain([&body["self_auth"]]);
    all.clone().find(|it| it["user_name"] == name).unwrap()["user_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn organizations_are_made_listed_and_deleted() {
    TestApp::each(async |app| {
        let owner = app.signed("acme").await;
        let reply = owner.post(NAMESPACES, json!({ "namespace": "demo" })).await.expect(201);
        assert!(reply.body.is_empty());
        let shown = owner.get("/v2/manage/namespaces/demo").await.expect(200).json();
        assert!(shown["id"].is_i64());
        assert_eq!(shown["creator_name"], "acme");
        assert_eq!((&shown["name"], &shown["auth"]), (&json!("demo"), &json!(7)));
        let twice = owner.post(NAMESPACES, json!({ "namespace": "demo" })).await.expect(409).json();
        assert_eq!(twice["error_code"], "SVCSTG.SWR.4090060");
        // Names are unique among all accounts.
        let stranger = app.signed("other").await;
        stranger.post(NAMESPACES, json!({ "namespace": "demo" })).await.expect(409);
        assert_eq!(names(&owner, "").await, [("demo".into(), 7), ("group".into(), 7)]);
        assert_eq!(names(&owner, "?namespace=EM").await, [("demo".into(), 7)]);
        let filtered = names(&owner, "?filter=namespace%3A%3Agro%7Cmode%3A%3Avisible").await;
        assert_eq!(filtered, [("group".into(), 7)]);
        let editor = app.signed("acme/editor").await;
        assert_eq!(names(&editor, "").await, [("group".into(), 3)]);
        editor.post(NAMESPACES, json!({ "namespace": "mine" })).await.expect(403);
        editor.delete("/v2/manage/namespaces/group").await.expect(403);
        editor.delete("/v2/manage/namespaces/demo").await.expect(404);

        TestImage::new(1, 1, 100).push(&app.owner(), "demo/app", "v1").await.expect(201);
        let full = owner.delete("/v2/manage/namespaces/demo").await.expect(406).json();
        assert_eq!(full["error_code"], "SVCSTG.SWR.4060074");
        owner.delete("/v2/manage/namespaces/demo/repos/app").await.expect(204);
        let gone = owner.delete("/v2/manage/namespaces/demo").await.expect(204);
        assert!(gone.body.is_empty());
        owner.get("/v2/manage/namespaces/demo").await.expect(404);

        // Five are the default quota.
        for name in ["a1", "a2", "a3", "a4"] {
            owner.post(NAMESPACES, json!({ "namespace": name })).await.expect(201);
        }
        let over = owner.post(NAMESPACES, json!({ "namespace": "a5" })).await.expect(400).json();
        assert_eq!(over["error_code"], "SVCSTG.SWR.4000097");
        let quotas =
            owner.get("/v2/manage/projects/%7Bproject_id%7D/quotas").await.expect(200).json();
        let quota = json!({ "quota_key": "namespace", "quota_limit": 5, "used": 5, "unit": "" });
        assert_eq!(quotas, json!({ "quotas": [quota] }));
    })
    .await;
}

#[tokio::test]
async fn rights_are_given_changed_and_taken_away() {
    TestApp::each(async |app| {
        let owner = app.signed("acme").await;
        TestImage::new(1, 1, 100).push(&app.owner(), "group/team/app", "v1").await.expect(201);
        let acme = "acme".parse().unwrap();
        let access = roadstead::access::Access { console: false, programmatic: true };
        app.new_user(&acme, "newcomer", access).await;
        let newcomer = app.signed("acme/newcomer").await;
        let on = "/v2/manage/namespaces/group/access";
        let repo = "/v2/manage/namespaces/group/repos/team%24app/access";
        let body = owner.get(on).await.expect(200).json();
        assert_eq!((&body["name"], &body["self_auth"]["auth"]), (&json!("group"), &json!(7)));
        let others: Vec<_> = body["others_auths"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["user_name"].as_str().unwrap(), it["auth"].as_i64().unwrap()))
            .collect();
        assert_eq!(others, [("editor", 3), ("manager", 7), ("reader", 1)]);

        assert_eq!(names(&newcomer, "").await, []);
        newcomer.get(repo).await.expect(404);
        // Somebody who is nobody's user is told by 400.
        let nobody = json!([{ "user_id": "0123456789abcdef0123456789abcdef", "user_name": "x", "auth": 1 }]);
        owner.post(on, nobody).await.expect(400);
        let reader = user_id(&owner, "reader").await;
        let wrong = json!([{ "user_id": reader, "user_name": "editor", "auth": 1 }]);
        let wrong = owner.patch(on, wrong).await.expect(400).json();
        assert!(wrong["error_msg"].as_str().unwrap().starts_with("user_name"));

        let manager = app.signed("acme/manager").await;
        let entry = |id: &str, name: &str, auth: i64| json!([{ "user_id": id, "user_name": name, "auth": auth }]);
        let twice = manager.post(on, entry(&reader, "reader", 3)).await.expect(409).json();
        assert_eq!(twice["error_code"], "SVCSTG.SWR.4090076");
        manager.patch(on, entry(&reader, "reader", 3)).await.expect(201);
        let reader_key = app.signed("acme/reader").await;
        assert_eq!(names(&reader_key, "").await, [("group".into(), 3)]);
        let gone = manager.send("DELETE", on, json!([reader])).await.expect(204);
        assert!(gone.body.is_empty());
        manager.send("DELETE", on, json!([reader])).await.expect(404);
        manager.patch(on, entry(&reader, "reader", 1)).await.expect(404);
        assert_eq!(names(&reader_key, "").await, []);

        // On one image: seen is the organization too, with `mode::visible`.
        manager.post(repo, entry(&reader, "reader", 1)).await.expect(201);
        let body = manager.get(repo).await.expect(200).json();
        assert_eq!(body["name"], "team/app");
        assert_eq!(body["others_auths"], entry(&reader, "reader", 1));
        assert!(body.get("creator_name").is_none());
        assert_eq!(names(&reader_key, "").await, []);
        assert_eq!(names(&reader_key, "?filter=mode::visible").await, [("group".into(), 0)]);
        let own = reader_key.get(repo).await.expect(200).json();
        assert_eq!((&own["self_auth"]["auth"], &own["others_auths"]), (&json!(1), &json!([])));
        reader_key.post(repo, entry(&reader, "reader", 7)).await.expect(403);
        manager.patch(repo, entry(&reader, "reader", 7)).await.expect(201);
        assert_eq!(reader_key.get(repo).await.json()["self_auth"]["auth"], 7);
        manager.send("DELETE", repo, json!([reader])).await.expect(204);
        reader_key.get(repo).await.expect(404);
    })
    .await;
}
