//! Signatures of what travels between an edge and the origin.
//!
//! HMAC-SHA256 under the edge's key over purpose, edge, time, nonce, request line and the hash
//! of the body. Time bounds how long a nonce must be remembered; [`Nonces`] remembers them.

use core::time::Duration;
use std::collections::{HashSet, VecDeque};

use hmac::Mac;
use sha2::{Digest, Sha256};

use crate::id::{EdgeId, read_hex, write_hex};
use crate::limits::{NONCES_REMEMBERED_MAX, SIGNATURE_AGE_MAX};
use crate::protocol::{Code, Problem};
use crate::time::Timestamp;
use crate::token::Key;

/// Names of the headers that carry a signature.
pub mod header {
    /// The edge's id.
    pub const EDGE: &str = "x-firsthop-edge";
    /// The signer's clock, milliseconds since the Unix epoch.
    pub const TIME: &str = "x-firsthop-time";
    /// 32 hexadecimal digits, never used twice.
    pub const NONCE: &str = "x-firsthop-nonce";
    /// 64 hexadecimal digits.
    pub const SIGNATURE: &str = "x-firsthop-signature";
}

/// Who signs for whom: a batch can't be sent back as a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// From an edge to the origin.
    Batch,
    /// From the origin to an edge.
    Push,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Batch => b"firsthop batch v1",
            Self::Push => b"firsthop push v1",
        }
    }
}

/// 128 random bits, used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce(pub [u8; 16]);

/// What is signed, as the headers tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The edge whose key signs.
    pub edge: EdgeId,
    /// The signer's clock.
    pub at: Timestamp,
    /// Against replays.
    pub nonce: Nonce,
    /// The HMAC.
    pub signature: [u8; 32],
}

/// Why a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The sender's headers are missing or not of their form.
    #[error("the signature headers are missing or malformed")]
    Malformed,
    /// The sender has the wrong key, or somebody changed the body.
    #[error("the signature does not match")]
    Mismatch,
    /// The clocks are too far apart, or the request is old.
    #[error("the signature is {} s old; at most {} s are allowed: check the clocks", .0.as_secs(), SIGNATURE_AGE_MAX.as_secs())]
    Expired(Duration),
    /// The request was seen before.
    #[error("the request was seen before")]
    Replayed,
    /// More requests than can be remembered.
    #[error("too many signed requests at once")]
    Overloaded,
}

impl From<SignatureError> for Problem {
    fn from(error: SignatureError) -> Self {
        let code = match error {
            SignatureError::Malformed | SignatureError::Mismatch => Code::SignatureInvalid,
            SignatureError::Expired(_) => Code::SignatureExpired,
            SignatureError::Replayed => Code::SignatureReplayed,
            SignatureError::Overloaded => Code::Overloaded,
        };
        Self::new(code, error.to_string())
    }
}

fn mac(
    key: &Key,
    purpose: Purpose,
    edge: EdgeId,
    at: Timestamp,
    nonce: Nonce,
    request: &str,
    body: &[u8],
) -> Option<hmac::Hmac<Sha256>> {
    key.mac(&[
        purpose.label(),
        edge.as_bytes(),
        &at.as_millis().to_be_bytes(),
        &nonce.0,
        request.as_bytes(),
        &Sha256::digest(body),
    ])
}

impl Signed {
    /// Signs a request. `request` is its method and path, such as `POST /v1/edge/batch`.
    pub fn sign(
        key: &Key,
        purpose: Purpose,
        edge: EdgeId,
        at: Timestamp,
        nonce: Nonce,
        request: &str,
        body: &[u8],
    ) -> Self {
        let signature = mac(key, purpose, edge, at, nonce, request, body)
            .map(|mac| mac.finalize().into_bytes().into())
            .unwrap_or_default();
        Self {
            edge,
            at,
            nonce,
            signature,
        }
    }

