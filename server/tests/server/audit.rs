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

#[tokio::test]
async fn the_page_shows_what_its_address_asks_for() {
    let app = TestApp::new().await;
    TestImage::new(5, 1, 1_000).push(&app.editor(), "group/app", "v1").await.expect(201);
    let mut owner = app.signed_in("acme").await;
    let text = owner.visit("/audit?name=createImageTag").await.expect(200).text();
    assert!(text.contains("Events of the whole account"), "{text}");
    assert!(text.contains("Create tag") && text.contains("createImageTag"), "{text}");
    assert!(text.contains("href=\"/images/group/app/tags/v1\""), "{text}");
    // A row has the reference's keys, in the row that it unfolds.
    for key in ["request", "trace_rating", "tracker_name", "record_time", "user"] {
        assert!(text.contains(&format!("<code>{key}</code>")), "{key}: {text}");
    }
    // The file is that of the same events.
    let file = between(&text, "href=\"/console/audit.csv", "\"").replace("&amp;", "&");
    let file = owner.visit(&format!("/console/audit.csv{file}")).await.expect(200).text();
    assert_eq!(file.lines().count(), 2, "{file}");
    // One event as JSON.
    let id = between(&text, "data-testid=\"audit.row.", "\"").to_owned();
    let address = format!("/audit?name=createImageTag&dialog=trace&item={id}");
    let dialog = owner.visit(&address).await.expect(200).text();
    assert!(dialog.contains("data:application/json") && dialog.contains(&format!("{id}.json")));
    // A reader has their own events only, and not that one.
    let mut reader = app.signed_in("acme/reader").await;
    let text = reader.visit(&address).await.expect(200).text();
    assert!(text.contains("My own events only"), "{text}");
    assert!(text.contains("data-testid=\"audit.empty\""), "{text}");
    assert!(!text.contains("data:application/json"), "{text}");
}

#[tokio::test]
async fn the_pages_of_events_follow_each_other_and_wrong_filters_are_said() {
    let app = TestApp::new().await;
    for tag in 0..12 {
        let tag = format!("v{tag}");
        TestImage::new(5, 1, 1_000).push(&app.editor(), "group/app", &tag).await.expect(201);
    }
    let mut owner = app.signed_in("acme").await;
    let rows = |text: &str| text.matches("class=\"unfold\"").count();
    let first = "/audit?name=createImageTag&size=10";
    let text = owner.visit(first).await.expect(200).text();
    assert_eq!(rows(&text), 10, "{text}");
    let page = between(&text, "size=10&amp;page=", "\"").to_owned();
    let text = owner.visit(&format!("{first}&page={page}")).await.expect(200).text();
    assert_eq!(rows(&text), 2, "{text}");
    let back = format!("href=\"{}\" data-testid=\"pager.newer\"", first.replace('&', "&amp;"));
    assert!(text.contains(&back), "{text}");
    let text = owner.visit("/audit?ip=300.1.1.1&level=normal").await.expect(200).text();
    assert!(text.contains("data-testid=\"audit.wrong\"") && text.contains("192.0.2.7"), "{text}");
    assert!(text.contains("value=\"300.1.1.1\""), "what was typed stays: {text}");
    assert!(!text.contains("/console/audit.csv"), "{text}");
}

/// What stands between the first `begin` and the `end` after it.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let rest = text.split_once(begin).map_or("", |(_, rest)| rest);
    rest.split_once(end).map_or("", |(found, _)| found)
}
