//! Folding of characters: what people mean to be the same letter becomes the same letter.
//!
//! A compact stand-in for NFKC and case folding (whose full tables are larger than the whole
//! answerer), for what people type: full-width forms, upper case, accents of Latin, Greek and
//! Cyrillic letters, combining marks. What it does not know stays as it is.

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
    /// Part of a number.
    Digit,
    /// Part of a word if letters are on both sides.
    Apostrophe,
}

/// Base letters of U+00C0 to U+017F in order; a `.` keeps the letter as it is (it has no base)
/// and `_` is a gap. Letters that stand for two (`æ`, `ß`) become the first.
const LATIN: &[u8; 192] = b"\
aaaaaaaceeeeiiiidnooooo_ouuuuyts\
aaaaaaaceeeeiiiidnooooo_ouuuuyty\
aaaaaaccccccccddddeeeeeeeeeegggg\
gggghhhhiiiiiiiiiiiijjkkklllllll\
lllnnnnnnnnnoooooooorrrrrrssssss\
ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/// Adds a text as patterns see it: every character folded, marks left out, all else in place.
pub(crate) fn read(text: &str, folded: &mut String) {
    let each = text.chars().map(fold);
    folded.extend(each.filter(|(_, kind)| *kind != Kind::Mark).map(|(c, _)| c));
}

/// The folded character and its kind.
pub(crate) fn fold(c: char) -> (char, Kind) {
    let code = c as u32;
    match code {
        0x00..=0x7f => ascii(c),
        0xa0 | 0xad => (c, if code == 0xad { Kind::Mark } else { Kind::Gap }),
        0xaa => ('a', Kind::Letter),
        0xba => ('o', Kind::Letter),
        0xb5 => ('μ', Kind::Letter),
        0xb2 | 0xb3 => (digit(code - 0xb0), Kind::Digit),
        0xb9 => ('1', Kind::Digit),
        0x80..=0xbf => (c, Kind::Gap),
        0xc0..=0x17f => latin(c, code - 0xc0),
        0x180..=0x2af => (c, Kind::Letter),
        0x1e00..=0x1eff => (vietnamese(code), Kind::Letter),
        0x2b0..=0x2ff => (
            c,
            if matches!(code, 0x2bc) {
                Kind::Apostrophe
            } else {
                Kind::Mark
            },
        ),
        0x300..=0x36f
        | 0x483..=0x489
        | 0x591..=0x5bd
        | 0x64b..=0x65f
        | 0x670
        | 0x640
        | 0x6d6..=0x6dc
        | 0x1ab0..=0x1aff
        | 0x1dc0..=0x1dff
        | 0x20d0..=0x20ff
        | 0xfe20..=0xfe2f
        | 0x3099
        | 0x309a
        | 0x200b..=0x200f
        | 0x202a..=0x202e
        | 0x2060..=0x206f
        | 0xfe00..=0xfe0f
        | 0xfeff
        | 0xe0000..=0xe0fff => (c, Kind::Mark),
        0x370..=0x3ff => (greek(c), Kind::Letter),
        0x400..=0x4ff => (cyrillic(code, c), Kind::Letter),
        0x660..=0x669 => (digit(code - 0x660), Kind::Digit),
        0x6f0..=0x6f9 => (digit(code - 0x6f0), Kind::Digit),
        0x966..=0x96f => (digit(code - 0x966), Kind::Digit),
        0x60c | 0x61b | 0x61f | 0x6d4 | 0x964 | 0x965 => (c, Kind::Gap),
        0x500..=0x10ff | 0x1200..=0x1dbf => (c, Kind::Letter),
        0x1100..=0x11ff => (c, Kind::Ideograph),
        0x2018 | 0x2019 | 0x2032 => ('\'', Kind::Apostrophe),
        0x2070 | 0x2074..=0x2079 => (digit(code & 15), Kind::Digit),
        0x2080..=0x2089 => (digit(code & 15), Kind::Digit),
        0x2460..=0x2468 => (digit(code - 0x245f), Kind::Digit),
        0x2000..=0x2fff => (c, Kind::Gap),
        0x3005..=0x3007 | 0x3021..=0x3029 => (c, Kind::Ideograph),
        0x3000..=0x3040 | 0x30a0 | 0x30fb | 0x3100..=0x33ff => symbols(c, code),
        0x3041..=0x3096 | 0x309d..=0x309f => (c, Kind::Ideograph),
        0x30a1..=0x30f6 => (shift(c, -0x60), Kind::Ideograph),
        0x30fc | 0xff70 => (c, Kind::Mark),
        0x30f7..=0x30ff => (c, Kind::Ideograph),
        0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff => {
            (c, Kind::Ideograph)
        }
        0xac00..=0xd7ff | 0xa960..=0xa97f => (c, Kind::Ideograph),
        0xff01..=0xff5e => ascii(shift(c, -0xfee0)),
        0xff61..=0xff65 | 0xff5f | 0xff60 | 0xff9e.. if code < 0x10000 => (c, Kind::Gap),
        0xff66..=0xff9d => (half_width_kana(code), Kind::Ideograph),
        0xe000..=0xf8ff | 0xfff0..=0xffff | 0x1f000..=0x1ffff => (c, Kind::Gap),
        0x1d400..=0x1d7ff => mathematical(c, code),
        _ => (c, Kind::Letter),
    }
}

