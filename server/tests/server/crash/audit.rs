//! Data events of the audit log, which are written off the hot path: `kill -9` loses no more than the last ten seconds.

use std::path::Path;
use std::time::{Duration, Instant};

use roadstead::access::Action;
use roadstead::manage::audit::AuditFilter;
use roadstead_server::boot;
use roadstead_server::config::{Config, Inputs};
use roadstead_store::audit::{AuditScope, Category, list};
use roadstead_store::{Store, resolve};

use super::client::{self, Client, blob_path, manifest_path};
use crate::support::app::{PASSWORD, allowed};
use crate::support::image::{MANIFEST, digest};
use crate::support::process::{Roadstead, roadstead, run_well};

fn start(folder: &Path) -> Roadstead {
    let mut command = roadstead(folder);
    command
        .env("ROADSTEAD_SETUP_ACCOUNT", "acme")
        .env("ROADSTEAD_SETUP_PASSWORD", PASSWORD)
        .env("ROADSTEAD_AUDIT_DATA_EVENTS", "true");
    Roadstead::spawn(command)
}

/// Names of the data events that are written, the last first.
async fn written(store: &Store) -> Vec<String> {
    let found = store
        .read("test.events", |tx| {
            Box::pin(async move {
                let acme = "acme".parse().unwrap();
                let target = resolve::account(tx, &acme).await?.unwrap();
                let allowed = allowed(Action::ListAuditTraces, target);
                let filter =
                    AuditFilter { category: Some(Category::Data), ..AuditFilter::default() };
                list(tx, AuditScope::Account(allowed.key()), &filter, None, 100, &|| false).await
            })
        })
        .await
        .unwrap();
    found.rows.into_iter().map(|row| row.event.name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_written_its_data_events_of_ten_seconds_ago() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(folder.path());
    run_well(folder.path(), &["organization", "create", "docks", "--account", "acme"], "");
    let client = Client::new(&server.address, &Client::token(&server.address).await);
    let image = client::image(1);
    for bytes in [&image.layers[0], &image.config] {
        let path = format!("/v2/{}/blobs/uploads/?digest={}", client::IMAGE, digest(bytes));
        let answer = client.request("POST", &path).body(bytes.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }
    let put = client.request("PUT", &manifest_path("v1")).header("content-type", MANIFEST);
    assert_eq!(put.body(image.manifest.clone()).send().await.unwrap().status(), 201);
    for _ in 0..3 {
        assert_eq!(client.get(&manifest_path("v1")).await.0, 200);
        // No event: data moves, but no image is pulled by it.
        assert_eq!(client.get(&blob_path(&digest(&image.config))).await.0, 200);
    }
    let pulled = Instant::now();
    let environment = vec![("ROADSTEAD_DATA_DIR".to_owned(), folder.path().display().to_string())];
    let config = Config::load(&Inputs { environment, ..Default::default() }).unwrap();
    let house = boot::House::open(&config).await.unwrap();
    let all = ["pullImage", "pullImage", "pullImage", "pushImage"];
    let mut turns = tokio::time::interval(Duration::from_millis(100));
    while written(&house.store).await != all {
        assert!(pulled.elapsed() < Duration::from_secs(10), "not written within ten seconds");
        turns.tick().await;
    }
    server.kill();
    drop(server);
    let server = start(folder.path());
    assert_eq!(written(&house.store).await, all);
    drop(server);
}
