//! Who is connected to this process, and what they are told.
//!
//! In: commits (from the writer, in their order) and notices. Out: deliveries in each
//! subscriber's queue. The invariants: a queue is bounded, and a subscriber whose queue is full
//! is dropped: its connection closes, and the client catches up from its cursor. Nothing waits
//! for a subscriber.
//!
//! Visitors at edges are subscribers too; their queue is `push`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firsthop_core::hop::gateway::Notice;
use firsthop_core::id::{ConversationId, EdgeId, VisitorId};
use firsthop_core::limits::{
    AGENT_QUEUE_FRAMES_MAX, SOCKETS_PER_VISITOR_MAX, VISITOR_QUEUE_FRAMES_MAX,
};
use firsthop_core::protocol::visitor::{Page, Typing};
use firsthop_core::protocol::{Code, Event, Problem};
use tokio::sync::mpsc;

use super::presence::PresenceChanges;
use super::push::Pushes;
use super::queue::WaitingLine;
use crate::metrics::{Gauge, Metrics};
use crate::store::Row;

/// What one commit did to one conversation.
#[derive(Debug)]
pub struct Commit {
    /// The conversation, as it stands after the commit.
    pub row: Row,
    /// What its log gained.
    pub events: Vec<Event>,
    /// Whether lists show something else now.
    pub listed: bool,
    /// Whether the visitor got further.
    pub visitor_seen: bool,
    /// Whether the agents got further.
    pub agents_seen: bool,
}

/// For a visitor's connection.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// The conversation changed.
    Commit(Arc<Commit>),
    /// Something beside its log. Boxed, as every connection has room for many deliveries.
    Notice(Box<Notice>),
    /// The server is about to stop.
    Drain,
}

/// For an agent's connection.
#[derive(Debug, Clone)]
pub enum AgentDelivery {
    /// A conversation changed.
    Commit(Arc<Commit>),
    /// A visitor types, or stopped.
    Typing(ConversationId, Typing),
    /// Visitors came or went: their conversations as they stand.
    Presence(Arc<Vec<Row>>),
    /// Somebody's login ended.
    SessionsChanged,
    /// The server is about to stop.
    Drain,
}

/// What a visitor's client has told of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The page that the visitor looks at.
    pub page: Option<Page>,
    /// The visitor's locale.
    pub lang: String,
}

#[derive(Debug, Default)]
struct Presence {
    inbox: String,
    profile: Profile,
    subscribers: Vec<(u64, mpsc::Sender<Delivery>)>,
    edges: Vec<EdgeId>,
}

/// See the module.
pub struct Hub {
    visitors: Mutex<HashMap<VisitorId, Presence>>,
    agents: Mutex<Vec<mpsc::Sender<AgentDelivery>>>,
    next: AtomicU64,
    /// What waits for edges.
    pub pushes: Pushes,
    /// Who waits for a person.
    pub line: WaitingLine,
    /// Who came or went.
    pub presence: PresenceChanges,
    metrics: Arc<Metrics>,
}

