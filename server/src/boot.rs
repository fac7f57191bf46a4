//! The one place that wires everything: configuration in, a running server (or an open house for the command line) out.
//!
//! Order of a start: data directory, master key, storage, database and its migrations (under a lock), settings, the first
//! account, the listener, background work. Order of a stop: no new connections, running requests, background work, usage
//! counters, the database.

mod restore;

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use axum::Router;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use roadstead::access::JobName;
use roadstead::{HostPort, Secret};
use roadstead_object::Objects;
use roadstead_service::seal::{MasterKey, MasterKeys};
use roadstead_service::{Context, Parts, Ports, Random, Service, SettingsCell};
use roadstead_store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::config::server::Tls;
use crate::http::forwarded::Proxies;
use crate::http::host::{Hosts, Own};
use crate::http::listen::{self, Serving};
use crate::http::{Doors, Outside, asset, router};
use crate::job;
use crate::metrics::Metrics;
use crate::port::{SystemClock, SystemRandom, stopwatch};
use crate::tls::self_signed::{self, Names};
use crate::tls::{Certificate, Files};

/// The name under which the command line acts, in the audit log.
pub const COMMAND_LINE: JobName = JobName("command-line");

/// Everything that is open: what a server and the command line share.
#[derive(Clone)]
pub struct House {
    /// Facts.
    pub store: Store,
    /// Bytes.
    pub objects: Objects,
    /// Use cases.
    pub service: Service,
    /// Time and randomness.
    pub ports: Ports,
    /// Numbers for Prometheus.
    pub metrics: Metrics,
}

impl std::fmt::Debug for House {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("House")
    }
}

/// What a house stands on: opened, but neither brought up to date nor read.
struct Site {
    store: Store,
    objects: Objects,
    keys: MasterKeys,
    ports: Ports,
}

impl Site {
    async fn open(config: &Config) -> Result<Self> {
        let ports = Ports { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom) };
        let storage = &config.storage;
        let keys = master_keys(&storage.master_key_file, &*ports.random)?;
        let options: Vec<(String, String)> = storage
            .vendor_options
            .iter()
            .map(|(name, value)| (name.clone(), value.reveal().clone()))
            .collect();
        let objects = Objects::open(&storage.storage_url, &options)
            .await
            .context("cannot open the storage")?
            .timed(stopwatch);
        let options = roadstead_store::Options { stopwatch, ..Default::default() };
        let store = Store::open(storage.database_url.reveal(), options)
            .await
            .context("cannot open the database")?;
        Ok(Self { store, objects, keys, ports })
    }
}

