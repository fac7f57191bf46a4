//! A change of rights binds the next request on the server that made it, and elsewhere as soon as that server has looked,
//! which it does four times a second: for passwords, tokens issued before, and sessions alike (`protocol.md` 2.9, 3.4).

use http::Method;
use roadstead::access::{Access, Action, UserTarget, login_key};
use roadstead::manage::credential::NewAccessKey;
use roadstead::manage::share::Deadline;
use roadstead::{AccountName, ImageName, UserName};
use roadstead_service::access::Holder;
use roadstead_store::account::State;
use roadstead_store::{Durability, Store, StoreError, user};

use crate::support::app::{account_of, allowed};
use crate::support::{Client, TestApp, TestImage};

const IMAGE: &str = "group/app";
const SCOPE: &str = "repository:group/app:pull,push";

/// Somebody at one server, by every way in.
struct Person {
    basic: Client,
    token: Client,
    browser: Client,
}

impl Person {
    async fn new(app: &TestApp, name: &str) -> Self {
        let token = app.token(name, &[SCOPE]).await;
        Self { basic: app.basic(name), token, browser: app.signed_in(name).await }
    }

    /// The statuses of reading the image: by password, by token, as a page.
    async fn reads(&self) -> [u16; 3] {
        let path = format!("/v2/{IMAGE}/manifests/v1");
        let html = [("accept", "text/html")];
        let page = format!("/images/{IMAGE}");
        [
            self.basic.get(&path).await.status.as_u16(),
            self.token.get(&path).await.status.as_u16(),
            self.browser.send(Method::GET, &page, &html, "").await.status.as_u16(),
        ]
    }

    /// The statuses of beginning to push.
    async fn pushes(&self) -> [u16; 2] {
        let path = format!("/v2/{IMAGE}/blobs/uploads/");
        [
            self.basic.post(&path, "").await.status.as_u16(),
            self.token.post(&path, "").await.status.as_u16(),
        ]
    }
}

const SEES: [u16; 3] = [200, 200, 200];
const HIDDEN: [u16; 3] = [403, 403, 404];

/// Two servers on one database, with the private image `group/app`.
struct Pair {
    here: TestApp,
    there: TestApp,
}

impl Pair {
    async fn new() -> Self {
        let here = TestApp::new().await;
        TestImage::new(51, 1, 1_000).push(&here.editor(), IMAGE, "v1").await.expect(201);
        let there = here.beside().await;
        Self { here, there }
    }

    /// Runs a change here, and says what the person saw at both servers before, after, and once the other has looked.
    async fn change(&self, name: &str, change: impl Future<Output = ()>) -> (Person, Person) {
        let (near, far) =
            (Person::new(&self.here, name).await, Person::new(&self.there, name).await);
        let cursor = self.there.look(None).await;
        // Both have answered, and remember.
        for person in [&near, &far] {
            assert_eq!(person.reads().await, SEES, "{name}");
        }
        change.await;
        self.there.look(Some(cursor)).await;
        (near, far)
    }
}

/// As the console does it, by a manager.
async fn call(app: &TestApp, manager: &str, name: &str, fields: &[(&str, &str)]) {
    let mut browser = app.signed_in(manager).await;
    let reply = browser.submit(name, fields).await.expect(302);
    assert!(!reply.header("location").contains("__err"), "{}", reply.header("location"));
}

async fn id(app: &TestApp, name: &str) -> String {
    let user = name.parse().unwrap();
    let found = app
        .house
        .store
        .read::<_, StoreError, _>("test.id", move |tx| {
            let user = UserName::clone(&user);
            Box::pin(async move {
                let account = account_of(tx, "acme").await?;
                user::find_by_name(tx, &account, &user).await
            })
        })
        .await
        .unwrap();
    found.unwrap().public_id.to_string()
}

#[tokio::test]
async fn a_grant_on_an_organization() {
    let pair = Pair::new().await;
    let editor = id(&pair.here, "editor").await;
    let fields = [("on", "group"), ("users[0]", editor.as_str())];
    let remove = call(&pair.here, "acme/manager", "remove_grants", &fields);
    let (near, far) = pair.change("acme/editor", remove).await;
    for person in [near, far] {
        assert_eq!(person.reads().await, HIDDEN);
        assert_eq!(person.pushes().await, [403, 403]);
    }
}

