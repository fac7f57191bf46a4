//! What is taken away binds the next request, and what another process takes away the next look; for tokens too.
use roadstead::manage::credential::{AccessKeyUpdate, Expiry, NewAccessKey};
use roadstead_store::account::State;
use roadstead_store::{Durability, Options, access_key};

use super::access_key::{create, login_of};
use super::*;
use crate::token::{SERVICE, TokenScope};

/// A token for a login, as the token service gives it.
async fn token(test: &TestService, username: &str, password: &Secret) -> String {
    let proven = verify(test, username, password).await.unwrap();
    let ctx = test.as_user(proven.actor);
    let scopes = TokenScope::parse_list(["repository:team/app:pull"]).unwrap();
    let tokens = test.service.tokens();
    let issued = tokens.issue(&ctx, SERVICE, scopes, proven.access_key).await.unwrap();
    issued.token.reveal().clone()
}

/// Whether the login and the token still open the door. Always both or neither.
async fn is_open(test: &TestService, username: &str, password: &Secret, token: &str) -> bool {
    let login = verify(test, username, password).await.is_ok();
    let bearer = test.service.tokens().verify(token).await;
    assert_eq!(login, bearer.is_ok(), "a token is good for as long as its credential");
    if let Ok(bearer) = bearer {
        let ctx = Context {
            scopes: Some(bearer.scopes),
            ..test.as_user(bearer.actor.user().unwrap().clone())
        };
        let image: roadstead::ImageName = "team/app".parse().unwrap();
        test.service.access().authorize(&ctx, Action::PullImage, &image).await.unwrap();
    }
    login
}

#[tokio::test]
async fn a_disabled_deleted_or_ended_key_is_refused_at_once() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let created = create(&test, &test.reader).await;
    let (username, key) = login_of(&created);
    let held = token(&test, &username, &key).await;
    assert!(is_open(&test, &username, &key, &held).await);
    let set = |is_enabled| {
        let update = AccessKeyUpdate { description: None, is_enabled: Some(is_enabled) };
        credentials.update_access_key(&test.reader, Holder::Me, &created.id, update)
    };
    set(false).await.unwrap();
    assert!(!is_open(&test, &username, &key, &held).await);
    set(true).await.unwrap();
    assert!(is_open(&test, &username, &key, &held).await);
    credentials.delete_access_key(&test.reader, Holder::Me, &created.id).await.unwrap();
    assert!(!is_open(&test, &username, &key, &held).await);

    let end = test.clock.now().plus_seconds(60);
    let new = NewAccessKey { description: String::new(), expiry: Expiry::At(end) };
    let created = credentials.create_access_key(&test.reader, Holder::Me, new, None).await.unwrap();
    let (username, key) = login_of(&created);
    let held = token(&test, &username, &key).await;
    test.clock.advance(59);
    test.clock.advance_micros(999_999);
    assert!(is_open(&test, &username, &key, &held).await);
    test.clock.advance_micros(1);
    assert!(!is_open(&test, &username, &key, &held).await);
}

#[tokio::test]
async fn a_revoked_temporary_login_takes_its_tokens_along() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let login = credentials.create_temporary(&test.reader).await.unwrap();
    let held = token(&test, &login.username, &login.password).await;
    assert!(is_open(&test, &login.username, &login.password, &held).await);
    let id = login.username.strip_prefix("local@").unwrap().parse().unwrap();
    credentials.revoke_temporary(&test.reader, Holder::Me, &id).await.unwrap();
    assert!(!is_open(&test, &login.username, &login.password, &held).await);
}

#[tokio::test]
async fn what_another_process_takes_away_is_refused_after_the_next_look() {
    let test = TestService::new().await;
    let cursor = test.service.follow_changes(None).await.unwrap();
    let credentials = test.service.credentials();
    let (kept, taken) = (create(&test, &test.reader).await, create(&test, &test.reader).await);
    let temporary = credentials.create_temporary(&test.reader).await.unwrap();
    let mut doors = Vec::new();
    for (username, key) in
        [login_of(&kept), login_of(&taken), (temporary.username, temporary.password)]
    {
        let held = token(&test, &username, &key).await;
        assert!(is_open(&test, &username, &key, &held).await);
        doors.push((username, key, held));
    }
    let holder = credentials.managing(&test.reader, Holder::Me).await.unwrap();
    let other = Store::open(&test.url(), Options::default()).await.unwrap();
    let revoked: AccessKeyId = doors[2].0.strip_prefix("local@").unwrap().parse().unwrap();
    let (disabled, at) = (taken.id.clone(), test.clock.now());
    other
        .run("other", Durability::Durable, move |tx| {
            let (holder, disabled, revoked) = (holder.clone(), disabled.clone(), revoked.clone());
            Box::pin(async move {
                let state = Some(State::Disabled);
                access_key::update(tx, &holder, &disabled, None, state, at).await?;
                credential::revoke_temporary(tx, &holder, &revoked, at).await
            })
        })
        .await
        .unwrap();
    // On PostgreSQL a change is seen once every older transaction of the cluster has ended, those of the tests that run
    // beside this one among them.
    let mut seen = cursor;
    while is_open(&test, &doors[1].0, &doors[1].1, &doors[1].2).await {
        seen = test.service.follow_changes(Some(seen)).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut open = Vec::new();
    for (username, key, held) in &doors {
        open.push(is_open(&test, username, key, held).await);
    }
    assert_eq!(open, [true, false, false]);
}
