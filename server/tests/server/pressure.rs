//! Many clients at once, slow ones, and disks that are full or read-only: answered, in bounded memory, and over without a
//! restart. `make soak` asks with five hundred pushes and a thousand pulls.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use futures::StreamExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::app::PASSWORD;
use crate::support::image::with_digest;
use crate::support::process::{Http, Roadstead, roadstead, run_well};

/// By how much so many connections at once may make the server grow, in bytes: what it needs without them depends on how
/// it was built. The constant part is what twenty layers hold that are received at a time.
const fn growth_of(connections: usize) -> u64 {
    (64 << 20) + connections as u64 * (128 << 10)
}

const MIB: usize = 1 << 20;

/// Bytes that no other number has.
fn content(number: usize, length: usize) -> Vec<u8> {
    let mut bytes = vec![0x5a; length];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn start(data: &Path) -> Roadstead {
    drop(Roadstead::start(data));
    run_well(data, &["organization", "create", "docks", "--account", "acme"], "");
    Roadstead::start(data)
}

/// The status and body of the `PUT`, or of the `POST` when that is refused.
async fn push(http: &Http, bytes: Vec<u8>) -> (u16, Value) {
    let mut answer = http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap();
    if answer.status() == 202 {
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        let path = with_digest(&location, &bytes);
        answer = http.request("PUT", &path).body(bytes).send().await.unwrap();
    }
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
}

async fn pull(http: &Http, digest: &str) -> Vec<u8> {
    let answer =
        http.request("GET", &format!("/v2/docks/app/blobs/{digest}")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

/// A refusal as the protocol writes it: one error with a code and a sentence.
fn assert_sentence((status, body): (u16, Value), wanted: u16) {
    assert_eq!(status, wanted, "{body}");
    let error = &body["errors"][0];
    assert_eq!(error["code"], "UNAVAILABLE", "{body}");
    assert!(error["message"].as_str().unwrap().contains(' '), "{body}");
}

#[tokio::test]
async fn many_pushes_and_pulls_at_once_end_in_little_memory() {
    let is_soak = std::env::var_os("ROADSTEAD_SOAK").is_some();
    let (pushes, pulls) = if is_soak { (500, 1_000) } else { (50, 100) };
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let http = Http::new(&server);
    let pulled = content(0, 2 * MIB);
    let wanted = digest(&pulled);
    assert_eq!(push(&http, pulled).await.0, 201);
    let alone = server.memory_peak();

    let pushing = (1..=pushes).map(|number| {
        let http = &http;
        async move { assert_eq!(push(http, content(number, 256 * 1024)).await.0, 201) }
    });
    let pulling = (0..pulls).map(|_| {
        let (http, wanted) = (&http, &wanted);
        async move {
            let path = format!("/v2/docks/app/blobs/{wanted}");
            let answer = http.request("GET", &path).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let mut stream = answer.bytes_stream();
            let mut hasher = Sha256::new();
            while let Some(piece) = stream.next().await {
                hasher.update(piece.unwrap());
            }
            assert_eq!(format!("sha256:{}", hex::encode(hasher.finalize())), *wanted);
        }
    });
    // All of them begin before the first is done.
    futures::join!(futures::future::join_all(pushing), futures::future::join_all(pulling));
    let growth = server.memory_peak() - alone;
    println!("{pushes} pushes and {pulls} pulls: {} MiB more at most", growth >> 20);
    assert!(growth < growth_of(pushes + pulls), "{} MiB", growth >> 20);
}

#[tokio::test]
async fn who_does_not_read_or_write_on_holds_nobody_up() {
    let count = if std::env::var_os("ROADSTEAD_SOAK").is_some() { 500 } else { 100 };
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let http = Http::new(&server);
    let large = content(0, 8 * MIB);
    let wanted = digest(&large);
    assert_eq!(push(&http, large).await.0, 201);
    let alone = server.memory_peak();

    let login = base64::engine::general_purpose::STANDARD.encode(format!("acme:{PASSWORD}"));
    let common = format!("Host: {}\r\nAuthorization: Basic {login}\r\n", server.address);
    let mut waiting = Vec::new();
    for _ in 0..count {
        // Reads the beginning of the answer, and no more: the rest of eight MiB fits no socket buffer.
        let mut stream = tokio::net::TcpStream::connect(&server.address).await.unwrap();
        let ask = format!("GET /v2/docks/app/blobs/{wanted} HTTP/1.1\r\n{common}\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut line = [0; 15];
        stream.read_exact(&mut line).await.unwrap();
        assert_eq!(&line, b"HTTP/1.1 200 OK");
        waiting.push(stream);
    }
    // Fewer than the layers that an account may send at a time.
    for _ in 0..10 {
        let opened = http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap();
        let location = opened.headers()["location"].to_str().unwrap().to_owned();
        let mut stream = tokio::net::TcpStream::connect(&server.address).await.unwrap();
        let ask =
            format!("PATCH {location} HTTP/1.1\r\n{common}Content-Length: 1000000\r\n\r\nabc");
        stream.write_all(ask.as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    let other = content(1, MIB);
    assert_eq!(push(&http, other.clone()).await.0, 201);
    assert!(pull(&http, &digest(&other)).await == other);
    assert_eq!(pull(&http, &wanted).await.len(), 8 * MIB);
    let growth = server.memory_peak() - alone;
    println!("{count} who do not read: {} MiB more at most", growth >> 20);
    assert!(growth < growth_of(count), "{} MiB", growth >> 20);
    drop(waiting);
}

/// A small file system in memory, for as long as this lives.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None`, with a word about it, where nothing can be mounted.
    fn new(mib: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mib}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: a file system can only be mounted as root");
        }
        mounted.then(|| Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, option: &str) {
        let option = format!("remount,{option}");
        let status = Command::new("mount").args(["-o", &option]).arg(self.path()).status().unwrap();
        assert!(status.success(), "{option}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_refused_until_there_is_room_again() {
    let Some(disk) = Disk::new(32) else { return };
    let server = start(disk.path());
    let http = Http::new(&server);
    let before = content(0, MIB);
    assert_eq!(push(&http, before.clone()).await.0, 201);

    // Larger than what is left, which is refused while it is received, and does not stay.
    let opened = http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap();
    let location = opened.headers()["location"].to_str().unwrap().to_owned();
    let large = content(1, 40 * MIB);
    let put = http.request("PUT", &with_digest(&location, &large)).body(large).send().await;
    // A client that is still sending may find the connection ended before it reads the answer.
    if let Ok(answer) = put {
        assert_eq!(answer.status(), 507);
    }
    let small = content(2, MIB);
    assert_eq!(push(&http, small.clone()).await.0, 201, "what did not fit was removed");

    let ballast = disk.path().join("ballast");
    let mut file = std::fs::File::create(&ballast).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    drop(file);
    // So short that the server reads what it refuses.
    for number in 3..6 {
        assert_sentence(push(&http, content(number, MIB / 8)).await, 507);
    }
    assert!(pull(&http, &digest(&before)).await == before, "what is there can be had");
    assert!(pull(&http, &digest(&small)).await == small);

    std::fs::remove_file(&ballast).unwrap();
    let after = content(6, MIB);
    assert_eq!(push(&http, after.clone()).await.0, 201, "without a restart");
    assert!(pull(&http, &digest(&after)).await == after);
    assert!(server.stop().success());
}

#[tokio::test]
async fn a_read_only_disk_is_refused_until_it_can_be_written() {
    let Some(disk) = Disk::new(32) else { return };
    let folder = tempfile::tempdir().unwrap();
    let storage = format!("file://{}", disk.path().display());
    let spawn = || {
        let mut command = roadstead(folder.path());
        command
            .env("ROADSTEAD_STORAGE_URL", &storage)
            .env("ROADSTEAD_SETUP_ACCOUNT", "acme")
            .env("ROADSTEAD_SETUP_PASSWORD", PASSWORD);
        Roadstead::spawn(command)
    };
    drop(spawn());
    let mut command = roadstead(folder.path());
    command.env("ROADSTEAD_STORAGE_URL", &storage);
    let made = command.args(["organization", "create", "docks", "--account", "acme"]).status();
    assert!(made.unwrap().success());
    let server = spawn();
    let http = Http::new(&server);
    let before = content(0, MIB);
    assert_eq!(push(&http, before.clone()).await.0, 201);

    disk.remount("ro");
    for number in 1..4 {
        assert_sentence(push(&http, content(number, MIB / 8)).await, 503);
    }
    assert!(pull(&http, &digest(&before)).await == before, "what is there can be had");

    disk.remount("rw");
    let after = content(4, MIB);
    assert_eq!(push(&http, after.clone()).await.0, 201, "without a restart");
    assert!(pull(&http, &digest(&after)).await == after);
    assert!(server.stop().success());
}
