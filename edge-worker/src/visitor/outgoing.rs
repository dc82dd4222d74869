//! What the shell is to do: frames for the sockets that may hear them, and what is kept beside
//! those.
//!
//! Invariant: before its `welcome` a socket is sent nothing that is for everybody, and after it all
//! that came since its `hello`.

use core::mem;

use firsthop_core::hop::relay::{Output, RequestId, SocketId, To};
use firsthop_core::id::MessageId;
use firsthop_core::limits::VISITOR_QUEUE_FRAMES_MAX;
use firsthop_core::protocol::visitor::{Submission, ToServer, ToVisitor};
use firsthop_core::protocol::{Code, Hop, Problem};

use super::{Closing, Memo, Stage, Visitor};

/// What the shell must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Give a socket a frame.
    Send(SocketId, ToVisitor),
    /// Close a socket, after what was sent to it.
    Close(SocketId, Closing),
    /// Pass frames to the origin ([`crate::link::uplink`]), `attached` if a socket of the visitor
    /// is open here; answered by [`Visitor::handle_reply`] or [`Visitor::handle_failure`].
    Request {
        /// Names the request in the answer.
        id: RequestId,
        /// Whether later events are to be pushed here.
        attached: bool,
        /// The frames.
        frames: Vec<ToServer>,
    },
    /// Make these durable, in this order; answered by [`Visitor::handle_stored`] or
    /// [`Visitor::handle_not_stored`].
    Persist(Vec<Submission>),
    /// Remove these from the storage.
    Forget(Vec<MessageId>),
    /// Keep this beside the socket, where it outlives the memory.
    Remember(SocketId, Memo),
}

impl Visitor {
    /// What is to be done next.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        loop {
            if let Some(effect) = self.effects.pop_front() {
                return Some(effect);
            }
            match self.relay.poll_output() {
                Some(output) => self.take_output(output),
                None => {
                    self.remember_changes();
                    return self.effects.pop_front();
                }
            }
        }
    }

    fn take_output(&mut self, output: Output) {
        match output {
            Output::Send(To::One(socket), frame) => self.deliver(socket, frame),
            Output::Send(To::All, frame) => {
                let sockets: Vec<_> = self.sockets.keys().copied().collect();
                for socket in sockets {
                    self.deliver_common(socket, frame.clone());
                }
            }
            Output::Request(id, frames) => {
                let attached = self.attached() > 0;
                self.effects.push_back(Effect::Request {
                    id,
                    attached,
                    frames,
                });
            }
            Output::Persist(submissions) => self.effects.push_back(Effect::Persist(submissions)),
            Output::Forget(ids) => self.effects.push_back(Effect::Forget(ids)),
        }
    }

    /// A frame for one connection. Its `welcome` lets out what was held back.
    fn deliver(&mut self, id: SocketId, frame: ToVisitor) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        let ToVisitor::Welcome(mut welcome) = frame else {
            return self.send(id, frame);
        };
        welcome.hop = Hop::Edge;
        socket.stage = Stage::Greeted;
        let held = mem::take(&mut socket.held);
        self.send(id, welcome);
        for frame in held {
            self.send(id, frame);
        }
        self.remember(id);
    }

    /// A frame for every connection that has said hello.
    fn deliver_common(&mut self, id: SocketId, frame: ToVisitor) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        match socket.stage {
            Stage::New => {}
            Stage::Greeting if socket.held.len() >= VISITOR_QUEUE_FRAMES_MAX => {
                self.close(id, Closing::TooSlow);
            }
            Stage::Greeting => socket.held.push(frame),
            Stage::Greeted => self.send(id, frame),
        }
    }

    pub(super) fn send(&mut self, id: SocketId, frame: impl Into<ToVisitor>) {
        let frame = frame.into();
        let socket = self.sockets.get_mut(&id);
        if socket.is_some_and(|socket| !socket.unread.takes(&frame)) {
            return self.close(id, Closing::TooSlow);
        }
        self.effects.push_back(Effect::Send(id, frame));
    }

    pub(super) fn refuse(&mut self, socket: SocketId, problem: Problem) {
        let closing = match problem.code {
            Code::MessageTooLarge => Closing::TooLarge,
            _ => Closing::Refused,
        };
        self.send(socket, problem);
        self.close(socket, closing);
    }

    pub(super) fn close(&mut self, socket: SocketId, closing: Closing) {
        if !self.sockets.contains_key(&socket) {
            return;
        }
        self.effects.push_back(Effect::Close(socket, closing));
        self.handle_closed(socket);
    }

    pub(super) fn remember(&mut self, id: SocketId) {
        let lasting = self.sockets.get_mut(&id).filter(|socket| socket.lasting);
        let Some(socket) = lasting else { return };
        socket.remembered_at = socket.heard_at;
        let memo = Memo {
            visit: socket.visit.clone(),
            stage: socket.stage,
            status: self.relay.status(),
            reach: self.relay.reach(),
            heard_at_ms: socket.heard_at.as_millis(),
        };
        self.effects.push_back(Effect::Remember(id, memo));
    }

    fn remember_changes(&mut self) {
        let known = (self.relay.status(), self.relay.reach());
        if known != self.remembered {
            self.remembered = known;
            let sockets: Vec<_> = self.sockets.keys().copied().collect();
            for socket in sockets {
                self.remember(socket);
            }
        }
    }
}
