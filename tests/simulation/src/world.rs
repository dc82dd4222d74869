//! The world: visitors with their tabs, an edge for each, the origin, agents, and what lies
//! between them.
//!
//! Time is simulated: whatever is to happen stands in one agenda, ordered by time; machines are
//! asked when they are due. One step is one thing that happens. After each, `check` looks at what
//! it touched.

use std::collections::{BTreeMap, VecDeque};

use firsthop_core::answer::Answerer;
use firsthop_core::hop::client::Change;
use firsthop_core::hop::relay::RequestId;
use firsthop_core::id::MessageId;
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::agent::Command;
use firsthop_core::protocol::visitor::{Submission, ToServer, ToVisitor};
use firsthop_core::protocol::{Encoding, Event, Problem, Receipts, Seq, decode, encode};
use firsthop_core::{Instant, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use crate::browser::{Tab, Visitor};
use crate::console::Agent;
use crate::dice::Dice;
use crate::edge::Edge;
use crate::knowledge::Library;
use crate::mutation::Mutation;
use crate::origin::Origin;
use crate::tally::{Fault, Reached, Tally};

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
}

/// Something that is going to happen.
#[derive(Debug)]
pub(crate) enum Happening {
    // Visitors.
    Connected {
        tab: usize,
        conn: u64,
        fails: bool,
    },
    Up {
        conn: u64,
        frames: Vec<ToServer>,
    },
    Down {
        conn: u64,
        frames: Vec<ToVisitor>,
    },
    ClosedByTab {
        conn: u64,
    },
    Told {
        tab: usize,
        life: u64,
        change: Box<Change>,
    },
    PackFetched {
        tab: usize,
        life: u64,
        hash: PackHash,
    },
    BackOnline {
        visitor: usize,
    },
    // Edges.
    Request {
        visitor: usize,
        life: u64,
        id: RequestId,
        attached: bool,
        frames: Vec<ToServer>,
    },
    Reply {
        visitor: usize,
        life: u64,
        id: RequestId,
        frames: Vec<ToVisitor>,
    },
    GivenUp {
        visitor: usize,
        life: u64,
        id: RequestId,
    },
    Written {
        visitor: usize,
        life: u64,
        messages: Vec<Submission>,
    },
    Alarm {
        visitor: usize,
        at: u64,
    },
    EdgePack {
        visitor: usize,
        hash: PackHash,
    },
    EdgeStorageHealed {
        visitor: usize,
    },
    LinkHealed {
        visitor: usize,
        up: bool,
    },
    // The origin.
    Commit {
        life: u64,
    },
    Committed {
        life: u64,
    },
    Push {
        visitor: usize,
        id: u64,
        frames: Vec<ToVisitor>,
    },
    PushReply {
        visitor: usize,
        id: u64,
        sockets: usize,
    },
    PushOverdue {
        visitor: usize,
        id: u64,
    },
    Restarted,
    OriginStorageHealed,
    OriginFast,
    // Agents.
    Command {
        agent: usize,
        visitor: usize,
        command: Command,
    },
    CommandResult {
        agent: usize,
        life: u64,
        id: MessageId,
        result: Result<(), Problem>,
    },
    CommandOverdue {
        agent: usize,
        id: MessageId,
    },
    Open {
        agent: usize,
        life: u64,
        visitor: usize,
        after: Seq,
    },
    AgentEvents {
        agent: usize,
        life: u64,
        visitor: usize,
        events: Vec<Event>,
        more: bool,
    },
    AgentBack {
        agent: usize,
    },
    // Chance.
    Reload {
        tab: usize,
    },
    OpenTab {
        tab: usize,
    },
    EdgeDies {
        visitor: usize,
        life: u64,
    },
    OriginDies {
        life: u64,
    },
    Act,
    Break,
}

/// The settings of a run.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Replays the run.
    pub seed: u64,
    /// Things that happen before everything heals.
    pub steps: u64,
    /// A deliberate bug.
    pub mutation: Option<Mutation>,
    /// Whether what happens is written down.
    pub trace: bool,
}

pub(crate) struct World<'a> {
    pub(crate) library: &'a Library,
    pub(crate) answerer: Answerer,
    pub(crate) settings: Settings,
    pub(crate) dice: Dice,
    pub(crate) now: u64,
    agenda: BTreeMap<(u64, u64), Happening>,
    order: u64,
    pub(crate) healed: bool,
    /// Whether agents write to everybody once more, on a network that still loses pushes.
    pub(crate) last_words: bool,
    pub(crate) visitors: Vec<Visitor>,
    pub(crate) tabs: Vec<Tab>,
    pub(crate) conns: BTreeMap<u64, Conn>,
    pub(crate) next_conn: u64,
    pub(crate) edges: Vec<Edge>,
    pub(crate) origin: Origin,
    pub(crate) agents: Vec<Agent>,
    pub(crate) tally: Tally,
    pub(crate) violation: Option<String>,
    trace: VecDeque<String>,
}

const WALL_AT_START: u64 = 1_800_000_000_000;
const TRACE_LINES_MAX: usize = 400;

