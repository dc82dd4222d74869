//! What waits for visitors at edges, and sending it there.
//!
//! In: commits and notices. Out: signed pushes, tried again with backoff until the edge has taken
//! them. The invariants: what waits is bounded by the number of attached visitors (events are
//! read from the log when they are sent, notices replace each other); a visitor's cursor moves
//! only when the edge has answered; an edge that says that a visitor has no socket hears nothing
//! more of that visitor until it attaches them again; and an edge that has said nothing of a visitor
//! for long is asked, as nobody tells of a browser, or of an edge, that just vanished.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firsthop_core::Instant;
use firsthop_core::hop::Backoff;
use firsthop_core::hop::gateway::Notice;
use firsthop_core::id::{EdgeId, VisitorId};
use firsthop_core::limits::{DOWNLINKS_PER_PUSH_MAX, PUSH_AFTER, PUSH_AFTER_MAX};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::edge::{Downlink, Push, PushReply};
use firsthop_core::protocol::visitor::{Events, Pack, Queue, ToVisitor, Typing};
use firsthop_core::protocol::{Receipts, Seq, VERSION};
use tokio::sync::Notify;

use super::hub::{Commit, lock};
use crate::app::App;
use crate::edge_client::EdgeClient;
use crate::host;
use crate::metrics::Counter;
use crate::store::StoreError;

/// What waits for all edges.
#[derive(Debug, Default)]
pub struct Pushes {
    edges: Mutex<HashMap<EdgeId, Waiting>>,
    changed: Mutex<HashMap<EdgeId, Arc<Notify>>>,
}

#[derive(Debug, Default)]
struct Waiting {
    visitors: HashMap<VisitorId, Attached>,
    /// Those for whom something waits.
    dirty: HashSet<VisitorId>,
    changed_inboxes: HashSet<String>,
    /// Before then nobody need be asked after.
    ask_at: Instant,
}

#[derive(Debug, Default)]
struct Attached {
    /// Counts attachments: an answer about an earlier one says nothing about this one.
    generation: u64,
    /// Up to where the edge has the log; unknown before the first greeting.
    sent: Option<Seq>,
    /// Up to where there is something to send.
    head: Seq,
    notices: Notices,
    /// Whether the edge is to be asked if the visitor is still there.
    doubted: bool,
    /// When the edge last said so.
    confirmed_at: Instant,
}

/// The newest of each kind.
#[derive(Debug, Clone, Copy, Default)]
struct Notices {
    receipts: Option<Receipts>,
    typing: Option<Typing>,
    queue: Option<u32>,
    pack: Option<PackHash>,
}

impl Pushes {
    /// A visitor has sockets at an edge.
    pub fn attach(&self, edge: EdgeId, visitor: VisitorId) {
        let mut edges = lock(&self.edges);
        let attached = edges
            .entry(edge)
            .or_default()
            .visitors
            .entry(visitor)
            .or_default();
        attached.generation += 1;
        attached.confirmed_at = host::instant();
    }

    /// Doubts those of whom the edge has said nothing for so long, as many as one push holds. Gives
    /// whether there are any.
    fn doubt_quiet(&self, edge: EdgeId, quiet_for: Duration) -> bool {
        let now = host::instant();
        let mut edges = lock(&self.edges);
        let Some(waiting) = edges.get_mut(&edge).filter(|waiting| waiting.ask_at <= now) else {
            return false;
        };
        let quiet: Vec<_> = waiting
            .visitors
            .iter_mut()
            .filter(|(_, attached)| attached.confirmed_at + quiet_for <= now)
            .take(DOWNLINKS_PER_PUSH_MAX)
            .map(|(visitor, attached)| {
                attached.doubted = true;
                *visitor
            })
            .collect();
        if quiet.len() < DOWNLINKS_PER_PUSH_MAX {
            waiting.ask_at = now + quiet_for / 4;
        }
        waiting.dirty.extend(&quiet);
        !quiet.is_empty()
    }

    /// A visitor who was attached when the server stopped: what the visitor is not known to hold
    /// is sent again.
    pub fn restore(&self, edge: EdgeId, visitor: VisitorId, delivered: Seq, head: Seq) {
        self.attach(edge, visitor);
        self.update(edge, visitor, |attached| {
            attached.sent = Some(delivered);
            attached.head = head;
            head > delivered
        });
    }

    /// The edge spoke for the visitor and named no socket. That may be about a moment before the
    /// newest one came: the reply to a push, be it empty, tells.
    pub fn doubt(&self, edge: EdgeId, visitor: VisitorId) {
        self.update(edge, visitor, |attached| {
            attached.doubted = true;
            true
        });
    }

    /// A greeting told the log up to `head` to a socket, or will on request. To that one alone:
    /// what waits for the visitor's other sockets goes on waiting.
    pub fn greeted(&self, edge: EdgeId, visitor: VisitorId, head: Seq) {
        self.update(edge, visitor, |attached| {
            let sent = *attached.sent.get_or_insert(head);
            attached.head = attached.head.max(head);
            attached.head > sent
        });
    }

