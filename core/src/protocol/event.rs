//! What a conversation's log holds.
//!
//! The origin gives every event its `seq`. A replica that may not see some of them (private
//! notes) gets in `prev` the seq of the last one it may see, and so tells a gap from a hidden
//! event.

use serde::{Deserialize, Serialize};

use super::author::Author;
use super::extensible::{extensible, growing};
use super::word::words;
use crate::id::{AgentId, MessageId};
use crate::pack::{PackHash, SMALL_TALK};
use crate::private::Private;
use crate::time::Timestamp;

/// A place in a conversation's log: 1 for the first event, without gaps. 0 means "before the
/// first", which is where a new replica's cursor stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// One entry of a conversation's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Event {
    /// Its place.
    pub seq: Seq,
    /// The place of the last event before it that this reader may see.
    pub prev: Seq,
    /// Made by whoever wrote it; unique in the conversation.
    pub id: MessageId,
    /// When the origin committed it.
    pub at: Timestamp,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub content: Content,
}

growing!(Event, AgentRef, UnverifiedClaim, Suggestion, Source);

/// An agent, as visitors and colleagues see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct AgentRef {
    /// The account.
    pub id: AgentId,
    /// The name to show.
    pub name: String,
}

extensible! {
    /// What an event says.
    pub enum Content {
        /// A message of the visitor or an agent.
        1 "text" Text(Text),
        /// The bot's answer to a question.
        2 "answer" Answer(Answer),
        /// The conversation's status or assignee changed.
        3 "status" Status(StatusChange),
        /// A private note among agents. Visitors never get it.
        4 "note" Note(Note),
    }
}

impl Content {
    /// Whether only agents may see it.
    pub const fn is_private(&self) -> bool {
        matches!(self, Self::Note(_))
    }
}

/// A message of the visitor or an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The message. Plain text: whoever shows it must not take it for markup.
    pub text: Private<String>,
    /// What the visitor's browser claims that the bot answered, where checking the claim failed.
    /// Shown to agents as unverified; nothing follows from it.
    #[serde(default)]
    pub unverified: Option<UnverifiedClaim>,
}

/// A claim that did not match what the pack answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct UnverifiedClaim {
    /// The pack that is said to have answered.
    pub pack: PackHash,
    /// The text that is said to have been shown.
    pub text: Private<String>,
}

/// The bot's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question.
    pub of: MessageId,
    /// What the visitor is shown; empty where only suggestions are made.
    pub text: String,
    /// Where it came from.
    pub source: Source,
    /// Entries that may be meant, best first, at most `SUGGESTIONS_MAX`; none beside a text.
    #[serde(default)]
    pub suggestions: Vec<Suggestion>,
}

/// A knowledge entry that may be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Suggestion {
    /// The entry's id.
    pub entry: String,
    /// Its title, which is what choosing it sends as the visitor's next message.
    pub title: String,
}

/// Where an answer came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Source {
    /// The hop that answered.
    pub hop: Hop,
    /// The pack it answered from.
    pub pack: PackHash,
    /// The entry that answered; none where only suggestions are made.
    #[serde(default)]
    pub entry: Option<String>,
    /// Estimated probability that the answer is right, in ‰.
    pub confidence: u16,
    /// Whether a hop above computed the same from the same pack. An edge's or the origin's own
    /// answer is verified by nature.
    pub verified: bool,
}

impl Source {
    /// Whether the answer is what every pack says to small talk.
    pub fn is_small_talk(&self) -> bool {
        self.entry
            .as_ref()
            .is_some_and(|entry| entry.starts_with(SMALL_TALK))
    }
}

words! {
    /// A machine between the visitor and the truth. An unknown one is a server of ours.
    pub enum Hop {
        /// The visitor's own browser.
        0 "browser" Browser,
        /// The edge location that holds the visitor's socket.
        1 "edge" Edge,
        /// The origin.
        2 "origin" Origin,
    }
}

words! {
    /// Where a conversation stands. In an unknown status it is not open, the origin knows what to
    /// do, and the bots below it are quiet while it answers.
    #[derive(Default)]
    pub enum Status {
        /// With the bot.
        0 "pending" #[default] Pending,
        /// Open, waiting for an agent.
        1 "queued" Queued,
        /// Open, with an agent.
        2 "assigned" Assigned,
        /// Done; the visitor's next message reopens it.
        3 "resolved" Resolved,
    }
}

impl Status {
    /// Whether an agent is needed or at work.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Assigned)
    }
}

/// A change of status or assignee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// The status from now on.
    pub status: Status,
    /// Why.
    pub reason: Reason,
    /// The assignee from now on.
    #[serde(default)]
    pub assignee: Option<AgentRef>,
}

words! {
    /// Why a status changed. Of an unknown reason nothing is said: the status is what counts.
    pub enum Reason {
        /// The visitor asked for a person.
        0 "asked" Asked,
        /// The bot did not know the answer.
        1 "unanswered" Unanswered,
        /// An agent took it.
        2 "taken" Taken,
        /// An agent gave it back to the queue.
        3 "released" Released,
        /// An agent resolved it.
        4 "resolved" Resolved,
        /// An agent opened it again.
        5 "reopened" Reopened,
        /// The visitor wrote again after it had been resolved.
        6 "returned" Returned,
        /// Its agent's console fell silent: it is back in the queue.
        7 "lapsed" Lapsed,
    }
}

/// A private note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The note.
    pub text: Private<String>,
}

/// How far the other side has got with one's messages: everything up to these places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Receipts {
    /// Arrived on their device.
    pub delivered: Seq,
    /// Was shown to them.
    pub read: Seq,
}

impl Receipts {
    /// The further of both, member by member. Receipts never go back.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let read = self.read.max(other.read);
        Self {
            delivered: self.delivered.max(other.delivered).max(read),
            read,
        }
    }
}
