//! The origin: one store with group commit, a gateway for each connection and batch, pushes.

use std::collections::{BTreeMap, BTreeSet};

use firsthop_core::Timestamp;
use firsthop_core::conversation::Head;
use firsthop_core::hop::gateway::{Gateway, Output, State};
use firsthop_core::hop::lease::Leases;
use firsthop_core::hop::relay::RequestId;
use firsthop_core::id::{Derived, MessageId};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::agent::Command;
use firsthop_core::protocol::visitor::{Claim, Submission, ToServer, ToVisitor};
use firsthop_core::protocol::{Answer, Code, Encoding, Event, Problem, Receipts, Seq, Status};

use crate::agenda::Happening;
use crate::mutation::Mutation;
use crate::nodes::Second;
use crate::skew::Host;
use crate::tally::{Fault, Reached};
use crate::world::{ORIGIN_HOST, World};

/// What the store holds of a conversation.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    pub(crate) head: Head,
    pub(crate) log: Vec<Event>,
    /// Each event's place in `log`, by id.
    pub(crate) places: BTreeMap<MessageId, usize>,
    pub(crate) read_by_agents: Receipts,
    pub(crate) seen_by_visitor: Receipts,
    /// Whether the visitor has sockets at the edge, as far as is known.
    pub(crate) attached: bool,
    /// When its status last changed.
    pub(crate) changed_at: u64,
    /// Up to where the edge had the log when that was noted: a restart begins there.
    pub(crate) attached_at: Seq,
}

impl Conversation {
    pub(crate) fn visible_after(&self, after: Seq) -> Vec<Event> {
        let visible = self.log.iter().filter(|event| !event.content.is_private());
        visible.filter(|event| event.seq > after).cloned().collect()
    }
}

/// Who waits for a write.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Waiter {
    Conn(u64),
    Batch(u64),
    Agent { agent: usize, life: u64 },
    Nobody,
}

#[derive(Debug)]
pub(crate) enum Work {
    Says(Submission),
    Acts {
        agent: usize,
        command: Command,
    },
    Lapses {
        agent: usize,
        beat: u64,
        id: MessageId,
    },
    /// What an agent does that only a later version knows.
    Tomorrow {
        agent: usize,
        id: MessageId,
        parks: bool,
    },
}

#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) visitor: usize,
    pub(crate) work: Work,
    pub(crate) waiter: Waiter,
}

/// An edge's request under way.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) visitor: usize,
    pub(crate) life: u64,
    pub(crate) id: RequestId,
    pub(crate) gateway: Gateway,
    pub(crate) frames: Vec<ToVisitor>,
    pub(crate) waiting: usize,
}

/// What is known, in memory, of pushing to one visitor's edge.
#[derive(Debug, Default)]
pub(crate) struct Pushing {
    pub(crate) pushed: Seq,
    pub(crate) under_way: Option<(u64, Seq)>,
    pub(crate) receipts_told: Receipts,
    /// How often the visitor was attached, now and when the push under way left.
    pub(crate) attachments: u64,
    pub(crate) attachments_then: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) up: bool,
    /// Counts the process's lives.
    pub(crate) life: u64,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) pack: PackHash,
    pub(crate) storage_fails: bool,
    /// How many jobs the disk has room for; none: as many as come.
    pub(crate) storage_room: Option<usize>,
    pub(crate) slow: bool,
    pub(crate) clock_ahead: u64,
    pub(crate) queue: Vec<Job>,
    pub(crate) committing: Vec<Job>,
    pub(crate) gateways: BTreeMap<u64, Gateway>,
    pub(crate) batches: BTreeMap<u64, Batch>,
    pub(crate) next_batch: u64,
    pub(crate) pushing: Vec<Pushing>,
    pub(crate) next_push: u64,
    /// How much of each log each node has told those whom it serves.
    pub(crate) told: [Vec<usize>; 2],
    pub(crate) second: Second,
    pub(crate) leases: Leases,
    /// In the store: each agent's beat.
    pub(crate) beats: [u64; 2],
    /// When it was last down, slow or unable to write.
    pub(crate) trouble_at: u64,
    /// What the last commit added, for the bug of not syncing it.
    pub(crate) last_commit: Vec<(usize, usize)>,
}

impl Origin {
    /// The storage works, and has room.
    pub(crate) const fn storage_heals(&mut self) {
        self.storage_fails = false;
        self.storage_room = None;
    }

