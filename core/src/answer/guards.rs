//! Guards against what goes wrong with scores: a question that says the opposite of an entry,
//! and a fragment that could mean anything. They turn an answer into a suggestion.

use super::tokens::{Shape, Token, Tokens};

/// What a question is like, apart from what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    /// It denies something: "I did not order", 我没有要取消.
    pub(crate) negated: bool,
    /// It is too short to say what is wanted.
    pub(crate) fragment: bool,
}

/// Words that deny, folded.
const NEGATIONS: [&str; 44] = [
    "not",
    "no",
    "never",
    "cannot",
    "without",
    "unable",
    "can't",
    "cant",
    "don't",
    "dont",
    "doesn't",
    "doesnt",
    "didn't",
    "didnt",
    "won't",
    "wont",
    "isn't",
    "isnt",
    "aren't",
    "wasn't",
    "wasnt",
    "haven't",
    "havent",
    "hasn't",
    "hasnt",
    "couldn't",
    "shouldn't",
    "nothing",
    "none",
    "stop",
    "nope",
    "nahi",
    "kein",
    "keine",
    "nicht",
    "pas",
    "ne",
    "不",
    "没",
    "無",
    "无",
    "别",
    "未",
    "沒",
];

/// Fewest words, and fewest ideographs, that say what is wanted.
const WORDS_MIN: usize = 3;
const IDEOGRAPHS_MIN: usize = 4;

/// The manner of a question.
pub(crate) fn manner(tokens: &Tokens) -> Manner {
    let all = tokens.all();
    let negated = all.iter().enumerate().any(|(place, token)| {
        is_negation(tokens, token) && !asks_whether(all, place) && place + 1 < all.len()
    });
    let ideographs = all
        .iter()
        .filter(|token| token.shape == Shape::Ideograph)
        .count();
    let words = all.len() - ideographs;
    // One word says as much as two ideographs.
    let fragment = words * IDEOGRAPHS_MIN + ideographs * WORDS_MIN < WORDS_MIN * IDEOGRAPHS_MIN;
    Manner { negated, fragment }
}

fn is_negation(tokens: &Tokens, token: &Token) -> bool {
    let letters = tokens.letters(token);
    NEGATIONS
        .iter()
        .any(|word| word.chars().eq(letters.iter().copied()))
}

/// Whether the negation at `place` only asks, as in 能不能 and 有没有.
fn asks_whether(all: &[Token], place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|before| all.get(before));
    let after = all.get(place + 1);
    matches!((before, after), (Some(a), Some(b)) if a.shape == Shape::Ideograph && a.hash == b.hash)
}

/// Of the phrasings of an entry, in 1/255, how many must be negated for a negated question to
/// mean it.
const NEGATED_SHARE_MIN: u8 = 13;

/// Confidence in ‰ that a guarded match has at most: never enough for an answer.
pub(crate) const GUARDED_MAX: u16 = 499;

/// The confidence that is left to an entry, of which `negated_share` (in 1/255) of the phrasings
/// deny something, for a question of this manner.
pub(crate) fn guarded(confidence: u16, manner: Manner, negated_share: u8) -> u16 {
    let other_way = manner.negated && negated_share < NEGATED_SHARE_MIN;
    if manner.fragment || other_way {
        confidence.min(GUARDED_MAX)
    } else {
        confidence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Manner {
        let mut tokens = Tokens::default();
        tokens.read(text);
        manner(&tokens)
    }

    #[test]
    fn denials_are_told_from_questions() {
        for text in [
            "I did not cancel it",
            "不用转人工了谢谢",
            "我没有要取消",
            "I can’t join the contest",
        ] {
            assert!(of(text).negated, "{text}");
        }
        for text in [
            "能不能取消订单",
            "有没有优惠券呢",
            "东西到了没",
            "where is my order",
        ] {
            assert!(!of(text).negated, "{text}");
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
