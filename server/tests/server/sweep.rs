//! Every registry operation and every server function, as nobody, a stranger, a reader, an editor, a manager and an
//! administrator.
//!
//! The table is a snapshot: a new operation shows up in review. Server functions that are not called here are listed in
//! `uncovered.txt`, which may only shrink.

use std::collections::BTreeSet;

use axum::body::Body;
use roadstead::manage::grant::GrantQuery;
use roadstead::manage::image::ImageQuery;
use roadstead::manage::organization::OrganizationQuery;
use roadstead::manage::share::SharedImageQuery;
use roadstead::manage::tag::TagQuery;
use roadstead::manage::user::UserQuery;
use roadstead::page::{Order, Window};
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, folder};
use crate::support::image::{MANIFEST, digest};
use crate::support::{Client, Reply, TestApp, TestImage};

/// A form that would give somebody a right.
const GRANT: &str = "on=group/app&users[0]={ann}&permission=1";
const UUID: &str = "0f2b7c1e-6a0e-4c55-9b53-3d9c4f1f7a10";

/// Who asks, from those who may least on. Whatever the first three do leaves no trace; what the others do is put back.
const PEOPLE: [&str; 6] = ["nobody", "stranger", "reader", "editor", "manager", "administrator"];
/// How many of them may change nothing.
const POWERLESS: usize = 3;

fn table(title: &str, rows: Vec<(String, Vec<String>)>) -> String {
    let mut lines = vec![format!("{title}: {}", PEOPLE.join(" | "))];
    lines.extend(rows.into_iter().map(|(name, words)| format!("{name}: {}", words.join(" | "))));
    lines.join("\n")
}

#[tokio::test]
async fn registry_operations() {
    let app = TestApp::new().await;
    app.admin().await;
    let image = TestImage::new(5, 1, 1_000);
    image.push(&app.editor(), "group/app", "v1").await.expect(201);
    let (layer, manifest) = (digest(&image.layers[0]), digest(&image.manifest));
    let mut operations: Vec<(&str, String, &[u8])> =
        vec![("GET", "/v2/".into(), b""), ("GET", "/v2/_catalog".into(), b"")];
    // What exists and what does not must look the same to who may not see it.
    for name in ["group/app", "group/missing"] {
        operations.extend([
            ("GET", format!("/v2/{name}/tags/list"), &b""[..]),
            ("GET", format!("/v2/{name}/manifests/v1"), b""),
            ("HEAD", format!("/v2/{name}/manifests/v1"), b""),
            ("PUT", format!("/v2/{name}/manifests/v2"), image.manifest.as_slice()),
            ("GET", format!("/v2/{name}/referrers/{manifest}"), b""),
            ("GET", format!("/v2/{name}/blobs/{layer}"), b""),
            ("HEAD", format!("/v2/{name}/blobs/{layer}"), b""),
            ("POST", format!("/v2/{name}/blobs/uploads/"), b""),
            (
                "POST",
                format!("/v2/{name}/blobs/uploads/?digest={layer}"),
                image.layers[0].as_slice(),
            ),
            ("POST", format!("/v2/{name}/blobs/uploads/?mount={layer}&from=group/app"), b""),
            ("GET", format!("/v2/{name}/blobs/uploads/{UUID}"), b""),
            ("PATCH", format!("/v2/{name}/blobs/uploads/{UUID}"), b"x"),
            ("PUT", format!("/v2/{name}/blobs/uploads/{UUID}?digest={layer}"), b""),
            ("DELETE", format!("/v2/{name}/blobs/uploads/{UUID}"), b""),
            ("DELETE", format!("/v2/{name}/blobs/{layer}"), b""),
            ("DELETE", format!("/v2/{name}/manifests/v1"), b""),
        ]);
    }
    let people = [
        app.anonymous(),
        app.stranger(),
        app.reader(),
        app.editor(),
        app.manager(),
        app.basic("acme/admin"),
    ];
    let mut rows: Vec<(String, Vec<String>)> = operations
        .iter()
        .map(|(method, path, _)| {
            let path =
                path.replace(&layer, "LAYER").replace(&manifest, "MANIFEST").replace(UUID, "UUID");
            (format!("{method} {path}"), Vec::new())
        })
        .collect();
    for (who, person) in people.iter().enumerate() {
        for (number, (method, path, body)) in operations.iter().enumerate() {
            if who >= POWERLESS && *method != "GET" {
                image.push(&app.owner(), "group/app", "v1").await.expect(201);
            }
            // What one has made must not be there for the next.
            let path = path.replace("/missing/", &format!("/missing-{who}-{number}/"));
            let headers = [("content-type", MANIFEST)];
            let body = Body::from(body.to_vec());
            let reply = person.send(method.parse().unwrap(), &path, &headers, body).await;
            rows[number].1.push(reply.word());
        }
        if who + 1 == POWERLESS {
            app.editor().get("/v2/group/app/manifests/v1").await.expect(200);
            app.editor().get("/v2/group/app/manifests/v2").await.expect(404);
        }
    }
    insta::assert_snapshot!(table("operation", rows));
}

