//! A visitor's object at the edge: a relay, its storage, and the sockets.

mod effects;

use std::collections::BTreeMap;

use firsthop_core::bot::screen;
use firsthop_core::conversation::check;
use firsthop_core::hop::relay::{Relay, RequestId, SocketId};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::visitor::{Reach, Refused, Said, Submission, ToServer, ToVisitor};
use firsthop_core::protocol::{Hop, Status};

use crate::agenda::Happening;
use crate::mutation::Mutation;
use crate::skew::Host;
use crate::tally::Fault;
use crate::world::World;

/// How far a socket has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    New,
    Greeting,
    Greeted,
}

/// A socket, and what is kept beside it when the memory vanishes.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) stage: Stage,
    held: Vec<ToVisitor>,
    memo: (Option<Status>, Reach),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Edge {
    /// None while it hibernates.
    pub(crate) relay: Option<Relay>,
    /// Counts the memory's lives: what was meant for an earlier one is lost.
    pub(crate) life: u64,
    pub(crate) sockets: BTreeMap<u64, Socket>,
    pub(crate) storage: Vec<Submission>,
    pub(crate) storage_fails: bool,
    /// How many messages the storage can hold; none: as many as come.
    pub(crate) storage_room: Option<usize>,
    /// The newest request and push that have arrived: an earlier one after it was overtaken.
    pub(crate) newest: (u64, u64),
    /// Writes under way.
    pub(crate) writing: Vec<Submission>,
    /// The alarm outlives the memory.
    alarm: Option<u64>,
    pub(crate) pack: PackHash,
    /// Whether requests get to the origin, and pushes to the edge.
    pub(crate) up: bool,
    pub(crate) down: bool,
}

impl Edge {
    pub(crate) const fn new(pack: PackHash) -> Self {
        Self {
            relay: None,
            life: 0,
            sockets: BTreeMap::new(),
            storage: Vec::new(),
            storage_fails: false,
            storage_room: None,
            newest: (0, 0),
            writing: Vec::new(),
            alarm: None,
            pack,
            up: true,
            down: true,
        }
    }
}

impl Edge {
    /// The storage works, and has room.
    pub(crate) const fn storage_heals(&mut self) {
        self.storage_fails = false;
        self.storage_room = None;
    }
}

