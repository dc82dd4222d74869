//! Patterns as tables: what is left of a regular expression once it was compiled.
//!
//! In goes a text's bytes; out comes where a match ends, or whether there is one. Each byte costs
//! one look-up, and an automaton that has to be started at every place (an entity's) goes on for
//! [`ENTITY_BYTES_MAX`] bytes at most: time is linear in the text, whatever the pattern.
//!
//! A row of the table has a cell for each class of bytes and one for the end of the text. A cell
//! is the next row, and a bit that says that a match ends before this byte. Row 0 leads nowhere;
//! row 1 is the first. How tables are made: `pack/pattern.rs`, at the origin only.

use super::PackError;
use super::read::{Bytes, Span};
use crate::limits::ENTITY_BYTES_MAX;

/// A match ends before this byte.
pub(super) const MATCH: u16 = 0x8000;

/// The row from which no match can be reached any more.
pub(super) const DEAD: u16 = 0;

/// The first row.
const START: u16 = 1;

const MALFORMED: PackError = PackError::Malformed { part: "patterns" };

/// Where an automaton is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Whether it matches a whole entity from where it is started, instead of searching.
    anchored: bool,
    stride: u8,
    classes: Span,
    cells: Span,
}

impl Place {
    pub(super) fn check(part: &mut Bytes<'_>) -> Result<Self, PackError> {
        let anchored = part.u8()? != 0;
        let stride = part.u8()?;
        let mut walk = *part;
        let classes = part.span(256)?;
        // The last cell of a row stands for the end of the text.
        let mut named = walk.take(256)?.iter();
        if named.any(|class| usize::from(*class) + 1 >= usize::from(stride)) {
            return Err(MALFORMED);
        }
        let rows = part.u16()?;
        let cells = part.span(usize::from(rows) * usize::from(stride) * 2)?;
        walk.u16()?;
        for _ in 0..usize::from(rows) * usize::from(stride) {
            if walk.u16()? & !MATCH >= rows {
                return Err(MALFORMED);
            }
        }
        Ok(Self {
            anchored,
            stride,
            classes,
            cells,
        })
    }

    pub(super) fn open(self, bytes: &[u8]) -> Automaton<'_> {
        Automaton {
            anchored: self.anchored,
            stride: usize::from(self.stride),
            classes: self.classes.of(bytes),
            cells: self.cells.of(bytes).as_chunks().0,
        }
    }
}

/// A compiled pattern.
#[derive(Clone, Copy)]
pub(crate) struct Automaton<'a> {
    anchored: bool,
    stride: usize,
    classes: &'a [u8],
    cells: &'a [[u8; 2]],
}

impl Automaton<'_> {
    /// Whether the pattern matches anywhere in the text.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        let starts = if self.anchored { text.len() } else { 0 };
        (0..=starts).any(|start| self.match_at(text, start).is_some())
    }

    /// The end of the longest entity that starts at `start`; for a pattern that searches, the end
    /// of the first match after it.
    pub(crate) fn match_at(&self, text: &[u8], start: usize) -> Option<usize> {
        if self.anchored && is_within_word(text, start) {
            return None;
        }
        let mut row = START;
        let mut end = None;
        for at in start..=text.len() {
            let class = match text.get(at) {
                Some(byte) => usize::from(*self.classes.get(usize::from(*byte))?),
                None => self.stride - 1,
            };
            let cell = self.cells.get(usize::from(row) * self.stride + class)?;
            let cell = u16::from_le_bytes(*cell);
            if cell & MATCH != 0 && !(self.anchored && is_within_word(text, at)) {
                end = Some(at);
            }
            row = cell & !MATCH;
            let done = if self.anchored {
                at - start == ENTITY_BYTES_MAX
            } else {
                end.is_some()
            };
            if row == DEAD || done {
                break;
            }
        }
        end
    }
}

/// Whether an entity that started or ended here would cut an English word or a number in two.
fn is_within_word(text: &[u8], at: usize) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    at.checked_sub(1)
        .is_some_and(|before| word(text.get(before)))
        && word(text.get(at))
}
