//! The scoring model of a pack: for each bucket of hashed features its weight of rarity and the
//! entries that it speaks for or against; and the calibration that turns scores to confidence.
//!
//! In a pack one posting is a variable-length number: the step to the entry (from the posting
//! before it, less one) times sixteen, plus the weight's code: which of eight levels, and its sign.
//! They are taken apart when the pack is loaded, as most of the time that a question takes is
//! spent on them. The class after the last entry is the background: what visitors say that no
//! entry answers.

use super::PackError;
use super::read::{Bytes, Span};
use crate::limits::PACK_WEIGHTS_MAX;

/// How many numbers describe how sure a match is; see `answer::confidence`.
pub(crate) const EVIDENCE: usize = 12;

/// Fewest and most bits of a bucket's number.
pub(super) const BUCKET_BITS: core::ops::RangeInclusive<u8> = 8..=18;

/// Where the model is, and where each bucket's postings start.
pub(super) struct Place {
    bits: u8,
    classes: u16,
    rarity_unknown: u8,
    rarity: Span,
    postings: Vec<Posting>,
    starts: Vec<u32>,
    scales: Span,
    ways: Span,
    denied: Span,
    calibration: Calibration,
}

/// From evidence to confidence: a linear sum, then a logistic curve; and what to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Calibration {
    /// In 1/65,536.
    pub(crate) bias: i32,
    /// In 1/65,536 for each unit of evidence.
    pub(crate) weights: [i32; EVIDENCE],
    /// Confidence in ‰ from which the best match is given as the answer.
    pub(crate) answer_from: u16,
    /// Confidence in ‰ from which matches are suggested.
    pub(crate) suggest_from: u16,
}

/// What a weight's code stands for, in steps of its class's scale: levels that grow by halves
/// lose neither the few heavy weights nor the many light ones.
pub(super) const LEVELS: [i32; 8] = [1, 2, 3, 5, 8, 12, 18, 27];

/// What each code stands for: the levels, then the same below zero.
const WEIGHTS: [i32; 16] = {
    let [a, b, c, d, e, f, g, h] = LEVELS;
    [a, b, c, d, e, f, g, h, -a, -b, -c, -d, -e, -f, -g, -h]
};

/// This bit of a code makes the weight negative.
#[cfg(feature = "compile")]
pub(super) const SIGN: u8 = 8;

/// The scale and the bias of an entry that is not found by score.
pub(super) const UNSCORED: (u16, i16) = (0, i16::MIN);

const MALFORMED: PackError = PackError::Malformed { part: "model" };

impl Place {
    pub(super) fn check(mut part: Bytes<'_>, entries: usize) -> Result<Self, PackError> {
        let bits = part.u8()?;
        let classes = part.u16()?;
        if !BUCKET_BITS.contains(&bits) || usize::from(classes) != entries + 1 {
            return Err(MALFORMED);
        }
        let buckets = 1usize << bits;
        let rarity_unknown = part.u8()?;
        let rarity = part.span(buckets)?;
        let mut counts = part.part()?;
        let mut coded = part.part()?;
        // Each has one byte at least.
        let mut postings = Vec::with_capacity(coded.rest().len().min(PACK_WEIGHTS_MAX));
        let mut starts = Vec::with_capacity(buckets + 1);
        for _ in 0..buckets {
            starts.push(postings.len() as u32);
            let mut next = 0u32;
            for _ in 0..counts.varint()? {
                let posting = coded.varint()?;
                let class = next.saturating_add(posting >> 4);
                if class >= u32::from(classes) || postings.len() == PACK_WEIGHTS_MAX {
                    return Err(MALFORMED);
                }
                next = class + 1;
                let weight = WEIGHTS.get((posting & 15) as usize).copied().unwrap_or(0);
                postings.push(Posting::new(class, weight));
            }
        }
        starts.push(postings.len() as u32);
        coded.end("model")?;
        counts.end("model")?;
        let scales = part.span(usize::from(classes) * 4)?;
        let ways = part.span(usize::from(classes))?;
        let denied = part.count()?;
        let denied = part.span(denied * 4)?;
        let mut calibration = Calibration {
            bias: part.i32()?,
            ..Calibration::default()
        };
        for weight in &mut calibration.weights {
            *weight = part.i32()?;
        }
        calibration.answer_from = part.u16()?;
        calibration.suggest_from = part.u16()?;
        part.end("model")?;
        Ok(Self {
            bits,
            classes,
            rarity_unknown,
            rarity,
            postings,
            starts,
            scales,
            ways,
            denied,
            calibration,
        })
    }

