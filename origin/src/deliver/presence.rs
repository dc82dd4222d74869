//! Telling agents which visitors came and went: not one by one, as thousands may at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use firsthop_core::id::VisitorId;
use firsthop_core::limits::{CONVERSATIONS_PER_FRAME_MAX, PRESENCE_TOLD_EVERY};
use tokio::sync::Notify;

use super::hub::{AgentDelivery, Hub, lock};
use crate::store::Store;

/// Visitors who came or went since agents were told.
#[derive(Debug, Default)]
pub struct PresenceChanges {
    visitors: Mutex<HashSet<VisitorId>>,
    changed: Notify,
}

impl PresenceChanges {
    /// A visitor came or went.
    pub fn note(&self, visitor: VisitorId) {
        lock(&self.visitors).insert(visitor);
        self.changed.notify_one();
    }
}

/// Tells agents of the changes, those that concern a conversation.
pub async fn tell_agents(hub: &Hub, store: &Store) {
    loop {
        hub.presence.changed.notified().await;
        tokio::time::sleep(PRESENCE_TOLD_EVERY).await;
        let visitors: Vec<_> = lock(&hub.presence.visitors).drain().collect();
        if !hub.has_agents() {
            continue;
        }
        for visitors in visitors.chunks(CONVERSATIONS_PER_FRAME_MAX) {
            match store.conversations(visitors).await {
                Ok(rows) if rows.is_empty() => {}
                Ok(rows) => hub.tell_agents(&AgentDelivery::Presence(Arc::new(rows))),
                Err(error) => tracing::warn!(%error, "agents could not be told who came and went"),
            }
        }
    }
}
