//! Memory does not grow with the size of a layer.

use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};

use crate::support::process::{Http, Roadstead, run_well};

/// What the server may ever hold.
const LIMIT: u64 = 120 << 20;
const PIECE: usize = 1 << 20;

#[tokio::test]
async fn a_large_layer_goes_up_and_down_in_little_memory() {
    let pieces: u64 = if std::env::var_os("ROADSTEAD_SOAK").is_some() { 2_048 } else { 256 };
    let folder = tempfile::tempdir().unwrap();
    drop(Roadstead::start(folder.path()));
    run_well(folder.path(), &["organization", "create", "docks", "--account", "acme"], "");
    let server = Roadstead::start(folder.path());
    let http = Http::new(&server);

    let piece = |number: u64| {
        let mut bytes = vec![0x5a_u8; PIECE];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        bytes::Bytes::from(bytes)
    };
    let mut hasher = Sha256::new();
    for number in 0..pieces {
        hasher.update(piece(number));
    }
    let digest = format!("sha256:{}", hex::encode(hasher.finalize()));
    let start = http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap();
    let location = start.headers()["location"].to_str().unwrap().to_owned();
    let body =
        futures::stream::iter(0..pieces).map(move |number| Ok::<_, std::io::Error>(piece(number)));
    let patched = http
        .request("PATCH", &location)
        .body(reqwest::Body::wrap_stream(body))
        .send()
        .await
        .unwrap();
    assert_eq!(patched.status(), 202);
    let location = patched.headers()["location"].to_str().unwrap();
    let separator = if location.contains('?') { '&' } else { '?' };
    let put =
        http.request("PUT", &format!("{location}{separator}digest={digest}")).send().await.unwrap();
    assert_eq!(put.status(), 201);

    let got = http.request("GET", &format!("/v2/docks/app/blobs/{digest}")).send().await.unwrap();
    assert_eq!(got.status(), 200);
    let mut hasher = Sha256::new();
    let mut stream = got.bytes_stream();
    while let Some(bytes) = stream.next().await {
        hasher.update(bytes.unwrap());
    }
    assert_eq!(format!("sha256:{}", hex::encode(hasher.finalize())), digest);
    let peak = server.memory_peak();
    println!("{pieces} MiB up and down: {} MiB at most", peak >> 20);
    assert!(peak < LIMIT, "{} MiB", peak >> 20);
}
