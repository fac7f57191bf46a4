//! The audit log over HTTP: server functions, and the file that people take away.

use serde_json::json;

use crate::support::{Client, TestApp, TestImage};

async fn call(client: &mut Client, name: &str, input: serde_json::Value) -> crate::support::Reply {
    client.visit("/overview").await.expect(200);
    let token = client.cookie("rs_csrf").unwrap_or_default().to_owned();
    let headers = [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("x-csrf-token", token.as_str()),
    ];
    let path = format!("/console/call/{name}");
    client.send(http::Method::POST, &path, &headers, input.to_string()).await
}

#[tokio::test]
async fn events_are_listed_and_shown() {
    TestApp::each(async |app| {
        TestImage::new(5, 1, 1_000).push(&app.editor(), "group/app", "v1").await.expect(201);
        let mut owner = app.signed_in("acme").await;
        let filter = json!({ "name": "createImageTag", "operator": "acme/editor" });
        let query = json!({ "query": { "filter": filter, "before": null, "limit": 10 } });
        let page = call(&mut owner, "list_audit", query).await.expect(200).json();
        assert_eq!(page["is_whole_account"], true);
        assert_eq!(page["events"].as_array().map(Vec::len), Some(1), "{page}");
        let event = &page["events"][0];
        assert_eq!(event["resource_name"], "group/app:v1");
        assert_eq!(event["link"]["tag"], json!(["group/app", "v1"]));
        let id = json!({ "trace_id": event["trace_id"] });
        let shown = call(&mut owner, "get_audit_event", id.clone()).await.expect(200).json();
        assert_eq!(&shown, event);
        let mut reader = app.signed_in("acme/reader").await;
        call(&mut reader, "get_audit_event", id).await.expect(404);
        let text = json!({ "what": "operator", "text": "edit" });
        let found = call(&mut owner, "suggest_audit", text).await.expect(200).json();
        assert_eq!(found, json!(["acme/editor"]));
    })
    .await;
}

#[tokio::test]
async fn the_export_is_a_file_of_the_events_that_match() {
    let app = TestApp::new().await;
    TestImage::new(5, 1, 1_000).push(&app.editor(), "group/app", "v1").await.expect(201);
    let path = "/console/audit.csv?name=createImageTag&result=success";
    app.anonymous().get(path).await.expect(401);
    let mut owner = app.signed_in("acme").await;
    let reply = owner.visit(path).await.expect(200);
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
    assert!(reply.header("content-disposition").starts_with("attachment; filename=\"audit-20"));
    assert_eq!(reply.header("cache-control"), "no-store");
    let text = reply.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("\u{feff}Time,Trace name,"), "{text}");
    assert!(lines[1].contains(",createImageTag,Create tag,Tag,SWR,"), "{text}");
    assert!(lines[1].contains(",group/app:v1,normal,acme/editor,"), "{text}");
    owner.set_cookie("rs_lang", "zh-CN");
    let text = owner.visit(path).await.expect(200).text();
    assert!(
        text.starts_with("\u{feff}操作时间,事件名称,") && text.contains(",创建镜像版本,"),
        "{text}"
    );
    // A reader has their own events only, and what no event has is no filter.
    let mut reader = app.signed_in("acme/reader").await;
    assert_eq!(reader.visit(path).await.expect(200).text().lines().count(), 1);
    for wrong in ["name=createImageTags", "account=1", "address=300.1.1.1", "since=yesterday"] {
        reader.visit(&format!("/console/audit.csv?{wrong}")).await.expect(400);
    }
}