impl House {
    /// Opens database and storage, and brings the schema up to date.
    ///
    /// # Errors
    /// With a sentence for the person who starts the program.
    pub async fn open(config: &Config) -> Result<Self> {
        let storage = &config.storage;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&storage.data_dir).with_context(|| {
            format!("cannot make the data directory {}; set ROADSTEAD_DATA_DIR to one you may write", storage.data_dir.display())
        })?;
        let Site { store, objects, keys, ports } = Site::open(config).await?;
        store.migrate().await.context("cannot bring the database up to date")?;
        Self::furnish(config, store, objects, keys, ports).await
    }

    /// Puts open parts together; tests bring their own.
    ///
    /// # Errors
    /// When the settings cannot be read or the master key is not the database's.
    pub async fn furnish(
        config: &Config,
        store: Store,
        objects: Objects,
        keys: MasterKeys,
        ports: Ports,
    ) -> Result<Self> {
        let service = Service::new(Parts {
            store: store.clone(),
            objects: objects.clone(),
            ports: ports.clone(),
            settings: SettingsCell::new(config.settings.clone()),
            master_keys: keys,
        });
        service.prepare().await.map_err(explained)?;
        let metrics = Metrics::new(store.clone(), objects.clone());
        Ok(Self { store, objects, service, ports, metrics })
    }

    /// Who acts on the command line.
    #[must_use]
    pub fn command_line(&self) -> Context {
        let id = hex::encode(self.ports.bytes::<16>());
        Context::system(COMMAND_LINE, id, Arc::clone(&self.ports.clock))
    }

    /// The whole server, for a listener at `address`. `own` tells the machine's names.
    pub fn router(&self, config: &Config, address: SocketAddr, own: fn() -> Own) -> Router {
        router::router(self.doors(config, address, own))
    }

    fn doors(&self, config: &Config, address: SocketAddr, own: fn() -> Own) -> Doors {
        // Pages resolve their data on tokio; a second start of the executor (in tests) changes nothing.
        let _ = any_spawner::Executor::init_tokio();
        let server = &config.server;
        let hosts = Hosts::new(
            address,
            server.tls != Tls::Off,
            server.extra_hosts.clone(),
            own,
            Arc::clone(&self.ports.clock),
        );
        let outside = Outside {
            hosts,
            proxies: Proxies::new(&server.trusted_proxies),
            idle: server.limits.idle_timeout,
            metrics: self.metrics.clone(),
            shows_metrics: server.metrics_listen.is_none(),
        };
        Doors::new(self.service.clone(), self.store.clone(), self.objects.clone(), outside)
    }

    /// Writes what is only counted so far, and closes the database.
    pub async fn close(self) {
        if let Err(error) = self.service.flush().await {
            tracing::error!(%error, "usage counters could not be written");
        }
        let Self { store, service, objects, metrics, .. } = self;
        drop((service, objects, metrics));
        store.close().await;
    }
}

/// Runs the server until `stop` completes.
///
/// # Errors
/// When it cannot start; the sentence says why and what to do.
pub async fn serve(config: &Config, stop: impl Future<Output = ()>) -> Result<()> {
    let house = House::open(config).await?;
    let is_new = first_account(config, &house).await?;
    let mut limits = config.server.limits;
    limits.max_connections = limits.max_connections.min(most_connections());
    let certificate = certificate(config, &house)?;
    let listener = listen_on(config.server.listen, "ROADSTEAD_LISTEN").await?;
    let address = listener.local_addr()?;
    let doors = house.doors(config, address, Own::find);
    let for_machines = match config.server.metrics_listen {
        Some(wanted) => Some(listen_on(wanted, "ROADSTEAD_METRICS_LISTEN").await?),
        None => None,
    };
    let serving = Serving {
        router: router::router(doors.clone()),
        tls: certificate.as_ref().map(Certificate::acceptor).transpose()?,
        limits,
        metrics: house.metrics.clone(),
    };
    let stopped = CancellationToken::new();
    let beside = TaskTracker::new();
    follow_hangups(certificate.clone(), &beside, &stopped)?;
    let jobs = job::start(&house);
    let greeting = Greeting { address, certificate };
    greeting.say(config, for_machines.as_ref())?;
    if let Some(listener) = for_machines {
        let router = router::for_machines(doors);
        let serving = Serving { router, tls: None, ..serving.clone() };
        beside.spawn(listen::serve(listener, serving, stopped.clone().cancelled_owned()));
    }
    if is_new {
        // Too many wrong tries make a new code; it is printed in the same way.
        house.service.setup().on_new_code(move |code| greeting.invite(code));
        house.service.setup().new_code();
    }

    // Live pages follow for as long as they are open: they end first, or they would hold up the stop.
    let stop = async {
        stop.await;
        house.service.news().close();
    };
    let ended = listen::serve(listener, serving, stop).await;
    tracing::info!(ended, "stopped listening");
    stopped.cancel();
    beside.close();
    beside.wait().await;
    jobs.stop().await;
    house.close().await;
    if !ended {
        tracing::warn!("some transfers did not end in time and were cut");
    }
    Ok(())
}

async fn listen_on(wanted: SocketAddr, setting: &str) -> Result<TcpListener> {
    TcpListener::bind(wanted)
        .await
        .with_context(|| format!("cannot listen on {wanted}; set {setting} to a free address"))
}

