#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod access_key;
mod binding;

use std::collections::BTreeMap;

use roadstead::access::{Access as WaysIn, Action, Actor, login_key};
use roadstead_store::sealed::SealedPlace;

use super::*;
use crate::access::Holder;
use crate::account::NewUser;
use crate::context::Context;
use crate::testing::{PASSWORD, TestService};

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

async fn verify(test: &TestService, username: &str, password: &Secret) -> Result<Proven> {
    let credentials = test.service.credentials();
    credentials.verify_basic(username, password, test.anonymous.client).await
}

#[tokio::test]
async fn a_temporary_login_logs_in_until_the_instant_it_ends() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let login = credentials.create_temporary(&test.reader).await.unwrap();
    assert!(login.username.starts_with("local@RSTM"), "{}", login.username);
    assert_eq!(login.host, "registry.test:5000");
    assert!(login.is_plain_http);
    assert_eq!(login.expires_at.seconds_since(login.created_at), 6 * 60 * 60);
    let proven = verify(&test, &login.username, &login.password).await.unwrap();
    assert_eq!(proven.actor.user, test.reader.user().unwrap().user);
    assert_eq!(proven.actor.expires_at, Some(login.expires_at));
    let key = proven.access_key.unwrap();
    assert_eq!(login.username, format!("local@{key}"));
    // Making another does not revoke the first.
    let second = credentials.create_temporary(&test.reader).await.unwrap();
    assert_ne!(second.username, login.username);
    test.clock.advance(6 * 60 * 60 - 1);
    test.clock.advance_micros(999_999);
    verify(&test, &login.username, &login.password).await.unwrap();
    test.clock.advance_micros(1);
    let error = verify(&test, &login.username, &login.password).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let ctx = test.as_user(proven.actor);
    let image: roadstead::ImageName = "team/app".parse().unwrap();
    let answer = test.service.access().authorize(&ctx, Action::PullImage, &image).await;
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn the_secret_key_is_sealed_and_the_login_key_is_its_hmac() {
    let test = TestService::new().await;
    let login = test.service.credentials().create_temporary(&test.owner).await.unwrap();
    let key = login.username.strip_prefix("local@").unwrap().to_owned();
    let record = test
        .store
        .peek("test", |tx| {
            let key = key.clone();
            Box::pin(async move { credential::find(tx, &key).await })
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.login_key_hash, sha256(&login.password));
    let place = SealedPlace::new("temporary_credentials", record.id, "secret");
    let secret_key = test.service.sealer().get(&place).await.unwrap().unwrap();
    let secret_key: SecretKey =
        String::from_utf8(secret_key.reveal().clone()).unwrap().parse().unwrap();
    assert_eq!(secret_key.reveal().len(), 40);
    assert_eq!(login_key(&key.parse().unwrap(), &secret_key), login.password);
}

#[tokio::test]
async fn every_wrong_login_has_the_same_answer() {
    let test = TestService::new().await;
    let login = test.service.credentials().create_temporary(&test.reader).await.unwrap();
    let key = login.username.strip_prefix("local@").unwrap();
    let mut answers = Vec::new();
    for (username, password) in [
        (format!("other@{key}"), login.password.clone()),
        (format!("@{key}"), login.password.clone()),
        (format!("local@{key}"), secret("0000")),
        ("local@RSTMUNKNOWN".to_owned(), login.password.clone()),
    ] {
        let error = verify(&test, &username, &password).await.unwrap_err();
        answers.push((error.kind(), error.message().to_owned()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].0, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn passwords_log_clients_in_by_account_and_user() {
    let test = TestService::new().await;
    for (username, user) in [
        ("harbor", &test.owner),
        ("harbor/harbor", &test.owner),
        ("Harbor/Rita", &test.reader),
        ("island", &test.stranger),
    ] {
        let proven = verify(&test, username, &secret(PASSWORD)).await.unwrap();
        assert_eq!(proven.actor.user, user.user().unwrap().user);
        assert_eq!(proven.access_key, None);
    }
    for username in ["", "/", "harbor/", "rita", "harbor/rita/x", "island/rita"] {
        let error = verify(&test, username, &secret(PASSWORD)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{username}");
    }
}

#[tokio::test]
async fn clients_need_programmatic_access() {
    let test = TestService::new().await;
    let new = NewUser {
        name: "human".parse().unwrap(),
        access: WaysIn { console: true, programmatic: false },
        group: None,
        password: Some(secret(PASSWORD)),
    };
    let accounts = test.service.accounts();
    let created = accounts.create_user(&test.system, &test.account, new).await.unwrap();
    let error = verify(&test, "harbor/human", &secret(PASSWORD)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let actor = test.service.sessions().actor_of(created.user).await.unwrap().unwrap();
    let ctx = test.as_user(actor);
    let error = test.service.credentials().create_temporary(&ctx).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::Denied, Subject::User));
}

#[tokio::test]
async fn who_is_disabled_or_revoked_is_out_at_once() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let login = credentials.create_temporary(&test.reader).await.unwrap();
    verify(&test, &login.username, &login.password).await.unwrap();
    let key = login.username.strip_prefix("local@").unwrap().parse().unwrap();
    credentials.revoke_temporary(&test.reader, Holder::Me, &key).await.unwrap();
    assert!(verify(&test, &login.username, &login.password).await.is_err());
    let login = credentials.create_temporary(&test.manager).await.unwrap();
    verify(&test, &login.username, &login.password).await.unwrap();
    verify(&test, "harbor/mia", &secret(PASSWORD)).await.unwrap();
    test.disable(&test.manager).await;
    assert!(verify(&test, &login.username, &login.password).await.is_err());
    assert!(verify(&test, "harbor/mia", &secret(PASSWORD)).await.is_err());
}

#[tokio::test]
async fn failures_are_limited_per_key_and_address() {
    let test = TestService::new().await;
    let login = test.service.credentials().create_temporary(&test.reader).await.unwrap();
    // One client that repeats one wrong secret is one failure.
    for _ in 0..30 {
        let error = verify(&test, &login.username, &secret("same")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    }
    verify(&test, &login.username, &login.password).await.unwrap();
    for guess in 0..5 {
        verify(&test, &login.username, &secret(&format!("guess {guess}"))).await.unwrap_err();
    }
    let error = verify(&test, &login.username, &login.password).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after_seconds(), Some(900));
    // Never per key alone: strangers could lock people out.
    let elsewhere = Some([198, 51, 100, 7].into());
    let credentials = test.service.credentials();
    credentials.verify_basic(&login.username, &login.password, elsewhere).await.unwrap();
    assert!(matches!(test.reader.actor, Actor::User(_)));
    // Guesses at many keys close the address.
    for guess in 0..20 {
        let username = format!("local@RSAKGUESSED{guess:09}");
        credentials.verify_basic(&username, &secret("x"), elsewhere).await.unwrap_err();
    }
    let answer = credentials.verify_basic(&login.username, &login.password, elsewhere).await;
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::RateLimited);
}

/// What a failed login asked of the database, and how often it compared.
async fn work_of(test: &TestService, username: &str, password: &Secret) -> BTreeMap<String, u64> {
    let calls = || -> BTreeMap<String, u64> {
        let metrics = test.store.metrics().snapshot();
        metrics.into_iter().map(|(name, meter)| (name.to_owned(), meter.calls)).collect()
    };
    let before = calls();
    verify(test, username, password).await.unwrap_err();
    let mut after = calls();
    for (name, count) in before {
        *after.entry(name).or_default() -= count;
    }
    after.retain(|_, count| *count > 0);
    after
}

#[tokio::test]
async fn an_unknown_key_costs_what_a_known_one_costs() {
    let test = TestService::new().await;
    let login = test.service.credentials().create_temporary(&test.reader).await.unwrap();
    let one = BTreeMap::from([("credential.find".to_owned(), 1)]);
    let unknown = "local@RSTM0000000000000000";
    // Whether it was used before or not, and whether it is tried for the first time or again.
    for _ in 0..2 {
        assert_eq!(work_of(&test, &login.username, &secret("a")).await, one);
        assert_eq!(work_of(&test, unknown, &secret("a")).await, one);
        verify(&test, &login.username, &login.password).await.unwrap();
        assert_eq!(work_of(&test, &login.username, &secret("b")).await, one);
        assert_eq!(work_of(&test, unknown, &secret("b")).await, one);
        test.clock.advance(3_600);
    }
    test.clock.advance(6 * 3_600);
    assert_eq!(work_of(&test, &login.username, &login.password).await, one);
}

#[tokio::test]
async fn temporary_logins_are_listed_and_revoked() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let first = credentials.create_temporary(&test.reader).await.unwrap();
    test.clock.advance(60);
    let second = credentials.create_temporary(&test.reader).await.unwrap();
    credentials.create_temporary(&test.editor).await.unwrap();
    verify(&test, &first.username, &first.password).await.unwrap();
    test.service.flush().await.unwrap();
    let listed = credentials.temporary_logins(&test.reader, Holder::Me).await.unwrap();
    let [newer, older] = <[_; 2]>::try_from(listed).unwrap();
    assert_eq!(second.username, format!("local@{}", newer.id));
    assert_eq!((newer.expires_at, newer.last_used), (second.expires_at, None));
    assert_eq!(first.username, format!("local@{}", older.id));
    let used = older.last_used.unwrap();
    assert_eq!((used.at, used.address.as_str()), (test.clock.now(), "192.0.2.1"));
    assert_eq!(used.service, UsedService::Registry);

    // Of others it is as if it were not there.
    for ctx in [&test.editor, &test.stranger, &test.owner] {
        let answer = credentials.revoke_temporary(ctx, Holder::Me, &older.id).await;
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::NotFound);
    }
    verify(&test, &first.username, &first.password).await.unwrap();
    credentials.revoke_temporary(&test.reader, Holder::Me, &older.id).await.unwrap();
    verify(&test, &first.username, &first.password).await.unwrap_err();
    verify(&test, &second.username, &second.password).await.unwrap();
    let again = credentials.revoke_temporary(&test.reader, Holder::Me, &older.id).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::NotFound);
    let left = credentials.temporary_logins(&test.reader, Holder::Me).await.unwrap();
    assert_eq!(left.len(), 1);
    test.clock.advance(6 * 3_600);
    let left = credentials.temporary_logins(&test.reader, Holder::Me).await.unwrap();
    assert_eq!(left, []);
    let event = &test.events().await[0];
    assert_eq!((event.name.as_str(), event.source.as_str()), ("deleteDockerConfig", "SWR"));
    assert_eq!(event.resource_id, older.id.to_string());
}
