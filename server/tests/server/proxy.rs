//! Behind a proxy: forwarded addresses, schemes and hosts are believed from trusted peers and from nobody else.

use axum::body::Body;
use http::Method;
use roadstead::access::Action;
use roadstead_store::audit::{self, AuditScope};
use roadstead_store::{StoreError, resolve};

use crate::support::TestApp;
use crate::support::app::allowed;
use crate::support::client::Client;

const TRUSTED: (&str, &str) = ("ROADSTEAD_TRUSTED_PROXIES", "10.0.0.0/8, ::1");
const EXTERNAL: (&str, &str) = ("ROADSTEAD_EXTERNAL_URL", "https://r.example");

async fn guess(client: &Client, password: &str) -> u16 {
    let client = client.clone().basic("acme/reader", password);
    client.get("/token?service=roadstead").await.status.as_u16()
}

#[tokio::test]
async fn failures_count_for_the_client_and_not_for_the_proxy() {
    let app = TestApp::with(&[TRUSTED]).await;
    let behind =
        |client: &str| app.anonymous().from("10.0.0.1", false).with("x-forwarded-for", client);
    let (bad, good) = (behind("192.0.2.1"), behind("192.0.2.2"));
    for attempt in 0..5 {
        assert_eq!(guess(&bad, &format!("wrong-{attempt}")).await, 401);
    }
    assert_eq!(guess(&bad, "wrong-again").await, 429);
    assert_eq!(guess(&good, "wrong-once").await, 401);
    assert_eq!(guess(&good, crate::support::app::PASSWORD).await, 200);
    // Whoever is shut out cannot write themselves another address: the proxy's own word stands last.
    let spoofed = behind("203.0.113.9, 192.0.2.1");
    assert_eq!(guess(&spoofed, crate::support::app::PASSWORD).await, 429);
}

#[tokio::test]
async fn a_stranger_cannot_choose_an_address_per_guess() {
    let app = TestApp::with(&[TRUSTED]).await;
    let stranger = || app.anonymous().from("198.51.100.7", false);
    for attempt in 0..5 {
        let client = stranger()
            .with("x-forwarded-for", &format!("192.0.2.{attempt}"))
            .with("forwarded", &format!("for=192.0.2.{attempt}"));
        assert_eq!(guess(&client, &format!("wrong-{attempt}")).await, 401);
    }
    let client = stranger().with("x-forwarded-for", "192.0.2.77");
    assert_eq!(guess(&client, crate::support::app::PASSWORD).await, 429);
    // Nor can they shut out somebody else.
    let victim = app.anonymous().from("192.0.2.1", false);
    assert_eq!(guess(&victim, crate::support::app::PASSWORD).await, 200);
}

#[tokio::test]
async fn the_audit_log_has_the_clients_address() {
    let app = TestApp::with(&[TRUSTED]).await;
    for (name, peer, header) in [
        ("one", "10.0.0.1", "192.0.2.1"),
        ("two", "198.51.100.7", "192.0.2.2"),
        ("three", "10.0.0.1", "<garbage>"),
    ] {
        let mut client = app.anonymous().from(peer, false).with("x-forwarded-for", header);
        client.sign_in("acme", crate::support::app::PASSWORD).await.expect(302);
        client.submit("create_organization", &[("name", name)]).await.expect(302);
    }
    let events = app
        .house
        .store
        .peek::<_, StoreError, _>("test.audit", |tx| {
            Box::pin(async move {
                let acme = resolve::account(tx, &"acme".parse().unwrap()).await?.unwrap();
                let scope = AuditScope::Account(allowed(Action::ListAuditTraces, acme).key());
                audit::recent(tx, scope, 100).await
            })
        })
        .await
        .unwrap();
    let address = |name: &str| {
        let event = events.iter().find(|event| event.resource_name == name).unwrap();
        event.address.clone()
    };
    assert_eq!(address("one"), "192.0.2.1");
    assert_eq!(address("two"), "198.51.100.7");
    assert_eq!(address("three"), "10.0.0.1");
}

#[tokio::test]
async fn the_scheme_of_the_client_is_that_of_realms_and_cookies() {
    let app = TestApp::with(&[TRUSTED]).await;
    let realm = async |client: &Client| {
        let reply = client.get("/v2/").await.expect(401);
        reply.header("www-authenticate").split('"').nth(1).unwrap().to_owned()
    };
    let cookie = async |client: &Client| {
        let reply =
            client.send(Method::GET, "/signin", &[("accept", "text/html")], Body::empty()).await;
        reply.header("set-cookie").contains("; Secure")
    };
    let proxied = |peer: &str, scheme: &str| {
        app.anonymous().from(peer, false).with("x-forwarded-proto", scheme)
    };
    for (client, is_https) in [
        (proxied("10.0.0.1", "https"), true),
        (proxied("10.0.0.1", "http"), false),
        (proxied("10.0.0.1", "javascript"), false),
        (proxied("198.51.100.7", "https"), false),
        (app.anonymous().from("198.51.100.7", true), true),
        (app.anonymous().from("::1", false).with("forwarded", "for=192.0.2.1;proto=https"), true),
    ] {
        let scheme = if is_https { "https" } else { "http" };
        assert_eq!(realm(&client).await, format!("{scheme}://127.0.0.1:5000/token"));
        assert_eq!(cookie(&client).await, is_https, "{scheme}");
    }
}

#[tokio::test]
async fn a_forwarded_host_is_used_only_if_it_is_ours() {
    let app = TestApp::with(&[TRUSTED, EXTERNAL]).await;
    let realm = async |peer: &str, host: &str| {
        let client = app.anonymous().from(peer, false).with("x-forwarded-host", host);
        let reply = client.get("/v2/").await.expect(401);
        reply.header("www-authenticate").split('"').nth(1).unwrap().to_owned()
    };
    assert_eq!(realm("10.0.0.1", "testbox:8080").await, "http://testbox:8080/token");
    assert_eq!(realm("10.0.0.1", "evil.example").await, "https://r.example/token");
    assert_eq!(realm("198.51.100.7", "testbox:8080").await, "http://127.0.0.1:5000/token");
}

#[tokio::test]
async fn only_a_declared_address_is_promised_to_stay_with_tls() {
    let app = TestApp::with(&[TRUSTED, EXTERNAL]).await;
    let strict = async |client: &Client| {
        client.get("/healthz").await.header("strict-transport-security").to_owned()
    };
    let client = |host: &str, is_tls| app.anonymous().host(host).from("198.51.100.7", is_tls);
    assert_eq!(strict(&client("r.example", true)).await, "max-age=31536000");
    assert_eq!(strict(&client("r.example", false)).await, "");
    assert_eq!(strict(&client("127.0.0.1:5000", true)).await, "");
    let other = TestApp::with(&[("ROADSTEAD_EXTERNAL_URL", "https://r.example:8443")]).await;
    let client = other.anonymous().host("r.example:8443").from("198.51.100.7", true);
    assert_eq!(strict(&client).await, "", "other ports of the host may not have TLS");
}
