//! What may be done: every use case, and the one authorization point.
//!
//! [`Service`] is built once by boot from a store, an object store and the [ports](port). It hands out one small struct
//! per resource; a door parses, makes a [`Context`], calls **one** method, and renders the answer.
//!
//! # Invariants
//! - The first line of a method that acts for somebody names its `Action` and calls [`access::Access::authorize`].
//! - One transaction per method; bytes are moved outside of it.
//! - No clock, no randomness, no environment: they are [ports](port) or come from boot.
//!
//! To add a resource: a module with a struct of what it needs, a field in `Resources`, an accessor on [`Service`].

pub mod access;
pub mod account;
pub mod audit;
pub mod blob;
pub mod care;
pub mod catalog;
mod confirm;
pub mod context;
pub mod credential;
pub mod download;
mod error;
pub mod grant;
pub mod group;
pub mod image;
pub mod limit;
mod login;
pub mod manifest;
pub mod news;
pub mod organization;
pub mod overview;
pub mod package;
pub mod password;
pub mod policy;
pub mod port;
mod pull;
mod push;
pub mod referrer;
pub mod seal;
pub mod session;
pub mod setting;
pub mod setup;
pub mod share;
pub mod tag;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod token;
pub mod upload;
pub mod usage;
pub mod user;
mod watch;

use std::fmt;
use std::sync::Arc;

use roadstead::Result;
use roadstead_object::Objects;
use roadstead_store::Store;

pub use access::Access;
pub use account::Accounts;
pub use audit::AuditLog;
pub use blob::Blobs;
pub use catalog::Catalog;
pub use context::{Address, Context};
pub use credential::Credentials;
pub use download::Downloads;
pub use grant::Grants;
pub use group::Groups;
pub use image::Images;
pub use manifest::Manifests;
pub use news::Newsroom;
pub use organization::Organizations;
pub use overview::Overviews;
pub use package::Packages;
pub use policy::Policies;
pub use port::{Clock, Ports, Random};
pub use referrer::Referrers;
pub use seal::{MasterKey, MasterKeys, Sealer};
pub use session::Sessions;
pub use setting::{FixedSettings, InstanceSettings, SettingsCell};
pub use setup::Setup;
pub use share::Shares;
pub use tag::{TagNames, Tags};
pub use token::Tokens;
pub use upload::Uploads;
pub use user::Users;

use audit::Trail;
use login::Logins;
use password::Passwords;

/// What a [`Service`] is made of.
#[derive(Clone)]
pub struct Parts {
    /// Facts.
    pub store: Store,
    /// Bytes.
    pub objects: Objects,
    /// Time and randomness.
    pub ports: Ports,
    /// Settings in force.
    pub settings: SettingsCell,
    /// What seals secrets.
    pub master_keys: MasterKeys,
}

/// Every use case. Clones share everything.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Resources>,
}

struct Resources {
    parts: Parts,
    access: Access,
    sealer: Sealer,
    settings: Arc<InstanceSettings>,
    passwords: Arc<Passwords>,
    accounts: Arc<Accounts>,
    users: Users,
    groups: Groups,
    policies: Policies,
    sessions: Sessions,
    credentials: Arc<Credentials>,
    tokens: Tokens,
    setup: Setup,
    organizations: Organizations,
    images: Images,
    grants: Grants,
    shares: Shares,
    tags: Tags,
    overview: Overviews,
    audit_log: AuditLog,
    trail: Trail,
    news: Newsroom,
    usage: usage::Usage,
    uploads: Uploads,
    packages: Packages,
    blobs: Blobs,
    manifests: Manifests,
    downloads: Downloads,
    referrers: Referrers,
    catalog: Catalog,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service")
    }
}

