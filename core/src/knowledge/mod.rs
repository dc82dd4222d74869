//! Knowledge as an editor writes it: FAQ entries and rules in JSON Lines.
//!
//! In goes a file (or several, see [`Knowledge::merge`]); out comes [`Knowledge`], which
//! `pack::build` turns into a pack, or every error that the file has, each naming file, line and
//! field. The format is described in `docs/knowledge.md`.
//!
//! Invariant: whatever [`parse`] accepts, `pack::build` can build. Start reading at [`parse`].

mod error;
mod field;
mod item;
mod json;
mod parse;

pub use error::{KnowledgeError, KnowledgeErrorCode};
pub use parse::parse;

/// Rules that every pack starts from: asking for a person.
const STARTER: &str = include_str!("starter/rules.jsonl");

/// Words that mean the same, in the trade's everyday language: a line for each meaning.
pub(crate) const WORDS: &str = include_str!("starter/words.txt");

/// How the 3,755 most common Chinese characters sound: a syllable, then its characters.
pub(crate) const SOUNDS: &str = include_str!("starter/sounds.txt");

/// What visitors say that no shop's knowledge answers, a line each.
pub(crate) const BACKGROUND: &str = include_str!("starter/background.txt");

/// A text in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localised {
    /// BCP 47 tag.
    pub lang: String,
    /// Plain text.
    pub text: String,
}

/// A question that visitors ask, in several wordings, and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaqEntry {
    /// Names it, uniquely; stays when the wording changes.
    pub id: String,
    /// For people: shown when the entry is suggested. At least one.
    pub titles: Vec<Localised>,
    /// How visitors ask. At least one.
    pub phrasings: Vec<Localised>,
    /// At least one.
    pub answers: Vec<Localised>,
    /// For people.
    pub category: Option<String>,
    /// Where it was written: file and line.
    pub source: Source,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleAction {
    /// The visitor gets a person.
    HandOff,
    /// The visitor gets the answer of the entry with this id.
    Answer(String),
}

/// What is certain when certain words are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaqRule {
    /// Names it, uniquely.
    pub id: String,
    /// The question consists of one of these and nothing else; or of what follows.
    pub exact: Vec<String>,
    /// At least one of these is in the question.
    pub any: Vec<String>,
    /// Each of these is in the question.
    pub all: Vec<String>,
    /// None of these is in the question.
    pub none: Vec<String>,
    /// What it does.
    pub action: RuleAction,
    /// Higher is tried first.
    pub priority: i64,
    /// Where it was written.
    pub source: Source,
}

/// A place in a knowledge file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// The file's name as it was given to [`parse`].
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// What a bot is to know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Knowledge {
    /// As written, in the order of the file.
    pub entries: Vec<FaqEntry>,
    /// As written, in the order of the file.
    pub rules: Vec<FaqRule>,
    /// Words that mean the same, beyond those that every pack knows.
    pub synonyms: Vec<Vec<String>>,
    /// What was passed over: blank phrasings among others. The editor may want to know.
    pub warnings: Vec<KnowledgeError>,
}

impl Knowledge {
    /// Adds what another file says. An id that both use is an error.
    pub fn merge(&mut self, other: Self) -> Result<(), Vec<KnowledgeError>> {
        self.entries.extend(other.entries);
        self.rules.extend(other.rules);
        self.synonyms.extend(other.synonyms);
        self.warnings.extend(other.warnings);
        parse::check_together(self)
    }

    /// The rules with those that every pack starts from, in the order in which they are tried.
    /// A rule of the same id replaces the one that every pack starts from.
    pub(crate) fn rules_in_order(&self) -> Vec<FaqRule> {
        let mut rules = self.rules.clone();
        for starter in parse::parse("starter", STARTER.as_bytes())
            .unwrap_or_default()
            .rules
        {
            if !rules.iter().any(|rule| rule.id == starter.id) {
                rules.push(starter);
            }
        }
        rules.sort_by_key(|rule| core::cmp::Reverse(rule.priority));
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starter_rules_are_well_formed() {
        let starter = parse("starter", STARTER.as_bytes());
        assert!(
            starter
                .as_ref()
                .is_ok_and(|starter| !starter.rules.is_empty()),
            "{starter:?}"
        );
    }
}
