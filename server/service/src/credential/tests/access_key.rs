//! Access keys: made, shown, changed, deleted, by whom.
use roadstead::UserName;
use roadstead::access::SystemPolicy;
use roadstead::manage::credential::{AccessKeyUpdate, CreatedAccessKey, Expiry, NewAccessKey};
use roadstead_store::attachment::{self, Holder as Attached, Right};
use roadstead_store::session::{self, SessionRecord};
use roadstead_store::{sealed, user};

use super::*;

/// The username and login key of a new key.
pub(super) fn login_of(created: &CreatedAccessKey) -> (String, Secret) {
    let secret_key = created.secret_key.reveal().parse().unwrap();
    (format!("local@{}", created.id), login_key(&created.id, &secret_key))
}

pub(super) async fn create(test: &TestService, ctx: &Context) -> CreatedAccessKey {
    let new = NewAccessKey::default();
    test.service.credentials().create_access_key(ctx, Holder::Me, new, None).await.unwrap()
}

fn kind_of<T: std::fmt::Debug>(answer: Result<T>) -> (ErrorKind, Subject) {
    let error = answer.unwrap_err();
    (error.kind(), error.subject())
}

#[tokio::test]
async fn a_key_logs_in_and_its_secret_is_shown_once() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let new = NewAccessKey { description: " the laptop ".to_owned(), expiry: Expiry::Days(90) };
    let created = credentials.create_access_key(&test.reader, Holder::Me, new, None).await.unwrap();
    assert!(created.id.as_str().starts_with("RSAK"));
    assert_eq!((created.id.as_str().len(), created.secret_key.reveal().len()), (20, 40));
    assert_eq!(
        created.file().unwrap(),
        format!(
            "User Name,Access Key Id,Secret Access Key\nrita,{},{}\n",
            created.id,
            created.secret_key.reveal()
        )
    );
    let (username, key) = login_of(&created);
    let proven = verify(&test, &username, &key).await.unwrap();
    assert_eq!(proven.actor.user, test.reader.user().unwrap().user);
    assert_eq!(proven.access_key.as_deref(), Some(created.id.as_str()));
    assert_eq!(proven.actor.expires_at, created.expires_at);
    // The secret key itself opens nothing.
    verify(&test, &username, &created.secret_key).await.unwrap_err();

    test.service.flush().await.unwrap();
    let listed = credentials.access_keys(&test.reader, Holder::Me).await.unwrap();
    assert_eq!((listed.user.as_str(), listed.limit, listed.is_programmatic), ("rita", 2, true));
    let [shown] = <[_; 1]>::try_from(listed.keys).unwrap();
    assert_eq!((&shown.id, shown.description.as_str()), (&created.id, "the laptop"));
    assert_eq!(shown.expires_at, Some(test.clock.now().plus_seconds(90 * 86_400)));
    let used = shown.last_used.unwrap();
    assert_eq!((used.at, used.address.as_str()), (test.clock.now(), "192.0.2.1"));
    assert_eq!(used.service, UsedService::Registry);
}

#[tokio::test]
async fn of_a_key_only_a_hash_and_a_sealed_value_are_kept_and_deletion_takes_both() {
    let test = TestService::new().await;
    let created = create(&test, &test.reader).await;
    let find = || {
        let id = created.id.clone();
        async {
            test.store
                .peek("test", move |tx| {
                    let id = id.clone();
                    Box::pin(async move { credential::find(tx, id.as_str()).await })
                })
                .await
                .unwrap()
        }
    };
    let record = find().await.unwrap();
    assert_eq!(record.login_key_hash, sha256(&login_of(&created).1));
    let place = SealedPlace::new("access_keys", record.id, "secret");
    let opened = test.service.sealer().get(&place).await.unwrap().unwrap();
    assert_eq!(opened.reveal(), created.secret_key.reveal().as_bytes());
    let stored = test.store.peek("test", |tx| {
        let place = place.clone();
        Box::pin(async move { sealed::get(tx, &place).await })
    });
    let stored = stored.await.unwrap().unwrap().sealed;
    let clear = created.secret_key.reveal().as_bytes();
    assert!(!stored.windows(clear.len()).any(|window| window == clear));
    let credentials = test.service.credentials();
    credentials.delete_access_key(&test.reader, Holder::Me, &created.id).await.unwrap();
    assert_eq!(find().await, None);
    assert!(test.service.sealer().get(&place).await.unwrap().is_none());
}

