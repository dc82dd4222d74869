//! The link between an edge and the origin: visitors' frames, addressed.
//!
//! An edge passes visitors' frames on in signed batches (`POST /v1/edge/batch`) and gets frames
//! for them in the reply; what happens later comes as signed pushes (`POST /v1/edge/push` at
//! the edge). Both are postcard. Retrying either is safe: messages dedupe by id, events by seq.

use serde::{Deserialize, Serialize};

use super::extensible::growing;
use super::visitor::{ToServer, ToVisitor};
use crate::id::VisitorId;
use crate::pack::PackHash;
use crate::time::Timestamp;

growing!(Uplink, Downlink);

/// What an edge sends: at most `BATCH_BYTES_MAX` encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The protocol's version, `protocol::VERSION`.
    pub version: u16,
    /// In the order in which they were received, visitor by visitor.
    pub uplinks: Vec<Uplink>,
}

/// Frames of one visitor. The edge has checked the visitor's token and page origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Uplink {
    /// The visitor.
    pub visitor: VisitorId,
    /// The inbox's key.
    pub inbox: String,
    /// Whether the visitor has a socket at the edge, to which later events are to be pushed.
    pub attached: bool,
    /// The frames.
    pub frames: Vec<ToServer>,
}

/// The reply to a batch: one downlink for each uplink, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchReply {
    /// Frames for the visitors.
    pub downlinks: Vec<Downlink>,
}

/// Frames for one visitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Downlink {
    /// The visitor.
    pub visitor: VisitorId,
    /// The frames.
    pub frames: Vec<ToVisitor>,
}

/// What the origin sends later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The protocol's version, `protocol::VERSION`.
    pub version: u16,
    /// Frames for visitors.
    pub downlinks: Vec<Downlink>,
    /// Inboxes whose settings or pack changed: the edge fetches them anew.
    pub changed_inboxes: Vec<String>,
}

/// The reply to a push, in the order of its downlinks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushReply {
    /// How many sockets each visitor has at the edge. At zero, nothing more need be pushed until
    /// the visitor comes back.
    pub sockets: Vec<u32>,
}

/// What an edge must know of an inbox to admit and answer visitors on its own
/// (`GET /v1/edge/inboxes/{key}`, signed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// The public key in the script tag.
    pub key: String,
    /// Its name, as visitors see it.
    pub name: String,
    /// Page origins that may use it, such as `https://shop.example`; `*` allows any.
    pub allowed_origins: Vec<String>,
    /// The current pack.
    pub pack: Option<PackHash>,
    /// The origin's word that it is.
    #[serde(default)]
    pub published: Option<Published>,
}

/// The origin's word for which pack an inbox has, as `pack::signature` signs and checks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Since when. Never earlier than that of what was published before.
    pub at: Timestamp,
    /// The public key to check it with, if it is one that the reader trusts: 64 hexadecimal digits.
    pub key: String,
    /// The Ed25519 signature: 128 hexadecimal digits.
    pub signature: String,
}

/// Which pack is current (`GET /v1/inboxes/{key}/pack`).
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Pointer<'a> {
    /// The pack.
    pub pack: Option<PackHash>,
    /// The origin's word for it.
    pub published: Option<&'a Published>,
}

impl Inbox {
    /// Which pack is current.
    pub const fn pointer(&self) -> Pointer<'_> {
        Pointer {
            pack: self.pack,
            published: self.published.as_ref(),
        }
    }

    /// The pointer's entity tag, without quotes.
    pub fn pointer_tag(&self) -> String {
        match (self.pack, &self.published) {
            (None, _) => "none".to_owned(),
            (Some(pack), None) => pack.to_string(),
            (Some(pack), Some(published)) => format!("{pack}-{}", published.at.as_millis()),
        }
    }

    /// Whether a page of `origin` (scheme, host and port, as browsers send it) may use it.
    /// Clients that are no browsers send none, and are bound by their token alone.
    pub fn allows(&self, origin: Option<&str>) -> bool {
        origin.is_none_or(|origin| {
            self.allowed_origins
                .iter()
                .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
        })
    }
}
