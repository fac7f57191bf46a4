//! Pages of users, groups and policies, as plain pages and forms.

use crate::support::{Client, TestApp};

/// What is between two texts of a page.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inside, _)| inside)
}

/// Sends a form and answers where it led.
async fn send(client: &mut Client, page: &str, call: &str, fields: &[(&str, &str)]) -> String {
    let reply = client.submit_from(page, call, fields).await.expect(302);
    let to = reply.header("location");
    to.strip_prefix("http://127.0.0.1:5000").unwrap_or(to).to_owned()
}

#[tokio::test]
async fn users_groups_and_policies_are_looked_after_with_plain_forms() {
    let app = TestApp::new().await;
    let mut owner = app.signed_in("acme").await;
    for (page, words) in [
        ("/iam/users", "reader"),
        ("/iam/users?access=console&status=disabled", "No results match"),
        ("/iam/users?dialog=create", "Must be changed at the first sign-in"),
        ("/iam/users/reader", "What the user can reach"),
        ("/iam/users/reader?dialog=delete-user", "Delete user reader"),
        ("/iam/groups", "operators"),
        ("/iam/policies", "SWR ReadOnlyAccess"),
        ("/iam/policies/SWR%20ReadOnlyAccess", "swr:repo:download"),
        ("/iam/policies?dialog=create&item=scan", "swr:repo:getScanReport"),
        ("/iam/simulate?user=reader&action=delete_image&on=group/app", "Nothing allows it"),
        ("/iam/accounts", "acme"),
    ] {
        let reply = owner.visit(page).await.expect(200);
        assert!(reply.text().contains(words), "{page}: {}", reply.text());
    }

    let to = send(
        &mut owner,
        "/iam/groups?dialog=create",
        "create_group",
        &[("name", "Night watch"), ("description", "who wakes")],
    )
    .await;
    assert_eq!(to, "/iam/groups/Night%20watch");
    let new = [
        ("name", "zoe"),
        ("console", "true"),
        ("groups[]", "Night watch"),
        ("must_change", "true"),
    ];
    let to = send(&mut owner, "/iam/users?dialog=create", "create_user", &new).await;
    assert!(to.starts_with("/iam/users?dialog=password&item="), "{to}");
    let page = owner.visit(&to).await.expect(200).text();
    let password = between(&page, "data-testid=\"iam.password\">", "<").unwrap_or_default();
    assert_eq!(password.len(), 20, "{page}");
    let mut zoe = app.anonymous();
    zoe.sign_in("acme/zoe", password).await;
    assert_eq!(zoe.visit("/overview").await.header("location"), "/account/password");
    let other = app.signed_in("acme").await.visit(&to).await.expect(200).text();
    assert!(other.contains("shown already"), "the password is for one session: {other}");

    let group = "/iam/groups/Night%20watch";
    assert!(owner.visit(group).await.expect(200).text().contains("iam.group.member.zoe"));
    let policy = [
        ("name", "Night watch"),
        ("policy", "SWR ReadOnlyAccess"),
        ("region", ""),
        ("is_attached", "true"),
    ];
    assert_eq!(send(&mut owner, group, "attach_to_group", &policy).await, group);
    let page = owner.visit("/iam/users/zoe").await.expect(200).text();
    assert!(page.contains("iam.user.reach.policies") && page.contains("through group"), "{page}");
    let page = owner.visit("/iam/simulate?user=zoe&action=pull_image&on=group/app").await.text();
    assert!(page.contains("data-state=\"allowed\"") && page.contains("statement 1"), "{page}");
    let reset =
        send(&mut owner, "/iam/users/zoe?dialog=reset", "reset_password", &[("name", "zoe")]).await;
    assert!(reset.starts_with("/iam/users/zoe?dialog=password&item="), "{reset}");
    assert!(owner.visit(&reset).await.expect(200).text().contains("data-testid=\"iam.password\""));
    let to = send(
        &mut owner,
        "/iam/users/zoe?dialog=delete-user",
        "delete_user",
        &[("name", "zoe"), ("confirm", "zoe")],
    )
    .await;
    assert_eq!(to, "/iam/users");
    owner.visit("/iam/users/zoe").await.expect(404);
}

#[tokio::test]
async fn mistakes_of_a_policy_have_their_line_and_column_on_its_page() {
    let app = TestApp::new().await;
    let mut owner = app.signed_in("acme").await;
    let wrong = "{\"Version\":\"1.1\",\n\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"swr:repo:downlod\"]}]}";
    let page = "/iam/policies?dialog=create";
    let fields = [("name", "Pulls"), ("document", wrong)];
    let refused = send(&mut owner, page, "create_policy", &fields).await;
    let shown = owner.visit(&refused).await.text();
    assert!(shown.contains("iam.document.problem.2.42"), "{shown}");
    assert!(shown.contains("means no action"), "{shown}");
    assert!(shown.contains("swr:repo:downlod") && shown.contains("value=\"Pulls\""), "{shown}");
    let right = wrong.replace("downlod", "download");
    let fields = [("name", "Pulls"), ("document", right.as_str())];
    assert_eq!(send(&mut owner, page, "create_policy", &fields).await, "/iam/policies/Pulls");
    let attach = [("name", "reader"), ("policy", "Pulls"), ("is_attached", "true")];
    send(&mut owner, "/iam/users/reader", "attach_to_user", &attach).await;
    let shown = owner.visit("/iam/policies/Pulls?dialog=delete-policy").await.expect(200).text();
    assert!(shown.contains("iam.policy.delete.blocked") && shown.contains("/iam/users/reader"));
}

#[tokio::test]
async fn others_find_nothing_there() {
    let app = TestApp::new().await;
    for name in ["acme/reader", "acme/manager"] {
        let mut client = app.signed_in(name).await;
        for page in [
            "/iam/users",
            "/iam/users/reader",
            "/iam/groups",
            "/iam/policies",
            "/iam/policies/SWR%20Admin",
            "/iam/simulate",
            "/iam/accounts",
        ] {
            let text = client.visit(page).await.expect(404).text();
            assert!(text.contains("notfound") && !text.contains("SWR Admin"), "{name} {page}");
        }
        assert!(!client.visit("/overview").await.expect(200).text().contains("shell.nav.iam"));
    }
}
