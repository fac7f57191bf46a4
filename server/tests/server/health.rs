//! What machines ask.

use crate::support::TestApp;

#[tokio::test]
async fn a_server_that_works_says_so() {
    TestApp::each(async |app| {
        let health = app.anonymous().get("/healthz").await.expect(200);
        assert_eq!(health.json()["status"], "ok");
        let ready = app.anonymous().get("/readyz").await.expect(200);
        assert_eq!(
            ready.json(),
            serde_json::json!({ "status": "ok", "database": "ok", "storage": "ok" })
        );
    })
    .await;
}

#[tokio::test]
async fn without_its_database_it_is_not_ready() {
    let app = TestApp::new().await;
    app.house.store.clone().close().await;
    let ready = app.anonymous().get("/readyz").await.expect(503);
    assert_eq!(ready.json()["database"], "unavailable");
    app.anonymous().get("/healthz").await.expect(200);
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_ours() {
    let app = TestApp::new().await;
    for path in ["/healthz", "/v2/", "/signin", "/nothing", "/v2/a/b/c"] {
        let headers = [("x-request-id", "chosen-by-a-stranger")];
        let reply = app
            .anonymous()
            .send(http::Method::GET, path, &headers, axum::body::Body::empty())
            .await;
        assert_eq!(reply.header("x-request-id").len(), 32, "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
    }
}
