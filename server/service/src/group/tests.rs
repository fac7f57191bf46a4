#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use roadstead::ErrorKind;
use roadstead::ImageName;
use roadstead::page::Window;

use super::*;
use crate::testing::TestService;

fn group(text: &str) -> GroupName {
    text.parse().unwrap()
}

#[tokio::test]
async fn members_have_what_their_group_has_until_they_leave_or_it_goes() {
    let test = TestService::new().await;
    let groups = test.service.groups();
    let image: ImageName = "team/app".parse().unwrap();
    let may =
        async || test.service.access().may(&test.member, Action::PushImage, &image).await.unwrap();
    groups.create(&test.owner, group("Builders"), "who builds").await.unwrap();
    let error = groups.create(&test.owner, group("BUILDERS"), "").await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::AlreadyExists, Subject::Group));
    let policy = Attachment { policy: "SWR OperateAccess".to_owned(), region: None };
    let users = || vec!["nobody-yet".parse().unwrap()];
    groups.set_attached(&test.owner, &group("builders"), policy.clone(), true).await.unwrap();
    assert!(!may().await);
    groups.set_members(&test.owner, &group("builders"), users(), true).await.unwrap();
    assert!(may().await);
    let detail = groups.get(&test.owner, &group("builders")).await.unwrap();
    assert_eq!((detail.name.as_str(), detail.description.as_str()), ("Builders", "who builds"));
    assert_eq!(detail.members[0].name.as_str(), "nobody-yet");
    assert_eq!(detail.attached, std::slice::from_ref(&policy));
    groups.set_members(&test.owner, &group("builders"), users(), false).await.unwrap();
    assert!(!may().await);
    groups.set_members(&test.owner, &group("builders"), users(), true).await.unwrap();
    groups.set_attached(&test.owner, &group("builders"), policy.clone(), false).await.unwrap();
    assert!(!may().await);
    groups.set_attached(&test.owner, &group("builders"), policy, true).await.unwrap();
    groups.update(&test.owner, &group("Builders"), group("Makers"), "").await.unwrap();
    assert!(may().await);
    let query = || GroupQuery { search: None, window: Window { offset: 0, limit: 10 } };
    let page = groups.list(&test.owner, query()).await.unwrap();
    let rows: Vec<_> =
        page.items.iter().map(|it| (it.name.as_str(), it.users, it.policies)).collect();
    assert_eq!(rows, [("admin", 1, 1), ("Makers", 1, 1), ("operators", 1, 1), ("readers", 1, 1)]);
    groups.delete(&test.owner, &group("makers")).await.unwrap();
    assert!(!may().await);
    let error = groups.get(&test.owner, &group("makers")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let names: Vec<_> = test.events().await.into_iter().map(|event| event.name).collect();
    assert_eq!(
        names[..5],
        ["deleteGroup", "updateGroup", "attachPolicy", "detachPolicy", "addGroupMember"]
    );
}

#[tokio::test]
async fn an_unknown_user_changes_nothing_and_others_learn_nothing() {
    let test = TestService::new().await;
    let groups = test.service.groups();
    let users = vec!["mia".parse().unwrap(), "no-such-user".parse().unwrap()];
    let error = groups.set_members(&test.owner, &group("admin"), users, true).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::NotFound, Subject::User));
    assert_eq!(groups.get(&test.owner, &group("admin")).await.unwrap().members.len(), 1);
    for ctx in [&test.administrator, &test.manager, &test.member] {
        for name in ["admin", "no such group"] {
            let error = groups.delete(ctx, &group(name)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Hidden);
        }
        let error = groups.create(ctx, group("x"), "").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
    }
    let error = groups.delete(&test.stranger, &group("Builders")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
