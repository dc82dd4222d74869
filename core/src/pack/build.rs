//! Building a pack from knowledge: order, exact questions, rules, training, calibration.

use std::collections::{BTreeMap, BTreeSet};

use super::PackHash;
use super::calibrate::{Expected, Trial, calibrate};
use super::hot::{KEY_BYTES, key};
use super::model::{Calibration, Place};
use super::read::Bytes;
use super::train::{Dice, Example, Recipe, train};
use super::write::{self, Parts, Writer};
use crate::answer::features::{Features, each};
use crate::answer::score::Scores;
use crate::answer::tokens::Tokens;
use crate::answer::{Evidence, evidence};
use crate::knowledge::{FaqEntry, FaqRule, Knowledge, Localised, RuleAction};
use crate::limits::PACK_BYTES_MAX;

/// How to build.
#[derive(Debug, Clone)]
pub struct BuildSettings {
    /// The share of answers that should be right, in ‰. More means fewer answers.
    pub precision_per_mille: u16,
}

impl Default for BuildSettings {
    fn default() -> Self {
        Self {
            precision_per_mille: 950,
        }
    }
}

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub of: usize,
}

/// What was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildReport {
    /// The pack's name.
    pub hash: PackHash,
    /// Its length.
    pub bytes: usize,
    /// Its entries.
    pub entries: usize,
    /// The phrasings that it was trained on.
    pub phrasings: usize,
    /// Its rules, those that every pack starts from included.
    pub rules: usize,
    /// Weights that the scoring model keeps.
    pub weights: usize,
    /// Confidence in ‰ from which it answers.
    pub answer_from: u16,
    /// Share of the answerable questions that it should answer rightly, in ‰, as found by
    /// cross-validation.
    pub expected_coverage: u16,
    /// Share of its answers that should be right, in ‰, as found by cross-validation.
    pub expected_precision: u16,
}

/// Why no pack could be built. The editor must act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Answers, above all, add up to more than a pack may have.
    #[error(
        "the pack would have {bytes} bytes; at most {PACK_BYTES_MAX} are allowed: split the knowledge, or shorten answers"
    )]
    TooLarge {
        /// How many it would have.
        bytes: usize,
    },
    /// A rule names an entry that the knowledge does not have.
    #[error("rule `{rule}` answers with entry `{entry}`, which the knowledge does not have")]
    UnknownEntry {
        /// The rule.
        rule: String,
        /// What it names.
        entry: String,
    },
}

/// Features fall into 2^14 buckets: more made nothing better on any data that was tried.
const BUCKET_BITS: u8 = 14;

/// Weights that a pack keeps, so that it stays within a few hundred kilobytes…
const WEIGHTS_MAX: usize = 110_000;

/// …unless it has many entries.
const WEIGHTS_PER_ENTRY_MIN: usize = 80;

/// Groups into which the phrasings are divided for cross-validation; each in turn is unseen.
const FOLDS: u32 = 5;

/// Builds a pack. The same knowledge and settings give the same bytes, on every machine.
/// `progress` is called often and should be quick.
pub fn build(
    knowledge: &Knowledge,
    settings: &BuildSettings,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Vec<u8>, BuildReport), BuildError> {
    let mut entries: Vec<&FaqEntry> = knowledge.entries.iter().collect();
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    entries.dedup_by(|a, b| a.id == b.id);
    let index: BTreeMap<&str, u16> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| (entry.id.as_str(), at as u16))
        .collect();
    let rules = knowledge.rules_in_order();

    let recipe = Recipe {
        bits: BUCKET_BITS,
        cost: 2.0,
        passes: 10,
        weights: WEIGHTS_MAX.max(WEIGHTS_PER_ENTRY_MIN * entries.len()),
    };
    let examples = examples(&entries, &recipe);
    let classes = entries.len() + 1;
    let mut steps = Progress {
        done: 0,
        of: classes * (FOLDS as usize + 1),
    };
    let mut tick = |_| {
        steps.done += 1;
        progress(steps);
    };
    let trials = cross_validate(&examples, classes, &recipe, &mut tick);
    let precision = f64::from(settings.precision_per_mille) / 1000.0;
    let (
        calibration,
        Expected {
            coverage,
            precision,
        },
    ) = calibrate(&trials, precision);
    let all: Vec<&Example> = examples.iter().collect();
    let model = train(&all, classes, &recipe, &mut tick);

    let (languages, written) = write_entries(&entries);
    let parts = Parts {
        languages,
        entries: written,
        hot: write::hot(&exact_questions(&entries)),
        rules: write_rules(&rules, &index)?,
        model: write::model(&model, &calibration),
    };
    let bytes = write::file(&parts);
    if bytes.len() > PACK_BYTES_MAX {
        return Err(BuildError::TooLarge { bytes: bytes.len() });
    }
    let report = BuildReport {
        hash: PackHash::of(&bytes),
        bytes: bytes.len(),
        entries: entries.len(),
        phrasings: entries.iter().map(|entry| entry.phrasings.len()).sum(),
        rules: rules.len(),
        weights: model.postings.len(),
        answer_from: calibration.answer_from,
        expected_coverage: coverage,
        expected_precision: precision,
    };
    Ok((bytes, report))
}

/// The phrasings and titles as counted features.
fn examples(entries: &[&FaqEntry], recipe: &Recipe) -> Vec<Example> {
    let mut tokens = Tokens::default();
    let mut examples = Vec::new();
    let mut add = |class: usize, text: &str, weight: f32| {
        tokens.read(text);
        let counts = counts(&tokens, recipe.bits);
        let length = tokens.all().len() as u32;
        examples.push(Example {
            class: class as u16,
            tokens: length,
            counts,
            weight,
        });
    };
    for (class, entry) in entries.iter().enumerate() {
        let mut seen = BTreeSet::new();
        for text in entry.phrasings.iter().chain(&entry.titles) {
            if seen.insert(text.text.as_str()) {
                add(class, &text.text, 1.0);
            }
        }
    }
    for line in BACKGROUND.lines().filter(|line| !line.is_empty()) {
        add(entries.len(), line, 1.0);
    }
    examples
}