/// The certificate that the configuration asks for.
fn certificate(config: &Config, house: &House) -> Result<Option<Arc<Certificate>>> {
    let files = match &config.server.tls {
        Tls::Off => return Ok(None),
        Tls::Files { certificate, key } => {
            Files { certificate: certificate.clone(), key: key.clone() }
        }
        Tls::SelfSigned => {
            let settings = house.service.settings_cell().current();
            let external = settings.external_url.value.split_once("://").map(|(_, host)| host);
            let internal = settings.internal_address.value.as_ref().map(HostPort::as_str);
            let hosts = config.server.extra_hosts.iter().map(String::as_str);
            let hosts = hosts.chain(external).chain(internal);
            let names = Names::new(hosts, &Own::find());
            let folder = config.storage.data_dir.join("tls");
            self_signed::keep(&folder, &names, house.ports.now())?
        }
    };
    Certificate::load(files).context("cannot serve HTTPS").map(Some)
}

/// Has the certificate read again when its files change, or when the process is sent `SIGHUP`; without a certificate that
/// signal does nothing, where otherwise it would end the process.
fn follow_hangups(
    certificate: Option<Arc<Certificate>>,
    beside: &TaskTracker,
    stopped: &CancellationToken,
) -> Result<()> {
    let asked = Arc::new(Notify::new());
    let mut hangup = signal(SignalKind::hangup())?;
    let (tell, stop) = (Arc::clone(&asked), stopped.clone());
    beside.spawn(async move {
        loop {
            tokio::select! {
                _ = hangup.recv() => tell.notify_one(),
                () = stop.cancelled() => return,
            }
        }
    });
    if let Some(certificate) = certificate {
        beside.spawn(certificate.follow(asked, stopped.clone()));
    }
    Ok(())
}

/// How many connections there are files for, after asking the system for as many as it may give. Some files are left for
/// the database, for objects, and for connections of our own.
fn most_connections() -> usize {
    const LEFT: u64 = 256;
    let limit = Resource::RLIMIT_NOFILE;
    let Ok((soft, hard)) = getrlimit(limit) else { return usize::MAX };
    let granted = if setrlimit(limit, hard, hard).is_ok() { hard } else { soft };
    // A blob that is read or written holds a file beside its connection.
    usize::try_from(granted.saturating_sub(LEFT).max(LEFT) / 2).unwrap_or(usize::MAX)
}

/// Makes the first account if it is configured. Whether there is still none, and the set-up page must make it.
async fn first_account(config: &Config, house: &House) -> Result<bool> {
    if !house.service.setup().is_needed().await.map_err(explained)? {
        return Ok(false);
    }
    let Some((name, password)) = &config.setup.account else {
        return Ok(true);
    };
    let context = house.command_line();
    let made = house.service.accounts().create(&context, name, password).await;
    made.map_err(explained)
        .with_context(|| format!("cannot make the account {name} of ROADSTEAD_SETUP_ACCOUNT"))?;
    tracing::info!(account = %name, "made the first account");
    Ok(false)
}

/// An error of the domain as a person reads it, with its cause.
pub(crate) fn explained(error: roadstead::Error) -> anyhow::Error {
    anyhow::Error::new(error)
}

/// What people and scripts read on standard output.
#[derive(Clone)]
struct Greeting {
    address: SocketAddr,
    certificate: Option<Arc<Certificate>>,
}

impl Greeting {
    fn origin(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", reachable(self.address))
    }

