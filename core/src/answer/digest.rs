//! A number over decisions: equal wherever the same questions are asked of the same pack.

use super::{By, Decision, Match};
use crate::pack::fnv64_from;

/// The digest of decisions so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionDigest(u64);

impl Default for DecisionDigest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl DecisionDigest {
    /// Adds the next decision.
    pub fn add(&mut self, decision: &Decision) {
        match decision {
            Decision::Answer(found) => self.matches(0, core::slice::from_ref(found)),
            Decision::Suggest(found) => self.matches(1, found),
            Decision::HandOff => self.matches(2, &[]),
            Decision::Escalate => self.matches(3, &[]),
            Decision::Flow => self.matches(4, &[]),
        }
    }

    fn matches(&mut self, kind: u8, found: &[Match]) {
        self.bytes([kind, found.len() as u8]);
        for Match {
            entry,
            confidence,
            by,
        } in found
        {
            self.bytes(entry.0.to_le_bytes());
            self.bytes(confidence.to_le_bytes());
            self.bytes([match by {
                By::Hot => 0,
                By::Rule => 1,
                By::Model => 2,
            }]);
        }
    }

    fn bytes<const N: usize>(&mut self, bytes: [u8; N]) {
        self.0 = fnv64_from(self.0, &bytes);
    }

    /// The number.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }
}
