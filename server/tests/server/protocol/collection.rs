//! Collection beside pushes (`protocol.md` 1.6, "Garbage collection trap"): half a day passes between any two of its turns,
//! so that whatever nobody counts on goes. What a manifest that was acknowledged names never does.

use std::cell::Cell;

use roadstead_service::care::collect::{GRACE, Scope};

use super::{put_manifest, start};
use crate::support::image::{MANIFEST, digest, noise, with_digest};
use crate::support::{Client, TestApp, TestImage};

/// Pushers at a time, and images of each.
const PUSHERS: u64 = 3;
const IMAGES: u64 = 12;

/// An image of three layers out of six that all share, so that each is condemned and needed again many times.
fn image(seed: u64) -> TestImage {
    let mut image = TestImage::new(seed, 3, 100);
    for (number, layer) in image.layers.iter_mut().enumerate() {
        *layer = noise(900 + (seed * 7 + number as u64 * (1 + seed % 2)) % 6, 2_000);
    }
    let mut manifest: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
    for (entry, layer) in manifest["layers"].as_array_mut().unwrap().iter_mut().zip(&image.layers) {
        entry["digest"] = serde_json::json!(digest(layer));
        entry["size"] = serde_json::json!(layer.len());
    }
    image.manifest = manifest.to_string().into_bytes();
    image
}

/// As clients push: what is said to be there is not sent.
async fn push(client: &Client, name: &str, image: &TestImage, tag: &str) {
    for _ in 0..100 {
        for blob in image.blobs() {
            let head = client.head(&format!("/v2/{name}/blobs/{}", digest(blob))).await;
            if head.status == 200 {
                continue;
            }
            let location = start(client, name).await;
            let put = client.put(&with_digest(&location, blob), &[], blob.to_vec()).await;
            // A session may end when a day passes over it.
            assert!([201, 404].contains(&put.status.as_u16()), "{}", put.text());
        }
        let path = format!("/v2/{name}/manifests/{tag}");
        let put = put_manifest(client, &path, MANIFEST, image.manifest.clone()).await;
        if put.status == 201 {
            return;
        }
        assert_eq!(put.word(), "400 MANIFEST_BLOB_UNKNOWN", "what was taken meanwhile is named");
    }
    panic!("{name}:{tag} cannot be pushed");
}

async fn is_whole(client: &Client, name: &str, image: &TestImage) {
    let path = format!("/v2/{name}/manifests/{}", digest(&image.manifest));
    assert_eq!(client.get(&path).await.expect(200).body, image.manifest);
    for blob in image.blobs() {
        let got = client.get(&format!("/v2/{name}/blobs/{}", digest(blob))).await.expect(200);
        assert_eq!(got.body, blob, "{name}");
    }
}

#[tokio::test]
async fn what_an_acknowledged_manifest_names_stays() {
    TestApp::each(async |app| {
        let (owner, working) = (app.owner(), Cell::new(PUSHERS));
        let (app, owner, working) = (&app, &owner, &working);
        let pushers = (0..PUSHERS).map(|pusher| async move {
            let name = format!("group/p{pusher}");
            for number in 0..IMAGES {
                let image = image(1 + number * PUSHERS + pusher);
                push(owner, &name, &image, "latest").await;
                is_whole(owner, &name, &image).await;
                // Every other one goes again, and what only it needed with it.
                if number % 2 == 0 {
                    let path = format!("/v2/{name}/manifests/{}", digest(&image.manifest));
                    owner.delete(&path).await.expect(202);
                }
            }
            working.set(working.get() - 1);
        });
        let collecting = async {
            let mut turns = 0;
            while working.get() > 0 {
                app.clock.advance(GRACE / 2 + 60);
                let context = app.house.command_line();
                app.house.service.collect(&context, Scope::Everything).await.unwrap();
                turns += 1;
            }
            turns
        };
        let (_, turns) =
            futures::future::join(futures::future::join_all(pushers), collecting).await;
        assert!(turns > 10, "{turns}");
        for pusher in 0..PUSHERS {
            for number in (0..IMAGES).filter(|number| number % 2 == 1) {
                let image = image(1 + number * PUSHERS + pusher);
                is_whole(owner, &format!("group/p{pusher}"), &image).await;
            }
        }
    })
    .await;
}