impl Hub {
    /// Nobody is connected yet.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            visitors: Mutex::default(),
            agents: Mutex::default(),
            next: AtomicU64::new(0),
            pushes: Pushes::default(),
            line: WaitingLine::default(),
            presence: PresenceChanges::default(),
            metrics,
        })
    }

    /// Subscribes a connection of a visitor.
    ///
    /// # Errors
    /// `too_many_sockets`.
    pub fn subscribe(
        self: &Arc<Self>,
        visitor: VisitorId,
        inbox: &str,
    ) -> Result<Subscription, Problem> {
        let (sender, deliveries) = mpsc::channel(VISITOR_QUEUE_FRAMES_MAX);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let came = {
            let mut visitors = lock(&self.visitors);
            let presence = visitors.entry(visitor).or_default();
            if presence.subscribers.len() >= SOCKETS_PER_VISITOR_MAX {
                return Err(Problem::new(
                    Code::TooManySockets,
                    format!("the visitor has {SOCKETS_PER_VISITOR_MAX} connections already"),
                ));
            }
            inbox.clone_into(&mut presence.inbox);
            presence.subscribers.push((id, sender));
            presence.subscribers.len() == 1 && presence.edges.is_empty()
        };
        self.metrics.add(Gauge::VisitorConnections, 1);
        if came {
            self.presence.note(visitor);
        }
        Ok(Subscription {
            hub: Arc::clone(self),
            visitor,
            id,
            deliveries,
        })
    }

    fn unsubscribe(&self, visitor: VisitorId, id: u64) {
        self.metrics.add(Gauge::VisitorConnections, -1);
        let left = {
            let mut visitors = lock(&self.visitors);
            let Some(presence) = visitors.get_mut(&visitor) else {
                return;
            };
            presence.subscribers.retain(|(other, _)| *other != id);
            let left = presence.subscribers.is_empty() && presence.edges.is_empty();
            if left {
                visitors.remove(&visitor);
            }
            left
        };
        if left {
            self.presence.note(visitor);
        }
    }

    /// A visitor has sockets at an edge.
    pub fn attach(&self, edge: EdgeId, visitor: VisitorId, inbox: &str) {
        let came = {
            let mut visitors = lock(&self.visitors);
            let presence = visitors.entry(visitor).or_default();
            inbox.clone_into(&mut presence.inbox);
            let came = presence.edges.is_empty() && presence.subscribers.is_empty();
            if !presence.edges.contains(&edge) {
                presence.edges.push(edge);
            }
            came
        };
        self.pushes.attach(edge, visitor);
        if came {
            self.presence.note(visitor);
        }
    }

    /// A visitor has no socket at an edge any more.
    pub fn detach(&self, edge: EdgeId, visitor: VisitorId) {
        let left = {
            let mut visitors = lock(&self.visitors);
            let Some(presence) = visitors.get_mut(&visitor) else {
                return;
            };
            presence.edges.retain(|other| *other != edge);
            let left = presence.subscribers.is_empty() && presence.edges.is_empty();
            if left {
                visitors.remove(&visitor);
            }
            left
        };
        if left {
            self.presence.note(visitor);
        }
    }

    /// Whether a visitor has a socket open, here or at an edge.
    #[must_use]
    pub fn is_online(&self, visitor: VisitorId) -> bool {
        lock(&self.visitors).contains_key(&visitor)
    }

    /// The edges that hold sockets of a visitor.
    #[must_use]
    pub fn edges(&self, visitor: VisitorId) -> Vec<EdgeId> {
        lock(&self.visitors)
            .get(&visitor)
            .map(|presence| presence.edges.clone())
            .unwrap_or_default()
    }

    /// Notes what a visitor's client tells of itself.
    pub fn set_profile(&self, visitor: VisitorId, profile: Profile) {
        if let Some(presence) = lock(&self.visitors).get_mut(&visitor) {
            presence.profile = profile;
        }
    }

    /// What a visitor's client has told of itself.
    #[must_use]
    pub fn profile(&self, visitor: VisitorId) -> Profile {
        lock(&self.visitors)
            .get(&visitor)
            .map(|presence| presence.profile.clone())
            .unwrap_or_default()
    }

    /// Subscribes an agent's connection to the whole account.
    #[must_use]
    pub fn subscribe_agent(&self) -> mpsc::Receiver<AgentDelivery> {
        let (sender, deliveries) = mpsc::channel(AGENT_QUEUE_FRAMES_MAX);
        lock(&self.agents).push(sender);
        deliveries
    }

    /// Whether any agent is connected.
    #[must_use]
    pub fn has_agents(&self) -> bool {
        !lock(&self.agents).is_empty()
    }

    /// Tells everybody concerned of a commit. Called in the order of commits.
    pub fn publish(&self, commit: &Arc<Commit>) {
        let visitor = commit.row.id;
        self.line.note(visitor, commit.row.waiting_since);
        if commit.agents_seen
            || commit
                .events
                .iter()
                .any(|event| !event.content.is_private())
        {
            self.deliver(visitor, &Delivery::Commit(Arc::clone(commit)));
            for edge in self.edges(visitor) {
                self.pushes.commit(edge, commit);
            }
        }
        self.tell_agents(&AgentDelivery::Commit(Arc::clone(commit)));
    }

    /// Tells a visitor something beside the log.
    pub fn notify(&self, visitor: VisitorId, notice: Notice) {
        self.deliver(visitor, &Delivery::Notice(Box::new(notice)));
        for edge in self.edges(visitor) {
            self.pushes.notice(edge, visitor, notice);
        }
    }

    /// Tells all visitors of an inbox something beside the log.
    pub fn notify_inbox(&self, inbox: &str, notice: Notice) {
        let visitors: Vec<_> = lock(&self.visitors)
            .iter()
            .filter(|(_, presence)| presence.inbox == inbox)
            .map(|(visitor, _)| *visitor)
            .collect();
        for visitor in visitors {
            self.notify(visitor, notice);
        }
    }

    /// Tells all agents something.
    pub fn tell_agents(&self, delivery: &AgentDelivery) {
        lock(&self.agents).retain(|agent| agent.try_send(delivery.clone()).is_ok());
    }

    /// Tells everybody that the server is about to stop.
    pub fn drain(&self) {
        let visitors: Vec<_> = lock(&self.visitors).keys().copied().collect();
        for visitor in visitors {
            self.deliver(visitor, &Delivery::Drain);
        }
        self.tell_agents(&AgentDelivery::Drain);
    }

    fn deliver(&self, visitor: VisitorId, delivery: &Delivery) {
        let mut visitors = lock(&self.visitors);
        let Some(presence) = visitors.get_mut(&visitor) else {
            return;
        };
        // A dropped sender ends the subscription, once what is in the queue has been taken.
        presence
            .subscribers
            .retain(|(_, subscriber)| subscriber.try_send(delivery.clone()).is_ok());
    }
}

