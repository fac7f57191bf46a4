//! Manifests: bent and broken ones, read by the parser, and pushed to a registry.

use proptest::prelude::*;
use roadstead::oci::{Manifest, ManifestKind};
use serde_json::Value;

use super::{HALF, Outcome, run};
use crate::protocol::{DOCKER, DOCKER_LIST, EMPTY, INDEX, put_manifest};
use crate::support::image::{MANIFEST, digest, push_blob};
use crate::support::{Client, TestApp};

const EMPTY_DIGEST: &str =
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// Documents to begin with; everything that they name is `{}`.
fn seeds() -> Vec<String> {
    let descriptor = format!(r#"{{"mediaType":"{EMPTY}","digest":"{EMPTY_DIGEST}","size":2}}"#);
    let docker = "application/vnd.docker.container.image.v1+json";
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    vec![
        format!(r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{descriptor},"layers":[{descriptor}]}}"#),
        format!(r#"{{"schemaVersion":2,"config":{descriptor},"layers":[],"subject":{descriptor},"annotations":{{"a":"b"}},"artifactType":"x/y"}}"#),
        format!(r#"{{"schemaVersion":2,"mediaType":"{DOCKER}","config":{},"layers":[{}]}}"#,
            descriptor.replace(EMPTY, docker),
            descriptor.replace(EMPTY, foreign).replace("\"size\":2", "\"size\":7,\"urls\":[\"https://example.com\"]")),
        format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{}]}}"#,
            descriptor.replace("\"size\":2", "\"size\":2,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}")),
        format!(r#"{{"schemaVersion":2,"mediaType":"{DOCKER_LIST}","manifests":[]}}"#),
        r#"{"schemaVersion":1,"name":"a","tag":"b","fsLayers":[],"history":[]}"#.to_owned(),
        "{}".to_owned(),
    ]
}

/// What is put somewhere into a document.
const SNIPPETS: &[&str] = &[
    "\"layers\":[],",
    "\"manifests\":[],",
    "\"Layers\":[],",
    "\"fsLayers\":[],",
    "\"mediaType\":\"x\",",
    "\"mediaType\":null,",
    "\"schemaVersion\":2,",
    "\"schemaVersion\":1,",
    "\"x\":{\"y\":[1,2.5,null,true]},",
    "\"config\":{},",
    "\"subject\":null,",
    "\"annotations\":{\"k\":\"\\u0000\"},",
    "\"artifactType\":\"\",",
    "\"size\":-1,",
    "\"digest\":\"sha256:0\",",
    "\"data\":\"e30=\",",
    "null",
    "[]",
    "{}",
    "[[[[[[[[",
    "\\u",
    "\\ud800",
    "\u{feff}",
    "1e999",
    "\"\"",
    ",",
    " ",
    "\n",
    "é",
    "\0",
];

