//! Timing the answerer.
//!
//! In: a pack and questions. Out: how long each took, and a digest of every decision, by which
//! two builds of the answerer can be seen to say the same.

use std::time::{Duration, Instant};

use firsthop_core::answer::{Answerer, DecisionDigest, Question};
use firsthop_core::pack::Pack;

/// How fast questions were answered.
#[derive(Debug)]
pub struct Speed {
    /// For each question the median of its rounds, ascending: what else the machine does meanwhile
    /// hits a round now and then, not a question.
    pub times: Vec<Duration>,
    /// The digest of every decision, in order: that of `firsthop pack eval` on the same questions.
    pub decisions: u64,
}

impl Speed {
    /// Of times that were taken round by round, each of as many questions as `questions`.
    pub fn of(times: &[Duration], questions: usize, decisions: u64) -> Self {
        let median = |question: usize| {
            let mut rounds: Vec<_> = times.iter().skip(question).step_by(questions).collect();
            rounds.sort_unstable();
            rounds.get(rounds.len() / 2).copied().copied()
        };
        let mut times: Vec<Duration> = (0..questions).filter_map(median).collect();
        times.sort_unstable();
        Self { times, decisions }
    }

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
    Speed::of(&times, questions.len(), decisions.value())
}
