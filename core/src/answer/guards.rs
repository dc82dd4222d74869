//! Guards against what goes wrong with scores: a question that says the opposite of an entry, one
//! that names a thing of which nobody wrote, and a fragment that could mean anything. They turn an
//! answer into a suggestion.

use super::features::single;
use super::tokens::{Shape, Token, Tokens, finish, step};
use crate::pack::{BETWEEN, Lexicon, Model, Vocabulary};

/// What a question is like, apart from what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    /// How it denies something, or complains about a state: "I did not order", 我没有要取消, "still
    /// nothing". A bit for each kind of words that do so; and [`STRANGER`].
    pub(crate) ways: u8,
    /// What it denies, the first few of it.
    pub(crate) denied: [Option<Denied>; 3],
    /// It is too short to say what is wanted.
    pub(crate) fragment: bool,
}

impl Manner {
    /// That of a part of a message: what the message denies, each part does.
    pub(crate) fn within(self, whole: Self) -> Self {
        Self {
            ways: self.ways | whole.ways & !STRANGER,
            denied: whole.denied,
            ..self
        }
    }
}

/// A word that is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Denied {
    /// The feature that it is by itself.
    pub(crate) word: u32,
    /// Of it and the way in which it is denied, for [`Model::denies`].
    pub(crate) key: u16,
}

/// It names something that the knowledge does not mention: "do you ship to Alaska". Of an entry: its
/// phrasings name things that no other of them does, so that it is about any such thing.
pub(crate) const STRANGER: u8 = 1 << 7;

/// Fewest words, and fewest ideographs, that say what is wanted.
const WORDS_MIN: usize = 3;
const IDEOGRAPHS_MIN: usize = 4;

/// The manner of a question.
pub(crate) fn manner(tokens: &Tokens, lexicon: &Lexicon<'_>, vocabulary: Vocabulary<'_>) -> Manner {
    let all = tokens.all();
    let mut ways = 0;
    let mut denied = [None; 3];
    let mut free = denied.iter_mut();
    for (place, token) in all.iter().enumerate() {
        // 没 at the end only asks, as in 到了没.
        let asks = token.shape == Shape::Ideograph && place + 1 == all.len();
        if !asks && !asks_whether(all, place) {
            let way = lexicon.denial(token.hash) & !BETWEEN;
            ways |= way;
            let says = |it: &&Token| !lexicon.is_plain(it.hash) && lexicon.denial(it.hash) == 0;
            if way != 0
                && let Some(what) = all.iter().skip(place + 1).find(says)
                && let Some(free) = free.next()
            {
                *free = Some(Denied {
                    word: single(what.hash),
                    key: key(way, tokens.letters(what)),
                });
            }
        }
    }
    let ideographs = all
        .iter()
        .filter(|token| token.shape == Shape::Ideograph)
        .count();
    let words = all.len() - ideographs;
    // One word says as much as two ideographs.
    let fragment = words * IDEOGRAPHS_MIN + ideographs * WORDS_MIN < WORDS_MIN * IDEOGRAPHS_MIN;
    if names(all).any(|(_, name)| !vocabulary.has(name)) {
        ways |= STRANGER;
    }
    Manner {
        ways,
        denied,
        fragment,
    }
}

/// What the tokens name, as far as it shows in how it is typed: words with a capital letter within
/// a sentence of which most words have none, Latin words among Chinese ones, words that a short
/// number touches (X200). Out come places, and by what the names are known.
pub(crate) fn names(all: &[Token]) -> impl Iterator<Item = (usize, u32)> {
    // Words without a capital letter less those with one, and whether there is Chinese.
    let (mut small, mut chinese) = (0, false);
    for token in all {
        match token.shape {
            Shape::Word => small += if token.capital { -1 } else { 1 },
            Shape::Ideograph => chinese = true,
            Shape::Number => {}
        }
    }
    let mut within = false;
    all.iter().enumerate().filter_map(move |(place, token)| {
        let typed_so = chinese || token.capital && within && small >= 0;
        within = !token.ends_sentence();
        let name = token.name?;
        let named = token.shape == Shape::Number || token.length() > 1 && typed_so;
        named.then_some((place, name))
    })
}

