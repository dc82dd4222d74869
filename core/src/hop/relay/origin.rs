//! What a relay asks of the origin, and what it takes from an answer, a push, or none.
//!
//! Invariant: a message leaves the storage only when the origin has said that it has it, or that it
//! never will.

use super::{Output, Relay, RequestId, SocketId, To};
use crate::id::MessageId;
use crate::protocol::visitor::{Hello, Link, Reach, ToServer, ToVisitor, Welcome};
use crate::protocol::{Content, Hop, Receipts, Remedy, Seq, Status, VERSION};
use crate::time::{Instant, Timestamp};

/// What an unanswered request was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A socket's hello, or what else concerns that socket alone.
    Socket(SocketId, Option<Hello>),
    /// The first messages that wait in memory.
    Pass(Vec<MessageId>),
    /// The first messages of the storage.
    Drain(Vec<MessageId>),
    /// Nothing hangs on it: receipts, typing, that nobody is here any more.
    Notice,
    /// Whether the origin is back.
    Probe,
}

impl Relay {
    /// The origin's frames in reply to a request.
    pub fn handle_reply(
        &mut self,
        wall: Timestamp,
        now: Instant,
        request: RequestId,
        mut frames: Vec<ToVisitor>,
    ) {
        let Some(purpose) = self.finish(request) else {
            // An answer that came after its request was given up: acknowledgements are still true.
            frames.retain(|frame| !is_put_off(frame));
            return self.handle_push(frames);
        };
        let put_off = frames.iter().any(is_put_off);
        match purpose {
            // It replied, but greets nobody now (its store fails, it sheds load): as if away.
            Purpose::Socket(socket, Some(hello)) if put_off => {
                self.give_up(now);
                self.greet(wall, socket, &hello);
                self.unheard = Some(hello);
            }
            // Nobody but this relay has asked.
            Purpose::Probe if put_off => self.give_up(now),
            Purpose::Probe => self.came_back(now),
            purpose => {
                let to = match &purpose {
                    Purpose::Socket(socket, _) => To::One(*socket),
                    _ => To::All,
                };
                let settled = self.settle(&frames);
                for frame in frames {
                    self.pass_down(to, frame);
                }
                match purpose {
                    Purpose::Pass(ids) | Purpose::Drain(ids)
                        if !ids.iter().all(|id| settled.contains(id)) =>
                    {
                        // It replied, but not to everything: the same.
                        self.give_up(now);
                    }
                    _ => self.came_back(now),
                }
            }
        }
        self.advance();
    }

    /// No reply: the origin is away.
    pub fn handle_failure(&mut self, wall: Timestamp, now: Instant, request: RequestId) {
        let Some(purpose) = self.finish(request) else {
            return;
        };
        self.give_up(now);
        if let Purpose::Socket(socket, Some(hello)) = purpose {
            self.greet(wall, socket, &hello);
        }
        self.advance();
    }

    /// Greets a socket in the origin's stead.
    fn greet(&mut self, wall: Timestamp, socket: SocketId, hello: &Hello) {
        let welcome = Welcome {
            version: VERSION,
            visitor: self.visitor,
            hop: Hop::Edge,
            head: None,
            status: None,
            receipts: Receipts::default(),
            pack: self.pack,
            origin: Reach::Away,
            now: wall,
            cursor: hello.cursor,
        };
        self.send(To::One(socket), welcome);
    }

    /// Asks whether the origin is back: with what it could not take, if that was so, as an origin
    /// that can't write still answers whatever needs no writing.
    pub(super) fn probe(&mut self) {
        let frames = self.unheard.clone().map(ToServer::from);
        self.request(Purpose::Probe, frames.into_iter().collect());
    }

    /// What the origin pushed for this visitor.
    pub fn handle_push(&mut self, frames: Vec<ToVisitor>) {
        self.settle(&frames);
        for frame in frames {
            self.pass_down(To::All, frame);
        }
        self.advance();
    }

    /// Takes out of memory and storage what the origin says it has, or will never take.
    fn settle(&mut self, frames: &[ToVisitor]) -> Vec<MessageId> {
        let mut settled = Vec::new();
        for frame in frames {
            match frame {
                ToVisitor::Stored(stored) => settled.extend(&stored.ids),
                ToVisitor::Refused(refused) if refused.problem.remedy() == Remedy::Never => {
                    settled.push(refused.id)
                }
                _ => {}
            }
        }
        self.passing
            .retain(|message| !settled.contains(&message.id));
        let forget: Vec<_> = self
            .outbox
            .iter()
            .map(|message| message.id)
            .filter(|id| settled.contains(id))
            .collect();
        if !forget.is_empty() {
            self.outbox.retain(|message| !forget.contains(&message.id));
            self.outputs.push_back(Output::Forget(forget));
        }
        settled
    }

    fn pass_down(&mut self, to: To, frame: ToVisitor) {
        match &frame {
            ToVisitor::Welcome(welcome) => {
                if let (Some(status), Some(head)) = (welcome.status, welcome.head) {
                    self.set_status(status, head);
                }
                self.pack = welcome.pack.or(self.pack);
            }
            ToVisitor::Events(events) => {
                for event in &events.events {
                    if let Content::Status(change) = &event.content {
                        self.set_status(change.status, event.seq);
                    }
                }
            }
            ToVisitor::Pack(pack) => self.pack = Some(pack.hash),
            // It may yet be stored here: then the visitor hears that, not this.
            ToVisitor::Refused(refused) if refused.problem.remedy() == Remedy::RetryLater => {
                return;
            }
            _ => {}
        }
        self.outputs.push_back(Output::Send(to, frame));
    }

    /// Replies and pushes overtake each other: the later place in the log counts.
    fn set_status(&mut self, status: Status, at: Seq) {
        if at >= self.status_at {
            self.status = Some(status);
            self.status_at = at;
        }
    }

    fn give_up(&mut self, now: Instant) {
        if self.reach == Reach::Up {
            self.reach = Reach::Away;
            self.send(
                To::All,
                Link {
                    origin: Reach::Away,
                },
            );
        }
        if self.retry_at.is_none() {
            self.retry_at = Some(now + self.backoff.fail());
        }
    }

    fn came_back(&mut self, now: Instant) {
        if !self.outbox.is_empty() {
            // More to drain: at once, as the origin has just shown that it can.
            self.retry_at = Some(now);
            return;
        }
        if !self.persisting.is_empty() {
            // What is being stored comes first; should it not be, `retry_at` finds the origin.
            self.retry_at = Some(now + self.backoff.fail());
            return;
        }
        self.backoff.reset();
        self.retry_at = None;
        self.unheard = None;
        if self.reach == Reach::Away {
            self.reach = Reach::Up;
            self.send(To::All, Link { origin: Reach::Up });
        }
    }

    pub(super) fn submitting(&self) -> bool {
        self.requests
            .iter()
            .any(|(_, purpose)| matches!(purpose, Purpose::Pass(_) | Purpose::Drain(_)))
    }

    pub(super) fn request(&mut self, purpose: Purpose, frames: Vec<ToServer>) {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.requests.push((id, purpose));
        self.outputs.push_back(Output::Request(id, frames));
    }

    fn finish(&mut self, request: RequestId) -> Option<Purpose> {
        let at = self.requests.iter().position(|(id, _)| *id == request)?;
        Some(self.requests.swap_remove(at).1)
    }
}

/// Whether the origin can't do now what it was asked to.
fn is_put_off(frame: &ToVisitor) -> bool {
    matches!(frame, ToVisitor::Error(problem) if problem.remedy() == Remedy::RetryLater)
}
