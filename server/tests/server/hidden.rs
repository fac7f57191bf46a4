//! What is private and what is not there are the same to who may not see it: status, headers, body, statements and hashes
//! (`protocol.md` 2.8). Work is counted, not timed: a count is the same on every machine.

use std::collections::BTreeMap;

use axum::body::Body;
use http::Method;
use roadstead::access::{Access, Permission};
use serde_json::{Value, json};

use crate::support::image::{MANIFEST, digest};
use crate::support::{Client, Reply, TestApp, TestImage};

/// Is there, is not there, and is not even in an organization that is there.
const NAMES: [&str; 3] = ["group/app", "group/off", "nowhr/app"];
const UUID: &str = "0f2b7c1e-6a0e-4c55-9b53-3d9c4f1f7a10";

/// What an observer sees of an answer and of the server's work.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
    statements: BTreeMap<String, u64>,
    hashes: u64,
}

/// Sends a request and watches. What the request says itself is left out of the answer, and so are the request's id and
/// the page's nonce.
async fn watch(app: &TestApp, name: &str, ask: impl Future<Output = Reply>) -> Seen {
    let (before, hashes) = (app.statements(), app.house.service.password_hashes());
    let reply = ask.await;
    let mut statements = app.statements();
    for (text, count) in before {
        if let Some(now) = statements.get_mut(&text) {
            *now -= count;
        }
    }
    statements.retain(|_, count| *count > 0);
    let id = reply.header("x-request-id").to_owned();
    let policy = reply.header("content-security-policy");
    let nonce = policy
        .split_once("'nonce-")
        .and_then(|(_, rest)| rest.split_once('\''))
        .unwrap_or_default()
        .0;
    let plain = |text: &str| {
        [(name, "NAME"), (&id, "ID"), (nonce, "NONCE")]
            .into_iter()
            .filter(|(own, _)| !own.is_empty())
            .fold(text.to_owned(), |text, (own, word)| text.replace(own, word))
    };
    Seen {
        status: reply.status.as_u16(),
        headers: reply
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), plain(value.to_str().unwrap())))
            .collect(),
        body: plain(&reply.text()),
        statements,
        hashes: app.house.service.password_hashes() - hashes,
    }
}

/// A server with a private image `group/app`, and somebody of its account without any right.
async fn app() -> (TestApp, TestImage) {
    let app = TestApp::new().await;
    let image = TestImage::new(71, 1, 1_000);
    image.push(&app.editor(), NAMES[0], "v1").await.expect(201);
    // Everything else there is to know is known: what differs would be about the names.
    TestImage::new(72, 1, 10).push(&app.editor(), "group/other", "v1").await.expect(201);
    let access = Access { console: true, programmatic: true };
    app.user(&"acme".parse().unwrap(), "nobody", access).await;
    (app, image)
}

fn operations(image: &TestImage) -> Vec<(&'static str, String, Vec<u8>)> {
    let (layer, manifest) = (digest(&image.layers[0]), digest(&image.manifest));
    let none = Vec::new;
    vec![
        ("GET", "tags/list".into(), none()),
        ("GET", "tags/list?n=1&last=a".into(), none()),
        ("GET", "manifests/v1".into(), none()),
        ("HEAD", "manifests/v1".into(), none()),
        ("GET", format!("manifests/{manifest}"), none()),
        ("PUT", "manifests/v2".into(), image.manifest.clone()),
        ("PUT", format!("manifests/{manifest}"), image.manifest.clone()),
        ("DELETE", "manifests/v1".into(), none()),
        ("DELETE", format!("manifests/{manifest}"), none()),
        ("GET", format!("referrers/{manifest}"), none()),
        ("GET", format!("blobs/{layer}"), none()),
        ("HEAD", format!("blobs/{layer}"), none()),
        ("DELETE", format!("blobs/{layer}"), none()),
        ("POST", "blobs/uploads/".into(), none()),
        ("POST", format!("blobs/uploads/?digest={layer}"), image.layers[0].clone()),
        ("POST", format!("blobs/uploads/?mount={layer}&from=strange/other"), none()),
        ("GET", format!("blobs/uploads/{UUID}"), none()),
        ("PATCH", format!("blobs/uploads/{UUID}"), b"x".to_vec()),
        ("PUT", format!("blobs/uploads/{UUID}?digest={layer}"), image.layers[0].clone()),
        ("DELETE", format!("blobs/uploads/{UUID}"), none()),
    ]
}

