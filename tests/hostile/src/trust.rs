//! Tokens and signatures: only what we signed is believed.

use firsthop_core::Timestamp;
use firsthop_core::sign::{Nonces, Purpose, Signed, header};
use firsthop_core::token::{Claims, Key, sign, verify};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const KEY: Key = Key([7; 32]);
const REQUEST: &str = "POST /v1/edge/batch";

pub(crate) fn token(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(claims) = verify(&KEY, text, NOW)
    {
        // Nobody guesses the key: it is one that this target or the seeds signed.
        assert_eq!(verify(&KEY, &sign(&KEY, &claims), NOW), Ok(claims));
    }
    // What the body may hold, properly signed.
    if let Ok(claims) = postcard::from_bytes::<Claims>(bytes) {
        let text = sign(&KEY, &claims);
        match verify(&KEY, &text, NOW) {
            Ok(read) => assert!(read == claims && claims.expires_at > NOW),
            Err(_) => assert!(claims.expires_at <= NOW || text.len() > 512),
        }
    }
}

/// Four lines of headers, then the body.
pub(crate) fn signature(bytes: &[u8]) {
    let mut parts = bytes.splitn(5, |byte| *byte == b'\n');
    let mut line = || {
        let line = parts.next().unwrap_or_default();
        std::str::from_utf8(line).ok()
    };
    let [edge, time, nonce, signature] = [line(), line(), line(), line()];
    let body = parts.next().unwrap_or_default();
    let Ok(signed) = Signed::from_headers(|name| match name {
        header::EDGE => edge,
        header::TIME => time,
        header::NONCE => nonce,
        header::SIGNATURE => signature,
        _ => None,
    }) else {
        return;
    };
    let headers = signed.headers();
    let again = Signed::from_headers(|name| {
        let found = headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    });
    assert_eq!(again.as_ref(), Ok(&signed));
    let _ = signed.verify(&[KEY], Purpose::Batch, REQUEST, body, NOW);
    // The same, signed by us, holds; for another body it does not.
    let ours = Signed::sign(
        &KEY,
        Purpose::Batch,
        signed.edge,
        NOW,
        signed.nonce,
        REQUEST,
        body,
    );
    assert_eq!(
        ours.verify(&[KEY], Purpose::Batch, REQUEST, body, NOW),
        Ok(())
    );
    assert!(
        ours.verify(&[KEY], Purpose::Push, REQUEST, body, NOW)
            .is_err()
    );
    let other = [body, b"x"].concat();
    assert!(
        ours.verify(&[KEY], Purpose::Batch, REQUEST, &other, NOW)
            .is_err()
    );
    let mut nonces = Nonces::new();
    assert_eq!(nonces.note(&ours, NOW), Ok(()));
    assert!(nonces.note(&ours, NOW).is_err(), "a replay");
}