#[tokio::test]
async fn a_grant_on_an_image_and_its_level() {
    let pair = Pair::new().await;
    let access = Access { console: true, programmatic: true };
    pair.here.user(&"acme".parse().unwrap(), "guest", access).await;
    let guest = id(&pair.here, "guest").await;
    let (on, user) = (("on", IMAGE), ("user", guest.as_str()));
    let fields = [on, ("users[0]", guest.as_str()), ("permission", "3")];
    call(&pair.here, "acme/manager", "add_grants", &fields).await;
    let fields = [on, user, ("permission", "1")];
    let lower = call(&pair.here, "acme/manager", "update_grant", &fields);
    let (near, far) = pair.change("acme/guest", lower).await;
    for person in [&near, &far] {
        assert_eq!((person.reads().await, person.pushes().await), (SEES, [403, 403]));
    }
    let fields = [on, ("users[0]", guest.as_str())];
    let remove = call(&pair.here, "acme/manager", "remove_grants", &fields);
    let cursor = pair.there.look(None).await;
    remove.await;
    assert_eq!(near.reads().await, HIDDEN);
    pair.there.look(Some(cursor)).await;
    assert_eq!(far.reads().await, HIDDEN);
}

#[tokio::test]
async fn a_share() {
    let pair = Pair::new().await;
    let fields = [("image", IMAGE), ("account", "other")];
    let made = [&fields[..], &[("forever", "true")]].concat();
    call(&pair.here, "acme/manager", "create_share", &made).await;
    let end = call(&pair.here, "acme/manager", "delete_share", &fields);
    let (near, far) = pair.change("other", end).await;
    for person in [near, far] {
        assert_eq!(person.reads().await, HIDDEN);
    }
}

/// Nothing is written when a share ends by itself: no server needs to hear of it.
#[tokio::test]
async fn the_end_of_a_share() {
    let pair = Pair::new().await;
    let until = Deadline::at(pair.here.house.ports.now().plus_seconds(60)).unwrap();
    let (image, account): (ImageName, AccountName) =
        (IMAGE.parse().unwrap(), "other".parse().unwrap());
    let context = pair.here.house.command_line();
    let shares = pair.here.house.service.shares();
    shares.create_one(&context, image, account, until, String::new()).await.unwrap();
    let (near, far) =
        (Person::new(&pair.here, "other").await, Person::new(&pair.there, "other").await);
    pair.here.clock.advance(59);
    for person in [&near, &far] {
        assert_eq!(person.reads().await, SEES);
        assert_eq!(person.pushes().await, [403, 403], "a share is for reading");
    }
    pair.here.clock.advance(1);
    for person in [near, far] {
        assert_eq!(person.reads().await, HIDDEN);
    }
}

#[tokio::test]
async fn an_image_made_private() {
    let pair = Pair::new().await;
    let set = |word| [("name", IMAGE), ("is_public", word)];
    call(&pair.here, "acme/editor", "update_image", &set("true")).await;
    let nobody = [pair.here.anonymous(), pair.there.anonymous()];
    let path = format!("/v2/{IMAGE}/manifests/v1");
    for nobody in &nobody {
        nobody.get(&path).await.expect(200);
    }
    let private = set("false");
    let hide = call(&pair.here, "acme/editor", "update_image", &private);
    let (near, far) = pair.change("other", hide).await;
    for person in [near, far] {
        assert_eq!(person.reads().await, HIDDEN);
    }
    for nobody in nobody {
        nobody.get(&path).await.expect(401);
    }
}

/// Disables or deletes a user of `acme`.
async fn end_user(store: &Store, name: &str, is_deleted: bool) {
    let user = name.parse::<UserName>().unwrap();
    let change = store.run::<_, StoreError, _>("test", Durability::Durable, move |tx| {
        let user = user.clone();
        Box::pin(async move {
            let account = account_of(tx, "acme").await?;
            let found = user::find_by_name(tx, &account, &user).await?.unwrap();
            let at = found.created_at;
            let target = UserTarget {
                id: found.id,
                account: *account.target(),
                name: user,
                is_owner: false,
            };
            if is_deleted {
                user::delete(tx, allowed(Action::DeleteUser, target).key(), at).await
            } else {
                let user = allowed(Action::SetUserState, target).key();
                user::set_state(tx, user, State::Disabled, at).await
            }
        })
    });
    change.await.unwrap();
}

