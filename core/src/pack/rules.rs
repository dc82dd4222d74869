//! The rules of a pack: what to look for in a question and around it, and what to do when it is
//! found.
//!
//! A term is a run of token hashes (see `answer::tokens`), a pattern a table (see `automaton`),
//! so that matching compares numbers and carries neither text nor a compiler. Rules stand in the
//! order in which they are tried: highest priority first, then as written.
//!
//! Unlike the rest of a pack, rules are not checked when it is loaded, as every visitor's browser
//! would carry the check: they are read by a [`Cursor`], for which what is not there is zero. So a
//! malformed rule never panics and says the same at every hop; one that asks for nothing, as a rule
//! that is cut off does, never applies; an entry that is not there is no answer (`bot`); lists are
//! walked once, so that time is bounded by the pack's length. Whoever builds a pack checks its
//! rules to the last byte (`rules_check`). Numbers are little-endian.

use super::automaton::Automaton;
use super::read::{Bytes, Span};
use super::{EntryIndex, PackError};

/// What a rule that applies does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The visitor gets a person.
    HandOff,
    /// The visitor gets the entry's answer.
    Answer,
    /// The visitor is asked whether one of the entries is meant.
    Suggest,
    /// A flow starts.
    Flow,
    /// The conversation gets labels, and the next rule is tried.
    Label,
}

/// Says that a rule is tried before the table of exact questions; stands beside the action.
pub(super) const FIRST: usize = 0x80;

/// Reads from front to back. Where nothing is left, it reads zeros.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn u8(&mut self) -> usize {
        self.take(1).first().map_or(0, |byte| usize::from(*byte))
    }

    pub(crate) fn u16(&mut self) -> usize {
        self.u8() | self.u8() << 8
    }

    pub(crate) fn u32(&mut self) -> usize {
        self.u16() | self.u16() << 16
    }

    /// So many bytes, or what is left.
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, tail) = self.0.split_at_checked(count).unwrap_or((self.0, &[]));
        self.0 = tail;
        head
    }

    /// A section that bears its length in front.
    pub(crate) fn section(&mut self) -> Self {
        let length = self.u32();
        Self(self.take(length))
    }
}

/// Where the rules are.
#[derive(Clone, Copy)]
pub(super) struct Place(Span);

impl Place {
    pub(super) fn find(mut part: Bytes<'_>) -> Result<Self, PackError> {
        part.span(part.rest().len()).map(Self)
    }

    pub(super) fn open(self, bytes: &[u8]) -> Rules<'_> {
        let mut part = Cursor(self.0.of(bytes));
        Rules {
            schedule: part.section(),
            starts: part.section(),
            patterns: part.section(),
            entities: part.section(),
            rules: part,
        }
    }
}

/// The rules.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    schedule: Cursor<'a>,
    /// Where each pattern starts, four bytes each.
    starts: Cursor<'a>,
    patterns: Cursor<'a>,
    #[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "for people"))]
    entities: Cursor<'a>,
    rules: Cursor<'a>,
}

impl<'a> Rules<'a> {
    /// Takes the next rule, in the order in which they are tried.
    pub(crate) fn next(&mut self) -> Option<Rule<'a>> {
        let mut rule = self.rules.section();
        let kind = rule.u8();
        Some(Rule {
            action: match kind & !FIRST {
                0 if rule.0.is_empty() => return None,
                0 => Action::HandOff,
                1 => Action::Answer,
                2 => Action::Suggest,
                3 => Action::Flow,
                _ => Action::Label,
            },
            first: kind & FIRST != 0,
            about: rule.section(),
            entries: rule.section(),
            conditions: rule,
        })
    }

    /// Whether any of them looks at more than words.
    pub(crate) fn has_patterns(&self) -> bool {
        !self.patterns.0.is_empty()
    }

    /// A pattern of these rules.
    pub(crate) fn pattern(&self, index: usize) -> Automaton<'a> {
        let (mut starts, mut patterns) = (self.starts, self.patterns);
        starts.take(4 * index);
        patterns.take(starts.u32());
        Automaton(patterns.0)
    }

    /// Whether the business is open at a minute since 1970 began in UTC.
    pub(crate) fn is_open(&self, minute: usize) -> bool {
        let mut schedule = self.schedule;
        // A day and more ahead of UTC, so that it is above zero; 1970 began on a Thursday.
        let mut local = minute + schedule.u16();
        for change in 0..schedule.u16() {
            // Clocks are put an hour ahead, back, ahead and so on.
            if schedule.u32() <= minute {
                local = if change & 1 == 0 {
                    local + 60
                } else {
                    local.saturating_sub(60)
                };
            }
        }
        let minute = local % (7 * 1440);
        let mut open = false;
        for _ in 0..schedule.u16() {
            open |= (schedule.u16()..schedule.u16()).contains(&minute);
        }
        open
    }

    /// The entities that the pack can find, as `answer::entities` reads them.
    #[cfg(feature = "explain")]
    pub(crate) fn entities(&self) -> Bytes<'a> {
        Bytes::new(self.entities.0)
    }
}

/// One rule.
#[derive(Clone, Copy)]
pub(crate) struct Rule<'a> {
    pub(crate) action: Action,
    /// Whether it is tried before the table of exact questions.
    pub(crate) first: bool,
    /// For people: its id, the name of the team or the flow, labels.
    #[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "for people"))]
    about: Cursor<'a>,
    entries: Cursor<'a>,
    /// What it asks for.
    pub(crate) conditions: Cursor<'a>,
}

impl<'a> Rule<'a> {
    /// The entries that it answers with or suggests.
    pub(crate) fn entries(&self) -> impl Iterator<Item = EntryIndex> + use<'a> {
        let entries = self.entries.0.as_chunks().0.iter();
        entries.map(|entry| EntryIndex(u16::from_le_bytes(*entry)))
    }
}

#[cfg(feature = "explain")]
impl<'a> Rule<'a> {
    /// The id that the editor gave it; the team that it hands off to, or the flow that it starts,
    /// empty if it names none; its labels.
    pub(crate) fn about(&self) -> (&'a str, &'a str, impl Iterator<Item = &'a str> + use<'a>) {
        let mut about = Bytes::new(self.about.0);
        let mut text = move || about.text().ok();
        let (id, name) = (text().unwrap_or(""), text().unwrap_or(""));
        (id, name, core::iter::from_fn(text))
    }
}
