#![allow(clippy::unwrap_used)]
use roadstead::access::{Access as WaysIn, Actor};
use roadstead_store::user;

use super::*;
use crate::account::NewUser;
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
    let secret_key = Secret::new(String::from_utf8(secret_key.reveal().clone()).unwrap());
    assert_eq!(secret_key.reveal().len(), 40);
    assert_eq!(login_key(&key, &secret_key), login.password);
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
    let (account, key) = (
        test.reader.user().unwrap().account,
        login.username.strip_prefix("local@").unwrap().to_owned(),
    );
    test.write(move |tx| {
        let key = key.clone();
        Box::pin(async move {
            credential::revoke_temporary(tx, account, &key, Timestamp(0)).await?;
            Ok(())
        })
    })
    .await;
    assert!(verify(&test, &login.username, &login.password).await.is_err());
    let login = credentials.create_temporary(&test.manager).await.unwrap();
    verify(&test, &login.username, &login.password).await.unwrap();
    verify(&test, "harbor/mia", &secret(PASSWORD)).await.unwrap();
    let mia = test.manager.user().unwrap().user;
    test.write(move |tx| {
        Box::pin(async move {
            let record = user::find(tx, mia).await?.unwrap();
            user::set_state(tx, &record, State::Disabled, Timestamp(0)).await
        })
    })
    .await;
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
    let elsewhere = Some([198, 51, 100, 7].into());
    let credentials = test.service.credentials();
    credentials.verify_basic(&login.username, &login.password, elsewhere).await.unwrap();
    assert!(matches!(test.reader.actor, Actor::User(_)));
}
