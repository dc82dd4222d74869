//! The origin's pushes to edges, until they are acknowledged; its crashes, and what it finds after.

use firsthop_core::protocol::visitor::{Events, ToVisitor};
use firsthop_core::protocol::{Encoding, Receipts, Seq, events_that_fit};

use crate::agenda::Happening;
use crate::mutation::Mutation;
use crate::nodes::Node;
use crate::skew::Host;
use crate::tally::Fault;
use crate::world::World;

use crate::origin::{Job, Pushing};

impl World<'_> {
    /// Pushes what the edge does not have yet; one push at a time.
    pub(crate) fn push(&mut self, visitor: usize) {
        let receipts = self.receipts(visitor);
        let conversation = &self.origin.conversations[visitor];
        let pushing = &self.origin.pushing[visitor];
        if !self.origin.up || !conversation.attached || pushing.under_way.is_some() {
            return;
        }
        let mut events = self.visible_after(visitor, pushing.pushed);
        if events.is_empty() && pushing.receipts_told == receipts {
            return;
        }
        events.truncate(events_that_fit(&events));
        let up_to = events.last().map_or(pushing.pushed, |event| event.seq);
        let id = self.origin.next_push;
        self.origin.next_push += 1;
        let mut frames = vec![ToVisitor::Receipts(receipts)];
        if !events.is_empty() {
            frames.push(
                Events {
                    events,
                    more: false,
                }
                .into(),
            );
        }
        let assume = self.mutated(Mutation::OriginDoesNotRepush);
        let pushing = &mut self.origin.pushing[visitor];
        pushing.receipts_told = receipts;
        pushing.attachments_then = pushing.attachments;
        if assume {
            pushing.pushed = up_to;
        } else {
            pushing.under_way = Some((id, up_to));
            let wait = self.dice.between(1_000, 4_000);
            self.after(wait, Happening::PushOverdue { visitor, id });
        }
        if !self.edges[visitor].down || self.push_lost() {
            return self.fault(Fault::PushLost);
        }
        let later = self.is_later(Host::Origin, Host::Edge(visitor));
        let frames = self.wire(Encoding::Postcard, frames, later);
        if self.push_lost() {
            self.fault(Fault::PushTwice);
            let (wait, frames) = (self.dice.between(1, 8_000), frames.clone());
            self.after(
                wait,
                Happening::Push {
                    visitor,
                    id,
                    frames,
                },
            );
        }
        let wait = self.latency();
        self.after(
            wait,
            Happening::Push {
                visitor,
                id,
                frames,
            },
        );
    }

    pub(crate) fn take_push_reply(&mut self, visitor: usize, id: u64, sockets: usize) {
        if !self.origin.up {
            return;
        }
        let late = self.mutated(Mutation::OriginDetachesLate);
        let pushing = &mut self.origin.pushing[visitor];
        let Some((_, up_to)) = pushing.under_way.filter(|(under_way, _)| *under_way == id) else {
            return;
        };
        pushing.under_way = None;
        if sockets > 0 {
            pushing.pushed = up_to;
        } else if late || pushing.attachments == pushing.attachments_then {
            self.origin.conversations[visitor].attached = false;
        }
        self.push(visitor);
    }

    pub(crate) fn push_overdue(&mut self, visitor: usize, id: u64) {
        let pushing = &mut self.origin.pushing[visitor];
        if self.origin.up
            && pushing
                .under_way
                .is_some_and(|(under_way, _)| under_way == id)
        {
            pushing.under_way = None;
            pushing.receipts_told = Receipts::default();
            self.push(visitor);
        }
    }

    pub(crate) fn crash_origin(&mut self) {
        self.fault(Fault::OriginCrashed);
        self.origin.up = false;
        self.origin.life += 1;
        self.origin.queue.clear();
        let committing = std::mem::take(&mut self.origin.committing);
        if !committing.is_empty() {
            self.fault(Fault::OriginCrashedCommitting);
            if self.dice.chance(500) && self.store_takes(committing.len()) {
                self.commit_unheard(committing);
            }
        }
        if self.mutated(Mutation::OriginSkipsFsync) {
            for (visitor, length) in std::mem::take(&mut self.origin.last_commit) {
                self.take_back(visitor, length);
            }
        }
        self.origin.batches.clear();
        for pushing in &mut self.origin.pushing {
            *pushing = Pushing::default();
        }
        let conns: Vec<_> = self.origin.gateways.keys().copied().collect();
        for conn in conns {
            if self.node_of(conn) == Node::First {
                self.closed_by_server(conn);
            }
        }
        self.cut_agents_off();
        self.leases_restart();
        let wait = self.dice.between(200, 20_000);
        self.after(wait, Happening::Restarted);
    }

    /// The commit was on the disk, and nobody heard of it.
    pub(crate) fn commit_unheard(&mut self, jobs: Vec<Job>) {
        let before: Vec<_> = self
            .origin
            .conversations
            .iter()
            .map(|conversation| conversation.log.len())
            .collect();
        for job in jobs {
            let _unheard = self.apply(job.visitor, &job.work);
        }
        for (visitor, before) in before.into_iter().enumerate() {
            self.check_commit(visitor, before);
        }
    }

    pub(crate) fn take_back(&mut self, visitor: usize, length: usize) {
        let conversation = &mut self.origin.conversations[visitor];
        for event in conversation.log.drain(length..) {
            conversation.places.remove(&event.id);
        }
        let last = conversation.log.last();
        conversation.head.seq = last.map_or(Seq(0), |event| event.seq);
        let visible = conversation
            .log
            .iter()
            .rev()
            .find(|event| !event.content.is_private());
        conversation.head.visible = visible.map_or(Seq(0), |event| event.seq);
    }

    pub(crate) fn restart_origin(&mut self) {
        if self.origin.up {
            return;
        }
        self.note(|| "origin is back".to_owned());
        self.origin.trouble_at = self.now;
        self.node_starts(Node::First);
        self.may_upgrade(Host::Origin);
        self.origin.up = true;
        for visitor in 0..self.visitors.len() {
            if self.mutated(Mutation::OriginForgetsAttached) {
                self.origin.conversations[visitor].attached = false;
            }
            self.origin.pushing[visitor].pushed = self.origin.conversations[visitor].attached_at;
            self.push(visitor);
        }
    }
}
