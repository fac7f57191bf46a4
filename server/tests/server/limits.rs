//! Patience with what moves and none with what stands still; what connections may cost.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt as _;
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::TestApp;
use crate::support::app::PASSWORD;
use crate::support::image::{digest, noise, with_digest};
use crate::support::process::{Http, Roadstead, roadstead, run_well};

/// Long enough for a busy machine; nothing here waits for it to pass.
const SOON: Duration = Duration::from_secs(60);

fn start(data: &std::path::Path, settings: &[(&str, &str)]) -> Roadstead {
    let mut command = roadstead(data);
    command.env("ROADSTEAD_SETUP_ACCOUNT", "acme").env("ROADSTEAD_SETUP_PASSWORD", PASSWORD);
    command.envs(settings.iter().copied());
    let server = Roadstead::spawn(command);
    run_well(data, &["organization", "create", "docks", "--account", "acme"], "");
    server
}

/// The path of a new upload session.
async fn begin(http: &Http) -> String {
    let begun = tokio::time::timeout(SOON, async {
        loop {
            // The organization was made by another process, and is in force within a second.
            let answer = http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap();
            if answer.status() == 202 {
                return answer.headers()["location"].to_str().unwrap().to_owned();
            }
        }
    });
    begun.await.unwrap()
}

/// The `Range` of a session once it is `wanted`.
async fn comes_to(http: &Http, location: &str, wanted: &str) {
    let came = tokio::time::timeout(SOON, async {
        loop {
            let answer = http.request("GET", location).send().await.unwrap();
            assert_eq!(answer.status(), 204);
            if answer.headers()["range"] == wanted {
                return;
            }
        }
    });
    came.await.unwrap();
}

/// A request line with headers, as the client of the whole file sends it.
fn head(method: &str, path: &str, length: usize) -> String {
    use base64::Engine as _;
    let credential = base64::engine::general_purpose::STANDARD.encode(format!("acme:{PASSWORD}"));
    format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Basic {credential}\r\n\
         content-length: {length}\r\n\r\n"
    )
}

/// Everything that comes until the server ends the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset is an end too.
    let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut text)).await.unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn an_upload_that_began_in_time_goes_on_when_its_token_ends() {
    let app = TestApp::new().await;
    let scope = ["repository:group/app:pull,push"];
    let client = app.token("acme/editor", &scope).await;
    let location = client
        .post("/v2/group/app/blobs/uploads/", "")
        .await
        .expect(202)
        .header("location")
        .to_owned();
    let (first, second) = (noise(1, 300_000), noise(2, 200_000));
    let whole = [first.clone(), second.clone()].concat();
    let clock = app.clock.clone();
    let body = futures::stream::once(async move { Ok::<_, std::io::Error>(Bytes::from(first)) })
        .chain(futures::stream::once(async move {
            // Twenty minutes later the second half comes; a token lasts fifteen.
            clock.advance(20 * 60);
            Ok(Bytes::from(second))
        }));
    client.send(Method::PATCH, &location, &[], Body::from_stream(body)).await.expect(202);
    client.get(&location).await.expect(401);
    // With another token the client goes on where it is.
    let client = app.token("acme/editor", &scope).await;
    let status = client.get(&location).await.expect(204);
    assert_eq!(status.header("range"), "0-499999");
    client.put(&with_digest(&location, &whole), &[], "").await.expect(201);
    client.get(&format!("/v2/group/app/blobs/{}", digest(&whole))).await.expect(200);
}

#[tokio::test]
async fn who_comes_back_goes_on_from_what_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[]);
    let http = Http::new(&server);
    let location = begin(&http).await;
    let blob = noise(3, 100_000);
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    stream.write_all(head("PATCH", &location, blob.len()).as_bytes()).await.unwrap();
    stream.write_all(&blob[..40_000]).await.unwrap();
    stream.shutdown().await.unwrap();
    drop(stream);
    comes_to(&http, &location, "0-39999").await;
    // Another process of the same registry, as after a crash of this one.
    drop(server);
    let server = start_again(folder.path());
    let http = Http::new(&server);
    let answer = http
        .request("PATCH", &location)
        .header("content-range", "40000-99999")
        .body(blob[40_000..].to_vec())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 202);
    let put = http.request("PUT", &with_digest(&location, &blob)).send().await.unwrap();
    assert_eq!(put.status(), 201);
}

fn start_again(data: &std::path::Path) -> Roadstead {
    Roadstead::start(data)
}

