//! One visitor at an edge: passes frames on, and stores what must not be lost while the origin
//! is away.
//!
//! In: frames of the visitor's sockets, replies and failures of requests to the origin, pushes,
//! word from the edge's own storage. Out: frames to sockets, requests, writes. Invariants:
//!
//! * The normal path writes nothing: the origin's commit is the acknowledgement.
//! * `stored` by the edge leaves only after the edge's storage has said so.
//! * A visitor's messages reach the origin in the order in which the edge took them: one request
//!   with messages is under way at a time, and one write; what is stored goes first, and of what
//!   waits nothing is taken after something before it could not be.
//!
//! All memory may vanish between two events (hibernation, a crash): what was acknowledged is in
//! the storage, from which [`Relay::new`] starts again; what was not, its sender sends again.
//!
//! Not here: tokens, page origins, encodings, what the bot knows (`bot::screen`, which the shell
//! runs on each submission before handing it in).

mod origin;
mod output;

use std::collections::VecDeque;

use origin::Purpose;
pub use output::{Output, RequestId, SocketId, To};

use super::Backoff;
use crate::bot::Screened;
use crate::conversation::{Speech, bot_speaks};
use crate::id::{MessageId, VisitorId};
use crate::limits::{DRAIN_AFTER, DRAIN_AFTER_MAX, EDGE_DRAIN_BATCH_MAX, EDGE_OUTBOX_MAX};
use crate::pack::PackHash;
use crate::protocol::visitor::{
    Hello, Reach, Refused, Said, Stored, Submission, Submit, ToServer, ToVisitor,
};
use crate::protocol::{Code, Hop, Problem, Seq, Status};
use crate::time::Instant;

/// See the module.
#[derive(Debug)]
pub struct Relay {
    visitor: VisitorId,
    reach: Reach,
    /// Unknown after hibernation, unless the shell kept it beside a socket.
    status: Option<Status>,
    /// The place in the log at which it stood so.
    status_at: Seq,
    pack: Option<PackHash>,
    /// In memory, on the way to the origin: not acknowledged.
    passing: VecDeque<Submission>,
    /// On the way into the storage: not acknowledged.
    persisting: Vec<Submission>,
    /// In the storage: acknowledged, to be drained.
    outbox: VecDeque<Submission>,
    requests: Vec<(RequestId, Purpose)>,
    next_request: u64,
    backoff: Backoff,
    retry_at: Option<Instant>,
    /// While a drain is under way: when to look again, should all memory of it vanish.
    watch_at: Instant,
    /// The last greeting that the origin could not take, since it is away for that.
    unheard: Option<Hello>,
    sockets: usize,
    outputs: VecDeque<Output>,
}

impl Relay {
    /// Starts with what the edge's storage holds, oldest first. `seed` is the host's randomness.
    pub fn new(
        now: Instant,
        seed: u64,
        visitor: VisitorId,
        stored: impl IntoIterator<Item = Submission>,
    ) -> Self {
        let outbox: VecDeque<_> = stored.into_iter().collect();
        Self {
            visitor,
            reach: if outbox.is_empty() {
                Reach::Up
            } else {
                Reach::Away
            },
            status: None,
            status_at: Seq(0),
            pack: None,
            passing: VecDeque::new(),
            persisting: Vec::new(),
            retry_at: (!outbox.is_empty()).then_some(now),
            watch_at: now,
            unheard: None,
            outbox,
            requests: Vec::new(),
            sockets: 0,
            next_request: 0,
            backoff: Backoff::new(DRAIN_AFTER, DRAIN_AFTER_MAX, seed),
            outputs: VecDeque::new(),
        }
    }

    /// Whether the origin answers, as far as is known.
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// Where the conversation stands, as far as is known.
    pub const fn status(&self) -> Option<Status> {
        self.status
    }

    /// What the edge's bot may say. While the origin answers and it is not known whether an agent
    /// has the conversation, the origin decides: it would be worse to butt in.
    pub fn bot_speaks(&self) -> Speech {
        match self.status {
            Some(status) => bot_speaks(status, self.reach),
            None if self.reach == Reach::Away => Speech::Free,
            None => Speech::Silent,
        }
    }

