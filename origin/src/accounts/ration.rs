//! How often somebody may try to log in.

use std::collections::HashMap;
use std::time::Duration;

use firsthop_core::Instant;
use firsthop_core::limit::Bucket;
use firsthop_core::limits::{LOGIN_BURST, LOGIN_REFILL, LOGINS_COUNTED_MAX};

/// A token bucket for each address. When too many are counted all are forgotten: whoever makes
/// that many up gains a few tries, and nobody is locked out.
#[derive(Debug, Default)]
pub(super) struct Ration(HashMap<String, Bucket>);

impl Ration {
    /// Takes one try.
    ///
    /// # Errors
    /// How long to wait for the next.
    pub(super) fn take(&mut self, who: &str, now: Instant) -> Result<(), Duration> {
        if self.0.len() >= LOGINS_COUNTED_MAX && !self.0.contains_key(who) {
            self.0.clear();
        }
        self.0
            .entry(who.to_owned())
            .or_insert(Bucket::new(LOGIN_BURST, LOGIN_REFILL))
            .take(now, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_is_counted_on_its_own_and_memory_is_bounded() {
        let mut ration = Ration::default();
        let now = Instant::from_millis(1_000_000);
        for _ in 0..LOGIN_BURST {
            assert_eq!(ration.take("ada", now), Ok(()));
        }
        assert_eq!(ration.take("ada", now), Err(LOGIN_REFILL));
        assert_eq!(ration.take("bob", now), Ok(()));
        assert_eq!(ration.take("ada", now + LOGIN_REFILL), Ok(()));
        for n in 0..2 * LOGINS_COUNTED_MAX {
            assert_eq!(ration.take(&n.to_string(), now), Ok(()));
        }
        assert!(ration.0.len() <= LOGINS_COUNTED_MAX);
    }
}
