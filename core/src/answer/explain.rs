//! Why a question is answered as it is: for the editor, in the console and on the command line.
//!
//! In go a pack and a question; out comes everything that the decision rests on. What weighed is
//! found by leaving it out: how much lower does the best entry score without these words? That
//! holds whatever features the model counts.

use super::entities::{Found, words};
use super::guards::GUARDED_MAX;
use super::tokens::{Shape, Token, Tokens};
use super::{Answerer, By, Decision, Match, Question, Trace, confidence, guards, of_a_part};
use crate::limits::{EXPLAINED_PARTS_MAX, EXPLAINED_TOKENS_MAX, SUGGESTIONS_MAX};
use crate::pack::Pack;

/// Why a question is answered as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'p> {
    /// What the bot does.
    pub decision: Decision,
    /// The rule that decides, if one does, and what rules say besides.
    pub trace: Trace<'p>,
    /// The entries that the decision gives or suggests.
    pub found: Vec<Named<'p>>,
    /// The entries that fit best by the model alone, whatever the thresholds, best first.
    pub ranked: Vec<Named<'p>>,
    /// Why the best match counts for less than the model gives it, or is not given alone.
    pub held_back: Option<HeldBack>,
    /// Confidence in ‰ from which the best match is given as the answer.
    pub answer_from: u16,
    /// Confidence in ‰ from which matches are suggested.
    pub suggest_from: u16,
    /// The question's words that weighed most for or against the best match, heaviest first.
    pub weighed: Vec<Weighed>,
    /// The entities that the pack finds in the question.
    pub entities: Vec<Found<'p>>,
}

/// Why what the model thinks more likely than not is only suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldBack {
    /// The question is too short to say what is wanted.
    Fragment,
    /// The question denies something, or complains, in a way that the entry's phrasings do not.
    Denial,
    /// The question names this thing, and nobody wrote of it.
    Stranger(String),
    /// A second entry is more likely than not, too: perhaps two things were asked.
    Second,
}

/// An entry that fits a question, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<'p> {
    /// The entry's id.
    pub entry: &'p str,
    /// Its title, in the language that suits the question.
    pub title: &'p str,
    /// How sure, and how it was found.
    pub found: Match,
}

/// Words of a question, and what they weighed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// The words as they were read: one or two, or Chinese characters.
    pub text: String,
    /// By how much the best entry scores lower without them, in 1/1,024; negative where they
    /// speak against it.
    pub weight: i32,
}

