//! A question as tokens: each Chinese character (kana, Hangul syllable), each word of letters,
//! each number. What separates them leaves no trace, so that spacing, punctuation, case, width
//! and accents make no difference.

use core::ops::Range;

use super::fold::{self, Kind};
use crate::limits::QUESTION_TOKENS_MAX;
use crate::pack::Variants;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A single character that is a word of its own.
    Ideograph,
    /// A word of letters.
    Word,
    /// A number.
    Number,
}

/// A part with fewer tokens than this says too little.
const PART_TOKENS_MIN: usize = 4;

/// In a text with more tokens than this, which tells a story, a clause alone says too little.
const CLAUSES_WITHIN: usize = 24;

/// One token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) shape: Shape,
    /// Of its folded letters. Numbers count by how many digits they have.
    pub(crate) hash: u32,
    start: u32,
    end: u32,
    /// What ends here: 1 a clause, 2 a sentence.
    ends: u8,
    /// Its first letter was typed as a capital one.
    pub(crate) capital: bool,
    /// By what it is known if it is a name: a word by its hash; where a word touches a short number,
    /// as in X200, the number by both; other tokens by nothing.
    pub(crate) name: Option<u32>,
}

impl Token {
    /// How many letters, digits or characters it has.
    pub(crate) fn length(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether a sentence ends with it.
    pub(crate) fn ends_sentence(&self) -> bool {
        self.ends >= 2
    }
}

/// A token of which the letters are being read.
#[derive(Clone, Copy)]
struct Open {
    shape: Shape,
    start: u32,
    capital: bool,
    /// Nothing separates it from the one before.
    touches: bool,
}

/// A number with more digits than this is no part of a name, but of an order or a parcel.
const NAME_DIGITS_MAX: usize = 4;

/// The tokens of one question, and the memory for the next.
#[derive(Default)]
pub(crate) struct Tokens {
    letters: Vec<char>,
    tokens: Vec<Token>,
    exact: u64,
    /// What [`Self::all`] shows; everything until [`Self::next_part`] is called.
    part: Range<usize>,
}

impl Tokens {
    /// Reads `text` in place of what was here.
    pub(crate) fn read(&mut self, text: &str, variants: Variants<'_>) {
        self.letters.clear();
        self.tokens.clear();
        self.part = 0..0;
        self.exact = SEED;
        let mut open: Option<Open> = None;
        let mut touches = false;
        let mut chars = fold::letters(text, variants).peekable();
        while let Some((c, kind)) = chars.next() {
            let shape = match kind {
                Kind::Letter | Kind::Capital => Shape::Word,
                Kind::Digit => Shape::Number,
                Kind::Ideograph => Shape::Ideograph,
                Kind::Apostrophe
                    if open.is_some_and(|open| open.shape == Shape::Word)
                        && matches!(chars.peek(), Some((_, Kind::Letter | Kind::Capital))) =>
                {
                    Shape::Word
                }
                Kind::Gap | Kind::Mark | Kind::Apostrophe => {
                    self.close(&mut open);
                    touches = false;
                    if let Some(token) = self.tokens.last_mut() {
                        let clause = matches!(c, ',' | '、');
                        let sentence = matches!(c, '.' | ';' | '!' | '?' | '\n' | '。' | '…');
                        token.ends = token.ends.max(u8::from(clause) + 2 * u8::from(sentence));
                    }
                    continue;
                }
            };
            if shape == Shape::Ideograph || open.is_none_or(|open| open.shape != shape) {
                self.close(&mut open);
                if self.tokens.len() == QUESTION_TOKENS_MAX {
                    return;
                }
                open = Some(Open {
                    shape,
                    start: self.letters.len() as u32,
                    capital: kind == Kind::Capital,
                    touches,
                });
                touches = true;
            }
            self.letters.push(c);
        }
        self.close(&mut open);
    }