/// What people say that no shop's knowledge answers.
const BACKGROUND: &str = include_str!("background.txt");

fn counts(tokens: &Tokens, bits: u8) -> Vec<(u32, u16)> {
    let mut buckets = Vec::new();
    each(tokens, |hash| buckets.push(hash >> (32 - u32::from(bits))));
    buckets.sort_unstable();
    let same = buckets.chunk_by(|a, b| a == b);
    same.filter_map(|same| Some((*same.first()?, same.len().min(u16::MAX.into()) as u16)))
        .collect()
}

/// Trains on parts of the examples and tries the rest: phrasings that were left out, and
/// phrasings of entries that were left out altogether, which no entry answers.
fn cross_validate(
    examples: &[Example],
    classes: usize,
    recipe: &Recipe,
    tick: &mut dyn FnMut(usize),
) -> Vec<Trial> {
    let background = classes as u16 - 1;
    let mut dice = Dice(0x5eed);
    let fold_of: Vec<u32> = examples.iter().map(|_| dice.roll(FOLDS)).collect();
    let mut hidden_in: Vec<u32> = (0..background.into()).map(|class| class % FOLDS).collect();
    dice.shuffle(&mut hidden_in);
    let mut trials = Vec::new();
    let mut work = (Features::default(), Scores::default());
    for fold in 0..FOLDS {
        let hidden = |example: &Example| hidden_in.get(usize::from(example.class)) == Some(&fold);
        let folded = || examples.iter().zip(&fold_of);
        let seen: Vec<&Example> = folded()
            .filter(|(example, its_fold)| **its_fold != fold && !hidden(example))
            .map(|(example, _)| example)
            .collect();
        let model = train(&seen, classes, recipe, tick);
        let written = write::model(&model, &Calibration::default());
        let Ok(place) = Place::check(Bytes::new(&written.0), classes - 1) else {
            continue;
        };
        let model = place.open(&written.0);
        for (example, its_fold) in folded() {
            let hidden = hidden(example);
            if example.class == background || (!hidden && *its_fold != fold) {
                continue;
            }
            work.0.read_counts(example.tokens, &example.counts, &model);
            work.1.compute(&work.0, &model);
            let evidence: Evidence = evidence(&work.1, &work.0);
            let best = work.1.best().first().map(|best| best.class);
            let right = best == Some(example.class);
            let weight = if hidden { HIDDEN_WEIGHT } else { 1.0 };
            trials.push(Trial {
                evidence,
                right,
                in_scope: !hidden,
                weight,
            });
        }
    }
    trials
}

/// How many out-of-scope questions one phrasing of a hidden entry stands for; each entry is
/// hidden once, and all of its phrasings tried.
const HIDDEN_WEIGHT: f64 = 0.2;

/// Every title and phrasing, where it is unambiguous.
fn exact_questions(entries: &[&FaqEntry]) -> Vec<([u8; KEY_BYTES], u16)> {
    let mut tokens = Tokens::default();
    let mut owners: BTreeMap<[u8; KEY_BYTES], BTreeSet<u16>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        for text in entry.phrasings.iter().chain(&entry.titles) {
            tokens.read(&text.text);
            if !tokens.is_empty() {
                owners
                    .entry(key(tokens.hash()))
                    .or_default()
                    .insert(at as u16);
            }
        }
    }
    let alone = |owners: BTreeSet<u16>| {
        if owners.len() == 1 {
            owners.first().copied()
        } else {
            None
        }
    };
    owners
        .into_iter()
        .filter_map(|(key, owners)| Some((key, alone(owners)?)))
        .collect()
}

fn write_entries(entries: &[&FaqEntry]) -> (Writer, Writer) {
    let mut names: Vec<&str> = Vec::new();
    let mut part = Writer::default();
    part.varint(entries.len() as u32);
    for entry in entries {
        part.text(&entry.id);
        for texts in [&entry.titles, &entry.answers] {
            part.u8(texts.len() as u8);
            for Localised { lang, text } in texts {
                let at = names
                    .iter()
                    .position(|name| name == lang)
                    .unwrap_or_else(|| {
                        names.push(lang);
                        names.len() - 1
                    });
                part.u8(at as u8);
                part.text(text);
            }
        }
    }
    let mut languages = Writer::default();
    languages.varint(names.len() as u32);
    for name in names {
        languages.text(name);
    }
    (languages, part)
}

fn write_rules(rules: &[FaqRule], index: &BTreeMap<&str, u16>) -> Result<Writer, BuildError> {
    let mut tokens = Tokens::default();
    let mut part = Writer::default();
    part.varint(rules.len() as u32);
    for rule in rules {
        match &rule.action {
            RuleAction::HandOff => part.u8(0),
            RuleAction::Answer(entry) => {
                let at = index
                    .get(entry.as_str())
                    .ok_or_else(|| BuildError::UnknownEntry {
                        rule: rule.id.clone(),
                        entry: entry.clone(),
                    })?;
                part.u8(1);
                part.u16(*at);
            }
        }
        for terms in [&rule.exact, &rule.any, &rule.all, &rule.none] {
            part.varint(terms.len() as u32);
            for term in terms {
                tokens.read(term);
                part.u8(tokens.all().len() as u8);
                for token in tokens.all() {
                    part.u32(token.hash);
                }
            }
        }
    }
    Ok(part)
}
