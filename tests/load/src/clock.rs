//! This program's clocks and dice, in the forms that `core` takes.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use firsthop_core::id::MessageId;
use firsthop_core::{Instant, Timestamp};

static BEGAN: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);

/// The monotonic clock, from this program's start on.
pub(crate) fn now() -> Instant {
    Instant::from_millis(millis(BEGAN.elapsed()))
}

/// When the monotonic clock will show `at`.
pub(crate) fn deadline(at: Instant) -> tokio::time::Instant {
    tokio::time::Instant::from_std(*BEGAN + std::time::Duration::from_millis(at.as_millis()))
}

/// The wall clock.
pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp::from_millis(millis(since.unwrap_or_default()))
}

/// A new message's id.
pub(crate) fn message_id() -> Result<MessageId> {
    Ok(MessageId::new(wall(), random()?))
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(bytes)
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
