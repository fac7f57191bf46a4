//! Images (`swr-api.md` 7.4).

use serde_json::json;

use crate::support::{TestApp, TestImage};

const REPOS: &str = "/v2/manage/namespaces/group/repos";

#[tokio::test]
async fn images_are_made_changed_and_deleted() {
    TestApp::each(async |app| {
        let editor = app.signed("acme/editor").await;
        let new = json!({ "repository": "team/web", "is_public": false, "category": "database", "description": "数据库 \u{1f4e6}" });
        let reply = editor.post(REPOS, new.clone()).await.expect(201);
        assert!(reply.body.is_empty());
        assert_eq!(editor.post(REPOS, new).await.expect(409).json()["error_code"], "SVCSTG.SWR.4090006");
        for path in ["team%24web", "team%2Fweb", "team$web"] {
            let shown = editor.get(&format!("{REPOS}/{path}")).await.expect(200).json();
            assert_eq!(shown["name"], "team/web");
        }
        let shown = editor.get(&format!("{REPOS}/team%24web")).await.expect(200).json();
        for (field, value) in [
            ("category", json!("database")),
            ("description", json!("数据库 \u{1f4e6}")),
            ("creator_name", json!("editor")),
            ("size", json!(0)),
            ("is_public", json!(false)),
            ("num_images", json!(0)),
            ("num_download", json!(0)),
            ("url", json!("")),
            ("path", json!("127.0.0.1:5000/group/team/web")),
            ("internal_path", json!("127.0.0.1:5000/group/team/web")),
            ("priority", json!(0)),
        ] {
            assert_eq!(shown[field], value, "{field}");
        }
        for field in ["id", "ns_id"] {
            assert!(shown[field].is_i64(), "{field}");
        }
        for field in ["creator_id", "domain_id"] {
            assert_eq!(shown[field].as_str().unwrap().len(), 32, "{field}");
        }
        for field in ["created", "updated"] {
            assert!(shown[field].as_str().unwrap().ends_with('Z'), "{field}");
        }
        let domains = editor.get("/v3/auth/domains").await.expect(200).json();
        assert_eq!(shown["domain_id"], domains["domains"][0]["id"]);

        // What is absent stays; an empty description clears.
        let path = format!("{REPOS}/team%24web");
        editor.patch(&path, json!({ "is_public": true })).await.expect(201);
        let shown = editor.get(&path).await.expect(200).json();
        assert_eq!((&shown["is_public"], &shown["category"]), (&json!(true), &json!("database")));
        assert_eq!(shown["description"], "数据库 \u{1f4e6}");
        editor.patch(&path, json!({ "is_public": false, "description": "", "category": "arm" })).await.expect(201);
        let shown = editor.get(&path).await.expect(200).json();
        assert_eq!((&shown["description"], &shown["category"]), (&json!(""), &json!("arm")));

        let reader = app.signed("acme/reader").await;
        reader.get(&path).await.expect(200);
        reader.patch(&path, json!({ "is_public": true })).await.expect(403);
        reader.post(REPOS, json!({ "repository": "x", "is_public": false })).await.expect(403);
        editor.delete(&path).await.expect(403);
        let manager = app.signed("acme/manager").await;
        assert!(manager.delete(&path).await.expect(204).body.is_empty());
        manager.delete(&path).await.expect(404);
        let missing = "/v2/manage/namespaces/none/repos";
        let reply = manager.post(missing, json!({ "repository": "x", "is_public": false })).await;
        assert_eq!(reply.expect(404).json()["error_code"], "SVCSTG.SWR.4040058");
    })
    .await;
}

#[tokio::test]
async fn lists_say_what_there_is() {
    TestApp::each(async |app| {
        for (index, (name, tag)) in
            [("group/app", "v1"), ("group/app", "v2"), ("group/team/app", "v1")]
                .into_iter()
                .enumerate()
        {
            TestImage::new(index as u64 + 1, 1, 100)
                .push(&app.owner(), name, tag)
                .await
                .expect(201);
        }
        let owner = app.signed("acme").await;
        let reply = owner.get("/v2/manage/repos").await.expect(200);
        assert_eq!(reply.header("content-range"), "0-2/2");
        let list = reply.json();
        let app_item = &list[0];
        assert!(app_item.get("id").is_none());
        for (field, value) in [
            ("name", json!("app")),
            ("namespace", json!("group")),
            ("num_images", json!(2)),
            ("tags", json!(["v2", "v1"])),
            ("domain_name", json!("acme")),
            ("path", json!("127.0.0.1:5000/group/app")),
            ("logo", json!("")),
            ("url", json!("")),
            ("status", json!(false)),
            ("total_range", json!(2)),
            ("is_public", json!(false)),
            ("category", json!("other")),
        ] {
            assert_eq!(app_item[field], value, "{field}");
        }
        let count = async |query: &str| {
            let reply = owner.get(&format!("/v2/manage/repos?{query}")).await.expect(200);
            reply.json().as_array().unwrap().len()
        };
        for (query, wanted) in [
            ("name=team%24app", 1),
            ("name=TEAM", 1),
            ("namespace=group", 2),
            ("namespace=none", 0),
            ("category=other", 2),
            ("category=linux", 0),
            ("is_public=true", 0),
            ("center=self", 2),
            ("filter=namespace%3A%3Agro", 2),
            ("filter=namespace%3A%3Aoup%7Cname%3A%3Ateam", 1),
            ("filter=namespace%3A%3Axyz", 0),
            ("filter=center%3A%3Aself%7Climit%3A%3A1%7Coffset%3A%3A1", 1),
            ("filter=center%3A%3Aself%7Coffset%3A%3A2%7Climit%3A%3A10&namespace=none", 0),
        ] {
            assert_eq!(count(query).await, wanted, "{query}");
        }
        let v3 = owner.get("/v3/manage/repos").await.expect(200).json();
        assert!(v3.get("nextMarker").is_none());
        let first = &v3["repos"][0];
        assert_eq!((&first["namespace_name"], &first["name"]), (&json!("group"), &json!("app")));
        assert!(first["id"].is_i64() && first.get("tags").is_none());
        // A stranger sees nothing of it.
        let stranger = app.signed("other").await;
        let reply = stranger.get("/v2/manage/repos").await.expect(200);
        assert_eq!((reply.header("content-range"), reply.text().as_str()), ("0-0/0", "[]"));
        assert_eq!(
            stranger.get("/v3/manage/repos").await.expect(200).json(),
            json!({ "repos": [] })
        );
    })
    .await;
}
