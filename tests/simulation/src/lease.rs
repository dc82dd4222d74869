//! Agents' presence as a lease: the origin's side of it, and consoles that stop.

use firsthop_core::hop::lease::{AGENT_LAPSES_WITHIN, ConsoleId, Leases, Output};
use firsthop_core::id::{AgentId, MessageId};
use firsthop_core::limits::{AGENT_ASKED_EVERY, AGENT_LEASE, AGENT_WATCHED_EVERY};
use firsthop_core::protocol::Status;

use crate::agenda::Happening;
use crate::console::agent_ref;
use crate::mutation::Mutation;
use crate::origin::{Waiter, Work};
use crate::tally::Fault;
use crate::world::{ORIGIN_HOST, World};

/// Latency, a write, and clocks that drift.
const SLACK_MS: u64 = 8_000;

fn ms(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A connection of an agent's console.
const fn console(agent: usize, life: u64) -> ConsoleId {
    ConsoleId(life * 16 + agent as u64)
}

impl World<'_> {
    pub(crate) fn lease_opens(&mut self, agent: usize) {
        let now = self.clock(ORIGIN_HOST);
        let console = console(agent, self.agents[agent].life);
        self.origin.leases.open(now, console, agent_ref(agent).id);
        self.drive_leases();
    }

    pub(crate) fn lease_closes(&mut self, agent: usize) {
        let console = console(agent, self.agents[agent].life);
        self.origin.leases.close(console);
    }

    pub(crate) fn leases_timeout(&mut self) {
        let now = self.clock(ORIGIN_HOST);
        self.origin.leases.handle_timeout(now);
        self.drive_leases();
    }

    /// A new process knows nothing of consoles; the store still has the beats.
    pub(crate) fn leases_restart(&mut self) {
        self.origin.leases = Leases::new(self.dice.roll());
    }

    /// The origin looks what the store says of agents.
    pub(crate) fn watch(&mut self) {
        self.after(ms(AGENT_WATCHED_EVERY), Happening::Watch);
        if !self.origin.up
            || self.origin.storage_fails
            || self.origin.storage_room.is_some()
            || self.origin.slow
        {
            self.origin.trouble_at = self.now;
        }
        self.poll_store();
        if self.origin.up {
            let now = self.clock(ORIGIN_HOST);
            for agent in 0..self.agents.len() {
                let beat = self.origin.beats[agent];
                self.origin.leases.observe(now, agent_ref(agent).id, beat);
            }
            self.drive_leases();
        }
        self.check_silence();
    }

    fn drive_leases(&mut self) {
        while let Some(output) = self.origin.leases.poll_output() {
            match output {
                Output::Ask(ConsoleId(id), nonce) => {
                    let (agent, life) = ((id % 16) as usize, id / 16);
                    let wait = self.latency();
                    self.after(wait, Happening::Asked { agent, life, nonce });
                    if self.mutated(Mutation::LeaseTrustsSocket) {
                        self.origin.beats[agent] += 1;
                    }
                }
                Output::Beat(id) => {
                    if let Some(agent) = self.agent_of(id) {
                        self.origin.beats[agent] += 1;
                        self.agents[agent].answered_at = self.now;
                    }
                }
                Output::Lapsed { agent, beat } => {
                    let Some(agent) = self.agent_of(agent) else {
                        continue;
                    };
                    self.lapse(agent, beat);
                }
            }
        }
    }

    fn agent_of(&self, id: AgentId) -> Option<usize> {
        (0..self.agents.len()).find(|&agent| agent_ref(agent).id == id)
    }

    fn has(&self, agent: usize, visitor: usize) -> bool {
        let head = &self.origin.conversations[visitor].head;
        head.status == Status::Assigned && head.assignee == Some(agent_ref(agent))
    }

    /// One write for each conversation; that the beat is still the same is looked at in it.
    fn lapse(&mut self, agent: usize, beat: u64) {
        if self.mutated(Mutation::LeaseNeverLapses) {
            return;
        }
        self.note(|| format!("agent {agent} lapses at beat {beat}"));
        for visitor in 0..self.visitors.len() {
            if self.has(agent, visitor) {
                let id = MessageId::new(self.wall(), self.dice.bytes());
                let work = Work::Lapses { agent, beat, id };
                self.enqueue(visitor, work, Waiter::Nobody);
            }
        }
    }

    pub(crate) fn asked(&mut self, agent: usize, life: u64, nonce: u64) {
        if self.agents[agent].life != life || !self.agents[agent].connected {
            return;
        }
        if self.agents[agent].frozen {
            return self.hold(agent, Happening::Asked { agent, life, nonce });
        }
        if self.lost(20) {
            return self.fault(Fault::AnswerLost);
        }
        let wait = self.latency();
        self.after(wait, Happening::LeaseAnswered { agent, life, nonce });
    }

    pub(crate) fn lease_answered(&mut self, agent: usize, life: u64, nonce: u64) {
        if self.agents[agent].life != life || !self.origin.up {
            return;
        }
        let now = self.clock(ORIGIN_HOST);
        let console = console(agent, life);
        self.origin.leases.answered(now, console, nonce);
        self.drive_leases();
    }

    // ---- Consoles that stop -----------------------------------------------------------------

    /// The console's browser is stopped: its socket stays open, and nothing moves.
    pub(crate) fn freeze(&mut self, agent: usize) {
        if !self.agents[agent].frozen {
            self.fault(Fault::AgentFrozen);
            self.agents[agent].frozen = true;
        }
    }

    /// What comes while it is stopped is found when it goes on.
    pub(crate) fn hold(&mut self, agent: usize, happening: Happening) {
        self.agents[agent].held.push(happening);
    }

    pub(crate) fn thaw(&mut self, agent: usize) {
        self.agents[agent].frozen = false;
        for happening in std::mem::take(&mut self.agents[agent].held) {
            self.after(0, happening);
        }
    }

    // ---- What must be true ------------------------------------------------------------------

    /// Invariant 6: nobody waits for an agent whose console is silent.
    fn check_silence(&mut self) {
        let within = ms(AGENT_LAPSES_WITHIN) + ms(AGENT_ASKED_EVERY) + SLACK_MS;
        for agent in 0..self.agents.len() {
            for visitor in 0..self.visitors.len() {
                let since = self.agents[agent]
                    .answered_at
                    .max(self.origin.conversations[visitor].changed_at)
                    .max(self.origin.trouble_at);
                if self.has(agent, visitor) && self.now - since > within {
                    let silent = self.now - since;
                    self.violate(format!(
                        "visitor {visitor} has waited {silent} ms for agent {agent}, who is silent"
                    ));
                }
            }
        }
    }

    /// Invariant 6, the other way round: who answers keeps what they have.
    pub(crate) fn check_lapse(&mut self, agent: usize) {
        let silent = self.now - self.agents[agent].answered_at;
        if silent + SLACK_MS < ms(AGENT_LEASE) {
            self.violate(format!(
                "agent {agent} lapsed {silent} ms after they answered"
            ));
        }
    }

    /// A console stops while nothing else goes wrong.
    pub(crate) fn stop_a_console(&mut self) {
        if self.dice.chance(300) {
            let agent = self.dice.below(self.agents.len());
            self.freeze(agent);
        }
    }

    /// Somebody still waits for an agent whose console is stopped.
    pub(crate) fn waits_in_vain(&self) -> Option<String> {
        let stopped = (0..self.agents.len()).filter(|agent| self.agents[*agent].frozen);
        let mut has = stopped.flat_map(|agent| {
            let visitors = 0..self.visitors.len();
            visitors
                .filter(move |visitor| self.has(agent, *visitor))
                .map(move |visitor| format!("visitor {visitor} waits for agent {agent} in vain"))
        });
        has.next()
    }

    pub(crate) fn thaw_all(&mut self) {
        for agent in 0..self.agents.len() {
            if self.agents[agent].frozen {
                self.thaw(agent);
            }
        }
    }
}
