//! By which name the server calls itself.

use crate::support::TestApp;
use crate::support::app::On;

#[tokio::test]
async fn the_realm_follows_hosts_of_ours_and_no_others() {
    let app = TestApp::empty(
        On::Sqlite,
        &[
            ("ROADSTEAD_EXTERNAL_URL", "https://registry.example"),
            ("ROADSTEAD_EXTRA_HOSTS", "mirror.lan"),
        ],
    )
    .await;
    let mut table = Vec::new();
    for host in [
        "127.0.0.1:5000",
        "localhost:8080",
        "testbox:5000",
        "192.0.2.7:5000",
        "registry.example",
        "mirror.lan",
        "evil.example",
        "0.0.0.0:5000",
    ] {
        let reply = app.anonymous().host(host).get("/v2/").await.expect(401);
        let challenge = reply.header("www-authenticate").to_owned();
        let realm = challenge.split('"').nth(1).unwrap();
        table.push(format!("{host} -> {realm}"));
    }
    insta::assert_snapshot!(table.join("\n"), @r"
    127.0.0.1:5000 -> http://127.0.0.1:5000/token
    localhost:8080 -> http://localhost:8080/token
    testbox:5000 -> http://testbox:5000/token
    192.0.2.7:5000 -> http://192.0.2.7:5000/token
    registry.example -> https://registry.example/token
    mirror.lan -> http://mirror.lan/token
    evil.example -> https://registry.example/token
    0.0.0.0:5000 -> https://registry.example/token
    ");
}
