//! What a live page hears, and what does not keep its session alive.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::support::{Client, TestApp, TestImage};

/// The body of the stream of somebody who is signed in.
async fn follow(app: &TestApp, browser: &Client, after: &str) -> (StatusCode, Body) {
    let session = browser.cookie("rs_session").unwrap_or_default();
    let request = Request::get(format!("/console/events?after={after}"))
        .header(header::HOST, "127.0.0.1:5000")
        .header(header::COOKIE, format!("rs_session={session}"))
        .body(Body::empty())
        .unwrap();
    let response = app.router.clone().oneshot(request).await.unwrap();
    if response.status() == StatusCode::OK {
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    (response.status(), response.into_body())
}

/// The next event, as text.
async fn next(body: &mut Body) -> String {
    let frame = body.frame().await.unwrap().unwrap();
    String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_push_is_heard_by_those_who_see_the_image() {
    let app = TestApp::new().await;
    let service = &app.house.service;
    let read = service.follow_changes(None).await.unwrap();
    let cursor = service.news().cursor();
    let reader = app.signed_in("acme/reader").await;
    let stranger = app.signed_in("other").await;
    let (_, mut heard) = follow(&app, &reader, &cursor).await;
    let (_, mut not_heard) = follow(&app, &stranger, &cursor).await;
    for body in [&mut heard, &mut not_heard] {
        assert!(next(body).await.contains("\"images\":[]"), "the first event is where it begins");
    }
    TestImage::new(5, 1, 1_000).push(&app.editor(), "group/app", "v1").await.expect(201);
    service.follow_changes(Some(read)).await.unwrap();
    let event = next(&mut heard).await;
    assert!(event.contains("group/app") && event.contains("id:"), "{event}");
    // Who is told nothing hears the end, and before it nothing.
    service.news().close();
    assert!(not_heard.frame().await.is_none());
}

#[tokio::test]
async fn nobody_follows_without_a_session() {
    let app = TestApp::new().await;
    let (status, _) = follow(&app, &app.anonymous(), "").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_the_page_asks_by_itself_does_not_keep_the_session_alive() {
    let app = TestApp::new().await;
    let mut browser = app.signed_in("acme/reader").await;
    let token = browser.cookie("rs_csrf").unwrap().to_owned();
    let ask = async |browser: &Client, is_background: bool| {
        let mut headers = vec![
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-csrf-token", token.as_str()),
        ];
        if is_background {
            headers.push(("x-background", "1"));
        }
        browser.send(Method::POST, "/console/call/session", &headers, "").await.expect(200).json()
    };
    let hour = 3_600;
    app.clock.advance(5 * hour);
    let span = ask(&browser, true).await;
    assert_eq!(span["idle"], 3 * hour);
    // A person does something: eight hours from now.
    let span = ask(&browser, false).await;
    assert_eq!(span["idle"], 8 * hour);
    assert_eq!(span["longest"], 7 * 24 * hour - 5 * hour);
    app.clock.advance(8 * hour - 1);
    let cursor = app.house.service.news().cursor();
    let (status, body) = follow(&app, &browser, &cursor).await;
    assert_eq!(status, StatusCode::OK);
    drop(body);
    app.clock.advance(1);
    assert!(ask(&browser, true).await.is_null());
    browser.visit("/images").await.expect(302);
}

#[tokio::test]
async fn how_a_list_is_shown_is_remembered() {
    let app = TestApp::new().await;
    TestImage::new(5, 1, 1_000).push(&app.editor(), "group/app", "v1").await.expect(201);
    let mut browser = app.signed_in("acme/reader").await;
    let first = browser.visit("/images").await.expect(200).text();
    assert!(first.contains("data-hide=\" category pulls\""));
    let fields = [("list", "images"), ("is_columns", "true"), ("shown[]", "pulls")];
    browser.submit_from("/images", "list", &fields).await.expect(302);
    let then = browser.visit("/images").await.expect(200).text();
    assert!(then.contains("data-hide=\" organization type category tags size updated\""));
    browser
        .submit_from("/images", "list", &[("list", "images"), ("sort", "pulls.asc")])
        .await
        .expect(302);
    let sorted = browser.visit("/images").await.expect(200).text();
    assert!(sorted.contains("aria-sort=\"ascending\" data-col=\"pulls\""));
    // Unknown lists and sizes are nothing to remember.
    browser.submit_from("/images", "list", &[("list", "x"), ("sort", "a.asc")]).await.expect(302);
    let refused =
        browser.submit_from("/images", "list", &[("list", ""), ("page_size", "33")]).await;
    assert!(refused.header("location").contains("__err"));
}
