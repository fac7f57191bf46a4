//! The command line (`contract.md`, The program). Every call works beside a running server, on the same database and
//! storage; the server follows the change sequence and has what changed in force within a second.

mod care;

use std::ffi::OsString;
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};
use roadstead::access::Access;
use roadstead::manage::credential::NewAccessKey;
use roadstead::{AccountName, OrganizationName, Secret, UserName};
use roadstead_service::access::Holder;
use roadstead_service::account::NewUser;

use crate::boot::{self, House, explained};
use crate::config::{Config, Inputs, print};
use crate::http::manage::openapi;
use crate::telemetry;

/// A self-hosted container image registry.
#[derive(Debug, Parser)]
#[command(name = "roadstead", version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every call takes; they rank over the environment.
#[derive(Debug, Args)]
struct Flags {
    /// Configuration file [default: roadstead.toml in the working directory, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port of everything [env: ROADSTEAD_LISTEN] [default: 127.0.0.1:5000]
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// How clients reach this registry, without a path [env: ROADSTEAD_EXTERNAL_URL]
    #[arg(long, global = true, value_name = "URL")]
    external_url: Option<String>,
    /// More host names that commands may use, separated by commas [env: ROADSTEAD_EXTRA_HOSTS]
    #[arg(long, global = true, value_name = "HOSTS")]
    extra_hosts: Option<String>,
    /// Region id [env: ROADSTEAD_REGION] [default: local]
    #[arg(long, global = true, value_name = "ID")]
    region: Option<String>,
    /// SQLite file, local objects, generated keys [env: ROADSTEAD_DATA_DIR] [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// sqlite://… or postgres://… [env: ROADSTEAD_DATABASE_URL] [default: SQLite in the data directory]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// file://…, s3://…, gs://…, az://… or memory:// [env: ROADSTEAD_STORAGE_URL] [default: files in the data directory]
    #[arg(long, global = true, value_name = "URL")]
    storage_url: Option<String>,
    /// Filter of the log [env: ROADSTEAD_LOG] [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// text or json [env: ROADSTEAD_LOG_FORMAT] [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve console, registry and management API on one address
    Serve,
    /// Accounts (tenants)
    #[command(subcommand)]
    Account(Account),
    /// Users of an account
    #[command(subcommand)]
    User(User),
    /// Organizations
    #[command(subcommand)]
    Organization(Organization),
    /// Access keys for the long-term login and for signing
    #[command(subcommand)]
    AccessKey(AccessKey),
    /// The configuration
    #[command(subcommand)]
    Config(Show),
    /// Remove what nobody needs any more; the server does it every hour
    Collect {
        /// Say what would be removed, and remove nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Read every stored object again and report what database and storage disagree on
    Check,
    /// Print the document of the management API (OpenAPI)
    Openapi,
    /// Write everything into a new directory, while the server goes on working
    Backup {
        /// Made if it is missing; else it must be empty, or hold a backup that was interrupted
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Put a backup into an empty database and storage
    Restore {
        /// What `roadstead backup` wrote
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum Account {
    /// Make an account and its owner, who signs in as NAME
    Create {
        /// 3-32 characters, a letter first
        name: AccountName,
        #[command(flatten)]
        password: Password,
    },
}

#[derive(Debug, Subcommand)]
enum User {
    /// Make a user of an account
    Create {
        /// ACCOUNT/USER
        #[arg(value_name = "ACCOUNT/USER")]
        name: String,
        /// How the user may come in: console, programmatic, or both
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "console,programmatic",
            value_name = "WAYS"
        )]
        access: Vec<String>,
        /// A user group of the account
        #[arg(long, value_name = "G")]
        group: Option<String>,
        #[command(flatten)]
        password: Password,
    },
}

#[derive(Debug, Subcommand)]
enum Organization {
    /// Make an organization that an account owns
    Create {
        /// 1-64 characters, a lowercase letter first
        name: OrganizationName,
        /// The account
        #[arg(long)]
        account: AccountName,
    },
}

#[derive(Debug, Subcommand)]
enum AccessKey {
    /// Make an access key and print its credentials.csv; the secret cannot be shown again
    Create {
        /// ACCOUNT/USER, or ACCOUNT for its owner
        #[arg(value_name = "ACCOUNT[/USER]")]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum Show {
    /// The effective settings without secrets, each with where it comes from
    Print,
    /// Whether the settings are sound
    Check,
}

#[derive(Debug, Args)]
struct Password {
    /// Read the password from the first line of standard input; without it, one is made and printed
    #[arg(long)]
    password_stdin: bool,
}

impl Password {
    /// The password, and whether it was made here and must be shown.
    fn read(&self, house: &House) -> Result<(Secret, bool)> {
        if !self.password_stdin {
            const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
            // The ending brings every kind of character that a password rule may ask for.
            let text = house.ports.text(ALPHABET, 20);
            return Ok((Secret::new(format!("{text}-aA7")), true));
        }
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .context("cannot read the password from standard input")?;
        let password = line.trim_end_matches(['\n', '\r']);
        if password.is_empty() {
            bail!("standard input has no password on its first line");
        }
        Ok((Secret::new(password.to_owned()), false))
    }
}

/// Stack of a worker thread, in bytes. Only what is used takes memory; builds without optimisation use more than the usual
/// 2 MiB for the deepest requests.
const STACK: usize = 8 << 20;

/// Runs the program with these arguments and environment.
///
/// # Errors
/// What to print, as a sentence, before leaving with status 1.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: Vec<(String, String)>,
) -> Result<()> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version go to standard output with status 0, mistakes to standard error with 2.
        Err(error) => error.exit(),
    };
    let config = Config::load(&inputs(&cli, environment)?)?;
    telemetry::init(&config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve => boot::serve(&config, stop_signal()?).await,
            Command::Config(Show::Check) => say("the configuration is sound"),
            Command::Config(Show::Print) => config_print(&config).await,
            Command::Openapi => say(openapi::text().map_err(explained)?.trim_end()),
            Command::Restore { directory } => care::restore(&config, &directory).await,
            command => {
                let house = House::open(&config).await?;
                let outcome = act(command, &config, &house).await;
                house.close().await;
                outcome
            }
        }
    })
}

