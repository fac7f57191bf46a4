#![allow(clippy::unwrap_used)]
use roadstead_store::audit::{AuditScope, recent};

use super::*;
use crate::testing::TestService;

#[tokio::test]
async fn administrators_of_the_operator_account_alone_see_and_save_settings() {
    let test = TestService::new().await;
    let settings = test.service.settings();
    for ctx in [&test.owner, &test.administrator] {
        settings.get(ctx).await.unwrap();
        settings.about(ctx).await.unwrap();
    }
    for ctx in [&test.operator, &test.viewer, &test.manager, &test.member, &test.stranger] {
        assert_eq!(settings.get(ctx).await.unwrap_err().kind(), ErrorKind::Denied);
        let update = settings.update(ctx, SettingsUpdate::default()).await;
        assert_eq!(update.unwrap_err().kind(), ErrorKind::Denied);
        assert_eq!(settings.about(ctx).await.unwrap_err().kind(), ErrorKind::Denied);
    }
    let error = settings.get(&test.anonymous).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_save_is_in_force_and_recorded_old_and_new() {
    let test = TestService::new().await;
    let settings = test.service.settings();
    let update = SettingsUpdate {
        site_name: Some(" Harbor ".to_owned()),
        organization_quota: Some(0),
        create_on_push: Some(true),
        ..SettingsUpdate::default()
    };
    let saved = settings.update(&test.owner, update).await.unwrap();
    assert_eq!((saved.site_name.value.as_str(), saved.site_name.source), ("Harbor", Source::Saved));
    assert_eq!(saved.organization_quota.value, 0);
    // What did not change is not saved.
    assert_eq!(saved.create_on_push.source, Source::Default);
    assert_eq!(test.service.settings_cell().current().organization_quota.value, 0);
    let events = test
        .store
        .peek("test", |tx| {
            let user = test.owner.user().unwrap().user;
            Box::pin(async move { recent(tx, AuditScope::User(user), 2).await })
        })
        .await
        .unwrap();
    let mut details: Vec<_> = events
        .into_iter()
        .map(|event| (event.name, event.resource_name, event.detail.to_string()))
        .collect();
    details.sort();
    let event =
        |name: &str, detail: &str| ("updateSetting".to_owned(), name.to_owned(), detail.to_owned());
    assert_eq!(
        details,
        [
            event("organization_quota", r#"{"new":0,"old":5}"#),
            event("site_name", r#"{"new":"Harbor","old":"Roadstead"}"#),
        ]
    );
}

#[tokio::test]
async fn what_the_configuration_fixes_is_locked() {
    let fixed = FixedSettings {
        site_name: Some(Sourced { value: "Fixed".to_owned(), source: Source::Environment }),
        ..FixedSettings::default()
    };
    let test = TestService::with(fixed).await;
    let settings = test.service.settings();
    let named = |name: &str| SettingsUpdate {
        site_name: Some(name.to_owned()),
        ..SettingsUpdate::default()
    };
    let error = settings.update(&test.owner, named("Other")).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::Conflict, Subject::Setting));
    // The form sends every field; one that stays as it is does no harm.
    let same = settings.update(&test.owner, named("Fixed")).await.unwrap();
    assert_eq!(same.site_name.source, Source::Environment);
}

#[tokio::test]
async fn rules_of_values() {
    let test = TestService::new().await;
    let settings = test.service.settings();
    let url = |text: &str| SettingsUpdate {
        external_url: Some(text.to_owned()),
        ..SettingsUpdate::default()
    };
    for bad in [
        url("registry.example.org"),
        url("ftp://registry.example.org"),
        url("https://registry.example.org/path"),
        url("https://registry.example.org/?q"),
        url("https://user@registry.example.org"),
        url("http://0.0.0.0:5000"),
        SettingsUpdate { site_name: Some(String::new()), ..SettingsUpdate::default() },
        SettingsUpdate { site_name: Some("x".repeat(33)), ..SettingsUpdate::default() },
        SettingsUpdate { region_name: Some("x".repeat(65)), ..SettingsUpdate::default() },
        SettingsUpdate { language: Some("fr".to_owned()), ..SettingsUpdate::default() },
        SettingsUpdate { temporary_login_ttl: Some(899), ..SettingsUpdate::default() },
        SettingsUpdate { temporary_login_ttl: Some(86_401), ..SettingsUpdate::default() },
        SettingsUpdate { organization_quota: Some(1_000_001), ..SettingsUpdate::default() },
        SettingsUpdate {
            internal_address: Some("http://inner.lan".to_owned()),
            ..SettingsUpdate::default()
        },
        SettingsUpdate { announcement: Some("x".repeat(1_001)), ..SettingsUpdate::default() },
        SettingsUpdate { announcement: Some("a\u{7}b".to_owned()), ..SettingsUpdate::default() },
        SettingsUpdate { announcement_level: Some("loud".to_owned()), ..SettingsUpdate::default() },
        SettingsUpdate { storage_quota: Some(u64::MAX), ..SettingsUpdate::default() },
        SettingsUpdate { audit_retention_days: Some(6), ..SettingsUpdate::default() },
        SettingsUpdate { audit_retention_days: Some(3_651), ..SettingsUpdate::default() },
    ] {
        let error = settings.update(&test.owner, bad.clone()).await.unwrap_err();
        let is_address = bad.internal_address.is_some() || bad.external_url.is_some();
        let expected = if is_address { Subject::Url } else { Subject::Setting };
        assert_eq!((error.kind(), error.subject()), (ErrorKind::Invalid, expected), "{bad:?}");
    }
    let saved =
        settings.update(&test.owner, url("https://registry.example.org:8443/")).await.unwrap();
    assert_eq!(saved.external_url.value, "https://registry.example.org:8443");
    let saved = settings.update(&test.owner, url("")).await.unwrap();
    assert_eq!(
        (saved.external_url.value.as_str(), saved.external_url.source),
        ("", Source::Default)
    );
}

#[tokio::test]
async fn the_life_of_a_temporary_login_is_a_setting() {
    let test = TestService::new().await;
    let update = SettingsUpdate { temporary_login_ttl: Some(900), ..SettingsUpdate::default() };
    test.service.settings().update(&test.owner, update).await.unwrap();
    let login = test.service.credentials().create_temporary(&test.reader).await.unwrap();
    assert_eq!(login.expires_at.seconds_since(login.created_at), 900);
}

#[tokio::test]
async fn an_announcement_is_shown_until_its_end() {
    let test = TestService::new().await;
    let now = test.owner.now();
    let until = now.plus_seconds(60);
    let update = SettingsUpdate {
        announcement: Some(" **Down** tonight\r\nfrom ten ".to_owned()),
        announcement_level: Some("warning".to_owned()),
        announcement_until: Some(until.to_string()),
        internal_address: Some("inner.lan:5000".to_owned()),
        ..SettingsUpdate::default()
    };
    let saved = test.service.settings().update(&test.owner, update).await.unwrap();
    assert_eq!(saved.internal_address.value, Some("inner.lan:5000".parse().unwrap()));
    let shown = Some((AnnouncementLevel::Warning, "**Down** tonight\nfrom ten"));
    assert_eq!(saved.announcement_at(now), shown);
    assert_eq!(saved.announcement_at(until), None);
    let named = |events: Vec<roadstead_store::audit::AuditRecord>| {
        let mut names: Vec<_> = events.into_iter().map(|event| event.resource_name).collect();
        names.truncate(4);
        names.sort();
        names
    };
    let names = ["announcement", "announcement_level", "announcement_until", "internal_address"];
    assert_eq!(named(test.events().await), names);
    let update =
        SettingsUpdate { announcement_until: Some(String::new()), ..SettingsUpdate::default() };
    let saved = test.service.settings().update(&test.owner, update).await.unwrap();
    assert_eq!(saved.announcement_at(until), shown);
    // What is saved is read again as what it is.
    test.service.settings().reload().await.unwrap();
    assert_eq!(*test.service.settings_cell().current(), saved);
}
