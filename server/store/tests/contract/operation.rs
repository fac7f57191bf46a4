//! Settings, secrets, jobs, the audit log, use and overview.

use roadstead_store::job::{self, JobState, NewJob, Outcome};
use roadstead_store::sealed::{self, MasterKeyRecord, MasterKeyState, SealedPlace, SealedRecord};
use roadstead_store::signing_key::{self, SigningKeyRecord};
use roadstead_store::usage::{self, Traffic};
use roadstead_store::{overview, setting};
use serde_json::json;

use crate::home::{Home, Placed as _, at, both, everything, granted, tx};

async fn settings_are_saved_and_forgotten(home: &Home) {
    assert_eq!(tx!(home.read, [] | tx | setting::get(tx, "registry.x").await), None);
    tx!(home.run, [] | tx | setting::set(tx, "registry.x", &json!(true), None, at(0)).await);
    tx!(home.run, [] | tx | setting::set(tx, "registry.x", &json!({"a": [1]}), None, at(1)).await);
    tx!(home.run, [] | tx | setting::set(tx, "general.y", &json!("z"), None, at(1)).await);
    let all = tx!(home.read, [] | tx | setting::all(tx).await);
    assert_eq!(
        all.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["general.y", "registry.x"]
    );
    assert_eq!((&all[1].value, all[1].updated_at), (&json!({"a": [1]}), at(1)));
    tx!(home.run, [] | tx | setting::remove(tx, "registry.x", at(2)).await);
    assert_eq!(tx!(home.read, [] | tx | setting::get(tx, "registry.x").await), None);
}

async fn sealed_values_are_bound_to_their_place(home: &Home) {
    let place = SealedPlace::new("access_keys", 7, "secret");
    let value = SealedRecord { version: 1, key_id: "k1".into(), sealed: vec![9, 8, 0, 255] };
    tx!(home.run, [place, value] | tx | sealed::put(tx, &place, &value, at(0)).await);
    assert_eq!(tx!(home.read, [place] | tx | sealed::get(tx, &place).await), Some(value.clone()));
    let elsewhere = SealedPlace::new("access_keys", 8, "secret");
    assert_eq!(tx!(home.read, [elsewhere] | tx | sealed::get(tx, &elsewhere).await), None);
    let listed = tx!(home.read, [] | tx | sealed::sealed_with(tx, "k1", 10).await);
    assert_eq!(listed[0].row_key, "7");
    let moved = SealedRecord { key_id: "k2".into(), ..value };
    tx!(home.run, [place, moved] | tx | sealed::put(tx, &place, &moved, at(1)).await);
    assert_eq!(tx!(home.read, [] | tx | sealed::sealed_with(tx, "k1", 10).await), Vec::new());
    tx!(home.run, [place] | tx | sealed::remove(tx, &place).await);
    assert_eq!(tx!(home.read, [place] | tx | sealed::get(tx, &place).await), None);
    for (id, state) in [("k1", MasterKeyState::Retiring), ("k2", MasterKeyState::Active)] {
        let key = MasterKeyRecord { id: id.into(), state, proof: vec![1], created_at: at(0) };
        tx!(home.run, [key] | tx | sealed::put_master_key(tx, &key).await);
    }
    assert_eq!(tx!(home.read, [] | tx | sealed::master_keys(tx).await).len(), 2);
}

async fn two_signing_keys_may_verify(home: &Home) {
    for (kid, start) in [("one", 0), ("two", 10)] {
        let key = SigningKeyRecord {
            kid: kid.into(),
            algorithm: "HS256".into(),
            created_at: at(start),
            not_before: at(start),
            retire_at: None,
        };
        tx!(home.run, [key] | tx | signing_key::add(tx, &key).await);
    }
    tx!(home.run, [] | tx | signing_key::retire(tx, "one", at(30), at(10)).await);
    let kids = async |now| {
        let keys =
            home.read(move |tx| Box::pin(async move { signing_key::usable(tx, now).await })).await;
        keys.into_iter().map(|key| key.kid).collect::<Vec<_>>()
    };
    assert_eq!(kids(at(20)).await, ["two", "one"]);
    assert_eq!(kids(at(30)).await, ["two"]);
}

