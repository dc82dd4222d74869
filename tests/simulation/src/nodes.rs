//! Two nodes of the origin on one store: what one commits, the other hears of by a hint, or when it
//! looks next. The store is the truth; a lost hint only costs time.
//!
//! The first node serves edges, agents and some of the visitors without an edge; the second the rest
//! of those. Each has a queue of its own before the one store.

use firsthop_core::protocol::Seq;

use crate::agenda::Happening;
use crate::mutation::Mutation;
use crate::origin::{Job, Waiter};
use crate::tally::{Fault, Reached};
use crate::world::World;

/// A node, as far as nodes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    First,
    Second,
}

impl Node {
    const ALL: [Self; 2] = [Self::First, Self::Second];
}

/// The second node; the first is the rest of `Origin`.
#[derive(Debug)]
pub(crate) struct Second {
    pub(crate) up: bool,
    life: u64,
    queue: Vec<Job>,
}

impl Second {
    pub(crate) const fn new() -> Self {
        Self {
            up: true,
            life: 0,
            queue: Vec::new(),
        }
    }
}

impl World<'_> {
    pub(crate) fn node_is_up(&self, node: Node) -> bool {
        match node {
            Node::First => self.origin.up,
            Node::Second => self.origin.second.up,
        }
    }

    /// Who serves a connection of a visitor without an edge.
    pub(crate) fn node_of(&self, conn: u64) -> Node {
        self.conns.get(&conn).map_or(Node::First, |conn| conn.node)
    }

    /// Whether the job is the second node's to write; then it will.
    pub(crate) fn second_takes(&mut self, job: Job) -> Option<Job> {
        let Waiter::Conn(conn) = job.waiter else {
            return Some(job);
        };
        if self.node_of(conn) == Node::First {
            return Some(job);
        }
        self.origin.second.queue.push(job);
        if self.origin.second.queue.len() == 1 {
            let life = self.origin.second.life;
            let wait = self.dice.between(3, 45);
            self.after(wait, Happening::SecondCommits { life });
        }
        None
    }

    pub(crate) fn second_commits(&mut self, life: u64) {
        if life == self.origin.second.life {
            self.reach(Reached::SecondNodeCommitted);
            let jobs = std::mem::take(&mut self.origin.second.queue);
            self.write(jobs, Node::Second);
        }
    }

    /// What a node has not told yet to those whom it serves.
    pub(crate) fn publish_rest(&mut self, node: Node, visitor: usize) {
        let told = self.origin.told[node as usize][visitor];
        let length = self.origin.conversations[visitor].log.len();
        if told < length && self.node_is_up(node) {
            self.origin.told[node as usize][visitor] = length;
            self.publish(node, visitor, told);
        }
    }

    /// A node has committed: it tells its own, and hints to the other.
    pub(crate) fn committed_at(&mut self, node: Node, visitor: usize) {
        self.publish_rest(node, visitor);
        let other = match node {
            Node::First => Node::Second,
            Node::Second => Node::First,
        };
        if self.push_lost() {
            return self.fault(Fault::HintLost);
        }
        let wait = self.latency();
        let node = other;
        self.after(wait, Happening::Hint { node, visitor });
    }

    /// Each node looks now and then at what it was not told.
    pub(crate) fn poll_store(&mut self) {
        if self.mutated(Mutation::HintIsTruth) {
            return;
        }
        for node in Node::ALL {
            for visitor in 0..self.visitors.len() {
                self.publish_rest(node, visitor);
            }
        }
    }

    /// A process that starts has told nobody anything, and nobody is connected to it.
    pub(crate) fn node_starts(&mut self, node: Node) {
        for visitor in 0..self.visitors.len() {
            let length = self.origin.conversations[visitor].log.len();
            self.origin.told[node as usize][visitor] = length;
        }
    }

    pub(crate) fn crash_second(&mut self) {
        if !self.origin.second.up {
            return;
        }
        self.fault(Fault::SecondNodeCrashed);
        self.origin.second.up = false;
        self.origin.second.life += 1;
        self.origin.second.queue.clear();
        let gateways: Vec<_> = self.origin.gateways.keys().copied().collect();
        for conn in gateways {
            if self.node_of(conn) == Node::Second {
                self.closed_by_server(conn);
            }
        }
        let wait = self.dice.between(200, 20_000);
        self.after(wait, Happening::SecondRestarts);
    }

    pub(crate) fn restart_second(&mut self) {
        if !self.origin.second.up {
            self.origin.second.up = true;
            self.node_starts(Node::Second);
        }
    }

    /// The place before a log's event, for whoever may see what follows it.
    pub(crate) fn place_before(&self, visitor: usize, at: usize) -> Seq {
        let event = self.origin.conversations[visitor].log.get(at);
        Seq(event.map_or(0, |event| event.seq.0 - 1))
    }
}
