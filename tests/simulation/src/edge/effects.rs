//! What an edge's relay wants done: frames, requests, writes, an alarm; each may come to grief.

use firsthop_core::hop::relay::{Output, Relay, RequestId, SocketId, To};
use firsthop_core::id::MessageId;
use firsthop_core::limits::{EDGE_OUTBOX_MAX, ORIGIN_REPLY_WITHIN};
use firsthop_core::protocol::Hop;
use firsthop_core::protocol::visitor::{Submission, ToServer, ToVisitor};

use super::Stage;
use crate::agenda::Happening;
use crate::mutation::Mutation;
use crate::tally::{Fault, Reached};
use crate::world::World;

impl World<'_> {
    pub(super) fn drive_edge(&mut self, visitor: usize) {
        while let Some(output) = self.edges[visitor]
            .relay
            .as_mut()
            .and_then(Relay::poll_output)
        {
            match output {
                Output::Send(to, frame) => self.edge_sends(visitor, to, frame),
                Output::Request(id, frames) => self.edge_requests(visitor, id, frames),
                Output::Persist(messages) => self.edge_writes(visitor, messages),
                Output::Forget(ids) => self.edge_forgets(visitor, &ids),
            }
        }
        let edge = &mut self.edges[visitor];
        let Some(relay) = &edge.relay else { return };
        let memo = (relay.status(), relay.reach());
        for socket in edge.sockets.values_mut() {
            socket.memo = memo;
        }
        if relay.stored() > EDGE_OUTBOX_MAX {
            self.violate(format!("edge of visitor {visitor} holds too much"));
        }
        self.set_alarm(visitor);
    }

    /// The relay's timer is in memory; beside it an alarm is set, for when that vanishes.
    fn set_alarm(&mut self, visitor: usize) {
        let Some(relay) = &self.edges[visitor].relay else {
            return;
        };
        let wait = relay
            .next_timeout()
            .map(|at| at.since(self.clock(100 + visitor)));
        let at = wait.map(|wait| self.now + 10 + u64::try_from(wait.as_millis()).unwrap_or(0));
        if at != self.edges[visitor].alarm {
            self.edges[visitor].alarm = at;
            if let Some(at) = at {
                self.at(at, Happening::Alarm { visitor, at });
            }
        }
    }

    fn edge_sends(&mut self, visitor: usize, to: To, frame: ToVisitor) {
        if let ToVisitor::Stored(stored) = &frame
            && stored.by == Hop::Edge
        {
            self.reach(Reached::StoredAtEdge);
        }
        match to {
            To::One(SocketId(conn)) => self.edge_sends_one(visitor, conn, frame),
            To::All => {
                let conns: Vec<_> = self.edges[visitor].sockets.keys().copied().collect();
                for conn in conns {
                    let Some(socket) = self.edges[visitor].sockets.get_mut(&conn) else {
                        continue;
                    };
                    match socket.stage {
                        Stage::New => {}
                        Stage::Greeting => socket.held.push(frame.clone()),
                        Stage::Greeted => self.send_down(conn, frame.clone()),
                    }
                }
            }
        }
    }

    fn edge_sends_one(&mut self, visitor: usize, conn: u64, frame: ToVisitor) {
        let Some(socket) = self.edges[visitor].sockets.get_mut(&conn) else {
            return;
        };
        let mut held = Vec::new();
        if matches!(frame, ToVisitor::Welcome(_)) {
            socket.stage = Stage::Greeted;
            held = std::mem::take(&mut socket.held);
        }
        self.send_down(conn, frame);
        for frame in held {
            self.send_down(conn, frame);
        }
    }

    fn edge_requests(&mut self, visitor: usize, id: RequestId, frames: Vec<ToServer>) {
        let life = self.edges[visitor].life;
        let attached = !self.edges[visitor].sockets.is_empty();
        let within = u64::try_from(ORIGIN_REPLY_WITHIN.as_millis()).unwrap_or(u64::MAX);
        self.after(within, Happening::GivenUp { visitor, life, id });
        if self.mutated(Mutation::EdgeForgetsTooEarly) {
            let ids: Vec<_> = submitted(&frames).map(|message| message.id).collect();
            self.edges[visitor]
                .storage
                .retain(|message| !ids.contains(&message.id));
        }
        if !self.edges[visitor].up || self.lost(30) {
            return self.fault(Fault::RequestLost);
        }
        let request = |frames| Happening::Request {
            visitor,
            life,
            id,
            attached,
            frames,
        };
        if self.lost(30) {
            self.fault(Fault::RequestTwice);
            let wait = self.dice.between(1, 9_000);
            self.after(wait, request(frames.clone()));
        }
        let slow = self.lost(30);
        if slow {
            self.fault(Fault::RequestSlow);
        }
        let wait = if slow {
            self.dice.between(2_000, 9_000)
        } else {
            self.latency()
        };
        self.after(wait, request(frames));
    }

    fn edge_writes(&mut self, visitor: usize, messages: Vec<Submission>) {
        let life = self.edges[visitor].life;
        self.edges[visitor].writing.extend(messages.iter().cloned());
        let wait = self.dice.between(2, 40);
        if self.lost(30) {
            self.after(1, Happening::EdgeDies { visitor, life });
        }
        if self.mutated(Mutation::EdgeAcksBeforeWrite) {
            let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
            let now = self.clock(100 + visitor);
            self.wake(visitor).handle_stored(now, &ids);
        }
        self.after(
            wait,
            Happening::Written {
                visitor,
                life,
                messages,
            },
        );
    }

    fn edge_forgets(&mut self, visitor: usize, ids: &[MessageId]) {
        self.reach(Reached::Drained);
        if self.lost(50) {
            // It dies before that is written; the alarm that brought it here comes again.
            self.fault(Fault::EdgeForgetLost);
            self.crash_edge(visitor);
            let at = self.now + 500;
            self.edges[visitor].alarm = Some(at);
            return self.at(at, Happening::Alarm { visitor, at });
        }
        self.edges[visitor]
            .storage
            .retain(|message| !ids.contains(&message.id));
    }
}

fn submitted(frames: &[ToServer]) -> impl Iterator<Item = &Submission> {
    frames.iter().flat_map(|frame| match frame {
        ToServer::Submit(submit) => submit.messages.as_slice(),
        _ => &[],
    })
}