fn job(name: &str, unique_key: Option<&str>) -> NewJob {
    NewJob {
        queue: "default".into(),
        name: name.into(),
        payload: json!({"a": 1}),
        unique_key: unique_key.map(str::to_owned),
        account: None,
        creator: None,
        max_attempts: 2,
        run_at: at(10),
        created_at: at(0),
    }
}

async fn a_job_is_leased_and_ends(home: &Home) {
    let (first, second) = (job("collect", None), job("collect", None));
    let id = tx!(home.run, [first] | tx | job::enqueue(tx, &first).await).unwrap();
    tx!(home.run, [second] | tx | job::enqueue(tx, &second).await);
    let claim = async |holder: &'static str, now: i64| {
        home.run(move |tx| {
            Box::pin(async move { job::claim(tx, "default", holder, at(now), at(now + 30)).await })
        })
        .await
    };
    assert_eq!(claim("one", 9).await, None);
    let claimed = claim("one", 10).await.unwrap();
    assert_eq!((claimed.id, claimed.attempts, claimed.payload), (id, 1, json!({"a": 1})));
    assert_ne!(claim("two", 10).await.unwrap().id, id);
    assert_eq!(claim("three", 10).await, None);
    assert!(tx!(home.run, [] | tx | job::renew(tx, id, "one", at(50)).await));
    assert!(!tx!(home.run, [] | tx | job::renew(tx, id, "two", at(50)).await));
    // The second runner went away: its job is taken again.
    let again = claim("three", 45).await.unwrap();
    assert_eq!(again.attempts, 2);
    let other = again.id;
    let retry = Outcome::Retry { error: "no".into(), run_at: at(60) };
    assert!(!tx!(home.run, [retry] | tx | job::finish(tx, other, "two", &retry, at(46)).await));
    assert!(tx!(home.run, [retry] | tx | job::finish(tx, other, "three", &retry, at(46)).await));
    let dead = tx!(home.read, [] | tx | job::find(tx, other).await).unwrap();
    assert_eq!(
        (dead.state, dead.last_error.as_deref(), dead.finished_at),
        (JobState::Dead, Some("no"), Some(at(46)))
    );
    assert!(tx!(home.run, [retry] | tx | job::finish(tx, id, "one", &retry, at(46)).await));
    assert_eq!(tx!(home.read, [] | tx | job::find(tx, id).await).unwrap().state, JobState::Waiting);
    assert_eq!(claim("one", 59).await, None);
    assert_eq!(claim("one", 60).await.unwrap().id, id);
    assert!(tx!(home.run, [] | tx | job::finish(tx, id, "one", &Outcome::Done, at(61)).await));
    assert_eq!(tx!(home.read, [] | tx | job::ended(tx, JobState::Dead, 10).await).len(), 1);
    assert_eq!(tx!(home.run, [] | tx | job::forget_done(tx, at(100)).await), 1);
}

async fn a_waiting_job_is_not_enqueued_twice(home: &Home) {
    let one = job("scan", Some("scan:1"));
    let id = tx!(home.run, [one] | tx | job::enqueue(tx, &one).await).unwrap();
    assert_eq!(tx!(home.run, [one] | tx | job::enqueue(tx, &one).await), None);
    let claimed =
        tx!(home.run, [] | tx | job::claim(tx, "default", "a", at(10), at(20)).await).unwrap();
    assert_eq!(claimed.id, id);
    // While it runs, the next one may wait; a lost lease then makes no trouble.
    assert!(tx!(home.run, [one] | tx | job::enqueue(tx, &one).await).is_some());
    assert_eq!(
        tx!(home.run, [] | tx | job::claim(tx, "default", "a", at(21), at(30)).await).unwrap().id,
        id
    );
    let failed = Outcome::Dead { error: "no".into() };
    assert!(tx!(home.run, [failed] | tx | job::finish(tx, id, "a", &failed, at(22)).await));
    assert!(tx!(home.run, [] | tx | job::is_due(tx, "daily", at(0), at(100)).await));
    assert!(!tx!(home.run, [] | tx | job::is_due(tx, "daily", at(99), at(200)).await));
    assert!(tx!(home.run, [] | tx | job::is_due(tx, "daily", at(100), at(200)).await));
}

