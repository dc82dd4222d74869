//! One visitor's machine at the edge: their sockets around a `firsthop_core::hop::relay::Relay`.
//!
//! In: wire messages of sockets, the origin's replies and pushes, word from the storage. Out:
//! [`Effect`]s. After each `handle_…`, poll [`Visitor::poll_effect`] until it gives `None`; then
//! wait for an input or for [`Visitor::next_timeout`]. Invariants, beside the relay's:
//!
//! * A socket says `hello` first, and hears nothing before its `welcome`.
//! * Whatever a socket sends, nobody else notices more than its frames.
//! * A connection from which nothing comes is closed, at the first event after its time: no timer
//!   keeps the object awake for that, as the origin asks after a quiet visitor. A stream of events is
//!   heard by the requests beside it.
//! * A connection that is sent much and says nothing is closed: what waits for it is bounded.
//!
//! All of it may vanish between two events. What a socket needs to live on is in its
//! [`Memo`], which the host keeps beside the socket. Start reading at `handle_message` (`incoming`),
//! then `outgoing`.
//!
//! Not here: tokens and page origins (checked at the door, see [`crate::visit`]).

mod closing;
mod exchange;
mod incoming;
mod memo;
mod outgoing;
mod unread;

pub use closing::Closing;
pub use exchange::Exchange;
pub use memo::{Memo, Stage};
pub use outgoing::Effect;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use firsthop_core::answer::Answerer;
use firsthop_core::hop::relay::{Relay, RequestId, SocketId};
use firsthop_core::id::{MessageId, VisitorId};
use firsthop_core::limit::Bucket;
use firsthop_core::limits::{
    EDGE_SOCKET_SILENT_MAX, SOCKETS_PER_VISITOR_MAX, VISITOR_FRAME_REFILL, VISITOR_FRAMES_BURST,
    VISITOR_SUBMISSION_REFILL, VISITOR_SUBMISSIONS_BURST,
};
use firsthop_core::pack::Pack;
use firsthop_core::protocol::visitor::{Reach, Submission, ToVisitor, Token};
use firsthop_core::protocol::{Code, Problem, Status};
use firsthop_core::{Instant, Timestamp};

use self::unread::Unread;
use crate::visit::Visit;

/// A connection, as the machine sees it.
#[derive(Debug)]
struct Socket {
    visit: Visit,
    /// Whether it stays open to hear what comes later.
    attached: bool,
    /// Whether it outlives the memory, so that a memo of it is kept.
    lasting: bool,
    stage: Stage,
    /// When something came from it…
    heard_at: Instant,
    /// …and what its memo says of that.
    remembered_at: Instant,
    unread: Unread,
    /// What came for everybody before its `welcome`.
    held: Vec<ToVisitor>,
}

/// How a connection behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A WebSocket: it outlives the memory.
    Socket,
    /// A stream of events or a long poll: open as long as its request.
    Waiting,
    /// One answer, at once.
    Once,
}

/// Who answers at this edge. One for all visitors: it keeps the memory that it works in.
pub struct Bot<'a> {
    /// Answers one question after the other.
    pub answerer: &'a mut Answerer,
    /// The inbox's current pack, if the edge can answer from it.
    pub pack: Option<&'a Pack>,
}

/// See the module.
pub struct Visitor {
    id: VisitorId,
    inbox: String,
    relay: Relay,
    sockets: BTreeMap<SocketId, Socket>,
    frames: Bucket,
    submissions: Bucket,
    remembered: (Option<Status>, Reach),
    silent_max: Duration,
    effects: VecDeque<Effect>,
}

impl Visitor {
    /// Starts with what the storage holds, oldest first, and the sockets that lived on. `seed` is
    /// the host's randomness.
    pub fn new(
        now: Instant,
        seed: u64,
        id: VisitorId,
        inbox: String,
        stored: impl IntoIterator<Item = Submission>,
        sockets: impl IntoIterator<Item = (SocketId, Memo)>,
    ) -> Self {
        let mut visitor = Self {
            id,
            inbox,
            relay: Relay::new(now, seed, id, stored),
            sockets: BTreeMap::new(),
            frames: Bucket::new(VISITOR_FRAMES_BURST, VISITOR_FRAME_REFILL),
            submissions: Bucket::new(VISITOR_SUBMISSIONS_BURST, VISITOR_SUBMISSION_REFILL),
            remembered: (None, Reach::Up),
            silent_max: EDGE_SOCKET_SILENT_MAX,
            effects: VecDeque::new(),
        };
        for (socket, memo) in sockets {
            visitor.relay.restore(now, memo.status, memo.reach);
            let stage = memo.stage;
            let heard_at = Instant::from_millis(memo.heard_at_ms);
            visitor.insert(heard_at, socket, memo.visit, Kind::Socket, stage);
            if stage == Stage::Greeting {
                // Its `welcome` was on the way to a memory that is gone.
                visitor.close(socket, Closing::Restarted);
            }
        }
        visitor.remembered = (visitor.relay.status(), visitor.relay.reach());
        visitor
    }