fn ascii(c: char) -> (char, Kind) {
    match c {
        'a'..='z' => (c, Kind::Letter),
        'A'..='Z' => (c.to_ascii_lowercase(), Kind::Letter),
        '0'..='9' => (c, Kind::Digit),
        '\'' => (c, Kind::Apostrophe),
        _ => (c, Kind::Gap),
    }
}

fn digit(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or('0')
}

fn shift(c: char, by: i32) -> char {
    (c as u32)
        .checked_add_signed(by)
        .and_then(char::from_u32)
        .unwrap_or(c)
}

fn latin(c: char, at: u32) -> (char, Kind) {
    match LATIN.get(at as usize) {
        Some(b'_') | None => (c, Kind::Gap),
        Some(base) => (char::from(*base), Kind::Letter),
    }
}

/// Latin letters with the marks of Vietnamese and transcriptions, by blocks of the same letter.
fn vietnamese(code: u32) -> char {
    const ENDS: [(u32, char); 36] = [
        (0x1e02, 'a'),
        (0x1e08, 'b'),
        (0x1e0a, 'c'),
        (0x1e14, 'd'),
        (0x1e1e, 'e'),
        (0x1e20, 'f'),
        (0x1e22, 'g'),
        (0x1e2c, 'h'),
        (0x1e30, 'i'),
        (0x1e36, 'k'),
        (0x1e3e, 'l'),
        (0x1e44, 'm'),
        (0x1e4c, 'n'),
        (0x1e54, 'o'),
        (0x1e58, 'p'),
        (0x1e60, 'r'),
        (0x1e6a, 's'),
        (0x1e72, 't'),
        (0x1e7c, 'u'),
        (0x1e80, 'v'),
        (0x1e8a, 'w'),
        (0x1e8e, 'x'),
        (0x1e90, 'y'),
        (0x1e96, 'z'),
        (0x1e97, 'h'),
        (0x1e98, 't'),
        (0x1e99, 'w'),
        (0x1e9a, 'y'),
        (0x1e9b, 'a'),
        (0x1ea0, 's'),
        (0x1eb8, 'a'),
        (0x1ec8, 'e'),
        (0x1ecc, 'i'),
        (0x1ee4, 'o'),
        (0x1ef2, 'u'),
        (0x1f00, 'y'),
    ];
    ENDS.iter()
        .find(|(end, _)| code < *end)
        .map_or('y', |(_, base)| *base)
}