    pub(crate) fn new(visitors: usize, pack: PackHash) -> Self {
        Self {
            up: true,
            life: 0,
            conversations: (0..visitors).map(|_| Conversation::default()).collect(),
            pack,
            storage_fails: false,
            storage_room: None,
            slow: false,
            clock_ahead: 0,
            queue: Vec::new(),
            committing: Vec::new(),
            gateways: BTreeMap::new(),
            batches: BTreeMap::new(),
            next_batch: 0,
            pushing: (0..visitors).map(|_| Pushing::default()).collect(),
            next_push: 0,
            told: [vec![0; visitors], vec![0; visitors]],
            second: Second::new(),
            leases: Leases::default(),
            beats: [0; 2],
            trouble_at: 0,
            last_commit: Vec::new(),
        }
    }

    pub(crate) fn state(&self, visitor: usize) -> State {
        let conversation = &self.conversations[visitor];
        State {
            head: conversation.head.visible,
            status: conversation.head.status,
            receipts: conversation.read_by_agents,
            pack: Some(self.pack),
            queue: (conversation.head.status == Status::Queued).then_some(1),
        }
    }
}

impl World<'_> {
    // ---- Connections ------------------------------------------------------------------------

    pub(crate) fn server_connected(&mut self, conn: u64) {
        let Some(visitor) = self.conns.get(&conn).map(|conn| conn.visitor) else {
            return;
        };
        if self.visitors[visitor].direct {
            let gateway = Gateway::new(self.visitors[visitor].id);
            self.origin.gateways.insert(conn, gateway);
        } else {
            self.edge_connected(visitor, conn);
        }
    }

    pub(crate) fn server_lost(&mut self, conn: u64, visitor: usize) {
        self.origin.gateways.remove(&conn);
        self.edge_lost(visitor, conn);
    }

    pub(crate) fn arrive_up(&mut self, conn: u64, frames: Vec<ToServer>) {
        let Some(known) = self.conns.get(&conn).filter(|conn| conn.up) else {
            return;
        };
        let visitor = known.visitor;
        if !self.visitors[visitor].direct {
            return self.edge_takes(visitor, conn, frames);
        }
        let now = self.clock(ORIGIN_HOST);
        if let Some(gateway) = self.origin.gateways.get_mut(&conn) {
            for frame in frames {
                gateway.handle_frame(now, frame);
            }
        }
        self.drive_gateway(conn);
    }

    pub(crate) fn drive_gateway(&mut self, conn: u64) {
        let Some(visitor) = self.conns.get(&conn).map(|conn| conn.visitor) else {
            return;
        };
        while let Some(output) = self
            .origin
            .gateways
            .get_mut(&conn)
            .and_then(Gateway::poll_output)
        {
            let now = self.origin_wall();
            match output {
                Output::Send(frame) => self.send_down(conn, frame),
                Output::Greet(hello) => {
                    let state = self.origin.state(visitor);
                    if let Some(gateway) = self.origin.gateways.get_mut(&conn) {
                        gateway.handle_state(now, &hello, &state);
                    }
                }
                Output::Ingest(messages) => {
                    for message in messages {
                        self.enqueue(visitor, Work::Says(message), Waiter::Conn(conn));
                    }
                }
                Output::Read(after) => {
                    let events = self.visible_after(visitor, after);
                    if let Some(gateway) = self.origin.gateways.get_mut(&conn) {
                        gateway.handle_read(events, false);
                    }
                }
                Output::Seen(receipts) => self.visitor_saw(visitor, receipts),
                Output::Typing(_) => {}
                Output::Close => self.closed_by_server(conn),
            }
        }
    }

    fn visitor_saw(&mut self, visitor: usize, receipts: Receipts) {
        let conversation = &mut self.origin.conversations[visitor];
        let visible = conversation.head.visible;
        let clamped = Receipts {
            delivered: receipts.delivered.min(visible),
            read: receipts.read.min(visible),
        };
        conversation.seen_by_visitor = conversation.seen_by_visitor.merge(clamped);
    }

    pub(crate) fn origin_wall(&self) -> Timestamp {
        Timestamp::from_millis(self.wall().as_millis() + self.origin.clock_ahead)
    }

    // ---- Edges' requests --------------------------------------------------------------------

    pub(crate) fn take_request(
        &mut self,
        visitor: usize,
        life: u64,
        id: RequestId,
        attached: bool,
        frames: Vec<ToServer>,
    ) {
        if !self.origin.up {
            return;
        }
        let now = self.clock(ORIGIN_HOST);
        let later = self.is_later(Host::Edge(visitor), Host::Origin);
        let frames = self.wire(Encoding::Postcard, frames, later);
        if attached {
            self.attach(visitor, &frames);
        }
        let mut gateway = Gateway::of_edge(self.visitors[visitor].id, Seq(u64::MAX));
        for frame in frames {
            gateway.handle_frame(now, frame);
        }
        let number = self.origin.next_batch;
        self.origin.next_batch += 1;
        let batch = Batch {
            visitor,
            life,
            id,
            gateway,
            frames: Vec::new(),
            waiting: 0,
        };
        self.origin.batches.insert(number, batch);
        self.drive_batch(number);
        self.push(visitor);
    }

    fn attach(&mut self, visitor: usize, frames: &[ToServer]) {
        let greets = frames
            .iter()
            .any(|frame| matches!(frame, ToServer::Hello(_)));
        let one_for_all = self.mutated(Mutation::OriginGreetsOneForAll);
        let conversation = &mut self.origin.conversations[visitor];
        let pushing = &mut self.origin.pushing[visitor];
        pushing.attachments += 1;
        if greets && one_for_all {
            pushing.pushed = pushing.pushed.max(conversation.head.visible);
        }
        if !conversation.attached {
            conversation.attached = true;
            if greets {
                // The reply to this hello brings what is there; later things are pushed.
                conversation.attached_at = conversation.head.visible;
                pushing.pushed = conversation.head.visible;
            }
        }
    }

    pub(crate) fn drive_batch(&mut self, number: u64) {
        while let Some(batch) = self.origin.batches.get_mut(&number) {
            let visitor = batch.visitor;
            let Some(output) = batch.gateway.poll_output() else {
                break;
            };
            let state = self.origin.state(visitor);
            let now = self.origin_wall();
            match output {
                Output::Send(frame) => {
                    if let Some(batch) = self.origin.batches.get_mut(&number) {
                        batch.frames.push(frame);
                    }
                }
                Output::Greet(hello) => {
                    // That the edge has the visitor is noted beside the conversation, if there is one.
                    let is_noted = state.head == Seq(0) || !self.origin.storage_fails;
                    if !is_noted {
                        self.tally.reach(Reached::GreetingPutOff);
                    }
                    if let Some(batch) = self.origin.batches.get_mut(&number) {
                        if is_noted {
                            batch.gateway.handle_state(now, &hello, &state);
                        } else {
                            batch.gateway.handle_failure(Problem::new(
                                Code::StorageUnavailable,
                                "the disk is full",
                            ));
                        }
                    }
                }
                Output::Ingest(messages) => {
                    if let Some(batch) = self.origin.batches.get_mut(&number) {
                        batch.waiting += messages.len();
                    }
                    for message in messages {
                        self.enqueue(visitor, Work::Says(message), Waiter::Batch(number));
                    }
                }
                Output::Read(after) => {
                    let events = self.visible_after(visitor, after);
                    if let Some(batch) = self.origin.batches.get_mut(&number) {
                        batch.gateway.handle_read(events, false);
                    }
                }
                Output::Seen(receipts) => self.visitor_saw(visitor, receipts),
                Output::Typing(_) => {}
                // Whom it can't greet it says no more to, for now.
                Output::Close if self.origin.storage_fails => {}
                Output::Close => self.violate("the origin closes on an edge"),
            }
        }
        if self
            .origin
            .batches
            .get(&number)
            .is_some_and(|batch| batch.waiting == 0)
            && let Some(batch) = self.origin.batches.remove(&number)
        {
            self.reply(batch);
        }
    }

    fn reply(&mut self, batch: Batch) {
        let Batch {
            visitor,
            life,
            id,
            frames,
            ..
        } = batch;
        if !self.edges[visitor].down || self.lost(30) {
            return self.fault(Fault::ReplyLost);
        }
        let later = self.is_later(Host::Origin, Host::Edge(visitor));
        let frames = self.wire(Encoding::Postcard, frames, later);
        let wait = self.latency() + if self.origin.slow { 2_500 } else { 0 };
        self.after(
            wait,
            Happening::Reply {
                visitor,
                life,
                id,
                frames,
            },
        );
    }
}

impl Work {
    pub(crate) const fn id(&self) -> MessageId {
        match self {
            Self::Says(message) => message.id,
            Self::Acts { command, .. } => command.id,
            Self::Lapses { id, .. } | Self::Tomorrow { id, .. } => *id,
        }
    }
}

/// What a claim says, taken at its word.
pub(crate) fn believed(of: MessageId, claim: &Claim) -> Answer {
    use firsthop_core::protocol::Source;
    let _ = of.derive(Derived::Answer);
    Answer {
        of,
        text: claim.text.expose().clone(),
        source: Source {
            hop: claim.hop,
            pack: claim.pack,
            entry: claim.entries.first().cloned(),
            confidence: claim.confidence,
            verified: true,
        },
        suggestions: Vec::new(),
    }
}

/// Everything that the log holds of ids, once each.
pub(crate) fn ids(log: &[Event]) -> BTreeSet<MessageId> {
    log.iter().map(|event| event.id).collect()
}
