//! Whether a rule applies to a question.
//!
//! What a rule asks for, in the order in which it is written: hours (1 open, 2 closed), patterns
//! of the language and of the page (each as its number plus one), then four lists: `exact`,
//! `any`, `all`, `none`. An item of a list is a term (its length in tokens, then their hashes), or
//! starts with one of the marks below.

use super::tokens::{Token, Tokens};
use crate::pack::{Bytes, PackError, Rule, Rules};

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
    pub(crate) minute: u32,
}

impl<'a> Asked<'a> {
    /// A question without a word.
    pub(crate) fn nothing(tokens: &'a Tokens) -> Self {
        Self {
            tokens,
            folded: "",
            lang: "",
            page: "",
            minute: 0,
        }
    }
}

/// Whether the question has what the rule asks for, and nothing that it excludes.
///
/// # Errors
/// The rule is malformed, which is found out for every question alike.
pub(crate) fn applies(
    rules: &Rules<'_>,
    rule: &Rule<'_>,
    asked: &Asked<'_>,
) -> Result<bool, PackError> {
    let mut bytes = rule.conditions;
    let hours = bytes.u8()?;
    let mut right = hours == 0 || asked.minute > 0 && rules.is_open(asked.minute) == (hours == 1);
    for text in [asked.lang, asked.page] {
        if let Some(index) = bytes.varint()?.checked_sub(1) {
            right &= rules.pattern(index)?.is_in(text.as_bytes());
        }
    }
    let (exact, exact_found) = list(rules, &mut bytes, asked, true)?;
    let (any, any_found) = list(rules, &mut bytes, asked, false)?;
    let (all, all_found) = list(rules, &mut bytes, asked, false)?;
    let (_, none_found) = list(rules, &mut bytes, asked, false)?;
    bytes.end("rules")?;
    let found = exact_found > 0
        || (exact == 0 || any + all > 0) && (any == 0 || any_found > 0) && all == all_found;
    Ok(right && found && none_found == 0)
}

/// How many items a list has, and how many of them the question has.
fn list(
    rules: &Rules<'_>,
    bytes: &mut Bytes<'_>,
    asked: &Asked<'_>,
    whole: bool,
) -> Result<(usize, usize), PackError> {
    let count = bytes.count()?;
    let mut found = 0;
    let tokens = asked.tokens.all();
    for _ in 0..count {
        let mark = bytes.u8()?;
        let has = match mark {
            ONE_OF => terms(bytes, |term| position(tokens, term).is_some())?.1 > 0,
            NEAR | NEAR_IN_ORDER => near(bytes, tokens, mark == NEAR_IN_ORDER)?,
            PATTERN => rules
                .pattern(bytes.varint()?)?
                .is_in(asked.folded.as_bytes()),
            length => {
                let term = term(bytes, length)?;
                (!whole || term.len() == tokens.len()) && position(tokens, term).is_some()
            }
        };
        found += usize::from(has);
    }
    Ok((count, found))
}

/// The token hashes of one term, little-endian; at least one.
type Term<'a> = &'a [[u8; 4]];

fn term<'a>(bytes: &mut Bytes<'a>, length: u8) -> Result<Term<'a>, PackError> {
    if length == 0 {
        return Err(crate::pack::MALFORMED_RULE);
    }
    Ok(bytes.take(usize::from(length) * 4)?.as_chunks().0)
}

/// How many terms follow, and of how many of them `is` holds.
fn terms<'a>(
    bytes: &mut Bytes<'a>,
    mut is: impl FnMut(Term<'a>) -> bool,
) -> Result<(usize, usize), PackError> {
    let count = bytes.count()?;
    let mut found = 0;
    for _ in 0..count {
        let length = bytes.u8()?;
        found += usize::from(is(term(bytes, length)?));
    }
    Ok((count, found))
}

/// Whether all of the terms that follow stand in one stretch of the question.
fn near(bytes: &mut Bytes<'_>, tokens: &[Token], in_order: bool) -> Result<bool, PackError> {
    let within = usize::from(bytes.u8()?).clamp(1, tokens.len().max(1));
    let start = *bytes;
    let (count, _) = terms(bytes, |_| false)?;
    Ok(tokens.windows(within).any(|stretch| {
        let mut rest = stretch;
        let all = terms(&mut start.clone(), |term| {
            let Some(at) = position(rest, term) else {
                return false;
            };
            if in_order {
                rest = rest.get(at + term.len()..).unwrap_or(&[]);
            }
            true
        });
        all == Ok((count, count))
    }))
}

/// Where the term's tokens stand one after the other.
fn position(tokens: &[Token], term: Term<'_>) -> Option<usize> {
    tokens.windows(term.len().max(1)).position(|window| {
        let mut pairs = window.iter().zip(term);
        pairs.all(|(token, hash)| token.hash.to_le_bytes() == *hash)
    })
}
