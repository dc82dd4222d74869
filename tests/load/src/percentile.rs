//! Percentiles of latencies.

use std::time::Duration;

use serde_json::{Value, json};

#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn add(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// `{"p50": …, "p99": …}` in milliseconds; null where nothing was measured.
    pub(crate) fn report(&mut self) -> Value {
        self.0.sort_unstable();
        json!({ "p50": self.at(50), "p99": self.at(99) })
    }

    /// The smallest latency that `percent` of all do not exceed.
    fn at(&self, percent: usize) -> Option<f64> {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        let latency = self.0.get(rank - 1)?;
        Some((latency.as_secs_f64() * 100_000.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_measured() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.report(), json!({ "p50": null, "p99": null }));
        for millis in (1..=200).rev() {
            latencies.add(Duration::from_millis(millis));
        }
        assert_eq!(latencies.report(), json!({ "p50": 100.0, "p99": 198.0 }));
    }
}
