//! Sending what waits: at most one frame's worth at a time, oldest first, again when it has not
//! arrived; and asking again for events.
//!
//! A long outbox goes at the pace that every hop allows a visitor, somewhat below its burst, as what
//! was sent apart may arrive together. Refusals are for those who share a bucket.
//!
//! Nothing more is sent before what is under way has been answered: of two requests the later one may
//! arrive first, and of two messages on a socket the first may be refused for now when the second is
//! on its way already, and is taken.

use super::Client;
use super::link::Link;
use crate::limits::{
    CLIENT_SUBMISSIONS_BURST, RETRANSMIT_AFTER, RETRANSMIT_AFTER_MAX, SUBMISSIONS_PER_FRAME_MAX,
    VISITOR_SUBMISSION_REFILL,
};
use crate::protocol::visitor::{CatchUp, Submit};
use crate::protocol::{SUBMIT_BYTES_MAX, submission_bytes};
use crate::time::Instant;

/// What each message takes of what a visitor may send.
const PRICE_MS: u64 = VISITOR_SUBMISSION_REFILL.as_millis() as u64;
/// How far ahead of the clock what was sent may have been paid for.
pub(super) const AHEAD_MS_MAX: u64 = PRICE_MS * (CLIENT_SUBMISSIONS_BURST as u64 - 1);

impl Client {
    pub(super) fn submit_or_connect(&mut self, now: Instant) {
        if self.link != Link::Up {
            self.connect(now);
        } else if !self.held_off {
            self.submit(now);
        }
    }

    /// Sends from the outbox's beginning: what was sent before has not arrived.
    pub(super) fn submit_again(&mut self, now: Instant) {
        self.retransmit_at = None;
        self.held_off = false;
        self.under_way = 0;
        self.submit(now);
    }

    /// Sends what follows what is under way, as far as one frame may hold it.
    pub(super) fn submit(&mut self, now: Instant) {
        if self.under_way > 0 {
            return;
        }
        let mut bytes: usize = self
            .outbox
            .iter()
            .take(self.under_way)
            .map(submission_bytes)
            .sum();
        let mut messages = Vec::new();
        for message in self.outbox.iter().skip(self.under_way) {
            bytes += submission_bytes(message);
            let first = self.under_way + messages.len() == 0;
            let full = self.under_way + messages.len() >= SUBMISSIONS_PER_FRAME_MAX
                || bytes > SUBMIT_BYTES_MAX;
            if full && !first {
                break;
            }
            let paid_until = self.paid_until_ms.max(now.as_millis());
            let room_at = Instant::from_millis(paid_until.saturating_sub(AHEAD_MS_MAX));
            if room_at > now {
                if first {
                    self.held_off = true;
                    self.retransmit_at = Some(room_at);
                }
                break;
            }
            self.paid_until_ms = paid_until + PRICE_MS;
            messages.push(message.clone());
        }
        if !messages.is_empty() {
            self.under_way += messages.len();
            self.transmit(vec![Submit { messages }.into()]);
            self.arm_retransmit(now);
        }
    }

    pub(super) fn catch_up(&mut self, now: Instant) {
        self.catch_up_at = Some(now + RETRANSMIT_AFTER);
        let after = self.cursor();
        self.asked_after = Some(after);
        self.transmit(vec![CatchUp { after }.into()]);
    }

    pub(super) fn arm_retransmit(&mut self, now: Instant) {
        if self.retransmit_at.is_none() {
            self.retransmit_at = Some(now + self.retransmit_after);
            self.retransmit_after = (self.retransmit_after * 2).min(RETRANSMIT_AFTER_MAX);
        }
    }
}
