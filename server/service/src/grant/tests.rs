#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use roadstead::access::{Access as WaysIn, Permission};
use roadstead::id::PublicId;
use roadstead::manage::grant::{GrantList, GrantOn, GrantQuery, GrantSource};
use roadstead::page::Window;
use roadstead::{Error, ErrorKind, ImageName, Subject, Timestamp};
use roadstead_store::account::State;
use roadstead_store::audit::AuditRecord;
use roadstead_store::{attachment, organization, policy, repository, user};

use crate::account::NewUser;
use crate::context::Context;
use crate::testing::TestService;

use Permission::{Edit, Manage, Read};

fn on(text: &str) -> GrantOn {
    text.parse().unwrap()
}

fn all() -> GrantQuery {
    GrantQuery { search: None, window: Window::of_page(1, 20) }
}

async fn id(test: &TestService, ctx: &Context) -> PublicId {
    let user = TestService::key_of(ctx);
    let found = test.store.peek("test.user", move |tx| Box::pin(user::find(tx, user)));
    found.await.unwrap().unwrap().public_id
}

async fn list(test: &TestService, ctx: &Context, thing: &str) -> GrantList {
    test.service.grants().list(ctx, &on(thing), all()).await.unwrap()
}

async fn may(test: &TestService, ctx: &Context, action: super::Action) -> bool {
    let name: ImageName = "team/app".parse().unwrap();
    test.service.access().may(ctx, action, &name).await.unwrap()
}

fn reason(error: &Error) -> (ErrorKind, Subject, &str) {
    let reason = error.detail().and_then(|detail| detail["reason"].as_str()).unwrap_or_default();
    (error.kind(), error.subject(), reason)
}

#[tokio::test]
async fn users_are_given_a_right_keep_it_changed_and_lose_it() {
    let test = TestService::new().await;
    let grants = test.service.grants();
    let (member, eddy) = (id(&test, &test.member).await, id(&test, &test.editor).await);
    let image = on("team/app");
    assert!(!may(&test, &test.member, super::Action::PullImage).await);
    let wanted = vec![(member.clone(), Read), (eddy.clone(), Manage)];
    grants.add(&test.manager, &image, wanted).await.unwrap();
    assert!(may(&test, &test.member, super::Action::PullImage).await);
    assert!(!may(&test, &test.member, super::Action::PushImage).await);
    assert!(may(&test, &test.editor, super::Action::DeleteImage).await);
    grants.update(&test.manager, &image, vec![(member.clone(), Edit)]).await.unwrap();
    assert!(may(&test, &test.member, super::Action::PushImage).await);
    grants.remove(&test.manager, &image, vec![member, eddy]).await.unwrap();
    assert!(!may(&test, &test.member, super::Action::PullImage).await);
    assert!(!may(&test, &test.editor, super::Action::DeleteImage).await);
    assert!(may(&test, &test.editor, super::Action::PushImage).await, "by the organization");
    let mut events = test.events().await;
    events.retain(|event| event.name.ends_with("UserRepositoryAuth"));
    let said = |event: &AuditRecord| (event.name.clone(), event.detail.clone());
    assert_eq!(
        events.iter().map(said).collect::<Vec<_>>(),
        [
            (
                "deleteUserRepositoryAuth".to_owned(),
                serde_json::json!({ "users": [{ "user": "nobody-yet" }, { "user": "eddy" }] })
            ),
            (
                "updateUserRepositoryAuth".to_owned(),
                serde_json::json!({ "users": [{ "user": "nobody-yet", "permission": 3, "before": 1 }] })
            ),
            (
                "createUserRepositoryAuth".to_owned(),
                serde_json::json!({ "users": [
                    { "user": "nobody-yet", "permission": 1, "before": null },
                    { "user": "eddy", "permission": 7, "before": null },
                ] })
            ),
        ]
    );
    let event = &events[0];
    assert_eq!(
        (event.resource_type.as_str(), event.resource_name.as_str()),
        ("userrepositoryauth", "team/app")
    );
    assert_eq!(event.repository_id, Some(test.image.repository()));
    assert_eq!(event.actor, "harbor/mia");
}

