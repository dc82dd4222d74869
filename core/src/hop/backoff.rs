//! Waiting longer after each failure, and never all at the same time.

use core::time::Duration;

/// Exponential backoff with full jitter: a wait is drawn from the upper half of
/// `first × 2^failures`, capped.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    failures: u32,
    random: u64,
}

impl Backoff {
    /// `seed` is the host's randomness: two that start alike must not wait alike.
    pub const fn new(first: Duration, max: Duration, seed: u64) -> Self {
        Self {
            first,
            max,
            failures: 0,
            random: seed,
        }
    }

    /// The wait after one more failure.
    pub fn fail(&mut self) -> Duration {
        let whole = self
            .first
            .saturating_mul(1u32 << self.failures.min(16))
            .min(self.max);
        self.failures = self.failures.saturating_add(1);
        let half = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX) / 2;
        Duration::from_millis(half + self.draw() % (half + 1))
    }

    /// Success: the next wait is short again.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// Failures since the last success.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// splitmix64 (Steele, Lea, Flood 2014): plenty for spreading retries.
    const fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_shrink_after_success() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1), 7);
        for whole in [100, 200, 400, 800, 1000, 1000] {
            let wait = backoff.fail().as_millis();
            assert!((whole / 2..=whole).contains(&wait), "{wait} of {whole}");
        }
        backoff.reset();
        assert!(backoff.fail().as_millis() <= 100);
    }
}
