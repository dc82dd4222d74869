//! Scores of a question against every entry: integers only.

use super::confidence::log2;
use super::features::Features;
use crate::limits::SUGGESTIONS_MAX;
use crate::pack::Model;

/// An entry and its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scored {
    pub(crate) class: u16,
    /// In 1/1,024: 1,024 is on the safe side of the entry's boundary, −1,024 on the other.
    pub(crate) score: i32,
}

/// The scores of one question, and the memory for the next.
#[derive(Default)]
pub(crate) struct Scores {
    sums: Vec<i32>,
    best: [Option<Scored>; SUGGESTIONS_MAX],
    shown: Vec<Scored>,
    background: i32,
    support: Support,
}

/// What the score of the best entry consists of.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Support {
    /// What speaks for it, in 1/1,024 as scores are.
    pub(crate) for_it: i32,
    /// What speaks against it.
    pub(crate) against: i32,
    /// The share of the question's squared length in features that speak for it, in 1/1,024.
    pub(crate) explained: i32,
    /// What the features that speak for it amount to, if they were all equally heavy: the
    /// logarithm of their number, in 1/1,024.
    pub(crate) breadth: i32,
}

impl Support {
    fn of(class: u16, features: &Features, model: &Model<'_>) -> Self {
        let (mut for_it, mut against, mut explained, mut squares) = (0i64, 0i64, 0i64, 0i64);
        for feature in features.weighed() {
            let part = i64::from(feature.amount) * i64::from(model.weight(feature.bucket, class));
            if part > 0 {
                for_it += part;
                squares += (part >> 4) * (part >> 4);
                explained += i64::from(feature.amount) * i64::from(feature.amount);
            } else {
                against -= part;
            }
        }
        let (scale, _) = model.scale(usize::from(class));
        let length = i64::from(features.length());
        let scaled = |sum: i64| (sum * i64::from(scale) / length / 16) as i32;
        let even = (for_it >> 4) * (for_it >> 4) / squares.max(1);
        Self {
            for_it: scaled(for_it),
            against: scaled(against),
            explained: (explained * 1024 / (length * length)) as i32,
            breadth: log2(even as u32),
        }
    }
}

impl Scores {
    /// Scores the question's features in place of what was here.
    pub(crate) fn compute(&mut self, features: &Features, model: &Model<'_>) {
        self.sums.clear();
        self.sums.resize(model.classes(), 0);
        for feature in features.weighed() {
            model.add(feature.bucket, feature.amount, &mut self.sums);
        }
        let entries = model.classes().saturating_sub(1);
        // 2^32 / length, so that each class costs a multiplication instead of a division.
        let inverse = (1i64 << 32) / i64::from(features.length());
        let scaled = |class: usize, sum: i32| {
            let (scale, bias) = model.scale(class);
            let sum = (i64::from(sum) * inverse) >> 16;
            ((sum * i64::from(scale)) >> 20) as i32 + i32::from(bias)
        };
        self.best = [None; SUGGESTIONS_MAX];
        for (class, sum) in self.sums.iter().take(entries).enumerate() {
            if model.is_unscored(class) {
                continue;
            }
            let mut placed = Scored {
                class: class as u16,
                score: scaled(class, *sum),
            };
            for place in &mut self.best {
                match place {
                    Some(better) if better.score >= placed.score => {}
                    Some(worse) => core::mem::swap(worse, &mut placed),
                    None => {
                        *place = Some(placed);
                        break;
                    }
                }
            }
        }
        self.background = self
            .sums
            .get(entries)
            .map_or(0, |sum| scaled(entries, *sum));
        self.shown.clear();
        self.shown.extend(self.best.iter().flatten());
        self.support = self
            .shown
            .first()
            .map(|best| Support::of(best.class, features, model))
            .unwrap_or_default();
    }

    /// What the best entry's score consists of.
    pub(crate) fn support(&self) -> Support {
        self.support
    }

    /// The entries with the highest scores, best first; the first of equals.
    pub(crate) fn best(&self) -> &[Scored] {
        &self.shown
    }

    /// The score of the background class.
    pub(crate) fn background(&self) -> i32 {
        self.background
    }
}
