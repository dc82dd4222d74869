//! From scores to a confidence that can be believed: a few integers as evidence, a linear sum
//! whose weights were fitted on questions that the training had not seen, a logistic curve.

use super::features::Features;
use super::guards::{GUARDED_MAX, Manner, guard};
use super::score::Scores;
use crate::pack::{Calibration, EVIDENCE, Model};

/// What speaks for and against the best match, in 1/1,024 unless said otherwise.
pub(crate) type Evidence = [i32; EVIDENCE];

/// Scores beyond this say no more.
const SCORE_MAX: i32 = 4096;

/// Of a question's squared length, so much at least speaks for an entry that it is about, in
/// 1/1,024. Less is chance: features that share a bucket.
const EXPLAINED_MIN: i32 = 64;

/// The evidence of a scored question.
pub(crate) fn evidence(scores: &Scores, features: &Features) -> Evidence {
    let at = |place: usize| {
        scores
            .best()
            .get(place)
            .map_or(-2048, |scored| scored.score.clamp(-SCORE_MAX, SCORE_MAX))
    };
    let (first, second, third) = (at(0), at(1), at(2));
    let known = features.known() as i32;
    let support = scores.support();
    [
        first,
        first - second,
        first - third,
        known,
        log2(features.tokens()),
        first - scores.background().clamp(-SCORE_MAX, SCORE_MAX),
        (first + 1024).max(0) * known / 1024,
        (first - second) * known / 1024,
        support.for_it,
        support.against,
        support.explained,
        support.breadth,
    ]
}

/// The confidence of the best match in ‰: calibrated, then guarded.
pub(crate) fn confidence(
    scores: &Scores,
    features: &Features,
    manner: Manner,
    model: &Model<'_>,
) -> u16 {
    let calibrated = unguarded(scores, features, model);
    match scores.best().first() {
        Some(best) if guard(&manner, best.class, model).is_some() => calibrated.min(GUARDED_MAX),
        _ => calibrated,
    }
}

/// The same without the guards.
pub(crate) fn unguarded(scores: &Scores, features: &Features, model: &Model<'_>) -> u16 {
    if scores.best().is_empty() || scores.support().explained < EXPLAINED_MIN {
        return 0;
    }
    per_mille(model.calibration, &evidence(scores, features))
}

/// The binary logarithm in 1/1,024, linear between powers of two; 0 for 0.
pub(crate) fn log2(value: u32) -> i32 {
    let value = value.max(1);
    let whole = value.ilog2();
    let part = (u64::from(value) << 10 >> whole) as i32 - 1024;
    whole as i32 * 1024 + part
}

/// The confidence that calibration gives to evidence: 0 to 1,000 ‰.
pub(crate) fn per_mille(calibration: &Calibration, evidence: &Evidence) -> u16 {
    let mut sum = i64::from(calibration.bias) * 1024;
    for (weight, value) in calibration.weights.iter().zip(evidence) {
        sum += i64::from(*weight) * i64::from(*value);
    }
    // From 1/65,536 of 1/1,024 to 1/1,024.
    logistic((sum >> 16).clamp(-1 << 20, 1 << 20) as i32)
}

/// 1000 / (1 + e^-x) at x = 0, 1/4, 1/2, … 8.
const CURVE: [u16; 33] = [
    500, 562, 622, 679, 731, 777, 818, 852, 881, 905, 924, 940, 953, 963, 971, 977, 982, 986, 989,
    991, 993, 995, 996, 997, 998, 998, 998, 999, 999, 999, 999, 1000, 1000,
];

/// 1000 / (1 + e^-x), x in 1/1,024; linear between the points of the curve.
fn logistic(x: i32) -> u16 {
    let distance = x.unsigned_abs();
    let (step, part) = ((distance / 256) as usize, (distance % 256) as i32);
    let upper = match (CURVE.get(step), CURVE.get(step + 1)) {
        (Some(low), Some(high)) => i32::from(*low) + i32::from(high - low) * part / 256,
        _ => 1000,
    };
    (if x < 0 { 1000 - upper } else { upper }) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logistic_curve_is_the_real_one_within_three_per_mille_and_never_falls() {
        let mut last = 0;
        for x in -10_000..10_000 {
            let real = 1000.0 / (1.0 + (-f64::from(x) / 1024.0).exp());
            let ours = logistic(x);
            assert!(
                (f64::from(ours) - real).abs() < 3.0,
                "{x}: {ours} is not {real}"
            );
            assert!(ours >= last, "{x}");
            last = ours;
        }
    }
}
