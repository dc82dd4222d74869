//! Token buckets: how fast somebody may go.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;

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

/// A token bucket for each of many. When too many are counted all are forgotten: whoever makes that
/// many up gains a few tries, and nobody is locked out.
#[derive(Debug)]
pub struct Buckets {
    full: Bucket,
    counted_max: usize,
    buckets: BTreeMap<String, Bucket>,
}

impl Buckets {
    /// Buckets of this kind, and how many are remembered at most.
    pub const fn new(burst: u32, refill: Duration, counted_max: usize) -> Self {
        Self {
            full: Bucket::new(burst, refill),
            counted_max,
            buckets: BTreeMap::new(),
        }
    }

    /// Takes one out of somebody's.
    ///
    /// # Errors
    /// How long to wait for the next.
    pub fn take(&mut self, whose: &str, now: Instant) -> Result<(), Duration> {
        if self.buckets.len() >= self.counted_max && !self.buckets.contains_key(whose) {
            self.buckets.clear();
        }
        self.buckets
            .entry(whose.to_owned())
            .or_insert(self.full)
            .take(now, 1)
    }
}

/// Whom an address is counted as: an IPv6 network of 64 bits is one, as each of its machines has
/// countless addresses.
pub fn counted_as(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_on_its_own_and_memory_is_bounded() {
        let mut buckets = Buckets::new(5, SECOND, 100);
        let now = Instant::from_millis(1_000_000);
        for _ in 0..5 {
            assert_eq!(buckets.take("ada", now), Ok(()));
        }
        assert_eq!(buckets.take("ada", now), Err(SECOND));
        assert_eq!(buckets.take("bob", now), Ok(()));
        assert_eq!(buckets.take("ada", now + SECOND), Ok(()));
        for n in 0..200 {
            assert_eq!(buckets.take(&n.to_string(), now), Ok(()));
        }
        assert!(buckets.buckets.len() <= 100);
    }

    #[test]
    fn the_addresses_of_one_network_count_as_one() {
        let of = |address: &str| address.parse().map(counted_as);
        assert_eq!(of("2001:db8:1:2::7"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

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
