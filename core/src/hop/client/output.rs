//! What a client wants its shell to do, and what the device must remember.

use serde::{Deserialize, Serialize};

use crate::id::MessageId;
use crate::pack::PackHash;
use crate::protocol::visitor::{Answered, Submission, ToServer, Token, Typing};
use crate::protocol::{Event, Hop, Problem, Receipts};

/// How frames travel, the best way first. Each is tried when the one before it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// WebSocket.
    Socket,
    /// Server-sent events down, POST up.
    Stream,
    /// Long polling down, POST up.
    Poll,
}

impl Transport {
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Socket => Self::Stream,
            Self::Stream => Self::Poll,
            Self::Poll => Self::Socket,
        }
    }
}

/// What the shell must do.
#[allow(clippy::large_enum_variant, reason = "at most a few wait at a time")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a connection: answered by [`handle_connected`](super::Client::handle_connected) or
    /// [`handle_closed`](super::Client::handle_closed).
    Connect(Transport),
    /// Close the connection, or stop opening it.
    Disconnect,
    /// Be admitted anew (the token does not do), then go on with the connection that follows.
    Admit,
    /// Send frames.
    Send(Vec<ToServer>),
    /// Keep this on the device, and tell the other tabs.
    Save(Change),
    /// Another knowledge pack is current: fetch it.
    Pack(PackHash),
    /// A newer token: keep it, and use it from the next connection on.
    Token(Token),
    /// An agent types, or stopped.
    Typing(Typing),
    /// What [`transcript`](super::Client::transcript) or another getter shows has changed.
    Changed,
}

/// Something that the device must remember and the other tabs must know.
#[allow(clippy::large_enum_variant, reason = "most are of the large kind")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A message was written, and perhaps answered on the device.
    Written(Written),
    /// A hop above has these messages.
    Stored(Hop, Vec<MessageId>),
    /// A message will never be taken.
    Failed(MessageId, Problem),
    /// A failed message is to be sent again.
    Retried(MessageId),
    /// A failed message was given up by the visitor.
    Discarded(MessageId),
    /// The log went on.
    Events(Vec<Event>),
    /// A hop above answered a question; the log does not hold it yet.
    Answered(Box<Answered>),
    /// The agents got further.
    Receipts(Receipts),
    /// The log turned out to be another one: forget it.
    Reset,
}

/// A message as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The message, with the device's claim if it answered.
    pub submission: Submission,
    /// The device's answer.
    pub answered: Option<Answered>,
}
