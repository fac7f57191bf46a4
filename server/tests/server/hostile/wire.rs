//! Bytes on the wire that no client library sends: requests inside requests, lengths that lie, lines without end.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::target::{Target, read_all, statuses};
use crate::support::image::{digest, noise};

/// A request hidden in the body of another must never be done with the credential of that one, and what two servers could
/// read in two ways is refused and the connection closed.
#[tokio::test]
async fn requests_inside_requests() {
    let target = Target::new();
    assert_eq!(target.http.push_blob("docks/app", noise(1, 100)).await, Some(201));
    let victim = format!("/v2/docks/app/blobs/{}", digest(&noise(1, 100)));
    let hidden = format!("DELETE {victim} HTTP/1.1\r\nHost: x\r\n\r\n");
    let post = "POST /v2/docks/app/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n@\r\n";
    for (what, headers, body, wanted) in [
        ("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n", "hello", vec![400]),
        ("a list of lengths", "Content-Length: 5, 6\r\n", "hello", vec![400]),
        ("a signed length", "Content-Length: +5\r\n", "hello", vec![400]),
        ("a negative length", "Content-Length: -5\r\n", "hello", vec![400]),
        ("a hexadecimal length", "Content-Length: 0x5\r\n", "hello", vec![400]),
        (
            "a length beyond numbers",
            "Content-Length: 99999999999999999999999\r\n",
            "hello",
            vec![400],
        ),
        ("an empty length", "Content-Length:\r\n", "hello", vec![400]),
        ("an unknown coding", "Transfer-Encoding: gzip\r\n", "0\r\n\r\n", vec![400]),
        (
            "chunked that is not last",
            "Transfer-Encoding: chunked, gzip\r\n",
            "0\r\n\r\n",
            vec![400],
        ),
        ("nearly chunked", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", vec![400]),
        ("a space before the colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n", vec![400]),
        ("a folded line", "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n", vec![400]),
        ("a NUL in a value", "X: a\0b\r\n", "", vec![400]),
        ("a bare CR in a value", "X: a\rb\r\n", "", vec![400]),
        ("a line that is no header", "nonsense\r\n", "", vec![400]),
    ] {
        let request = format!("{post}{headers}\r\n{body}{hidden}");
        let answer = target.exchange(&request).await;
        assert_eq!(statuses(&answer), wanted, "{what}: {answer}");
    }
    // Chunked wins over a length (RFC 9112, 6.3), so that what follows is a request of its own: of nobody.
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        let answer = target.exchange(format!("{post}{headers}\r\n0\r\n\r\n{hidden}")).await;
        let statuses = statuses(&answer);
        assert!(
            statuses == [400] || statuses == [202] || statuses == [202, 401],
            "{headers}: {answer}"
        );
    }
    let end = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    // The body is a body, whatever it looks like.
    let length = hidden.len();
    let answer =
        target.exchange(format!("{post}Content-Length: {length}\r\n\r\n{hidden}{end}")).await;
    assert!(matches!(statuses(&answer)[..], [202, 200] | [202]), "{answer}");
    // Chunks that lie about their sizes.
    for chunks in [
        "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "5;\r\nhello world\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "\r\n",
    ] {
        let path = format!("/v2/docks/app/blobs/uploads/?digest={}", digest(b"hello"));
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n@\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
        );
        let answer = target.exchange(&request).await;
        assert!(statuses(&answer).iter().all(|status| *status == 400), "{chunks:?}: {answer}");
    }
    let answer = target.http.request("HEAD", &victim).send().await.unwrap();
    assert_eq!(answer.status(), 200, "the hidden request was done");
    let absent = format!("/v2/docks/app/blobs/{}", digest(b"hello"));
    assert_eq!(target.http.request("HEAD", &absent).send().await.unwrap().status(), 404);
    target.is_well(1).await;
}

