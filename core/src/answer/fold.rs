//! Folding of characters: what people mean to be the same letter becomes the same letter.
//!
//! A compact stand-in for NFKC and case folding (whose full tables are larger than the whole
//! answerer), for what people type: Latin, Greek and Cyrillic letters of either case, with or
//! without accents, composed or not; full-width and half-width forms; letters and digits in
//! circles; ligatures and units in one character. Which Chinese characters are the same, the pack
//! knows. What neither knows stays as it is. Its tables
//! (`fold/table.rs`) are generated, and held against Unicode's own, by its tests, which also name
//! every exception and its reason.

use core::str::Chars;

use crate::pack::Variants;

#[cfg(test)]
mod ranges;
mod table;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use table::{CYRILLIC, GREEK, KINDS, LATIN, LATIN_ADDITIONAL, LENGTHS};

// What the characters of a range are; `fold/ranges.rs` says which.
const GAP: u8 = b'G';
const MARK: u8 = b'M';
const IDEOGRAPH: u8 = b'I';
const LETTER: u8 = b'L';
const APOSTROPHE: u8 = b'P';
/// See [`SEVERAL`].
const SEVERAL_EACH: u8 = b'S';
/// By a table.
const LATIN_ONE: u8 = b'A';
const LATIN_MORE: u8 = b'B';
const GREEK_ONE: u8 = b'E';
const CYRILLIC_ONE: u8 = b'C';
/// Letters of Armenian, of which the small ones follow.
const CAPITAL: u8 = b'R';
/// Roman numerals, in capital and in small letters.
const ROMAN: u8 = b'N';
/// A to Z, again and again.
const ALPHABET: u8 = b'Z';
const KATAKANA: u8 = b'K';
const FULL_WIDTH: u8 = b'F';
const HALF_WIDTH: u8 = b'H';
/// Numbers, from the one that stands in the other bits on.
const NUMBER: u8 = 0x80;

/// What a character is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Separates words: spaces, punctuation, symbols, emoji, controls.
    Gap,
    /// Leaves no trace: a combining mark, a joiner, a variation selector.
    Mark,
    /// A word of its own: Chinese characters, kana, Hangul syllables.
    Ideograph,
    /// Part of a word.
    Letter,
    /// The same, of the alphabet's capital letters: names start with them.
    Capital,
    /// Part of a number.
    Digit,
    /// Part of a word if letters are on both sides.
    Apostrophe,
}

/// Characters that stand for several, or for one that no range tells: each stands before what it
/// stands for. Capital letters are what the tables of Latin letters name so.
const SEVERAL: &str = "Aae Boe Css Dth Eij Fdz Glj Hnj Ihv Jou Kll \
    ªa ºo µμ \u{2126}ω \u{212a}k \u{212b}a ﬀff ﬁfi ﬂfl ﬃffi ﬄffl \
    ⅰi ⅱii ⅲiii ⅳiv ⅴv ⅵvi ⅶvii ⅷviii ⅸix ⅹx ⅺxi ⅻxii \
    \
    ㎎mg ㎏kg ㎜mm ㎝cm ㎞km ㎡m2 ";

/// Adds a text as patterns see it: every character folded, marks left out, all else in place.
pub(crate) fn read(text: &str, variants: Variants<'_>, folded: &mut String) {
    folded.extend(letters(text, variants).map(|(c, _)| c));
}

/// The folded characters of a text and their kinds; marks are left out.
pub(crate) fn letters<'a>(text: &'a str, variants: Variants<'a>) -> Letters<'a> {
    Letters {
        variants,
        typed: text.chars(),
        more: "".chars(),
        left: text.len(),
    }
}

/// See [`letters`].
pub(crate) struct Letters<'a> {
    variants: Variants<'a>,
    typed: Chars<'a>,
    /// The rest of what the last one stands for, up to a space.
    more: Chars<'static>,
    /// How many bytes of the text there were before the last one was read.
    left: usize,
}

impl Letters<'_> {
    /// How many bytes the text had left, the last character that was read included.
    #[cfg(feature = "explain")]
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// A kana with the voicing mark that follows it.
    fn voiced(&self, kana: char) -> char {
        let by = match self.typed.clone().next() {
            Some('\u{3099}' | '\u{ff9e}') => 1,
            Some('\u{309a}' | '\u{ff9f}') => 2,
            _ => return kana,
        };
        // The voiced one stands after the plain one, the half-voiced one after that.
        let (first, each) = match kana {
            'う' if by == 1 => return 'ゔ',
            'か'..='ち' => ('か', 2),
            'つ'..='と' => ('つ', 2),
            'は'..='ほ' => ('は', 3),
            _ => return kana,
        };
        if (kana as u32 - first as u32).is_multiple_of(each) && by < each {
            shift(kana, by as i32)
        } else {
            kana
        }
    }
}

impl Iterator for Letters<'_> {
    type Item = (char, Kind);

    fn next(&mut self) -> Option<(char, Kind)> {
        loop {
            let typed = match self.more.next() {
                Some(' ') | None => {
                    self.more = "".chars();
                    self.left = self.typed.as_str().len();
                    self.typed.next()?
                }
                Some(c) => c,
            };
            match fold(typed) {
                Folded::Several(text) => self.more = text.chars(),
                Folded::Number(number) => {
                    let units = (number % 10) as usize;
                    self.more = "0 1 2 3 4 5 6 7 8 9".get(2 * units..).unwrap_or("").chars();
                    if number > 9 {
                        return Some((digit(number / 10), Kind::Digit));
                    }
                }
                Folded::One(_, Kind::Mark) => {}
                Folded::One(c, Kind::Ideograph) => {
                    let simplified = self.variants.simplified(c);
                    return Some((self.voiced(simplified), Kind::Ideograph));
                }
                Folded::One(c, kind) => return Some((c, kind)),
            }
        }
    }
}

