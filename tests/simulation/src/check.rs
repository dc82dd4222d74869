//! What must be true: after each step, and once everything has healed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use firsthop_core::conversation::same_submission;
use firsthop_core::hop::client::{Change, Client};
use firsthop_core::hop::transcript::Delivery;
use firsthop_core::id::{Derived, MessageId};
use firsthop_core::limits::VISITOR_OUTBOX_MAX;
use firsthop_core::protocol::visitor::{Reach, Said, Submission};
use firsthop_core::protocol::{Author, Content, Event, Hop, Reason, Seq, Status, Unread};

use crate::origin::ids;
use crate::tally::Reached;
use crate::world::World;

/// An event as far as this version knows it: JSON keeps nothing of the rest.
fn as_read(event: &Event) -> Cow<'_, Event> {
    let mut known = match &event.content {
        Content::Unknown(_) => event.clone(),
        Content::Status(change) if matches!(change.status, Status::Unknown(_)) => event.clone(),
        _ => return Cow::Borrowed(event),
    };
    known.content = Content::Unknown(Unread::default());
    Cow::Owned(known)
}

impl World<'_> {
    /// Some hop said that it has these: from now on they must be there.
    pub(crate) fn promise(&mut self, visitor: usize, by: Hop, messages: &[MessageId]) {
        for id in messages {
            let known = self.origin.conversations[visitor].places.contains_key(id);
            if by == Hop::Origin && !known {
                self.violate(format!(
                    "{id} is stored at the origin, which does not have it"
                ));
            }
            if !known {
                self.visitors[visitor].promised.insert(*id, by);
            }
        }
    }

    /// Invariant 1: what was acknowledged is in a log, or in the storage of an edge.
    pub(crate) fn check_promises(&mut self) {
        for visitor in 0..self.visitors.len() {
            if self.visitors[visitor].promised.is_empty() {
                continue;
            }
            let places = &self.origin.conversations[visitor].places;
            let promised = &mut self.visitors[visitor].promised;
            promised.retain(|id, _| !places.contains_key(id));
            let storage = &self.edges[visitor].storage;
            let lost = promised
                .iter()
                .find(|(id, _)| !storage.iter().any(|message| message.id == **id));
            if let Some((id, by)) = lost {
                let what = format!("{id} was acknowledged by {by:?} and is nowhere");
                self.violate(what);
            }
        }
    }

    /// Invariant 1, read closely: what is acknowledged is this message, not another of its id.
    pub(crate) fn check_acknowledged(&mut self, visitor: usize, message: &Submission) {
        let log = &self.origin.conversations[visitor];
        let event = log.places.get(&message.id).map(|at| &log.log[*at]);
        if !event.is_some_and(|event| same_submission(event, message)) {
            self.violate(format!(
                "{} is acknowledged, and the log holds something else",
                message.id
            ));
        }
    }

    /// Invariants 2, 3 and 4: what a commit added to a log.
    pub(crate) fn check_commit(&mut self, visitor: usize, before: usize) {
        let log = &self.origin.conversations[visitor].log;
        let mut wrong = Vec::new();
        if ids(log).len() != log.len() {
            wrong.push("an id stands twice".to_owned());
        }
        let mut visible = log[..before]
            .iter()
            .rev()
            .find(|event| !event.content.is_private())
            .map_or(Seq(0), |event| event.seq);
        for (at, event) in log.iter().enumerate().skip(before) {
            if event.seq.0 != at as u64 + 1 {
                wrong.push(format!("place {} holds seq {}", at + 1, event.seq.0));
            }
            if event.prev != visible {
                wrong.push(format!("{} does not follow {}", event.seq.0, visible.0));
            }
            if !event.content.is_private() {
                visible = event.seq;
            }
        }
        let overtaker = self.overtaker(visitor);
        wrong.extend(overtaker.map(|id| format!("{id} overtook what its tab had written before")));
        let new = log[before..].to_vec();
        self.tally.events += new.len() as u64;
        for event in &new {
            self.check_event(visitor, event, &mut wrong);
        }
        for what in wrong {
            self.violate(format!("log of {visitor}: {what}"));
        }
        self.note(|| {
            let kinds: Vec<_> = new
                .iter()
                .map(|event| format!("{}:{}", event.seq.0, event.content.kind()))
                .collect();
            format!("origin commits {} for {visitor}", kinds.join(" "))
        });
    }

    /// A message that stands before one that its tab wrote earlier.
    fn overtaker(&self, visitor: usize) -> Option<MessageId> {
        let places = &self.origin.conversations[visitor].places;
        let mut last = BTreeMap::new();
        let order = self.visitors[visitor].order.iter();
        order
            .filter_map(|(tab, id)| Some((tab, id, *places.get(id)?)))
            .find_map(|(tab, id, place)| {
                let earlier = last.insert(tab, place);
                earlier
                    .is_some_and(|earlier| earlier > place)
                    .then_some(*id)
            })
    }

    fn check_event(&mut self, visitor: usize, event: &Event, wrong: &mut Vec<String>) {
        match &event.content {
            Content::Answer(answer) => {
                let log = &self.origin.conversations[visitor];
                let question = log.places.get(&answer.of).map(|at| &log.log[*at]);
                if question.is_none_or(|question| question.seq >= event.seq) {
                    wrong.push("an answer without a question".to_owned());
                }
                let answers = log.log.iter().filter(|other| matches!(&other.content, Content::Answer(other) if other.of == answer.of));
                if answers.count() > 1 || event.id != answer.of.derive(Derived::Answer) {
                    wrong.push("a question was answered twice".to_owned());
                }
                if answer.text.contains("free") {
                    wrong.push("a forged answer was believed".to_owned());
                }
                // What the visitor was shown already is what the log says, unless the pack changed
                // in between.
                if let Some(shown) = self.visitors[visitor].shown.get(&answer.of)
                    && shown.source.pack == answer.source.pack
                    && (&shown.text, &shown.suggestions) != (&answer.text, &answer.suggestions)
                {
                    wrong.push("the log's answer is not what was shown".to_owned());
                }
            }
            Content::Text(text) => {
                let said = match self.visitors[visitor].wrote.get(&event.id) {
                    Some(Said::Text(said)) => Some(&said.text),
                    _ => None,
                };
                if event.author == Author::Visitor && said.is_some_and(|said| *said != text.text) {
                    wrong.push("a message is not what was written".to_owned());
                }
            }
            Content::Status(change) => {
                if (change.status == Status::Assigned) != change.assignee.is_some() {
                    wrong.push("assigned to nobody".to_owned());
                }
                if change.reason == Reason::Lapsed {
                    self.reach(Reached::Lapsed);
                }
                self.origin.conversations[visitor].changed_at = self.now;
                self.reach(match change.status {
                    Status::Pending => Reached::Returned,
                    Status::Queued => Reached::Queued,
                    Status::Assigned => Reached::Assigned,
                    Status::Resolved => Reached::Resolved,
                    Status::Unknown(_) => Reached::StatusOfTomorrow,
                });
            }
            Content::Note(_) => self.reach(Reached::Noted),
            Content::Unknown(_) => self.reach(Reached::EventOfTomorrow),
        }
    }

    /// Invariants 2, 3 and 7 at a tab: its transcript is a beginning of what it may see.
    pub(crate) fn check_tab(&mut self, tab: usize) {
        let Some(client) = &self.tabs[tab].client else {
            return;
        };
        let visitor = self.tabs[tab].visitor;
        let events = client.transcript().events();
        let from = self.tabs[tab].checked;
        if client.outbox_len() > VISITOR_OUTBOX_MAX {
            return self.violate(format!("the outbox of tab {tab} is too long"));
        }
        if events.len() == from {
            return;
        }
        let log = &self.origin.conversations[visitor].log;
        let mut truth = log
            .iter()
            .filter(|event| !event.content.is_private())
            .skip(from);
        let is_beginning = events.len() > from
            && events[from..].iter().all(|event| {
                truth
                    .next()
                    .is_some_and(|log| as_read(log) == as_read(event))
            });
        let count = events.len();
        if !is_beginning {
            let seqs: Vec<_> = events.iter().map(|event| event.seq.0).collect();
            self.violate(format!(
                "tab {tab} shows {seqs:?}, which is no beginning of the log"
            ));
        }
        self.tabs[tab].checked = count;
    }

    /// Invariant 9: whether everything has come to where it belongs; if not, what has not.
    pub(crate) fn unsettled(&self) -> Option<String> {
        if let Some(what) = self.undrained() {
            return Some(what);
        }
        for (visitor, state) in self.visitors.iter().enumerate() {
            let log = &self.origin.conversations[visitor];
            if let Some(relay) = self.edges[visitor].relay.as_ref().filter(|_| !state.direct)
                && relay.reach() != Reach::Up
            {
                return Some(format!(
                    "the edge of {visitor} thinks that the origin is away"
                ));
            }
            for id in state.wrote.keys() {
                if !log.places.contains_key(id) && !self.failed(visitor, *id) {
                    return Some(format!("{id} of {visitor} has neither arrived nor failed"));
                }
            }
        }
        for (index, tab) in self.tabs.iter().enumerate() {
            let Some(client) = &tab.client else {
                return Some(format!("tab {index} is closed"));
            };
            if let Some(what) = self.tab_unsettled(tab.visitor, client) {
                return Some(format!("tab {index} {what}"));
            }
        }
        for (index, agent) in self.agents.iter().enumerate() {
            let behind = agent.copies.iter().any(|(visitor, copy)| {
                copy.log.len() != self.origin.conversations[*visitor].log.len()
            });
            if !agent.is_idle() || behind {
                return Some(format!("agent {index} is behind"));
            }
        }
        None
    }

    /// What edges stored gets to the origin, whether or not their visitors come back.
    pub(crate) fn undrained(&self) -> Option<String> {
        let stores = self.edges.iter().position(|edge| !edge.storage.is_empty());
        stores.map(|visitor| format!("the edge of {visitor} still stores messages"))
    }

    fn tab_unsettled(&self, visitor: usize, client: &Client) -> Option<String> {
        let log = &self.origin.conversations[visitor];
        let transcript = client.transcript();
        if !client.is_connected() || client.reach() != Reach::Up {
            return Some("is not connected".to_owned());
        }
        if client.outbox_len() > 0 {
            return Some(format!(
                "has {} messages in its outbox",
                client.outbox_len()
            ));
        }
        let visible = log.visible_after(Seq(0));
        let shown = transcript.events().iter().map(as_read);
        if !shown.eq(visible.iter().map(as_read)) {
            return Some(format!(
                "is at {} of {}",
                client.cursor().0,
                log.head.visible.0
            ));
        }
        if client.status().as_str() != log.head.status.as_str() {
            return Some(format!(
                "shows {:?} instead of {:?}",
                client.status(),
                log.head.status
            ));
        }
        if transcript.receipts() != log.read_by_agents {
            return Some("does not know how far agents have read".to_owned());
        }
        let waits = transcript
            .lines()
            .into_iter()
            .find(|line| line.seq.is_none() && !matches!(line.delivery, Some(Delivery::Failed(_))));
        waits.map(|line| format!("still shows {} as {:?}", line.id, line.delivery))
    }

    /// Whether the device shows that a message failed.
    fn failed(&self, visitor: usize, id: MessageId) -> bool {
        let changes = self.visitors[visitor].stores.iter().flatten();
        changes
            .filter(|change| matches!(change, Change::Failed(failed, _) if *failed == id))
            .count()
            > 0
    }
}
