//! SHA-256 by the browser.

use leptos::prelude::window;
use wasm_bindgen_futures::JsFuture;

/// The hash of `bytes`; `None` where the browser has no WebCrypto, as on a page that came without
/// TLS from another machine.
pub(crate) async fn sha256(bytes: &[u8]) -> Option<[u8; 32]> {
    let crypto = window().crypto().ok()?;
    // What such a browser lacks reads as `undefined`.
    let subtle = crypto.subtle();
    if subtle.is_undefined() {
        return None;
    }
    let digest = subtle.digest_with_str_and_u8_array("SHA-256", bytes).ok()?;
    let digest = JsFuture::from(digest).await.ok()?;
    js_sys::Uint8Array::new(&digest).to_vec().try_into().ok()
}
