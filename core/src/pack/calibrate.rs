//! Calibration: how likely is the best match right, given its evidence?
//!
//! In goes evidence of questions that the scored model had not seen, among them questions whose
//! entry was hidden from it; out comes a logistic curve over the evidence, and from which
//! confidence on an answer keeps the precision that is asked for.

use super::math::exp;
use super::model::{Calibration, EVIDENCE};
use crate::answer::guards::GUARDED_MAX;
use crate::answer::{Evidence, per_mille};

/// Where a trial comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A phrasing of an entry that the model knows.
    InScope,
    /// A phrasing of an entry that was hidden from it.
    Hidden,
    /// A line of the background.
    Background,
}

/// One question that the model had not seen.
pub(super) struct Trial {
    pub(super) evidence: Evidence,
    /// Whether the best match was right. Never, if its entry was hidden.
    pub(super) right: bool,
    /// Whether a guard holds the best match back.
    pub(super) held_back: bool,
    pub(super) origin: Origin,
    /// How many questions it stands for.
    pub(super) weight: f64,
}

impl Trial {
    fn confidence(&self, calibration: &Calibration) -> u16 {
        let calibrated = per_mille(calibration, &self.evidence);
        if self.held_back {
            calibrated.min(GUARDED_MAX)
        } else {
            calibrated
        }
    }
}

/// What the pack is expected to do, on the trials.
pub(super) struct Expected {
    /// The right entry first, of those that have one, in ‰.
    pub(super) top1: u16,
    /// Answered rightly, of those that can be, in ‰.
    pub(super) coverage: u16,
    /// Answered rightly, of those answered, in ‰.
    pub(super) precision: u16,
}

const PARAMETERS: usize = EVIDENCE + 1;

/// Fits the curve and chooses the thresholds.
pub(super) fn calibrate(trials: &[Trial], precision: f64) -> (Calibration, Expected) {
    let mut calibration = fit(trials);
    let mut sorted: Vec<(u16, &Trial)> = trials
        .iter()
        .map(|trial| (trial.confidence(&calibration), trial))
        .collect();
    sorted.sort_by_key(|(confidence, _)| core::cmp::Reverse(*confidence));
    let weigh = |counts: fn(&Trial) -> bool| -> f64 {
        trials
            .iter()
            .filter(|trial| counts(trial))
            .map(|trial| trial.weight)
            .sum()
    };
    let (in_scope, ranked_right) = (
        weigh(|trial| trial.origin == Origin::InScope),
        weigh(|trial| trial.right),
    );
    let top1 = per_thousand(ranked_right, in_scope);
    let mut expected = Expected {
        top1,
        coverage: 0,
        precision: 1000,
    };
    calibration.answer_from = NEVER;
    let (mut answered, mut right, mut squares) = (0.0, 0.0, 0.0);
    for same in sorted.chunk_by(|a, b| a.0 == b.0) {
        for (_, trial) in same {
            answered += trial.weight;
            squares += trial.weight * trial.weight;
            right += if trial.right { trial.weight } else { 0.0 };
        }
        if surely(right / answered, answered * answered / squares) >= precision
            && let Some((confidence @ GUARDED_MAX.., _)) = same.first()
        {
            calibration.answer_from = (*confidence).max(GUARDED_MAX + 1);
            expected.coverage = per_thousand(right, in_scope);
            expected.precision = per_thousand(right, answered);
        }
    }
    calibration.suggest_from = calibration.answer_from.min(SUGGEST_FROM);
    (calibration, expected)
}

/// The share that is at least there, given the share that was found among so many: the lower
/// end of Wilson's interval, one standard deviation away. Few trials prove little.
fn surely(share: f64, trials: f64) -> f64 {
    let deviation = (share * (1.0 - share) / trials + 0.25 / (trials * trials)).sqrt();
    (share + 0.5 / trials - deviation) / (1.0 + 1.0 / trials)
}

/// A confidence that the curve hardly reaches: for packs of which nothing is known.
const NEVER: u16 = 999;

