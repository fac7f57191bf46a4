//! Set-up, sign-in, sessions and forged requests, as a browser without WASM sees them.

use roadstead::access::Access;

use crate::support::TestApp;
use crate::support::app::PASSWORD;

fn location(reply: &crate::support::Reply) -> &str {
    reply.header("location")
}

#[tokio::test]
async fn a_new_instance_leads_to_its_set_up_and_never_again() {
    TestApp::each_empty(async |app| {
        let mut browser = app.anonymous();
        for path in ["/", "/overview", "/signin", "/images"] {
            let reply = browser.visit(path).await.expect(302);
            let to = location(&reply);
            assert!(to == "/setup" || (path == "/" && to == "/overview"), "{path}: {to}");
        }
        browser.visit("/setup").await.expect(200);
        let code = app.house.service.setup().new_code();
        let fields = |code: &str| {
            vec![
                ("code", code.to_owned()),
                ("account", "acme".to_owned()),
                ("password", PASSWORD.to_owned()),
                ("confirm", PASSWORD.to_owned()),
                ("external_url", String::new()),
                ("region", "local".to_owned()),
                ("region_name", "Local".to_owned()),
                ("language", String::new()),
            ]
        };
        let send = async |browser: &mut crate::support::Client, code: &str| {
            let fields = fields(code);
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.submit("setup", &fields).await
        };
        let wrong = send(&mut browser, "AAAA-AAAA-AAAA").await.expect(302);
        assert_ne!(location(&wrong), "/setup/done", "a stranger cannot be first");
        let done = send(&mut browser, code.reveal()).await.expect(302);
        assert_eq!(location(&done), "/setup/done");
        browser.visit("/overview").await.expect(200);
        app.owner().get("/v2/").await.expect(200);
        // Over.
        browser.visit("/setup").await.expect(404);
        app.anonymous().visit("/setup").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn signing_in_brings_back_to_the_page_that_was_asked_for() {
    TestApp::each(async |app| {
        let mut browser = app.anonymous();
        let reply = browser.visit("/images?q=a%20b").await.expect(302);
        assert_eq!(location(&reply), "/signin?next=/images%3Fq%3Da%2520b");
        browser.visit(location(&reply)).await.expect(200);
        let fields = [
            ("account", "acme"),
            ("user", "reader"),
            ("password", PASSWORD),
            ("next", "/images?q=a%20b"),
        ];
        let reply = browser.submit("signin", &fields).await.expect(302);
        assert_eq!(location(&reply), "/images?q=a%20b");
        browser.visit("/images").await.expect(200);
        assert_eq!(location(&browser.visit("/signin").await.expect(302)), "/overview");
        let out = browser.submit("signout", &[]).await.expect(302);
        assert_eq!(location(&out), "/signin");
        assert!(location(&browser.visit("/images").await.expect(302)).starts_with("/signin"));
    })
    .await;
}

#[tokio::test]
async fn the_way_back_never_leaves_the_site() {
    let app = TestApp::new().await;
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
    {
        let mut browser = app.anonymous();
        browser.visit("/signin").await.expect(200);
        let fields = [("account", "acme"), ("user", ""), ("password", PASSWORD), ("next", next)];
        let reply = browser.submit("signin", &fields).await.expect(302);
        assert_eq!(location(&reply), "/overview", "{next}");
    }
}

#[tokio::test]
async fn a_wrong_password_signs_nobody_in() {
    let app = TestApp::new().await;
    let mut browser = app.anonymous();
    let reply = browser.sign_in("acme/reader", "wrong").await.expect(302);
    assert!(!location(&reply).contains("/overview"), "{}", location(&reply));
    assert!(browser.cookie("rs_session").is_none());
    browser.visit("/images").await.expect(302);
}

#[tokio::test]
async fn the_cookies_are_what_they_must_be() {
    let app = TestApp::with(&[("ROADSTEAD_EXTERNAL_URL", "https://registry.example")]).await;
    for (host, is_secure) in [("127.0.0.1:5000", false), ("registry.example", true)] {
        let mut browser = app.anonymous().host(host);
        let page = browser.visit("/signin").await.expect(200);
        let reply = browser
            .submit("signin", &[("account", "acme"), ("user", ""), ("password", PASSWORD)])
            .await;
        let reply = reply.expect(302);
        let mut seen = 0;
        for cookie in
            page.headers.get_all("set-cookie").iter().chain(reply.headers.get_all("set-cookie"))
        {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
            assert_eq!(cookie.contains("Secure"), is_secure, "{cookie}");
            if cookie.starts_with("rs_session=") || cookie.starts_with("rs_csrf=") {
                assert!(cookie.contains("HttpOnly"), "{cookie}");
                assert!(!cookie.contains("Max-Age"), "ends with the browser: {cookie}");
                seen += 1;
            }
        }
        assert_eq!(seen, 2);
    }
}

#[tokio::test]
async fn an_idle_session_ends_and_an_active_one_lasts_seven_days() {
    let app = TestApp::new().await;
    let mut idle = app.signed_in("acme/reader").await;
    let mut active = app.signed_in("acme/reader").await;
    let mut kept = app.anonymous();
    kept.visit("/signin").await.expect(200);
    let fields =
        [("account", "acme"), ("user", "reader"), ("password", PASSWORD), ("keep", "true")];
    kept.submit("signin", &fields).await.expect(302);
    for _ in 0..24 {
        app.clock.advance(7 * 3_600 - 3);
        active.visit("/images").await.expect(200);
    }
    idle.visit("/images").await.expect(302);
    kept.visit("/images").await.expect(200);
    app.clock.advance(3_600);
    active.visit("/images").await.expect(302);
    kept.visit("/images").await.expect(302);
}

#[tokio::test]
async fn signing_in_takes_a_new_session() {
    let app = TestApp::new().await;
    let mut browser = app.signed_in("acme/reader").await;
    let first = browser.cookie("rs_session").unwrap().to_owned();
    let fields = [("account", "acme"), ("user", "editor"), ("password", PASSWORD)];
    browser.submit("signin", &fields).await.expect(302);
    assert_ne!(browser.cookie("rs_session").unwrap(), first);
    let mut old = app.anonymous();
    old.set_cookie("rs_session", &first);
    old.visit("/images").await.expect(302);
}

#[tokio::test]
async fn forms_of_other_sites_change_nothing() {
    let app = TestApp::new().await;
    let browser = app.signed_in("acme").await;
    let session = format!(
        "rs_session={}; rs_csrf={}",
        browser.cookie("rs_session").unwrap(),
        browser.cookie("rs_csrf").unwrap()
    );
    let token = browser.cookie("rs_csrf").unwrap();
    let form = "application/x-www-form-urlencoded";
    let good = format!("name=forged&_csrf={token}");
    let post = |headers: Vec<(&'static str, String)>, body: String| {
        let client = app.anonymous();
        async move {
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            client
                .send(http::Method::POST, "/console/call/create_organization", &headers, body)
                .await
        }
    };
    let base = |extra: &[(&'static str, &str)]| {
        let mut headers = vec![("cookie", session.clone()), ("content-type", form.to_owned())];
        headers.extend(extra.iter().map(|(name, value)| (*name, (*value).to_owned())));
        headers
    };
    // No token, a wrong one, another site's page with a good one.
    post(base(&[]), "name=forged".into()).await.expect(403);
    post(base(&[]), format!("name=forged&_csrf={}", "0".repeat(32))).await.expect(403);
    post(base(&[("sec-fetch-site", "cross-site")]), good.clone()).await.expect(403);
    post(base(&[("origin", "https://evil.example")]), good.clone()).await.expect(403);
    let refused = post(base(&[("origin", "null")]), good.clone()).await.expect(403);
    assert_eq!(refused.json()["kind"], "denied");
    // Over a mebibyte nothing is read.
    post(base(&[]), format!("{good}&x={}", "x".repeat(2 << 20))).await.expect(413);
    // Who may see an organization hears 404 of an image in it that is none.
    let exists = async || app.owner().get("/v2/forged/x/tags/list").await.status == 404;
    assert!(!exists().await);
    // The same with everything right.
    post(base(&[("sec-fetch-site", "same-origin")]), good).await.expect(200);
    assert!(exists().await);
}

#[tokio::test]
async fn pages_are_guarded_by_their_policy_and_kept_by_no_cache() {
    let app = TestApp::new().await;
    let page = app.anonymous().visit("/signin").await.expect(200);
    let policy = page.header("content-security-policy").to_owned();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"),
        "{policy}"
    );
    assert!(page.text().contains(&format!("nonce=\"{nonce}\"")));
    assert_eq!(page.header("cache-control"), "no-store");
    let again = app.anonymous().visit("/signin").await.expect(200);
    assert!(!again.header("content-security-policy").contains(&nonce), "a nonce is used once");
}

#[tokio::test]
async fn what_is_nowhere_is_404_in_everybodys_dialect() {
    let app = TestApp::new().await;
    let mut browser = app.signed_in("acme").await;
    let page = browser.visit("/no/such/page").await.expect(404);
    assert!(page.header("content-type").starts_with("text/html"));
    for path in ["/api/x", "/v3/none", "/v1", "/pkg/none.js", "/console/call/none", "/assets/x"] {
        browser.visit(path).await.expect(404);
    }
    assert_eq!(location(&browser.visit("/").await.expect(302)), "/overview");
    assert!(app.anonymous().get("/").await.expect(200).json()["versions"].is_array());
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let app = TestApp::new().await;
    let mut browser = app.signed_in("acme/reader").await;
    browser.visit("/images").await.expect(200);
    let mut other = app.signed_in("acme/reader").await;
    let new = "Another-Horse-8";
    let fields = [("current", PASSWORD), ("password", new), ("confirm", new)];
    browser.submit("password", &fields).await.expect(302);
    browser.visit("/images").await.expect(200);
    other.visit("/images").await.expect(302);
    app.reader().get("/v2/").await.expect(401);
}

#[tokio::test]
async fn a_password_given_by_an_administrator_is_changed_at_the_first_sign_in() {
    let app = TestApp::new().await;
    let access = Access { console: true, programmatic: true };
    app.new_user(&"acme".parse().unwrap(), "ann", access).await;
    // A client goes on with it.
    app.basic("acme/ann").get("/v2/").await.expect(200);
    app.token("acme/ann", &[]).await.get("/v2/").await.expect(200);

    let mut browser = app.signed_in("acme/ann").await;
    for path in ["/overview", "/images", "/signin"] {
        assert_eq!(location(&browser.visit(path).await.expect(302)), "/account/password");
    }
    browser.visit("/account/password").await.expect(200);
    browser.get("/console/events").await.expect(403);
    // Neither by a form nor from WASM, whatever it is.
    let paths: Vec<_> = server_fn::axum::server_fn_paths().collect();
    assert!(paths.len() > 20, "the server functions are registered");
    for (path, method) in paths {
        let name = path.trim_start_matches("/console/call/");
        if ["password", "signout", "appearance"].contains(&name) {
            continue;
        }
        let token = browser.cookie("rs_csrf").unwrap().to_owned();
        let headers = [("accept", "application/json"), ("x-csrf-token", token.as_str())];
        browser.send(method.clone(), path, &headers, "").await.expect(403);
        if method == http::Method::POST {
            let form = browser.submit(name, &[]).await.expect(302);
            assert_eq!(location(&form), "/account/password", "{name}");
        }
    }
    let new = "Another-Horse-8";
    let fields = [("current", PASSWORD), ("password", new), ("confirm", new)];
    browser.submit("password", &fields).await.expect(302);
    browser.visit("/images").await.expect(200);
    browser.submit("signout", &[]).await.expect(302);
    app.basic("acme/ann").get("/v2/").await.expect(401);
}