#[tokio::test]
async fn a_user_has_two_keys_at_most() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let first = create(&test, &test.reader).await;
    let ask =
        || credentials.create_access_key(&test.reader, Holder::Me, NewAccessKey::default(), None);
    // Of three at once one is made.
    let answers = futures::future::join3(ask(), ask(), ask()).await;
    let answers = [answers.0, answers.1, answers.2];
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    let error = ask().await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::QuotaExceeded, Subject::Credential));
    assert_eq!(error.detail().unwrap(), &serde_json::json!({ "used": 2, "limit": 2 }));
    // A disabled or ended key counts, a deleted one does not.
    let off = AccessKeyUpdate { is_enabled: Some(false), description: None };
    credentials.update_access_key(&test.reader, Holder::Me, &first.id, off).await.unwrap();
    assert_eq!(kind_of(ask().await).0, ErrorKind::QuotaExceeded);
    credentials.delete_access_key(&test.reader, Holder::Me, &first.id).await.unwrap();
    ask().await.unwrap();
    // Others have their own two.
    create(&test, &test.editor).await;
}

#[tokio::test]
async fn what_is_asked_for_is_checked() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let ask = |description: String, expiry: Expiry| {
        let new = NewAccessKey { description, expiry };
        credentials.create_access_key(&test.reader, Holder::Me, new, None)
    };
    let invalid = |subject| (ErrorKind::Invalid, subject);
    let now = test.clock.now();
    assert_eq!(kind_of(ask("é".repeat(256), Expiry::Never).await), invalid(Subject::Description));
    assert_eq!(kind_of(ask("a\nb".into(), Expiry::Never).await), invalid(Subject::Description));
    assert_eq!(kind_of(ask(String::new(), Expiry::At(now)).await), invalid(Subject::Time));
    let created = ask("é".repeat(255), Expiry::At(now.plus_seconds(1))).await.unwrap();
    let describe = |text: &str| {
        let update = AccessKeyUpdate { description: Some(text.to_owned()), is_enabled: None };
        credentials.update_access_key(&test.reader, Holder::Me, &created.id, update)
    };
    assert_eq!(kind_of(describe(&"x".repeat(256)).await), invalid(Subject::Description));
    describe("build server").await.unwrap();
    let listed = credentials.access_keys(&test.reader, Holder::Me).await.unwrap();
    assert_eq!(listed.keys[0].description, "build server");
    assert!(listed.keys[0].is_enabled);
    let nobody: AccessKeyId = "RSAKNOBODY0000000000".parse().unwrap();
    let gone = credentials.delete_access_key(&test.reader, Holder::Me, &nobody).await;
    assert_eq!(kind_of(gone), (ErrorKind::NotFound, Subject::Credential));
}

/// A request of somebody who signed in to the console at some time.
async fn signed_in(test: &TestService, ctx: &Context, created_at: Timestamp) -> Context {
    let user = ctx.user().unwrap();
    let row = SessionRecord {
        digest: format!("session of {}", user.user),
        account_id: Some(user.account),
        user_id: Some(user.user),
        data: Vec::new(),
        address: String::new(),
        agent: String::new(),
        created_at,
        last_seen_at: created_at,
        expires_at: created_at.plus_seconds(86_400),
    };
    let digest = row.digest.clone();
    test.write(move |tx| {
        let row = row.clone();
        Box::pin(async move { session::create(tx, &row).await.map(drop) })
    })
    .await;
    Context { session: Some(digest), ..ctx.clone() }
}

