//! What the device must remember: changes are taken in, kept and told to the other tabs.

use super::{Change, Client, Output};
use crate::hop::replica::Replica;
use crate::id::MessageId;
use crate::protocol::{Content, Event, Receipts};

impl Client {
    pub(super) fn save_events(&mut self, events: Vec<Event>) {
        let new = self.replica.handle_events(events);
        if !new.is_empty() {
            self.take_events(&new);
            self.outputs.push_back(Output::Save(Change::Events(new)));
            self.changed();
        }
    }

    pub(super) fn save_receipts(&mut self, receipts: Receipts) {
        if self.transcript.receipts().merge(receipts) != self.transcript.receipts() {
            self.save(Change::Receipts(receipts));
        }
    }

    /// Events that follow the cursor: an event proves that its message is durable, whether or not
    /// that was heard.
    fn take_events(&mut self, new: &[Event]) {
        self.leave_outbox(|id| new.iter().any(|event| event.id == id));
        let status = new.iter().rev().find_map(|event| match &event.content {
            Content::Status(change) => Some(change.status),
            _ => None,
        });
        if let Some(status) = status {
            self.set_status(status);
        }
        self.transcript.take_events(new);
    }

    pub(super) fn save(&mut self, change: Change) {
        self.apply(change.clone());
        self.outputs.push_back(Output::Save(change));
        self.changed();
    }

    /// What may stand in the place of all changes that were remembered so far: fewer, of which the same
    /// comes; of a long log its newest events.
    pub fn snapshot(&self) -> Vec<Change> {
        self.transcript.snapshot()
    }

    /// Takes a change in: the same for one's own, another tab's and a remembered one.
    pub(super) fn apply(&mut self, change: Change) {
        match &change {
            Change::Written(written) => {
                let id = written.submission.id;
                if !self.transcript.has_event(id)
                    && !self.outbox.iter().any(|message| message.id == id)
                {
                    self.outbox.push_back(written.submission.clone());
                }
            }
            Change::Stored(_, ids) => self.leave_outbox(|id| ids.contains(&id)),
            Change::Failed(failed, _) | Change::Discarded(failed) => {
                self.leave_outbox(|id| id == *failed);
            }
            Change::Retried(id) => {
                if let Some(submission) = self.transcript.failed(*id) {
                    self.outbox.push_back(submission.clone());
                }
            }
            Change::Events(events) => {
                let new = self.replica.handle_events(events.iter().cloned());
                self.take_events(&new);
            }
            Change::Reset => self.replica = Replica::default(),
            Change::Answered(_) | Change::Receipts(_) => {}
        }
        self.transcript.apply(change);
    }

    fn leave_outbox(&mut self, leaves: impl Fn(MessageId) -> bool) {
        let under_way = &mut self.under_way;
        let mut at = 0;
        let mut left = 0;
        self.outbox.retain(|message| {
            let leaves = leaves(message.id);
            left += usize::from(leaves && at < *under_way);
            at += 1;
            !leaves
        });
        *under_way = under_way.saturating_sub(left);
    }
}
