//! Frames between a visitor's client and the hop above it, be that an edge or the origin.

use serde::{Deserialize, Serialize};

use super::event::{Answer, Event, Hop, Receipts, Seq, Status};
use super::extensible::{appended, extensible, growing};
use super::problem::Problem;
use super::word::words;
use crate::id::{MessageId, VisitorId};
use crate::pack::PackHash;
use crate::private::Private;
use crate::time::Timestamp;

extensible! {
    /// From a visitor's client.
    pub enum ToServer {
        /// The first frame of a connection.
        1 "hello" Hello(Hello),
        /// Messages out of the client's outbox.
        2 "submit" Submit(Submit),
        /// Asks for the events after a place.
        3 "catch_up" CatchUp(CatchUp),
        /// How far the visitor has got with what was sent to them.
        4 "seen" Seen(Receipts),
        /// The visitor types, or stopped.
        5 "typing" Typing(Typing),
        /// Asks for a sign of life.
        6 "ping" Ping(Ping),
    }
}

extensible! {
    /// To a visitor's client.
    pub enum ToVisitor {
        /// The answer to `hello`.
        1 "welcome" Welcome(Welcome),
        /// Messages are durable: the client may forget them.
        2 "stored" Stored(Stored),
        /// A message was not accepted.
        3 "refused" Refused(Refused),
        /// Part of the conversation's log.
        4 "events" Events(Events),
        /// An answer that the log does not hold yet. The event with the same id replaces it.
        5 "answered" Answered(Answered),
        /// How far the agents have got with the visitor's messages.
        6 "receipts" Receipts(Receipts),
        /// An agent types, or stopped.
        7 "typing" Typing(Typing),
        /// The place in the queue.
        8 "queue" Queue(Queue),
        /// Another knowledge pack is current.
        9 "pack" Pack(Pack),
        /// Whether the origin answers the edge.
        10 "link" Link(Link),
        /// A newer token, to be used from now on.
        11 "token" Token(Token),
        /// The server is about to stop: connect again.
        12 "reconnect" Reconnect(Reconnect),
        /// Something that the client sent was wrong.
        13 "error" Error(Problem),
        /// The sign of life.
        14 "pong" Ping(Ping),
    }
}

growing!(Page, Submission, Claim);

/// The first frame of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol's version that the client speaks, `protocol::VERSION`.
    pub version: u16,
    /// The last place up to which the client holds the log without a gap.
    pub cursor: Seq,
    /// The visitor's locale, such as `zh-CN`.
    #[serde(default)]
    pub lang: String,
    /// The page that the visitor looks at.
    #[serde(default)]
    pub page: Option<Page>,
    /// Name and version of the client's program.
    #[serde(default)]
    pub client: String,
}

/// A page of the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Page {
    /// Its address.
    pub url: Private<String>,
    /// Its title.
    #[serde(default)]
    pub title: Private<String>,
}

/// Messages out of the client's outbox, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    /// At most `SUBMISSIONS_PER_FRAME_MAX`.
    pub messages: Vec<Submission>,
}

/// One message of a visitor, on its way up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Submission {
    /// Made by the client; sending it again is safe.
    pub id: MessageId,
    /// The client's clock when it was written, for the record only.
    #[serde(default)]
    pub at: Timestamp,
    /// What the visitor wants.
    pub said: Said,
}

extensible! {
    /// What a visitor says.
    pub enum Said {
        /// A message.
        1 "text" Text(SaidText),
        /// "Talk to a person".
        2 "person" Person(AskPerson),
    }
}

/// A visitor's message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidText {
    /// The message: at most `TEXT_BYTES_MAX`, and not blank.
    pub text: Private<String>,
    /// The locale that the answerer was told, such as `zh-CN`.
    #[serde(default)]
    pub lang: String,
    /// What a hop below has already answered, to be verified.
    #[serde(default)]
    pub claim: Option<Claim>,
    /// The address of the page that the answerer was told, empty if none: rules may look at it.
    // May be left out in postcard as long as it is the last member.
    #[serde(
        default,
        deserialize_with = "appended",
        skip_serializing_if = "Private::is_empty"
    )]
    pub page: Private<String>,
}

/// "Talk to a person".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AskPerson {}

/// A hop's claim to have answered a question. It is believed once the same pack gives the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Claim {
    /// The hop that claims it. Only a signed batch may say `edge`; from a visitor's socket it is
    /// always taken as `browser`.
    pub hop: Hop,
    /// The pack that answered.
    pub pack: PackHash,
    /// The entry that answered, or the entries that were suggested.
    pub entries: Vec<String>,
    /// Whether the entries were only suggested.
    #[serde(default)]
    pub suggested: bool,
    /// The confidence that was computed, in ‰.
    pub confidence: u16,
    /// The text that was shown: what agents see of a claim that turns out to be wrong.
    pub text: Private<String>,
}

/// Asks for the events after `after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatchUp {
    /// The last place that the client holds.
    pub after: Seq,
}

/// Somebody types, or stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// Whether they do.
    pub on: bool,
}

/// A sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// Comes back as it went.
    pub nonce: u32,
}

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version that is spoken from now on.
    pub version: u16,
    /// Who the token says the visitor is.
    pub visitor: VisitorId,
    /// The hop that answers this connection.
    pub hop: Hop,
    /// The last place of the log that the visitor may see; unknown while the origin is away.
    #[serde(default)]
    pub head: Option<Seq>,
    /// Where the conversation stands; unknown while the origin is away.
    #[serde(default)]
    pub status: Option<Status>,
    /// How far the agents have got.
    #[serde(default)]
    pub receipts: Receipts,
    /// The current knowledge pack, if the inbox has one.
    #[serde(default)]
    pub pack: Option<PackHash>,
    /// Whether the origin answers.
    pub origin: Reach,
    /// The server's clock.
    pub now: Timestamp,
    /// The cursor of the `hello` that this answers. A `head` before it means that the log is
    /// another one than the client holds (a backup was restored): the client forgets its own.
    #[serde(default)]
    pub cursor: Seq,
}

/// Messages are durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Where: at the origin, or, while that is away, at the edge.
    pub by: Hop,
    /// The messages' ids.
    pub ids: Vec<MessageId>,
}

/// A message was not accepted. Whether it may be sent again, `problem.remedy()` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The message.
    pub id: MessageId,
    /// Why.
    pub problem: Problem,
}

/// Part of the conversation's log, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// At most `EVENTS_PER_FRAME_MAX`.
    pub events: Vec<Event>,
    /// Whether the log goes on: the client asks for the rest with `catch_up`.
    #[serde(default)]
    pub more: bool,
}

/// An answer that the log does not hold yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The id of the event that it will be.
    pub id: MessageId,
    /// The answer.
    pub answer: Answer,
}

/// The place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// 1 for whoever is next.
    pub place: u32,
}

/// The current knowledge pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Its name, under which it can be fetched and kept for ever.
    pub hash: PackHash,
}

/// Whether the origin answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Whether it does.
    pub origin: Reach,
}

words! {
    /// Whether the origin answers. An unknown word counts as `up`.
    pub enum Reach {
        /// It does: agents see what is written.
        0 "up" Up,
        /// It does not: messages are kept, and passed on when it does again.
        1 "away" Away,
    }
}

/// A visitor's credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// To be sent as the bearer's token, or as the WebSocket subprotocol `token.…`.
    pub token: Private<String>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// The server is about to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconnect {
    /// How long to wait, so that not everybody comes at once.
    pub after_ms: u32,
}
