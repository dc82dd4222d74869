//! The answerer: a pure function of a pack and a question, the same at every hop.
//!
//! In goes a [`Question`]; out comes a [`Decision`]. The order is: a rule that hands the visitor
//! to a person, as asking for one always works, or that has a priority; a question that stands in
//! the pack word for word (*hot*), small talk apart; any other rule; small talk; then the scoring model with its calibrated confidence: sure
//! enough is an answer, less sure is up to three suggestions, else the question goes up to the
//! next hop.
//!
//! Invariant: integers only, so that the same pack and the same question give the same decision,
//! bit for bit, in a browser, on an edge and natively; a hop verifies what a lower hop claims by
//! computing it again ([`Answerer::decide`]). No input panics; after the first few questions
//! nothing is allocated.
//!
//! Start reading at `decide`, then `tokens` (what a question consists of), `features` (what is
//! counted), `score`, `confidence`. What is not here: how packs are made (`pack`, `knowledge`).

mod confidence;
#[cfg(feature = "compile")]
pub mod diff;
mod digest;
#[cfg(feature = "explain")]
pub mod entities;
#[cfg(feature = "explain")]
mod explain;
pub(crate) mod features;
pub(crate) mod fold;
#[cfg(feature = "compile")]
pub mod grouping;
pub(crate) mod guards;
pub(crate) mod matching;
#[cfg(feature = "compile")]
pub mod measure;
#[cfg(feature = "explain")]
mod numerals;
pub(crate) mod score;
mod spelling;
pub(crate) mod tokens;
#[cfg(feature = "explain")]
mod trace;

#[cfg(feature = "compile")]
pub(crate) use confidence::Evidence;
use confidence::confidence;
#[cfg(feature = "compile")]
pub(crate) use confidence::{evidence, per_mille};

pub use digest::DecisionDigest;
#[cfg(feature = "explain")]
pub use explain::{Explanation, HeldBack, Named, Weighed};
#[cfg(feature = "explain")]
pub use trace::Trace;

use crate::Timestamp;
use crate::limits::{QUESTION_READ_BYTES_MAX, SUGGESTIONS_MAX};
use crate::pack::{Action, EntryIndex, Pack, Rule};
use features::Features;
use guards::Manner;
use matching::Asked;
use score::Scores;
use tokens::Tokens;

/// What a visitor asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question<'a> {
    /// As typed. Only the first [`QUESTION_READ_BYTES_MAX`] bytes are read.
    pub text: &'a str,
    /// The language of the visitor's page or browser, as a BCP 47 tag, if known. It does not
    /// change which entry the model chooses, only the language in which its text is shown, and
    /// which rules apply.
    pub lang: Option<&'a str>,
    /// The address of the visitor's page; empty if it is not known. Only rules look at it.
    pub page: &'a str,
    /// When it was asked, if known. Only rules look at it.
    pub at: Option<Timestamp>,
}

impl<'a> Question<'a> {
    /// A question of which only the text is known.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    /// The language that it is in: as its script tells; in Latin letters that of the page, if
    /// that is written so, else English.
    fn language(&self) -> &'a str {
        let page = self.lang.unwrap_or("");
        tokens::script(self.read()).unwrap_or(if is_latin(page) { page } else { "en" })
    }

    /// How well a text in `lang` suits who asked: by the script that they wrote first, by the
    /// language of their page second. 0 suits least.
    pub(crate) fn suits(&self, lang: &str) -> u8 {
        let page = self.lang.unwrap_or("");
        let written = same_language(self.language(), lang);
        4 * u8::from(written)
            + 2 * u8::from(page.eq_ignore_ascii_case(lang))
            + u8::from(same_language(page, lang))
    }

    /// The part that is read.
    pub(crate) fn read(&self) -> &'a str {
        let mut end = self.text.len().min(QUESTION_READ_BYTES_MAX);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.get(..end).unwrap_or("")
    }
}

/// Whether two tags name the same language, whatever the region (`zh-CN`, `zh_TW`).
fn same_language(a: &str, b: &str) -> bool {
    primary(a).eq_ignore_ascii_case(primary(b)) && !a.is_empty()
}

