//! Traditional Chinese characters, each with the simplified one that it is. Questions and all that
//! they are compared with are read in simplified ones, so that 運費 and 运费 are the same. Packs
//! without Chinese know none.
//!
//! In the part there are the upper bytes of all traditional characters, which ascend, then the lower
//! ones, then the same of the simplified ones: so they compress best.

use super::PackError;
use super::read::{Bytes, Span};

/// Bytes of a pair.
pub(super) const PAIR_BYTES: usize = 4;

/// Where the pairs are.
#[derive(Clone, Copy)]
pub(super) struct Place(Span);

impl Place {
    pub(super) fn check(mut part: Bytes<'_>) -> Result<Self, PackError> {
        let count = part.count()?;
        let pairs = part.span(count * PAIR_BYTES)?;
        part.end("characters")?;
        Ok(Self(pairs))
    }

    pub(super) fn open(self, bytes: &[u8]) -> Variants<'_> {
        Variants(self.0.of(bytes))
    }
}

/// The simplified characters of a pack. The default knows none.
#[derive(Clone, Copy, Default)]
pub(crate) struct Variants<'a>(&'a [u8]);

impl<'a> Variants<'a> {
    /// Those of a part, of which the count is left out.
    #[cfg(feature = "compile")]
    pub(super) fn new(pairs: &'a [u8]) -> Self {
        Self(pairs)
    }
}

impl Variants<'_> {
    /// The simplified character; the same one, if it is not known as a traditional one.
    pub(crate) fn simplified(self, c: char) -> char {
        let count = self.0.len() / PAIR_BYTES;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            match self.code(middle, count).cmp(&u32::from(c)) {
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
                core::cmp::Ordering::Equal => {
                    return char::from_u32(self.code(2 * count + middle, count)).unwrap_or(c);
                }
            }
        }
        c
    }

    /// The character of which the upper byte is `at` a place, the lower one `count` further.
    fn code(self, at: usize, count: usize) -> u32 {
        let byte = |at: usize| self.0.get(at).map_or(0, |byte| u32::from(*byte));
        byte(at) << 8 | byte(at + count)
    }
}

#[cfg(all(test, feature = "compile"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::knowledge::{self, SIMPLIFIED};
    use crate::pack::words;

    #[test]
    fn what_is_listed_is_simplified_once_and_for_all() {
        let knowledge = r#"{"id":"a","phrasings":["运费多少钱"],"answer":"a"}"#;
        let knowledge = knowledge::parse("test", knowledge.as_bytes()).unwrap();
        let pairs = words::simplified(&knowledge);
        let variants = Variants::new(&pairs);
        let mut listed = 0;
        for pair in SIMPLIFIED.split_whitespace() {
            let characters: Vec<char> = pair.chars().collect();
            let [traditional, simplified] = characters.try_into().unwrap();
            assert_ne!(traditional, simplified);
            assert_eq!(variants.simplified(traditional), simplified);
            assert_eq!(variants.simplified(simplified), simplified, "{pair}");
            listed += 1;
        }
        assert_eq!(listed, pairs.len() / PAIR_BYTES, "one is listed twice");
        for c in ['a', '\0', '😀', '\u{10ffff}'] {
            assert_eq!(variants.simplified(c), c);
        }
    }

    #[test]
    fn any_bytes_are_read() {
        for bytes in [&[0u8][..], &[1, 0, 0, 0, 0], &[1, 0x5b, 0x57, 0xd8, 1]] {
            let place = Place::check(Bytes::new(bytes)).unwrap();
            for c in ['\0', '字', '\u{10ffff}'] {
                assert_eq!(place.open(bytes).simplified(c), c);
            }
        }
        assert!(Place::check(Bytes::new(&[2, 0, 0, 0, 0])).is_err());
        assert!(Place::check(Bytes::new(&[0, 0])).is_err());
    }
}
