//! The command line, beside a running server.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::app::PASSWORD;
use crate::support::image::noise;
use crate::support::process::{Http, Roadstead, roadstead, run, run_well};

/// Asks until the answer is `status`, for a second: the promise of `contract.md`.
pub(crate) async fn in_force(ask: impl AsyncFn() -> u16, status: u16) {
    let second = tokio::time::timeout(std::time::Duration::from_secs(1), async {
        while ask().await != status {
            tokio::task::yield_now().await;
        }
    });
    assert!(second.await.is_ok(), "not in force within a second");
}

#[tokio::test]
async fn what_a_call_changes_is_in_force_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let server = Roadstead::start(folder.path());
    let http = Http::new(&server);
    let push = async || {
        http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap().status().as_u16()
    };
    assert_ne!(push().await, 202);
    run_well(folder.path(), &["organization", "create", "docks", "--account", "acme"], "");
    in_force(push, 202).await;

    run_well(
        folder.path(),
        &["account", "create", "other", "--password-stdin"],
        &format!("{PASSWORD}\n"),
    );
    let made =
        run_well(folder.path(), &["user", "create", "other/robot", "--access", "programmatic"], "");
    let password =
        made.lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
    for (name, password) in [("other", PASSWORD), ("other/robot", &password)] {
        let ping = async || {
            let request = http.request("GET", "/v2/").basic_auth(name, Some(password));
            // `basic_auth` twice sends two headers; the last one counts here.
            let mut request = request.build().unwrap();
            let last =
                request.headers().get_all("authorization").iter().next_back().unwrap().clone();
            request.headers_mut().insert("authorization", last);
            reqwest::Client::new().execute(request).await.unwrap().status().as_u16()
        };
        in_force(ping, 200).await;
    }
    assert!(server.stop().success());
}

#[tokio::test]
async fn an_access_key_is_printed_once_and_logs_in_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let server = Roadstead::start(folder.path());
    run_well(folder.path(), &["user", "create", "acme/robot", "--access", "programmatic"], "");
    for (name, user) in [("acme", "acme"), ("acme/robot", "robot"), ("ACME/Robot", "robot")] {
        let file = run_well(folder.path(), &["access-key", "create", name], "");
        assert!(file.starts_with("User Name,Access Key Id,Secret Access Key\n"), "{file}");
        assert_eq!(file.lines().count(), 2);
        let rows = roadstead::access::parse_credentials(file.as_bytes()).unwrap();
        let [row] = <[_; 1]>::try_from(rows).unwrap();
        assert_eq!(row.user, user);
        let key = roadstead::access::login_key(&row.access_key, &row.secret_key);
        let (login, address) = (format!("local@{}", row.access_key), server.url("/v2/"));
        let ping = async || {
            let request = reqwest::Client::new().get(&address);
            let request = request.basic_auth(&login, Some(key.reveal()));
            request.send().await.unwrap().status().as_u16()
        };
        in_force(ping, 200).await;
    }
    assert!(server.stop().success());
}

