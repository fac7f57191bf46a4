//! Manifests that are too much: deep, wide, long.

use serde_json::json;

use crate::protocol::{EMPTY, INDEX, put_manifest};
use crate::support::TestApp;
use crate::support::image::{MANIFEST, digest, push_blob};
use crate::support::remains::remains;

/// Nesting is no attack on the stack: it is counted, wherever it stands.
#[tokio::test]
async fn deep_documents() {
    let app = TestApp::new().await;
    let editor = app.editor();
    push_blob(&editor, "group/app", b"{}").await;
    let before = remains(&app).await;
    let config =
        format!(r#""config":{{"mediaType":"{EMPTY}","digest":"{}","size":2}}"#, digest(b"{}"));
    for depth in [1_000, 100_000, 2_000_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        for body in [
            format!(r#"{{"schemaVersion":2,{config},"layers":[],"x":{open}{close}}}"#),
            format!(r#"{{"schemaVersion":2,{config},"layers":{open}{close}}}"#),
            format!(r#"{{"schemaVersion":2,{config},"layers":[],"annotations":{open}{close}}}"#),
            format!(r#"{{"schemaVersion":2,"config":{open}{close},"layers":[]}}"#),
            format!("{open}{close}"),
            open,
            r#"{"a":"#.repeat(depth / 5 + 200),
        ] {
            let refused = put_manifest(&editor, "/v2/group/app/manifests/v1", MANIFEST, body).await;
            assert!([400, 413].contains(&refused.status.as_u16()), "{depth}: {}", refused.status);
        }
    }
    // What a real manifest may have, and more.
    let (open, close) = ("[".repeat(100), "]".repeat(100));
    let body = format!(r#"{{"schemaVersion":2,{config},"layers":[],"x":{open}{close}}}"#);
    put_manifest(&editor, "/v2/group/app/manifests/v1", MANIFEST, body).await.expect(201);
    assert_eq!(remains(&app).await, before);
}

/// Tens of thousands of descriptors in one document: refused or taken, in the time of one request.
#[tokio::test]
async fn wide_documents() {
    TestApp::each(async |app| {
        let editor = app.editor();
        push_blob(&editor, "group/app", b"{}").await;
        let layer = |digest: String| json!({ "mediaType": EMPTY, "digest": digest, "size": 2 });
        let config = layer(digest(b"{}"));
        let absent: Vec<_> =
            (0..20_000_u32).map(|number| layer(digest(&number.to_le_bytes()))).collect();
        let same: Vec<_> = (0..20_000).map(|_| config.clone()).collect();
        let image = |layers: &[serde_json::Value]| {
            json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers })
                .to_string()
        };
        let path = "/v2/group/app/manifests/v1";
        let refused = put_manifest(&editor, path, MANIFEST, image(&absent)).await.expect(400);
        assert_eq!(refused.code(), "MANIFEST_BLOB_UNKNOWN");
        put_manifest(&editor, path, MANIFEST, image(&same)).await.expect(201);
        let list =
            json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": absent }).to_string();
        let refused = put_manifest(&editor, path, INDEX, list).await.expect(400);
        assert_eq!(refused.code(), "MANIFEST_BLOB_UNKNOWN");
        let many: String = (0..100_000).map(|number| format!("\"k{number}\":\"\",")).collect();
        let annotated =
            image(&[]).replacen('{', &format!("{{\"annotations\":{{{many}\"k\":\"\"}},"), 1);
        put_manifest(&editor, path, MANIFEST, annotated.clone()).await.expect(201);
        assert_eq!(editor.get(path).await.expect(200).body, annotated);
    })
    .await;
}

/// Texts that break what prints them: they are kept, and come back as they came.
#[tokio::test]
async fn strange_texts() {
    TestApp::each(async |app| {
        let editor = app.editor();
        push_blob(&editor, "group/app", b"{}").await;
        for (number, text) in [
            "\\u0000",
            "\\u0007\\u001b[31m",
            "<script>alert(1)</script>",
            "'; DROP TABLE manifests; --",
            "\\ud83d\\ude00 \u{202e}txt",
            "%00%2e%2e",
            "\\r\\nX-Injected: yes",
        ]
        .iter()
        .enumerate()
        {
            let body = format!(
                r#"{{"schemaVersion":2,"artifactType":"{text}","config":{{"mediaType":"{text}","digest":"{0}","size":2}},"layers":[],"annotations":{{"{text}":"{text}"}},"subject":{{"mediaType":"{text}","digest":"{0}","size":2}}}}"#,
                digest(b"{}")
            );
            let path = format!("/v2/group/app/manifests/v{number}");
            let put = put_manifest(&editor, &path, MANIFEST, body.clone()).await;
            assert!([201, 400].contains(&put.status.as_u16()), "{text}: {}", put.text());
            assert_eq!(put.header("x-injected"), "");
            if put.status == 201 {
                assert_eq!(editor.get(&path).await.expect(200).body, body);
            } else {
                assert_eq!(put.code(), "MANIFEST_INVALID");
                editor.get(&path).await.expect(404);
            }
        }
        let path = format!("/v2/group/app/referrers/{}", digest(b"{}"));
        editor.get(&path).await.expect(200);
    })
    .await;
}