#[tokio::test]
async fn an_older_sign_in_has_to_be_confirmed() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let ctx = signed_in(&test, &test.reader, test.clock.now()).await;
    let ask = |password: Option<&'static str>| {
        let (ctx, password) = (ctx.clone(), password.map(secret));
        async move {
            let new = NewAccessKey::default();
            credentials.create_access_key(&ctx, Holder::Me, new, password.as_ref()).await
        }
    };
    test.clock.advance(15 * 60);
    ask(None).await.unwrap();
    test.clock.advance_micros(1);
    let error = ask(None).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::Denied, Subject::Password));
    assert_eq!(error.detail().unwrap()["reason"], "confirm");
    let wrong = (ErrorKind::Unauthenticated, Subject::Password);
    assert_eq!(kind_of(ask(Some("not the password")).await), wrong);
    ask(Some(PASSWORD)).await.unwrap();
    // Once is not for ever, and guesses are limited.
    assert_eq!(kind_of(ask(None).await), (ErrorKind::Denied, Subject::Password));
    for _ in 0..5 {
        assert_eq!(kind_of(ask(Some("not the password")).await), wrong);
    }
    assert_eq!(kind_of(ask(Some(PASSWORD)).await).0, ErrorKind::RateLimited);
    // A session that has ended confirms nothing.
    test.clock.advance(86_400);
    assert_eq!(kind_of(ask(Some(PASSWORD)).await).0, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_secret_is_shown_to_the_session_that_made_the_key_until_it_is_saved() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let ctx = signed_in(&test, &test.reader, test.clock.now()).await;
    let created = create(&test, &ctx).await;
    let shown = credentials.new_access_key(&ctx, Holder::Me, &created.id).await.unwrap();
    assert_eq!((&shown.created, shown.has_file), (&created, false));
    let gone = (ErrorKind::NotFound, Subject::Credential);
    // Neither another session of the same user nor a request without one.
    for session in [None, Some("another".to_owned())] {
        let other = Context { session, ..ctx.clone() };
        let answer = credentials.new_access_key(&other, Holder::Me, &created.id).await;
        assert_eq!(kind_of(answer), gone);
        assert_eq!(
            kind_of(credentials.access_key_file(&other, Holder::Me, &created.id).await),
            gone
        );
    }
    let file = credentials.access_key_file(&ctx, Holder::Me, &created.id).await.unwrap();
    assert_eq!(file, created);
    let again = credentials.access_key_file(&ctx, Holder::Me, &created.id).await;
    assert_eq!(kind_of(again), (ErrorKind::Conflict, Subject::Credential));
    let shown = credentials.new_access_key(&ctx, Holder::Me, &created.id).await.unwrap();
    assert!(shown.has_file);
    credentials.saved_access_key(&ctx, Holder::Me, &created.id).await.unwrap();
    let answer = credentials.new_access_key(&ctx, Holder::Me, &created.id).await;
    assert_eq!(kind_of(answer), gone);

    let second = create(&test, &ctx).await;
    test.clock.advance(15 * 60 - 1);
    credentials.new_access_key(&ctx, Holder::Me, &second.id).await.unwrap();
    assert!(!credentials.must_confirm(&ctx).await.unwrap());
    test.clock.advance(1);
    let answer = credentials.new_access_key(&ctx, Holder::Me, &second.id).await;
    assert_eq!(kind_of(answer), gone);
    test.clock.advance(1);
    assert!(credentials.must_confirm(&ctx).await.unwrap());
}

