//! What the hop above tells a visitor's device.
//!
//! Invariant: what was heard already changes nothing, as every tab hears everything and every frame
//! may come twice.

use core::time::Duration;

use super::link::Link;
use super::outbox::AHEAD_MS_MAX;
use super::{Change, Client, Output, Transport};
use crate::id::MessageId;
use crate::limits::RETRANSMIT_AFTER;
use crate::pack::PackHash;
use crate::protocol::visitor::{Reach, ToServer, ToVisitor, Welcome};
use crate::protocol::{Problem, Receipts, Remedy, Status};
use crate::time::Instant;

impl Client {
    /// Frames have come.
    pub fn handle_frames(&mut self, now: Instant, frames: Vec<ToVisitor>) {
        // Socket and stream are pinged also while frames come: an edge closes one that says nothing.
        if self.pinged_at.take().is_some() || self.transport == Transport::Poll {
            self.heard_at = now;
        }
        let was_under_way = self.under_way;
        for frame in frames {
            self.handle_frame(now, frame);
        }
        if self.outbox.is_empty() {
            self.retransmit_at = None;
            self.held_off = false;
            self.retransmit_after = RETRANSMIT_AFTER;
        } else if was_under_way > 0 && self.under_way == 0 && !self.held_off {
            // What was under way has arrived: the next.
            self.retransmit_at = None;
            self.retransmit_after = RETRANSMIT_AFTER;
            self.submit(now);
        }
    }

    fn handle_frame(&mut self, now: Instant, frame: ToVisitor) {
        match frame {
            ToVisitor::Welcome(welcome) => self.handle_welcome(now, &welcome),
            ToVisitor::Stored(mut stored) => {
                // Every tab hears it: what is known already need not be told to the others.
                stored
                    .ids
                    .retain(|id| self.transcript.would_store(*id, stored.by));
                if !stored.ids.is_empty() {
                    self.save(Change::Stored(stored.by, stored.ids));
                }
            }
            ToVisitor::Refused(refused) => self.handle_refused(now, refused.id, refused.problem),
            ToVisitor::Events(events) => {
                self.save_events(events.events);
                if !events.more && !self.replica.has_gap() {
                    self.asked_after = None;
                    self.catch_up_at = None;
                } else if self.asked_after != Some(self.cursor()) {
                    self.catch_up(now);
                }
            }
            ToVisitor::Answered(answered) => {
                if self.transcript.would_answer(&answered) {
                    self.save(Change::Answered(Box::new(answered)));
                }
            }
            ToVisitor::Receipts(receipts) => self.save_receipts(receipts),
            ToVisitor::Typing(typing) => self.outputs.push_back(Output::Typing(typing)),
            ToVisitor::Queue(queue) => {
                self.queue_place = Some(queue.place);
                self.changed();
            }
            ToVisitor::Pack(pack) => self.set_pack(pack.hash),
            ToVisitor::Link(link) => {
                let came_back = self.reach == Reach::Away && link.origin != Reach::Away;
                self.reach = link.origin;
                if came_back {
                    self.seen_due = true;
                    // What the origin knows, we have not heard while it was away.
                    let hello = self.hello();
                    self.transmit(vec![hello.into()]);
                    if self.held_off {
                        self.submit_again(now);
                    }
                }
                self.changed();
            }
            ToVisitor::Token(token) => self.outputs.push_back(Output::Token(token)),
            ToVisitor::Reconnect(reconnect) => {
                self.outputs.push_back(Output::Disconnect);
                let until = now + Duration::from_millis(reconnect.after_ms.into());
                self.unlink(Link::Waiting { until });
            }
            ToVisitor::Error(problem) => {
                if problem.remedy() == Remedy::Authenticate {
                    self.outputs.push_back(Output::Admit);
                }
            }
            ToVisitor::Ping(_) | ToVisitor::Unknown(_) => {}
        }
    }

    fn handle_welcome(&mut self, now: Instant, welcome: &Welcome) {
        let greeted = self.link == Link::Up;
        self.link = Link::Up;
        self.transport_failures = 0;
        self.backoff.reset();
        self.visitor = Some(welcome.visitor);
        // What was told to an edge while the origin was away, the origin has not heard.
        self.seen_due |= self.reach != welcome.origin;
        self.reach = welcome.origin;
        // While this was on its way, another tab may have seen the log go on.
        let current = welcome.head.is_none_or(|head| head >= self.cursor());
        if let Some(status) = welcome.status.filter(|_| current) {
            self.set_status(status);
        }
        // Compared with the cursor that was told, as another tab may have got further since.
        if welcome.head.is_some_and(|head| head < welcome.cursor) {
            self.save(Change::Reset);
        }
        self.save_receipts(welcome.receipts);
        if let Some(hash) = welcome.pack {
            self.set_pack(hash);
        }
        // Once for each link, as every request that carries its own hello gets a welcome.
        if self.seen_due && self.reach != Reach::Away && self.seen != Receipts::default() {
            self.seen_due = false;
            self.transmit(vec![ToServer::Seen(self.seen)]);
        }
        if !greeted {
            self.submit_again(now);
        }
        self.changed();
    }

    fn handle_refused(&mut self, now: Instant, id: MessageId, problem: Problem) {
        let waits = self.outbox.iter().any(|message| message.id == id);
        match problem.remedy() {
            // Also of a message that an edge stored: the origin may refuse it later.
            Remedy::Never if self.transcript.waits(id) => self.save(Change::Failed(id, problem)),
            Remedy::Authenticate if waits => self.outputs.push_back(Output::Admit),
            Remedy::RetryLater if waits => {
                let wait = problem
                    .retry_after_ms
                    .map_or(self.retransmit_after, |ms| Duration::from_millis(ms.into()));
                let again = now + wait;
                self.retransmit_at = Some(again);
                self.held_off = true;
                // Others may send, too: there is room for one now, and then one at a time.
                self.paid_until_ms = again.as_millis().saturating_add(AHEAD_MS_MAX);
            }
            _ => {}
        }
    }

    pub(super) fn set_status(&mut self, status: Status) {
        self.status = status;
        if status != Status::Queued {
            self.queue_place = None;
        }
    }

    fn set_pack(&mut self, hash: PackHash) {
        if self.pack != Some(hash) {
            self.pack = Some(hash);
            self.outputs.push_back(Output::Pack(hash));
        }
    }
}
