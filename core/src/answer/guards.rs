//! Guards against what goes wrong with scores: a question that says the opposite of an entry,
//! and a fragment that could mean anything. They turn an answer into a suggestion.

use super::tokens::{Shape, Token, Tokens};
use crate::pack::Lexicon;

/// What a question is like, apart from what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    /// How it denies something, or complains about a state: "I did not order", 我没有要取消, "still
    /// nothing". A bit for each kind of words that do so.
    pub(crate) denials: u8,
    /// It is too short to say what is wanted.
    pub(crate) fragment: bool,
}

/// Fewest words, and fewest ideographs, that say what is wanted.
const WORDS_MIN: usize = 3;
const IDEOGRAPHS_MIN: usize = 4;

/// The manner of a question.
pub(crate) fn manner(tokens: &Tokens, lexicon: &Lexicon<'_>) -> Manner {
    let all = tokens.all();
    let mut denials = 0;
    for (place, token) in all.iter().enumerate() {
        // 没 at the end only asks, as in 到了没.
        let asks = token.shape == Shape::Ideograph && place + 1 == all.len();
        if !asks && !asks_whether(all, place) {
            denials |= lexicon.denial(token.hash);
        }
    }
    let ideographs = all
        .iter()
        .filter(|token| token.shape == Shape::Ideograph)
        .count();
    let words = all.len() - ideographs;
    // One word says as much as two ideographs.
    let fragment = words * IDEOGRAPHS_MIN + ideographs * WORDS_MIN < WORDS_MIN * IDEOGRAPHS_MIN;
    Manner { denials, fragment }
}

/// Whether the negation at `place` only asks, as in 能不能 and 有没有.
fn asks_whether(all: &[Token], place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|before| all.get(before));
    let after = all.get(place + 1);
    matches!((before, after), (Some(a), Some(b)) if a.shape == Shape::Ideograph && a.hash == b.hash)
}

/// Confidence in ‰ that a guarded match has at most: never enough for an answer.
pub(crate) const GUARDED_MAX: u16 = 499;

/// Whether a question of this manner must not be answered by an entry of which the phrasings deny
/// something in these ways: it says too little, or denies in another way.
pub(crate) fn holds_back(manner: Manner, denials: u8) -> bool {
    manner.fragment || manner.denials & !denials != 0
}

#[cfg(all(test, feature = "compile"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::knowledge;
    use crate::pack::{BuildSettings, Pack, build};

    fn of(text: &str) -> Manner {
        let empty = knowledge::parse("test", br#"{"id":"a","phrasings":["a"],"answer":"a"}"#);
        let settings = BuildSettings::default();
        let (bytes, report) = build(&empty.unwrap(), &settings, &mut |_| {}).unwrap();
        let mut tokens = Tokens::default();
        let pack = Pack::load(bytes, report.hash).unwrap();
        tokens.read(text, pack.variants());
        manner(&tokens, &pack.lexicon())
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
            assert!(of(text).denials != 0, "{text}");
        }
        for text in [
            "能不能取消订单",
            "有没有优惠券呢",
            "东西到了没",
            "where is my order",
        ] {
            assert!(of(text).denials == 0, "{text}");
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
}
