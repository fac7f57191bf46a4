//! Every operation of the management API, as nobody, a stranger, a reader, an editor, a manager and an administrator. The
//! table is a snapshot; an operation of the document that is not asked here fails the test.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Signed, TestApp, TestImage};

const PEOPLE: [&str; 6] = ["nobody", "stranger", "reader", "editor", "manager", "administrator"];
/// How many of them may change nothing.
const POWERLESS: usize = 3;

/// Operation, address, body: what would do something for who may.
fn calls(ann: &str) -> Vec<(&'static str, &'static str, String, Value)> {
    let (ns, repo) = ("/v2/manage/namespaces/group", "/v2/manage/namespaces/group/repos/app");
    let shares = "/v2/manage/namespaces/group/repositories/app/access-domains";
    let right = json!([{ "user_id": ann, "user_name": "ann", "auth": 1 }]);
    let share = json!({ "access_domain": "third", "permit": "read", "deadline": "forever" });
    let get = |name, path: &str| (name, "GET", path.to_owned(), Value::Null);
    vec![
        get("list_api_versions", "/"),
        get("show_api_version", "/v2"),
        (
            "create_namespace",
            "POST",
            "/v2/manage/namespaces".into(),
            json!({ "namespace": "fresh" }),
        ),
        get("list_namespaces", "/v2/manage/namespaces"),
        get("show_namespace", ns),
        get("show_namespace", "/v2/manage/namespaces/none"),
        ("delete_namespaces", "DELETE", ns.into(), Value::Null),
        get("show_namespace_auth", &format!("{ns}/access")),
        ("create_namespace_auth", "POST", format!("{ns}/access"), right.clone()),
        ("update_namespace_auth", "PATCH", format!("{ns}/access"), right.clone()),
        ("delete_namespace_auth", "DELETE", format!("{ns}/access"), json!([ann])),
        get("show_user_repository_auth", &format!("{repo}/access")),
        ("create_user_repository_auth", "POST", format!("{repo}/access"), right.clone()),
        ("update_user_repository_auth", "PATCH", format!("{repo}/access"), right),
        ("delete_user_repository_auth", "DELETE", format!("{repo}/access"), json!([ann])),
        (
            "create_repo",
            "POST",
            format!("{ns}/repos"),
            json!({ "repository": "new", "is_public": false }),
        ),
        get("show_repository", repo),
        get("show_repository", &format!("{ns}/repos/none")),
        ("update_repo", "PATCH", repo.into(), json!({ "is_public": true })),
        ("delete_repo", "DELETE", repo.into(), Value::Null),
        get("list_repos_details", "/v2/manage/repos"),
        get("list_repo_details", "/v3/manage/repos"),
        get("list_shared_repos_details", "/v2/manage/shared-repositories?center=thirdparty"),
        get("list_shared_repo_details", "/v3/manage/shared-repositories?shared_by=self"),
        get("list_repository_tags", &format!("{repo}/tags")),
        get("list_repository_tag", "/v3/manage/namespaces/group/repos/app/tags"),
        (
            "create_repo_tag",
            "POST",
            format!("{repo}/tags"),
            json!({ "source_tag": "v1", "destination_tag": "v2", "override": true }),
        ),
        get("show_repo_tag", &format!("{repo}/tags/v1")),
        ("delete_repo_tag", "DELETE", format!("{repo}/tags/v1"), Value::Null),
        get("list_repo_accessories", &format!("{repo}/v1/accessories")),
        get("list_references", &format!("{repo}/v1/references")),
        ("create_repo_domains", "POST", shares.into(), share),
        get("list_repo_domains", shares),
        get("show_access_domain", &format!("{shares}/fourth")),
        (
            "update_repo_domains",
            "PATCH",
            format!("{shares}/fourth"),
            json!({ "permit": "read", "deadline": "forever" }),
        ),
        ("delete_repo_domains", "DELETE", format!("{shares}/fourth"), Value::Null),
        ("create_secret", "POST", "/v2/manage/utils/secret".into(), Value::Null),
        (
            "create_authorization_token",
            "POST",
            "/v2/manage/utils/authorizationtoken".into(),
            Value::Null,
        ),
        get("check_agency", "/v2/manage/agency"),
        ("create_agency", "POST", "/v2/manage/agency".into(), Value::Null),
        get("show_domain_overview", "/v2/manage/overview"),
        get("show_domain_resource_reports", "/v2/manage/reports/store/daily"),
        get("list_quotas", "/v2/manage/projects/%7Bproject_id%7D/quotas"),
        get("show_share_feature_gates", "/v2/manage/projects/%7Bproject_id%7D/feature-gates"),
        get("list_sync_regions", "/v2/manage/regions"),
        get("keystone_list_projects", "/v3/projects"),
        get("keystone_list_auth_domains", "/v3/auth/domains"),
    ]
}

