//! The console's pages of grants and shares, as they are without scripts (`console.md` A.4.2, A.4.5, A.6.4, A.6.5, A.7.2).

use crate::support::{TestApp, TestImage};

const IMAGE: &str = "group/app";

async fn with_image() -> TestApp {
    let app = TestApp::new().await;
    TestImage::new(61, 1, 100).push(&app.editor(), IMAGE, "v1").await.expect(201);
    app
}

fn hook(name: &str) -> String {
    format!("data-testid=\"{name}\"")
}

#[tokio::test]
async fn rights_are_listed_changed_and_given_by_those_who_manage() {
    let app = with_image().await;
    let mut manager = app.signed_in("acme/manager").await;
    let (users, permissions) = ("/organizations/group/users", "/images/group/app/permissions");
    let page = manager.visit(users).await.expect(200).text();
    for name in ["permissions.row.editor.level", "permissions.row.manager", "permissions.others"] {
        assert!(page.contains(&hook(name)), "{name}");
    }
    // On the image the same right comes from the organization, and nothing was given that could be changed.
    let page = manager.visit(permissions).await.expect(200).text();
    assert!(page.contains(&hook("permissions.row.editor")));
    assert!(!page.contains(&hook("permissions.row.editor.level")));
    assert!(page.contains("href=\"/organizations/group/users\""));
    for name in ["acme/editor", "acme/reader", "other"] {
        let mut browser = app.signed_in(name).await;
        for path in [users, permissions, "/images/group/app/sharing"] {
            let page = browser.visit(path).await.expect(404).text();
            assert!(!page.contains("permissions.row"), "{name} {path}");
        }
    }
    let reader = browser_page(&app, "acme/reader", "/images/group/app").await;
    assert!(!reader.contains(&hook("image.tab.permissions")));

    // The address is the choice; the form carries it.
    let chosen = format!("{permissions}?dialog=grant&item=reader&item=nobody-here&right=3");
    let page = manager.visit(&chosen).await.expect(200).text();
    assert_eq!(page.matches("name=\"users[]\"").count(), 1);
    let id = page.split("name=\"users[]\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let id = id.unwrap().to_owned();
    assert!(page.contains("name=\"permission\" value=\"3\""));
    let fields =
        [("on", IMAGE), ("users[]", id.as_str()), ("permission", "3"), ("next", permissions)];
    let reply = manager.submit_from(&chosen, "add_grants", &fields).await.expect(302);
    assert_eq!(reply.header("location"), permissions);
    let page = manager.visit(permissions).await.expect(200).text();
    assert!(page.contains(&hook("permissions.row.reader.level")));
    // Once more is refused, and the page says why.
    let reply = manager.submit_from(&chosen, "add_grants", &fields).await.expect(302);
    let page = manager.visit(reply.header("location")).await.expect(200).text();
    assert!(page.contains("This user already has a permission"));

    let remove = format!("{permissions}?dialog=remove-grant&item=reader");
    let page = manager.visit(&remove).await.expect(200).text();
    assert!(page.contains(&id));
    let fields = [("on", IMAGE), ("users[]", id.as_str()), ("next", permissions)];
    manager.submit_from(&remove, "remove_grants", &fields).await.expect(302);
    let page = manager.visit(permissions).await.expect(200).text();
    assert!(!page.contains(&hook("permissions.row.reader.level")));
}

async fn browser_page(app: &TestApp, name: &str, path: &str) -> String {
    app.signed_in(name).await.visit(path).await.expect(200).text()
}

#[tokio::test]
async fn an_image_is_shared_and_found_by_the_other_account() {
    let app = with_image().await;
    let sharing = "/images/group/app/sharing";
    let mut manager = app.signed_in("acme/manager").await;
    let page = manager.visit(sharing).await.expect(200).text();
    assert!(page.contains(&hook("sharing.empty")));
    let page = manager.visit(&format!("{sharing}?dialog=share")).await.expect(200).text();
    assert!(page.contains("type=\"datetime-local\"") && page.contains(&hook("share.forever")));
    let other = browser_page(&app, "other", "/images/shared").await;
    assert!(other.contains(&hook("shared.empty")));

    // What is wrong is said at the field, and what was typed stays.
    let fields = [("image", IMAGE), ("account", "nobody"), ("forever", "true"), ("next", sharing)];
    let dialog = format!("{sharing}?dialog=share");
    let reply = manager.submit_from(&dialog, "create_share", &fields).await.expect(302);
    let page = manager.visit(reply.header("location")).await.expect(200).text();
    assert!(page.contains("No such account") && page.contains("value=\"nobody\""));

    let fields = [
        ("image", IMAGE),
        ("account", "other"),
        ("until", "2999-12-31T18:00"),
        ("offset", "480"),
        ("description", "beta"),
        ("next", sharing),
    ];
    manager.submit_from(&dialog, "create_share", &fields).await.expect(302);
    let page = manager.visit(sharing).await.expect(200).text();
    assert!(page.contains("1 / 500") && page.contains(&hook("sharing.row.other")));
    assert!(page.contains("2999-12-31T10:00:00Z"));
    let other = browser_page(&app, "other", "/images/shared").await;
    assert!(other.contains(&hook("shared.row.group/app")) && other.contains("beta"));
    assert!(other.contains("href=\"/images/group/app\""));
    let mine = browser_page(&app, "acme/manager", "/images?shared=me").await;
    assert!(mine.contains(&hook("images.row.group/app")));

    let end = format!("{sharing}?dialog=end-share&item=other");
    let page = manager.visit(&end).await.expect(200).text();
    assert!(page.contains("other loses access immediately"));
    let fields = [("image", IMAGE), ("account", "other"), ("next", sharing)];
    manager.submit_from(&end, "delete_share", &fields).await.expect(302);
    let other = browser_page(&app, "other", "/images/shared").await;
    assert!(other.contains(&hook("shared.empty")));
    let mine = browser_page(&app, "acme/manager", "/images?shared=me").await;
    assert!(!mine.contains(&hook("images.row.group/app")));
}

#[tokio::test]
async fn a_batch_is_shared_whole_or_not_at_all_and_says_what_was_wrong() {
    let app = with_image().await;
    TestImage::new(62, 1, 100).push(&app.editor(), "group/web", "v1").await.expect(201);
    let mut manager = app.signed_in("acme/manager").await;
    let dialog = "/images?dialog=share&item=group/app&item=group/web";
    let page = manager.visit(dialog).await.expect(200).text();
    assert!(page.contains(&hook("share.batch.images")));
    let send = |accounts: &'static str| {
        [
            ("names[0]", IMAGE),
            ("names[1]", "group/web"),
            ("accounts", accounts),
            ("forever", "true"),
            ("next", "/images"),
        ]
    };
    let fields = send("other, nobody");
    let reply = manager.submit_from(dialog, "share_batch", &fields).await.expect(302);
    let page = manager.visit(reply.header("location")).await.expect(200).text();
    assert!(page.contains(&hook("share.batch.refused")) && page.contains("no such account"));
    assert!(page.contains("value=\"other, nobody\""));
    let other = browser_page(&app, "other", "/images/shared").await;
    assert!(other.contains(&hook("shared.empty")));
    let reply = manager.submit_from(dialog, "share_batch", &send("other")).await.expect(302);
    assert_eq!(reply.header("location"), "/images");
    let other = browser_page(&app, "other", "/images/shared").await;
    for name in ["group/app", "group/web"] {
        assert!(other.contains(&hook(&format!("shared.row.{name}"))), "{name}");
    }
}