    pub(super) fn open<'a>(&'a self, bytes: &'a [u8]) -> Model<'a> {
        Model {
            bits: self.bits,
            classes: self.classes,
            rarity_unknown: self.rarity_unknown,
            rarity: self.rarity.of(bytes),
            postings: &self.postings,
            starts: &self.starts,
            scales: self.scales.of(bytes).as_chunks().0,
            ways: self.ways.of(bytes),
            denied: self.denied.of(bytes).as_chunks().0,
            calibration: &self.calibration,
        }
    }
}

/// A class in the upper half, its weight for a bucket in the lower one: in the order of classes,
/// and read with one load.
#[derive(Clone, Copy)]
struct Posting(u32);

impl Posting {
    fn new(class: u32, weight: i32) -> Self {
        Self(class << 16 | weight as u32 & 0xffff)
    }

    fn class(self) -> u32 {
        self.0 >> 16
    }

    fn weight(self) -> i32 {
        i32::from(self.0 as i16)
    }
}

/// The scoring model.
#[derive(Clone, Copy)]
pub(crate) struct Model<'a> {
    bits: u8,
    classes: u16,
    rarity_unknown: u8,
    rarity: &'a [u8],
    postings: &'a [Posting],
    starts: &'a [u32],
    scales: &'a [[u8; 4]],
    ways: &'a [u8],
    denied: &'a [[u8; 4]],
    pub(crate) calibration: &'a Calibration,
}

impl<'a> Model<'a> {
    /// Entries and one background class, which is the last.
    pub(crate) fn classes(&self) -> usize {
        usize::from(self.classes)
    }

    /// The bucket that a feature's hash falls into.
    pub(crate) fn bucket(&self, hash: u32) -> u32 {
        hash >> (32 - u32::from(self.bits))
    }

    /// How much a feature of this bucket weighs, 16 = 1.0; and whether the training saw it.
    pub(crate) fn rarity(&self, bucket: u32) -> (u32, bool) {
        match self.rarity.get(bucket as usize) {
            Some(0) | None => (u32::from(self.rarity_unknown), false),
            Some(rarity) => (u32::from(*rarity), true),
        }
    }

    /// Adds `amount` times the weight of each of the bucket's postings to its class's sum.
    pub(crate) fn add(&self, bucket: u32, amount: i32, sums: &mut [i32]) {
        for posting in self.postings(bucket) {
            if let Some(sum) = sums.get_mut(posting.class() as usize) {
                *sum = sum.wrapping_add(amount.wrapping_mul(posting.weight()));
            }
        }
    }

    /// The weight of a class for a bucket, in steps of the class's scale; 0 if it has none.
    pub(crate) fn weight(&self, bucket: u32, class: u16) -> i32 {
        let class = u32::from(class);
        let mut postings = self.postings(bucket).iter();
        let found = postings.find(|posting| posting.class() == class);
        found.map_or(0, |posting| posting.weight())
    }

    /// The bucket's postings, ascending by class.
    #[inline(always)]
    fn postings(&self, bucket: u32) -> &'a [Posting] {
        let at = bucket as usize;
        let range = match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        };
        self.postings.get(range).unwrap_or(&[])
    }

    /// The ways in which an entry's phrasings deny something, or name all sorts of things: see
    /// [`guards`](crate::answer::guards).
    pub(crate) fn ways(&self, class: u16) -> u8 {
        self.ways.get(usize::from(class)).copied().unwrap_or(0)
    }

    /// Whether a phrasing of the class denies what has this key.
    pub(crate) fn denies(&self, class: u16, key: u16) -> bool {
        let ([a, b], [c, d]) = (class.to_le_bytes(), key.to_le_bytes());
        self.denied.contains(&[a, b, c, d])
    }

    /// For a class: the size of one step of its weights in 1/16,384, and its bias in 1/1,024.
    #[inline(always)]
    pub(crate) fn scale(&self, class: usize) -> (u16, i16) {
        match self.scales.get(class) {
            Some([a, b, c, d]) => (u16::from_le_bytes([*a, *b]), i16::from_le_bytes([*c, *d])),
            None => UNSCORED,
        }
    }

    /// Whether a class is not found by score.
    #[inline(always)]
    pub(crate) fn is_unscored(&self, class: usize) -> bool {
        self.scale(class).1 == UNSCORED.1
    }
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use super::super::write::Writer;
    use super::*;

    #[test]
    fn more_weights_than_a_pack_may_have_are_refused() {
        let buckets = 1 << BUCKET_BITS.end();
        let classes = PACK_WEIGHTS_MAX / buckets + 1;
        let mut model = Writer::default();
        model.u8(*BUCKET_BITS.end());
        model.u16(classes as u16);
        model.u8(1);
        model.0.resize(model.0.len() + buckets, 1);
        for part in [vec![classes as u8; buckets], vec![0; buckets * classes]] {
            model.part(&Writer(part));
        }
        let refused = Place::check(Bytes::new(&model.0), classes - 1).err();
        assert_eq!(refused, Some(MALFORMED));
    }
}
