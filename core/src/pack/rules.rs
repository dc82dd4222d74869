//! The rules of a pack: terms to look for in a question, and what to do when they are found.
//!
//! A term is a run of token hashes (see `answer::tokens`), so that matching a rule compares
//! numbers and carries neither text nor a pattern compiler. Rules stand in the order in which
//! they are tried: highest priority first, then as written.

use super::read::{Bytes, Span};
use super::{EntryIndex, PackError};

/// What a rule that applies does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The visitor gets a person.
    HandOff,
    /// The visitor gets this entry's answer.
    Answer(EntryIndex),
}

/// Where the rules are.
#[derive(Clone, Copy)]
pub(super) struct Place {
    count: u32,
    rules: Span,
}

impl Place {
    pub(super) fn check(mut part: Bytes<'_>, entries: usize) -> Result<Self, PackError> {
        let count = part.count()?;
        let mut walk = part;
        let rules = part.span(part.rest().len())?;
        for _ in 0..count {
            let rule = read_rule(&mut walk)?;
            if matches!(rule.action, Action::Answer(entry) if usize::from(entry.0) >= entries) {
                return Err(PackError::Malformed { part: "rules" });
            }
        }
        walk.end("rules")?;
        Ok(Self {
            count: count as u32,
            rules,
        })
    }

    pub(super) fn open(self, bytes: &[u8]) -> Rules<'_> {
        Rules {
            left: self.count,
            bytes: Bytes::new(self.rules.of(bytes)),
        }
    }
}

/// The rules, in the order in which they are tried.
#[derive(Clone)]
pub(crate) struct Rules<'a> {
    left: u32,
    bytes: Bytes<'a>,
}

impl<'a> Iterator for Rules<'a> {
    type Item = Rule<'a>;

    fn next(&mut self) -> Option<Rule<'a>> {
        self.left = self.left.checked_sub(1)?;
        read_rule(&mut self.bytes).ok()
    }
}

/// One rule. It applies if the question is one of `exact`, or if it has at least one of `any`
/// (which may be empty) and every one of `all` (which may be empty too, but not both); and in
/// either case has none of `none`.
#[derive(Clone, Copy)]
pub(crate) struct Rule<'a> {
    pub(crate) action: Action,
    pub(crate) exact: Terms<'a>,
    pub(crate) any: Terms<'a>,
    pub(crate) all: Terms<'a>,
    pub(crate) none: Terms<'a>,
}

fn read_rule<'a>(bytes: &mut Bytes<'a>) -> Result<Rule<'a>, PackError> {
    let action = match bytes.u8()? {
        0 => Action::HandOff,
        1 => Action::Answer(EntryIndex(bytes.u16()?)),
        _ => return Err(PackError::Malformed { part: "rules" }),
    };
    Ok(Rule {
        action,
        exact: Terms::read(bytes)?,
        any: Terms::read(bytes)?,
        all: Terms::read(bytes)?,
        none: Terms::read(bytes)?,
    })
}

/// A list of terms.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    count: u32,
    bytes: Bytes<'a>,
}

impl<'a> Terms<'a> {
    fn read(bytes: &mut Bytes<'a>) -> Result<Self, PackError> {
        let count = bytes.count()?;
        let terms = Self {
            count: count as u32,
            bytes: *bytes,
        };
        for _ in 0..count {
            read_term(bytes)?;
        }
        Ok(terms)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Term<'a>> {
        let mut bytes = self.bytes;
        (0..self.count).map_while(move |_| read_term(&mut bytes).ok())
    }
}

/// The token hashes of one term, little-endian; at least one.
pub(crate) type Term<'a> = &'a [[u8; 4]];

fn read_term<'a>(bytes: &mut Bytes<'a>) -> Result<Term<'a>, PackError> {
    let count = usize::from(bytes.u8()?);
    if count == 0 {
        return Err(PackError::Malformed { part: "rules" });
    }
    Ok(bytes.take(count * 4)?.as_chunks().0)
}
