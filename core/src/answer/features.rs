//! What is counted in a question: single tokens, pairs of neighbours (with the start and the end
//! of the question), loose pairs of words near each other, pieces of three and four letters of
//! each word (with its boundaries), and the concepts that its words stand for, single and in
//! pairs. Each is a hash that falls into one of the model's buckets. How much each kind weighs
//! was found by cross-validation on knowledge.

use super::tokens::{Shape, Token, Tokens, finish, step};
use crate::limits::{QUESTION_FEATURES_MAX, SYNONYM_TOKENS_MAX, WORD_LETTERS_MAX};
use crate::pack::{Lexicon, Model, term_key};

/// A kind of feature: where its hashes start, so that kinds differ, and how much it weighs.
#[derive(Clone, Copy)]
struct Kind {
    seed: u64,
    /// 64 = 1.0.
    weight: u32,
}

const SINGLE: Kind = Kind {
    seed: 0x5151,
    weight: 64,
};
const PAIR: Kind = Kind {
    seed: 0xa0a0_3131,
    weight: 64,
};
/// Most pairs of Chinese characters are chance.
const PAIR_OF_IDEOGRAPHS: Kind = Kind { weight: 32, ..PAIR };
/// Two words near each other, in either order and whatever their endings.
const LOOSE_PAIR: Kind = Kind {
    seed: 0x1005_e000_4444,
    weight: 45,
};
const PIECE: Kind = Kind {
    seed: 0x7373_c4c4_0000,
    weight: 32,
};
const CONCEPT: Kind = Kind {
    seed: 0x0c0c_0000_2222,
    weight: 112,
};
/// A concept that is recognised by the sound of its characters only.
const CONCEPT_BY_SOUND: Kind = Kind {
    weight: 80,
    ..CONCEPT
};
const CONCEPT_PAIR: Kind = Kind {
    seed: 0x0c0c_1111_2222,
    weight: 90,
};
const SOUND_PAIR: Kind = Kind {
    seed: 0x50_0d00_2222,
    weight: 24,
};

/// Stands before the first and after the last token, and around a word's letters.
const BOUNDARY: u32 = 0x11_ffff;

/// Of each word of a loose pair, so many letters count.
const LOOSE_LETTERS: usize = 5;

/// Each word makes a loose pair with so many words before it, those that say nothing left out.
const LOOSE_WORDS: usize = 4;

/// Two concepts with more than so many tokens between them are no pair.
const CONCEPT_PAIR_GAP_MAX: usize = 4;

/// Receives features one by one.
struct Sink<F>(F);

impl<F: FnMut(u32, u32)> Sink<F> {
    fn found(&mut self, kind: Kind, parts: &[u32]) {
        let hash = parts.iter().fold(kind.seed, |hash, part| step(hash, *part));
        (self.0)(finish(hash), kind.weight);
    }
}

/// Calls `found` with each feature's hash and weight, again for each time that it occurs.
pub(crate) fn each(tokens: &Tokens, lexicon: &Lexicon<'_>, found: impl FnMut(u32, u32)) {
    let mut sink = Sink(found);
    let mut before = BOUNDARY;
    let mut sound_before = None;
    let mut near = [None; LOOSE_WORDS];
    for token in tokens.all() {
        sink.found(SINGLE, &[token.hash]);
        let ideograph = token.shape == Shape::Ideograph;
        let pair = if ideograph { PAIR_OF_IDEOGRAPHS } else { PAIR };
        sink.found(pair, &[before, token.hash]);
        before = token.hash;
        let sound = sound(tokens, token, lexicon);
        if let (Some(first), Some(second)) = (sound_before, sound) {
            sink.found(SOUND_PAIR, &[u32::from(first), u32::from(second)]);
        }
        sound_before = sound;
        if token.shape == Shape::Word {
            let letters = tokens.letters(token);
            pieces(letters, &mut sink);
            if !lexicon.is_plain(token.hash) {
                let start = start_hash(letters);
                for other in near.iter().flatten() {
                    sink.found(LOOSE_PAIR, &[start.min(*other), start.max(*other)]);
                }
                near.rotate_right(1);
                if let Some(nearest) = near.first_mut() {
                    *nearest = Some(start);
                }
            }
        }
    }
    sink.found(PAIR, &[before, BOUNDARY]);
    concepts(tokens, lexicon, &mut sink);
}

