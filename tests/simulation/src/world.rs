//! The world: visitors with their tabs, an edge for each, the origin, agents, and what lies
//! between them.
//!
//! Time is simulated: whatever is to happen stands in one agenda, ordered by time; machines are
//! asked when they are due. One step is one thing that happens. After each, `check` looks at what
//! it touched.

use std::collections::{BTreeMap, VecDeque};

use firsthop_core::answer::Answerer;
use firsthop_core::protocol::{Event, Receipts, Seq};
use firsthop_core::{Instant, Timestamp};

use crate::agenda::Happening;
use crate::browser::Tab;
use crate::console::Agent;
use crate::dice::Dice;
use crate::edge::Edge;
use crate::knowledge::Library;
use crate::mutation::Mutation;
use crate::network::Conn;
use crate::origin::Origin;
use crate::settings::{Choice, Settings};
use crate::skew::Tomorrow;
use crate::tally::{Fault, Reached, Tally};
use crate::visitor::Visitor;

pub(crate) struct World<'a> {
    pub(crate) library: &'a Library,
    pub(crate) answerer: Answerer,
    pub(crate) settings: Settings<'a>,
    pub(crate) dice: Dice,
    counts: [u64; 3],
    /// What chance had happen.
    pub(crate) chosen: Vec<Choice>,
    /// Who speaks a later version of the protocol.
    pub(crate) tomorrow: Tomorrow,
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
pub(crate) const YEAR_MS: u64 = 31_557_600_000;
const TRACE_LINES_MAX: usize = 20_000;

impl<'a> World<'a> {
    pub(crate) fn new(library: &'a Library, settings: Settings<'a>) -> Self {
        let mut dice = Dice::new(settings.seed);
        let count = 1 + dice.below(3);
        let mut world = Self {
            library,
            answerer: Answerer::new(),
            settings,
            counts: [0; 3],
            chosen: Vec::new(),
            tomorrow: Tomorrow::new(&mut dice),
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
        world.after(1, Happening::Watch);
        world
    }

    /// Whether something that chance wants happens: in a shrunk run not everything does.
    fn choose(&mut self, choice: Choice) -> bool {
        let happens = self.settings.only.is_none_or(|only| only.contains(&choice));
        if happens {
            self.chosen.push(choice);
        }
        happens
    }

    fn count(&mut self, kind: usize) -> u64 {
        self.counts[kind] += 1;
        self.counts[kind]
    }

    /// Chance wants a mishap.
    pub(crate) fn mishap(&mut self, wanted: bool) -> bool {
        if !wanted {
            return false;
        }
        let number = self.count(2);
        self.choose(Choice::Mishap(number))
    }

    /// Does something with chance of its own, so that it stays the same when others are left out;
    /// the wait until the next.
    fn by_chance(&mut self, choice: Choice, what: impl FnOnce(&mut Self)) -> u64 {
        let (kind, number, low, high) = match choice {
            Choice::Act(number) => (1, number, 5, 900),
            Choice::Break(number) => (2, number, 50, 2_500),
            Choice::Mishap(number) => (3, number, 1, 1),
        };
        let mut own = Dice::of(self.settings.seed, kind, number);
        let wait = own.between(low, high);
        if self.choose(choice) {
            let others = std::mem::replace(&mut self.dice, own);
            what(self);
            self.dice = others;
        }
        wait
    }

    pub(crate) fn mutated(&self, mutation: Mutation) -> bool {
        self.settings.mutation == Some(mutation)
    }

    /// The machines' clock: no two hosts count from the same start, nor equally fast.
    pub(crate) fn clock(&self, host: usize) -> Instant {
        let elapsed = self.now * self.pace(host) / 1_000;
        Instant::from_millis(elapsed + 1_000_003 * (host as u64 + 1))
    }

    /// When a host's clock shows `at`, or a little later.
    fn unclock(&self, at: Instant, host: usize) -> u64 {
        let elapsed = at.as_millis().saturating_sub(1_000_003 * (host as u64 + 1));
        (elapsed * 1_000).div_ceil(self.pace(host))
    }

    /// What a host's clock counts in 1,000 ms: most drift, by up to 4 %.
    fn pace(&self, host: usize) -> u64 {
        Dice::of(self.settings.seed, 4, host as u64).between(960, 1_040)
    }

    /// The wall clock.
    pub(crate) const fn wall(&self) -> Timestamp {
        Timestamp::from_millis(WALL_AT_START + self.now)
    }

    /// A visitor's wall clock, which may be wrong by years.
    pub(crate) fn wall_of(&self, visitor: usize) -> Timestamp {
        Timestamp::from_millis(self.wall().as_millis() - YEAR_MS + self.visitors[visitor].ahead)
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
                    Timer::Leases => self.leases_timeout(),
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
            Some((self.unclock(at, index), Timer::Tab(index)))
        });
        let edges = self.edges.iter().enumerate().filter_map(|(index, edge)| {
            let at = edge.relay.as_ref()?.next_timeout()?;
            Some((self.unclock(at, 100 + index), Timer::Edge(index)))
        });
        let leases = self.origin.leases.next_timeout().filter(|_| self.origin.up);
        let leases = leases.map(|at| (self.unclock(at, ORIGIN_HOST), Timer::Leases));
        tabs.chain(edges).chain(leases).min_by_key(|(at, _)| *at)
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
                if life == self.edges[visitor].life {
                    self.request_arrived(visitor, id);
                }
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
            H::EdgeStorageHealed { visitor } => self.edges[visitor].storage_heals(),
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
            H::SecondCommits { life } => self.second_commits(life),
            H::SecondRestarts => self.restart_second(),
            H::Hint { node, visitor } => self.publish_rest(node, visitor),
            H::Restarted => self.restart_origin(),
            H::OriginStorageHealed => self.origin.storage_heals(),
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
            H::Act if self.healed => {}
            H::Act => {
                let number = self.count(0);
                let wait = self.by_chance(Choice::Act(number), Self::act);
                self.after(wait, H::Act);
            }
            H::Break if self.healed => {}
            H::Break => {
                let number = self.count(1);
                let wait = self.by_chance(Choice::Break(number), Self::break_something);
                self.after(wait, H::Break);
            }
            H::Watch => self.watch(),
            H::Asked { agent, life, nonce } => self.asked(agent, life, nonce),
            H::LeaseAnswered { agent, life, nonce } => self.lease_answered(agent, life, nonce),
            H::AgentThaws { agent } => self.thaw(agent),
            H::Cut { conn } => self.closed_by_server(conn),
        }
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
    Leases,
}

/// The origin's number among the hosts that have a clock.
pub(crate) const ORIGIN_HOST: usize = 200;