#[tokio::test]
async fn the_keys_of_others_are_for_security_administrators() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let key = create(&test, &test.reader).await;
    let (rita, nobody) = ("Rita".parse().unwrap(), "nobody-here".parse().unwrap());
    let all = |ctx: Context, user: UserName, id: AccessKeyId| async move {
        let whose = Holder::User(&user);
        let on = AccessKeyUpdate { description: None, is_enabled: Some(true) };
        [
            credentials.access_keys(&ctx, whose).await.map(drop),
            credentials
                .create_access_key(&ctx, whose, NewAccessKey::default(), None)
                .await
                .map(drop),
            credentials.update_access_key(&ctx, whose, &id, on).await,
            credentials.delete_access_key(&ctx, whose, &id).await,
            credentials.temporary_logins(&ctx, whose).await.map(drop),
            credentials.revoke_temporary(&ctx, whose, &id).await,
        ]
        .map(|answer| answer.map_err(|error| error.kind()))
    };
    // Everything in SWR is no right over people, and who has none does not learn who there is.
    for ctx in [&test.administrator, &test.operator, &test.member] {
        for user in [&rita, &nobody] {
            let answers = all(ctx.clone(), UserName::clone(user), key.id.clone()).await;
            assert_eq!(answers, [Err(ErrorKind::Hidden); 6], "{user}");
        }
    }
    let answers = all(test.anonymous.clone(), rita.clone(), key.id.clone()).await;
    assert_eq!(answers, [Err(ErrorKind::Unauthenticated); 6]);
    // In the account of another there is nobody of this name.
    let missing = Err(ErrorKind::NotFound);
    let answers = all(test.stranger.clone(), rita.clone(), key.id.clone()).await;
    assert_eq!(answers, [missing; 6]);

    let member = TestService::key_of(&test.member);
    test.write(move |tx| {
        Box::pin(async move {
            let right = Right::Role(SystemPolicy::SecurityAdministrator);
            let holder = Attached::User(member);
            attachment::attach(tx, holder, right, None, None, Timestamp(0)).await?;
            Ok(())
        })
    })
    .await;
    let answers = all(test.member.clone(), rita.clone(), key.id.clone()).await;
    // What was revoked was no temporary login.
    assert_eq!(answers, [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), missing]);
    let answers = all(test.member.clone(), nobody, key.id.clone()).await;
    assert_eq!(answers, [missing; 6]);
    // A key of the owner would make its maker the owner.
    let denied = Err(ErrorKind::Denied);
    let answers = all(test.member.clone(), "harbor".parse().unwrap(), key.id.clone()).await;
    assert_eq!(answers, [Ok(()), denied, denied, denied, Ok(()), denied]);
    // Of the owner's own, and by the owner of others, everything.
    let answers = all(test.owner.clone(), "harbor".parse().unwrap(), key.id.clone()).await;
    assert_eq!(answers, [Ok(()), Ok(()), missing, missing, Ok(()), missing]);
    let answers = all(test.owner.clone(), rita, key.id.clone()).await;
    assert_eq!(answers, [Ok(()), Ok(()), missing, missing, Ok(()), missing]);
    // Who names themselves needs no right.
    let answers = all(test.viewer.clone(), "VIEW".parse().unwrap(), key.id.clone()).await;
    assert_eq!(answers, [Ok(()), Ok(()), missing, missing, Ok(()), missing]);
}

#[tokio::test]
async fn the_command_line_makes_keys_for_anybody() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let (island, mia) = ("Island".parse().unwrap(), "mia".parse().unwrap());
    for (account, user, name) in [
        (&island, None, "island"),
        (&test.account, Some(&mia), "harbor/mia"),
        (&test.account, None, "harbor"),
    ] {
        let whose = Holder::Of(account, user);
        let new = NewAccessKey::default();
        let created = credentials.create_access_key(&test.system, whose, new, None).await.unwrap();
        let (username, key) = login_of(&created);
        let actor = verify(&test, &username, &key).await.unwrap().actor;
        let shown = if actor.is_owner {
            actor.account_name.to_string()
        } else {
            format!("{}/{}", actor.account_name, actor.user_name)
        };
        assert_eq!(shown, name);
    }
    let new = NewAccessKey::default;
    let whose = Holder::Of(&island, Some(&mia));
    let answer = credentials.create_access_key(&test.system, whose, new(), None).await;
    assert_eq!(kind_of(answer), (ErrorKind::NotFound, Subject::User));
    // Nobody else names accounts.
    for ctx in [&test.owner, &test.administrator] {
        let whose = Holder::Of(&island, None);
        let answer = credentials.create_access_key(ctx, whose, new(), None).await;
        assert_eq!(kind_of(answer), (ErrorKind::Hidden, Subject::User));
    }
}

