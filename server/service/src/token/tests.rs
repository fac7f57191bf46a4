#![allow(clippy::unwrap_used)]
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use roadstead::access::Permission;
use roadstead_store::grant;

use super::*;
use crate::testing::{PASSWORD, TestService};

fn scopes(text: &str) -> Vec<TokenScope> {
    TokenScope::parse_list([text]).unwrap()
}

async fn issue(test: &TestService, ctx: &Context, wanted: &str) -> IssuedToken {
    let tokens = test.service.tokens();
    tokens.issue(ctx, SERVICE, scopes(wanted), None).await.unwrap()
}

fn granted(token: &IssuedToken) -> String {
    let texts: Vec<String> = token.scopes.iter().map(ToString::to_string).collect();
    texts.join(" ")
}

async fn context_of(test: &TestService, token: &IssuedToken) -> Result<Context> {
    let verified = test.service.tokens().verify(token.token.reveal()).await?;
    Ok(Context { actor: verified.actor, scopes: Some(verified.scopes), ..test.anonymous.clone() })
}

#[test]
fn scopes_are_divided_at_the_first_and_last_colon() {
    let scope: TokenScope = "repository:host:5000/team/app:push,pull,push".parse().unwrap();
    assert_eq!(scope.name, "host:5000/team/app");
    assert_eq!(scope.actions, ["pull", "push"]);
    let scope: TokenScope = "repository(plugin):team/app:*".parse().unwrap();
    assert_eq!(
        (scope.kind.as_str(), scope.to_string().as_str()),
        ("repository", "repository:team/app:*")
    );
    for bad in ["", "repository", "repository:pull", ":team/app:pull", "repository::pull"] {
        assert!(bad.parse::<TokenScope>().is_err(), "{bad}");
    }
}

#[test]
fn scopes_are_merged_and_limited() {
    let merged = TokenScope::parse_list([
        "repository:team/app:pull repository:team/lib:pull",
        "repository:team/app:push",
    ])
    .unwrap();
    let texts: Vec<String> = merged.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["repository:team/app:pull,push", "repository:team/lib:pull"]);
    assert!(TokenScope::parse_list(vec!["repository:a/b:pull"; 101]).is_err());
    let long = format!("repository:team/{}:pull", "a".repeat(MAX_SCOPE_BYTES));
    assert!(TokenScope::parse_list([long.as_str()]).is_err());
}