#[tokio::test]
async fn a_user() {
    for is_deleted in [false, true] {
        let pair = Pair::new().await;
        let store = pair.here.house.store.clone();
        let end = async move { end_user(&store, "editor", is_deleted).await };
        let (near, far) = pair.change("acme/editor", end).await;
        for person in [near, far] {
            // Signed out: the page leads to the sign-in.
            assert_eq!(person.reads().await, [401, 401, 302], "deleted: {is_deleted}");
        }
    }
}

/// Asks until the answer is `status`, for a second.
async fn within_a_second(client: &Client, path: &str, status: u16) {
    let changed = std::time::Instant::now();
    loop {
        let answer = client.get(path).await.status.as_u16();
        if answer == status {
            return;
        }
        assert!(
            changed.elapsed() < std::time::Duration::from_secs(1),
            "{answer}: not {status} yet"
        );
        tokio::task::yield_now().await;
    }
}

/// The command line counts as elsewhere: what it takes away beside a running server, as the system and on services of its
/// own, binds there within a second, also for tokens that were issued before.
#[tokio::test]
async fn what_the_command_line_takes_away_binds_within_a_second() {
    TestApp::each(async |beside| {
        TestImage::new(52, 1, 1_000).push(&beside.editor(), IMAGE, "v1").await.expect(201);
        let running = beside.replica().await;
        let server = running.app();
        let (context, service) = (beside.house.command_line(), &beside.house.service);
        let (acme, manager): (AccountName, UserName) =
            ("acme".parse().unwrap(), "manager".parse().unwrap());
        let whose = Holder::Of(&acme, Some(&manager));
        let key = service
            .credentials()
            .create_access_key(&context, whose, NewAccessKey::default(), None)
            .await
            .unwrap();
        let password = login_key(&key.id, &key.secret_key.reveal().parse().unwrap());
        let login = server.anonymous().basic(&format!("local@{}", key.id), password.reveal());
        within_a_second(&login, "/v2/", 200).await;
        let reply = login.get(&format!("/token?service=roadstead&scope={SCOPE}")).await.expect(200);
        let by_key = server.anonymous().bearer(reply.json()["token"].as_str().unwrap());
        let reader = server.token("acme/reader", &[SCOPE]).await;
        let editor = server.token("acme/editor", &[SCOPE]).await;
        let path = format!("/v2/{IMAGE}/manifests/v1");
        for token in [&by_key, &reader, &editor] {
            token.get(&path).await.expect(200);
        }

        service.credentials().delete_access_key(&context, whose, &key.id).await.unwrap();
        within_a_second(&by_key, &path, 401).await;

        let user = id(&beside, "reader").await.parse().unwrap();
        let grants = service.grants();
        grants.remove(&context, &"group".parse().unwrap(), vec![user]).await.unwrap();
        within_a_second(&reader, &path, 403).await;

        end_user(&beside.house.store, "editor", true).await;
        within_a_second(&editor, &path, 401).await;
    })
    .await;
}

/// What binds elsewhere within a second: a server on its own clock follows what is changed beside it.
#[tokio::test]
async fn a_server_looks_often_enough() {
    let pair = Pair::new().await;
    let far = pair.there.token("acme/reader", &[SCOPE]).await;
    let path = format!("/v2/{IMAGE}/manifests/v1");
    far.get(&path).await.expect(200);
    let cancel = tokio_util::sync::CancellationToken::new();
    let follow = {
        let (service, cancel) = (pair.there.house.service.clone(), cancel.clone());
        tokio::spawn(async move { service.watch_changes(cancel).await })
    };
    let reader = id(&pair.here, "reader").await;
    let fields = [("on", "group"), ("users[0]", reader.as_str())];
    call(&pair.here, "acme/manager", "remove_grants", &fields).await;
    let changed = std::time::Instant::now();
    while far.get(&path).await.status != 403 {
        assert!(changed.elapsed() < std::time::Duration::from_secs(1), "not within a second");
        tokio::task::yield_now().await;
    }
    cancel.cancel();
    follow.await.unwrap();
}
