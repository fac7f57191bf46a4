//! The behaviour list of `protocol.md` 1 and 2, a test each. Where one client forces what is tested, its name stands at the
//! test: if that client is gone one day, so may the oddity be.
//!
//! To add one, find the file of its theme; what several themes need is here.

mod chunk;
mod collection;
mod delete;
mod download;
mod header;
mod manifest;
mod mount;
mod referrer;
mod refusal;
mod tag;
mod token;
mod upload;

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use crate::support::image::{MANIFEST, digest, push_blob};
use crate::support::{Client, Reply, TestApp};

pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Opens a session and returns its location.
pub async fn start(client: &Client, image: &str) -> String {
    let reply = client.post(&format!("/v2/{image}/blobs/uploads/"), "").await.expect(202);
    assert_eq!(reply.header("range"), "0-0");
    assert_eq!(reply.header("content-length"), "0");
    let location = reply.header("location").to_owned();
    let id = reply.header("docker-upload-uuid");
    assert_eq!(
        location,
        format!("/v2/{image}/blobs/uploads/{id}"),
        "relative, with the session in it"
    );
    location
}

pub async fn patch(client: &Client, location: &str, range: &str, body: &[u8]) -> Reply {
    let length = body.len().to_string();
    let headers = [("content-range", range), ("content-length", &length)];
    client.send(Method::PATCH, location, &headers, body.to_vec()).await
}

pub async fn put_manifest(
    client: &Client,
    path: &str,
    media_type: &str,
    body: impl Into<Body>,
) -> Reply {
    client.put(path, &[("content-type", media_type)], body).await
}

/// `sha512:…`
pub fn wide(bytes: &[u8]) -> String {
    format!("sha512:{}", hex::encode(Sha512::digest(bytes)))
}

/// A location with the digest of a whole blob appended, as clients do it.
pub fn at(location: &str, digest: &str) -> String {
    let separator = if location.contains('?') { '&' } else { '?' };
    format!("{location}{separator}digest={digest}")
}

/// An artifact about something, with `{}` for a configuration, which is pushed first.
pub async fn push_artifact(client: &Client, image: &str, artifact: &Value) -> Vec<u8> {
    push_blob(client, image, b"{}").await;
    let body = artifact.to_string().into_bytes();
    let path = format!("/v2/{image}/manifests/{}", digest(&body));
    put_manifest(client, &path, MANIFEST, body.clone()).await.expect(201);
    body
}

/// The artifact for [`push_artifact`].
pub fn artifact(kind: &str, about: &[u8], annotations: Value) -> Value {
    json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "layers": [],
        "config": { "mediaType": EMPTY, "digest": digest(b"{}"), "size": 2 },
        "subject": { "mediaType": MANIFEST, "digest": digest(about), "size": about.len() },
        "annotations": annotations,
    })
}

/// An index of manifests that are there.
pub fn index(media_type: &str, children: &[(&str, &[u8])]) -> Vec<u8> {
    let children: Vec<Value> = children
        .iter()
        .map(|(kind, body)| {
            json!({
                "mediaType": kind, "digest": digest(body), "size": body.len(),
                "platform": { "os": "linux", "architecture": "amd64" },
            })
        })
        .collect();
    json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": children })
        .to_string()
        .into_bytes()
}

/// Everything that a list gives when its `Link`s are followed, and how many pages it took.
pub async fn follow(client: &Client, first: &str, member: &str) -> (Vec<Value>, usize) {
    let (mut path, mut all, mut pages) = (first.to_owned(), Vec::new(), 0);
    loop {
        let page = client.get(&path).await.expect(200);
        assert!(page.body.len() <= 4 << 20, "clients read 4 MiB");
        all.extend(page.json()[member].as_array().unwrap().iter().cloned());
        pages += 1;
        assert!(pages < 100, "the list has no end");
        match page.header("link") {
            "" => return (all, pages),
            link => {
                let (target, rest) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
                assert_eq!(rest, "; rel=\"next\"");
                assert!(
                    target.starts_with("/v2/"),
                    "relative, so that it survives proxies: {target}"
                );
                path = target.to_owned();
            }
        }
    }
}

/// Makes an image public, as its manager does it in the console.
pub async fn publish(app: &TestApp, manager: &str, image: &str) {
    let mut console = app.signed_in(manager).await;
    let reply = console.submit("update_image", &[("name", image), ("is_public", "true")]).await;
    assert!(reply.status.is_redirection() || reply.status.is_success(), "{}", reply.text());
    app.anonymous().get(&format!("/v2/{image}/tags/list")).await.expect(200);
}

/// A body that the client sends without saying how long it is.
pub fn streamed(bytes: &[u8]) -> Body {
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        bytes.chunks(10_000).map(|piece| Ok(piece.to_vec())).collect();
    Body::from_stream(futures::stream::iter(pieces))
}
