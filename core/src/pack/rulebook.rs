//! Writing the rules of a pack, with the patterns and entities that they ask for: the mirror of
//! the reads in `rules`, `answer::matching` and `answer::entities`.

use std::collections::BTreeMap;

use super::BuildError;
use super::pattern::{self, PatternError};
use super::rules::{Action, FIRST};
use super::variants::Variants;
use super::write::Writer;
use crate::answer::matching::{NEAR, NEAR_IN_ORDER, ONE_OF, PATTERN};
use crate::answer::tokens::Tokens;
use crate::knowledge::{BuiltIn, Condition, Entity, EntityKind, FaqRule, Knowledge, RuleAction};

/// The part of the pack with its rules. `index` says where entries are.
pub(super) fn write(
    knowledge: &Knowledge,
    rules: &[FaqRule],
    index: &BTreeMap<&str, u16>,
    variants: Variants<'_>,
) -> Result<Writer, BuildError> {
    let mut book = Rulebook {
        variants,
        ..Rulebook::default()
    };
    let mut entities = Writer::default();
    let carried = carried(knowledge, rules);
    for (name, kind) in &carried {
        let told = |error| BuildError::Pattern((*name).to_owned(), error);
        book.entity(&mut entities, name, kind).map_err(told)?;
    }
    let mut written = Writer::default();
    for rule in rules {
        book.rule(&mut written, rule, index, &carried)?;
    }
    let (mut starts, mut patterns) = (Writer::default(), Writer::default());
    for automaton in &book.automata {
        starts.u32(patterns.0.len() as u32);
        patterns.0.extend(automaton);
    }
    let mut part = Writer::default();
    for section in [&schedule(knowledge), &starts, &patterns, &entities] {
        part.part(section);
    }
    part.0.extend(written.0);
    Ok(part)
}

/// Entities that rules name, and those that the knowledge declares, by name.
fn carried<'a>(knowledge: &'a Knowledge, rules: &'a [FaqRule]) -> BTreeMap<&'a str, EntityKind> {
    let declared = knowledge.entities.iter();
    let declared = declared.map(|Entity { name, kind, .. }| (name.as_str(), kind.clone()));
    let named = rules.iter().flat_map(FaqRule::entities);
    let built_in =
        named.filter_map(|(_, name)| Some((name, EntityKind::BuiltIn(BuiltIn::named(name)?))));
    built_in.chain(declared).collect()
}

fn schedule(knowledge: &Knowledge) -> Writer {
    let mut part = Writer::default();
    let Some(schedule) = &knowledge.settings.schedule else {
        return part;
    };
    // 1970 began on a Thursday.
    part.u16((3 * 1440 + schedule.zone.offset_minutes) as u16);
    let changes = schedule.zone.changes();
    part.u16(changes.len() as u16);
    for change in changes {
        part.u32(change);
    }
    part.u16(schedule.weekly.len() as u16);
    for (from, to) in &schedule.weekly {
        part.u16(*from);
        part.u16(*to);
    }
    part
}

/// What rules and entities share: the patterns, each once.
#[derive(Default)]
struct Rulebook<'v> {
    variants: Variants<'v>,
    automata: Vec<Vec<u8>>,
    /// For each entity that is found by a pattern, which.
    of_entity: BTreeMap<String, u32>,
    tokens: Tokens,
}

