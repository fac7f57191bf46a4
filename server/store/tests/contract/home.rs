//! A store with some people in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::BoxFuture;
use roadstead::access::{
    AccountTarget, Action, Actor, Allowed, Circumstances, CredentialHolder, Grants, GroupKey,
    GroupTarget, JobName, OrganizationKey, OrganizationTarget, Policies, PolicyKey, PolicyTarget,
    RepositoryTarget, Target, UserActor, UserKey, UserTarget, Visibility, decide, visibility,
};
use roadstead::id::{AccountId, OrganizationId, PublicId};
use roadstead::{Algorithm, Digest, Timestamp};
use roadstead_store::account::{self, AccountKind, AccountRecord, NewAccount};
use roadstead_store::blob::{self, LinkedBlob, NewBlob};
use roadstead_store::group::GroupRecord;
use roadstead_store::organization::{self, NewOrganization, OrganizationRecord};
use roadstead_store::policy::PolicyRecord;
use roadstead_store::repository::{self, NewRepository, RepositoryRecord};
use roadstead_store::user::{self, NewUser, UserRecord};
use roadstead_store::{
    Durability, LARGE_TABLES, Options, Place, Recorder, Store, StoreError, Tx, full_scans,
};
use sqlx::Connection as _;

/// 2026-01-01 and a number of seconds.
pub(crate) const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_767_225_600 + seconds)
}

pub(crate) struct Home {
    pub(crate) store: Store,
    pub(crate) url: String,
    _directory: Option<tempfile::TempDir>,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

pub(crate) fn next() -> u32 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn public_id() -> PublicId {
    let mut bytes = [0_u8; 16];
    bytes[..4].copy_from_slice(&next().to_be_bytes());
    PublicId::from_random(bytes)
}

pub(crate) fn digest(text: &str) -> Digest {
    Digest::of(Algorithm::Sha256, text.as_bytes())
}

impl Home {
    async fn open(url: String, directory: Option<tempfile::TempDir>) -> Self {
        let options = Options {
            recorder: Some(Arc::new(Recorder::default())),
            connections: 4,
            ..Options::default()
        };
        let store = Store::open(&url, options).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, url, _directory: directory }
    }

