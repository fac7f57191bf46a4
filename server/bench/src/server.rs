//! The servers that are measured: started on empty folders of one file system, ended with this program.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use crate::client::{Ask, Client, Target};
use crate::measure::Watch;

/// Who logs in everywhere.
pub(crate) const USER: &str = "bench";
/// With what.
pub(crate) const PASSWORD: &str = "measured-side-by-side";
/// The same for docker-registry, hashed as cheaply as bcrypt can: it is hashed again on every request.
const HTPASSWD: &str = "bench:$2y$05$roadsteadbenchsaltsalucuY7iCz7iTzJvNRcy5bO.ek/KpViwM6";

/// A process that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) target: Arc<Target>,
    /// Seconds from the start to the first answer.
    pub(crate) start: f64,
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).unwrap_or_default();
        let pid = nix::unistd::Pid::from_raw(pid);
        drop(self.child.stdin.take());
        if nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).is_ok() {
            drop(self.child.wait());
        }
    }
}

impl Running {
    async fn new(
        name: &'static str,
        child: Child,
        authority: String,
        is_known: bool,
        watch: Watch,
    ) -> Result<Self> {
        let login = is_known.then_some((USER, PASSWORD));
        let pid = i32::try_from(child.id()).unwrap_or_default();
        let target = Target::new(name, authority, pid, login);
        let mut running = Self { child, target, start: 0.0 };
        running.answers().await?;
        running.start = watch.seconds();
        Ok(running)
    }

    async fn answers(&mut self) -> Result<()> {
        for _ in 0..3_000 {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended at its start: {status}", self.target.name);
            }
            let mut client = Client::new(&self.target);
            if client.ask(Ask::new(hyper::Method::GET, "/v2/"), &[]).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        bail!("{} does not answer", self.target.name)
    }
}

/// Starts the registry on `folder`; makes the account and the organization when `is_new`.
pub(crate) async fn roadstead(binary: &Path, folder: &Path, is_new: bool) -> Result<Running> {
    std::fs::create_dir_all(folder)?;
    let log = std::fs::File::create(folder.join("log"))?;
    let data = folder.join("data");
    let watch = Watch::start();
    let mut command = Command::new(binary);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data);
    if is_new {
        command.env("ROADSTEAD_SETUP_ACCOUNT", USER).env("ROADSTEAD_SETUP_PASSWORD", PASSWORD);
    }
    let mut child = command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}; `make build` makes it", binary.display()))?;
    let line = first_line(&mut child)?;
    let authority = line.rsplit_once("http://").context("no address")?.1.trim().to_owned();
    let running = Running::new("roadstead", child, authority, true, watch).await?;
    if is_new {
        let status = Command::new(binary)
            .args(["organization", "create", "bench", "--account", USER, "--data-dir"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()?;
        if !status.success() {
            bail!("the organization could not be made");
        }
    }
    Ok(running)
}

/// Starts Debian's docker-registry on `folder`.
pub(crate) async fn docker_registry(binary: &Path, folder: &Path) -> Result<Running> {
    std::fs::create_dir_all(folder)?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let (users, config) = (folder.join("htpasswd"), folder.join("config.yml"));
    std::fs::write(&users, format!("{HTPASSWD}\n"))?;
    let data = folder.join("data");
    std::fs::write(
        &config,
        format!(
            "version: 0.1\nlog: {{ level: error, accesslog: {{ disabled: true }} }}\n\
             storage: {{ filesystem: {{ rootdirectory: {} }}, delete: {{ enabled: true }} }}\n\
             http: {{ addr: \"127.0.0.1:{port}\" }}\n\
             auth: {{ htpasswd: {{ realm: bench, path: {} }} }}\n",
            data.display(),
            users.display()
        ),
    )?;
    let log = std::fs::File::create(folder.join("log"))?;
    let watch = Watch::start();
    let child = Command::new(binary)
        .arg("serve")
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    Running::new("docker-registry", child, format!("127.0.0.1:{port}"), true, watch).await
}

/// Starts this program again as the limit server.
pub(crate) async fn limit(folder: &Path) -> Result<Running> {
    let watch = Watch::start();
    let mut child = Command::new(std::env::current_exe()?)
        .arg("limit")
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let port = first_line(&mut child)?;
    Running::new("limit", child, format!("127.0.0.1:{}", port.trim()), false, watch).await
}

fn first_line(child: &mut Child) -> Result<String> {
    let mut line = String::new();
    let out = child.stdout.take().context("no output")?;
    BufReader::new(out).read_line(&mut line)?;
    if line.is_empty() {
        bail!("a server ended at its start; its log says why");
    }
    Ok(line)
}

/// Where a program is.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file())
}

/// One line of the report.
pub(crate) fn say(line: impl std::fmt::Display) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
