//! For tests: time that stands still, randomness from a seed, and a service with people in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use roadstead::access::{Access as WaysIn, Actor, JobName, Permission, UserActor};
use roadstead::id::{OrganizationId, UserId};
use roadstead::{AccountName, ImageName, OrganizationName, Secret, Timestamp};
use roadstead_object::Objects;
use roadstead_store::organization::NewOrganization;
use roadstead_store::repository::NewRepository;
use roadstead_store::{
    Durability, Options, Place, Store, StoreError, account, grant, organization, repository, user,
};
use sha2::{Digest as _, Sha256};

use crate::account::NewUser;
use crate::context::{Address, Context};
use crate::password::Passwords;
use crate::port::{Clock, Ports, Random};
use crate::seal::{MasterKey, MasterKeys};
use crate::setting::{FixedSettings, SettingsCell};
use crate::{Parts, Service};

/// The password of everybody in a [`TestService`].
pub const PASSWORD: &str = "correct horse battery";

/// A clock that moves only when told. Begins on 2026-01-02T03:04:05Z.
#[derive(Debug)]
pub struct StandingClock {
    micros: AtomicI64,
}

impl Default for StandingClock {
    fn default() -> Self {
        Self { micros: AtomicI64::new(1_767_323_045_000_000) }
    }
}