#[tokio::test]
async fn a_right_on_the_organization_is_one_on_its_images() {
    let test = TestService::new().await;
    let grants = test.service.grants();
    let member = id(&test, &test.member).await;
    let team = on("team");
    grants.add(&test.manager, &team, vec![(member.clone(), Edit)]).await.unwrap();
    assert!(may(&test, &test.member, super::Action::PushImage).await);
    let listed = list(&test, &test.manager, "team/app").await;
    let row = listed.others.unwrap().items.into_iter().find(|row| row.user_id == member).unwrap();
    assert_eq!((row.given, row.inherited, row.effective), (None, Some(Edit), Some(Edit)));
    assert_eq!(row.source, GrantSource::Organization);
    // What is inherited is not the image's to change.
    let refused = grants.remove(&test.manager, &on("team/app"), vec![member.clone()]).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    grants.remove(&test.manager, &team, vec![member]).await.unwrap();
    assert!(!may(&test, &test.member, super::Action::PullImage).await);
    let names: Vec<String> = test.events().await.into_iter().map(|event| event.name).collect();
    assert_eq!(names[..2], ["deleteUserNamespaceAuth", "createUserNamespaceAuth"]);
}

#[tokio::test]
async fn all_of_a_call_is_done_or_nothing() {
    let test = TestService::new().await;
    let grants = test.service.grants();
    let (member, eddy) = (id(&test, &test.member).await, id(&test, &test.editor).await);
    let (owner, stranger) = (id(&test, &test.owner).await, id(&test, &test.stranger).await);
    let (mia, nobody) = (id(&test, &test.manager).await, PublicId::from_random([7; 16]));
    let team = on("team");
    for (second, wanted) in [
        (owner, (ErrorKind::Invalid, Subject::Grant, "owner")),
        (stranger.clone(), (ErrorKind::Invalid, Subject::Grant, "unknown")),
        (nobody.clone(), (ErrorKind::Invalid, Subject::Grant, "unknown")),
        (mia.clone(), (ErrorKind::Invalid, Subject::Grant, "self")),
        (eddy.clone(), (ErrorKind::AlreadyExists, Subject::Grant, "")),
        (member.clone(), (ErrorKind::Invalid, Subject::Grant, "")),
    ] {
        let asked = vec![(member.clone(), Read), (second, Read)];
        let refused = grants.add(&test.manager, &team, asked).await.unwrap_err();
        assert_eq!(reason(&refused), wanted);
    }
    // Whether somebody of another account has an id is nobody's business.
    let words = |id: PublicId| async {
        let refused = grants.add(&test.manager, &team, vec![(id, Read)]).await.unwrap_err();
        refused.message().to_owned()
    };
    assert_eq!(words(stranger).await, words(nobody).await);
    let asked = vec![(eddy.clone(), Read), (member.clone(), Read)];
    let refused = grants.update(&test.manager, &team, asked).await.unwrap_err();
    assert_eq!((refused.kind(), refused.subject()), (ErrorKind::NotFound, Subject::Grant));
    let asked = vec![eddy.clone(), member.clone()];
    let refused = grants.remove(&test.manager, &team, asked).await.unwrap_err();
    assert_eq!((refused.kind(), refused.subject()), (ErrorKind::NotFound, Subject::Grant));
    assert_eq!(
        grants.add(&test.manager, &team, vec![]).await.unwrap_err().kind(),
        ErrorKind::Invalid
    );
    let many = (0..=100).map(|n| (PublicId::from_random([n; 16]), Read)).collect();
    let refused = grants.add(&test.manager, &team, many).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TooLarge);
    assert!(may(&test, &test.editor, super::Action::PushImage).await, "nothing was changed");
    assert!(!may(&test, &test.member, super::Action::PullImage).await);
    assert!(test.events().await.iter().all(|event| !event.name.ends_with("Auth")));
}

#[tokio::test]
async fn nobody_raises_their_own_right() {
    let test = TestService::new().await;
    let grants = test.service.grants();
    let (root, mia) = (id(&test, &test.administrator).await, id(&test, &test.manager).await);
    let (team, image) = (on("team"), on("team/app"));
    // It would outlive the policy by which they act.
    let refused = grants.add(&test.administrator, &image, vec![(root.clone(), Manage)]).await;
    assert_eq!(reason(&refused.unwrap_err()).2, "self");
    grants.add(&test.owner, &image, vec![(root.clone(), Read)]).await.unwrap();
    let refused = grants.update(&test.administrator, &image, vec![(root.clone(), Edit)]).await;
    assert_eq!(reason(&refused.unwrap_err()).2, "self");
    grants.remove(&test.administrator, &image, vec![root]).await.unwrap();
    // Lowering it and giving it away is everybody's.
    grants.update(&test.manager, &team, vec![(mia.clone(), Edit)]).await.unwrap();
    let refused = grants.remove(&test.manager, &team, vec![mia]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Denied, "what is left does not manage");
}