/// Server functions with an input that would do something for who may.
fn calls() -> Vec<(&'static str, Input)> {
    use Input::{Form, Get, Json};
    let window = Window::of_page(1, 20);
    let (sort, order) = (Default::default(), Order::Asc);
    let organizations = OrganizationQuery { search: None, sort, order, window };
    let images = ImageQuery {
        search: None,
        organizations: Vec::new(),
        category: None,
        is_public: None,
        is_shared: false,
        sort: Default::default(),
        order,
        window,
    };
    let users = UserQuery {
        search: None,
        is_active: None,
        console: false,
        programmatic: false,
        group: None,
        sort: Default::default(),
        order,
        window,
    };
    let tags = TagQuery {
        search: None,
        platform: None,
        untagged: false,
        sort: Default::default(),
        order,
        window,
    };
    let grants = GrantQuery { search: None, window };
    let shared = SharedImageQuery {
        search: None,
        owner: None,
        organization: None,
        is_valid: None,
        sort: Default::default(),
        order,
        window,
    };
    vec![
        // What cannot be read is the caller's mistake, not a fault.
        ("get_image", Json(json!({ "name": "Not An Image" }))),
        ("update_image", Form("is_public=perhaps")),
        ("get_overview", Form("")),
        ("create_login", Form("")),
        ("list_organizations", Json(json!({ "query": organizations }))),
        ("get_organization", Json(json!({ "name": "group" }))),
        ("organization_quota", Form("")),
        ("pushable_organizations", Form("")),
        ("check_organization_name", Form("name=group")),
        ("create_organization", Form("name=group")),
        ("save_organization", Form("name=group&default_type=private&create_on_push=true")),
        ("delete_organization", Form("name=group&confirm=group")),
        ("settings", Get),
        ("about", Get),
        ("settings_general", Form("site_name=Forged&external_url=&region_name=Local&language=")),
        (
            "settings_registry",
            Form(
                "organization_quota=0&max_layer_bytes=0&max_concurrent_layers=0&temporary_login_ttl=21600&anonymous_access=true&create_on_push=true&storage_quota=0",
            ),
        ),
        ("settings_audit", Form("retention_days=90&data_events=false&read_events=false")),
        ("nav_counts", Form("")),
        ("list_images", Json(json!({ "query": images }))),
        ("get_image", Json(json!({ "name": "group/app" }))),
        ("image_deletion", Json(json!({ "name": "group/app" }))),
        ("image_deletions", Json(json!({ "names": ["group/app"] }))),
        (
            "create_image",
            Form("organization=group&repository=new&is_public=false&category=other&description="),
        ),
        ("update_image", Form("name=group/app&is_public=true")),
        ("update_images", Form("names[0]=group/app&is_public=true")),
        ("delete_image", Form("name=group/app&confirm=group/app")),
        ("delete_images", Form("names[0]=group/app&confirm=delete")),
        ("list_tags", Json(json!({ "image": "group/app", "query": tags }))),
        ("manifest_detail", Json(json!({ "image": "group/app", "reference": "v1" }))),
        ("tag_platforms", Json(json!({ "image": "group/app" }))),
        ("tag_deletion", Json(json!({ "image": "group/app", "tags": ["v1"] }))),
        ("delete_tags", Form("image=group/app&tags[0]=v1&confirm=v1")),
        ("list_audit", Json(json!({ "query": { "filter": {}, "before": null, "limit": 20 } }))),
        ("get_audit_event", Json(json!({ "trace_id": UUID }))),
        ("suggest_audit", Json(json!({ "what": "operator", "text": "a" }))),
        ("access_keys", Form("")),
        ("access_keys", Form("user=manager")),
        ("access_keys", Form("user=nobody-here")),
        ("create_access_key", Form("description=mine&expires=90")),
        ("create_access_key", Form("user=manager")),
        ("saved_access_key", Form("id=RSAK0000000000000000&is_saved=true")),
        ("saved_access_key", Form("user=manager&id=RSAK0000000000000000&is_saved=true")),
        ("describe_access_key", Form("user=manager&id={key}&description=x")),
        ("enable_access_key", Form("user=manager&id={key}&is_enabled=true")),
        ("delete_access_key", Form("user=manager&id={key}&confirm={end of key}")),
        ("delete_access_key", Form("id=RSAK0000000000000000&confirm=0000")),
        ("check_access_key", Form("id=RSAK0000000000000000")),
        ("temporary_logins", Form("")),
        ("temporary_logins", Form("user=manager")),
        ("revoke_temporary_login", Form("user=manager&id={login}")),
        ("revoke_temporary_login", Form("id=RSTM0000000000000000")),
        ("list_grants", Json(json!({ "on": "group", "query": grants }))),
        ("list_grants", Json(json!({ "on": "group/app", "query": grants }))),
        ("grant_candidates", Json(json!({ "on": "group", "search": null }))),
        ("grant_candidates", Json(json!({ "on": "group/app", "search": null }))),
        ("add_grants", Form(GRANT)),
        ("update_grant", Form("on=group/app&user={ann}&permission=3")),
        ("remove_grants", Form("on=group/app&users[0]={ann}")),
        ("list_shares", Json(json!({ "image": "group/app", "window": window }))),
        ("check_share", Json(json!({ "image": "group/app", "account": "other" }))),
        (
            "share_images",
            Json(json!({ "shares": { "images": ["group/app"], "accounts": ["other"],
            "until": null, "description": "" } })),
        ),
        ("share_batch", Form("names[0]=group/app&accounts=other&forever=true")),
        ("create_share", Form("image=group/app&account=other&forever=true")),
        ("update_share", Form("image=group/app&account=other&forever=true")),
        ("delete_share", Form("image=group/app&account=other")),
        ("list_shared_images", Json(json!({ "query": shared }))),
        ("list_users", Json(json!({ "query": users }))),
        ("get_user", Json(json!({ "name": "ann" }))),
        ("get_user", Json(json!({ "name": "no-such-user" }))),
        ("new_password", Json(json!({ "name": "ann" }))),
        ("user_reach", Json(json!({ "name": "ann" }))),
        (
            "explain_permission",
            Json(json!({ "question":
                { "user": "ann", "action": "pull_image", "image": "group/app", "organization": null } })),
        ),
        ("create_user", Form("name=fresh&programmatic=true")),
        ("update_user", Form("name=ann&display_name=Ann&programmatic=true")),
        ("set_user_active", Form("name=ann&is_active=false")),
        ("batch_users", Form("names[0]=ann&task=disable")),
        ("reset_password", Form("name=ann")),
        ("set_user_groups", Form("name=ann&groups[0]=Builders")),
        ("attach_to_user", Form("name=ann&policy=Mine&is_attached=true")),
        ("delete_user", Form("name=ann&confirm=ann")),
        (
            "list_groups",
            Json(json!({ "query": { "search": null, "window": { "offset": 0, "limit": 20 } } })),
        ),
        ("get_group", Json(json!({ "name": "Builders" }))),
        ("get_group", Json(json!({ "name": "no such group" }))),
        ("create_group", Form("name=Fresh")),
        ("update_group", Form("name=Builders&new_name=Builders&description=x")),
        ("set_members", Form("name=Builders&users[0]=ann&is_in=true")),
        ("attach_to_group", Form("name=Builders&policy=Mine&is_attached=true")),
        ("delete_group", Form("name=Builders&confirm=Builders")),
        ("list_policies", Form("")),
        ("get_policy", Json(json!({ "name": "Mine" }))),
        ("get_policy", Json(json!({ "name": "SWR FullAccess" }))),
        ("create_policy", Form("name=Fresh&document={}")),
        ("edit_statement", Form("name=Mine&seen=0&actions[0]=swr:repo:download")),
        ("create_policy", Form(FRESH)),
        ("update_policy", Form(UPDATED)),
        ("delete_policy", Form("name=Mine&confirm=Mine")),
        (
            "list_accounts",
            Json(json!({ "query": { "search": null, "window": { "offset": 0, "limit": 20 } } })),
        ),
        ("create_account", Form("name=third&password=Correct-Horse-9")),
        ("set_account_active", Form("name=other&is_active=false")),
        ("list_sessions", Form("")),
        ("revoke_session", Form("id=0")),
        ("revoke_sessions", Form("")),
        ("news", Form("after=")),
        ("session", Form("")),
        ("list", Form("list=images&is_columns=true&shown[]=pulls")),
        ("appearance", Form("theme=dark")),
        ("preferences", Form("display_name=Forged&page_size=20")),
        ("setup_code", Form("code=AAAA-AAAA-AAAA")),
        (
            "setup",
            Form(
                "code=AAAA-AAAA-AAAA&account=forged&password=Correct-Horse-9&confirm=Correct-Horse-9&region=local&region_name=Local&external_url=",
            ),
        ),
        ("signin", Form("account=acme&user=reader&password=wrong")),
        ("password", Form("current=wrong&password=Correct-Horse-8&confirm=Correct-Horse-8")),
        ("signout", Form("")),
    ]
}

