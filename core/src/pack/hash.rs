//! The name of a pack: the SHA-256 of its bytes.
//!
//! Naming needs no hashing: whoever fetched a pack by its name checks the bytes against it with
//! what the platform has (WebCrypto in the browser, `sha2` natively), see
//! [`Pack::load`](super::Pack::load).

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::id::{deserialize_bytes, read_hex, write_hex};

/// SHA-256 of a pack's bytes: 64 hexadecimal digits as text and in JSON, 32 bytes in postcard.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackHash(pub [u8; 32]);

/// Why a text is not the hash of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a pack is its SHA-256: 64 hexadecimal digits")]
pub struct PackHashError;

impl PackHash {
    /// The hash of `bytes`.
    #[cfg(any(feature = "compile", feature = "trust"))]
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for PackHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for PackHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl FromStr for PackHash {
    type Err = PackHashError;

    fn from_str(text: &str) -> Result<Self, PackHashError> {
        read_hex(text.bytes()).map(Self).ok_or(PackHashError)
    }
}

impl Serialize for PackHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for PackHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            struct Text;
            impl de::Visitor<'_> for Text {
                type Value = PackHash;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("64 hexadecimal digits")
                }
                fn visit_str<E: de::Error>(self, text: &str) -> Result<PackHash, E> {
                    text.parse().map_err(E::custom)
                }
            }
            deserializer.deserialize_str(Text)
        } else {
            deserialize_bytes(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_reads_back_and_anything_else_is_refused() {
        let hash = PackHash([0xa7; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for wrong in ["", "a7", &"a7".repeat(33), &"g7".repeat(32)] {
            assert_eq!(wrong.parse::<PackHash>(), Err(PackHashError), "{wrong}");
        }
    }
}
