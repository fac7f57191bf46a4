//! Killing the server at any moment: what was acknowledged is there and whole, what was not is there whole or not at all.
//!
//! Each round clients push, move tags and delete until the server is killed in a phase that the dice choose; then it starts
//! again, and everything that it shows is compared with what it may show ([`truth`]). Two hundred rounds in four lanes, the
//! last of them on PostgreSQL when there is one. The seed of a lane is printed; `ROADSTEAD_CRASH_SEED` plays it again.

mod audit;
mod client;
mod truth;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use roadstead::id::ObjectId;
use roadstead_server::boot::{self, COMMAND_LINE};
use roadstead_server::config::{Config, Inputs};
use roadstead_service::Context;
use roadstead_service::care::collect::Scope;
use roadstead_service::testing::StandingClock;
use roadstead_store::{StoreError, object};
use tokio::sync::mpsc;

use crate::support::app::{PASSWORD, database};
use crate::support::process::{Roadstead, roadstead};
use crate::support::remains::files;
use client::{Client, Worker};
use truth::Truth;

/// Rounds of a lane.
const ROUNDS: u64 = 50;
/// Clients at a time.
const WORKERS: u64 = 3;
/// A round in which the phase that was chosen does not come ends after so many others.
const PATIENCE: usize = 60;

/// What is about to happen, or is happening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Half of a blob was sent.
    Body,
    /// The request that makes a blob of what was uploaded.
    Put,
    /// A manifest under a new tag.
    Manifest,
    /// A manifest under a tag that there was.
    Move,
    DeleteTag,
    DeleteManifest,
    DeleteBlob,
}

const PHASES: [Phase; 7] = [
    Phase::Body,
    Phase::Put,
    Phase::Manifest,
    Phase::Move,
    Phase::DeleteTag,
    Phase::DeleteManifest,
    Phase::DeleteBlob,
];

