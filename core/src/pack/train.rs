//! Training of the scoring model: for every entry, and for the background, a linear boundary
//! between its phrasings and all others (a support vector machine with squared hinge loss,
//! solved by dual coordinate descent in a fixed order), cut to its heaviest weights.
//!
//! Single-threaded and without the platform's mathematics: the same examples give the same
//! bytes everywhere.

use std::collections::{BTreeMap, BTreeSet};

use super::math::ln;
use super::model::{LEVELS, SIGN};
use super::write::{Posting, Quantised};
use crate::answer::features::Counts;
use crate::answer::guards::{Manner, STRANGER};

/// A phrasing as counted features.
#[derive(Clone)]
pub(super) struct Example {
    pub(super) class: u16,
    /// What it is like, apart from what it is about.
    pub(super) manner: Manner,
    /// What is counted in it.
    pub(super) counts: Counts,
    /// What it names, and the words that it has, by their hashes.
    pub(super) names: BTreeSet<u32>,
    pub(super) words: Vec<u32>,
    /// How much an error on it costs, relative to others.
    pub(super) weight: f32,
}

/// How to train.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    /// Bits of a bucket's number.
    pub(super) bits: u8,
    /// What an error costs against what weights cost.
    pub(super) cost: f32,
    /// Passes over the examples.
    pub(super) passes: u32,
    /// Weights kept, of all classes together.
    pub(super) weights: usize,
}

/// Trains on `examples`. `done` is told how many classes are finished.
pub(super) fn train(
    examples: &[&Example],
    classes: usize,
    recipe: &Recipe,
    done: &mut dyn FnMut(usize),
) -> Quantised {
    let mut members = vec![Vec::new(); classes];
    for (place, example) in examples.iter().enumerate() {
        if let Some(members) = members.get_mut(usize::from(example.class)) {
            members.push(place as u32);
        }
    }
    let (rarity, rarity_unknown) = rarities(examples, &members, recipe.bits);
    let vectors = Vectors::new(examples, &rarity);
    let mut solver = Solver::new(&vectors, 1 << recipe.bits, recipe);
    let mut found = Vec::with_capacity(classes);
    for (class, members) in members.iter().enumerate() {
        found.push(if members.is_empty() {
            Boundary::never()
        } else {
            vectors.lean(solver.solve(members), members)
        });
        done(class + 1);
    }
    let ways = members.iter().map(|members| ways(examples, members));
    Quantised {
        ways: ways.collect(),
        denied: denied(examples),
        ..quantise(&found, rarity, rarity_unknown, recipe)
    }
}

/// Of the phrasings of an entry so many, in ‰, must deny something in one way for a question that
/// does so to mean it.
const DENIALS_PER_MILLE_MIN: usize = 50;

/// One in so many of them, and at least two, must name what no other does for the entry to be about
/// all such things.
const NAMES_ONE_IN: usize = 4;

/// What the phrasings of each class deny.
fn denied(examples: &[&Example]) -> BTreeSet<(u16, u16)> {
    let own = examples.iter().filter(|example| example.weight >= 1.0);
    let keys = own.flat_map(|example| {
        let denied = example.manner.denied.iter().flatten();
        denied.map(|denied| (example.class, denied.key))
    });
    keys.collect()
}

/// The ways in which a class's phrasings deny something; and [`STRANGER`].
fn ways(examples: &[&Example], members: &[u32]) -> u8 {
    let own = members.iter().filter_map(|at| examples.get(*at as usize));
    let phrasings: Vec<&&Example> = own.filter(|example| example.weight >= 1.0).collect();
    let often = |way: &u8| {
        let having = phrasings.iter().filter(|it| it.manner.ways & way != 0);
        let count = having.count();
        count > 0 && count * 1000 >= phrasings.len() * DENIALS_PER_MILLE_MIN
    };
    let denials: u8 = (0..u8::BITS).map(|way| 1u8 << way).filter(often).sum();
    let mut having: BTreeMap<u32, usize> = BTreeMap::new();
    for name in phrasings.iter().flat_map(|example| &example.names) {
        *having.entry(*name).or_default() += 1;
    }
    let alone = |name: &u32| having.get(name) == Some(&1);
    let naming = phrasings.iter().filter(|it| it.names.iter().any(alone));
    let naming = naming.count();
    if naming > 1 && naming * NAMES_ONE_IN >= phrasings.len() {
        denials | STRANGER
    } else {
        denials
    }
}

