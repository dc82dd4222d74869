//! What a pack learns from: examples out of the knowledge, and trials of how well that works on
//! questions that the training has not seen.

use std::collections::BTreeSet;

use super::calibrate::{Origin, Trial};
use super::lexicon::Lexicon;
use super::model::{Calibration, Place};
use super::read::Bytes;
use super::train::{Dice, Example, Recipe, train};
use super::variants::Variants;
use super::vocabulary::{self, Vocabulary};
use super::write;
use crate::answer::evidence;
use crate::answer::features::{Counts, Features};
use crate::answer::guards::{self, Manner, STRANGER, guard, manner};
use crate::answer::score::Scores;
use crate::answer::tokens::Tokens;
use crate::knowledge::{BACKGROUND, FaqEntry};

/// Examples, and how they were come by.
pub(super) struct Lesson {
    examples: Vec<Example>,
    /// What an editor wrote for visitors to ask, and what is tried: the examples up to here.
    phrasings: usize,
    /// Entries and the background.
    classes: usize,
}

/// An answer's text says less about its questions than a phrasing.
const ANSWER_WEIGHT: f32 = 0.9;

/// So much of an answer's text is looked at.
const ANSWER_TOKENS_MAX: usize = 200;

/// Up to so many classes times examples there are ten folds…
const FEW: usize = 1_500_000;

/// …and up to so many five.
const MANY: usize = 5_000_000;

/// With so many entries, as many questions are taken to be out of scope as in scope; with four
/// times as many, half as many: what visitors ask has a long tail, of which few entries cover
/// little.
const ENTRIES_FOR_HALF: f64 = 15.0;

/// Of the questions that no entry answers, so many are close to what entries answer, like those
/// of hidden entries; the rest is of the kind of the background.
const NEAR_SHARE: f64 = 0.7;

/// Sets how many questions each trial stands for.
fn weigh(trials: &mut [Trial], entries: f64) {
    let count = |origin| trials.iter().filter(|it| it.origin == origin).count() as f64;
    let out_of_scope = count(Origin::InScope) * (ENTRIES_FOR_HALF / entries.max(1.0)).sqrt();
    let hidden = out_of_scope * NEAR_SHARE / count(Origin::Hidden).max(1.0);
    let background = out_of_scope * (1.0 - NEAR_SHARE) / count(Origin::Background).max(1.0);
    for trial in trials {
        trial.weight = match trial.origin {
            Origin::InScope => 1.0,
            Origin::Hidden => hidden,
            Origin::Background => background,
        };
    }
}

impl Lesson {
    /// The knowledge's phrasings, titles and answers, and the background, as counted features.
    pub(super) fn new(
        entries: &[&FaqEntry],
        variants: Variants<'_>,
        lexicon: &Lexicon<'_>,
        recipe: &Recipe,
    ) -> Self {
        let mut examples = Vec::new();
        let mut tokens = Tokens::default();
        let mut add = |class: usize, text: &str, weight: f32| {
            tokens.read(text, variants);
            if !tokens.is_empty() {
                examples.push(Example {
                    class: class as u16,
                    manner: manner(&tokens, lexicon, Vocabulary::default()),
                    names: guards::names(tokens.all()).map(|(_, name)| name).collect(),
                    words: tokens.all().iter().filter_map(|token| token.name).collect(),
                    counts: Counts::new(&tokens, lexicon, recipe.bits),
                    weight,
                });
            }
            examples.len()
        };
        let mut phrasings = 0;
        for (class, entry) in entries.iter().enumerate() {
            let mut seen = BTreeSet::new();
            for text in entry.phrasings.iter().chain(&entry.titles) {
                if seen.insert(text.text.as_str()) {
                    phrasings = add(class, &text.text, 1.0);
                }
            }
        }
        for (class, entry) in entries.iter().enumerate() {
            for text in &entry.answers {
                let end = text
                    .text
                    .char_indices()
                    .nth(ANSWER_TOKENS_MAX)
                    .map(|(at, _)| at);
                add(
                    class,
                    text.text
                        .get(..end.unwrap_or(usize::MAX))
                        .unwrap_or(&text.text),
                    ANSWER_WEIGHT,
                );
            }
        }
        for line in BACKGROUND.lines() {
            add(entries.len(), line, 1.0);
        }
        Self {
            examples,
            phrasings,
            classes: entries.len() + 1,
        }
    }

