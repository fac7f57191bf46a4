//! A service with people in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use roadstead::access::{
    Access as WaysIn, AccountTarget, Action, Actor, Allowed, Circumstances, Grants, InstanceTarget,
    JobName, OrganizationKey, Permission, Target, UserActor, UserKey, UserTarget, decide,
};
use roadstead::id::{AccountId, UserId};
use roadstead::{AccountName, ImageName, OrganizationName, Secret, Timestamp};
use roadstead_object::Objects;
use roadstead_store::audit::{AuditRecord, AuditScope};
use roadstead_store::maintenance::Whole;
use roadstead_store::organization::NewOrganization;
use roadstead_store::repository::NewRepository;
use roadstead_store::{
    Durability, Place, Store, StoreError, audit, grant, organization, repository, resolve, user,
};
use sqlx::Connection as _;

use super::{Plans, SeededRandom, StandingClock};
use crate::account::NewUser;
use crate::context::{Address, Context};
use crate::password::Passwords;
use crate::port::Ports;
use crate::seal::{MasterKey, MasterKeys};
use crate::setting::{FixedSettings, SettingsCell};
use crate::{Parts, Service};

/// The password of everybody in a [`TestService`].
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A service on a SQLite file (or, with `ROADSTEAD_TEST_SERVICE_ON=postgres`, a schema of the tests' PostgreSQL) and
/// objects in memory, with people in it:
///
/// | who | what |
/// | --- | --- |
/// | `owner` | of the account `harbor`, the operator account |
/// | `administrator` | `harbor/root`, SWR FullAccess through the group `admin` |
/// | `operator` | `harbor/operate`, SWR OperateAccess |
/// | `viewer` | `harbor/view`, SWR ReadOnlyAccess |
/// | `manager`, `editor`, `reader` | `harbor/mia`, `harbor/eddy`, `harbor/rita`: that grant on the organization `team` |
/// | `member` | `harbor/nobody-yet`: a user without any right |
/// | `stranger` | owner of another account, `island` |
///
/// The organization `team` has the private image `team/app` and the public image `team/open`.
pub(crate) struct TestService {
    /// The service.
    pub(crate) service: Service,
    /// Its store.
    pub(crate) store: Store,
    /// Its clock.
    pub(crate) clock: Arc<StandingClock>,
    /// The account `harbor`.
    pub(crate) account: AccountName,
    /// The organization `team`.
    pub(crate) organization: Allowed<OrganizationKey>,
    /// The image `team/app`.
    pub(crate) image: Place,
    /// Owner of the operator account.
    pub(crate) owner: Context,
    /// SWR FullAccess.
    pub(crate) administrator: Context,
    /// SWR OperateAccess.
    pub(crate) operator: Context,
    /// SWR ReadOnlyAccess.
    pub(crate) viewer: Context,
    /// Manage on `team`.
    pub(crate) manager: Context,
    /// Edit on `team`.
    pub(crate) editor: Context,
    /// Read on `team`.
    pub(crate) reader: Context,
    /// A user without any right.
    pub(crate) member: Context,
    /// Owner of another account.
    pub(crate) stranger: Context,
    /// Nobody in particular.
    pub(crate) anonymous: Context,
    /// The command line.
    pub(crate) system: Context,
    home: Home,
}

impl TestService {
    /// Built and prepared, with everybody in it.
    pub(crate) async fn new() -> Self {
        Self::with(FixedSettings::default()).await
    }

    /// The same, with settings that file, environment or flags fix.
    pub(crate) async fn with(fixed: FixedSettings) -> Self {
        let (service, clock, home) = empty(fixed).await;
        let store = service.store().clone();
        let context = |actor| context(&clock, actor);
        let system = context(Actor::System(JobName("test")));
        let account: AccountName = "harbor".parse().expect("a name");
        let password = Secret::new(PASSWORD.to_owned());
        let owner =
            service.accounts().create(&system, &account, &password).await.expect("the account");
        let island = "island".parse().expect("a name");
        let stranger =
            service.accounts().create(&system, &island, &password).await.expect("the account");
        let mut users = Vec::new();
        for (name, group) in [
            ("root", Some("admin")),
            ("operate", Some("operators")),
            ("view", Some("readers")),
            ("mia", None),
            ("eddy", None),
            ("rita", None),
            ("nobody-yet", None),
        ] {
            let new = NewUser {
                name: name.parse().expect("a name"),
                access: WaysIn { console: true, programmatic: true },
                group: group.map(str::to_owned),
                password: None,
            };
            let created =
                service.accounts().create_user(&system, &account, new).await.expect("the user");
            users.push(created.user);
        }
        give_password(&service, &password, users.clone()).await;
        let [root, operate, view, mia, eddy, rita, nobody] =
            <[UserId; 7]>::try_from(users).expect("seven users");
        let (organization, image) =
            fill(&store, &account, [mia, eddy, rita], clock.now()).await.expect("content");
        let mut actors = Vec::new();
        for user in [owner.user, root, operate, view, mia, eddy, rita, nobody, stranger.user] {
            let actor = service.sessions().actor_of(user).await.expect("the store");
            actors.push(context(Actor::User(actor.expect("an active user"))));
        }
        let [owner, administrator, operator, viewer, manager, editor, reader, member, stranger] =
            <[Context; 9]>::try_from(actors).expect("nine people");
        Self {
            anonymous: context(Actor::Anonymous),
            service,
            store,
            clock: clock.clone(),
            account,
            organization,
            image,
            owner,
            administrator,
            operator,
            viewer,
            manager,
            editor,
            reader,
            member,
            stranger,
            system,
            home,
        }
    }

    /// A service without an account, its clock, and the directory that holds it.
    pub(crate) async fn without_people() -> (Service, Arc<StandingClock>, Home) {
        empty(FixedSettings::default()).await
    }

    /// The ports of the service.
    #[must_use]
    pub(crate) fn ports(&self) -> Ports {
        self.service.ports().clone()
    }

    /// A request of a user.
    #[must_use]
    pub(crate) fn as_user(&self, actor: UserActor) -> Context {
        context(&self.clock, Actor::User(actor))
    }

    /// Another private image in an organization of the account.
    pub(crate) async fn add_image(&self, name: &str, is_public: bool) -> Place {
        let name: ImageName = name.parse().expect("a name");
        add_image(&self.store, &self.account, &name, is_public, self.clock.now())
            .await
            .expect("the image")
    }

    /// The database's address, for a second process that opens it too.
    #[must_use]
    pub(crate) fn url(&self) -> String {
        self.home.url.clone()
    }

    /// The account `harbor`, as its owner was allowed to see it.
    #[must_use]
    pub(crate) fn account_key(&self) -> Allowed<AccountId> {
        let owner = self.owner.user().expect("the owner");
        let target = AccountTarget { id: owner.account, name: owner.account_name.clone() };
        allowed(Action::ReadOverview, target).key()
    }

    /// The proof that the system may do everything to the instance.
    #[must_use]
    pub(crate) fn whole() -> Whole {
        Whole::of(&allowed(Action::CreateAccount, InstanceTarget))
    }

    /// The proof that the system has of a user.
    #[must_use]
    pub(crate) fn key_of(ctx: &Context) -> Allowed<UserKey> {
        let user = ctx.user().expect("a user");
        key_in(user.account, user.user)
    }

    /// Disables a user, beside all services: as another process does it.
    pub(crate) async fn disable(&self, ctx: &Context) {
        let key = Self::key_of(ctx);
        self.write(move |tx| {
            Box::pin(async move {
                let state = roadstead_store::account::State::Disabled;
                user::set_state(tx, key, state, Timestamp(0)).await
            })
        })
        .await;
    }

    /// The last events of the account `harbor`, the newest first.
    pub(crate) async fn events(&self) -> Vec<AuditRecord> {
        let scope = AuditScope::Account(self.account_key());
        let read = self.store.peek("test.events", move |tx| Box::pin(audit::recent(tx, scope, 50)));
        read.await.expect("the events")
    }

    /// Runs a closure that writes.
    pub(crate) async fn write<F>(&self, closure: F)
    where
        F: for<'t> Fn(
                &'t mut roadstead_store::Tx<'_>,
            ) -> futures::future::BoxFuture<'t, Result<(), StoreError>>
            + Send
            + Sync
            + 'static,
    {
        self.store.run("test", Durability::Relaxed, closure).await.expect("the write");
    }
}

