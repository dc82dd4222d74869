//! What is counted, and its text form for Prometheus.
//!
//! The enums are the only list of metrics; their names are a contract with dashboards.

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

macro_rules! metrics {
    ($(#[$doc:meta])* $name:ident $kind:literal { $($variant:ident $text:literal $help:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = $help] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            const fn text(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($text, $help),)+ }
            }
        }
    };
}

metrics! {
    /// What only grows.
    Counter "counter" {
        Commits "firsthop_commits_total" "Group commits.",
        CommitFailures "firsthop_commit_failures_total" "Group commits that failed; their senders were told to try again.",
        Events "firsthop_events_total" "Events that conversations' logs gained.",
        MessagesStored "firsthop_messages_stored_total" "Visitors' messages that were acknowledged, repeated ones included.",
        MessagesRefused "firsthop_messages_refused_total" "Visitors' messages that were refused.",
        ClaimsVerified "firsthop_claims_verified_total" "Answers of hops below that were computed again and matched.",
        ClaimsForged "firsthop_claims_unverified_total" "Answers of hops below that did not match.",
        OriginAnswers "firsthop_origin_answers_total" "Questions that the origin's bot answered.",
        FramesMalformed "firsthop_frames_malformed_total" "Wire messages that were no frames.",
        Batches "firsthop_edge_batches_total" "Signed batches that were taken.",
        BatchesRefused "firsthop_edge_batches_refused_total" "Batches whose signature was refused.",
        Pushes "firsthop_edge_pushes_total" "Pushes that an edge took.",
        PushFailures "firsthop_edge_push_failures_total" "Pushes that an edge did not take; they are tried again.",
        LoginFailures "firsthop_login_failures_total" "Logins with a wrong address or password.",
        Requests "firsthop_http_requests_total" "HTTP requests.",
        RequestFaults "firsthop_http_faults_total" "HTTP requests that ended in a fault of ours (5xx).",
    }
}

metrics! {
    /// What goes up and down.
    Gauge "gauge" {
        Connections "firsthop_connections" "Open TCP connections.",
        VisitorConnections "firsthop_visitor_connections" "Visitors' sockets, streams and long polls.",
        AgentConnections "firsthop_agent_connections" "Agents' sockets.",
        IngestQueue "firsthop_ingest_queue_jobs" "Writes that wait for a commit.",
        StoreFailing "firsthop_store_failing" "1 while the last commit failed.",
        Draining "firsthop_draining" "1 while the server is about to stop.",
    }
}

/// Upper bounds of the histogram's buckets, in microseconds.
const BUCKETS_US: [u64; 12] = [
    250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 512_000, 2_048_000,
];

/// All metrics of one server.
#[derive(Debug, Default)]
pub struct Metrics {
    counters: [AtomicU64; Counter::ALL.len()],
    gauges: [AtomicI64; Gauge::ALL.len()],
    commit_buckets: [AtomicU64; BUCKETS_US.len()],
    commit_us_sum: AtomicU64,
    commit_count: AtomicU64,
}

impl Metrics {
    /// Counts.
    pub fn count(&self, counter: Counter, by: u64) {
        self.counters[counter as usize].fetch_add(by, Ordering::Relaxed);
    }

    /// Moves a gauge.
    pub fn add(&self, gauge: Gauge, by: i64) {
        self.gauges[gauge as usize].fetch_add(by, Ordering::Relaxed);
    }

    /// Sets a gauge.
    pub fn set(&self, gauge: Gauge, to: i64) {
        self.gauges[gauge as usize].store(to, Ordering::Relaxed);
    }

    /// What a gauge shows.
    #[must_use]
    pub fn gauge(&self, gauge: Gauge) -> i64 {
        self.gauges[gauge as usize].load(Ordering::Relaxed)
    }

    /// Notes how long a commit took, from taking the first job to the end of the fsync.
    pub fn observe_commit(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = BUCKETS_US.iter().position(|bound| us <= *bound) {
            self.commit_buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        self.commit_us_sum.fetch_add(us, Ordering::Relaxed);
        self.commit_count.fetch_add(1, Ordering::Relaxed);
    }

    /// The text form (Prometheus exposition format 0.0.4).
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        let load = |value: &AtomicU64| value.load(Ordering::Relaxed);
        for (counter, value) in Counter::ALL.iter().zip(&self.counters) {
            let (name, help) = counter.text();
            line(&mut text, name, "counter", help, &load(value).to_string());
        }
        for (gauge, value) in Gauge::ALL.iter().zip(&self.gauges) {
            let (name, help) = gauge.text();
            line(
                &mut text,
                name,
                "gauge",
                help,
                &value.load(Ordering::Relaxed).to_string(),
            );
        }
        let name = "firsthop_commit_seconds";
        let mut histogram =
            format!("# HELP {name} Time that a group commit took.\n# TYPE {name} histogram\n");
        let mut below = 0;
        for (bound, value) in BUCKETS_US.iter().zip(&self.commit_buckets) {
            below += load(value);
            let _ = writeln!(
                histogram,
                "{name}_bucket{{le=\"{}\"}} {below}",
                *bound as f64 / 1e6
            );
        }
        let count = load(&self.commit_count);
        let _ = writeln!(histogram, "{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(
            histogram,
            "{name}_sum {}",
            load(&self.commit_us_sum) as f64 / 1e6
        );
        let _ = writeln!(histogram, "{name}_count {count}");
        text + &histogram
    }
}

fn line(text: &mut String, name: &str, kind: &str, help: &str, value: &str) {
    let _ = write!(
        text,
        "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_in_the_text_once() {
        let metrics = Metrics::default();
        metrics.count(Counter::Events, 3);
        metrics.add(Gauge::Connections, 2);
        metrics.observe_commit(Duration::from_micros(700));
        metrics.observe_commit(Duration::from_secs(9));
        let text = metrics.render();
        assert!(
            text.contains("\nfirsthop_events_total 3\n")
                && text.contains("\nfirsthop_connections 2\n")
        );
        assert!(
            text.contains("_bucket{le=\"0.001\"} 1\n") && text.contains("_bucket{le=\"+Inf\"} 2\n")
        );
        let names: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .collect();
        let mut unique = names.clone();
        unique.dedup();
        assert_eq!(
            (names.len(), names),
            (Counter::ALL.len() + Gauge::ALL.len() + 1, unique)
        );
    }
}
