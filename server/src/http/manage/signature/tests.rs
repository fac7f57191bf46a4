#![allow(clippy::unwrap_used)]
use proptest::prelude::*;
use roadstead::access::sign;

use super::*;

const AK: &str = "EXAMPLEACCESSKEY0001";
const SK: &str = "ExampleSecretKey000000000000000000000001";
const DATE: &str = "20261120T120000Z";
const LONG: &str = "huaweicloud-usdk-python/3.0";

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// The headers of the reference's vectors.
fn headers(agent: &str, project: Option<&str>, signature: &str) -> HeaderMap {
    let mut map = HeaderMap::new();
    let mut put = |name: &'static str, value: &str| map.insert(name, value.parse().unwrap());
    put("x-sdk-date", DATE);
    put("host", "127.0.0.1:8080");
    put("content-type", "application/json");
    put("user-agent", agent);
    if let Some(project) = project {
        put("x-project-id", project);
    }
    let signed = if project.is_some() {
        "content-type;host;user-agent;x-project-id;x-sdk-date"
    } else {
        "content-type;host;user-agent;x-sdk-date"
    };
    let value =
        format!("SDK-HMAC-SHA256 Access={AK}, SignedHeaders={signed}, Signature={signature}");
    put("authorization", &value);
    map
}

fn string_to_sign(headers: &HeaderMap, method: &str, target: &str, body: &[u8]) -> Result<String> {
    let signed = Signed::read(headers, now())?;
    signed.string_to_sign(&method.parse().unwrap(), &target.parse().unwrap(), headers, body)
}

#[test]
fn the_vectors_of_the_reference() {
    let project = Some("0123456789abcdef0123456789abcdef");
    for (agent, project, method, target, body, hash, signature) in [
        (
            LONG,
            project,
            "GET",
            "/v2/manage/repos?filter=namespace%3A%3Ademo%7Climit%3A%3A10%7Coffset%3A%3A0&namespace=demo",
            "",
            "791cf20d2d3222b5a6d1f87de4ec0d08afb61e7e3085e1734512612c09abe72d",
            "5e402de46af990851158e2133bb815b2a921f4d5a68389b945825988a5ba6d8b",
        ),
        (
            LONG,
            project,
            "POST",
            "/v2/manage/namespaces",
            "{\"namespace\": \"demo\"}",
            "310ecfe3a1446a0992852859419110fc6d95f179868f25f661f5dc343e0ac861",
            "5481203b8eb9299136e4a51cf50a58bbb08370735db8c3ff92c1bea806755483",
        ),
        (
            "ua",
            None,
            "GET",
            "/v2/manage/namespaces/demo/repos/a%24b/tags/v1.0?tag=%E7%89%88%E6%9C%AC%201%2F~x&with_manifest=true",
            "",
            "5e37012746a73988c76993a637254a04972cf28da6fc0eba10a53f0d65244e4d",
            "d3617b9bfe080691e9bcf44bbffc11466250641b57e440e63740c01163c3b520",
        ),
        (
            "ua",
            None,
            "GET",
            "/",
            "",
            "4b78f5e8e0db6219ae8818f0f29bc4f8a8513ed9124eb1372cf659e5d2c73d44",
            "aa359f0d2efd780ffd76381ee49caf72079d0c2d9ba6b110d78675c0b42428ef",
        ),
    ] {
        let headers = headers(agent, project, signature);
        let text = string_to_sign(&headers, method, target, body.as_bytes()).unwrap();
        assert_eq!(text, format!("SDK-HMAC-SHA256\n{DATE}\n{hash}"), "{target}");
        let signed = Signed::read(&headers, now()).unwrap();
        assert_eq!(signed.access_key, AK);
        assert_eq!(signed.signature, sign(&SK.parse().unwrap(), &text), "{target}");
    }
}

#[test]
fn an_escaped_slash_divides_in_what_is_signed() {
    let mut text = String::new();
    push_path(&mut text, "/v2/manage/namespaces/a/repos/b%2Fc");
    assert_eq!(text, "/v2/manage/namespaces/a/repos/b/c/");
}

#[test]
fn a_query_is_sorted_and_a_plus_is_a_plus() {
    for (query, wanted) in [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1", "a=1&a=2"),
        ("key", "key="),
        ("a=x+y", "a=x%2By"),
        ("a=x%20y", "a=x%20y"),
        ("a=b=c", "a=b%3Dc"),
        ("&&a=1&", "a=1"),
    ] {
        let mut text = String::new();
        push_query(&mut text, query);
        assert_eq!(text, wanted, "{query}");
    }
}

