//! What a replay counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::percentile::Latencies;

/// Counts of one visitor, or of all.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) questions: u64,
    pub(super) answered_right: u64,
    pub(super) answered_wrong: u64,
    /// Questions to which the bot only made suggestions.
    pub(super) suggested: u64,
    /// Those of them where a right entry was among the suggestions.
    pub(super) suggested_right: u64,
    pub(super) by_browser: u64,
    pub(super) by_edge: u64,
    pub(super) by_origin: u64,
    pub(super) handed_off: u64,
    pub(super) agent_answers_received: u64,
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    pub(super) out_of_order: u64,
    pub(super) reconnects: u64,
    /// From the visitor's sending to the bot's answer on the visitor's device.
    pub(super) bot: Latencies,
    /// From the agent's sending to the answer on the visitor's device.
    pub(super) agent: Latencies,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.questions += other.questions;
        self.answered_right += other.answered_right;
        self.answered_wrong += other.answered_wrong;
        self.suggested += other.suggested;
        self.suggested_right += other.suggested_right;
        self.by_browser += other.by_browser;
        self.by_edge += other.by_edge;
        self.by_origin += other.by_origin;
        self.handed_off += other.handed_off;
        self.agent_answers_received += other.agent_answers_received;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.out_of_order += other.out_of_order;
        self.reconnects += other.reconnects;
        self.bot.extend(&other.bot);
        self.agent.extend(&other.agent);
    }

    /// The report's line, which `settings` (how it was run) begin.
    pub(super) fn report(mut self, via: &str, visitors: usize, wall_seconds: f64) -> Value {
        json!({
            "via": via,
            "visitors": visitors,
            "questions": self.questions,
            "answered_right": self.answered_right,
            "answered_wrong": self.answered_wrong,
            "suggested": self.suggested,
            "suggested_right": self.suggested_right,
            "answered_by": { "browser": self.by_browser, "edge": self.by_edge, "origin": self.by_origin },
            "handed_off": self.handed_off,
            "agent_answers_received": self.agent_answers_received,
            "lost": self.lost,
            "duplicated": self.duplicated,
            "out_of_order": self.out_of_order,
            "reconnects": self.reconnects,
            "latency_ms": { "bot": self.bot.report(), "agent": self.agent.report() },
            "wall_seconds": (wall_seconds * 100.0).round() / 100.0,
        })
    }
}

/// How many questions have an outcome by now; shared by all visitors.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Arc<AtomicU64>);

impl Progress {
    pub(super) fn asked(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