/// The feature that a token is by itself.
pub(crate) fn single(token: u32) -> u32 {
    finish(step(SINGLE.seed, token))
}

/// Of the first letters of a word.
fn start_hash(letters: &[char]) -> u32 {
    let first = letters.iter().take(LOOSE_LETTERS);
    finish(first.fold(LOOSE_PAIR.seed, |hash, c| step(hash, u32::from(*c))))
}

/// Pieces of three and four letters of a word of at least three.
fn pieces(letters: &[char], sink: &mut Sink<impl FnMut(u32, u32)>) {
    let letters = letters.get(..WORD_LETTERS_MAX).unwrap_or(letters);
    if letters.len() < 3 {
        return;
    }
    // The last four letters, oldest first.
    let mut last = [0u32; 4];
    let all = letters.iter().map(|c| u32::from(*c));
    let bounded = core::iter::once(BOUNDARY).chain(all).chain([BOUNDARY]);
    for (place, letter) in bounded.enumerate() {
        let [_, a, b, c] = last;
        last = [a, b, c, letter];
        if place >= 2 {
            sink.found(PIECE, &[b, c, letter]);
        }
        if place >= 3 {
            sink.found(PIECE, &[a, b, c, letter]);
        }
    }
}

/// The concepts of the question's terms, from left to right, the longest term first; and pairs
/// of those that stand close together, in either order.
fn concepts(tokens: &Tokens, lexicon: &Lexicon<'_>, sink: &mut Sink<impl FnMut(u32, u32)>) {
    let mut rest = tokens.all();
    let mut last = None;
    let mut gap = 0;
    while let Some((_, tail)) = rest.split_first() {
        let exact = exact_term(rest, lexicon).map(|term| (CONCEPT, term));
        let by_sound = || Some((CONCEPT_BY_SOUND, term_by_sound(tokens, rest, lexicon)?));
        let Some((kind, (length, key))) = exact.or_else(by_sound) else {
            gap += 1;
            rest = tail;
            continue;
        };
        let mut first = None;
        for concept in lexicon.concepts(key) {
            first = first.or(Some(concept));
            sink.found(kind, &[u32::from(concept)]);
            if let Some(other) = last.filter(|_| gap <= CONCEPT_PAIR_GAP_MAX) {
                let (low, high) = (concept.min(other), concept.max(other));
                sink.found(CONCEPT_PAIR, &[u32::from(low), u32::from(high)]);
            }
        }
        last = first;
        gap = 0;
        rest = rest.get(length..).unwrap_or(&[]);
    }
}

/// The longest term that the tokens start with: its length and key.
fn exact_term(tokens: &[Token], lexicon: &Lexicon<'_>) -> Option<(usize, u32)> {
    longest(tokens.iter().map(|token| token.hash), lexicon)
}

/// The longest term of at least two characters that sounds like the start of the tokens.
fn term_by_sound(all: &Tokens, tokens: &[Token], lexicon: &Lexicon<'_>) -> Option<(usize, u32)> {
    let sounds = tokens.iter().map_while(|token| sound(all, token, lexicon));
    longest(sounds.map(sound_hash), lexicon).filter(|(length, _)| *length >= 2)
}

fn longest(hashes: impl Iterator<Item = u32>, lexicon: &Lexicon<'_>) -> Option<(usize, u32)> {
    let mut run = Run::default();
    let mut found = None;
    for (place, hash) in hashes.take(SYNONYM_TOKENS_MAX).enumerate() {
        if place == 0 && !lexicon.starts_with(hash) {
            return None;
        }
        let key = run.add(hash);
        if lexicon.concepts(key).next().is_some() {
            found = Some((place + 1, key));
        }
    }
    found
}

/// The key of a growing run of tokens.
#[derive(Default)]
pub(crate) struct Run {
    first: Option<u32>,
    all: u64,
}

impl Run {
    /// The key of the run with one more token of this hash.
    pub(crate) fn add(&mut self, hash: u32) -> u32 {
        self.all = step(self.all, hash);
        term_key(*self.first.get_or_insert(hash), finish(self.all))
    }
}

/// Stands for a token of which only the sound is known.
pub(crate) fn sound_hash(sound: u16) -> u32 {
    finish(step(SOUND_PAIR.seed, u32::from(sound)))
}