    /// Closes connections after this much silence, instead of after `EDGE_SOCKET_SILENT_MAX`.
    #[must_use]
    pub const fn silent_after(mut self, silent_max: Duration) -> Self {
        self.silent_max = silent_max;
        self
    }

    /// The visitor.
    pub const fn id(&self) -> VisitorId {
        self.id
    }

    /// The inbox's key.
    pub fn inbox(&self) -> &str {
        &self.inbox
    }

    /// Whether the origin answers, as far as is known.
    pub const fn reach(&self) -> Reach {
        self.relay.reach()
    }

    /// How many messages the storage holds for the origin.
    pub fn stored(&self) -> usize {
        self.relay.stored()
    }

    /// How many connections stay open to hear what comes later.
    pub fn attached(&self) -> usize {
        self.sockets
            .values()
            .filter(|socket| socket.attached)
            .count()
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.relay.next_timeout()
    }

    /// A connection has come.
    ///
    /// # Errors
    /// `too_many_sockets`: it must not be accepted.
    pub fn open(
        &mut self,
        now: Instant,
        socket: SocketId,
        visit: Visit,
        kind: Kind,
    ) -> Result<(), Problem> {
        self.close_silent(now);
        if self.sockets.len() >= SOCKETS_PER_VISITOR_MAX {
            return Err(Problem::new(
                Code::TooManySockets,
                format!(
                    "at most {SOCKETS_PER_VISITOR_MAX} connections of one visitor are open at once"
                ),
            )
            .retry_after(firsthop_core::limits::RECONNECT_AFTER_MAX));
        }
        self.insert(now, socket, visit, kind, Stage::New);
        self.remember(socket);
        Ok(())
    }

    fn insert(&mut self, now: Instant, id: SocketId, visit: Visit, kind: Kind, stage: Stage) {
        let (attached, lasting) = (kind != Kind::Once, kind == Kind::Socket);
        self.sockets.insert(
            id,
            Socket {
                visit,
                attached,
                lasting,
                stage,
                heard_at: now,
                remembered_at: now,
                unread: Unread::default(),
                held: Vec::new(),
            },
        );
        self.relay.set_sockets(self.sockets.len());
    }

    /// A connection is gone. With the last one that stayed open, the origin is told: agents see
    /// who is there. One that is not known here may have been that one, before hibernation.
    pub fn handle_closed(&mut self, socket: SocketId) {
        let stayed = self
            .sockets
            .remove(&socket)
            .is_none_or(|socket| socket.attached);
        self.relay.set_sockets(self.sockets.len());
        if stayed && self.attached() == 0 {
            self.relay.handle_left();
        }
    }

    /// The origin's frames in reply to a request.
    pub fn handle_reply(
        &mut self,
        wall: Timestamp,
        now: Instant,
        request: RequestId,
        frames: Vec<ToVisitor>,
    ) {
        self.relay.handle_reply(wall, now, request, frames);
    }

    /// No reply: the origin is away.
    pub fn handle_failure(&mut self, wall: Timestamp, now: Instant, request: RequestId) {
        self.relay.handle_failure(wall, now, request);
    }

    /// What the origin pushed, be it nothing: then it wants to know whether somebody is here.
    pub fn handle_push(&mut self, now: Instant, frames: Vec<ToVisitor>) {
        self.close_silent(now);
        self.relay.handle_push(frames);
    }

    /// The storage holds these now.
    pub fn handle_stored(&mut self, now: Instant, ids: &[MessageId]) {
        self.relay.handle_stored(now, ids);
    }

    /// The storage could not take these.
    pub fn handle_not_stored(&mut self, ids: &[MessageId]) {
        self.relay.handle_not_stored(ids);
    }

    /// Tries the origin again.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.relay.handle_timeout(now);
    }

    /// A connection did not take a frame: it is closed, and catches up when it comes back.
    pub fn handle_full(&mut self, socket: SocketId) {
        self.close(socket, Closing::TooSlow);
    }

    /// Gives a connection a newer token.
    pub fn renew(&mut self, socket: SocketId, now: Timestamp, token: Token) {
        if let Some(known) = self.sockets.get_mut(&socket) {
            known.visit.issued_at = now;
        }
        self.send(socket, token);
        self.remember(socket);
    }

    /// What the door was told about a connection.
    pub fn visit(&self, socket: SocketId) -> Option<&Visit> {
        self.sockets.get(&socket).map(|socket| &socket.visit)
    }

    /// Closes what has been silent for too long. Every event does that, too; who knows that time has
    /// passed without any may call it.
    pub fn close_silent(&mut self, now: Instant) {
        let silent: Vec<_> = self
            .sockets
            .iter()
            .filter(|(_, socket)| now.since(socket.heard_at) >= self.silent_max)
            .map(|(id, _)| *id)
            .collect();
        for id in silent {
            self.close(id, Closing::Silent);
        }
    }
}
