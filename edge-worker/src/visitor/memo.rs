//! What is kept beside a socket, so that it lives on when the memory vanishes.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use firsthop_core::protocol::Status;
use firsthop_core::protocol::visitor::Reach;
use serde::{Deserialize, Serialize};

use crate::visit::Visit;

/// How far a connection has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// It has said nothing.
    New,
    /// It has said hello, and waits for its welcome.
    Greeting,
    /// It has been welcomed.
    Greeted,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memo {
    /// What the door was told.
    pub visit: Visit,
    /// How far it has got.
    pub stage: Stage,
    /// Where the conversation stands, as far as is known.
    pub status: Option<Status>,
    /// Whether the origin answers, as the socket was told.
    pub reach: Reach,
    /// When something came from it, on the host's clock, or up to `PING_AFTER` before that.
    pub heard_at_ms: u64,
}

impl Memo {
    /// As text, since what keeps it may not keep large integers or bytes.
    pub fn to_text(&self) -> String {
        BASE64_STANDARD_NO_PAD.encode(postcard::to_allocvec(self).unwrap_or_default())
    }

    /// What [`Self::to_text`] gave.
    pub fn from_text(text: &str) -> Option<Self> {
        postcard::from_bytes(&BASE64_STANDARD_NO_PAD.decode(text).ok()?).ok()
    }
}
