//! What every request shares: the store, the writer, the hub, the settings in memory.

use std::sync::{Arc, Mutex};

use firsthop_core::hop::gateway::Notice;
use firsthop_core::limit::Buckets;
use firsthop_core::limits::{
    ADMISSION_ADDRESSES_MAX, ADMISSION_REFILL, ADMISSIONS_BURST, SETTINGS_POLL,
};
use firsthop_core::pack::signature::PackSigner;
use firsthop_core::sign::Nonces;
use firsthop_core::token::Key;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::accounts::Accounts;
use crate::answerer::Bot;
use crate::config::Config;
use crate::deliver::attendance::Attendance;
use crate::deliver::hub::Hub;
use crate::deliver::push;
use crate::drain::Drain;
use crate::edge_client::EdgeClient;
use crate::http::EdgeWork;
use crate::ingest::Ingest;
use crate::keys::Keys;
use crate::knowledge::Workshop;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::store::{Store, StoreError};

/// See the module.
pub struct App {
    /// The settings of this process.
    pub config: Config,
    /// The address that people reach this server by, without a slash at its end.
    pub public_url: String,
    /// What visitors' tokens are signed with.
    pub token_key: Key,
    /// What packs are signed with.
    pub pack_signer: PackSigner,
    /// Reading, and writing of settings.
    pub store: Arc<Store>,
    /// Writing of conversations.
    pub ingest: Ingest,
    /// Who is connected.
    pub hub: Arc<Hub>,
    /// The bot.
    pub bot: Bot,
    /// Which agents are here.
    pub attendance: Arc<Attendance>,
    /// Where packs are built.
    pub workshop: Workshop,
    /// Logins.
    pub accounts: Accounts,
    /// New visitors, by address.
    pub admissions: Mutex<Buckets>,
    /// Batches that are worked on.
    pub edge_work: EdgeWork,
    /// Signatures seen.
    pub nonces: Mutex<Nonces>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Whether we are about to stop.
    pub drain: Arc<Drain>,
    settings: watch::Sender<Arc<Settings>>,
    look: Notify,
}

/// The parts of [`App`] that are made before it.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) public_url: String,
    pub(crate) keys: Keys,
    pub(crate) store: Arc<Store>,
    pub(crate) ingest: Ingest,
    pub(crate) hub: Arc<Hub>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) settings: Settings,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            config,
            public_url,
            keys,
            store,
            ingest,
            hub,
            metrics,
            settings,
        } = parts;
        Arc::new(Self {
            accounts: Accounts::new(public_url.starts_with("https://")),
            config,
            public_url,
            token_key: keys.token,
            pack_signer: keys.packs,
            store,
            ingest,
            hub,
            bot: Bot::default(),
            attendance: Attendance::new(),
            workshop: Workshop::default(),
            admissions: Mutex::new(Buckets::new(
                ADMISSIONS_BURST,
                ADMISSION_REFILL,
                ADMISSION_ADDRESSES_MAX,
            )),
            edge_work: EdgeWork::default(),
            nonces: Mutex::default(),
            metrics,
            drain: Arc::default(),
            settings: watch::Sender::new(Arc::new(settings)),
            look: Notify::new(),
        })
    }

    /// The settings as they are now.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.borrow())
    }

    /// Reads the settings if they changed, and tells whom it concerns.
    ///
    /// # Errors
    /// [`StoreError`]; the settings stay as they were.
    pub async fn refresh_settings(&self) -> Result<(), StoreError> {
        let before = self.settings();
        let Some(now) = Settings::read(&self.store, &self.pack_signer, &before).await? else {
            return Ok(());
        };
        let now = Arc::new(now);
        self.settings.send_replace(Arc::clone(&now));
        for inbox in now.changed_inboxes(&before) {
            for edge in now.edges() {
                self.hub.pushes.inbox_changed(edge.id, &inbox.key);
            }
            let pack_before = before.inbox(&inbox.key).ok().and_then(|before| before.pack);
            if let Some(pack) = inbox.pack.filter(|pack| Some(*pack) != pack_before) {
                self.hub.notify_inbox(&inbox.key, Notice::Pack(pack));
            }
        }
        Ok(())
    }

    /// Looks for changed settings soon.
    pub fn look_for_settings(&self) {
        self.look.notify_one();
    }
}

/// Looks for changed settings until the end, and pushes to whatever edges there are.
pub(crate) async fn watch_settings(app: Arc<App>) {
    let client = Arc::new(EdgeClient::new());
    let mut pushers = JoinSet::new();
    let mut pushing = std::collections::HashSet::new();
    loop {
        if let Err(error) = app.refresh_settings().await {
            tracing::warn!(%error, "settings could not be read; those from before stay in force");
        }
        while let Some(ended) = pushers.try_join_next() {
            if let Ok(edge) = ended {
                pushing.remove(&edge);
            }
        }
        for edge in app.settings().edges() {
            if pushing.insert(edge.id) {
                let (app, client, id) = (Arc::clone(&app), Arc::clone(&client), edge.id);
                pushers.spawn(async move {
                    push::push_to(app, client, id).await;
                    id
                });
            }
        }
        tokio::select! {
            () = app.look.notified() => {}
            () = tokio::time::sleep(SETTINGS_POLL) => {}
        }
    }
}
