//! What a new pack would change for visitors: question by question, before it is published.
//!
//! In go two packs and a question; out comes what each of them gives a visitor, if that is not
//! the same. Confidence alone is no change, as no visitor sees it. Works in integers like the
//! answerer itself, a few microseconds a question.

use serde::Serialize;

use super::{Answerer, Decision, Match, Question};
use crate::pack::Pack;

/// An entry that a visitor gets or is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The entry's id.
    pub entry: String,
    /// Its title, in the question's language.
    pub title: String,
}

/// What a pack gives who asks a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Outcome {
    /// An entry's answer.
    Answer {
        /// The entry: one.
        entries: Vec<Named>,
        /// The answer, in the question's language.
        text: String,
        /// How likely it is right, in ‰.
        confidence_per_mille: u16,
    },
    /// Some entries to choose from, best first.
    Suggest {
        /// The entries.
        entries: Vec<Named>,
        /// How likely the first is right, in ‰.
        confidence_per_mille: u16,
    },
    /// A person, as was asked for.
    HandOff,
    /// Nothing: the question goes to the next hop.
    Escalate,
}

/// What kind of change it is, the most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It was answered, and no longer is.
    NoLongerAnswered,
    /// It is answered by another entry, or in other words.
    AnsweredDifferently,
    /// It was not answered, and is now.
    NewlyAnswered,
    /// It is handed to a person, or was.
    HandOffChanged,
    /// Other entries are suggested.
    SuggestionsChanged,
}

impl What {
    /// All of them, the most serious first.
    pub const ALL: [Self; 5] = [
        Self::NoLongerAnswered,
        Self::AnsweredDifferently,
        Self::NewlyAnswered,
        Self::HandOffChanged,
        Self::SuggestionsChanged,
    ];

    /// The word for it in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoLongerAnswered => "no_longer_answered",
            Self::AnsweredDifferently => "answered_differently",
            Self::NewlyAnswered => "newly_answered",
            Self::HandOffChanged => "hand_off_changed",
            Self::SuggestionsChanged => "suggestions_changed",
        }
    }
}

/// A question that would be dealt with in another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// In which way.
    pub what: What,
    /// What the old pack gives.
    pub before: Outcome,
    /// What the new pack gives.
    pub after: Outcome,
}

/// Compares two packs, one question after the other.
pub struct Comparison<'a> {
    old: Option<&'a Pack>,
    new: &'a Pack,
    answerer: Answerer,
}

impl<'a> Comparison<'a> {
    /// Of the pack that is published, if one is, with the one that may be.
    #[must_use]
    pub fn new(old: Option<&'a Pack>, new: &'a Pack) -> Self {
        Self {
            old,
            new,
            answerer: Answerer::new(),
        }
    }

    /// What changes for a question; `None` if nothing does.
    pub fn of(&mut self, question: &Question<'_>) -> Option<Changed> {
        let before = match self.old {
            Some(old) => outcome(&mut self.answerer, old, question),
            // Without a pack every question goes on.
            None => Outcome::Escalate,
        };
        let after = outcome(&mut self.answerer, self.new, question);
        what(&before, &after).map(|what| Changed {
            what,
            before,
            after,
        })
    }
}

fn what(before: &Outcome, after: &Outcome) -> Option<What> {
    match (before, after) {
        (
            Outcome::Answer {
                entries: was, text, ..
            },
            Outcome::Answer {
                entries: is,
                text: now,
                ..
            },
        ) => (ids(was).ne(ids(is)) || text != now).then_some(What::AnsweredDifferently),
        (Outcome::Answer { .. }, _) => Some(What::NoLongerAnswered),
        (_, Outcome::Answer { .. }) => Some(What::NewlyAnswered),
        (Outcome::Suggest { entries: was, .. }, Outcome::Suggest { entries: is, .. }) => {
            (was != is).then_some(What::SuggestionsChanged)
        }
        (Outcome::HandOff, Outcome::HandOff) | (Outcome::Escalate, Outcome::Escalate) => None,
        (Outcome::HandOff, _) | (_, Outcome::HandOff) => Some(What::HandOffChanged),
        (Outcome::Suggest { .. }, _) | (_, Outcome::Suggest { .. }) => {
            Some(What::SuggestionsChanged)
        }
    }
}

fn ids(entries: &[Named]) -> impl Iterator<Item = &str> {
    entries.iter().map(|named| named.entry.as_str())
}

fn outcome(answerer: &mut Answerer, pack: &Pack, question: &Question<'_>) -> Outcome {
    let named = |found: &[Match]| -> Vec<Named> {
        let entries = found.iter().filter_map(|found| pack.entry(found.entry));
        entries
            .map(|entry| Named {
                entry: entry.id().to_owned(),
                title: entry.title(question).text.to_owned(),
            })
            .collect()
    };
    match answerer.decide(pack, question) {
        Decision::Answer(found) => Outcome::Answer {
            entries: named(&[found]),
            text: pack
                .entry(found.entry)
                .map_or("", |entry| entry.answer(question).text)
                .to_owned(),
            confidence_per_mille: found.confidence,
        },
        Decision::Suggest(found) => Outcome::Suggest {
            entries: named(&found),
            confidence_per_mille: found.first().map_or(0, |best| best.confidence),
        },
        Decision::HandOff => Outcome::HandOff,
        Decision::Flow | Decision::Escalate => Outcome::Escalate,
    }
}
