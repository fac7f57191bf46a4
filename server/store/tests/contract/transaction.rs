//! What a transaction promises, alone and in a group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use roadstead_store::change::{self, ChangeKind};
use roadstead_store::{Durability, Store, StoreError, Tx, setting};
use serde_json::json;

use crate::home::{Home, Placed as _, Proof as _, at, both, tx};

/// Writes and reads back, so that the statement has certainly run before the closure goes on.
async fn put(tx: &mut Tx<'_>, name: &str, value: i64) -> Result<(), StoreError> {
    setting::set(tx, name, &json!(value), None, at(0)).await?;
    assert_eq!(setting::get(tx, name).await?.unwrap().value, json!(value));
    Ok(())
}

async fn get(home: &Home, name: &'static str) -> Option<i64> {
    let found = tx!(home.read, [] | tx | setting::get(tx, name).await);
    found.map(|it| it.value.as_i64().unwrap())
}

async fn what_succeeds_is_kept_and_what_fails_is_not(home: &Home) {
    tx!(home.run, [] | tx | put(tx, "kept", 1).await);
    let failed = tx!(
        home.try_run,
        [] | tx | {
            put(tx, "lost", 1).await?;
            Err::<(), _>(StoreError::Busy)
        }
    );
    assert!(failed.is_err());
    assert_eq!(get(home, "kept").await, Some(1));
    assert_eq!(get(home, "lost").await, None);
}

/// Holds the writer inside a first transaction until the group behind it is queued.
struct Gate {
    reached: Arc<tokio::sync::Notify>,
    open: Arc<tokio::sync::Notify>,
}

impl Gate {
    async fn close(store: &Store) -> (Self, tokio::task::JoinHandle<()>) {
        let gate = Self { reached: Arc::default(), open: Arc::default() };
        let (store, reached, open) =
            (store.clone(), Arc::clone(&gate.reached), Arc::clone(&gate.open));
        let held = tokio::spawn(async move {
            let held: Result<(), StoreError> = store
                .run("gate", Durability::Durable, move |_| {
                    let (reached, open) = (Arc::clone(&reached), Arc::clone(&open));
                    Box::pin(async move {
                        reached.notify_one();
                        open.notified().await;
                        Ok(())
                    })
                })
                .await;
            held.unwrap();
        });
        gate.reached.notified().await;
        (gate, held)
    }
}

async fn a_failure_in_a_group_takes_nothing_of_the_others(home: &Home) {
    let (gate, held) = Gate::close(&home.store).await;
    let mut calls = Vec::new();
    for number in 0..20_i64 {
        let store = home.store.clone();
        calls.push(tokio::spawn(async move {
            store
                .run("grouped", Durability::Durable, move |tx| {
                    Box::pin(async move {
                        put(tx, &format!("n{number:02}"), number).await?;
                        match number % 5 {
                            1 => Err(StoreError::Busy),
                            2 => panic!("a fault of one closure"),
                            // A statement that fails: nothing of this transaction may be kept, whatever it makes of it.
                            3 => {
                                let refused = roadstead_store::organization::create(
                                    tx,
                                    &roadstead_store::organization::NewOrganization {
                                        account: roadstead::id::AccountId(-1).allowed(),
                                        name: "group".parse().unwrap(),
                                        creator: None,
                                        default_public: false,
                                        created_at: at(0),
                                    },
                                )
                                .await;
                                assert!(refused.is_err());
                                Ok(number)
                            }
                            _ => Ok(number),
                        }
                    })
                })
                .await
        }));
    }
    // Every call is in the queue (or, on PostgreSQL, on its way) before the group begins.
    tokio::task::yield_now().await;
    gate.open.notify_one();
    held.await.unwrap();
    for (number, call) in calls.into_iter().enumerate() {
        let outcome = call.await;
        let is_kept = matches!(number % 5, 0 | 4);
        // On PostgreSQL the panic is the caller's own task's.
        assert_eq!(matches!(outcome, Ok(Ok(_))), is_kept, "{number}");
    }
    let kept = tx!(home.read, [] | tx | setting::all(tx).await);
    let kept: Vec<i64> = kept.iter().map(|it| it.value.as_i64().unwrap()).collect();
    assert_eq!(kept, vec![0, 4, 5, 9, 10, 14, 15, 19]);
}

