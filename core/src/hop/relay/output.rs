//! What a relay wants its shell to do.

use crate::id::MessageId;
use crate::protocol::visitor::{Submission, ToServer, ToVisitor};

/// A socket of the visitor, as the shell numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// A request to the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// Whom a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// Every socket of the visitor.
    All,
    /// One of them.
    One(SocketId),
}

/// What the shell must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Give the visitor a frame.
    Send(To, ToVisitor),
    /// Send frames to the origin in a signed batch; answered by
    /// [`handle_reply`](super::Relay::handle_reply) or, when it does not come within
    /// `ORIGIN_REPLY_WITHIN`, by [`handle_failure`](super::Relay::handle_failure).
    Request(RequestId, Vec<ToServer>),
    /// Make these durable: answered by [`handle_stored`](super::Relay::handle_stored) or
    /// [`handle_not_stored`](super::Relay::handle_not_stored).
    Persist(Vec<Submission>),
    /// The origin has these: remove them from the storage.
    Forget(Vec<MessageId>),
}
