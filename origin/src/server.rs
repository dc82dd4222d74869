//! The server as a whole: what is started, in which order, and how it stops.
//!
//! Start: lock the directory, keys, store, writer, settings, listener, tasks. Stop: refuse who is
//! new, tell who is here to go elsewhere, let requests end, commit what waits, close the store.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::accounts::new_secret;
use crate::app::{self, App, Parts};
use crate::config::Config;
use crate::deliver::hub::Hub;
use crate::deliver::{presence, queue};
use crate::host;
use crate::http;
use crate::ingest::Ingest;
use crate::keys::{self, KeysError};
use crate::metrics::{Gauge, Metrics};
use crate::settings::Settings;
use crate::store::{DATABASE, Fault, Store, StoreError, make_directory};

/// The file that a running server holds locked.
const LOCK: &str = "server.lock";

/// Why the server could not start. The operator must act.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Two servers would give out the same places in the same logs.
    #[error("another server runs on the data directory {path}: stop it, or choose another with --data", path = .0.display())]
    Locked(PathBuf),
    /// The lock can't be made.
    #[error("could not lock the data directory {path}: {source}", path = .path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something is there already, or the address is not this machine's.
    #[error("could not listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The file is read-only, the disk is full, or somebody else holds the database.
    #[error("could not write to the database {path}: {source}{advice}", path = .path.display(), advice = .fault.advice())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StoreError,
        /// What that comes from.
        fault: Fault,
    },
    /// No keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// No store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A running server.
pub struct Origin {
    app: Arc<App>,
    address: SocketAddr,
    setup_link: Option<String>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    writer: JoinHandle<()>,
    tasks: JoinSet<()>,
    _lock: File,
}

impl Origin {
    /// Starts a server.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        for risk in config.risks() {
            tracing::warn!("{risk}");
        }
        // Before anything is changed: whether the address is free.
        let listener =
            TcpListener::bind(config.listen)
                .await
                .map_err(|source| StartError::Listen {
                    address: config.listen,
                    source,
                })?;
        let address = listener.local_addr().map_err(|source| StartError::Listen {
            address: config.listen,
            source,
        })?;
        make_directory(&config)?;
        let lock = lock(&config)?;
        let store = Arc::new(Store::open(&config).await?);
        let keys = keys::load_or_make(&config.directory)?;
        let metrics = Arc::new(Metrics::default());
        let hub = Hub::new(Arc::clone(&metrics));
        for (since, conversation) in store.waiting().await.map_err(StartError::Store)? {
            hub.line.note(conversation, Some(since));
        }
        let settings = Settings::read(&store, &keys.packs, &Settings::default())
            .await?
            .unwrap_or_default();
        restore_attachments(&store, &hub).await?;
        let path = config.directory.join(DATABASE);
        let (ingest, writer) =
            Ingest::start(Arc::clone(&store), Arc::clone(&hub), Arc::clone(&metrics))
                .await
                .map_err(|source| StartError::NotWritable {
                    path,
                    fault: store.fault(&source),
                    source,
                })?;
        let public_url = config.public_url(address);
        let (drain, connections_max) = (config.drain, config.connections_max);
        let app = App::new(Parts {
            config,
            public_url,
            keys,
            store,
            ingest,
            hub,
            metrics,
            settings,
        });
        let setup_link = first_setup_link(&app).await?;
        let (stop, stopping) = watch::channel(false);
        let router = http::router(Arc::clone(&app));
        let serving = tokio::spawn(http::serve::serve(
            listener,
            router,
            connections_max,
            Arc::clone(&app.metrics),
            stopping,
            drain,
        ));
        let tasks = background(&app);
        Ok(Self {
            app,
            address,
            setup_link,
            stop,
            serving,
            writer,
            tasks,
            _lock: lock,
        })
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link by which the first administrator is made, if there is nobody yet.
    #[must_use]
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// What every request shares.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Stops: clients are told to go elsewhere, and everything that was taken is committed.
    pub async fn stop(mut self) {
        let drain = self.app.config.drain;
        self.app.drain.begin();
        self.app.workshop.close();
        self.app.metrics.set(Gauge::Draining, 1);
        self.app.hub.drain();
        self.stop.send_replace(true);
        let app = Arc::clone(&self.app);
        let gone = async {
            // Who was let in just before is told, too.
            while tokio::time::timeout(
                std::time::Duration::from_millis(200),
                app.drain.everybody_left(),
            )
            .await
            .is_err()
            {
                app.hub.drain();
            }
        };
        if tokio::time::timeout(drain, gone).await.is_err() {
            tracing::warn!(
                "some clients did not leave in time; they are cut off, and catch up elsewhere"
            );
        }
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the server's accept loop failed");
        }
        self.tasks.shutdown().await;
        self.app.ingest.stop();
        if let Err(error) = self.writer.await {
            tracing::error!(%error, "the writer failed");
        }
        self.app.store.close().await;
    }
}

fn background(app: &Arc<App>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(app::watch_settings(Arc::clone(app)));
    let hub = Arc::clone(&app.hub);
    tasks.spawn(async move { queue::tell_places(&hub).await });
    let (hub, store) = (Arc::clone(&app.hub), Arc::clone(&app.store));
    tasks.spawn(async move { presence::tell_agents(&hub, &store).await });
    let (attendance, store) = (Arc::clone(&app.attendance), Arc::clone(&app.store));
    let ingest = app.ingest.clone();
    tasks.spawn(async move { attendance.watch(&store, &ingest).await });
    tasks
}

fn lock(config: &Config) -> Result<File, StartError> {
    let path = config.directory.join(LOCK);
    let failed = |source| StartError::Lock {
        path: path.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::Locked(config.directory.clone())),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Visitors at edges may have missed what was committed just before the server stopped.
async fn restore_attachments(store: &Store, hub: &Arc<Hub>) -> Result<(), StoreError> {
    for attached in store.at_edges().await? {
        for edge in attached.edges {
            hub.attach(edge, attached.visitor, &attached.inbox);
            hub.pushes
                .restore(edge, attached.visitor, attached.delivered, attached.head);
        }
    }
    Ok(())
}

/// A new link whenever the server starts and nobody can log in: the one before may be lost.
async fn first_setup_link(app: &App) -> Result<Option<String>, StoreError> {
    if app.store.has_agents().await? {
        return Ok(None);
    }
    let (secret, hash) = new_secret();
    app.store.add_setup_link(&hash, None, host::now()).await?;
    Ok(Some(format!("{}/console/#/setup/{secret}", app.public_url)))
}
