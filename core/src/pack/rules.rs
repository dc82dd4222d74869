//! The rules of a pack: what to look for in a question and around it, and what to do when it is
//! found.
//!
//! A term is a run of token hashes (see `answer::tokens`), a pattern a table (see `automaton`),
//! so that matching compares numbers and carries neither text nor a compiler. Rules stand in the
//! order in which they are tried: highest priority first, then as written. What a rule asks for
//! is read while it is matched (`answer::matching`), which is also how it is checked.

use super::automaton::{self, Automaton};
use super::read::{Bytes, Span};
use super::{EntryIndex, PackError};
use crate::answer::matching::{Asked, applies};
use crate::answer::tokens::Tokens;

pub(crate) const MALFORMED: PackError = PackError::Malformed { part: "rules" };

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

/// How an action is written, and whether it is tried before the table of exact questions.
pub(super) const FIRST: u8 = 0x80;

impl Action {
    const ALL: [Self; 5] = [
        Self::HandOff,
        Self::Answer,
        Self::Suggest,
        Self::Flow,
        Self::Label,
    ];
}

/// Where the rules are.
pub(super) struct Place {
    offset_minutes: i16,
    changes: Span,
    weekly: Span,
    automata: Vec<automaton::Place>,
    #[cfg(feature = "explain")]
    entities: Span,
    rules: Span,
    count: u32,
}

impl Place {
    pub(super) fn check(
        mut part: Bytes<'_>,
        bytes: &[u8],
        entries: usize,
    ) -> Result<Self, PackError> {
        let offset_minutes = part.u16()? as i16;
        let changes = part.count()?;
        let changes = part.span(changes * 4)?;
        let weekly = part.count()?;
        let weekly = part.span(weekly * 4)?;
        let mut automata = Vec::new();
        for _ in 0..part.count()? {
            automata.push(automaton::Place::check(&mut part)?);
        }
        let entities = part.count()?;
        let entities = part.span(entities)?;
        let count = part.count()?;
        let place = Self {
            offset_minutes,
            changes,
            weekly,
            automata,
            #[cfg(feature = "explain")]
            entities,
            rules: part.span(part.rest().len())?,
            count: count as u32,
        };
        #[cfg(not(feature = "explain"))]
        let _ = entities;
        let rules = place.open(bytes);
        let (mut walk, tokens) = (rules.clone(), Tokens::default());
        for _ in 0..count {
            let rule = read_rule(&mut walk.bytes)?;
            let at = |entry: &[u8; 2]| usize::from(u16::from_le_bytes(*entry));
            let nothing = rule.entries.is_empty();
            let needs = matches!(rule.action, Action::Answer | Action::Suggest);
            if nothing == needs || rule.entries.iter().any(|entry| at(entry) >= entries) {
                return Err(MALFORMED);
            }
            applies(&rules, &rule, &Asked::nothing(&tokens))?;
        }
        walk.bytes.end("rules")?;
        Ok(place)
    }

    pub(super) fn open<'a>(&'a self, bytes: &'a [u8]) -> Rules<'a> {
        Rules {
            place: self,
            pack: bytes,
            left: self.count,
            bytes: Bytes::new(self.rules.of(bytes)),
        }
    }
}

/// The rules, in the order in which they are tried.
#[derive(Clone)]
pub(crate) struct Rules<'a> {
    place: &'a Place,
    pack: &'a [u8],
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

impl<'a> Rules<'a> {
    /// Whether any of them looks at more than words.
    pub(crate) fn has_patterns(&self) -> bool {
        !self.place.automata.is_empty()
    }

    /// A pattern of these rules.
    pub(crate) fn pattern(&self, index: u32) -> Result<Automaton<'a>, PackError> {
        let place = self.place.automata.get(index as usize).ok_or(MALFORMED)?;
        Ok(place.open(self.pack))
    }

    /// Whether the business is open at a minute since 1970 began in UTC.
    pub(crate) fn is_open(&self, minute: u32) -> bool {
        let numbers = |span: Span| span.of(self.pack).as_chunks::<4>().0.iter();
        let passed = numbers(self.place.changes).filter(|at| u32::from_le_bytes(**at) <= minute);
        // Clocks are put an hour ahead, back, ahead and so on.
        let ahead = passed.count() as i64 % 2 * 60;
        // 1970 began on a Thursday.
        let local = i64::from(minute) + i64::from(self.place.offset_minutes) + ahead + 3 * 1440;
        let minute = local.rem_euclid(7 * 1440);
        numbers(self.place.weekly).any(|[a, b, c, d]| {
            let (from, to) = (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
            (i64::from(from)..i64::from(to)).contains(&minute)
        })
    }

    /// The entities that the pack can find, as `answer::entities` reads them.
    #[cfg(feature = "explain")]
    pub(crate) fn entities(&self) -> Bytes<'a> {
        Bytes::new(self.place.entities.of(self.pack))
    }
}

/// One rule.
#[derive(Clone, Copy)]
pub(crate) struct Rule<'a> {
    pub(crate) action: Action,
    /// Whether it is tried before the table of exact questions.
    pub(crate) first: bool,
    /// The id that the editor gave it.
    #[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "for people"))]
    id: &'a [u8],
    #[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "for people"))]
    name: &'a [u8],
    #[cfg_attr(not(feature = "explain"), expect(dead_code, reason = "for people"))]
    labels: Bytes<'a>,
    entries: &'a [[u8; 2]],
    /// What it asks for.
    pub(crate) conditions: Bytes<'a>,
}

impl<'a> Rule<'a> {
    /// The entries that it answers with or suggests.
    pub(crate) fn entries(&self) -> impl Iterator<Item = EntryIndex> + use<'a> {
        let entries = self.entries.iter();
        entries.map(|entry| EntryIndex(u16::from_le_bytes(*entry)))
    }
}

#[cfg(feature = "explain")]
impl<'a> Rule<'a> {
    pub(crate) fn id(&self) -> &'a str {
        core::str::from_utf8(self.id).unwrap_or("")
    }

    /// The team that it hands off to, or the flow that it starts; empty if it names none.
    pub(crate) fn name(&self) -> &'a str {
        core::str::from_utf8(self.name).unwrap_or("")
    }

    pub(crate) fn labels(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut labels = self.labels;
        core::iter::from_fn(move || labels.text().ok())
    }
}

fn read_rule<'a>(bytes: &mut Bytes<'a>) -> Result<Rule<'a>, PackError> {
    let kind = bytes.u8()?;
    let action = Action::ALL.get(usize::from(kind & !FIRST));
    let (id, name) = (bytes.raw()?, bytes.raw()?);
    let labels = bytes.raw()?;
    let count = bytes.count()?;
    Ok(Rule {
        action: *action.ok_or(MALFORMED)?,
        first: kind & FIRST != 0,
        id,
        name,
        labels: Bytes::new(labels),
        entries: bytes.take(count * 2)?.as_chunks().0,
        conditions: Bytes::new(bytes.raw()?),
    })
}