#[tokio::test]
async fn a_body_that_stands_still_is_cut_and_what_came_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[("ROADSTEAD_HTTP_IDLE_TIMEOUT", "1")]);
    let http = Http::new(&server);
    let location = begin(&http).await;
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    stream.write_all(head("PATCH", &location, 10).as_bytes()).await.unwrap();
    stream.write_all(b"abc").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    comes_to(&http, &location, "0-2").await;
    // No door waits for ever, not even those that read a whole form.
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let form = "POST /token HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\ngrant_type=";
    stream.write_all(form.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[("ROADSTEAD_HTTP_IDLE_TIMEOUT", "1")]);
    let http = Http::new(&server);
    begin(&http).await;
    // Larger than what the system takes from us on its own.
    let blob = vec![9_u8; 32 << 20];
    let digest = digest(&blob);
    assert_eq!(http.push_blob("docks/app", blob).await, Some(201));
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    stream
        .write_all(head("GET", &format!("/v2/docks/app/blobs/{digest}"), 0).as_bytes())
        .await
        .unwrap();
    let mut first = [0; 1];
    stream.read_exact(&mut first).await.unwrap();
    let cut = tokio::time::timeout(SOON, async {
        loop {
            let text = http.request("GET", "/metrics").send().await.unwrap().text().await.unwrap();
            // The one that asks is active itself.
            if text.contains("roadstead_http_requests_active 1\n") {
                return;
            }
        }
    });
    cut.await.unwrap();
    assert!(rest(&mut stream).await.len() < 32 << 20);
}

#[tokio::test]
async fn who_does_not_come_to_the_point_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("ROADSTEAD_HTTP_HEADER_TIMEOUT", "1"), ("ROADSTEAD_TLS", "")];
    let server = start(folder.path(), &settings);
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for said in ["", "G", "GET /v2/ HTTP/1.1\r\nhost: x\r\nx-slow", "PRI * HT", preface] {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(!answer.contains(" 200 "), "{said:?}: {answer}");
    }
    // One byte at a time does not help: the whole of the headers has one deadline.
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let dripping = tokio::time::timeout(SOON, async {
        stream.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
        let (mut reading, mut writing) = stream.split();
        let ended = async {
            let _ = reading.read_to_end(&mut Vec::new()).await;
        };
        let drip = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            loop {
                ticks.tick().await;
                if writing.write_all(b"x").await.is_err() {
                    return;
                }
            }
        };
        tokio::select! { () = ended => {}, () = drip => {} }
    });
    dripping.await.unwrap();
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let huge =
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx-huge: {}\r\n\r\n", "x".repeat(1 << 20));
    let _ = stream.write_all(huge.as_bytes()).await;
    let answer = rest(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn silent_connections_give_way() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        [("ROADSTEAD_HTTP_HEADER_TIMEOUT", "1"), ("ROADSTEAD_HTTP_MAX_CONNECTIONS", "16")];
    let mut command = roadstead(folder.path());
    command.envs(settings);
    let server = Roadstead::spawn(command);
    let mut silent = Vec::new();
    for _ in 0..16 {
        silent.push(TcpStream::connect(&server.address).await.unwrap());
    }
    // There is no place left; it comes with the end of those that say nothing.
    let answer = tokio::time::timeout(SOON, reqwest::get(server.url("/healthz"))).await.unwrap();
    assert_eq!(answer.unwrap().status(), 200);
    drop(silent);
}

#[tokio::test]
async fn thousands_of_idle_connections_cost_little() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    let many = usize::try_from(hard / 2).unwrap().saturating_sub(500).min(3_000);
    let folder = tempfile::tempdir().unwrap();
    let server = Roadstead::start(folder.path());
    assert_eq!(reqwest::get(server.url("/readyz")).await.unwrap().status(), 200);
    let before = server.memory_peak();
    let mut idle = Vec::new();
    for number in 0..many {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        // Some say nothing, some asked once, some are in the middle of their headers.
        match number % 3 {
            0 => {}
            1 => {
                stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
                let mut answer = [0; 15];
                stream.read_exact(&mut answer).await.unwrap();
                assert_eq!(&answer, b"HTTP/1.1 200 OK");
            }
            _ => stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").await.unwrap(),
        }
        idle.push(stream);
    }
    assert_eq!(reqwest::get(server.url("/readyz")).await.unwrap().status(), 200);
    let grown = server.memory_peak() - before;
    println!("{many} idle connections: {} KiB", grown >> 10);
    assert!(grown < (many as u64) * (32 << 10), "{} KiB for {many} connections", grown >> 10);
    drop(idle);
    assert!(server.stop().success());
}