impl<'a> World<'a> {
    pub(crate) fn new(library: &'a Library, settings: Settings) -> Self {
        let mut dice = Dice::new(settings.seed);
        let count = 1 + dice.below(3);
        let mut world = Self {
            library,
            answerer: Answerer::new(),
            settings,
            now: 0,
            agenda: BTreeMap::new(),
            order: 0,
            healed: false,
            last_words: false,
            visitors: (0..count).map(|_| Visitor::new(&mut dice)).collect(),
            tabs: Vec::new(),
            conns: BTreeMap::new(),
            next_conn: 0,
            edges: Vec::new(),
            origin: Origin::new(count, library.hash(0)),
            agents: (0..2).map(Agent::new).collect(),
            tally: Tally::default(),
            violation: None,
            trace: VecDeque::new(),
            dice,
        };
        for visitor in 0..count {
            world.edges.push(Edge::new(library.hash(0)));
            for _ in 0..1 + world.dice.below(3) {
                world.add_tab(visitor);
            }
        }
        for agent in 0..world.agents.len() {
            world.after(1, Happening::AgentBack { agent });
        }
        world.after(5, Happening::Act);
        world.after(500, Happening::Break);
        world
    }

    pub(crate) fn mutated(&self, mutation: Mutation) -> bool {
        self.settings.mutation == Some(mutation)
    }

    /// The machines' clock; no two hosts count from the same start.
    pub(crate) const fn clock(&self, host: usize) -> Instant {
        Instant::from_millis(self.now + 1_000_003 * (host as u64 + 1))
    }

    fn unclock(at: Instant, host: usize) -> u64 {
        at.as_millis().saturating_sub(1_000_003 * (host as u64 + 1))
    }

    /// The wall clock of browsers and edges.
    pub(crate) const fn wall(&self) -> Timestamp {
        Timestamp::from_millis(WALL_AT_START + self.now)
    }

    pub(crate) fn after(&mut self, wait: u64, happening: Happening) {
        self.at(self.now + wait, happening);
    }

    pub(crate) fn at(&mut self, at: u64, happening: Happening) {
        self.order += 1;
        self.agenda
            .insert((at.max(self.now), self.order), happening);
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if self.settings.trace {
            if self.trace.len() == TRACE_LINES_MAX {
                self.trace.pop_front();
            }
            self.trace.push_back(format!("{:>7} {}", self.now, line()));
        }
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
        self.tally.fault(fault);
        self.note(|| format!("FAULT {}", fault.as_str()));
    }

    pub(crate) fn reach(&mut self, state: Reached) {
        self.tally.reach(state);
    }

    pub(crate) fn violate(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.note(|| format!("VIOLATION {what}"));
        self.violation.get_or_insert(what);
    }

    pub(crate) fn take_trace(&mut self) -> String {
        self.trace.make_contiguous().join("\n")
    }

