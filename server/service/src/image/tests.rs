#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use roadstead::access::{Permission, Reason};
use roadstead::manage::image::{Category, ImageQuery, ImageSort, ImageUpdate};
use roadstead::page::{Order, Window};
use roadstead::{ErrorKind, ImageName};
use roadstead_store::audit::{AuditScope, recent_named};
use roadstead_store::usage::{Traffic, add_traffic};

use super::{check_description, split_search};
use crate::testing::TestService;

fn all() -> ImageQuery {
    ImageQuery {
        search: None,
        organizations: Vec::new(),
        category: None,
        is_public: None,
        is_shared: false,
        sort: ImageSort::Name,
        order: Order::Asc,
        window: Window::of_page(1, 20),
    }
}

fn searched(text: &str) -> ImageQuery {
    ImageQuery { search: Some(text.to_owned()), ..all() }
}

fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

#[test]
fn an_organization_before_a_slash_may_narrow() {
    assert_eq!(split_search(None), (None, None, None));
    assert_eq!(split_search(Some("  ")), (None, None, None));
    assert_eq!(split_search(Some("Ngi")), (None, Some("ngi".into()), None));
    let (prefix, whole, rest) = split_search(Some("group/Ngi"));
    assert_eq!(prefix.unwrap().as_str(), "group");
    assert_eq!(whole.as_deref(), Some("group/ngi"));
    assert_eq!(rest.as_deref(), Some("ngi"));
    assert_eq!(split_search(Some("group/")).2, None);
}

#[test]
fn descriptions_are_counted_in_characters() {
    assert!(check_description(Some(&"镜".repeat(30_000))).is_ok());
    let error = check_description(Some(&"镜".repeat(30_001))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn lists_show_what_is_visible_with_the_right_on_it() {
    let app = TestService::new().await;
    let images = app.service.images();
    for (ctx, permission, reason) in [
        (&app.owner, Permission::Manage, Reason::Owner),
        (&app.administrator, Permission::Manage, Reason::Policy),
        (&app.viewer, Permission::Read, Reason::Policy),
        (&app.manager, Permission::Manage, Reason::Grant),
        (&app.editor, Permission::Edit, Reason::Grant),
        (&app.reader, Permission::Read, Reason::Grant),
    ] {
        let page = images.list(ctx, all()).await.unwrap();
        let names: Vec<_> = page.items.iter().map(|it| it.name.to_string()).collect();
        assert_eq!(names, ["team/app", "team/open"]);
        let rights = page.items[0].rights;
        assert_eq!((rights.permission, rights.reason), (permission, reason));
        let one = images.get(ctx, &name("team/app")).await.unwrap();
        assert_eq!(one, page.items[0]);
    }
    assert_eq!(images.list(&app.member, all()).await.unwrap().total, 0);
    assert_eq!(images.list(&app.stranger, all()).await.unwrap().total, 0);
    let hidden = images.get(&app.stranger, &name("team/app")).await.unwrap_err();
    let absent = images.get(&app.stranger, &name("team/none")).await.unwrap_err();
    assert_eq!((hidden.kind(), hidden.message()), (absent.kind(), absent.message()));
    // What is public can be read by everyone, though it is in nobody else's list.
    let open = images.get(&app.stranger, &name("team/open")).await.unwrap();
    assert_eq!((open.rights.permission, open.rights.reason), (Permission::Read, Reason::Public));
}

#[tokio::test]
async fn lists_are_searched_filtered_and_sorted() {
    let app = TestService::new().await;
    app.add_image("team/web/nginx", false).await;
    app.add_image("other/nginx", true).await;
    let images = app.service.images();
    let found = |query| async {
        let page = images.list(&app.owner, query).await.unwrap();
        page.items.iter().map(|it| it.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found(searched("NGI")).await, ["other/nginx", "team/web/nginx"]);
    assert_eq!(found(searched("team/ngi")).await, ["team/web/nginx"]);
    assert_eq!(found(searched("other/")).await, ["other/nginx"]);
    assert_eq!(found(searched("web/ngi")).await, ["team/web/nginx"]);
    assert_eq!(found(searched("%")).await, Vec::<String>::new());
    let public = ImageQuery {
        is_public: Some(true),
        sort: ImageSort::Namespace,
        order: Order::Desc,
        ..all()
    };
    assert_eq!(found(public).await, ["team/open", "other/nginx"]);
    let one = ImageQuery { organizations: vec!["other".parse().unwrap()], ..all() };
    assert_eq!(found(one).await, ["other/nginx"]);
    let by_type = ImageQuery { sort: ImageSort::IsPublic, ..all() };
    assert_eq!(found(by_type).await, ["team/app", "team/web/nginx", "other/nginx", "team/open"]);
    let update = ImageUpdate { category: Some(Category::Database), ..ImageUpdate::default() };
    images.update(&app.editor, &name("team/app"), update).await.unwrap();
    let databases = ImageQuery { category: Some(Category::Database), ..all() };
    assert_eq!(found(databases).await, ["team/app"]);
}

#[tokio::test]
async fn creating_needs_edit_on_the_organization_and_a_free_name() {
    let app = TestService::new().await;
    let images = app.service.images();
    let update = ImageUpdate {
        is_public: Some(true),
        category: Some(Category::Lang),
        description: Some("text".to_owned()),
    };
    let made = images.create(&app.editor, &name("team/new/one"), update.clone()).await.unwrap();
    assert_eq!(
        (made.is_public, made.category, made.description.as_str(), made.created_by.as_str()),
        (true, Category::Lang, "text", "eddy")
    );
    let again = images.create(&app.editor, &name("team/new/one"), update.clone()).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
    let denied = images.create(&app.reader, &name("team/x"), update.clone()).await;
    assert_eq!(denied.unwrap_err().kind(), ErrorKind::Denied);
    let hidden = images.create(&app.stranger, &name("team/x"), update).await;
    assert_eq!(hidden.unwrap_err().kind(), ErrorKind::Hidden);
    let private = images.create(&app.owner, &name("team/y"), ImageUpdate::default()).await.unwrap();
    assert!(!private.is_public);
}

#[tokio::test]
async fn editing_changes_what_is_given_and_opens_at_once() {
    let app = TestService::new().await;
    let images = app.service.images();
    let app_name = name("team/app");
    let denied = images.update(&app.reader, &app_name, ImageUpdate::default()).await;
    assert_eq!(denied.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(images.get(&app.stranger, &app_name).await.unwrap_err().kind(), ErrorKind::Hidden);
    let update = ImageUpdate { is_public: Some(true), ..ImageUpdate::default() };
    app.clock.advance(60);
    let changed = images.update(&app.editor, &app_name, update).await.unwrap();
    assert!(changed.is_public && changed.updated_at > changed.created_at);
    assert!(images.get(&app.stranger, &app_name).await.is_ok());
    let long = ImageUpdate { description: Some("x".repeat(30_001)), ..ImageUpdate::default() };
    let refused = images.update(&app.editor, &app_name, long).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TooLarge);
    let account = app.account_key();
    let events = app
        .store
        .read("test.events", move |tx| {
            let names = &[roadstead::audit::TraceName::UpdateImageRepository];
            Box::pin(async move { recent_named(tx, AuditScope::Account(account), names, 9).await })
        })
        .await
        .unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].actor.as_str(), events[0].resource_name.as_str()),
        ("harbor/eddy", "team/app")
    );
    assert_eq!(events[0].repository_id, Some(app.image.repository()));
}

