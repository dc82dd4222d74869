//! Which words the knowledge has, and the lists that every pack starts from: a set of bits, of
//! which each word has one by its hash. So a word that nobody wrote may be taken for one that
//! somebody did (in a pack of 1,000 entries about one in ten), but never the other way.

use super::read::{Bytes, Span};

/// Of a word's hash, so many bits count.
const BITS: u32 = 15;

/// Where the set is.
#[derive(Clone, Copy)]
pub(super) struct Place(Span);

impl Place {
    pub(super) fn check(mut part: Bytes<'_>) -> Result<Self, super::PackError> {
        part.span(part.rest().len()).map(Self)
    }

    pub(super) fn open(self, bytes: &[u8]) -> Vocabulary<'_> {
        Vocabulary(self.0.of(bytes))
    }
}

/// The words that are known. The default takes all words for known.
#[derive(Clone, Copy, Default)]
pub(crate) struct Vocabulary<'a>(&'a [u8]);

/// The byte and the bit of a word.
fn place(word: u32) -> (usize, u8) {
    let bit = word >> (32 - BITS);
    ((bit >> 3) as usize, 1 << (bit & 7))
}

impl<'a> Vocabulary<'a> {
    /// Those of a part.
    #[cfg(feature = "compile")]
    pub(super) fn new(set: &'a [u8]) -> Self {
        Self(set)
    }

    /// Whether a word of this hash may be known.
    pub(crate) fn has(self, word: u32) -> bool {
        let (byte, bit) = place(word);
        self.0.get(byte).is_none_or(|bits| bits & bit > 0)
    }
}

/// The set of these words.
#[cfg(feature = "compile")]
pub(super) fn set(words: impl Iterator<Item = u32>) -> Vec<u8> {
    let mut set = vec![0; 1 << (BITS - 3)];
    for word in words {
        let (byte, bit) = place(word);
        if let Some(bits) = set.get_mut(byte) {
            *bits |= bit;
        }
    }
    set
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_known_and_else_little() {
        let hash = |word: u32| word.wrapping_mul(0x9e37_79b9);
        let set = set((0..1_000).map(hash));
        let vocabulary = Vocabulary::new(&set);
        assert!((0..1_000).all(|word| vocabulary.has(hash(word))));
        let others = (1_000..11_000).filter(|word| vocabulary.has(hash(*word)));
        assert!(others.count() < 500);
        assert!(
            Vocabulary::default().has(7),
            "without a list nothing is unknown"
        );
    }
}
