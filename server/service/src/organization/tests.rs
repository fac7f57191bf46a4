#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use roadstead::access::Permission;
use roadstead::audit::TraceName;
use roadstead::manage::organization::{
    NameCheck, OrganizationQuery, OrganizationSettings, OrganizationSort,
};
use roadstead::page::{Order, Window};
use roadstead::{ErrorKind, OrganizationName};
use roadstead_store::{audit, grant};

use crate::context::Context;
use crate::testing::TestService;

fn all() -> OrganizationQuery {
    OrganizationQuery {
        search: None,
        sort: OrganizationSort::Name,
        order: Order::Asc,
        window: Window::of_page(1, 20),
    }
}

fn name(text: &str) -> OrganizationName {
    text.parse().unwrap()
}

async fn events(app: &TestService, wanted: TraceName) -> Vec<audit::AuditRecord> {
    let owner = app.account_key();
    app.store
        .read("test.events", move |tx| {
            Box::pin(async move {
                audit::recent_named(tx, audit::AuditScope::Account(owner), &[wanted], 50).await
            })
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn each_sees_what_is_theirs_with_their_right() {
    let app = TestService::new().await;
    let organizations = app.service.organizations();
    let cases: [(&str, &Context, Option<Permission>); 6] = [
        ("owner", &app.owner, Some(Permission::Manage)),
        ("administrator", &app.administrator, Some(Permission::Manage)),
        ("manager", &app.manager, Some(Permission::Manage)),
        ("editor", &app.editor, Some(Permission::Edit)),
        ("reader", &app.reader, Some(Permission::Read)),
        ("viewer", &app.viewer, Some(Permission::Read)),
    ];
    for (who, ctx, permission) in cases {
        let page = organizations.list(ctx, all()).await.unwrap();
        assert_eq!(page.total, 1, "{who}");
        let seen = &page.items[0];
        assert_eq!(seen.permission, permission, "{who}");
        assert_eq!(seen.may_delete, permission == Some(Permission::Manage), "{who}");
        assert_eq!(seen.may_push, permission >= Some(Permission::Edit), "{who}");
        assert_eq!((seen.images, seen.users), (2, 3), "{who}");
        assert_eq!(&organizations.get(ctx, &name("team")).await.unwrap(), seen, "{who}");
    }
    for (who, ctx) in [("member", &app.member), ("stranger", &app.stranger)] {
        assert_eq!(organizations.list(ctx, all()).await.unwrap().total, 0, "{who}");
        let error = organizations.get(ctx, &name("team")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Hidden, "{who}");
    }
    let error = organizations.list(&app.anonymous, all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_grant_on_one_image_shows_that_image_only() {
    let app = TestService::new().await;
    let place = app.image;
    let member = app.member.user().unwrap().user;
    let at = app.member.now();
    app.write(move |tx| {
        Box::pin(async move {
            grant::set_on_repository(tx, &place, member, Permission::Edit, None, at).await?;
            Ok(())
        })
    })
    .await;
    let page = app.service.organizations().list(&app.member, all()).await.unwrap();
    assert_eq!(page.total, 1);
    let seen = &page.items[0];
    assert_eq!((seen.permission, seen.images, seen.may_push), (None, 1, false));
    assert!(app.service.organizations().pushable(&app.member).await.unwrap().is_empty());
}

#[tokio::test]
async fn lists_are_searched_sorted_and_cut() {
    let app = TestService::new().await;
    let organizations = app.service.organizations();
    for text in ["cloud-develop", "a_b", "payments"] {
        app.clock.advance(1);
        organizations.create(&app.owner, name(text)).await.unwrap();
    }
    let names = |query| async {
        let page = organizations.list(&app.owner, query).await.unwrap();
        (page.items.iter().map(|it| it.name.to_string()).collect::<Vec<_>>(), page.total)
    };
    assert_eq!(names(all()).await.0, ["a_b", "cloud-develop", "payments", "team"]);
    let search = OrganizationQuery { search: Some(" PAY ".to_owned()), ..all() };
    assert_eq!(names(search).await, (vec!["payments".to_owned()], 1));
    // An underscore is itself, not any character.
    let search = OrganizationQuery { search: Some("d_d".to_owned()), ..all() };
    assert_eq!(names(search).await.1, 0);
    let newest = OrganizationQuery {
        sort: OrganizationSort::CreatedAt,
        order: Order::Desc,
        window: Window { offset: 0, limit: 1 },
        ..all()
    };
    assert_eq!(names(newest).await, (vec!["payments".to_owned()], 4));
}

#[tokio::test]
async fn creating_needs_the_right_a_free_name_and_room() {
    let app = TestService::new().await;
    let organizations = app.service.organizations();
    for ctx in [&app.manager, &app.viewer, &app.member] {
        let error = organizations.create(ctx, name("mine")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
    }
    let error = organizations.create(&app.stranger, name("team")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let made = organizations.create(&app.administrator, name("first")).await.unwrap();
    assert_eq!(made.created_by, "root");
    assert_eq!((made.permission, made.may_push), (Some(Permission::Manage), true));
    assert_eq!(events(&app, TraceName::CreateUserNamespace).await[0].resource_name, "first");
    for text in ["second", "third", "fourth"] {
        organizations.create(&app.owner, name(text)).await.unwrap();
    }
    let quota = organizations.quota(&app.reader).await.unwrap();
    assert_eq!((quota.used, quota.limit), (5, Some(5)));
    let error = organizations.create(&app.owner, name("fifth")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    assert_eq!(error.detail().unwrap(), &serde_json::json!({"used": 5, "limit": 5}));
}

#[tokio::test]
async fn names_are_checked_for_those_who_may_create() {
    let app = TestService::new().await;
    let organizations = app.service.organizations();
    let check = |text: &'static str| organizations.check_name(&app.owner, text);
    assert_eq!(check("free").await.unwrap(), NameCheck::Available);
    assert_eq!(check("team").await.unwrap(), NameCheck::Taken);
    assert_eq!(check("library").await.unwrap(), NameCheck::Reserved);
    for bad in ["", "Team", "a..b"] {
        assert_eq!(organizations.check_name(&app.owner, bad).await.unwrap(), NameCheck::Invalid);
    }
    let error = organizations.check_name(&app.editor, "free").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn only_an_empty_organization_is_deleted_and_its_name_inherits_nothing() {
    let app = TestService::new().await;
    let organizations = app.service.organizations();
    let team = name("team");
    let error = organizations.delete(&app.manager, &team).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.detail().unwrap(), &serde_json::json!({"n": 2}));
    assert_eq!(
        organizations.delete(&app.editor, &team).await.unwrap_err().kind(),
        ErrorKind::Denied
    );
    assert_eq!(
        organizations.delete(&app.stranger, &team).await.unwrap_err().kind(),
        ErrorKind::Hidden
    );
    for image in ["team/app", "team/open"] {
        app.service.images().delete(&app.manager, &image.parse().unwrap()).await.unwrap();
    }
    organizations.delete(&app.manager, &team).await.unwrap();
    assert_eq!(events(&app, TraceName::DeleteUserNamespace).await.len(), 1);
    assert_eq!(organizations.quota(&app.owner).await.unwrap().used, 0);
    assert_eq!(organizations.get(&app.owner, &team).await.unwrap_err().kind(), ErrorKind::Hidden);
    organizations.create(&app.owner, team.clone()).await.unwrap();
    assert_eq!(organizations.get(&app.manager, &team).await.unwrap_err().kind(), ErrorKind::Hidden);
}

#[tokio::test]
async fn the_command_line_creates_for_an_account() {
    let app = TestService::new().await;
    let organizations = app.service.organizations();
    organizations.create_for(&app.system, name("made"), &app.account).await.unwrap();
    assert!(organizations.pushable(&app.owner).await.unwrap().contains(&name("made")));
    let nobody = "nobody".parse().unwrap();
    let error = organizations.create_for(&app.system, name("x"), &nobody).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Hidden), "{error:?}");
}

#[tokio::test]
async fn settings_are_for_those_who_manage_it() {
    let app = TestService::new().await;
    let organizations = app.service.organizations();
    let team = name("team");
    let before = organizations.settings(&app.manager, &team).await.unwrap();
    assert_eq!((before.default_public, before.create_on_push), (false, true));
    let wanted = OrganizationSettings {
        default_public: true,
        create_on_push: false,
        immutable_tags: "v*, stable".parse().unwrap(),
    };
    organizations.update_settings(&app.manager, &team, wanted.clone()).await.unwrap();
    assert_eq!(organizations.settings(&app.owner, &team).await.unwrap(), wanted);
    let events = events(&app, TraceName::UpdateUserNamespace).await;
    assert_eq!(events[0].detail["immutable_tags"], "v*, stable");
    for (ctx, kind) in [
        (&app.editor, ErrorKind::Denied),
        (&app.reader, ErrorKind::Denied),
        (&app.viewer, ErrorKind::Denied),
        (&app.member, ErrorKind::Hidden),
        (&app.stranger, ErrorKind::Hidden),
    ] {
        let read = organizations.settings(ctx, &team).await.unwrap_err();
        let wanted = wanted.clone();
        let written = organizations.update_settings(ctx, &team, wanted).await.unwrap_err();
        assert_eq!((read.kind(), written.kind()), (kind, kind));
    }
}
