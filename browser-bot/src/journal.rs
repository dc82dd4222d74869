//! A shorter journal that means the same.
//!
//! In: changes in the order in which they were kept, by several tabs, so with repetitions. Out:
//! the log in one piece, then what is not in the log yet. Invariant: a client that takes in
//! either shows the same conversation and has the same outbox.

use firsthop_core::hop::client::{Change, Written};
use firsthop_core::id::MessageId;
use firsthop_core::protocol::{Event, Receipts};

/// See the module.
pub(crate) fn shorten(changes: Vec<Change>) -> Vec<Change> {
    let mut log = Vec::<Event>::new();
    let mut receipts = Receipts::default();
    let mut rest = Vec::new();
    for change in changes {
        match change {
            Change::Events(events) => events.into_iter().for_each(|event| insert(&mut log, event)),
            Change::Receipts(more) => receipts = receipts.merge(more),
            Change::Reset => {
                log.clear();
                receipts = Receipts::default();
            }
            other => rest.push(other),
        }
    }
    let held = |id: MessageId| log.iter().any(|event| event.id == id);
    let gone: Vec<MessageId> = rest.iter().filter_map(|change| match change { Change::Discarded(id) => Some(*id), _ => None }).collect();
    let mut written = Vec::new();
    rest.retain_mut(|change| match change {
        Change::Written(Written { submission, .. }) => {
            let id = submission.id;
            let new = !held(id) && !gone.contains(&id) && !written.contains(&id);
            written.push(id);
            new
        }
        Change::Stored(_, ids) => {
            ids.retain(|id| !held(*id));
            !ids.is_empty()
        }
        Change::Answered(answered) => !held(answered.id),
        Change::Failed(id, _) | Change::Retried(id) => !held(*id),
        // Nothing is left of what it was about.
        Change::Discarded(id) => !gone.contains(id),
        Change::Events(_) | Change::Receipts(_) | Change::Reset => false,
    });
    let mut short = Vec::with_capacity(rest.len() + 2);
    if !log.is_empty() {
        short.push(Change::Events(log));
    }
    if receipts != Receipts::default() {
        short.push(Change::Receipts(receipts));
    }
    short.append(&mut rest);
    short
}

/// Puts an event at its place, unless it is there.
fn insert(log: &mut Vec<Event>, event: Event) {
    if let Err(place) = log.binary_search_by_key(&event.seq, |held| held.seq) {
        log.insert(place, event);
    }
}

#[cfg(test)]
mod tests {
    use firsthop_core::hop::client::Client;
    use firsthop_core::protocol::visitor::{Said, SaidText, Submission};
    use firsthop_core::protocol::{Author, Code, Hop, Problem, Seq, Text};
    use firsthop_core::{Instant, Private, Timestamp};

    use super::*;

    fn id(n: u8) -> MessageId {
        MessageId::new(Timestamp::from_millis(n.into()), [n; 10])
    }

    fn written(n: u8) -> Change {
        let said = Said::Text(SaidText { text: Private::new(n.to_string()), lang: String::new(), claim: None });
        Change::Written(Written { submission: Submission { id: id(n), at: Timestamp::from_millis(1), said }, answered: None })
    }

    fn event(seq: u64, n: u8) -> Event {
        let content = Text { text: Private::new(n.to_string()), unverified: None }.into();
        Event { seq: Seq(seq), prev: Seq(seq - 1), id: id(n), at: Timestamp::from_millis(seq), author: Author::Visitor, content }
    }

    fn client(changes: Vec<Change>) -> Client {
        Client::new(Instant::from_millis(0), 1, "test", changes)
    }

    #[test]
    fn a_shortened_journal_shows_the_same_conversation_and_outbox() {
        let problem = || Problem::new(Code::TextTooLong, "…");
        let journal = vec![
            written(1),
            written(1),
            Change::Stored(Hop::Origin, vec![id(1)]),
            Change::Events(vec![event(1, 1)]),
            Change::Events(vec![event(1, 1), event(2, 2)]),
            written(3),
            Change::Stored(Hop::Edge, vec![id(3)]),
            written(4),
            Change::Failed(id(4), problem()),
            written(5),
            Change::Failed(id(5), problem()),
            Change::Retried(id(5)),
            written(6),
            Change::Failed(id(6), problem()),
            Change::Discarded(id(6)),
            Change::Receipts(Receipts { delivered: Seq(2), read: Seq(1) }),
            written(7),
        ];
        let short = shorten(journal.clone());
        assert!(short.len() < journal.len());
        let (long, short) = (client(journal), client(short));
        assert_eq!(long.transcript().lines(), short.transcript().lines());
        assert_eq!((long.outbox_len(), long.cursor()), (short.outbox_len(), short.cursor()));
        assert_eq!(short.outbox_len(), 2);
    }

    #[test]
    fn what_was_forgotten_stays_forgotten() {
        let short = shorten(vec![Change::Events(vec![event(1, 1)]), Change::Reset, written(2)]);
        assert_eq!(short, [written(2)]);
    }
}