    /// The log grew, or agents got further.
    pub fn commit(&self, edge: EdgeId, commit: &Commit) {
        self.update(edge, commit.row.id, |attached| {
            if let Some(first) = commit
                .events
                .iter()
                .find(|event| !event.content.is_private())
            {
                // Never greeted: from the first event that we see on. Should the visitor lack
                // earlier ones, its replica notices, and asks.
                attached.sent.get_or_insert(first.prev);
                attached.head = attached.head.max(commit.row.head.visible);
            }
            if commit.agents_seen {
                attached.notices.receipts = Some(commit.row.agents);
            }
            true
        });
    }

    /// Something beside the log.
    pub fn notice(&self, edge: EdgeId, visitor: VisitorId, notice: Notice) {
        self.update(edge, visitor, |attached| {
            let notices = &mut attached.notices;
            match notice {
                Notice::Receipts(receipts) => notices.receipts = Some(receipts),
                Notice::Typing(typing) => notices.typing = Some(typing),
                Notice::Queue(place) => notices.queue = Some(place),
                Notice::Pack(hash) => notices.pack = Some(hash),
            }
            true
        });
    }

    /// An inbox's settings or pack changed.
    pub fn inbox_changed(&self, edge: EdgeId, inbox: &str) {
        lock(&self.edges)
            .entry(edge)
            .or_default()
            .changed_inboxes
            .insert(inbox.to_owned());
        self.changed(edge).notify_one();
    }

    /// Applies `change` to an attached visitor; if it says so, something waits.
    fn update(&self, edge: EdgeId, visitor: VisitorId, change: impl FnOnce(&mut Attached) -> bool) {
        let mut edges = lock(&self.edges);
        let Some(waiting) = edges.get_mut(&edge) else {
            return;
        };
        let Some(attached) = waiting.visitors.get_mut(&visitor) else {
            return;
        };
        if change(attached) {
            waiting.dirty.insert(visitor);
            drop(edges);
            self.changed(edge).notify_one();
        }
    }

    fn changed(&self, edge: EdgeId) -> Arc<Notify> {
        Arc::clone(lock(&self.changed).entry(edge).or_default())
    }

    /// Takes some of what waits.
    fn take(&self, edge: EdgeId) -> Taken {
        let mut edges = lock(&self.edges);
        let Some(waiting) = edges.get_mut(&edge) else {
            return Taken::default();
        };
        let visitors: Vec<_> = waiting
            .dirty
            .iter()
            .copied()
            .take(DOWNLINKS_PER_PUSH_MAX)
            .collect();
        let visitors = visitors
            .into_iter()
            .filter_map(|visitor| {
                waiting.dirty.remove(&visitor);
                let attached = waiting.visitors.get_mut(&visitor)?;
                let notices = std::mem::take(&mut attached.notices);
                let sent = attached.sent.unwrap_or(attached.head);
                Some(One {
                    visitor,
                    generation: attached.generation,
                    sent,
                    head: attached.head,
                    notices,
                    doubted: std::mem::take(&mut attached.doubted),
                })
            })
            .collect();
        Taken {
            visitors,
            inboxes: std::mem::take(&mut waiting.changed_inboxes),
        }
    }

    /// The edge did not take it: it waits again, unless something newer does.
    fn put_back(&self, edge: EdgeId, taken: Taken) {
        let mut edges = lock(&self.edges);
        let Some(waiting) = edges.get_mut(&edge) else {
            return;
        };
        waiting.changed_inboxes.extend(taken.inboxes);
        for one in taken.visitors {
            let Some(attached) = waiting.visitors.get_mut(&one.visitor) else {
                continue;
            };
            let newer = attached.notices;
            attached.notices = Notices {
                receipts: newer.receipts.or(one.notices.receipts),
                // Typing is of the moment.
                typing: newer.typing,
                queue: newer.queue.or(one.notices.queue),
                pack: newer.pack.or(one.notices.pack),
            };
            attached.doubted |= one.doubted;
            waiting.dirty.insert(one.visitor);
        }
    }

    /// The edge took it. Gives the visitors who are no longer there.
    fn taken(
        &self,
        edge: EdgeId,
        sent: &[(VisitorId, u64, Seq)],
        reply: &PushReply,
    ) -> Vec<VisitorId> {
        let mut edges = lock(&self.edges);
        let Some(waiting) = edges.get_mut(&edge) else {
            return Vec::new();
        };
        let mut gone = Vec::new();
        for (index, (visitor, generation, up_to)) in sent.iter().enumerate() {
            let Some(attached) = waiting.visitors.get_mut(visitor) else {
                continue;
            };
            attached.sent = Some(attached.sent.unwrap_or_default().max(*up_to));
            attached.confirmed_at = host::instant();
            if reply.sockets.get(index) == Some(&0) && attached.generation == *generation {
                waiting.visitors.remove(visitor);
                waiting.dirty.remove(visitor);
                gone.push(*visitor);
            } else if attached.sent < Some(attached.head) {
                waiting.dirty.insert(*visitor);
            }
        }
        gone
    }