/// One change to a document; places are parts of a thousand.
#[derive(Debug, Clone)]
enum Change {
    Insert(u32, &'static str),
    Remove(u32, usize),
    Byte(u32, u8),
    Repeat(u32, usize),
    /// After the first brace: a member beside the others.
    Member(&'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let place = 0..1_000_u32;
    prop_oneof![
        1 => (place.clone(), proptest::sample::select(SNIPPETS)).prop_map(|(at, text)| Change::Insert(at, text)),
        1 => (place.clone(), 1..40_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => (place.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => (place, 1..60_usize).prop_map(|(at, count)| Change::Repeat(at, count)),
        3 => proptest::sample::select(&SNIPPETS[..16]).prop_map(Change::Member),
    ]
}

fn bend(document: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = document.as_bytes().to_vec();
    for change in changes {
        let place = |at: u32| (bytes.len() * at as usize / 1_000).min(bytes.len());
        match change {
            Change::Insert(at, text) => {
                let at = place(*at);
                bytes.splice(at..at, text.bytes());
            }
            Change::Remove(at, count) => {
                let at = place(*at);
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Change::Byte(at, byte) => {
                let at = place(*at);
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Change::Repeat(at, count) => {
                let at = place(*at);
                let copy = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, copy);
            }
            Change::Member(text) => {
                if bytes.first() == Some(&b'{') {
                    bytes.splice(1..1, text.bytes());
                }
            }
        }
    }
    bytes
}

fn document() -> impl Strategy<Value = (Option<&'static str>, Vec<u8>)> {
    let kinds = [
        None,
        Some(MANIFEST),
        Some(INDEX),
        Some(DOCKER),
        Some(DOCKER_LIST),
        Some("application/json"),
    ];
    let changes = proptest::collection::vec(change(), 0..4);
    (proptest::sample::select(seeds()), changes, proptest::sample::select(kinds.to_vec()))
        .prop_map(|(seed, changes, kind)| (kind, bend(&seed, &changes)))
}

/// What holds of everything that is read.
fn is_unambiguous(kind: Option<&str>, bytes: &[u8], manifest: &Manifest) -> Outcome {
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return Err(TestCaseError::fail(format!("read, but no JSON: {error}"))),
    };
    prop_assert_eq!(&value["schemaVersion"], &Value::from(2));
    let is_index = matches!(manifest.kind, ManifestKind::Index { .. });
    prop_assert_eq!(is_index, manifest.media_type.is_index());
    prop_assert!(value.get("fsLayers").is_none_or(Value::is_null));
    prop_assert!(value.get("layers").is_none() || value.get("manifests").is_none(), "both");
    if let Some(text) = value["mediaType"].as_str() {
        let essence = text.split(';').next().unwrap_or_default().trim();
        prop_assert!(essence.eq_ignore_ascii_case(manifest.media_type.as_str()));
    }
    if let Some(kind) = kind.filter(|kind| *kind != "application/json") {
        prop_assert_eq!(kind, manifest.media_type.as_str());
    }
    let count = |name: &str| value[name].as_array().map_or(0, Vec::len);
    prop_assert_eq!(manifest.layers().len(), count("layers"));
    prop_assert_eq!(manifest.children().len(), count("manifests"));
    // White space and the order of members say nothing.
    let again = Manifest::parse(kind, value.to_string().as_bytes()).ok();
    prop_assert_eq!(again.as_ref(), Some(manifest));
    Ok(())
}

#[test]
fn documents() {
    run(HALF, document(), |(kind, bytes)| match Manifest::parse(kind, &bytes) {
        Ok(manifest) => is_unambiguous(kind, &bytes, &manifest),
        Err(error) => {
            prop_assert!(!error.message().is_empty());
            Ok(())
        }
    });
}

/// Digests that were taken.
type Taken = std::cell::RefCell<std::collections::HashSet<String>>;

async fn push(editor: &Client, taken: &Taken, kind: Option<&'static str>, bytes: &[u8]) -> Outcome {
    let path = format!("/v2/group/app/manifests/{}", digest(bytes));
    let put = put_manifest(editor, &path, kind.unwrap_or("application/json"), bytes.to_vec()).await;
    let got = editor.get(&path).await;
    if put.status == 201 {
        taken.borrow_mut().insert(digest(bytes));
        prop_assert_eq!(got.status.as_u16(), 200);
        prop_assert_eq!(&got.body[..], bytes, "the bytes were changed");
        prop_assert_eq!(got.header("docker-content-digest"), digest(bytes));
        prop_assert!(Manifest::parse(kind, bytes).is_ok());
    } else {
        prop_assert!([400, 415].contains(&put.status.as_u16()), "{}: {}", put.status, put.text());
        let code = put.code();
        prop_assert!(
            ["MANIFEST_INVALID", "MANIFEST_BLOB_UNKNOWN"].contains(&code.as_str()),
            "{}",
            code
        );
        // The same bytes may have been taken before, under the type that they have.
        let wanted = if taken.borrow().contains(&digest(bytes)) { 200 } else { 404 };
        prop_assert_eq!(got.status.as_u16(), wanted, "refused, but there");
    }
    Ok(())
}

/// Through the door and back: the bytes that were taken, or nothing.
#[test]
fn pushes() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (app, editor) = runtime.block_on(async {
        let app = TestApp::new().await;
        let editor = app.token("acme/editor", &["repository:group/app:pull,push"]).await;
        push_blob(&editor, "group/app", b"{}").await;
        (app, editor)
    });
    let taken = Taken::default();
    run(HALF, document(), |(kind, bytes)| {
        runtime.block_on(async { push(&editor, &taken, kind, &bytes).await })
    });
    runtime.block_on(async { drop(app) });
}