    /// Name and value of each header.
    pub fn headers(&self) -> [(&'static str, String); 4] {
        struct Hex<'a>(&'a [u8]);
        impl core::fmt::Display for Hex<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write_hex(f, self.0)
            }
        }
        [
            (header::EDGE, self.edge.to_string()),
            (header::TIME, self.at.as_millis().to_string()),
            (header::NONCE, Hex(&self.nonce.0).to_string()),
            (header::SIGNATURE, Hex(&self.signature).to_string()),
        ]
    }

    /// Reads the headers; `get` gives a header's value.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`].
    pub fn from_headers<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Self, SignatureError> {
        let field = |name| get(name).ok_or(SignatureError::Malformed);
        Ok(Self {
            edge: field(header::EDGE)?
                .parse()
                .map_err(|_| SignatureError::Malformed)?,
            at: field(header::TIME)?
                .parse()
                .map(Timestamp::from_millis)
                .map_err(|_| SignatureError::Malformed)?,
            nonce: read_hex(field(header::NONCE)?.bytes())
                .map(Nonce)
                .ok_or(SignatureError::Malformed)?,
            signature: read_hex(field(header::SIGNATURE)?.bytes())
                .ok_or(SignatureError::Malformed)?,
        })
    }

    /// Checks the signature under any of `keys` (two are valid during a rotation), then its age.
    /// The caller then asks [`Nonces`].
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`] or [`SignatureError::Expired`].
    pub fn verify(
        &self,
        keys: &[Key],
        purpose: Purpose,
        request: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        let matches = keys.iter().any(|key| {
            mac(key, purpose, self.edge, self.at, self.nonce, request, body)
                .is_some_and(|mac| mac.verify_slice(&self.signature).is_ok())
        });
        if !matches {
            return Err(SignatureError::Mismatch);
        }
        let apart = now.since(self.at).max(self.at.since(now));
        if apart > SIGNATURE_AGE_MAX {
            return Err(SignatureError::Expired(apart));
        }
        Ok(())
    }
}

/// Remembers the nonces of valid signatures for as long as these could be replayed.
#[derive(Debug, Default)]
pub struct Nonces {
    seen: HashSet<(EdgeId, Nonce)>,
    order: VecDeque<(Timestamp, EdgeId, Nonce)>,
}

impl Nonces {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of a signature that verified.
    ///
    /// # Errors
    /// [`SignatureError::Replayed`] if it was seen, [`SignatureError::Overloaded`] if as many as
    /// can be remembered are younger than the age at which they could be forgotten.
    pub fn note(&mut self, signed: &Signed, now: Timestamp) -> Result<(), SignatureError> {
        // A signature may lie ahead of our clock by the allowed age, and stays valid for the same
        // time after: twice the age since we saw it.
        let keep = SIGNATURE_AGE_MAX * 2;
        while let Some(&(at, edge, nonce)) = self.order.front() {
            if now.since(at) <= keep {
                break;
            }
            self.order.pop_front();
            self.seen.remove(&(edge, nonce));
        }
        if self.seen.len() >= NONCES_REMEMBERED_MAX {
            return Err(SignatureError::Overloaded);
        }
        if !self.seen.insert((signed.edge, signed.nonce)) {
            return Err(SignatureError::Replayed);
        }
        self.order.push_back((now, signed.edge, signed.nonce));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const REQUEST: &str = "POST /v1/edge/batch";

    fn signed() -> (Key, Signed) {
        let key = Key([3; 32]);
        let edge = EdgeId::new(NOW, [5; 10]);
        let signed = Signed::sign(
            &key,
            Purpose::Batch,
            edge,
            NOW,
            Nonce([1; 16]),
            REQUEST,
            b"body",
        );
        (key, signed)
    }

    #[test]
    fn headers_read_back_and_verify_under_either_key() {
        let (key, signed) = signed();
        let headers = signed.headers();
        let read = Signed::from_headers(|name| {
            headers
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| v.as_str())
        });
        assert_eq!(read, Ok(signed.clone()));
        let keys = [Key([9; 32]), key];
        assert_eq!(
            signed.verify(&keys, Purpose::Batch, REQUEST, b"body", NOW),
            Ok(())
        );
    }

    #[test]
    fn nothing_that_is_signed_can_be_changed() {
        let (key, signed) = signed();
        let keys = [key];
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(
            signed.verify(&keys, Purpose::Push, REQUEST, b"body", NOW),
            mismatch
        );
        assert_eq!(
            signed.verify(&keys, Purpose::Batch, "POST /v1/edge/push", b"body", NOW),
            mismatch
        );
        assert_eq!(
            signed.verify(&keys, Purpose::Batch, REQUEST, b"bodz", NOW),
            mismatch
        );
        assert_eq!(
            signed.verify(&[Key([4; 32])], Purpose::Batch, REQUEST, b"body", NOW),
            mismatch
        );
        let later = Signed {
            at: NOW + Duration::from_millis(1),
            ..signed.clone()
        };
        assert_eq!(
            later.verify(&keys, Purpose::Batch, REQUEST, b"body", NOW),
            mismatch
        );
        let other = Signed {
            nonce: Nonce([2; 16]),
            ..signed
        };
        assert_eq!(
            other.verify(&keys, Purpose::Batch, REQUEST, b"body", NOW),
            mismatch
        );
    }

    #[test]
    fn old_and_replayed_requests_are_refused() {
        let (key, signed) = signed();
        let late = NOW + SIGNATURE_AGE_MAX + Duration::from_millis(1);
        assert!(matches!(
            signed.verify(&[key], Purpose::Batch, REQUEST, b"body", late),
            Err(SignatureError::Expired(_))
        ));
        let mut nonces = Nonces::new();
        assert_eq!(nonces.note(&signed, NOW), Ok(()));
        assert_eq!(
            nonces.note(&signed, NOW + SIGNATURE_AGE_MAX),
            Err(SignatureError::Replayed)
        );
    }
}
