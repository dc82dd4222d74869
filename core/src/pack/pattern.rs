//! Compiling patterns: from regular expressions to the tables of `automaton`.
//!
//! Patterns see a question folded as `answer::fold` folds it: lower case, half width, without
//! accents, simplified Chinese, so a pattern's letters are folded too, and case makes no difference. `\d`, `\w`,
//! `\s` and `\b` are those of ASCII. The tables are minimal and bounded in size.

use std::collections::HashMap;

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

use super::automaton::{DEAD, MATCH};
use super::variants::Variants;
use super::write::Writer;
use crate::answer::fold;
use crate::limits::AUTOMATON_BYTES_MAX;

/// Why a pattern was not compiled. The editor must act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is no regular expression, or uses what is not supported.
    #[error("the pattern can't be read: {0}")]
    Syntax(String),
    /// Its table would be too large.
    #[error(
        "the pattern needs a table of more than {AUTOMATON_BYTES_MAX} bytes: make it simpler, or bound its repetitions lower"
    )]
    TooLarge,
    /// It would match everywhere.
    #[error("the pattern also matches where there is nothing, and so everywhere")]
    MatchesNothing,
}

/// A pattern that is sought anywhere in a question.
pub(crate) fn compile_search(
    pattern: &str,
    variants: Variants<'_>,
) -> Result<Vec<u8>, PatternError> {
    table(&folded(pattern, variants), Anchored::No)
}

/// Patterns of an entity, any of which matches it wholly.
pub(crate) fn compile_entity(
    patterns: &[impl AsRef<str>],
    variants: Variants<'_>,
) -> Result<Vec<u8>, PatternError> {
    let each = patterns
        .iter()
        .map(|pattern| folded(pattern.as_ref(), variants));
    table(&either(each), Anchored::Yes)
}

/// Addresses of pages, with `*` for anything: paths (`/cart/*`), or whole addresses.
pub(crate) fn compile_pages(pages: &[String]) -> Result<Vec<u8>, PatternError> {
    let each = pages.iter().map(|page| {
        let host = if page.starts_with('/') {
            r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*"
        } else {
            ""
        };
        let glob: String = page.chars().map(page_char).collect();
        format!(r"^{host}{glob}(?:[?#].*)?$")
    });
    table(&either(each), Anchored::No)
}

/// Languages: a tag without a region also names those with one.
pub(crate) fn compile_languages(tags: &[String]) -> Result<Vec<u8>, PatternError> {
    let each = tags.iter().map(|tag| {
        let letters = tag.chars().map(|c| match c {
            '-' | '_' => "[-_]".to_owned(),
            c => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
        });
        format!("^{}(?:[-_].*)?$", letters.collect::<String>())
    });
    table(&either(each), Anchored::No)
}

fn either(patterns: impl Iterator<Item = String>) -> String {
    let each: Vec<String> = patterns.map(|pattern| format!("(?:{pattern})")).collect();
    each.join("|")
}

/// A character of a page's address, as browsers write it.
fn page_char(c: char) -> String {
    match c {
        '*' => ".*".to_owned(),
        c if c.is_ascii_alphanumeric() => c.to_string(),
        c if c.is_ascii() => format!(r"\{c}"),
        c => {
            let mut bytes = [0; 4];
            let encoded: String = c
                .encode_utf8(&mut bytes)
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect();
            format!("(?:{c}|{encoded}|{})", encoded.to_ascii_lowercase())
        }
    }
}

/// The pattern with its letters folded, and the classes of ASCII for those of Unicode.
fn folded(pattern: &str, variants: Variants<'_>) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('d') => out.push_str("[0-9]"),
                Some('D') => out.push_str("[^0-9]"),
                Some('w') => out.push_str("[0-9a-z_]"),
                Some('W') => out.push_str("[^0-9a-z_]"),
                Some('s') => out.push_str(r"[\t\n\r\x0C \u{3000}]"),
                Some('S') => out.push_str(r"[^\t\n\r\x0C \u{3000}]"),
                Some('b') => out.push_str(r"(?-u:\b)"),
                Some(escaped) => {
                    out.push('\\');
                    out.push(escaped);
                    // What follows in braces is a number or a name.
                    if matches!(escaped, 'x' | 'u' | 'U' | 'p' | 'P') && chars.peek() == Some(&'{')
                    {
                        out.extend(chars.by_ref().take_while(|c| *c != '}'));
                        out.push('}');
                    }
                }
                None => out.push('\\'),
            },
            // Case makes no difference anyway.
            '(' if is_case_flag(&mut chars) => {}
            c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            c => {
                for (same, _) in fold::letters(c.encode_utf8(&mut [0; 4]), variants) {
                    // A full-width bracket is no bracket of the pattern.
                    if same.is_ascii_punctuation() {
                        out.push('\\');
                    }
                    out.push(same);
                }
            }
        }
    }
    out
}

