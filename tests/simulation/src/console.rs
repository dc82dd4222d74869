//! Agents at their consoles: replicas of every conversation, and commands that are sent until
//! they are answered.

use std::collections::BTreeMap;

use firsthop_core::hop::replica::Replica;
use firsthop_core::id::{AgentId, MessageId, Uuid};
use firsthop_core::limits::EVENTS_PER_FRAME_MAX;
use firsthop_core::protocol::agent::{Act, Command, Release, Reopen, Reply, Resolve, Take};
use firsthop_core::protocol::{AgentRef, Code, Event, Note, Problem, Receipts, Seq, Status};

use crate::agenda::Happening;
use crate::origin::{Waiter, Work};
use crate::tally::{Fault, Reached};
use crate::world::World;

/// See the module.
#[derive(Debug)]
pub(crate) struct Agent {
    /// Counts connections: what was meant for an earlier one is lost.
    pub(crate) life: u64,
    pub(crate) connected: bool,
    pub(crate) copies: BTreeMap<usize, Copy>,
    commands: BTreeMap<MessageId, (usize, Command)>,
    /// When what the origin sent last arrives: a connection keeps the order.
    heard_until: u64,
    /// Stopped: what comes meanwhile is held.
    pub(crate) frozen: bool,
    pub(crate) held: Vec<Happening>,
    /// When the origin last heard a sign of life: an answer that did not come too late.
    pub(crate) answered_at: u64,
}

/// An agent's copy of a log.
#[derive(Debug, Default)]
pub(crate) struct Copy {
    replica: Replica,
    pub(crate) log: Vec<Event>,
}

impl Agent {
    pub(crate) const fn new(_number: usize) -> Self {
        Self {
            life: 0,
            connected: false,
            copies: BTreeMap::new(),
            commands: BTreeMap::new(),
            heard_until: 0,
            frozen: false,
            held: Vec::new(),
            answered_at: 0,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.connected && self.commands.is_empty()
    }
}

pub(crate) fn agent_ref(agent: usize) -> AgentRef {
    let byte = u8::try_from(agent).unwrap_or(u8::MAX);
    AgentRef {
        id: AgentId(Uuid([byte; 16])),
        name: format!("agent {agent}"),
    }
}

/// An agent sees notes: every event follows the one before it.
fn as_agents_see(event: &Event) -> Event {
    Event {
        prev: Seq(event.seq.0 - 1),
        ..event.clone()
    }
}

impl World<'_> {
    pub(crate) fn agent_acts(&mut self, agent: usize) {
        if self.agents[agent].frozen {
            return;
        }
        let visitor = self.dice.below(self.visitors.len());
        let status = self.origin.conversations[visitor].head.status;
        let text = "let me see\n…";
        let act = match (self.dice.below(8), status) {
            (0, _) => Act::Note(Note { text: text.into() }),
            (1, Status::Assigned) => Act::Resolve(Resolve {}),
            (1, Status::Resolved) => Act::Reopen(Reopen {}),
            (2, Status::Assigned) => Act::Release(Release {}),
            (3, _) => Act::Take(Take {
                over: self.dice.chance(300),
            }),
            (4 | 5, Status::Queued | Status::Assigned) => Act::Reply(Reply { text: text.into() }),
            (6, _) => return self.agent_reads(agent, visitor),
            (7, _) if self.tomorrow.origin && self.origin.up => {
                let id = MessageId::new(self.wall(), self.dice.bytes());
                let parks = self.dice.chance(500);
                let work = Work::Tomorrow { agent, id, parks };
                return self.enqueue(visitor, work, Waiter::Nobody);
            }
            _ => return,
        };
        self.agent_commands(agent, visitor, act);
    }

    pub(crate) fn agent_commands(&mut self, agent: usize, visitor: usize, act: Act) {
        let id = MessageId::new(self.wall(), self.dice.bytes());
        self.tally.messages += 1;
        self.note(|| format!("agent {agent} {} to {visitor}", act.kind()));
        let conversation = self.visitors[visitor].id;
        let command = Command {
            id,
            conversation,
            act,
        };
        self.agents[agent].commands.insert(id, (visitor, command));
        self.send_command(agent, id);
    }

    fn agent_reads(&mut self, agent: usize, visitor: usize) {
        let Some(copy) = self.agents[agent].copies.get(&visitor) else {
            return;
        };
        let cursor = copy.replica.cursor();
        if self.origin.up && self.agents[agent].connected {
            let seen = Receipts {
                delivered: cursor,
                read: cursor,
            };
            let conversation = &mut self.origin.conversations[visitor];
            let merged = conversation.read_by_agents.merge(seen);
            if merged != conversation.read_by_agents {
                conversation.read_by_agents = merged;
                self.receipts_changed(visitor);
            }
        }
    }

    fn send_command(&mut self, agent: usize, id: MessageId) {
        let Some((visitor, command)) = self.agents[agent].commands.get(&id).cloned() else {
            return;
        };
        let wait = self.dice.between(2_000, 5_000);
        self.after(wait, Happening::CommandOverdue { agent, id });
        if !self.agents[agent].connected {
            return;
        }
        if self.lost(30) {
            return self.fault(Fault::CommandLost);
        }
        if self.lost(30) {
            self.fault(Fault::CommandTwice);
            let (wait, command) = (self.dice.between(1, 9_000), command.clone());
            self.after(
                wait,
                Happening::Command {
                    agent,
                    visitor,
                    command,
                },
            );
        }
        let wait = self.latency();
        self.after(
            wait,
            Happening::Command {
                agent,
                visitor,
                command,
            },
        );
    }

