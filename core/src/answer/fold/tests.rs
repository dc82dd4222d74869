//! The tables, generated from Unicode's; and folding held against NFKC and case folding, over
//! every character there is.
//!
//! What is expected of a character: it is decomposed (NFKD), loses its accents, is put into upper,
//! then lower case, which is case folding, and then typed as [`TYPED_AS`] says. What is not in
//! [`repertoire`] stays as it is.

use std::collections::BTreeSet;
use std::fmt::Write;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::ranges::RANGES;
use super::{Kind, SEVERAL};
use crate::pack::Variants;

/// Letters that Unicode does not take apart, as they are typed where the key is missing. Small
/// ones; capital letters become these.
const TYPED_AS: &[(&str, &str)] = &[
    ("a", "ⱥɑ"),
    ("b", "ƀɓƃ"),
    ("c", "ƈȼɕ"),
    ("d", "đɖɗƌȡð"),
    ("e", "ɇəǝɛ"),
    ("f", "ƒ"),
    ("g", "ɠǥɣƣɡ"),
    ("h", "ħɦ"),
    ("i", "ɨɩı"),
    ("j", "ɉʝȷ"),
    ("k", "ƙĸ"),
    ("l", "łƚȴɫɬɭŀ"),
    ("m", "ɱɯ"),
    ("n", "ɲƞȵɳŋŉ"),
    ("o", "øɔɵ"),
    ("p", "ƥ"),
    ("q", "ɋʠ"),
    ("r", "ɍɼɽɾʀ"),
    ("s", "ȿʂʃẜẝ"),
    ("t", "ŧƫƭʈȶⱦ"),
    ("u", "ʉʊ"),
    ("v", "ʋʌỽ"),
    ("w", "ƿ"),
    ("y", "ƴɏỿȝ"),
    ("z", "ƶȥɀʐʑʒƹ"),
    ("ae", "æ"),
    ("oe", "œ"),
    ("ss", "ß"),
    ("th", "þ"),
    ("hv", "ƕ"),
    ("ou", "ȣ"),
    ("ll", "ỻ"),
];

/// What people type, by blocks; and what of it is as Unicode does not have it, with the reason.
fn repertoire() -> BTreeSet<char> {
    let blocks = [
        0x00..=0x2af,  // Latin, Latin-1, Extended-A and -B, phonetic letters
        0x300..=0x377, // combining marks, Greek
        0x37a..=0x37f,
        0x384..=0x38a,
        0x38c..=0x38c,
        0x38e..=0x3a1,
        0x3a3..=0x52f, // Greek, Cyrillic
        0x531..=0x556, // Armenian
        0x561..=0x586,
        0x1e00..=0x1eff, // Latin, among it Vietnamese
        0x2018..=0x2019, // apostrophes
        0x2070..=0x2089, // raised and lowered digits
        0x2126..=0x212b, // ohm, kelvin, ångström
        0x2160..=0x217f, // Roman numerals
        0x2460..=0x24ea, // digits and letters in circles and brackets
        0x3041..=0x3096, // kana
        0x3099..=0x30ff,
        0x4e00..=0x9fff, // Chinese characters
        0xac00..=0xd7a3, // Hangul syllables
        0xfb00..=0xfb04, // ligatures
        0xff01..=0xff9f, // full and half width
    ];
    let singles = "㎎㎏㎜㎝㎞㎡";
    let all = blocks.into_iter().flatten().filter_map(char::from_u32);
    let mut all: BTreeSet<char> = all.chain(singles.chars()).collect();
    for (exceptions, _) in EXCEPTIONS {
        for c in exceptions.chars() {
            all.remove(&c);
        }
    }
    all
}

/// What folds otherwise than Unicode has it, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "ƄƧƼɁ",
        "tone letters and a sign of few languages: either case stays",
    ),
    (
        "ͰͲͶͿϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺ\u{3fd}\u{3fe}\u{3ff}",
        "archaic and Coptic letters: either case stays",
    ),
    ("ⅬⅭⅮⅯⅼⅽⅾⅿ", "numerals beyond twelve separate words"),
    ("¼½¾", "fractions separate words"),
    ("ⁱⁿ", "raised letters separate words as other signs do"),
    ("ℨ", "a letter of mathematics separates words"),
    (
        "ヷヸヹヺゞヾ",
        "kana of the dictionary are not put together of kana and mark",
    ),
    ("ヿゟ", "kana that stand for two stay"),
];

/// Whether it is a letter or digit, and so compared. The long sound mark (サーバー is サーバ too) and
/// spacing modifiers, which Unicode takes for letters, leave no trace.
fn counted(c: char) -> bool {
    c.is_alphanumeric() && c != 'ー' && !('\u{2b0}'..='\u{2ff}').contains(&c)
}

/// A character and what Unicode takes for the same. Hangul syllables are not put together of
/// their parts, which no keyboard sends.
fn forms(c: char) -> Vec<String> {
    let text = c.to_string();
    if ('가'..='힣').contains(&c) {
        return vec![text];
    }
    vec![text.nfkd().collect(), text.nfkc().collect(), text]
}

