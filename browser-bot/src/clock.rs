//! Time and randomness, from the browser. The only place that reads a clock or rolls dice.

use firsthop_core::{Instant, Timestamp};

/// The browser's monotonic clock.
pub(crate) fn instant() -> Instant {
    let millis = web_sys::window().and_then(|window| window.performance()).map_or_else(js_sys::Date::now, |clock| clock.now());
    Instant::from_millis(millis as u64)
}

/// The wall clock.
pub(crate) fn wall() -> Timestamp {
    Timestamp::from_millis(js_sys::Date::now() as u64)
}

/// Random bytes; from `Math.random` should the browser have no better (they make ids, no secrets).
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let filled = web_sys::window()
        .and_then(|window| window.crypto().ok())
        .is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if !filled {
        bytes.fill_with(|| (js_sys::Math::random() * 256.0) as u8);
    }
    bytes
}
