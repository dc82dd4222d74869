//! How much a connection was sent since its client was last heard.
//!
//! The platform keeps what a client does not read, in memory, without a bound, and does not say how
//! much that is. So a client that was sent much and has said nothing since, not even that it lives or
//! what it has got, counts as one that does not read. What it misses it gets when it comes back.

use firsthop_core::limits::EDGE_SOCKET_UNHEARD_BYTES_MAX;
use firsthop_core::protocol::event_bytes;
use firsthop_core::protocol::visitor::ToVisitor;

/// More than any frame takes beside its texts.
const FRAME_BYTES: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Unread(usize);

impl Unread {
    /// Something came from the client: it has taken what it was sent, or most of it.
    pub(super) const fn heard(&mut self) {
        self.0 = 0;
    }

    /// Counts a frame; whether that is still little enough to be sent.
    pub(super) fn takes(&mut self, frame: &ToVisitor) -> bool {
        let texts = match frame {
            ToVisitor::Events(part) => part.events.iter().map(event_bytes).sum(),
            ToVisitor::Answered(answered) => answered.answer.text.len(),
            _ => 0,
        };
        self.0 = self.0.saturating_add(FRAME_BYTES + texts);
        self.0 <= EDGE_SOCKET_UNHEARD_BYTES_MAX
    }
}
