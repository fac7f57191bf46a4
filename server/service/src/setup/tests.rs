#![allow(clippy::unwrap_used)]
use roadstead::access::Actor;
use roadstead::manage::profile::Language;
use roadstead::manage::setting::Source;

use super::*;
use crate::Service;
use crate::testing::{Home, PASSWORD, StandingClock, TestService, context};

fn request(code: &Secret) -> SetupRequest {
    SetupRequest {
        code: code.clone(),
        account: "harbor".parse().unwrap(),
        password: Secret::new(PASSWORD.to_owned()),
        external_url: Some("https://registry.example.org/".to_owned()),
        region: "cn-east-1".parse().unwrap(),
        region_name: "East".to_owned(),
        language: Some(Language::ZhCn),
    }
}

fn printed(service: &Service) -> Arc<Mutex<Vec<String>>> {
    let codes = Arc::new(Mutex::new(Vec::new()));
    let heard = codes.clone();
    service.setup().on_new_code(move |code| heard.lock().push(code.reveal().clone()));
    codes
}

async fn start() -> (Service, Arc<StandingClock>, Home, Context) {
    let (service, clock, home) = TestService::without_people().await;
    let ctx = context(&clock, Actor::Anonymous);
    (service, clock, home, ctx)
}

#[tokio::test]
async fn the_code_makes_the_first_account_and_then_no_other() {
    let (service, _clock, _home, ctx) = start().await;
    let setup = service.setup();
    let codes = printed(&service);
    assert!(setup.is_needed().await.unwrap());
    let code = setup.new_code();
    assert_eq!(*codes.lock(), [code.reveal().clone()]);
    setup.verify_code(&code).await.unwrap();
    let lower = Secret::new(format!(" {} ", code.reveal().to_ascii_lowercase()));
    setup.verify_code(&lower).await.unwrap();
    let owner = setup.complete(&ctx, request(&code)).await.unwrap();
    assert!(owner.is_owner && owner.is_operator);
    assert_eq!(owner.user_name.as_str(), "harbor");
    assert!(!setup.is_needed().await.unwrap());
    let settings = service.settings_cell().current();
    assert_eq!(settings.region.value, "cn-east-1");
    assert_eq!(settings.region.source, Source::Saved);
    assert_eq!(settings.region_name.value, "East");
    assert_eq!(settings.external_url.value, "https://registry.example.org");
    assert_eq!(settings.language.value, Some(Language::ZhCn));
    let error = setup.verify_code(&code).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = setup.complete(&ctx, request(&code)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let login = service
        .credentials()
        .create_temporary(&context(&_clock, Actor::User(owner)))
        .await
        .unwrap();
    assert!(login.username.starts_with("cn-east-1@"));
}

#[tokio::test]
async fn five_wrong_codes_make_a_new_one_and_a_pause() {
    let (service, clock, _home, ctx) = start().await;
    let setup = service.setup();
    let codes = printed(&service);
    let first = setup.new_code();
    let wrong = Secret::new("AAAA-AAAA-AAAA".to_owned());
    for _ in 0..5 {
        let error = setup.verify_code(&wrong).await.unwrap_err();
        assert_eq!((error.kind(), error.subject()), (ErrorKind::Invalid, Subject::SetupCode));
    }
    assert_eq!(codes.lock().len(), 2);
    let second = Secret::new(codes.lock()[1].clone());
    assert_ne!(second, first);
    let error = setup.verify_code(&second).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after_seconds(), Some(60));
    clock.advance(60);
    assert!(setup.verify_code(&first).await.is_err());
    setup.verify_code(&second).await.unwrap();
    setup.complete(&ctx, request(&second)).await.unwrap();
}

#[tokio::test]
async fn bad_values_are_refused_and_nothing_is_made() {
    let (service, _clock, _home, ctx) = start().await;
    let setup = service.setup();
    let code = setup.new_code();
    let good = request(&code);
    for (bad, subject) in [
        (SetupRequest { code: Secret::new("x".to_owned()), ..good.clone() }, Subject::SetupCode),
        (
            SetupRequest { password: Secret::new("short".to_owned()), ..good.clone() },
            Subject::Password,
        ),
        (SetupRequest { region_name: " ".to_owned(), ..good.clone() }, Subject::Setting),
        (SetupRequest { external_url: Some("ftp://x".to_owned()), ..good.clone() }, Subject::Url),
    ] {
        let error = setup.complete(&ctx, bad).await.unwrap_err();
        assert_eq!((error.kind(), error.subject()), (ErrorKind::Invalid, subject));
    }
    assert!(setup.is_needed().await.unwrap());
    setup.complete(&ctx, good).await.unwrap();
}

#[tokio::test]
async fn without_a_code_nobody_gets_in() {
    let (service, _clock, _home, _ctx) = start().await;
    for text in ["", "AAAA-AAAA-AAAA"] {
        let error = service.setup().verify_code(&Secret::new(text.to_owned())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}