fn greek(c: char) -> char {
    match c {
        'Ά' | 'ά' | 'Α' => 'α',
        'Έ' | 'έ' | 'Ε' => 'ε',
        'Ή' | 'ή' | 'Η' => 'η',
        'Ί' | 'ί' | 'ΐ' | 'Ϊ' | 'ϊ' | 'Ι' => 'ι',
        'Ό' | 'ό' | 'Ο' => 'ο',
        'Ύ' | 'ύ' | 'ΰ' | 'Ϋ' | 'ϋ' | 'Υ' => 'υ',
        'Ώ' | 'ώ' | 'Ω' => 'ω',
        'ς' | 'Σ' => 'σ',
        '\u{391}'..='\u{3a1}' | '\u{3a4}'..='\u{3a9}' => shift(c, 0x20),
        _ => c,
    }
}

fn cyrillic(code: u32, c: char) -> char {
    let lower = match code {
        0x400..=0x40f => shift(c, 0x50),
        0x410..=0x42f => shift(c, 0x20),
        0x430..=0x45f | 0x482 => c,
        _ if code & 1 == 0 && !(0x4c0..=0x4cf).contains(&code) => shift(c, 1),
        _ => c,
    };
    match lower {
        'й' => 'и',
        'ё' | 'ѐ' => 'е',
        'ї' => 'і',
        'ѓ' => 'г',
        'ќ' => 'к',
        'ў' => 'у',
        'ѝ' => 'и',
        other => other,
    }
}

fn symbols(c: char, code: u32) -> (char, Kind) {
    match code {
        0x3105..=0x312f | 0x3131..=0x318e | 0x31a0..=0x31bf | 0x31f0..=0x31ff => {
            (c, Kind::Ideograph)
        }
        _ => (c, Kind::Gap),
    }
}

/// Half-width katakana as hiragana (their voicing marks follow as gaps and are lost).
fn half_width_kana(code: u32) -> char {
    const KANA: &str = "をぁぃぅぇぉゃゅょっーあいうえおかきくけこさしすせそたちつてとなにぬねの\
        はひふへほまみむめもやゆよらりるれろわん";
    KANA.chars().nth((code - 0xff66) as usize).unwrap_or('ー')
}

/// Letters and digits of the mathematical alphabets, which people use as fonts.
fn mathematical(c: char, code: u32) -> (char, Kind) {
    if let Some(at) = code.checked_sub(0x1d7ce) {
        return (digit(at % 10), Kind::Digit);
    }
    let at = code - 0x1d400;
    if at < 13 * 52 {
        let letter = (at % 26) as u8 + b'a';
        return (char::from(letter), Kind::Letter);
    }
    (c, Kind::Letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let kept = text
            .chars()
            .map(fold)
            .filter(|(_, kind)| *kind != Kind::Mark);
        kept.map(|(c, kind)| if kind == Kind::Gap { ' ' } else { c })
            .collect()
    }

    #[test]
    fn forms_of_the_same_letter_become_one() {
        for (typed, meant) in [
            ("ÀÉîõÜ çñß ŁŻź ŒœÆ", "aeiou cns lzz ooa"),
            ("ＡＢＣ ａｂｃ １２３！", "abc abc 123 "),
            ("e\u{301}a\u{308}", "ea"),
            ("Tiếng Việt đặt hàng", "tieng viet dat hang"),
            ("ΆλφαΣς Ώ", "αλφασσ ω"),
            ("ЁЖИК ёжик Й", "ежик ежик и"),
            ("カート ｶｰﾄ", "かと かと"),
            ("②¹٣", "213"),
            ("don’t", "don't"),
            ("取消，订单。", "取消 订单 "),
        ] {
            assert_eq!(folded(typed), folded(meant), "{typed}");
        }
        assert_eq!(folded("ﬀ"), "ﬀ", "what is not known stays");
    }

    #[test]
    fn every_character_folds_to_one_that_folds_to_itself() {
        let all = (0..=0x10_ffff).filter_map(char::from_u32);
        let unstable: Vec<char> = all
            .filter(|c| {
                let (once, kind) = fold(*c);
                fold(once) != (once, kind)
            })
            .collect();
        assert_eq!(unstable, []);
    }
}
