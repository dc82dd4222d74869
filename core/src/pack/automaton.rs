//! Patterns as tables: what is left of a regular expression once it was compiled.
//!
//! In goes a text's bytes; out comes where a match ends, or whether there is one. Each byte costs
//! one look-up, and an automaton that has to be started at every place (an entity's) goes on for
//! [`ENTITY_BYTES_MAX`] bytes at most: time is linear in the text, whatever the pattern.
//!
//! First stands whether it is an entity's, then how many cells a row has; a class for each of the
//! 256 bytes; the rows. A row has a cell for each class and one for the end of the text. A cell
//! is the next row, and a bit that says that a match ends before this byte. Row 0 leads nowhere;
//! row 1 is the first. How tables are made: `pack/pattern.rs`, at the origin only. A table that
//! leads outside of itself matches nothing.

use crate::limits::ENTITY_BYTES_MAX;

/// A match ends before this byte.
#[cfg(feature = "compile")]
pub(super) const MATCH: u16 = 0x8000;

/// The row from which no match can be reached any more.
#[cfg(feature = "compile")]
pub(super) const DEAD: u16 = 0;

/// Where the rows start.
const ROWS: usize = 2 + 256;

/// A compiled pattern.
#[derive(Clone, Copy)]
pub(crate) struct Automaton<'a>(pub(super) &'a [u8]);

impl Automaton<'_> {
    fn byte(&self, at: usize) -> Option<usize> {
        self.0.get(at).map(|byte| usize::from(*byte))
    }

    /// Whether it matches a whole entity from where it is started, instead of searching.
    fn is_anchored(&self) -> bool {
        self.byte(0) == Some(1)
    }

    /// Whether the pattern matches anywhere in the text.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        let starts = if self.is_anchored() { text.len() } else { 0 };
        (0..=starts).any(|start| self.match_at(text, start).is_some())
    }

    /// The end of the longest entity that starts at `start`; for a pattern that searches, the end
    /// of the first match after it.
    pub(crate) fn match_at(&self, text: &[u8], start: usize) -> Option<usize> {
        let anchored = self.is_anchored();
        if anchored && is_within_word(text, start) {
            return None;
        }
        let stride = self.byte(1)?;
        let (mut row, mut end, mut at) = (1, None, start);
        loop {
            let class = match text.get(at) {
                Some(byte) => self.byte(2 + usize::from(*byte))?,
                None => stride.checked_sub(1)?,
            };
            let cell = ROWS + 2 * (row * stride + class);
            let high = self.byte(cell + 1)?;
            if high >= 128 && !(anchored && is_within_word(text, at)) {
                end = Some(at);
            }
            row = self.byte(cell)? | (high & 127) << 8;
            let done = if anchored {
                at - start == ENTITY_BYTES_MAX
            } else {
                end.is_some()
            };
            at += 1;
            if row == 0 || done || at > text.len() {
                return end;
            }
        }
    }
}

/// Whether an entity that started or ended here would cut an English word or a number in two.
fn is_within_word(text: &[u8], at: usize) -> bool {
    let word = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    word(at) && word(at.wrapping_sub(1))
}
