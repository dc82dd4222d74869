//! The origin's word for which pack an inbox has: signed with Ed25519, so that whoever carries
//! it, or stores it in between, can't put another in its place.
//!
//! Signed are the inbox's key, the time of publishing and the pack's name, which is the hash of
//! its bytes: a pack of one inbox can't be given out as another's, and an earlier one not as
//! newer than it is. Browsers check the same with WebCrypto (`browser-bot/js/platform.js`).

use core::fmt::Write;

use ed25519_dalek::{Signature, Signer, VerifyingKey};

use super::PackHash;
use crate::id::read_hex;
use crate::protocol::edge::Published;
use crate::time::Timestamp;

/// The secret half of the origin's key. Prints as `…`.
#[derive(Clone)]
pub struct PackSigner(ed25519_dalek::SigningKey);

impl core::fmt::Debug for PackSigner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("…")
    }
}

/// The public half, by which everybody can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackKey([u8; 32]);

/// Why a pack is not taken for the inbox's. The operator must act: the key is another, or
/// somebody between has changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the pack is not signed")]
    Missing,
    /// Key or signature is no hexadecimal number of the right length.
    #[error("the pack's signature is malformed")]
    Malformed,
    /// The key is not one of those that are trusted.
    #[error("the pack is signed with a key that is not trusted here")]
    Foreign,
    /// The signature does not match.
    #[error("the pack's signature does not match")]
    Wrong,
}

impl PackSigner {
    /// The key that 32 random secret bytes stand for.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// The public half.
    #[must_use]
    pub fn key(&self) -> PackKey {
        PackKey(self.0.verifying_key().to_bytes())
    }

    /// Signs that an inbox has had this pack since then.
    #[must_use]
    pub fn sign(&self, inbox: &str, pack: PackHash, at: Timestamp) -> Published {
        let signature = self.0.sign(statement(inbox, pack, at).as_bytes());
        Published {
            at,
            key: self.key().to_hex(),
            signature: hex(&signature.to_bytes()),
        }
    }
}

impl PackKey {
    /// The key of 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        read_hex(text.trim().bytes()).map(Self)
    }

    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }
}

/// Whether one of the trusted keys says that the inbox has had this pack since `published.at`.
///
/// # Errors
/// [`SignatureError`].
pub fn verify(
    trusted: &[PackKey],
    inbox: &str,
    pack: PackHash,
    published: Option<&Published>,
) -> Result<(), SignatureError> {
    let published = published.ok_or(SignatureError::Missing)?;
    let key = PackKey::from_hex(&published.key).ok_or(SignatureError::Malformed)?;
    let signature: [u8; 64] =
        read_hex(published.signature.bytes()).ok_or(SignatureError::Malformed)?;
    if !trusted.contains(&key) {
        return Err(SignatureError::Foreign);
    }
    let key = VerifyingKey::from_bytes(&key.0).map_err(|_| SignatureError::Malformed)?;
    let statement = statement(inbox, pack, published.at);
    key.verify_strict(statement.as_bytes(), &Signature::from_bytes(&signature))
        .map_err(|_| SignatureError::Wrong)
}

/// What is signed. No inbox's key has a line's end in it.
fn statement(inbox: &str, pack: PackHash, at: Timestamp) -> String {
    format!("firsthop pack v1\n{inbox}\n{}\n{pack}", at.as_millis())
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into memory does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_795_190_400_000);
    const PACK: PackHash = PackHash([0xa7; 32]);

    fn signed() -> (PackSigner, Published) {
        let signer = PackSigner::new([3; 32]);
        let published = signer.sign("demo", PACK, AT);
        (signer, published)
    }

    #[test]
    fn what_was_signed_is_believed_and_nothing_else() {
        let (signer, published) = signed();
        let trusted = [PackSigner::new([4; 32]).key(), signer.key()];
        let check = |inbox: &str, pack, published: &Published| {
            verify(&trusted, inbox, pack, Some(published))
        };
        assert_eq!(check("demo", PACK, &published), Ok(()));
        assert_eq!(check("shop", PACK, &published), Err(SignatureError::Wrong));
        let other = PackHash([0xa8; 32]);
        assert_eq!(check("demo", other, &published), Err(SignatureError::Wrong));
        let later = Published {
            at: Timestamp::from_millis(AT.as_millis() + 1),
            ..published.clone()
        };
        assert_eq!(check("demo", PACK, &later), Err(SignatureError::Wrong));
        assert_eq!(
            verify(&trusted, "demo", PACK, None),
            Err(SignatureError::Missing)
        );
        let foreign = PackSigner::new([5; 32]).sign("demo", PACK, AT);
        assert_eq!(check("demo", PACK, &foreign), Err(SignatureError::Foreign));
        for (key, signature) in [("", ""), ("zz", "00"), (published.key.as_str(), "00")] {
            let odd = Published {
                at: AT,
                key: key.to_owned(),
                signature: signature.to_owned(),
            };
            assert_eq!(check("demo", PACK, &odd), Err(SignatureError::Malformed));
        }
    }

    /// The same signature is checked with WebCrypto in `browser-bot/js/pure.test.mjs`.
    #[test]
    fn the_signature_of_the_golden_vector_is_this_one() {
        let vector: serde_json::Value = serde_json::from_str(include_str!(
            "../../../tests/vectors/v1/pack_signature.json"
        ))
        .unwrap();
        let (_, published) = signed();
        assert_eq!(vector["published"], serde_json::json!(published));
        assert_eq!(vector["pack"], serde_json::json!(PACK));
    }
}