impl Rulebook<'_> {
    fn add(&mut self, automaton: Vec<u8>) -> u32 {
        let place = self.automata.iter().position(|other| *other == automaton);
        let place = place.unwrap_or_else(|| {
            self.automata.push(automaton);
            self.automata.len() - 1
        });
        place as u32
    }

    fn entity(
        &mut self,
        part: &mut Writer,
        name: &str,
        kind: &EntityKind,
    ) -> Result<(), PatternError> {
        let patterns = match kind {
            EntityKind::BuiltIn(built_in) => built_in.patterns(),
            EntityKind::Patterns(patterns) => patterns.clone(),
            EntityKind::Values(values) => {
                part.text(name);
                part.u8(1);
                part.varint(values.len() as u32);
                for (value, aliases) in values {
                    part.text(value);
                    part.varint(aliases.len() as u32 + 1);
                    for term in aliases.iter().chain([value]) {
                        self.term(part, term);
                    }
                }
                return Ok(());
            }
        };
        let automaton = self.add(pattern::compile_entity(&patterns, self.variants)?);
        part.text(name);
        part.u8(0);
        part.varint(automaton);
        self.of_entity.insert(name.to_owned(), automaton);
        Ok(())
    }

    fn rule(
        &mut self,
        part: &mut Writer,
        rule: &FaqRule,
        index: &BTreeMap<&str, u16>,
        entities: &BTreeMap<&str, EntityKind>,
    ) -> Result<(), BuildError> {
        let (action, name) = match &rule.action {
            RuleAction::HandOff(team) => (Action::HandOff, team.as_deref().unwrap_or("")),
            RuleAction::Answer(_) => (Action::Answer, ""),
            RuleAction::Suggest(_) => (Action::Suggest, ""),
            RuleAction::Flow(flow) => (Action::Flow, flow.as_str()),
            RuleAction::Label => (Action::Label, ""),
        };
        // Asking for a person always works; otherwise who wants a rule to precede what an entry
        // says word for word gives it a priority.
        let first = action == Action::HandOff || rule.priority > 0;
        let mut written = Writer::default();
        written.u8(action as u8 | if first { FIRST as u8 } else { 0 });
        let mut about = Writer::default();
        for text in [rule.id.as_str(), name] {
            about.text(text);
        }
        for label in &rule.labels {
            about.text(label);
        }
        written.part(&about);
        let mut entries = Writer::default();
        for entry in rule.entries() {
            let unknown = || BuildError::UnknownEntry {
                rule: rule.id.clone(),
                entry: entry.clone(),
            };
            entries.u16(*index.get(entry.as_str()).ok_or_else(unknown)?);
        }
        written.part(&entries);
        let told = |error| BuildError::Pattern(rule.id.clone(), error);
        written
            .0
            .extend(self.conditions(rule, entities).map_err(told)?.0);
        part.part(&written);
        Ok(())
    }

    fn conditions(
        &mut self,
        rule: &FaqRule,
        entities: &BTreeMap<&str, EntityKind>,
    ) -> Result<Writer, PatternError> {
        let mut part = Writer::default();
        part.u8(match rule.open {
            None => 0,
            Some(true) => 1,
            Some(false) => 2,
        });
        let lang = match rule.langs.as_slice() {
            [] => 0,
            tags => self.add(pattern::compile_languages(tags)?) + 1,
        };
        part.u16(lang as u16);
        let page = match rule.pages.as_slice() {
            [] => 0,
            pages => self.add(pattern::compile_pages(pages)?) + 1,
        };
        part.u16(page as u16);
        part.u16(rule.exact.len() as u16);
        for term in &rule.exact {
            self.term(&mut part, term);
        }
        for list in [&rule.any, &rule.all, &rule.none] {
            part.u16(list.len() as u16);
            for condition in list {
                self.condition(&mut part, condition, entities)?;
            }
        }
        Ok(part)
    }

    fn condition(
        &mut self,
        part: &mut Writer,
        condition: &Condition,
        entities: &BTreeMap<&str, EntityKind>,
    ) -> Result<(), PatternError> {
        match condition {
            Condition::Term(term) => self.term(part, term),
            Condition::Near {
                terms,
                within,
                in_order,
            } => {
                part.u8(if *in_order { NEAR_IN_ORDER } else { NEAR });
                part.u8(*within as u8);
                part.u16(terms.len() as u16);
                for term in terms {
                    self.term(part, term);
                }
            }
            Condition::Pattern(pattern) => {
                let automaton = self.add(pattern::compile_search(pattern, self.variants)?);
                part.u8(PATTERN);
                part.u16(automaton as u16);
            }
            Condition::Entity(name) => {
                match (self.of_entity.get(name), entities.get(name.as_str())) {
                    (Some(automaton), _) => {
                        part.u8(PATTERN);
                        part.u16(*automaton as u16);
                    }
                    (None, Some(EntityKind::Values(values))) => {
                        let terms: Vec<&String> = values
                            .iter()
                            .flat_map(|(value, aliases)| aliases.iter().chain([value]))
                            .collect();
                        part.u8(ONE_OF);
                        part.u16(terms.len() as u16);
                        for term in terms {
                            self.term(part, term);
                        }
                    }
                    // An entity that nobody declares is found nowhere.
                    (None, _) => {
                        part.u8(ONE_OF);
                        part.u16(0);
                    }
                }
            }
        }
        Ok(())
    }

    fn term(&mut self, part: &mut Writer, term: &str) {
        self.tokens.read(term, self.variants);
        part.u8(self.tokens.all().len() as u8);
        for token in self.tokens.all() {
            part.u32(token.hash);
        }
    }
}