#[tokio::test]
async fn who_reads_sees_their_own_right_and_who_manages_everybodys() {
    let test = TestService::new().await;
    test.service
        .grants()
        .add(&test.owner, &on("team/app"), vec![(id(&test, &test.editor).await, Read)])
        .await
        .unwrap();
    for thing in ["team", "team/app"] {
        for (ctx, own, source) in [
            (&test.reader, Read, GrantSource::Organization),
            (&test.editor, Edit, GrantSource::Organization),
        ] {
            let listed = list(&test, ctx, thing).await;
            assert_eq!((listed.own.effective, listed.own.source), (Some(own), source), "{thing}");
            assert_eq!((listed.others, listed.administrators), (None, vec![]));
        }
        for (ctx, own, source) in [
            (&test.owner, Manage, GrantSource::Owner),
            (&test.administrator, Manage, GrantSource::Policy),
            (&test.viewer, Read, GrantSource::Policy),
            (&test.manager, Manage, GrantSource::Organization),
        ] {
            let listed = list(&test, ctx, thing).await;
            assert_eq!((listed.own.effective, listed.own.source), (Some(own), source), "{thing}");
            let others = listed.others.unwrap();
            let names: Vec<_> = others.items.iter().map(|row| row.user.to_string()).collect();
            let granted = ["eddy", "mia", "rita"];
            let expected: Vec<_> = granted
                .into_iter()
                .filter(|name| *name != ctx.user().unwrap().user_name.as_str())
                .collect();
            assert_eq!(
                (others.total, names),
                (expected.len() as u64, expected.iter().map(|it| (*it).to_owned()).collect())
            );
            let above: Vec<_> = listed
                .administrators
                .iter()
                .map(|row| (row.user.to_string(), row.effective, row.source, row.groups.clone()))
                .filter(|(name, ..)| name != ctx.user().unwrap().user_name.as_str())
                .collect();
            let group = |name: &str| vec![name.to_owned()];
            let mut expected = vec![
                ("harbor".to_owned(), Some(Manage), GrantSource::Owner, vec![]),
                ("operate".to_owned(), Some(Manage), GrantSource::Policy, group("operators")),
                ("root".to_owned(), Some(Manage), GrantSource::Policy, group("admin")),
                ("view".to_owned(), Some(Read), GrantSource::Policy, group("readers")),
            ];
            expected.retain(|(name, ..)| name != ctx.user().unwrap().user_name.as_str());
            assert_eq!(above, expected, "{thing}");
            assert_eq!(above.len(), listed.administrators.len(), "the caller is not among them");
        }
        for (ctx, kind) in [
            (&test.member, ErrorKind::Hidden),
            (&test.stranger, ErrorKind::Hidden),
            (&test.anonymous, ErrorKind::Unauthenticated),
        ] {
            let refused = test.service.grants().list(ctx, &on(thing), all()).await.unwrap_err();
            assert_eq!(refused.kind(), kind);
        }
    }
    let listed = list(&test, &test.manager, "team/app").await;
    let eddy = &listed.others.unwrap().items[0];
    assert_eq!((eddy.given, eddy.inherited, eddy.effective), (Some(Read), Some(Edit), Some(Edit)));
    assert_eq!(eddy.source, GrantSource::Organization, "the stronger one decides");
    let one = GrantQuery { search: Some(" RI ".to_owned()), window: Window::of_page(1, 1) };
    let found = test.service.grants().list(&test.manager, &on("team"), one).await.unwrap();
    assert_eq!(found.others.unwrap().items[0].user.as_str(), "rita");
}

#[tokio::test]
async fn what_policies_deny_and_who_is_disabled_is_shown_as_it_is() {
    let test = TestService::new().await;
    let (eddy, rita) = (TestService::key_of(&test.editor), TestService::key_of(&test.reader));
    let account = test.account_key();
    test.write(move |tx| {
        Box::pin(async move {
            let at = Timestamp(0);
            let document = serde_json::json!({"Version": "1.1",
                "Statement": [{"Effect": "Deny", "Action": ["swr:repo:*"], "Resource": ["swr:*:*:repo:team/app"]}]});
            let new = policy::NewPolicy {
                account,
                public_id: PublicId::from_random([1; 16]),
                name: "no".parse().unwrap(),
                description: String::new(),
                document: document.to_string(),
                created_by: None,
                created_at: at,
            };
            let right = attachment::Right::Policy(policy::create(tx, &new).await?.id);
            attachment::attach(tx, attachment::Holder::User(eddy), right, None, None, at).await?;
            user::set_state(tx, rita, State::Disabled, at).await
        })
    })
    .await;
    let listed = list(&test, &test.manager, "team/app").await;
    let rows = listed.others.unwrap().items;
    for row in &rows {
        assert_eq!((row.effective, row.source), (None, GrantSource::Nothing), "{}", row.user);
        assert!(row.inherited.is_some());
    }
    assert_eq!(rows.len(), 2);
    assert!(listed.administrators.iter().all(|row| row.user.as_str() != "eddy"));
}

