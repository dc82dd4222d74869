//! What an agent holds and sees, and what they do about it.
//!
//! In: summaries and events from the origin, dice. Out: an act that makes sense by what is seen,
//! which may be out of date; now and then one that a colleague's having the conversation forbids.

use std::collections::{BTreeMap, HashMap};

use firsthop_core::id::{AgentId, ConversationId, MessageId};
use firsthop_core::protocol::agent::{Act, Release, Reopen, Reply, Resolve, Summary, Take};
use firsthop_core::protocol::{Event, Note, Reason, Seq, Status};

use super::super::dice::Dice;
use super::super::ledger::Meant;
use super::super::words;

/// A conversation as the agent holds it.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Followed {
    pub(in super::super) events: Vec<Event>,
    status: Status,
    assignee: Option<AgentId>,
    /// Events that did not follow those before them.
    pub(in super::super) gaps: u64,
}

impl Followed {
    pub(super) fn last(&self) -> Seq {
        self.events.last().map_or(Seq(0), |event| event.seq)
    }

    /// Takes what is new.
    fn take(&mut self, events: Vec<Event>) {
        for event in events {
            if event.seq <= self.last() {
                continue;
            }
            self.gaps += u64::from(event.seq != self.last().next());
            self.events.push(event);
        }
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) logs: HashMap<ConversationId, Followed>,
}

impl Desk {
    /// The list shows a conversation; gives whether it is to be followed from now on.
    pub(super) fn note(&mut self, summary: &Summary) -> bool {
        let is_new = !self.logs.contains_key(&summary.id);
        let log = self.logs.entry(summary.id).or_default();
        log.status = summary.status;
        log.assignee = summary.assignee.as_ref().map(|assignee| assignee.id);
        is_new
    }

    pub(super) fn take(&mut self, conversation: ConversationId, events: Vec<Event>) {
        self.logs.entry(conversation).or_default().take(events);
    }

    /// Up to where a conversation is held.
    pub(super) fn last(&self, conversation: ConversationId) -> Seq {
        self.logs.get(&conversation).map_or(Seq(0), Followed::last)
    }

    pub(super) fn heads(&self) -> BTreeMap<ConversationId, Seq> {
        self.logs
            .iter()
            .map(|(id, log)| (*id, log.last()))
            .collect()
    }

    /// Some conversation.
    pub(super) fn pick(&self, dice: &mut Dice) -> Option<ConversationId> {
        let mut known: Vec<_> = self.logs.keys().copied().collect();
        known.sort_unstable();
        dice.pick(&known).copied()
    }

    /// What `me` does with a conversation, as the command `id`.
    pub(super) fn decide(
        &self,
        dice: &mut Dice,
        me: Option<AgentId>,
        conversation: ConversationId,
        id: MessageId,
    ) -> (Act, Meant) {
        let (status, mine) = self
            .logs
            .get(&conversation)
            .map_or_else(Default::default, |log| {
                (log.status, log.assignee.is_some() && log.assignee == me)
            });
        let words = |what| words::of_agent(what, id);
        let reply = || {
            let text = words("reply");
            let reply = Reply {
                text: text.as_str().into(),
            };
            (reply.into(), Meant::Text(text))
        };
        let note = || {
            let text = words("note");
            let note = Note {
                text: text.as_str().into(),
            };
            (note.into(), Meant::Text(text))
        };
        let take = |over| (Take { over }.into(), Meant::Change(Reason::Taken));
        let release = || (Release {}.into(), Meant::Change(Reason::Released));
        let resolve = || (Resolve {}.into(), Meant::Change(Reason::Resolved));
        let reopen = || (Reopen {}.into(), Meant::Change(Reason::Reopened));
        match (status, dice.below(100)) {
            (_, 0..15) => note(),
            (Status::Resolved, 15..70) => reopen(),
            (Status::Assigned, 15..60) if mine => reply(),
            (Status::Assigned, 60..75) if mine => release(),
            (Status::Assigned, _) if mine => resolve(),
            (Status::Assigned, 15..50) => take(true),
            // A colleague has it: this is refused, unless they just gave it back.
            (Status::Assigned, 50..55) => resolve(),
            (Status::Assigned, _) => note(),
            (_, 15..40) => take(false),
            (Status::Resolved, _) | (_, 40..90) => reply(),
            (_, _) => resolve(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use firsthop_core::Timestamp;

    use super::*;

    /// The kinds of acts on a conversation that stands so.
    fn acts(status: Status, assignee: Option<AgentId>, me: AgentId) -> HashSet<&'static str> {
        let conversation = ConversationId::new(Timestamp::from_millis(1), [1; 10]);
        let log = Followed {
            status,
            assignee,
            ..Followed::default()
        };
        let desk = Desk {
            logs: HashMap::from([(conversation, log)]),
        };
        let mut dice = Dice::new(1);
        let id = MessageId::new(Timestamp::from_millis(1), [2; 10]);
        (0..300)
            .map(|_| desk.decide(&mut dice, Some(me), conversation, id).0.kind())
            .collect()
    }

    #[test]
    fn every_act_is_chosen_where_it_makes_sense() {
        let [me, other] = [1, 2].map(|n| AgentId::from_bytes([n; 16]));
        assert_eq!(
            acts(Status::Queued, None, me),
            HashSet::from(["note", "take", "reply", "resolve"])
        );
        assert_eq!(
            acts(Status::Assigned, Some(me), me),
            HashSet::from(["note", "reply", "release", "resolve"])
        );
        assert_eq!(
            acts(Status::Assigned, Some(other), me),
            HashSet::from(["note", "take", "resolve"])
        );
        assert_eq!(
            acts(Status::Resolved, None, me),
            HashSet::from(["note", "reopen", "reply"])
        );
    }
}
