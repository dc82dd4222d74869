//! How well a pack answers questions of which the right entry is known.
//!
//! In go cases ([`parse_cases`]) and, for each, what [`Answerer`](super::Answerer) decided; out
//! come the counts and shares by which packs are compared. Nothing here reads a clock: who times
//! the decisions adds the times.

use super::{Answerer, Decision, DecisionDigest, Match, Question};
use crate::pack::Pack;

/// A question and what answers it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Case {
    /// The question.
    pub q: String,
    /// The ids of the entries that answer it; empty if none does, so that any answer is wrong.
    #[serde(deserialize_with = "expected")]
    pub expect: Vec<String>,
    /// Ids of further entries that are right.
    #[serde(default)]
    pub also: Vec<String>,
}

/// An id, a list of ids, or null.
fn expected<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(
        untagged,
        expecting = "`expect` is an entry's id, a list of ids, or null"
    )]
    enum Expected {
        One(String),
        Several(Vec<String>),
        Nothing(()),
    }
    Ok(match serde::Deserialize::deserialize(deserializer)? {
        Expected::One(id) => vec![id],
        Expected::Several(ids) => ids,
        Expected::Nothing(()) => Vec::new(),
    })
}

impl Case {
    fn accepts(&self, pack: &Pack, found: &Match) -> bool {
        pack.entry(found.entry).is_some_and(|entry| {
            let id = entry.id();
            self.expect
                .iter()
                .chain(&self.also)
                .any(|right| right == id)
        })
    }
}

/// Reads cases in JSON Lines, with or without a byte order mark; the error names the line.
pub fn parse_cases(file_name: &str, bytes: &[u8]) -> Result<Vec<Case>, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut cases = Vec::new();
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let read = serde_json::from_slice(line).map_err(|error| {
            // The reader's own place says "line 1", as it sees one line at a time.
            let told = error.to_string();
            let what = told
                .split(" at line ")
                .next()
                .unwrap_or_default()
                .to_owned();
            format!("{file_name}:{}: {what} (column {})", at + 1, error.column())
        });
        cases.push(read?);
    }
    if cases.is_empty() {
        return Err(format!("{file_name}: there is no case in the file"));
    }
    Ok(cases)
}

/// What came out. All counts are of cases.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// All.
    pub cases: u32,
    /// Those that an entry answers.
    pub in_scope: u32,
    /// Those that no entry answers.
    pub out_of_scope: u32,
    /// The right entry ranks first, before any threshold.
    pub top1: u32,
    /// The right entry is among the first three, before any threshold.
    pub top3: u32,
    /// Answered with the right entry.
    pub answered_right: u32,
    /// In scope, answered with a wrong entry.
    pub answered_wrong_in_scope: u32,
    /// Out of scope, yet answered.
    pub answered_out_of_scope: u32,
    /// The right entry was among those suggested.
    pub suggested_with_right: u32,
    /// Out of scope, and the bot said to it what every pack says to small talk: neither an answer
    /// nor an error, as nothing was asked.
    pub small_talk: u32,
    /// Suggested, right or wrong.
    pub suggested: u32,
    /// A rule gave the visitor a person, or started a flow.
    pub handed_off: u32,
    /// Of every decision.
    pub digest: DecisionDigest,
    /// Confidence and rightness of the best match of each case.
    ranked: Vec<(u16, bool)>,
}

impl Measured {
    /// Adds what was decided about a case. `answerer` is asked for the ranking besides.
    pub fn add(&mut self, pack: &Pack, answerer: &mut Answerer, case: &Case, decision: &Decision) {
        self.cases += 1;
        let in_scope = !case.expect.is_empty();
        *(if in_scope {
            &mut self.in_scope
        } else {
            &mut self.out_of_scope
        }) += 1;
        let ranked = answerer.rank(pack, &Question::new(&case.q));
        let accepts = |found: &Match| case.accepts(pack, found);
        self.top1 += u32::from(ranked.first().is_some_and(accepts));
        self.top3 += u32::from(ranked.iter().any(accepts));
        self.digest.add(decision);
        let best = match decision {
            Decision::Answer(found) if !in_scope && pack.is_small_talk(found.entry) => {
                self.small_talk += 1;
                None
            }
            Decision::Answer(found) => {
                match (accepts(found), in_scope) {
                    (true, _) => self.answered_right += 1,
                    (false, true) => self.answered_wrong_in_scope += 1,
                    (false, false) => self.answered_out_of_scope += 1,
                }
                Some(found)
            }
            Decision::Suggest(found) => {
                self.suggested += 1;
                self.suggested_with_right += u32::from(found.iter().any(accepts));
                found.first()
            }
            Decision::HandOff | Decision::Flow => {
                self.handed_off += 1;
                None
            }
            Decision::Escalate => ranked.first(),
        };
        self.ranked
            .extend(best.map(|best| (best.confidence, accepts(best))));
    }

    /// Right answers, of all answers.
    #[must_use]
    pub fn precision(&self) -> f64 {
        let wrong = self.answered_wrong_in_scope + self.answered_out_of_scope;
        share(self.answered_right, self.answered_right + wrong)
    }

    /// Right answers, of answers to questions that an entry answers.
    #[must_use]
    pub fn in_scope_precision(&self) -> f64 {
        share(
            self.answered_right,
            self.answered_right + self.answered_wrong_in_scope,
        )
    }

    /// Right answers, of questions that an entry answers.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        share(self.answered_right, self.in_scope)
    }

    /// The largest coverage of which the precision over all traffic is at least `precision`, if
    /// the threshold were chosen on these very cases: an upper bound.
    #[must_use]
    pub fn coverage_at(&self, precision: f64) -> f64 {
        let mut sorted = self.ranked.clone();
        sorted.sort_by_key(|(confidence, _)| core::cmp::Reverse(*confidence));
        let (mut all, mut right, mut most) = (0u32, 0u32, 0u32);
        for same in sorted.chunk_by(|a, b| a.0 == b.0) {
            all += same.len() as u32;
            right += same.iter().filter(|(_, right)| *right).count() as u32;
            if f64::from(right) >= precision * f64::from(all) {
                most = right;
            }
        }
        share(most, self.in_scope)
    }
}

/// A share, 0 if there is nothing to share.
fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole.max(1))
}
