//! The words of a pack as they are spelled, so that a word with one slip in it is still understood:
//! those of phrasings and titles that have only the letters a to z, by their lengths; of equally
//! long ones the words of most phrasings first.
//!
//! Not here: which words of a question are looked for (`answer::spelling`).

use core::ops::RangeInclusive;

use super::PackError;
use super::read::{Bytes, Span};
use crate::limits::WORD_LETTERS_MAX;

/// Fewest letters of a word that is looked for. Shorter ones are too much alike.
const LETTERS_MIN: usize = 4;

/// So long are words. For each length there is a count, then all letters.
pub(super) const LENGTHS: RangeInclusive<usize> = LETTERS_MIN..=WORD_LETTERS_MAX;

/// The first letter is seldom wrong; that it is must be made up for by so many letters.
const FIRST_LETTER_FREE_FROM: usize = 6;

/// Where the words are.
#[derive(Clone, Copy)]
pub(super) struct Place(Span);

impl Place {
    /// Nothing can be wrong with it that does more than hide words.
    pub(super) fn find(mut part: Bytes<'_>) -> Result<Self, PackError> {
        part.span(part.rest().len()).map(Self)
    }

    pub(super) fn open(self, bytes: &[u8]) -> Spellings<'_> {
        Spellings(self.0.of(bytes))
    }
}

/// The words as they are spelled. The default has none.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spellings<'a>(&'a [u8]);

impl<'a> Spellings<'a> {
    /// The word that was meant by `typed`, if one slip makes it of one; if of several, the shortest,
    /// and of equally long ones the one in most phrasings.
    pub(crate) fn nearest(self, typed: &[char]) -> Option<&'a [u8]> {
        let mut words = Bytes::new(self.0);
        for length in LENGTHS {
            let count = words.count().ok()?;
            let letters = words.take(count * length).ok()?;
            if length.abs_diff(typed.len()) <= 1 {
                let found = letters
                    .chunks_exact(length)
                    .find(|word| slipped(typed, word));
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }
}

/// Whether `typed` is a word of which two neighbouring letters were swapped, one was left out, one
/// was put in or one was another. Four letters are too often one slip away from another word for
/// any but a swap.
fn slipped(typed: &[char], word: &[u8]) -> bool {
    let same = |(typed, letter): &(&char, &u8)| u32::from(**typed) == u32::from(**letter);
    let before = typed.iter().zip(word).take_while(same).count();
    if before == 0 && word.len() < FIRST_LETTER_FREE_FROM {
        return false;
    }
    let shorter = typed.len().min(word.len());
    let rest = typed.iter().rev().zip(word.iter().rev());
    let after = rest.take(shorter - before).take_while(same).count();
    let typed = typed.get(before..typed.len() - after).unwrap_or(typed);
    match (typed, word.get(before..word.len() - after).unwrap_or(word)) {
        ([a, b], [c, d]) => same(&(a, d)) && same(&(b, c)),
        ([] | [_], [] | [_]) => shorter > LETTERS_MIN,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(typed: &str, words: &[&str]) -> Option<String> {
        let mut part = Vec::new();
        for length in LENGTHS {
            let words = words.iter().filter(|word| word.len() == length);
            part.push(words.clone().count() as u8);
            part.extend(words.flat_map(|word| word.bytes()));
        }
        let typed: Vec<char> = typed.chars().collect();
        let word = Spellings(&part).nearest(&typed)?;
        Some(String::from_utf8_lossy(word).into_owned())
    }

    #[test]
    fn one_slip_is_seen_through() {
        for (typed, word) in [
            ("cancle", "cancel"),
            ("refnd", "refund"),
            ("refunnd", "refund"),
            ("delevery", "delivery"),
            ("deliver", "delivery"),
            ("deliveryy", "delivery"),
            ("erfund", "refund"),
            ("efund", "refund"),
            ("waht", "what"),
            ("ordre", "order"),
        ] {
            assert_eq!(nearest(typed, &[word]).as_deref(), Some(word), "{typed}");
        }
    }

    #[test]
    fn other_words_are_other_words() {
        for (typed, word) in [
            ("cnacle", "cancel"),
            ("refunding", "refund"),
            ("late", "lane"),
            ("quit", "quiet"),
            ("bold", "cold"),
            ("house", "mouse"),
            ("état", "etat"),
        ] {
            assert_eq!(nearest(typed, &[word]), None, "{typed}");
        }
    }

    #[test]
    fn of_several_words_the_shortest_counts_and_then_the_commonest() {
        let words = ["orders", "order", "border"];
        assert_eq!(nearest("ordre", &words).as_deref(), Some("order"));
        assert_eq!(nearest("orderz", &words).as_deref(), Some("order"));
        let words = ["places", "placed"];
        assert_eq!(nearest("placef", &words).as_deref(), Some("places"));
    }
}