/// From this confidence in ‰ on, showing what might be meant helps more often than it annoys.
const SUGGEST_FROM: u16 = 250;

fn per_thousand(part: f64, whole: f64) -> u16 {
    if whole > 0.0 {
        (1000.0 * part / whole).round_ties_even().clamp(0.0, 1000.0) as u16
    } else {
        0
    }
}

/// Logistic regression by Newton's method with a small ridge.
fn fit(trials: &[Trial]) -> Calibration {
    let mut weights = [0.0f64; PARAMETERS];
    for _ in 0..25 {
        let mut gradient = [0.0f64; PARAMETERS];
        let mut hessian = [[0.0f64; PARAMETERS]; PARAMETERS];
        for trial in trials {
            let x = inputs(&trial.evidence);
            let sum: f64 = weights.iter().zip(&x).map(|(weight, x)| weight * x).sum();
            let p = 1.0 / (1.0 + exp(-sum));
            let error = (f64::from(u8::from(trial.right)) - p) * trial.weight;
            let curvature = p * (1.0 - p) * trial.weight;
            for ((slope, row), x_row) in gradient.iter_mut().zip(&mut hessian).zip(&x) {
                *slope += error * x_row;
                for (cell, x_column) in row.iter_mut().zip(&x) {
                    *cell += curvature * x_row * x_column;
                }
            }
        }
        for (place, ((slope, row), weight)) in gradient
            .iter_mut()
            .zip(&mut hessian)
            .zip(&weights)
            .enumerate()
        {
            *slope -= RIDGE * weight;
            if let Some(diagonal) = row.get_mut(place) {
                *diagonal += RIDGE;
            }
        }
        let step = solve(hessian, gradient);
        for (weight, change) in weights.iter_mut().zip(&step) {
            *weight += change.clamp(-4.0, 4.0);
        }
        if step.iter().all(|change| change.abs() < 1e-9) {
            break;
        }
    }
    let fixed = |weight: f64| (weight * 65_536.0).round_ties_even().clamp(-1e9, 1e9) as i32;
    let [bias, others @ ..] = weights;
    Calibration {
        bias: fixed(bias),
        weights: others.map(fixed),
        ..Calibration::default()
    }
}

/// Keeps the weights small where the trials say little.
const RIDGE: f64 = 1.0;

/// 1 for the bias, and the evidence with 1,024 as 1.
fn inputs(evidence: &Evidence) -> [f64; PARAMETERS] {
    let mut x = [1.0; PARAMETERS];
    for (x, value) in x.iter_mut().skip(1).zip(evidence) {
        *x = f64::from(*value) / 1024.0;
    }
    x
}

/// Solves a symmetric positive definite system by elimination.
fn solve(matrix: [[f64; PARAMETERS]; PARAMETERS], right: [f64; PARAMETERS]) -> [f64; PARAMETERS] {
    let mut rows: Vec<(Vec<f64>, f64)> = matrix
        .iter()
        .zip(right)
        .map(|(row, value)| (row.to_vec(), value))
        .collect();
    for place in 0..PARAMETERS {
        let (done, todo) = rows.split_at_mut(place + 1);
        let Some((pivot, pivot_value)) = done.last() else {
            break;
        };
        let diagonal = pivot.get(place).copied().unwrap_or(1.0);
        for (row, value) in todo {
            let factor = row.get(place).copied().unwrap_or(0.0) / diagonal;
            for (cell, above) in row.iter_mut().zip(pivot) {
                *cell -= factor * above;
            }
            *value -= factor * pivot_value;
        }
    }
    let mut solution = [0.0; PARAMETERS];
    for (place, (row, value)) in rows.iter().enumerate().rev() {
        let known: f64 = row
            .iter()
            .zip(&solution)
            .skip(place + 1)
            .map(|(a, x)| a * x)
            .sum();
        if let (Some(x), Some(diagonal)) = (solution.get_mut(place), row.get(place)) {
            *x = (value - known) / diagonal;
        }
    }
    solution
}