/// A connection's place in the hub. Dropping it leaves.
pub struct Subscription {
    hub: Arc<Hub>,
    visitor: VisitorId,
    id: u64,
    deliveries: mpsc::Receiver<Delivery>,
}

impl Subscription {
    /// The next delivery; `None` once the queue has overflown: the connection must close.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }

    /// A delivery that is there already.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.deliveries.try_recv().ok()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.unsubscribe(self.visitor, self.id);
    }
}

/// The data is consistent at every moment: a panic elsewhere does not spoil it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use firsthop_core::Timestamp;

    use super::*;

    #[tokio::test]
    async fn a_subscriber_who_does_not_read_is_dropped_and_others_are_not() {
        let hub = Hub::new(Arc::default());
        let visitor = VisitorId::new(Timestamp::from_millis(1), [1; 10]);
        let mut slow = hub.subscribe(visitor, "demo").unwrap();
        let mut quick = hub.subscribe(visitor, "demo").unwrap();
        for _ in 0..=VISITOR_QUEUE_FRAMES_MAX {
            hub.notify(visitor, Notice::Queue(1));
            assert!(quick.try_next().is_some());
        }
        for _ in 0..VISITOR_QUEUE_FRAMES_MAX {
            assert!(slow.next().await.is_some());
        }
        assert!(
            slow.next().await.is_none(),
            "one delivery was too many: the connection has to close"
        );
        hub.notify(visitor, Notice::Queue(2));
        assert!(quick.try_next().is_some());
        drop((slow, quick));
        assert!(!hub.is_online(visitor), "nothing is left behind");
    }

    #[tokio::test]
    async fn an_agent_who_does_not_read_is_dropped() {
        let hub = Hub::new(Arc::default());
        let mut agent = hub.subscribe_agent();
        for _ in 0..=AGENT_QUEUE_FRAMES_MAX {
            hub.tell_agents(&AgentDelivery::SessionsChanged);
        }
        assert!(!hub.has_agents());
        let mut waiting = 0;
        while agent.recv().await.is_some() {
            waiting += 1;
        }
        assert_eq!(waiting, AGENT_QUEUE_FRAMES_MAX);
    }
}