impl World<'_> {
    /// The object's memory, made anew from what it stored if it vanished.
    fn wake(&mut self, visitor: usize) -> &mut Relay {
        let now = self.clock(100 + visitor);
        let seed = self.dice.roll();
        let id = self.visitors[visitor].id;
        let edge = &mut self.edges[visitor];
        let (sockets, pack) = (edge.sockets.len(), edge.pack);
        edge.relay.get_or_insert_with(|| {
            let mut relay = Relay::new(now, seed, id, edge.storage.clone());
            for socket in edge.sockets.values() {
                relay.restore(now, socket.memo.0, socket.memo.1);
            }
            relay.set_sockets(sockets);
            relay.set_pack(Some(pack));
            relay
        })
    }

    pub(crate) fn edge_connected(&mut self, visitor: usize, conn: u64) {
        let socket = Socket {
            stage: Stage::New,
            held: Vec::new(),
            memo: (None, Reach::Up),
        };
        self.edges[visitor].sockets.insert(conn, socket);
        let sockets = self.edges[visitor].sockets.len();
        self.wake(visitor).set_sockets(sockets);
        self.drive_edge(visitor);
    }

    pub(crate) fn edge_lost(&mut self, visitor: usize, conn: u64) {
        self.edges[visitor].sockets.remove(&conn);
        let sockets = self.edges[visitor].sockets.len();
        if let Some(relay) = &mut self.edges[visitor].relay {
            relay.set_sockets(sockets);
        }
    }

    pub(crate) fn edge_takes(&mut self, visitor: usize, conn: u64, frames: Vec<ToServer>) {
        for frame in frames {
            self.wake(visitor);
            let Some(socket) = self.edges[visitor].sockets.get_mut(&conn) else {
                return;
            };
            match frame {
                ToServer::Hello(_) => {
                    socket.stage = Stage::Greeting;
                    self.wake(visitor).handle_frame(SocketId(conn), frame);
                }
                _ if socket.stage == Stage::New => {
                    return self.violate(format!("{} before hello", frame.kind()));
                }
                ToServer::Submit(submit) => {
                    for message in submit.messages {
                        self.edge_screens(visitor, conn, message);
                    }
                }
                frame => self.wake(visitor).handle_frame(SocketId(conn), frame),
            }
            self.drive_edge(visitor);
        }
    }

    fn edge_screens(&mut self, visitor: usize, conn: u64, mut message: Submission) {
        if let Err(problem) = check(&message) {
            let id = message.id;
            return self.send_down(conn, Refused { id, problem }.into());
        }
        if let Said::Text(said) = &mut message.said
            && let Some(claim) = &mut said.claim
        {
            claim.hop = Hop::Browser;
        }
        let pack = self.library.get(self.edges[visitor].pack);
        let speech = self.wake(visitor).bot_speaks();
        let screened = screen(&mut self.answerer, pack, speech, message);
        self.wake(visitor)
            .handle_submission(SocketId(conn), screened);
    }

    pub(crate) fn edge_timeout(&mut self, visitor: usize) {
        let now = self.clock(100 + visitor);
        self.wake(visitor).handle_timeout(now);
        self.drive_edge(visitor);
    }

    pub(crate) fn alarm(&mut self, visitor: usize, at: u64) {
        if self.edges[visitor].alarm == Some(at) {
            self.edges[visitor].alarm = None;
            self.edge_timeout(visitor);
        }
    }

    pub(crate) fn take_reply(
        &mut self,
        visitor: usize,
        life: u64,
        id: RequestId,
        frames: Vec<ToVisitor>,
    ) {
        if self.edges[visitor].life != life || self.edges[visitor].relay.is_none() {
            return;
        }
        let (wall, now) = (self.wall(), self.clock(100 + visitor));
        self.wake(visitor).handle_reply(wall, now, id, frames);
        self.drive_edge(visitor);
    }

    pub(crate) fn given_up(&mut self, visitor: usize, life: u64, id: RequestId) {
        if self.edges[visitor].life != life || self.edges[visitor].relay.is_none() {
            return;
        }
        let (wall, now) = (self.wall(), self.clock(100 + visitor));
        self.wake(visitor).handle_failure(wall, now, id);
        self.drive_edge(visitor);
    }

    /// The storage is done with a write.
    pub(crate) fn written(&mut self, visitor: usize, life: u64, messages: Vec<Submission>) {
        if self.edges[visitor].life != life {
            return;
        }
        let now = self.clock(100 + visitor);
        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        self.edges[visitor]
            .writing
            .retain(|message| !ids.contains(&message.id));
        let edge = &self.edges[visitor];
        let held = edge.storage.len() + messages.len();
        let is_full = edge.storage_room.is_some_and(|room| held > room);
        if is_full {
            self.fault(Fault::EdgeStorageFull);
        }
        if is_full || self.edges[visitor].storage_fails {
            self.wake(visitor).handle_not_stored(&ids);
        } else {
            self.edges[visitor].storage.extend(messages);
            self.wake(visitor).handle_stored(now, &ids);
        }
        self.drive_edge(visitor);
    }

    pub(crate) fn take_push(&mut self, visitor: usize, id: u64, frames: Vec<ToVisitor>) {
        let newest = self.edges[visitor].newest.1;
        self.edges[visitor].newest.1 = newest.max(id);
        if id < newest {
            self.fault(Fault::Reordered);
        }
        let sockets = self.edges[visitor].sockets.len();
        if sockets > 0 {
            self.wake(visitor).handle_push(frames);
            self.drive_edge(visitor);
        }
        if !self.edges[visitor].up || self.push_lost() {
            return self.fault(Fault::PushReplyLost);
        }
        let slow = sockets == 0 && (!self.healed || self.last_words) && self.dice.chance(500);
        let wait = if slow {
            self.dice.between(200, 2_000)
        } else {
            self.latency()
        };
        self.after(
            wait,
            Happening::PushReply {
                visitor,
                id,
                sockets,
            },
        );
    }

    /// A request has arrived at the origin, before it is looked at.
    pub(crate) fn request_arrived(&mut self, visitor: usize, id: RequestId) {
        let newest = self.edges[visitor].newest.0;
        self.edges[visitor].newest.0 = newest.max(id.0);
        if id.0 < newest {
            self.fault(Fault::Reordered);
        }
    }

    /// Whether chance, while there is any, wants something lost.
    pub(crate) fn lost(&mut self, per_mille: u64) -> bool {
        let wanted = !self.healed && self.dice.chance(per_mille);
        self.mishap(wanted)
    }

    /// Pushes are lost also while everybody speaks their last words.
    pub(crate) fn push_lost(&mut self) -> bool {
        let wanted = (!self.healed || self.last_words) && self.dice.chance(80);
        self.mishap(wanted)
    }

    // ---- What happens to edges --------------------------------------------------------------

    /// The memory vanishes; sockets and storage stay.
    pub(crate) fn hibernate(&mut self, visitor: usize) {
        self.fault(Fault::EdgeHibernated);
        self.lose_memory(visitor);
        let greeting: Vec<_> = self.edges[visitor]
            .sockets
            .iter()
            .filter(|(_, socket)| socket.stage != Stage::Greeted)
            .map(|(conn, _)| *conn)
            .collect();
        for conn in greeting {
            // Its greeting was in memory.
            self.closed_by_server(conn);
        }
    }

    /// Memory and sockets vanish; the storage stays.
    pub(crate) fn crash_edge(&mut self, visitor: usize) {
        self.fault(Fault::EdgeCrashed);
        self.lose_memory(visitor);
        self.may_upgrade(Host::Edge(visitor));
        if self.mutated(Mutation::EdgeStorageVolatile) {
            self.edges[visitor].storage.clear();
        }
        let conns: Vec<_> = self.edges[visitor].sockets.keys().copied().collect();
        for conn in conns {
            self.closed_by_server(conn);
        }
    }

    fn lose_memory(&mut self, visitor: usize) {
        self.edges[visitor].relay = None;
        self.edges[visitor].life += 1;
        // Its next life counts its requests anew.
        self.edges[visitor].newest.0 = 0;
        let writing = std::mem::take(&mut self.edges[visitor].writing);
        if !writing.is_empty() {
            self.fault(Fault::EdgeCrashedWriting);
            if self.dice.chance(500) && !self.mutated(Mutation::EdgeAcksBeforeWrite) {
                self.edges[visitor].storage.extend(writing);
                // The alarm is set in the same write.
                let at = self.now + 500;
                self.edges[visitor].alarm = Some(at);
                self.at(at, Happening::Alarm { visitor, at });
            }
        }
        if self.mutated(Mutation::EdgeForgetsAlarm) {
            self.edges[visitor].alarm = None;
        }
    }

    pub(crate) fn link_healed(&mut self, visitor: usize, up: bool) {
        let edge = &mut self.edges[visitor];
        *(if up { &mut edge.up } else { &mut edge.down }) = true;
    }
}