/// Compares what is seen of the three names, twice: with nothing remembered of them, and with everything.
async fn compare<F: Future<Output = Reply>>(
    app: &TestApp,
    who: &str,
    what: &str,
    names: &[&'static str],
    ask: impl Fn(&'static str) -> F,
) {
    for round in ["first", "second"] {
        let mut all = Vec::new();
        for name in names {
            all.push(watch(app, name, ask(name)).await);
        }
        assert!(all[0].status >= 400, "{who}: {what} is refused: {:?}", all[0]);
        for (name, seen) in names.iter().zip(&all) {
            assert_eq!(&all[0], seen, "{who}: {what} of {name}, {round}");
        }
    }
}

#[tokio::test]
async fn registry_operations_tell_nothing() {
    let (app, image) = app().await;
    let scopes = |actions: &str| NAMES.map(|name| format!("repository:{name}:{actions}"));
    let all = scopes("pull,push,delete");
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let people = [
        ("nobody in particular", app.anonymous()),
        ("another account", app.stranger()),
        ("no right", app.basic("acme/nobody")),
        ("another account, by token", app.token("other", &all).await),
        ("no right, by token", app.token("acme/nobody", &all).await),
    ];
    for (who, client) in &people {
        for (method, path, body) in operations(&image) {
            let what = format!("{method} {path}");
            forget(&app, client).await;
            compare(&app, who, &what, &NAMES, |name| {
                let (method, body) = (method.parse::<Method>().unwrap(), Body::from(body.clone()));
                let path = format!("/v2/{name}/{path}");
                async move { client.send(method, &path, &[("content-type", MANIFEST)], body).await }
            })
            .await;
        }
        forget(&app, client).await;
        let mount = format!("mount={}&from=", digest(&image.layers[0]));
        // To mount from what one may not read is to upload: all the same whatever it is.
        let own = if who.starts_with("another") { "strange/own" } else { "group/own" };
        let path = format!("/v2/{own}/blobs/uploads/?{mount}");
        let mut seen = Vec::new();
        for name in NAMES {
            let reply = client.post(&format!("{path}{name}"), "").await;
            seen.push((reply.status, reply.text().replace(name, "NAME")));
        }
        assert!(seen.iter().all(|it| *it == seen[0]), "{who}: {seen:?}");
    }
}

/// Forgets what is remembered of rights, as after a change of them; but who asks is found out again at once.
async fn forget(app: &TestApp, client: &Client) {
    app.grant("manager", "group", Permission::Manage).await;
    for path in ["/v2/_catalog", "/token?service=roadstead"] {
        client.get(path).await;
    }
    send(client, "organization_quota", "application/x-www-form-urlencoded", String::new()).await;
}

#[tokio::test]
async fn tokens_tell_nothing() {
    let (app, _) = app().await;
    for client in [app.anonymous(), app.stranger(), app.basic("acme/nobody")] {
        for actions in ["pull", "pull,push", "delete", "*"] {
            forget(&app, &client).await;
            for round in ["first", "second"] {
                let mut all = Vec::new();
                for name in NAMES {
                    let path =
                        format!("/token?service=roadstead&scope=repository:{name}:{actions}");
                    let mut seen = watch(&app, name, client.get(&path)).await;
                    let body: Value = serde_json::from_str(&seen.body).unwrap();
                    let token = body["token"].as_str().unwrap();
                    assert_eq!(claims(token)["access"], json!([]));
                    // Every token has a number of its own.
                    seen.body = seen.body.replace(token, "TOKEN");
                    all.push(seen);
                }
                assert_eq!(all[0], all[1], "{actions}, {round}");
                assert_eq!(all[0], all[2], "{actions}, {round}");
            }
        }
    }
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let claims = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// What server functions are given, as JSON or as a form; `NAME` stands for the image and `ORGANIZATION` for its
/// organization.
fn calls() -> Vec<(&'static str, Result<Value, &'static str>)> {
    let window = json!({ "offset": 0, "limit": 20 });
    let tags = json!({ "search": null, "platform": null, "untagged": false, "sort": "tag", "order": "asc",
        "window": window });
    let grants = json!({ "search": null, "window": window });
    vec![
        ("get_image", Ok(json!({ "name": "NAME" }))),
        ("image_deletion", Ok(json!({ "name": "NAME" }))),
        ("list_tags", Ok(json!({ "image": "NAME", "query": tags }))),
        ("manifest_detail", Ok(json!({ "image": "NAME", "reference": "v1" }))),
        ("tag_platforms", Ok(json!({ "image": "NAME" }))),
        ("tag_deletion", Ok(json!({ "image": "NAME", "tags": ["v1"] }))),
        ("delete_tags", Err("image=NAME&tags[0]=v1&confirm=v1")),
        ("update_image", Err("name=NAME&is_public=true")),
        ("update_images", Err("names[0]=NAME&is_public=true")),
        ("delete_image", Err("name=NAME&confirm=NAME")),
        (
            "create_image",
            Err(
                "organization=ORGANIZATION&repository=REPOSITORY&is_public=false&category=other&description=",
            ),
        ),
        ("list_grants", Ok(json!({ "on": "NAME", "query": grants }))),
        ("grant_candidates", Ok(json!({ "on": "NAME", "search": null }))),
        ("add_grants", Err("on=NAME&users[0]=0123456789abcdef0123456789abcdef&permission=1")),
        ("update_grant", Err("on=NAME&user=0123456789abcdef0123456789abcdef&permission=1")),
        ("remove_grants", Err("on=NAME&users[0]=0123456789abcdef0123456789abcdef")),
        ("list_shares", Ok(json!({ "image": "NAME", "window": window }))),
        ("check_share", Ok(json!({ "image": "NAME", "account": "acme" }))),
        ("create_share", Err("image=NAME&account=acme&forever=true")),
        ("update_share", Err("image=NAME&account=acme&forever=true")),
        ("delete_share", Err("image=NAME&account=acme")),
        ("get_organization", Ok(json!({ "name": "ORGANIZATION" }))),
        ("list_grants", Ok(json!({ "on": "ORGANIZATION", "query": grants }))),
        ("grant_candidates", Ok(json!({ "on": "ORGANIZATION", "search": null }))),
        (
            "add_grants",
            Err("on=ORGANIZATION&users[0]=0123456789abcdef0123456789abcdef&permission=1"),
        ),
        ("delete_organization", Err("name=ORGANIZATION&confirm=ORGANIZATION")),
    ]
}

#[tokio::test]
async fn server_functions_tell_nothing() {
    let (app, _) = app().await;
    let mut nobody = app.anonymous();
    nobody.visit("/signin").await.expect(200);
    let people = [
        ("nobody in particular", nobody),
        ("another account", app.signed_in("other").await),
        ("no right", app.signed_in("acme/nobody").await),
    ];
    for (who, client) in &people {
        for (call, input) in calls() {
            forget(&app, client).await;
            let input = &input;
            let said = match input {
                Ok(json) => json.to_string(),
                Err(form) => (*form).to_owned(),
            };
            // Of two images of one organization the second finds it known.
            let names: &[&str] = if said.contains("NAME") || said.contains("REPOSITORY") {
                &NAMES
            } else {
                &[NAMES[0], NAMES[2]]
            };
            compare(&app, who, call, names, |name| async move {
                let (organization, repository) = name.split_once('/').unwrap();
                let (kind, body) = match input {
                    Ok(json) => ("application/json", json.to_string()),
                    Err(form) => ("application/x-www-form-urlencoded", (*form).to_owned()),
                };
                let body = body
                    .replace("NAME", name)
                    .replace("ORGANIZATION", organization)
                    .replace("REPOSITORY", repository);
                send(client, call, kind, body).await
            })
            .await;
        }
        for tab in ["", "/tags", "/description", "/guide"] {
            if who.starts_with("nobody") {
                continue;
            }
            forget(&app, client).await;
            compare(&app, who, tab, &NAMES, |name| {
                let path = format!("/images/{name}{tab}");
                async move { client.send(Method::GET, &path, &[("accept", "text/html")], "").await }
            })
            .await;
        }
    }
}

async fn send(client: &Client, call: &str, kind: &str, body: String) -> Reply {
    let token = client.cookie("rs_csrf").unwrap_or_default().to_owned();
    let headers =
        [("accept", "application/json"), ("content-type", kind), ("x-csrf-token", token.as_str())];
    client.send(Method::POST, &format!("/console/call/{call}"), &headers, body).await
}

/// The counts above, by the clock: medians over 1,000 tries within a fifth of each other.
#[tokio::test]
#[ignore = "takes a quiet machine and a minute: make soak"]
async fn medians_tell_nothing() {
    let (app, _) = app().await;
    for (who, client) in [
        ("nobody in particular", app.anonymous()),
        ("another account", app.stranger()),
        ("no right", app.basic("acme/nobody")),
    ] {
        for warm in [true, false] {
            let mut times = [const { Vec::new() }; 3];
            for _ in 0..1_000 {
                for (name, times) in NAMES.iter().zip(&mut times) {
                    // Before each of them: who is asked about first pays for what is known of the caller.
                    if !warm {
                        app.house.service.follow_changes(None).await.unwrap();
                        client.get("/v2/_catalog").await;
                    }
                    let start = std::time::Instant::now();
                    client.get(&format!("/v2/{name}/manifests/v1")).await;
                    times.push(start.elapsed());
                }
            }
            let medians = times.map(|mut times| {
                times.sort();
                times[times.len() / 2].as_secs_f64() * 1e6
            });
            println!("{who}, warm: {warm}: {medians:.1?} µs");
            let (least, most) =
                medians.iter().fold((f64::MAX, 0.0_f64), |(a, b), it| (a.min(*it), b.max(*it)));
            assert!(most <= least * 1.2, "{who}, warm: {warm}: {medians:?}");
        }
    }
}
