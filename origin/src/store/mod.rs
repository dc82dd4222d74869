//! The store: SQLite, in WAL mode, with an fsync at every commit.
//!
//! Conversations are written by one connection, that of `ingest`; what people configure
//! (accounts, inboxes, edges, packs) by another; everything is read from a pool. What a file
//! here holds: `rows` (the conversation as a row), `fault` (what is wrong with it all), `batch` (the statements of a group commit),
//! `conversations` (reading them), `questions` (those that nobody could answer), `accounts`,
//! `inboxes`, `edges`, `packs`, `drafts` and `versions` of knowledge.
//!
//! The invariant: whatever returns `Ok` after a write has been committed and synced. What is not
//! here: when to write (`ingest`), what a message causes (`firsthop_core::conversation`).

pub mod accounts;
pub mod batch;
pub mod conversations;
pub mod drafts;
pub mod edges;
mod fault;
pub mod inboxes;
pub mod packs;
pub mod questions;
mod rows;
pub mod versions;

use std::path::{Path, PathBuf};
use std::time::Duration;

use firsthop_core::limits::STORE_WAL_BYTES_KEPT_MAX;
use firsthop_core::protocol::{Code, Problem};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Executor, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};

pub use fault::Fault;
pub use rows::Row;

use crate::config::Config;

/// The database's name in the data directory.
pub const DATABASE: &str = "firsthop.db";

/// When it makes sense to try again after the store could not take something.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why the store did not do something. The operator must act, or time will tell.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory can't be made or entered.
    #[error("could not use the data directory {path}: {source}", path = .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database can't be opened or brought up to date.
    #[error("could not open the database {path}: {source}{advice}", path = .path.display(), advice = .fault.advice())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
        /// What that comes from.
        fault: Fault,
    },
    /// A newer version has been here, or a migration failed.
    #[error("could not bring the database {path} up to date: {source}{advice}", path = .path.display(), advice = .fault.advice())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::migrate::MigrateError,
        /// What that comes from.
        fault: Fault,
    },
    /// A statement failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// What was read is not what we write.
    #[error("the database holds something malformed: {0}")]
    Malformed(&'static str),
}

impl From<StoreError> for Problem {
    fn from(_: StoreError) -> Self {
        unavailable()
    }
}

/// What a sender is told: it keeps the message, and tries again.
#[must_use]
pub fn unavailable() -> Problem {
    Problem::new(
        Code::StorageUnavailable,
        "the store can't take or give anything at the moment",
    )
    .retry_after(RETRY_AFTER)
}

/// The open database.
#[derive(Debug)]
pub struct Store {
    pub(crate) readers: SqlitePool,
    settings: Mutex<SqliteConnection>,
    options: SqliteConnectOptions,
    directory: PathBuf,
}

impl Store {
    /// Opens the database in the configured directory; makes it, and brings its tables up to
    /// date, if need be.
    ///
    /// # Errors
    /// [`StoreError`]; nothing has been changed then, apart from a new directory.
    pub async fn open(config: &Config) -> Result<Self, StoreError> {
        make_directory(config)?;
        let path = config.directory.join(DATABASE);
        let options = options(config, &path);
        let open = |source| StoreError::Open {
            path: path.clone(),
            fault: Fault::of_sqlite(&source, &config.directory),
            source,
        };
        let mut settings = options.connect_and_check().await.map_err(open)?;
        sqlx::migrate!("./migrations")
            .run(&mut settings)
            .await
            .map_err(|source| StoreError::Migrate {
                path: path.clone(),
                fault: Fault::of_migration(&source, &config.directory),
                source,
            })?;
        let readers = SqlitePoolOptions::new()
            .max_connections(config.readers)
            .acquire_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
            .connect_with(options.clone().read_only(true).create_if_missing(false))
            .await
            .map_err(open)?;
        Ok(Self {
            readers,
            settings: Mutex::new(settings),
            options,
            directory: config.directory.clone(),
        })
    }

    /// What was wrong when something failed.
    pub(crate) fn fault(&self, error: &StoreError) -> Fault {
        Fault::of(error, &self.directory)
    }

    /// The connection that conversations are written by. There must be only one.
    pub(crate) async fn writer(&self) -> Result<SqliteConnection, StoreError> {
        Ok(self.options.connect_and_check().await?)
    }

    /// The connection that settings are written by.
    pub(crate) async fn settings(&self) -> MutexGuard<'_, SqliteConnection> {
        self.settings.lock().await
    }

    /// Closes the readers and folds the log into the database.
    pub async fn close(&self) {
        self.readers.close().await;
        let mut settings = self.settings.lock().await;
        if let Err(error) = sqlx::query("pragma wal_checkpoint(truncate)")
            .execute(&mut *settings)
            .await
        {
            tracing::warn!(%error, "the write-ahead log could not be folded into the database; the next start does it");
        }
    }
}

trait ConnectAndCheck {
    async fn connect_and_check(&self) -> Result<SqliteConnection, sqlx::Error>;
}

impl ConnectAndCheck for SqliteConnectOptions {
    /// Connects, and touches the file: SQLite itself would wait for the first statement.
    async fn connect_and_check(&self) -> Result<SqliteConnection, sqlx::Error> {
        let mut connection = SqliteConnection::connect_with(self).await?;
        connection
            .execute("select count(*) from sqlite_schema")
            .await?;
        Ok(connection)
    }
}

fn options(config: &Config, path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(config.busy_timeout)
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", STORE_WAL_BYTES_KEPT_MAX.to_string())
        .pragma("temp_store", "memory")
        .pragma("cache_size", "-16384");
    match config.megabytes_max {
        // The page size is SQLite's default of 4 KiB: 256 pages are a megabyte.
        Some(megabytes) => options
            .page_size(4096)
            .pragma("max_page_count", (u64::from(megabytes) * 256).to_string()),
        None => options,
    }
}

/// Makes the data directory, for its owner only, unless it is there.
///
/// # Errors
/// [`StoreError::Directory`].
pub fn make_directory(config: &Config) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let path = &config.directory;
    builder
        .create(path)
        .map_err(|source| StoreError::Directory {
            path: path.clone(),
            source,
        })
}
