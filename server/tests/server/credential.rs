//! Access keys and temporary logins at every door: made in the console, used by clients, taken away.

use std::io::Write;
use std::sync::{Arc, Mutex};

use http::Method;
use roadstead::Secret;
use roadstead::access::{SecretKey, login_key, parse_credentials};
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

/// Makes an access key as the dialog does; answers its id, after which the secret is shown.
async fn create(console: &Client, form: &str) -> String {
    let done = call(console, "create_access_key", form).await.expect(200).json();
    let to = done["to"].as_str().unwrap();
    to.strip_prefix("/credentials?dialog=new-key&item=").unwrap().to_owned()
}

/// Asks for the file of a new key, as the dialog's button does.
async fn file(console: &Client, id: &str) -> Reply {
    let token = console.cookie("rs_csrf").unwrap_or_default();
    let form = format!("_csrf={token}&id={id}&page=/credentials");
    let headers = [("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")];
    console.send(Method::POST, "/console/credentials.csv", &headers, form).await
}

/// A new access key, as the browser makes its long-term login of the file.
async fn long_term(console: &Client, form: &str) -> (Login, SecretKey) {
    let id = create(console, form).await;
    let given = file(console, &id).await.expect(200);
    let [row] = <[_; 1]>::try_from(parse_credentials(&given.body).unwrap()).unwrap();
    assert_eq!(row.access_key.as_str(), id);
    let key = login_key(&row.access_key, &row.secret_key);
    (Login { username: format!("local@{id}"), key, id }, row.secret_key)
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
                _ => long_term(&console, "description=test").await.0,
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
    let (login, _) = long_term(&console, &format!("expires={end}")).await;
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

/// The secret is in the page of the session that made the key until it is said to be saved, and in one file. It never is in
/// what scripts read, in an address or a cookie.
#[tokio::test]
async fn a_secret_is_shown_to_who_made_it_until_it_is_saved() {
    let app = TestApp::new().await;
    let console = app.signed_in("acme/reader").await;
    let elsewhere = app.signed_in("acme/reader").await;
    let id = create(&console, "description=laptop&expires=90").await;
    let page = format!("/credentials?dialog=new-key&item={id}");
    assert!(file(&elsewhere, &id).await.expect(303).header("location").ends_with(&page));
    let given = file(&console, &id).await.expect(200);
    assert_eq!(given.header("content-disposition"), "attachment; filename=\"credentials.csv\"");
    assert_eq!(given.header("cache-control"), "no-store");
    let rows = parse_credentials(&given.body).unwrap();
    let secret = rows[0].secret_key.reveal().as_str();
    assert_eq!((rows[0].user.as_str(), rows[0].access_key.as_str()), ("reader", id.as_str()));
    assert_eq!(file(&console, &id).await.expect(303).header("location"), page);

    let shown = console.get(&page).await.expect(200);
    assert!(shown.header("cache-control").contains("no-store"));
    let html = shown.text();
    assert!(html.contains(&format!("data-secret=\"{secret}\"")), "{html}");
    let scripts: String =
        html.split("<script").skip(1).filter_map(|part| part.split("</script>").next()).collect();
    assert!(scripts.contains("hydrate") && !scripts.contains(secret), "{scripts}");
    assert!(!elsewhere.get(&page).await.expect(200).text().contains(secret));
    assert!(!console.get("/credentials").await.expect(200).text().contains(secret));

    let unsaved = call(&console, "saved_access_key", &format!("id={id}")).await.expect(400);
    assert_eq!(unsaved.json()["reason"], "unsaved");
    let form = format!("id={id}&is_saved=true&page=/credentials");
    let done = call(&console, "saved_access_key", &form).await.expect(200).json();
    assert_eq!(done["to"], "/credentials");
    assert!(!console.get(&page).await.expect(200).text().contains(secret));
    assert_eq!(file(&console, &id).await.expect(303).header("location"), page);

    // Not said, it ends by itself.
    let id = create(&console, "").await;
    let page = format!("/credentials?dialog=new-key&item={id}");
    assert!(console.get(&page).await.text().contains("data-secret"));
    app.clock.advance(15 * 60);
    assert!(!console.get(&page).await.expect(200).text().contains("data-secret"));
    file(&console, &id).await.expect(303);
}

#[tokio::test]
async fn the_page_shows_ids_keys_logins_and_sessions() {
    let app = TestApp::new().await;
    let console = app.signed_in("acme/reader").await;
    let other = app.signed_in("acme/reader").await;
    let (key, _) = long_term(&console, "description=for+the+laptop").await;
    let short = temporary(&console).await;
    let html = console.get("/credentials").await.expect(200).text();
    for part in [&key.id, &short.id, "for the laptop", "credentials.project.local", "1/2"] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert_eq!(html.matches("data-testid=\"credentials.session\"").count(), 2);
    assert_eq!(html.matches("credentials.session.current").count(), 1);
    let asked = |name: &str| format!("/credentials?dialog={name}");
    let fresh = console.get(&asked("create-key")).await.expect(200).text();
    assert!(fresh.contains("credentials.create.form") && !fresh.contains("current-password"));
    app.clock.advance(15 * 60 + 1);
    let old = console.get(&asked("create-key")).await.expect(200).text();
    assert!(old.contains("current-password"), "{old}");
    let page = asked(&format!("delete-key&item={}", key.id));
    let end = &key.id[key.id.len() - 4..];
    let html = console.get(&page).await.expect(200).text();
    assert!(html.contains(&format!("data-confirm=\"{end}\"")), "{html}");
    call(&console, "revoke_sessions", "").await.expect(200);
    call(&other, "list_sessions", "").await.expect(401);
}

#[tokio::test]
async fn a_deletion_is_confirmed_with_the_last_four_characters() {
    let app = TestApp::new().await;
    let console = app.signed_in("acme/reader").await;
    let (login, _) = long_term(&console, "").await;
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
    let (long, secret_key) = long_term(&console, "description=laptop").await;
    let shown = format!("/credentials?dialog=new-key&item={}", long.id);
    assert!(console.get(&shown).await.expect(200).text().contains(secret_key.reveal()));
    let short = temporary(&console).await;
    let mut secrets = vec![secret_key.reveal().clone(), PASSWORD.to_owned()];
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
