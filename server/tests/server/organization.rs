//! Organizations in the console, by links and plain forms.

use crate::support::{Client, Reply, TestApp, TestImage};

const LIST: &str = "/organizations?dialog=create";

async fn page(browser: &mut Client, path: &str) -> String {
    browser.visit(path).await.expect(200).text()
}

fn location(reply: &Reply) -> String {
    reply.header("location").to_owned()
}

/// Follows the redirect of a form.
async fn follow(browser: &mut Client, reply: Reply) -> String {
    let to = location(&reply.expect(302));
    page(browser, &to).await
}

#[tokio::test]
async fn an_organization_is_created_found_and_deleted_without_scripts() {
    TestApp::each(async |app| {
        let mut owner = app.signed_in("acme").await;
        let text = page(&mut owner, LIST).await;
        assert!(text.contains("data-testid=\"organizations.row.group\""), "{text}");
        assert!(text.contains("data-testid=\"organizations.create.form\""));
        assert!(text.contains("1/5 organizations"));

        let reply = owner.submit_from(LIST, "create_organization", &[("name", "payments")]).await;
        assert_eq!(location(&reply), "/organizations/payments");
        let text = follow(&mut owner, reply).await;
        assert!(text.contains("127.0.0.1:5000/payments/"), "the push prefix");
        assert!(text.contains("docker push 127.0.0.1:5000/payments/nginx:v1"));
        assert!(text.contains("Created payments"), "said once");
        assert!(!page(&mut owner, "/organizations/payments").await.contains("Created payments"));

        let text = page(&mut owner, "/organizations?q=pay&view=table").await;
        assert!(text.contains("data-testid=\"organizations.table\""));
        assert!(
            text.contains("organizations.row.payments")
                && !text.contains("organizations.row.group")
        );
        assert!(
            page(&mut owner, "/organizations?q=none").await.contains("data-testid=\"nomatch\"")
        );

        let dialog = "/organizations/payments?dialog=delete-organization&item=payments";
        assert!(page(&mut owner, dialog).await.contains("data-testid=\"confirm.name\""));
        let wrong = [("name", "payments"), ("confirm", "payment")];
        let reply = owner.submit_from(dialog, "delete_organization", &wrong).await.expect(302);
        assert_ne!(location(&reply), "/organizations");
        let right = [("name", "payments"), ("confirm", " payments ")];
        let reply = owner.submit_from(dialog, "delete_organization", &right).await.expect(302);
        assert_eq!(location(&reply), "/organizations");
        owner.visit("/organizations/payments").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn a_refused_name_is_explained_and_kept() {
    let app = TestApp::new().await;
    let mut owner = app.signed_in("acme").await;
    for (name, sentence) in [
        ("Group", "Start with a lowercase letter"),
        ("library", "Start with a lowercase letter"),
        ("strange", "This organization name is taken"),
    ] {
        owner.visit(LIST).await.expect(200);
        let reply = owner.submit_from(LIST, "create_organization", &[("name", name)]).await;
        let text = follow(&mut owner, reply).await;
        assert!(text.contains(sentence), "{name}: {text}");
        assert!(text.contains(&format!("value=\"{name}\"")), "{name} is kept");
        assert!(text.contains("data-testid=\"organizations.create.form\""), "the dialog is open");
    }
}

#[tokio::test]
async fn at_the_quota_the_button_says_why() {
    let app = TestApp::new().await;
    for name in ["b", "c", "d", "e"] {
        app.organization(name, "acme").await;
    }
    let mut owner = app.signed_in("acme").await;
    let text = page(&mut owner, "/organizations").await;
    assert!(text.contains("Organization quota reached (5/5)"));
    let reply = owner.submit_from(LIST, "create_organization", &[("name", "f")]).await;
    let text = follow(&mut owner, reply).await;
    assert!(text.contains("You have reached the organization quota (5/5)"), "{text}");
}

#[tokio::test]
async fn everyone_sees_what_is_theirs() {
    let app = TestApp::new().await;
    for (who, creates, deletes) in
        [("acme", true, true), ("acme/manager", false, true), ("acme/reader", false, false)]
    {
        let mut browser = app.signed_in(who).await;
        let list = page(&mut browser, "/organizations").await;
        assert!(list.contains("organizations.row.group"), "{who}");
        assert!(!list.contains("organizations.row.strange"), "{who}");
        assert_eq!(list.contains("data-testid=\"organizations.create\""), creates, "{who}");
        let one = page(&mut browser, "/organizations/group").await;
        assert_eq!(one.contains("data-testid=\"organization.delete\""), deletes, "{who}");
        let hidden = browser.visit("/organizations/strange").await.expect(404).text();
        let absent = browser.visit("/organizations/no-such").await.expect(404).text();
        assert_eq!(hidden.contains("strange"), absent.contains("no-such"), "{who}");
        browser.visit("/organizations/group/nothing").await.expect(404);
    }
}

#[tokio::test]
async fn an_organization_with_images_keeps_its_dialog_without_a_button() {
    let app = TestApp::new().await;
    let image = TestImage::new(1, 1, 64);
    image.push(&app.owner(), "group/app", "v1").await.expect(201);
    let mut owner = app.signed_in("acme").await;
    let dialog = "/organizations/group?dialog=delete-organization&item=group";
    let text = page(&mut owner, dialog).await;
    assert!(text.contains("data-testid=\"organizations.delete.blocked\""));
    assert!(text.contains("/images?org=group"));
    assert!(!text.contains("data-testid=\"confirm.name\""));
    assert!(text.contains("data-testid=\"images.row.group/app\""));
    let fields = [("name", "group"), ("confirm", "group")];
    let reply = owner.submit_from(dialog, "delete_organization", &fields).await;
    assert_ne!(location(&reply), "/organizations");
    owner.visit("/organizations/group").await.expect(200);
}
