//! Presence as a lease: an agent is available only while their console answers.
//!
//! In: consoles that come and go, their answers, what the store says of each agent's beat. Out:
//! questions to consoles, beats for the store, and the verdict that an agent's lease has lapsed.
//! Invariants:
//!
//! * Whoever answers each question within [`AGENT_ANSWERS_WITHIN`] never lapses.
//! * Whoever falls silent lapses within [`AGENT_LAPSES_WITHIN`] of their last answer's arrival, at
//!   every node that watches them, and again while they stay silent and watched: a conversation that
//!   a late command brought them goes back too, and a failed write is made good.
//! * Only an answer to a question asked on the same connection, and not longer ago than the lease,
//!   counts. That a connection is open, or that something else comes over it, proves nothing: a
//!   stopped browser's socket stays open, and what it had sent before may arrive late.
//! * No clock is compared with another's: a node sees that a beat has *changed*, and counts from
//!   then on its own clock. So wall clocks may jump and drift.
//!
//! Each node of the origin drives one of these. The contract of its shell:
//!
//! * **Console.** [`Leases::open`] when an agent's console has been greeted, [`Leases::close`] when
//!   its connection has ended; any number of consoles for each agent. [`Output::Ask`] is a frame to
//!   that console, which answers with the nonce at once, from the same loop that handles events,
//!   so that an answer proves that events are handled: [`Leases::answered`].
//! * **Store.** A counter for each agent, the beat. [`Output::Beat`] raises it; it need not be
//!   durable, and losing some is harmless. Every [`AGENT_WATCHED_EVERY`] the shell hands in, by
//!   [`Leases::observe`], the beat of each agent who has a conversation or is shown as available,
//!   and drops from the watch who is neither, by [`Leases::forget`].
//! * **Lapse.** [`Output::Lapsed`] is one write: unless the beat is another by now, each
//!   conversation assigned to the agent takes `Head::agent_lapses`, whose event tells the visitor and
//!   all consoles. Two nodes may both write it: the second finds nothing assigned.
//! * **Return.** A console that comes back says `hello` with its revision and gets what is so now;
//!   its unsent commands go on as commands do. Nothing is given back by itself: a colleague may have
//!   it.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::id::AgentId;
use crate::limits::{AGENT_ASKED_EVERY, AGENT_LEASE, AGENT_WATCHED_EVERY};
use crate::time::Instant;

/// An answer that takes longer may come too late.
pub const AGENT_ANSWERS_WITHIN: Duration =
    AGENT_LEASE.saturating_sub(AGENT_ASKED_EVERY.saturating_add(AGENT_WATCHED_EVERY));

/// Silence is acted upon within this: the beat of the last answer is seen one watch later, and the
/// lease counts from there.
pub const AGENT_LAPSES_WITHIN: Duration =
    AGENT_LEASE.saturating_add(AGENT_WATCHED_EVERY.saturating_mul(2));

/// A console's connection, as the shell numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsoleId(pub u64);

/// What the shell must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Ask this console for a sign of life; it answers with the same number.
    Ask(ConsoleId, u64),
    /// Raise the agent's beat in the store.
    Beat(AgentId),
    /// Unless the agent's beat is another by now, their conversations go back to the queue.
    Lapsed {
        /// Who.
        agent: AgentId,
        /// As it has been for a whole lease.
        beat: u64,
    },
}

#[derive(Debug)]
struct Console {
    agent: AgentId,
    /// Questions that were not answered yet, oldest first.
    asked: VecDeque<(u64, Instant)>,
    ask_at: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Watch {
    beat: u64,
    /// Whether it was seen to change within the lease.
    alive: bool,
    /// When the lease has lapsed, or that is to be said again; on this node's clock.
    lapses_at: Instant,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Leases {
    consoles: BTreeMap<ConsoleId, Console>,
    watched: BTreeMap<AgentId, Watch>,
    next_nonce: u64,
    outputs: VecDeque<Output>,
}

impl Leases {
    /// Nobody is here, and nobody is watched. `seed` is the host's randomness: a nonce of a node's
    /// earlier life is none of this one's.
    pub fn new(seed: u64) -> Self {
        Self {
            next_nonce: seed,
            ..Self::default()
        }
    }

    /// An agent's console has been greeted: it is asked at once.
    pub fn open(&mut self, now: Instant, console: ConsoleId, agent: AgentId) {
        let console_state = Console {
            agent,
            asked: VecDeque::new(),
            ask_at: now,
        };
        self.consoles.insert(console, console_state);
        self.handle_timeout(now);
    }

    /// The console's connection has ended. The lease goes on: it may come back.
    pub fn close(&mut self, console: ConsoleId) {
        self.consoles.remove(&console);
    }

    /// The console answered a question.
    pub fn answered(&mut self, now: Instant, console: ConsoleId, nonce: u64) {
        let Some(known) = self.consoles.get_mut(&console) else {
            return;
        };
        let Some(at) = known.asked.iter().position(|(asked, _)| *asked == nonce) else {
            return;
        };
        // Frames keep their order: what was asked before went unanswered.
        let answered = known.asked.drain(..=at).next_back();
        if answered.is_some_and(|(_, asked_at)| now.since(asked_at) < AGENT_LEASE) {
            self.outputs.push_back(Output::Beat(known.agent));
        }
    }

    /// The store says that the agent's beat is this.
    pub fn observe(&mut self, now: Instant, agent: AgentId, beat: u64) {
        let lapses_at = now + AGENT_LEASE;
        let first = Watch {
            beat,
            alive: false,
            lapses_at,
        };
        let watch = self.watched.entry(agent).or_insert(first);
        if watch.beat != beat {
            *watch = Watch {
                beat,
                alive: true,
                lapses_at,
            };
        }
    }

    /// The agent has no conversation any more, and is not shown as available.
    pub fn forget(&mut self, agent: AgentId) {
        self.watched.remove(&agent);
    }

    /// Whether the agent is to be given conversations: this node has seen a sign of life within the
    /// lease.
    pub fn is_available(&self, now: Instant, agent: AgentId) -> bool {
        let watch = self.watched.get(&agent);
        watch.is_some_and(|watch| watch.alive && now < watch.lapses_at)
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        let asks = self.consoles.values().map(|console| console.ask_at);
        let lapses = self.watched.values().map(|watch| watch.lapses_at);
        asks.chain(lapses).min()
    }

    /// Asks, and says who has lapsed.
    pub fn handle_timeout(&mut self, now: Instant) {
        for (id, console) in &mut self.consoles {
            if console.ask_at > now {
                continue;
            }
            console
                .asked
                .retain(|(_, asked_at)| now.since(*asked_at) < AGENT_LEASE);
            console.asked.push_back((self.next_nonce, now));
            console.ask_at = now + AGENT_ASKED_EVERY;
            self.outputs.push_back(Output::Ask(*id, self.next_nonce));
            self.next_nonce = self.next_nonce.wrapping_add(1);
        }
        for (agent, watch) in &mut self.watched {
            if watch.lapses_at <= now {
                watch.alive = false;
                watch.lapses_at = now + AGENT_ASKED_EVERY;
                let (agent, beat) = (*agent, watch.beat);
                self.outputs.push_back(Output::Lapsed { agent, beat });
            }
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
}
