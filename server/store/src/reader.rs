//! Connections that read a SQLite file.
//!
//! sqlx's own pool asks every connection for a sign of life when it comes back, from a task of its own: for a file in the
//! same machine that costs more than the queries. Here a connection is handed on as it is; one whose statement failed is
//! closed.

use std::sync::Arc;

use parking_lot::Mutex;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Result, StoreError};

/// The connections.
#[derive(Debug)]
pub(crate) struct Readers {
    options: SqliteConnectOptions,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<SqliteConnection>>,
}

/// One connection, until it is dropped.
pub(crate) struct Reader {
    home: Arc<Readers>,
    connection: Option<SqliteConnection>,
    is_sound: bool,
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    pub(crate) fn new(options: SqliteConnectOptions, most: u32) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(1).max(1)));
        Arc::new(Self { options, permits, idle: Mutex::default() })
    }

    /// Waits for a free connection; the one used last is the first to be used again, because its pages are in memory.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Result<Reader> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::unavailable("the database is closed"))?;
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        Ok(Reader {
            home: Arc::clone(self),
            connection: Some(connection),
            is_sound: true,
            _permit: permit,
        })
    }

    /// Closes the idle ones, and the others when they come back.
    pub(crate) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle.lock());
        for connection in idle {
            // It only read: nothing is lost if closing fails.
            drop(connection.close().await);
        }
    }
}

impl Reader {
    /// The connection.
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.connection.as_mut().ok_or_else(|| StoreError::unavailable("the connection is closed"))
    }

    /// It is not used again.
    pub(crate) const fn discard(&mut self) {
        self.is_sound = false;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.is_sound && !self.home.permits.is_closed() {
            self.home.idle.lock().extend(self.connection.take());
        }
    }
}