async fn act(command: Command, config: &Config, house: &House) -> Result<()> {
    let context = house.command_line();
    let service = &house.service;
    match command {
        Command::Account(Account::Create { name, password }) => {
            let (password, is_made) = password.read(house)?;
            service.accounts().create(&context, &name, &password).await.map_err(explained)?;
            say(&format!("made the account {name}"))?;
            show(is_made, &password)
        }
        Command::User(User::Create { name, access, group, password }) => {
            let (account, user) = name
                .split_once('/')
                .context("write the user as ACCOUNT/USER, for example acme/alice")?;
            let account: AccountName = account.parse().map_err(explained)?;
            let user: UserName = user.parse().map_err(explained)?;
            let access = access_of(&access)?;
            let (password, is_made) = password.read(house)?;
            let new = NewUser { name: user, access, group, password: Some(password.clone()) };
            service.accounts().create_user(&context, &account, new).await.map_err(explained)?;
            say(&format!("made the user {name}"))?;
            show(is_made, &password)
        }
        Command::Organization(Organization::Create { name, account }) => {
            service
                .organizations()
                .create_for(&context, name.clone(), &account)
                .await
                .map_err(explained)?;
            say(&format!("made the organization {name}, owned by {account}"))
        }
        Command::AccessKey(AccessKey::Create { name }) => {
            let (account, user) = match name.split_once('/') {
                Some((account, user)) => (account, Some(user.parse().map_err(explained)?)),
                None => (name.as_str(), None),
            };
            let account: AccountName = account.parse().map_err(explained)?;
            let whose = Holder::Of(&account, user.as_ref());
            let new = NewAccessKey::default();
            let created = service.credentials().create_access_key(&context, whose, new, None).await;
            say(created.and_then(|created| created.file()).map_err(explained)?.trim_end())
        }
        Command::Collect { dry_run } => care::collect(house, dry_run).await,
        Command::Check => care::check(house).await,
        Command::Backup { directory } => care::backup(config, house, &directory).await,
        Command::Serve | Command::Config(_) | Command::Openapi | Command::Restore { .. } => Ok(()),
    }
}

async fn config_print(config: &Config) -> Result<()> {
    // What the console saved is in the database; without one yet, nothing is saved.
    let is_new =
        config.storage.database_url.reveal().strip_prefix("sqlite://").is_some_and(|path| {
            !std::path::Path::new(path.split('?').next().unwrap_or_default()).exists()
        });
    let settings = if is_new {
        roadstead_service::SettingsCell::new(config.settings.clone()).current()
    } else {
        let house = House::open(config).await?;
        let settings = house.service.settings_cell().current();
        house.close().await;
        settings
    };
    say(print::print(config, &settings).trim_end())
}

fn access_of(words: &[String]) -> Result<Access> {
    let mut access = Access { console: false, programmatic: false };
    for word in words {
        match word.trim() {
            "console" => access.console = true,
            "programmatic" => access.programmatic = true,
            other => bail!(
                "`{other}` is no way to come in; write console, programmatic, or console,programmatic"
            ),
        }
    }
    Ok(access)
}

fn show(is_made: bool, password: &Secret) -> Result<()> {
    if is_made { say(&format!("password: {}", password.reveal())) } else { Ok(()) }
}

fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Gathers file, environment and flags.
fn inputs(cli: &Cli, environment: Vec<(String, String)>) -> Result<Inputs> {
    let flags = &cli.flags;
    let config = &flags.config;
    let given = [
        ("listen", &flags.listen),
        ("external_url", &flags.external_url),
        ("extra_hosts", &flags.extra_hosts),
        ("region", &flags.region),
        ("data_dir", &flags.data_dir),
        ("database_url", &flags.database_url),
        ("storage_url", &flags.storage_url),
        ("log", &flags.log),
        ("log_format", &flags.log_format),
    ];
    let path = config.clone().unwrap_or_else(|| PathBuf::from("roadstead.toml"));
    let file = match std::fs::read_to_string(&path) {
        Ok(text) => Some((path, text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && config.is_none() => None,
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read the configuration file {}", path.display()));
        }
    };
    Ok(Inputs {
        file,
        environment,
        flags: given.into_iter().filter_map(|(path, text)| Some((path, text.clone()?))).collect(),
    })
}

/// Completes when the process is asked to stop. Who asks a second time does not want to wait: the process ends at once,
/// which loses nothing that was acknowledged.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut asked = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(async move {
        asked().await;
        tracing::info!("stopping: running transfers are finished first; ask again to stop at once");
        tokio::spawn(async move {
            asked().await;
            tracing::warn!("stopping at once");
            std::process::exit(1);
        });
    })
}
