//! The conversation as a visitor is shown it: the log, then what is not in the log yet, each of
//! the visitor's messages with its state.

use super::client::{Change, Written};
use crate::id::{Derived, MessageId};
use crate::limits::DEVICE_EVENTS_MAX;
use crate::protocol::visitor::{Answered, Said, Submission};
use crate::protocol::{Answer, Author, Content, Event, Hop, Problem, Receipts, Seq, StatusChange};
use crate::time::Timestamp;

/// How far a message of the visitor has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// On the device only.
    Queued,
    /// Durable at this hop.
    Stored(Hop),
    /// On an agent's screen, perhaps.
    Delivered,
    /// Read by an agent.
    Read,
    /// It will not be taken as it is.
    Failed(Problem),
}

impl Delivery {
    /// Whether nothing more will happen by itself.
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Read | Self::Failed(_))
    }
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// A message.
    Text(&'a str),
    /// The bot's answer or suggestions.
    Answer(&'a Answer),
    /// The conversation's status changed.
    Status(&'a StatusChange),
    /// The visitor's wish for a person, not yet in the log.
    AskedPerson,
    /// Something that a later version of the protocol added.
    Unknown,
}

/// One line of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// The event's or message's id.
    pub id: MessageId,
    /// Its place, once it has one.
    pub seq: Option<Seq>,
    /// Who wrote it.
    pub author: &'a Author,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub body: Body<'a>,
    /// How far it has got, for the visitor's own.
    pub delivery: Option<Delivery>,
}

/// A message that the log does not hold yet.
#[derive(Debug, Clone)]
struct Local {
    submission: Submission,
    stored: Option<Hop>,
    failed: Option<Problem>,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    events: Vec<Event>,
    local: Vec<Local>,
    /// Answers that the log does not hold yet.
    answered: Vec<Answered>,
    receipts: Receipts,
}

impl Transcript {
    /// Whether the log holds an event of this id.
    pub fn has_event(&self, id: MessageId) -> bool {
        self.events.iter().any(|event| event.id == id)
    }

    /// A message that failed, as it was written.
    pub fn failed(&self, id: MessageId) -> Option<&Submission> {
        self.local(id)
            .filter(|local| local.failed.is_some())
            .map(|local| &local.submission)
    }

    /// How far the agents have got.
    pub const fn receipts(&self) -> Receipts {
        self.receipts
    }

    /// Whether the message was written here, is not in the log yet, and has not failed.
    pub(super) fn waits(&self, id: MessageId) -> bool {
        self.local(id).is_some_and(|local| local.failed.is_none())
    }

    /// Whether it is news that the message is durable at `by`.
    pub(super) fn would_store(&self, id: MessageId, by: Hop) -> bool {
        self.local(id).is_some_and(|local| {
            let known = local.stored.is_some_and(|at| at == by || at == Hop::Origin);
            local.failed.is_some() || !known
        })
    }

    /// Whether the answer is news.
    pub(super) fn would_answer(&self, answered: &Answered) -> bool {
        // The log tells of a question together with its answer, if there is one.
        !self.has_event(answered.answer.of)
            && !self.has_event(answered.id)
            && !self.answered.contains(answered)
    }

    fn local(&self, id: MessageId) -> Option<&Local> {
        self.local.iter().find(|local| local.submission.id == id)
    }

    /// The log as far as it is held, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.local.is_empty()
    }

    /// The last place that is held.
    pub fn last_seq(&self) -> Seq {
        self.events.last().map_or(Seq(0), |event| event.seq)
    }

    /// Every line, in the order in which it is to be shown.
    pub fn lines(&self) -> Vec<Line<'_>> {
        let mut lines =
            Vec::with_capacity(self.events.len() + self.local.len() + self.answered.len());
        for event in &self.events {
            lines.push(self.event_line(event));
            lines.extend(self.answer_of(event.id));
        }
        for local in &self.local {
            lines.push(local.line());
            lines.extend(self.answer_of(local.submission.id));
        }
        lines
    }

    fn event_line<'a>(&self, event: &'a Event) -> Line<'a> {
        let body = match &event.content {
            Content::Text(text) => Body::Text(text.text.expose()),
            Content::Answer(answer) => Body::Answer(answer),
            Content::Status(change) => Body::Status(change),
            Content::Note(_) | Content::Unknown(_) => Body::Unknown,
        };
        let own = event.author == Author::Visitor && matches!(event.content, Content::Text(_));
        let delivery = own.then(|| match event.seq {
            seq if seq <= self.receipts.read => Delivery::Read,
            seq if seq <= self.receipts.delivered => Delivery::Delivered,
            _ => Delivery::Stored(Hop::Origin),
        });
        Line {
            id: event.id,
            seq: Some(event.seq),
            author: &event.author,
            at: event.at,
            body,
            delivery,
        }
    }

    fn answer_of(&self, question: MessageId) -> Option<Line<'_>> {
        let id = question.derive(Derived::Answer);
        let answered = self.answered.iter().find(|answered| answered.id == id)?;
        Some(Line {
            id,
            seq: None,
            author: &Author::Bot,
            at: Timestamp::default(),
            body: Body::Answer(&answered.answer),
            delivery: None,
        })
    }

    /// Few changes of which the same comes, but for the oldest of many events.
    pub(super) fn snapshot(&self) -> Vec<Change> {
        let skipped = self.events.len().saturating_sub(DEVICE_EVENTS_MAX);
        let mut events = self.events.get(skipped..).unwrap_or_default().to_vec();
        if let Some(first) = events.first_mut() {
            // What came before it is not missing here.
            first.prev = Seq(0);
        }
        let mut changes = vec![Change::Events(events), Change::Receipts(self.receipts)];
        for local in &self.local {
            let submission = local.submission.clone();
            let id = submission.id;
            let answered = self.answered.iter().find(|known| known.answer.of == id);
            changes.push(Change::Written(Written {
                submission,
                answered: answered.cloned(),
            }));
            if let Some(by) = local.stored {
                changes.push(Change::Stored(by, vec![id]));
            }
            if let Some(problem) = &local.failed {
                changes.push(Change::Failed(id, problem.clone()));
            }
        }
        changes
    }

    /// Events that follow the last one.
    pub(super) fn take_events(&mut self, new: &[Event]) {
        for event in new {
            self.local.retain(|local| local.submission.id != event.id);
            // The question's event comes with its answer's. If it comes without one, the answer
            // that was shown did not hold, or an agent has the conversation.
            self.answered
                .retain(|answered| answered.id != event.id && answered.answer.of != event.id);
        }
        self.events.extend_from_slice(new);
    }

    /// Every other change.
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Written(written) => self.write(written),
            Change::Stored(by, ids) => {
                for local in self
                    .local
                    .iter_mut()
                    .filter(|local| ids.contains(&local.submission.id))
                {
                    if local.stored != Some(Hop::Origin) {
                        local.stored = Some(by);
                    }
                    local.failed = None;
                }
            }
            Change::Failed(id, problem) => self.set_failed(id, Some(problem)),
            Change::Retried(id) => self.set_failed(id, None),
            Change::Discarded(id) => self.local.retain(|local| local.submission.id != id),
            Change::Answered(answered) => self.add_answer(*answered),
            Change::Receipts(receipts) => self.receipts = self.receipts.merge(receipts),
            Change::Reset => {
                self.events.clear();
                self.receipts = Receipts::default();
            }
            // `take_events` got them, as far as they are new.
            Change::Events(_) => {}
        }
    }

    fn write(&mut self, written: Written) {
        let id = written.submission.id;
        if self.has_event(id) || self.local.iter().any(|local| local.submission.id == id) {
            return;
        }
        self.local.push(Local {
            submission: written.submission,
            stored: None,
            failed: None,
        });
        if let Some(answered) = written.answered {
            self.add_answer(answered);
        }
    }

    fn add_answer(&mut self, answered: Answered) {
        if !self.would_answer(&answered) {
            return;
        }
        self.answered.retain(|known| known.id != answered.id);
        self.answered.push(answered);
    }

    fn set_failed(&mut self, id: MessageId, problem: Option<Problem>) {
        for local in self
            .local
            .iter_mut()
            .filter(|local| local.submission.id == id)
        {
            local.failed = problem.clone();
        }
    }
}

impl Local {
    fn line(&self) -> Line<'_> {
        let delivery = match (&self.failed, self.stored) {
            (Some(problem), _) => Delivery::Failed(problem.clone()),
            (None, Some(hop)) => Delivery::Stored(hop),
            (None, None) => Delivery::Queued,
        };
        Line {
            id: self.submission.id,
            seq: None,
            author: &Author::Visitor,
            at: self.submission.at,
            body: match &self.submission.said {
                Said::Text(said) => Body::Text(said.text.expose()),
                Said::Person(_) => Body::AskedPerson,
                Said::Unknown(_) => Body::Unknown,
            },
            delivery: Some(delivery),
        }
    }
}
