//! The document of the API.

use crate::support::TestApp;

#[tokio::test]
async fn the_document_is_as_it_was_agreed() {
    let app = TestApp::new().await;
    let reply = app.anonymous().get("/openapi.json").await.expect(200);
    assert_eq!(reply.header("content-type"), "application/json");
    let mut document = reply.json();
    assert_eq!(reply.text(), roadstead_server::http::manage::openapi::text().unwrap());
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    document["info"]["version"] = "VERSION".into();
    let mut text = serde_json::to_string_pretty(&document).unwrap();
    text.push('\n');
    insta::assert_snapshot!("openapi", text);
}

#[tokio::test]
async fn what_is_documented_is_what_is_served() {
    let app = TestApp::new().await;
    let document = app.anonymous().get("/openapi.json").await.expect(200).json();
    let nobody = app.anonymous();
    let mut seen = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            seen += 1;
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{path}");
            let target = path.replace("{api_version}", "v2").replace(['{', '}'], "");
            let method: http::Method = method.to_uppercase().parse().unwrap();
            let reply = nobody.send(method, &target, &[], "").await;
            let is_signed = operation["security"].is_array();
            assert_eq!(reply.status.as_u16(), if is_signed { 401 } else { 200 }, "{path}");
        }
    }
    assert_eq!(seen, 45);
}

#[test]
fn the_command_line_prints_it() {
    let folder = tempfile::tempdir().unwrap();
    let printed = crate::support::process::run_well(folder.path(), &["openapi"], "");
    assert_eq!(printed, roadstead_server::http::manage::openapi::text().unwrap());
}

#[tokio::test]
async fn people_read_it_in_their_language() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    for (language, words) in
        [("en", ["Create an organization", "Refusals"]), ("zh-CN", ["创建组织", "错误状态码"])]
    {
        let headers = [("accept-language", language)];
        let page = nobody.send(http::Method::GET, "/docs/api", &headers, "").await.expect(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        let text = page.text();
        assert!(text.contains(&format!("<html lang=\"{language}\"")));
        for word in words {
            assert!(text.contains(word), "{word}");
        }
        assert!(!text.contains("<script") && !text.contains("style="));
        assert_eq!(text.matches("<article").count(), 45);
        assert_eq!(nobody.get(&format!("/docs/api?lang={language}")).await.text(), text);
    }
}
