//! A cursor over a conversation's log: events come in any order, any number of times, and go
//! out in order, once.

use crate::limits::REPLICA_HELD_EVENTS_MAX;
use crate::protocol::{Event, Seq};

/// How far somebody holds a log without a gap, and what lies beyond the gap.
#[derive(Debug, Clone, Default)]
pub struct Replica {
    cursor: Seq,
    /// By place, each once. A vector: it is short, and a map would cost the widget kilobytes.
    held: Vec<Event>,
}

impl Replica {
    /// A replica that holds the log up to `cursor`.
    pub const fn new(cursor: Seq) -> Self {
        Self {
            cursor,
            held: Vec::new(),
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
        for event in events {
            if event.seq > self.cursor
                && let Err(at) = self.held.binary_search_by_key(&event.seq, |held| held.seq)
            {
                self.held.insert(at, event);
            }
        }
        let mut follows = 0;
        for event in &self.held {
            if event.prev > self.cursor {
                break;
            }
            self.cursor = event.seq;
            follows += 1;
        }
        let rest = self.held.split_off(follows);
        let next = core::mem::replace(&mut self.held, rest);
        // Beyond the limit, the furthest are forgotten: catching up brings them again.
        self.held.truncate(REPLICA_HELD_EVENTS_MAX);
        next
    }
}