    fn close(&mut self, open: &mut Option<Open>) {
        let Some(open) = open.take() else {
            return;
        };
        let Open { shape, start, .. } = open;
        let letters = self.letters.get(start as usize..).unwrap_or(&[]);
        let mut hash = SEED;
        for c in letters {
            hash = step(hash, u32::from(*c));
        }
        // The exact question has the number itself; everything else only its length.
        self.exact = step(self.exact, (hash ^ hash >> 32) as u32);
        let touched = self.tokens.last_mut().filter(|_| open.touches);
        let name = match (shape, touched) {
            (Shape::Number, Some(word)) => {
                let short = letters.len() <= NAME_DIGITS_MAX;
                let word = word.name.take().filter(|_| short);
                word.map(|word| finish(step(hash, word)))
            }
            // A unit.
            (Shape::Word, Some(before)) if before.shape == Shape::Number => None,
            (Shape::Word, _) => Some(finish(hash)),
            (Shape::Number | Shape::Ideograph, _) => None,
        };
        if shape == Shape::Number {
            hash = step(SEED, 0x11_0000 + (letters.len() as u32).min(7));
        }
        let end = self.letters.len() as u32;
        self.tokens.push(Token {
            shape,
            hash: finish(hash),
            start,
            end,
            ends: 0,
            capital: open.capital,
            name,
        });
        self.part.end = self.tokens.len();
    }

    /// Reads the word at a place of the message as one of the letters a to z. It keeps its name.
    pub(super) fn replace(&mut self, place: usize, word: &[u8]) {
        if let Some(token) = self.tokens.get_mut(place) {
            token.start = self.letters.len() as u32;
            let mut hash = SEED;
            for letter in word {
                hash = step(hash, u32::from(*letter));
                self.letters.push(char::from(*letter));
            }
            token.hash = finish(hash);
            token.end = self.letters.len() as u32;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    pub(crate) fn all(&self) -> &[Token] {
        self.tokens.get(self.part.clone()).unwrap_or(&[])
    }

    /// Leaves only the next of the sentences that the text consists of, in a short text of the
    /// clauses; short ones are passed over. `false` if there is none, or only one.
    pub(crate) fn next_part(&mut self) -> bool {
        let all = self.tokens.len();
        let enough = 1 + u8::from(all > CLAUSES_WITHIN);
        let whole = self.part.len() == all;
        let mut start = if whole { 0 } else { self.part.end };
        let mut end = start;
        for token in self.tokens.iter().skip(start) {
            end += 1;
            if token.ends >= enough || end == all {
                if end - start >= PART_TOKENS_MIN {
                    self.part = start..end;
                    return !(start == 0 && end == all);
                }
                start = end;
            }
        }
        false
    }

    /// The folded letters of a token of this question.
    pub(crate) fn letters(&self, token: &Token) -> &[char] {
        self.letters
            .get(token.start as usize..token.end as usize)
            .unwrap_or(&[])
    }

    /// Of the whole question: equal for questions that differ only in what leaves no trace.
    pub(crate) fn hash(&self) -> u64 {
        mix(self.exact)
    }
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// One step of a hash over numbers below 2^32.
pub(crate) fn step(hash: u64, value: u32) -> u64 {
    (hash ^ u64::from(value))
        .wrapping_mul(0x0000_0100_0000_01b3)
        .rotate_left(23)
}

/// Spreads a hash over all of its bits.
fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

/// A hash of 32 bits, the upper of which may serve as a bucket.
pub(crate) fn finish(hash: u64) -> u32 {
    (mix(hash) >> 32) as u32
}

/// The language that the script of a text stands for; `None` if it is in Latin letters.
pub(crate) fn script(text: &str) -> Option<&'static str> {
    let mut found = None;
    for c in text.chars() {
        match c as u32 {
            0x3041..=0x30ff => return Some("ja"),
            0xac00..=0xd7ff => return Some("ko"),
            0x3400..=0x4dbf | 0x4e00..=0x9fff | 0x20000..=0x3ffff => found = Some("zh"),
            0x400..=0x4ff if found.is_none() => found = Some("ru"),
            0x370..=0x3ff if found.is_none() => found = Some("el"),
            0x590..=0x5ff if found.is_none() => found = Some("he"),
            0x600..=0x6ff if found.is_none() => found = Some("ar"),
            0xe00..=0xe7f if found.is_none() => found = Some("th"),
            0x900..=0x97f if found.is_none() => found = Some("hi"),
            _ => {}
        }
    }
    found
}