#[tokio::test]
async fn a_token_is_the_part_that_is_allowed() {
    let test = TestService::new().await;
    for (ctx, wanted, expected) in [
        (&test.reader, "repository:team/app:pull,push", "repository:team/app:pull"),
        (&test.editor, "repository:team/app:*", "repository:team/app:pull,push"),
        (&test.manager, "repository:team/app:*", "repository:team/app:delete,pull,push"),
        (&test.editor, "repository:team/new:pull,push", "repository:team/new:pull,push"),
        (&test.reader, "repository:team/new:pull,push", "repository:team/new:pull"),
        (&test.stranger, "repository:team/app:pull,push", ""),
        (&test.stranger, "repository:team/open:pull,push", "repository:team/open:pull"),
        (&test.anonymous, "repository:team/open:pull,push,delete", "repository:team/open:pull"),
        (&test.anonymous, "repository:team/app:pull", ""),
        (&test.anonymous, "registry:catalog:*", ""),
        (&test.reader, "registry:catalog:*", "registry:catalog:*"),
        // Names that are none, and types and actions that nobody has.
        (&test.owner, "repository:team/../app:pull", ""),
        (&test.owner, "repository:Team/app:pull", ""),
        (&test.owner, "repository:team%2Fapp:pull", ""),
        (&test.owner, "repository:team/app:", ""),
        (&test.owner, "repository:team/app:admin", ""),
        (&test.owner, "registry:settings:*", ""),
        (&test.owner, "instance:all:*", ""),
    ] {
        let token = issue(&test, ctx, wanted).await;
        assert_eq!(granted(&token), expected, "{wanted}");
        assert_eq!(token.expires_in, 900);
        let verified = test.service.tokens().verify(token.token.reveal()).await.unwrap();
        assert_eq!(verified.scopes.to_vec(), token.scopes);
        assert_eq!(
            verified.actor.user().map(|user| user.user),
            ctx.actor.user().map(|user| user.user)
        );
    }
    let other = test.service.tokens().issue(&test.owner, "elsewhere", Vec::new(), None).await;
    assert_eq!(other.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn what_is_taken_away_after_the_issue_is_gone() {
    let test = TestService::new().await;
    let image: ImageName = "team/app".parse().unwrap();
    let token = issue(&test, &test.editor, "repository:team/app:pull,push").await;
    let ctx = context_of(&test, &token).await.unwrap();
    let access = test.service.access();
    access.authorize(&ctx, Action::PushImage, &image).await.unwrap();
    let (eddy, organization) = (test.editor.user().unwrap().clone(), test.organization);
    test.write(move |tx| {
        let user = eddy.user;
        Box::pin(async move {
            let level = Permission::Read;
            grant::set_on_organization(tx, organization, user, level, None, Timestamp(0)).await
        })
    })
    .await;
    let ctx = context_of(&test, &token).await.unwrap();
    access.authorize(&ctx, Action::PullImage, &image).await.unwrap();
    let error = access.authorize(&ctx, Action::PushImage, &image).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    test.disable(&test.editor).await;
    let error = context_of(&test, &token).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_new_password_ends_the_tokens_of_the_old_one() {
    let test = TestService::new().await;
    let token = issue(&test, &test.reader, "repository:team/app:pull").await;
    context_of(&test, &token).await.unwrap();
    let (old, new) = (Secret::new(PASSWORD.to_owned()), Secret::new("another good one".to_owned()));
    let sessions = test.service.sessions();
    sessions.change_password(&test.reader, &old, &new).await.unwrap();
    assert!(context_of(&test, &token).await.is_err());
}

#[tokio::test]
async fn a_token_ends_with_its_credential() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let login = credentials.create_temporary(&test.reader).await.unwrap();
    test.clock.advance(6 * 60 * 60 - 60);
    let proven = credentials.verify_basic(&login.username, &login.password, None).await.unwrap();
    let ctx = test.as_user(proven.actor);
    let tokens = test.service.tokens();
    let token = tokens
        .issue(&ctx, SERVICE, scopes("repository:team/app:pull"), proven.access_key)
        .await
        .unwrap();
    let bearer = context_of(&test, &token).await.unwrap();
    assert_eq!(bearer.user().unwrap().expires_at, Some(login.expires_at));
    test.clock.advance(60);
    assert!(context_of(&test, &token).await.is_err());
    let image: ImageName = "team/app".parse().unwrap();
    let answer = test.service.access().authorize(&bearer, Action::PullImage, &image).await;
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_token_lasts_fifteen_minutes_and_the_leeway() {
    let test = TestService::new().await;
    let token = issue(&test, &test.anonymous, "repository:team/open:pull").await;
    test.clock.advance(LIFETIME + LEEWAY - 1);
    context_of(&test, &token).await.unwrap();
    test.clock.advance(1);
    assert!(context_of(&test, &token).await.is_err());
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let test = TestService::new().await;
    let token = issue(&test, &test.reader, "repository:team/app:pull").await;
    let text = token.token.reveal();
    let parts: Vec<&str> = text.split('.').collect();
    let [header, claims, signature] = <[&str; 3]>::try_from(parts).unwrap();
    let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let decoded: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    let kid = decoded["kid"].as_str().unwrap().to_owned();
    let mut wider: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    wider["access"][0]["actions"] = serde_json::json!(["pull", "push"]);
    let own = |header: &Header, service: &str| {
        let mut claims = wider.clone();
        claims["aud"] = service.into();
        let key = EncodingKey::from_secret(b"a key that is not the server's");
        jsonwebtoken::encode(header, &claims, &key).unwrap()
    };
    let mut with_kid = Header::new(Algorithm::HS256);
    with_kid.kid = Some(kid.clone());
    let mut other_algorithm = Header::new(Algorithm::HS384);
    other_algorithm.kid = Some(kid.clone());
    for forged in [
        String::new(),
        "a.b.c".to_owned(),
        format!("{header}.{}.{signature}", encode(wider.clone())),
        format!("{}.{claims}.", encode(serde_json::json!({"alg": "none", "kid": kid}))),
        format!(
            "{}.{claims}.{signature}",
            encode(serde_json::json!({"alg": "HS256", "kid": "other"}))
        ),
        format!("{}.{claims}.{signature}", encode(serde_json::json!({"alg": "HS256"}))),
        own(&with_kid, SERVICE),
        own(&other_algorithm, SERVICE),
    ] {
        let error = test.service.tokens().verify(&forged).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{forged}");
    }
    test.service.tokens().verify(text).await.unwrap();
}

#[tokio::test]
async fn keys_are_rotated_when_they_are_old_and_forgotten_when_they_are_done() {
    let test = TestService::new().await;
    let tokens = test.service.tokens();
    let kid = |token: &IssuedToken| jsonwebtoken::decode_header(token.token.reveal()).unwrap().kid;
    let keys = || async {
        let (now, store) = (Timestamp(0), &test.store);
        store.peek("test", move |tx| Box::pin(signing_key::usable(tx, now))).await.unwrap()
    };
    let before = issue(&test, &test.reader, "repository:team/app:pull").await;
    test.clock.advance(ROTATED - 1);
    tokens.tend().await.unwrap();
    assert_eq!(keys().await.len(), 1);
    test.clock.advance(1);
    tokens.tend().await.unwrap();
    tokens.tend().await.unwrap();
    assert_eq!(keys().await.len(), 2, "once");
    test.clock.advance(KNOWN_AFTER);
    let after = issue(&test, &test.reader, "repository:team/app:pull").await;
    assert_ne!(kid(&before), kid(&after));
    let place = SealedPlace::new("signing_keys", kid(&before).unwrap(), "secret");
    assert!(test.service.sealer().get(&place).await.unwrap().is_some());
    test.clock.advance(LIFETIME + LEEWAY);
    tokens.tend().await.unwrap();
    let left = keys().await;
    assert_eq!(left.iter().map(|key| Some(key.kid.clone())).collect::<Vec<_>>(), [kid(&after)]);
    assert!(test.service.sealer().get(&place).await.unwrap().is_none());
    tokens.verify(after.token.reveal()).await.unwrap_err();
    issue(&test, &test.reader, "repository:team/app:pull").await;
}

#[tokio::test]
async fn after_a_rotation_the_old_key_verifies_as_long_as_its_tokens_last() {
    let test = TestService::new().await;
    let tokens = test.service.tokens();
    let kid = |token: &IssuedToken| jsonwebtoken::decode_header(token.token.reveal()).unwrap().kid;
    let before = issue(&test, &test.reader, "repository:team/app:pull").await;
    tokens.rotate().await.unwrap();
    let meanwhile = issue(&test, &test.reader, "repository:team/app:pull").await;
    assert_eq!(kid(&before), kid(&meanwhile));
    test.clock.advance(KNOWN_AFTER);
    let after = issue(&test, &test.reader, "repository:team/app:pull").await;
    assert_ne!(kid(&before), kid(&after));
    for token in [&before, &meanwhile, &after] {
        tokens.verify(token.token.reveal()).await.unwrap();
    }
    test.clock.advance(LIFETIME + LEEWAY);
    assert!(tokens.verify(meanwhile.token.reveal()).await.is_err());
    tokens.reload().await.unwrap();
    issue(&test, &test.reader, "repository:team/app:pull").await;
}