    pub(crate) fn command_overdue(&mut self, agent: usize, id: MessageId) {
        if self.agents[agent].frozen {
            return self.hold(agent, Happening::CommandOverdue { agent, id });
        }
        self.send_command(agent, id);
    }

    pub(crate) fn take_command_result(
        &mut self,
        agent: usize,
        life: u64,
        id: MessageId,
        result: Result<(), Problem>,
    ) {
        if self.agents[agent].life != life {
            return;
        }
        if self.agents[agent].frozen {
            let held = Happening::CommandResult {
                agent,
                life,
                id,
                result,
            };
            return self.hold(agent, held);
        }
        match result {
            Err(problem) if problem.code == Code::StorageUnavailable => {}
            Ok(()) => {
                if let Some((visitor, _)) = self.agents[agent].commands.remove(&id)
                    && !self.origin.conversations[visitor].places.contains_key(&id)
                {
                    self.violate(format!("command {id} is done, and not in the log"));
                }
            }
            Err(problem) => {
                if problem.code == Code::AlreadyAssigned {
                    self.reach(Reached::AlreadyAssigned);
                }
                self.agents[agent].commands.remove(&id);
            }
        }
    }

    // ---- Replicas ---------------------------------------------------------------------------

    pub(crate) fn agent_back(&mut self, agent: usize) {
        if self.agents[agent].frozen {
            return self.hold(agent, Happening::AgentBack { agent });
        }
        if !self.origin.up {
            return self.after(500, Happening::AgentBack { agent });
        }
        self.agents[agent].connected = true;
        self.lease_opens(agent);
        for visitor in 0..self.visitors.len() {
            self.agent_opens(agent, visitor);
        }
    }

    fn agent_opens(&mut self, agent: usize, visitor: usize) {
        let copy = self.agents[agent].copies.entry(visitor).or_default();
        let after = copy.replica.cursor();
        let life = self.agents[agent].life;
        let wait = self.latency();
        self.after(
            wait,
            Happening::Open {
                agent,
                life,
                visitor,
                after,
            },
        );
    }

    pub(crate) fn take_open(&mut self, agent: usize, life: u64, visitor: usize, after: Seq) {
        if self.agents[agent].life != life || !self.origin.up {
            return;
        }
        let log = &self.origin.conversations[visitor].log;
        let mut events: Vec<_> = log
            .iter()
            .filter(|event| event.seq > after)
            .map(as_agents_see)
            .collect();
        let more = events.len() > EVENTS_PER_FRAME_MAX;
        events.truncate(EVENTS_PER_FRAME_MAX);
        self.send_to_agent(agent, visitor, events, more);
    }

    pub(crate) fn tell_agents(&mut self, visitor: usize, events: &[Event]) {
        for agent in 0..self.agents.len() {
            if self.agents[agent].connected {
                let events = events.iter().map(as_agents_see).collect();
                self.send_to_agent(agent, visitor, events, false);
            }
        }
    }

    fn send_to_agent(&mut self, agent: usize, visitor: usize, events: Vec<Event>, more: bool) {
        let wait = self.latency();
        let until = self.agents[agent].heard_until.max(self.now + wait);
        self.agents[agent].heard_until = until;
        let life = self.agents[agent].life;
        self.at(
            until,
            Happening::AgentEvents {
                agent,
                life,
                visitor,
                events,
                more,
            },
        );
    }

    pub(crate) fn take_agent_events(
        &mut self,
        agent: usize,
        life: u64,
        visitor: usize,
        events: Vec<Event>,
        more: bool,
    ) {
        if self.agents[agent].life != life {
            return;
        }
        if self.agents[agent].frozen {
            let held = Happening::AgentEvents {
                agent,
                life,
                visitor,
                events,
                more,
            };
            return self.hold(agent, held);
        }
        let copy = self.agents[agent].copies.entry(visitor).or_default();
        let new = copy.replica.handle_events(events);
        let again = more || copy.replica.has_gap();
        let from = copy.log.len();
        copy.log.extend(new);
        let log = &self.origin.conversations[visitor].log;
        let truth = log.iter().skip(from).map(as_agents_see);
        if !copy.log[from..]
            .iter()
            .cloned()
            .zip(truth)
            .all(|(copy, log)| copy == log)
            || copy.log.len() > log.len()
        {
            self.violate(format!(
                "agent {agent}'s copy of {visitor} is not the log's beginning"
            ));
        }
        if again {
            self.agent_opens(agent, visitor);
        }
    }

    pub(crate) fn cut_agents_off(&mut self) {
        for agent in 0..self.agents.len() {
            self.cut_agent_off(agent);
        }
    }

    pub(crate) fn cut_agent_off(&mut self, agent: usize) {
        self.lease_closes(agent);
        self.agents[agent].life += 1;
        self.agents[agent].connected = false;
        let wait = self.dice.between(100, 4_000);
        self.after(wait, Happening::AgentBack { agent });
    }
}