#[test]
fn what_was_changed_on_the_way_is_another_string() {
    let body = b"{\"namespace\": \"demo\"}";
    let headers = headers(LONG, None, &"0".repeat(64));
    let path = "/v2/manage/namespaces";
    let right = string_to_sign(&headers, "POST", path, body).unwrap();
    assert_ne!(string_to_sign(&headers, "PUT", path, body).unwrap(), right);
    assert_ne!(string_to_sign(&headers, "POST", "/v2/manage/namespaces?x=1", body).unwrap(), right);
    assert_ne!(string_to_sign(&headers, "POST", "/v2/manage/namespace", body).unwrap(), right);
    assert_ne!(string_to_sign(&headers, "POST", path, b"{}").unwrap(), right);
    for name in ["host", "user-agent", "content-type"] {
        let mut other = headers.clone();
        other.insert(name, "other".parse().unwrap());
        assert_ne!(string_to_sign(&other, "POST", path, body).unwrap(), right, "{name}");
        let mut twice = headers.clone();
        twice.append(name, "other".parse().unwrap());
        assert!(string_to_sign(&twice, "POST", path, body).is_err(), "{name}");
        let mut missing = headers.clone();
        missing.remove(name);
        assert!(string_to_sign(&missing, "POST", path, body).is_err(), "{name}");
    }
    // What is not signed does not matter, and neither do spaces around a value.
    let mut more = headers.clone();
    more.insert("x-other", "1".parse().unwrap());
    more.insert("user-agent", format!("  {LONG} ").parse().unwrap());
    assert_eq!(string_to_sign(&more, "POST", path, body).unwrap(), right);
}

#[test]
fn clocks_may_differ_by_a_quarter_of_an_hour() {
    let headers = headers(LONG, None, &"0".repeat(64));
    for (seconds, good) in [(0, true), (900, true), (-900, true), (901, false), (-901, false)] {
        assert_eq!(Signed::read(&headers, now().plus_seconds(seconds)).is_ok(), good, "{seconds}");
    }
    for date in [
        "",
        "20261120",
        "2026-11-20T12:00:00Z",
        "20261120T120000",
        "20261320T120000Z",
        "20261120T12000éZ",
    ] {
        let mut other = headers.clone();
        let value = http::HeaderValue::from_bytes(date.as_bytes()).unwrap();
        other.insert("x-sdk-date", value);
        assert!(Signed::read(&other, now()).is_err(), "{date}");
    }
}

#[test]
fn the_hash_of_the_body_must_be_right() {
    let body = b"{}";
    let hash = hex::encode(Sha256::digest(body));
    let mut headers = headers(LONG, None, &"0".repeat(64));
    let right = string_to_sign(&headers, "POST", "/", body).unwrap();
    headers.insert(CONTENT_SHA256, hash.parse().unwrap());
    assert_eq!(string_to_sign(&headers, "POST", "/", body).unwrap(), right);
    assert!(string_to_sign(&headers, "POST", "/", b"{ }").is_err());
    headers.insert(CONTENT_SHA256, UNSIGNED.parse().unwrap());
    assert!(string_to_sign(&headers, "POST", "/", body).is_err());
    // Without a body the header says nothing.
    assert!(string_to_sign(&headers, "POST", "/", b"").is_ok());
    headers.insert("content-type", "application/octet-stream".parse().unwrap());
    assert!(string_to_sign(&headers, "POST", "/", body).is_ok());
}

#[test]
fn what_is_no_signature_is_refused() {
    let good = format!("Access={AK}, SignedHeaders=host;x-sdk-date, Signature={}", "0".repeat(64));
    let with = |value: &str| {
        let mut headers = headers(LONG, None, "");
        headers.insert("authorization", value.parse().unwrap());
        Signed::read(&headers, now())
    };
    assert!(with(&format!("SDK-HMAC-SHA256 {good}")).is_ok());
    assert!(with(&format!("SDK-HMAC-SHA256 {}", good.replace(", ", ","))).is_ok());
    for bad in [
        String::new(),
        "Basic YWJj".to_owned(),
        "SDK-HMAC-SHA256".to_owned(),
        format!("SDK-HMAC-SM3 {good}"),
        format!("SDK-HMAC-SHA256 {good}, Access=other"),
        format!("SDK-HMAC-SHA256 {good}, More=1"),
        format!("SDK-HMAC-SHA256 {}", good.replace("host;", "")),
        format!("SDK-HMAC-SHA256 {}", good.replace(";x-sdk-date", "")),
        format!("SDK-HMAC-SHA256 {}", good.replace(&"0".repeat(64), &"0".repeat(63))),
        format!("SDK-HMAC-SHA256 {}", good.replace("Signature", "signature")),
    ] {
        let error = with(&bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{bad}");
    }
    let mut twice = headers(LONG, None, &"0".repeat(64));
    twice.append("authorization", format!("SDK-HMAC-SHA256 {good}").parse().unwrap());
    assert!(Signed::read(&twice, now()).is_err());
    twice.remove("authorization");
    assert!(Signed::read(&twice, now()).is_err());
}

proptest! {
    #[test]
    fn any_header_and_target_are_read_or_refused(
        value in "[ -~]{0,120}",
        path in "/[!-~]{0,40}",
        query in "[!-~]{0,40}",
        body in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let mut headers = headers(LONG, None, "");
        let value = format!("SDK-HMAC-SHA256 {value}");
        headers.insert("authorization", value.parse().unwrap());
        let _ = Signed::read(&headers, now());
        let headers = tests::headers(LONG, None, &"0".repeat(64));
        if let Ok(target) = format!("{path}?{query}").parse::<Uri>() {
            let signed = Signed::read(&headers, now()).unwrap();
            prop_assert!(signed.string_to_sign(&Method::GET, &target, &headers, &body).is_ok());
        }
    }
}