/// What a character folds to.
enum Folded {
    One(char, Kind),
    /// Characters that are to be folded themselves, up to a space.
    Several(&'static str),
    /// A number below 100, in digits.
    Number(u32),
}

fn fold(c: char) -> Folded {
    let code = c as u32;
    if code < 0x80 {
        return ascii(c);
    }
    if (0x4e00..0xa000).contains(&code) {
        return Folded::One(c, Kind::Ideograph);
    }
    // What Chinese is punctuated with: the way through the ranges is long.
    if (0x3000..0x3003).contains(&code) {
        return Folded::One(c, Kind::Gap);
    }
    if (0xff01..0xff5f).contains(&code) {
        return ascii(shift(c, -0xfee0));
    }
    let (at, is) = range(code);
    let (folded, kind) = match is {
        MARK => (c, Kind::Mark),
        IDEOGRAPH => (c, Kind::Ideograph),
        LETTER => (c, Kind::Letter),
        APOSTROPHE => ('\'', Kind::Apostrophe),
        SEVERAL_EACH => return several(c),
        LATIN_ONE => return latin(c, LATIN, code - 0xc0),
        LATIN_MORE => return latin(c, LATIN_ADDITIONAL, at),
        GREEK_ONE => (greek(c, code), Kind::Letter),
        CYRILLIC_ONE => (cyrillic(c, code), Kind::Letter),
        CAPITAL => (shift(c, 0x30), Kind::Letter),
        ROMAN => return several(shift(c, (!code & 16) as i32)),
        ALPHABET => (letter(at), Kind::Letter),
        KATAKANA => (shift(c, -0x60), Kind::Ideograph),
        FULL_WIDTH => return ascii(shift(c, -0xfee0)),
        HALF_WIDTH => (half_width(code), Kind::Ideograph),
        NUMBER.. => return Folded::Number(at + u32::from(is & !NUMBER)),
        _ => (c, Kind::Gap),
    };
    Folded::One(folded, kind)
}

/// The place of a character in its range, and what that is. [`KINDS`] and [`LENGTHS`] go through
/// them from zero; a length is in one byte below 128, else in two. What lies beyond U+FFFF stands, a
/// block of 1,024 each, where the halves of UTF-16 are.
fn range(code: u32) -> (u32, u8) {
    let place = if code < 0x1_0000 {
        code
    } else {
        0xd800 + (code >> 10)
    };
    let (mut start, mut lengths) = (0, LENGTHS.iter());
    for is in KINDS {
        let mut length = u32::from(lengths.next().copied().unwrap_or(0));
        if length >= 0x80 {
            length = (length & 0x7f) << 8 | u32::from(lengths.next().copied().unwrap_or(0));
        }
        if place - start < length {
            return (code.wrapping_sub(start), *is);
        }
        start += length;
    }
    (0, GAP)
}

fn ascii(c: char) -> Folded {
    let kind = match c {
        'a'..='z' => Kind::Letter,
        'A'..='Z' => Kind::Capital,
        '0'..='9' => Kind::Digit,
        '\'' => Kind::Apostrophe,
        _ => Kind::Gap,
    };
    Folded::One(c.to_ascii_lowercase(), kind)
}

fn digit(value: u32) -> char {
    char::from_digit(value % 10, 10).unwrap_or('0')
}

fn letter(place: u32) -> char {
    char::from(b'a' + (place % 26) as u8)
}

fn shift(c: char, by: i32) -> char {
    (c as u32)
        .checked_add_signed(by)
        .and_then(char::from_u32)
        .unwrap_or(c)
}

/// What `SEVERAL` says that a character stands for; a gap if it does not say.
fn several(c: char) -> Folded {
    let mut rest = SEVERAL.chars();
    while let Some(key) = rest.next() {
        if key == c {
            return Folded::Several(rest.as_str());
        }
    }
    Folded::One(c, Kind::Gap)
}

/// A letter of a table in which stands its base letter, `.` if it has none, or what [`SEVERAL`] has.
fn latin(c: char, table: &[u8], place: u32) -> Folded {
    match table.get(place as usize) {
        Some(pair @ b'A'..=b'Z') => several(char::from(*pair)),
        Some(b'.') | None => Folded::One(c, Kind::Letter),
        Some(base) => Folded::One(char::from(*base), Kind::Letter),
    }
}

/// The table has the distance from U+0370, which for small letters is that of A to Y.
fn greek(c: char, code: u32) -> char {
    match GREEK.get((code - 0x370) as usize) {
        Some(b'.') | None => c,
        Some(base) => shift('\u{370}', i32::from(*base)),
    }
}

/// The table has the distance to the small letter, of which the last eight bits are enough: small
/// letters are the 256 characters from U+0430 on.
fn cyrillic(c: char, code: u32) -> char {
    let by = CYRILLIC.get((code - 0x400) as usize).copied();
    let place = (code - 0x400 + u32::from(by.unwrap_or(0))).wrapping_sub(0x30) & 0xff;
    char::from_u32(0x430 + place).unwrap_or(c)
}

/// Half-width katakana from U+FF66 on, as hiragana: each by its distance from the first.
const KANA: &[u8] = b"Q\x00\x02\x04\x06\x08BDF\x22\x00\x01\x03\x05\x07\x09\x0a\x0c\x0e\x10\x12\x14\x16\x18\x1a\x1c\x1e\x20#%')*+,-.147:=>?@ACEGHIJKLNR";

fn half_width(code: u32) -> char {
    let place = KANA.get((code - 0xff66) as usize);
    shift('ぁ', place.map_or(0, |place| i32::from(*place)))
}