impl Service {
    /// Puts the parts together. Nothing is read or written yet: call [`Service::prepare`] next.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { store, ports, settings: cell, .. } = parts.clone();
        let trail = Trail::new(store.clone(), cell.clone());
        let access = Access::new(store.clone(), cell.clone(), trail.clone(), ports.clone());
        let sealer = Sealer::new(parts.master_keys.clone(), store.clone(), ports.clone());
        let passwords = Arc::new(Passwords::new(ports.clone()));
        let logins = Logins::new(access.clone(), passwords.clone());
        let settings = Arc::new(InstanceSettings::new(parts.clone(), access.clone()));
        let accounts = Arc::new(Accounts::new(
            store.clone(),
            access.clone(),
            cell.clone(),
            ports.clone(),
            passwords.clone(),
        ));
        let credentials = Arc::new(Credentials::new(
            store.clone(),
            access.clone(),
            cell.clone(),
            ports.clone(),
            sealer.clone(),
            logins.clone(),
        ));
        let usage = usage::Usage::new(store.clone());
        let organizations = Organizations::new(
            store.clone(),
            access.clone(),
            cell.clone(),
            ports.clone(),
            trail.clone(),
        );
        let shares = Shares::new(store.clone(), access.clone(), ports.clone(), trail.clone());
        let uploads = Uploads::new(&parts, access.clone(), usage.clone());
        let manifests = Manifests::new(&parts, access.clone(), usage.clone(), trail.clone());
        let resources = Resources {
            packages: Packages::new(&parts, access.clone(), usage.clone(), uploads.clone()),
            uploads,
            blobs: Blobs::new(store.clone(), parts.objects.clone(), access.clone(), usage.clone()),
            downloads: Downloads::new(&parts, access.clone(), usage.clone(), manifests.clone()),
            manifests,
            referrers: Referrers::new(store.clone(), access.clone()),
            catalog: Catalog::new(store.clone(), access.clone()),
            usage,
            audit_log: AuditLog::new(store.clone(), access.clone(), cell.clone()),
            images: Images::new(
                store.clone(),
                access.clone(),
                cell.clone(),
                ports.clone(),
                trail.clone(),
            ),
            tags: Tags::new(
                store.clone(),
                parts.objects.clone(),
                access.clone(),
                ports.clone(),
                trail.clone(),
            ),
            grants: Grants::new(store.clone(), access.clone(), ports.clone(), trail.clone()),
            news: Newsroom::new(store.clone(), access.clone(), hex::encode(ports.bytes::<6>())),
            overview: Overviews::new(
                store.clone(),
                access.clone(),
                organizations.clone(),
                shares.clone(),
                ports.clone(),
                trail.clone(),
            ),
            organizations,
            shares,
            users: Users::new(
                store.clone(),
                access.clone(),
                ports.clone(),
                passwords.clone(),
                sealer.clone(),
            ),
            groups: Groups::new(store.clone(), access.clone(), ports.clone()),
            policies: Policies::new(store.clone(), access.clone(), ports.clone()),
            sessions: Sessions::new(store.clone(), access.clone(), cell, ports.clone(), logins),
            tokens: Tokens::new(
                store.clone(),
                access.clone(),
                ports.clone(),
                sealer.clone(),
                credentials.clone(),
            ),
            setup: Setup::new(store, access.clone(), ports, accounts.clone(), settings.clone()),
            trail,
            parts,
            access,
            sealer,
            settings,
            passwords,
            accounts,
            credentials,
        };
        Self { inner: Arc::new(resources) }
    }

    /// Called once after the migrations, before anything is served: checks the master key, puts saved settings in
    /// force, reads or makes the signing key.
    ///
    /// # Errors
    /// Invalid, with what to do, when the master key is not the one that sealed this database; those of the store.
    pub async fn prepare(&self) -> Result<()> {
        self.inner.sealer.prepare().await?;
        self.inner.settings.reload().await?;
        self.inner.tokens.prepare().await
    }

    /// The one authorization point.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.inner.access
    }

    /// Settings in force.
    #[must_use]
    pub fn settings_cell(&self) -> &SettingsCell {
        &self.inner.parts.settings
    }

    /// Time and randomness.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.inner.parts.ports
    }

    /// The store, for the doors' own rows (sessions) and for boot.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.parts.store
    }

    /// Bytes.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.inner.parts.objects
    }

    /// Seals secrets for their place.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.inner.sealer
    }

    /// The first account.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.inner.setup
    }

    /// Signing in, and one's own profile.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.inner.sessions
    }

    /// Login credentials.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.inner.credentials
    }

    /// Bearer tokens.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.inner.tokens
    }

    /// Accounts and users.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.inner.accounts
    }

    /// Users of an account.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.inner.users
    }

    /// Groups of users.
    #[must_use]
    pub fn groups(&self) -> &Groups {
        &self.inner.groups
    }

    /// Policies.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.inner.policies
    }

    /// Settings of the instance.
    #[must_use]
    pub fn settings(&self) -> &InstanceSettings {
        &self.inner.settings
    }

    /// Organizations.
    #[must_use]
    pub fn organizations(&self) -> &Organizations {
        &self.inner.organizations
    }

    /// Images.
    #[must_use]
    pub fn images(&self) -> &Images {
        &self.inner.images
    }

    /// Rights of users on organizations and images.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.inner.grants
    }

    /// Shares of images with other accounts.
    #[must_use]
    pub fn shares(&self) -> &Shares {
        &self.inner.shares
    }

    /// Tags and manifests.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        &self.inner.tags
    }

    /// Upload sessions.
    #[must_use]
    pub fn uploads(&self) -> &Uploads {
        &self.inner.uploads
    }

    /// Packages that are uploaded through the page.
    #[must_use]
    pub fn packages(&self) -> &Packages {
        &self.inner.packages
    }

    /// Blobs.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    /// Manifests.
    #[must_use]
    pub fn manifests(&self) -> &Manifests {
        &self.inner.manifests
    }

    /// Archives of images.
    #[must_use]
    pub fn downloads(&self) -> &Downloads {
        &self.inner.downloads
    }

    /// Referrers.
    #[must_use]
    pub fn referrers(&self) -> &Referrers {
        &self.inner.referrers
    }

    /// The registry's catalog.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    /// What is new for live pages.
    #[must_use]
    pub fn news(&self) -> &Newsroom {
        &self.inner.news
    }

    /// Writes what was only noted in memory, counters of pulls and traffic, the audit log's data events, and when
    /// credentials were last used: every few seconds, and when the process stops.
    ///
    /// # Errors
    /// Those of the store; what was not written is tried again the next time.
    pub async fn flush(&self) -> Result<()> {
        let counted = self.inner.usage.flush(self.ports().now()).await;
        let noted = self.inner.credentials.flush_uses().await;
        self.inner.trail.flush().await.and(counted).and(noted)
    }

    /// The audit log.
    #[must_use]
    pub fn audit_log(&self) -> &AuditLog {
        &self.inner.audit_log
    }

    /// How many passwords were hashed so far: what costs most of all, and must not tell what exists.
    #[must_use]
    pub fn password_hashes(&self) -> u64 {
        self.inner.passwords.computed()
    }

    /// The overview.
    #[must_use]
    pub fn overview(&self) -> &Overviews {
        &self.inner.overview
    }
}