/// Request lines and headers that are too long, too many, or nothing of the kind.
#[tokio::test]
async fn lines_without_end() {
    let target = Target::new();
    let long = "a".repeat(300_000);
    let many: String = (0..2_000).map(|number| format!("X-{number}: y\r\n")).collect();
    let zeros = vec![0_u8; 100_000];
    for (what, request) in [
        ("an endless address", format!("GET /v2/{long} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()),
        ("an endless query", format!("GET /v2/?{long} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()),
        (
            "an endless header",
            format!("GET /v2/ HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n").into_bytes(),
        ),
        (
            "an endless name",
            format!("GET /v2/ HTTP/1.1\r\nHost: x\r\n{long}: x\r\n\r\n").into_bytes(),
        ),
        ("too many headers", format!("GET /v2/ HTTP/1.1\r\nHost: x\r\n{many}\r\n").into_bytes()),
        ("an endless method", format!("{long} /v2/ HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()),
        ("zeros", zeros),
        ("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(50)),
        ("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec()),
        ("another version", b"GET /v2/ HTTP/9.9\r\nHost: x\r\n\r\n".to_vec()),
        ("no version", b"GET /v2/\r\n\r\n".to_vec()),
        ("an address with a space", b"GET /v2/a b/ HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("an address that is not ASCII", b"GET /v2/\xff\xfe/ HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
    ] {
        let answer = target.exchange(&request).await;
        let statuses = statuses(&answer);
        let is_refused = statuses.iter().all(|status| [400, 404, 414, 431, 505].contains(status));
        assert!(is_refused && statuses.len() <= 1, "{what}: {answer}");
    }
    target.is_well(0).await;
}

/// Addresses that are not normalised on the way: what a proxy would resolve is a name that is none here.
#[tokio::test]
async fn addresses_are_taken_as_they_are() {
    let target = Target::new();
    for (line, wanted) in [
        ("GET /v2/../healthz", 404),
        ("GET /v2/docks/../../healthz", 404),
        ("GET /v2/docks/../../etc/passwd/tags/list", 400),
        ("GET /v2/./docks/app/tags/list", 400),
        ("GET /v2//docks/app/tags/list", 400),
        ("GET /v2/docks/app/blobs/../../../../etc/passwd", 404),
        ("GET /v2/docks/app/manifests/..%2f..%2f", 404),
        ("GET /v2/docks/app/manifests/v1#x", 404),
        ("GET /v2/docks/app\\..\\x/tags/list", 400),
        ("GET /v2/docks/app/tags/list/../../x", 404),
        ("DELETE /v2/docks/app/blobs/uploads/../../x", 404),
        ("TRACE /v2/", 405),
        ("OPTIONS /v2/", 405),
        ("BREW /v2/", 405),
        ("get /v2/", 405),
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: x\r\n@\r\nConnection: close\r\n\r\n");
        let answer = target.exchange(&request).await;
        let found = statuses(&answer);
        // Some of these are no HTTP at all, which is answered before anybody looks at them.
        assert!(found == [wanted] || found == [400], "{line}: {answer}");
        assert!(!answer.contains("root:"), "{answer}");
        if found == [wanted] {
            assert!(answer.contains("\"errors\":[{\"code\":"), "{line}: {answer}");
        }
    }
    // Another host in an absolute address, or twice: it gets nobody a realm.
    for request in [
        "GET http://evil.example/v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /v2/ HTTP/1.1\r\nHost: x\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        "GET /v2/ HTTP/1.1\r\nHost: evil.example\"\r\nConnection: close\r\n\r\n",
        "GET /v2/ HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /v2/ HTTP/1.0\r\n\r\n",
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ] {
        let answer = target.exchange(request).await;
        let statuses = statuses(&answer);
        assert!(statuses.iter().all(|status| (400..500).contains(status)), "{request}: {answer}");
        assert!(!answer.contains("evil"), "{request}: {answer}");
    }
    target.is_well(0).await;
}

/// A length that is more than what comes: nothing of it is a blob, and the session goes on.
#[tokio::test]
async fn lengths_that_lie() {
    let target = Target::new();
    let blob = noise(7, 50_000);
    let begun = target.http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap();
    let place = begun.headers()["location"].to_str().unwrap().to_owned();
    let promised = blob.len() * 2;
    let closing = format!("{place}?digest={}", digest(&blob));
    let whole = format!("/v2/docks/app/blobs/uploads/?digest={}", digest(&blob));
    for request in [
        format!("PATCH {place} HTTP/1.1\r\nHost: x\r\n@\r\nContent-Length: {promised}\r\n\r\n"),
        format!("PUT {closing} HTTP/1.1\r\nHost: x\r\n@\r\nContent-Length: {promised}\r\n\r\n"),
        format!("POST {whole} HTTP/1.1\r\nHost: x\r\n@\r\nContent-Length: {promised}\r\n\r\n"),
        format!(
            "PUT /v2/docks/app/manifests/v1 HTTP/1.1\r\nHost: x\r\n@\r\nContent-Length: {promised}\r\n\r\n"
        ),
    ] {
        let mut stream = target.connect().await;
        stream.write_all(&target.filled(request.as_bytes())).await.unwrap();
        stream.write_all(&blob[..20_000]).await.unwrap();
        // Gone in the middle of a sentence.
        drop(stream);
    }
    let head = format!("/v2/docks/app/blobs/{}", digest(&blob));
    assert_eq!(target.http.request("HEAD", &head).send().await.unwrap().status(), 404);
    // A length that is less: the rest is a request that is none.
    let less = noise(8, 1_000);
    let path = format!("/v2/docks/app/blobs/uploads/?digest={}", digest(&less));
    let mut request = target.filled(
        format!("POST {path} HTTP/1.1\r\nHost: x\r\n@\r\nContent-Length: 500\r\n\r\n").as_bytes(),
    );
    request.extend_from_slice(&less);
    let answer = target.exchange(&request).await;
    assert!(statuses(&answer).iter().all(|status| *status == 400), "{answer}");
    // The session is still there when its writers are; what it says it has, it has.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let kept = loop {
        let status = target.http.request("GET", &place).send().await.unwrap();
        assert_eq!(status.status(), 204);
        let range = status.headers()["range"].to_str().unwrap().to_owned();
        let kept = if range == "0-0" { 0 } else { range[2..].parse::<usize>().unwrap() + 1 };
        let put = target.http.request("PATCH", &place);
        let put = put.header("content-range", format!("{kept}-{kept}")).body(vec![0; 2]);
        // A chunk that says nonsense about its size finds out whether the session is free, and changes nothing.
        match put.send().await.unwrap().status().as_u16() {
            400 => break kept,
            416 => assert!(std::time::Instant::now() < deadline, "the session is never free"),
            status => panic!("{status}"),
        }
    };
    assert!(kept <= 40_000);
    let gone = target.http.request("DELETE", &place).send().await.unwrap();
    assert_eq!(gone.status(), 204);
    target.is_well(0).await;
}

/// A client that waits for `100 Continue` before it sends its layer hears the refusal first, or the permission.
#[tokio::test]
async fn permission_comes_before_the_body() {
    let target = Target::new();
    let blob = noise(9, 1_000);
    let path = format!("/v2/docks/app/blobs/uploads/?digest={}", digest(&blob));
    let head = |credential: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n{credential}Expect: 100-continue\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n"
        )
    };
    let refused = target.exchange(head("")).await;
    assert_eq!(statuses(&refused), [401], "{refused}");
    let elsewhere = head("@\r\n").replace("docks", "nowhere");
    let refused = target.exchange(elsewhere).await;
    assert_eq!(statuses(&refused).len(), 1, "{refused}");
    assert!(!refused.contains("100 Continue"), "{refused}");
    let mut stream = target.connect().await;
    stream.write_all(&target.filled(head("@\r\n").as_bytes())).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on[..], b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&blob).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert_eq!(statuses(&answer), [201], "{answer}");
    target.is_well(1).await;
}