/// Makes everything what it was before anybody asked.
async fn put_back(app: &TestApp, owner: &Signed, image: &TestImage, ann: &str) {
    let (ns, repo) = ("/v2/manage/namespaces/group", "/v2/manage/namespaces/group/repos/app");
    let shares = "/v2/manage/namespaces/group/repositories/app/access-domains";
    if app.owner().get("/v2/group/app/manifests/v1").await.status != 200 {
        image.push(&app.owner(), "group/app", "v1").await.expect(201);
    }
    owner.patch(repo, json!({ "is_public": false })).await.expect(201);
    owner.delete("/v2/manage/namespaces/fresh").await;
    owner.delete(&format!("{ns}/repos/new")).await;
    owner.send("DELETE", &format!("{ns}/access"), json!([ann])).await;
    owner.send("DELETE", &format!("{repo}/access"), json!([ann])).await;
    owner.delete(&format!("{shares}/third")).await;
    let share = json!({ "access_domain": "fourth", "permit": "read", "deadline": "forever" });
    owner.post(shares, share).await;
}

/// The rights that those calls change which need some.
async fn prepare(owner: &Signed, name: &str, ann: &str) {
    let right = json!([{ "user_id": ann, "user_name": "ann", "auth": 3 }]);
    let on = match name {
        "update_namespace_auth" | "delete_namespace_auth" => "",
        "update_user_repository_auth" | "delete_user_repository_auth" => "/repos/app",
        _ => return,
    };
    owner.post(&format!("/v2/manage/namespaces/group{on}/access"), right).await.expect(201);
}

#[tokio::test]
async fn management_operations() {
    let app = TestApp::new().await;
    app.admin().await;
    let acme = "acme".parse().unwrap();
    let access = roadstead::access::Access { console: false, programmatic: true };
    app.new_user(&acme, "ann", access).await;
    for account in ["third", "fourth"] {
        let password = roadstead::Secret::new(crate::support::app::PASSWORD.to_owned());
        let context = app.house.command_line();
        let accounts = app.house.service.accounts();
        accounts.create(&context, &account.parse().unwrap(), &password).await.unwrap();
    }
    let image = TestImage::new(5, 1, 100);
    image.push(&app.owner(), "group/app", "v1").await.expect(201);
    let owner = app.signed("acme").await;
    let ann = {
        let found = app
            .house
            .service
            .users()
            .get(&app.owner_context().await, &"ann".parse().unwrap())
            .await;
        found.unwrap().user.id.to_string()
    };
    let mut nobody = owner.clone();
    nobody.secret_key = "x".repeat(40).parse().unwrap();
    let mut people = vec![nobody];
    for name in ["other", "acme/reader", "acme/editor", "acme/manager", "acme/admin"] {
        people.push(app.signed(name).await);
    }
    let calls = calls(&ann);
    let mut rows: Vec<(String, Vec<String>)> = calls
        .iter()
        .map(|(name, method, path, _)| (format!("{name} {method} {path}"), Vec::new()))
        .collect();
    for (who, person) in people.iter().enumerate() {
        for ((name, method, path, body), (_, words)) in calls.iter().zip(&mut rows) {
            put_back(&app, &owner, &image, &ann).await;
            prepare(&owner, name, &ann).await;
            let text = if body.is_null() { String::new() } else { body.to_string() };
            let reply = person.text(method, path, &text).await;
            let code =
                reply.json_if().and_then(|body| Some(body["error_code"].as_str()?.to_owned()));
            let status = reply.status.as_u16();
            if *name == "create_namespace" {
                person.delete("/v2/manage/namespaces/fresh").await;
            }
            assert!(status < 500, "{name}: {}", reply.text());
            words.push(match code {
                Some(code) => format!("{status} {}", code.rsplit('.').next().unwrap()),
                None => status.to_string(),
            });
            if who < POWERLESS
                && *method != "GET"
                && !name.starts_with("create_a")
                && *name != "create_secret"
                // Everybody who owns an account makes organizations of their own.
                && (who, *name) != (1, "create_namespace")
            {
                assert!(status >= 400, "{name} changed something");
            }
        }
        if who + 1 == POWERLESS {
            app.editor().get("/v2/group/app/manifests/v1").await.expect(200);
            app.anonymous().get("/v2/group/app/manifests/v1").await.expect(401);
        }
    }
    let mut lines = vec![format!("operation: {}", PEOPLE.join(" | "))];
    lines.extend(rows.into_iter().map(|(name, words)| format!("{name}: {}", words.join(" | "))));
    insta::assert_snapshot!(lines.join("\n"));

    let document = app.anonymous().get("/openapi.json").await.expect(200).json();
    let documented: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|methods| methods.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    let asked: BTreeSet<String> = calls.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(asked, documented, "ask every operation in calls()");
}
