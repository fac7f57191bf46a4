//! Settings, secrets, jobs, the audit log, use and overview.

use roadstead_store::audit::{self, AuditRecord, AuditScope, Category, Level};
use roadstead_store::job::{self, JobState, NewJob, Outcome};
use roadstead_store::sealed::{self, MasterKeyRecord, MasterKeyState, SealedPlace, SealedRecord};
use roadstead_store::signing_key::{self, SigningKeyRecord};
use roadstead_store::usage::{self, Traffic};
use roadstead_store::{overview, setting};
use serde_json::json;

use crate::home::{Home, Placed as _, Proof as _, at, both, everything, granted, tx};

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

async fn the_audit_log_shows_whom_it_concerns(home: &Home) {
    let (alice, carol) = (home.account("alice").await, home.account("carol").await);
    let bob = home.user(&alice, "bob").await;
    let event = |user, account, name: &str, second| AuditRecord {
        id: roadstead::id::AuditId(0),
        trace_id: format!("trace{second}"),
        account_id: Some(account),
        user_id: user,
        actor: "bob".into(),
        category: Category::Management,
        source: "SWR".into(),
        name: name.into(),
        resource_type: "usernamespace".into(),
        resource_id: "1".into(),
        resource_name: "group".into(),
        organization_id: None,
        repository_id: None,
        level: Level::Normal,
        code: 201,
        address: "127.0.0.1".into(),
        request_id: "r1".into(),
        detail: json!({"request": {}}),
        happened_at: at(second),
    };
    let events = vec![
        event(Some(bob.id), alice.id, "createUserNamespace", 1),
        event(None, alice.id, "deleteUserNamespace", 2),
        event(None, carol.id, "createUserNamespace", 3),
    ];
    tx!(
        home.run,
        [events] | tx | {
            for event in &events {
                audit::append(tx, event).await?;
            }
            Ok(())
        }
    );
    let (account, user) = (alice.id, bob.id);
    let all = tx!(
        home.read,
        [] | tx | audit::recent(tx, AuditScope::Account(account.allowed()), 10).await
    );
    assert_eq!(
        all.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["deleteUserNamespace", "createUserNamespace"]
    );
    let own = tx!(home.read, [] | tx | audit::recent(tx, AuditScope::User(user), 10).await);
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].code, &own[0].detail), (201, &json!({"request": {}})));
    assert_eq!(tx!(home.run, [] | tx | audit::forget(tx, at(2), 10).await), 1);
}

async fn the_audit_log_is_searched_by_any_part_of_what_it_says(home: &Home) {
    let (alice, carol) = (home.account("alice").await, home.account("carol").await);
    let bob = home.user(&alice, "bob").await;
    let event = |account, user, resource: &str, detail: serde_json::Value| AuditRecord {
        id: roadstead::id::AuditId(0),
        trace_id: format!("trace-{resource}"),
        account_id: Some(account),
        user_id: user,
        actor: "Alice/bob".into(),
        category: Category::Management,
        source: "SWR".into(),
        name: "updateImageRepository".into(),
        resource_type: "imagerepository".into(),
        resource_id: "1".into(),
        resource_name: resource.into(),
        organization_id: None,
        repository_id: None,
        level: Level::Normal,
        code: 200,
        address: "192.0.2.7".into(),
        request_id: "r1".into(),
        detail,
        happened_at: at(1),
    };
    let long = "这个镜像仓库属于开发部门 ".repeat(200);
    let events = vec![
        event(alice.id, Some(bob.id), "team/app", json!({"description": "创建镜像仓库"})),
        event(alice.id, None, "Team/50%_off", json!({})),
        event(alice.id, None, "team/long", json!({ "description": long })),
        event(carol.id, None, "isle/app", json!({"description": "镜像"})),
    ];
    tx!(
        home.run,
        [events] | tx | {
            for event in &events {
                audit::append(tx, event).await?;
            }
            Ok(())
        }
    );
    let all = AuditScope::Account(alice.allowed());
    let own = AuditScope::User(bob.id);
    for (scope, text, expected) in [
        (all, "镜像", &["team/long", "team/app"][..]),
        (all, "镜", &["team/long", "team/app"]),
        (all, "创建", &["team/app"]),
        // Its characters are there, side by side they are not.
        (all, "建像", &[]),
        (all, "TEAM/a", &["team/app"]),
        (all, "off team", &["Team/50%_off"]),
        (all, "%_", &["Team/50%_off"]),
        (all, "0.2.7 repository", &["team/long", "Team/50%_off", "team/app"]),
        (all, "p", &["team/long", "Team/50%_off", "team/app"]),
        (all, "", &["team/long", "Team/50%_off", "team/app"]),
        (all, "isle", &[]),
        (all, "nothing\" OR x*", &[]),
        (own, "镜像", &["team/app"]),
        (own, "50", &[]),
    ] {
        let text = text.to_owned();
        let found = tx!(home.read, [text] | tx | audit::search(tx, scope, &text, None, 10).await);
        let found: Vec<_> = found.iter().map(|it| it.resource_name.as_str()).collect();
        assert_eq!(found, expected, "{text}");
    }
    let first = tx!(home.read, [] | tx | audit::search(tx, all, "team", None, 2).await);
    let last = first[1].id;
    let rest = tx!(home.read, [] | tx | audit::search(tx, all, "team", Some(last), 2).await);
    assert_eq!((first.len(), rest.len(), rest[0].resource_name.as_str()), (2, 1, "team/app"));
    // What is forgotten is not found any more.
    assert_eq!(tx!(home.run, [] | tx | audit::forget(tx, at(2), 10).await), 4);
    assert_eq!(tx!(home.read, [] | tx | audit::search(tx, all, "team", None, 9).await).len(), 0);
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
        tx!(home.read, [] | tx | overview::days(tx, everything, first, first + 9).await).len(),
        2
    );
    assert_eq!(tx!(home.read, [] | tx | overview::days(tx, some, first, first + 9).await).len(), 0);
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
    assert_eq!(tx!(home.read, [] | tx | overview::days(tx, some, first, first + 9).await).len(), 2);
    let most = tx!(home.read, [] | tx | overview::most_used(tx, some, first, 5).await);
    assert_eq!((most[0].id, most[0].pulls, most[0].pull_bytes), (id, 10, 1000));
    let sizes =
        tx!(home.read, [] | tx | overview::size_days(tx, everything, first + 1, first + 2).await);
    assert_eq!(sizes.iter().map(|it| (it.day, it.size)).collect::<Vec<_>>(), [(first, 30)]);
}

both! {
    settings_are_saved_and_forgotten
    sealed_values_are_bound_to_their_place
    two_signing_keys_may_verify
    a_job_is_leased_and_ends
    a_waiting_job_is_not_enqueued_twice
    several_runners_never_share_a_job
    the_audit_log_shows_whom_it_concerns
    the_audit_log_is_searched_by_any_part_of_what_it_says
    use_is_rolled_up_by_day
}
