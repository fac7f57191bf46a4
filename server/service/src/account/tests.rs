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
async fn the_system_alone_creates_accounts_and_users() {
    let test = TestService::new().await;
    let accounts = test.service.accounts();
    let (name, password) = ("third".parse().unwrap(), Secret::new(PASSWORD.to_owned()));
    for ctx in [&test.owner, &test.administrator, &test.anonymous] {
        let error = accounts.create(ctx, &name, &password).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        let error = accounts.create_user(ctx, &test.account, new("x", None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
    }
    accounts.create(&test.system, &name, &password).await.unwrap();
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
            access.may(&ctx, Action::ManageSettings, crate::access::Instance).await.unwrap(),
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