async fn a_dropped_call_is_rolled_back_and_the_others_stay(home: &Home) {
    let (gate, held) = Gate::close(&home.store).await;
    let reached = Arc::new(tokio::sync::Notify::new());
    let dropped = {
        let (store, reached) = (home.store.clone(), Arc::clone(&reached));
        tokio::spawn(async move {
            store
                .run("dropped", Durability::Durable, move |tx| {
                    let reached = Arc::clone(&reached);
                    Box::pin(async move {
                        put(tx, "dropped", 1).await?;
                        reached.notify_one();
                        std::future::pending::<()>().await;
                        Ok::<_, StoreError>(())
                    })
                })
                .await
        })
    };
    let other = {
        let store = home.store.clone();
        tokio::spawn(async move {
            store
                .run("other", Durability::Durable, |tx| {
                    Box::pin(async move { put(tx, "other", 1).await })
                })
                .await
        })
    };
    gate.open.notify_one();
    held.await.unwrap();
    reached.notified().await;
    dropped.abort();
    assert!(dropped.await.is_err());
    other.await.unwrap().unwrap();
    assert_eq!(get(home, "dropped").await, None);
    assert_eq!(get(home, "other").await, Some(1));
    // The writer is well.
    tx!(home.run, [] | tx | put(tx, "after", 1).await);
    assert_eq!(get(home, "after").await, Some(1));
}

async fn a_call_given_up_before_its_turn_does_not_run(home: &Home) {
    let (gate, held) = Gate::close(&home.store).await;
    let ran = Arc::new(AtomicBool::new(false));
    if home.url.starts_with("sqlite") {
        let (store, ran) = (home.store.clone(), Arc::clone(&ran));
        let call = tokio::spawn(async move {
            store
                .run("given.up", Durability::Durable, move |_| {
                    ran.store(true, Ordering::SeqCst);
                    Box::pin(async { Ok::<_, StoreError>(()) })
                })
                .await
        });
        tokio::task::yield_now().await;
        call.abort();
        assert!(call.await.is_err());
    }
    gate.open.notify_one();
    held.await.unwrap();
    tx!(home.run, [] | tx | put(tx, "after", 1).await);
    assert!(!ran.load(Ordering::SeqCst));
}

async fn after_a_failed_statement_the_transaction_is_over(home: &Home) {
    let alice = home.account("alice").await;
    let new = crate::home::new_user(&alice, "bob");
    let outcome = tx!(
        home.try_run,
        [new] | tx | {
            put(tx, "before", 1).await?;
            roadstead_store::user::create(tx, &new).await?;
            let again = roadstead_store::user::create(tx, &new).await;
            assert!(again.unwrap_err().is_not_unique("users"));
            let next = put(tx, "next", 1).await;
            assert!(matches!(next, Err(StoreError::Aborted)));
            Ok(())
        }
    );
    assert!(matches!(outcome, Err(StoreError::Aborted)), "{outcome:?}");
    assert_eq!(get(home, "before").await, None);
}

async fn many_writers_lose_no_update(home: &Home) {
    let web = home.web().await;
    let mut calls = Vec::new();
    for number in 0..40 {
        let (store, place) = (home.store.clone(), web.place());
        calls.push(tokio::spawn(async move {
            let new = crate::home::new_blob(&format!("blob{number}"), 10);
            let durability =
                if number % 2 == 0 { Durability::Durable } else { Durability::Relaxed };
            store
                .run("link", durability, move |tx| {
                    let new = new.clone();
                    Box::pin(async move {
                        let blob = roadstead_store::blob::insert(tx, &new).await?;
                        roadstead_store::blob::link(tx, &place, &blob, at(number)).await
                    })
                })
                .await
        }));
    }
    for call in calls {
        let linked: Result<bool, StoreError> = call.await.unwrap();
        assert!(linked.unwrap());
    }
    assert_eq!(home.repository_now(web.place()).await.size, 400);
    assert_eq!(home.organization_now(web.organization_id).await.size, 400);
    let account = home.account_now(web.account_id).await;
    assert_eq!((account.size, account.plain_size), (400, 400));
}

async fn listeners_hear_of_a_change_before_its_caller(home: &Home) {
    let heard = Arc::new(AtomicU32::new(0));
    {
        let heard = Arc::clone(&heard);
        home.store.on_change(move |changes| {
            let settings =
                changes.iter().filter(|change| change.kind == ChangeKind::Setting).count();
            heard.fetch_add(u32::try_from(settings).unwrap(), Ordering::SeqCst);
        });
    }
    tx!(home.run, [] | tx | put(tx, "a", 1).await);
    assert_eq!(heard.load(Ordering::SeqCst), 1);
    let failed = tx!(
        home.try_run,
        [] | tx | {
            put(tx, "b", 1).await?;
            Err::<(), _>(StoreError::Busy)
        }
    );
    assert!(failed.is_err());
    assert_eq!(heard.load(Ordering::SeqCst), 1);
}

