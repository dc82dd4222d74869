//! What lies between browsers and servers: connections that keep the order of what they carry, the
//! codec, and queues that are bounded.

use firsthop_core::protocol::visitor::{ToServer, ToVisitor};
use firsthop_core::protocol::{Encoding, decode, encode};
use serde::{Serialize, de::DeserializeOwned};

use crate::agenda::Happening;
use crate::mutation::Mutation;
use crate::nodes::Node;
use crate::skew::{Host, from_tomorrow};
use crate::tally::Reached;
use crate::world::World;

/// Frames that wait for a visitor who does not read. The real limit, `VISITOR_QUEUE_FRAMES_MAX`, is
/// larger; here it is to be reached.
const QUEUE_FRAMES_MAX: usize = 32;

/// A connection of a tab, to its edge or to the origin.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) tab: usize,
    pub(crate) visitor: usize,
    pub(crate) encoding: Encoding,
    /// Whether it still carries anything, up and down.
    pub(crate) up: bool,
    pub(crate) down: bool,
    /// When what was sent last arrives: a connection keeps the order.
    pub(crate) up_until: u64,
    pub(crate) down_until: u64,
    /// Frames that wait for a reader, and until when it does not read.
    pub(crate) waiting: usize,
    /// Who serves it, without an edge.
    pub(crate) node: Node,
    pub(crate) reads_again: u64,
}

impl World<'_> {
    /// Frames as they come out at the other end: what the codec does to them is part of the run,
    /// and so is what a later version adds that the reader does not know.
    pub(crate) fn wire<F>(&mut self, encoding: Encoding, frames: Vec<F>, later: bool) -> Vec<F>
    where
        F: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        if frames.is_empty() {
            return frames;
        }
        let written = encode(encoding, &frames);
        let bytes = if later {
            self.reach(Reached::ReadFromTomorrow);
            written.map(|bytes| from_tomorrow(encoding, &bytes))
        } else {
            written
        };
        match bytes.and_then(|bytes| decode::<F>(encoding, &bytes)) {
            Ok(read) => {
                let known = &read[..read.len() - usize::from(later)];
                // JSON keeps no more of what is unknown than that it was there.
                let same = known == frames
                    || encode(Encoding::Json, known).ok() == encode(Encoding::Json, &frames).ok();
                if !same {
                    self.violate(format!("{encoding:?} made {read:?} of {frames:?}"));
                }
                read
            }
            Err(problem) => {
                self.violate(format!("{encoding:?}: {problem}: {frames:?}"));
                frames
            }
        }
    }

    /// Sends frames up a connection.
    pub(crate) fn send_up(&mut self, conn: u64, frames: Vec<ToServer>) {
        let Some(known) = self.conns.get(&conn) else {
            return;
        };
        let later = self.is_later(Host::Tab(known.tab), self.server_of(known.visitor));
        let frames = self.wire(known.encoding, frames, later);
        let wait = self.latency();
        let now = self.now;
        let Some(known) = self.conns.get_mut(&conn) else {
            return;
        };
        known.up_until = known.up_until.max(now + wait);
        let at = known.up_until;
        if known.up {
            self.at(at, Happening::Up { conn, frames });
        }
    }

    /// Sends a frame down a connection. So many wait at most: who reads too slowly is cut off, and
    /// catches up when it comes back.
    pub(crate) fn send_down(&mut self, conn: u64, frame: ToVisitor) {
        let Some(known) = self.conns.get(&conn) else {
            return;
        };
        let later = self.is_later(self.server_of(known.visitor), Host::Tab(known.tab));
        let frames = self.wire(known.encoding, vec![frame], later);
        let wait = self.latency();
        let now = self.now;
        let unbounded = self.mutated(Mutation::QueueUnbounded);
        let Some(known) = self.conns.get_mut(&conn).filter(|known| known.down) else {
            return;
        };
        if known.waiting >= QUEUE_FRAMES_MAX && !unbounded {
            known.down = false;
            self.reach(Reached::SlowReaderCut);
            return self.after(0, Happening::Cut { conn });
        }
        known.waiting += 1;
        known.down_until = known.down_until.max(now + wait).max(known.reads_again);
        let (at, waiting) = (known.down_until, known.waiting);
        if waiting > QUEUE_FRAMES_MAX {
            self.violate(format!("{waiting} frames wait for connection {conn}"));
        }
        self.at(at, Happening::Down { conn, frames });
    }

    pub(crate) fn latency(&mut self) -> u64 {
        if !self.healed && self.dice.chance(20) {
            return self.dice.between(500, 6_000);
        }
        self.dice.between(1, 60)
    }
}
