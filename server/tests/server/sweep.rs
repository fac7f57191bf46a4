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

use crate::support::app::folder;
use crate::support::image::{MANIFEST, digest};
use crate::support::{Client, TestApp, TestImage};

/// A form that would give somebody a right.
const GRANT: &str = "on=group/app&users[0]=0123456789abcdef0123456789abcdef&permission=7";
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
        ("describe_access_key", Form("user=manager&id=RSAK0000000000000000&description=x")),
        ("enable_access_key", Form("user=manager&id=RSAK0000000000000000&is_enabled=true")),
        ("delete_access_key", Form("user=manager&id=RSAK0000000000000000&confirm=0000")),
        ("delete_access_key", Form("id=RSAK0000000000000000&confirm=0000")),
        ("check_access_key", Form("id=RSAK0000000000000000")),
        ("temporary_logins", Form("")),
        ("temporary_logins", Form("user=manager")),
        ("revoke_temporary_login", Form("user=manager&id=RSTM0000000000000000")),
        ("revoke_temporary_login", Form("id=RSTM0000000000000000")),
        ("list_grants", Json(json!({ "on": "group", "query": grants }))),
        ("list_grants", Json(json!({ "on": "group/app", "query": grants }))),
        ("grant_candidates", Json(json!({ "on": "group", "search": null }))),
        ("grant_candidates", Json(json!({ "on": "group/app", "search": null }))),
        ("add_grants", Form(GRANT)),
        ("update_grant", Form("on=group&user=0123456789abcdef0123456789abcdef&permission=7")),
        ("remove_grants", Form("on=group/app&users[0]=0123456789abcdef0123456789abcdef")),
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

async fn call(client: &mut Client, name: &str, input: &Input) -> String {
    let token = client.cookie("rs_csrf").unwrap_or_default().to_owned();
    let path = format!("/console/call/{name}");
    let (kind, body) = match input {
        Input::Get => {
            return client
                .send(http::Method::GET, &path, &[("accept", "application/json")], "")
                .await
                .word();
        }
        Input::Json(value) => ("application/json", value.to_string()),
        Input::Form(text) => ("application/x-www-form-urlencoded", (*text).to_owned()),
    };
    let headers =
        [("accept", "application/json"), ("content-type", kind), ("x-csrf-token", token.as_str())];
    client.send(http::Method::POST, &path, &headers, body).await.word()
}

/// Puts back what a call of somebody who may has changed.
async fn put_back(app: &TestApp, owner: &mut Client, image: &TestImage) {
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
    ] {
        call(owner, name, &Input::Form(form)).await;
    }
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
    let mut owner = app.signed_in("acme").await;
    put_back(&app, &mut owner, &image).await;
    let mut nobody = app.anonymous();
    nobody.visit("/signin").await.expect(200);
    let mut people = vec![nobody];
    for name in ["other", "acme/reader", "acme/editor", "acme/manager", "acme/admin"] {
        people.push(app.signed_in(name).await);
    }
    let calls = calls();
    let mut rows: Vec<(String, Vec<String>)> =
        calls.iter().map(|(name, _)| ((*name).to_owned(), Vec::new())).collect();
    for (who, person) in people.iter_mut().enumerate() {
        for ((name, input), (_, words)) in calls.iter().zip(&mut rows) {
            if who >= POWERLESS && matches!(input, Input::Form(_)) {
                put_back(&app, &mut owner, &image).await;
            }
            words.push(call(person, name, input).await);
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
