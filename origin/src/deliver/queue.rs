//! The line of visitors who wait for a person, and telling them their place in it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use firsthop_core::Timestamp;
use firsthop_core::hop::gateway::Notice;
use firsthop_core::id::ConversationId;
use firsthop_core::limits::QUEUE_PLACES_EVERY;
use tokio::sync::Notify;

use super::hub::{Hub, lock};

/// Who waits, longest first.
#[derive(Debug, Default)]
pub struct WaitingLine {
    line: Mutex<Line>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Line {
    since: HashMap<ConversationId, Timestamp>,
    order: BTreeSet<(Timestamp, ConversationId)>,
}

impl WaitingLine {
    /// A conversation waits since then, or does not wait.
    pub fn note(&self, conversation: ConversationId, since: Option<Timestamp>) {
        let mut line = lock(&self.line);
        let before = match since {
            Some(since) => line.since.insert(conversation, since),
            None => line.since.remove(&conversation),
        };
        if before == since {
            return;
        }
        if let Some(before) = before {
            line.order.remove(&(before, conversation));
        }
        if let Some(since) = since {
            line.order.insert((since, conversation));
        }
        drop(line);
        self.changed.notify_one();
    }

    /// The place in the line: 1 for whoever is next.
    #[must_use]
    pub fn place(&self, conversation: ConversationId) -> Option<u32> {
        let line = lock(&self.line);
        let since = *line.since.get(&conversation)?;
        let ahead = line.order.range(..(since, conversation)).count();
        u32::try_from(ahead + 1).ok()
    }

    fn places(&self) -> HashMap<ConversationId, u32> {
        (1..)
            .zip(&lock(&self.line).order)
            .map(|(place, (_, conversation))| (*conversation, place))
            .collect()
    }
}

/// Tells waiting visitors their place whenever it changes.
pub async fn tell_places(hub: &Hub) {
    let mut told = HashMap::new();
    loop {
        hub.line.changed.notified().await;
        let places = hub.line.places();
        for (conversation, place) in &places {
            if told.get(conversation) != Some(place) {
                hub.notify(*conversation, Notice::Queue(*place));
            }
        }
        told = places;
        tokio::time::sleep(QUEUE_PLACES_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_the_time_of_waiting() {
        let line = WaitingLine::default();
        let id = |n| ConversationId::new(Timestamp::from_millis(0), [n; 10]);
        let at = Timestamp::from_millis;
        line.note(id(1), Some(at(20)));
        line.note(id(2), Some(at(10)));
        line.note(id(3), Some(at(30)));
        assert_eq!(
            [1, 2, 3].map(|n| line.place(id(n))),
            [Some(2), Some(1), Some(3)]
        );
        line.note(id(2), None);
        assert_eq!(
            [1, 2, 3].map(|n| line.place(id(n))),
            [Some(1), None, Some(2)]
        );
    }
}