/// Of a word and the way in which it is denied, whatever the word's ending.
fn key(way: u8, letters: &[char]) -> u16 {
    let first = letters.iter().take(DENIED_LETTERS).map(|c| u32::from(*c));
    finish(first.fold(u64::from(way), step)) as u16
}

/// Of a denied word so many letters count: "work", "working".
const DENIED_LETTERS: usize = 4;

/// Whether the negation at `place` only asks, as in 能不能 and 有没有.
fn asks_whether(all: &[Token], place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|before| all.get(before));
    let after = all.get(place + 1);
    matches!((before, after), (Some(a), Some(b)) if a.shape == Shape::Ideograph && a.hash == b.hash)
}

/// Confidence in ‰ that a guarded match has at most: never enough for an answer.
pub(crate) const GUARDED_MAX: u16 = 499;

/// A reason not to give an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// It says too little.
    Fragment,
    /// It denies in another way than the entry.
    Denial,
    /// It names what neither the entry nor anything else does.
    Stranger,
}

/// Why a question of this manner must not be answered by an entry, if it must not.
pub(crate) fn guard(manner: &Manner, class: u16, model: &Model<'_>) -> Option<Guard> {
    let other = manner.ways & !model.ways(class);
    // 我没有要取消 denies what cancelling is about; 还没发货能取消吗 denies something else.
    let opposite = |denied: &Denied| {
        model.weight(model.bucket(denied.word), class) > 0 && !model.denies(class, denied.key)
    };
    let opposite = manner.denied.iter().flatten().any(opposite);
    if manner.fragment {
        Some(Guard::Fragment)
    } else if other & !STRANGER != 0 || opposite {
        Some(Guard::Denial)
    } else if other != 0 {
        Some(Guard::Stranger)
    } else {
        None
    }
}

#[cfg(all(test, feature = "compile"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::knowledge::{self, DENIALS};
    use crate::pack::{BuildSettings, Pack, build};

    fn of(text: &str) -> Manner {
        let known = r#"{"id":"a","phrasings":["where do you ship","do you ship to Alaska","支持PayPal吗","is the X200 in stock"],"answer":"We ship to Canada."}"#;
        let known = knowledge::parse("test", known.as_bytes());
        let settings = BuildSettings::default();
        let (bytes, report) = build(&known.unwrap(), &settings, &mut |_| {}).unwrap();
        let mut tokens = Tokens::default();
        let pack = Pack::load(bytes, report.hash).unwrap();
        tokens.read(text, pack.variants());
        manner(&tokens, &pack.lexicon(), pack.vocabulary())
    }

    #[test]
    fn denials_are_told_from_questions() {
        for text in [
            "I did not cancel it",
            "不用转人工了谢谢",
            "我没有要取消",
            "I can’t join the contest",
            "it has been a week and still nothing",
        ] {
            assert!(of(text).ways & !STRANGER != 0, "{text}");
        }
        for text in [
            "能不能取消订单",
            "有没有优惠券呢",
            "东西到了没",
            "where is my order",
        ] {
            assert!(of(text).ways & !STRANGER == 0, "{text}");
        }
    }

    #[test]
    fn fragments_are_told_from_questions() {
        for text in ["email id", "tie", "退款", "发票呢", "app 退"] {
            assert!(of(text).fragment, "{text}");
        }
        for text in ["email id change", "怎么退款", "改 email 地址"] {
            assert!(!of(text).fragment, "{text}");
        }
    }

    #[test]
    fn names_are_told_from_words() {
        let stranger = |text| of(text).ways & STRANGER != 0;
        for text in [
            "do you ship to Texas",
            "Hello there. do you take Klarna?",
            "支持klarna吗",
            "is the X300 in stock",
        ] {
            assert!(stranger(text), "{text}");
        }
        for text in [
            "do you ship to alaska",
            "do you ship to Canada",
            "do you ship to texas",
            "Texas, do you ship there",
            "Do You Ship To Texas",
            "DO YOU SHIP TO TEXAS",
            "what do I do",
            "支持paypal吗",
            "A款有货吗",
            "is the x200 in stock",
            "where is FH123456",
            "I want 2kg at 10pm",
        ] {
            assert!(!stranger(text), "{text}");
        }
    }

    #[test]
    fn a_kind_of_denial_is_no_name() {
        assert!(DENIALS.lines().count() < 8, "the eighth bit is for names");
    }
}