    /// Frames as they come out at the other end: what the codec does to them is part of the run.
    pub(crate) fn wire<F>(&mut self, encoding: Encoding, frames: Vec<F>) -> Vec<F>
    where
        F: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        let read = encode(encoding, &frames).and_then(|bytes| decode::<F>(encoding, &bytes));
        match read {
            Ok(read) if read == frames => read,
            Ok(read) => {
                self.violate(format!("{encoding:?} made {read:?} of {frames:?}"));
                frames
            }
            Err(problem) => {
                self.violate(format!("{encoding:?}: {problem}: {frames:?}"));
                frames
            }
        }
    }

    /// One thing happens; the earliest.
    pub(crate) fn step(&mut self) {
        self.tally.steps += 1;
        let due = self.earliest_timeout();
        let next = self.agenda.first_key_value().map(|((at, _), _)| *at);
        match (due, next) {
            (Some((at, timer)), next) if next.is_none_or(|next| at <= next) => {
                self.now = self.now.max(at);
                match timer {
                    Timer::Tab(tab) => self.tab_timeout(tab),
                    Timer::Edge(visitor) => self.edge_timeout(visitor),
                }
            }
            (_, Some(_)) => {
                if let Some(((at, _), happening)) = self.agenda.pop_first() {
                    self.now = self.now.max(at);
                    self.happen(happening);
                }
            }
            _ => self.now += 1_000,
        }
        self.check_promises();
    }

    fn earliest_timeout(&self) -> Option<(u64, Timer)> {
        let tabs = self.tabs.iter().enumerate().filter_map(|(index, tab)| {
            let at = tab.client.as_ref()?.next_timeout()?;
            Some((Self::unclock(at, index), Timer::Tab(index)))
        });
        let edges = self.edges.iter().enumerate().filter_map(|(index, edge)| {
            let at = edge.relay.as_ref()?.next_timeout()?;
            Some((Self::unclock(at, 100 + index), Timer::Edge(index)))
        });
        tabs.chain(edges).min_by_key(|(at, _)| *at)
    }

    fn happen(&mut self, happening: Happening) {
        use Happening as H;
        match happening {
            H::Connected { tab, conn, fails } => self.connected(tab, conn, fails),
            H::Up { conn, frames } => self.arrive_up(conn, frames),
            H::Down { conn, frames } => self.arrive_down(conn, frames),
            H::ClosedByTab { conn } => self.closed_by_tab(conn),
            H::Told { tab, life, change } => self.told(tab, life, *change),
            H::PackFetched { tab, life, hash } => self.pack_fetched(tab, life, hash),
            H::BackOnline { visitor } => self.visitors[visitor].online = true,
            H::Request {
                visitor,
                life,
                id,
                attached,
                frames,
            } => {
                self.take_request(visitor, life, id, attached, frames);
            }
            H::Reply {
                visitor,
                life,
                id,
                frames,
            } => self.take_reply(visitor, life, id, frames),
            H::GivenUp { visitor, life, id } => self.given_up(visitor, life, id),
            H::Written {
                visitor,
                life,
                messages,
            } => self.written(visitor, life, messages),
            H::Alarm { visitor, at } => self.alarm(visitor, at),
            H::EdgePack { visitor, hash } => self.edges[visitor].pack = hash,
            H::EdgeStorageHealed { visitor } => self.edges[visitor].storage_fails = false,
            H::LinkHealed { visitor, up } => self.link_healed(visitor, up),
            H::Commit { life } => self.commit(life),
            H::Committed { life } => self.committed(life),
            H::Push {
                visitor,
                id,
                frames,
            } => self.take_push(visitor, id, frames),
            H::PushReply {
                visitor,
                id,
                sockets,
            } => self.take_push_reply(visitor, id, sockets),
            H::PushOverdue { visitor, id } => self.push_overdue(visitor, id),
            H::Restarted => self.restart_origin(),
            H::OriginStorageHealed => self.origin.storage_fails = false,
            H::OriginFast => self.origin.slow = false,
            H::Command {
                agent,
                visitor,
                command,
            } => self.take_command(agent, visitor, command),
            H::CommandResult {
                agent,
                life,
                id,
                result,
            } => {
                self.take_command_result(agent, life, id, result);
            }
            H::CommandOverdue { agent, id } => self.command_overdue(agent, id),
            H::Open {
                agent,
                life,
                visitor,
                after,
            } => self.take_open(agent, life, visitor, after),
            H::AgentEvents {
                agent,
                life,
                visitor,
                events,
                more,
            } => {
                self.take_agent_events(agent, life, visitor, events, more);
            }
            H::AgentBack { agent } => self.agent_back(agent),
            H::Reload { tab } => self.reload(tab),
            H::OpenTab { tab } => {
                if self.tabs[tab].client.is_none() {
                    self.open_tab(tab);
                }
            }
            H::EdgeDies { visitor, life } => {
                if self.edges[visitor].life == life {
                    self.crash_edge(visitor);
                }
            }
            H::OriginDies { life } => {
                if self.origin.life == life && self.origin.up {
                    self.crash_origin();
                }
            }
            H::Act => {
                self.act();
                let wait = self.dice.between(5, 900);
                if !self.healed {
                    self.after(wait, H::Act);
                }
            }
            H::Break => {
                if !self.healed {
                    self.break_something();
                    let wait = self.dice.between(50, 2_500);
                    self.after(wait, H::Break);
                }
            }
        }
    }

    // ---- What lies between ------------------------------------------------------------------

    /// Sends frames up a connection.
    pub(crate) fn send_up(&mut self, conn: u64, frames: Vec<ToServer>) {
        let Some(encoding) = self.conns.get(&conn).map(|conn| conn.encoding) else {
            return;
        };
        let frames = self.wire(encoding, frames);
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

    /// Sends a frame down a connection.
    pub(crate) fn send_down(&mut self, conn: u64, frame: ToVisitor) {
        let Some(encoding) = self.conns.get(&conn).map(|conn| conn.encoding) else {
            return;
        };
        let frames = self.wire(encoding, vec![frame]);
        let wait = self.latency();
        let now = self.now;
        let Some(known) = self.conns.get_mut(&conn) else {
            return;
        };
        known.down_until = known.down_until.max(now + wait);
        let at = known.down_until;
        if known.down {
            self.at(at, Happening::Down { conn, frames });
        }
    }

    pub(crate) const fn latency(&mut self) -> u64 {
        if !self.healed && self.dice.chance(20) {
            return self.dice.between(500, 6_000);
        }
        self.dice.between(1, 60)
    }

    /// What a visitor may see of the log after a place.
    pub(crate) fn visible_after(&self, visitor: usize, after: Seq) -> Vec<Event> {
        let mut events = self.origin.conversations[visitor].visible_after(after);
        if self.mutated(Mutation::NotesLeak) {
            events = self.origin.conversations[visitor].log.clone();
            events.retain(|event| event.seq > after);
        }
        if self.mutated(Mutation::PrevForgotten) {
            for event in &mut events {
                event.prev = Seq(event.seq.0 - 1);
            }
        }
        events
    }

    pub(crate) fn receipts(&self, visitor: usize) -> Receipts {
        self.origin.conversations[visitor].read_by_agents
    }
}

enum Timer {
    Tab(usize),
    Edge(usize),
}