impl Answerer {
    /// Why the bot does with a question what it does.
    pub fn explain<'p>(&mut self, pack: &'p Pack, question: &Question<'_>) -> Explanation<'p> {
        let decision = self.decide(pack, question);
        let named = |found: &[Match]| -> Vec<Named<'p>> {
            let each = found.iter().filter_map(|found| {
                let entry = pack.entry(found.entry)?;
                Some(Named {
                    entry: entry.id(),
                    title: entry.title(question).text,
                    found: *found,
                })
            });
            each.collect()
        };
        let found = match &decision {
            Decision::Answer(found) => named(core::slice::from_ref(found)),
            Decision::Suggest(found) => named(found),
            Decision::HandOff | Decision::Flow | Decision::Escalate => Vec::new(),
        };
        let ranked = named(&self.rank(pack, question));
        let calibration = pack.model().calibration;
        Explanation {
            held_back: self.held_back(pack, question, &decision),
            trace: self.trace(pack, question),
            entities: self.entities(pack, question),
            weighed: self.weigh(pack, question),
            answer_from: calibration.answer_from,
            suggest_from: calibration.suggest_from,
            decision,
            found,
            ranked,
        }
    }

    /// Goes through the message and its parts as [`Self::decide`] does.
    fn held_back(
        &mut self,
        pack: &Pack,
        question: &Question<'_>,
        decision: &Decision,
    ) -> Option<HeldBack> {
        let Decision::Suggest(found) = decision else {
            return None;
        };
        let model = pack.model();
        let answer_from = model.calibration.answer_from;
        let first = found.first().filter(|first| first.by == By::Model)?;
        if first.confidence >= answer_from {
            return Some(HeldBack::Second);
        }
        if first.confidence > GUARDED_MAX {
            return None;
        }
        self.read(pack, question.read());
        let (mut said, mut whole) = (None, true);
        loop {
            let manner = self.score_part(pack, &mut said);
            let mut sure = confidence::unguarded(&self.scores, &self.features, &model);
            if !whole {
                sure = of_a_part(sure);
            }
            if sure > GUARDED_MAX
                && let Some(best) = self.scores.best().first()
                && let Some(guard) = guards::guard(&manner, best.class, &model)
            {
                return Some(match guard {
                    guards::Guard::Fragment => HeldBack::Fragment,
                    guards::Guard::Denial => HeldBack::Denial,
                    guards::Guard::Stranger => HeldBack::Stranger(self.stranger(pack, question)),
                });
            }
            whole = false;
            if !self.tokens.next_part() {
                return None;
            }
        }
    }

    /// What is named and not known.
    fn stranger(&self, pack: &Pack, question: &Question<'_>) -> String {
        let mut names = guards::names(self.tokens.all());
        let unknown = names.find(|(_, name)| !pack.vocabulary().has(*name));
        // As it was typed, not as it is spelled.
        let mut typed = Tokens::default();
        typed.read(question.read(), pack.variants());
        let all = typed.all();
        let place = unknown.and_then(|(_, name)| all.iter().position(|it| it.name == Some(name)));
        let Some(place) = place else {
            return String::new();
        };
        // A number is a name together with the word that it touches.
        let number = all.get(place).is_some_and(|it| it.shape == Shape::Number);
        words(
            &typed,
            all.get(place - usize::from(number)..=place).unwrap_or(&[]),
        )
    }

    fn weigh(&mut self, pack: &Pack, question: &Question<'_>) -> Vec<Weighed> {
        let mut read = Tokens::default();
        read.read(question.read(), pack.variants());
        let all = read.all();
        let all = all.get(..EXPLAINED_TOKENS_MAX).unwrap_or(all);
        let Some((class, whole)) = self.best(pack, &words(&read, all)) else {
            return Vec::new();
        };
        let mut without = |at: usize, length: usize| {
            let (before, rest) = all.split_at_checked(at).unwrap_or((all, &[]));
            let after = rest.get(length..).unwrap_or(&[]);
            let left = format!("{} {}", words(&read, before), words(&read, after));
            whole - self.score_of(pack, &left, class)
        };
        let singles: Vec<i32> = (0..all.len()).map(|at| without(at, 1)).collect();
        let mut parts: Vec<(i32, usize, usize)> = Vec::new();
        for (at, single) in singles.iter().enumerate() {
            parts.push((*single, at, 1));
            let Some([first, second]) = all.get(at..at + 2) else {
                continue;
            };
            // Two neighbours are shown as one where they say more than each for itself; Chinese
            // characters, two of which mostly are a word, where they say as much.
            let pair = without(at, 2);
            let each = single + singles.get(at + 1).copied().unwrap_or(0);
            if pair > each || pair == each && is_chinese(first, second) {
                parts.push((pair, at, 2));
            }
        }
        parts.sort_by_key(|(weight, at, _)| (core::cmp::Reverse(weight.unsigned_abs()), *at));
        let mut taken = vec![false; all.len()];
        let mut weighed = Vec::new();
        for (weight, at, length) in parts {
            let Some(place) = taken.get_mut(at..at + length) else {
                continue;
            };
            if weight == 0 || weighed.len() == EXPLAINED_PARTS_MAX || place.contains(&true) {
                continue;
            }
            place.fill(true);
            let text = words(&read, all.get(at..at + length).unwrap_or(&[]));
            weighed.push(Weighed { text, weight });
        }
        weighed
    }

    /// The entry that scores highest, and its score.
    fn best(&mut self, pack: &Pack, text: &str) -> Option<(u16, i32)> {
        self.read(pack, text);
        self.score(pack);
        let best = self.scores.best().first()?;
        Some((best.class, best.score))
    }

    /// The score of an entry; that of the last that is ranked, if it is not among them.
    fn score_of(&mut self, pack: &Pack, text: &str, class: u16) -> i32 {
        self.read(pack, text);
        self.score(pack);
        let best = self.scores.best();
        let own = best.iter().find(|scored| scored.class == class);
        let last = best.last().filter(|_| best.len() == SUGGESTIONS_MAX);
        own.or(last).map_or(0, |scored| scored.score)
    }
}

fn is_chinese(first: &Token, second: &Token) -> bool {
    first.shape == Shape::Ideograph && second.shape == Shape::Ideograph
}
