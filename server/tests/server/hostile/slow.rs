//! Clients that take their time: some have a reason, some want the server's memory. The server under test gives up after
//! three seconds of silence; nothing here waits by the clock, but for the server to close.

use tokio::io::AsyncWriteExt as _;

use super::target::{Target, read_all, statuses};
use crate::support::image::{digest, noise};

/// Connections that say nothing, at a time.
const IDLE: usize = 3_000;

/// Thousands of connections that say nothing, or the beginning of something: who works is not held up, memory stays, and
/// the server ends them.
#[tokio::test]
async fn thousands_of_idle_connections() {
    let target = Target::new();
    let mut idle = Vec::with_capacity(IDLE);
    for number in 0..IDLE {
        let mut stream = target.connect().await;
        let begun: &[u8] = match number % 3 {
            0 => b"",
            1 => b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Slow: ",
            _ => b"P",
        };
        // Those that came first may have been closed already.
        let _ = stream.write_all(begun).await;
        idle.push(stream);
        if number % 500 == 0 {
            let answer = target.http.request("GET", "/v2/").send().await.unwrap();
            assert_eq!(answer.status(), 200, "with {number} idle connections");
        }
    }
    assert_eq!(target.http.push_blob("docks/app", noise(1, 1_000)).await, Some(201));
    for stream in &mut idle {
        let answer = read_all(stream).await;
        assert!(statuses(&answer).iter().all(|status| [400, 408].contains(status)), "{answer}");
    }
    target.is_well(1).await;
}

/// A body that stops in the middle: the server gives up, keeps what came, and another connection goes on.
#[tokio::test]
async fn a_body_that_stops() {
    let target = Target::new();
    let blob = noise(2, 100_000);
    let begun = target.http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap();
    let place = begun.headers()["location"].to_str().unwrap().to_owned();
    let mut stream = target.connect().await;
    let head = format!("PATCH {place} HTTP/1.1\r\nHost: x\r\n@\r\nContent-Length: 100000\r\n\r\n");
    stream.write_all(&target.filled(head.as_bytes())).await.unwrap();
    stream.write_all(&blob[..60_000]).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(statuses(&answer).iter().all(|status| [400, 408].contains(status)), "{answer}");
    let status = target.http.request("GET", &place).send().await.unwrap();
    let range = status.headers()["range"].to_str().unwrap().to_owned();
    let kept = if range == "0-0" { 0 } else { range[2..].parse::<usize>().unwrap() + 1 };
    assert!(kept <= 60_000, "{range}");
    let closing = format!("{place}?digest={}", digest(&blob));
    let put = target.http.request("PUT", &closing);
    let put = put.header("content-range", format!("{kept}-99999")).body(blob[kept..].to_vec());
    assert_eq!(put.send().await.unwrap().status(), 201);
    target.is_well(1).await;
}

/// A manifest that comes byte by byte is taken: slow is not idle. One that never ends is not kept.
#[tokio::test]
async fn bodies_that_drip() {
    let target = Target::new();
    let head = "PUT /v2/docks/app/manifests/v1 HTTP/1.1\r\nHost: x\r\n@\r\nContent-Type: application/json\r\n";
    let mut stream = target.connect().await;
    let request = format!("{head}Content-Length: 20\r\nConnection: close\r\n\r\n");
    stream.write_all(&target.filled(request.as_bytes())).await.unwrap();
    for byte in "{\"schemaVersion\":  2}".as_bytes().iter().take(20) {
        stream.write_all(&[*byte]).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = read_all(&mut stream).await;
    assert_eq!(statuses(&answer), [400], "{answer}");
    assert!(answer.contains("MANIFEST_INVALID"), "{answer}");
    // Chunked, so that no length can be refused beforehand: it ends where the limit is.
    let mut stream = target.connect().await;
    let request = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    stream.write_all(&target.filled(request.as_bytes())).await.unwrap();
    let chunk =
        [format!("{:x}\r\n", 64 << 10).into_bytes(), vec![b' '; 64 << 10], b"\r\n".to_vec()]
            .concat();
    for _ in 0..200 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    let answer = read_all(&mut stream).await;
    assert!(statuses(&answer).iter().all(|status| [413, 400].contains(status)), "{answer}");
    target.is_well(0).await;
}

/// Who asks for a large layer and does not read it is let go, and costs no more memory than its buffers.
#[tokio::test]
async fn readers_that_do_not_read() {
    let target = Target::new();
    let blob = noise(3, 8 << 20);
    assert_eq!(target.http.push_blob("docks/app", blob.clone()).await, Some(201));
    let request =
        format!("GET /v2/docks/app/blobs/{} HTTP/1.1\r\nHost: x\r\n@\r\n\r\n", digest(&blob));
    let mut greedy = Vec::new();
    for _ in 0..200 {
        let mut stream = target.connect().await;
        stream.write_all(&target.filled(request.as_bytes())).await.unwrap();
        greedy.push(stream);
    }
    let answer = target.http.request("GET", &format!("/v2/docks/app/blobs/{}", digest(&blob)));
    assert_eq!(answer.send().await.unwrap().bytes().await.unwrap(), blob);
    target.is_well(1).await;
}
