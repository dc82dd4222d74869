//! A cursor over a conversation's log: events come in any order, any number of times, and go
//! out in order, once.

use std::collections::BTreeMap;

use crate::limits::REPLICA_HELD_EVENTS_MAX;
use crate::protocol::{Event, Seq};

/// How far somebody holds a log without a gap, and what lies beyond the gap.
#[derive(Debug, Clone, Default)]
pub struct Replica {
    cursor: Seq,
    held: BTreeMap<Seq, Event>,
}

impl Replica {
    /// A replica that holds the log up to `cursor`.
    pub const fn new(cursor: Seq) -> Self {
        Self {
            cursor,
            held: BTreeMap::new(),
        }
    }

    /// The last place up to which nothing is missing.
    pub const fn cursor(&self) -> Seq {
        self.cursor
    }

    /// Whether something before what has arrived is missing: catch up from the cursor.
    pub fn has_gap(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes events in; gives those that now follow the cursor without a gap, in order. What is
    /// known already gives nothing.
    pub fn handle_events(&mut self, events: impl IntoIterator<Item = Event>) -> Vec<Event> {
        let mut next = Vec::new();
        for event in events {
            if event.seq > self.cursor {
                self.held.insert(event.seq, event);
            }
        }
        while let Some(first) = self.held.first_entry() {
            if first.get().prev > self.cursor {
                break;
            }
            let event = first.remove();
            self.cursor = event.seq;
            next.push(event);
        }
        // Beyond the limit, the furthest are forgotten: catching up brings them again.
        while self.held.len() > REPLICA_HELD_EVENTS_MAX {
            self.held.pop_last();
        }
        next
    }
}