/// Whether `?i)` follows, which is then taken.
fn is_case_flag(chars: &mut core::iter::Peekable<core::str::Chars<'_>>) -> bool {
    let mut ahead = chars.clone();
    let found = [ahead.next(), ahead.next(), ahead.next()] == [Some('?'), Some('i'), Some(')')];
    if found {
        *chars = ahead;
    }
    found
}

fn table(pattern: &str, anchored: Anchored) -> Result<Vec<u8>, PatternError> {
    let syntax = syntax::Config::new().utf8(false).nest_limit(64);
    let hir = syntax::parse_with(pattern, &syntax).map_err(|error| {
        let told = error.to_string();
        // The last line says what is wrong; the others draw the pattern as it was rewritten.
        let what = told.lines().last().unwrap_or_default();
        PatternError::Syntax(what.trim_start_matches("error: ").to_owned())
    })?;
    if hir.properties().minimum_len() == Some(0) && hir.properties().look_set().is_empty() {
        return Err(PatternError::MatchesNothing);
    }
    let nfa = thompson::Compiler::new()
        .configure(
            thompson::Config::new()
                .utf8(false)
                .which_captures(WhichCaptures::None)
                .nfa_size_limit(Some(1 << 20)),
        )
        .build_from_hir(&hir)
        .map_err(|_| PatternError::TooLarge)?;
    let kind = match anchored {
        Anchored::No => StartKind::Unanchored,
        _ => StartKind::Anchored,
    };
    let dfa = dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(kind)
                .match_kind(MatchKind::All)
                .accelerate(false)
                .minimize(true)
                .dfa_size_limit(Some(12 * AUTOMATON_BYTES_MAX))
                .determinize_size_limit(Some(12 * AUTOMATON_BYTES_MAX)),
        )
        .build_from_nfa(&nfa)
        .map_err(|_| PatternError::TooLarge)?;
    rows(&dfa, anchored)
}

/// The automaton as `automaton` reads it.
fn rows(dfa: &dense::DFA<Vec<u32>>, anchored: Anchored) -> Result<Vec<u8>, PatternError> {
    let started = dfa.start_state(&start::Config::new().anchored(anchored));
    let first = started.map_err(|_| PatternError::TooLarge)?;
    let mut classes = [0u8; 256];
    let mut representatives: Vec<u8> = Vec::new();
    for (byte, class) in (0..=255u8).zip(&mut classes) {
        let of = dfa.byte_classes().get(byte);
        if usize::from(of) == representatives.len() {
            representatives.push(byte);
        }
        *class = of;
    }
    let stride = representatives.len() + 1;
    let search = anchored == Anchored::No;
    let mut number: HashMap<StateID, u16> = HashMap::from([(first, 1)]);
    let mut waiting = vec![first];
    let mut cells = vec![0u16; stride];
    let mut done = 0;
    while let Some(state) = waiting.get(done).copied() {
        done += 1;
        let next = representatives
            .iter()
            .map(|byte| dfa.next_state(state, *byte));
        let next: Vec<StateID> = next.chain([dfa.next_eoi_state(state)]).collect();
        for (class, to) in next.into_iter().enumerate() {
            let matched = dfa.is_match_state(to);
            let over = class + 1 == stride || dfa.is_dead_state(to) || (matched && search);
            let row = if over {
                DEAD
            } else {
                let fresh = number.len() as u16 + 1;
                *number.entry(to).or_insert_with(|| {
                    waiting.push(to);
                    fresh
                })
            };
            cells.push(row | if matched { MATCH } else { 0 });
        }
        if cells.len() * 2 > AUTOMATON_BYTES_MAX {
            return Err(PatternError::TooLarge);
        }
    }
    let mut table = Writer::default();
    table.u8(u8::from(!search));
    table.u8(u8::try_from(stride).map_err(|_| PatternError::TooLarge)?);
    table.0.extend(classes);
    for cell in cells {
        table.u16(cell);
    }
    Ok(table.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::BuiltIn;

    #[test]
    fn what_every_pack_knows_compiles_to_small_tables() {
        for built_in in BuiltIn::ALL {
            let table = compile_entity(&built_in.patterns(), Variants::default());
            let bytes = table.map(|table| table.len());

            assert!(
                bytes.as_ref().is_ok_and(|bytes| *bytes < 60_000),
                "{built_in:?}: {bytes:?}"
            );
        }
    }

    #[test]
    fn patterns_are_refused_with_a_reason() {
        let told = |pattern: &str| {
            compile_search(pattern, Variants::default())
                .err()
                .map(|error| error.to_string())
        };
        let unclosed = told("(a").unwrap_or_default();
        assert!(unclosed.contains("unclosed group"), "{unclosed}");
        assert_eq!(
            compile_search("a*", Variants::default()),
            Err(PatternError::MatchesNothing)
        );
        assert_eq!(
            compile_search("(a|b)*a(a|b){15}c", Variants::default()),
            Err(PatternError::TooLarge)
        );
        assert_eq!(
            compile_search("x{100000}", Variants::default()),
            Err(PatternError::TooLarge)
        );
    }
}
