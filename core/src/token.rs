//! A visitor's token: proof of having been admitted, checked by any hop that knows the key.
//!
//! `base64url(postcard(claims)) . base64url(HMAC-SHA256(purpose, claims))`, without padding.
//! It names an inbox and a visitor and expires; it holds nothing secret.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::id::{VisitorId, read_hex, write_hex};
use crate::limits::{TOKEN_BYTES_MAX, TOKEN_LIFETIME};
use crate::protocol::{Code, Problem};
use crate::time::Timestamp;

/// 32 secret bytes. Prints as `…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub [u8; 32]);

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("…")
    }
}

impl Key {
    /// The key of 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        read_hex(text.trim().bytes()).map(Self)
    }

    /// The 64 hexadecimal digits, for handing it to whoever must know it.
    pub fn to_hex(&self) -> String {
        struct Hex<'a>(&'a [u8]);
        impl core::fmt::Display for Hex<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write_hex(f, self.0)
            }
        }
        Hex(&self.0).to_string()
    }

    /// HMAC-SHA256 under this key. Any key length is valid, so this can't fail; should the
    /// library disagree, nothing verifies.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        for part in parts {
            // Length-prefixed, so that no two different lists of parts look alike.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Some(mac)
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The inbox's key.
    pub inbox: String,
    /// The visitor.
    pub visitor: VisitorId,
    /// When it was made: it is renewed after a while.
    pub issued_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl Claims {
    /// Claims that begin now.
    pub fn new(inbox: impl Into<String>, visitor: VisitorId, now: Timestamp) -> Self {
        Self {
            inbox: inbox.into(),
            visitor,
            issued_at: now,
            expires_at: now + TOKEN_LIFETIME,
        }
    }
}

/// Why a token does not admit its bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The client should ask for admission as somebody new.
    #[error("the token is not one of ours; ask for admission without it")]
    Invalid,
    /// The client should ask for admission as somebody new.
    #[error("the token has expired; ask for admission without it")]
    Expired,
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let code = match error {
            TokenError::Invalid => Code::TokenInvalid,
            TokenError::Expired => Code::TokenExpired,
        };
        Self::new(code, error.to_string())
    }
}

const PURPOSE: &[u8] = b"firsthop visitor token v1";

/// Signs claims.
pub fn sign(key: &Key, claims: &Claims) -> String {
    let body = postcard::to_allocvec(claims).unwrap_or_default();
    let tag = key
        .mac(&[PURPOSE, &body])
        .map(|mac| mac.finalize().into_bytes().to_vec())
        .unwrap_or_default();
    format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(body),
        BASE64_URL_SAFE_NO_PAD.encode(tag)
    )
}

/// Checks a token, in constant time as to its tag.
///
/// # Errors
/// [`TokenError`].
pub fn verify(key: &Key, text: &str, now: Timestamp) -> Result<Claims, TokenError> {
    if text.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::Invalid);
    }
    let (body, tag) = text.split_once('.').ok_or(TokenError::Invalid)?;
    let body = BASE64_URL_SAFE_NO_PAD
        .decode(body)
        .map_err(|_| TokenError::Invalid)?;
    let tag = BASE64_URL_SAFE_NO_PAD
        .decode(tag)
        .map_err(|_| TokenError::Invalid)?;
    key.mac(&[PURPOSE, &body])
        .ok_or(TokenError::Invalid)?
        .verify_slice(&tag)
        .map_err(|_| TokenError::Invalid)?;
    let claims: Claims = postcard::from_bytes(&body).map_err(|_| TokenError::Invalid)?;
    if claims.expires_at <= now {
        return Err(TokenError::Expired);
    }
    Ok(claims)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn token() -> (Key, Claims, String) {
        let key = Key([7; 32]);
        let claims = Claims::new("demo", VisitorId::new(NOW, [1; 10]), NOW);
        let text = sign(&key, &claims);
        (key, claims, text)
    }

    #[test]
    fn a_token_reads_back_until_it_expires() {
        let (key, claims, text) = token();
        assert_eq!(verify(&key, &text, NOW), Ok(claims.clone()));
        assert_eq!(
            verify(&key, &text, claims.expires_at),
            Err(TokenError::Expired)
        );
    }

    #[test]
    fn another_key_or_any_changed_character_is_refused() {
        let (key, _, text) = token();
        assert_eq!(verify(&Key([8; 32]), &text, NOW), Err(TokenError::Invalid));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert_eq!(
                verify(&key, &forged, NOW),
                Err(TokenError::Invalid),
                "at {at}"
            );
        }
        for end in 0..text.len() {
            assert_eq!(verify(&key, &text[..end], NOW), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn keys_do_not_print() {
        assert_eq!(format!("{:?}", Key([7; 32])), "…");
        assert_eq!(Key::from_hex(&Key([9; 32]).to_hex()), Some(Key([9; 32])));
    }
}