    /// How many messages the storage holds for the origin.
    pub fn stored(&self) -> usize {
        self.outbox.len()
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] is due. With nobody connected and nothing stored, never; with
    /// something stored, always: a shell whose memory may vanish sets an alarm by it, and the
    /// alarm must outlive a drain that is under way.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.outbox.is_empty() {
            return self.retry_at.filter(|_| self.sockets > 0);
        }
        Some(self.retry_at.unwrap_or(self.watch_at))
    }

    /// How many sockets the visitor has here now.
    pub const fn set_sockets(&mut self, sockets: usize) {
        self.sockets = sockets;
    }

    /// The last connection that stays open is gone: the origin hears that nobody is attached.
    pub fn handle_left(&mut self) {
        if self.reach == Reach::Up {
            self.request(Purpose::Notice, Vec::new());
        }
    }

    /// What a relay before this one knew, whose memory vanished while its sockets lived on.
    pub fn restore(&mut self, now: Instant, status: Option<Status>, reach: Reach) {
        self.status = status;
        if reach == Reach::Away {
            self.reach = Reach::Away;
            self.retry_at.get_or_insert(now);
        }
    }

    /// The inbox's current pack, as the edge knows it.
    pub const fn set_pack(&mut self, pack: Option<PackHash>) {
        self.pack = pack;
    }

    /// Takes a frame of a socket that is no `submit`; those go, screened, to
    /// [`Self::handle_submission`].
    pub fn handle_frame(&mut self, socket: SocketId, frame: ToServer) {
        match frame {
            ToServer::Hello(hello) => {
                let purpose = Purpose::Socket(socket, Some(hello.clone()));
                self.request(purpose, vec![hello.into()]);
            }
            ToServer::CatchUp(_) => self.request(Purpose::Socket(socket, None), vec![frame]),
            ToServer::Seen(_) | ToServer::Typing(_) => {
                if self.reach == Reach::Up {
                    self.request(Purpose::Notice, vec![frame]);
                }
            }
            ToServer::Ping(ping) => self.send(To::One(socket), ping),
            ToServer::Submit(_) | ToServer::Unknown(_) => {}
        }
    }

    /// Takes a submission that `conversation::check` accepts and `bot::screen` has seen.
    pub fn handle_submission(&mut self, socket: SocketId, screened: Screened) {
        let Screened {
            submission,
            answered,
            forged: _,
        } = screened;
        let id = submission.id;
        let waiting = self.passing.iter().chain(&self.persisting);
        if let Some(known) = waiting.chain(&self.outbox).find(|known| known.id == id) {
            if !says_the_same(known, &submission) {
                let problem = Problem::new(Code::IdReused, "the id was used for something else");
                return self.send(To::One(socket), Refused { id, problem });
            }
            if self.outbox.iter().any(|stored| stored.id == id) {
                let (by, ids) = (Hop::Edge, vec![id]);
                self.send(To::One(socket), Stored { by, ids });
            }
            // Else it is under way: the acknowledgement goes to every socket.
            return;
        }
        if let Some(answered) = answered {
            self.send(To::All, answered);
        }
        if self.passing.len() + self.persisting.len() + self.outbox.len() >= EDGE_OUTBOX_MAX {
            let problem = Problem::new(
                Code::Overloaded,
                "too many of your messages wait for the origin",
            );
            return self.send(
                To::One(socket),
                Refused {
                    id,
                    problem: problem.retry_after(DRAIN_AFTER_MAX),
                },
            );
        }
        self.passing.push_back(submission);
        self.advance();
    }

    /// Sends on, or stores, what waits in memory.
    fn advance(&mut self) {
        if self.passing.is_empty() || self.submitting() || !self.persisting.is_empty() {
            return;
        }
        if self.reach == Reach::Away || !self.outbox.is_empty() {
            let rest: Vec<_> = self.passing.drain(..).collect();
            self.persisting.extend(rest.iter().cloned());
            self.outputs.push_back(Output::Persist(rest));
            return;
        }
        let messages: Vec<_> = self
            .passing
            .iter()
            .take(EDGE_DRAIN_BATCH_MAX)
            .cloned()
            .collect();
        let ids = messages.iter().map(|message| message.id).collect();
        self.request(Purpose::Pass(ids), vec![Submit { messages }.into()]);
    }

    /// The storage holds these now.
    pub fn handle_stored(&mut self, now: Instant, ids: &[MessageId]) {
        let (stored, persisting) = self
            .persisting
            .drain(..)
            .partition::<Vec<_>, _>(|message| ids.contains(&message.id));
        self.persisting = persisting;
        if stored.is_empty() {
            return;
        }
        let ids = stored.iter().map(|message| message.id).collect();
        self.outbox.extend(stored);
        self.send(To::All, Stored { by: Hop::Edge, ids });
        if self.retry_at.is_none() {
            self.retry_at = Some(now + self.backoff.fail());
        }
        self.advance();
    }

    /// The storage could not take these: their sender keeps them, and what came after them.
    pub fn handle_not_stored(&mut self, ids: &[MessageId]) {
        self.persisting.retain(|message| !ids.contains(&message.id));
        let after: Vec<_> = self.passing.drain(..).map(|message| message.id).collect();
        for &id in ids.iter().chain(&after) {
            let problem = Problem::new(
                Code::StorageUnavailable,
                "neither the origin nor the edge can store the message now",
            );
            self.send(
                To::All,
                Refused {
                    id,
                    problem: problem.retry_after(DRAIN_AFTER_MAX),
                },
            );
        }
    }

    /// Tries the origin again.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.watch_at <= now {
            self.watch_at = now + DRAIN_AFTER_MAX;
        }
        if self.retry_at.is_none_or(|at| at > now) {
            return;
        }
        self.retry_at = None;
        self.watch_at = now + DRAIN_AFTER_MAX;
        if self.submitting()
            || self
                .requests
                .iter()
                .any(|(_, purpose)| *purpose == Purpose::Probe)
        {
            return;
        }
        if self.outbox.is_empty() {
            self.probe();
        } else {
            self.drain();
        }
    }

    fn drain(&mut self) {
        let messages: Vec<_> = self
            .outbox
            .iter()
            .take(EDGE_DRAIN_BATCH_MAX)
            .cloned()
            .collect();
        let ids = messages.iter().map(|message| message.id).collect();
        self.request(Purpose::Drain(ids), vec![Submit { messages }.into()]);
    }

    fn send(&mut self, to: To, frame: impl Into<ToVisitor>) {
        self.outputs.push_back(Output::Send(to, frame.into()));
    }
}

/// Whether both say the same, whatever hops below claim to have answered.
fn says_the_same(one: &Submission, other: &Submission) -> bool {
    match (&one.said, &other.said) {
        (Said::Text(one), Said::Text(other)) => one.text == other.text,
        (one, other) => one == other,
    }
}
