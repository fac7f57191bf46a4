//! Access keys and temporary logins at every door: made in the console, used by clients, taken away.

use std::io::Write;
use std::sync::{Arc, Mutex};

use http::Method;
use roadstead::Secret;
use roadstead::access::login_key;
use serde_json::Value;

use crate::command::in_force;
use crate::support::app::PASSWORD;
use crate::support::{Client, Reply, TestApp, TestImage};

/// A call of the console, as the page makes it when it is alive.
async fn call(client: &Client, name: &str, form: &str) -> Reply {
    let token = client.cookie("rs_csrf").unwrap_or_default().to_owned();
    let headers = [
        ("accept", "application/json"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-csrf-token", token.as_str()),
    ];
    client.send(Method::POST, &format!("/console/call/{name}"), &headers, form.to_owned()).await
}

/// What a person has of a credential.
struct Login {
    id: String,
    username: String,
    key: Secret,
}

/// A new access key, as the browser makes its long-term login.
async fn long_term(console: &Client) -> Login {
    let made = call(console, "create_access_key", "description=test").await.expect(200).json();
    let id = made["id"].as_str().unwrap().to_owned();
    let secret_key = made["secret_key"].as_str().unwrap().parse().unwrap();
    let key = login_key(&id.parse().unwrap(), &secret_key);
    Login { username: format!("local@{id}"), key, id }
}

async fn temporary(console: &Client) -> Login {
    let made = call(console, "create_login", "").await.expect(200).json();
    let username = made["username"].as_str().unwrap().to_owned();
    let id = username.strip_prefix("local@").unwrap().to_owned();
    Login { id, username, key: Secret::new(made["password"].as_str().unwrap().to_owned()) }
}

/// The statuses of every door of clients: Basic on `/v2`, `GET` and `POST` of the token service, and a token that was given
/// before.
async fn doors(client: impl Fn() -> Client, login: &Login, token: &str) -> [u16; 4] {
    let basic = || client().basic(&login.username, login.key.reveal());
    let scope = "scope=repository:group/app:pull";
    let ask = format!("/token?service=roadstead&{scope}");
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "password").append_pair("service", "roadstead");
    form.append_pair("username", &login.username).append_pair("password", login.key.reveal());
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let manifest = "/v2/group/app/manifests/v1";
    [
        basic().get(manifest).await,
        basic().get(&ask).await,
        client().send(Method::POST, "/token", &headers, form.finish()).await,
        client().bearer(token).get(manifest).await,
    ]
    .map(|reply| reply.status.as_u16())
}