/// Whether a language is written in Latin letters, as far as that is known of its tag.
fn is_latin(tag: &str) -> bool {
    // Two letters each: a list of texts is larger, in every visitor's browser.
    const OTHERS: &[u8] = b"zhjakoruukbgelarhefathhi";
    let tag = primary(tag);
    let is = |other: &[u8]| other.eq_ignore_ascii_case(tag.as_bytes());
    !(tag.is_empty() || is(b"yue") || OTHERS.chunks(2).any(is))
}

fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or("")
}

/// What the bot does with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It gives this entry's answer.
    Answer(Match),
    /// It asks whether one of these is meant: at least one.
    Suggest(Matches),
    /// The visitor gets a person: they ask for one, or a rule says so.
    HandOff,
    /// A rule starts a flow; [`Answerer::trace`] says which. Whoever can't follow flows takes it
    /// like [`Self::Escalate`].
    Flow,
    /// It does not know: the question goes to the next hop.
    Escalate,
}

/// An entry that fits a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Match {
    /// Which entry.
    pub entry: EntryIndex,
    /// How likely it is that this entry answers the question: 0 to 1,000 ‰.
    pub confidence: u16,
    /// How it was found.
    pub by: By,
}

/// Entries that fit a question, best first: up to [`SUGGESTIONS_MAX`], as a slice. Held in place,
/// so that a decision allocates nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Matches {
    found: [Match; SUGGESTIONS_MAX],
    count: usize,
}

impl Matches {
    /// Gives an entry at least this confidence, and the place that it then has among the others.
    /// Of too many the least sure goes.
    fn raise(&mut self, mut placed: Match) {
        let entry = placed.entry;
        for place in self.found.iter_mut().take(self.count) {
            let same = place.entry == entry;
            if place.confidence < placed.confidence || same && placed.entry != entry {
                core::mem::swap(place, &mut placed);
            }
            if same {
                return;
            }
        }
        if let Some(place) = self.found.get_mut(self.count) {
            *place = placed;
            self.count += 1;
        }
    }
}

impl core::ops::Deref for Matches {
    type Target = [Match];

    fn deref(&self) -> &[Match] {
        self.found.get(..self.count).unwrap_or(&self.found)
    }
}

impl IntoIterator for Matches {
    type Item = Match;
    type IntoIter = core::iter::Take<core::array::IntoIter<Match, SUGGESTIONS_MAX>>;

    fn into_iter(self) -> Self::IntoIter {
        self.found.into_iter().take(self.count)
    }
}

impl FromIterator<Match> for Matches {
    /// Takes the first ones.
    fn from_iter<I: IntoIterator<Item = Match>>(each: I) -> Self {
        let mut matches = Self::default();
        for (place, found) in matches.found.iter_mut().zip(each) {
            *place = found;
            matches.count += 1;
        }
        matches
    }
}

/// How a match was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// The question stands in the pack word for word.
    Hot,
    /// A rule names the entry.
    Rule,
    /// The scoring model.
    #[default]
    Model,
}

/// Answers questions one after the other; keeps the memory that it works in.
#[derive(Default)]
pub struct Answerer {
    tokens: Tokens,
    folded: String,
    features: Features,
    scores: Scores,
}

/// Whoever asks two things gets no answer to one of them alone: a second entry that is so likely,
/// in ‰, is suggested beside the first.
const SECOND_FROM: u16 = 501;

/// Confidence of what is certain.
const CERTAIN: u16 = 1000;

/// What is left of the confidence that a part of a message alone gives: the rest may mean something
/// else, so half as much doubt again.
fn of_a_part(confidence: u16) -> u16 {
    confidence.saturating_sub(CERTAIN.saturating_sub(confidence) / 2)
}

