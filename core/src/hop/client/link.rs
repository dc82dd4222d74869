//! The connection of a visitor's device: opening one, by the way that works, and what follows when
//! it ends.
//!
//! Invariant: nothing is under way on a connection that is not there ([`Client::unlink`]).

use super::{Client, Output, Transport};
use crate::limits::TRANSPORT_FAILURES_MAX;
use crate::time::Instant;

/// What the connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Nothing; not wanted before the visitor does something.
    Idle,
    /// Waiting to try again.
    Waiting { until: Instant },
    /// Being opened.
    Opening,
    /// Open; `hello` is not answered yet.
    Greeting,
    /// Open and greeted.
    Up,
}

impl Client {
    /// Connects now, if it is not connected: the visitor came, or the network is back.
    pub fn connect(&mut self, now: Instant) {
        if matches!(self.link, Link::Idle | Link::Waiting { .. }) {
            self.heard_at = now;
            self.link = Link::Opening;
            self.outputs.push_back(Output::Connect(self.transport));
        }
    }

    /// Disconnects, and stays so until something is to be sent.
    pub fn disconnect(&mut self) {
        self.unlink(Link::Idle);
        self.outputs.push_back(Output::Disconnect);
    }

    /// The connection is open.
    pub fn handle_connected(&mut self, now: Instant) {
        if self.link != Link::Opening {
            return;
        }
        self.link = Link::Greeting;
        self.seen_due = true;
        self.heard_at = now;
        self.pinged_at = None;
        let hello = self.hello();
        self.transmit(vec![hello.into()]);
    }

    /// The connection could not be opened, or ended.
    pub fn handle_closed(&mut self, now: Instant) {
        if matches!(self.link, Link::Idle | Link::Waiting { .. }) {
            return;
        }
        if self.link != Link::Up {
            // It never worked: perhaps something on the way does not let it through.
            self.transport_failures = self.transport_failures.saturating_add(1);
            if self.transport_failures >= TRANSPORT_FAILURES_MAX {
                self.transport_failures = 0;
                self.transport = self.transport.next();
            }
        }
        self.wait_after_failure(now);
    }

    /// The shell could not get a usable token: it will try again, as after any failure.
    pub fn handle_not_admitted(&mut self, now: Instant) {
        self.wait_after_failure(now);
        // That was not the transport's fault.
        self.transport_failures = 0;
    }

    fn wait_after_failure(&mut self, now: Instant) {
        if matches!(self.link, Link::Idle | Link::Waiting { .. }) {
            return;
        }
        let until = now + self.backoff.fail();
        self.unlink(Link::Waiting { until });
    }

    /// The connection is dead, though nobody has said so.
    pub(super) fn drop_link(&mut self, now: Instant) {
        self.outputs.push_back(Output::Disconnect);
        self.handle_closed(now);
    }

    /// Nothing is under way any more.
    pub(super) fn unlink(&mut self, link: Link) {
        if self.link == Link::Up && self.transport != Transport::Socket {
            // What was in a WebSocket's way may be gone: it gets one try.
            self.transport = Transport::Socket;
            self.transport_failures = TRANSPORT_FAILURES_MAX - 1;
        }
        self.link = link;
        self.retransmit_at = None;
        self.asked_after = None;
        self.catch_up_at = None;
        self.pinged_at = None;
        self.under_way = 0;
        self.held_off = false;
        // The next link's welcome names it again: it may not have been there to be fetched.
        self.pack = None;
        self.changed();
    }
}
