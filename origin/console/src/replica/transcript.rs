//! One conversation's log, as far as it is here, and what the console shows of it.
//!
//! In: events in any order, any number of times; how far the visitor has got. Out: entries to
//! show, oldest first, with the agent's own unconfirmed messages at the end. Invariant: the log
//! is held from its first place on without a gap. Not here: how an entry looks (`ui`).

use core::time::Duration;

use firsthop_core::Timestamp;
use firsthop_core::hop::replica::Replica;
use firsthop_core::id::MessageId;
use firsthop_core::protocol::agent::Act;
use firsthop_core::protocol::{
    AgentRef, Answer, Author, Content, Event, Problem, Receipts, Seq, StatusChange, UnverifiedClaim,
};

use super::outbox::{Item, State};

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    log: Replica,
    events: Vec<Event>,
    receipts: Receipts,
    complete: bool,
    /// The gap that was asked for last, on this connection.
    asked: Option<Seq>,
    /// How far the agent was reported to have got, on this connection.
    told: Receipts,
}

/// How far a message of an agent has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The origin has not confirmed it.
    Sending,
    /// The origin has it.
    Stored,
    /// The visitor's device has it.
    Delivered,
    /// It was shown to the visitor.
    Read,
    /// The origin does not want it.
    Failed(Problem),
}

/// One line of a conversation, as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The event's id.
    pub id: MessageId,
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it.
    pub author: Author,
    /// What it is.
    pub what: What,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A visitor's message, and what their browser wrongly claims that the bot said to it.
    Asked {
        /// The message.
        text: String,
        /// The claim.
        unverified: Option<UnverifiedClaim>,
    },
    /// An agent's message.
    Replied {
        /// The message.
        text: String,
        /// How far it has got.
        delivery: Delivery,
    },
    /// The bot's answer, or its suggestions.
    Answered(Box<Answer>),
    /// A private note.
    Noted {
        /// The note.
        text: String,
        /// How far it has got; never beyond stored.
        delivery: Delivery,
    },
    /// The status or assignee changed.
    Changed(StatusChange),
    /// Something that a later version added.
    Unknown,
}

/// An entry, and how it stands to the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The entry.
    pub entry: Entry,
    /// Whether it is the first of its day.
    pub new_day: bool,
    /// Whether it goes on where the one before it stopped, so that its author need not be named.
    pub goes_on: bool,
}

/// How long after a message another of the same author still belongs to it.
const SAME_BREATH: Duration = Duration::from_secs(300);

/// Puts entries into lines. `day` numbers days in the reader's time zone.
pub fn lines(entries: Vec<Entry>, day: impl Fn(Timestamp) -> u32) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::with_capacity(entries.len());
    for entry in entries {
        let before = lines.last().map(|line| &line.entry);
        let new_day = before.is_none_or(|before| day(before.at) != day(entry.at));
        let goes_on = !new_day
            && before.is_some_and(|before| {
                before.author == entry.author
                    && core::mem::discriminant(&before.what) == core::mem::discriminant(&entry.what)
                    && entry.at.since(before.at) < SAME_BREATH
            });
        lines.push(Line {
            entry,
            new_day,
            goes_on,
        });
    }
    lines
}

impl Transcript {
    /// The last place up to which nothing is missing.
    pub const fn cursor(&self) -> Seq {
        self.log.cursor()
    }

    /// How many events are here.
    pub const fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing is here.
    pub const fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether the log was here up to its end at some time: until then it is being loaded.
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Takes events in; gives those that are new.
    pub fn handle_events(&mut self, events: Vec<Event>, more: bool) -> &[Event] {
        let before = self.events.len();
        self.events.extend(self.log.handle_events(events));
        self.complete |= !more && !self.log.has_gap();
        &self.events[before..]
    }

    /// How far the visitor has got.
    pub fn handle_receipts(&mut self, receipts: Receipts) {
        self.receipts = self.receipts.merge(receipts);
    }