    /// Takes out what the background has in common with this knowledge.
    pub(super) fn without_what_entries_claim(
        mut self,
        recipe: &Recipe,
        tick: &mut dyn FnMut(usize),
    ) -> Self {
        let background = self.classes as u16 - 1;
        let own: Vec<&Example> = self
            .examples
            .iter()
            .filter(|it| it.class != background)
            .collect();
        let written = write::model(
            &train(&own, self.classes, &self.affordable(recipe), tick),
            &Calibration::default(),
        );
        let Ok(place) = Place::check(Bytes::new(&written.0), self.classes - 1) else {
            return self;
        };
        let model = place.open(&written.0);
        let mut work = (Features::default(), Scores::default());
        self.examples.retain(|example| {
            work.0.read_counted(&example.counts, &model);
            work.1.compute(&work.0, &model);
            let claimed = work
                .1
                .best()
                .first()
                .is_some_and(|best| best.score > CLAIMED_FROM);
            example.class != background || !claimed
        });
        self
    }

    /// How often [`Self::model`] and [`Self::trials`] train all classes.
    pub(super) fn trainings(&self) -> usize {
        self.folds() as usize + 1
    }

    /// The recipe, with fewer passes where training takes long.
    fn affordable(&self, recipe: &Recipe) -> Recipe {
        let passes = if self.classes * self.examples.len() > MANY {
            PASSES_MANY
        } else {
            recipe.passes
        };
        Recipe { passes, ..*recipe }
    }

    /// Many where each phrasing counts, few where training takes long.
    fn folds(&self) -> u32 {
        let work = self.classes * self.examples.len();
        if work <= FEW {
            10
        } else if work <= MANY {
            5
        } else {
            3
        }
    }

    /// Entries and the background.
    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    /// Trains on everything.
    pub(super) fn model(&self, recipe: &Recipe, tick: &mut dyn FnMut(usize)) -> write::Quantised {
        let all: Vec<&Example> = self.examples.iter().collect();
        train(&all, self.classes, &self.affordable(recipe), tick)
    }

    /// Trains on parts of the examples and tries the rest: phrasings that were left out, and
    /// phrasings of entries that were left out altogether, which no entry answers. The words of the
    /// `starter` are known in all of them.
    pub(super) fn trials(
        &self,
        recipe: &Recipe,
        starter: &BTreeSet<u32>,
        tick: &mut dyn FnMut(usize),
    ) -> Vec<Trial> {
        let folds = self.folds();
        let background = self.classes as u16 - 1;
        let mut dice = Dice(0x5eed);
        let mut hidden_in: Vec<u32> = (0..background.into()).map(|class| class % folds).collect();
        dice.shuffle(&mut hidden_in);
        let placed: Vec<(&Example, u32)> = self
            .examples
            .iter()
            .enumerate()
            .map(|(place, example)| {
                let always = place >= self.phrasings && example.class != background;
                (example, if always { u32::MAX } else { dice.roll(folds) })
            })
            .collect();
        let mut trials = Vec::new();
        let mut work = (Features::default(), Scores::default());
        for fold in 0..folds {
            let hidden =
                |example: &Example| hidden_in.get(usize::from(example.class)) == Some(&fold);
            let seen = placed
                .iter()
                .filter(|(example, its)| *its != fold && !hidden(example));
            let seen: Vec<&Example> = seen.map(|(example, _)| *example).collect();
            let words = seen.iter().flat_map(|example| &example.words);
            let known = vocabulary::set(words.chain(starter).copied());
            let known = Vocabulary::new(&known);
            let trained = write::model(
                &train(&seen, self.classes, &self.affordable(recipe), tick),
                &Calibration::default(),
            );
            let Ok(place) = Place::check(Bytes::new(&trained.0), self.classes - 1) else {
                continue;
            };
            let model = place.open(&trained.0);
            for (example, its) in &placed {
                let hidden = hidden(example);
                if *its == u32::MAX || (!hidden && *its != fold) {
                    continue;
                }
                work.0.read_counted(&example.counts, &model);
                work.1.compute(&work.0, &model);
                let in_scope = !hidden && example.class != background;
                let best = work.1.best().first().map_or(background, |best| best.class);
                let stranger = example.names.iter().any(|name| !known.has(*name));
                let manner = Manner {
                    ways: example.manner.ways | if stranger { STRANGER } else { 0 },
                    ..example.manner
                };
                trials.push(Trial {
                    evidence: evidence(&work.1, &work.0),
                    right: in_scope && best == example.class,
                    held_back: guard(&manner, best, &model).is_some(),
                    origin: match (in_scope, hidden) {
                        (true, _) => Origin::InScope,
                        (_, true) => Origin::Hidden,
                        (_, false) => Origin::Background,
                    },
                    weight: 1.0,
                });
            }
        }
        weigh(&mut trials, background.into());
        trials
    }
}

/// Passes over the examples where there are many.
const PASSES_MANY: u32 = 5;

/// An entry with this score in 1/1,024 claims a line of the background for itself.
const CLAIMED_FROM: i32 = -300;