/// A request of somebody, on `http://registry.test:5000` from 192.0.2.1.
#[must_use]
pub(crate) fn context(clock: &Arc<StandingClock>, actor: Actor) -> Context {
    Context {
        actor,
        request_id: "test-request".to_owned(),
        client: Some([192, 0, 2, 1].into()),
        address: Address { host: "registry.test:5000".to_owned(), is_https: false },
        clock: clock.clone(),
        scopes: None,
        session: None,
    }
}

async fn empty(fixed: FixedSettings) -> (Service, Arc<StandingClock>, Home) {
    let home = Home::new().await;
    let store = Store::open(&home.url, home.plans.options()).await.expect("the database");
    store.migrate().await.expect("the schema");
    let clock = Arc::new(StandingClock::default());
    let service = Service::new(Parts {
        store,
        objects: Objects::in_memory(),
        ports: Ports { clock: clock.clone(), random: Arc::new(SeededRandom::new(1)) },
        settings: SettingsCell::new(fixed),
        master_keys: MasterKeys { current: MasterKey::new(Secret::new([42; 32])), retiring: None },
    });
    service.prepare().await.expect("the service");
    (service, clock, home)
}

/// Hashes once for everybody: hashing is slow on purpose.
#[allow(clippy::expect_used)]
async fn give_password(service: &Service, password: &Secret, users: Vec<UserId>) {
    let hash = Passwords::new(service.ports().clone()).hash(password).await.expect("a hash");
    let given = service
        .store()
        .run("test.give_password", Durability::Relaxed, move |tx| {
            let (users, hash) = (users.clone(), hash.clone());
            Box::pin(async move {
                for id in users {
                    user::set_password_hash(tx, key(id), &hash, false, Timestamp(0)).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .await;
    given.expect("the passwords");
}

/// Where the database of one test is, for as long as the test runs; at its end the plans of the statements are looked at.
pub(crate) struct Home {
    plans: Plans,
    url: String,
    _directory: Option<tempfile::TempDir>,
}

impl Home {
    async fn new() -> Self {
        if variable("ROADSTEAD_TEST_SERVICE_ON").as_deref() == Some("postgres") {
            let base = variable("ROADSTEAD_TEST_POSTGRES_URL").expect("a PostgreSQL to test on");
            let url = schema(&base).await;
            return Self { plans: Plans::new(&url), url, _directory: None };
        }
        let directory = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        Self { plans: Plans::new(&url), url, _directory: Some(directory) }
    }
}

/// Which database to test on is said by whoever runs the tests.
#[allow(clippy::disallowed_methods)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A new schema of a PostgreSQL database; connections that use this address see nothing else.
async fn schema(base: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let schema = format!("service_{}_{number}", std::process::id());
    let mut connection = sqlx::PgConnection::connect(base).await.expect("a connection");
    for text in
        [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")]
    {
        let statement = sqlx::AssertSqlSafe(text);
        sqlx::raw_sql(statement).execute(&mut connection).await.expect("a schema");
    }
    connection.close().await.expect("the connection");
    let separator = if base.contains('?') { '&' } else { '?' };
    format!("{base}{separator}options=-c%20search_path%3D{schema}")
}

/// The proof that the system has of everything.
fn allowed<T: Target>(action: Action, target: T) -> Allowed<T> {
    let (system, at) = (Actor::System(JobName("test")), Circumstances::at(Timestamp(0)));
    decide(&system, action, target, &Grants::default(), &at).expect("the system may")
}

/// The proof that the system has of a user of the account `harbor`.
fn key(id: UserId) -> Allowed<UserKey> {
    key_in(AccountId(1), id)
}

fn key_in(account: AccountId, id: UserId) -> Allowed<UserKey> {
    let name = "any".parse().expect("a name");
    allowed(Action::UpdateUser, UserTarget { id, account, name, is_owner: false }).key()
}

async fn fill(
    store: &Store,
    account: &AccountName,
    granted: [UserId; 3],
    now: Timestamp,
) -> Result<(Allowed<OrganizationKey>, Place), StoreError> {
    let name: OrganizationName = "team".parse().map_err(|_| StoreError::Aborted)?;
    let account_name = account.clone();
    let organization = store
        .run("test.fill", Durability::Relaxed, move |tx| {
            let (account, name) = (account_name.clone(), name.clone());
            Box::pin(async move {
                let owner = resolve::account(tx, &account).await?.ok_or(StoreError::Aborted)?;
                organization::create(
                    tx,
                    &NewOrganization {
                        account: allowed(Action::CreateOrganization, owner).key(),
                        name: name.clone(),
                        creator: None,
                        default_public: false,
                        created_at: now,
                    },
                )
                .await?;
                let (made, _) =
                    resolve::organization(tx, &name, None).await?.ok_or(StoreError::Aborted)?;
                let key = allowed(Action::DeleteOrganization, made).key();
                let levels = [Permission::Manage, Permission::Edit, Permission::Read];
                for (user, level) in granted.into_iter().zip(levels) {
                    grant::set_on_organization(tx, key, user, level, None, now).await?;
                }
                Ok::<_, StoreError>(key)
            })
        })
        .await?;
    let image: ImageName = "team/app".parse().map_err(|_| StoreError::Aborted)?;
    let open: ImageName = "team/open".parse().map_err(|_| StoreError::Aborted)?;
    let place = add_image(store, account, &image, false, now).await?;
    add_image(store, account, &open, true, now).await?;
    Ok((organization, place))
}

async fn add_image(
    store: &Store,
    account: &AccountName,
    name: &ImageName,
    is_public: bool,
    now: Timestamp,
) -> Result<Place, StoreError> {
    let (account, name) = (account.clone(), name.clone());
    store
        .run("test.add_image", Durability::Relaxed, move |tx| {
            let (account, name) = (account.clone(), name.clone());
            Box::pin(async move {
                let owner = resolve::account(tx, &account).await?.ok_or(StoreError::Aborted)?;
                if resolve::organization(tx, name.organization(), None).await?.is_none() {
                    let new = NewOrganization {
                        account: allowed(Action::CreateOrganization, owner).key(),
                        name: name.organization().clone(),
                        creator: None,
                        default_public: false,
                        created_at: now,
                    };
                    organization::create(tx, &new).await?;
                }
                let parent = resolve::organization(tx, name.organization(), None).await?;
                let image = parent.ok_or(StoreError::Aborted)?.0.new_image(&name);
                let created = repository::create(
                    tx,
                    &NewRepository {
                        organization: allowed(Action::CreateImage, image),
                        is_public,
                        category: "other".to_owned(),
                        description: String::new(),
                        creator: None,
                        created_at: now,
                    },
                )
                .await?;
                Ok::<_, StoreError>(created.ok_or(StoreError::Aborted)?.place)
            })
        })
        .await
}