async fn readers_get_every_change_once(home: &Home) {
    let mut cursor = tx!(home.read, [] | tx | change::horizon(tx).await);
    let mut seen = Vec::new();
    for number in 0..5 {
        home.run(move |tx| Box::pin(async move { put(tx, &format!("s{number}"), 1).await })).await;
        let (changes, next) =
            home.read(move |tx| Box::pin(async move { change::since(tx, cursor).await })).await;
        seen.extend(changes.into_iter().map(|change| change.subject));
        cursor = next;
    }
    // On PostgreSQL a change is given only when no older transaction of the whole server is open, so the last may be late.
    let mut turns = 0;
    while seen.len() < 5 && turns < 20_000 {
        let (changes, next) =
            home.read(move |tx| Box::pin(async move { change::since(tx, cursor).await })).await;
        seen.extend(changes.into_iter().map(|change| change.subject));
        cursor = next;
        turns += 1;
    }
    assert_eq!(seen, ["s0", "s1", "s2", "s3", "s4"]);
    let (changes, _) =
        home.read(move |tx| Box::pin(async move { change::since(tx, cursor).await })).await;
    assert_eq!(changes, Vec::new());
    assert_eq!(tx!(home.run, [] | tx | change::forget(tx, at(1)).await), 5);
}

async fn transactions_are_counted_by_name(home: &Home) {
    tx!(home.run, [] | tx | put(tx, "a", 1).await);
    get(home, "a").await;
    let failed = tx!(home.try_run, [] | _tx | Err::<(), _>(StoreError::Busy));
    assert!(failed.is_err());
    let meters = home.store.metrics().snapshot();
    let (_, meter) = meters.iter().find(|(name, _)| *name == "test").unwrap();
    assert_eq!((meter.calls, meter.errors), (3, 1));
    assert_eq!(meter.buckets.iter().sum::<u64>(), 3);
}

both! {
    what_succeeds_is_kept_and_what_fails_is_not
    a_failure_in_a_group_takes_nothing_of_the_others
    a_dropped_call_is_rolled_back_and_the_others_stay
    a_call_given_up_before_its_turn_does_not_run
    after_a_failed_statement_the_transaction_is_over
    many_writers_lose_no_update
    listeners_hear_of_a_change_before_its_caller
    readers_get_every_change_once
    transactions_are_counted_by_name
}

#[tokio::test]
async fn what_was_answered_is_there_after_opening_again() {
    let home = Home::sqlite().await;
    home.run(|tx| Box::pin(async move { put(tx, "kept", 7).await })).await;
    let url = home.url.clone();
    // As after a crash: the first store is not closed.
    let again = Store::open(&url, roadstead_store::Options::default()).await.unwrap();
    let found = again
        .read::<_, StoreError, _>("test", |tx| {
            Box::pin(async move { setting::get(tx, "kept").await })
        })
        .await
        .unwrap();
    assert_eq!(found.unwrap().value, json!(7));
}

const VICTIM: &str = "ROADSTEAD_TEST_VICTIM";

/// Not a test: what [`what_was_answered_survives_a_kill`] starts and kills. Writes from several tasks until then, and
/// prints each number after it was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by another test"]
async fn victim() {
    let Ok(url) = std::env::var(VICTIM) else { return };
    let store = Store::open(&url, roadstead_store::Options::default()).await.unwrap();
    store.migrate().await.unwrap();
    let mut writers = Vec::new();
    for writer in 0..4 {
        let store = store.clone();
        writers.push(tokio::spawn(async move {
            for number in 0_u64.. {
                let name = format!("w{writer}-{number}");
                let kept: Result<(), StoreError> = store
                    .run("victim", Durability::Durable, {
                        let name = name.clone();
                        move |tx| {
                            let name = name.clone();
                            Box::pin(async move { put(tx, &name, 1).await })
                        }
                    })
                    .await;
                kept.unwrap();
                println!("kept {name}");
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    use std::io::BufRead as _;
    let home = Home::sqlite().await;
    let mut answered = Vec::new();
    for round in 1..=3 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "transaction::victim", "--nocapture"])
            .env(VICTIM, home.url.replace("test.db", &format!("round{round}.db")))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        answered.clear();
        while answered.len() < 40 * round {
            let line = lines.next().unwrap().unwrap();
            answered.extend(line.strip_prefix("kept ").map(str::to_owned));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What was printed before it died, too.
        answered.extend(
            lines
                .map_while(Result::ok)
                .filter_map(|it| it.strip_prefix("kept ").map(str::to_owned)),
        );
        let url = home.url.replace("test.db", &format!("round{round}.db"));
        let store = Store::open(&url, roadstead_store::Options::default()).await.unwrap();
        store.migrate().await.unwrap();
        let kept = store
            .read::<_, StoreError, _>("test", |tx| Box::pin(async move { setting::all(tx).await }))
            .await
            .unwrap();
        let kept: std::collections::BTreeSet<String> = kept.into_iter().map(|it| it.name).collect();
        // A line that was cut in the middle was not an answer.
        let lost: Vec<_> = answered.iter().filter(|name| !kept.contains(*name)).collect();
        assert!(
            lost.len() <= 1
                && lost.iter().all(|name| kept.iter().any(|it| it.starts_with(name.as_str()))),
            "{lost:?}"
        );
        store.close().await;
    }
}
