//! Knowledge as an editor writes it: entries, rules, synonyms, entities and settings, in JSON
//! Lines; entries also in CSV.
//!
//! In goes a file, or several; out comes [`Knowledge`], which `pack::build` turns into a pack, or
//! every error of the files, each naming file, line and field. The format is described in
//! `docs/knowledge.md`.
//!
//! Invariant: whatever [`parse`] accepts, `pack::build` can build. Start reading at [`parse`].

mod built_in;
mod encoding;
mod entity;
mod error;
mod field;
mod item;
mod parse;
mod rule;
mod schedule;
mod settings;
mod small_talk;
mod table;

pub use entity::{BuiltIn, Entity, EntityKind};
pub use error::{KnowledgeError, KnowledgeErrorCode};
pub use parse::{parse, parse_all};
pub use rule::{Condition, FaqRule, RuleAction};
pub use schedule::{Schedule, Zone};
pub use small_talk::SmallTalk;

/// Rules that every pack starts from: asking for a person.
const STARTER: &str = include_str!("starter/rules.jsonl");

/// Words that mean the same, in the trade's everyday language: a line for each meaning.
pub(crate) const WORDS: &str = include_str!("starter/words.txt");

/// Words that say nothing about the matter of a question.
pub(crate) const PLAIN: &str = include_str!("starter/plain.txt");

/// Words that deny something, or complain that it is as it is: a line for each way of doing so.
/// The last line, which is the seventh, has the words that may stand between these and what is denied.
#[cfg(feature = "compile")]
pub(crate) const DENIALS: &str = include_str!("starter/denials.txt");

/// Traditional Chinese characters, each followed by the simplified one (Unihan's
/// `kSimplifiedVariant`): of the 5,401 common ones of Big5, and some of other spellings. What is
/// also a common simplified character with a meaning of its own is left out.
#[cfg(feature = "compile")]
pub(crate) const SIMPLIFIED: &str = include_str!("starter/simplified.txt");

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

/// A place in a knowledge file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// The file's name as it was given to [`parse`].
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// What holds for the whole knowledge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// When the business is open; unknown if no settings say so.
    pub schedule: Option<Schedule>,
    /// What the bot says to small talk, where that is not what every pack says.
    pub small_talk: Vec<SmallTalk>,
    /// Where they were written; line 0 if nowhere.
    pub source: Source,
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
    /// What can be found in a question besides words.
    pub entities: Vec<Entity>,
    /// What holds for the whole knowledge.
    pub settings: Settings,
    /// What was passed over: blank phrasings among others. The editor may want to know.
    pub warnings: Vec<KnowledgeError>,
}

impl Knowledge {
    /// Adds what another file says. An id that both use is an error, as are two settings.
    pub fn merge(&mut self, other: Self) -> Result<(), Vec<KnowledgeError>> {
        self.add(other)?;
        parse::check_together(self)
    }

    /// Adds what another file says, of which not everything need be right yet.
    fn add(&mut self, other: Self) -> Result<(), Vec<KnowledgeError>> {
        self.entries.extend(other.entries);
        self.rules.extend(other.rules);
        self.synonyms.extend(other.synonyms);
        self.entities.extend(other.entities);
        self.warnings.extend(other.warnings);
        if other.settings.source.line == 0 {
            return Ok(());
        }
        if self.settings.source.line != 0 {
            return Err(vec![other.settings.twice(&self.settings.source)]);
        }
        self.settings = other.settings;
        Ok(())
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