/// Numbers that follow from a seed.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// One of `0..sides`.
    pub fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[usize::try_from(self.below(among.len() as u64)).unwrap()]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lane_one() {
    lane(1, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lane_two() {
    lane(2, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lane_three() {
    lane(3, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lane_four() {
    let url = match std::env::var("ROADSTEAD_TEST_POSTGRES_URL") {
        Ok(url) => Some(database(&url).await),
        Err(_) => None,
    };
    lane(4, url).await;
}

async fn lane(number: u64, database: Option<String>) {
    let seed = match std::env::var("ROADSTEAD_CRASH_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => {
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes).unwrap();
            u64::from_le_bytes(bytes)
        }
    };
    println!("lane {number}: ROADSTEAD_CRASH_SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let house = House { folder: folder.path(), database };
    drop(house.start());
    house.run(&["organization", "create", "docks", "--account", "acme"]);
    let rounds = if std::env::var_os("ROADSTEAD_SOAK").is_some() { ROUNDS * 10 } else { ROUNDS };
    let mut dice = Dice(seed ^ number);
    let may_be_leased = house.database.is_some();
    let truth = Arc::new(Mutex::new(Truth { may_be_leased, ..Truth::default() }));
    let mut token = String::new();
    for round in 0..rounds {
        let mut server = house.start();
        if round % 20 == 0 {
            // Tokens outlive the server that gave them, which spares a password check in each round.
            token = Client::token(&server.address).await;
        }
        let client = Client::new(&server.address, &token);
        truth::settle(&client, &truth, &mut dice, round).await;
        // Every third round, another process collects while all this goes on.
        let collecting = (round % 3 == 2).then(|| house.collect());
        let (say, mut hear) = mpsc::unbounded_channel();
        let mut workers = tokio::task::JoinSet::new();
        for name in 0..WORKERS {
            let dice = Dice(dice.below(u64::MAX));
            let worker =
                Worker::new(name, round, client.clone(), Arc::clone(&truth), say.clone(), dice);
            workers.spawn(worker.work());
        }
        drop(say);
        let (chosen, mut times) = (dice.pick(&PHASES), 1 + dice.below(4));
        let mut heard = 0;
        while let Some(phase) = hear.recv().await {
            heard += 1;
            times -= u64::from(phase == chosen && times > 0);
            if times == 0 || heard >= PATIENCE {
                break;
            }
        }
        // A little later or at once: so the blow falls before, in and after the transaction.
        std::thread::sleep(Duration::from_micros(dice.below(4) * dice.below(1_500)));
        server.kill();
        while hear.recv().await.is_some() {}
        while let Some(done) = workers.join_next().await {
            done.unwrap();
        }
        if let Some(collecting) = collecting {
            collecting.join().unwrap();
        }
    }
    let server = house.start();
    let client = Client::new(&server.address, &Client::token(&server.address).await);
    truth::settle(&client, &truth, &mut dice, rounds).await;
    truth::check_everything(&client, &truth).await;
    drop(server);
    // Without another server there is none: `sessions` has ended or carried on each of them.
    let leased = truth.lock().sessions.len();
    house.is_clean_in_the_end(leased).await;
    let report = house.run(&["check"]);
    assert!(report.contains("database and storage agree"), "{report}");
    println!("{} blobs, {} files", truth.lock().blobs.len(), files(&folder.path().join("objects")));
}

/// A data folder and the database that belongs to it.
struct House<'a> {
    folder: &'a Path,
    database: Option<String>,
}

impl House<'_> {
    fn start(&self) -> Roadstead {
        let mut command = roadstead(self.folder);
        command.env("ROADSTEAD_SETUP_ACCOUNT", "acme").env("ROADSTEAD_SETUP_PASSWORD", PASSWORD);
        if let Some(url) = &self.database {
            command.env("ROADSTEAD_DATABASE_URL", url);
        }
        Roadstead::spawn(command)
    }

    fn run(&self, arguments: &[&str]) -> String {
        let Some(url) = &self.database else {
            return crate::support::process::run_well(self.folder, arguments, "");
        };
        let mut command = roadstead(self.folder);
        let output = command.args(arguments).env("ROADSTEAD_DATABASE_URL", url).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Collection by the command line, while the server works and is killed.
    fn collect(&self) -> std::thread::JoinHandle<()> {
        let mut command = roadstead(self.folder);
        command.arg("collect");
        if let Some(url) = &self.database {
            command.env("ROADSTEAD_DATABASE_URL", url);
        }
        std::thread::spawn(move || {
            let output = command.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        })
    }

    /// Two days later, collection has left no bytes that no blob needs, however their upload ended, but those of sessions
    /// that are still `leased`.
    async fn is_clean_in_the_end(&self, leased: usize) {
        let mut environment = vec![
            ("ROADSTEAD_DATA_DIR".to_owned(), self.folder.display().to_string()),
            ("ROADSTEAD_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
        ];
        environment
            .extend(self.database.clone().map(|url| ("ROADSTEAD_DATABASE_URL".to_owned(), url)));
        let config = Config::load(&Inputs { environment, ..Default::default() }).unwrap();
        let house = boot::House::open(&config).await.unwrap();
        let clock = Arc::new(StandingClock::default());
        clock.advance(house.ports.now().seconds_since(clock.now()) + 2 * 24 * 3_600);
        let context = Context::system(COMMAND_LINE, "0".repeat(32), clock.clone());
        for _ in 0..2 {
            house.service.collect(&context, Scope::Everything).await.unwrap();
            clock.advance(3_600);
        }
        let blobs = house
            .store
            .read("test.blobs", |tx| {
                Box::pin(async move {
                    let stored = object::stored_after(tx, ObjectId(0), 100_000).await?;
                    Ok::<_, StoreError>(stored.len())
                })
            })
            .await
            .unwrap();
        let files = files(&self.folder.join("objects"));
        assert!(
            (blobs..=blobs + leased).contains(&files),
            "staged bytes were left behind: {files} files, {blobs} blobs, {leased} sessions"
        );
    }
}
