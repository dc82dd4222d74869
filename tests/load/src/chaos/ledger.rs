//! What everybody said and was told, as it stood on the wires: the evidence for the audit.
//!
//! Written by the visitors' devices and the agents, past the machines that they drive, so that a
//! machine which forgets something does not make us forget it too.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::protocol::visitor::{Answered, ToVisitor};
use firsthop_core::protocol::{Event, Hop, Reason, Remedy, Seq};

use crate::percentile::Latencies;

/// What somebody wanted to be stored.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) conversation: ConversationId,
    /// Who said it: each says one thing after the other.
    pub(super) by: Speaker,
    pub(super) meant: Meant,
}

/// What the event is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// These words.
    Text(String),
    /// That the conversation changed, for this reason.
    Change(Reason),
}

/// A device of a visitor, or an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Speaker {
    Device(usize),
    Agent(usize),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) said: HashMap<MessageId, Said>,
    /// What each said, in the order in which it was said.
    pub(super) order: BTreeMap<Speaker, Vec<MessageId>>,
    /// Who was told that it is durable.
    pub(super) acknowledged: HashMap<MessageId, Speaker>,
    pub(super) acknowledged_by_edge: HashSet<MessageId>,
    /// What was refused for good.
    pub(super) refused: HashMap<MessageId, String>,
    /// Refusals that say to try again, by their code.
    pub(super) put_off: BTreeMap<String, u64>,
    /// Events as visitors were told them, each first as it was told first…
    pub(super) told: HashMap<(ConversationId, Seq), Event>,
    /// …and how many were later told otherwise.
    pub(super) told_otherwise: u64,
    /// Answers that visitors saw before the log had them.
    pub(super) answered: HashMap<(ConversationId, MessageId), Answered>,
    /// Messages that are not acknowledged, and since when they wait.
    waiting: HashMap<MessageId, Instant>,
    quiet: bool,
    pub(super) in_quiet: Latencies,
    pub(super) in_faults: Latencies,
}

/// A ledger in which many write.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedLedger(Arc<Mutex<Ledger>>);

impl SharedLedger {
    pub(super) fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    /// Says whether there are faults from now on.
    pub(super) const fn set_quiet(&mut self, quiet: bool) {
        self.quiet = quiet;
    }

    /// Somebody wants something to be stored.
    pub(super) fn say(&mut self, id: MessageId, said: Said) {
        self.order.entry(said.by).or_default().push(id);
        self.waiting.insert(id, Instant::now());
        self.said.insert(id, said);
    }

    /// Somebody was told that it is durable.
    pub(super) fn acknowledge(&mut self, id: MessageId, to: Speaker, by: Hop) {
        if by == Hop::Edge {
            self.acknowledged_by_edge.insert(id);
        }
        self.acknowledged.entry(id).or_insert(to);
        if let Some(since) = self.waiting.remove(&id) {
            let took: Duration = since.elapsed();
            if self.quiet {
                self.in_quiet.add(took);
            } else {
                self.in_faults.add(took);
            }
        }
    }

    /// Somebody was told that it was not taken.
    pub(super) fn refuse(&mut self, id: MessageId, problem: &firsthop_core::protocol::Problem) {
        if problem.remedy() == Remedy::Never {
            self.waiting.remove(&id);
            self.refused.insert(id, problem.to_string());
        } else {
            *self.put_off.entry(problem.code.to_string()).or_default() += 1;
        }
    }

    /// What was neither acknowledged nor refused for good.
    pub(super) fn unsettled(&self) -> usize {
        self.waiting.len()
    }

    /// Frames came to a device of a visitor.
    pub(super) fn hear(&mut self, of: ConversationId, device: Speaker, frames: &[ToVisitor]) {
        for frame in frames {
            match frame {
                ToVisitor::Stored(stored) => {
                    for id in &stored.ids {
                        self.acknowledge(*id, device, stored.by);
                    }
                }
                ToVisitor::Refused(refused) => self.refuse(refused.id, &refused.problem),
                ToVisitor::Events(events) => {
                    for event in &events.events {
                        // An event proves that its message is durable, as `stored` does.
                        if self.waiting.contains_key(&event.id) {
                            self.acknowledge(event.id, device, Hop::Origin);
                        }
                        let first = self
                            .told
                            .entry((of, event.seq))
                            .or_insert_with(|| event.clone());
                        self.told_otherwise += u64::from(first != event);
                    }
                }
                ToVisitor::Answered(answered) => {
                    self.answered
                        .insert((of, answered.answer.of), answered.clone());
                }
                _ => {}
            }
        }
    }
}
