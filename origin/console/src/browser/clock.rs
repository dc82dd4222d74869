//! Time and randomness, as the replica wants them handed in.

use firsthop_core::id::MessageId;
use firsthop_core::{Instant, Timestamp};
use leptos::prelude::window;

/// The monotonic clock.
pub(crate) fn now() -> Instant {
    Instant::from_millis(
        window()
            .performance()
            .map_or(0.0, |performance| performance.now()) as u64,
    )
}

/// The wall clock.
pub(crate) fn local() -> Timestamp {
    Timestamp::from_millis(js_sys::Date::now() as u64)
}

/// `N` bytes from the browser's cryptographic generator.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // A browser without it can't have loaded this page: wasm came later than it.
    let _ = window()
        .crypto()
        .and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    bytes
}

/// An id for what the agent does now.
pub(crate) fn message_id() -> MessageId {
    MessageId::new(local(), random())
}
