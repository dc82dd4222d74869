//! Identifiers.
//!
//! Whoever writes a message makes its id; every hop and every store dedupes on it. Ids are
//! UUIDs (RFC 9562): version 7 where somebody made them (48 bits of Unix milliseconds, then
//! 74 random bits), version 8 where they follow from another id (see [`MessageId::derive`]).
//! As text they are the usual 36 characters, so that any UUID library can make them.
//!
//! Randomness comes from the caller: nothing here rolls dice or reads a clock.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::time::Timestamp;

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a UUID: 32 hexadecimal digits, hyphenated 8-4-4-4-12")]
pub struct IdError;

/// Writes `bytes` as lower-case hexadecimal digits.
pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            f.write_str(
                HEX.get(usize::from(nibble)..=usize::from(nibble))
                    .unwrap_or("?"),
            )?;
        }
    }
    Ok(())
}

const HEX: &str = "0123456789abcdef";

/// Reads `N` bytes from exactly `2 * N` hexadecimal digits.
pub(crate) fn read_hex<const N: usize>(digits: impl Iterator<Item = u8>) -> Option<[u8; N]> {
    let mut out = [0u8; N];
    let mut count = 0usize;
    for digit in digits {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            b'A'..=b'F' => digit - b'A' + 10,
            _ => return None,
        };
        let byte = out.get_mut(count / 2)?;
        *byte = (*byte << 4) | value;
        count += 1;
    }
    (count == 2 * N).then_some(out)
}

/// Reads `N` bytes that were written as an array. One loop, where serde's own is unrolled: the
/// widget counts its bytes.
pub(crate) fn deserialize_bytes<'de, D: Deserializer<'de>, const N: usize>(
    deserializer: D,
) -> Result<[u8; N], D::Error> {
    struct Bytes<const N: usize>;
    impl<'de, const N: usize> de::Visitor<'de> for Bytes<N> {
        type Value = [u8; N];
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }
        fn visit_seq<A: de::SeqAccess<'de>>(self, mut bytes: A) -> Result<[u8; N], A::Error> {
            let mut out = [0; N];
            for byte in &mut out {
                *byte = bytes
                    .next_element()?
                    .ok_or_else(|| de::Error::invalid_length(N, &self))?;
            }
            Ok(out)
        }
    }
    deserializer.deserialize_tuple(N, Bytes)
}

/// 128 bits as a UUID: text for people and JSON, 16 bytes in postcard.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// A version 7 UUID of `at` and 80 bits of the caller's randomness (6 of them are not used).
    pub fn v7(at: Timestamp, random: [u8; 10]) -> Self {
        let [_, _, t0, t1, t2, t3, t4, t5] = at.as_millis().to_be_bytes();
        let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
        Self([
            t0,
            t1,
            t2,
            t3,
            t4,
            t5, //
            0x70 | (r0 & 0x0f),
            r1, //
            0x80 | (r2 & 0x3f),
            r3,
            r4,
            r5,
            r6,
            r7,
            r8,
            r9,
        ])
    }

    /// The version: 7 for ids that somebody made, 8 for derived ones; others are foreign.
    pub fn version(self) -> u8 {
        let [_, _, _, _, _, _, version, ..] = self.0;
        version >> 4
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g, h, i, j, k, tail @ ..] = &self.0;
        write_hex(f, &[*a, *b, *c, *d])?;
        f.write_str("-")?;
        write_hex(f, &[*e, *g])?;
        f.write_str("-")?;
        write_hex(f, &[*h, *i])?;
        f.write_str("-")?;
        write_hex(f, &[*j, *k])?;
        f.write_str("-")?;
        write_hex(f, tail)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != 36 {
            return Err(IdError);
        }
        let hyphens_right = text
            .bytes()
            .enumerate()
            .all(|(i, b)| (b == b'-') == matches!(i, 8 | 13 | 18 | 23));
        if !hyphens_right {
            return Err(IdError);
        }
        read_hex(text.bytes().filter(|b| *b != b'-'))
            .map(Self)
            .ok_or(IdError)
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            struct Text;
            impl de::Visitor<'_> for Text {
                type Value = Uuid;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a UUID")
                }
                fn visit_str<E: de::Error>(self, text: &str) -> Result<Uuid, E> {
                    text.parse().map_err(E::custom)
                }
            }
            deserializer.deserialize_str(Text)
        } else {
            deserialize_bytes(deserializer).map(Self)
        }
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id of `at` and 80 bits of the caller's randomness.
            pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
                Self(Uuid::v7(at, random))
            }

            /// The 16 bytes, as they stand in postcard and in a store.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0.0
            }

            /// The id of 16 bytes that [`Self::as_bytes`] gave.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A message, an answer, or any other event or command: the key on which everyone dedupes.
    MessageId;
    /// A visitor of one inbox, as admitted by an edge or the origin.
    VisitorId;
    /// An agent's account.
    AgentId;
    /// An edge's registration at the origin.
    EdgeId;
}

/// A visitor has one conversation in an inbox; it bears the visitor's id.
pub type ConversationId = VisitorId;

/// What an id is derived for; see [`MessageId::derive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// The bot's answer to a question. As every hop derives the same id, a question can be
    /// answered only once.
    Answer = 1,
    /// The change of status that a message caused.
    Status = 2,
    /// The assignment that an agent's reply caused.
    Assignment = 3,
    /// What rules say to agents about a message.
    Note = 4,
}

impl MessageId {
    /// When it was made, by the clock of whoever made it, to the millisecond; for an id that was
    /// derived, when that was made which it follows from.
    #[must_use]
    pub fn at(self) -> Timestamp {
        let [a, b, c, d, e, f, ..] = self.0.0;
        Timestamp::from_millis(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// The id that follows from this one: version 8, with `purpose` in the four bits after the
    /// version. Everyone who derives it gets the same.
    #[must_use]
    pub fn derive(self, purpose: Derived) -> Self {
        let mut bytes = self.0.0;
        if let Some(version) = bytes.get_mut(6) {
            *version = 0x80 | purpose as u8;
        }
        Self(Uuid(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(0x0123_4567_89ab);

    #[test]
    fn text_form_is_the_usual_one_and_reads_back() {
        let id = MessageId::new(AT, [0xff; 10]);
        assert_eq!(id.to_string(), "01234567-89ab-7fff-bfff-ffffffffffff");
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "",
            "01234567-89ab-7fff-bfff-fffffffffff",
            "0123456789ab-7fff-bfff-ffffffffffff-",
            "01234567-89ab-7fff-bfff-fffffffffffg",
            "0123é567-89ab-7fff-bfff-ffffffffffff",
        ] {
            assert_eq!(wrong.parse::<MessageId>(), Err(IdError), "{wrong}");
        }
    }

    #[test]
    fn later_ids_sort_later() {
        let later = Timestamp::from_millis(AT.as_millis() + 1);
        assert!(MessageId::new(AT, [0xff; 10]) < MessageId::new(later, [0; 10]));
    }

    #[test]
    fn derived_ids_are_stable_and_distinct() {
        let id = MessageId::new(AT, [3; 10]);
        assert_eq!(id.derive(Derived::Answer), id.derive(Derived::Answer));
        assert_ne!(id.derive(Derived::Answer), id.derive(Derived::Status));
        assert_ne!(id.derive(Derived::Answer), id);
        assert_eq!(id.derive(Derived::Answer).0.version(), 8);
    }
}
