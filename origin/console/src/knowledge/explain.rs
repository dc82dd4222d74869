//! Why the bot does what it does with a question, for people.
//!
//! In: a pack and a question. Out: an [`Explained`]. Invariant: the decision is the one that every
//! hop comes to, as it is computed by the same code.

use firsthop_core::answer::{Answerer, By, Decision, HeldBack, Named, Question};
use firsthop_core::pack::Pack;

use super::work;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// What the bot does.
    pub decision: work::Decision,
    /// What it answers, if it does.
    pub answer: Option<String>,
    /// Whether the question stands in the knowledge word for word.
    pub hot: bool,
    /// Whether it gets what every pack says to small talk.
    pub small_talk: bool,
    /// Why the best match counts for less than it might, or is not given alone.
    pub held_back: Option<HeldBack>,
    /// The rule that decides, if one does.
    pub rule: Option<String>,
    /// The team, the flow and the labels that rules name.
    pub marks: Vec<String>,
    /// The entries that it names, or else those that fit best, best first.
    pub found: Vec<Found>,
    /// Confidence of the best match, and from where on the bot suggests and answers, in ‰.
    pub sure: [u16; 3],
    /// The words that weighed most, and how much of the heaviest, in %; negative: against it.
    pub weighed: Vec<(String, i32)>,
    /// What was found in the question besides words: its name, and what it is.
    pub entities: Vec<(String, String)>,
}

/// An entry that fits a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub entry: String,
    /// Its title.
    pub title: String,
    /// How likely it is the right one, in ‰.
    pub confidence: u16,
}

impl Found {
    fn of(named: &Named<'_>) -> Self {
        Self {
            entry: named.entry.to_owned(),
            title: named.title.to_owned(),
            confidence: named.found.confidence,
        }
    }
}

/// Asks a pack.
pub fn explain(pack: &Pack, question: &Question<'_>) -> Explained {
    let mut answerer = Answerer::new();
    let told = answerer.explain(pack, question);
    let given = match &told.decision {
        Decision::Answer(found) => Some(found),
        _ => None,
    };
    let named = if told.found.is_empty() {
        &told.ranked
    } else {
        &told.found
    };
    let best = told.ranked.first().map_or(0, |best| best.found.confidence);
    let heaviest = told
        .weighed
        .iter()
        .map(|words| words.weight.abs())
        .max()
        .unwrap_or(0)
        .max(1);
    let trace = &told.trace;
    let marks = trace.team.iter().chain(&trace.flow).chain(&trace.labels);
    Explained {
        decision: match &told.decision {
            Decision::Answer(_) => work::Decision::Answer,
            Decision::Suggest(_) => work::Decision::Suggest,
            Decision::HandOff => work::Decision::HandOff,
            Decision::Flow => work::Decision::Flow,
            Decision::Escalate => work::Decision::Escalate,
        },
        answer: given
            .and_then(|found| pack.entry(found.entry))
            .map(|entry| entry.answer(question).text.to_owned()),
        small_talk: given
            .and_then(|found| pack.entry(found.entry))
            .is_some_and(|entry| entry.is_small_talk()),
        hot: given.is_some_and(|found| found.by == By::Hot),
        held_back: told.held_back.clone(),
        rule: trace.rule.map(str::to_owned),
        marks: marks.map(|mark| (*mark).to_owned()).collect(),
        found: named.iter().map(Found::of).collect(),
        sure: [best, told.suggest_from, told.answer_from],
        weighed: told
            .weighed
            .iter()
            .map(|words| (words.text.clone(), words.weight * 100 / heaviest))
            .collect(),
        entities: told
            .entities
            .iter()
            .map(|found| {
                let what = match &found.value {
                    Some(value) if *value != found.text => format!("{} = {value}", found.text),
                    _ => found.text.clone(),
                };
                (found.name.to_owned(), what)
            })
            .collect(),
    }
}