#[tokio::test]
async fn deleting_says_what_goes_and_leaves_no_trace_in_lists() {
    let app = TestService::new().await;
    let images = app.service.images();
    let app_name = name("team/app");
    let (place, at) = (app.image, app.owner.now());
    app.write(move |tx| {
        Box::pin(async move {
            let days_ago = |days: i64| Traffic {
                place,
                pulls: 2,
                pull_bytes: 10,
                push_bytes: 0,
                at: at.plus_seconds(-86_400 * days),
                tags: Vec::new(),
                manifests: Vec::new(),
            };
            add_traffic(tx, &[days_ago(0), days_ago(6), days_ago(7)]).await
        })
    })
    .await;
    let preview = images.deletion(&app.manager, &app_name).await.unwrap();
    assert_eq!((preview.tags, preview.freed, preview.recent_pulls), (0, 0, 4));
    let denied = images.deletion(&app.editor, &app_name).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::Denied);
    assert_eq!(images.delete(&app.editor, &app_name).await.unwrap_err().kind(), ErrorKind::Denied);
    images.delete(&app.manager, &app_name).await.unwrap();
    assert_eq!(images.list(&app.owner, all()).await.unwrap().total, 1);
    let gone = images.delete(&app.manager, &app_name).await.unwrap_err();
    assert!(matches!(gone.kind(), ErrorKind::NotFound | ErrorKind::Hidden), "{gone:?}");
    let organization =
        app.service.organizations().get(&app.owner, &"team".parse().unwrap()).await.unwrap();
    assert_eq!(organization.images, 1);
}