impl Answerer {
    /// A new one. Cheap; the first questions make it allocate what it needs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decides what to do with a question.
    pub fn decide(&mut self, pack: &Pack, question: &Question<'_>) -> Decision {
        self.tokens.read(question.read(), pack.variants());
        if self.tokens.is_empty() {
            return Decision::Escalate;
        }
        let rule = self.find(pack, question, |rule| rule.action != Action::Label);
        let certain = |entry, by| Match {
            entry,
            confidence: CERTAIN,
            by,
        };
        if let Some(entry) = pack.hot().find(self.tokens.hash())
            // What every pack says to small talk gives way to any rule.
            && !rule.is_some_and(|rule| rule.first || pack.is_small_talk(entry))
        {
            return Decision::Answer(certain(entry, By::Hot));
        }
        if let Some(rule) = rule {
            let mut entries = rule.entries().map(|entry| certain(entry, By::Rule));
            match rule.action {
                Action::HandOff => return Decision::HandOff,
                Action::Flow => return Decision::Flow,
                Action::Suggest => return Decision::Suggest(entries.collect()),
                Action::Answer | Action::Label => {
                    if let Some(found) = entries.next() {
                        return Decision::Answer(found);
                    }
                }
            }
        }
        spelling::correct(&mut self.tokens, pack);
        let matches = self.matches(pack);
        let calibration = pack.model().calibration;
        let [best, second, ..] = matches.found;
        if best.confidence >= calibration.answer_from && second.confidence < SECOND_FROM {
            Decision::Answer(best)
        } else if best.confidence >= calibration.suggest_from {
            Decision::Suggest(matches)
        } else {
            Decision::Escalate
        }
    }

    /// The first rule that applies to the question that was read, of those that are `wanted`.
    fn find<'p>(
        &mut self,
        pack: &'p Pack,
        question: &Question<'_>,
        mut wanted: impl FnMut(&Rule<'p>) -> bool,
    ) -> Option<Rule<'p>> {
        let rules = pack.rules();
        self.folded.clear();
        if rules.has_patterns() {
            fold::read(question.read(), pack.variants(), &mut self.folded);
        }
        // As far as four bytes reach, which is what numbers of this kind have in a browser.
        let minutes = |at: Timestamp| (at.as_millis() / 60_000).min(1 << 31) as usize;
        let asked = Asked {
            tokens: &self.tokens,
            folded: &self.folded,
            lang: question.language(),
            page: question.page,
            minute: question.at.map_or(0, minutes),
        };
        let mut left = rules;
        while let Some(rule) = left.next() {
            if matching::applies(&rules, &rule, &asked) && wanted(&rule) {
                return Some(rule);
            }
        }
        None
    }

    /// The entries that fit best by the scoring model alone, whatever the thresholds: for
    /// measuring and for showing an editor why.
    pub fn rank(&mut self, pack: &Pack, question: &Question<'_>) -> Matches {
        self.read(pack, question.read());
        self.matches(pack)
    }

    /// Reads a text as the scoring model does.
    fn read(&mut self, pack: &Pack, text: &str) {
        self.tokens.read(text, pack.variants());
        spelling::correct(&mut self.tokens, pack);
    }

    /// Finds the entries that fit the question that was read: as a whole, or, if they fit it
    /// better, one of its parts. So a long story is found by the sentence that matters, and two
    /// questions in one message are both found.
    ///
    /// What comes after the best match of the whole shares what confidence that leaves.
    fn matches(&mut self, pack: &Pack) -> Matches {
        let mut matches = Matches::default();
        let mut places = SUGGESTIONS_MAX;
        // What one part denies may be what another one names.
        let mut said = None;
        loop {
            let manner = self.score_part(pack, &mut said);
            let mut confidence = confidence(&self.scores, &self.features, manner, &pack.model());
            if places == 1 {
                confidence = of_a_part(confidence);
            }
            let mut left = CERTAIN.saturating_sub(confidence);
            for scored in self.scores.best().iter().take(places) {
                matches.raise(Match {
                    entry: EntryIndex(scored.class),
                    confidence,
                    by: By::Model,
                });
                confidence = confidence.min(left / 2);
                left -= confidence;
            }
            places = 1;
            if !self.tokens.next_part() {
                return matches;
            }
        }
    }

    /// Scores the message or a part of it; gives its manner. `said` is that of the message, once that
    /// was scored.
    fn score_part(&mut self, pack: &Pack, said: &mut Option<Manner>) -> Manner {
        self.score(pack);
        let manner = guards::manner(&self.tokens, &pack.lexicon(), pack.vocabulary());
        manner.within(*said.get_or_insert(manner))
    }

    /// Scores what was read.
    fn score(&mut self, pack: &Pack) {
        let model = pack.model();
        self.features.read(&self.tokens, &pack.lexicon(), &model);
        self.scores.compute(&self.features, &model);
    }
}