    /// The line that people read and scripts look for: `roadstead is ready on http://…`.
    fn say(&self, config: &Config, for_machines: Option<&TcpListener>) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "roadstead is ready on {}", self.origin())?;
        if let Some(external) = &config.settings.external_url {
            writeln!(out, "clients reach it as {}", external.value)?;
        }
        if let Some(listener) = for_machines {
            writeln!(out, "metrics are on http://{}/metrics", reachable(listener.local_addr()?))?;
        }
        if let (Tls::SelfSigned, Some(certificate)) = (&config.server.tls, &self.certificate) {
            let external = config.settings.external_url.as_ref();
            let host = external
                .and_then(|external| external.value.strip_prefix("https://").map(str::to_owned))
                .unwrap_or_else(|| from_elsewhere(self.address).to_string());
            let steps = self_signed::steps(&host, certificate.path(), &certificate.fingerprint());
            writeln!(out, "{steps}")?;
        }
        out.flush()?;
        if !asset::has_console() {
            tracing::warn!(
                "this binary was built without the browser's part of the console: pages work, but are not alive"
            );
        }
        Ok(())
    }

    /// Prints the link of the set-up page, `…/setup?code=…`.
    fn invite(&self, code: &Secret) {
        let mut out = std::io::stdout().lock();
        let link = format!("{}/setup?code={}", self.origin(), code.reveal());
        let printed = writeln!(
            out,
            "set up the first account: {link}\n(the link works once; a restart prints a new one)"
        );
        if let Err(error) = printed.and_then(|()| out.flush()) {
            tracing::error!(%error, "the set-up link could not be printed");
        }
    }
}

/// The address as a person on this machine opens it.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}

/// The address as others open it: one of the machine's own when it listens on all of them.
fn from_elsewhere(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let own = Own::find().addresses;
        let other = own.into_iter().find(|ip| ip.is_ipv4() && !ip.is_loopback());
        address.set_ip(other.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
    address
}

/// Reads the master key, or makes it: 64 hexadecimal digits on a line, readable by nobody else. A second line is the key
/// that was used before; it opens what is not sealed anew yet.
fn master_keys(path: &Path, random: &dyn Random) -> Result<MasterKeys> {
    match fs::read_to_string(path) {
        Ok(text) => {
            return parse_keys(&text)
                .with_context(|| format!("the master key in {} cannot be used", path.display()));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read the master key in {}", path.display()));
        }
    }
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    // Written aside and linked into place, so that two programs that start together use the same key, whole.
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    let written = || -> std::io::Result<()> {
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        writeln!(file, "{}", hex::encode(bytes))?;
        file.sync_all()?;
        match fs::hard_link(&aside, path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if let Some(folder) = path.parent() {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    let result = written();
    let _ = fs::remove_file(&aside);
    result.with_context(|| format!("cannot write a new master key to {}", path.display()))?;
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the master key in {}", path.display()))?;
    parse_keys(&text)
}

fn parse_keys(text: &str) -> Result<MasterKeys> {
    let mut keys = Vec::new();
    for line in text.split_whitespace() {
        let mut bytes = [0; 32];
        if hex::decode_to_slice(line, &mut bytes).is_err() {
            bail!(
                "it is not 64 hexadecimal digits; restore the file from a backup, since what it sealed opens with \
                 nothing else"
            );
        }
        keys.push(MasterKey::new(Secret::new(bytes)));
    }
    let mut keys = keys.into_iter();
    match (keys.next(), keys.next(), keys.next()) {
        (Some(current), retiring, None) => Ok(MasterKeys { current, retiring }),
        (None, ..) => bail!(
            "it is empty; restore the file from a backup, since what it sealed opens with nothing else"
        ),
        (Some(_), ..) => {
            bail!("it has more than two lines; keep the newest key and the one before")
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_master_key_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        master_keys(&path, &SystemRandom).unwrap();
        let first = fs::read_to_string(&path).unwrap();
        assert_eq!(first.trim().len(), 64);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        master_keys(&path, &SystemRandom).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_master_key_is_refused_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        fs::write(&path, "abc").unwrap();
        let error = format!("{:#}", master_keys(&path, &SystemRandom).unwrap_err());
        assert!(error.contains("64 hexadecimal digits"), "{error}");
    }
}
