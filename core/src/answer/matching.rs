//! Whether a rule applies to a question.
//!
//! What a rule asks for, in the order in which it is written: hours (1 open, 2 closed), patterns
//! of the language and of the page (each as its number plus one), then four lists: `exact`,
//! `any`, `all`, `none`. An item of a list is a term (its length in tokens, then their hashes), or
//! starts with one of the marks below.

use super::tokens::{Token, Tokens};
use crate::pack::{Cursor, Rule, Rules};

/// One of several terms.
pub(crate) const ONE_OF: u8 = 0x80;
/// Terms that stand close together.
pub(crate) const NEAR: u8 = 0x81;
/// The same, one after the other.
pub(crate) const NEAR_IN_ORDER: u8 = 0x82;
/// A pattern.
pub(crate) const PATTERN: u8 = 0x83;

/// A question, and what is known around it.
pub(crate) struct Asked<'a> {
    pub(crate) tokens: &'a Tokens,
    /// The text as patterns see it.
    pub(crate) folded: &'a str,
    pub(crate) lang: &'a str,
    /// Empty if it is not known.
    pub(crate) page: &'a str,
    /// Since 1970 began in UTC; 0 if it is not known.
    pub(crate) minute: usize,
}

/// Whether the question has what the rule asks for, and nothing that it excludes.
pub(crate) fn applies(rules: &Rules<'_>, rule: &Rule<'_>, asked: &Asked<'_>) -> bool {
    let mut from = rule.conditions;
    let hours = from.u8();
    let mut right = hours == 0 || asked.minute > 0 && rules.is_open(asked.minute) == (hours == 1);
    // Of everything, how much the rule asks for.
    let mut asks = hours;
    for text in [asked.lang, asked.page] {
        let pattern = from.u16();
        asks += pattern;
        right &= pattern == 0 || rules.pattern(pattern - 1).is_in(text.as_bytes());
    }
    // Of `exact`, `any`, `all` and `none`: how many there are, and how many the question has.
    let mut lists = [(0, 0); 4];
    for (place, (count, found)) in lists.iter_mut().enumerate() {
        *count = from.u16();
        asks += *count;
        for _ in 0..*count {
            *found += usize::from(has(rules, &mut from, asked, place == 0));
        }
    }
    let [exact, any, all, none] = lists;
    let found = exact.1 > 0
        || (exact.0 == 0 || any.0 + all.0 > 0) && (any.0 == 0 || any.1 > 0) && all.0 == all.1;
    asks > 0 && right && found && none.1 == 0
}

/// Whether the question has the next item, or is it as a whole.
fn has(rules: &Rules<'_>, from: &mut Cursor<'_>, asked: &Asked<'_>, whole: bool) -> bool {
    let tokens = asked.tokens.all();
    let mark = from.u8() as u8;
    match mark {
        ONE_OF => {
            let count = from.u16();
            terms(from, count, tokens, false) > 0
        }
        NEAR | NEAR_IN_ORDER => {
            let (within, count) = (from.u8(), from.u16());
            let start = *from;
            // Looking at the whole question steps over the terms, and tells most questions apart.
            let near = |stretch: &[Token]| {
                terms(&mut start.clone(), count, stretch, mark == NEAR_IN_ORDER) == count
            };
            terms(from, count, tokens, false) == count
                && tokens
                    .windows(within.clamp(1, tokens.len().max(1)))
                    .any(near)
        }
        PATTERN => rules.pattern(from.u16()).is_in(asked.folded.as_bytes()),
        length => {
            let length = usize::from(length);
            let term = from.take(4 * length);
            (!whole || length == tokens.len()) && position(tokens, term).is_some()
        }
    }
}

/// Of the terms that follow, how many stand in a stretch of the question.
fn terms(from: &mut Cursor<'_>, count: usize, stretch: &[Token], in_order: bool) -> usize {
    let (mut rest, mut found) = (stretch, 0);
    for _ in 0..count {
        let length = from.u8();
        if let Some(at) = position(rest, from.take(4 * length)) {
            found += 1;
            if in_order {
                rest = rest.get(at + length..).unwrap_or(&[]);
            }
        }
    }
    found
}

/// Where the term's tokens, of which the hashes are given, stand one after the other.
fn position(tokens: &[Token], term: &[u8]) -> Option<usize> {
    let (first, others) = term.as_chunks::<4>().0.split_first()?;
    let first = u32::from_le_bytes(*first);
    let is = |(token, hash): (&Token, &[u8; 4])| token.hash.to_le_bytes() == *hash;
    let mut rest = tokens;
    while let Some((token, tail)) = rest.split_first()
        && tail.len() >= others.len()
    {
        if token.hash == first && tail.iter().zip(others).all(is) {
            return Some(tokens.len() - rest.len());
        }
        rest = tail;
    }
    None
}
