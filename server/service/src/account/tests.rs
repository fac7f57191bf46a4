#![allow(clippy::unwrap_used)]
use roadstead::access::Action;

use super::*;
use crate::testing::{PASSWORD, TestService};

fn new(name: &str, group: Option<&str>) -> NewUser {
    NewUser {
        name: name.parse().unwrap(),
        access: WaysIn { console: true, programmatic: true },
        group: group.map(str::to_owned),
        password: Some(Secret::new(PASSWORD.to_owned())),
    }
}

#[tokio::test]
async fn those_who_look_after_the_instance_create_accounts() {
    let test = TestService::new().await;
    let accounts = test.service.accounts();
    let (name, password) = ("third".parse().unwrap(), Secret::new(PASSWORD.to_owned()));
    for (ctx, kind) in [
        (&test.stranger, ErrorKind::Denied),
        (&test.operator, ErrorKind::Denied),
        (&test.manager, ErrorKind::Denied),
        (&test.anonymous, ErrorKind::Unauthenticated),
    ] {
        let error = accounts.create(ctx, &name, &password).await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
    accounts.create(&test.administrator, &name, &password).await.unwrap();
    accounts.create(&test.owner, &"fourth".parse().unwrap(), &password).await.unwrap();
    accounts.create(&test.system, &"fifth".parse().unwrap(), &password).await.unwrap();
    for (ctx, account, kind) in [
        (&test.stranger, &test.account, ErrorKind::Hidden),
        (&test.owner, &"island".parse().unwrap(), ErrorKind::Hidden),
        (&test.administrator, &test.account, ErrorKind::Denied),
    ] {
        let error = accounts.create_user(ctx, account, new("x", None)).await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
}

#[tokio::test]
async fn names_are_unique_without_case_and_an_owner_name_is_the_owners() {
    let test = TestService::new().await;
    let accounts = test.service.accounts();
    let password = Secret::new(PASSWORD.to_owned());
    let name = "HARBOR".parse().unwrap();
    let error = accounts.create(&test.system, &name, &password).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::AlreadyExists, Subject::Account));
    let error =
        accounts.create_user(&test.system, &test.account, new("MIA", None)).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::AlreadyExists, Subject::User));
    let error =
        accounts.create_user(&test.system, &test.account, new("Harbor", None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let nowhere = "nowhere".parse().unwrap();
    let error = accounts.create_user(&test.system, &nowhere, new("ann", None)).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::NotFound, Subject::Account));
}

#[tokio::test]
async fn a_group_or_the_name_of_a_system_policy_gives_rights() {
    let test = TestService::new().await;
    let accounts = test.service.accounts();
    let mut rights = Vec::new();
    for (name, group) in [
        ("a1", "Admin"),
        ("a2", "operators"),
        ("a3", "readers"),
        ("a4", "swr fullaccess"),
        ("a5", "SWR ReadOnlyAccess"),
    ] {
        let created = accounts
            .create_user(&test.system, &test.account, new(name, Some(group)))
            .await
            .unwrap();
        let actor = test.service.sessions().actor_of(created.user).await.unwrap().unwrap();
        let ctx = test.as_user(actor);
        let image: roadstead::ImageName = "team/app".parse().unwrap();
        let access = test.service.access();
        rights.push((
            access.may(&ctx, Action::PullImage, &image).await.unwrap(),
            access.may(&ctx, Action::DeleteImage, &image).await.unwrap(),
            access.may(&ctx, Action::ManageSettings, Instance).await.unwrap(),
        ));
    }
    assert_eq!(
        rights,
        [
            (true, true, true),
            (true, true, false),
            (true, false, false),
            (true, true, true),
            (true, false, false),
        ]
    );
    let error = accounts
        .create_user(&test.system, &test.account, new("a6", Some("nonsense")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("admin, operators, readers"), "{error}");
    // Nothing of the refused call is kept.
    accounts.create_user(&test.system, &test.account, new("a6", None)).await.unwrap();
}

#[tokio::test]
async fn who_got_a_password_from_an_administrator_must_choose_another_for_the_console() {
    let test = TestService::new().await;
    let accounts = test.service.accounts();
    let sessions = test.service.sessions();
    let password = Secret::new(PASSWORD.to_owned());
    let must_change =
        async |ctx: &Context| sessions.profile(ctx).await.unwrap().must_change_password;
    accounts.create_user(&test.system, &test.account, new("ann", None)).await.unwrap();
    let actor =
        sessions.sign_in(&test.anonymous, Some("harbor"), Some("ann"), &password).await.unwrap();
    let ann = test.as_user(actor);
    assert!(must_change(&ann).await);
    // Clients are not asked: they could not answer.
    let credentials = test.service.credentials();
    credentials.verify_basic("harbor/ann", &password, None).await.unwrap();
    assert!(must_change(&ann).await);

    let own = Secret::new("another correct horse".to_owned());
    sessions.change_password(&ann, &password, &own).await.unwrap();
    assert!(!must_change(&ann).await);
    credentials.verify_basic("harbor/ann", &own, None).await.unwrap();

    // An owner chose it; a user without the console has nowhere to change it.
    assert!(!must_change(&test.owner).await);
    let robot =
        NewUser { access: WaysIn { console: false, programmatic: true }, ..new("robot", None) };
    accounts.create_user(&test.system, &test.account, robot).await.unwrap();
    let record = test
        .store
        .peek("test", |tx| {
            let name = "robot".parse().unwrap();
            let account = test.account_key();
            Box::pin(async move { user::find_by_name(tx, &account, &name).await })
        })
        .await
        .unwrap();
    assert!(!record.unwrap().must_change_password);
}