#[test]
fn mistakes_are_told_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let calls: [(&[&str], &str); 16] = [
        (&["account", "create", "acme", "--password-stdin"], "Correct-Horse-7\n"),
        (&["account", "create", "acme", "--password-stdin"], "Correct-Horse-7\n"),
        (&["account", "create", "weak", "--password-stdin"], "short\n"),
        (&["account", "create", "quiet", "--password-stdin"], ""),
        (&["user", "create", "acme/alice", "--access", "everything"], ""),
        (&["user", "create", "nobody/alice"], ""),
        (&["user", "create", "alice"], ""),
        (&["organization", "create", "library", "--account", "acme"], ""),
        (&["organization", "create", "docks", "--account", "nobody"], ""),
        (&["access-key", "create", "nobody"], ""),
        (&["access-key", "create", "acme/nobody"], ""),
        (&["access-key", "create", "acme/"], ""),
        (&["access-key", "create", "acme/a/b"], ""),
        (
            &["user", "create", "acme/person", "--access", "console", "--password-stdin"],
            "Correct-Horse-7\n",
        ),
        (&["access-key", "create", "acme/person"], ""),
        (&["access-key", "create"], ""),
    ];
    let mut table = Vec::new();
    for (arguments, input) in calls {
        let output = run(folder.path(), arguments, input);
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap().lines().next().unwrap_or_default().to_owned()
        };
        let status = output.status.code().unwrap();
        table.push(format!(
            "{} -> {status}: {}{}",
            arguments.join(" "),
            text(output.stdout),
            text(output.stderr)
        ));
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn configuration_can_be_checked_and_printed_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        run_well(folder.path(), &["config", "check"], "").trim(),
        "the configuration is sound"
    );
    std::fs::write(folder.path().join("roadstead.toml"), "[registry]\ncreate_on_push = false\n")
        .unwrap();
    let printed = run_well(folder.path(), &["config", "print", "--region", "x1"], "");
    assert!(printed.contains("create_on_push = false  # file"), "{printed}");
    std::fs::write(folder.path().join("roadstead.toml"), "[registri]\nx = 1\n").unwrap();
    let output = run(folder.path(), &["config", "check"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("registri.x in roadstead.toml"));
    let output = run(folder.path(), &["serve"], "");
    assert_eq!(
        output.status.code(),
        Some(1),
        "a server does not start on a configuration that is not sound"
    );
}

#[tokio::test]
async fn the_first_start_prints_a_link_and_keeps_its_keys_private() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("new");
    std::fs::create_dir(&data).unwrap();
    let server = Roadstead::spawn(roadstead(&data));
    assert!(
        server.greeting.starts_with("roadstead is ready on http://127.0.0.1:"),
        "{}",
        server.greeting
    );
    let answer = reqwest::get(server.url("/readyz")).await.unwrap();
    assert_eq!(answer.status(), 200);
    for file in ["master.key", "roadstead.db"] {
        let mode = std::fs::metadata(data.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
    assert!(server.stop().success());
}

#[tokio::test]
async fn a_stop_lets_a_running_push_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Roadstead::start(folder.path());
    run_well(folder.path(), &["organization", "create", "docks", "--account", "acme"], "");
    let http = Http::new(&server);
    let start = http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap();
    let start = if start.status() == 202 {
        start
    } else {
        in_force(
            async || {
                http.request("POST", "/v2/docks/app/blobs/uploads/")
                    .send()
                    .await
                    .unwrap()
                    .status()
                    .as_u16()
            },
            202,
        )
        .await;
        http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap()
    };
    let blob = noise(1, 100_000);
    let path =
        crate::support::image::with_digest(start.headers()["location"].to_str().unwrap(), &blob);
    let (send, receive) = tokio::sync::mpsc::channel::<Result<bytes::Bytes, std::io::Error>>(1);
    let stream = futures::stream::unfold(receive, |mut receive| async {
        receive.recv().await.map(|item| (item, receive))
    });
    let request = http.request("PUT", &path).body(reqwest::Body::wrap_stream(stream)).send();
    let request = tokio::spawn(request);
    send.send(Ok(blob[..50_000].to_vec().into())).await.unwrap();
    // Taken from the channel: the request runs.
    send.send(Ok(blob[50_000..60_000].to_vec().into())).await.unwrap();
    server.signal(nix::sys::signal::Signal::SIGTERM);
    // No new connection is taken any more, yet the push goes on.
    let address = server.address.clone();
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    send.send(Ok(blob[60_000..].to_vec().into())).await.unwrap();
    drop(send);
    assert_eq!(request.await.unwrap().unwrap().status(), 201);
    assert!(server.wait().success());
    let server = Roadstead::start(folder.path());
    let head = Http::new(&server);
    let path = format!("/v2/docks/app/blobs/{}", crate::support::image::digest(&blob));
    assert_eq!(head.request("HEAD", &path).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_second_request_to_stop_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let server = Roadstead::start(folder.path());
    let http = Http::new(&server);
    // A body that never ends keeps the server from stopping by itself.
    let (send, receive) = tokio::sync::mpsc::channel::<Result<bytes::Bytes, std::io::Error>>(1);
    let stream = futures::stream::unfold(receive, |mut receive| async {
        receive.recv().await.map(|item| (item, receive))
    });
    let form =
        http.request("POST", "/token").header("content-type", "application/x-www-form-urlencoded");
    let request = tokio::spawn(form.body(reqwest::Body::wrap_stream(stream)).send());
    for _ in 0..3 {
        send.send(Ok("a=b&".into())).await.unwrap();
    }
    server.signal(nix::sys::signal::Signal::SIGTERM);
    while tokio::net::TcpStream::connect(&server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.stop().code(), Some(1));
    assert!(request.await.unwrap().is_err());
}

#[tokio::test]
async fn check_finds_what_was_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let server = Roadstead::start(folder.path());
    run_well(folder.path(), &["organization", "create", "docks", "--account", "acme"], "");
    let http = Http::new(&server);
    in_force(
        async || {
            http.request("POST", "/v2/docks/app/blobs/uploads/")
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
        },
        202,
    )
    .await;
    assert_eq!(http.push_blob("docks/app", noise(1, 50_000)).await, Some(201));
    let report = run_well(folder.path(), &["check"], "");
    assert!(report.contains("database and storage agree"), "{report}");
    let mut objects = Vec::new();
    files(&folder.path().join("objects"), &mut objects);
    let object =
        objects.iter().find(|path| std::fs::metadata(path).unwrap().len() == 50_000).unwrap();
    let mut bytes = std::fs::read(object).unwrap();
    bytes[25_000] ^= 1;
    std::fs::write(object, bytes).unwrap();
    let output = run(folder.path(), &["check"], "");
    assert_eq!(output.status.code(), Some(1));
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(report.contains(&crate::support::image::digest(&noise(1, 50_000))), "{report}");
}

fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The sentence with which a start is refused.
fn refusal(data: &std::path::Path, environment: &[(&str, &str)]) -> String {
    let output = roadstead(data).envs(environment.iter().copied()).arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(Roadstead::start(folder.path()));
    let url = format!("sqlite://{}", folder.path().join("roadstead.db").display());
    let mut database = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'of the future', 1, x'00', 0)";
    sqlx::Executor::execute(&mut database, newer).await.unwrap();
    sqlx::Connection::close(database).await.unwrap();
    let text = refusal(folder.path(), &[]);
    assert!(
        text.contains("schema version 9999") && text.contains("start the newer program"),
        "{text}"
    );
}

#[test]
fn a_start_that_cannot_be_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let server = Roadstead::start(folder.path());
    let other = tempfile::tempdir().unwrap();
    let text = refusal(other.path(), &[("ROADSTEAD_LISTEN", &server.address)]);
    assert!(text.contains("set ROADSTEAD_LISTEN to a free address"), "{text}");
    drop(server);
    // Another key than the one that sealed this database.
    std::fs::write(folder.path().join("master.key"), "00".repeat(32)).unwrap();
    let text = refusal(folder.path(), &[]);
    assert!(text.contains("master key"), "{text}");
    let text = refusal(folder.path(), &[("ROADSTEAD_DATA_DIR", "/proc/none")]);
    assert!(text.contains("set ROADSTEAD_DATA_DIR"), "{text}");
}

#[test]
fn two_that_start_together_on_a_new_folder_both_work() {
    let folder = tempfile::tempdir().unwrap();
    let starts: Vec<_> = (0..2)
        .map(|_| {
            let data = folder.path().to_owned();
            std::thread::spawn(move || Roadstead::spawn(roadstead(&data)))
        })
        .collect();
    for start in starts {
        assert!(start.join().unwrap().stop().success());
    }
}
