//! A server with people in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use roadstead::access::{
    Access, Action, Actor, Allowed, Circumstances, Grants, JobName, Permission, Target, decide,
};
use roadstead::id::{AccountId, UserId};
use roadstead::manage::user::Attachment;
use roadstead::{AccountName, OrganizationName, Secret, Timestamp, UserName};
use roadstead_object::Objects;
use roadstead_server::boot::House;
use roadstead_server::config::{Config, Inputs};
use roadstead_server::http::host::Own;
use roadstead_service::account::NewUser;
use roadstead_service::seal::{MasterKey, MasterKeys};
use roadstead_service::testing::{Plans, SeededRandom, StandingClock};
use roadstead_service::{Context, Ports};
use roadstead_store::{Durability, Store, StoreError, Tx, grant, resolve, user};
use sqlx::{Connection as _, Executor as _};

use super::client::Client;

/// Everybody's password.
pub const PASSWORD: &str = "Correct-Horse-7";
/// Where the server says it listens.
pub const LISTEN: &str = "127.0.0.1:5000";

pub struct TestApp {
    pub house: House,
    pub router: Router,
    pub clock: Arc<StandingClock>,
    plans: Plans,
    url: String,
    folder: Arc<tempfile::TempDir>,
}

/// Another server on the same database and storage. It follows what the first one changes.
pub struct Replica {
    app: TestApp,
    _stop: tokio_util::sync::DropGuard,
}

impl Replica {
    pub fn anonymous(&self) -> Client {
        self.app.anonymous()
    }

    pub const fn app(&self) -> &TestApp {
        &self.app
    }
}

/// On which database.
#[derive(Debug, Clone)]
pub enum On {
    Sqlite,
    Postgres(String),
}

impl TestApp {
    /// Account `acme` (the operator's) with the organization `group` and the users `manager`, `editor` and `reader`, who have
    /// these rights on it; account `other`, who has none.
    pub async fn new() -> Self {
        Self::on(On::Sqlite).await
    }

    /// Runs a test on SQLite, and on PostgreSQL when there is one.
    pub async fn each(test: impl AsyncFn(Self)) {
        test(Self::on(On::Sqlite).await).await;
        if let Ok(url) = std::env::var("ROADSTEAD_TEST_POSTGRES_URL") {
            test(Self::on(On::Postgres(url)).await).await;
        }
    }

    /// As [`TestApp::each`], before the first account.
    pub async fn each_empty(test: impl AsyncFn(Self)) {
        test(Self::empty(On::Sqlite, &[]).await).await;
        if let Ok(url) = std::env::var("ROADSTEAD_TEST_POSTGRES_URL") {
            test(Self::empty(On::Postgres(url), &[]).await).await;
        }
    }

    /// As [`TestApp::new`], on a database.
    pub async fn on(on: On) -> Self {
        let app = Self::empty(on, &[]).await;
        app.people().await;
        app
    }

    /// With settings of the environment.
    pub async fn with(environment: &[(&str, &str)]) -> Self {
        let app = Self::empty(On::Sqlite, environment).await;
        app.people().await;
        app
    }