fn letters(text: &str) -> super::Letters<'_> {
    super::letters(text, Variants::default())
}

fn folded(text: &str) -> String {
    letters(text)
        .map(|(c, _)| c)
        .filter(|c| counted(*c))
        .collect()
}

fn without_accents(text: &str) -> String {
    let accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    text.nfkd().filter(|c| !accent(c)).nfc().collect()
}

/// What is expected of a text, Unicode's tables being at hand.
fn expected(text: &str) -> String {
    let once = without_accents(text);
    let small = without_accents(&once.to_uppercase().to_lowercase().replace('ς', "σ"));
    let mut typed = String::new();
    for c in small.chars() {
        match TYPED_AS.iter().find(|(_, letters)| letters.contains(c)) {
            Some((base, _)) => typed.push_str(base),
            // Katakana as hiragana.
            None if ('ァ'..='ヶ').contains(&c) || matches!(c, 'ヽ' | 'ヾ') => {
                typed.extend(char::from_u32(c as u32 - 0x60));
            }
            None => typed.push(c),
        }
    }
    typed.chars().filter(|c| counted(*c)).collect()
}

// ---- The tables ------------------------------------------------------------------------------

fn latin(c: char) -> u8 {
    let text = match TYPED_AS.iter().find(|(_, letters)| letters.contains(c)) {
        Some((base, _)) => (*base).to_owned(),
        None => match c.to_lowercase().next() {
            // Capital letters whose small one is known.
            Some(small) if small != c => return latin(small),
            _ => expected(&c.to_string()),
        },
    };
    match text.as_bytes() {
        [base @ b'a'..=b'z'] => *base,
        [_, _] => {
            let mut named = SEVERAL.split(' ');
            let name = named.find_map(|it| it.strip_suffix(&text)?.bytes().next());
            name.filter(u8::is_ascii_uppercase).unwrap_or(b'.')
        }
        _ => b'.',
    }
}

fn greek(c: char) -> u8 {
    let mut to = expected(&c.to_string())
        .chars()
        .collect::<Vec<_>>()
        .into_iter();
    match (to.next(), to.next()) {
        (Some(to @ 'α'..='ω'), None) => (to as u32 - 0x370) as u8,
        _ => b'.',
    }
}

fn cyrillic(c: char) -> u8 {
    let to = expected(&c.to_string()).chars().next().unwrap_or(c);
    (to as u32).wrapping_sub(c as u32) as u8
}

fn table(from: u32, to: u32, entry: impl Fn(char) -> u8) -> Vec<u8> {
    (from..=to).filter_map(char::from_u32).map(entry).collect()
}

/// In one byte below 128, else in two.
fn lengths() -> Vec<u8> {
    let starts = RANGES.iter().map(|(start, _)| *start).chain([0x1_0000]);
    let starts: Vec<u32> = starts.collect();
    let length = |pair: &[u32]| match pair[1] - pair[0] {
        short @ 0..0x80 => vec![short as u8],
        long => vec![0x80 | u8::try_from(long >> 8).unwrap(), long as u8],
    };
    starts.windows(2).flat_map(length).collect()
}

#[test]
fn tables_are_what_is_generated() {
    let kinds = RANGES.iter().map(|(_, is)| *is).collect();
    let tables: [(&str, &str, Vec<u8>); 6] = [
        ("KINDS", "What the ranges are", kinds),
        ("LENGTHS", "How long they are", lengths()),
        ("LATIN", "U+00C0 to U+02AF", table(0xc0, 0x2af, latin)),
        (
            "LATIN_ADDITIONAL",
            "U+1E00 to U+1EFF",
            table(0x1e00, 0x1eff, latin),
        ),
        ("GREEK", "U+0370 to U+03FF", table(0x370, 0x3ff, greek)),
        (
            "CYRILLIC",
            "U+0400 to U+052F",
            table(0x400, 0x52f, cyrillic),
        ),
    ];
    let mut text = "//! What letters of four scripts fold to; `fold.rs` says how it is read. Generated: when it is\n\
        //! not what would be, a test in `tests.rs` fails and prints what would.\n"
        .to_owned();
    for (name, range, generated) in tables {
        write!(text, "\n/// {range}.\npub(super) const {name}: &[u8] = b\"").unwrap();
        for line in generated.chunks(32) {
            // A space at the start of a line would be taken for its indentation.
            let line = line.escape_ascii().to_string().replace(' ', "\\x20");
            write!(text, "\\\n{line}").unwrap();
        }
        text.push_str("\";\n");
    }
    let there = include_str!("table.rs").replace("\r\n", "\n");
    assert!(there == text, "table.rs has to be:\n{text}");
}

#[test]
fn ranges_ascend() {
    assert!(RANGES.is_sorted_by(|(one, _), (next, _)| one < next));
}

// ---- All of Unicode --------------------------------------------------------------------------