/// Another policy.
const FRESH: &str = "name=Fresh&document={\"Version\":\"1.1\",\"Statement\":[{\"Effect\":\"Allow\",\
                     \"Action\":[\"swr:repo:download\"]}]}";
/// A change of the policy `Mine`.
const UPDATED: &str = "name=Mine&new_name=Mine&document={\"Version\":\"1.1\",\"Statement\":[{\"Effect\":\"Deny\",\
                       \"Action\":[\"swr:repo:upload\"]}]}";

enum Input {
    Get,
    Json(Value),
    Form(&'static str),
}

async fn call(client: &Client, name: &str, input: &Input, made: &Made) -> Reply {
    let token = client.cookie("rs_csrf").unwrap_or_default().to_owned();
    let path = format!("/console/call/{name}");
    let (kind, body) = match input {
        Input::Get => {
            return client
                .send(http::Method::GET, &path, &[("accept", "application/json")], "")
                .await;
        }
        Input::Json(value) => ("application/json", value.to_string()),
        Input::Form(text) => ("application/x-www-form-urlencoded", made.put_into(text)),
    };
    let headers =
        [("accept", "application/json"), ("content-type", kind), ("x-csrf-token", token.as_str())];
    client.send(http::Method::POST, &path, &headers, body).await
}

/// What there is for a call to do something to: of the user `manager`, an access key and a temporary login; the user `ann`.
#[derive(Debug, Default)]
struct Made {
    ann: String,
    key: String,
    login: String,
}

impl Made {
    fn put_into(&self, form: &str) -> String {
        let end = &self.key[self.key.len().saturating_sub(4)..];
        form.replace("{ann}", &self.ann)
            .replace("{end of key}", end)
            .replace("{key}", &self.key)
            .replace("{login}", &self.login)
    }
}

/// Puts back what a call of somebody who may has changed, so that `next` finds what it is about.
async fn put_back(app: &TestApp, owner: &Client, image: &TestImage, next: &str) -> Made {
    let mut made = Made::default();
    let do_call =
        async |name: &str, input: Input, made: &Made| call(owner, name, &input, made).await;
    if app.owner().get("/v2/group/app/manifests/v1").await.status != 200 {
        image.push(&app.owner(), "group/app", "v1").await.expect(201);
    }
    for (name, form) in [
        ("update_image", "name=group/app&is_public=false"),
        ("delete_image", "name=group/new&confirm=group/new"),
        ("create_user", "name=ann&programmatic=true"),
        ("create_group", "name=Builders"),
        ("create_policy", POLICY),
        ("attach_to_user", "name=ann&policy=Mine&is_attached=false"),
        ("attach_to_group", "name=Builders&policy=Mine&is_attached=false"),
        ("delete_user", "name=fresh&confirm=fresh"),
        ("delete_group", "name=Fresh&confirm=Fresh"),
        ("delete_policy", "name=Fresh&confirm=Fresh"),
        ("delete_share", "image=group/app&account=other"),
        ("set_account_active", "name=other&is_active=true"),
    ] {
        do_call(name, Input::Form(form), &made).await;
    }
    let ann = do_call("get_user", Input::Json(json!({ "name": "ann" })), &made).await.json();
    made.ann = ann["user"]["id"].as_str().unwrap().to_owned();
    let (grant, take) = (GRANT, "on=group/app&users[0]={ann}");
    do_call("remove_grants", Input::Form(take), &made).await;
    if matches!(next, "update_grant" | "remove_grants") {
        do_call("add_grants", Input::Form(grant), &made).await;
    }
    if matches!(next, "update_share" | "delete_share") {
        let share = "image=group/app&account=other&forever=true";
        do_call("create_share", Input::Form(share), &made).await;
    }
    if next.ends_with("_access_key") {
        for user in ["manager", "admin"] {
            let listed = keys_of(owner, user).await;
            for key in listed {
                made.key = key;
                let form: &'static str = match user {
                    "manager" => "user=manager&id={key}&confirm={end of key}",
                    _ => "user=admin&id={key}&confirm={end of key}",
                };
                do_call("delete_access_key", Input::Form(form), &made).await;
            }
        }
        do_call("create_access_key", Input::Form("user=manager"), &made).await;
        made.key = keys_of(owner, "manager").await.pop().unwrap();
    }
    if next == "revoke_temporary_login" {
        let manager = app.context_of(Some("manager")).await;
        let login = app.house.service.credentials().create_temporary(&manager).await.unwrap();
        made.login = login.username.split_once('@').unwrap().1.to_owned();
    }
    made
}

