//! Time and randomness, from the browser. The only place that reads a clock or rolls dice.

use firsthop_core::{Instant, Timestamp};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn monotonic_millis() -> f64;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_with_random(bytes: &mut [u8]);
}

/// The browser's monotonic clock.
pub(crate) fn instant() -> Instant {
    Instant::from_millis(monotonic_millis() as u64)
}

/// The wall clock.
pub(crate) fn wall() -> Timestamp {
    Timestamp::from_millis(js_sys::Date::now() as u64)
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill_with_random(&mut bytes);
    bytes
}