impl StandingClock {
    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.micros.load(Ordering::SeqCst))
    }

    /// Moves on by `seconds`.
    pub fn advance(&self, seconds: i64) {
        self.micros.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Moves on by `micros` microseconds.
    pub fn advance_micros(&self, micros: i64) {
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// Bytes that follow from a seed.
#[derive(Debug)]
pub struct SeededRandom {
    state: Mutex<(u64, u64)>,
}

impl SeededRandom {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: Mutex::new((seed, 0)) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.state.lock();
        for chunk in bytes.chunks_mut(32) {
            state.1 += 1;
            let mut hasher = Sha256::new();
            hasher.update(state.0.to_be_bytes());
            hasher.update(state.1.to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(hasher.finalize()) {
                *to = from;
            }
        }
    }
}

/// A service on a SQLite file and objects in memory, with people in it:
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
pub struct TestService {
    /// The service.
    pub service: Service,
    /// Its store.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<StandingClock>,
    /// The account `harbor`.
    pub account: AccountName,
    /// The organization `team`.
    pub organization: OrganizationId,
    /// The image `team/app`.
    pub image: Place,
    /// Owner of the operator account.
    pub owner: Context,
    /// SWR FullAccess.
    pub administrator: Context,
    /// SWR OperateAccess.
    pub operator: Context,
    /// SWR ReadOnlyAccess.
    pub viewer: Context,
    /// Manage on `team`.
    pub manager: Context,
    /// Edit on `team`.
    pub editor: Context,
    /// Read on `team`.
    pub reader: Context,
    /// A user without any right.
    pub member: Context,
    /// Owner of another account.
    pub stranger: Context,
    /// Nobody in particular.
    pub anonymous: Context,
    /// The command line.
    pub system: Context,
    directory: tempfile::TempDir,
}

impl TestService {
    /// Built and prepared, with everybody in it.
    ///
    /// # Panics
    /// When anything fails; this is a test.
    #[allow(clippy::unwrap_used, clippy::expect_used)]
    pub async fn new() -> Self {
        Self::with(FixedSettings::default()).await
    }

    /// The same, with settings that file, environment or flags fix.
    ///
    /// # Panics
    /// When anything fails; this is a test.
    #[allow(clippy::unwrap_used, clippy::expect_used)]
    pub async fn with(fixed: FixedSettings) -> Self {
        let (service, clock, directory) = empty(fixed).await;
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
            directory: directory,
        }
    }

    /// A service without an account, its clock, and the directory that holds it.
    ///
    /// # Panics
    /// When anything fails; this is a test.
    pub async fn without_people() -> (Service, Arc<StandingClock>, tempfile::TempDir) {
        empty(FixedSettings::default()).await
    }

    /// The ports of the service.
    #[must_use]
    pub fn ports(&self) -> Ports {
        self.service.ports().clone()
    }

    /// A request of a user.
    #[must_use]
    pub fn as_user(&self, actor: UserActor) -> Context {
        context(&self.clock, Actor::User(actor))
    }

    /// Another private image in an organization of the account.
    ///
    /// # Panics
    /// When anything fails; this is a test.
    #[allow(clippy::unwrap_used, clippy::expect_used)]
    pub async fn add_image(&self, name: &str, is_public: bool) -> Place {
        let name: ImageName = name.parse().expect("a name");
        add_image(&self.store, &self.account, &name, is_public, self.clock.now())
            .await
            .expect("the image")
    }

    /// The database's address, for a second process that opens it too.
    #[must_use]
    pub fn url(&self) -> String {
        url(&self.directory)
    }

    /// Runs a closure that writes.
    ///
    /// # Panics
    /// When it fails; this is a test.
    #[allow(clippy::unwrap_used, clippy::expect_used)]
    pub async fn write<F>(&self, closure: F)
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
pub fn context(clock: &Arc<StandingClock>, actor: Actor) -> Context {
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

#[allow(clippy::unwrap_used, clippy::expect_used)]
async fn empty(fixed: FixedSettings) -> (Service, Arc<StandingClock>, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&url(&directory), Options::default()).await.expect("the database");
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
    (service, clock, directory)
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
                    let record = user::find(tx, id).await?.ok_or(StoreError::Aborted)?;
                    user::set_password_hash(tx, &record, &hash, Timestamp(0)).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .await;
    given.expect("the passwords");
}

fn url(directory: &tempfile::TempDir) -> String {
    format!("sqlite://{}", directory.path().join("test.db").display())
}

async fn fill(
    store: &Store,
    account: &AccountName,
    granted: [UserId; 3],
    now: Timestamp,
) -> Result<(OrganizationId, Place), StoreError> {
    let name: OrganizationName = "team".parse().map_err(|_| StoreError::Aborted)?;
    let account_name = account.clone();
    let organization = store
        .run("test.fill", Durability::Relaxed, move |tx| {
            let (account, name) = (account_name.clone(), name.clone());
            Box::pin(async move {
                let owner =
                    account::find_by_name(tx, &account).await?.ok_or(StoreError::Aborted)?;
                let organization = organization::create(
                    tx,
                    &NewOrganization {
                        account: owner.id,
                        name,
                        creator: None,
                        default_public: false,
                        created_at: now,
                    },
                )
                .await?;
                let levels = [Permission::Manage, Permission::Edit, Permission::Read];
                for (user, level) in granted.into_iter().zip(levels) {
                    let id = organization.id;
                    grant::set_on_organization(tx, owner.id, id, user, level, None, now).await?;
                }
                Ok::<_, StoreError>(organization.id)
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
                let owner =
                    account::find_by_name(tx, &account).await?.ok_or(StoreError::Aborted)?;
                let found = organization::find_by_name(tx, name.organization()).await?;
                let organization = match found {
                    Some(organization) => organization,
                    None => {
                        let new = NewOrganization {
                            account: owner.id,
                            name: name.organization().clone(),
                            creator: None,
                            default_public: false,
                            created_at: now,
                        };
                        organization::create(tx, &new).await?
                    }
                };
                let created = repository::create(
                    tx,
                    &NewRepository {
                        organization,
                        path: name,
                        is_public,
                        category: "other".to_owned(),
                        description: String::new(),
                        creator: None,
                        created_at: now,
                    },
                )
                .await?;
                let (record, _) = created.ok_or(StoreError::Aborted)?;
                Ok::<_, StoreError>(record.place())
            })
        })
        .await
}