/// How much each bucket says, 16 = 1.0, 0 if no example has it; and that of a bucket that no
/// example has. It is the mean of two measures: in how few examples the bucket is (its inverse
/// document frequency), and over how few classes these are spread (by their entropy).
fn rarities(examples: &[&Example], members: &[Vec<u32>], bits: u8) -> (Vec<u8>, u8) {
    let mut seen_in = vec![0u32; 1 << bits];
    // For each bucket the sum over classes of n ln n, where n is in how many examples it is.
    let mut spread = vec![0.0f64; 1 << bits];
    let mut here = vec![0u32; 1 << bits];
    for members in members {
        let own = || {
            let own = members.iter().filter_map(|at| examples.get(*at as usize));
            own.flat_map(|example| &example.counts.features)
        };
        for (bucket, _) in own() {
            if let Some(count) = here.get_mut(*bucket as usize) {
                *count += 1;
            }
        }
        for (bucket, _) in own() {
            let at = *bucket as usize;
            let (Some(count), Some(all), Some(spread)) =
                (here.get_mut(at), seen_in.get_mut(at), spread.get_mut(at))
            else {
                continue;
            };
            if *count > 0 {
                *all += *count;
                *spread += f64::from(*count) * ln(f64::from(*count));
                *count = 0;
            }
        }
    }
    let (examples, classes) = (examples.len() as f64 + 1.0, members.len() as f64);
    let rarity = |count: u32, spread: f64| {
        let count = f64::from(count);
        let among_examples = ln(examples / (count + 1.0)) + 1.0;
        let entropy = ln(count.max(1.0)) - spread / count.max(1.0);
        let among_classes = ln(classes) - entropy + 1.0;
        let value = (among_examples * among_classes).max(0.0).sqrt();
        (value * 16.0).round_ties_even().clamp(1.0, 255.0) as u8
    };
    let table = seen_in.iter().zip(&spread).map(|(count, spread)| {
        if *count == 0 {
            0
        } else {
            rarity(*count, *spread)
        }
    });
    (table.collect(), rarity(0, 0.0))
}

/// The examples as unit vectors, one after the other.
struct Vectors {
    starts: Vec<u32>,
    parts: Vec<(u32, f32)>,
    costs: Vec<f32>,
}

impl Vectors {
    fn new(examples: &[&Example], rarity: &[u8]) -> Self {
        let mut vectors = Self {
            starts: vec![0],
            parts: Vec::new(),
            costs: Vec::new(),
        };
        for example in examples {
            let start = vectors.parts.len();
            let mut squares = 0.0f32;
            for (bucket, strength) in &example.counts.features {
                let rarity = rarity.get(*bucket as usize).copied().unwrap_or(0);
                let amount = f32::from(*strength) * f32::from(rarity);
                squares += amount * amount;
                vectors.parts.push((*bucket, amount));
            }
            let length = squares.sqrt().max(1.0);
            for (_, amount) in vectors.parts.iter_mut().skip(start) {
                *amount /= length;
            }
            vectors.starts.push(vectors.parts.len() as u32);
            vectors.costs.push(example.weight);
        }
        vectors
    }

    fn len(&self) -> usize {
        self.costs.len()
    }

