//! Killing the server at any moment loses nothing that was acknowledged.

use crate::support::image::{digest, noise};
use crate::support::process::{Http, Roadstead, run_well};

/// Rounds of push, kill and start.
const ROUNDS: u64 = 20;

#[tokio::test]
async fn acknowledged_blobs_survive_kill() {
    let folder = tempfile::tempdir().unwrap();
    drop(Roadstead::start(folder.path()));
    run_well(folder.path(), &["organization", "create", "docks", "--account", "acme"], "");
    let rounds = if std::env::var_os("ROADSTEAD_SOAK").is_some() { ROUNDS * 10 } else { ROUNDS };
    let mut acknowledged: Vec<u64> = Vec::new();
    for round in 0..rounds {
        let mut server = Roadstead::start(folder.path());
        let http = std::sync::Arc::new(Http::new(&server));
        // What was acknowledged before is there, whole.
        for seed in acknowledged.iter().rev().take(12) {
            let blob = noise(*seed, 20_000);
            let got = http
                .request("GET", &format!("/v2/docks/app/blobs/{}", digest(&blob)))
                .send()
                .await
                .unwrap();
            assert_eq!(
                got.status(),
                200,
                "round {round}: blob {seed} was acknowledged and is gone"
            );
            assert_eq!(got.bytes().await.unwrap(), blob);
        }
        let (said, mut hear) = tokio::sync::mpsc::unbounded_channel();
        let mut pushes = tokio::task::JoinSet::new();
        for lane in 0..4 {
            let (http, said) = (http.clone(), said.clone());
            pushes.spawn(async move {
                for number in 0..50 {
                    let seed = 1 + round * 1_000 + lane * 100 + number;
                    match http.push_blob("docks/app", noise(seed, 20_000)).await {
                        Some(201) => said.send(seed).unwrap(),
                        Some(status) => panic!("a push was answered {status}"),
                        None => return,
                    }
                }
            });
        }
        drop(said);
        // Killed in the middle of the others, a little later every round.
        let mut heard = 0;
        while let Some(seed) = hear.recv().await {
            acknowledged.push(seed);
            heard += 1;
            if heard == 1 + round % 7 * 3 {
                server.kill();
            }
        }
        assert!(heard > 0, "round {round} acknowledged nothing");
        while let Some(done) = pushes.join_next().await {
            done.unwrap();
        }
    }
    // And storage and database still agree on everything.
    let report = run_well(folder.path(), &["check"], "");
    assert!(report.contains("database and storage agree"), "{report}");
}