#[tokio::test]
async fn without_programmatic_access_there_are_no_keys() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let created = create(&test, &test.reader).await;
    let (username, key) = login_of(&created);
    let rita = TestService::key_of(&test.reader);
    test.write(move |tx| {
        Box::pin(async move {
            let change = user::UserChange {
                display_name: String::new(),
                email: String::new(),
                description: String::new(),
                console_access: true,
                programmatic_access: false,
            };
            user::update(tx, rita, &change, Timestamp(0)).await
        })
    })
    .await;
    verify(&test, &username, &key).await.unwrap_err();
    let new = NewAccessKey::default;
    let answer = credentials.create_access_key(&test.reader, Holder::Me, new(), None).await;
    assert_eq!(kind_of(answer), (ErrorKind::Denied, Subject::User));
    let whose = "rita".parse().unwrap();
    let answer =
        credentials.create_access_key(&test.owner, Holder::User(&whose), new(), None).await;
    assert_eq!(kind_of(answer), (ErrorKind::Denied, Subject::User));
    // What is there is still seen and can be deleted.
    let listed = credentials.access_keys(&test.reader, Holder::Me).await.unwrap();
    assert_eq!((listed.keys.len(), listed.is_programmatic), (1, false));
    credentials.delete_access_key(&test.reader, Holder::Me, &created.id).await.unwrap();
}

#[tokio::test]
async fn every_change_is_an_event_and_no_event_has_a_secret() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let new = NewAccessKey { description: "laptop".to_owned(), expiry: Expiry::Never };
    let created = credentials.create_access_key(&test.reader, Holder::Me, new, None).await.unwrap();
    let off = AccessKeyUpdate { description: None, is_enabled: Some(false) };
    let rita = "rita".parse().unwrap();
    let whose = Holder::User(&rita);
    credentials.update_access_key(&test.owner, whose, &created.id, off).await.unwrap();
    credentials.delete_access_key(&test.owner, whose, &created.id).await.unwrap();
    let temporary = credentials.create_temporary(&test.reader).await.unwrap();
    // What fails changes nothing, and is no event of a change.
    credentials.delete_access_key(&test.owner, whose, &created.id).await.unwrap_err();
    let events = test.events().await;
    let seen: Vec<_> = events
        .iter()
        .take(4)
        .map(|event| {
            assert_eq!(event.code, 200);
            (
                event.name.as_str(),
                event.source.as_str(),
                event.resource_type.as_str(),
                event.actor.as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("createDockerConfig", "SWR", "dockerlogincmd", "harbor/rita"),
            ("deleteAccessKey", "IAM", "accesskey", "harbor"),
            ("disableAccessKey", "IAM", "accesskey", "harbor"),
            ("createAccessKey", "IAM", "accesskey", "harbor/rita"),
        ]
    );
    for event in &events[1..4] {
        assert_eq!(event.resource_id, created.id.to_string());
        assert_eq!(event.resource_name, "rita");
    }
    assert_eq!(
        events[3].detail,
        serde_json::json!({ "description": "laptop", "expires_at": null })
    );
    let all = format!("{events:?}");
    for secret in
        [created.secret_key.reveal(), login_of(&created).1.reveal(), temporary.password.reveal()]
    {
        assert!(!all.contains(secret.as_str()));
    }
}

#[tokio::test]
async fn the_warning_beside_a_command_is_about_ones_own_keys() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let new = NewAccessKey { description: String::new(), expiry: Expiry::Days(90) };
    let created = credentials.create_access_key(&test.reader, Holder::Me, new, None).await.unwrap();
    let is_own = |ctx: &Context| {
        let (ctx, id) = (ctx.clone(), created.id.clone());
        async move { credentials.is_own_key(&ctx, &id).await.unwrap() }
    };
    assert!(is_own(&test.reader).await);
    for ctx in [&test.editor, &test.owner, &test.stranger] {
        assert!(!is_own(ctx).await);
    }
    let set = |is_enabled| {
        let update = AccessKeyUpdate { description: None, is_enabled: Some(is_enabled) };
        credentials.update_access_key(&test.reader, Holder::Me, &created.id, update)
    };
    set(false).await.unwrap();
    assert!(!is_own(&test.reader).await);
    set(true).await.unwrap();
    assert!(is_own(&test.reader).await);
    test.clock.advance(90 * 86_400);
    assert!(!is_own(&test.reader).await);
    let answer = credentials.is_own_key(&test.anonymous, &created.id).await;
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Unauthenticated);
}
