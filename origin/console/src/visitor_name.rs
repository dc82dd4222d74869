//! What to call visitors, who have no names: short, and the same every time.

use firsthop_core::id::ConversationId;

/// How many colours [`hue`] tells apart; the style sheet has a class for each.
pub const HUES: u8 = 8;

/// Four characters that tell a visitor from the others in the list. The id's end is random, its
/// beginning is a time.
pub fn tag(id: ConversationId) -> String {
    let [.., a, b] = id.as_bytes();
    format!("{a:02X}{b:02X}")
}

/// A colour's number below [`HUES`].
pub fn hue(id: ConversationId) -> u8 {
    let [.., c, _, _] = id.as_bytes();
    c % HUES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::testing::conversation;

    #[test]
    fn names_are_stable_and_differ() {
        assert_eq!(tag(conversation(0xab)), "ABAB");
        assert_ne!(tag(conversation(1)), tag(conversation(2)));
        assert!((0..=255).all(|n| hue(conversation(n)) < HUES));
    }
}
