//! Token buckets: how fast somebody may go.

use core::time::Duration;

use crate::time::Instant;

/// A token bucket: `burst` at once, then one every `refill`.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    burst: u32,
    refill: Duration,
    /// When the bucket will be (or was) full. It holds what the time since is worth.
    full_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub const fn new(burst: u32, refill: Duration) -> Self {
        Self {
            burst,
            refill,
            full_at: Instant::from_millis(0),
        }
    }

    /// Takes `count` at once, or nothing.
    ///
    /// # Errors
    /// How long to wait until so many are there. A `count` over the burst never is; the wait is
    /// then that of a full bucket.
    pub fn take(&mut self, now: Instant, count: u32) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + self.refill.saturating_mul(count);
        let ahead = full_at.since(now);
        let capacity = self.refill.saturating_mul(self.burst);
        if ahead > capacity {
            return Err(ahead - capacity);
        }
        self.full_at = full_at;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn burst_then_rate_then_burst_again() {
        let mut bucket = Bucket::new(3, SECOND);
        let at = Instant::from_millis;
        assert_eq!(bucket.take(at(10_000), 3), Ok(()));
        assert_eq!(bucket.take(at(10_000), 1), Err(SECOND));
        assert_eq!(bucket.take(at(10_400), 1), Err(Duration::from_millis(600)));
        assert_eq!(bucket.take(at(11_000), 1), Ok(()));
        assert_eq!(
            bucket.take(at(20_000), 3),
            Ok(()),
            "rest fills it, no further than the burst"
        );
        assert_eq!(bucket.take(at(20_000), 1), Err(SECOND));
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_grants_nothing() {
        let mut bucket = Bucket::new(1, SECOND);
        assert_eq!(bucket.take(Instant::from_millis(5_000), 1), Ok(()));
        assert!(bucket.take(Instant::from_millis(4_000), 1).is_err());
    }
}