    fn is_waiting(&self, edge: EdgeId) -> bool {
        lock(&self.edges)
            .get(&edge)
            .is_some_and(|waiting| !waiting.dirty.is_empty() || !waiting.changed_inboxes.is_empty())
    }
}

#[derive(Debug, Default)]
struct Taken {
    visitors: Vec<One>,
    inboxes: HashSet<String>,
}

#[derive(Debug)]
struct One {
    visitor: VisitorId,
    generation: u64,
    sent: Seq,
    head: Seq,
    notices: Notices,
    doubted: bool,
}

/// Pushes to one edge for as long as its keys count.
pub async fn push_to(app: Arc<App>, client: Arc<EdgeClient>, edge: EdgeId) {
    let changed = app.hub.pushes.changed(edge);
    let seed = u64::from_ne_bytes(host::random());
    let mut backoff = Backoff::new(PUSH_AFTER, PUSH_AFTER_MAX, seed);
    let quiet_for = 2 * app.config.visitor_silent_max;
    while app.settings().edge(edge).is_ok() {
        // What there is to tell goes first.
        if !app.hub.pushes.is_waiting(edge) && !app.hub.pushes.doubt_quiet(edge, quiet_for) {
            // Told of nothing, it looks whom to ask after.
            drop(tokio::time::timeout(quiet_for / 4, changed.notified()).await);
            continue;
        }
        if push_once(&app, &client, edge, backoff.failures() == 0).await {
            if backoff.failures() > 0 {
                tracing::info!(%edge, "an edge takes pushes again");
            }
            backoff.reset();
        } else {
            app.metrics.count(Counter::PushFailures, 1);
            tokio::time::sleep(backoff.fail()).await;
        }
    }
}

/// Whether the edge took what waits for it.
async fn push_once(app: &App, client: &EdgeClient, edge: EdgeId, first_failure: bool) -> bool {
    let taken = app.hub.pushes.take(edge);
    let (downlinks, sent) = match downlinks(app, &taken).await {
        Ok(made) => made,
        Err(error) => {
            tracing::warn!(%error, "what is to be pushed could not be read");
            app.hub.pushes.put_back(edge, taken);
            return false;
        }
    };
    if downlinks.is_empty() && taken.inboxes.is_empty() {
        return true;
    }
    let changed_inboxes = taken.inboxes.iter().cloned().collect();
    let push = Push {
        version: VERSION,
        downlinks,
        changed_inboxes,
    };
    let Ok(registered) = app.settings().edge(edge).cloned() else {
        return false;
    };
    match client.push(&registered, &push).await {
        Ok(reply) => {
            app.metrics.count(Counter::Pushes, 1);
            let gone = app.hub.pushes.taken(edge, &sent, &reply);
            for visitor in &gone {
                app.hub.detach(edge, *visitor);
            }
            app.ingest.detach(edge, gone);
            true
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            if first_failure {
                tracing::warn!(%edge, name = registered.name, error, "an edge takes no pushes; they wait, and are tried again");
            } else {
                tracing::debug!(%edge, error, "an edge still takes no pushes");
            }
            app.hub.pushes.put_back(edge, taken);
            false
        }
    }
}

/// One downlink for each visitor, and up to where it brings whom.
type Downlinks = (Vec<Downlink>, Vec<(VisitorId, u64, Seq)>);

async fn downlinks(app: &App, taken: &Taken) -> Result<Downlinks, StoreError> {
    let behind: Vec<_> = taken
        .visitors
        .iter()
        .filter(|one| one.sent < one.head)
        .map(|one| (one.visitor, one.sent))
        .collect();
    let mut logs: HashMap<_, _> = match behind.as_slice() {
        [] => HashMap::new(),
        behind => app
            .store
            .events_after_each(behind)
            .await?
            .into_iter()
            .collect(),
    };
    let mut downlinks = Vec::with_capacity(taken.visitors.len());
    let mut sent = Vec::with_capacity(taken.visitors.len());
    for one in &taken.visitors {
        let mut frames: Vec<ToVisitor> = Vec::new();
        let mut up_to = one.sent;
        if let Some(part) = logs.remove(&one.visitor) {
            up_to = part.events.last().map_or(up_to, |event| event.seq);
            frames.push(
                Events {
                    events: part.events,
                    more: false,
                }
                .into(),
            );
        }
        let Notices {
            receipts,
            typing,
            queue,
            pack,
        } = one.notices;
        frames.extend(receipts.map(ToVisitor::from));
        frames.extend(typing.map(ToVisitor::from));
        frames.extend(queue.map(|place| ToVisitor::from(Queue { place })));
        frames.extend(pack.map(|hash| ToVisitor::from(Pack { hash })));
        if frames.is_empty() && !one.doubted {
            continue;
        }
        downlinks.push(Downlink {
            visitor: one.visitor,
            frames,
        });
        sent.push((one.visitor, one.generation, up_to));
    }
    Ok((downlinks, sent))
}
