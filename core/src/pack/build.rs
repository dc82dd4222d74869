//! Building a pack from knowledge: order, exact questions, rules, training, calibration.

use std::collections::{BTreeMap, BTreeSet};

use super::calibrate::calibrate;
use super::exact::Exact;
use super::learn::Lesson;
use super::pattern::PatternError;
use super::read::Bytes;
use super::train::Recipe;
use super::write::{self, Parts, Writer};
use super::{PackError, PackHash, Variants, lexicon, rulebook, rules_check, vocabulary, words};
use crate::answer::tokens::Tokens;
use crate::knowledge::{FaqEntry, FaqRule, Knowledge, Localised};
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
            precision_per_mille: 930,
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
    /// Share of the answerable questions for which the right entry ranks first, in ‰, as found
    /// by cross-validation.
    pub expected_top1: u16,
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
    /// More synonyms than a pack may have.
    #[error("there are too many synonyms")]
    TooManyWords,
    /// A pattern of a rule or an entity of this name can't be compiled.
    #[error("`{0}`: {1}")]
    Pattern(String, #[source] PatternError),
    /// The rules that were written can't be read back. Nobody can act: it is a defect.
    #[error("the rules can't be written: {0}; this is a defect of the builder")]
    Rules(#[source] PackError),
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

/// Weights that a small pack keeps, so that it stays within a few hundred kilobytes. An entry's
/// own data take the place of some of them…
const WEIGHTS_MAX: usize = 110_000;
const WEIGHTS_LESS_PER_ENTRY: usize = 40;

/// …but it needs some.
const WEIGHTS_PER_ENTRY_MIN: usize = 70;

/// Where entries have more than so many phrasings, each further one has something to say that is
/// worth a few weights.
const PHRASINGS_FEW: usize = 10;
const WEIGHTS_PER_PHRASING: usize = 4;
const WEIGHTS_FOR_PHRASINGS_MAX: usize = 40_000;

fn weights(entries: usize, phrasings: usize) -> usize {
    let left = WEIGHTS_MAX.saturating_sub(WEIGHTS_LESS_PER_ENTRY * entries);
    let many = WEIGHTS_PER_PHRASING * phrasings.saturating_sub(PHRASINGS_FEW * entries);
    left.max(WEIGHTS_PER_ENTRY_MIN * entries) + many.min(WEIGHTS_FOR_PHRASINGS_MAX)
}

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
    let small_talk = knowledge.small_talk();
    let rules = knowledge.rules_in_order();
    let phrasings = entries.iter().map(|entry| entry.phrasings.len()).sum();

    let recipe = Recipe {
        bits: BUCKET_BITS,
        cost: 2.0,
        passes: 10,
        weights: weights(entries.len(), phrasings),
    };
    let simplified = words::simplified(knowledge);
    let variants = Variants::new(&simplified);
    let words = words::write(knowledge, variants);
    let Ok(lexicon) = lexicon::Place::check(Bytes::new(&words.0)) else {
        return Err(BuildError::TooManyWords);
    };
    let lesson = Lesson::new(&entries, variants, &lexicon.open(&words.0), &recipe);
    let mut steps = Progress {
        done: 0,
        of: lesson.classes() * (lesson.trainings() + 1),
    };
    let mut tick = |_| {
        steps.done += 1;
        progress(steps);
    };
    let lesson = lesson.without_what_entries_claim(&recipe, &mut tick);
    let starter = words::starter(knowledge, variants);
    let trials = lesson.trials(&recipe, &starter, &mut tick);
    let precision = f64::from(settings.precision_per_mille) / 1000.0;
    let (calibration, expected) = calibrate(&trials, precision);
    let model = lesson.model(&recipe, &mut tick);
    let weights = model.postings.len();

    let exact = Exact::new(&entries, &small_talk, variants);
    let all = with_small_talk(&entries, &small_talk, &exact);
    let index: BTreeMap<&str, u16> = all
        .iter()
        .zip(0..)
        .map(|(entry, at)| (entry.id.as_str(), at))
        .collect();
    let places: Vec<u16> = entries
        .iter()
        .filter_map(|entry| index.get(entry.id.as_str()).copied())
        .collect();
    let (languages, written) = write_entries(&all);
    let parts = Parts {
        languages,
        entries: written,
        hot: write::hot(&exact.table(&index)),
        rules: checked_rules(knowledge, &rules, &index, variants)?,
        variants: write::variants(&simplified),
        vocabulary: Writer(vocabulary(&entries, variants, starter)),
        spellings: words::spellings(&entries, variants),
        lexicon: words,
        model: write::model(&model.spread(&places, all.len()), &calibration),
    };
    let bytes = write::file(&parts);
    if bytes.len() > PACK_BYTES_MAX {
        return Err(BuildError::TooLarge { bytes: bytes.len() });
    }
    let report = BuildReport {
        hash: PackHash::of(&bytes),
        bytes: bytes.len(),
        entries: entries.len(),
        phrasings,
        rules: rules.len(),
        weights,
        answer_from: calibration.answer_from,
        expected_top1: expected.top1,
        expected_coverage: expected.coverage,
        expected_precision: expected.precision,
    };
    Ok((bytes, report))
}

/// The part with the rules, checked wholly, as nobody does it again (see `rules`).
fn checked_rules(
    knowledge: &Knowledge,
    rules: &[FaqRule],
    index: &BTreeMap<&str, u16>,
    variants: Variants<'_>,
) -> Result<Writer, BuildError> {
    let written = rulebook::write(knowledge, rules, index, variants)?;
    rules_check::check(&written.0, index.len()).map_err(BuildError::Rules)?;
    Ok(written)
}

/// The words of all that the entries say, and those that are known anyway.
fn vocabulary(entries: &[&FaqEntry], variants: Variants<'_>, mut words: BTreeSet<u32>) -> Vec<u8> {
    let mut tokens = Tokens::default();
    for entry in entries {
        for text in entry
            .phrasings
            .iter()
            .chain(&entry.titles)
            .chain(&entry.answers)
        {
            tokens.read(&text.text, variants);
            words.extend(tokens.all().iter().filter_map(|token| token.name));
        }
    }
    vocabulary::set(words.into_iter())
}

/// The entries of the pack in the order of their ids: those that were written, and those for small
/// talk, as far as they are needed.
fn with_small_talk<'a>(
    entries: &[&'a FaqEntry],
    small_talk: &'a [FaqEntry],
    exact: &Exact<'_>,
) -> Vec<&'a FaqEntry> {
    let needed = small_talk.iter().filter(|kind| exact.is_needed(kind));
    let mut all: Vec<&FaqEntry> = entries.iter().copied().chain(needed).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
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