    /// Leans a boundary towards the middle of its class: few phrasings say more about the middle
    /// than about the border.
    fn lean(&self, mut boundary: Boundary, members: &[u32]) -> Boundary {
        let mut middle: BTreeMap<u32, f32> = BTreeMap::new();
        for (bucket, x) in members.iter().flat_map(|member| self.get(*member as usize)) {
            *middle.entry(*bucket).or_default() += x;
        }
        let squares: f32 = middle.values().map(|x| x * x).sum();
        let scale = LEAN / squares.sqrt().max(f32::MIN_POSITIVE);
        for (bucket, weight) in &mut boundary.weights {
            *weight += scale * middle.remove(bucket).unwrap_or(0.0);
        }
        let others = middle.into_iter().map(|(bucket, x)| (bucket, scale * x));
        boundary.weights.extend(others);
        boundary.weights.sort_unstable_by_key(|(bucket, _)| *bucket);
        boundary
    }

    fn get(&self, place: usize) -> &[(u32, f32)] {
        let (Some(start), Some(end)) = (self.starts.get(place), self.starts.get(place + 1)) else {
            return &[];
        };
        self.parts
            .get(*start as usize..*end as usize)
            .unwrap_or(&[])
    }
}

/// How strongly boundaries lean towards the middle of their class.
const LEAN: f32 = 0.5;

/// The boundary of one class.
#[derive(Clone)]
struct Boundary {
    /// Ascending by bucket, without zeros.
    weights: Vec<(u32, f32)>,
    bias: f32,
}

impl Boundary {
    /// That of a class without examples.
    fn never() -> Self {
        Self {
            weights: Vec::new(),
            bias: -31.0,
        }
    }
}

/// Dual coordinate descent with shrinking, after Hsieh et al. 2008 ("A Dual Coordinate Descent
/// Method for Large-scale Linear SVM"), algorithm 3.
struct Solver<'a> {
    vectors: &'a Vectors,
    /// For each example the diagonal of the dual for a cost of 1: its squared length, and 1 for
    /// the bias.
    squares: Vec<f32>,
    cost: f32,
    passes: u32,
    weights: Vec<f32>,
    alphas: Vec<f32>,
    signs: Vec<f32>,
    active: Vec<u32>,
}

impl<'a> Solver<'a> {
    fn new(vectors: &'a Vectors, buckets: usize, recipe: &Recipe) -> Self {
        let square = |place| vectors.get(place).iter().map(|(_, x)| x * x).sum::<f32>() + 1.0;
        Self {
            vectors,
            squares: (0..vectors.len()).map(square).collect(),
            cost: recipe.cost,
            passes: recipe.passes,
            weights: vec![0.0; buckets],
            alphas: vec![0.0; vectors.len()],
            signs: vec![-1.0; vectors.len()],
            active: Vec::new(),
        }
    }

    fn solve(&mut self, members: &[u32]) -> Boundary {
        self.weights.fill(0.0);
        self.alphas.fill(0.0);
        self.signs.fill(-1.0);
        for member in members {
            if let Some(sign) = self.signs.get_mut(*member as usize) {
                *sign = 1.0;
            }
        }
        self.active.clear();
        self.active.extend(0..self.vectors.len() as u32);
        let mut bias = 0.0;
        let mut dice = Dice(0x1234_5678);
        let mut bound = f32::INFINITY;
        for _ in 0..self.passes {
            dice.shuffle(&mut self.active);
            let (mut highest, mut lowest) = (f32::NEG_INFINITY, f32::INFINITY);
            let mut kept = 0;
            for at in 0..self.active.len() {
                let Some(place) = self.active.get(at).copied() else {
                    break;
                };
                let Some(projected) = self.step(place as usize, bound, &mut bias) else {
                    continue;
                };
                highest = highest.max(projected);
                lowest = lowest.min(projected);
                self.active.swap(kept, at);
                kept += 1;
            }
            self.active.truncate(kept);
            if highest - lowest < 0.01 {
                break;
            }
            bound = if highest > 0.0 {
                highest
            } else {
                f32::INFINITY
            };
        }
        let weights = self
            .weights
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight != 0.0);
        Boundary {
            weights: weights.map(|(at, weight)| (at as u32, *weight)).collect(),
            bias,
        }
    }

    /// Moves one example's dual variable to where it is best. `None` if the example no longer
    /// matters, else the projected gradient.
    fn step(&mut self, place: usize, bound: f32, bias: &mut f32) -> Option<f32> {
        let vector = self.vectors.get(place);
        let sign = *self.signs.get(place)?;
        let alpha = self.alphas.get_mut(place)?;
        let diagonal = 0.5 / (self.cost * self.vectors.costs.get(place)?);
        let mut product = *bias;
        for (bucket, x) in vector {
            product += self.weights.get(*bucket as usize).copied().unwrap_or(0.0) * x;
        }
        let gradient = sign * product - 1.0 + *alpha * diagonal;
        let projected = if *alpha > 0.0 {
            gradient
        } else if gradient > bound {
            return None;
        } else {
            gradient.min(0.0)
        };
        if projected != 0.0 {
            let before = *alpha;
            *alpha = (before - gradient / (self.squares.get(place)? + diagonal)).max(0.0);
            let change = (*alpha - before) * sign;
            *bias += change;
            for (bucket, x) in vector {
                if let Some(weight) = self.weights.get_mut(*bucket as usize) {
                    *weight += change * x;
                }
            }
        }
        Some(projected)
    }
}