fn sound(tokens: &Tokens, token: &Token, lexicon: &Lexicon<'_>) -> Option<u16> {
    if token.shape != Shape::Ideograph {
        return None;
    }
    lexicon.sound(*tokens.letters(token).first()?)
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
    /// Bucket and weight of each occurrence, in one number: weights have eight bits.
    buckets: Vec<u32>,
    weighed: Vec<Feature>,
    length: u32,
    known: u32,
    tokens: u32,
}

/// 64 (1 + ln n): a feature that occurs n times counts more than once, but less than n times.
const OFTEN: [u8; 8] = [0, 64, 108, 134, 153, 167, 179, 189];

/// A bucket, and how strong the features in it are together before their rarity counts.
pub(crate) type Counted = (u32, u16);

/// Counts occurrences, which [`occurrence`] made and which ascend.
pub(crate) fn count(occurrences: &[u32]) -> impl Iterator<Item = Counted> {
    occurrences
        .chunk_by(|a, b| a >> 8 == b >> 8)
        .filter_map(|same| {
            let heaviest = same.last()?;
            let often = OFTEN
                .get(same.len())
                .or(OFTEN.last())
                .copied()
                .unwrap_or(64);
            Some((
                heaviest >> 8,
                (((heaviest & 255) * u32::from(often)) >> 6) as u16,
            ))
        })
}

/// What is counted in one text.
#[cfg(feature = "compile")]
#[derive(Clone)]
pub(crate) struct Counts {
    /// How many tokens it has.
    pub(crate) tokens: u32,
    /// Ascending by bucket.
    pub(crate) features: Vec<Counted>,
}

#[cfg(feature = "compile")]
impl Counts {
    /// Counts what is in `tokens`, for a model of 2^`bits` buckets.
    pub(crate) fn new(tokens: &Tokens, lexicon: &Lexicon<'_>, bits: u8) -> Self {
        let bucket = |hash: u32| hash >> (32 - u32::from(bits));
        let mut occurrences = Vec::new();
        each(tokens, lexicon, |hash, weight| {
            occurrences.push(occurrence(bucket(hash), weight));
        });
        occurrences.sort_unstable();
        Self {
            tokens: tokens.all().len() as u32,
            features: count(&occurrences).collect(),
        }
    }
}

/// A bucket and a weight in one number.
pub(crate) fn occurrence(bucket: u32, weight: u32) -> u32 {
    bucket << 8 | weight.min(255)
}

/// Shell's sort with Ciura's steps. The library's is quicker where there are thousands, which no
/// question has, and would be 3 KB in every visitor's browser.
fn sort(values: &mut [u32]) {
    for gap in [701, 301, 132, 57, 23, 10, 4, 1] {
        for end in gap..values.len() {
            let mut at = end;
            while let Some(before) = at.checked_sub(gap)
                && let [low, .., high] = values.get_mut(before..=at).unwrap_or_default()
                && *low > *high
            {
                core::mem::swap(low, high);
                at = before;
            }
        }
    }
}

impl Features {
    /// Reads the features of `tokens` in place of what was here.
    pub(crate) fn read(&mut self, tokens: &Tokens, lexicon: &Lexicon<'_>, model: &Model<'_>) {
        self.tokens = tokens.all().len() as u32;
        self.buckets.clear();
        each(tokens, lexicon, |hash, weight| {
            if self.buckets.len() < QUESTION_FEATURES_MAX {
                self.buckets.push(occurrence(model.bucket(hash), weight));
            }
        });
        sort(&mut self.buckets);
        let buckets = core::mem::take(&mut self.buckets);
        self.weigh(count(&buckets), model);
        self.buckets = buckets;
    }

    /// Reads features that were counted before, ascending by bucket.
    #[cfg(feature = "compile")]
    pub(crate) fn read_counted(&mut self, counts: &Counts, model: &Model<'_>) {
        self.tokens = counts.tokens;
        self.weigh(counts.features.iter().copied(), model);
    }

    fn weigh(&mut self, counted: impl Iterator<Item = Counted>, model: &Model<'_>) {
        self.weighed.clear();
        let (mut all, mut known) = (0u64, 0u64);
        for (bucket, strength) in counted {
            let (rarity, seen) = model.rarity(bucket);
            let amount = (u32::from(strength) * rarity) >> 4;
            let square = u64::from(amount) * u64::from(amount);
            all += square;
            if seen {
                known += square;
                self.weighed.push(Feature {
                    bucket,
                    amount: amount as i32,
                });
            }
        }
        self.length = all.isqrt().max(1) as u32;
        self.known = (known * 1024 / all.max(1)) as u32;
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
