//! The part of `firsthop-load` that also runs as wasm: timing the answerer.
//!
//! In: a pack and questions. Out: how long each took, and a digest of every decision, by which
//! two builds of the answerer can be seen to say the same.

use std::time::{Duration, Instant};

use firsthop_core::answer::{Answerer, DecisionDigest, Question};
use firsthop_core::pack::Pack;

/// How fast questions were answered.
#[derive(Debug)]
pub struct Speed {
    /// One for each question and round, ascending.
    pub times: Vec<Duration>,
    /// The digest of every decision, in order: that of `firsthop pack eval` on the same questions.
    pub decisions: u64,
}

impl Speed {
    /// The time that `percent` of the questions do not exceed, in µs.
    pub fn percentile_us(&self, percent: usize) -> f64 {
        let rank = (self.times.len() * percent).div_ceil(100).max(1);
        let time = self.times.get(rank - 1).copied().unwrap_or_default();
        round(time.as_secs_f64() * 1e6)
    }

    /// The mean, in µs.
    pub fn mean_us(&self) -> f64 {
        let total: Duration = self.times.iter().sum();
        round(total.as_secs_f64() * 1e6 / self.times.len().max(1) as f64)
    }
}

fn round(us: f64) -> f64 {
    (us * 10.0).round() / 10.0
}

/// Asks every question `rounds` times. The first round, which fills caches, is not timed.
pub fn measure(pack: &Pack, questions: &[&str], rounds: u32) -> Speed {
    let mut answerer = Answerer::new();
    let mut decisions = DecisionDigest::default();
    for question in questions {
        decisions.add(&answerer.decide(pack, &Question::new(question)));
    }
    let mut times = Vec::new();
    for _ in 0..rounds {
        for question in questions {
            let question = Question::new(question);
            let began = Instant::now();
            let decision = answerer.decide(pack, &question);
            times.push(began.elapsed());
            std::hint::black_box(&decision);
        }
    }
    times.sort_unstable();
    Speed {
        times,
        decisions: decisions.value(),
    }
}
