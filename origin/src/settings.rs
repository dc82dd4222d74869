//! What people configure while the server runs: inboxes, their packs, edges.
//!
//! In: the store, in which this or any other process may change them. Out: an unchanging
//! [`Settings`] in memory, replaced as a whole. Changes are noticed within `SETTINGS_POLL`, by a
//! counter that triggers in the database keep. Nothing that is asked for every message reads the
//! database.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use firsthop_core::id::EdgeId;
use firsthop_core::pack::signature::PackSigner;
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::edge::Inbox;
use firsthop_core::protocol::{Code, Problem};

use crate::answerer;
use crate::store::edges::Edge;
use crate::store::{Store, StoreError};

/// The settings at one moment.
#[derive(Default)]
pub struct Settings {
    revision: i64,
    inboxes: HashMap<String, Inbox>,
    packs: HashMap<String, Arc<Pack>>,
    published: HashSet<(String, PackHash)>,
    edges: HashMap<EdgeId, Edge>,
}

impl Settings {
    /// Reads them, unless they are still those of `before`; packs that stay are not loaded again.
    /// Current packs are signed here: what is signed depends on nothing else.
    pub async fn read(
        store: &Store,
        signer: &PackSigner,
        before: &Self,
    ) -> Result<Option<Self>, StoreError> {
        // The revision first: what changes while we read is noticed the next time.
        let revision = store.settings_revision().await?;
        if revision == before.revision {
            return Ok(None);
        }
        let since: HashMap<_, _> = store.published_since().await?.into_iter().collect();
        let signed = |mut inbox: Inbox| {
            if let (Some(pack), Some(at)) = (inbox.pack, since.get(&inbox.key)) {
                inbox.published = Some(signer.sign(&inbox.key, pack, *at));
            }
            (inbox.key.clone(), inbox)
        };
        let inboxes: HashMap<_, _> = store.inboxes().await?.into_iter().map(signed).collect();
        let mut packs = HashMap::new();
        for inbox in inboxes.values() {
            let Some(hash) = inbox.pack else { continue };
            let pack = match before
                .packs
                .values()
                .chain(packs.values())
                .find(|pack| pack.hash() == hash)
            {
                Some(loaded) => Some(Arc::clone(loaded)),
                None => answerer::load(store, hash).await?,
            };
            if let Some(pack) = pack {
                packs.insert(inbox.key.clone(), pack);
            }
        }
        let published = store.publications().await?.into_iter().collect();
        let edges = store
            .edges()
            .await?
            .into_iter()
            .map(|edge| (edge.id, edge))
            .collect();
        Ok(Some(Self {
            revision,
            inboxes,
            packs,
            published,
            edges,
        }))
    }

    /// An inbox.
    ///
    /// # Errors
    /// `inbox_unknown`.
    pub fn inbox(&self, key: &str) -> Result<&Inbox, Problem> {
        self.inboxes
            .get(key)
            .ok_or_else(|| Problem::new(Code::InboxUnknown, "there is no inbox of that key"))
    }

    /// All inboxes.
    pub fn inboxes(&self) -> impl Iterator<Item = &Inbox> {
        self.inboxes.values()
    }

    /// An inbox's name; its key, should it be gone.
    #[must_use]
    pub fn inbox_name(&self, key: &str) -> String {
        self.inboxes
            .get(key)
            .map_or_else(|| key.to_owned(), |inbox| inbox.name.clone())
    }

    /// An inbox's current pack.
    #[must_use]
    pub fn pack(&self, inbox: &str) -> Option<Arc<Pack>> {
        self.packs.get(inbox).map(Arc::clone)
    }

    /// Whether an inbox has or had a pack.
    #[must_use]
    pub fn was_published(&self, inbox: &str, pack: PackHash) -> bool {
        self.published.contains(&(inbox.to_owned(), pack))
    }

    /// An edge whose keys count.
    ///
    /// # Errors
    /// `edge_unknown`.
    pub fn edge(&self, id: EdgeId) -> Result<&Edge, Problem> {
        self.edges
            .get(&id)
            .filter(|edge| !edge.revoked)
            .ok_or_else(|| {
                Problem::new(
                    Code::EdgeUnknown,
                    "the edge is not registered here, or its key was revoked",
                )
            })
    }

    /// The edges whose keys count.
    pub fn edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.values().filter(|edge| !edge.revoked)
    }

    /// Inboxes that are new or not what they were.
    #[must_use]
    pub fn changed_inboxes(&self, before: &Self) -> Vec<&Inbox> {
        self.inboxes
            .values()
            .filter(|inbox| before.inboxes.get(&inbox.key) != Some(inbox))
            .collect()
    }
}
