//! What the management API costs: a signature, and a page of many images. The numbers are printed; a soak run asserts them.

use std::time::{Duration, Instant};

use roadstead_service::credential::SignedRequest;
use serde_json::Value;

use crate::support::{Signed, TestApp};

/// Verifies signatures of one key, and says how long one took on average.
async fn verification(app: &TestApp, signed: &Signed, rounds: u32) -> Duration {
    let text = format!("SDK-HMAC-SHA256\n20261120T120000Z\n{}", "0".repeat(64));
    let signature = roadstead::access::sign(&signed.secret_key, &text);
    let request = SignedRequest {
        access_key: &signed.access_key,
        string_to_sign: &text,
        signature: &signature,
        projects: &[],
    };
    let credentials = app.house.service.credentials();
    credentials.verify_signature(request, None).await.unwrap();
    let start = Instant::now();
    for _ in 0..rounds {
        credentials.verify_signature(request, None).await.unwrap();
    }
    start.elapsed() / rounds
}

/// Makes images, then asks for pages of 100; the best time of one.
async fn page(owner: &Signed, images: usize, rounds: usize) -> Duration {
    for number in 0..images {
        let new = serde_json::json!({ "repository": format!("r{number:05}"), "is_public": false });
        owner.post("/v2/manage/namespaces/group/repos", new).await.expect(201);
    }
    let mut best = Duration::MAX;
    for round in 0..rounds {
        let path = format!("/v2/manage/repos?limit=100&offset={}", round * 100 % images);
        let start = Instant::now();
        let reply = owner.get(&path).await.expect(200);
        best = best.min(start.elapsed());
        let items: Value = reply.json();
        assert_eq!(items.as_array().unwrap().len(), 100.min(images));
        assert_eq!(items[0]["total_range"], images as u64);
    }
    best
}

#[tokio::test]
async fn the_cost_is_told() {
    let app = TestApp::new().await;
    let owner = app.signed("acme").await;
    println!("a signature is verified in {:?}", verification(&app, &owner, 2_000).await);
    println!("a page of 100 of 200 images takes {:?}", page(&owner, 200, 10).await);
}

/// `cargo nextest run --release`, as `make soak` does not: figures of unoptimised builds mean nothing.
#[tokio::test]
#[ignore = "slow: makes 10,000 images"]
async fn the_cost_is_within_its_limits() {
    let app = TestApp::new().await;
    let owner = app.signed("acme").await;
    let signature = verification(&app, &owner, 20_000).await;
    let page = page(&owner, 10_000, 100).await;
    println!(
        "a signature is verified in {signature:?}, a page of 100 of 10,000 images takes {page:?}"
    );
    let slower = if cfg!(debug_assertions) { 10 } else { 1 };
    assert!(signature <= Duration::from_micros(50) * slower, "{signature:?}");
    assert!(page <= Duration::from_millis(5) * slower, "{page:?}");
}
