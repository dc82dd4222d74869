//! What is counted in a question: single tokens, pairs of neighbours (with the start and the end
//! of the question), and pieces of three and four letters of each word (with its boundaries).
//! Each is a hash that falls into one of the model's buckets.

use super::tokens::{Shape, Tokens, finish, step};
use crate::limits::{QUESTION_FEATURES_MAX, WORD_LETTERS_MAX};
use crate::pack::Model;

/// Where the hashes of the kinds of features start, so that they differ.
const SINGLE: u64 = 0x5151;
const PAIR: u64 = 0xa0a0_3131;
const PIECE: u64 = 0x7373_c4c4_0000;

/// Stands before the first and after the last token, and around a word's letters.
const BOUNDARY: u32 = 0x11_ffff;

/// Calls `found` for each feature's hash, again for each time that it occurs.
pub(crate) fn each(tokens: &Tokens, mut found: impl FnMut(u32)) {
    let mut before = BOUNDARY;
    for token in tokens.all() {
        found(finish(step(SINGLE, token.hash)));
        found(finish(step(step(PAIR, before), token.hash)));
        before = token.hash;
        if token.shape == Shape::Word {
            pieces(tokens.letters(token), &mut found);
        }
    }
    found(finish(step(step(PAIR, before), BOUNDARY)));
}

/// Pieces of three and four letters of a word of at least three.
fn pieces(letters: &[char], found: &mut impl FnMut(u32)) {
    let letters = letters.get(..WORD_LETTERS_MAX).unwrap_or(letters);
    if letters.len() < 3 {
        return;
    }
    // The last four letters, oldest first.
    let mut last = [0u32; 4];
    let all = letters.iter().map(|c| u32::from(*c));
    for (place, letter) in core::iter::once(BOUNDARY)
        .chain(all)
        .chain([BOUNDARY])
        .enumerate()
    {
        let [_, a, b, c] = last;
        last = [a, b, c, letter];
        let three = [b, c, letter].iter().fold(PIECE, |hash, c| step(hash, *c));
        if place >= 2 {
            found(finish(three));
        }
        if place >= 3 {
            found(finish(step(three, a)));
        }
    }
}

/// A feature's bucket and how much it weighs in this question.
#[derive(Clone, Copy)]
pub(crate) struct Feature {
    pub(crate) bucket: u32,
    pub(crate) amount: i32,
}

/// The weighed features of one question, and the memory for the next.
#[derive(Default)]
pub(crate) struct Features {
    buckets: Vec<u32>,
    weighed: Vec<Feature>,
    length: u32,
    known: u32,
    tokens: u32,
}

/// 64 (1 + ln n): a feature that occurs n times counts more than once, but less than n times.
const OFTEN: [u32; 8] = [0, 64, 108, 134, 153, 167, 179, 189];

impl Features {
    /// Reads the features of `tokens` in place of what was here.
    pub(crate) fn read(&mut self, tokens: &Tokens, model: &Model<'_>) {
        self.clear();
        self.tokens = tokens.all().len() as u32;
        each(tokens, |hash| {
            if self.buckets.len() < QUESTION_FEATURES_MAX {
                self.buckets.push(model.bucket(hash));
            }
        });
        self.buckets.sort_unstable();
        let mut weighing = Weighing::default();
        for same in self.buckets.chunk_by(|a, b| a == b) {
            if let Some(bucket) = same.first() {
                self.weighed
                    .extend(weighing.add(*bucket, same.len(), model));
            }
        }
        (self.length, self.known) = weighing.finish();
    }

    /// Reads features that were counted before, ascending by bucket.
    #[cfg(feature = "compile")]
    pub(crate) fn read_counts(&mut self, tokens: u32, counts: &[(u32, u16)], model: &Model<'_>) {
        self.clear();
        self.tokens = tokens;
        let mut weighing = Weighing::default();
        for (bucket, count) in counts {
            self.weighed
                .extend(weighing.add(*bucket, usize::from(*count), model));
        }
        (self.length, self.known) = weighing.finish();
    }

    fn clear(&mut self) {
        self.buckets.clear();
        self.weighed.clear();
    }

    /// Those that the training saw, ascending by bucket.
    pub(crate) fn weighed(&self) -> &[Feature] {
        &self.weighed
    }

    /// The Euclidean length of all of them, unseen ones included; at least 1.
    pub(crate) fn length(&self) -> u32 {
        self.length
    }

    /// The share of the squared length that the training saw, in 1/1,024.
    pub(crate) fn known(&self) -> u32 {
        self.known
    }

    /// How many tokens the question has.
    pub(crate) fn tokens(&self) -> u32 {
        self.tokens
    }
}

/// Adds up squared lengths.
#[derive(Default)]
struct Weighing {
    all: u64,
    known: u64,
}

impl Weighing {
    /// Counts a bucket that occurs `count` times; gives it back weighed if the training saw it.
    fn add(&mut self, bucket: u32, count: usize, model: &Model<'_>) -> Option<Feature> {
        let often = OFTEN.get(count).or(OFTEN.last()).copied().unwrap_or(64);
        let (rarity, seen) = model.rarity(bucket);
        let amount = (often * rarity) >> 4;
        let square = u64::from(amount) * u64::from(amount);
        self.all += square;
        if !seen {
            return None;
        }
        self.known += square;
        Some(Feature {
            bucket,
            amount: amount as i32,
        })
    }

    /// The length of all, at least 1, and the share of the squared length that is known.
    fn finish(&self) -> (u32, u32) {
        (
            self.all.isqrt().max(1) as u32,
            (self.known * 1024 / self.all.max(1)) as u32,
        )
    }
}