async fn token_of(client: Client, login: &Login) -> String {
    let ask = "/token?service=roadstead&scope=repository:group/app:pull";
    let reply = client.basic(&login.username, login.key.reveal()).get(ask).await.expect(200);
    reply.json()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_taken_away_is_refused_at_every_door_and_soon_elsewhere() {
    TestApp::each(async |app| {
        TestImage::new(5, 1, 100).push(&app.editor(), "group/app", "v1").await.expect(201);
        let elsewhere = app.replica().await;
        let console = app.signed_in("acme/reader").await;
        for kind in ["disabled", "deleted", "revoked"] {
            let login = match kind {
                "revoked" => temporary(&console).await,
                _ => long_term(&console).await,
            };
            // What was made here works there at once.
            let here = token_of(app.anonymous(), &login).await;
            let there = token_of(elsewhere.anonymous(), &login).await;
            assert_eq!(doors(|| app.anonymous(), &login, &there).await, [200; 4], "{kind}");
            assert_eq!(doors(|| elsewhere.anonymous(), &login, &here).await, [200; 4], "{kind}");
            let id = &login.id;
            let (name, form) = match kind {
                "disabled" => ("enable_access_key", format!("id={id}")),
                "deleted" => {
                    ("delete_access_key", format!("id={id}&confirm={}", &id[id.len() - 4..]))
                }
                _ => ("revoke_temporary_login", format!("id={id}")),
            };
            call(&console, name, &form).await.expect(200);
            assert_eq!(doors(|| app.anonymous(), &login, &here).await, [401; 4], "{kind}");
            let bearer = async || {
                let client = elsewhere.anonymous().bearer(&here);
                client.get("/v2/group/app/manifests/v1").await.status.as_u16()
            };
            in_force(bearer, 401).await;
            assert_eq!(doors(|| elsewhere.anonymous(), &login, &there).await, [401; 4], "{kind}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_ends_is_refused_at_every_door() {
    let app = TestApp::new().await;
    TestImage::new(5, 1, 100).push(&app.editor(), "group/app", "v1").await.expect(201);
    let console = app.signed_in("acme/reader").await;
    let end = app.clock.now().plus_seconds(60);
    let made = call(&console, "create_access_key", &format!("expires={end}")).await.expect(200);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let secret_key = made.json()["secret_key"].as_str().unwrap().parse().unwrap();
    let key = login_key(&id.parse().unwrap(), &secret_key);
    let login = Login { username: format!("local@{id}"), key, id };
    let token = token_of(app.anonymous(), &login).await;
    assert_eq!(doors(|| app.anonymous(), &login, &token).await, [200; 4]);
    app.clock.advance(60);
    assert_eq!(doors(|| app.anonymous(), &login, &token).await, [401; 4]);
}

#[tokio::test]
async fn an_older_sign_in_is_told_to_confirm() {
    let app = TestApp::new().await;
    let console = app.signed_in("acme/reader").await;
    app.clock.advance(15 * 60 + 1);
    let asked = call(&console, "create_access_key", "").await.expect(403).json();
    assert_eq!((&asked["kind"], &asked["subject"]), (&"denied".into(), &"password".into()));
    assert_eq!(asked["reason"], "confirm");
    let wrong = call(&console, "create_access_key", "password=no").await.expect(401).json();
    assert_eq!(
        (&wrong["kind"], &wrong["subject"]),
        (&"unauthenticated".into(), &"password".into())
    );
    let form = format!("password={PASSWORD}");
    call(&console, "create_access_key", &form).await.expect(200);
    let keys = call(&console, "access_keys", "").await.expect(200).json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    assert!(!keys.to_string().contains("secret"), "{keys}");
}

#[tokio::test]
async fn a_deletion_is_confirmed_with_the_last_four_characters() {
    let app = TestApp::new().await;
    let console = app.signed_in("acme/reader").await;
    let login = long_term(&console).await;
    let refused =
        call(&console, "delete_access_key", &format!("id={}&confirm=nope", login.id)).await;
    assert_eq!(refused.expect(400).json()["reason"], "confirm");
    assert_eq!(call(&console, "check_access_key", &format!("id={}", login.id)).await.json(), true);
    let end = &login.id[login.id.len() - 4..];
    call(&console, "delete_access_key", &format!("id={}&confirm={end}", login.id))
        .await
        .expect(200);
    for id in [login.id.as_str(), "no key"] {
        let answer = call(&console, "check_access_key", &format!("id={id}")).await;
        assert_eq!(answer.expect(200).json(), Value::Bool(false));
    }
}

/// What is logged, for a test to read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Every secret of a day: none is in the log, however much is logged, and none lies in the database.
#[tokio::test]
async fn no_secret_is_logged_or_stored() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let logging = tracing::subscriber::set_default(subscriber);
    let app = TestApp::new().await;
    TestImage::new(5, 1, 100).push(&app.editor(), "group/app", "v1").await.expect(201);
    let console = app.signed_in("acme/reader").await;
    let made = call(&console, "create_access_key", "description=laptop").await.expect(200).json();
    let secret_key = made["secret_key"].as_str().unwrap().to_owned();
    let id = made["id"].as_str().unwrap().to_owned();
    let key = login_key(&id.parse().unwrap(), &secret_key.parse().unwrap());
    let long = Login { username: format!("local@{id}"), key, id };
    let short = temporary(&console).await;
    let mut secrets = vec![secret_key, PASSWORD.to_owned()];
    for login in [&long, &short] {
        let token = token_of(app.anonymous(), login).await;
        assert_eq!(doors(|| app.anonymous(), login, &token).await, [200; 4]);
        let guess = format!("a-wrong-guess-for-{}", login.id);
        let wrong = Login {
            key: Secret::new(guess.clone()),
            id: String::new(),
            username: login.username.clone(),
        };
        assert_eq!(doors(|| app.anonymous(), &wrong, &token).await, [401, 401, 401, 200]);
        secrets.extend([login.key.reveal().clone(), token, guess]);
    }
    app.clock.advance(15 * 60 + 1);
    let form = "password=a-wrong-password-for-the-confirmation";
    call(&console, "create_access_key", form).await.expect(401);
    secrets.push("a-wrong-password-for-the-confirmation".to_owned());
    call(&console, "enable_access_key", &format!("id={}", long.id)).await.expect(200);
    let form = format!("id={}&confirm={}", long.id, &long.id[long.id.len() - 4..]);
    call(&console, "delete_access_key", &form).await.expect(200);
    call(&console, "revoke_temporary_login", &format!("id={}", short.id)).await.expect(200);
    app.house.service.flush().await.unwrap();
    drop(logging);

    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("service.credential.create_access_key"), "{}", logged.len());
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(app.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            stored.extend(std::fs::read(path).unwrap());
        }
    }
    let contains = |bytes: &[u8], text: &str| {
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    // The search would find what is there.
    assert!(contains(&stored, &long.id) && contains(&stored, "deleteDockerConfig"));
    for secret in &secrets {
        let place = logged.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(place, None, "a secret was logged");
        assert!(!contains(&stored, secret), "a secret lies in the database");
    }
}