/// Numbers in a fixed order that looks random.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// A number below `below`, which is at least 1.
    pub(super) fn roll(&mut self, below: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(below)) >> 32) as u32
    }

    /// Puts `items` in another order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for left in (1..items.len()).rev() {
            items.swap(left, self.roll(left as u32 + 1) as usize);
        }
    }
}

/// The heaviest weight of a class, in steps.
const HEAVIEST: f32 = {
    let [.., heaviest] = LEVELS;
    heaviest as f32
};

/// The code of a weight, given in steps: its sign, and the nearest of [`LEVELS`]. `None` if it
/// is nearest to nothing.
fn code(steps: f32) -> Option<u8> {
    let size = steps.abs();
    let mut best = (size, None);
    for (code, level) in LEVELS.iter().enumerate() {
        let off = (size - *level as f32).abs();
        if off < best.0 {
            best = (off, Some(code as u8));
        }
    }
    best.1
        .map(|code| if steps < 0.0 { code | SIGN } else { code })
}

/// Keeps the heaviest weights of all classes together and rounds them to four bits.
fn quantise(found: &[Boundary], rarity: Vec<u8>, rarity_unknown: u8, recipe: &Recipe) -> Quantised {
    let mut sizes: Vec<f32> = found
        .iter()
        .flat_map(|boundary| &boundary.weights)
        .map(|(_, weight)| weight.abs())
        .collect();
    let keep = recipe.weights;
    let threshold = if keep < sizes.len() {
        let at = sizes.len() - keep;
        *sizes.select_nth_unstable_by(at, f32::total_cmp).1
    } else {
        0.0
    };
    let mut postings = Vec::new();
    let mut scales = Vec::new();
    for (class, boundary) in found.iter().enumerate() {
        let kept = boundary
            .weights
            .iter()
            .filter(|(_, weight)| weight.abs() >= threshold);
        let largest = kept
            .clone()
            .map(|(_, weight)| weight.abs())
            .fold(0.0, f32::max);
        let scale = (largest / HEAVIEST * 16_384.0).ceil().clamp(1.0, 65_535.0);
        for (bucket, weight) in kept {
            if let Some(code) = code(weight * 16_384.0 / scale) {
                postings.push(Posting {
                    bucket: *bucket,
                    class: class as u16,
                    code,
                });
            }
        }
        let bias = (boundary.bias * 1024.0)
            .round_ties_even()
            .clamp(-32_000.0, 32_000.0);
        scales.push((scale as u16, bias as i16));
    }
    postings.sort_unstable();
    Quantised {
        bits: recipe.bits,
        rarity,
        rarity_unknown,
        postings,
        scales,
        ways: Vec::new(),
        denied: BTreeSet::new(),
    }
}
