//! Opening either database, and bringing its schema up to date.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::reader::Readers;

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(15);

/// Either database.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Sqlite(Box<SqliteFile>),
    Postgres(PgPool),
}

/// A SQLite file: connections that only read; the one writing connection belongs to the writer task.
#[derive(Debug, Clone)]
pub(crate) struct SqliteFile {
    pub(crate) readers: Arc<Readers>,
    options: SqliteConnectOptions,
    path: PathBuf,
}

impl Database {
    pub(crate) async fn open(url: &str, readers: u32, statement_cache: usize) -> Result<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)?
                .application_name("roadstead")
                .statement_cache_capacity(statement_cache)
                .disable_statement_logging();
            let pool = PgPoolOptions::new()
                .max_connections(readers)
                .acquire_timeout(Duration::from_secs(20))
                .test_before_acquire(false)
                .before_acquire(|connection, met| {
                    Box::pin(async move {
                        // A round trip before every transaction would cost more than it finds.
                        Ok(met.idle_for < Duration::from_secs(5) || connection.ping().await.is_ok())
                    })
                })
                .connect_with(options)
                .await?;
            return Ok(Self::Postgres(pool));
        }
        let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))
        else {
            return Err(StoreError::unavailable(
                "a database address begins with sqlite:// or postgres://",
            ));
        };
        let path = PathBuf::from(path.split('?').next().unwrap_or(path));
        create_private(&path)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .statement_cache_capacity(statement_cache)
            .pragma("temp_store", "memory")
            .pragma("journal_size_limit", "67108864")
            .disable_statement_logging();
        // The journal mode is a property of the file: it is set once, before anybody reads, and SQLite does not wait for
        // another process that changes it too.
        let only = lock(&path).await?;
        options.connect().await?.close().await?;
        drop(only);
        let reading = options.clone().pragma("query_only", "on").pragma("cache_size", "-1000");
        Ok(Self::Sqlite(Box::new(SqliteFile {
            readers: Readers::new(reading, readers),
            options,
            path,
        })))
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Applies what is missing, up to and with `last` if it is given, under a lock that other processes respect.
    pub(crate) async fn migrate(&self, last: Option<i64>) -> Result<()> {
        match self {
            Self::Sqlite(file) => {
                let _lock = lock(&file.path).await?;
                let mut connection = file.options.connect().await?;
                let outcome = match last {
                    Some(last) => SQLITE.run_to(last, &mut connection).await,
                    None => SQLITE.run(&mut connection).await,
                };
                connection.close().await?;
                outcome.map_err(|error| refuse(error, &SQLITE))
            }
            // sqlx holds an advisory lock meanwhile.
            Self::Postgres(pool) => {
                let outcome = match last {
                    Some(last) => POSTGRES.run_to(last, pool).await,
                    None => POSTGRES.run(pool).await,
                };
                outcome.map_err(|error| refuse(error, &POSTGRES))
            }
        }
    }

    /// The newest migration that this program knows.
    pub(crate) fn newest(&self) -> i64 {
        let migrator = match self {
            Self::Sqlite(_) => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        };
        migrator.iter().map(|migration| migration.version).max().unwrap_or(0)
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(file) => file.readers.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl SqliteFile {
    /// A connection that writes.
    pub(crate) async fn writer(&self) -> Result<SqliteConnection> {
        Ok(self.options.clone().pragma("cache_size", "-8000").connect().await?)
    }
}

fn refuse(error: MigrateError, migrator: &Migrator) -> StoreError {
    let known = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
    match error {
        MigrateError::VersionMissing(found) if found > known => StoreError::TooNew { found, known },
        MigrateError::VersionTooNew(found, _) if found > known => {
            StoreError::TooNew { found, known }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        other => StoreError::unavailable(format_args!(
            "the schema cannot be brought up to date: {other}"
        )),
    }
}

/// Creates the file, readable by its owner only; SQLite gives its companions the same mode.
fn create_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|error| StoreError::unavailable(format_args!("{}: {error}", path.display())))
}

/// SQLite has no lock that lasts over several transactions; a file beside the database does.
async fn lock(path: &Path) -> Result<std::fs::File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    create_private(&path)?;
    let locked = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::options().append(true).open(&path)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    })
    .await;
    match locked {
        Ok(Ok(file)) => Ok(file),
        Ok(Err(error)) => Err(StoreError::unavailable(format_args!("the migration lock: {error}"))),
        Err(error) => Err(StoreError::unavailable(error)),
    }
}
