//! Words that nobody wrote, but that are one slip of the fingers away from one that the knowledge
//! asks with, are read as that word: "cancle my ordre". Only the scoring model reads them so; exact
//! questions, rules and the guard against unknown names see what was typed.

use super::tokens::{Shape, Tokens};
use crate::pack::Pack;

/// Reads mistyped words as what was meant.
pub(super) fn correct(tokens: &mut Tokens, pack: &Pack) {
    for place in 0..tokens.all().len() {
        if let Some(token) = tokens.all().get(place)
            && token.shape == Shape::Word
            && !pack.vocabulary().has(token.hash)
            && let Some(word) = pack.spellings().nearest(tokens.letters(token))
        {
            tokens.replace(place, word);
        }
    }
}
