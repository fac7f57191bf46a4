#![allow(clippy::unwrap_used)]
use roadstead::access::Access as WaysIn;
use roadstead::manage::profile::Theme;
use roadstead::{Timestamp, access::Actor};
use roadstead_store::account::State;
use roadstead_store::audit::{AuditScope, recent};
use roadstead_store::session::SessionRecord;

use super::*;
use crate::account::NewUser;
use crate::testing::{PASSWORD, TestService};

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

async fn sign_in(
    test: &TestService,
    account: Option<&str>,
    user: Option<&str>,
    password: &str,
) -> Result<UserActor> {
    let sessions = test.service.sessions();
    sessions.sign_in(&test.anonymous, account, user, &secret(password)).await
}

#[tokio::test]
async fn owners_and_users_sign_in_whatever_the_case_of_their_names() {
    let test = TestService::new().await;
    for (account, user, expected) in [
        ("harbor", None, "harbor"),
        ("Harbor", Some(""), "harbor"),
        ("harbor", Some("HARBOR"), "harbor"),
        (" harbor ", Some("Mia"), "mia"),
        ("island", None, "island"),
    ] {
        let actor = sign_in(&test, Some(account), user, PASSWORD).await.unwrap();
        assert_eq!(actor.user_name.as_str(), expected);
    }
    assert_eq!(test.service.sessions().accounts_count().await.unwrap(), 2);
    let events = test
        .store
        .peek("test", |tx| {
            let user = test.manager.user().unwrap().user;
            Box::pin(async move { recent(tx, AuditScope::User(user), 10).await })
        })
        .await
        .unwrap();
    assert_eq!(events[0].name, "signIn");
    assert_eq!(events[0].actor, "harbor/mia");
    assert_eq!(events[0].address, "192.0.2.1");
}

#[tokio::test]
async fn refused_sign_ins_and_sign_outs_are_recorded() {
    let test = TestService::new().await;
    let mia = test.manager.user().unwrap().clone();
    let digest = "d1".to_owned();
    let row = SessionRecord {
        digest: digest.clone(),
        account_id: Some(mia.account),
        user_id: Some(mia.user),
        data: Vec::new(),
        address: String::new(),
        agent: String::new(),
        created_at: Timestamp(0),
        last_seen_at: Timestamp(0),
        expires_at: test.clock.now().plus_seconds(60),
    };
    test.write(move |tx| {
        let row = row.clone();
        Box::pin(async move { session::create(tx, &row).await.map(drop) })
    })
    .await;
    sign_in(&test, Some("harbor"), Some("Mia"), "wrong").await.unwrap_err();
    sign_in(&test, Some("harbor"), Some("ghost"), "wrong").await.unwrap_err();
    sign_in(&test, Some("harbor"), None, "wrong").await.unwrap_err();
    // No account of this name: maybe somebody's password.
    sign_in(&test, Some("swordfish"), Some("mia"), "wrong").await.unwrap_err();
    sign_in(&test, Some("no account at all"), None, "wrong").await.unwrap_err();
    let ctx = Context { session: Some(digest), ..test.manager.clone() };
    test.service.sessions().sign_out(&ctx).await.unwrap();
    // Nobody is signed in any more: nothing to record.
    test.service.sessions().sign_out(&ctx).await.unwrap();
    test.service.sessions().sign_out(&test.anonymous).await.unwrap();

    let events = test.events().await;
    let seen: Vec<_> = events
        .iter()
        .filter(|event| event.name.starts_with("sign"))
        .map(|event| (event.name.as_str(), event.resource_name.as_str(), event.code))
        .collect();
    assert_eq!(
        seen,
        [
            ("signOut", "mia", 200),
            ("signInFailed", "harbor", 401),
            // Nor a user: they are called by the account.
            ("signInFailed", "harbor", 401),
            ("signInFailed", "mia", 401),
        ]
    );
    let failed = events.iter().find(|event| event.name == "signInFailed").unwrap();
    assert_eq!((failed.actor.as_str(), failed.user_id), ("anonymous", None));
    assert_eq!(failed.level, roadstead_store::audit::Level::Warning);
    assert_eq!((failed.resource_type.as_str(), failed.source.as_str()), ("user", "IAM"));
    let out = events.iter().find(|event| event.name == "signOut").unwrap();
    assert_eq!((out.actor.as_str(), out.user_id), ("harbor/mia", Some(mia.user)));
}