#[test]
fn what_people_type_folds_as_unicode_has_it() {
    let mut wrong = Vec::new();
    for c in repertoire() {
        let theirs = expected(&c.to_string());
        for form in forms(c) {
            let ours = folded(&form);
            if ours != theirs {
                wrong.push(format!(
                    "U+{:04X} {c} as {form:?}: {ours:?}, not {theirs:?}",
                    c as u32
                ));
            }
        }
    }
    let some = wrong.iter().take(50).cloned().collect::<Vec<_>>();
    assert!(
        wrong.is_empty(),
        "{} of them\n{}",
        wrong.len(),
        some.join("\n")
    );
}

#[test]
fn exceptions_are_exceptions() {
    for (characters, reason) in EXCEPTIONS {
        for c in characters.chars() {
            let theirs = expected(&c.to_string());
            let differs = forms(c).iter().any(|form| folded(form) != theirs);
            assert!(differs, "{c} is no exception ({reason})");
        }
    }
}

/// Characters outside of the repertoire that are folded all the same, as people mean these; and
/// digits of three scripts and digits in black circles.
const BEYOND: &str = "′ʼ";

#[test]
fn everything_else_stays_as_it_is_or_leaves_no_trace() {
    let known = repertoire();
    let exceptions: String = EXCEPTIONS
        .iter()
        .map(|(characters, _)| *characters)
        .collect();
    let all = (0..=0x10_ffff).filter_map(char::from_u32);
    for c in all.filter(|c| !known.contains(c) && !exceptions.contains(*c)) {
        let found: Vec<(char, Kind)> = letters(c.encode_utf8(&mut [0; 4])).collect();
        let beyond = BEYOND.contains(c)
            || matches!(c as u32, 0x660..=0x669 | 0x6f0..=0x6f9 | 0x966..=0x96f | 0x24eb..=0x24ff | 0x2776..=0x2793);
        assert!(
            beyond || found.is_empty() || found.iter().all(|(to, _)| *to == c),
            "U+{:04X} {c}: {found:?}",
            c as u32
        );
    }
}

#[test]
fn what_is_folded_folds_to_itself() {
    for c in (0..=0x10_ffff).filter_map(char::from_u32) {
        let once: Vec<(char, Kind)> = letters(c.encode_utf8(&mut [0; 4])).collect();
        for (to, kind) in once {
            let kind = match kind {
                Kind::Capital => Kind::Letter,
                other => other,
            };
            let again: Vec<(char, Kind)> = letters(to.encode_utf8(&mut [0; 4])).collect();
            assert_eq!(again, [(to, kind)], "U+{:04X} {c}", c as u32);
        }
    }
}

#[test]
fn letters_are_letters_and_digits_digits() {
    for c in repertoire() {
        for (to, kind) in letters(c.encode_utf8(&mut [0; 4])) {
            let right = match kind {
                Kind::Letter | Kind::Capital | Kind::Ideograph => {
                    to.is_alphabetic() || to.is_numeric()
                }
                Kind::Digit => to.is_ascii_digit(),
                Kind::Apostrophe => to == '\'',
                Kind::Gap => !to.is_alphanumeric(),
                Kind::Mark => false,
            };
            assert!(right, "U+{:04X} {c}: {to} is no {kind:?}", c as u32);
        }
    }
}

#[test]
fn forms_of_the_same_text_become_one() {
    for (typed, meant) in [
        ("ÀÉîõÜ çñß ŁŻź ŒœÆ", "aeiou cnss lzz oeoeae"),
        ("ＡＢＣ ａｂｃ １２３！", "abc abc 123!"),
        ("e\u{301}a\u{308}", "ea"),
        ("Được Tiếng Việt", "duoc tieng viet"),
        ("Șțș Ţ", "sts t"),
        ("ΆλφαΣς Ώ", "αλφασσ ω"),
        ("ЁЖИК ёжик Й Ӣ", "ежик ежик и и"),
        ("カート ｶｰﾄ サーバ", "かと かと さば"),
        ("ガ ｶﾞ か\u{3099} ﾊﾟ ぱ", "が が が ぱ ぱ"),
        ("②¹٣ ⑩ ⑳", "213 10 20"),
        ("ﬁﬀ Ⅷ ５㎏", "fiff viii 5kg"),
        ("don’t", "don't"),
        ("取消，订单。", "取消,订单。"),
        ("Ⓗⓔ⒧", "hel"),
    ] {
        let mut read = String::new();
        super::read(typed, Variants::default(), &mut read);
        assert_eq!(read, meant, "{typed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_folds_whichever_way_it_is_composed(
        text in "[à-ÿĀ-ſа-яА-ЯёЁΑ-ωぁ-んァ-ヶｦ-ﾟa-zA-Z0-9 ]{0,20}",
    ) {
        let (composed, decomposed) = (text.nfc().collect::<String>(), text.nfd().collect::<String>());
        prop_assert_eq!(folded(&text), folded(&composed));
        prop_assert_eq!(folded(&text), folded(&decomposed));
    }

    #[test]
    fn nothing_that_is_typed_makes_it_panic(text in any::<String>()) {
        let read: Vec<(char, Kind)> = letters(&text).collect();
        prop_assert!(read.iter().all(|(_, kind)| *kind != Kind::Mark));
    }
}
