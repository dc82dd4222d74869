//! What `core` leaves to its host: clocks and dice.

use std::sync::LazyLock;

use firsthop_core::{Instant, Timestamp};

/// The wall clock.
pub fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// The monotonic clock.
pub fn instant() -> Instant {
    static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
    Instant::from_millis(u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX))
}

/// Random bytes of the operating system.
///
/// # Panics
/// If the operating system has none: nothing could be signed then.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