#[tokio::test]
async fn every_wrong_sign_in_has_the_same_answer() {
    let test = TestService::new().await;
    test.disable(&test.manager).await;
    let mut answers = Vec::new();
    for (account, user, password) in [
        (Some("harbor"), None, "wrong password 1"),
        (Some("harbor"), Some("rita"), "wrong password 1"),
        (Some("harbor"), Some("unknown"), PASSWORD),
        (Some("unknown"), None, PASSWORD),
        (Some("harbor"), Some("mia"), PASSWORD),
        (Some("no/name"), None, PASSWORD),
        (Some("harbor"), Some("no name"), PASSWORD),
        // There are two accounts, so none is the only one.
        (None, None, PASSWORD),
    ] {
        let error = sign_in(&test, account, user, password).await.unwrap_err();
        answers.push((error.kind(), error.subject(), error.message().to_owned()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].0, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn five_failures_close_the_door_to_the_right_password_too() {
    let test = TestService::new().await;
    for _ in 0..5 {
        let error = sign_in(&test, Some("harbor"), Some("mia"), "wrong password 1").await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
    let error = sign_in(&test, Some("harbor"), Some("mia"), PASSWORD).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after_seconds(), Some(900));
    // Others from there, and the same user from elsewhere, still come in.
    sign_in(&test, Some("harbor"), Some("rita"), PASSWORD).await.unwrap();
    let elsewhere = Context { client: Some([198, 51, 100, 7].into()), ..test.anonymous.clone() };
    let sessions = test.service.sessions();
    sessions.sign_in(&elsewhere, Some("harbor"), Some("mia"), &secret(PASSWORD)).await.unwrap();
    test.clock.advance(15 * 60);
    sign_in(&test, Some("harbor"), Some("mia"), PASSWORD).await.unwrap();
}

#[tokio::test]
async fn guesses_in_parallel_are_limited_too() {
    let test = TestService::new().await;
    let guesses = (0..40).map(|guess| {
        let password = format!("wrong password {guess}");
        let test = &test;
        async move { sign_in(test, Some("harbor"), Some("mia"), &password).await }
    });
    let answers = futures::future::join_all(guesses).await;
    let looked_at = answers
        .into_iter()
        .filter(|answer| answer.as_ref().unwrap_err().kind() == ErrorKind::Unauthenticated)
        .count();
    // Two are looked at at a time, so one more than five may have begun.
    assert!((5..=6).contains(&looked_at), "{looked_at}");
}

#[tokio::test]
async fn a_user_without_console_access_is_told_after_the_right_password_only() {
    let test = TestService::new().await;
    let new = NewUser {
        name: "robot".parse().unwrap(),
        access: WaysIn { console: false, programmatic: true },
        group: None,
        password: Some(secret(PASSWORD)),
    };
    let accounts = test.service.accounts();
    let created = accounts.create_user(&test.system, &test.account, new).await.unwrap();
    let error = sign_in(&test, Some("harbor"), Some("robot"), PASSWORD).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::Denied, Subject::User));
    let error =
        sign_in(&test, Some("harbor"), Some("robot"), "wrong password 1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(test.service.sessions().actor_of(created.user).await.unwrap(), None);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_the_next_request() {
    let test = TestService::new().await;
    let mia = test.manager.user().unwrap().user;
    let sessions = test.service.sessions();
    assert!(sessions.actor_of(mia).await.unwrap().is_some());
    test.disable(&test.manager).await;
    assert!(sessions.actor_of(mia).await.unwrap().is_none());
    let account = test.account_key();
    test.write(move |tx| {
        Box::pin(
            async move { account::set_state(tx, account, State::Disabled, Timestamp(0)).await },
        )
    })
    .await;
    let owner = test.owner.user().unwrap().user;
    assert!(sessions.actor_of(owner).await.unwrap().is_none());
}

#[tokio::test]
async fn a_change_of_password_signs_the_others_out() {
    let test = TestService::new().await;
    let mia = test.manager.user().unwrap().clone();
    for digest in ["this", "that", "other"] {
        let record = SessionRecord {
            digest: digest.to_owned(),
            account_id: Some(mia.account),
            user_id: Some(mia.user),
            data: Vec::new(),
            address: String::new(),
            agent: String::new(),
            created_at: Timestamp(0),
            last_seen_at: Timestamp(0),
            expires_at: Timestamp(i64::MAX),
        };
        test.write(move |tx| {
            let record = record.clone();
            Box::pin(async move { session::create(tx, &record).await.map(drop) })
        })
        .await;
    }
    let ctx = Context { session: Some("this".to_owned()), ..test.manager.clone() };
    let sessions = test.service.sessions();
    let change = |current: &'static str, new: &'static str| {
        let (ctx, current, new) = (&ctx, secret(current), secret(new));
        async move { sessions.change_password(ctx, &current, &new).await }
    };
    let error = change("wrong password 1", "another good one").await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::Unauthenticated, Subject::Password));
    for bad in ["short", PASSWORD, "i-am-Mia-and-this-is-long", "password1234"] {
        let error = change(PASSWORD, bad).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.subject()),
            (ErrorKind::Invalid, Subject::Password),
            "{bad}"
        );
    }
    sign_in(&test, Some("harbor"), Some("mia"), PASSWORD).await.unwrap();
    change(PASSWORD, "another good one").await.unwrap();
    let left = test
        .store
        .peek("test", |tx| {
            let key = TestService::key_of(&test.manager);
            Box::pin(async move { session::of_user(tx, key, Timestamp(1)).await })
        })
        .await
        .unwrap();
    let left: Vec<_> = left.into_iter().map(|session| session.digest).collect();
    assert_eq!(left, ["this"]);
    assert!(sign_in(&test, Some("harbor"), Some("mia"), PASSWORD).await.is_err());
    sign_in(&test, Some("harbor"), Some("mia"), "another good one").await.unwrap();
}