    /// The connection is gone: nothing is on its way.
    pub fn handle_disconnected(&mut self) {
        self.asked = None;
        self.told = Receipts::default();
    }

    /// The place after which something is missing, once per gap and connection.
    pub fn ask_gap(&mut self) -> Option<Seq> {
        let gap = self.log.has_gap().then(|| self.cursor());
        if self.asked == gap {
            return None;
        }
        self.asked = gap;
        gap
    }

    /// What to report of how far the agent has got, if that is news: everything here has been
    /// delivered, and, if `shown`, read.
    pub fn report(&mut self, shown: bool) -> Option<Receipts> {
        let cursor = self.cursor();
        let news = self.told.merge(Receipts {
            delivered: cursor,
            read: if shown { cursor } else { Seq(0) },
        });
        if news == self.told {
            return None;
        }
        self.told = news;
        Some(news)
    }

    /// What to show, oldest first: the log, then what `pending` holds beyond it.
    pub fn entries<'a>(
        &self,
        me: Option<&AgentRef>,
        pending: impl Iterator<Item = &'a Item>,
    ) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.events.iter().map(|event| self.entry(event)).collect();
        for item in pending {
            let delivery = match &item.state {
                State::Waiting { .. } | State::Sent { .. } => Delivery::Sending,
                State::Stored => Delivery::Stored,
                State::Failed(problem) => Delivery::Failed(problem.clone()),
            };
            let what = match &item.command.act {
                Act::Reply(reply) => What::Replied {
                    text: reply.text.expose().clone(),
                    delivery,
                },
                Act::Note(note) => What::Noted {
                    text: note.text.expose().clone(),
                    delivery,
                },
                _ => continue,
            };
            let author = me.map_or(Author::System, |me| Author::Agent(me.clone()));
            entries.push(Entry {
                id: item.command.id,
                at: item.at,
                author,
                what,
            });
        }
        entries
    }

    fn entry(&self, event: &Event) -> Entry {
        let what = match &event.content {
            Content::Text(text) if matches!(event.author, Author::Agent(_)) => What::Replied {
                text: text.text.expose().clone(),
                delivery: self.delivery(event.seq),
            },
            Content::Text(text) => What::Asked {
                text: text.text.expose().clone(),
                unverified: text.unverified.clone(),
            },
            Content::Answer(answer) => What::Answered(Box::new(answer.clone())),
            Content::Note(note) => What::Noted {
                text: note.text.expose().clone(),
                delivery: Delivery::Stored,
            },
            Content::Status(change) => What::Changed(change.clone()),
            Content::Unknown(_) => What::Unknown,
        };
        Entry {
            id: event.id,
            at: event.at,
            author: event.author.clone(),
            what,
        }
    }

    fn delivery(&self, seq: Seq) -> Delivery {
        if seq <= self.receipts.read {
            Delivery::Read
        } else if seq <= self.receipts.delivered {
            Delivery::Delivered
        } else {
            Delivery::Stored
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::outbox::Outbox;
    use crate::replica::testing::{ada, conversation, event, from_agent, from_visitor, id, reply};
    use firsthop_core::protocol::Code;

    fn texts(entries: &[Entry]) -> Vec<(&str, Option<&Delivery>)> {
        entries
            .iter()
            .map(|entry| match &entry.what {
                What::Asked { text, .. } => (text.as_str(), None),
                What::Replied { text, delivery } | What::Noted { text, delivery } => {
                    (text.as_str(), Some(delivery))
                }
                _ => ("", None),
            })
            .collect()
    }

    #[test]
    fn replies_go_from_stored_to_delivered_to_read() {
        let mut transcript = Transcript::default();
        transcript.handle_events(
            vec![
                event(1, from_visitor("hi")),
                event(2, from_agent("a")),
                event(3, from_agent("b")),
            ],
            false,
        );
        let see = |transcript: &Transcript| {
            let entries = transcript.entries(None, [].iter());
            texts(&entries)
                .into_iter()
                .filter_map(|(_, delivery)| delivery.cloned())
                .collect::<Vec<_>>()
        };
        assert_eq!(see(&transcript), [Delivery::Stored, Delivery::Stored]);
        transcript.handle_receipts(Receipts {
            delivered: Seq(3),
            read: Seq(2),
        });
        assert_eq!(see(&transcript), [Delivery::Read, Delivery::Delivered]);
        transcript.handle_receipts(Receipts {
            delivered: Seq(1),
            read: Seq(0),
        });
        assert_eq!(
            see(&transcript),
            [Delivery::Read, Delivery::Delivered],
            "receipts never go back"
        );
    }

    #[test]
    fn pending_replies_stand_at_the_end_until_they_are_in_the_log() {
        let mut transcript = Transcript::default();
        let mut outbox = Outbox::default();
        transcript.handle_events(vec![event(1, from_visitor("hi"))], false);
        outbox.push(reply(2, 1, "hello"), Timestamp::from_millis(5));
        let me = ada();
        let entries = transcript.entries(Some(&me), outbox.of(conversation(1)));
        assert_eq!(
            texts(&entries),
            [("hi", None), ("hello", Some(&Delivery::Sending))]
        );
        let refusal = Problem::new(Code::AlreadyAssigned, "Bo has it");
        outbox.take_due(firsthop_core::Instant::from_millis(0));
        outbox.handle_refused(
            id(2),
            refusal.clone(),
            firsthop_core::Instant::from_millis(0),
        );
        let entries = transcript.entries(Some(&me), outbox.of(conversation(1)));
        assert_eq!(
            texts(&entries)[1],
            ("hello", Some(&Delivery::Failed(refusal)))
        );
    }

    #[test]
    fn a_gap_hides_what_lies_beyond_it_and_is_asked_for_once() {
        let mut transcript = Transcript::default();
        transcript.handle_events(vec![event(1, from_visitor("one"))], false);
        assert!(
            transcript
                .handle_events(vec![event(3, from_visitor("three"))], false)
                .is_empty()
        );
        assert_eq!(transcript.ask_gap(), Some(Seq(1)));
        assert_eq!(transcript.ask_gap(), None);
        assert_eq!(
            transcript
                .handle_events(
                    vec![
                        event(2, from_visitor("two")),
                        event(3, from_visitor("three"))
                    ],
                    false
                )
                .len(),
            2
        );
        assert_eq!((transcript.cursor(), transcript.ask_gap()), (Seq(3), None));
    }

    #[test]
    fn what_was_shown_is_reported_once() {
        let mut transcript = Transcript::default();
        transcript.handle_events(vec![event(1, from_visitor("one"))], false);
        assert_eq!(
            transcript.report(false),
            Some(Receipts {
                delivered: Seq(1),
                read: Seq(0)
            })
        );
        assert_eq!(
            transcript.report(true),
            Some(Receipts {
                delivered: Seq(1),
                read: Seq(1)
            })
        );
        assert_eq!(transcript.report(true), None);
        transcript.handle_disconnected();
        assert!(
            transcript.report(true).is_some(),
            "a report that may have been lost is made again"
        );
    }

    #[test]
    fn lines_name_an_author_once_per_breath_and_each_day_once() {
        let mut events = vec![
            event(1, from_visitor("a")),
            event(2, from_visitor("b")),
            event(3, from_agent("c")),
            event(4, from_agent("later")),
            event(5, from_agent("next day")),
        ];
        events[3].at = events[2].at + SAME_BREATH;
        events[4].at = events[3].at + Duration::from_secs(86_400);
        let mut transcript = Transcript::default();
        transcript.handle_events(events, false);
        let lines = lines(transcript.entries(None, [].iter()), |at| {
            u32::try_from(at.as_millis() / 86_400_000).unwrap_or(0)
        });
        let shape: Vec<_> = lines
            .iter()
            .map(|line| (line.new_day, line.goes_on))
            .collect();
        assert_eq!(
            shape,
            [
                (true, false),
                (false, true),
                (false, false),
                (false, false),
                (true, false)
            ]
        );
    }
}