async fn several_runners_never_share_a_job(home: &Home) {
    for _ in 0..12 {
        let new = job("work", None);
        tx!(home.run, [new] | tx | job::enqueue(tx, &new).await);
    }
    let mut runners = Vec::new();
    for number in 0..4 {
        let store = home.store.clone();
        runners.push(tokio::spawn(async move {
            let mut got = Vec::new();
            loop {
                let claimed: Result<_, roadstead_store::StoreError> = store
                    .run("claim", roadstead_store::Durability::Durable, move |tx| {
                        Box::pin(async move {
                            job::claim(tx, "default", &format!("runner{number}"), at(10), at(40))
                                .await
                        })
                    })
                    .await;
                match claimed.unwrap() {
                    Some(job) => got.push(job.id),
                    None => break got,
                }
            }
        }));
    }
    let mut all = Vec::new();
    for runner in runners {
        all.extend(runner.await.unwrap());
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 12);
}

async fn use_is_rolled_up_by_day(home: &Home) {
    let web = home.web().await;
    let alice = home.account_now(web.account_id).await;
    let bob = home.user(&alice, "bob").await;
    home.blob(web.place(), "layer", 30).await;
    let place = web.place();
    for (pulls, second) in [(3, 0), (2, 10), (5, 86_400)] {
        let batch = vec![Traffic {
            place,
            pulls,
            pull_bytes: pulls * 100,
            push_bytes: 7,
            at: at(second),
            tags: vec![("v1".parse().unwrap(), pulls, at(second))],
            manifests: vec![(roadstead::id::ManifestId(1), pulls, at(second))],
        }];
        tx!(home.run, [batch] | tx | usage::add_traffic(tx, &batch).await);
    }
    let now = home.repository_now(web.place()).await;
    assert_eq!((now.pull_count, now.pull_bytes, now.last_pulled_at), (10, 1000, Some(at(86_400))));
    let (id, first) = (web.id, at(0).day());
    let days = tx!(home.read, [] | tx | usage::repository_days(tx, &place, first, first + 1).await);
    assert_eq!(
        days.iter().map(|it| (it.day - first, it.pulls, it.push_bytes)).collect::<Vec<_>>(),
        [(0, 5, 14), (1, 5, 7)]
    );
    let everything = everything(&alice);
    let some = granted(&alice, &bob);
    assert_eq!(
        tx!(home.read, [everything] | tx | overview::days(tx, &everything, first, first + 9).await)
            .len(),
        2
    );
    assert_eq!(
        tx!(home.read, [some] | tx | overview::days(tx, &some, first, first + 9).await).len(),
        0
    );
    let user = bob.id;
    tx!(
        home.run,
        [] | tx | {
            roadstead_store::grant::set_on_repository(
                tx,
                &place,
                user,
                roadstead::access::Permission::Read,
                None,
                at(0),
            )
            .await
        }
    );
    assert_eq!(
        tx!(home.read, [some] | tx | overview::days(tx, &some, first, first + 9).await).len(),
        2
    );
    let most = tx!(home.read, [some] | tx | overview::most_used(tx, &some, first, 5).await);
    assert_eq!((most[0].id, most[0].pulls, most[0].pull_bytes), (id, 10, 1000));
    let sizes = tx!(
        home.read,
        [everything] | tx | overview::size_days(tx, &everything, first + 1, first + 2).await
    );
    assert_eq!(sizes.iter().map(|it| (it.day, it.size)).collect::<Vec<_>>(), [(first, 30)]);
}

both! {
    settings_are_saved_and_forgotten
    sealed_values_are_bound_to_their_place
    two_signing_keys_may_verify
    a_job_is_leased_and_ends
    a_waiting_job_is_not_enqueued_twice
    several_runners_never_share_a_job
    use_is_rolled_up_by_day
}
