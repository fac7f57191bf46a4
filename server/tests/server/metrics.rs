//! Numbers for Prometheus: what they say, and what they never say.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Method;

use crate::support::TestApp;
use crate::support::app::PASSWORD;
use crate::support::process::{Roadstead, roadstead};

/// Every series, without its value.
fn series(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Asks what strangers may ask, with words that must not come back.
async fn ask_everything(app: &TestApp, word: &str) {
    let editor = app.editor();
    let digest = format!("sha256:{}", "0".repeat(64));
    let paths = [
        format!("/v2/group/{word}/manifests/v1"),
        format!("/v2/group/{word}/blobs/{digest}"),
        format!("/v2/{word}/tags/list"),
        format!("/v2/group/{word}/tags/list"),
        format!("/v2/group/{word}/referrers/{digest}"),
        format!("/v2/group/{word}/blobs/uploads/"),
        format!("/v2/group/{word}/blobs/uploads/{word}"),
        format!("/v2/{word}"),
        format!("/v2/manage/{word}"),
        format!("/v7/{word}"),
        format!("/{word}"),
        format!("/{word}/{word}?x={word}"),
        format!("/pkg/{word}"),
        format!("/console/call/{word}"),
        format!("/images/group/{word}"),
        format!("/token?scope=repository:group/{word}:pull"),
    ];
    for path in &paths {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", &word.to_ascii_uppercase()] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            editor.send(method, path, &[], Body::empty()).await;
        }
    }
}

#[tokio::test]
async fn names_never_become_labels_and_series_have_a_bound() {
    let app = TestApp::new().await;
    ask_everything(&app, "hiddenname").await;
    let first = app.anonymous().get("/metrics").await.expect(200).text();
    assert!(!first.to_ascii_lowercase().contains("hiddenname"), "{first}");
    assert!(!first.contains("group"), "{first}");
    let known = series(&first);
    for number in 0..20 {
        ask_everything(&app, &format!("othername{}", "x".repeat(number))).await;
    }
    let text = app.anonymous().get("/metrics").await.expect(200).text();
    let more: Vec<String> = series(&text).difference(&known).cloned().collect();
    // The first reading itself had not been counted when it was answered.
    assert!(more.iter().all(|name| name.contains("/metrics")), "{more:#?}");
    assert!(known.len() < 3_000, "{} series", known.len());
}

#[tokio::test]
async fn the_four_places_are_counted() {
    let app = TestApp::new().await;
    let editor = app.editor();
    let blob = vec![7_u8; 12_345];
    let digest = crate::support::image::digest(&blob);
    let path = format!("/v2/group/app/blobs/uploads/?digest={digest}");
    editor.post(&path, blob).await.expect(201);
    editor.get(&format!("/v2/group/app/blobs/{digest}")).await.expect(200);
    app.house.metrics.ran("tidy", true, std::time::Duration::from_secs(2), app.house.ports.now());
    let text = app.anonymous().get("/metrics").await.expect(200);
    assert_eq!(text.header("content-type"), roadstead_server::metrics::CONTENT_TYPE);
    let text = text.text();
    for line in [
        r#"roadstead_http_requests_total{method="POST",route="/v2/{name}/blobs/uploads/",status="201"} 1"#,
        r#"roadstead_http_request_seconds_count{route="/v2/{name}/blobs/{digest}"} 1"#,
        r#"roadstead_object_bytes_total{operation="append"} 12345"#,
        r#"roadstead_object_bytes_total{operation="read"} 12345"#,
        r#"roadstead_object_operations_total{operation="complete"} 1"#,
        r#"roadstead_transaction_seconds_count{name="upload.complete"} 1"#,
        r#"roadstead_transaction_errors_total{name="upload.complete"} 0"#,
        r#"roadstead_job_runs_total{job="tidy",outcome="success"} 1"#,
        r#"roadstead_job_seconds_total{job="tidy"} 2.0"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn with_a_listener_of_their_own_they_are_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = roadstead(folder.path());
    command.env("ROADSTEAD_SETUP_ACCOUNT", "acme").env("ROADSTEAD_SETUP_PASSWORD", PASSWORD);
    command.env("ROADSTEAD_METRICS_LISTEN", "127.0.0.1:0");
    let server = Roadstead::spawn(command);
    let line = server.says("metrics are on");
    let url = line.rsplit(' ').next().unwrap();
    assert_eq!(reqwest::get(server.url("/metrics")).await.unwrap().status(), 404);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    assert!(text.contains(r#"route="/metrics",status="404""#), "{text}");
    assert!(text.contains("\nroadstead_http_connections "), "{text}");
    assert_eq!(reqwest::get(url.replace("/metrics", "/v2/")).await.unwrap().status(), 404);
    assert!(server.stop().success());
}