#[tokio::test]
async fn the_profile_says_who_may_what() {
    let test = TestService::new().await;
    let sessions = test.service.sessions();
    let mut rows = Vec::new();
    for ctx in [
        &test.owner,
        &test.administrator,
        &test.operator,
        &test.viewer,
        &test.manager,
        &test.member,
        &test.stranger,
    ] {
        let profile = sessions.profile(ctx).await.unwrap();
        rows.push((
            profile.user.to_string(),
            profile.is_owner,
            profile.is_administrator,
            profile.is_operator,
            profile.may_create_organizations,
        ));
    }
    let row = |name: &str, owner, administrator, operator, create| {
        (name.to_owned(), owner, administrator, operator, create)
    };
    assert_eq!(
        rows,
        [
            row("harbor", true, true, true, true),
            row("root", false, true, true, true),
            row("operate", false, true, false, true),
            row("view", false, false, false, false),
            row("mia", false, false, false, false),
            row("nobody-yet", false, false, false, false),
            row("island", true, true, false, true),
        ]
    );
    let error = sessions.profile(&test.anonymous).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let error = sessions.profile(&test.system).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn preferences_and_display_name_are_kept() {
    let test = TestService::new().await;
    let sessions = test.service.sessions();
    assert_eq!(sessions.profile(&test.reader).await.unwrap().preferences, Preferences::default());
    let wanted = Preferences {
        theme: Theme::Dark,
        page_size: 50,
        time_zone_minutes: Some(480),
        ..Preferences::default()
    };
    sessions.save_preferences(&test.reader, wanted.clone()).await.unwrap();
    sessions.save_display_name(&test.reader, Some("  Rita 丽塔 ".to_owned())).await.unwrap();
    let profile = sessions.profile(&test.reader).await.unwrap();
    assert_eq!(profile.preferences, wanted);
    assert_eq!(profile.display_name.as_deref(), Some("Rita 丽塔"));
    sessions.save_display_name(&test.reader, None).await.unwrap();
    assert_eq!(sessions.profile(&test.reader).await.unwrap().display_name, None);
    for bad in [
        Preferences { page_size: 33, ..Preferences::default() },
        Preferences { time_zone_minutes: Some(2_000), ..Preferences::default() },
    ] {
        assert!(sessions.save_preferences(&test.reader, bad).await.is_err());
    }
    assert!(sessions.save_display_name(&test.reader, Some("x".repeat(65))).await.is_err());
    assert!(matches!(test.reader.actor, Actor::User(_)));
}

#[tokio::test]
async fn people_see_their_own_sessions_and_end_them() {
    let test = TestService::new().await;
    let sessions = test.service.sessions();
    let now = test.clock.now();
    for (digest, who, seen) in [
        ("this", &test.manager, 3),
        ("that", &test.manager, 2),
        ("old", &test.manager, 1),
        ("hers", &test.editor, 9),
    ] {
        let user = who.user().unwrap();
        let record = SessionRecord {
            digest: digest.to_owned(),
            account_id: Some(user.account),
            user_id: Some(user.user),
            data: b"not for the list".to_vec(),
            address: "192.0.2.7".to_owned(),
            agent: "Firefox".to_owned(),
            created_at: Timestamp(0),
            last_seen_at: Timestamp(seen),
            expires_at: now.plus_seconds(60),
        };
        test.write(move |tx| {
            let record = record.clone();
            Box::pin(async move { session::create(tx, &record).await.map(drop) })
        })
        .await;
    }
    let ctx = Context { session: Some("this".to_owned()), ..test.manager.clone() };
    let ids = async || -> Vec<String> {
        sessions.list(&ctx).await.unwrap().into_iter().map(|session| session.id).collect()
    };
    let listed = sessions.list(&ctx).await.unwrap();
    assert_eq!(ids().await, ["this", "that", "old"]);
    assert!(listed[0].is_current && !listed[1].is_current);
    assert_eq!((listed[0].address.as_str(), listed[0].agent.as_str()), ("192.0.2.7", "Firefox"));
    assert_eq!((listed[0].started_at, listed[0].last_active_at), (Timestamp(0), Timestamp(3)));
    // Somebody else's is not there.
    let error = sessions.revoke(&ctx, "hers").await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::NotFound, Subject::Session));
    sessions.revoke(&ctx, "old").await.unwrap();
    assert_eq!(ids().await, ["this", "that"]);
    assert_eq!(sessions.revoke_others(&ctx).await.unwrap(), 1);
    assert_eq!(ids().await, ["this"]);
    assert_eq!(sessions.list(&test.editor).await.unwrap().len(), 1);
    let events = test.events().await;
    assert_eq!(
        (events[0].name.as_str(), events[1].name.as_str()),
        ("revokeSession", "revokeSession")
    );
    let error = sessions.list(&test.anonymous).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}