    /// Before the first account.
    pub async fn empty(on: On, environment: &[(&str, &str)]) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let url = match on {
            On::Sqlite => format!("sqlite://{}", folder.path().join("test.db").display()),
            On::Postgres(url) => database(&url).await,
        };
        Self::open(url, folder, Arc::default(), environment, 1).await
    }

    /// Another server beside this one, with the same clock, which follows what this one changes.
    pub async fn replica(&self) -> Replica {
        let app = self.beside().await;
        let stop = tokio_util::sync::CancellationToken::new();
        let (service, stopped) = (app.house.service.clone(), stop.clone());
        tokio::spawn(async move { service.watch_changes(stopped).await });
        Replica { app, _stop: stop.drop_guard() }
    }

    /// The same, which hears of what this one changes only when it looks ([`TestApp::look`]).
    pub async fn beside(&self) -> Self {
        Self::open(self.url.clone(), self.folder.clone(), self.clock.clone(), &[], 2).await
    }

    async fn open(
        url: String,
        folder: Arc<tempfile::TempDir>,
        clock: Arc<StandingClock>,
        environment: &[(&str, &str)],
        seed: u64,
    ) -> Self {
        let mut variables: Vec<(String, String)> =
            environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        variables.push(("ROADSTEAD_DATA_DIR".into(), folder.path().display().to_string()));
        variables.push(("ROADSTEAD_LISTEN".into(), LISTEN.into()));
        let inputs = Inputs { environment: variables, ..Default::default() };
        let config = Config::load(&inputs).unwrap();
        let plans = Plans::new(&url);
        let store = Store::open(&url, plans.options()).await.unwrap();
        store.migrate().await.unwrap();
        let objects = Objects::open(&config.storage.storage_url, &[]).await.unwrap();
        let ports = Ports { clock: clock.clone(), random: Arc::new(SeededRandom::new(seed)) };
        let keys = MasterKeys { current: MasterKey::new([7; 32].into()), retiring: None };
        let house = House::furnish(&config, store, objects, keys, ports).await.unwrap();
        let router = house.router(&config, LISTEN.parse().unwrap(), machine);
        Self { house, router, clock, plans, url, folder }
    }

    async fn people(&self) {
        let context = self.house.command_line();
        let service = &self.house.service;
        let password = || Secret::new(PASSWORD.to_owned());
        let acme: AccountName = "acme".parse().unwrap();
        for account in ["acme", "other"] {
            service
                .accounts()
                .create(&context, &account.parse().unwrap(), &password())
                .await
                .unwrap();
        }
        for user in ["manager", "editor", "reader"] {
            self.user(&acme, user, Access { console: true, programmatic: true }).await;
        }
        self.organization("group", "acme").await;
        self.organization("strange", "other").await;
        self.grant("manager", "group", Permission::Manage).await;
        self.grant("editor", "group", Permission::Edit).await;
        self.grant("reader", "group", Permission::Read).await;
    }

    pub async fn organization(&self, name: &str, account: &str) {
        let context = self.house.command_line();
        let organization: OrganizationName = name.parse().unwrap();
        let account = account.parse().unwrap();
        self.house
            .service
            .organizations()
            .create_for(&context, organization, &account)
            .await
            .unwrap();
    }

    /// A user of an account, who has signed in before and chosen [`PASSWORD`].
    pub async fn user(&self, account: &AccountName, name: &str, access: Access) {
        self.new_user(account, name, access).await;
        let (account, name) = (account.clone(), name.parse::<UserName>().unwrap());
        let now = self.house.ports.now();
        self.house
            .store
            .run::<_, StoreError, _>("test.user", Durability::Durable, move |tx| {
                let (account, name) = (account.clone(), name.clone());
                Box::pin(async move {
                    let account = resolve::account(tx, &account).await?.unwrap();
                    let user = resolve::user(tx, account.id, &name).await?.unwrap();
                    let key = allowed(Action::ResetPassword, user).key();
                    let hash = user::password_hash(tx, key).await?.unwrap();
                    user::set_password_hash(tx, key, &hash, false, now).await
                })
            })
            .await
            .unwrap();
    }

    /// The user `admin` of `acme`, who has SWR FullAccess and looks after users.
    pub async fn admin(&self) {
        let acme: AccountName = "acme".parse().unwrap();
        self.user(&acme, "admin", Access { console: true, programmatic: true }).await;
        let owner = self.owner_context().await;
        let name: UserName = "admin".parse().unwrap();
        for policy in ["SWR FullAccess", "Security Administrator"] {
            let policy = Attachment { policy: policy.to_owned(), region: None };
            self.house.service.users().set_attached(&owner, &name, policy, true).await.unwrap();
        }
    }

    /// A request of the owner of `acme`.
    pub async fn owner_context(&self) -> Context {
        self.context_of(None).await
    }

    /// A request of a user of `acme`; without a name, of its owner.
    pub async fn context_of(&self, user: Option<&str>) -> Context {
        let password = Secret::new(PASSWORD.to_owned());
        let context = self.house.command_line();
        let sessions = self.house.service.sessions();
        let actor = sessions.sign_in(&context, Some("acme"), user, &password).await.unwrap();
        Context { actor: Actor::User(actor), ..context }
    }

    /// A user who was just created with [`PASSWORD`].
    pub async fn new_user(&self, account: &AccountName, name: &str, access: Access) -> UserId {
        let context = self.house.command_line();
        let new = NewUser {
            name: name.parse().unwrap(),
            access,
            group: None,
            password: Some(Secret::new(PASSWORD.to_owned())),
        };
        self.house.service.accounts().create_user(&context, account, new).await.unwrap().user
    }

    /// Gives a user of `acme` a right on one of its organizations.
    pub async fn grant(&self, user: &str, organization: &str, permission: Permission) {
        let user: UserName = user.parse().unwrap();
        let organization: OrganizationName = organization.parse().unwrap();
        let now = self.house.ports.now();
        self.house
            .store
            .run::<_, StoreError, _>("test.grant", Durability::Durable, move |tx| {
                let (user, organization) = (user.clone(), organization.clone());
                Box::pin(async move {
                    let (target, _) =
                        resolve::organization(tx, &organization, None).await?.unwrap();
                    let key = allowed(Action::ReadOrganization, target).key();
                    let user = user::find_by_name(tx, &key, &user).await?.unwrap();
                    grant::set_on_organization(tx, key, user.id, permission, None, now).await
                })
            })
            .await
            .unwrap();
    }

    /// How often each statement was run so far.
    pub fn statements(&self) -> BTreeMap<String, u64> {
        self.plans.counts()
    }

    /// Takes note of what others changed since `cursor`, as a server does every quarter of a second; `None` begins. On
    /// PostgreSQL what is new is seen once every older transaction has ended, those of other tests among them.
    pub async fn look(&self, cursor: Option<i64>) -> i64 {
        let service = &self.house.service;
        loop {
            let next = service.follow_changes(cursor).await.unwrap();
            if cursor.is_none_or(|cursor| next > cursor) {
                return next;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Where its database and objects are.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn anonymous(&self) -> Client {
        Client::new(self.router.clone())
    }

    /// With Basic, as old clients send it.
    pub fn basic(&self, name: &str) -> Client {
        self.anonymous().basic(name, PASSWORD)
    }

    pub fn owner(&self) -> Client {
        self.basic("acme")
    }

    pub fn manager(&self) -> Client {
        self.basic("acme/manager")
    }

    pub fn editor(&self) -> Client {
        self.basic("acme/editor")
    }

    pub fn reader(&self) -> Client {
        self.basic("acme/reader")
    }

    /// Of another account.
    pub fn stranger(&self) -> Client {
        self.basic("other")
    }

    /// With a token of the token service, as docker does it.
    pub async fn token(&self, name: &str, scopes: &[&str]) -> Client {
        let mut path = "/token?service=roadstead".to_owned();
        for scope in scopes {
            path.push_str(&format!("&scope={scope}"));
        }
        let reply = self.basic(name).get(&path).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        self.anonymous().bearer(reply.json()["token"].as_str().unwrap())
    }

    /// Signed in to the console. `name` is `acme` or `acme/reader`.
    pub async fn signed_in(&self, name: &str) -> Client {
        let mut client = self.anonymous();
        let reply = client.sign_in(name, PASSWORD).await;
        assert_eq!(reply.status, 302, "{}", reply.text());
        client
    }
}

/// The account of a name, as the system may see it.
pub async fn account_of(tx: &mut Tx<'_>, name: &str) -> Result<Allowed<AccountId>, StoreError> {
    let target = resolve::account(tx, &name.parse().unwrap()).await?.unwrap();
    Ok(allowed(Action::ReadOverview, target).key())
}

/// The proof that the system has of everything.
pub fn allowed<T: Target>(action: Action, target: T) -> Allowed<T> {
    let (system, at) = (Actor::System(JobName("test")), Circumstances::at(Timestamp::EPOCH));
    decide(&system, action, target, &Grants::default(), &at).unwrap()
}

/// What the machine calls itself in tests.
pub fn machine() -> Own {
    Own {
        names: BTreeSet::from(["testbox".to_owned()]),
        addresses: BTreeSet::from(["192.0.2.7".parse().unwrap()]),
    }
}

/// A new database of a PostgreSQL cluster.
pub async fn database(url: &str) -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    let name = format!("t_{}", hex::encode(bytes));
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let statement = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    connection.execute(statement).await.unwrap();
    connection.close().await.unwrap();
    let mut url = url::Url::parse(url).unwrap();
    url.set_path(&name);
    url.to_string()
}

/// The folder of the checked-in files of these tests.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/server")
}
