//! The table of exact questions: the hash of every normalised title and phrasing, and the entry
//! that it belongs to. A question found here is answered without scoring.
//!
//! Hashes are 40 bits, ascending: with 100,000 phrasings, one in ten million other questions is
//! mistaken for one of them. The first byte of all keys stands before the second of all, and so
//! on: the first ones ascend, and compress well.

use super::read::{Bytes, Span};
use super::{EntryIndex, PackError};

/// How many bytes of the hash are kept.
pub(super) const KEY_BYTES: usize = 5;

/// Where the table is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    keys: Span,
    entries: Span,
}

impl Place {
    pub(super) fn check(mut part: Bytes<'_>, entries: usize) -> Result<Self, PackError> {
        let count = part.count()?;
        let keys = part.span(count * KEY_BYTES)?;
        let start = part;
        for _ in 0..count {
            if usize::from(part.u16()?) >= entries {
                return Err(PackError::Malformed {
                    part: "table of exact questions",
                });
            }
        }
        part.end("table of exact questions")?;
        Ok(Self {
            keys,
            entries: {
                let mut start = start;
                start.span(count * 2)?
            },
        })
    }

    pub(super) fn open(self, bytes: &[u8]) -> Hot<'_> {
        Hot {
            keys: self.keys.of(bytes),
            entries: self.entries.of(bytes),
        }
    }
}

/// The table of exact questions.
#[derive(Clone, Copy)]
pub(crate) struct Hot<'a> {
    keys: &'a [u8],
    entries: &'a [u8],
}

impl Hot<'_> {
    /// The entry that has the normalised question of this hash as a title or a phrasing.
    pub(crate) fn find(&self, hash: u64) -> Option<EntryIndex> {
        let sought = key(hash);
        let (entries, _) = self.entries.as_chunks::<2>();
        let (mut low, mut high) = (0, entries.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.key_at(middle, entries.len())?.cmp(&sought) {
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
                core::cmp::Ordering::Equal => {
                    return entries
                        .get(middle)
                        .map(|it| EntryIndex(u16::from_le_bytes(*it)));
                }
            }
        }
        None
    }

    fn key_at(&self, place: usize, count: usize) -> Option<[u8; KEY_BYTES]> {
        let mut key = [0; KEY_BYTES];
        for (byte, all) in key.iter_mut().zip(self.keys.chunks_exact(count)) {
            *byte = *all.get(place)?;
        }
        Some(key)
    }
}

/// The upper 40 bits, most significant first, so that byte order is number order.
pub(super) fn key(hash: u64) -> [u8; KEY_BYTES] {
    let [a, b, c, d, e, ..] = hash.to_be_bytes();
    [a, b, c, d, e]
}