    pub(crate) async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        Self::open(url, Some(directory)).await
    }

    /// `None` without a PostgreSQL to test on.
    pub(crate) async fn postgres() -> Option<Self> {
        let base =
            std::env::var("ROADSTEAD_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())?;
        let schema = format!("contract_{}_{}", std::process::id(), next());
        let mut connection = sqlx::PgConnection::connect(&base).await.unwrap();
        for text in
            [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")]
        {
            sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        let separator = if base.contains('?') { '&' } else { '?' };
        Some(
            Self::open(format!("{base}{separator}options=-c%20search_path%3D{schema}"), None).await,
        )
    }

    /// Runs a test, and looks at the plans of what it ran.
    pub(crate) async fn hold(self, test: impl AsyncFnOnce(&Self)) {
        test(&self).await;
        let scans = full_scans(&self.store, &LARGE_TABLES).await.unwrap();
        assert!(scans.is_empty(), "statements that read a whole table:\n{}", scans.join("\n"));
        self.store.close().await;
        if let Some((base, schema)) = self.url.split_once("options=-c%20search_path%3D") {
            let mut connection =
                sqlx::PgConnection::connect(base.trim_end_matches(['?', '&'])).await.unwrap();
            let text = format!("DROP SCHEMA {schema} CASCADE");
            sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
        }
    }

    /// Tells PostgreSQL what its large tables hold, as it finds out by itself after a while.
    pub(crate) async fn analyze(&self) {
        if self.url.starts_with("postgres") {
            let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }

    /// A durable transaction of a test.
    pub(crate) async fn run<T, F>(&self, closure: F) -> T
    where
        F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, StoreError>>
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        self.try_run(closure).await.unwrap()
    }

    pub(crate) async fn try_run<T, F>(&self, closure: F) -> Result<T, StoreError>
    where
        F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, StoreError>>
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        self.store.run("test", Durability::Durable, closure).await
    }

    pub(crate) async fn read<T, F>(&self, closure: F) -> T
    where
        F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, StoreError>>,
    {
        self.store.read("test", closure).await.unwrap()
    }

    pub(crate) async fn account(&self, name: &str) -> AccountRecord {
        let new = NewAccount {
            public_id: public_id(),
            name: name.parse().unwrap(),
            kind: AccountKind::Tenant,
            created_at: at(0),
        };
        self.run(move |tx| {
            let new = new.clone();
            Box::pin(async move { account::create(tx, whole(), &new).await })
        })
        .await
    }

    pub(crate) async fn user(&self, account: &AccountRecord, name: &str) -> UserRecord {
        let new = new_user(account, name);
        self.run(move |tx| {
            let new = new.clone();
            Box::pin(async move { user::create(tx, &new).await })
        })
        .await
    }

    pub(crate) async fn organization(
        &self,
        account: &AccountRecord,
        name: &str,
    ) -> OrganizationRecord {
        let new = new_organization(account, name);
        self.run(move |tx| {
            let new = new.clone();
            Box::pin(async move { organization::create(tx, &new).await })
        })
        .await
    }

    pub(crate) async fn repository(
        &self,
        organization: &OrganizationRecord,
        name: &str,
    ) -> RepositoryRecord {
        let new = new_repository(organization, name);
        self.run(move |tx| {
            let new = new.clone();
            Box::pin(async move { Ok(repository::create(tx, &new).await?.unwrap().record) })
        })
        .await
    }

    /// A repository `group/web` of the account `alice`.
    pub(crate) async fn web(&self) -> RepositoryRecord {
        let account = self.account("alice").await;
        let organization = self.organization(&account, "group").await;
        self.repository(&organization, "web").await
    }

    /// Pushes a blob of `size` bytes into a repository.
    pub(crate) async fn blob(&self, place: Place, name: &str, size: u64) -> LinkedBlob {
        let new = new_blob(name, size);
        self.run(move |tx| {
            let new = new.clone();
            Box::pin(async move {
                let blob = blob::insert(tx, &new).await?;
                blob::link(tx, &place, &blob, new.created_at).await?;
                Ok(blob)
            })
        })
        .await
    }

    pub(crate) async fn repository_now(&self, place: Place) -> RepositoryRecord {
        self.read(move |tx| Box::pin(async move { repository::find(tx, &place).await }))
            .await
            .unwrap()
    }

    pub(crate) async fn account_now(&self, id: AccountId) -> AccountRecord {
        let key = id.allowed();
        self.read(move |tx| Box::pin(async move { account::find(tx, key).await })).await.unwrap()
    }

    pub(crate) async fn organization_now(&self, id: OrganizationId) -> OrganizationRecord {
        let target = OrganizationTarget {
            id,
            account: AccountId(0),
            name: "any".parse().unwrap(),
            new_image: None,
        };
        let key = allowed(Action::ReadOrganization, target).key();
        self.read(move |tx| Box::pin(async move { organization::find(tx, key).await }))
            .await
            .unwrap()
    }
}

/// The proof that the system has of everything.
fn allowed<T: Target>(action: Action, target: T) -> Allowed<T> {
    let system = Actor::System(JobName("test"));
    decide(&system, action, target, &Grants::default(), &Circumstances::at(at(0))).unwrap()
}

/// The proof of who may manage the whole instance.
pub(crate) fn whole() -> roadstead_store::maintenance::Whole {
    let target = roadstead::access::InstanceTarget;
    roadstead_store::maintenance::Whole::of(&allowed(Action::ManageSettings, target))
}

/// The proof for a row that was read before.
pub(crate) trait Proof {
    type Of;
    fn allowed(&self) -> Self::Of;
}

impl Proof for AccountRecord {
    type Of = Allowed<AccountId>;
    fn allowed(&self) -> Self::Of {
        self.id.allowed()
    }
}

impl Proof for AccountId {
    type Of = Allowed<AccountId>;
    fn allowed(&self) -> Self::Of {
        let target = AccountTarget { id: *self, name: "any".parse().unwrap() };
        allowed(Action::CreateOrganization, target).key()
    }
}

impl Proof for UserRecord {
    type Of = Allowed<CredentialHolder>;
    fn allowed(&self) -> Self::Of {
        let (user, account) = (self.id, self.account_id);
        let holder =
            CredentialHolder { user, account, name: self.name.clone(), is_owner: self.is_owner };
        allowed(Action::WriteCredentials, holder)
    }
}

/// The proof of a user that was read before.
pub(crate) trait Keyed {
    fn key(&self) -> Allowed<UserKey>;
}

impl Keyed for UserRecord {
    fn key(&self) -> Allowed<UserKey> {
        let (id, account, name) = (self.id, self.account_id, self.name.clone());
        allowed(Action::UpdateUser, UserTarget { id, account, name, is_owner: false }).key()
    }
}

impl Proof for GroupRecord {
    type Of = Allowed<GroupKey>;
    fn allowed(&self) -> Self::Of {
        let (id, account, name) = (self.id, self.account_id, self.name.clone());
        allowed(Action::UpdateGroup, GroupTarget { id, account, name }).key()
    }
}

impl Proof for PolicyRecord {
    type Of = Allowed<PolicyKey>;
    fn allowed(&self) -> Self::Of {
        let (id, account, name) = (self.id, self.account_id, self.name.clone());
        allowed(Action::UpdatePolicy, PolicyTarget { id, account, name }).key()
    }
}

impl Proof for OrganizationRecord {
    type Of = Allowed<OrganizationKey>;
    fn allowed(&self) -> Self::Of {
        let (id, account, name) = (self.id, self.account_id, self.name.clone());
        let target = OrganizationTarget { id, account, name, new_image: None };
        allowed(Action::DeleteOrganization, target).key()
    }
}

/// Where a repository that was read before is.
pub(crate) trait Placed {
    fn place(&self) -> Place;
}

impl Placed for RepositoryRecord {
    fn place(&self) -> Place {
        let target = RepositoryTarget {
            id: self.id,
            organization: self.organization_id,
            account: self.account_id,
            name: self.path.clone(),
            is_public: self.is_public,
        };
        Place::of(&allowed(Action::DeleteImage, target))
    }
}

/// What the owner of an account sees of it.
pub(crate) fn everything(account: &AccountRecord) -> Visibility {
    visibility(&actor(account, None), &Policies::default(), &Circumstances::at(at(0)))
}

/// What a user sees by grants alone.
pub(crate) fn granted(account: &AccountRecord, user: &UserRecord) -> Visibility {
    visibility(&actor(account, Some(user)), &Policies::default(), &Circumstances::at(at(0)))
}

fn actor(account: &AccountRecord, user: Option<&UserRecord>) -> UserActor {
    UserActor {
        account: account.id,
        account_name: account.name.clone(),
        user: user.map_or(roadstead::id::UserId(0), |user| user.id),
        user_name: user.map_or("owner".parse().unwrap(), |user| user.name.clone()),
        is_owner: user.is_none(),
        is_operator: false,
        credential: None,
        expires_at: None,
    }
}

pub(crate) fn new_user(account: &AccountRecord, name: &str) -> NewUser {
    NewUser {
        public_id: public_id(),
        account: account.allowed(),
        name: name.parse().unwrap(),
        display_name: String::new(),
        email: String::new(),
        description: String::new(),
        is_owner: false,
        console_access: true,
        programmatic_access: true,
        password_hash: None,
        must_change_password: false,
        created_by: None,
        created_at: at(0),
    }
}

pub(crate) fn new_organization(account: &AccountRecord, name: &str) -> NewOrganization {
    NewOrganization {
        account: account.allowed(),
        name: name.parse().unwrap(),
        creator: None,
        default_public: false,
        created_at: at(0),
    }
}

pub(crate) fn new_repository(organization: &OrganizationRecord, name: &str) -> NewRepository {
    NewRepository {
        organization: allowed(
            Action::CreateImage,
            OrganizationTarget {
                id: organization.id,
                account: organization.account_id,
                name: organization.name.clone(),
                new_image: Some(format!("{}/{name}", organization.name).parse().unwrap()),
            },
        ),
        is_public: false,
        category: "other".into(),
        description: String::new(),
        creator: None,
        created_at: at(0),
    }
}

/// Each call is another object of the same blob.
pub(crate) fn new_blob(name: &str, size: u64) -> NewBlob {
    NewBlob {
        digest: digest(name),
        size,
        object_key: format!("objects/{name}-{}", next()),
        backend: "local".into(),
        encryption_key_id: None,
        created_at: at(0),
    }
}

/// Makes of each function a test on SQLite and one on PostgreSQL.
macro_rules! both {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                crate::home::Home::sqlite().await.hold(async |home| super::$name(home).await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(home) = crate::home::Home::postgres().await {
                    home.hold(async |home| super::$name(home).await).await;
                }
            })*
        }
    };
}

pub(crate) use both;

/// A transaction whose body names what it uses: `tx!(home.run, [a, b] |tx| { … })` clones `a` and `b` for every attempt.
macro_rules! tx {
    ($home:ident.$method:ident, [$($used:ident),*] |$tx:ident| $body:expr) => {{
        $(let $used = $used.clone();)*
        $home.$method(move |$tx| {
            $(let $used = $used.clone();)*
            Box::pin(async move { $body })
        }).await
    }};
}

pub(crate) use tx;