#[tokio::test]
async fn those_are_offered_who_have_none() {
    let test = TestService::new().await;
    let grants = test.service.grants();
    let offered = |ctx, thing| {
        let on = on(thing);
        async move {
            let found = grants.candidates(ctx, &on, None).await.unwrap();
            found.into_iter().map(|it| it.user.to_string()).collect::<Vec<_>>()
        }
    };
    assert_eq!(offered(&test.manager, "team").await, ["nobody-yet", "operate", "root", "view"]);
    assert_eq!(
        offered(&test.administrator, "team/app").await,
        ["eddy", "mia", "nobody-yet", "operate", "rita", "view"]
    );
    let found =
        grants.candidates(&test.manager, &on("team"), Some(" OP ".to_owned())).await.unwrap();
    assert_eq!(found.len(), 1);
    // Whom an account has is not told to who may not give rights.
    for (ctx, kind) in [
        (&test.editor, ErrorKind::Denied),
        (&test.viewer, ErrorKind::Denied),
        (&test.stranger, ErrorKind::Hidden),
    ] {
        let refused = grants.candidates(ctx, &on("team"), None).await.unwrap_err();
        assert_eq!(refused.kind(), kind);
    }
}

#[tokio::test]
async fn nothing_is_granted_on_what_is_not_there() {
    let test = TestService::new().await;
    let member = id(&test, &test.member).await;
    for thing in ["nowhere", "nowhere/app", "team/none"] {
        let refused =
            test.service.grants().add(&test.owner, &on(thing), vec![(member.clone(), Read)]).await;
        let kind = refused.unwrap_err().kind();
        assert!(matches!(kind, ErrorKind::Hidden | ErrorKind::NotFound), "{thing}");
    }
}

/// A user, an image and an organization of a name that was used before inherit nothing.
#[tokio::test]
async fn rights_end_with_the_user_the_image_and_the_organization() {
    let test = TestService::new().await;
    let grants = test.service.grants();
    let member = id(&test, &test.member).await;
    for thing in ["team", "team/app"] {
        grants.add(&test.owner, &on(thing), vec![(member.clone(), Manage)]).await.unwrap();
    }
    let (image, organization) = (test.image, test.organization);
    test.write(move |tx| {
        Box::pin(async move {
            repository::delete(tx, &image, None, None, Timestamp(1)).await?;
            Ok(())
        })
    })
    .await;
    test.add_image("team/app", false).await;
    let listed = list(&test, &test.owner, "team/app").await.others.unwrap().items;
    assert!(listed.iter().all(|row| row.given.is_none()), "{listed:?}");
    assert_eq!(listed.len(), 4, "those of the organization are still there");

    let user = TestService::key_of(&test.member);
    test.write(move |tx| Box::pin(async move { user::delete(tx, user, Timestamp(2)).await })).await;
    assert_eq!(list(&test, &test.owner, "team").await.others.unwrap().total, 3);
    let new = NewUser {
        name: "nobody-yet".parse().unwrap(),
        access: WaysIn { console: true, programmatic: true },
        group: None,
        password: None,
    };
    let again = test.service.accounts().create_user(&test.system, &test.account, new).await;
    let again = test.service.sessions().actor_of(again.unwrap().user).await.unwrap().unwrap();
    assert!(!may(&test, &test.as_user(again), super::Action::PullImage).await);
    let refused = grants.update(&test.owner, &on("team"), vec![(member, Read)]).await;
    assert_eq!(reason(&refused.unwrap_err()).2, "unknown");

    for name in ["team/app", "team/open"] {
        let name: ImageName = name.parse().unwrap();
        test.service.images().delete(&test.owner, &name).await.unwrap();
    }
    test.write(move |tx| {
        Box::pin(async move {
            assert!(organization::delete(tx, organization, None, Timestamp(3)).await?);
            Ok(())
        })
    })
    .await;
    test.add_image("team/app", false).await;
    for thing in ["team", "team/app"] {
        assert_eq!(list(&test, &test.owner, thing).await.others.unwrap().total, 0);
    }
    assert!(!may(&test, &test.manager, super::Action::PullImage).await);
}