/// The ids of a user's access keys.
async fn keys_of(owner: &Client, user: &str) -> Vec<String> {
    let form: &'static str = if user == "manager" { "user=manager" } else { "user=admin" };
    let listed = call(owner, "access_keys", &Input::Form(form), &Made::default()).await.json();
    let keys = listed["keys"].as_array().unwrap();
    keys.iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

/// The policy `Mine`.
const POLICY: &str = "name=Mine&document={\"Version\":\"1.1\",\"Statement\":[{\"Effect\":\"Allow\",\
                      \"Action\":[\"swr:repo:download\"]}]}";

#[tokio::test]
async fn server_functions() {
    let app = TestApp::new().await;
    app.admin().await;
    let image = TestImage::new(5, 1, 1_000);
    image.push(&app.editor(), "group/app", "v1").await.expect(201);
    let owner = app.signed_in("acme").await;
    let mut made = put_back(&app, &owner, &image, "describe_access_key").await;
    made.login = put_back(&app, &owner, &image, "revoke_temporary_login").await.login;
    let mut people = Vec::new();
    let names = ["", "other", "acme/reader", "acme/editor", "acme/manager", "acme/admin"];
    for (number, name) in names.into_iter().enumerate() {
        // From an address of their own: wrong passwords are counted by it.
        let mut client = app.anonymous().from(&format!("192.0.2.{}", number + 1), false);
        client.visit("/signin").await.expect(200);
        if !name.is_empty() {
            client.sign_in(name, PASSWORD).await.expect(302);
        }
        people.push(client);
    }
    let calls = calls();
    let mut rows: Vec<(String, Vec<String>)> =
        calls.iter().map(|(name, _)| ((*name).to_owned(), Vec::new())).collect();
    for (who, person) in people.iter().enumerate() {
        for ((name, input), (_, words)) in calls.iter().zip(&mut rows) {
            if who >= POWERLESS {
                made = put_back(&app, &owner, &image, name).await;
            }
            words.push(call(person, name, input, &made).await.word());
        }
        if who + 1 == POWERLESS {
            app.editor().get("/v2/group/app/manifests/v1").await.expect(200);
            app.anonymous().get("/v2/group/app/manifests/v1").await.expect(401);
        }
    }
    insta::assert_snapshot!(table("server function", rows));

    let covered: BTreeSet<&str> = calls.iter().map(|(name, _)| *name).collect();
    let all: BTreeSet<String> = server_fn::axum::server_fn_paths()
        .map(|(path, _)| path.trim_start_matches("/console/call/").to_owned())
        .collect();
    assert!(all.len() >= covered.len(), "the server functions are registered");
    let uncovered: String = all
        .iter()
        .filter(|name| !covered.contains(name.as_str()))
        .map(|name| format!("{name}\n"))
        .collect();
    let listed = std::fs::read_to_string(folder().join("uncovered.txt")).unwrap();
    assert_eq!(
        uncovered, listed,
        "cover new server functions in calls(), and remove covered ones from uncovered.txt"
    );
    for name in covered {
        assert!(all.contains(name), "{name} is no server function any more");
    }
}
